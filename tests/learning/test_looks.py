"""Looks at luma that stop early, or are taken once for pipelines that come to the same: the answers of a full look."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from resizing import SIZES, pairs, photograph, start, target

from oracles import pillow
from understudy.codec.unsharp import unsharp_mask
from understudy.codec.variants import Upsampling
from understudy.learning import fit, lab_sharpen_fit, looks, resampling, unsharp_fit, windows
from understudy.learning.observed import Observed, boxes
from understudy.learning.rendering import Rendering
from understudy.steps.decode import Decode
from understudy.steps.resize import Resize


def sharpened(seed: int) -> unsharp_fit.Known:
    picture = photograph(200, 136, seed)
    delivered = pillow(unsharp_mask(picture, 1.2, 90, 2), "JPEG", quality=92)
    pair = Observed(f"{seed}", pillow(picture, "PNG"), delivered)
    return unsharp_fit.Known(pair, picture, boxes(pair, 64))


def boxed(size: tuple[int, int]) -> list[Observed]:
    return pairs(lambda p, to: np.asarray(Image.fromarray(p).resize(to, Image.Resampling.BOX)), sizes=(size,))


def parts_of(known: unsharp_fit.Known) -> list[fit.Plane]:
    plane = fit.plane_of(known.pixels, known.pair)
    return [plane[top:bottom, left:right] for left, top, right, bottom in known.boxes]


def test_a_sum_that_stops_at_its_limit_is_the_fits_error_below_it() -> None:
    known = sharpened(0)
    whole = fit.fit(fit.plane_of(known.pixels, known.pair), known.pair, known.boxes).sigma
    asked = 0

    def told() -> Iterator[fit.Plane]:
        nonlocal asked
        for part in parts_of(known):
            asked += 1
            yield part

    assert 0 < whole < math.inf
    for limit in (math.inf, whole, 2 * whole):
        assert fit.sigma(known.pair, known.boxes, parts_of(known), limit) == whole
    assert fit.sigma(known.pair, known.boxes, told(), whole / 100) == math.inf
    assert asked < len(known.boxes)  # the planes behind are not even made


def test_a_mean_stops_at_its_limit_too() -> None:
    both = [sharpened(0), sharpened(1)]

    def given() -> list[tuple[Observed, tuple[tuple[int, int, int, int], ...], list[fit.Plane]]]:
        return [(one.pair, one.boxes, parts_of(one)) for one in both]

    mean = float(np.mean([fit.sigma(*one) for one in given()]))
    assert fit.mean_sigma(given()) == fit.mean_sigma(given(), mean) == mean
    assert fit.mean_sigma(given(), 0.99 * mean) == math.inf


@pytest.mark.parametrize("most", [1, 3, 8])
def test_the_best_masks_are_those_of_a_look_that_never_stops(most: int) -> None:
    known = [sharpened(0), sharpened(1)]
    every = unsharp_fit.masks(known, 10**6)  # more than there are: no error is ever beyond the best
    assert all(math.isfinite(one.sigma) for one in every)
    found = unsharp_fit.masks(known, most)
    assert found == every[:most]
    step = found[0].step
    assert (step.radius, step.percent, step.threshold) == (1.2, 90, 2)


def test_the_best_sharpenings_are_those_of_a_look_that_never_stops() -> None:
    known = [sharpened(0)]
    assert lab_sharpen_fit.sharpenings(known, 3) == lab_sharpen_fit.sharpenings(known, 10**6)[:3]


def test_the_same_rasters_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PNG is what it is whatever decodes JPEGs; a JPEG is not, and another size rule is another question."""
    calls = []
    real = resampling.scored

    def counted(*given: object) -> list[resampling.Scored]:
        calls.append(given)
        return real(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(resampling, "scored", counted)
    made, rendering = boxed(SIZES[0]), Rendering()
    pipeline = start(made)
    other = pipeline.having(replace(pipeline.get(Decode), upsampling=Upsampling.PLAIN))
    first = looks.ranking(pipeline, made, rendering)
    assert looks.ranking(other, made, rendering) == first
    assert (first[0].hypothesis.kernel, len(calls)) == ("box", 1)
    looks.ranking(pipeline.having(replace(pipeline.get(Resize), limit=199)), made, rendering)
    assert len(calls) == 2

    picture = photograph(*SIZES[0])
    resized = np.asarray(Image.fromarray(picture).resize(target(*SIZES[0]), Image.Resampling.BOX))
    jpeg = [Observed("jpeg", pillow(picture, "JPEG", quality=30), pillow(resized, "JPEG", quality=92))]
    for one in (pipeline, other):
        looks.ranking(one, jpeg, rendering)
    assert len(calls) == 4


def test_maps_are_the_same_where_no_weight_differs() -> None:
    """Against a plain comparison of both, padded to the same samples."""
    random = np.random.default_rng(0)
    weights = random.random((6, 5)).astype(np.float32)

    def padded(part: windows.Rows) -> np.ndarray:
        out = np.zeros((6, 20), np.float32)
        out[:, part.first : part.first + part.weights.shape[1]] = part.weights
        return out

    shifted = np.pad(weights, ((0, 0), (2, 1)))
    last = weights.copy()
    last[5, 4] += 2e-5
    cases = [
        windows.Rows(0, 4, weights), windows.Rows(0, 2, shifted), windows.Rows(0, 3, shifted), windows.Rows(0, 4, last),
        windows.Rows(0, 4, weights + np.float32(2e-6)), windows.Rows(0, 12, weights),
        windows.Rows(0, 4, weights[:, :4]), windows.Rows(0, 4, np.zeros_like(weights)),
        windows.Rows(0, 12, np.zeros_like(weights)),
    ]  # fmt: skip
    answers = set()
    for a in cases:
        for b in cases:
            same = bool(np.abs(padded(a) - padded(b)).max() < windows.SAME)
            assert windows.same_map(a, b) == same
            answers.add((same, a is b))
    assert answers == {(True, True), (True, False), (False, False)}
    assert windows.same_map(None, None)
    assert not windows.same_map(cases[0], None)
