"""jpegli's arithmetic: coefficients against pyjpegli, kernels against plain references."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pyjpegli
import pytest
from numpy.typing import NDArray

from oracles import scene
from understudy._jit import fma, kernel
from understudy.codec.jpegli import adaptive, kernels
from understudy.codec.jpegli.encode import forward
from understudy.codec.tables import Law, quant_tables
from understudy.jpeg import parse, read_coefficients

F420 = [(2, 2), (1, 1), (1, 1)]


def photograph(width: int, height: int, seed: int) -> NDArray[np.uint8]:
    """Correlated noise of several scales over slopes: what adaptive quantisation looks at."""
    rng = np.random.default_rng(seed)
    out = np.zeros((height, width, 3))
    for scale in (1, 2, 4, 8, 16, 32):
        small = rng.normal(0, 6 + scale, (-(-height // scale), -(-width // scale), 3))
        out += small.repeat(scale, 0).repeat(scale, 1)[:height, :width]
    return np.clip(out + 128 + 40 * np.sin(np.arange(width) / 90)[None, :, None], 0, 255).astype(np.uint8)


@pytest.mark.parametrize("quality", [3, 50, 65, 80, 90, 100])
def test_coefficients_are_pyjpeglis(quality: int) -> None:
    for picture in (photograph(640, 480, quality), scene(333, 251), np.full((40, 40, 3), 131, np.uint8)):
        height, width, _ = picture.shape
        data = pyjpegli.encode(picture.tobytes(), width, height, quality)
        ours = forward(picture, F420, *quant_tables(Law.JPEGLI, quality), streaming=True)
        for block, component in zip(ours, read_coefficients(parse(data)).components, strict=True):
            assert np.array_equal(block, component.blocks)


def test_adaptive_quantisation_only_zeroes() -> None:
    """With it or without, a coefficient is what rounding gives, or 0; never another; DC never changes."""
    picture = photograph(320, 240, 1)
    with_it, without = (forward(picture, F420, *quant_tables(Law.JPEGLI, 80), adaptive=a) for a in (True, False))
    for a, b in zip(with_it, without, strict=True):
        changed = a != b
        assert changed.any()
        assert np.all((a[changed] == 0) | (b[changed] == 0))
        assert not changed[:, :, 0, 0].any()


def test_shapes_that_do_not_fit() -> None:
    steps = quant_tables(Law.JPEGLI, 80)
    for picture, factors in (
        (np.zeros((8, 8, 3), np.uint8), [(1, 1)]),
        (np.zeros((8, 8), np.uint8), F420),
        (np.zeros((0, 8, 3), np.uint8), F420),
        (np.zeros((8, 8, 3), np.uint8), [(2, 2), (2, 1), (1, 1)]),
        (np.zeros((8, 8, 3), np.uint8), [(3, 1), (1, 1), (1, 1)]),
    ):
        with pytest.raises(ValueError):
            forward(picture, factors, *steps)


def test_the_picture_is_not_changed_and_may_be_read_only() -> None:
    picture = scene(33, 17)
    before = picture.copy()
    picture.flags.writeable = False
    for adaptive_quantization in (True, False):
        forward(picture, F420, *quant_tables(Law.JPEGLI, 80), adaptive=adaptive_quantization)
    assert np.array_equal(picture, before)


# --- kernels


@kernel
def _fused(a: Any, b: Any, c: Any, out: Any) -> None:
    for i in range(a.size):
        out[i] = fma(a[i], b[i], c[i])


def test_fma_rounds_once() -> None:
    rng = np.random.default_rng(0)
    a, b = (rng.normal(0, 100, 2000).astype(np.float32) for _ in range(2))
    c = (-a.astype(np.float64) * b * (1 + rng.normal(0, 1e-6, 2000))).astype(np.float32)  # cancels nearly
    out = np.empty(2000, np.float32)
    _fused(a, b, c, out)
    for x, y, z, got in zip(a.tolist(), b.tolist(), c.tolist(), out.tolist(), strict=True):
        exact = Fraction(x) * Fraction(y) + Fraction(z)
        step = abs(float(np.spacing(np.float32(got))))
        assert abs(exact - Fraction(got)) <= Fraction(step) / 2
    assert (out != a * b + c).sum() > 100


def bordered(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.pad(plane, 1, mode="edge")


def test_the_dct_is_one() -> None:
    """Levels at a step of 8/64 are the DCT's values in T.81's normalisation, to float32's precision."""
    plane = np.random.default_rng(3).uniform(0, 255, (32, 40)).astype(np.float32)
    k = np.arange(8)
    basis = np.cos((2 * k[None, :] + 1) * k[:, None] * np.pi / 16) / 2
    basis[0] /= np.sqrt(2)
    blocks = plane.reshape(4, 8, 5, 8).transpose(0, 2, 1, 3).astype(np.float64)
    want = basis @ (blocks - 128) @ basis.T
    out = np.empty((4, 5, 64), np.int16)
    zero = np.zeros(64, np.float32)
    field = np.zeros((4, 5), np.float32)
    # jpegli's DCT is T.81's over 8, its multiplier 8 / step: a step of 1/16 gives sixteenths.
    kernels.quantise(bordered(plane), np.full(64, 128, np.float32), zero, zero, field, 1, 1, 4, 5, out)
    assert np.abs(out.reshape(4, 5, 8, 8) - 16 * want).max() < 0.501


def test_dc_is_rounded_half_away_from_zero_and_the_rest_half_to_even() -> None:
    out = np.empty((1, 1, 64), np.int16)
    zero = np.zeros(64, np.float32)
    field = np.zeros((1, 1), np.float32)
    per_step = np.full(64, 0.5, np.float32)
    for sample, want in ((129.0, 1), (127.0, -1), (133.0, 3), (123.0, -3)):
        kernels.quantise(np.full((10, 10), sample, np.float32), per_step, zero, zero, field, 1, 1, 1, 1, out)
        assert out[0, 0, 0] == want


def test_downsampling_takes_means() -> None:
    plane = np.random.default_rng(5).integers(0, 256, (16, 32)).astype(np.float32)
    for h, v in ((2, 1), (1, 2), (2, 2), (4, 1)):
        out = np.zeros((16 // v + 2, 32 // h + 2), np.float32)
        kernels.downsample(bordered(plane), h, v, out)
        assert np.array_equal(out[1:-1, 1:-1], plane.reshape(16 // v, v, 32 // h, h).mean(axis=(1, 3)))


def plain_field(luma: NDArray[np.float32], step_01: int) -> NDArray[np.float64]:
    """The field in float64 and numpy, from the module's description: right to about five digits."""
    y = bordered(luma).astype(np.float64)

    def response(v: NDArray[np.float64]) -> NDArray[np.float64]:
        gain, log2, unit = 226.0480446705883, np.log(2), 1 / 255
        slope = 18.6580932135 / 73.377132366608819 * log2 * 3 * gain
        return (log2 * gain * unit**2 * v**3 + (7.14672470003 * log2 + 0.01) / unit) / (slope * v**2 + 0.01 / unit**2)

    mid = y[1:-1, 1:-1]
    difference = response(mid + 0.019 * 255) * (mid - (y[1:-1, 2:] + y[1:-1, :-2] + y[2:, 1:-1] + y[:-2, 1:-1]) / 4)
    busy = np.sqrt(np.minimum(difference**2, 0.2) * np.sqrt(211.50759899638012e8) + 28) / 4
    rows, columns = mid.shape
    cells = np.pad(busy.reshape(rows // 4, 4, columns // 4, 4).sum(axis=(1, 3)) / 4, 1, mode="edge")
    around = np.stack([cells[i : i + rows // 4, j : j + columns // 4] for i in range(3) for j in range(3)])
    lowest = np.sort(around, axis=0)[:4]
    fuzzy = np.tensordot([0.125, 0.075, 0.06, 0.05], lowest, 1)
    v = np.maximum(fuzzy.reshape(rows // 8, 2, columns // 8, 2).sum(axis=(1, 3)) * 0.74760422233706747, 1e-3)
    out = -0.74174993 + 12.906028311180409 / (v + 305.04035728311436)
    out += 5.0220313103171232 / (v * v + 2.1925739705298404) + 3.2353257320940401 / (v * v + 2.1925739705298404 / 4)
    blocks = mid.reshape(rows // 8, 8, columns // 8, 8).transpose(0, 2, 1, 3)
    steps = np.abs(np.diff(blocks, axis=3)).sum(axis=(2, 3)) + np.abs(np.diff(blocks, axis=2)).sum(axis=(2, 3))
    out -= 2.0052193233688884 / 255 / 112 * steps
    brightness = (1 / response(blocks + 0.16 * 255)).sum(axis=(2, 3)) / 255 / 64
    out -= 0.15526878023684174 * np.log(brightness)
    damp = 1.0 if step_01 < 9 else max(0.0, 1 - (step_01 - 9) / 56)
    field: NDArray[np.float64] = np.maximum(0, 0.6 / (np.exp(out) * 0.841 * damp + (1 - damp) * 0.48 * 0.841) - 1)
    return field


@pytest.mark.parametrize("step_01", [1, 8, 9, 40, 65, 200])
def test_the_field_against_a_plain_reference(step_01: int) -> None:
    luma = photograph(96, 64, 7)[:, :, 1].astype(np.float32)
    luma[:16, :16] = 0
    luma[:16, 16:32] = 255
    luma[16:32, :16] = np.where(np.add.outer(np.arange(16), np.arange(16)) % 2, 255, 0)
    field = adaptive.quant_field(bordered(luma), 8, 12, step_01)
    assert field.dtype == np.float32
    assert np.allclose(field, plain_field(luma, step_01), rtol=1e-4, atol=1e-5)
    assert step_01 > 60 or np.ptp(field) > 0.1
