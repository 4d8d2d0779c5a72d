"""A kernel that no library has, from the intervals of delivered coefficients: against the kernel that made them."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image
from resizing import Picture, pairs, photograph, start

from understudy.codec import resample
from understudy.codec.resample import fitted
from understudy.errors import ProfileError
from understudy.learning import kernel_fit, resampling
from understudy.learning.rendering import Rendering
from understudy.steps import Context, Raster
from understudy.steps.resize import Resize


def keys(a: float, x: np.ndarray) -> np.ndarray:
    """Keys' cubic of any a: R. G. Keys, 1981, equation 4 with a for -1/2."""
    x = np.abs(x)
    inner = ((a + 2) * x - (a + 3)) * x * x + 1
    return np.where(x < 1, inner, np.where(x < 2, a * (((x - 5) * x + 8) * x - 4), 0.0))


def resized(picture: Picture, size: tuple[int, int], a: float) -> Picture:
    """A plain reference: antialiased, per axis, float64, one rounding."""

    def matrix(n_in: int, n_out: int) -> np.ndarray:
        scale = n_in / n_out
        x = (np.arange(n_in)[None] + 0.5 - (np.arange(n_out)[:, None] + 0.5) * scale) / scale
        weights = keys(a, x)
        return np.asarray(weights / weights.sum(axis=1, keepdims=True))

    down, across = matrix(picture.shape[0], size[1]), matrix(picture.shape[1], size[0])
    out = np.stack([down @ picture[:, :, c].astype(float) @ across.T for c in range(3)], axis=-1)
    return np.clip(np.floor(out + 0.5), 0, 255).astype(np.uint8)


def witnesses(made: list) -> list[resampling.Witness]:
    rendering, pipeline = Rendering(), start(made)
    found = [resampling.witness(p, pipeline, rendering) for p in made]
    return [w for w in found if w is not None]


@pytest.mark.parametrize("a", [-0.5, -1.0])
def test_the_kernel_comes_back(a: float) -> None:
    """Sampled every quarter pixel, within 0.05 of the kernel that made the pairs: 46,000 pixels at quality 92."""
    made = pairs(lambda p, size: resized(p, size, a))
    found = kernel_fit.fit_kernel(witnesses(made), kernel_fit.Shape(antialias=True))
    assert found is not None
    true = keys(a, kernel_fit.STEP * np.arange(len(found.samples)))
    ratio = float((found.samples * true).sum() / (true * true).sum())
    assert np.abs(found.samples / ratio - true).max() < 0.05
    assert abs(found.asymmetry) < 0.03
    assert found.sigma < 0.8


def test_a_fitted_kernel_beats_the_wrong_ones_and_is_played_by_the_step() -> None:
    made = pairs(lambda p, size: resized(p, size, -1.0))
    found = kernel_fit.fitted_kernel(witnesses(made))
    assert found is not None
    assert found.shape.antialias
    ranked = resampling.scored(witnesses(made), list(resampling.hypotheses()))
    assert found.sigma < 0.8 * ranked[0].sigma
    pipeline = start(made).having(found.hypothesis.within(start(made).get(Resize)))
    assert pipeline.get(Resize).code == "fitted"
    wrong = start(made)
    rendering = Rendering()
    assert rendering.agreement(made[0], pipeline).share > rendering.agreement(made[0], wrong).share + 0.02


def test_a_geometry_is_told_by_fits() -> None:
    """Pillow's bicubic is per axis; the same kernel under one scale for both axes must leave more."""
    made = pairs(lambda p, size: np.asarray(Image.fromarray(p).resize(size, Image.Resampling.BICUBIC)))
    seen = witnesses(made)
    sigmas = {s: f.sigma for s in kernel_fit.shapes() if s.antialias and (f := kernel_fit.fit_kernel(seen, s, 2, 6))}
    assert min(sigmas, key=lambda s: sigmas[s]).geometry == "per_axis"


def test_too_little_to_fit() -> None:
    made = pairs(lambda p, size: resized(p, size, -0.5), limit=24, sizes=((50, 33),))
    one = resampling.witness(made[0], start(made, 24), Rendering())
    assert one is not None
    assert kernel_fit.fit_kernel([one], kernel_fit.Shape(antialias=True)) is None


def test_fitted_samples_are_the_kernel_between_them() -> None:
    """A triangle given as samples is Pillow's bilinear, dense samples of Keys' cubic its bicubic, but for Pillow's
    rounding between the passes and for edges, which Pillow cuts."""
    inner = np.s_[4:-4, 4:-4]
    picture = photograph(101, 77)
    theirs = np.asarray(Image.fromarray(picture).resize((63, 40), Image.Resampling.BILINEAR)).astype(int)
    ours = fitted.resize(picture, 63, 40, kernel="linear").astype(int)
    assert np.abs(ours - theirs)[inner].max() <= 1
    dense = " ".join(f"{v:.6f}" for v in keys(-0.5, np.arange(0, 2.01, 0.0625)))
    theirs = np.asarray(Image.fromarray(picture).resize((63, 40), Image.Resampling.BICUBIC)).astype(int)
    ours = fitted.resize(picture, 63, 40, kernel="cubic", samples=dense, step=0.0625).astype(int)
    assert np.abs(ours - theirs)[inner].max() <= 1
    larger = fitted.resize(picture, 150, 120, kernel="cubic", samples=dense, step=0.0625).astype(int)
    theirs = np.asarray(Image.fromarray(picture).resize((150, 120), Image.Resampling.BICUBIC)).astype(int)
    assert np.abs(larger - theirs)[inner].max() <= 1


def test_one_scale_for_both_axes_and_where_it_starts() -> None:
    picture = photograph(100, 67)
    flat = np.full((67, 100, 3), 93, np.uint8)
    for aligned in ("corners", "centres"):
        options = {"factors": (0.6, 0.6), "aligned": aligned}
        assert (resample.resize("fitted", flat, 60, 40, kernel="linear", **options) == 93).all()
    a, b = (
        resample.resize("fitted", picture, 60, 40, kernel="linear", factors=(0.6, 0.6), aligned=how)
        for how in ("corners", "centres")
    )
    assert not np.array_equal(a, b), "40 / 0.6 is not 67"


@pytest.mark.parametrize("samples", ["", "1", "1 x", "0 1", "1 nan", "-1 0.5"])
def test_samples_that_are_no_kernel(samples: str) -> None:
    step = Resize(limit=8, code="fitted", kernel="linear", options={"samples": samples})
    with pytest.raises(ProfileError, match="samples"):
        step.exact(Raster(photograph(16, 16)), Context())
