"""Whether a picture was resized before its compression: lines that are periodically rougher or smoother.

An interpolated line is the smoother the further it lies from the old ones, and a former 8x8 grid lies 8 s samples apart
after a resize by s. Both put peaks into the spectrum of the lines' roughness, at the same frequency for columns and
rows, which a picture's own patterns seldom do. Peaks of the present grid, at multiples of 1/8, say nothing and are left
out.

Not to be seen this way: most pictures made smaller without a former grid (averaging leaves nothing periodic that
survives; scaled.py finds these where a JPEG was resized), factors whose peaks fall on the present grid's, different
factors for columns and rows. Photographs only: drawings have periods of their own (docs/generations.md).

Source: periodicity of second differences is Gallagher's, "Detection of linear and cubic interpolation in JPEG
compressed images" (CRV 2005); former grids after resizing are Kirchner and Gloe's, "On resampling detection in
re-compressed images" (WIFS 2009). The joint statistic is of this project: docs/generations.md.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from . import _grid_kernels as kernels

BINS = 2048
"""Frequencies between 0 and one half at which the spectrum is read."""
CUT = 8
"""Second differences above this count as this: edges of the picture itself would drown the rest."""
GUARD = 4 / 512
"""Cycles a sample on both sides of multiples of 1/8 that are left out, in a picture 512 samples wide."""
THRESHOLD = 9.0
"""Power above the neighbourhood's, in columns and in rows alike, from which a peak is believed. If both were
exponential and independent, one of 1,600 frequencies would exceed it in 2e-5 of pictures; measured:
docs/generations.md."""
FALSE_ALARMS = (0, 2160)
"""Alarms and files compressed once by four encoders at nine qualities: 0 of 1,296 of the 18 photographs that the
threshold was chosen on, 0 of 864 of 12 synthetic scenes."""
LEAST_SIDE = 192
"""Samples a side that a picture must have."""


@dataclass(frozen=True, slots=True)
class Resampled:
    """The frequency that stands out most in columns and rows alike, believed or not."""

    score: float
    """Power relative to the neighbourhood's mean, the smaller of columns' and rows'."""
    frequency: float
    """Cycles a sample, 0 to 0.5."""

    @property
    def found(self) -> bool:
        """Whether the score is above the threshold whose false alarms were measured."""
        return self.score >= THRESHOLD

    @property
    def factors(self) -> tuple[float, ...]:
        """Resize factors (new size / old size) between 0.3 and 4 that put a peak there, ascending.

        By interpolation, 1 / s = f, 1 - f or 1 + f; a former grid can put it there too, by n / (8 s) = m / 8 + f for
        any n and m, which says nothing of s.
        """
        inverse = {self.frequency, 1 - self.frequency, 1 + self.frequency}
        return tuple(sorted(round(1 / i, 3) for i in inverse if 0.3 <= 1 / max(i, 1e-9) <= 4))


def _spectrum(lines: NDArray[np.float64]) -> NDArray[np.float64]:
    """`[BINS + 1]`: the power of the lines' roughness, relative to the neighbourhood's."""
    smooth = np.median(sliding_window_view(np.pad(lines, 8, mode="reflect"), 17), axis=1)
    power = np.abs(np.fft.rfft((lines - smooth) * np.hanning(len(lines)), _length(len(lines)))) ** 2
    # The largest in each of BINS intervals would bend the distribution: read at fixed frequencies instead
    power = np.interp(np.linspace(0, 0.5, BINS + 1), np.linspace(0, 0.5, len(power)), power)
    around = np.median(sliding_window_view(np.pad(power, 64, mode="reflect"), 129), axis=1) / np.log(2)
    out: NDArray[np.float64] = power / np.maximum(around, 1e-9)
    return out


def _length(lines: int) -> int:
    return 2 * BINS * max(1, -(-lines // (2 * BINS)))


def peak(plane: NDArray[np.uint8]) -> Resampled | None:
    """The frequency that stands out most; None where the picture is too small to ask.

    plane: luma's samples as decoded.
    """
    height, width = plane.shape
    if min(height, width) < LEAST_SIDE:
        return None
    across, down = np.zeros(width, np.int64), np.zeros(height, np.int64)
    kernels.roughness(np.ascontiguousarray(plane), CUT, across, down)
    columns = _spectrum(across[1:-1] / height)
    rows = _spectrum(down[1:-1] / width)
    # The two factors may differ by a rounded side: the larger of three neighbouring frequencies stands for each
    both = np.minimum(_widened(columns), _widened(rows))
    f = np.linspace(0, 0.5, BINS + 1)
    guard = GUARD * max(1.0, 512 / min(height, width))
    both[(np.abs((f * 8 + 0.5) % 1 - 0.5) / 8 < guard) | (f < 0.02)] = 0
    best = int(np.argmax(both))
    return Resampled(float(both[best]), float(f[best]))


def _widened(power: NDArray[np.float64]) -> NDArray[np.float64]:
    padded = np.pad(power, 1, mode="edge")
    out: NDArray[np.float64] = np.maximum(np.maximum(padded[:-2], padded[2:]), power)
    return out
