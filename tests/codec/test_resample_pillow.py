"""codec.resample.pillow against Pillow itself: every filter, sizes up and down, boxes, reducing gaps, alpha."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from oracles import scene
from understudy.codec import resample
from understudy.codec.resample import pillow
from understudy.errors import ProfileError

MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
SIZES = [
    ((1, 1), (5, 3)),
    ((1, 9), (4, 2)),
    ((7, 11), (3, 5)),
    ((7, 11), (20, 31)),
    ((257, 265), (131, 97)),
    ((257, 265), (257, 97)),
    ((257, 265), (300, 265)),
    ((64, 64), (32, 32)),
    ((300, 200), (7, 1)),
    ((117, 8), (21, 8)),
    ((60, 40), (46, 3)),
]
"""(width, height) of a picture -> (width, height) asked for. 117 to 21 has a Hamming window with a sample in its very
centre; the last takes columns first since Pillow 13."""


def noise(width: int, height: int, channels: int) -> NDArray[np.uint8]:
    return np.random.default_rng([width, height]).integers(0, 256, (height, width, channels), dtype=np.uint8)


def image(pixels: NDArray[np.uint8]) -> Image.Image:
    channels = pixels.shape[2]
    return Image.fromarray(pixels[:, :, 0] if channels == 1 else pixels, MODES[channels])


def by_pillow(pixels: NDArray[np.uint8], size: tuple[int, int], kernel: str, **options: object) -> NDArray[np.uint8]:
    made = image(pixels).resize(size, Image.Resampling[kernel.upper()], **options)
    return np.asarray(made).reshape(size[1], size[0], pixels.shape[2])


@pytest.mark.parametrize("kernel", pillow.KERNELS)
@pytest.mark.parametrize(("size", "new"), SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_equals_pillow(size: tuple[int, int], new: tuple[int, int], kernel: str) -> None:
    for channels in MODES:
        for pixels in (noise(*size, channels), scene(*size, channels)):
            ours = pillow.resize(pixels, *new, kernel=kernel)
            assert np.array_equal(ours, by_pillow(pixels, new, kernel)), channels


@pytest.mark.parametrize("kernel", pillow.KERNELS)
def test_boxes_and_reducing_gaps_equal_pillow(kernel: str) -> None:
    for size, new in SIZES[2:6]:
        pixels = noise(*size, 3)
        for gap in (1.0, 1.5, 2.0, 3.0):
            for box in (None, (0.3, 0, size[0] - 0.4, size[1] / 1.3)):
                ours = pillow.resize(pixels, *new, kernel=kernel, box=box, reducing_gap=gap)
                assert np.array_equal(ours, by_pillow(pixels, new, kernel, box=box, reducing_gap=gap)), (size, gap, box)


@pytest.mark.parametrize("size", [(1, 1), (7, 11), (30, 301), (257, 265)], ids=lambda s: f"{s[0]}x{s[1]}")
def test_reduce_equals_pillow(size: tuple[int, int]) -> None:
    for channels in MODES:
        pixels = noise(*size, channels)
        for factors in [(1, 1), (2, 1), (1, 2), (2, 2), (3, 3), (4, 4), (5, 5), (7, 3), (1, 6), (13, 29), (40, 300)]:
            theirs = np.asarray(image(pixels).reduce(factors))
            ours = pillow.reduce(pixels, *factors)
            assert np.array_equal(ours, theirs.reshape(ours.shape)), (channels, factors)


def test_which_pass_comes_first() -> None:
    """Since Pillow 13 it is the columns' where the height shrinks by more than twice the width's pixels."""
    pixels = noise(60, 60, 1)
    for width in range(20, 72):
        for height in (2, 15, 30, 45, 58, 60, 80):
            ours = pillow.resize(pixels, width, height, kernel="bicubic")
            assert np.array_equal(ours, by_pillow(pixels, (width, height), "bicubic")), (width, height)
    before = pillow.resize(pixels, 50, 10, kernel="bicubic", release=12)
    rows_first = by_pillow(by_pillow(pixels, (50, 60), "bicubic"), (50, 10), "bicubic")
    assert np.array_equal(before, rows_first)
    assert not np.array_equal(before, pillow.resize(pixels, 50, 10, kernel="bicubic"))


def test_alpha_may_be_filtered_like_a_colour() -> None:
    pixels = noise(33, 21, 4)
    ours = pillow.resize(pixels, 20, 13, kernel="lanczos", premultiply=False)
    alone = [by_pillow(pixels[:, :, c : c + 1], (20, 13), "lanczos") for c in range(4)]
    assert np.array_equal(ours, np.concatenate(alone, axis=2))
    assert not np.array_equal(ours, by_pillow(pixels, (20, 13), "lanczos"))


def test_random_sizes_equal_pillow() -> None:
    rng = np.random.default_rng(5)
    for _ in range(2000):
        width, height, new_width, new_height = (int(n) for n in rng.integers(1, 120, 4))
        pixels = rng.integers(0, 256, (height, width, int(rng.integers(1, 5))), dtype=np.uint8)
        kernel = str(rng.choice(pillow.KERNELS))
        ours = pillow.resize(pixels, new_width, new_height, kernel=kernel)
        theirs = by_pillow(pixels, (new_width, new_height), kernel)
        assert np.array_equal(ours, theirs), (pixels.shape, ours.shape, kernel)


def test_the_registry() -> None:
    assert {"gd", "nfnt", "opencv", "pillow"} <= set(resample.codes())
    for code in resample.codes():
        assert resample.kernels(code)
    assert resample.options("pillow")["release"] == 13
    pixels = noise(5, 4, 3)
    assert resample.resize("pillow", pixels, 2, 2, kernel="box").shape == (2, 2, 3)
    for code, kernel, given, message in (
        ("photoshop", "box", {}, "'photoshop'.*pillow"),
        ("pillow", "sinc", {}, "'sinc'.*lanczos"),
        ("pillow", "box", {"gap": 1}, "'gap'.*reducing_gap"),
    ):
        with pytest.raises(ProfileError, match=message):
            resample.resize(code, pixels, 2, 2, kernel=kernel, **given)
