"""Magic Kernel Sharp: the pieces as J. Costella publishes them, and its two parts done one after the other."""

from __future__ import annotations

import numpy as np
import pytest
from codec_oracles import noise, scene

from understudy.codec.resample import magic_kernel

PIECES = {
    "magic-kernel": [lambda x: 3 / 4 - x**2, lambda x: (x - 3 / 2) ** 2 / 2],
    "magic-kernel-sharp-2013": [
        lambda x: 17 / 16 - 7 / 4 * x**2,
        lambda x: x**2 - 11 / 4 * x + 7 / 4,
        lambda x: -((x - 5 / 2) ** 2) / 8,
    ],
    "magic-kernel-sharp-2021": [
        lambda x: 577 / 576 - 239 / 144 * x**2,
        lambda x: (140 * x**2 - 379 * x + 239) / 144,
        lambda x: -(24 * x**2 - 113 * x + 130) / 144,
        lambda x: (4 * x**2 - 27 * x + 45) / 144,
        lambda x: -((2 * x - 9) ** 2) / 1152,
    ],
}
"""By distance: up to 1/2, then one pixel each. Source: johncostella.com/magic."""


@pytest.mark.parametrize("kernel", PIECES)
def test_the_published_pieces(kernel: str) -> None:
    x = np.linspace(-6, 6, 4801)
    piece = np.ceil(np.abs(x) - 0.5).astype(int)
    want = sum(np.where(piece == i, f(np.abs(x)), 0.0) for i, f in enumerate(PIECES[kernel]))
    assert np.abs(magic_kernel.weight(kernel, x) - want).max() < 1e-12


@pytest.mark.parametrize("kernel", magic_kernel.KERNELS)
def test_the_integral_is_one_and_flat_pictures_stay_flat(kernel: str) -> None:
    x = (np.arange(-5000, 5000) + 0.5) / 1000
    assert abs(magic_kernel.weight(kernel, x).sum() / 1000 - 1) < 1e-6
    for value in (0, 128, 255):
        pixels = np.full((30, 41, 3), value, np.uint8)
        for width, height in ((20, 13), (60, 45), (41, 30), (1, 1)):
            assert (magic_kernel.resize(pixels, width, height, kernel=kernel) == value).all()


@pytest.mark.parametrize("sharp", [(), (1.0,), (1.32,)])
def test_smoothing_then_sharpening_is_one_kernel(sharp: tuple[float, ...]) -> None:
    """An integer ratio, where normalising changes nothing: m at the output's pitch, then {-s/4, 1 + s/2, -s/4}."""
    kernel = {(): "magic-kernel", (1.0,): "magic-kernel-sharp-2013", (1.32,): "magic-kernel-sharp-plus"}[sharp]
    line = (64 + noise(120, 1)[0, :, 0] // 2).astype(np.float64)
    at = (np.arange(30) * 4 + 1.5)[:, None] - np.arange(120)
    weights = np.where(np.abs(at / 4) <= 0.5, 0.75 - (at / 4) ** 2, np.maximum(1.5 - np.abs(at / 4), 0) ** 2 / 2)
    weights /= weights.sum(axis=1, keepdims=True)
    small = weights @ line
    for s in sharp:
        small[1:-1] = (1 + s / 2) * small[1:-1] - s / 4 * (small[:-2] + small[2:])
    pixels = np.repeat(line.astype(np.uint8)[None, :, None], 5, axis=0)
    got = magic_kernel.resize(pixels, 30, 5, kernel=kernel)[2, :, 0]
    inner = slice(4, -4)
    assert np.abs(got[inner] - np.floor(small[inner] + 0.5)).max() <= (0 if not sharp else 1)
    assert (got[inner] != np.floor(small[inner] + 0.5)).mean() < 0.1


def test_channels_and_axes_are_alike() -> None:
    pixels = scene(40, 30)
    got = magic_kernel.resize(pixels, 27, 51)
    turned = magic_kernel.resize(pixels.transpose(1, 0, 2), 51, 27).transpose(1, 0, 2)
    assert np.abs(got.astype(int) - turned).max() <= 1  # the order of two float sums, at a tie
    assert np.array_equal(got[:, :, 1:2], magic_kernel.resize(pixels[:, :, 1:2], 27, 51))
