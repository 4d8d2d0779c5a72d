"""ImageMagick's choice of DCT by quality, against its own files; then a channel of it learned whole, and played."""

from __future__ import annotations

from pathlib import Path

import pytest

import understudy as us
from learning.pictures import jpeg, picture, png
from learning.test_headers import VARIED, by_tool
from understudy.codec.variants import Dct
from understudy.learning.learned import learn
from understudy.learning.pipeline import Pipeline
from understudy.learning.questions.fast_dct import FastDct
from understudy.learning.rendering import Rendering
from understudy.steps.decode import Decode
from understudy.steps.encode import Encode
from understudy.steps.flatten import Flatten

IMAGEMAGICK = "convert-im6.q16"


@pytest.mark.parametrize("quality", [30, 85, 89, 90, 91, 95])
def test_the_limit_is_where_imagemagick_has_it(quality: int, tmp_path: Path) -> None:
    (pair,) = by_tool(tmp_path, {"1.png": png(picture(8, 150, 100))}, IMAGEMAGICK, "-quality", str(quality))
    unequal = {
        limit: Rendering().agreement(pair, Pipeline((Decode(), Flatten(), Encode(fast_up_to=limit)))).unequal
        for limit in (0, 90)
    }
    assert unequal[90] == 0
    assert (unequal[0] == 0) == (quality > 90)


def test_it_is_asked_only_where_files_stand_on_both_sides(tmp_path: Path) -> None:
    question, pipeline = FastDct(), Pipeline((Decode(), Encode()))
    (low,) = by_tool(tmp_path, {"1.png": png(picture(1))}, IMAGEMAGICK, "-quality", "60")
    (high,) = by_tool(tmp_path, {"2.png": png(picture(2))}, IMAGEMAGICK, "-quality", "95")
    assert list(question.bearing([low], pipeline)) == []
    assert set(question.bearing([low, high], pipeline)) == {low, high}
    assert [c.label for c in question.candidates(pipeline, [], Rendering())] == ["islow"]
    asked = [c.label for c in question.candidates(pipeline, [low, high], Rendering())]
    assert asked == ["islow", "ifast up to quality 90, islow above", "ifast", "float"]


def test_imagemagick_without_settings_is_learned_and_plays_on_pictures_it_has_not_seen(tmp_path: Path) -> None:
    given = {name: data for name, data in VARIED.items() if name != "3.png"}
    pairs = by_tool(tmp_path, given, IMAGEMAGICK)
    learned = learn([(p.sent, p.received) for p in pairs])
    assert learned.scores.bytes_identical == len(pairs)
    encode = learned.profile.step("encode")
    assert isinstance(encode, Encode)
    assert (encode.dct, encode.fast_up_to, encode.keep_quality) == (Dct.ISLOW, 90, True)
    other = {
        "a.png": png(picture(21, 130, 70)),
        "b.jpg": jpeg(picture(22, 110, 107), quality=83, dpi=(72, 72)),
        "c.jpg": jpeg(picture(23, 90, 90), quality=60, subsampling=0),
    }
    for pair in by_tool(tmp_path, other, IMAGEMAGICK):
        assert us.mimic(pair.sent, learned.profile).data == pair.received
