"""Earlier compressions and resizing: the loops against plain references, Pillow's files against their known past."""

from __future__ import annotations

import math

import numpy as np
import pytest
from PIL import Image
from scipy.optimize import minimize
from trace_pictures import jpeg, photograph, pixels, read

from understudy import traces
from understudy.codec.matrices import dct_basis
from understudy.traces import _comb_kernels as combs
from understudy.traces import _grid_kernels as grids
from understudy.traces import _samples, aligned, regions, resampled, shifted


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


def best_by_scipy(counts: np.ndarray, shares: np.ndarray, last: int) -> float:
    """The largest log-likelihood (less the ridge), found by another optimiser."""
    n = np.arange(1, last + 1)
    columns = [np.ones(last), np.log(n) - 0.5 * np.log(last), n / last - 0.5, np.sqrt(n / last) - 0.5, n == 1]
    basis, seen = np.stack(columns, 1).astype(float), counts[1 : last + 1]

    def worse(beta: np.ndarray) -> tuple[float, np.ndarray]:
        eta = np.minimum(np.log(shares) + basis @ beta, 60)
        slope = basis.T @ (np.exp(eta) - seen)
        slope[1:] += 0.05 * beta[1:]
        return float(np.exp(eta).sum() - seen @ eta + 0.025 * (beta[1:] ** 2).sum()), slope

    start = np.zeros(5)
    start[0] = np.log(seen.sum() / shares.sum())
    return -float(minimize(worse, start, jac=True, method="BFGS", options={"gtol": 1e-5, "maxiter": 5000}).fun)


@pytest.mark.parametrize(("earlier", "step"), [(9, 6), (4, 6), (13, 5)])
def test_scores_are_those_of_another_optimiser(earlier: int, step: int) -> None:
    drawn = np.random.default_rng(earlier).laplace(0, 30.0, 6_000)
    twice = np.rint((np.rint(drawn / earlier) * earlier + np.random.default_rng(1).normal(0, 0.4, 6_000)) / step)
    counts = np.bincount(np.abs(twice).astype(int), minlength=96)[:96].astype(float)
    last, leak = 30, 0.2
    scores = np.zeros(24)
    combs.comb_scores(counts, float(step), 0.4, leak, last, -1e9, scores)
    n = np.arange(1, last + 1)
    mean = max((counts[1 : last + 1] * (n - 0.5)).sum() / counts[1 : last + 1].sum(), 0.3) * step
    plain = np.exp(-(n - 0.5) * step / mean) - np.exp(-(n + 0.5) * step / mean)
    none = best_by_scipy(counts, plain, last)
    for q in range(1, 24):
        shares = np.zeros(last + 1)
        combs.comb_shares(float(q), float(step), mean, 0.4, last, shares)
        expected = best_by_scipy(counts, (1 - leak) * shares[1:] + leak * plain, last) - none
        assert scores[q] == pytest.approx(expected, abs=0.1), q


def test_a_score_that_is_not_fitted_is_far_below_and_changes_no_answer() -> None:
    """`least` only spares work: what stays above it is the same."""
    coefficients, _ = read(jpeg(pixels(jpeg(photograph(), 75)), 90))
    luma = coefficients.components[0]
    sizes = aligned.histograms(luma).sum(axis=1).astype(float)
    for k in (1, 9, 17):
        step, last = float(luma.steps.reshape(64)[k]), aligned.spread(sizes[k])
        whole, spared = np.zeros(128), np.zeros(128)
        args = (sizes[k], step, aligned.SIGMA, aligned.LEAK, last)
        dispersion = combs.comb_scores(*args, -1e9, whole)
        assert combs.comb_scores(*args, -50.0, spared) == pytest.approx(dispersion)
        near = spared > -50 * dispersion
        assert near.any() and whole[near] == pytest.approx(spared[near], abs=0.1)


def test_quick_says_what_observe_says() -> None:
    for data in (jpeg(photograph(), 85), jpeg(pixels(jpeg(photograph(), 70)), 85)):
        coefficients, stream = read(data)
        whole = {(o.topic, o.name): o.value for o in traces.observe(coefficients, stream)}
        quick = {(o.topic, o.name): o.value for o in traces.quick(coefficients, stream)}
        assert len(quick) == 3 and quick.items() <= whole.items()


def test_a_part_put_in_later_is_told_from_the_rest() -> None:
    old = pixels(jpeg(photograph(), 75)).copy()
    old[133:333, 157:377] = photograph(seed=5)[:200, :220]
    coefficients, stream = read(jpeg(old, 90))
    (found,) = (o.value for o in traces.observe(coefficients, stream) if o.name == "regions")
    scores, side = np.array(found["scores"]), found["side"]
    assert side == 64 and scores.shape == (8, 8)
    inside = scores[3:5, 3:5]
    assert (inside <= -regions.THRESHOLD).all()
    scores[2:6, 2:6] = 0
    assert (scores >= regions.THRESHOLD).sum() > 40 and (scores > -regions.THRESHOLD).all()


def test_no_regions_without_an_earlier_compression() -> None:
    coefficients, stream = read(jpeg(photograph(), 85))
    assert "regions" not in {o.name for o in traces.observe(coefficients, stream)}


def test_regions_grow_with_the_picture() -> None:
    blocks, weights = np.zeros((20, 30, 64), np.int16), np.zeros((64, combs.BINS))
    blocks[3, 17, 5], blocks[3, 18, 5], blocks[19, 29, 9] = 7, -7, 95
    weights[5, 7], weights[9, 95] = 1.5, -2.0
    out = np.zeros((3, 4))
    combs.region_scores(blocks, weights, 8, out)
    expected = np.zeros((3, 4))
    expected[0, 2], expected[2, 3] = 3.0, -2.0
    assert (out == expected).all()


def test_where_there_was_a_compression_before_nothing_is_said_of_trellis() -> None:
    for q1, q2 in ((75, 90), (60, 80)):
        coefficients, stream = read(jpeg(pixels(jpeg(photograph(), q1)), q2))
        values = {o.name: o.value for o in traces.observe(coefficients, stream)}
        assert values["aligned"]["answer"] == "yes"
        assert values["levels"]["answer"] == "cannot tell"


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


def _even(noise: float) -> np.ndarray:
    y, x = np.mgrid[:480, :640]
    shades = 30 + 180 * (x / 640) * (y / 480) + np.random.default_rng(1).normal(0, max(noise, 1e-9), (480, 640))
    out: np.ndarray = np.clip(shades, 0, 255).astype(np.uint8)[..., None].repeat(3, axis=2)
    return out


def _squares() -> np.ndarray:
    """Flat rectangles on an even gradient."""
    picture = _even(0)
    for i, (top, left) in enumerate(np.random.default_rng(3).integers(0, 420, (25, 2))):
        picture[top : top + 40, left : left + 55] = 9 * i
    return picture


@pytest.mark.parametrize("picture", [_even(0), _even(2), _squares()], ids=["gradient", "with noise", "with squares"])
def test_drawings_are_not_taken_for_an_earlier_grid(picture: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their means and shapes gather by themselves, but on many grids."""
    files = [read(jpeg(picture, quality)) for quality in (60, 75, 85, 90)]
    seen = []
    for coefficients, stream in files:
        (told,) = (o for o in traces.observe(coefficients, stream) if o.name == "shifted")
        assert told.value["answer"] == "cannot tell" and told.value["table"] is None
        seen.append(told.value["score"] >= shifted.THRESHOLD)
        assert ("as in drawings" in told.text) == seen[-1]
    assert any(seen)
    monkeypatch.setattr(shifted, "SHARE", np.inf)
    for (coefficients, _), deceived in zip(files, seen, strict=True):
        luma = coefficients.components[0]
        found = shifted.earlier_grid(_samples(luma), luma.steps.astype(np.int64).reshape(64))
        assert found is not None and found.found == deceived


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
