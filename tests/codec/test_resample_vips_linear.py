"""Resizing in linear light against libvips' own thumbnail: kernels it uses, ratios, boxes, grey, alpha."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray

from understudy.codec import resample
from understudy.errors import ProfileError

CASES = (
    ((131, 90), 100), ((131, 90), 60), ((131, 90), 40), ((131, 90), 20), ((131, 90), 7), ((90, 131), 64),
    ((64, 64), 32), ((200, 33), 25), ((97, 301), 75), ((300, 300), 50), ((513, 257), 64),
)  # fmt: skip


def thumbnail(pixels: NDArray[np.uint8], side: int, folder: Path) -> NDArray[np.uint8]:
    assert (pyvips.version(0), pyvips.version(1)) == (8, 18)
    height, width, channels = pixels.shape
    image = pyvips.Image.new_from_memory(np.ascontiguousarray(pixels).tobytes(), width, height, channels, "uchar")
    path = folder / f"{width}x{height}.png"  # libvips opens a name once
    image.copy(interpretation="b-w" if channels < 3 else "srgb").write_to_file(str(path))
    made = pyvips.Image.thumbnail(str(path), side, linear=True)
    return np.frombuffer(made.write_to_memory(), np.uint8).reshape(made.height, made.width, made.bands)


@pytest.mark.parametrize("channels", [3, 4])
def test_it_is_libvips(channels: int, tmp_path: Path) -> None:
    random = np.random.default_rng(channels)
    for (width, height), side in CASES:
        pixels = random.integers(0, 256, (height, width, channels), np.uint8)
        pixels[: height // 3] //= 8
        if channels == 4:
            pixels[:, : width // 4, -1], pixels[:, width // 2 :, -1] = 0, 255
        theirs = thumbnail(pixels, side, tmp_path)
        rows, columns, _ = theirs.shape
        factor = side / max(width, height)
        ours = resample.resize("vips", pixels, columns, rows, kernel="lanczos3", linear=True, factors=(factor, factor))
        np.testing.assert_array_equal(ours, theirs, err_msg=str((width, height, side)))


@pytest.mark.parametrize("kernel", ["linear", "cubic", "mitchell", "lanczos2", "mks2013", "mks2021"])
def test_other_kernels_are_vips_resize_of_light(kernel: str) -> None:
    pixels = np.random.default_rng(7).integers(0, 256, (70, 101, 3), np.uint8)
    image = pyvips.Image.new_from_memory(pixels.tobytes(), 101, 70, 3, "uchar").copy(interpretation="srgb")
    for scale in (0.7, 0.31):
        made = image.colourspace("scrgb").resize(scale, kernel=kernel).colourspace("srgb")
        theirs = np.frombuffer(made.write_to_memory(), np.uint8).reshape(made.height, made.width, 3)
        ours = resample.resize(
            "vips", pixels, made.width, made.height, kernel=kernel, linear=True, factors=(scale, scale)
        )
        np.testing.assert_array_equal(ours, theirs)


def test_what_is_not_built_is_refused() -> None:
    pixels = np.zeros((8, 8, 3), np.uint8)
    for size, given in ((16, {}), (4, {"kernel": "nearest"}), (4, {"version": "8.14"})):
        with pytest.raises(ProfileError, match="linear light"):
            resample.resize("vips", pixels, size, size, linear=True, **({"kernel": "lanczos3"} | given))
    with pytest.raises(ProfileError, match="a grey picture"):
        resample.resize("vips", pixels[:, :, :1], 4, 4, kernel="lanczos3", linear=True)
