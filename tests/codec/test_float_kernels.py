"""Kernels of sums in float64 against the plain sums: square filters, separable ones."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from understudy.codec.resample import _float_sums
from understudy.steps import Context, Raster
from understudy.steps.convolve import Convolve, beyond

SIZES = ((1, 1, 3), (2, 5, 1), (5, 2, 4), (61, 47, 3), (7, 1100, 2))


def noise(*shape: int) -> np.ndarray:
    return np.random.default_rng(shape[0]).integers(0, 256, shape, np.uint8)


def square(colours: np.ndarray, step: Convolve) -> np.ndarray:
    """A plain reference: a weight at a time, in the order in which they are given."""
    size = {9: 3, 25: 5}[len(step.weights)]
    (height, width, _), reach = colours.shape, size // 2
    wide = colours[beyond(height, reach, step.edge)][:, beyond(width, reach, step.edge)]
    total = np.zeros(colours.shape)
    for i, weight in enumerate(step.weights):
        y, x = divmod(i, size)
        total += weight * wide[y : y + height, x : x + width]
    out = np.clip(np.floor(total / step.divisor + (0.5 if step.rounding == "half_up" else 0)), 0, 255).astype(np.uint8)
    inner = np.zeros((height, width), bool)
    inner[reach : height - reach, reach : width - reach] = True
    return np.where(inner[:, :, None] | (step.edge != "keep"), out, colours)


@pytest.mark.parametrize("edge", ["repeat", "keep", "reflect"])
@pytest.mark.parametrize("count", [9, 25])
@pytest.mark.parametrize("shape", SIZES)
def test_a_square_filter_is_the_plain_sum(
    shape: tuple[int, int, int], count: int, edge: Literal["repeat", "keep", "reflect"]
) -> None:
    random = np.random.default_rng(count)
    samples = noise(*shape)
    colours = samples[:, :, :-1] if shape[2] in (2, 4) else samples
    for divisor, rounding in ((1.0, "half_up"), (1.7, "down"), (-3.0, "half_up")):
        weights = np.where(random.random(count) < 0.2, 0.0, random.normal(0, 0.6, count))
        step = Convolve(tuple(weights.tolist()), divisor, "down" if rounding == "down" else "half_up", edge)
        made = step.exact(Raster(samples), Context(b"")).pixels
        assert made.dtype == np.uint8
        assert np.array_equal(made[:, :, : colours.shape[2]], square(colours, step))
        assert np.array_equal(made[:, :, colours.shape[2] :], samples[:, :, colours.shape[2] :])


@pytest.mark.parametrize("shape", SIZES)
def test_separable_sums_are_the_plain_ones(shape: tuple[int, int, int]) -> None:
    """Bit for bit: products are added in the order in which they are given, first along the rows."""
    random = np.random.default_rng(1)
    samples = noise(*shape)

    def table(size: int, n: int) -> _float_sums.Table:
        weights = np.where(random.random((n, 6)) < 0.2, 0.0, random.normal(size=(n, 6)))
        return random.integers(0, size, (n, 6)), weights

    def plain(source: np.ndarray, at: np.ndarray, weights: np.ndarray) -> np.ndarray:
        out = np.zeros((len(at), *source.shape[1:]))
        for k in range(at.shape[1]):
            out += weights[:, k, None, None] * source[at[:, k]]
        return out

    across, down = table(shape[1], 9), table(shape[0], 13)
    wide = plain(samples.astype(np.float64).transpose(1, 0, 2), *across).transpose(1, 0, 2)
    assert np.array_equal(_float_sums.filtered(samples, across, down), plain(wide, *down))
