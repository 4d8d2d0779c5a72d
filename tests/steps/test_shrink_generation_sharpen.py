"""decode at a smaller size, generation, sharpen, and Facebook's resize as a profile."""

from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path

import jpeglib
import numpy as np
import pytest
from PIL import Image

import understudy as us
from oracles import cmyk_jpeg, djpeg, pillow, scene
from understudy.codec.sizes import Derive, Fit, Rounding, ShrinkOnLoad, target
from understudy.errors import PictureError, ProfileError
from understudy.profile import dumps, loads
from understudy.steps import Context, Raster, Rule, Source, registry

Decode, Generation, Sharpen = (registry()[name] for name in ("decode", "generation", "sharpen"))
RESIZED = "facebook/classic-2014-resized"


def decoded(data: bytes, **parameters: object) -> np.ndarray:
    value = Decode(**parameters).exact(Source(data), Context())
    assert isinstance(value, Raster)
    return value.pixels


# --- decode


@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_scale_is_djpegs(sampling: str) -> None:
    data = pillow(scene(75, 53), quality=88, subsampling=sampling)
    for eighths in (1, 2, 4, 6, 8, 12):
        assert np.array_equal(decoded(data, scale=eighths), djpeg(data, "-scale", f"{eighths}/8")), eighths
    grey = pillow(scene(75, 53, 1), quality=88)
    assert np.array_equal(decoded(grey, scale=4)[:, :, 0], djpeg(grey, "-scale", "1/2"))


def test_scale_by_rule() -> None:
    """Facebook's: powers of two as long as the longest side stays at 2048 or more."""
    rule = Rule("longest_side", ((4095, 8), (8191, 4), (16383, 2)), 1)
    decode = Decode(scale=rule)
    sizes = {(2048, 9): 8, (4095, 9): 8, (9, 4096): 4, (4928, 3264): 4, (8191, 1): 4, (8192, 1): 2, (16384, 1): 1}
    assert {size: decode.eighths(*size) for size in sizes} == sizes  # type: ignore[attr-defined]
    with pytest.raises(ProfileError, match=r"decode\.scale: 71 for 9 x 5; expected 1 to 16"):
        Decode(scale=Rule("width", ((9, 71),), 8)).eighths(9, 5)  # type: ignore[attr-defined]


@pytest.mark.parametrize("fit", [Fit.BOX, Fit.LONGEST_SIDE, Fit.WIDTH, Fit.SHORTEST_SIDE])
def test_draft_is_pillows(fit: Fit) -> None:
    for width, height in ((200, 133), (133, 200), (99, 99)):
        data = pillow(scene(width, height), quality=90)
        for limit in (7, 12, 25, 33, 49, 50, 66, 67, 100, 101, 200, 300):
            to = target(width, height, fit, limit, derive=Derive.EXACT, rounding=Rounding.HALF_UP)
            image = Image.open(io.BytesIO(data))
            image.draft(None, (to.width, to.height))
            got = decoded(data, draft=fit, draft_limit=limit)
            assert np.array_equal(got, np.asarray(image)), (width, height, limit)


def test_enlarging_keeps_the_limit() -> None:
    image = Image.new("L", (20000, 8000))
    with pytest.raises(us.errors.LimitError, match="40000 x 16000 pixels"):
        decoded(pillow(image), scale=16)


def test_scale_and_draft_exclude_each_other() -> None:
    data = pillow(scene(20, 20))
    with pytest.raises(ProfileError, match="decode: both scale and draft; expected one of them"):
        decoded(data, scale=4, draft="box", draft_limit=5)


IMAGEMAGICK = (("convert-im6.q16", "-define", "jpeg:size={}"), ("gm", "convert", "-size", "{}"))


@pytest.mark.parametrize("words", IMAGEMAGICK, ids=lambda words: words[0])
@pytest.mark.parametrize("size", [(161, 96), (97, 130)], ids=str)
def test_a_size_hint_is_imagemagicks(words: tuple[str, ...], size: tuple[int, int], tmp_path: Path) -> None:
    """Every sample, from an eighth to twice the size."""
    if shutil.which(words[0]) is None:
        pytest.fail(f"{words[0]} is missing; Debian: apt-get install imagemagick graphicsmagick")
    data = pillow(scene(*size), quality=90)
    (tmp_path / "in.jpg").write_bytes(data)
    for box in ((11, 9), (14, 14), (20, 40), (26, 26), (35, 35), (48, 33), (60, 50), (98, 98), (300, 20)):
        line = [word.format(f"{box[0]}x{box[1]}") for word in words]
        out = tmp_path / "out.ppm"
        subprocess.run([*line, str(tmp_path / "in.jpg"), str(out)], check=True)
        step = registry()["decode"](
            draft=Fit.BOX, draft_limit=box[0], draft_limit_height=box[1], draft_by=ShrinkOnLoad.IMAGEMAGICK
        )
        made = step.exact(Source(data), Context(data))
        assert isinstance(made, Raster)
        assert np.array_equal(made.pixels, np.asarray(Image.open(out))), box


def test_other_formats_keep_their_size() -> None:
    assert decoded(pillow(scene(40, 30), "PNG"), scale=4).shape == (30, 40, 3)
    assert decoded(cmyk_jpeg(16, 8)).shape == (8, 16, 3)
    assert decoded(cmyk_jpeg(16, 8), scale=4).shape == (4, 8, 3)


# --- generation


def test_generation_is_pillow_there_and_back() -> None:
    for width, height in ((1, 1), (7, 11), (75, 53)):
        for sampling in ("4:4:4", "4:2:2", "4:2:0"):
            pixels = scene(width, height)
            value = Raster(pixels, b"profile", 6)
            got = Generation(quality=77, sampling=sampling).exact(value, Context())
            want = np.asarray(Image.open(io.BytesIO(pillow(pixels, quality=77, subsampling=sampling))))
            assert isinstance(got, Raster)
            assert np.array_equal(got.pixels, want)
            assert (got.icc, got.orientation) == (b"profile", 6)
    grey = scene(75, 53, 1)
    got = Generation(quality=30).exact(Raster(grey), Context())
    assert isinstance(got, Raster)
    assert np.array_equal(got.pixels[:, :, 0], np.asarray(Image.open(io.BytesIO(pillow(grey, quality=30)))))


@pytest.mark.parametrize("version", ["8d", "9d"])
def test_facebooks_generation_is_libjpeg_7s_decoded_by_turbo(version: str, tmp_path: Path) -> None:
    """facts/facebook-resize.md, B. (9e's chroma table differs at some qualities, not at 85.)"""
    before = jpeglib.version.get()
    for width, height in ((7, 11), (75, 53)):
        pixels = scene(width, height)
        jpeglib.version.set(version)
        try:
            spatial = jpeglib.from_spatial(pixels)
            spatial.samp_factor = [[2, 2], [1, 1], [1, 1]]
            spatial.write_spatial(str(tmp_path / "made.jpg"), qt=85)
        finally:
            jpeglib.version.set(before)
        got = Generation(quality=85, downsampling="libjpeg-7").exact(Raster(pixels), Context())
        assert isinstance(got, Raster)
        assert np.array_equal(got.pixels, np.asarray(Image.open(tmp_path / "made.jpg")))


def test_generation_wants_no_alpha() -> None:
    with pytest.raises(PictureError, match="generation: an alpha channel"):
        Generation().exact(Raster(scene(8, 8, 4)), Context())


# --- sharpen


def test_sharpen_is_the_facts() -> None:
    """C.5 and 6: along the rows, clipped to 8 bits, then down the columns."""
    pixels = scene(31, 23)
    want = pixels.astype(int)
    for axis in (1, 0):
        p = np.pad(want, [(int(a == axis), int(a == axis)) for a in range(3)], mode="edge")
        before, after = (np.take(p, range(i, i + want.shape[axis]), axis) for i in (0, 2))
        want = np.clip((3060 * want - 506 * (before + after) + 1024) >> 11, 0, 255)
    got = Sharpen().exact(Raster(pixels, b"icc", 3), Context())
    assert isinstance(got, Raster)
    assert np.array_equal(got.pixels, want)
    assert (got.icc, got.orientation) == (b"icc", 3)


def test_sharpen_leaves_alpha_and_side_0_everything() -> None:
    pixels = scene(31, 23, 4)
    sharp = Sharpen().exact(Raster(pixels), Context())
    same = Sharpen(side=0).exact(Raster(pixels), Context())
    assert isinstance(sharp, Raster)
    assert isinstance(same, Raster)
    assert np.array_equal(sharp.pixels[:, :, 3], pixels[:, :, 3])
    assert np.array_equal(sharp.pixels[:, :, :3], Sharpen().exact(Raster(pixels[:, :, :3]), Context()).pixels)  # type: ignore[union-attr]
    assert np.array_equal(same.pixels, pixels)


# --- the profile


def test_the_resized_profile_is_chosen_by_name_only() -> None:
    assert us.load_profile(RESIZED).name == RESIZED
    for name in ("facebook", "facebook@2014", "facebook@2015", "facebook@2021"):
        assert us.load_profile(name).name != RESIZED
    profile = us.load_profile(RESIZED)
    assert loads(dumps(profile)) == profile


def test_the_resized_profile_delivers_the_measured_size() -> None:
    """The sizes of the measured pairs, through every step; that its pixels are Facebook's is quoted in the proof."""
    small = Image.fromarray(scene(308, 204))
    out = io.BytesIO()
    small.resize((4928, 3264), Image.Resampling.BICUBIC).save(out, "JPEG", quality=90, subsampling="4:2:2")
    delivery = us.mimic(out.getvalue(), RESIZED, trace=True)
    shapes = {s.step: s.pixels().shape for s in delivery.stages if s.step != "envelope"}  # type: ignore[union-attr]
    assert shapes["decode"] == shapes["generation"] == (1632, 2464, 3)
    assert shapes["resize"] == shapes["sharpen"] == shapes["encode"] == (1356, 2048, 3)
    assert not delivery.notes
    image = Image.open(io.BytesIO(delivery.data))
    assert (image.size, image.layer[0][1:3]) == ((2048, 1356), (2, 2))  # type: ignore[attr-defined]
    assert us.mimic(pillow(small), RESIZED).notes
