"""Rules for what varies: found where files show them, believed only where chance would seldom look the same."""

from __future__ import annotations

import io
import itertools

import numpy as np
import pytest
from PIL import Image

import understudy as us
from understudy.errors import ProfileError
from understudy.learning.rules import by_sent, by_size, chance, explained, intervals, roundest
from understudy.learning.settling import settle
from understudy.profile import dumps, loads
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


def test_a_rule_by_the_sent_file_where_no_size_gives_the_values() -> None:
    values = [60, 85, 60, 85, 60, 85]
    sizes = [(800, 600)] * 6
    assert by_size(sizes, values) is None
    measures = {"sent_quality": [None] * 6, "sent_bytes": [900, 100, 700, 400, 800, 200]}
    found = by_sent(measures, values)
    assert found is not None
    assert found.supported
    assert (found.rule.by, found.rule.up_to, found.rule.otherwise) == ("sent_bytes", ((500, 85),), 60)
    assert str(found.rule) == "85 up to the sent file's bytes 500, otherwise 60"


def test_files_that_lack_a_measure_have_what_is_left() -> None:
    quality = [70, None, 75, 80, None, 95, 97, 98]
    values = [80, 90, 80, 80, 90, 90, 90, 90]
    found = by_sent({"sent_quality": quality}, values)
    assert found is not None
    assert (found.rule.by, found.rule.up_to, found.rule.otherwise) == ("sent_quality", ((80, 80),), 90)
    assert by_sent({"sent_quality": quality}, [80, 80, 80, 80, 90, 90, 90, 90]) is None  # files without one, two values


def test_a_profile_says_a_rule_by_the_sent_file_and_mimic_plays_it() -> None:
    rng = np.random.default_rng(5)
    picture = Image.fromarray(rng.integers(0, 255, (48, 64, 3), np.uint8))
    rule = Rule("sent_quality", ((80, 60),), 90)
    profile = us.load_profile("generic/libjpeg-turbo").with_values({"encode.quality": rule})
    again = loads(dumps(profile))
    for sent, wanted in ((70, 60), (80, 60), (81, 90)):
        file = io.BytesIO()
        picture.save(file, "JPEG", quality=sent)
        same = us.mimic(file.getvalue(), profile, quality=wanted).data
        assert us.mimic(file.getvalue(), again).data == same
    file = io.BytesIO()
    picture.save(file, "PNG")
    assert us.mimic(file.getvalue(), again).data == us.mimic(file.getvalue(), profile, quality=90).data
    assert us.mimic(np.asarray(picture), again).data == us.mimic(file.getvalue(), profile, quality=90).data
    with pytest.raises(ProfileError, match="sent_quality"):
        rule(64, 48)


def test_learn_finds_a_rule_by_the_sent_files_bytes() -> None:
    """A platform that compresses large files more; all come back in one size."""
    pairs = []
    for seed, quality in enumerate((95, 30, 90, 40, 97, 20, 92, 35)):
        rng = np.random.default_rng(seed)
        base = rng.integers(0, 255, (12, 16, 3), np.uint8)
        picture = Image.fromarray(base).resize((192, 144), Image.Resampling.BICUBIC)
        sent, received = io.BytesIO(), io.BytesIO()
        picture.save(sent, "JPEG", quality=quality)
        decoded = Image.open(io.BytesIO(sent.getvalue()))
        decoded.save(received, "JPEG", quality=70 if quality > 50 else 85)
        pairs.append((sent.getvalue(), received.getvalue()))
    learned = us.learn(pairs)
    rule = next(s for s in learned.profile.steps if s.name == "encode").quality  # type: ignore[attr-defined]
    assert isinstance(rule, Rule)
    assert rule.by in ("sent_quality", "sent_bytes")
    assert us.verify(learned.profile, pairs, free="predicted").bytes_identical == 8
