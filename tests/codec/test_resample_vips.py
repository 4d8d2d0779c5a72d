"""codec/resample/vips.py against libvips itself: no sample may differ."""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pyvips  # noqa: F401  (an oracle; without it this file is an error)
from vips_oracle import Case, ask

from oracles import pillow, saved, scene
from understudy.codec.resample import vips
from understudy.codec.sizes import Derive, Fit, ShrinkOnLoad, shrink_on_load
from understudy.errors import ProfileError
from understudy.steps import Context, Source
from understudy.steps.decode import Decode
from understudy.steps.resize import Resize

VERSIONS = vips.VERSIONS
SIZES = [(1, 1), (50, 1), (2, 300), (11, 7), (65, 64), (137, 101), (403, 301)]
"""(width, height)."""
DOWN = (0.99, 1 / 1.01, 0.77, 2 / 3, 0.5, 0.41, 1 / 3, 0.25, 0.19, 0.11, 0.043)
UP = (1.01, 1.3, 1.5, 2.0, 7 / 3, 3.7)


def kernels(version: str) -> list[str]:
    return [k for k in vips.KERNELS if version == "8.18" or not k.startswith("mks")]


@cache
def picture(width: int, height: int, channels: int, seed: int = 0) -> Any:
    """Noise over the whole range where the picture is small, else something like a photograph."""
    if width * height > 20_000:
        return scene(width, height, channels, seed)
    rng = np.random.default_rng([width, height, channels, seed])
    noise = rng.integers(0, 256, (height, width, channels), np.uint8)
    return np.where(noise < 128, 0, 255).astype(np.uint8) if seed else noise  # seed 1: both ends, so that sums clip


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_resizing_equals_libvips_in_every_sample(version: str, size: tuple[int, int]) -> None:
    cases: list[Case] = []
    for kernel in kernels(version):
        scales = DOWN + UP if kernel == "lanczos3" else DOWN[2::3] + UP[1::2]
        for i, x_scale in enumerate(scales):
            for y_scale in (x_scale, x_scale * (0.94 if x_scale > 1 else 1.06), 1.0, min(1 / x_scale, 3)):
                mixed = (x_scale - 1) * (y_scale - 1) < 0
                if (mixed and kernel == "nearest") or (mixed and i % 3):
                    continue  # nearest: see the next test
                channels = (3, 1, 4, 2)[len(cases) % 4]
                pixels = picture(*size, channels, len(cases) % 2)
                cases.append(("resize", pixels, (x_scale,), {"vscale": y_scale, "kernel": kernel}))
    for case, theirs in zip(cases, ask(version, cases), strict=True):
        _, pixels, (x_scale,), named = case
        ours = vips.by_scale(pixels, x_scale, named["vscale"], named["kernel"], version)
        assert ours.shape == theirs.shape, named
        assert np.array_equal(ours, theirs), (pixels.shape, x_scale, named)


@pytest.mark.parametrize("version", ["8.14", "8.18"])
def test_positions_that_are_ties_fall_as_in_libvips(version: str) -> None:
    """Old and new side in small ratios: positions lie on the border of two 64ths, and the last bit of sums decides."""
    cases: list[Case] = []
    for side, new in ((1500, 1000), (1280, 700), (1200, 1024), (900, 640), (1365, 325), (1536, 250), (1000, 150)):
        for width, height in ((side, 20), (20, side)):
            scale = 1.0 / (side / new)
            vertical = {"vscale": 1.0} if width == side else {"vscale": scale}
            pixels = picture(width, height, 1)
            cases.append(("resize", pixels, (scale if width == side else 1.0,), {**vertical, "kernel": "lanczos3"}))
    for width, height, new in ((403, 301, 64), (841, 843, 160), (643, 707, 160), (925, 1124, 96), (797, 655, 80)):
        scale = 1.0 / (width / new)
        cases.append(("resize", picture(width, height, 1), (scale,), {"vscale": scale, "kernel": "lanczos3"}))
    for case, theirs in zip(cases, ask(version, cases), strict=True):
        _, pixels, (x_scale,), named = case
        ours = vips.by_scale(pixels, x_scale, named["vscale"], "lanczos3", version)
        assert np.array_equal(ours, theirs), (pixels.shape, x_scale, named)


def test_nearest_made_wider_and_lower_differs_only_in_ties() -> None:
    """There libvips makes rows in other strips, so the last bit of summed positions differs: rows may be neighbours."""
    pixels = picture(3, 300, 1)
    theirs = ask("8.18", [("resize", pixels, (1.3,), {"vscale": 1 / 1.3, "kernel": "nearest"})])[0]
    ours = vips.by_scale(pixels, 1.3, 1 / 1.3, "nearest")
    differing = np.flatnonzero((ours != theirs).any(axis=(1, 2)))
    assert ours.shape == theirs.shape
    assert differing.size <= 0.1 * ours.shape[0], differing


def test_eight_fourteen_leaves_its_vector_code_above_forty_nine_taps() -> None:
    pixels = picture(9, 400, 1)
    shrinks = [taps / 4 for taps in range(20, 32)]
    cases: list[Case] = [("resize", pixels, (1.0,), {"vscale": 1 / s, "kernel": "lanczos2", "gap": 0}) for s in shrinks]
    for shrink, theirs in zip(shrinks, ask("8.14", cases), strict=True):
        assert np.array_equal(vips.by_scale(pixels, 1.0, 1 / shrink, "lanczos2", "8.14", 0.0), theirs), shrink


def test_versions_differ() -> None:
    """What the names stand for: 8.14's vector code (64ths), and the box means of 8.18."""
    pixels = scene(300, 200)
    old, plain, new = (vips.by_scale(pixels, 0.4, 0.4, "lanczos3", v) for v in VERSIONS)
    assert np.array_equal(plain, new)
    assert 0.3 < np.mean(old != plain) < 0.95
    assert np.abs(old.astype(int) - plain).max() >= 2
    old, plain, new = (vips.by_scale(pixels, 0.15, 0.15, "lanczos3", v) for v in VERSIONS)
    assert not np.array_equal(plain, new)
    assert np.abs(plain.astype(int) - new).max() <= 2


def resized(pixels: Any, box: int, version: str, **options: Any) -> Any:
    step = Resize(
        fit=Fit.LONGEST_SIDE, limit=box, derive=Derive.SHRINK, code="vips", kernel="lanczos3", geometry="common",
        options={"version": version, **options}, upscale=True,
    )  # fmt: skip
    to = step.target(pixels.shape[1], pixels.shape[0])
    return vips.resize(pixels, to.width, to.height, factors=(to.scale, to.scale), version=version, **options)


@pytest.mark.parametrize("version", VERSIONS)
def test_thumbnails_equal_libvips(version: str) -> None:
    """One scale for both axes, the other side rounded, up to sizes where a rounded side matters."""
    cases: list[Case] = []
    for width, height in ((403, 301), (301, 404), (97, 256), (1000, 7)):
        cases += [
            ("thumbnail_image", picture(width, height, 3), (box,), {"height": box})
            for box in (600, 300, 201, 64, 33, 5)
        ]
    for case, theirs in zip(cases, ask(version, cases), strict=True):
        assert np.array_equal(resized(case[1], case[2][0], version), theirs), (case[1].shape, case[2])


@pytest.mark.parametrize("version", VERSIONS)
def test_thumbnails_of_jpeg_files_equal_libvips_with_its_shrink_on_load(version: str, tmp_path: Path) -> None:
    files = {size: pillow(scene(*size), quality=92) for size in ((803, 1101), (1607, 300))}
    cases: list[Case] = []
    for size, data in files.items():
        path = saved(data, tmp_path, f"{size[0]}.jpg")
        cases += [("thumbnail", path, (box,), {"size": "down"}) for box in sizes_around(max(size))]
    for case, theirs in zip(cases, ask(version, cases), strict=True):
        _, path, (box,), _ = case
        size = next(s for s in files if path.stem == str(s[0]))
        decode = Decode(draft=Fit.LONGEST_SIDE, draft_limit=box, draft_derive=Derive.SHRINK, draft_by=ShrinkOnLoad.VIPS)
        pixels = decode.exact(Source(files[size]), Context(files[size])).pixels
        assert np.array_equal(resized(pixels, box, version), theirs), (size, box)


def sizes_around(side: int) -> list[int]:
    """Boxes on both sides of every change of shrink-on-load."""
    return sorted(
        {box for factor in (1.5, 4, 8, 16, 21) for box in (math.floor(side / factor), math.ceil(side / factor))}
    )


def test_alpha_equals_libvips_and_sharp() -> None:
    """In 8.18's vips_thumbnail; sharp's result of the same pictures was equal (0.35.5, seven sizes)."""
    cases: list[Case] = []
    for channels, box in ((4, 300), (4, 201), (4, 64), (2, 150), (2, 33), (4, 500)):
        pixels = scene(403, 301, channels).copy()
        pixels[:, :, -1] = np.clip(np.add.outer(np.arange(301), 3 * np.arange(403)) % 400 - 60, 0, 255)
        cases.append(("thumbnail_image", pixels, (box,), {}))
    for case, theirs in zip(cases, ask("8.18", cases), strict=True):
        assert np.array_equal(resized(case[1], case[2][0], "8.18"), theirs), case[2]


def test_premultiplication_for_every_colour_and_alpha() -> None:
    pixels = np.stack(np.meshgrid(np.arange(256), np.arange(256)), axis=-1).astype(np.uint8)
    for version in VERSIONS:
        for operation, ours in (("premultiply", vips.premultiplied), ("unpremultiply", vips.unpremultiplied)):
            whole, alpha = as_uchar(version, pixels, operation)
            assert np.array_equal(ours(pixels)[:, :, :1], whole), (version, operation)
            assert np.array_equal(alpha, pixels[:, :, 1:])


def as_uchar(version: str, pixels: Any, operation: str) -> tuple[Any, Any]:
    made = ask(version, [(f"{operation}_to_uchar", pixels, (), {})])[0]
    return made[:, :, :1], made[:, :, 1:]


SHARP = [
    (1.0006, 1), (1.9975, 1), (2, 1), (2.6667, 1), (2.9963, 1), (3.0019, 2), (3.99, 2), (4, 2), (4.9844, 2), (5, 4),
    (5.9925, 4), (7.9602, 4), (8, 4), (8.9888, 4), (9.0395, 8), (14.8241, 8), (22.2361, 8),
]  # fmt: skip
"""(shrink, shrink-on-load) of sharp 0.35.5, `resize({width})` on JPEG files of 1600x1100, 1601x1103 and 1607x1100: that
one of 1, 2, 4, 8 with which `Decode` and `vips.resize` give every one of sharp's raw samples (November 2026)."""


@pytest.mark.parametrize(("shrink", "on_load"), SHARP)
def test_sharp_shrinks_less_on_load(shrink: float, on_load: int) -> None:
    assert shrink_on_load(shrink, ShrinkOnLoad.SHARP) == on_load


def test_no_picture_is_changed_in_place_and_the_scale_of_one_passes() -> None:
    pixels = scene(40, 30)
    before = pixels.copy()
    assert np.array_equal(vips.resize(pixels, 40, 30, kernel="lanczos3"), before)
    vips.resize(pixels, 20, 15, kernel="cubic")
    assert np.array_equal(pixels, before)


def test_what_a_version_lacks_and_sizes_that_do_not_fit_are_errors() -> None:
    pixels = scene(40, 30)
    with pytest.raises(ProfileError, match="mks2013"):
        vips.resize(pixels, 20, 15, kernel="mks2013", version="8.14")
    with pytest.raises(ProfileError, match=r"8\.16"):
        vips.resize(pixels, 20, 15, kernel="cubic", version="8.16")  # type: ignore[arg-type]
    with pytest.raises(ProfileError, match="20 x 15 in libvips"):
        vips.resize(pixels, 20, 14, kernel="lanczos3", factors=(0.5, 0.5))
