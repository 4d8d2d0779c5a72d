"""What differs between two profiles: two eras of a platform, two of its apps. Plain data, for pages and JSON."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import count
from typing import Any

from .profile import Profile, Proof
from .steps import Step

Both = tuple[Any, Any]
"""A value in the first and in the second profile; None where it has none."""


@dataclass(frozen=True, slots=True)
class StepDiff:
    """One step of either profile, or of both."""

    step: str
    only_in: str
    """The profile's name, if the other one has no such step; else empty."""
    parameters: Mapping[str, Both]
    """Those that differ; of a step that one profile lacks, those that are not at their default, beside None."""


@dataclass(frozen=True, slots=True)
class ProfileDiff:
    """Everything in which two profiles differ."""

    first: str
    second: str
    when: Mapping[str, Both]
    steps: tuple[StepDiff, ...]
    """In order of the pipeline; steps that are equal are left out."""
    free: Mapping[str, Both]
    """Free values: why they are free, where only one profile has them or the reasons differ."""
    proof: tuple[tuple[Proof, ...], tuple[Proof, ...]]
    """What only the first, and what only the second reproduced."""
    unproven: tuple[tuple[str, ...], tuple[str, ...]]
    """What only the first, and what only the second leaves open."""

    def to_dict(self) -> dict[str, Any]:
        """The document that `profiles diff --json` prints."""
        return {
            "first": self.first,
            "second": self.second,
            "when": _plain(self.when),
            "steps": [{"step": s.step, "only_in": s.only_in or None, "parameters": _plain(s.parameters)}
                      for s in self.steps],
            "free": _plain(self.free),
            "proof": _plain(self.proof),
            "unproven": _plain(self.unproven),
        }  # fmt: skip


def diff(first: Profile, second: Profile) -> ProfileDiff:
    """What differs between two profiles; names and titles aside."""
    return ProfileDiff(
        first.name,
        second.name,
        _fields(first.when, second.when),
        tuple(d for d in _steps(first, second) if d.only_in or d.parameters),
        {key: (first.free.get(key), second.free.get(key)) for key in sorted({*first.free, *second.free})
         if first.free.get(key) != second.free.get(key)},
        _apart(first.proof, second.proof),
        _apart(first.unproven, second.unproven),
    )  # fmt: skip


def _apart(a: tuple[Any, ...], b: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    return tuple(item for item in a if item not in b), tuple(item for item in b if item not in a)


def _fields(a: Any, b: Any) -> dict[str, Both]:
    """The fields in which two dataclasses of one type differ."""
    both = ((f.name, getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    return {name: (x, y) for name, x, y in both if x != y}


def _steps(first: Profile, second: Profile) -> list[StepDiff]:
    """Every step of both, matched by name (and number, where a profile has it twice), in order of the pipeline."""
    a, b = _numbered(first), _numbered(second)
    out = []
    for key in _merged(list(a), list(b)):
        if key in a and key in b:
            out.append(StepDiff(key[0], "", _fields(a[key], b[key])))
        elif key in a:
            changed = _fields(a[key], type(a[key])())
            out.append(StepDiff(key[0], first.name, {name: (value, None) for name, (value, _) in changed.items()}))
        else:
            changed = _fields(b[key], type(b[key])())
            out.append(StepDiff(key[0], second.name, {name: (None, value) for name, (value, _) in changed.items()}))
    return out


def _numbered(profile: Profile) -> dict[tuple[str, int], Step]:
    counts: dict[str, count[int]] = {}
    return {(s.name, next(counts.setdefault(s.name, count()))): s for s in profile.steps}


def _merged(a: list[tuple[str, int]], b: list[tuple[str, int]]) -> list[tuple[str, int]]:
    """`a`'s order, with what only `b` has put before the step that follows it there."""
    out = list(a)
    for i, key in reversed(list(enumerate(b))):
        if key not in out:
            later = next((k for k in b[i + 1 :] if k in out), None)
            out.insert(out.index(later) if later else len(out), key)
    return out


def _plain(value: Any) -> Any:
    """`value` as JSON has it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (tuple, list)):
        return [_plain(v) for v in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: _plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    return value
