"""Which resamplers could have made resized pictures: every kernel of every library, judged on luma in a few windows.

The score is `fit.sigma`, the error of the prediction in pixels; roundings are left out on both sides, so that the right
kernel shows about 0.4 to 1.0 (the most where a library cuts instead of rounding), a wrong one or a wrong geometry 1.8
and more (facts/learning-trials.md, 2.1). What is near the best is rendered exactly by the search.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..codec import resample
from ..codec.framing import middle_of
from ..codec.sizes import Fit
from ..codec.stages import Plan
from ..errors import UnderstudyError
from ..steps import Step
from ..steps.resize import Option, Resize
from ..steps.tone import Tone
from . import fit, sharpening
from .framed import Framed, framed_after
from .observed import Box, Observed, boxes
from .pipeline import Pipeline
from .rendering import Rendering
from .sharpening import REACH, applied, shares_after_resize
from .windows import Rows, outputs, rows, same_map, windows

WINDOW = 128
"""Pixels a side of a window; three or four of them a pair."""
WITNESSES = 3
"""Pairs on which hypotheses are judged."""
SUPPORTED = ("release", "version", "ipp")
"""Options that change roundings and pass order more than weights: tried with the kernels that are left."""
NUMBERS: dict[str, tuple[Option, ...]] = {
    "gap": (2.0, 0.0), "reducing_gap": (0.0, 2.0, 3.0), "thumbnail": (False, True), "release": (13, 12),
}  # fmt: skip
"""Values of options that software is known to use, the default first: libvips' gap is 2 by default, 0 turns its boxes
off; Pillow's thumbnail() has a reducing_gap of 2, its documentation recommends up to 3; ImageMagick's -thumbnail
samples before it filters; `release` is where Pillow changed its order of passes."""


@dataclass(frozen=True)
class Hypothesis:
    """A library's kernel with options that change its weights."""

    code: str
    kernel: str
    geometry: Literal["per_axis", "common"] = "per_axis"
    options: tuple[tuple[str, Option], ...] = ()
    """Those off their defaults."""

    @property
    def label(self) -> str:
        told = ["one scale for both axes"] if self.geometry == "common" else []
        told += [f"{name} {value}" for name, value in self.options]
        return ", ".join([f"{self.code} {self.kernel}", *told])

    def within(self, resize: Resize) -> Resize:
        """The step with this arithmetic, its size rule kept."""
        return replace(
            resize, code=self.code, kernel=self.kernel, geometry=self.geometry, options=dict(self.options)
        )  # fmt: skip

    def plan(
        self, columns: int, rows_: int, size: tuple[int, int], scale: float,
        box: tuple[float, ...] | None = None, channels: int = 3,
    ) -> Plan | None:  # fmt: skip
        """Its plan from `columns` x `rows_` (or from the `box` of that) to `size`; None where the library does not do
        that."""
        given: dict[str, Any] = dict(self.options)
        known = resample.options(self.code)
        if box is not None:
            if "box" not in known:
                return None
            given["box"] = box
        if self.geometry == "common":
            given["factors"] = (scale, scale)
        try:
            made = resample.plan(self.code, columns, rows_, *size, kernel=self.kernel, channels=channels, **given)
        except (UnderstudyError, ValueError):
            return None
        return made if outputs(made, 1) in (0, size[0]) and outputs(made, 0) in (0, size[1]) else None


def of(resize: Resize) -> Hypothesis:
    """The arithmetic that a step has."""
    return Hypothesis(resize.code, resize.kernel, resize.geometry, tuple(sorted(resize.options.items())))


@dataclass(frozen=True)
class Place:
    """How a hypothesis does in one window."""

    pair: str
    box: Box
    sigma: float


@dataclass(frozen=True)
class Scored:
    """A hypothesis and what its prediction was worth."""

    hypothesis: Hypothesis
    sigma: float
    """Mean over pairs, in pixels."""
    bias: float
    """Mean of delivered minus predicted, in pixels, over pairs: a library that cuts makes it negative."""
    places: tuple[Place, ...] = ()


@dataclass(frozen=True, eq=False)
class Witness:
    """A resized pair whose raster before the resize is known, as luma."""

    pair: Observed
    luma: NDArray[np.float32]
    scale: float
    """Output to input pixels by the size rule."""
    boxes: tuple[Box, ...] = field(default=())
    shares: tuple[float, ...] | None = None
    """The filter that the pipeline has behind the resize; None for none."""

    box: tuple[float, ...] | None = None
    """Left, top, right, bottom of what is resampled of the raster, where that is not all of it."""
    channels: int = 3
    """Of the raster: some libraries choose a kernel by that."""
    framed: Framed | None = None
    """What becomes of the resized picture where it is cut, or gets borders; None where it is what was delivered."""

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the resized picture."""
        return self.pair.size if self.framed is None else self.framed.size

    @property
    def placed(self) -> list[Box]:
        """The boxes in the resized picture."""
        x, y = self.offset
        return [(left + x, top + y, right + x, bottom + y) for left, top, right, bottom in self.boxes]

    @property
    def offset(self) -> tuple[int, int]:
        """Where the delivered picture's corner lies in the resized one: left and top."""
        return (0, 0) if self.framed is None else (self.framed.left, self.framed.top)

    def plan(self, hypothesis: Hypothesis) -> Plan | None:
        """What the hypothesis does to this raster; None where the library does not do that."""
        height, width = self.luma.shape
        return hypothesis.plan(width, height, self.size, self.scale, self.box, 1 if self.channels < 3 else 3)

    def predicted(self, plan: Plan, *, bare: bool = False) -> list[NDArray[np.float32]]:
        """Luma of each box; `bare`: as the resize gives it, with `sharpening.REACH` more pixels on every side."""
        wide = bare or self.shares is not None
        parts = windows(plan, self.luma, self.placed, self.size, REACH if wide else 0)
        return [applied(p, self.shares) for p in parts] if self.shares is not None and not bare else parts

    @property
    def factor(self) -> float:
        """Input pixels to an output pixel."""
        return float(min(self.luma.shape[1] / self.size[0], self.luma.shape[0] / self.size[1]))


def shrinkable(pair: Observed) -> bool:
    """Whether a decoder could have made the picture smaller: a JPEG of twice the received size, but for a rounding."""
    if not pair.is_jpeg or not pair.is_resized:
        return False
    long, short = max(pair.sent_size) / max(pair.size), min(pair.sent_size) / min(pair.size)
    return min(long, short) > 1.99


def best_first(pairs: Sequence[Observed]) -> list[Observed]:
    """Resized pairs, those first that say most about the resampling alone: upright, opaque, without ICC profile, not
    from a JPEG (no decoder in question), with sides that really were rounded, with much to count."""

    def rank(pair: Observed) -> tuple[bool, bool, bool, bool, float]:
        busy = sum(int(np.count_nonzero(c.real)) for c in pair.coefficients.components[:1])
        return pair.orientation != 1, pair.icc is not None, pair.has_alpha, pair.is_jpeg, -busy * _oddity(pair)

    return sorted((p for p in pairs if p.is_resized), key=rank)


def _oddity(pair: Observed) -> float:
    """1 to 2: how much the two axes' ratios differ, which a geometry is told by."""
    (w, h), (x, y) = sorted(pair.sent_size), sorted(pair.size)
    off = abs(w / x - h / y) * min(x, y)  # input pixels that a common scale is off at the far end
    return 1.0 + min(off, 1.0)


def witness(pair: Observed, pipeline: Pipeline, rendering: Rendering) -> Witness | None:
    """The pair with its luma before the resize; None where the steps before cannot take it, or turn it afterwards."""
    at = pipeline.names.index("resize")
    if pair.orientation >= 5 and "orient" in pipeline.names[at:]:
        return None
    try:
        raster = rendering.raster(pair, pipeline, at)
        to = pipeline.get(Resize).target_of(raster)
        framed = framed_after(pipeline, pair, (to.width, to.height))
    except UnderstudyError:
        return None
    where = boxes(pair, WINDOW) if framed is None else framed.inside(boxes(pair, WINDOW), pair.size)
    if not where:
        return None
    resize = pipeline.get(Resize)
    box: tuple[float, ...] | None = None
    if resize.sized_by == "stored_part" and raster.before is not None:
        box = (0.0, 0.0, raster.before[0] * raster.before[2] / 8, raster.before[1] * raster.before[2] / 8)
    elif resize.fit is Fit.FILL:
        box = middle_of(raster.width, raster.height, (to.width, to.height), resize.gravity)
    tone = pipeline.find(Tone)
    if tone is not None and "tone" in pipeline.names[at:] and raster.space == "rgb":
        toned = tone.exact(raster, pair.context)  # but for roundings and clipping the two change places
        raster = toned if toned.pixels.shape == raster.pixels.shape else raster
    luma = fit.plane_of(raster.pixels, pair, raster.space)
    return Witness(
        pair, luma, to.scale, where, shares_after_resize(pipeline),
        box, raster.pixels.shape[2], framed,
    )  # fmt: skip


def hypotheses() -> Iterator[Hypothesis]:
    """Every kernel of every library, with each geometry and each option that changes its weights."""
    for code in resample.codes():
        known = resample.options(code)
        if "samples" in known:
            continue  # any kernel at all: `kernel_fit` gives it its samples
        geometries: tuple[Literal["per_axis", "common"], ...] = (
            ("per_axis", "common") if "factors" in known else ("per_axis",)
        )
        numbers = [n for n in NUMBERS if n in known and n not in SUPPORTED]
        for kernel, geometry in itertools.product(resample.kernels(code), geometries):
            for values in itertools.product(*(NUMBERS[n] for n in numbers)):
                off = tuple((n, v) for n, v in zip(numbers, values, strict=True) if v != known[n])
                yield Hypothesis(code, kernel, geometry, off)


def variants(hypothesis: Hypothesis) -> list[Hypothesis]:
    """The hypothesis with every combination of the library's further options (`SUPPORTED`), the defaults first."""
    known, choices = resample.options(hypothesis.code), resample.choices(hypothesis.code)
    names = [n for n in SUPPORTED if n in known]
    lists = [choices.get(n) or NUMBERS[n] for n in names]
    given = dict(hypothesis.options)
    out = []
    for values in itertools.product(*lists):
        off = {n: v for n, v in zip(names, values, strict=True) if v != known[n]}
        kept = {n: v for n, v in given.items() if n not in names}
        out.append(replace(hypothesis, options=tuple(sorted((kept | off).items()))))
    return out


def scored(witnesses: Sequence[Witness], listed: Sequence[Hypothesis]) -> list[Scored]:
    """The hypotheses by sigma, best first. After each pair only those that can still win go on to the next; what a
    library cannot do falls out. Those with equal weights are judged once."""
    found: dict[Hypothesis, list[tuple[fit.Fit, tuple[Place, ...]]]] = {h: [] for h in listed}
    for one in witnesses:
        judged = _judged(one, list(found))
        found = {h: [*found[h], judged[h]] for h in found if h in judged}
        means = {h: _mean(rows_) for h, rows_ in found.items()}
        limit = 2.0 * min(means.values(), default=0.0) + 0.5
        found = {h: r for h, r in found.items() if means[h] <= limit}
    out = [
        Scored(h, _mean(r), sum(f.bias for f, _ in r) / len(r), tuple(p for _, places in r for p in places))
        for h, r in found.items()
    ]
    return sorted(out, key=lambda s: s.sigma)


def _mean(found: Sequence[tuple[fit.Fit, tuple[Place, ...]]]) -> float:
    return sum(f.sigma for f, _ in found) / max(1, len(found))


def _judged(one: Witness, listed: Sequence[Hypothesis]) -> dict[Hypothesis, tuple[fit.Fit, tuple[Place, ...]]]:
    out: dict[Hypothesis, tuple[fit.Fit, tuple[Place, ...]]] = {}
    known: list[tuple[tuple[Rows | None, Rows | None], Hypothesis]] = []
    probe = one.placed[-1]
    for hypothesis in listed:
        plan = one.plan(hypothesis)
        if plan is None:
            continue
        maps = rows(plan, 0, probe[1], probe[3]), rows(plan, 1, probe[0], probe[2])
        like = next((h for m, h in known if same_map(m[0], maps[0]) and same_map(m[1], maps[1])), None)
        if like is None:
            known.append((maps, hypothesis))
            out[hypothesis] = judged(one, one.predicted(plan))
        else:
            out[hypothesis] = out[like]
    return out


@dataclass(frozen=True)
class Filtered:
    """A hypothesis with a filter behind it."""

    hypothesis: Hypothesis
    sigma: float
    step: Step
    fitted: bool
    """Whether the filter was fitted, not one that software is known to have."""


def scored_with_filter(witnesses: Sequence[Witness], listed: Sequence[Hypothesis]) -> list[Filtered]:
    """Each hypothesis with each known filter, and with the one that fits it best where that explains most of the error;
    best first. All on the first pair, the best on the others, too."""
    one = witnesses[0]
    found: list[Filtered] = []
    best = math.inf
    known: list[tuple[Rows | None, Rows | None]] = []
    probe = one.placed[-1]
    for hypothesis in listed:
        plan = one.plan(hypothesis)
        if plan is None:
            continue
        maps = rows(plan, 0, probe[1], probe[3]), rows(plan, 1, probe[0], probe[2])
        if any(same_map(m[0], maps[0]) and same_map(m[1], maps[1]) for m in known):
            continue
        known.append(maps)
        parts = [(one.pair, one.boxes, one.predicted(plan, bare=True))]
        rings = sharpening.Rings(parts)
        for step in sharpening.KNOWN.values():
            sigma = rings.sigma(sharpening.shares_of(step) or (), _near(best))
            best = min(best, sigma)
            found.append(Filtered(hypothesis, sigma, step, False))
        free = sharpening.neighbourhood(parts)
        if free.helps:
            best = min(best, free.after)
            found += [Filtered(hypothesis, free.after, s, True) for s in sharpening.own_forms(free)]
    found.sort(key=lambda f: f.sigma)
    near = [f for f in found if f.sigma < _near(best)][:40]
    everywhere = list(near)
    for hypothesis in dict.fromkeys(f.hypothesis for f in near):
        rings = _rings(witnesses, hypothesis)
        for i, one_filter in enumerate(near):
            if one_filter.hypothesis == hypothesis:
                sigma = rings.sigma(sharpening.shares_of(one_filter.step) or ())
                everywhere[i] = replace(one_filter, sigma=sigma)
    return sorted(everywhere, key=lambda f: (f.sigma, f.fitted))


def _near(best: float) -> float:
    """The error below which a hypothesis on one pair is worth a look at the others, with the best one's."""
    return 1.5 * best + 0.2


def _rings(witnesses: Sequence[Witness], hypothesis: Hypothesis) -> sharpening.Rings:
    parts = []
    for w in witnesses:
        plan = w.plan(hypothesis)
        if plan is not None:
            parts.append((w.pair, w.boxes, w.predicted(plan, bare=True)))
    return sharpening.Rings(parts)


def judged(one: Witness, parts: Sequence[NDArray[np.float32]]) -> tuple[fit.Fit, tuple[Place, ...]]:
    """The fit of predicted windows, over all and for each."""
    each = [fit.tally(part, one.pair, box) for part, box in zip(parts, one.boxes, strict=True)]
    places = tuple(Place(one.pair.name, box, t.fit.sigma) for t, box in zip(each, one.boxes, strict=True))
    return sum(each, fit.Tally()).fit, places


def shortlist(ranked: Sequence[Scored], most: int = 12) -> list[Scored]:
    """Those whose sigma does not rule them out beside the best: a cut instead of a rounding costs up to 0.5, trellis
    and coarse tables blur the rest. Of a kernel whose options change nothing at these ratios, one."""
    if not ranked:
        return []
    alike = {(s.hypothesis.code, s.hypothesis.kernel, s.hypothesis.geometry, s.sigma): s for s in reversed(ranked)}
    first = set(map(id, alike.values()))
    apart = [s for s in ranked if id(s) in first]
    limit = max(1.3 * ranked[0].sigma, ranked[0].sigma + 0.25)
    return [s for i, s in enumerate(apart) if s.sigma <= limit or i < 3][:most]
