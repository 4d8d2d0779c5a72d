"""Deliveries that are not YCbCr of three components, and restarts by rows: learned from pairs, byte for byte.

Oracles: Debian's cjpeg and jpegtran (libjpeg-turbo), Pillow.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import replace

import pytest
from pictures import jpeg, png
from PIL import Image

import understudy as us
from oracles import cjpeg, scene
from understudy.codec.variants import Color, Dct
from understudy.learning.headers import headers
from understudy.learning.observed import Observed
from understudy.steps.encode import Encode
from understudy.steps.transcode import Transcode

SIZES = ((97, 75), (120, 88), (64, 41))


def learned(platform: Callable[[Image.Image], bytes]) -> us.Learned:
    images = [Image.fromarray(scene(*size, seed=i)) for i, size in enumerate(SIZES)]
    return us.learn([(png(image), platform(image)) for image in images])


def by_cjpeg(*words: str) -> Callable[[Image.Image], bytes]:
    import numpy as np

    return lambda image: cjpeg(np.asarray(image), *words)


def encode_of(found: us.Learned) -> Encode:
    step = found.profile.step("encode")
    assert isinstance(step, Encode)
    return step


@pytest.mark.parametrize(
    "platform",
    [lambda image: jpeg(image.convert("L"), quality=85), by_cjpeg("-grayscale", "-quality", "85")],
    ids=["Pillow's convert('L')", "cjpeg -grayscale"],
)
def test_colour_that_came_back_grey(platform: Callable[[Image.Image], bytes]) -> None:
    """Both are Y of JFIF's equations in 16 bits: the same arithmetic, so that nothing has to tell them apart."""
    found = learned(platform)
    assert found.scores.bytes_identical == len(SIZES) and encode_of(found).grey == "luma"
    decision = next(d for d in found.evidence if d.question == "grey pictures")
    assert (decision.answer, decision.guess) == ("luma", False)


def test_grey_pictures_alone_do_not_say_that_colour_becomes_grey() -> None:
    images = [Image.fromarray(scene(*size, seed=i)).convert("L") for i, size in enumerate(SIZES)]
    found = us.learn([(png(image), jpeg(image, quality=85)) for image in images])
    assert encode_of(found).grey == "keep"
    decision = next(d for d in found.evidence if d.question == "grey pictures")
    assert decision.guess and "luma" in decision.tied


@pytest.mark.parametrize(
    ("platform", "dct"),
    [(by_cjpeg("-rgb", "-quality", "80"), Dct.ISLOW),
     (by_cjpeg("-rgb", "-quality", "70", "-dct", "float", "-optimize"), Dct.FLOAT),
     (by_cjpeg("-rgb", "-quality", "70", "-progressive"), Dct.ISLOW),
     (lambda image: jpeg(image, quality=88, keep_rgb=True), Dct.ISLOW)],
    ids=["cjpeg", "float, optimised", "progressive", "Pillow"],
)  # fmt: skip
def test_stored_rgb(platform: Callable[[Image.Image], bytes], dct: Dct) -> None:
    found = learned(platform)
    assert found.scores.bytes_identical == len(SIZES)
    assert (encode_of(found).color, encode_of(found).dct) == (Color.RGB, dct)
    assert us.verify(found.profile, [(png(Image.fromarray(scene(50, 70))), platform(Image.fromarray(scene(50, 70))))],
                     free="predicted").bytes_identical == 1  # fmt: skip


@pytest.mark.parametrize(
    ("words", "color", "number"),
    [(("-rgb", "-quality", "90,70", "-qslots", "0,1,1"), Color.RGB, 1), (("-quality", "80"), Color.LIBJPEG, -1),
     (("-quality", "80", "-qslots", "0,0,0", "-sample", "1x1"), Color.LIBJPEG, 0)],
)  # fmt: skip
def test_table_slots(words: tuple[str, ...], color: Color, number: int) -> None:
    """A table of their own for G and B, and luma's for all components."""
    found = learned(by_cjpeg(*words))
    assert found.scores.bytes_identical == len(SIZES)
    assert (encode_of(found).color, encode_of(found).chroma_tbl_no) == (color, number)


@pytest.mark.parametrize(
    ("words", "rows", "interval"),
    [(("-restart", "1"), 1, 0), (("-restart", "2", "-sample", "2x1", "-progressive"), 2, 0),
     (("-restart", "1", "-grayscale"), 1, 0), (("-restart", "5B"), 0, 5), ((), 0, 0)],
)  # fmt: skip
def test_restarts_by_rows_or_by_mcus(words: tuple[str, ...], rows: int, interval: int) -> None:
    """A scan of one component counts its own MCUs, so a progressive file has several intervals."""
    found = learned(by_cjpeg(*words))
    step = encode_of(found)
    assert found.scores.bytes_identical == len(SIZES)
    assert (step.restart_rows, step.restart_interval) == (rows, interval)
    assert not any("restart" in name for name in found.profile.free)


def test_one_width_leaves_rows_and_mcus_tied() -> None:
    images = [Image.fromarray(scene(96, side, seed=side)) for side in (40, 64)]
    stated = headers([Observed(str(i), png(image), by_cjpeg("-restart", "1")(image)) for i, image in enumerate(images)])
    decision = next(d for d in stated.decisions if d.question == "restart interval")
    assert (decision.answer, decision.tied, decision.guess) == ("every 6 MCUs", ("every row",), True)


@pytest.mark.parametrize("words", [("-optimize",), ("-restart", "1"), ("-progressive", "-restart", "2")])
@pytest.mark.parametrize("colours", ["-rgb", "-sample 2x2"])
def test_jpegtran_keeps_the_colour_space(words: tuple[str, ...], colours: str) -> None:
    pairs = []
    for i, size in enumerate(SIZES):
        sent = cjpeg(scene(*size, seed=i), *colours.split())
        run = subprocess.run(["jpegtran", "-copy", "all", *words], input=sent, capture_output=True, check=True)
        pairs.append((sent, run.stdout))
    found = us.learn(pairs)
    assert found.scores.bytes_identical == len(SIZES)
    assert isinstance(found.profile.steps[0], Transcode)
    assert found.profile.steps[0].restart_rows == (int(words[-1]) if "-restart" in words else 0)


def test_headers_are_read_once() -> None:
    """What costs, coding a file anew, is remembered with the pair; the memo gives what a fresh pair gives."""
    data = [(png(Image.fromarray(scene(*size))), by_cjpeg("-quality", "60")(Image.fromarray(scene(*size))))
            for size in SIZES]  # fmt: skip
    pairs = [Observed(str(i), *row) for i, row in enumerate(data)]
    first, again = headers(pairs), headers(pairs)
    assert first.encode == again.encode == headers([replace(p) for p in pairs]).encode
    asked: list[str] = []
    pairs[0].remembered("stated", lambda: asked.append("read again"))
    assert asked == []
