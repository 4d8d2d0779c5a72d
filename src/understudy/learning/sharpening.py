"""The neighbourhood of each pixel in what was delivered: sharpening (or smoothing) after everything else, fitted.

A prediction P of the luma becomes P plus, for each distance in a square of 5 x 5 pixels, a share of what the pixels at
that distance differ from P. The five shares are fitted to the intervals of the delivered coefficients as a kernel is
(`kernel_fit`), and compared with the filters that libraries are known to have.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
from numpy.typing import NDArray

from ..codec import lab_sharpen
from ..codec.unsharp import taps
from ..steps import Step
from ..steps.convolve import Convolve
from ..steps.lab_sharpen import LabSharpen
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
CLIPPED_ROUNDS = 6
"""How often the blocks that a filter cuts off at black or white are looked for anew; with strong sharpening of probes
full of edges they were settled after five (tests/learning/test_sharpening.py)."""
LEAST_UNCLIPPED = 40
"""Blocks that must be left without them."""
AS_GOOD = 1.25
"""Times the fitted shares' error that a known filter may leave."""
SIDES = range(32, 1025, 16)
"""2048ths: strengths of three taps that are tried."""
WORTH = 0.02
"""Share of a neighbour under which a ring is noise."""

Filter = Sharpen | Convolve | Unsharp | LabSharpen
"""The steps that are asked about."""
FILTERS = tuple(kind.name for kind in get_args(Filter))

KNOWN: dict[str, Filter] = {
    "Pillow SHARPEN": Convolve(),
    "Pillow DETAIL": Convolve((0.0, -1.0, 0.0, -1.0, 10.0, -1.0, 0.0, -1.0, 0.0), 6.0),
    "Pillow EDGE_ENHANCE": Convolve((-1.0, -1.0, -1.0, -1.0, 10.0, -1.0, -1.0, -1.0, -1.0), 2.0),
    "Pillow EDGE_ENHANCE_MORE": Convolve((-1.0, -1.0, -1.0, -1.0, 9.0, -1.0, -1.0, -1.0, -1.0), 1.0),
    "Pillow SMOOTH": Convolve((1.0, 1.0, 1.0, 1.0, 5.0, 1.0, 1.0, 1.0, 1.0), 13.0),
    "sharp's mild sharpen": Convolve(
        (-1.0, -1.0, -1.0, -1.0, 32.0, -1.0, -1.0, -1.0, -1.0), 24.0, "down", edge="repeat"
    ),
    "eight neighbours, 32/24": Convolve((-1.0, -1.0, -1.0, -1.0, 32.0, -1.0, -1.0, -1.0, -1.0), 24.0, edge="repeat"),
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
Pillow); sharp's is what `sharpen()` without parameters is documented to do, a mild 3 x 3, cut to 8 bits as sharp 0.33.5
and 0.35.5 were measured to do (22,540 pixels each), the next the same mask by libvips' conv in whole numbers; then
a square of eight and of four neighbours as tutorials have them, written from memory, not from a source that could be
named: nothing is claimed of whose they are; OpenCV's two blurs, and squares with its edges, are
what it gives (tests/learning asks it); the last is measured (facts/facebook-resize.md)."""


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """Five shares, and what they are worth."""

    shares: tuple[float, ...]
    """Of each ring's neighbours, one by one; negative sharpens."""
    before: float
    """Sigma without them, pixels, over the blocks that the fit stands on."""
    after: float
    everywhere: float
    """Sigma without them over all blocks."""
    as_good: tuple[Filter, ...] = ()
    """Known filters, and the best of three taps, that explain those blocks nearly as well, best first: in a smooth
    picture the rings say much the same, and very different shares fit alike."""

    @property
    def helps(self) -> bool:
        """Whether the filter explains most of the error: otherwise something else is wrong."""
        return self.after < 0.7 * self.before and max(map(abs, self.shares)) > WORTH


def neighbourhood(
    found: Sequence[tuple[Observed, Sequence[Box], Sequence[NDArray[np.float32]]]], *, with_known: bool = False
) -> Neighbourhood:
    """The shares that fit best. found: for each pair its boxes and for each box the predicted samples with `REACH` more
    pixels on every side, luma `[H, W]` or `[H, W, channels]` as `fit.plane_of` takes them. with_known: known filters
    are held beside the fit too.

    A filter that goes beyond black or white is cut off there, which is nothing that shares can express: such blocks are
    left out as soon as the shares say which they are, if enough others are left.
    """
    parts = [_Part.of(pair, box, p) for pair, boxes, planes in found for box, p in zip(boxes, planes, strict=True)]
    shares = first = _solved(parts, np.zeros(len(RINGS)))
    kept = everything = [np.ones(len(part.base), bool) for part in parts]
    for _ in range(CLIPPED_ROUNDS):
        now = [part.unclipped(shares) for part in parts]
        if sum(np.count_nonzero(k) for k in now) < LEAST_UNCLIPPED:
            shares, kept = first, everything
            break
        if all(np.array_equal(a, b) for a, b in zip(now, kept, strict=True)):
            break
        kept = now
        shares = _solved([part.only(k) for part, k in zip(parts, kept, strict=True)], shares)
    chosen = [part.only(k) for part, k in zip(parts, kept, strict=True)]
    before, after = (_sigma(chosen, tried) for tried in (np.zeros(len(RINGS)), shares))
    near = _as_good(chosen, after) if with_known and after < before else ()
    return Neighbourhood(tuple(float(s) for s in shares), before, after, _sigma(parts, np.zeros(len(RINGS))), near)


def _as_good(parts: Sequence[_Part], after: float) -> tuple[Filter, ...]:
    """The filters of which hardly more is left than `after`, the fitted shares' sigma."""

    def left(step: Filter) -> float:
        return _sigma(parts, np.array(shares_of(step)))

    taps = min(map(Sharpen, SIDES), key=left)
    tried = {step: left(step) for step in (*KNOWN.values(), taps)}
    allowed = AS_GOOD * after + 0.1
    return tuple(sorted((s for s in tried if tried[s] <= allowed), key=tried.__getitem__))[:4]


def _solved(parts: Sequence[_Part], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shares for which the predictions lack least to the delivered intervals."""
    gram = np.zeros((len(RINGS), len(RINGS)))
    for part in parts:
        gram += (part.columns @ part.columns.T).astype(np.float64)
    gram[np.diag_indices(len(RINGS))] += 1e-6 * np.trace(gram) / len(RINGS) + 1e-9
    bounds = [((part.target - part.half).ravel(), (part.target + part.half).ravel()) for part in parts]
    for _ in range(ITERATIONS):
        lacking = np.zeros(len(RINGS))
        for part, (low, high) in zip(parts, bounds, strict=True):
            predicted = part.predicted(shares).ravel()
            lacking += part.columns @ (np.minimum(np.maximum(predicted, low), high) - predicted)
        shares = shares + OVER_RELAXED * np.linalg.solve(gram, lacking)
    return shares


def _sigma(parts: Sequence[_Part], shares: NDArray[np.float64]) -> float:
    """As `fit.fit` reckons it, the mean over pairs."""
    outside: dict[int, float] = {}
    weight: dict[int, float] = {}
    for part in parts:
        strong = np.abs(part.target) >= 4 * part.half
        strong[:, 0] = False
        off = np.abs(part.predicted(shares) - part.target) > part.half
        one = id(part.pair)
        outside[one] = outside.get(one, 0.0) + np.count_nonzero(off & strong)
        weight[one] = weight.get(one, 0.0) + float((strong / (2 * part.half)).sum())
    each = [outside[one] / (math.sqrt(2 / math.pi) * w) if w else math.inf for one, w in weight.items()]
    return float(np.mean(each))


@dataclass(frozen=True, eq=False)
class _Part:
    """The blocks of a box: what is predicted of them without a filter, and what each ring adds."""

    pair: Observed
    plane: NDArray[np.float32]
    base: NDArray[np.float32]
    """`[blocks, 64]`."""
    columns: NDArray[np.float32]
    """`[rings, blocks * 64]`."""
    target: NDArray[np.float32]
    """`[blocks, 64]`, the middle of the delivered intervals."""
    half: NDArray[np.float32]
    """`[64]`, half a step."""

    @classmethod
    def of(cls, pair: Observed, box: Box, plane: NDArray[np.float32]) -> _Part:
        left, top = box[:2]
        component = pair.coefficients.components[0]
        q = component.steps.astype(np.float32)
        luma = plane if plane.ndim == 2 else fit.plane_of(plane, pair)
        base = fit.transform(luma[REACH:-REACH, REACH:-REACH])
        v, h = base.shape[:2]
        levels = component.blocks[top // 8 : top // 8 + v, left // 8 : left // 8 + h].astype(np.float32)
        rings = [fit.transform(_ring(luma, ring) + np.float32(128)).reshape(-1, 64) for ring in RINGS]
        target = (levels * q).reshape(-1, 64)
        columns = np.stack(rings).reshape(len(RINGS), -1)
        return cls(pair, plane, base.reshape(-1, 64), columns, target, q.ravel() / np.float32(2))

    def predicted(self, shares: NDArray[np.float64]) -> NDArray[np.float32]:
        return self.base + (shares.astype(np.float32) @ self.columns).reshape(self.base.shape)

    def unclipped(self, shares: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which blocks a filter of these shares leaves between black and white, in every channel."""
        colours = 3 if self.plane.shape[2:] in ((3,), (4,)) else 1  # what is beside them is alpha
        channels = [self.plane] if self.plane.ndim == 2 else list(np.moveaxis(self.plane, 2, 0))[:colours]
        beyond: NDArray[np.bool_] | bool = False
        for channel in channels:
            made = _filtered(channel, [float(s) for s in shares])
            beyond = beyond | (made < -0.5) | (made > 255.5)
        height, width = (side // 8 * 8 for side in np.shape(beyond))
        blocks = np.asarray(beyond)[:height, :width].reshape(height // 8, 8, width // 8, 8)
        out: NDArray[np.bool_] = ~blocks.any(axis=(1, 3)).ravel()
        return out

    def only(self, kept: NDArray[np.bool_]) -> _Part:
        """The same with those blocks alone."""
        if kept.all():
            return self
        columns = self.columns.reshape(len(RINGS), -1, 64)[:, kept].reshape(len(RINGS), -1)
        return replace(self, base=self.base[kept], columns=columns, target=self.target[kept])


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
    return np.clip(_filtered(plane, shares), 0, 255)


def _filtered(plane: NDArray[np.float32], shares: Sequence[float]) -> NDArray[np.float32]:
    """As `applied`, but what goes beyond 0 to 255 stays."""
    rings = (_ring(plane, ring) if share else None for share, ring in zip(shares, RINGS, strict=True))
    return _summed(_inner(plane), rings, shares)


def _summed(
    inner: NDArray[np.float32], rings: Iterable[NDArray[np.float32] | None], shares: Sequence[float]
) -> NDArray[np.float32]:
    out = inner.copy()
    for share, ring in zip(shares, rings, strict=True):
        if share and ring is not None:
            out += np.float32(share) * ring
    return out


def _inner(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    return plane[REACH:-REACH, REACH:-REACH]


class Rings:
    """Predicted windows, and what each ring adds to them, for a look at many filters. found: as for `neighbourhood`,
    luma alone."""

    def __init__(self, found: Sequence[tuple[Observed, Sequence[Box], Sequence[NDArray[np.float32]]]]) -> None:
        self._found = [(pair, boxes, [(_inner(p), [_ring(p, r) for r in RINGS]) for p in parts])
                       for pair, boxes, parts in found]  # fmt: skip

    def sigma(self, shares: Sequence[float], most: float = math.inf) -> float:
        """The error that is left with a filter of these shares, pixels, mean over pairs; infinity where it will be more
        than `most`."""
        looks = [
            (pair, boxes, (np.clip(_summed(*p, shares), 0, 255) for p in parts)) for pair, boxes, parts in self._found
        ]
        return fit.mean_sigma(looks, most)


def shares_of(step: Step) -> tuple[float, ...] | None:
    """The five shares of a filter step; None for any other step, or one that is not symmetric. Of an unsharp mask those
    within 5 x 5 pixels, its threshold left out: near enough to rank what stands before it."""
    if isinstance(step, Unsharp):
        g = taps(step.radius)
        middle = len(g) // 2
        g = np.pad(g, REACH)[middle : middle + 2 * REACH + 1]
        return tuple(-step.percent / 100 * float(g[REACH + y] * g[REACH + x]) for (y, x), *_ in RINGS)
    if isinstance(step, LabSharpen):  # of its two slopes the mean
        g = lab_sharpen.taps(step.sigma) / lab_sharpen.taps(step.sigma).sum()
        middle = len(g) // 2 + REACH
        g = np.pad(g, 2 * REACH)[middle : middle + 2 * REACH + 1]
        return tuple(-(step.m1 + step.m2) / 2 * float(g[REACH + y] * g[REACH + x]) for (y, x), *_ in RINGS)
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
    elif isinstance(step, LabSharpen):
        told = "libvips sharpen(" + ", ".join(f"{name} {value:g}" for name, value in step.values.items()) + ")"
    elif isinstance(step, Sharpen):
        told = told or f"three taps of {step.side}/2048 a side"
    return (told or "a fitted filter") + (", where resized" if step.only_resized else "")


def forms(found: Neighbourhood) -> list[Filter]:
    """Known filters near the fitted shares, nearest first, those that explain as much, and the fitted one itself."""
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
    out += [step for step in found.as_good if step not in out]
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
