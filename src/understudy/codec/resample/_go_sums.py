"""What Go's resizing packages share: sums in float64, one product after the other, and Go's own sine and cosine.

A weight that differs in its last digit turns a result that lies between two integers, as those of edges and slopes do;
so the sines are those of Go, which are the Cephes library's, not the platform's.

Source: S. L. Moshier, Methods and Programs for Mathematical Functions, 1989 (Cephes): the polynomials of sin.c and its
reduction by eighths of a turn; Go's documentation of package math names it. Checked through the weights made with them
(tests/codec/test_resample_go.py).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._jit import kernel

__all__ = ["STRIP", "Table", "cosine", "pair_sums", "sine", "sums", "total"]

Floats = NDArray[np.float64]

STRIP = 64
"""Rows of sums that are held at a time."""

_SINE = (
    1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6, -1.98412698295895385996e-4,
    8.33333333332211858878e-3, -1.66666666666666307295e-1,
)  # fmt: skip
_COSINE = (
    -1.13585365213876817300e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7, 2.48015872888517045348e-5,
    -1.38888888888730564116e-3, 4.16666666666665929218e-2,
)  # fmt: skip
_EIGHTH = (7.85398125648498535156e-1, 3.77489470793079817668e-8, 2.69515142907905952645e-15)
"""An eighth of a turn in three parts, of which multiples of the first two are exact."""


@dataclass(frozen=True, slots=True)
class Table:
    """Which samples make each output: runs of `count[i]` samples from `first[i]` on."""

    first: NDArray[np.int64]
    count: NDArray[np.int64]
    weights: Floats
    """`[n, k]`, 0 beyond a run and where a sample of it has none."""
    factors: Floats
    """`[n]`: what each sum is multiplied with."""


def total(weights: Floats) -> Floats:
    """`[n]`: each row of `[n, k]` added up from the first value on."""
    out: Floats = np.add.accumulate(weights, axis=1)[:, -1]
    return out


def sine(x: Floats) -> Floats:
    """Go's math.Sin of values below 2^29."""
    reduced, octant = _reduced(np.abs(x))
    made = np.where(octant % 4 == 2, _even(reduced), _odd(reduced))
    made = np.where(octant >= 4, -made, made)
    out: Floats = np.where(x < 0, -made, made)
    return out


def cosine(x: Floats) -> Floats:
    """Go's math.Cos of values below 2^29."""
    reduced, octant = _reduced(np.abs(x))
    made = np.where(octant % 4 == 2, _odd(reduced), _even(reduced))
    out: Floats = np.where((octant == 2) | (octant == 4), -made, made)
    return out


def _reduced(x: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """(the angle less the nearest even number of eighths of a half turn, that number modulo 8)."""
    octant = (x * (4 / math.pi)).astype(np.int64)
    octant += octant & 1
    turns = octant.astype(np.float64)
    for part in _EIGHTH:
        x = x - turns * part
    return x, octant & 7


def _odd(z: Floats) -> Floats:
    square = z * z
    return z + z * square * _polynomial(_SINE, square)


def _even(z: Floats) -> Floats:
    square = z * z
    return 1.0 - 0.5 * square + square * square * _polynomial(_COSINE, square)


def _polynomial(coefficients: tuple[float, ...], x: Floats) -> Floats:
    value = np.full_like(x, coefficients[0])
    for one in coefficients[1:]:
        value = value * x + one
    return value


@kernel
def _sums(source: Any, first: Any, count: Any, weights: Any, factors: Any, out: Any) -> None:
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            for c in range(out.shape[2]):
                value = 0.0
                for t in range(count[x]):
                    value += np.float64(source[y, first[x] + t, c]) * weights[x, t]
                out[y, x, c] = value * factors[x]


@kernel
def _pair_sums(source: Any, first: Any, count: Any, weights: Any, out: Any) -> None:
    colours = out.shape[2] - 1
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            opacity = 0.0
            for c in range(colours):
                value = opacity = 0.0
                for t in range(count[x]):
                    share = np.float64(source[y, first[x] + t, colours]) * weights[x, t]
                    value += np.float64(source[y, first[x] + t, c]) * share
                    opacity += share
                out[y, x, c] = 0.0 if opacity == 0.0 else value * (1.0 / opacity)
            out[y, x, colours] = opacity


def sums(source: NDArray[Any], table: Table) -> Floats:
    """float64 `[H, n, C]` of samples `[H, W, C]`: along the rows, each sum times its factor."""
    out = np.empty((source.shape[0], table.first.size, source.shape[2]))
    _sums(np.ascontiguousarray(source), table.first, table.count, table.weights, table.factors, out)
    return out


def pair_sums(source: NDArray[np.uint8], table: Table) -> Floats:
    """The same of samples whose last channel is alpha, by which colours are weighed and divided; `factors` unused."""
    out = np.empty((source.shape[0], table.first.size, source.shape[2]))
    _pair_sums(np.ascontiguousarray(source), table.first, table.count, table.weights, out)
    return out
