"""The integer transforms as matrices: what a pass of `_dct_kernels` computes before it rounds.

Everything here is made of the constants of the kernels, so that there is one place that knows them.
"""

from __future__ import annotations

from functools import cache
from math import cos, pi, sqrt

import numpy as np
from numpy.typing import NDArray

from . import _dct_kernels as k
from .color import _B_CB, _GREEN, _MATRICES, _R_CR
from .scaled_dct import _forward_matrix
from .variants import Color, Decoder

__all__ = [
    "AAN_FLOAT",
    "AAN_INTEGER",
    "AAN_SCALE",
    "AP922_TANGENTS",
    "ap922_rows",
    "color_forward",
    "color_inverse",
    "dct_basis",
    "islow_forward",
    "islow_inverse",
    "libjpeg_7_forward",
]

Matrix = NDArray[np.int64]

AAN_SCALE: NDArray[np.float64] = np.array([1.0] + [sqrt(2) * cos(i * pi / 16) for i in range(1, 8)])
"""What a one-dimensional output of Arai, Agui and Nakajima is too large by; its DC by 1."""
AAN_INTEGER = (k._I1, k._I2, k._I3, k._I5)
"""ifast's four multipliers, times 256."""
AAN_FLOAT = tuple(float(x) for x in (k._F1, k._F2, k._F3, k._F5))
"""float's four multipliers, each a float32."""
AP922_TANGENTS = (k._T1, k._T2, k._T3, k._T4)
"""The multipliers of ap922's column pass."""


@cache
def islow_forward() -> Matrix:
    """[8, 8]: row f, column x: sample x's weight in frequency f, times 8192 sqrt(8)."""
    out = np.zeros((8, 8), np.int64)
    out[0], out[4] = 8192, np.array([1, -1, -1, 1, 1, -1, -1, 1]) * 8192
    out[2] = np.array([k._E2, k._E, -k._E, -k._E2, -k._E2, -k._E, k._E, k._E2])
    out[6] = np.array([k._E, k._E6, -k._E6, -k._E, -k._E, -k._E6, k._E6, k._E])
    for frequency, half in (
        (1, (k._O10, k._O11, k._O12, k._O13)),
        (3, (k._O30, k._O31, k._O32, k._O33)),
        (5, (k._O50, k._O51, k._O52, k._O53)),
        (7, (k._O70, k._O71, k._O72, k._O73)),
    ):
        out[frequency, :4], out[frequency, 4:] = half, [-x for x in half[::-1]]
    return out


@cache
def islow_inverse() -> Matrix:
    """[10, 8]: weights of x0 + x4, x0 - x4, x2, x6, x7 + x3, x5 + x1, x1, x3, x5, x7 in each of eight samples.

    The four sums stand apart because the decoder keeps each in 16 bits.
    """
    even = np.zeros((10, 4), np.int64)
    even[0], even[1] = (8192, 0, 0, 8192), (0, 8192, 8192, 0)
    even[2] = (k._E2, k._E, -k._E, -k._E2)
    even[3] = (k._E, k._E6, -k._E6, -k._E)
    odd = np.zeros((10, 4), np.int64)
    odd[4] = (k._Z5, k._Z5 - k._Z3, k._Z5, k._Z5 - k._Z3)
    odd[5] = (k._Z5 - k._Z4, k._Z5, k._Z5 - k._Z4, k._Z5)
    odd[6, 0], odd[6, 3] = k._M3 - k._Z1, -k._Z1
    odd[7, 1], odd[7, 2] = k._M2 - k._Z2, -k._Z2
    odd[8, 1], odd[8, 2] = -k._Z2, k._M1 - k._Z2
    odd[9, 0], odd[9, 3] = -k._Z1, k._M0 - k._Z1
    return np.concatenate([even + odd, (even - odd)[:, ::-1]], axis=1)


@cache
def ap922_rows() -> Matrix:
    """[8, 8, 8]: for each row of a block, [f, x]: sample x's weight in frequency f."""
    out = np.zeros((8, 8, 8), np.int64)
    for row, (c1, c2, c3, c4, c5, c6, c7) in enumerate(k._AP922_ROWS):
        half = (
            (c4, c4, c4, c4), (c1, c3, c5, c7), (c2, c6, -c6, -c2), (c3, -c7, -c1, -c5),
            (c4, -c4, -c4, c4), (c5, -c1, c7, c3), (c6, -c2, c2, -c6), (c7, -c5, c3, -c1),
        )  # fmt: skip
        for f, weights in enumerate(half):
            out[row, f, :4] = weights
            out[row, f, 4:] = [-x if f % 2 else x for x in weights[::-1]]
    return out


def libjpeg_7_forward(size: int) -> Matrix:
    """[8, size], size 8 or 16: the forward matrices of `scaled_dct.forward`."""
    return _forward_matrix(size).astype(np.int64)


def color_forward(color: Color) -> tuple[Matrix, int]:
    """([3, 4]: rows Y, Cb, Cr; the weights of R, G, B and the constant; the shift) of a variant other than NONE."""
    matrix, shift = _MATRICES[color]
    return matrix.astype(np.int64), shift


def color_inverse(decoder: Decoder) -> tuple[int, int, int, int]:
    """Weights, times 65536: of Cr in red, of Cb and of Cr taken from green, of Cb in blue."""
    g_cb, g_cr = _GREEN[decoder]
    return _R_CR, g_cb, g_cr, _B_CB


@cache
def dct_basis(size: int) -> NDArray[np.float64]:
    """[8, size]: the eight lowest rows of the orthonormal DCT of `size` samples (T.81 A.3.3 for 8)."""
    x, f = np.arange(size)[None], np.arange(8)[:, None]
    out: NDArray[np.float64] = np.sqrt(2 / size) * np.cos((2 * x + 1) * f * np.pi / (2 * size))
    out[0] /= np.sqrt(2)
    out[size:] = 0
    return out
