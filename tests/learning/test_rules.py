"""Rules for what varies: found where files show them, believed only where chance would seldom look the same."""

from __future__ import annotations

import itertools

import pytest

from understudy.learning.rules import by_size, chance, explained, intervals, roundest
from understudy.learning.settling import settle
from understudy.steps import Rule


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"),
    [(960, 1079, 1000), (1400, 1919, 1500), (960, 961, 960), (2017, 2047, 2020), (7, 7, 7), (1, 9, 5), (99, 101, 100)],
)
def test_the_roundest_number_between_two(lowest: int, highest: int, expected: int) -> None:
    assert roundest(lowest, highest) == expected
    assert lowest <= roundest(lowest, highest) <= highest


@pytest.mark.parametrize("values", ["aab", "aabb", "aaabb", "aaabbb", "abc", "aabbcc"])
def test_chance_is_the_share_of_orders_with_as_few_runs(values: str) -> None:
    """Counted over all orders of the values."""
    fewest = len(set(values))
    orders = set(itertools.permutations(values))
    as_good = sum(len(list(itertools.groupby(order))) == fewest for order in orders)
    assert chance(values, fewest) == pytest.approx(as_good / len(orders))
    assert chance(values, fewest + 1) == 1.0


def test_a_limit_is_put_where_pictures_were_brought_to_it() -> None:
    sizes = [(960, 700), (960, 640), (640, 960), (1080, 1080), (2048, 1000), (1920, 1080)]
    values = [71, 71, 71, 85, 85, 85]
    capped = by_size(sizes, values, [True] * 3 + [False] * 3)
    assert capped is not None
    assert capped.rule == Rule("longest_side", ((960, 71),), 85)
    assert (capped.supported, capped.chance) == (True, pytest.approx(0.1))
    free = by_size(sizes, values)
    assert free is not None
    assert free.rule.up_to == ((1000, 71),)
    assert "3 + 3 files, limits somewhere between 960 and 1080" in str(free)


def test_pixels_where_sides_do_not_part_the_files() -> None:
    sizes = [(1000, 100), (100, 900), (300, 290), (400, 390), (410, 400), (390, 420)]
    found = by_size(sizes, [80, 80, 80, 60, 60, 60])
    assert found is not None
    assert (found.rule.by, found.rule(1000, 100), found.rule(400, 400)) == ("pixels", 80, 60)


def test_no_rule_where_one_size_has_two_values_or_every_file_its_own() -> None:
    assert by_size([(10, 10), (10, 10)], [1, 2]) is None
    assert by_size([(n, n) for n in (10, 20, 30, 40)], [1, 2, 1, 2]) is None


def test_intervals_are_runs_in_order() -> None:
    assert [(i.value, i.lowest, i.highest, i.files) for i in intervals([3, 1, 2, 9], "baab")] == [
        ("a", 1, 2, 2),
        ("b", 3, 9, 2),
    ]
    assert intervals([1, 1], "ab") == ()


def test_what_else_a_value_goes_by_is_told() -> None:
    values = [85, 85, 85, 60, 60, 60]
    told = explained({"side": [1, 2, 3, 1, 2, 3], "bytes": [10, 20, 30, 400, 500, 600]}, values)
    assert told == "it goes by bytes: 85 from 10 to 30 (3 files), 60 from 400 to 600 (3 files)"
    assert explained({"side": [1, 2, 3, 1, 2, 3]}, values) == ""


def test_settling_takes_what_agrees_with_all_and_says_what_else_does() -> None:
    rows = [("x", ("none", "sent")), ("y", ("none", "sent")), ("z", ("sent", "always"))]
    found = settle(rows)
    assert found is not None
    assert (found.value, found.tied, found.free, found.decided_by) == ("sent", (), False, ("z",))
    both = settle(rows[:2])
    assert both is not None
    assert (both.value, both.tied) == ("none", ("sent",))
    none = settle([("x", (1,)), ("y", (2,)), ("z", (2,))])
    assert none is not None
    assert (none.value, none.free) == (2, True)
    assert settle([]) is None
