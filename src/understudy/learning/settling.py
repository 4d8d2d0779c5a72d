"""One value out of many files' options."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any


@dataclass(frozen=True)
class Settled:
    """A parameter's value over files."""

    value: Any
    tied: tuple[Any, ...]
    """Values that agree with every file as well."""
    reason: str
    free: bool = False
    """Whether no value agrees with all files; then `value` is the commonest."""
    decided_by: tuple[str, ...] = ()
    """Files without which other values would have agreed as well."""
    unknown: bool = False
    """Whether no value agrees with any file; then `value` is a stand-in."""

    def why_free(self, what: str) -> str:
        """For a profile's `[free]`."""
        return f"{what} varies: {self.reason}"


def settle(given: Sequence[tuple[str, tuple[Any, ...]]]) -> Settled | None:
    """The value that agrees with every row, the simplest of several; None without rows.

    given: (file, the values that agree with it, the simplest first), none of them empty.
    """
    rows = list(given)
    if not rows:
        return None
    common = _common(rows)
    if common:
        alone = [i for i in range(len(rows)) if _common(rows[:i] + rows[i + 1 :]) != common] if len(rows) > 1 else []
        decided_by = tuple(rows[i][0] for i in alone)
        return Settled(common[0], tuple(common[1:]), f"{len(rows)} of {len(rows)} files", decided_by=decided_by)
    counts = Counter(v for _, options in rows for v in options)
    value = counts.most_common(1)[0][0]
    told = ", ".join(f"{label(v)} in {n}" for v, n in counts.most_common(6))
    return Settled(value, (), f"no value agrees with all {len(rows)} files: {told}", free=True)


def _common(rows: Sequence[tuple[str, tuple[Any, ...]]]) -> list[Any]:
    """The values that agree with every row, the simplest first."""
    return [v for v in _ranked(rows) if all(v in options for _, options in rows)]


def _ranked(rows: Sequence[tuple[str, tuple[Any, ...]]]) -> list[Any]:
    """All values, the simplest first: by the best place that any file gives them."""
    best: dict[Any, int] = {}
    for _, options in rows:
        for place, value in enumerate(options):
            best[value] = min(best.get(value, place), place)
    return sorted(best, key=lambda v: best[v])


def label(value: Any) -> str:
    """A value in few words, for decisions and reports."""
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        if all(isinstance(v, int) for v in value) and len(value) <= 4:
            return " ".join(map(str, value)) or "none"
        return "; ".join(map(str, value)) or "none"
    if isinstance(value, str) and value.startswith("base64:"):
        return f"a profile of {len(value[7:]) * 3 // 4 - value[-2:].count('=')} bytes, always the same"
    return str(value) if value != "" else "none"
