"""Covers, cuts and borders as steps, against libvips, ImageMagick, GraphicsMagick and libgd: no sample differs."""

from __future__ import annotations

import ctypes
import io
import random
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from test_resample_gd import LIBGD
from test_resample_graphicsmagick import by_gm
from test_resample_imagemagick import convert, from_pam, pam
from vips_oracle import Case, ask

from oracles import Picture, image_of, pillow, saved, scene
from understudy.codec.framing import Offset
from understudy.codec.sizes import Derive, Fit, Rounding, ShrinkOnLoad, target
from understudy.steps import Context, Raster, Source, Step
from understudy.steps.crop import Crop
from understudy.steps.decode import Decode
from understudy.steps.orient import Orient
from understudy.steps.pad import Pad
from understudy.steps.resize import Resize

Size = tuple[int, int]

SIZES: list[Size] = [(1, 9), (7, 11), (40, 30), (30, 40), (33, 32), (97, 131)]
TO: list[Size] = [(1, 1), (5, 5), (8, 3), (16, 16), (15, 40), (33, 17), (37, 41)]
INK = (18, 52, 86)
GRAVITIES = {"centre": (0.5, 0.5), "low": (0.0, 0.0), "high": (1.0, 1.0)}
COMPASS = {
    "centre": (0.5, 0.5), "north": (0.5, 0.0), "east": (1.0, 0.5), "south": (0.5, 1.0), "west": (0.0, 0.5),
    "north-east": (1.0, 0.0), "south-west": (0.0, 1.0),
}  # fmt: skip


def made(value: Any, *steps: Step) -> Picture:
    """What the steps make of uint8 `[H, W, C]`, or of a file."""
    context = Context(value) if isinstance(value, bytes) else Context()
    value = Source(value) if isinstance(value, bytes) else Raster(value)
    for step in steps:
        value = step.exact(value, context)
    pixels: Picture = value.pixels
    return pixels


def resized(fit: Fit, to: Size, code: str, kernel: str, **more: Any) -> Resize:
    return Resize(fit=fit, limit=to[0], limit_height=to[1], code=code, kernel=kernel, **more)


# --- libvips ---

vips = partial(resized, code="vips", kernel="lanczos3", geometry="common", derive=Derive.VIPS)


@pytest.mark.parametrize("crop", GRAVITIES)
def test_thumbnail_with_crop(crop: str) -> None:
    """vips_thumbnail_image, larger and smaller; with size=down only what is larger is resized, and cut all the same."""
    both: list[tuple[Picture, Size, bool]] = []
    cases: list[Case] = []
    for i, (size, to) in enumerate(product([*SIZES, (1, 1), (2, 301), (101, 67)], [*TO, (64, 20)])):
        both.append((scene(*size, (3, 1, 4)[i % 3]), to, i % 2 == 0))
        named = {"height": to[1], "crop": crop, "size": "both" if i % 2 == 0 else "down"}
        cases.append(("thumbnail_image", both[-1][0], (to[0],), named))
    for (pixels, to, upscale), theirs in zip(both, ask("8.18", cases), strict=True):
        ours = made(pixels, vips(Fit.COVER, to, upscale=upscale), Crop(*to, gravity=GRAVITIES[crop]))
        assert np.array_equal(ours, theirs), (pixels.shape, to, upscale)


@pytest.mark.parametrize("version", ["8.14", "8.18"])
def test_thumbnail_of_jpeg_files_with_crop(version: str, tmp_path: Path) -> None:
    """Decoded smaller by the size that covers; resized as stored, then turned, then cut."""
    both: list[tuple[bytes, Size, str]] = []
    cases: list[Case] = []
    sizes, orientations = [(533, 400), (400, 533), (767, 95), (97, 640), (257, 129)], (3, 6)
    for i, size in enumerate(sizes):
        for orientation in orientations:
            exif = Image.Exif()
            exif[0x0112] = orientation
            sent = pillow(scene(*size, 3, 5), "JPEG", quality=95, subsampling=(0, 2)[i % 2], exif=exif)
            path = saved(sent, tmp_path, f"{i}-{orientation}.jpg")
            for k, to in enumerate(((64, 64), (20, 50), (47, 29), (300, 200), (15, 15))):
                crop = list(GRAVITIES)[(i + orientation + k) % 3]
                both.append((sent, to, crop))
                cases.append(("thumbnail", path, (to[0],), {"height": to[1], "crop": crop}))
    drafted = set()
    for (sent, to, crop), theirs in zip(both, ask(version, cases), strict=True):
        decode = Decode(
            draft=Fit.COVER, draft_limit=to[0], draft_limit_height=to[1], draft_derive=Derive.VIPS,
            draft_by=ShrinkOnLoad.VIPS,
        )  # fmt: skip
        resize = vips(Fit.COVER, to, upscale=True, as_shown=True, options={"version": version})
        ours = made(sent, decode, resize, Orient(), Crop(*to, gravity=GRAVITIES[crop]))
        assert np.array_equal(ours, theirs), (theirs.shape, to, crop)
        before = decode.exact(Source(sent), Context(sent)).before  # type: ignore[union-attr]
        drafted.add(before and before[2])
    assert drafted == {None, 4, 2, 1}


def test_thumbnails_that_are_not_turned(tmp_path: Path) -> None:
    """What is drafted goes by the stored sides then."""
    exif = Image.Exif()
    exif[0x0112] = 6
    sent = pillow(scene(533, 401, 3, 5), "JPEG", quality=95, exif=exif)
    path, boxes = saved(sent, tmp_path), [(20, 50), (47, 29), (90, 13), (150, 40)]
    cases: list[Case] = [
        ("thumbnail", path, (x,), {"height": y, "crop": "centre", "no_rotate": True}) for x, y in boxes
    ]
    for version in ("8.14", "8.18"):
        for to, theirs in zip(boxes, ask(version, cases), strict=True):
            decode = Decode(
                draft=Fit.COVER, draft_limit=to[0], draft_limit_height=to[1], draft_derive=Derive.VIPS,
                draft_by=ShrinkOnLoad.VIPS, draft_as_shown=False,
            )  # fmt: skip
            resize = vips(Fit.COVER, to, options={"version": version})
            assert np.array_equal(made(sent, decode, resize, Crop(*to)), theirs), to


def test_sizes_of_thumbnails_near_ties() -> None:
    """Derive.VIPS where plain arithmetic comes out elsewhere; a few of these cases, all chosen so."""
    chosen = near_ties(Fit.BOX, 100, seed=9)
    cases: list[Case] = [
        ("thumbnail_image", np.zeros((h, w, 1), np.uint8), (x,), {"height": y}) for w, h, x, y in chosen
    ]
    theirs = [made.shape[1::-1] for made in ask("8.18", cases)]
    by = {d: [size(c, Fit.BOX, d) for c in chosen] for d in (Derive.VIPS, Derive.SHRINK, Derive.EXACT)}
    assert by[Derive.VIPS] == theirs
    assert by[Derive.SHRINK] != theirs
    assert by[Derive.EXACT] != theirs


def near_ties(fit: Fit, count: int, seed: int) -> list[tuple[int, int, int, int]]:
    """(width, height, limits) whose derived side lies halfway, and comes out otherwise by different arithmetic."""
    rng = random.Random(seed)
    out: list[tuple[int, int, int, int]] = []
    while len(out) < count:
        case = w, h, x, y = rng.randint(1, 250), rng.randint(1, 250), rng.randint(1, 250), rng.randint(1, 250)
        if (2 * h * x) % w and (2 * w * y) % h:
            continue
        sides = {size(case, fit, d) for d in (Derive.EXACT, Derive.SCALE, Derive.SHRINK, Derive.ASPECT)}
        if len(sides) > 1 and max(max(side) for side in sides) < 1500:
            out.append((w, h, x, y))
    return out


def size(case: tuple[int, int, int, int], fit: Fit, derive: Derive, rounding: Rounding = Rounding.HALF_UP) -> Size:
    w, h, x, y = case
    to = target(w, h, fit, x, y, upscale=True, derive=derive, rounding=rounding)
    return to.width, to.height


@pytest.mark.parametrize("direction", COMPASS)
def test_gravity(direction: str) -> None:
    """vips_gravity: a ground where the picture is smaller, a part where it is larger."""
    both = [(scene(*size), to) for size, to in product(SIZES, TO)]
    named = {"extend": "background", "background": list(INK)}
    cases: list[Case] = [("gravity", pixels, (direction, *to), named) for pixels, to in both]
    gravity = COMPASS[direction]
    for (pixels, to), theirs in zip(both, ask("8.18", cases), strict=True):
        ours = made(pixels, Pad(*to, gravity=gravity, color=INK), Crop(*to, gravity=gravity))
        assert np.array_equal(ours, theirs), (pixels.shape, to)


def test_embed_and_extract_area() -> None:
    pixels = scene(13, 9)
    cases: list[Case] = [
        ("embed", pixels, (2, 3, 20, 17), {"extend": "background", "background": list(INK)}),
        ("extract_area", pixels, (2, 3, 6, 4), {}),
        ("smartcrop", pixels, (6, 4), {"interesting": "centre"}),
    ]
    embedded, extracted, smart = ask("8.18", cases)
    assert np.array_equal(made(pixels, Pad(border=(2, 3, 5, 5), color=INK)), embedded)
    assert np.array_equal(made(pixels, Crop(inset=(2, 3, 5, 2))), extracted)
    assert np.array_equal(made(pixels, Crop(6, 4)), smart)


# --- ImageMagick and GraphicsMagick ---

GROUND = ("-background", "#123456")
MAGICK: dict[str, tuple[list[str], Any]] = {
    "cover": (
        ["-filter", "Lanczos", "-resize", "{0}x{1}^", "-gravity", "Center", "-extent", "{0}x{1}"],
        lambda code, to: (by_magick(Fit.COVER, to, code), Crop(*to, offset_rounding=Offset.HALVES)),
    ),
    "contain": (
        ["-filter", "Lanczos", "-resize", "{0}x{1}", *GROUND, "-gravity", "Center", "-extent", "{0}x{1}"],
        lambda code, to: (by_magick(Fit.BOX, to, code), Pad(*to, offset_rounding=Offset.HALVES, color=INK)),
    ),
    "stretch": (["-filter", "Lanczos", "-resize", "{0}x{1}!"], lambda code, to: (by_magick(Fit.STRETCH, to, code),)),
    "crop": (
        ["-gravity", "East", "-crop", "{0}x{1}+0+0", "+repage"],
        lambda code, to: (Crop(*to, gravity=(1.0, 0.5), offset_rounding=Offset.HALVES),),
    ),
    "extent": (
        ["-background", "#123456", "-gravity", "South", "-extent", "{0}x{1}"],
        lambda code, to: tuple(
            kind(*to, gravity=(0.5, 1.0), offset_rounding=Offset.HALVES, **more)
            for kind, more in ((Crop, {}), (Pad, {"color": INK}))
        ),
    ),
    "shave": (["-shave", "{0}x2"], lambda code, to: (Crop(inset=(to[0], 2, to[0], 2)),)),
    "border": (
        ["-bordercolor", "#123456", "-border", "{0}x2"],
        lambda code, to: (Pad(border=(to[0], 2, to[0], 2), color=INK),),
    ),
}  # fmt: skip


def by_magick(fit: Fit, to: Size, code: str) -> Resize:
    return resized(fit, to, code, "lanczos", upscale=True, derive=Derive.SCALE)


@pytest.mark.parametrize("call", MAGICK)
@pytest.mark.parametrize("code", ["imagemagick", "graphicsmagick"])
def test_magick(code: str, call: str) -> None:
    arguments, steps = MAGICK[call]
    pictures, sides = (SIZES, TO) if code == "imagemagick" else (SIZES[1:5], TO[1:6])
    pictures, sides = (pictures[1:], [(1, 1), (3, 3)]) if call in ("shave", "border") else (pictures, sides)
    for size in pictures:
        pixels = scene(*size)
        asked = [[word.format(*to) for word in arguments] for to in sides]
        theirs = magick(pixels, asked) if code == "imagemagick" else [gm(pixels, words) for words in asked]
        for to, wanted in zip(sides, theirs, strict=True):
            assert np.array_equal(made(pixels, *steps(code, to)), wanted), (size, to)


def magick(pixels: Picture, asked: list[list[str]]) -> list[Picture]:
    """What one convert makes of a picture in several ways."""
    out = [word for words in asked for word in ("(", "-clone", "0", *words, ")")]
    data = convert(pam(pixels), *out, "-delete", "0", "pam:-")
    return [from_pam(b"P7\nWIDTH" + part) for part in data.split(b"P7\nWIDTH")[1:]]


def gm(pixels: Picture, words: list[str]) -> Picture:
    return np.asarray(Image.open(io.BytesIO(by_gm(pixels, *words, "-depth", "8"))))


@pytest.mark.parametrize("code", ["imagemagick", "graphicsmagick"])
@pytest.mark.parametrize(("fit", "flag"), [(Fit.COVER, "^"), (Fit.BOX, "")])
def test_sizes_of_magick_near_ties(code: str, fit: Fit, flag: str) -> None:
    chosen = near_ties(fit, 40 if code == "imagemagick" else 25, seed=2)
    theirs = []
    for w, h, x, y in chosen:
        asked = ["-sample", f"{x}x{y}{flag}"]
        empty = np.zeros((h, w, 3), np.uint8)
        theirs.append((magick(empty, [asked])[0] if code == "imagemagick" else gm(empty, asked)).shape[1::-1])
    assert theirs == [size(case, fit, Derive.SCALE) for case in chosen]
    for derive in (Derive.EXACT, Derive.SHRINK, Derive.ASPECT, Derive.VIPS):
        assert theirs != [size(case, fit, derive) for case in chosen], derive


# --- libgd ---


def test_a_part_resampled_by_libgd() -> None:
    """imagecopyresampled from a rectangle of whole pixels, as PHP programs use it: the part, resampled by itself."""
    for size, to in product(SIZES, TO):
        pixels = scene(*size)
        left, top, right, bottom = Crop(aspect=to).box(*size)
        theirs = part_by_libgd(pixels, (left, top, right - left, bottom - top), to)
        ours = made(pixels, Crop(aspect=to), resized(Fit.STRETCH, to, "gd", "resampled", upscale=True))
        assert np.array_equal(ours, theirs), (size, to)


def part_by_libgd(pixels: Picture, part: tuple[int, int, int, int], to: Size) -> Picture:
    png = pillow(image_of(pixels), "PNG")
    source, canvas = LIBGD.gdImageCreateFromPngPtr(len(png), png), LIBGD.gdImageCreateTrueColor(*to)
    LIBGD.gdImageCopyResampled(canvas, source, 0, 0, part[0], part[1], *to, part[2], part[3])
    length = ctypes.c_int()
    data = LIBGD.gdImagePngPtr(canvas, ctypes.byref(length))
    out = np.asarray(Image.open(io.BytesIO(ctypes.string_at(data, length.value))).convert("RGB"))
    for free, what in ((LIBGD.gdFree, data), (LIBGD.gdImageDestroy, source), (LIBGD.gdImageDestroy, canvas)):
        free(what)
    return out
