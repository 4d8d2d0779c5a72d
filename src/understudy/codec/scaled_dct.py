"""DCTs of other sizes than 8x8: a JPEG decoder that shrinks or enlarges while it decodes, and libjpeg 7's chroma.

An N-point inverse takes the min(N, 8) lowest frequencies of a block's row or column; the 16-point forward transform
gives the 8 lowest. libjpeg 7 and later use them in both directions for subsampled chroma: 16x16 samples are one block,
so no other filter makes the plane smaller or larger. libjpeg-turbo uses the same for the sizes 3, 5, 6, 7 and 9 to 16;
its 4 and 2, which are libjpeg 6b's, are the means of neighbours of the 8-point inverse.

Each pass is an integer matrix in 13-bit fixed point, rounded once, half up; two more bits between the passes.
(The four-point column pass of libjpeg 7 rounds its odd half by itself; its block of 2 wide and 4 high rounds once.)

Source: the definition of the DCT (T.81 A.3.3), each entry rounded to the nearest integer but those in `_OFF`, which
were measured on libjpeg 7, 8d and 9f and libjpeg-turbo 2.1 as jpeglib bundles them: they are sums of rounded
multipliers there. tests/codec/test_scaled_dct.py asks those codecs again.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ..errors import UnderstudyError
from . import _scaled_dct_kernels as kernels
from .dct import inverse as inverse_8x8
from .sampling import Factors
from .variants import Dct, Decoder

__all__ = ["block_sizes", "forward", "inverse"]

Matrix = NDArray[np.int32]

_LIBJPEGS = (Decoder.LIBJPEG_TURBO, Decoder.LIBJPEG_7, Decoder.LIBJPEG_9A)

_OFF: dict[int, tuple[tuple[int, int, int], ...]] = {
    3: ((1, 2, -1),),
    4: ((1, 3, -1),),
    5: ((0, 1, 1), (0, 2, -1), (1, 4, 1), (2, 2, 1), (2, 4, -1)),
    6: ((1, 4, -1),),
    8: ((0, 5, 1), (1, 3, 1), (1, 5, 1), (1, 6, -1), (2, 1, 1), (2, 3, 1), (2, 5, 1), (2, 6, 1)),
    9: ((1, 6, -1), (4, 2, -1), (4, 4, 1), (4, 6, -1)),
    10: ((0, 2, 1), (0, 3, -1), (1, 7, 1), (2, 4, -1), (3, 3, 1), (4, 2, -1), (4, 7, 1)),
    11: ((0, 1, 1), (0, 7, 1), (2, 5, 1), (2, 6, 1), (3, 1, 1), (3, 2, 1), (4, 3, 1)),
    12: ((0, 1, 1), (0, 5, 1), (2, 1, 1), (2, 5, 1), (4, 3, -1), (4, 5, 1), (5, 1, 1)),
    13: ((0, 1, -2), (1, 4, 1), (2, 5, -1), (3, 4, 1), (4, 3, 1), (4, 6, -1), (5, 6, -1), (5, 7, 1)),
    14: ((0, 1, 1), (1, 6, 1), (2, 5, 1), (3, 4, -1), (5, 3, 1), (5, 6, -1)),
    15: ((0, 7, -1), (1, 1, 1), (1, 2, -1), (2, 2, -1), (2, 4, 1), (2, 6, -1), (3, 1, -1), (4, 4, 1), (5, 2, -1),
         (6, 4, 1), (7, 2, 1), (7, 4, -1), (7, 6, -1)),
    16: ((0, 6, -1), (2, 2, 1), (2, 5, 1), (3, 7, 1), (5, 2, -1), (5, 5, -1), (6, 3, 1), (7, 6, 1)),
}  # fmt: skip
"""(sample, frequency, difference from the nearest integer) in the first half of the samples; the second mirrors it."""
_OFF_FORWARD_16 = ((7, 1, -1), (2, 5, 1), (3, 6, -1), (4, 6, 1), (3, 7, 1), (4, 7, 1))


def _cosines(size: int) -> NDArray[np.float64]:
    """8192 sqrt(2) cos((2 i + 1) k pi / 2N), 8192 at k = 0: [size, 8], zero from frequency `size` on."""
    i, k = np.arange(size)[:, None], np.arange(8)[None]
    out: NDArray[np.float64] = 8192 * np.sqrt(2) * np.cos((2 * i + 1) * k * np.pi / (2 * size))
    out[:, 0] = 8192
    out[:, size:] = 0
    return out


def _with_off(cosines: NDArray[np.float64], off: tuple[tuple[int, int, int], ...]) -> Matrix:
    out = np.rint(cosines).astype(np.int32)
    for i, k, difference in off:
        out[i, k] += difference
        if 2 * i + 1 != len(out):
            out[len(out) - 1 - i, k] += -difference if k % 2 else difference
    return out


@dataclass(frozen=True, eq=False)
class _Inverse:
    """What a pass along each axis does."""

    columns: Matrix
    rows: Matrix
    shifts: NDArray[np.int64]
    odd_first: bool
    used_columns: int
    used_rows: int


@cache
def _inverse(decoder: Decoder, h_size: int, v_size: int) -> _Inverse:
    if decoder == Decoder.LIBJPEG_TURBO and h_size in (2, 4):
        group = 8 // h_size
        means = np.rint(_cosines(8).reshape(h_size, group, 8).sum(axis=1)).astype(np.int32)
        extra = group.bit_length() - 1
        return _Inverse(means, means, np.array([11 + extra, 18 + extra]), False, 8, 8)
    columns, rows = (_with_off(_cosines(n), _OFF.get(n, ())) for n in (v_size, h_size))
    used_columns, used_rows = min(v_size, 8), min(h_size, 8)
    if (h_size, v_size) == (2, 4):  # nothing is rounded between the passes
        return _Inverse(columns, rows // 8192, np.array([0, 16]), False, used_columns, used_rows)
    return _Inverse(columns, rows, np.array([11, 18]), v_size == 4, used_columns, used_rows)


def inverse(
    coefficients: NDArray[np.int16], steps_natural: NDArray[np.uint16], h_size: int, v_size: int, decoder: Decoder,
    dct: Dct = Dct.ISLOW,
) -> NDArray[np.uint8]:  # fmt: skip
    """The samples that a block becomes at `h_size` x `v_size`, 1 to 16 each; see `block_sizes` for which occur.

    `coefficients` int16 [v_blocks, h_blocks, 8, 8] and `steps_natural` [8, 8] (or 64), natural order. Returns uint8
    [v_size * v_blocks, h_size * h_blocks]. Results are clipped to 0..255; libjpeg's C code wraps those of more than
    half a range beyond, which no encoder gives rise to. `dct`: the transform at 8 x 8; the others are islow's. Raises
    ValueError for sizes that `decoder` does not have.
    """
    decoder = Decoder(decoder)
    if (h_size, v_size) == (8, 8):
        return inverse_8x8(coefficients, steps_natural, dct)
    apart = decoder != Decoder.LIBJPEG_TURBO and h_size in (2 * v_size, v_size / 2)
    if not (1 <= min(h_size, v_size) <= max(h_size, v_size) <= 16 and (h_size == v_size or apart)):
        raise ValueError(f"{decoder} has no inverse DCT to {h_size} x {v_size}")
    how = _inverse(decoder, h_size, v_size)
    v_blocks, h_blocks = coefficients.shape[:2]
    plane = np.empty((v_size * v_blocks, h_size * h_blocks), np.uint8)
    flat = np.ascontiguousarray(coefficients, dtype=np.int16).reshape(v_blocks * h_blocks, 64)
    steps = np.array(steps_natural, dtype=np.int32).reshape(64)
    kernels.inverse(
        flat, steps, how.columns, how.rows, how.used_columns, how.used_rows, how.odd_first, how.shifts, plane
    )
    return plane


@cache
def _forward_matrix(size: int) -> Matrix:
    off = _OFF_FORWARD_16 if size == 16 else _OFF.get(size, ())
    return np.ascontiguousarray(_with_off(_cosines(size), off).T)


def forward(plane: NDArray[np.uint8], h_size: int, v_size: int) -> NDArray[np.int16]:
    """The lowest 8x8 frequencies of each `h_size` x `v_size` samples (8 or 16 each), level-shifted by 128.

    `plane` uint8 [v_size * v_blocks, h_size * h_blocks]. Returns int16 [v_blocks, h_blocks, 8, 8] in the scale of
    islow, 8 x T.81's normalisation, of the mean picture at half size. libjpeg 7's fdct_16x16, 16x8 and 8x16.
    """
    height, width = plane.shape
    if {h_size, v_size} - {8, 16} or height % v_size or width % h_size:
        raise ValueError(f"plane of {width} x {height} samples in blocks of {h_size} x {v_size}")
    out = np.empty((height // v_size * (width // h_size), 64), np.int16)
    shifts = np.array([11, 15 + (h_size == 16) + (v_size == 16)])
    samples = np.require(plane, requirements=["C", "W"])
    kernels.forward(samples, _forward_matrix(h_size), _forward_matrix(v_size), shifts, out)
    return out.reshape(height // v_size, width // h_size, 8, 8)


def block_sizes(factors: Factors, eighths: int, decoder: Decoder, fancy: bool = True) -> list[tuple[int, int]]:
    """(h_size, v_size) to which each component's blocks are decoded for a picture at `eighths` / 8 of its size.

    A component with fewer samples gets a larger inverse DCT, as far as the decoder goes: libjpeg-turbo up to 8x8 and
    square, libjpeg 7 up to 16 (up to 8 without `fancy`) along each axis by itself, at most twice the other axis. What
    is still missing is left to upsampling.
    """
    if decoder not in _LIBJPEGS:
        raise UnderstudyError(f"no scaled inverse DCTs of {decoder}", expected=f"one of {', '.join(_LIBJPEGS)}")
    max_h, max_v = max(h for h, _ in factors), max(v for _, v in factors)
    out = []
    for h, v in factors:
        if decoder == Decoder.LIBJPEG_TURBO:
            size = eighths
            while size < 8 and max_h * eighths % (2 * h * size) == 0 and max_v * eighths % (2 * v * size) == 0:
                size *= 2
            out.append((size, size))
            continue
        limit = 8 if fancy else 4
        h_size = _doubled(eighths, max_h, h, limit)
        v_size = _doubled(eighths, max_v, v, limit)
        out.append((min(h_size, 2 * v_size), min(v_size, 2 * h_size)))
    return out


def _doubled(size: int, largest_factor: int, factor: int, limit: int) -> int:
    times = 1
    while size * times <= limit and largest_factor % (2 * factor * times) == 0:
        times *= 2
    return size * times
