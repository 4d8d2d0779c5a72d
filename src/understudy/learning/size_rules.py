"""Which size rules give every received size: enumerated, with the limit solved for, ranked; what tells rivals apart.

Sizes alone are looked at, so this is done before anything is rendered. A rule is kept when it gives the received size
of every pair; where none does, when all pairs but one follow it, and that pair is named. Of the rules that are kept the
simplest stands first: fewer parameters off their usual values, a rounder limit. What is usual is an opinion, so all are
returned, and the decision says which picture would tell them apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, Literal

from ..codec.sizes import Derive, Fit, Rounding, target
from ..steps.base import Rule
from .observed import Observed
from .question import Decision
from .size_limits import MULTIPLES, Limit, View, limits

By = Literal["stored", "shown"]


@dataclass(frozen=True)
class Sizes:
    """The sizes of one pair, (width, height) in pixels."""

    name: str
    stored: tuple[int, int]
    """Of the sent picture, its EXIF orientation not applied."""
    orientation: int
    """EXIF's, 1 to 8."""
    received: tuple[int, int]

    @property
    def is_turned(self) -> bool:
        """Whether the picture as shown has its sides exchanged."""
        return self.orientation >= 5

    @property
    def is_resized(self) -> bool:
        """Whether the received size is neither the stored nor the shown one."""
        return self.received not in (self.stored, self.stored[::-1] if self.is_turned else self.stored)


@dataclass(frozen=True)
class SizeRule:
    """A rule that gives every received size (but those of `but`)."""

    resize: dict[str, Any]
    """Parameters of `Resize`."""
    by: By
    """Whether it bounds the picture as stored or as shown."""
    turned: bool | None = None
    """Whether pictures stored lying come out upright; None where sizes do not tell."""
    cost: float = 0.0
    """How unusual it is, from 0; see `COSTS`. An order among rules that fit alike, no measurement."""
    but: tuple[str, ...] = ()
    """Pairs that it does not explain."""

    def __call__(self, width: int, height: int) -> tuple[int, int]:
        """(width, height) that a picture of that size gets."""
        given = dict(self.resize)
        fit, limit, limit_height = given.pop("fit"), given.pop("limit"), given.pop("limit_height", 0)
        if isinstance(limit, Rule):
            limit = limit(width, height)
        made = target(width, height, fit, limit, limit_height, **given)
        return made.width, made.height

    def __str__(self) -> str:
        r = self.resize
        fit, limit = Fit(r["fit"]), r["limit"]
        if fit in (Fit.BOX, Fit.BOX_IN_TURN):
            size = f"{limit} x {r.get('limit_height') or limit}"
            text = f"within {size}" + (", width first, then height" if fit is Fit.BOX_IN_TURN else "")
        elif fit is Fit.PIXELS:
            text = f"at most {limit:,} pixels"
        elif fit is Fit.PERCENT:
            part = r.get("limit_height", 0)
            text = f"{limit}/{part} of each side" if part else f"{limit} % of each side"
        else:
            text = f"{fit.replace('_', ' ')} {limit}"
        derive, rounding = r.get("derive", Derive.EXACT), r.get("rounding", Rounding.HALF_UP)
        how = "" if derive is Derive.PILLOW_THUMBNAIL else f", other side rounded {_ROUNDED[rounding]}"
        how += {Derive.EXACT: "", Derive.PILLOW_THUMBNAIL: ", other side as Image.thumbnail does"}.get(
            derive, f" ({derive.value.replace('-both', ', both sides')})"
        )
        if r.get("multiple", 1) > 1:
            how += f" to a multiple of {r['multiple']}"
        how += ", smaller pictures made larger" if r.get("upscale") else ""
        return text + how + (", of the picture as stored" if self.turned and self.by == "stored" else "")


@dataclass(frozen=True)
class SizeRules:
    """What the sizes of all pairs say."""

    resizes: bool
    """Whether any pair was resized."""
    rules: tuple[SizeRule, ...]
    """Best first; empty where none was resized, or no rule that is known here gives the sizes."""
    decision: Decision


_ROUNDED = {
    Rounding.HALF_UP: "to the nearest",
    Rounding.HALF_EVEN: "to the nearest, halves to even",
    Rounding.FLOOR: "down",
    Rounding.CEIL: "up",
}

COSTS: dict[Any, float] = {
    Fit.LONGEST_SIDE: 0.0, Fit.WIDTH: 1.0, Fit.BOX: 2.0, Fit.HEIGHT: 2.0, Fit.SHORTEST_SIDE: 2.0, Fit.BOX_IN_TURN: 2.2,
    Fit.PIXELS: 2.5, Fit.COVER: 2.4, Fit.PERCENT: 2.0,
    Derive.EXACT: 0.0, Derive.SCALE: 0.3, Derive.SHRINK: 0.35, Derive.ASPECT: 0.4, Derive.PILLOW_THUMBNAIL: 0.45,
    Derive.SCALE_BOTH: 0.5, Derive.SHRINK_BOTH: 0.55, Derive.VIPS: 0.38,
    Rounding.HALF_UP: 0.0, Rounding.HALF_EVEN: 0.1, Rounding.FLOOR: 0.2, Rounding.CEIL: 1.0,
    "multiple": 2.0, "upscale": 3.0, "threshold": 3.0, "turned afterwards": 0.5, "unexplained": 10.0,
}  # fmt: skip
"""How unusual a part of a rule is. An opinion, for an order among rules that explain the same sizes: sides before
areas, few parameters before many, as the software in tests/battery and the platforms' profiles have it."""

BOTH = (Derive.SCALE_BOTH, Derive.SHRINK_BOTH)
ONE = tuple(d for d in Derive if d not in BOTH)
MOST_RULES = 80
MOST_TOLD = 12
"""Rivals that a decision lists by name."""


def size_rules(pairs: Sequence[Observed], others: Sequence[Sizes] = ()) -> SizeRules:
    """The size rules that give every received size of the pairs, best first, and what tells them apart.

    others: sizes of pictures that were delivered in another format. A platform may treat those otherwise: they decide
    among the rules that the pairs leave, and are left out where no rule gives both.
    """
    return with_others([Sizes(p.name, p.sent_size, p.orientation, p.size) for p in pairs], others)


def with_others(sizes: Sequence[Sizes], others: Sequence[Sizes]) -> SizeRules:
    """`size_rules` for sizes alone."""
    found = from_sizes(sizes)
    if not others or not found.rules or found.rules[0].but:
        return found
    together = from_sizes([*sizes, *others])
    if not together.rules or together.rules[0].but:
        return found
    told = f"{together.decision.reason}; {len(others)} of them of pictures that came back in another format"
    return replace(together, decision=replace(together.decision, reason=told))


def from_sizes(sizes: Sequence[Sizes]) -> SizeRules:
    """`size_rules` for sizes alone, of one kind of file."""
    resized = [s for s in sizes if s.is_resized]
    if not resized:
        return SizeRules(False, (), _none_resized(sizes))
    found = sorted(_fitting(sizes, ()), key=lambda r: r.cost)
    if len(sizes) >= 4 and (not found or isinstance(found[0].resize["limit"], Rule)):
        found = sorted([*found, *_but_one(sizes)], key=lambda r: r.cost)
    rules = tuple(found[:MOST_RULES])
    return SizeRules(True, rules, _decision(sizes, rules))


@lru_cache(maxsize=256)
def plain_rules(views: tuple[tuple[tuple[int, int], tuple[int, int]], ...]) -> tuple[SizeRule, ...]:
    """The rules with one limit that make each second size of each first one, best first; none where all are equal."""
    listed = [View(*view) for view in views]
    if not any(v.is_resized for v in listed):
        return ()
    return tuple(sorted(_of_views(listed, False), key=lambda r: r.cost))


def _but_one(sizes: Sequence[Sizes]) -> list[SizeRule]:
    """The rules that all pairs but one follow, for the pair whose leaving out makes the simplest rule."""
    best: list[SizeRule] = []
    for odd in sizes:
        rest = [s for s in sizes if s is not odd]
        if sum(s.is_resized for s in rest) < 2:
            continue  # one resized pair always finds some rule
        found = sorted(_fitting(rest, (odd.name,)), key=lambda r: r.cost)
        if found and (not best or found[0].cost < best[0].cost):
            best = found
    return best


def _fitting(sizes: Sequence[Sizes], but: tuple[str, ...]) -> Iterator[SizeRule]:
    """Every rule that gives all these sizes: plain limits, and only where there is none, limits by size."""
    known = False
    for by_size in (False, True):
        for by, turned, views in _modes(sizes):
            for rule in _of_views(views, by_size):
                known = True
                if not (by == "stored" and turned and _is_symmetric(rule)):
                    yield _named(rule, by, turned, but)
        if known:
            return


def _is_symmetric(rule: SizeRule) -> bool:
    limit = rule.resize["limit"]
    return rule.resize["fit"] in SYMMETRIC and not (isinstance(limit, Rule) and limit.by in ("width", "height"))


def _named(rule: SizeRule, by: By, turned: bool | None, but: tuple[str, ...]) -> SizeRule:
    extra = COSTS["turned afterwards"] if turned and by == "stored" else 0.0
    return replace(rule, by=by, turned=turned, cost=rule.cost + extra + COSTS["unexplained"] * len(but), but=but)


def _modes(sizes: Sequence[Sizes]) -> Iterator[tuple[By, bool | None, list[View]]]:
    """What the rule sees and what it makes, for each way in which stored orientation may matter."""
    stored = [View(s.stored, s.received) for s in sizes]
    if not any(s.is_turned and s.stored[0] != s.stored[1] for s in sizes):
        yield "shown", None, stored
        return
    yield "shown", True, [View(s.stored[::-1] if s.is_turned else s.stored, s.received) for s in sizes]
    yield "stored", False, stored
    yield "stored", True, [View(s.stored, s.received[::-1] if s.is_turned else s.received) for s in sizes]


SYMMETRIC = frozenset({Fit.LONGEST_SIDE, Fit.SHORTEST_SIDE, Fit.PIXELS, Fit.PERCENT})
"""Rules that treat a picture and the same turned alike, so that it does not matter which of them they see."""


def _of_views(views: Sequence[View], by_size: bool) -> Iterator[SizeRule]:
    enlarged = any(v.is_resized and v.received[0] * v.received[1] > v.sent[0] * v.sent[1] for v in views)
    for limit in limits(views, by_size):
        for derive, rounding, multiple in _hows(limit, views):
            for upscale in (True,) if enlarged else (False, True):
                rule = _rule(limit, derive, rounding, multiple, upscale, charged=not enlarged)
                if all(rule(*v.sent) == v.received for v in views):
                    yield rule


def _hows(limit: Limit, views: Sequence[View]) -> Iterator[tuple[Derive, Rounding, int]]:
    """The ways to derive a side that could give these sizes."""
    sides = [side for v in views if v.is_resized for side in v.received]
    free = limit.fit in (Fit.PIXELS, Fit.PERCENT)  # both sides are derived, in one way
    derives = (Derive.EXACT,) if free else BOTH if limit.derived else ONE
    # One side of each resized picture is the limit and need be no multiple, unless both are derived.
    least = len(sides) if free or limit.derived else len(sides) // 2
    for multiple in MULTIPLES:
        if sum(side % multiple == 0 for side in sides) < least:
            continue
        for derive in derives:
            if derive is Derive.PILLOW_THUMBNAIL:
                if multiple == 1:
                    yield derive, Rounding.HALF_UP, 1
                continue
            for rounding in Rounding:
                yield derive, rounding, multiple


def _rule(limit: Limit, derive: Derive, rounding: Rounding, multiple: int, upscale: bool, charged: bool) -> SizeRule:
    resize: dict[str, Any] = {"fit": limit.fit, "limit": limit.limit}
    cost = COSTS[limit.fit] + COSTS[derive] + COSTS[rounding] + limit.oddity
    if limit.height:
        resize["limit_height"] = limit.height
    if derive is not Derive.EXACT:
        resize["derive"] = derive
    if rounding is not Rounding.HALF_UP:
        resize["rounding"] = rounding
    if multiple > 1:
        resize["multiple"] = multiple
        cost += COSTS["multiple"]
    if upscale:
        resize["upscale"] = True
        cost += COSTS["upscale"] * charged
    if isinstance(limit.limit, Rule):
        cost += COSTS["threshold"] * len(limit.limit.up_to)
    return SizeRule(resize, "shown", None, cost)


# --- what is said of them ---------------------------------------------------------------------------------------------


def _none_resized(sizes: Sequence[Sizes]) -> Decision:
    largest = max((s.stored for s in sizes), key=lambda s: s[0] * s[1])
    w, h = largest
    return Decision(
        "size rule", "resize", "not resized", guess=True,
        reason=f"none of {len(sizes)} pictures was resized, the largest {w} x {h}",
        would_tell=f"a picture larger than {w} x {h}, say 6000 x 4000, and one of 100 x 75",
        evidence={"resized": 0, "pairs": len(sizes)},
    )  # fmt: skip


def _decision(sizes: Sequence[Sizes], rules: Sequence[SizeRule]) -> Decision:
    resized = [s for s in sizes if s.is_resized]
    shown = [f"{s.stored[0]} x {s.stored[1]} -> {s.received[0]} x {s.received[1]}" for s in resized]
    evidence: dict[str, object] = {"resized": len(resized), "pairs": len(sizes), "sizes": shown}
    if not rules:
        return Decision(
            "size rule", "resize", "unknown", guess=True, evidence=evidence,
            reason=f"no rule known here gives the sizes of {len(resized)} resized pictures: {'; '.join(shown[:4])}",
            would_tell="more pictures of one shape in several sizes, larger than any that was sent",
        )  # fmt: skip
    best = rules[0]
    rounded = sum(_is_rounded(best, s) for s in resized)
    reason = f"gives all {len(sizes)} sizes; {len(resized)} were resized, {rounded} of them with a side to round"
    if best.but:
        explained = sum(s.name not in best.but for s in resized)
        reason = (
            f"gives the sizes of {len(sizes) - 1} of {len(sizes)} pairs ({explained} resized), but not {best.but[0]}'s"
        )
    outcomes = _outcomes(rules)
    groups = behaviours(rules, outcomes)
    tied = tuple(str(group[0]) for group in groups[1 : MOST_TOLD + 1])
    if len(groups) > 1:
        reason += f"; {len(groups)} rules do, the simplest is taken"
    evidence |= {
        "rounded": rounded,
        "rules": len(rules),
        "behaviours": [[str(rule) for rule in group] for group in groups[:MOST_TOLD]],
        "not explained": list(best.but),
    }
    return Decision(
        "size rule", "resize", str(best), tied=tied, reason=reason, guess=len(groups) > 1,
        would_tell=_telling_picture(outcomes), evidence=evidence,
        decided_by=tuple(s.name for s in resized if s.name not in best.but),
    )  # fmt: skip


def _is_rounded(rule: SizeRule, sizes: Sizes) -> bool:
    """Whether the received ratio is not exactly the sent one, so that the pair says something about rounding."""
    w, h = sizes.stored[::-1] if sizes.is_turned and rule.turned is not False else sizes.stored
    return w * sizes.received[1] != h * sizes.received[0]


def _pictures(rules: Sequence[SizeRule]) -> list[tuple[int, int]]:
    """Picture sizes on which rules are compared: camera and screen shapes and odd ones around and above the limit."""
    first = rules[0].resize["limit"]
    limit = first if isinstance(first, int) else first.otherwise
    if rules[0].resize["fit"] in (Fit.PIXELS, Fit.PERCENT):
        limit = math.isqrt(limit) if rules[0].resize["fit"] is Fit.PIXELS else 1600
    limit = min(limit, 20000)
    shapes = ((3, 2), (4, 3), (16, 9), (1, 1), (21, 10), (1001, 700), (997, 641))
    out = []
    for factor in (0.5, 1.01, 1.3, 1.5, 1.7, 2.0, 2.6, 4.0):
        for a, b in shapes:
            for nudge in (0, 3):
                w = int(limit * factor) + nudge
                h = max(1, w * b // a - nudge)
                out += [(w, h), (h, w)]
    return list(dict.fromkeys(out))


Outcomes = dict[tuple[int, int], list[tuple[int, int]]]
"""Picture -> what each rule makes of it."""


def _outcomes(rules: Sequence[SizeRule]) -> Outcomes:
    return {picture: [rule(*picture) for rule in rules] for picture in _pictures(rules)}


def behaviours(rules: Sequence[SizeRule], outcomes: Outcomes | None = None) -> list[list[SizeRule]]:
    """The rules in groups that give the same size for each of some hundred pictures; the order is kept."""
    outcomes = _outcomes(rules) if outcomes is None else outcomes
    groups: dict[tuple[object, ...], list[SizeRule]] = {}
    for i, rule in enumerate(rules):
        key = (rule.by, rule.turned, *(made[i] for made in outcomes.values()))
        groups.setdefault(key, []).append(rule)
    return list(groups.values())


def _telling_picture(outcomes: Outcomes) -> str:
    """In words, a picture for which the rules give the most different sizes; empty where none of those tried does."""
    picture, made = max(outcomes.items(), key=lambda item: len(set(item[1])))
    sizes = list(dict.fromkeys(f"{w} x {h}" for w, h in made))
    return f"a picture of {picture[0]} x {picture[1]}: it would become {' or '.join(sizes[:4])}" if sizes[1:] else ""
