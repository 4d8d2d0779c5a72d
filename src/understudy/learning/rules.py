"""Rules: what a value that differs between files goes by, as a small table, and how far the files support it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal

from ..steps import Rule

Size = tuple[int, int]
"""(width, height) in pixels."""
By = Literal[
    "longest_side", "shortest_side", "width", "height", "pixels",
    "sent_longest_side", "sent_pixels", "sent_bytes", "sent_quality",
]  # fmt: skip

MEASURES: Mapping[By, Callable[[int, int], int]] = {
    "longest_side": max,
    "pixels": lambda width, height: width * height,
    "width": lambda width, height: width,
    "height": lambda width, height: height,
    "shortest_side": min,
}
"""What `steps.Rule` can go by of a picture's size, the likeliest first."""
OF_SENT: tuple[By, ...] = ("sent_quality", "sent_longest_side", "sent_pixels", "sent_bytes")
"""What else it can go by, of the file as it was sent; the likeliest first."""

BY_CHANCE = 0.15
"""A rule is believed where its values, dealt at random to the same files, would fall into as few intervals less often
than this. Three files of one value below three of another: 1 in 10; two and two: 1 in 3."""


@dataclass(frozen=True)
class Interval:
    """Neighbouring files of one value."""

    value: Hashable
    lowest: float
    highest: float
    files: int


@dataclass(frozen=True)
class Found:
    """A rule that gives every file's value."""

    rule: Rule
    intervals: tuple[Interval, ...]
    chance: float
    """Probability, 0 to 1, that values dealt at random would fit a rule of as few intervals."""
    rivals: tuple[Rule, ...] = ()
    """Rules by other measures with as few intervals, which these files do not tell apart from it."""

    @property
    def supported(self) -> bool:
        """Whether the files are enough to believe it."""
        return self.chance <= BY_CHANCE

    def __str__(self) -> str:
        gaps = [f"between {a.highest:g} and {b.lowest:g}" for a, b in pairwise(self.intervals)]
        support = " + ".join(str(i.files) for i in self.intervals)
        return f"{self.rule}: {support} files, limits somewhere {' and '.join(gaps)}; by chance {self.chance:.2g}"


def intervals(measures: Sequence[float], values: Sequence[Hashable]) -> tuple[Interval, ...]:
    """The runs of equal value in order of measure; empty where files of one measure have different values."""
    by_measure: dict[float, set[Hashable]] = {}
    for measure, value in zip(measures, values, strict=True):
        by_measure.setdefault(measure, set()).add(value)
    if any(len(found) > 1 for found in by_measure.values()):
        return ()
    rows = sorted(zip(measures, values, strict=True), key=lambda row: row[0])
    out = []
    for value, run in groupby(rows, key=lambda row: row[1]):
        theirs = [measure for measure, _ in run]
        out.append(Interval(value, theirs[0], theirs[-1], len(theirs)))
    return tuple(out)


def chance(values: Sequence[Hashable], runs: int) -> float:
    """Probability that `values`, dealt at random to files in order, fall into `runs` runs; 1 where that is more than
    there are values, since nobody would believe such a rule."""
    counts = Counter(values)
    if runs > len(counts):
        return 1.0
    orders = math.factorial(len(values)) // math.prod(math.factorial(n) for n in counts.values())
    return math.factorial(len(counts)) / orders


def by_size(sizes: Sequence[Size], values: Sequence[int], at_a_limit: Sequence[bool] = ()) -> Found | None:
    """The rule with the fewest intervals by which a picture's size gives every value; None where no measure does with
    at most half as many intervals as files.

    sizes: of the pictures at the step's input. at_a_limit: whether each picture was brought to its size by a limit,
    so that its size is a likely place for the rule's.
    """
    capped = at_a_limit or [False] * len(sizes)
    measured = {by: [measure(*size) for size in sizes] for by, measure in MEASURES.items()}
    limits = {by: {m for m, cap in zip(found, capped, strict=True) if cap} for by, found in measured.items()}
    return _fewest(measured, values, limits)


def by_sent(measures: Mapping[By, Sequence[int | None]], values: Sequence[int]) -> Found | None:
    """The rule with the fewest intervals by which the file as it was sent gives every value; None where no measure
    does with at most half as many intervals as files. measures: of `OF_SENT`; None where a file lacks one: those are
    given the rule's `otherwise`, and must all have one value, that of the highest interval or of none."""
    tried = {}
    for by, found in measures.items():
        beyond = max((m for m in found if m is not None), default=0) + 1
        tried[by] = [beyond if m is None else m for m in found]
    return _fewest(tried, values, {})


def _fewest(measured: Mapping[By, Sequence[int]], values: Sequence[int], limits: Mapping[By, set[int]]) -> Found | None:
    tried = [(by, intervals(found, values)) for by, found in measured.items()]
    tried = [(by, found) for by, found in tried if 1 < len(found) <= max(2, len(values) // 2)]
    if not tried:
        return None
    fewest = min(len(found) for _, found in tried)
    best = [(by, found) for by, found in tried if len(found) == fewest]
    made = [_rule(by, found, limits.get(by, set())) for by, found in best]
    return Found(made[0], best[0][1], chance(values, fewest), tuple(made[1:]))


def explained(features: Mapping[str, Sequence[float]], values: Sequence[Hashable]) -> str:
    """The first of some features by which the values part as cleanly as chance would seldom have it, in words; ""
    where none does. For what a `Rule` cannot say: the received file's bytes."""
    for name, measures in features.items():
        found = intervals(measures, values)
        if len(found) > 1 and chance(values, len(found)) <= BY_CHANCE:
            told = ", ".join(f"{i.value} from {i.lowest:g} to {i.highest:g} ({i.files} files)" for i in found)
            return f"it goes by {name}: {told}"
    return ""


def _rule(by: By, found: Sequence[Interval], limits: set[int]) -> Rule:
    rows = []
    for below, above in pairwise(found):
        lowest, highest = int(below.highest), int(above.lowest) - 1
        rows.append((lowest if lowest in limits else roundest(lowest, highest), _int(below.value)))
    return Rule(by=by, up_to=tuple(rows), otherwise=_int(found[-1].value))


def roundest(lowest: int, highest: int) -> int:
    """The number from `lowest` to `highest` that a person would have chosen: with the most zeros at its end, in tens
    first, then in twos, else the lowest."""
    step = int(10 ** len(str(highest)))
    while step > 1:
        for divisor in (step, step // 2, step // 5):
            if divisor and -(-lowest // divisor) * divisor <= highest:
                return -(-lowest // divisor) * divisor
        step //= 10
    return lowest


def _int(value: Hashable) -> int:
    assert isinstance(value, int), "rules give numbers"
    return value
