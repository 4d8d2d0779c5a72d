"""Steps in words: every parameter value of the shipped profiles has some, and they say what is true."""

from __future__ import annotations

import pytest

from understudy.learning.words import brief, in_words, sentences
from understudy.profile import shipped_profiles
from understudy.steps import registry
from understudy.steps.base import Rule
from understudy.steps.encode import Encode
from understudy.steps.flatten import Flatten
from understudy.steps.orient import Orient
from understudy.steps.resize import Resize


@pytest.mark.parametrize("name", shipped_profiles())
def test_every_shipped_profile_has_words(name: str) -> None:
    profile = shipped_profiles()[name]
    told = sentences(profile)
    assert [step for step, _ in told] == [step.name for step in profile.steps]
    for text in (*(words for _, words in told), brief(profile)):
        assert text
        for raw in ("Rule(", "mappingproxy", "<", "None", "{", "  "):
            assert raw not in text, text


def test_every_step_has_words() -> None:
    assert all(in_words(kind()) for kind in registry().values())


def test_the_words_say_what_differs() -> None:
    assert in_words(Orient()) != in_words(Orient(apply=False))
    assert "white" in in_words(Flatten()) and "black" in in_words(Flatten(background=(0, 0, 0)))
    assert "forgotten" in in_words(Flatten(alpha="drop"))
    assert "the longer side is 1600" in in_words(Resize(limit=1600))
    assert "1200 x 800" in in_words(Resize(fit="box", limit=1200, limit_height=800))  # type: ignore[arg-type]
    assert "larger or smaller" in in_words(Resize(upscale=True))
    rule = Rule("longest_side", ((960, 71),), 85)
    assert "71 up to longest side 960, otherwise 85" in in_words(Encode(quality=rule))
    assert "baseline" in in_words(Encode()) and "10 scans" in in_words(Encode(script="simple10"))
