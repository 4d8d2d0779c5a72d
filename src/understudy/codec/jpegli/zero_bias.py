"""Which coefficients jpegli sets to zero: thresholds `offset + mul x strength` on magnitudes in quantisation steps.

`strength` is the block's value of the adaptive quantisation field (adaptive.py), 0 where that is off. Levels of one
and more are rounded as everywhere; only what lies below its threshold becomes 0. DC has no threshold.

Source: constants of libjxl's lib/jpegli/quant.cc (BSD-3-Clause; numbers only), rules read there; proved on pyjpegli
0.3.2 (tests/codec/test_jpegli_encode.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .tables import (
    CB_BASE_NATURAL,
    EXPONENTS_NATURAL,
    GLOBAL_SCALE,
    KNEE,
    Y_BASE_NATURAL,
    Numbers,
    f32,
    square,
)

Thresholds = NDArray[np.float32]
"""`[64]` in natural order."""

_OFFSETS = (0.59082, 0.58146, 0.57988)
"""AC's threshold without adaptive quantisation: Y, Cb, Cr."""

# fmt: off
_LOW: tuple[Numbers, ...] = (
    square((
        (0.0000,),
        (0.0568, 0.5829),
        (0.3880, 0.6189, 0.6190),
        (0.6190, 0.6190, 0.6190, 0.6190),
        (0.6190, 0.6190, 0.6190, 0.5890, 0.6190),
        (0.4490, 0.7190, 0.6190, 0.3839, 0.3880, 0.6190),
        (0.4490, 0.6190, 0.6187, 0.7160, 0.5860, 0.6190, 0.6204),
        (0.6187, 0.6189, 0.6100, 0.6190, 0.4790, 0.6190, 0.6190, 0.3480),
    )),
    square((
        (0.0000,),
        (1.1640, 0.9188),
        (0.9373, 0.9160, 0.8430),
        (1.1319, 1.1980, 1.1720, 1.1490),
        (0.8016, 1.1830, 0.7083, 0.8547, 0.9430),
        (0.9136, 0.9758, 0.9430, 0.9430, 0.9430, 0.9430),
        (1.1530, 0.9430, 0.9430, 0.9430, 0.9430, 0.9430, 0.9430),
        (0.9430, 0.9430, 0.9430, 0.9430, 0.9430, 0.9430, 0.9480, 0.9430),
    )),
    square((
        (0.0000,),
        (1.3190, 0.3280),
        (0.4308, 0.3093, 0.3060),
        (0.4460, 0.0750, 0.1182, 0.0512),
        (0.0661, 0.0505, 0.0500, 0.0500, 0.3055),
        (0.0660, 0.1594, 0.3060, 0.2130, 0.3360, 0.5060),
        (0.2660, 0.3060, 0.3915, 0.3930, 0.5148, 0.5874, 0.3060),
        (0.2960, 0.2113, 0.2426, 0.1590, 0.5403, 0.3060, 0.3060, 0.3060),
    )),
)
"""Multipliers from distance 3 on: Y, Cb, Cr."""
_HIGH: tuple[Numbers, ...] = (
    square((
        (0.0000,),
        (0.0044, 0.6831),
        (0.2521, 0.6553, 0.7834),
        (0.6547, 0.6295, 0.7829, 0.8654),
        (0.8161, 0.7848, 0.8161, 0.7829, 0.7471),
        (0.6130, 0.7843, 0.8072, 0.6986, 0.7827, 0.7848),
        (0.8841, 0.8474, 0.7743, 0.7818, 0.7843, 0.9508, 0.7839),
        (0.8155, 0.7836, 0.9242, 0.7726, 0.7653, 0.7653, 0.8437, 0.7819),
    )),
    square((
        (0.0000,),
        (1.0816, 1.1537),
        (1.0556, 1.1850, 1.2870),
        (1.2876, 1.0712, 1.1981, 1.4753),
        (1.1554, 1.1671, 1.8181, 2.0609, 0.7324),
        (1.1567, 2.0719, 1.2618, 1.0564, 1.1163, 1.0040),
        (1.8851, 1.0544, 1.0564, 1.2645, 0.8464, 1.0564, 1.0564),
        (0.5488, 1.4764, 1.1191, 1.0564, 1.0564, 1.0564, 1.0564, 1.0564),
    )),
    square((
        (0.0000,),
        (0.5392, 0.6746),
        (0.6659, 0.6760, 0.6957),
        (0.8968, 0.6102, 0.6543, 0.5913),
        (0.6829, 0.6015, 0.4396, 0.6457, 0.5633),
        (0.6328, 0.6958, 0.6330, 0.5828, 0.4263, 0.2847),
        (0.5802, 0.7327, 0.7081, 0.5139, 0.6371, 0.2909, 0.6644),
        (0.4836, 0.4897, 0.2583, 0.3565, 0.5949, 0.6629, 0.6644, 0.6644),
    )),
)
"""Multipliers up to distance 1."""
# fmt: on
_FARTHEST = 10000.0


def thresholds(tables: Sequence[Sequence[int]], *, adaptive: bool, force_baseline: bool) -> list[list[Thresholds]]:
    """[offset, mul] of each component, natural order, for the given tables.

    tables: each component's 64 steps in natural order; one component is grey, three are Y, Cb, Cr.
    """
    grey = len(tables) == 1
    if grey:
        level = 0.5 if adaptive else 0.0
        return [[_without_dc(np.full(64, level)), _without_dc(np.full(64, level))]]
    offsets = [_without_dc(np.full(64, level)) for level in _OFFSETS]
    if not adaptive:
        return [[offset, np.zeros(64, np.float32)] for offset in offsets]
    distance = np.float32(distance_from(tables[:2], force_baseline=force_baseline))
    low = min(max((distance - np.float32(1)) / np.float32(2), np.float32(0)), np.float32(1))
    high = np.float32(1) - low
    muls = [low * np.array(a, np.float32) + high * np.array(b, np.float32) for a, b in zip(_LOW, _HIGH, strict=True)]
    return [[offset, mul.astype(np.float32)] for offset, mul in zip(offsets, muls, strict=True)]


def _without_dc(values: NDArray[Any]) -> Thresholds:
    out: Thresholds = values.astype(np.float32)
    out[0] = 0
    return out


def distance_from(tables: Sequence[Sequence[int]], *, force_baseline: bool) -> float:
    """The distance that jpegli reads back from (luma, chroma) tables, or luma's alone, natural order.

    It asks which distances give each step and halves what is common to them; a step that contradicts those before
    it counts for nothing. It takes chroma for Cb's row and knows nothing of 4:2:0, so that what it reads is not what
    the tables were made for; 4:2:0: 2.43 for quality 80, 4.34 for 65.
    """
    top = 255 if force_baseline else 32767
    least, most = 0.0, _FARTHEST
    for steps, base in zip(tables, (Y_BASE_NATURAL, CB_BASE_NATURAL), strict=False):
        for k in range(64):
            per_step = f32(f32(1.0 / base[k]) / GLOBAL_SCALE)
            lower = _distance(f32((steps[k] - 0.5) * per_step), k) if steps[k] > 1 else 0.0
            upper = _distance(f32((steps[k] + 0.5) * per_step), k) if steps[k] < top else _FARTHEST
            if lower <= most:
                least = max(lower, least)
            if upper >= least:
                most = min(most, upper)
    if least == 0:
        return most
    return least if most == _FARTHEST else f32(0.5 * f32(least + most))


def _distance(scale: float, k: int) -> float:
    """The inverse of `tables.scales_of`."""
    if scale < KNEE:
        return scale
    e = f32(1.0 / EXPONENTS_NATURAL[k])
    return min(f32(2.0 * scale), f32(f32(KNEE ** (1.0 - e)) * f32(scale**e)))
