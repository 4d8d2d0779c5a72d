"""The unsharp mask against Pillow's own, over radii, strengths, thresholds and odd sizes."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image, ImageFilter

from understudy.codec.unsharp import gaussian_blur, unsharp_mask

SIZES = ((61, 47), (7, 11), (1, 1), (3, 90), (64, 2))
RADII = (0.1, 0.3, 0.5, 0.6, 0.8, 1.0, 1.2, 1.4, 1.5, 1.8, 2.0, 2.5, 3.0, 4.7, 10.0)


def noise(width: int, height: int) -> np.ndarray:
    return np.random.default_rng(width * height).integers(0, 256, (height, width, 3), np.uint8)


@pytest.mark.parametrize("size", SIZES)
def test_the_blur_is_pillows(size: tuple[int, int]) -> None:
    picture = noise(*size)
    for radius in RADII:
        theirs = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)))
        assert np.array_equal(gaussian_blur(picture, radius), theirs), radius


@pytest.mark.parametrize("size", SIZES)
def test_the_mask_is_pillows(size: tuple[int, int]) -> None:
    picture = noise(*size)
    for radius, percent, threshold in ((2, 150, 3), (1, 60, 2), (0.5, 30, 0), (1.5, 101, 1), (0.6, 200, 0), (3, 33, 9)):
        mask = ImageFilter.UnsharpMask(radius, percent, threshold)
        theirs = np.asarray(Image.fromarray(picture).filter(mask))
        ours = unsharp_mask(picture, radius, percent, threshold)
        assert np.array_equal(ours, theirs), (radius, percent, threshold)
