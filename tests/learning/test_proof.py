"""Guesses by habit never stand against a pair; a profile's provenance is true and survives its TOML."""

from __future__ import annotations

import datetime
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest
from pictures import jpeg, opened, picture, png
from PIL import Image

from understudy.codec.sizes import Fit, Rounding
from understudy.codec.variants import Dct
from understudy.delivery import mimic
from understudy.jpeg.compose import Huffman
from understudy.learning import guesses, proof
from understudy.learning.headers import Headers
from understudy.learning.matching import Matched
from understudy.learning.observed import Observed
from understudy.learning.pipeline import Pipeline
from understudy.learning.question import Candidate, Decision, Trial
from understudy.learning.questions.orientation import Orientation, size_given
from understudy.learning.rendering import Agreement
from understudy.learning.search import Search
from understudy.learning.size_rules import size_rules
from understudy.profile import Profile, When, dumps, loads
from understudy.steps import Step
from understudy.steps.color import Color
from understudy.steps.decode import Decode
from understudy.steps.encode import Encode
from understudy.steps.envelope import Envelope
from understudy.steps.flatten import Flatten
from understudy.steps.orient import Orient
from understudy.steps.passthrough import Passthrough
from understudy.steps.resize import Resize
from understudy.terminal.profiles import show_one
from understudy.verification import PairScore, Scores

TODAY = datetime.date(2026, 11, 22)
STEPS = (Decode(), Orient(), Color(icc="drop"), Flatten(alpha="drop"), Encode())


def turned(seed: int, orientation: int, width: int = 96, height: int = 64) -> bytes:
    """A JPEG of stored `width` x `height` with an EXIF orientation."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return jpeg(picture(seed, width, height), quality=92, exif=exif)


def played(name: str, sent: bytes, *steps: Step) -> Observed:
    """The pair that a platform of these steps makes."""
    platform = Profile("test/platform", "", When("test"), (*steps, Envelope()))
    return Observed(name, sent, mimic(sent, platform).data)


def headers_of(encode: Encode, **more: Any) -> Headers:
    return Headers(**({"encode": encode, "envelope": Envelope(), "free": {}, "decisions": (), "family": (),
                       "reproduced": 1} | more))  # fmt: skip


# --- orientation ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("orientation", range(2, 9))
@pytest.mark.parametrize("apply", [True, False])
def test_each_orientation_tells_whether_it_is_applied(orientation: int, apply: bool) -> None:
    pair = played("a", turned(1, orientation), Decode(), Orient(apply), Encode())
    search = Search([pair], Pipeline((Decode(), Orient(), Encode())))
    decision = search.ask(Orientation())
    assert decision.answer == ("applied" if apply else "ignored")
    assert not decision.guess and search.pipeline.get(Orient).apply is apply
    assert decision.decided_by == ("a",)


def test_upright_pictures_leave_it_open() -> None:
    pair = played("a", png(picture(1, 64, 48)), Decode(), Encode())
    decision = Search([pair], Pipeline((Decode(), Orient(), Encode()))).ask(Orientation())
    assert decision.guess and decision.tied == ("ignored",)


@pytest.mark.parametrize("shown", [True, False])
def test_turning_after_the_resize_is_found_where_sizes_show_it(shown: bool) -> None:
    """A width of 48 for the stored picture, or for the upright one, which is turned afterwards."""
    resize = Resize(fit=Fit.WIDTH, limit=48, as_shown=shown)
    pair = played("a", turned(3, 6, 120, 80), Decode(), resize, Orient(), Encode())
    start = Pipeline((Decode(), Orient(), Resize(fit=Fit.WIDTH, limit=48), Encode()))
    search = Search([pair], start)
    search.ask(Orientation())
    assert size_given(search.pipeline, pair) == pair.size
    assert search.pipeline.get(Orient).apply


# --- guesses -------------------------------------------------------------------------------------------------------


def settled(pairs: list[Observed], *steps: Step, headers: Headers | None = None) -> tuple[Search, Headers]:
    search = Search(pairs, Pipeline(steps))
    search.ask(Orientation())
    encode = search.pipeline.encode
    return search, guesses.settle(search, headers or headers_of(encode), size_rules(pairs))


def test_what_no_pair_shows_follows_the_software_and_stays_a_guess() -> None:
    """Pillow's arithmetic and headers: it ignores orientation unless it is told."""
    pair = played("a", png(picture(1, 64, 48)), *STEPS)
    search, _ = settled([pair], *STEPS)
    decision = search.decisions["EXIF orientation"]
    assert decision.answer == "ignored" and decision.guess
    assert "Pillow" in decision.reason and decision.tied == ("applied",) and decision.would_tell
    assert search.pipeline.get(Orient).apply is False
    assert search.decisions["software"].answer == "Pillow"


def test_a_habit_does_not_stand_against_a_pair() -> None:
    pair = played("a", turned(1, 6), *STEPS)
    search, _ = settled([pair], *STEPS)
    assert search.decisions["EXIF orientation"].answer == "applied"
    assert not search.decisions["EXIF orientation"].guess
    assert search.pipeline.get(Orient).apply is True


def test_a_tie_that_is_none_on_all_pairs_is_not_taken() -> None:
    """A decision that calls two answers tied, of which the habit's is worse on a pair: the search is asked again."""
    pair = played("a", turned(1, 6), *STEPS)
    search = Search([pair], Pipeline(STEPS))
    both = [
        Candidate(label, search.pipeline.changed(Orient, apply=label == "applied")) for label in ("applied", "ignored")
    ]
    same = Agreement(10, 10, ((10, 10),))
    trials = tuple(Trial(c, (("a", same),)) for c in both)
    search.decisions["EXIF orientation"] = Decision(
        "EXIF orientation", "orient", "applied", trials, ("ignored",), "tied", True
    )
    guesses.settle(search, headers_of(Encode()), size_rules(search.pairs))
    assert search.decisions["EXIF orientation"].answer == "applied"
    assert search.pipeline.get(Orient).apply is True


def test_answers_that_come_to_the_same_are_no_guess() -> None:
    """Where turning stands does not matter where nothing is turned."""
    steps = (Decode(), Orient(False), Resize(limit=40), Encode())
    pair = played("a", png(picture(1, 64, 48)), *steps)
    search = Search([pair], Pipeline(steps))
    later = search.pipeline.ordered(("decode", "resize", "orient", "encode"))
    same = Agreement(10, 10, ((10, 10),))
    trials = tuple(
        Trial(Candidate(label, made), (("a", same),)) for label, made in (("first", search.pipeline), ("last", later))
    )
    search.decisions["order"] = Decision("order", "resize", "first", trials, ("last",), "tied", True)
    guesses.settle(search, headers_of(Encode()), size_rules(search.pairs))
    decision = search.decisions["order"]
    assert not decision.guess and decision.tied == () and "come to the same" in decision.reason


def test_transplanting_keeps_what_else_was_found() -> None:
    old = Pipeline((Decode(), Orient(), Resize(limit=100), Encode()))
    new = old.changed(Resize, geometry="common").ordered(("decode", "resize", "orient", "encode"))
    current = old.changed(Resize, kernel="bicubic")
    made = guesses.transplanted(current, old, new)
    assert made is not None
    assert made.names == ("decode", "resize", "orient", "encode")
    assert (made.get(Resize).kernel, made.get(Resize).geometry) == ("bicubic", "common")
    assert guesses.transplanted(current, old.without("orient"), new) is None


def test_headers_that_several_values_give_follow_the_software() -> None:
    encode = Encode(huffman=Huffman.OPTIMAL, dct=Dct.FLOAT)
    steps = (*STEPS[:-1], encode)
    pair = played("a", png(picture(1, 64, 48)), *steps)
    grey = Decision("grey pictures", "encode", "keep", tied=("narrow",), guess=True,
                    evidence={"parameter": "encode.grey", "options": ["keep", "narrow"]})  # fmt: skip
    density = Decision("density", "envelope", "0 1 1", guess=False)
    given = headers_of(encode, decisions=(grey, density), envelope=Envelope(density="sent"))
    search, found = settled([pair], *steps, headers=given)
    assert search.decisions["software"].answer == "ImageMagick"
    assert found.encode.grey == "narrow" and search.pipeline.encode.grey == "narrow"
    assert found.decisions[0].answer == "narrow" and found.decisions[0].guess
    assert found.decisions[1] is density


def test_what_only_a_grey_file_would_show_follows_from_what_is_known() -> None:
    """ImageMagick that makes 4:2:0 of 4:4:4 was told so, and then states factors in grey files."""
    encode = Encode(huffman=Huffman.OPTIMAL, dct=Dct.FLOAT, grey="narrow")
    steps = (*STEPS[:-1], encode)
    pair = played("a", png(picture(1, 64, 48)), *steps)
    given = headers_of(encode, envelope=Envelope(density="sent"))
    search, found = settled([pair], *steps, headers=given)
    assert found.encode.grey_factors and search.pipeline.encode.grey_factors
    decision = found.decisions[-1]
    assert decision.question == "factors of grey pictures" and decision.guess
    grey = played("grey", png(picture(1, 64, 48).convert("L")), *steps)
    _, found = settled([pair, grey], *steps, headers=given)
    assert not found.encode.grey_factors and found.decisions == ()


def test_nginx_passes_on_what_fits_unless_a_pair_shows_otherwise() -> None:
    steps = (Decode(), Orient(False), Color(icc="drop"), Flatten(alpha="drop"),
             Resize(fit=Fit.BOX_IN_TURN, limit=64, rounding=Rounding.FLOOR, code="gd", kernel="resampled"),
             Encode(grey="widen"))  # fmt: skip
    comment = Envelope(comment="CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 75\n")
    large = [
        played(f"p{i}", jpeg(picture(i, w, h)), *steps) for i, (w, h) in enumerate(((97, 71), (70, 101), (83, 89)))
    ]
    _, found = settled(large, *steps, headers=headers_of(steps[-1], envelope=comment))  # type: ignore[arg-type]
    assert found.first == (Passthrough(fit=Fit.BOX_IN_TURN, limit=64),)
    assert found.decisions[-1].guess
    small = played("small", jpeg(picture(7, 60, 50)), *steps)
    _, found = settled([*large, small], *steps, headers=headers_of(steps[-1], envelope=comment))  # type: ignore[arg-type]
    assert found.first == ()


def test_the_size_rule_is_the_recognised_softwares() -> None:
    """84 x 56 to 60 x 40 rounds nothing: OpenCV's cvRound of a scale is taken for OpenCV's arithmetic."""
    steps = (Decode(), Orient(), Color(icc="drop"), Flatten(alpha="drop"),
             Resize(limit=60, code="opencv", kernel="area"), Encode(grey="widen"))  # fmt: skip
    pair = played("a", png(picture(1, 84, 56)), *steps)
    search, _ = settled([pair], *steps)
    resize = search.pipeline.get(Resize)
    assert (resize.derive.value, resize.rounding.value) == ("scale", "half_even")
    decision = search.decisions["size rule"]
    assert decision.guess and "OpenCV" in decision.reason
    assert str(size_rules([pair]).rules[0]) in decision.tied


# --- the profile ---------------------------------------------------------------------------------------------------


def learned_from(pairs: list[Observed]) -> tuple[Search, Profile]:
    search, found = settled(pairs, *STEPS)
    scores = Scores("x", "predicted", tuple(PairScore(p.name, bytes_identical=True, coefficients=9,
                                                      coefficients_equal=1.0) for p in pairs))  # fmt: skip
    matched = Matched(tuple(pairs), (), ())
    return search, proof.profile(search, replace(found, reproduced=len(pairs)), matched, scores, "x/y", TODAY)


def test_a_profile_carries_its_pairs_rivals_and_guesses_through_toml(capsys: pytest.CaptureFixture[str]) -> None:
    sent = png(picture(1, 64, 48))
    pairs = [played("flat", sent, *STEPS), played("turned", turned(2, 6), *STEPS)]
    _, made = learned_from(pairs)
    assert loads(dumps(made)) == made
    assert made.learned is not None
    row = made.learned.pairs[0]
    assert (row.sent, row.received) == (sha256(sent).hexdigest(), sha256(pairs[0].received).hexdigest())
    assert row.result == "byte for byte"
    answer = next(a for a in made.learned.answers if a.question == "EXIF orientation")
    assert answer.answer == "applied" and answer.decided_by == ("turned",)
    assert answer.rivals[0].startswith("ignored: ")
    assert any(text.startswith("size rule: not resized is a guess") for text in made.unproven)
    assert made.proof[0].result == "2 of 2 files byte for byte, 2 with every coefficient, 100 % of all coefficients"
    assert "turned alone decides EXIF orientation" in made.proof[2].result
    assert mimic(sent, made).data == pairs[0].received
    show_one(made)
    assert "learned" in (said := capsys.readouterr().out) and row.sent[:8] in said


def test_one_pair_is_told_as_one() -> None:
    _, made = learned_from([played("a", png(picture(1, 64, 48)), *STEPS)])
    assert any(text.startswith("learned from one pair") for text in made.unproven)
    assert len(made.proof) == 2, "nothing can be left out of one"


def test_the_jackknife_finds_what_one_pair_alone_decides() -> None:
    flat = played("flat", png(picture(1, 64, 48)), *STEPS)
    first, second = (played(f"turned {i}", turned(i, 6), *STEPS) for i in (2, 3))
    alone, _ = learned_from([flat, first])
    assert proof.jackknife(alone).alone == {"turned 2": ("EXIF orientation",)}
    assert proof.jackknife(alone).proved == ("flat",)
    both, _ = learned_from([flat, first, second])
    assert proof.jackknife(both).alone == {}


def test_a_rival_tried_on_one_pair_is_tried_on_others_before_that_pair_is_said_to_decide_alone() -> None:
    first, second = (played(f"turned {i}", turned(i, 6), *STEPS) for i in (2, 3))
    search, _ = learned_from([first, second])
    decision = search.decisions["EXIF orientation"]
    cut = tuple(replace(t, agreements=t.agreements[:1]) for t in decision.trials)
    search.decisions = {decision.question: replace(decision, trials=cut)}
    assert proof.jackknife(search).alone == {}


def test_what_only_one_pair_teaches_is_not_held_out() -> None:
    pairs = [played(f"p{i}", png(picture(i, 40, 32)), Decode(), Encode()) for i in range(4)]
    only = played("turned", turned(9, 6, 40, 32), Decode(), Encode())
    to_learn, held = proof.divide([*pairs, only], 0.5)
    assert len(held) == 2 and only in to_learn and not set(held) & set(to_learn)
    assert proof.divide([*pairs, only], 0.5) == (to_learn, held)
    assert proof.divide([only], 0.5) == ((only,), ())
    assert proof.divide(pairs, 0.0) == (tuple(pairs), ())


def test_held_out_pairs_stand_first_in_the_proof() -> None:
    _, made = learned_from([played("a", png(picture(1, 64, 48)), *STEPS)])
    scores = Scores("x", "predicted", (PairScore("b", coefficients=10, coefficients_equal=0.9),))
    more = proof.with_held_out(made, scores, TODAY)
    assert more.proof[0].what.startswith("pairs that it was not learned from")
    assert more.proof[0].result == "0 of 1 files byte for byte, 0 with every coefficient, 90.00 % of all coefficients"
    assert more.proof[1:] == made.proof
    assert loads(dumps(more)) == more


def test_pictures_are_opened_as_they_were_sent() -> None:
    """The helper of this file does store an orientation."""
    assert opened(turned(1, 6)).getexif()[0x0112] == 6
