"""The kernel that pairs show when no library's explains them: samples fitted to delivered coefficients.

A delivered level C with step q says that the encoder's coefficient lay within q/2 of q C. Plain least squares towards
q C is biased, because most coefficients are 0 and pull a kernel towards a smoother one; so only what a prediction lacks
to its interval counts: d = clip(prediction, interval) - prediction, a step of least squares towards d, 1.6 times as
far as it says, again. The picture is linear in the kernel along one axis while the other's is held; they take turns.
Source: facts/learning-trials.md, 2.2, which has what such fits are worth: taps within 0.008 from 65,000 pixels at fine
tables, not better than 0.02 under a trellis.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..codec.resample import fitted
from . import fit
from .observed import Box
from .resampling import Hypothesis, Place, Scored, Witness, judged
from .windows import rows

Floats = NDArray[np.float64]

STEP = 0.25
ROUNDS = 4
"""Times that both axes take their turns."""
ITERATIONS = 16
OVER_RELAXED = 1.6
TILE, TILES = 64, 10
"""Pixels a side of what is fitted at a time, and how many of them a pair."""
GOOD = 1.0
"""Pixels of error under which nothing else need be tried."""
REACH = 3.25
"""Output pixels (input pixels without antialiasing) up to which a kernel is looked for; Lanczos 3 ends at 3."""


@dataclass(frozen=True)
class Shape:
    """What a kernel is fitted under: what it is measured in, where centres lie, how it goes between its samples."""

    antialias: bool
    geometry: Literal["per_axis", "common"] = "per_axis"
    aligned: fitted.Place = "corners"
    kernel: Literal["linear", "cubic"] = "cubic"


@dataclass(frozen=True, eq=False)
class KernelFit:
    """A fitted kernel and what it is worth."""

    shape: Shape
    samples: Floats
    """At 0, 1/4, 1/2, ... pixels, adding up so that a flat picture stays flat."""
    sigma: float
    """Error of its prediction, pixels, mean over the witnesses' windows, which it was fitted on: a little too good."""
    places: tuple[Place, ...]
    asymmetry: float
    """Centre of mass, in pixels, of the kernel fitted without being held symmetric: a shift of the picture."""
    pixels: int
    """Delivered pixels that it was fitted on."""

    @property
    def hypothesis(self) -> Hypothesis:
        """It as a resampler that a profile can name: `fitted`."""
        options: dict[str, Any] = {"samples": " ".join(f"{v:.5g}" for v in self.samples)}
        if not self.shape.antialias:
            options["antialias"] = False
        if self.shape.aligned != "corners":
            options["aligned"] = self.shape.aligned
        return Hypothesis("fitted", self.shape.kernel, self.shape.geometry, tuple(sorted(options.items())))

    def scored(self) -> Scored:
        """It among library kernels."""
        return Scored(self.hypothesis, self.sigma, 0.0, self.places)


def shapes() -> Iterable[Shape]:
    """Everything that is tried."""
    for antialias in (True, False):
        yield Shape(antialias)
        yield Shape(antialias, "common")
        yield Shape(antialias, "common", "centres")
        yield Shape(antialias, "per_axis", "origins")


def fitted_kernel(witnesses: Sequence[Witness]) -> KernelFit | None:
    """The best kernel over all shapes, which a short fit ranks; None where the pairs hold too little to fit one."""
    found: list[KernelFit] = []
    for antialias in (True, False):
        if not found or min(f.sigma for f in found) > GOOD:
            listed = (s for s in shapes() if s.antialias == antialias)
            found += [f for s in listed if (f := fit_kernel(witnesses, s, rounds=3, iterations=6)) is not None]
    if not found:
        return None
    best = min(found, key=lambda f: f.sigma)
    ways: tuple[Literal["cubic", "linear"], ...] = ("cubic", "linear")
    both = [f for way in ways if (f := fit_kernel(witnesses, replace(best.shape, kernel=way))) is not None]
    return min(both or [best], key=lambda f: f.sigma)  # a longer fit may end in what is no kernel


def fit_kernel(
    witnesses: Sequence[Witness], shape: Shape, rounds: int = ROUNDS, iterations: int = ITERATIONS
) -> KernelFit | None:
    """The kernel under one shape: fitted on every witness' windows together, judged on them by `fit.sigma`."""
    problems = [p for w in witnesses for p in _problems(w, shape)]
    pixels = sum(p.low.size for p in problems)
    if pixels < 4096:
        return None
    count = int(REACH / STEP) + 1
    samples = np.maximum(1.0 - STEP * np.arange(count), 0.0)  # a triangle to start from
    for _ in range(rounds):
        samples = _turn(problems, samples, iterations, symmetric=True)
    samples = samples / samples[0] if samples[0] > 0 else samples
    whole = _both_sides(samples)
    loose = _turn(problems, whole, iterations, symmetric=False)
    at = STEP * (np.arange(len(loose)) - len(loose) // 2)
    asymmetry = float((loose * at).sum() / loose.sum()) if loose.sum() else 0.0
    made = KernelFit(shape, _shortened(samples), np.inf, (), asymmetry, pixels)
    return _judged(made, witnesses)


def _judged(made: KernelFit, witnesses: Sequence[Witness]) -> KernelFit | None:
    sigmas: list[float] = []
    places: list[Place] = []
    for one in witnesses:
        plan = one.plan(made.hypothesis)
        if plan is None:
            return None
        overall, each = judged(one, one.predicted(plan))
        sigmas.append(overall.sigma)
        places += each
    return replace(made, sigma=float(np.mean(sigmas)), places=tuple(places))


def _shortened(samples: Floats) -> Floats:
    """Without the samples at the end that are nothing but noise: under 1/200, one kept."""
    last = int(np.nonzero(np.abs(samples) > 0.005)[0].max(initial=1))
    return samples[: min(last + 2, len(samples))]


def _both_sides(samples: Floats) -> Floats:
    return np.concatenate([samples[:0:-1], samples])


@dataclass(frozen=True, eq=False)
class _Axis:
    """Which part of the samples makes each output of a window, for each sample of the kernel."""

    first: int
    maps: NDArray[np.float32]
    """`[outputs, inputs, samples]`, symmetric kernel."""
    loose: NDArray[np.float32]
    """The same with samples on both sides of 0."""


@dataclass(frozen=True, eq=False)
class _Problem:
    """One window of one pair."""

    source: NDArray[np.float32]
    """The input pixels that it depends on."""
    down: _Axis
    across: _Axis
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    """Bounds of the encoder's coefficients, `[v, h, 8, 8]`."""


def _problems(one: Witness, shape: Shape) -> list[_Problem]:
    out = []
    height, width = one.luma.shape
    common = shape.geometry == "common"
    x, y = (one.scale, one.scale) if common else (one.size[0] / width, one.size[1] / height)
    component = one.pair.coefficients.components[0]
    q = component.steps.astype(np.float32)
    for left, top, right, bottom in _tiles(one.boxes):
        right, bottom = left + (right - left) // 8 * 8, top + (bottom - top) // 8 * 8
        if right == left or bottom == top:
            continue
        off = one.offset
        down = _axis(height, one.size[1], y, (top + off[1], bottom + off[1]), shape)
        across = _axis(width, one.size[0], x, (left + off[0], right + off[0]), shape)
        source = one.luma[
            down.first : down.first + down.maps.shape[1], across.first : across.first + across.maps.shape[1]
        ]
        levels = component.blocks[top // 8 : bottom // 8, left // 8 : right // 8].astype(np.float32)
        out.append(_Problem(source, down, across, (levels - 0.5) * q, (levels + 0.5) * q))
    return out


def _tiles(boxes: Sequence[Box]) -> list[Box]:
    """Boxes of at most `TILE` pixels a side: the work grows with the square of a side, and enough is enough."""
    out = []
    for left, top, right, bottom in boxes:
        for y in range(top, bottom, TILE):
            out += [(x, y, min(x + TILE, right), min(y + TILE, bottom)) for x in range(left, right, TILE)]
    return out if len(out) <= TILES else [out[i * len(out) // TILES] for i in range(TILES)]


def _axis(size: int, n: int, factor: float, part: tuple[int, int], shape: Shape) -> _Axis:
    stretch = STEP * (max(1.0 / factor, 1.0) if shape.antialias else 1.0)
    count = int(REACH / STEP) + 1
    centre = fitted.centres(size, n, factor, 0.0, shape.aligned)[part[0] : part[1]]
    at = fitted.window(centre, (count + 1) * stretch)
    x = (at - centre[:, None]) / stretch
    inside = np.clip(at, 0, size - 1)
    first, last = int(inside.min()), int(inside.max()) + 1
    dense = []
    for symmetric in (True, False):
        weights = fitted.basis(shape.kernel, count if symmetric else 2 * count - 1, x, symmetric=symmetric)
        table = np.zeros((len(centre), last - first, weights.shape[2]))
        np.add.at(table, (np.arange(len(centre))[:, None], inside - first), weights)
        dense.append((table / (1.0 / factor if shape.antialias and factor < 1 else 1.0)).astype(np.float32))
    return _Axis(first, dense[0], dense[1])


def _turn(problems: Sequence[_Problem], samples: Floats, iterations: int, *, symmetric: bool) -> Floats:
    """Each axis' turn once: the horizontal kernel with the vertical one held, then the other way round."""
    for axis in (1, 0):
        samples = _solved(problems, samples, axis, iterations, symmetric)
    return samples


def _weights(axis: _Axis, samples: Floats, symmetric: bool) -> NDArray[np.float32]:
    """`[outputs, inputs]`, each row adding up to 1."""
    made: NDArray[np.float32] = (axis.maps if symmetric else axis.loose) @ samples.astype(np.float32)
    return np.asarray(made / made.sum(axis=1, keepdims=True))


def _solved(problems: Sequence[_Problem], samples: Floats, axis: int, iterations: int, symmetric: bool) -> Floats:
    """The samples after so many steps of interval least squares along one axis."""
    count = len(samples)
    gram = np.zeros((count, count))
    parts = []
    for one in problems:
        held, free = (one.down, one.across) if axis == 1 else (one.across, one.down)
        weights = _weights(held, samples, symmetric)
        half = weights @ one.source if axis == 1 else one.source @ weights.T
        maps = free.maps if symmetric else free.loose
        planes = np.tensordot(half, maps, (1, 1)) if axis == 1 else np.tensordot(maps, half, (1, 0)).swapaxes(1, 2)
        # `transform` takes 128 off, which would not be linear
        columns = fit.transform(np.ascontiguousarray(np.moveaxis(planes, 2, 0)) + np.float32(128))
        flat = np.ascontiguousarray(np.moveaxis(columns, 0, -1)).reshape(-1, count)
        gram += (flat.T @ flat).astype(np.float64)
        shifted = np.zeros(one.low.shape, np.float32)
        shifted[:, :, 0, 0] = 8 * 128  # the intervals are of samples less 128
        parts.append((flat, (one.low + shifted).ravel(), (one.high + shifted).ravel()))
    gram[np.diag_indices(count)] += 1e-7 * np.trace(gram) / count
    scale = _fitting_scale(parts, samples)
    out = samples * scale
    for _ in range(iterations):
        lacking = np.zeros(count)
        for flat, low, high in parts:
            predicted = flat @ out.astype(np.float32)
            lacking += flat.T @ (np.clip(predicted, low, high) - predicted)
        out = out + OVER_RELAXED * np.linalg.solve(gram, lacking)
    return out


def _fitting_scale(parts: Sequence[tuple[Any, Any, Any]], samples: Floats) -> float:
    """What the samples must be multiplied by so that the picture has the delivered brightness."""
    over = under = 0.0
    for flat, low, high in parts:
        predicted = flat @ samples.astype(np.float32)
        over += float(predicted @ ((low + high) / 2))
        under += float(predicted @ predicted)
    return over / under if under else 1.0


def curve(hypothesis: Hypothesis, one: Witness) -> list[tuple[float, float]]:
    """(distance in output pixels, weight) of a library's kernel as its plan has it in the middle of a picture: for
    plots beside a fitted kernel. Distances and weights are in units of output pixels where the picture shrinks."""
    plan = one.plan(hypothesis)
    if plan is None:
        return []
    middle = one.size[0] // 2
    part = rows(plan, 1, max(0, middle - 8), min(one.size[0], middle + 8))
    if part is None:
        return []
    ratio = one.luma.shape[1] / one.size[0]
    stretch = max(ratio, 1.0)
    out = []
    for i, line in enumerate(part.weights):
        centre = (part.begin + i + 0.5) * ratio - 0.5
        used = np.nonzero(line)[0]
        out += [((part.first + int(k) - centre) / stretch, float(line[k]) * stretch) for k in used]
    return sorted(out)


__all__ = ["KernelFit", "Shape", "curve", "fit_kernel", "fitted_kernel", "shapes"]
