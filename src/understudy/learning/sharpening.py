"""The neighbourhood of each pixel in what was delivered: sharpening (or smoothing) after everything else, fitted.

A prediction P of the luma becomes P plus, for each distance in a square of 5 x 5 pixels, a share of what the pixels at
that distance differ from P. The five shares are fitted to the intervals of the delivered coefficients as a kernel is
(`kernel_fit`), and compared with the filters that libraries are known to have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..codec.unsharp import taps
from ..steps import Step
from ..steps.convolve import Convolve
from ..steps.sharpen import Sharpen
from ..steps.unsharp import Unsharp
from . import fit
from .observed import Box, Observed
from .pipeline import Pipeline

REACH = 2
RINGS: tuple[tuple[tuple[int, int], ...], ...] = tuple(
    tuple(sorted({(a * i, b * j) for a in (1, -1) for b in (1, -1) for i, j in ((y, x), (x, y))}))
    for y, x in ((0, 1), (1, 1), (0, 2), (1, 2), (2, 2))
)
"""The neighbours at each distance, (down, right)."""
ITERATIONS = 20
OVER_RELAXED = 1.6
WORTH = 0.02
"""Share of a neighbour under which a ring is noise."""

Filter = Sharpen | Convolve | Unsharp
"""The steps that are asked about."""

KNOWN: dict[str, Filter] = {
    "Pillow SHARPEN": Convolve(),
    "Pillow DETAIL": Convolve((0.0, -1.0, 0.0, -1.0, 10.0, -1.0, 0.0, -1.0, 0.0), 6.0),
    "Pillow EDGE_ENHANCE": Convolve((-1.0, -1.0, -1.0, -1.0, 10.0, -1.0, -1.0, -1.0, -1.0), 2.0),
    "Pillow EDGE_ENHANCE_MORE": Convolve((-1.0, -1.0, -1.0, -1.0, 9.0, -1.0, -1.0, -1.0, -1.0), 1.0),
    "Pillow SMOOTH": Convolve((1.0, 1.0, 1.0, 1.0, 5.0, 1.0, 1.0, 1.0, 1.0), 13.0),
    "sharp's mild sharpen": Convolve((-1.0, -1.0, -1.0, -1.0, 32.0, -1.0, -1.0, -1.0, -1.0), 24.0, edge="repeat"),
    "eight neighbours, 16/8": Convolve((-1.0, -1.0, -1.0, -1.0, 16.0, -1.0, -1.0, -1.0, -1.0), 8.0, edge="repeat"),
    "eight neighbours, 24/16": Convolve((-1.0, -1.0, -1.0, -1.0, 24.0, -1.0, -1.0, -1.0, -1.0), 16.0, edge="repeat"),
    "four neighbours, 5/1": Convolve((0.0, -1.0, 0.0, -1.0, 5.0, -1.0, 0.0, -1.0, 0.0), 1.0, edge="repeat"),
    "four neighbours, 5/1, edges reflected": Convolve(
        (0.0, -1.0, 0.0, -1.0, 5.0, -1.0, 0.0, -1.0, 0.0), 1.0, "half_up", "reflect"
    ),
    "eight neighbours, 9/1, edges reflected": Convolve(
        (-1.0, -1.0, -1.0, -1.0, 9.0, -1.0, -1.0, -1.0, -1.0), 1.0, "half_up", "reflect"
    ),
    "OpenCV GaussianBlur 3 x 3": Convolve((1.0, 2.0, 1.0, 2.0, 4.0, 2.0, 1.0, 2.0, 1.0), 16.0, "half_up", "reflect"),
    "OpenCV blur 3 x 3": Convolve((1.0,) * 9, 9.0, "half_up", "reflect"),
    "Facebook's three taps": Sharpen(),
}
"""Filters that are widely used. Pillow's are those of its ImageFilter module (documented there; tests/learning asks
Pillow); sharp's is what `sharpen()` without parameters is documented to do, a mild 3 x 3; the next three are
a square of eight and of four neighbours as tutorials have them, written from memory, not from a source that could be
named: nothing is claimed of whose they are; OpenCV's two blurs, and squares with its edges, are
what it gives (tests/learning asks it); the last is measured (facts/facebook-resize.md)."""


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Five shares, and what they are worth."""

    shares: tuple[float, ...]
    """Of each ring's neighbours, one by one; negative sharpens."""
    before: float
    """Sigma without them, pixels."""
    after: float

    @property
    def helps(self) -> bool:
        """Whether the filter explains most of the error: otherwise something else is wrong."""
        return self.after < 0.7 * self.before and max(map(abs, self.shares)) > WORTH


def neighbourhood(found: Sequence[tuple[Observed, Sequence[Box], Sequence[NDArray[np.float32]]]]) -> Neighbourhood:
    """The shares that fit best. found: for each pair its boxes and for each box the predicted luma with `REACH` more
    pixels on every side."""
    gram, parts = np.zeros((len(RINGS), len(RINGS))), []
    for pair, boxes, planes in found:
        for box, plane in zip(boxes, planes, strict=True):
            part = _part(pair, box, plane)
            parts.append(part)
            gram += (part[1].T @ part[1]).astype(np.float64)
    gram[np.diag_indices(len(RINGS))] += 1e-6 * np.trace(gram) / len(RINGS) + 1e-9
    shares = np.zeros(len(RINGS))
    for _ in range(ITERATIONS):
        lacking = np.zeros(len(RINGS))
        for base, columns, low, high in parts:
            predicted = base + columns @ shares.astype(np.float32)
            lacking += columns.T @ (np.clip(predicted, low, high) - predicted)
        shares = shares + OVER_RELAXED * np.linalg.solve(gram, lacking)
    sigmas = [sigma_with(found, [float(s) for s in tried]) for tried in (np.zeros(len(RINGS)), shares)]
    return Neighbourhood(tuple(float(s) for s in shares), *sigmas)


def _part(pair: Observed, box: Box, plane: NDArray[np.float32]) -> tuple[NDArray[np.float32], ...]:
    left, top = box[:2]
    component = pair.coefficients.components[0]
    q = component.steps.astype(np.float32)
    base = fit.transform(plane[REACH:-REACH, REACH:-REACH])
    v, h = base.shape[:2]
    levels = component.blocks[top // 8 : top // 8 + v, left // 8 : left // 8 + h].astype(np.float32)
    rings = [fit.transform(_ring(plane, ring) + np.float32(128)) for ring in RINGS]
    columns = np.stack(rings, axis=-1).reshape(-1, len(RINGS))
    return base.ravel(), columns, ((levels - 0.5) * q).ravel(), ((levels + 0.5) * q).ravel()


def _ring(plane: NDArray[np.float32], ring: Sequence[tuple[int, int]]) -> NDArray[np.float32]:
    """The sum over neighbours of what they differ from the pixel."""
    height, width = plane.shape[0] - 2 * REACH, plane.shape[1] - 2 * REACH
    middle = plane[REACH : REACH + height, REACH : REACH + width]
    out = np.zeros_like(middle)
    for dy, dx in ring:
        out += plane[REACH + dy : REACH + dy + height, REACH + dx : REACH + dx + width] - middle
    return out


def applied(plane: NDArray[np.float32], shares: Sequence[float]) -> NDArray[np.float32]:
    """A plane with `REACH` more pixels on every side, filtered, without them, clipped to 0 to 255."""
    out = plane[REACH:-REACH, REACH:-REACH].copy()
    for share, ring in zip(shares, RINGS, strict=True):
        if share:
            out += np.float32(share) * _ring(plane, ring)
    return np.clip(out, 0, 255)


def sigma_with(
    found: Sequence[tuple[Observed, Sequence[Box], Sequence[NDArray[np.float32]]]], shares: Sequence[float]
) -> float:
    """The error that is left with a filter of these shares, pixels, mean over pairs. found: as for `neighbourhood`."""
    sigmas = []
    for pair, boxes, planes in found:
        whole = np.empty((pair.size[1], pair.size[0]), np.float32)
        for (left, top, right, bottom), plane in zip(boxes, planes, strict=True):
            whole[top:bottom, left:right] = applied(plane, shares)
        sigmas.append(fit.fit(whole, pair, boxes).sigma)
    return float(np.mean(sigmas))


def shares_of(step: Step) -> tuple[float, ...] | None:
    """The five shares of a filter step; None for any other step, or one that is not symmetric. Of an unsharp mask those
    within 5 x 5 pixels, its threshold left out: near enough to rank what stands before it."""
    if isinstance(step, Unsharp):
        g = taps(step.radius)
        middle = len(g) // 2
        g = np.pad(g, REACH)[middle : middle + 2 * REACH + 1]
        return tuple(-step.percent / 100 * float(g[REACH + y] * g[REACH + x]) for (y, x), *_ in RINGS)
    if isinstance(step, Sharpen):
        s = step.side / 2048
        return (-s * (1 + 2 * s), s * s, 0.0, 0.0, 0.0)
    if not isinstance(step, Convolve):
        return None
    size = 3 if len(step.weights) == 9 else 5
    square = np.zeros((5, 5))
    edge = (5 - size) // 2
    square[edge : 5 - edge, edge : 5 - edge] = np.reshape(step.weights, (size, size)) / step.divisor
    values = [{round(float(square[2 + y, 2 + x]), 9) for y, x in ring} for ring in RINGS]
    return tuple(v.pop() for v in values) if all(len(v) == 1 for v in values) else None


def shares_after_resize(pipeline: Pipeline, *, resized: bool = True) -> tuple[float, ...] | None:
    """The filter that stands behind the resize (or anywhere, where nothing is resized); None for none. resized: whether
    the picture in question was given another size, which a filter may ask."""
    names = pipeline.names
    for step in pipeline.steps[names.index("resize") if "resize" in names else 0 :]:
        shares = shares_of(step)
        if isinstance(step, Filter) and step.only_resized and not resized:
            continue
        if shares is not None:
            return shares
    return None


def label(step: Filter) -> str:
    """A filter in few words."""
    bare = replace(step, only_resized=False)
    told = next((name for name, one in KNOWN.items() if one == bare), "")
    if isinstance(step, Unsharp):
        told = f"Pillow UnsharpMask({step.radius:g}, {step.percent}, {step.threshold})"
    elif isinstance(step, Sharpen):
        told = told or f"three taps of {step.side}/2048 a side"
    return (told or "a fitted filter") + (", where resized" if step.only_resized else "")


def forms(found: Neighbourhood) -> list[Filter]:
    """Known filters near the fitted shares, nearest first; then the fitted one itself."""
    near = []
    for name, step in KNOWN.items():
        shares = shares_of(step)
        assert shares is not None, "known filters are symmetric"
        off = max(abs(a - b) for a, b in zip(shares, found.shares, strict=True))
        if off < 0.03 + 0.15 * max(map(abs, found.shares)):
            near.append((off, name, step))
    out = [step for _, _, step in sorted(near, key=lambda n: n[:2])]
    side = _side(found.shares)
    if side is not None:
        out += [Sharpen(s) for s in (side, side - 1, side + 1) if s != 506]
    return [*out, fitted_filter(found.shares)]


def own_forms(found: Neighbourhood) -> list[Step]:
    """The steps that have just the fitted shares: three taps on each axis, if they are that, and a filter."""
    side = _side(found.shares)
    return [*([Sharpen(side)] if side is not None else []), fitted_filter(found.shares)]


def _side(shares: Sequence[float]) -> int | None:
    """The `Sharpen` that has these shares, if they are those of three taps on both axes."""
    edge, corner, *rest = shares
    s = (-1 + (1 - 8 * edge) ** 0.5) / 4 if edge < 0 else 0.0
    if s <= 0.005 or abs(corner - s * s) > 0.02 + 0.2 * s * s or max(map(abs, rest)) > WORTH:
        return None
    return min(2047, round(2048 * s))


def fitted_filter(shares: Sequence[float]) -> Convolve:
    """A filter of these shares, rounded to four digits; 3 x 3 where the outer rings are noise."""
    square = np.zeros((5, 5))
    for share, ring in zip(shares, RINGS, strict=True):
        for y, x in ring:
            square[2 + y, 2 + x] = round(share, 4)
    square[2, 2] = round(1.0 - float(square.sum()), 4)
    if max(map(abs, shares[2:])) < WORTH / 2:
        outer = float(square.sum() - square[1:4, 1:4].sum())
        square = square[1:4, 1:4]
        square[1, 1] = round(float(square[1, 1]) + outer, 4)
    return Convolve(tuple(float(v) for v in square.ravel()), 1.0, edge="repeat")
