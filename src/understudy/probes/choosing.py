"""Which probes: a named set, those for some steps, or those that settle what a learned profile left open."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache

from ..codec.sizes import Fit
from ..errors import UnderstudyError
from ..profile import Profile
from ..steps.base import Rule
from ..steps.resize import Resize
from .asks import WITHOUT_PROBE, asked, known_as
from .base import Family, Probe
from .making import scaled

Chosen = tuple[tuple[str, Probe], ...]
"""(family, probe)."""
SETS = ("compact", "full")
NEAR = 0.15
"""How far, as a share, a known limit may be from the one that a probe of size is made for."""
ABOVE = 1.4
"""How much larger than a known limit a probe is made that must be resized."""


@cache
def families() -> Mapping[str, Family]:
    """Every family by name, the compact one first: those modules of this package that have a FAMILY."""
    package = __name__.rpartition(".")[0]
    found = []
    for info in pkgutil.iter_modules(importlib.import_module(package).__path__):
        module = importlib.import_module(f"{package}.{info.name}")
        if hasattr(module, "FAMILY"):
            found.append(module.FAMILY)
    return {f.name: f for f in sorted(found, key=lambda f: (f.name != "compact", f.name))}


def every() -> Chosen:
    """All probes of all families."""
    return tuple((f.name, probe) for f in families().values() for probe in f.probes)


def named(which: str) -> Chosen:
    """The probes of a set: `compact` or `full`. Raises UnderstudyError for another name."""
    if which not in SETS:
        raise UnderstudyError(repr(which), place="probe", expected=f"one of {', '.join(SETS)}")
    return every() if which == "full" else tuple(row for row in every() if row[0] == "compact")


def settling(questions: Iterable[str], without: Iterable[str] = ()) -> Chosen:
    """The probes made for these questions: the special ones, and of the compact set those whose question has no other.

    without: stems of pictures that were sent already.
    """
    wanted, sent = set(questions), set(without)
    rows = [(f, p) for f, p in every() if p.name not in sent and wanted & set(p.settles)]
    special = {q for f, p in rows if f != "compact" for q in p.settles}
    return tuple((f, p) for f, p in rows if f != "compact" or wanted & set(p.settles) - special)


def questions_of(names: Sequence[str]) -> tuple[str, ...]:
    """The questions of steps or questions that are named; a step stands for all of its own.

    Raises UnderstudyError for a name that is neither.
    """
    known = asked()
    steps = sorted(set(known.values()))
    out: list[str] = []
    for name in names:
        if name in known:
            out.append(name)
        elif name in steps:
            out += [q for q, step in known.items() if step == name]
        else:
            raise UnderstudyError(
                repr(name),
                place="probe --for",
                expected=f"a step ({', '.join(steps)}), a question or a profile",
            )
    return tuple(dict.fromkeys(out))


def left_open(profile: Profile) -> tuple[str, ...]:
    """The questions that `learn` answered by a guess. Raises UnderstudyError for a profile that was not learned."""
    if profile.learned is None:
        raise UnderstudyError(
            "a profile that was not learned", place=f"probe --for: {profile.name}", expected="one that `learn` wrote",
            remedy="name steps instead",
        )  # fmt: skip
    guessed = [known_as(a.question) for a in profile.learned.answers if a.guess]
    return tuple(dict.fromkeys(q for q in guessed if q not in WITHOUT_PROBE))


def for_profile(profile: Profile) -> Chosen:
    """The probes that would settle what a learned profile left open, none of which were sent already, in sizes below
    and above its limit. Raises UnderstudyError for a profile that was not learned."""
    questions = left_open(profile)
    sent = [pair.name for pair in profile.learned.pairs] if profile.learned else []
    limit = _limit(profile)
    rows = settling(questions, sent)
    return tuple((f, fitted(p, profile)) for f, p in rows if not (limit and p.near) or abs(p.near / limit - 1) < NEAR)


def _limit(profile: Profile) -> int:
    """The limit of a side in pixels that the profile has; 0 where there is none, or it goes by something else."""
    resize = next((s for s in profile.steps if isinstance(s, Resize)), None)
    if resize is None or isinstance(resize.limit, Rule) or resize.fit in (Fit.PIXELS, Fit.PERCENT):
        return 0
    return resize.limit


def fitted(probe: Probe, profile: Profile) -> Probe:
    """The probe in a size that the profile keeps, or that it resizes, whichever it is made for."""
    resize = next((s for s in profile.steps if isinstance(s, Resize)), None)
    if resize is None or not probe.reach:
        return probe
    limit = resize.limit.otherwise if isinstance(resize.limit, Rule) else resize.limit
    width, height = probe.size
    for _ in range(12):
        target = resize.target(*probe.size)
        is_kept = (target.width, target.height) == probe.size
        if probe.reach == "kept" and not is_kept:
            probe = scaled(probe, 0.8)
        elif probe.reach == "large" and not _is_smaller(target.width, probe.size[0]):
            probe = scaled(probe, ABOVE)
        else:
            return probe
    return replace(probe, size=(width, height)) if limit else probe


def _is_smaller(side: int, than: int) -> bool:
    return side * ABOVE <= than
