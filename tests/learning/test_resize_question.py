"""Whose resampling, shrinking on load, order, sharpening, earlier generation: asked of pairs that other people's
libraries made. Where the answer is a library's own, no coefficient may differ."""

from __future__ import annotations

import io
from collections.abc import Callable

import cv2
import numpy as np
import pytest
import pyvips
from PIL import Image, ImageFilter
from resizing import Picture, asked, pairs, photograph, start, target

from oracles import pillow
from understudy.codec import resample
from understudy.codec.sizes import Derive
from understudy.learning import resampling, sharpening, windows
from understudy.learning.observed import Observed
from understudy.learning.questions.generation import EarlierGeneration
from understudy.learning.questions.order import Order, OwnSize, twins
from understudy.learning.questions.resize import NEAREST, LargeReductions, Resampling
from understudy.learning.questions.sharpen import Sharpening
from understudy.learning.rendering import Rendering
from understudy.learning.search import Search
from understudy.steps.convolve import Convolve
from understudy.steps.decode import Decode
from understudy.steps.flatten import Flatten
from understudy.steps.generation import Generation
from understudy.steps.orient import Orient
from understudy.steps.resize import Resize
from understudy.steps.unsharp import Unsharp

Channel = Callable[[Picture, tuple[int, int]], Picture]


def by_pillow(kernel: Image.Resampling, gap: float | None = None) -> Channel:
    return lambda p, size: np.asarray(Image.fromarray(p).resize(size, kernel, reducing_gap=gap))


def by_opencv(how: int) -> Channel:
    return lambda p, size: cv2.resize(p, size, interpolation=how)


def by_vips(kernel: str) -> Channel:
    def channel(p: Picture, size: tuple[int, int]) -> Picture:
        return np.asarray(pyvips.Image.new_from_array(p).resize(max(size) / max(p.shape[:2]), kernel=kernel).numpy())

    return channel


KNOWN = {
    "pillow box": (by_pillow(Image.Resampling.BOX), "pillow", "box", "per_axis"),
    "pillow hamming": (by_pillow(Image.Resampling.HAMMING), "pillow", "hamming", "per_axis"),
    "pillow bicubic": (by_pillow(Image.Resampling.BICUBIC), "pillow", "bicubic", "per_axis"),
    "opencv linear": (by_opencv(cv2.INTER_LINEAR), "opencv", "linear", "per_axis"),
    "opencv lanczos4": (by_opencv(cv2.INTER_LANCZOS4), "opencv", "lanczos4", "per_axis"),
    "vips mitchell": (by_vips("mitchell"), "vips", "mitchell", "common"),
}


@pytest.mark.parametrize("name", KNOWN)
def test_the_library_is_found(name: str) -> None:
    channel, code, kernel, geometry = KNOWN[name]
    made = pairs(channel)
    search, _ = asked(made, Resampling())
    found = search.pipeline.get(Resize)
    assert (found.code, found.kernel, found.geometry) == (code, kernel, geometry)
    assert all(search.agreement(p, search.pipeline).unequal == 0 for p in made)


def test_shrinking_on_load_and_boxes() -> None:
    made = []
    for i, (width, height) in enumerate(((533, 400), (491, 350))):
        sent = pillow(photograph(width, height, i), "JPEG", quality=95)
        image = Image.open(io.BytesIO(sent))
        image.draft("RGB", target(width, height, 190))
        small = image.resize(target(width, height, 190), Image.Resampling.BICUBIC)
        made.append(Observed(str(i), sent, pillow(small, "JPEG", quality=92)))
    search, _ = asked(made, Resampling(), LargeReductions(), limit=190)
    assert search.pipeline.get(Decode).draft != "none"
    assert search.pipeline.get(Resize).kernel == "bicubic"
    assert all(search.agreement(p, search.pipeline).unequal == 0 for p in made)

    boxes = pairs(by_pillow(Image.Resampling.BICUBIC, 2.0), limit=90)
    search, _ = asked(boxes, Resampling(), LargeReductions(), limit=90)
    assert search.pipeline.get(Resize).options.get("reducing_gap") == 2.0


def thumbnailed(sizes: tuple[tuple[int, int], ...], limit: int, *, jpegs: bool) -> list[Observed]:
    """What Image.thumbnail() makes of open files, JPEGs or PNGs."""
    made = []
    for i, (width, height) in enumerate(sizes):
        sent = pillow(photograph(width, height, i), "JPEG" if jpegs else "PNG", **({"quality": 95} if jpegs else {}))
        image = Image.open(io.BytesIO(sent))
        image.thumbnail((limit, limit))
        made.append(Observed(f"{jpegs}{i}", sent, pillow(image.convert("RGB"), "JPEG", quality=92)))
    return made


def test_thumbnail_drafts_to_what_it_was_given() -> None:
    """Its draft is found where JPEGs show it, and taken by habit where only its boxes were seen."""
    made = thumbnailed(((533, 401), (402, 537)), 90, jpegs=True)
    search = Search(made, start(made, 90).changed(Resize, derive=Derive.PILLOW_THUMBNAIL))
    search.run([Resampling(), LargeReductions()])
    assert all(search.agreement(p, search.pipeline).unequal == 0 for p in made)
    found = search.pipeline.get(Decode)
    assert (found.draft_to, found.draft_limit) == ("limits", 180)
    assert search.pipeline.get(Resize).sized_by == "stored_part"

    boxes = thumbnailed(((533, 401), (402, 537)), 90, jpegs=False)
    search = Search(boxes, start(boxes, 90).changed(Orient, apply=False))
    search.run([Resampling(), LargeReductions()])
    assert search.pipeline.get(Decode).draft_to == "limits"
    decision = search.decisions["large reductions"]
    assert decision.guess
    assert any(label.startswith("decoded at full size, reducing_gap 2") for label in decision.tied)


def test_an_unknown_filter_is_not_called_known() -> None:
    """scipy-like spline smoothing: no library's kernel. What is chosen does not reproduce it, and that is said."""

    def channel(p: Picture, size: tuple[int, int]) -> Picture:
        wide = Image.fromarray(p).filter(ImageFilter.GaussianBlur(1.7))
        return np.asarray(wide.resize(size, Image.Resampling.BOX))

    made = pairs(channel)
    search, decisions = asked(made, Resampling())
    assert decisions["resampling"].trials[0].total.unequal > 0
    if search.pipeline.get(Resize).code != "fitted":
        assert decisions["resampling"].guess
        assert NEAREST in decisions["resampling"].reason
    assert search.agreement(made[0], search.pipeline).share < 0.999


def test_a_sharpening_behind_the_resize() -> None:
    def channel(p: Picture, size: tuple[int, int]) -> Picture:
        image = Image.fromarray(p).resize(size, Image.Resampling.LANCZOS)
        return np.asarray(image.filter(ImageFilter.SHARPEN))

    made = pairs(channel)
    search, _ = asked(made, Resampling(), Sharpening())
    assert search.pipeline.get(Resize).kernel == "lanczos"
    assert search.pipeline.get(Convolve) == Convolve()
    assert all(search.agreement(p, search.pipeline).unequal == 0 for p in made)


def test_a_mask_where_resized_and_nowhere_else() -> None:
    """Pillow's unsharp mask on what is made smaller; pictures that fit are passed on: both are said."""
    mask = ImageFilter.UnsharpMask(1, 60, 2)

    def channel(p: Picture, size: tuple[int, int]) -> Picture:
        image = Image.fromarray(p)
        small = max(p.shape[:2]) <= max(size)
        return p if small else np.asarray(image.resize(size, Image.Resampling.LANCZOS).filter(mask))

    made = pairs(channel, sizes=((400, 267), (281, 400), (200, 133)))
    search, decisions = asked(made, Resampling(), Sharpening())
    assert search.pipeline.get(Resize).kernel == "lanczos"
    assert search.pipeline.get(Unsharp) == Unsharp(1.0, 60, 2, only_resized=True)
    assert decisions["sharpening"].answer == "Pillow UnsharpMask(1, 60, 2), where resized"
    assert not decisions["sharpening"].guess
    assert all(search.agreement(p, search.pipeline).unequal == 0 for p in made)


def test_no_sharpening_is_seen_where_there_is_none() -> None:
    made = pairs(lambda p, size: p)
    search, decisions = asked(made, Sharpening(), EarlierGeneration())
    assert decisions["sharpening"].answer == "none"
    assert decisions["earlier generation"].answer == "none"
    assert search.pipeline.find(Convolve) is None


@pytest.mark.parametrize("resized", [False, True])
def test_a_hidden_generation(resized: bool) -> None:
    def channel(p: Picture, size: tuple[int, int]) -> Picture:
        hidden = Image.open(io.BytesIO(pillow(p, "JPEG", quality=77)))
        return np.asarray(hidden.resize(size, Image.Resampling.BILINEAR) if resized else hidden)

    made = pairs(channel)
    search, _ = asked(made, *([Resampling()] if resized else []), EarlierGeneration())
    found = search.pipeline.get(Generation)
    assert (found.quality, found.sampling) == (77, "4:2:0")
    assert all(search.agreement(p, search.pipeline).unequal == 0 for p in made)


def test_what_comes_first() -> None:
    """Flattened after the resize, as transparent edges show; and turned after it, as two axes of one scale show."""
    rgba = np.dstack([photograph(300, 200), (np.indices((200, 300)).sum(0) // 9 % 2 * 255).astype(np.uint8)])
    sent = pillow(rgba, "PNG")
    small = Image.fromarray(rgba).resize((140, 93), Image.Resampling.BICUBIC)
    white = Image.new("RGBA", small.size, "white")
    made = Image.alpha_composite(white, small).convert("RGB")
    pair = Observed("alpha", sent, pillow(made, "JPEG", quality=90))
    pipeline = start([pair], 140).changed(Resize, kernel="bicubic")
    tried = {c.label: c.pipeline for c in Order().candidates(pipeline, [pair], Rendering())}
    shares = {label: Rendering().agreement(pair, p).share for label, p in tried.items()}
    best = max(shares, key=lambda label: shares[label])
    assert best.index("resize") < best.index("flatten")
    assert shares[best] > shares["orient, color, flatten, resize"] + 0.01


def test_orders_are_permutations_and_keep_the_present_one() -> None:
    pair = Observed("p", pillow(photograph(64, 48), "PNG"), pillow(photograph(64, 48), "JPEG"))
    pipeline = start([pair])
    for code in resample.codes():
        kernel = resample.kernels(code)[0]
        wide = pipeline.inserted(Resize(code=code, kernel=kernel), "encode")
        candidates = list(Order().candidates(wide, [], Rendering()))
        assert any(c.pipeline.keys == wide.keys for c in candidates)
        assert all(sorted(c.pipeline.names) == sorted(wide.names) for c in candidates)
        assert all(c.pipeline.names[0] == "decode" and c.pipeline.names[-1] == "encode" for c in candidates)


def test_filter_at_own_size() -> None:
    """ImageMagick's resize blackens what is fully transparent even where it keeps the size; named twins are tried."""
    assert set(twins("imagemagick", "default")) >= {"default", "lanczos"}
    rgba = np.dstack([photograph(120, 90), (np.indices((90, 120)).sum(0) // 20 % 2 * 255).astype(np.uint8)])
    pair = Observed("alpha", pillow(rgba, "PNG"), b"")
    step = Resize(code="imagemagick", kernel="lanczos", at_own_size=True)
    raster = step.exact(pair.as_sent, pair.context)
    made = Flatten(alpha="drop").exact(raster, pair.context)  # type: ignore[arg-type]
    pair = Observed("alpha", pair.sent, pillow(made.pixels, "JPEG", quality=90))  # type: ignore[union-attr]
    pipeline = start([pair]).inserted(Resize(code="imagemagick", kernel="default"), "encode")
    assert list(OwnSize().bearing([pair], pipeline)) == [pair]
    tried = list(OwnSize().candidates(pipeline, [pair], Rendering()))
    shares = {c.label: Rendering().agreement(pair, c.pipeline).share for c in tried}
    assert max(shares, key=lambda label: shares[label]) == "filtered at own size, lanczos, then alpha drop"
    assert max(shares.values()) == 1.0 > shares["untouched at own size"]


@pytest.mark.parametrize("code", resample.codes())
def test_windows_show_what_the_whole_picture_has(code: str) -> None:
    """The linear part in a window is the library's own result, its roundings apart (and what it cuts)."""
    picture = photograph(97, 131)[:, :, :1]
    for kernel in resample.kernels(code):
        whole = resample.resize(code, picture, 61, 83, kernel=kernel)[:, :, 0].astype(float)
        box = (8, 16, 61, 83)
        plan = resample.plan(code, 97, 131, 61, 83, kernel=kernel, channels=1)
        [part] = windows.windows(plan, picture[:, :, 0].astype(np.float32), [box], (61, 83))
        off = whole[16:83, 8:61] - part
        # imagescale's default cuts four weights and their sum
        assert np.abs(off).mean() < (1.6 if kernel == "bilinear_fixed" else 1.3), kernel
        assert np.abs(off - off.mean()).max() < 6, kernel


def test_known_filters_are_what_pillow_does() -> None:
    picture = photograph(90, 70)
    raster = Observed("p", pillow(picture, "PNG"), b"").as_sent
    for name in ("SHARPEN", "EDGE_ENHANCE", "EDGE_ENHANCE_MORE", "SMOOTH"):
        step = sharpening.KNOWN[f"Pillow {name}"]
        theirs = np.asarray(Image.fromarray(picture).filter(getattr(ImageFilter, name)))
        ours = step.exact(raster, Observed("p", b"", b"").context)
        assert np.array_equal(ours.pixels, theirs), name  # type: ignore[union-attr]


def test_known_filters_are_what_opencv_does() -> None:
    square = np.array([[0, -1, 0], [-1, 5, -1], [0, -1, 0]], np.float32)
    eight = np.where(np.arange(9) == 4, 9, -1).reshape(3, 3).astype(np.float32)
    for width, height in ((90, 70), (3, 5), (2, 7)):
        picture = photograph(width, height)
        for name, theirs in {
            "four neighbours, 5/1, edges reflected": cv2.filter2D(picture, -1, square),
            "eight neighbours, 9/1, edges reflected": cv2.filter2D(picture, -1, eight),
            "OpenCV GaussianBlur 3 x 3": cv2.GaussianBlur(picture, (3, 3), 0),
            "OpenCV blur 3 x 3": cv2.blur(picture, (3, 3)),
        }.items():
            raster = Observed("p", pillow(picture, "PNG"), b"").as_sent
            ours = sharpening.KNOWN[name].exact(raster, Observed("p", b"", b"").context)
            assert np.array_equal(ours.pixels, theirs), (name, width)  # type: ignore[union-attr]


def test_shares_of_filters() -> None:
    assert sharpening.shares_of(Convolve()) == (-0.125, -0.125, 0.0, 0.0, 0.0)
    assert sharpening.shares_of(Convolve(tuple(float(i) for i in range(9)), 36.0)) is None
    assert sharpening.shares_of(Flatten()) is None
    fitted = sharpening.fitted_filter((-0.1, -0.05, 0.001, 0.0, 0.0))
    assert len(fitted.weights) == 9
    assert sum(fitted.weights) == pytest.approx(1.0)


def test_witnesses_are_ranked_and_shrinkable_ones_known() -> None:
    big = Observed("big", pillow(photograph(480, 320), "JPEG"), pillow(photograph(240, 160), "JPEG"))
    png = Observed("png", pillow(photograph(300, 200), "PNG"), pillow(photograph(240, 160), "JPEG"))
    same = Observed("same", pillow(photograph(240, 160), "PNG"), pillow(photograph(240, 160), "JPEG"))
    assert [p.name for p in resampling.best_first([same, big, png])] == ["png", "big"]
    assert [resampling.shrinkable(p) for p in (big, png, same)] == [True, False, False]
