"""What Go decoded, kept in Y, Cb and Cr or made RGB: told apart where pairs show it, a habit's guess where they do not.

The platform is the steps themselves, which equal Go (tests/codec/test_resample_go.py); `benchmarks/unseen.py` has
channels that Go programs made.
"""

from __future__ import annotations

import pytest

from learning.pictures import jpeg, pairs_of, picture, png
from understudy.codec.variants import Color as Conversion
from understudy.codec.variants import Decoder, Downsampling, DummyBlocks, Edge
from understudy.learning import fit, resampling
from understudy.learning.observed import Observed
from understudy.learning.pipeline import Pipeline
from understudy.learning.questions import decoder
from understudy.learning.questions.resize import Resampling
from understudy.learning.rendering import Rendering
from understudy.learning.search import Search
from understudy.steps import Context, Delivered, Source, Value, registry
from understudy.steps.decode import Decode
from understudy.steps.encode import Encode
from understudy.steps.resize import Resize

GO = Encode(
    quality=88, color=Conversion.GO, downsampling=Downsampling.GO, edge=Edge.GO, dummy_blocks=DummyBlocks.GO
)  # fmt: skip
QUESTION = decoder.DecoderQuestion()


def pairs(platform: Pipeline, kind: str = "jpeg", most: int = 3) -> list[Observed]:
    """Pictures through the platform, encoded and written as Go does it."""

    def delivered(data: bytes) -> bytes:
        value: Value = Source(data)
        for step in (*platform.steps, registry()["envelope"](jfif="none")):
            value = step.exact(value, Context(data))
        assert isinstance(value, Delivered)
        return value.data

    images = {f"{n}": picture(n, 200, 152) for n in range(most)}
    save = jpeg if kind == "jpeg" else png
    return pairs_of({name: save(image) for name, image in images.items()}, delivered)


@pytest.mark.parametrize("to_rgb", [False, True])
def test_jpegs_of_one_size_tell_whether_go_made_rgb_of_them(to_rgb: bool) -> None:
    truth = Pipeline((Decode(decoder=Decoder.GO, to_rgb=to_rgb), GO))
    search = Search(pairs(truth), Pipeline((Decode(), GO)))
    decision = search.ask(QUESTION)
    assert search.pipeline == truth
    assert decision.answer == ("Go's image/jpeg, made RGB" if to_rgb else "Go's image/jpeg")
    assert (decision.guess, decision.tied) == (False, ())


@pytest.mark.parametrize(("code", "kernel"), [("imaging", "lanczos"), ("go_draw", "catmull_rom")])
def test_behind_a_resize_imaging_leaves_it_open_and_draw_does_not(code: str, kernel: str) -> None:
    """imaging's own conversion is the same; x/image/draw takes more than 8 bits of Y, Cb and Cr."""
    resize = Resize(limit=120, code=code, kernel=kernel)
    search = Search(pairs(Pipeline((Decode(decoder=Decoder.GO), resize, GO))), Pipeline((Decode(), resize, GO)))
    decision = search.ask(QUESTION)
    assert decision.trials[0].total.unequal == 0
    if code == "imaging":
        assert (decision.answer, decision.tied) == ("Go's image/jpeg, made RGB", ("Go's image/jpeg",))
        assert decision.guess
    else:
        assert (decision.answer, decision.guess) == ("Go's image/jpeg", False)


@pytest.mark.parametrize(
    ("code", "kernel", "encode"),
    [("imaging", "catmull_rom", GO), ("go_draw", "bilinear", GO), ("pillow", "bicubic", Encode(quality=88))],
    ids=["imaging", "go_draw", "pillow"],
)
def test_the_resampler_is_found_among_all(code: str, kernel: str, encode: Encode) -> None:
    """Of PNGs: no decoder in question. imaging and Pillow differ in 1 sample of 30,000, so that of small pictures
    either may be as good: then the encoder's company decides, as a guess."""
    start = Pipeline((Decode(), Resize(limit=120), encode))
    truth = start.changed(Resize, code=code, kernel=kernel)
    search = Search(pairs(truth, "png"), start)
    decision = search.ask(Resampling())
    assert decision.answer.split(",")[0] == f"{code} {kernel}"
    found = search.pipeline.get(Resize)
    assert (found.code, found.kernel) == (code, kernel)
    twins = ("imaging catmull_rom", "pillow bicubic")
    if decision.answer.startswith(twins):
        assert all(name.startswith(twins) for name in decision.tied)
    else:
        assert (decision.tied, decision.guess) == ((), False)


def test_luma_of_what_stays_in_ycbcr_is_its_first_plane() -> None:
    """The right resampler looks right whatever the raster's space: else every kernel looks wrong after Go's decoder."""
    truth = Pipeline((Decode(decoder=Decoder.GO), Resize(limit=120, code="nfnt", kernel="lanczos3"), GO))
    (pair,) = pairs(truth, most=1)
    rendering = Rendering()
    raster = rendering.raster(pair, truth, 1)
    assert raster.space == "ycbcr"
    assert (fit.plane_of(raster.pixels, pair, raster.space) == raster.pixels[:, :, 0]).all()
    one = resampling.witness(pair, truth, rendering)
    assert one is not None
    (best,) = resampling.scored([one], [resampling.of(truth.get(Resize))])
    assert best.sigma < 1.0
