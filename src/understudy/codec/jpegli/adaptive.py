"""jpegli's adaptive quantisation field: how strongly each luma block's small coefficients are pushed to zero.

From luma (float32, 0 to 255): how busy each 4x4 cell is (differences from the mean of four neighbours, in a gamma
near the eye's), a fuzzy minimum of that over 3x3 cells, and per 8x8 block a mask, less where the block has high
frequencies, more or less with its brightness. All in float32, in jpegli's order of operations on x86-64 with fused
multiply-add (AVX2 and later), where GCC also fuses products that go into sums; other machines differ in last bits.

Source: constants and order of operations of libjxl's lib/jpegli/adaptive_quantization.cc (BSD-3-Clause), measured
against pyjpegli 0.3.2 (tests/codec/test_jpegli_encode.py).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..._jit import fma, kernel

F = np.float32

# The eye's response: a cube root's derivative over that of a logarithm with offsets; v is a sample of 0 to 255.
_UNIT = F(F(1) / F(255))
_GAIN = F(226.0480446705883)
_LOG = F(0.693147181)
_SLOPE = F(F(F(F(1) / F(73.377132366608819)) * F(18.6580932135)) * _LOG)
_TINY = F(1e-2)
_NUM_MUL = F(F(_SLOPE * F(3)) * _GAIN)
_NUM_ADD = F(F(_TINY / _UNIT) / _UNIT)
_DEN_MUL = F(F(F(_LOG * _GAIN) * _UNIT) * _UNIT)
_DEN_ADD = F(F(F(F(7.14672470003) * _LOG) + _TINY) / _UNIT)
_DARK = F(0.019 / float(_UNIT))
_DARK_BLOCK = F(F(0.16) / _UNIT)

_MOST_DIFFERENCE = F(0.2)
_CELL_MUL = F(np.sqrt(F(float(F(211.50759899638012)) * 1e8)))
_CELL_ADD = F(28)
_LOWEST0, _LOWEST1, _LOWEST2, _LOWEST3 = F(0.125), F(0.075), F(0.06), F(0.05)

_MASK_IN = F(0.74760422233706747)
_MASK_BASE, _MASK2, _MASK3, _MASK4 = F(-0.74174993), F(12.906028311180409), F(5.0220313103171232), F(3.2353257320940401)
_MASK_OFFSET2, _MASK_OFFSET3 = F(305.04035728311436), F(2.1925739705298404)
_MASK_OFFSET4 = F(F(0.25) * _MASK_OFFSET3)
_MASK_LEAST = F(1e-3)

_HIGH_MUL = F(float(F(F(-2.0052193233688884) * _UNIT)) / 112.0)
_GAMMA_MUL = F(F(-0.15526878023684174) * F(0.693147180559945))
_MEAN_MUL = F(_UNIT / F(64))

_P0, _P1, _P2 = F(-1.8503833400518310e-06), F(1.4287160470083755), F(7.4245873327820566e-01)
_Q0, _Q1, _Q2 = F(9.9032814277590719e-01), F(1.0096718572241148), F(1.7409343003366853e-01)
_TWO_THIRDS_BITS = np.int32(0x3F2AAAAB)
_N0, _N1, _N2 = F(1.01749063e01), F(4.88687798e01), F(9.85506591e01)
_D0, _D1, _D2, _D3 = F(2.10242958e-01), F(-2.22328856e-02), F(-1.94414990e01), F(9.85506633e01)
_LOG2E = F(1.442695041)

_AC = F(0.841)
_AC_LEVEL = F(F(0.48) * _AC)
_QUARTER, _ZERO, _ONE, _INFINITE = F(0.25), F(0), F(1), F(np.inf)
_STRENGTH = F(0.6)


@kernel
def _response(v: Any) -> Any:
    """The derivative's numerator over its denominator, v at least 0."""
    v2 = v * v
    return fma(_DEN_MUL * v, v2, _DEN_ADD) / fma(_NUM_MUL, v2, _NUM_ADD)


@kernel
def _inverse_response(v: Any) -> Any:
    v2 = v * v
    return fma(_NUM_MUL, v2, _NUM_ADD) / fma(_DEN_MUL * v, v2, _DEN_ADD)


@kernel
def busyness(luma: Any, cells: Any) -> None:
    """How busy each 4x4 cell of luma is.

    luma: float32 [8 v + 2, 8 h + 2], with a border of one repeated sample. cells: float32 [2 v + 2, 2 h + 2], whose
    border is filled with the nearest cell.
    """
    rows, columns = cells.shape[0] - 2, cells.shape[1] - 2
    column_sums = np.empty(4 * columns, np.float32)
    for cy in range(rows):
        for dy in range(4):
            y = 4 * cy + dy + 1
            for x in range(1, 4 * columns + 1):
                mean = _QUARTER * ((luma[y, x + 1] + luma[y, x - 1]) + (luma[y - 1, x] + luma[y + 1, x]))
                here = luma[y, x]
                difference = _response(max(here + _DARK, _ZERO)) * (here - mean)
                difference = min(difference * difference, _MOST_DIFFERENCE)
                value = _QUARTER * np.sqrt(fma(difference, _CELL_MUL, _CELL_ADD))
                column_sums[x - 1] = value if dy == 0 else value + column_sums[x - 1]
        for cx in range(columns):
            s = 4 * cx
            total = ((column_sums[s] + column_sums[s + 1]) + column_sums[s + 2]) + column_sums[s + 3]
            cells[cy + 1, cx + 1] = total * _QUARTER
        cells[cy + 1, 0] = cells[cy + 1, 1]
        cells[cy + 1, columns + 1] = cells[cy + 1, columns]
    for cx in range(columns + 2):
        cells[0, cx] = cells[1, cx]
        cells[rows + 1, cx] = cells[rows, cx]


@kernel
def _fuzzy_minimum(cells: Any, y: int, x: int) -> Any:
    """A weighted sum of the four lowest of the 3x3 cells around (y, x)."""
    a = b = c = d = _INFINITE
    for i in range(y - 1, y + 2):
        for j in range(x - 1, x + 2):
            v = cells[i, j]
            if v < d:
                d = v
                if d < c:
                    c, d = d, c
                    if c < b:
                        b, c = c, b
                        if b < a:
                            a, b = b, a
    return fma(_LOWEST0, a, _LOWEST1 * b) + fma(_LOWEST2, c, _LOWEST3 * d)


@kernel
def _mask(busy: Any) -> Any:
    v = max(busy * _MASK_IN, _MASK_LEAST)
    v2 = _ONE / (v + _MASK_OFFSET2)
    v3 = _ONE / fma(v, v, _MASK_OFFSET3)
    v4 = _ONE / fma(v, v, _MASK_OFFSET4)
    return _MASK_BASE + fma(_MASK4, v4, fma(_MASK2, v2, _MASK3 * v3))


@kernel
def _lanes(sums: Any) -> Any:
    """The sum of eight lanes in the order in which Highway adds them."""
    a, b = sums[0] + sums[4], sums[1] + sums[5]
    c, d = sums[2] + sums[6], sums[3] + sums[7]
    return (a + d) + (b + c)


@kernel
def _log2(value: Any, bits: Any) -> Any:
    """log2 of value[0], by a rational function of its mantissa; `bits` is the same memory as int32."""
    exponent = (bits[0] - _TWO_THIRDS_BITS) >> np.int32(23)
    bits[0] = bits[0] - (exponent << np.int32(23))
    x = value[0] - _ONE
    return fma(fma(_P2, x, _P1), x, _P0) / fma(fma(_Q2, x, _Q1), x, _Q0) + np.float32(exponent)


@kernel
def _pow2(x: Any) -> Any:
    whole = np.floor(x)
    rest = x - whole
    num = fma(fma(rest + _N0, rest, _N1), rest, _N2) * np.float32(2.0 ** np.float64(whole))
    return num / fma(fma(fma(rest, _D0, _D1), rest, _D2), rest, _D3)


@kernel
def strengths(luma: Any, cells: Any, mul: Any, add: Any, field: Any) -> None:
    """The field of every block; see `quant_field`."""
    differences, ratios = np.empty(8, np.float32), np.empty(8, np.float32)
    value = np.empty(1, np.float32)
    bits = value.view(np.int32)
    for v in range(field.shape[0]):
        for h in range(field.shape[1]):
            top, left = 2 * v + 1, 2 * h + 1
            busy = _fuzzy_minimum(cells, top + 1, left) + _fuzzy_minimum(cells, top + 1, left + 1)
            busy = (busy + _fuzzy_minimum(cells, top, left)) + _fuzzy_minimum(cells, top, left + 1)
            out = _mask(busy)
            differences[:] = 0
            ratios[:] = 0
            for dy in range(8):
                y = 8 * v + dy + 1
                below = y if dy == 7 else y + 1
                for dx in range(8):
                    x = 8 * h + dx + 1
                    if dx < 7:
                        differences[dx] += abs(luma[y, x] - luma[y, x + 1])
                    differences[dx] += abs(luma[y, x] - luma[below, x])
                    ratios[dx] += _inverse_response(max(luma[y, x] + _DARK_BLOCK, _ZERO))
            out = fma(_lanes(differences), _HIGH_MUL, out)
            value[0] = _lanes(ratios) * _MEAN_MUL
            out = fma(_GAMMA_MUL, _log2(value, bits), out)
            level = fma(_pow2(out * _LOG2E), mul, add)
            field[v, h] = max(_ZERO, _STRENGTH / level - _ONE)


def quant_field(luma: NDArray[np.float32], v_blocks: int, h_blocks: int, step_01: int) -> NDArray[np.float32]:
    """The strength of each luma block, float32 [v_blocks, h_blocks], 0 and more.

    luma: float32 [at least 8 v_blocks + 2, at least 8 h_blocks + 2] with a border of one repeated sample; samples
    beyond the blocks are seen only through that border. v_blocks: whole MCUs, h_blocks: those that hold samples.
    step_01: luma's step of the first horizontal AC; from 9 to 65 it damps the field.
    """
    cells = np.empty((2 * v_blocks + 2, 2 * h_blocks + 2), np.float32)
    busyness(luma, cells)
    dampen = _ONE
    if step_01 >= 9:
        dampen = max(_ONE - F(F(step_01) - F(9)) / F(56), _ZERO)
    field = np.empty((v_blocks, h_blocks), np.float32)
    strengths(luma, cells, F(_AC * dampen), F((_ONE - dampen) * _AC_LEVEL), field)
    return field
