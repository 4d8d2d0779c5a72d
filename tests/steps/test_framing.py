"""crop, pad, and resizes that cover, stretch and fill, against Pillow, OpenCV and the recipes that people write.

Other programs: tests/codec/test_framing_programs.py (libvips, ImageMagick, GraphicsMagick, libgd), and
test_framing_recorded.py (sharp, nginx, thumbor, Synapse, WordPress, Go).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import product
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

import understudy as us
from oracles import Picture, image_of, pillow, scene
from understudy.codec.framing import Offset, ground, span
from understudy.codec.sizes import Derive, Fit, Rounding, target
from understudy.errors import LimitError, PictureError, ProfileError, UnderstudyError
from understudy.profile import loads
from understudy.steps import Context, Raster, Source, Step, registry
from understudy.steps.crop import Crop
from understudy.steps.decode import Decode
from understudy.steps.pad import Pad
from understudy.steps.resize import Resize

Size = tuple[int, int]

SIZES: list[Size] = [(1, 1), (1, 9), (9, 1), (7, 11), (10, 7), (40, 30), (33, 32), (34, 31), (101, 67), (2, 301)]
"""(width, height): sides of one pixel, odd and even ones, odd and even differences."""
TO: list[Size] = [(1, 1), (5, 5), (8, 3), (16, 16), (15, 40), (33, 17), (50, 50), (3, 7)]
INK = (18, 52, 86)


def made(pixels: Picture, *steps: Step) -> Any:
    """uint8 `[H, W, C]` that the steps make."""
    value: Any = Raster(pixels)
    for step in steps:
        value = step.exact(value, Context())
    return value.pixels


def of(image: Image.Image) -> Picture:
    """uint8 `[H, W, C]` of a Pillow image."""
    pixels = np.asarray(image)
    return pixels if pixels.ndim == 3 else pixels[:, :, None]


def box(fit: Fit, to: Size, **more: Any) -> Resize:
    """A resize to a box of these limits that enlarges too, in Pillow's way."""
    pillows = {"derive": Derive.ASPECT, "rounding": Rounding.HALF_EVEN, "kernel": "bicubic", "upscale": True}
    return Resize(fit=fit, limit=to[0], limit_height=to[1], **(pillows | more))


def ink(pixels: Picture) -> Any:
    """The colour of a border for a picture of this mode, as Pillow wants it."""
    channels = pixels.shape[2]
    return INK[0] if channels == 1 else (*INK, 255)[:channels]


# --- Pillow ---


@pytest.mark.parametrize("filter", Image.Resampling, ids=lambda f: f.name.lower())
def test_fit(filter: Image.Resampling) -> None:
    """ImageOps.fit: what `fill` makes, parts at whole pixels among them."""
    for i, (size, to) in enumerate(product(SIZES, TO)):
        pixels, centering = scene(*size, 1 + i % 4), ((0.5, 0.5), (0.0, 0.0), (0.3, 1.0))[i % 3]
        theirs = of(ImageOps.fit(image_of(pixels), to, filter, centering=centering))
        step = box(Fit.FILL, to, kernel=filter.name.lower(), gravity=centering)
        assert np.array_equal(made(pixels, step), theirs), (size, to, centering)


def test_cover_contain_and_pad() -> None:
    """By ImageOps, which makes an empty picture where a side would be rounded to nothing; we keep one pixel."""
    empty = 0
    for i, (size, to) in enumerate(product(SIZES, TO)):
        pixels, centering = scene(*size, (1, 3, 4)[i % 3]), ((0.5, 0.5), (0.0, 1.0), (0.3, 0.7))[i % 3]
        image = image_of(pixels)
        assert np.array_equal(made(pixels, box(Fit.COVER, to)), of(ImageOps.cover(image, to))), (size, to)
        contained = ImageOps.contain(image, to)
        if 0 in contained.size:
            empty += 1
            continue
        assert np.array_equal(made(pixels, box(Fit.BOX, to)), of(contained)), (size, to)
        theirs = of(ImageOps.pad(image, to, color=ink(pixels), centering=centering))
        pad = Pad(*to, color=INK, gravity=centering, offset_rounding=Offset.HALF_EVEN)
        assert np.array_equal(made(pixels, box(Fit.BOX, to), pad), theirs), (size, to, centering)
    assert empty < len(SIZES) * len(TO) / 5


@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 200), st.integers(1, 200))
def test_the_sizes_of_cover_and_contain(width: int, height: int, x: int, y: int) -> None:
    for fit, theirs in ((Fit.COVER, ImageOps.cover), (Fit.BOX, ImageOps.contain)):
        to = target(width, height, fit, x, y, upscale=True, derive=Derive.ASPECT, rounding=Rounding.HALF_EVEN)
        if max(to.width, to.height) < 2000:
            asked = theirs(Image.new("1", (width, height)), (x, y), Image.Resampling.NEAREST).size
            assert (to.width, to.height) == tuple(max(side, 1) for side in asked)


@pytest.mark.parametrize("edges", [(1, 2, 3, 0), (0, 0, 0, 5), (4, 4, 4, 4)])
def test_expand_and_crop(edges: tuple[int, int, int, int]) -> None:
    for channels in (1, 3, 4):
        pixels = scene(13, 9, channels)
        theirs = of(ImageOps.expand(image_of(pixels), edges, ink(pixels)))
        assert np.array_equal(made(pixels, Pad(border=edges, color=INK)), theirs)
        assert np.array_equal(made(pixels, Crop(inset=edges)), of(ImageOps.crop(image_of(pixels), edges)))


# --- recipes ---


def halves(image: Image.Image, w: int, h: int) -> Image.Image:
    W, H = image.size
    return image.crop(((W - w) / 2, (H - h) / 2, (W + w) / 2, (H + h) / 2))


def at(left: int, top: int, w: int, h: int) -> tuple[int, int, int, int]:
    return left, top, left + w, top + h


RECIPES: dict[str, tuple[Callable[[Image.Image, int, int], Image.Image], Offset, Offset]] = {
    "floats, as they are": (halves, Offset.EDGES, Offset.EDGES),
    "whole numbers, down": (
        lambda i, w, h: i.crop(at((i.width - w) // 2, (i.height - h) // 2, w, h)), Offset.FLOOR, Offset.CEIL,
    ),
    "int()": (
        lambda i, w, h: i.crop(at(int((i.width - w) / 2), int((i.height - h) / 2), w, h)), Offset.FLOOR, Offset.FLOOR,
    ),
    "round()": (
        lambda i, w, h: i.crop(at(round((i.width - w) / 2), round((i.height - h) / 2), w, h)),
        Offset.HALF_EVEN, Offset.HALF_EVEN,
    ),
    "from the middle": (
        lambda i, w, h: i.crop(at(i.width // 2 - w // 2, i.height // 2 - h // 2, w, h)), Offset.HALVES, Offset.HALVES,
    ),
}  # fmt: skip
"""What people write around Image.crop: the call, and the offsets of a part and of the black border where it is smaller
(`//` rounds a negative number down, so away from 0)."""


@pytest.mark.parametrize("recipe", RECIPES)
def test_the_middle_by_crop(recipe: str) -> None:
    call, cut, padded = RECIPES[recipe]
    larger = [(75, 50), (74, 51), (21, 60)]
    for size, to in product([*SIZES, *larger], [(2, 2), *TO[1:]]):
        pixels = scene(*size)
        pad = Pad(*to, offset_rounding=padded, color=(0, 0, 0))
        theirs = of(call(image_of(pixels), *to))
        assert np.array_equal(made(pixels, pad, Crop(*to, offset_rounding=cut)), theirs), (size, to)


@pytest.mark.parametrize("recipe", RECIPES)
def test_squares_by_crop(recipe: str) -> None:
    call, cut, _ = RECIPES[recipe]
    odd = 0
    for size in [*SIZES[3:9], (31, 34), (67, 101), (75, 50)]:
        pixels, side = scene(*size), min(size)
        theirs = of(call(image_of(pixels), side, side))
        assert np.array_equal(made(pixels, Crop(aspect=(1, 1), offset_rounding=cut)), theirs), size
        odd += theirs.shape[0] != theirs.shape[1]
    assert (odd > 0) == (recipe == "floats, as they are")


def test_borders_by_opencv() -> None:
    pixels = scene(13, 9)
    theirs = cv2.copyMakeBorder(pixels, 2, 3, 0, 5, cv2.BORDER_CONSTANT, value=INK)
    assert np.array_equal(made(pixels, Pad(border=(0, 2, 5, 3), color=INK)), theirs)


# --- what holds for all ---


@given(st.integers(1, 300), st.integers(1, 300), st.floats(0, 1), st.sampled_from(list(Offset)))
def test_a_part_lies_inside_and_a_ground_around(a: int, b: int, gravity: float, how: Offset) -> None:
    inner, outer = sorted((a, b))
    begin, end = span(outer, inner, gravity, how)
    assert 0 <= begin < end <= outer
    assert abs(end - begin - inner) <= (how is Offset.EDGES)
    assert abs(begin - (outer - inner) * gravity) < (1.5 if how is Offset.MIDDLE else 1.0 + 1e-9)
    before, total = ground(inner, outer, gravity, how)
    assert 0 <= before <= total - inner
    assert abs(total - outer) <= (how is Offset.EDGES)
    for edge, there in ((0.0, 0), (1.0, outer - inner)):
        assert span(outer, inner, edge, how)[0] == there


@pytest.mark.parametrize("how", Offset)
def test_offsets_differ_where_the_difference_is_odd(how: Offset) -> None:
    assert [span(outer, inner, 0.5, how)[0] for outer, inner in ((10, 4), (12, 12))] == [3, 0]
    assert span(11, 5, 0.5, how)[0] == (2 if how is Offset.MIDDLE else 3)
    got = [span(outer, inner, 0.5, how) for outer, inner in ((9, 4), (11, 4), (10, 5), (12, 5))]
    wanted = {
        Offset.FLOOR: [(2, 6), (3, 7), (2, 7), (3, 8)],
        Offset.CEIL: [(3, 7), (4, 8), (3, 8), (4, 9)],
        Offset.HALF_UP: [(3, 7), (4, 8), (3, 8), (4, 9)],
        Offset.HALF_EVEN: [(2, 6), (4, 8), (2, 7), (4, 9)],
        Offset.HALVES: [(2, 6), (3, 7), (3, 8), (4, 9)],
        Offset.MIDDLE: [(2, 6), (3, 7), (2, 7), (4, 9)],
        Offset.EDGES: [(2, 6), (4, 8), (2, 8), (4, 8)],
    }
    assert got == wanted[how]


def test_multiples() -> None:
    pixels = scene(37, 21)
    assert made(pixels, Crop(multiple=8)).shape == (16, 32, 3)
    assert np.array_equal(made(pixels, Crop(multiple=8, gravity=(0, 0))), pixels[:16, :32])
    assert made(pixels, Pad(multiple=16)).shape == (32, 48, 3)
    assert made(scene(5, 21), Crop(multiple=8)).shape == (16, 5, 3), "a side below the multiple is left"


def test_what_need_not_be_framed_is_the_same_raster() -> None:
    raster = Raster(scene(30, 20), b"profile", 6)
    for step in (Crop(), Crop(30, 40), Crop(aspect=(3, 2)), Pad(), Pad(30, 10), Pad(aspect=(6, 4))):
        assert step.exact(raster, Context()) is raster
    framed = Crop(10, 10).exact(Pad(40, 40).exact(raster, Context()), Context())
    assert (framed.width, framed.height, framed.icc, framed.orientation) == (10, 10, b"profile", 6)


def test_a_ground_is_opaque() -> None:
    for channels, wanted in ((1, (18,)), (2, (18, 255)), (3, INK), (4, (*INK, 255))):
        assert tuple(made(scene(3, 3, channels), Pad(5, 5, color=INK))[0, 0]) == wanted


DRAFTED = [(w, h, fit) for (w, h) in ((60, 60), (20, 50), (33, 17)) for fit in (Fit.COVER, Fit.STRETCH, Fit.FILL)]


@pytest.mark.parametrize(("width", "height", "fit"), DRAFTED)
def test_drafts_aim_at_what_covers(width: int, height: int, fit: Fit) -> None:
    """Image.draft() is asked for the size that the resize aims at."""
    sent = pillow(scene(401, 266), "JPEG", quality=90)
    for limits in ((width, height), (2 * width, 2 * height)):
        aimed = target(401, 266, fit, *limits)
        with Image.open(io.BytesIO(sent)) as image:
            image.draft("RGB", (aimed.width, aimed.height))
            decode = Decode(draft=fit, draft_limit=limits[0], draft_limit_height=limits[1])
            assert np.array_equal(decode.exact(Source(sent), Context(sent)).pixels, of(image))  # type: ignore[union-attr]


# --- what is refused ---


@pytest.mark.parametrize(
    ("step", "error", "text"),
    [
        (Crop(inset=(10, 0, 10, 0)), PictureError, "20 x 9 pixels"),
        (Crop(inset=(0, 5, 0, 5)), PictureError, "more than the inset"),
        (Crop(aspect=(1, 0)), ProfileError, "aspect 1 : 0"),
        (Crop(aspect=(0, 7), aspect_by="thumbor"), ProfileError, "aspect 0 : 7"),
        (Crop(aspect=(7, 0), aspect_by="wordpress"), ProfileError, "aspect 7 : 0"),
        (Pad(aspect=(0, 1)), ProfileError, "aspect 0 : 1"),
        (Pad(60000, 60000), LimitError, "60000 x 60000 pixels"),
        (Resize(fit=Fit.FILL, limit=5, code="vips", kernel="lanczos3"), ProfileError, "expected stretch"),
    ],
)
def test_refused_pictures(step: Step, error: type[UnderstudyError], text: str) -> None:
    with pytest.raises(error, match=text) as caught:
        step.exact(Raster(scene(20, 9)), Context())
    assert "\n" not in str(caught.value)


def test_parameters_as_a_caller_sets_them() -> None:
    rows = "".join(f'[[steps]]\nstep = "{s}"\n' for s in ("decode", "flatten", "crop", "pad", "encode", "envelope"))
    profile = loads(f'schema = 1\nname = "a/b"\n[when]\nplatform = "a"\n{rows}')
    sent = pillow(scene(50, 40))
    values = {
        "crop.width": "20",
        "crop.gravity": "[0, 1.0]",
        "pad.border": "[1, 2, 3, 4]",
        "pad.offset_rounding": "halves",
    }
    assert us.mimic(sent, profile, **values).pixels().shape == (46, 24, 3)  # type: ignore[arg-type]
    for key, value in (("crop.gravity", [2, 0]), ("pad.width", 70000), ("crop.aspect", [1, 0]), ("pad.color", [1, 2])):
        with pytest.raises(ProfileError, match=key.split(".")[1]) as caught:
            us.mimic(sent, profile, **{key: value})
        assert "\n" not in str(caught.value)


def test_ycbcr_gets_no_ground() -> None:
    raster = Raster(scene(20, 9), space="ycbcr")
    assert Crop(5, 5).exact(raster, Context()).space == "ycbcr"
    with pytest.raises(PictureError, match="expected grey or RGB"):
        Pad(30, 30).exact(raster, Context())


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("crop", "aspect = [1, -1]"), ("crop", "gravity = [2.0, 0.5]"),
        ("pad", "gravity = [0.5, -0.1]"), ("crop", "width = -1"), ("crop", 'offset_rounding = "up"'),
        ("pad", "color = [0, 0, 256]"), ("pad", "border = [1, 2, 3]"), ("resize", "gravity = [2, 0]"),
        ("crop", 'aspect_by = "me"'), ("crop", "multiple = 0"),
    ],
)  # fmt: skip
def test_refused_values(name: str, line: str) -> None:
    assert name in registry()
    rows = "".join(f'[[steps]]\nstep = "{s}"\n' for s in ("decode", name)) + f"{line}\n"
    rows += "".join(f'[[steps]]\nstep = "{s}"\n' for s in ("encode", "envelope"))
    with pytest.raises(ProfileError, match=line.split()[0]) as caught:
        loads(f'schema = 1\nname = "a/b"\n[when]\nplatform = "a"\n{rows}')
    assert "\n" not in str(caught.value)
