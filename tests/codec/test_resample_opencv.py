"""codec.resample.opencv against OpenCV's own wheel."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from oracles import scene
from understudy.codec.resample import opencv

FLAGS = {
    "nearest": cv2.INTER_NEAREST,
    "linear": cv2.INTER_LINEAR,
    "cubic": cv2.INTER_CUBIC,
    "lanczos4": cv2.INTER_LANCZOS4,
    "area": cv2.INTER_AREA,
    "linear_exact": cv2.INTER_LINEAR_EXACT,
}
SIZES = [
    ((1, 1), (3, 4)),
    ((1, 9), (1, 4)),
    ((7, 11), (3, 5)),
    ((7, 11), (20, 31)),
    ((257, 265), (131, 97)),
    ((131, 97), (257, 265)),
    ((64, 64), (32, 32)),
    ((64, 60), (32, 20)),
    ((300, 20), (299, 21)),
    ((64, 64), (16, 16)),
    ((33, 40), (11, 10)),
    ((33, 40), (40, 10)),
    ((1536, 30), (1280, 25)),
    ((64, 64), (64, 17)),
    ((13, 55), (89, 112)),
]
"""(width, height) -> (width, height): up, down, by whole numbers, one axis each way; last, centres on samples."""


@pytest.fixture
def own_cubic() -> Iterator[None]:
    """OpenCV without Intel's IPP."""
    before = cv2.ipp.useIPP()
    cv2.ipp.setUseIPP(False)
    yield
    cv2.ipp.setUseIPP(before)


def pictures(size: tuple[int, int]) -> Iterator[NDArray[np.uint8]]:
    for channels in (1, 2, 3, 4):
        yield np.random.default_rng([*size, channels]).integers(0, 256, (*size[::-1], channels), dtype=np.uint8)
        yield scene(*size, channels)


def by_opencv(
    pixels: NDArray[np.uint8], size: tuple[int, int] | None, kernel: str, **factors: float
) -> NDArray[np.uint8]:
    made = cv2.resize(pixels, size, interpolation=FLAGS[kernel], **factors)
    return made.reshape(*made.shape[:2], pixels.shape[2])


@pytest.mark.parametrize("kernel", ["nearest", "linear", "lanczos4", "area", "linear_exact"])
@pytest.mark.parametrize(("size", "new"), SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_equals_opencv(size: tuple[int, int], new: tuple[int, int], kernel: str) -> None:
    for pixels in pictures(size):
        assert np.array_equal(opencv.resize(pixels, *new, kernel=kernel), by_opencv(pixels, new, kernel))


@pytest.mark.usefixtures("own_cubic")
@pytest.mark.parametrize(("size", "new"), SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
def test_own_cubic_equals_opencv(size: tuple[int, int], new: tuple[int, int]) -> None:
    for pixels in pictures(size):
        assert np.array_equal(opencv.resize(pixels, *new, kernel="cubic", ipp=False), by_opencv(pixels, new, "cubic"))


def test_cubic_of_ipp_is_all_but_equal() -> None:
    """IPP's arithmetic is not published: 1 level in about 1 of 100,000 samples; wheels without IPP have `own_cubic`."""
    if "ipp" not in cv2.getBuildInformation().lower():
        pytest.fail("this OpenCV has no IPP: compare on x86-64")
    unequal = samples = 0
    for size, new in SIZES:
        for pixels in pictures(size):
            difference = np.abs(
                opencv.resize(pixels, *new, kernel="cubic").astype(int) - by_opencv(pixels, new, "cubic")
            )
            assert difference.max() <= 1
            unequal, samples = unequal + int(difference.sum()), samples + difference.size
    assert unequal <= samples * 5e-5, (unequal, samples)


def test_random_sizes_equal_opencv() -> None:
    rng = np.random.default_rng(9)
    for _ in range(2000):
        width, height, new_width, new_height = (int(n) for n in rng.integers(1, 90, 4))
        pixels = rng.integers(0, 256, (height, width, int(rng.integers(1, 5))), dtype=np.uint8)
        kernel = str(rng.choice(["nearest", "linear", "lanczos4", "area", "linear_exact"]))
        ours = opencv.resize(pixels, new_width, new_height, kernel=kernel)
        assert np.array_equal(ours, by_opencv(pixels, (new_width, new_height), kernel)), (
            pixels.shape,
            ours.shape,
            kernel,
        )


def test_factors_equal_opencvs_fx_and_fy() -> None:
    rng = np.random.default_rng(7)
    for i in range(120):
        width, height = (int(n) for n in rng.integers(2, 90, 2))
        factor = float(rng.uniform(0.1, 2.2)) if i % 3 else 1 / int(rng.integers(2, 5))
        if round(width * factor) < 1 or round(height * factor) < 1:
            continue
        pixels = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
        for kernel in ("nearest", "linear", "lanczos4", "area", "linear_exact"):
            theirs = by_opencv(pixels, None, kernel, fx=factor, fy=factor)
            ours = opencv.resize(pixels, theirs.shape[1], theirs.shape[0], kernel=kernel, factors=(factor, factor))
            assert np.array_equal(ours, theirs), (width, height, factor, kernel)
