"""Limits of size, and what goes by size: just at and just above those that are known, both ways, odd and very small."""

from __future__ import annotations

from . import drawing as d
from .base import Family, Pixels, Probe, Random
from .saving import jpeg

LIMITS = (720, 960, 1080, 1280, 1440, 1600, 2048, 4096)
"""Longest sides or widths at which platforms stop or change, of the shipped profiles and docs."""
BY_SIZE = ("size rule", "quantisation tables", "framing", "smaller pictures")


def scene(random: Random, width: int, height: int) -> Pixels:
    """Without grain, so that files stay small."""
    return d.photograph(random, width, height, grain=0)


def _probe(width: int, height: int, why: str, near: int = 0) -> Probe:
    return Probe(f"size-{width}x{height}", ".jpg", BY_SIZE, ("files passed through",), why, (width, height), scene,
                 jpeg(82, "4:2:0"), near=near)  # fmt: skip


FAMILY = Family(
    "sizes",
    "limits, rounding of sides, and qualities that go by size",
    (
        *(_probe(n, n * 2 // 3 + n % 3, f"at {n}", n) for n in LIMITS),
        *(_probe(n + 1, n * 3 // 4 + 1, f"just above {n}", n) for n in LIMITS),
        *(_probe(n * 4 // 5, n, f"upright at {n}", n) for n in (720, 1080, 1350, 2048)),
        _probe(1080, 1080, "square"),
        _probe(1920, 1080, "a screen"),
        _probe(3000, 1000, "wide: a limit of the longest side, of the width, or of all pixels?"),
        _probe(1000, 3000, "tall"),
        _probe(600, 2400, "narrow and tall: a limit of the width alone keeps it"),
        _probe(2400, 600, "wide and low: a limit of the height alone keeps it"),
        _probe(2000, 1333, "a limit of 1000 would give 666 or 667"),
        _probe(6000, 4000, "larger than any limit known"),
        _probe(100, 75, "small: enlarged?"),
        _probe(640, 480, "multiples of 16"),
        _probe(641, 479, "odd"),
        _probe(16, 16, "one MCU"),
        _probe(7, 11, "less than a block"),
    ),
)  # fmt: skip
