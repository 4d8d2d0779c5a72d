"""The filters that libvips reduces by, as functions of the distance in new samples. Source: as `vips`."""

from __future__ import annotations

import math

SUPPORT = {
    "linear": 1.0, "cubic": 2.0, "mitchell": 2.0, "lanczos2": 2.0, "lanczos3": 3.0, "mks2013": 2.5, "mks2021": 4.5,
}  # fmt: skip
"""How far each reaches."""


def value(kernel: str, x: float) -> float:
    """The filter at `x`, in units of new samples."""
    a = abs(x)
    if a >= SUPPORT[kernel]:
        return 0.0
    if kernel == "linear":
        return 1.0 - a
    if kernel in ("lanczos2", "lanczos3"):
        return _sinc(a) * _sinc(a / SUPPORT[kernel])
    if kernel == "cubic":
        return _bc_spline(a, 0.0, 0.5)
    if kernel == "mitchell":
        return _bc_spline(a, 1.0 / 3.0, 1.0 / 3.0)
    return _magic_sharp_2013(a) if kernel == "mks2013" else _magic_sharp_2021(a)


def _sinc(x: float) -> float:
    return math.sin(math.pi * x) / (math.pi * x) if x else 1.0


def _bc_spline(a: float, b: float, c: float) -> float:
    """Mitchell and Netravali's family of cubics, 0 <= a < 2."""
    if a < 1.0:
        return ((12 - 9 * b - 6 * c) * a**3 + (-18 + 12 * b + 6 * c) * a**2 + (6 - 2 * b)) / 6
    return ((-b - 6 * c) * a**3 + (6 * b + 30 * c) * a**2 + (-12 * b - 48 * c) * a + (8 * b + 24 * c)) / 6


def _magic_sharp_2013(a: float) -> float:
    """Costella's Magic Kernel Sharp 2013, 0 <= a < 2.5."""
    if a < 0.5:
        return 17 / 16 - 7 / 4 * a * a
    return (1 - a) * (7 / 4 - a) if a < 1.5 else -1 / 8 * (a - 5 / 2) ** 2


def _magic_sharp_2021(a: float) -> float:
    """Costella's Magic Kernel Sharp 2021, 0 <= a < 4.5."""
    if a < 0.5:
        return 577 / 576 - 239 / 144 * a * a
    if a < 1.5:
        return 35 / 36 * (a - 1) * (a - 239 / 140)
    if a < 2.5:
        return 1 / 6 * (a - 2) * (65 / 24 - a)
    return 1 / 36 * (a - 3) * (a - 15 / 4) if a < 3.5 else -1 / 288 * (a - 9 / 2) ** 2
