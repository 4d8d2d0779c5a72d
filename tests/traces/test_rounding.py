"""Rounding seen in one file, and `observe` as a whole: JSON, hostile files, "cannot tell"."""

from __future__ import annotations

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import pyvips
from PIL import Image
from trace_pictures import jpeg, photograph, read

from shared_folder import shared
from understudy import traces
from understudy.codec import dct
from understudy.codec.color import rgb_to_ycbcr
from understudy.codec.encode import GO, LIBJPEG, Arithmetic, forward
from understudy.codec.tables import quant_tables
from understudy.codec.variants import Color, Dct
from understudy.jpeg import Coefficients
from understudy.jpeg.syntax import NATURAL_OF_ZIGZAG
from understudy.traces import _run_kernels, aligned, rounding, trellis


@pytest.mark.parametrize(
    ("cut", "answer"), [(np.floor, "down"), (np.ceil, "up"), (np.rint, "symmetric"), (np.trunc, "symmetric")]
)
def test_levels_cut_down_are_told_from_rounded_ones(cut: np.ufunc, answer: str) -> None:
    coefficients, _ = read(jpeg(photograph(), 85))
    luma = coefficients.components[0]
    raw = dct.forward(rgb_to_ycbcr(photograph(), Color.LIBJPEG)[0], Dct.ISLOW) / 8
    changed = replace(luma, blocks=cut(raw / luma.steps).astype(np.int16))
    assert rounding.dimples(aligned.histograms(changed)).answer == answer


def encoded(arithmetic: Arithmetic, quality: int) -> Coefficients:
    picture = photograph(1280, 1280)
    coefficients, _ = read(jpeg(picture, quality))
    blocks = forward(picture, arithmetic, coefficients.factors, *quant_tables("annex-k", quality))
    parts = zip(coefficients.components, blocks, strict=True)
    return replace(coefficients, components=tuple(replace(part, blocks=b) for part, b in parts))


def test_the_alternating_bias_is_libjpegs_and_not_gos() -> None:
    libjpeg, go = rounding.wrinkles(encoded(LIBJPEG, 95)), rounding.wrinkles(encoded(GO, 95))
    assert libjpeg is not None and go is not None
    assert (libjpeg.answer, go.answer) == ("yes", "no")
    assert abs(libjpeg.amplitude - 1) < 0.6 and abs(go.amplitude) < 0.3


def test_without_columns_halved_no_bias_is_asked() -> None:
    assert rounding.wrinkles(read(jpeg(photograph(64, 64), 90, subsampling=0))[0]) is None
    low = rounding.wrinkles(read(jpeg(photograph(64, 64), 30))[0])
    assert low is not None and low.answer == "cannot tell"


def test_runs_are_counted_as_a_plain_loop_counts_them() -> None:
    rng = np.random.default_rng(8)
    blocks = (rng.integers(-3, 4, (200, 64)) * (rng.random((200, 64)) < 0.2)).astype(np.int16)
    out = np.zeros((2, 2, 4), np.int64)
    zigzag = np.array(NATURAL_OF_ZIGZAG)
    _run_kernels.runs(blocks, zigzag, out)
    expected = np.zeros_like(out)
    for block in blocks[:, zigzag]:
        places = np.flatnonzero(block[1:]) + 1
        for i, place in enumerate(places):
            run = int(place - (places[i - 1] if i else 0) - 1)
            kind = int(np.searchsorted([0, 2, 6], run))
            expected[int(i == len(places) - 1), int(abs(block[place]) == 1), kind] += 1
    assert (out == expected).all()


def test_probabilities_sum_to_one_and_few_levels_tell_nothing() -> None:
    coefficients, _ = read(jpeg(photograph(), 85))
    found = trellis.habits(coefficients.components[0], aligned.histograms(coefficients.components[0]))
    assert abs(sum(found.probabilities.values()) - 1) < 1e-9
    assert found.answer in ("nearest", "trellis", "adaptive", "cannot tell")
    assert replace(found, levels=10).answer == "cannot tell"


@pytest.mark.shared
def test_mozjpeg_leans_to_trellis_more_than_libjpeg_does() -> None:
    """Not that one file is told: that the likelihood points the right way on a photograph."""

    picture = np.asarray(Image.open(shared("photos/m3_1536x1024.png")).convert("RGB"))
    image = pyvips.Image.new_from_memory(picture.tobytes(), 1536, 1024, 3, "uchar")
    lean = []
    for data in (jpeg(picture, 75), image.jpegsave_buffer(Q=75, trellis_quant=True, quant_table=3)):
        luma = read(data)[0].components[0]
        lean.append(trellis.habits(luma, aligned.histograms(luma)).probabilities["trellis"])
    assert lean[1] > 5 * lean[0]


def names(data: bytes) -> dict[str, object]:
    return {o.name: o.value for o in traces.observe(*read(data))}


def test_observations_are_plain_and_complete() -> None:
    seen, rounding = list(traces.observe(*read(jpeg(photograph(), 85)))), ["dimples", "chroma_bias", "levels"]
    assert [o.name for o in seen] == ["aligned", "shifted", "resampled", "scaled", *rounding]
    assert {o.topic for o in seen} == {"generations", "rounding"}
    json.dumps([o.value for o in seen], allow_nan=False)
    assert all(o.text and "\n" not in o.text and o.source for o in seen)
    quick = list(traces.quick(*read(jpeg(photograph(), 85))))
    assert [o.name for o in quick] == ["aligned", "dimples", "levels"]


@pytest.mark.parametrize("size", [(1, 1), (7, 11), (17, 200), (64, 64), (200, 193)])
def test_small_and_flat_pictures_tell_nothing_and_break_nothing(size: tuple[int, int]) -> None:
    for picture in (photograph(*size), np.zeros((size[1], size[0], 3), np.uint8), photograph(*size)[:, :, 0]):
        for quality in (1, 75, 100):
            seen = names(jpeg(picture, quality))
            json.dumps(seen, allow_nan=False)
            assert all(seen[n]["answer"] != "yes" for n in ("aligned", "shifted", "resampled", "scaled"))  # type: ignore[index]


def test_what_is_not_luma_is_left_alone() -> None:
    buffer = io.BytesIO()
    Image.fromarray(np.zeros((32, 32, 4), np.uint8), "CMYK").save(buffer, "JPEG")
    assert names(buffer.getvalue()) == {}


def test_extreme_levels_break_nothing() -> None:
    coefficients, stream = read(jpeg(photograph(200, 200), 75))
    rng = np.random.default_rng(0)
    wild = tuple(
        replace(p, blocks=rng.integers(-32768, 32768, p.blocks.shape).astype(np.int16)) for p in coefficients.components
    )
    json.dumps([o.value for o in traces.observe(replace(coefficients, components=wild), stream)], allow_nan=False)
