"""What software does by default where pairs are silent, from a table (habits.toml) that names its sources.

A habit never stands against evidence: it fills what no pair decided, and the profile says that it is a guess.
"""

from __future__ import annotations

import dataclasses
import math
import pkgutil
import tomllib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cache
from itertools import permutations
from typing import Any

from ..steps import Step
from ..steps.envelope import Envelope
from .pipeline import Pipeline

IDLE: dict[tuple[str, Any], tuple[str, ...]] = {
    ("decode.draft", "as resize"): ("decode.draft_by",),
    ("decode.decoder", "go"): ("decode.to_rgb",),
    ("color.icc", "srgb"): ("color.srgb", "color.intent", "color.black_point_compensation"),
    ("flatten.alpha", "blend"): ("flatten.background", "flatten.rounding"),
}
"""(fact, value) -> facts that mean nothing where it has another value."""

ARITHMETIC = frozenset(
    {"resize.code", "encode.engine", "encode.color", "encode.quantizer", "encode.downsampling", "decode.decoder"}
)
"""Facts that a program cannot choose: where they contradict a software, it is ruled out. What a program asks of its
library (orientation, ICC, a comment) only speaks against it."""

CONTRADICTED = 2.0
"""Nats that a contradicted fact outside of ARITHMETIC costs. An opinion: about as much as two facts that a third of all
software shares."""

USUAL = 0.5
"""Nats for a decided fact that is as the software does it by default, and against one that is not: programs change
defaults often, so this only leans. An opinion too."""

CLASS = 1.0
"""Nats below the best within which software is not told apart."""

ORDERED = ("orient", "color", "flatten", "resize")
"""Steps whose order is a fact: `resize before orient`."""


WORKING: dict[str, tuple[str, Any]] = {"orient": ("orient.apply", True), "color": ("color.icc", "srgb")}
"""Step -> the fact without which it changes no sample, so that its place does not matter."""


BOXES = "resize.reducing_gap"
"""A fact that is no parameter: the option of that name, which tells Image.thumbnail from Image.resize."""


@dataclass(frozen=True)
class Software:
    """One row of the table."""

    name: str
    title: str
    source: str
    signs: Mapping[str, Sequence[Any]]
    """Fact -> the values that it can show."""
    habits: Mapping[str, Any]
    """Fact -> what it does by default."""
    note: str = ""
    given: Sequence[Mapping[str, Mapping[str, Any]]] = ()
    """Habits that hold where certain facts are known: `{known = {fact = value}, habits = {fact = value}}`."""


@dataclass(frozen=True)
class Match:
    """How well a software fits what was found."""

    software: Software
    weight: float
    """Nats by which the facts that it can show single it out among the software known here; not a probability."""
    supports: tuple[str, ...] = ()
    """Facts that not all software shares."""
    contradicts: tuple[str, ...] = ()
    """Facts that it does not show by default."""


@cache
def table() -> tuple[Software, ...]:
    """All software known here, the more common first."""
    text = pkgutil.get_data(__package__, "habits.toml")
    assert text is not None, "habits.toml lies beside this module"
    return tuple(Software(**row) for row in tomllib.loads(text.decode())["software"])


def of_resampler(code: str) -> tuple[Software, ...]:
    """The software that has this resampler (`resize.code`), the more common first."""
    return tuple(row for row in table() if code in row.signs.get("resize.code", ()))


def facts(pipeline: Pipeline, envelope: Envelope | None = None) -> dict[str, Any]:
    """What a pipeline is, flat: `step.parameter` -> its value as TOML has it; `a before b` -> whether, for the steps
    whose order matters; `decode.draft` is `as resize` where it is not `none`, whatever the limit."""
    steps: list[Step] = [*pipeline.steps, *([envelope] if envelope else [])]
    out = {
        f"{step.name}.{f.name}": plain(getattr(step, f.name))
        for step in steps
        for f in dataclasses.fields(step)  # type: ignore[arg-type]
    }
    if out.get("decode.draft", "none") != "none":
        out["decode.draft"] = "as resize"
    for (key, working), others in IDLE.items():
        if key in out and out[key] != working:
            for other in others:
                out.pop(other, None)
    if out.get("encode.color") == "rgb":
        del out["encode.color"]  # what a program asks of its library, and none of those known here by default
    if out.get("resize.code") == "pillow":
        out[BOXES] = out["resize.options"].get("reducing_gap", 0.0)
    if out.get("resize.code") == "skia":
        out.pop("resize.kernel", None)  # all give the same samples: codec/resample/skia.py, measured
    names = pipeline.names
    idle = {name for name, (key, working) in WORKING.items() if out.get(key) != working}
    for a, b in permutations([s for s in ORDERED if s in names and s not in idle], 2):
        out[f"{a} before {b}"] = names.index(a) < names.index(b)
    return out


def plain(value: Any) -> Any:
    """A parameter's value as TOML reads it: enums as text, tuples as lists, dataclasses as text."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (tuple, list)):
        return [plain(v) for v in value]
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items()}
    return str(value) if dataclasses.is_dataclass(value) and not isinstance(value, type) else value


def _can_show(shown: Sequence[Any], value: Any) -> bool:
    for one in shown:
        if one == value or (isinstance(one, str) and one.endswith("*") and str(value).startswith(one[:-1])):
            return True
    return False


def matches(known: Mapping[str, Any]) -> tuple[Match, ...]:
    """The software that may show all these facts, best first: facts that few can show weigh most."""
    rows = table()
    weights = {}
    for key, value in known.items():
        able = sum(_can_show(row.signs[key], value) for row in rows if key in row.signs)
        silent = sum(key not in row.signs for row in rows)
        weights[key] = math.log(len(rows) / (able + silent)) if able else 0.0
    found = []
    for row in rows:
        stated = [key for key in row.signs if key in known]
        against = tuple(key for key in stated if not _can_show(row.signs[key], known[key]))
        telling = tuple(key for key in stated if weights[key] > 0 and key not in against)
        if not ARITHMETIC.intersection(against):
            usual = [known[key] == row.habits[key] for key in row.habits if key in known and key not in against]
            leaning = USUAL * (2 * sum(usual) - len(usual)) if usual else 0.0
            weight = sum(weights[key] for key in telling) - CONTRADICTED * len(against) + leaning
            found.append(Match(row, weight, telling, against))
    return tuple(sorted(found, key=lambda m: -m.weight))


def software(
    pipeline: Pipeline,
    family: Sequence[str] = (),
    envelope: Envelope | None = None,
    unknown: Collection[str] = (),
) -> tuple[str, ...]:
    """The names of the software that may have done this and is not told apart, best first; empty where none fits.

    family: encoder families that the headers allow; software whose name they mention gains USUAL, no more: a family is
    a layout that many share. envelope: what is written around the scans. unknown: facts that no pair decided.
    """
    known = {key: value for key, value in facts(pipeline, envelope).items() if key not in set(unknown)}
    named = " ".join(family).lower()
    weights = {
        m.software.name: m.weight + USUAL * (m.software.name.split("-")[0] in named)
        for m in matches(known)
        if m.supports
    }
    best = max(weights.values(), default=0.0)
    return tuple(sorted((n for n, w in weights.items() if w >= best - CLASS), key=lambda n: -weights[n]))


def by_name(name: str) -> Software:
    """A row of the table. Raises KeyError."""
    return {row.name: row for row in table()}[name]


def value(name: str, key: str, known: Mapping[str, Any] | None = None) -> Any | None:
    """What that software does by default for a fact (`step.parameter` or `a before b`); None where it is not known.

    known: decided facts, for habits that depend on them.
    """
    return usual(name, known).get(key)


def usual(name: str, known: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """All that the software does by default, given decided facts: fact -> value."""
    row = by_name(name)
    out = dict(row.habits)
    for case in row.given:
        if known and all(known.get(k) == v for k, v in case["known"].items()):
            out |= case["habits"]
    return out


def majority(names: Sequence[str], key: str, known: Mapping[str, Any] | None = None) -> tuple[Any, tuple[str, ...]]:
    """(what most of the named software does by default, those that do it); of equal numbers the first named wins.

    (None, ()) where none of them has that habit. known: as for `value`.
    """
    counts: list[tuple[Any, list[str]]] = []
    for name in names:
        habit = value(name, key, known)
        if habit is None:
            continue
        same = next((who for other, who in counts if other == habit), None)
        if same is None:
            counts.append((habit, [name]))
        else:
            same.append(name)
    if not counts:
        return None, ()
    habit, who = max(counts, key=lambda row: len(row[1]))
    return habit, tuple(who)


def agreement(
    names: Sequence[str], shown: Mapping[str, Any], keys: Collection[str], known: Mapping[str, Any] | None = None
) -> int:
    """How many of `keys` are shown as the named software has it by default, less those that are shown otherwise."""
    score = 0
    for key in keys:
        habit, _ = majority(names, key, known)
        if habit is not None and key in shown:
            score += 1 if shown[key] == habit else -1
    return score
