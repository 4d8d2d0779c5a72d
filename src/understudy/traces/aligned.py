"""An earlier JPEG compression on the same 8x8 grid, from the histograms of luma's levels.

A coefficient that was a multiple of an earlier step q1, but for the rounding to whole samples, and is rounded to q2
now, falls on some levels more often than on their neighbours. For each frequency and each q1 a likelihood says how
well that comb explains the counts, against a smooth distribution; then every table of every known law is tried as a
whole, so that thirty frequencies decide about two unknowns, law and quality.

Not to be seen this way: an earlier table equal to the present one in all frequencies that count, earlier steps that
divide the present ones (each level then gathers equally many), a picture that was moved, resized or retouched between.
Chroma is left out: in 4:2:0 its samples are averaged again between the two, which blurs the comb.

Source: the effect is Lukas and Fridrich's, "Estimation of primary quantization matrix in double compressed JPEG
images" (DFRWS 2003); the likelihood here, and its thresholds, are of this project: docs/generations.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codec.photoshop_tables import PHOTOSHOP
from ..codec.tables import Law, quant_tables
from ..jpeg.coefficients import Component
from . import _comb_kernels as kernels

LARGEST = 128
"""Earlier steps 1 to 127 are tried."""
SIGMA = 0.4
"""Standard deviation of a coefficient's change between two compressions, in units of T.81's transform: 0.29 of rounding
luma to whole samples, and what RGB in between adds; fitted by eye on 12 pictures, where 0.3 to 0.5 did as well."""
LEAK = 0.2
"""The share of coefficients that no comb explains: clipped samples, drawn-over places, parts put in later. With 0.02 to
0.25 as many whole pictures are found and as few falsely; with 0.02 a picture a third of which is new was missed in 7 of
60 files, with 0.25 in none."""
LEAST_LEVELS = 150
"""Levels other than 0 that a frequency must have to be asked."""
LEAST_BINS = 7
"""Sizes of levels between which it must have spread them: four unknowns describe a smooth histogram."""
MOST_OF_ONE, LEAST_OF_ONE = 25.0, -50.0
"""Bounds of what one frequency says, so that no single odd histogram decides."""
THRESHOLD = 20.0
"""Log-likelihood, summed over frequencies, from which a table is believed. False alarms: docs/generations.md."""
SURPRISE = 12.0
"""Log-likelihood that a table of an unusual law must have more."""
FALSE_ALARMS = (4, 3096)
"""Alarms and files compressed once by four encoders at nine qualities: 4 of 1,296 of the 18 photographs that the
threshold was chosen on, 0 of 1,800 of 38 others."""
MARGIN = 4.0
"""Log-likelihood within which two tables are not told apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Combs:
    """What each frequency says of each earlier step."""

    scores: NDArray[np.float64]
    """`[64, LARGEST]`, natural order: log-likelihood of earlier step q less that of none; 0 where nothing was asked."""
    dispersion: NDArray[np.float64]
    """`[64]`: how much more than by chance the counts stray, 1 and up; scores are divided by it."""
    used: NDArray[np.int64]
    """The frequencies that had enough levels, ascending."""
    steps: NDArray[np.int64]
    """The present steps, `[64]`, natural order."""


@dataclass(frozen=True, slots=True)
class Table:
    """A luma table, and all settings known here that give it."""

    names: tuple[tuple[str, int | None], ...]
    """(law, quality), the commoner law first."""
    steps_natural: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Earlier:
    """An earlier table that explains the histograms, or the best of those that do not."""

    score: float
    """Log-likelihood against no earlier compression."""
    table: Table | None
    """None where no frequency could be asked."""
    rivals: tuple[Table, ...]
    """Tables within `MARGIN` of the best one."""
    per_frequency: dict[int, int]
    """Natural index -> the earlier step that this frequency names by itself; only where it names one."""
    frequencies: int
    """How many were asked."""
    excluded: tuple[int, ...]
    """Qualities of Annex K's law that the histograms speak against as loudly as `THRESHOLD`."""

    @property
    def agreement(self) -> float | None:
        """Of the frequencies that name a step by themselves, the share that names the table's; None of fewer than
        three."""
        if self.table is None or len(self.per_frequency) < 3:
            return None
        equal = sum(self.table.steps_natural[k] == q for k, q in self.per_frequency.items())
        return equal / len(self.per_frequency)

    @property
    def exact(self) -> bool:
        """Whether four of five frequencies that name a step name the table's."""
        return self.agreement is not None and self.agreement >= 0.8

    @property
    def known(self) -> bool:
        """False where most frequencies that name a step name another than the table's: then no table known here fits,
        though this one explains more than none."""
        return self.agreement is None or self.agreement >= 0.5

    @property
    def found(self) -> bool:
        """Whether the score is above the threshold whose false alarms were measured."""
        return self.score >= THRESHOLD


@cache
def known_tables() -> tuple[Table, ...]:
    """Every luma table of the laws and presets that codec knows, at qualities 20 to 100 (ffmpeg 2 to 31)."""
    names: dict[tuple[int, ...], list[tuple[str, int | None]]] = {}
    for law in Law:
        qualities: Sequence[int | None] = range(100, 19, -1)
        if law == Law.FFMPEG_MJPEG:
            qualities = range(2, 32)
        elif law == Law.CUSTOM_DIAG:
            qualities = (None,)
        for is_420 in (True, False) if law == Law.JPEGLI else (True,):
            for quality in qualities:
                steps = tuple(int(q) for q in quant_tables(law, quality, is_420=is_420)[0])
                known = names.setdefault(steps, [])
                if (str(law), quality) not in known:
                    known.append((str(law), quality))
    for setting, (luma, _) in PHOTOSHOP.items():
        names.setdefault(tuple(int(q) for q in luma), []).append((setting, None))
    return tuple(Table(tuple(given), steps) for steps, given in names.items())


@cache
def _matrix() -> NDArray[np.int64]:
    """`[tables, 64]`: the steps of `known_tables`, those beyond the largest tried as 0."""
    steps = np.array([t.steps_natural for t in known_tables()], np.int64)
    steps[steps >= LARGEST] = 0
    return steps


@cache
def surprise() -> NDArray[np.float64]:
    """`[tables]`: how much worse a table of `known_tables` is to be taken for: 0 for laws met daily, 1 for others.
    Trellis, whose marks are smooth in no simple way, is else taken for one of these."""
    usual = (Law.ANNEX_K, Law.LIBJPEG_9E, Law.MOZJPEG_3, Law.JAVA_IMAGEIO)
    return np.array([0.0 if any(law in usual for law, _ in t.names) else 1.0 for t in known_tables()])


def histograms(component: Component) -> NDArray[np.int64]:
    """int64 `[64, 2, 96]`: how many real blocks have level n (second index 0) or -n (1) in each frequency."""
    out = np.zeros((64, 2, kernels.BINS), np.int64)
    kernels.level_histograms(np.ascontiguousarray(component.real).reshape(-1, 64), out)
    return out


def spread(sizes: NDArray[np.float64]) -> int:
    """The largest size of level that counts, 99.5 % of all being no larger; 0 where too few or too many bins are left.

    sizes: how many levels have each size, both signs.
    """
    total = sizes[1:].sum()
    last = int(np.searchsorted(np.cumsum(sizes[1:]), 0.995 * total)) + 1
    return last if LEAST_BINS <= last < kernels.BINS else 0


def combs(counts: NDArray[np.int64], steps: NDArray[Any]) -> Combs:
    """What the histograms say. counts: as `histograms`; steps: 64 present steps."""
    steps = np.asarray(steps, np.int64).reshape(64)
    sizes = counts.sum(axis=1).astype(np.float64)
    sizes[0] = 0  # DC's distribution is another, and its neighbours in the picture are not independent
    levels = sizes[:, 1:].sum(axis=1)
    scores, dispersion = np.zeros((64, LARGEST)), np.ones(64)
    used: list[int] = []
    for k in np.argsort(-levels, kind="stable"):
        if levels[k] < LEAST_LEVELS:
            break
        last = spread(sizes[k])
        if steps[k] == 0 or not last:
            continue
        dispersion[k] = kernels.comb_scores(sizes[k], float(steps[k]), SIGMA, LEAK, last, LEAST_OF_ONE, scores[k])
        scores[k] = np.clip(scores[k] / dispersion[k], LEAST_OF_ONE, MOST_OF_ONE)
        used.append(int(k))
    scores[:, 0] = 0
    return Combs(scores, dispersion, np.array(sorted(used), np.int64), steps)


def earlier(found: Combs) -> Earlier:
    """The known table that explains the histograms best, with what rivals it."""
    if not len(found.used):
        return Earlier(0.0, None, (), {}, 0, ())
    tables, matrix = known_tables(), _matrix()
    sums = found.scores[found.used, matrix[:, found.used]].sum(axis=1)
    same = (matrix[:, found.used] == found.steps[found.used]).all(axis=1)
    ranked = np.where(same, -np.inf, sums - SURPRISE * surprise())
    best = int(np.argmax(ranked))
    score = float(max(ranked[best], 0.0))
    rivals = tuple(tables[int(i)] for i in np.argsort(-ranked, kind="stable")[1:9] if ranked[i] > score - MARGIN)
    excluded = sorted(
        {
            int(q)
            for table, value in zip(tables, sums, strict=True)
            for law, q in table.names
            if law == Law.ANNEX_K and q is not None and value <= -THRESHOLD
        }
    )
    return Earlier(score, tables[best], rivals, _alone(found), len(found.used), tuple(excluded))


def _alone(found: Combs) -> dict[int, int]:
    """The frequencies that name an earlier step by themselves: 5 above none, 2 above any other step."""
    out = {}
    for k in found.used:
        order = np.argsort(-found.scores[k], kind="stable")
        first, second = found.scores[k, order[0]], found.scores[k, order[1]]
        if first >= 5 and first >= second + 2:
            out[int(k)] = int(order[0])
    return out
