"""Files that are passed through beside others that are not, and channels that change no coefficient: learned whole."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import understudy as us
from learning.pictures import jpeg, opened, picture, png
from shared_folder import shared
from understudy.codec.sizes import Fit
from understudy.jpeg.entropy_decode import MAX_PIXELS
from understudy.learning.learned import learn
from understudy.learning.matching import match
from understudy.learning.passing import in_words, passing
from understudy.learning.size_rules import size_rules
from understudy.profile import dumps, loads
from understudy.steps.passthrough import Passthrough

SIZES = [(64, 48), (90, 60), (100, 64), (160, 99), (170, 130), (133, 120)]
SENT = [jpeg(picture(i, *size), quality=90) for i, size in enumerate(SIZES)]


def fitting(data: bytes, limit: int = 100) -> bytes:
    """A server that hands out JPEGs that fit and makes the others smaller."""
    image = opened(data)
    if max(image.size) <= limit:
        return data
    return jpeg(image.resize((limit, round(image.height * limit / image.width)), Image.Resampling.LANCZOS), quality=80)


def test_a_server_that_passes_on_what_fits_is_learned_and_plays_so() -> None:
    learned = learn([(data, fitting(data)) for data in SENT])
    assert learned.profile.steps[0] == Passthrough(fit=Fit.LONGEST_SIDE, limit=100)
    assert [us.mimic(data, learned.profile).data == fitting(data) for data in SENT] == [True] * 6
    assert loads(dumps(learned.profile)).steps == learned.profile.steps
    other = jpeg(picture(9, 101, 80), quality=90)
    assert us.mimic(other, learned.profile).data == fitting(other)


def found_for(changed: list[bytes], untouched: list[bytes]) -> tuple[Passthrough | None, bool]:
    """(the step, whether it is a guess) for JPEGs that come back at their own size, encoded anew or untouched."""
    pairs = [(d, jpeg(opened(d), quality=60)) for d in changed] + [(d, d) for d in untouched]
    matched = match(pairs)
    step, decision = passing(matched.untouched, matched.observed, size_rules(matched.observed))
    return step, decision.guess


def test_a_limit_of_bytes() -> None:
    """Small and large pictures in both groups: only bytes part them."""
    fine = [jpeg(picture(i, w, 80), quality=98) for i, w in enumerate((96, 160, 200))]
    coarse = [jpeg(picture(i, w, 80), quality=30) for i, w in enumerate((96, 160, 200))]
    most, least = max(map(len, coarse)), min(map(len, fine))
    assert most < least
    step, _ = found_for(fine, coarse)
    assert step is not None
    assert step.limit == MAX_PIXELS
    assert most <= step.max_bytes < least


def test_limits_that_nothing_tells_apart_are_a_guess() -> None:
    step, guess = found_for([SENT[4]], [SENT[0]])
    assert step is not None
    assert guess  # longest side, pixels, width, height, bytes: each of them parts two pictures


def test_no_limit_is_made_up_where_none_parts_the_files() -> None:
    """The smallest and the largest file are passed on, the one between is not, whatever is measured."""
    three = [jpeg(picture(1, *size), quality=q) for size, q in (((64, 48), 40), ((96, 72), 70), ((160, 120), 95))]
    assert [len(d) for d in three] == sorted(len(d) for d in three)
    step, guess = found_for([three[1]], [three[0], three[2]])
    assert (step, guess) == (None, True)


@pytest.mark.parametrize(
    ("step", "text"),
    [
        (Passthrough(fit=Fit.LONGEST_SIDE, limit=2048), "JPEGs up to a longest side of 2048"),
        (Passthrough(fit=Fit.PIXELS, limit=MAX_PIXELS, max_bytes=9000), "JPEGs up to 9000 bytes"),
        (Passthrough(fit=Fit.PIXELS, limit=MAX_PIXELS), "every JPEG"),
        (Passthrough(fit=Fit.BOX, limit=8, limit_height=6), "JPEGs up to a box of 8 x 6"),
    ],
)
def test_the_step_in_words(step: Passthrough, text: str) -> None:
    assert in_words(step) == text


def test_nothing_but_untouched_files_is_told_so() -> None:
    with pytest.raises(us.PairsError, match="byte for byte"):
        learn([(data, data) for data in SENT[:2]])
    found = match([(png(picture(1)), png(picture(1)))])
    assert [s.kind for s in found.set_aside] == ["untouched"]


@pytest.mark.shared
def test_imgur_is_learned_from_one_pair_as_a_rewriting_without_loss() -> None:
    folder = Path(shared("golden/imgur-2015-image"))
    pair = (folder / "sent.jpg").read_bytes(), (folder / "received.jpg").read_bytes()
    learned = learn([pair])
    assert [s.name for s in learned.profile.steps] == ["transcode", "envelope"]
    assert learned.scores.bytes_identical == 1
    assert us.mimic(pair[0], loads(dumps(learned.profile))).data == pair[1]
