"""Size rules are found from sizes: any rule that the steps know, drawn at random, and those that real code has."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from understudy.codec.sizes import Derive, Fit, Rounding, target
from understudy.learning.size_limits import oddity, roundest
from understudy.learning.size_rules import Sizes, behaviours, from_sizes, with_others
from understudy.profile import dumps, loads
from understudy.steps import Rule
from understudy.steps.resize import Resize

Size = tuple[int, int]

PICTURES: tuple[Size, ...] = (
    (4032, 3024), (2003, 2501), (1201, 1499), (1440, 2160), (5000, 3333), (640, 427), (3000, 997), (997, 3001),
)  # fmt: skip
"""Landscape and portrait, large and small, sides that share no factor."""


def sizes_of(rule: Callable[[int, int], Size], pictures: tuple[Size, ...] = PICTURES) -> list[Sizes]:
    """What a rule makes of upright pictures."""
    return [Sizes(f"p{i}", size, 1, rule(*size)) for i, size in enumerate(pictures)]


def by_step(step: Resize) -> Callable[[int, int], Size]:
    """A resize's rule."""

    def rule(width: int, height: int) -> Size:
        made = step.target(width, height)
        return made.width, made.height

    return rule


def by(**parameters: Any) -> Callable[[int, int], Size]:
    """The rule of a resize with these parameters."""
    return by_step(Resize(**parameters))


@st.composite
def resizes(draw: st.DrawFn) -> Resize:
    """Any rule, with a limit that people would choose; those that change shapes are framings."""
    fit = draw(st.sampled_from([f for f in Fit if f not in (Fit.STRETCH, Fit.FILL)]))
    limit = draw(st.sampled_from([720, 1024, 1080, 1280, 1600, 1920, 2048, 1333]))
    height = draw(st.sampled_from([0, 900, 1350])) if fit in (Fit.BOX, Fit.BOX_IN_TURN, Fit.COVER) else 0
    area = {"limit": draw(st.sampled_from([1_000_000, 2_000_000, 1 << 20, 1280 * 720]))} if fit is Fit.PIXELS else {}
    area |= {"limit": draw(st.sampled_from([25, 50, 70, 33]))} if fit is Fit.PERCENT else {}
    derive = Derive.EXACT if area else draw(st.sampled_from(list(Derive)))
    return Resize(**{
        "fit": fit, "limit": limit, "limit_height": height, "derive": derive,
        "rounding": draw(st.sampled_from(list(Rounding))),
        "multiple": draw(st.sampled_from([1, 1, 1, 2, 8])), **area,
    })  # fmt: skip


@given(resizes())
@settings(max_examples=80, phases=[Phase.explicit, Phase.generate])
def test_a_rule_that_made_sizes_is_found_or_one_that_makes_the_same(truth: Resize) -> None:
    sizes = sizes_of(by_step(truth))
    if not any(s.is_resized for s in sizes):
        return
    found = from_sizes(sizes)
    assert found.resizes
    assert found.rules, "the rule itself is among the hypotheses"
    for rule in found.rules:
        assert rule.but == ()
        for s in sizes:
            assert rule(*s.stored) == s.received
        Resize(**rule.resize)


def test_with_many_pictures_the_first_rule_foretells_others() -> None:
    """Of rules on a side, 40 drawn with a fixed seed: sides of pictures that were not seen are foretold to a pixel."""
    draw = Random(5)
    for _ in range(40):
        truth = Resize(
            fit=draw.choice([Fit.LONGEST_SIDE, Fit.WIDTH, Fit.SHORTEST_SIDE]),
            limit=draw.choice([720, 1280, 1600, 1333]),
            derive=draw.choice(list(Derive)),
            rounding=draw.choice(list(Rounding)),
        )  # fmt: skip
        pictures = tuple((draw.randint(300, 6000), draw.randint(300, 6000)) for _ in range(12))
        made = from_sizes(sizes_of(by_step(truth), (*PICTURES, *pictures))).rules[0]
        for width, height in ((4321, 2001), (2222, 3939), (1700, 1650), (900, 5000)):
            real = by_step(truth)(width, height)
            assert max(abs(a - b) for a, b in zip(made(width, height), real, strict=True)) <= 1, (truth, made)


@pytest.mark.parametrize(
    ("code", "parameters"),
    [
        (lambda w, h: (round(w * 1600 / max(w, h)), round(h * 1600 / max(w, h))), {"limit": 1600}),
        (lambda w, h: (1080, round(h * 1080 / w)), {"fit": Fit.WIDTH, "limit": 1080}),
        (lambda w, h: (int(w * 0.5 + 0.5), int(h * 0.5 + 0.5)), {"fit": Fit.PERCENT, "limit": 50}),
        (lambda w, h: (1280, round(h * 1280 / w / 2) * 2), {"fit": Fit.WIDTH, "limit": 1280, "multiple": 2}),
        (lambda w, h: (int(w * (1920 / max(w, h))), int(h * (1920 / max(w, h)))),
         {"limit": 1920, "derive": Derive.SCALE_BOTH, "rounding": Rounding.FLOOR}),
        (lambda w, h: (int(w / (max(w, h) / 1600)), int(h / (max(w, h) / 1600))),
         {"limit": 1600, "derive": Derive.SHRINK_BOTH, "rounding": Rounding.FLOOR}),
        (lambda w, h: (int(w * (1080 / max(w, h))) // 16 * 16, int(h * (1080 / max(w, h))) // 16 * 16),
         {"limit": 1080, "multiple": 16, "rounding": Rounding.FLOOR}),
    ],
    ids=["round", "width", "half", "even sides", "int of a scale", "int of a shrink", "multiples of 16"],
)  # fmt: skip
def test_what_programs_write_is_found(code: Callable[[int, int], Size], parameters: dict[str, object]) -> None:
    pictures = tuple(size for size in (*PICTURES, (2399, 1601), (1931, 2579), (4001, 2250)) if min(size) > 1080)
    found = from_sizes(sizes_of(code, pictures))
    assert found.rules
    assert any(all(rule.resize.get(k) == v for k, v in parameters.items()) for rule in found.rules)


def test_orientation_decides_which_sides_the_rule_sees() -> None:
    def pairs(turned: bool, as_shown: bool) -> list[Sizes]:
        out = []
        for i, (w, h) in enumerate(PICTURES):
            seen = (h, w) if as_shown else (w, h)
            made = by(fit=Fit.WIDTH, limit=1080)(*seen)
            received = made if turned == as_shown else made[::-1]
            out += [Sizes(f"p{i}", (w, h), 6, received), Sizes(f"q{i}", (w, h), 1, by(fit=Fit.WIDTH, limit=1080)(w, h))]
        return out

    for turned, as_shown in ((True, True), (False, False), (True, False)):
        found = from_sizes(pairs(turned, as_shown))
        assert found.rules[0].turned is turned
        assert found.rules[0].by == ("shown" if as_shown else "stored")
        assert found.rules[0].resize == {"fit": Fit.WIDTH, "limit": 1080}


def test_nothing_is_said_of_orientation_where_nothing_shows_it() -> None:
    found = from_sizes(sizes_of(by(limit=1600)))
    assert {rule.turned for rule in found.rules} == {None}


def test_limits_by_size() -> None:
    """Small pictures pass, middling ones get one limit, large ones another."""
    truth = Rule("longest_side", ((1500, 65535), (3500, 960)), 2048)
    found = from_sizes(sizes_of(by(limit=truth)))
    rule = found.rules[0].resize["limit"]
    assert isinstance(rule, Rule)
    assert (rule.by, [v for _, v in rule.up_to], rule.otherwise) == ("longest_side", [65535, 960], 2048)
    assert 1499 <= rule.up_to[0][0] < 2160 and 3001 <= rule.up_to[1][0] < 4032
    text = f'schema = 1\nname = "a/b"\n[when]\nplatform = "a"\n{_steps(Resize(**found.rules[0].resize))}'
    assert loads(dumps(loads(text))) == loads(text)


def _steps(resize: Resize) -> str:
    rows = ", ".join(f"[{a}, {b}]" for a, b in resize.limit.up_to)  # type: ignore[union-attr]
    limit = f'{{by = "longest_side", up_to = [{rows}], otherwise = {resize.limit.otherwise}}}'  # type: ignore[union-attr]
    steps = [("decode", ""), ("resize", f"limit = {limit}"), ("encode", ""), ("envelope", "")]
    return "\n".join(f'[[steps]]\nstep = "{name}"\n{more}' for name, more in steps)


def test_one_pair_that_does_not_fit_is_named_and_not_fitted() -> None:
    sizes = sizes_of(by(limit=1600))
    odd = Sizes("odd", (3000, 2000), 1, (801, 534))
    found = from_sizes([*sizes, odd])
    assert found.rules[0].resize == {"fit": Fit.LONGEST_SIDE, "limit": 1600}
    assert found.rules[0].but == ("odd",)
    assert "odd" in found.decision.reason
    assert "odd" not in found.decision.decided_by


def test_sizes_of_no_rule_are_told_as_such() -> None:
    sizes = [Sizes(f"p{i}", (3000 + i, 2000), 1, (700 + 13 * i * i, 300 + 7 * i)) for i in range(6)]
    found = from_sizes(sizes)
    assert found.resizes and found.rules == () and found.decision.guess
    assert found.decision.answer == "unknown"


def test_pictures_that_kept_their_size_decide_no_rule() -> None:
    found = from_sizes([Sizes("a", (800, 600), 1, (800, 600)), Sizes("b", (600, 800), 6, (800, 600))])
    assert not found.resizes and found.rules == ()
    assert "larger than 800 x 600" in found.decision.would_tell


def test_rivals_are_grouped_by_what_they_do_and_a_picture_tells_them_apart() -> None:
    """One landscape picture leaves width and longest side open; the picture that is named tells them apart."""
    found = from_sizes([Sizes("a", (3000, 2000), 1, (1500, 1000))])
    groups = behaviours(found.rules)
    assert len(groups) > 1 and found.decision.guess
    assert {Fit.LONGEST_SIDE, Fit.WIDTH} <= {rule.resize["fit"] for rule in found.rules}
    words = found.decision.would_tell.removeprefix("a picture of ").split(":")[0].split(" x ")
    width, height = int(words[0]), int(words[1])
    assert len({rule(width, height) for rule in found.rules}) > 1


def test_a_tie_that_every_picture_leaves_is_no_guess() -> None:
    """Where all remaining rules do the same to every picture that is tried, the answer is not called a guess."""
    decided = [Sizes(f"p{i}", (w, h), 1, by(limit=1280, rounding=Rounding.FLOOR)(w, h))
               for i, (w, h) in enumerate([*PICTURES, (1700, 1699), (1292, 1293), (5120, 5123)])]  # fmt: skip
    found = from_sizes(decided)
    assert len(found.rules) > 1
    assert found.decision.guess == (len(behaviours(found.rules)) > 1)
    assert str(found.rules[0]).startswith("longest side 1280")


def test_round_numbers() -> None:
    assert roundest(1_950_000, 2_090_000) == 2_000_000
    assert roundest(1_047_000, 1_049_000) == 1 << 20
    assert roundest(921_100, 921_900) == 1280 * 720
    assert roundest(7, 6) is None
    assert oddity(1600) == oddity(1080) == 0.0 < oddity(1650) < oddity(1365)


def test_a_side_of_a_derived_pair_may_miss_its_limit() -> None:
    """1611 * (1600 / 1611) is less than 1600 in float64."""
    width = next(w for w in range(1601, 3000) if int(w * (1600 / w)) == 1599)
    made = target(width, 900, Fit.LONGEST_SIDE, 1600, derive=Derive.SCALE_BOTH, rounding=Rounding.FLOOR)
    assert made.width == 1599 and made.height == int(900 * (1600 / width))
    assert target(width, 900, Fit.LONGEST_SIDE, 1600, derive=Derive.SCALE, rounding=Rounding.FLOOR).width == 1600


def test_pictures_of_another_format_decide_what_the_pairs_leave_open() -> None:
    """nginx's image filter, of which two JPEGs leave open how the other side is rounded, and two PNGs do not."""
    pairs = [Sizes("a", (600, 450), 1, (512, 384)), Sizes("b", (3488, 5056), 1, (353, 512))]
    others = [Sizes("c", (521, 467), 1, (512, 458)), Sizes("d", (616, 456), 1, (512, 379))]
    alone = from_sizes(pairs)
    assert alone.decision.guess
    found = with_others(pairs, others)
    assert found.rules[0].resize["rounding"] is Rounding.FLOOR
    assert "of pictures that came back in another format" in found.decision.reason
    elsewhere = [Sizes("c", (521, 467), 1, (100, 90)), Sizes("d", (616, 456), 1, (300, 222))]
    assert with_others(pairs, elsewhere).rules == alone.rules


@pytest.mark.parametrize(("count", "parts"), [(1, 3), (2, 3), (3, 8), (333, 1000)])
def test_a_scale_that_is_no_whole_percentage(count: int, parts: int) -> None:
    found = from_sizes(sizes_of(by(fit=Fit.PERCENT, limit=count, limit_height=parts))).rules[0]
    assert (found.resize["fit"], found.resize["limit"], found.resize["limit_height"]) == (Fit.PERCENT, count, parts)
    assert f"{count}/{parts} of each side" in str(found)
