"""libjpeg's input smoothing and its fast inverse DCT, learned from files that cjpeg and djpeg just made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image, ImageFilter

from learning.test_encoder_questions import QUESTIONS as OTHERS
from learning.test_encoder_questions import SIZE, of_png, pair_of, pipeline_for
from oracles import cjpeg, djpeg, pillow, scene
from understudy.codec.variants import Dct, Upsampling
from understudy.learning.observed import Observed, boxes
from understudy.learning.pipeline import Pipeline
from understudy.learning.questions import smoothing
from understudy.learning.rendering import Rendering
from understudy.learning.search import Search
from understudy.steps.decode import Decode
from understudy.steps.encode import Encode

QUESTIONS = sorted([*OTHERS, *smoothing.QUESTIONS], key=lambda q: q.order)


def asked(pairs: list[Observed]) -> Search:
    search = Search(pairs, pipeline_for(pairs))
    search.run(QUESTIONS)
    return search


@pytest.mark.parametrize(
    ("factor", "words", "dct"),
    [
        (1, (), Dct.ISLOW), (20, ("-sample", "1x1"), Dct.ISLOW), (33, ("-dct", "fast"), Dct.IFAST),
        (100, ("-sample", "2x1", "-dct", "float"), Dct.FLOAT),
    ],
)  # fmt: skip
def test_the_factor_and_the_dct_are_found_from_one_png(factor: int, words: tuple[str, ...], dct: Dct) -> None:
    pair = of_png(lambda p: cjpeg(p, "-quality", "80", "-smooth", str(factor), *words))
    search = asked([pair])
    assert (search.pipeline.encode.smoothing, search.pipeline.encode.dct) == (factor, dct)
    assert search.agreement(pair, search.pipeline).unequal == 0
    assert not search.decisions["input smoothing"].guess


def test_none_is_found_where_there_is_none() -> None:
    search = asked([of_png(lambda p: cjpeg(p, "-quality", "80", "-dct", "fast"))])
    assert search.pipeline.encode.smoothing == 0
    assert search.decisions["input smoothing"].answer == "none"


def test_another_blur_is_no_smoothing() -> None:
    """A blur of R, G and B by a Gaussian before Pillow's save: near a factor of 100, and not it."""
    pixels = scene(*SIZE, seed=2)
    blurred = np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(0.5)))
    pair = Observed("blurred", pillow(pixels, "PNG"), pillow(blurred, quality=85))
    assert asked([pair]).pipeline.encode.smoothing == 0


def test_a_part_of_a_picture_is_encoded_as_the_whole_is() -> None:
    """Boxes, which trials look at, have their neighbours; blocks beyond the picture stay."""
    pair = of_png(lambda p: cjpeg(p, "-quality", "80", "-smooth", "50"))
    pipeline = Pipeline((Decode(), replace(pipeline_for([pair]).encode, smoothing=50)))
    rendering = Rendering()
    assert rendering.agreement(pair, pipeline).unequal == 0
    width, height = pair.size
    for box in (*boxes(pair), (16, 16, 48, 32), (width // 16 * 16, 0, width, height)):
        assert rendering.agreement(pair, pipeline, [box]).unequal == 0
        levels = rendering.levels(pair, pipeline, box)
        mcus = -(-box[2] // 16) - box[0] // 16, -(-box[3] // 16) - box[1] // 16
        assert [part.shape[:2] for part in levels] == [(2 * mcus[1], 2 * mcus[0]), mcus[::-1], mcus[::-1]]


@pytest.mark.parametrize("upsampling", [Upsampling.FANCY, Upsampling.PLAIN])
def test_the_fast_inverse_is_found_from_jpegs_alone(upsampling: Upsampling) -> None:
    sent = pillow(scene(*SIZE, seed=4), quality=92, subsampling=2)
    words = () if upsampling is Upsampling.FANCY else ("-nosmooth",)
    pair = pair_of(sent, lambda p: cjpeg(p, "-quality", "85"), djpeg(sent, "-dct", "fast", *words))
    search = asked([pair])
    decode = search.pipeline.get(Decode)
    assert (decode.dct_method, decode.upsampling) == ("ifast", upsampling)
    assert isinstance(search.pipeline.encode, Encode)
    assert search.pipeline.encode.dct is Dct.ISLOW
    assert search.agreement(pair, search.pipeline).unequal == 0
    assert not search.decisions["JPEG decoder"].guess
