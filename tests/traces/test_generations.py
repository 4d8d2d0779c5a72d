"""Earlier compressions and resizing: the loops against plain references, Pillow's files against their known past."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image
from trace_pictures import jpeg, photograph, pixels, read

from understudy.codec.matrices import dct_basis
from understudy.traces import _comb_kernels as combs
from understudy.traces import _grid_kernels as grids
from understudy.traces import _samples, aligned, resampled, shifted


def test_histograms_count_every_level() -> None:
    blocks = np.random.default_rng(1).integers(-120, 121, (300, 64)).astype(np.int16)
    out = np.zeros((64, 2, combs.BINS), np.int64)
    combs.level_histograms(blocks, out)
    for k in (0, 17, 63):
        for n in (0, 1, 40, 95):
            expected = int((blocks[:, k] == n).sum()), int((blocks[:, k] == -n).sum()) if n else 0
            assert tuple(out[k, :, n]) == expected


@pytest.mark.parametrize(
    ("earlier", "step", "sigma"), [(7, 5, 0.4), (3, 10, 0.4), (11, 10, 0.3), (1, 2, 0.5), (20, 3, 0.4)]
)
def test_shares_are_those_of_two_roundings(earlier: int, step: int, sigma: float) -> None:
    """Against a million drawn values."""
    rng = np.random.default_rng(earlier)
    drawn = rng.laplace(0, 12.0, 1_000_000)
    levels = np.rint((np.rint(drawn / earlier) * earlier + rng.normal(0, sigma, drawn.size)) / step).astype(int)
    last = 12
    out = np.zeros(last + 1)
    combs.comb_shares(float(earlier), float(step), 12.0, sigma, last, out)
    measured = np.bincount(np.abs(levels), minlength=last + 1)[: last + 1] / drawn.size
    assert np.abs(out - measured).max() < 0.002


def test_a_comb_is_named_and_a_smooth_histogram_is_not() -> None:
    rng = np.random.default_rng(5)
    drawn = rng.laplace(0, 30.0, 40_000)
    plain = np.bincount(np.abs(np.rint(drawn / 6).astype(int)), minlength=96)[:96].astype(float)
    twice = np.rint((np.rint(drawn / 9) * 9 + rng.normal(0, 0.4, drawn.size)) / 6).astype(int)
    comb = np.bincount(np.abs(twice), minlength=96)[:96].astype(float)
    scores = np.zeros(32)
    combs.comb_scores(comb, 6.0, 0.4, 0.02, 30, -1e6, scores)
    assert int(scores.argmax()) == 9 and scores[9] > 500
    combs.comb_scores(plain, 6.0, 0.4, 0.02, 30, -1e6, scores)
    assert scores.max() < 4
    assert abs(scores[6]) < 0.5  # the present step again explains what no earlier step does
    assert scores[9] < -500


@pytest.mark.parametrize(("q1", "q2"), [(60, 75), (75, 90), (90, 80), (85, 95)])
def test_an_earlier_quality_is_found_on_the_same_grid(q1: int, q2: int) -> None:
    coefficients, _ = read(jpeg(pixels(jpeg(photograph(), q1)), q2))
    luma = coefficients.components[0]
    found = aligned.earlier(aligned.combs(aligned.histograms(luma), luma.steps))
    assert found.found and found.table is not None
    assert ("annex-k", q1) in found.table.names
    named = [found.table.steps_natural[k] == q for k, q in found.per_frequency.items()]
    assert found.exact and sum(named) >= 0.8 * len(named)
    assert q1 not in found.excluded and q1 - 20 in found.excluded


@pytest.mark.parametrize("quality", [60, 75, 85, 95, 100])
def test_nothing_is_found_in_what_was_compressed_once(quality: int) -> None:
    coefficients, _ = read(jpeg(photograph(seed=3), quality))
    luma = coefficients.components[0]
    found = aligned.earlier(aligned.combs(aligned.histograms(luma), luma.steps))
    assert not found.found
    plane = _samples(luma)
    grid, peak = shifted.earlier_grid(plane, luma.steps.astype(np.int64).reshape(64)), resampled.peak(plane)
    assert grid is not None and not grid.found
    assert peak is not None and not peak.found


def test_shifted_blocks_are_transformed_at_every_position() -> None:
    plane = np.random.default_rng(2).integers(0, 256, (90, 41)).astype(np.uint8)
    out = np.zeros((64, grids.FREQUENCIES, grids.BINS), np.int32)
    grids.shift_histograms(plane, dct_basis(8)[:4].astype(np.float32), 0.0, out)
    expected = np.zeros_like(out)
    basis = dct_basis(8)
    for y in range(83):
        for x in range(34):
            block = basis @ (plane[y : y + 8, x : x + 8] - 128.0) @ basis.T
            for f, k in enumerate(shifted.ORDER_NATURAL):
                expected[8 * (y % 8) + x % 8, f, int(abs(block.reshape(64)[k]) * 4 + 0.5)] += 1
    assert out.sum() == expected.sum()
    off = np.abs(out - expected)[:, 1:].sum()
    assert off <= 0.001 * expected.sum()  # float32: a size on the edge of a quarter may differ
    for ours, theirs in zip(out[:, 0], expected[:, 0], strict=True):  # DC is often on an edge: multiples of 1/8
        assert np.abs(np.repeat(np.arange(4096), ours) - np.repeat(np.arange(4096), theirs)).max() <= 1


@pytest.mark.parametrize(("v", "h", "q1", "q2"), [(3, 5, 70, 85), (0, 3, 60, 90), (7, 7, 80, 85), (4, 1, 60, 75)])
def test_an_earlier_grid_is_found(v: int, h: int, q1: int, q2: int) -> None:
    before = pixels(jpeg(photograph(), q1))
    coefficients, _ = read(jpeg(np.ascontiguousarray(before[v:, h:]), q2))
    luma = coefficients.components[0]
    found = shifted.earlier_grid(_samples(luma), luma.steps.astype(np.int64).reshape(64))
    assert found is not None and found.found
    assert found.shift == (-v % 8, -h % 8)
    near = {quality for law, quality in found.table.names if law == "annex-k" and quality is not None}
    near |= {q for t in found.rivals for law, q in t.names if law == "annex-k" and q is not None}
    assert min(abs(q - q1) for q in near) <= 2


def test_roughness_is_the_cut_second_difference() -> None:
    plane = np.random.default_rng(4).integers(0, 256, (21, 30)).astype(np.uint8)
    across, down = np.zeros(30, np.int64), np.zeros(21, np.int64)
    grids.roughness(plane, 8, across, down)
    wide = plane.astype(int)
    assert (across[1:-1] == np.minimum(np.abs(2 * wide[:, 1:-1] - wide[:, :-2] - wide[:, 2:]), 8).sum(axis=0)).all()
    assert (down[1:-1] == np.minimum(np.abs(2 * wide[1:-1] - wide[:-2] - wide[2:]), 8).sum(axis=1)).all()
    assert across[0] == across[-1] == down[0] == down[-1] == 0


@pytest.mark.parametrize("scale", [1.2, 1.5])
def test_a_picture_made_larger_shows_its_factor(scale: float) -> None:
    small = photograph()
    size = round(512 * scale)
    larger = np.asarray(Image.fromarray(small).resize((size, size), Image.Resampling.BICUBIC))
    found = resampled.peak(_samples(read(jpeg(larger, 90))[0].components[0]))
    assert found is not None and found.found
    # Harmonics of the same period, and beats with the present grid, say it as well
    assert any(
        math.isclose(found.frequency, abs((n / scale + m / 8 + 0.5) % 1 - 0.5), abs_tol=0.002)
        for n in (1, 2)
        for m in range(8)
    )


def test_tables_are_listed_once_with_all_their_names() -> None:
    tables = aligned.known_tables()
    assert len({t.steps_natural for t in tables}) == len(tables)
    names = {name for t in tables for name in t.names}
    assert {("annex-k", 85), ("mozjpeg-3", 75), ("jpegli", 80), ("ffmpeg-mjpeg", 5)} <= names
