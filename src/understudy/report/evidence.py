"""The evidence for each step as figures: kernel against rivals, thresholds by frequency, size rule, quality rule."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any

import numpy as np

from ..errors import UnderstudyError
from ..learning import kernel_fit, resampling, tomography, tone_fit
from ..learning.learned import Learned
from ..learning.observed import Observed, boxes
from ..learning.resampling import Hypothesis, Witness
from ..learning.windows import rows
from ..learning.words import size_rule
from ..steps import Rule, Step
from ..steps.crop import Crop
from ..steps.encode import Encode
from ..steps.pad import Pad
from ..steps.resize import Resize
from ..steps.tone import Tone
from .charts import Chart, Dot, Line, Point, heat
from .marks import Markup, details, safe, table, tag

MOST_RIVALS = 5
"""Rival kernels that are drawn."""
_MEASURES: dict[str, Callable[[int, int], float]] = {
    "longest_side": max,
    "shortest_side": min,
    "width": lambda width, height: width,
    "height": lambda width, height: height,
    "pixels": lambda width, height: width * height,
    "box": max,
    "box_in_turn": max,
}


def figures(learned: Learned, step: Step) -> Markup:
    """All figures that there are for a step of the learned profile; empty for most."""
    drawn: list[Markup] = []
    if isinstance(step, Resize):
        drawn = [_sizes(learned, step), _kernels(learned, step)]
    elif isinstance(step, Tone):
        drawn = [_tones(learned, step)]
    elif isinstance(step, Encode):
        drawn = [_quality(learned, step), _thresholds(learned)]
    return safe(drawn)


# --- tones


def _tones(learned: Learned, step: Tone) -> Markup:
    """The curves that the pairs show, each channel by itself, beside the step's own; the matrix where that mixes."""
    found: Any = next((d.evidence for d in learned.evidence if d.question == "tones" and d.evidence), None)
    if found is None:
        return Markup("")
    curves = found["curves"]
    at = np.linspace(0, 255, len(curves[0]))
    lines = [
        Line(f"{name}, fitted", list(zip(at.tolist(), row, strict=True)))
        for name, row in zip(("red", "green", "blue"), curves, strict=True)
    ]
    diagonal = tone_fit.is_diagonal(step) and step.enhance != "contrast"
    if diagonal:
        green = tone_fit.tables(step)[1]
        lines.insert(0, Line("the profile's, of green", [(float(v), float(green[v])) for v in range(256)], "best"))
    lines.append(Line("unchanged", [(0.0, 0.0), (255.0, 255.0)], "guide"))
    low, high = found["seen"]
    told = (
        f"What samples become, by curves fitted to flat parts of {', '.join(found['pairs'])}; "
        f"samples from {low} to {high} were seen."
    )
    drawn = Chart(told, "sent, 0 to 255", "delivered, 0 to 255", lines, y_from=0, y_to=265).svg()
    if diagonal:
        return drawn
    # one curve a channel says little of what mixes channels, or goes by each picture's mean
    left = [(name, f"{value:.2f}") for name, value in {**found["left"], **found["known forms"]}.items()]
    return safe([drawn, table(("what was tried", "left, 1 for what quantising leaves"), left, {1})])


# --- sizes and rules


def _sizes(learned: Learned, step: Resize) -> Markup:
    """Sent against received, in the measure that the rule bounds, and the rule's own curve."""
    if any(isinstance(s, (Crop, Pad)) for s in learned.profile.steps):
        return _framing(learned)
    measure = _MEASURES.get(step.fit, max)
    dots, wrong = [], 0
    for pair in learned.search.pairs:
        sent = pair.shown_size if step.as_shown or _turned_before(learned) else pair.sent_size
        turned = pair.size if _turned_before(learned) or pair.orientation < 5 else pair.size[::-1]
        try:
            made = step.target(*sent)
            fits = (made.width, made.height) in (pair.size, pair.size[::-1])
        except UnderstudyError:
            fits = False
        wrong += not fits
        title = f"{pair.name}: {sent[0]} x {sent[1]} to {pair.size[0]} x {pair.size[1]}"
        dots.append(Dot((measure(*sent), measure(*turned)), title, "dot" if fits else "dot off"))
    top = 1.15 * max((d.at[0] for d in dots), default=1.0)
    side = step.fit.replace("_", " ") if step.fit in ("longest_side", "shortest_side", "width", "height") else ""
    label = side or ("pixels of the picture" if step.fit == "pixels" else "longest side")
    lines = []
    if isinstance(step.limit, int) and not step.limit_height and step.fit in _MEASURES:
        limit = float(step.limit)
        up: list[Point] = [(0.0, limit), (top, limit)] if step.upscale else [(0.0, 0.0), (limit, limit), (top, limit)]
        lines = [Line("the rule", up, "best")]
    if isinstance(step.limit, int) and step.fit == "percent":
        lines = [Line("the rule", [(0.0, 0.0), (top, top * step.limit / (step.limit_height or 100))], "best")]
    told = f"Sizes of {len(dots)} pairs and the rule: made {size_rule(step)}."
    if wrong:
        told += f" {wrong} do not follow it."
    return Chart(told, f"sent: {label}, pixels", f"received: {label}", lines, dots, y_from=0).svg()


def _framing(learned: Learned) -> Markup:
    """What size each pair's picture gets, and which part of it is kept, or where it lies on its ground."""
    rows = []
    for pair in learned.search.pairs:
        size = pair.shown_size if pair.orientation >= 5 and _is_turned(learned) else pair.sent_size
        told = [f"{size[0]} x {size[1]}"]
        for step in learned.profile.steps:
            try:
                if isinstance(step, Resize):
                    to = step.target(*size)
                    size = to.width, to.height
                    told.append(f"{size[0]} x {size[1]}")
                elif isinstance(step, (Crop, Pad)):
                    left, top, right, bottom = step.box(*size)
                    size = right - left, bottom - top
                    told.append(f"{size[0]} x {size[1]} from {left}, {top}")
            except UnderstudyError as error:
                told.append(str(error))
        rows.append((pair.name, " → ".join(told), f"{pair.size[0]} x {pair.size[1]}"))
    return table(("pair", "what becomes of it, in pixels (a part: from its left, top)", "received"), rows)


def _is_turned(learned: Learned) -> bool:
    return any(s.name == "orient" and getattr(s, "apply", False) for s in learned.profile.steps)


def _turned_before(learned: Learned) -> bool:
    """Whether the picture is upright when it comes to the resize."""
    names = [s.name for s in learned.profile.steps]
    return _is_turned(learned) and names.index("orient") < names.index("resize")


def _quality(learned: Learned, step: Encode) -> Markup:
    """Quality of each file against what it goes by, with the rule; nothing where the quality is one number."""
    if not isinstance(step.quality, Rule):
        return Markup("")
    rule, measure = step.quality, _MEASURES[step.quality.by]
    dots = []
    for pair in learned.search.pairs:
        seen = step.observe(pair.stream).get("quality")
        if isinstance(seen, int):
            fits = rule(*pair.size) == seen
            dots.append(Dot((measure(*pair.size), seen), f"{pair.name}: {seen}", "dot" if fits else "dot off"))
    if not dots:
        return Markup("")
    last = 1.1 * max([d.at[0] for d in dots] + [limit for limit, _ in rule.up_to])
    points: list[Point] = []
    start = 0.0
    for limit, value in (*rule.up_to, (last, rule.otherwise)):
        points += [(start, value), (float(limit), value)]
        start = float(limit)
    what = rule.by.replace("_", " ")
    chart = Chart(f"Quality of {len(dots)} files and the rule: {rule}.", f"received: {what}", "quality",
                  [Line("the rule", points, "best")], dots)  # fmt: skip
    return chart.svg()


# --- kernels


def _kernels(learned: Learned, step: Resize) -> Markup:
    """The chosen kernel and its nearest rivals at the ratio of one pair, and how far off every one of them is."""
    search = learned.search
    able = (resampling.witness(p, search.pipeline, search.rendering) for p in resampling.best_first(search.pairs))
    try:
        witnesses = list(islice((w for w in able if w is not None), 2))
    except UnderstudyError:
        witnesses = []
    if not witnesses:
        return Markup("")
    own = resampling.of(step)
    one = max(witnesses, key=lambda w: len(_curve(own, w)))  # the ratio of more phases draws the finer curve
    listed = list(dict.fromkeys([own, *resampling.hypotheses()]))
    ranked = resampling.scored(witnesses, listed)
    familiar = [Hypothesis("pillow", kernel) for kernel in ("lanczos", "bicubic", "bilinear")]
    rivals = _different([*(r.hypothesis for r in ranked), *familiar], own, one)
    drawn = [(h, curve) for h in (own, *rivals) if (curve := _curve(h, one))]
    lines = [Line(h.label, curve, "best" if h == own else "rival") for h, curve in drawn]
    pair = one.pair
    label = (
        f"Weight of each input pixel by its distance from the output pixel's centre, across {pair.name} "
        f"({one.luma.shape[1]} to {one.size[0]} pixels): the answer, its nearest rivals, well-known kernels."
    )
    measured, told = _measured(one)
    chart = Chart(label + told, "distance, output pixels", "weight", lines, measured).svg()
    scored = {r.hypothesis: r for r in ranked}
    rows_ = [
        (r.hypothesis.label, f"{r.sigma:.2f}", f"{r.bias:+.2f}")
        for r in ranked[:12] + ([scored[own]] if own in scored and scored[own] not in ranked[:12] else [])
    ]
    text = tag(
        "p",
        "Error of the predicted luma, in pixels, with all rounding left out, so that kernels of several libraries tie. "
        "Up to about 0.6 only rounding is left; 0.6 to 1.3 points to another arithmetic, colour or decoder; "
        "1.8 and more to a wrong kernel or geometry.",
        class_="quiet",
    )
    aside = details("Every kernel's error", text, table(("kernel", "error", "bias"), rows_, {1, 2}))
    return Markup(chart + aside)


def _measured(one: Witness) -> tuple[list[Dot], str]:
    """The kernel as the delivered coefficients show it, no library supposed, and what to say of it."""
    shapes = (kernel_fit.Shape(antialias=True), kernel_fit.Shape(antialias=False))
    fits = [f for shape in shapes if (f := kernel_fit.fit_kernel([one], shape, rounds=3, iterations=8)) is not None]
    if not fits:
        return [], ""
    best = min(fits, key=lambda f: f.sigma)
    unit = 1.0 if best.shape.antialias else one.size[0] / one.luma.shape[1]  # of `at`, in output pixels
    at = kernel_fit.STEP * np.arange(len(best.samples)) * unit
    total = (2 * best.samples.sum() - best.samples[0]) * kernel_fit.STEP * unit
    dots = [
        Dot((sign * float(x), float(y / total)), f"measured: {y / total:.3f} at {sign * x:.2f}")
        for x, y in zip(at, best.samples, strict=True)
        for sign in ((1,) if x == 0 else (-1, 1))
    ]
    return dots, f" Dots: fitted to {best.pixels:,} delivered pixels without supposing any library."


def _different(listed: list[Hypothesis], own: Hypothesis, one: Witness) -> list[Hypothesis]:
    """Those whose curve is another than the answer's and than each other's."""
    seen, out = [_curve(own, one)], []
    for hypothesis in listed:
        curve = _curve(hypothesis, one)
        if curve and not any(_alike(curve, other) for other in seen):
            seen.append(curve)
            out.append(hypothesis)
        if len(out) == MOST_RIVALS:
            break
    return out


def _alike(a: list[Point], b: list[Point]) -> bool:
    """Whether one could not tell the curves apart on the page."""
    if not a or not b:
        return False
    (ax, ay), (bx, by) = (np.array(points).T for points in (a, b))
    grid = np.linspace(-3, 3, 121)
    off = np.interp(grid, ax, ay, left=0, right=0) - np.interp(grid, bx, by, left=0, right=0)
    return bool(np.abs(off).max() < 0.03)


def _curve(hypothesis: Hypothesis, one: Witness) -> list[Point]:
    """(distance in output pixels, weight times the ratio) of the samples that the middle outputs are made of."""
    width, to = one.luma.shape[1], one.size
    plan = one.plan(hypothesis)
    middle = to[0] // 2
    made = rows(plan, 1, max(0, middle - 12), min(to[0], middle + 12)) if plan is not None else None
    if made is None:
        return []
    ratio = width / to[0]
    points: list[Point] = []
    for i, weights in enumerate(made.weights):
        centre = (made.begin + i + 0.5) * ratio - 0.5
        used = np.flatnonzero(weights)
        points += [((made.first + j - centre) / ratio, float(weights[j]) * ratio) for j in used]
    points = [p for p in points if abs(p[0]) <= 4.5]
    return _thinned(sorted(points))


def _thinned(points: list[Point], most: int = 160) -> list[Point]:
    """Means of neighbouring points, so that a curve does not weigh more than it shows."""
    if len(points) <= most:
        return points
    return [tuple(np.mean(part, axis=0)) for part in np.array_split(np.array(points), most)]


# --- thresholds


def _thresholds(learned: Learned) -> Markup:
    """Where the encoder switches from 0 to 1, by frequency, and how sharply."""
    search = learned.search
    found = next(_sampled(learned), None)
    if found is None:
        return Markup("")
    pair, rows_ = found
    luma = rows_[:1]
    seen = tomography.events(luma)
    at: list[float | None] = [None] * 64
    for threshold in tomography.thresholds(luma, levels=1):
        at[8 * threshold.v + threshold.h] = threshold.at
    label = (
        f"Where the encoder goes from level 0 to 1 in each luma frequency of {pair.name}, in quantiser steps "
        "(left to right and top to bottom from low to high frequencies). Plain rounding: .50 everywhere."
    )
    classes = sorted(tomography.classify(seen).items(), key=lambda row: -row[1])
    told = ", ".join(f"{name.replace('-', ' ')} {share:.0%}" for name, share in classes if share > 0.005)
    shares = seen.shares
    facts = table(
        ("what plain rounding does not do", "share of its chances"),
        [
            ("a value of 0.56 to 1 step becomes 0", f"{shares['zeroed']:.4f}"),
            ("a level of 2 or more is lowered", f"{shares['lowered']:.4f}"),
            ("a level is raised", f"{shares['raised']:.4f}"),
            ("a DC level is another", f"{shares['dc']:.4f}"),
            ("blocks with any of these", f"{shares['odd_blocks']:.4f}"),
        ],
        {1},
    )
    said = tag("p", f"Read from outside, {seen.blocks:,} blocks: {told}.")
    resized = "" if not pair.is_resized else " The picture was resized, whose rounding blurs this figure a little."
    note = tag("p", f"Predicted with {search.pipeline.encode.color} colour and an ideal DCT.{resized}", class_="quiet")
    ladder = _ladder(luma[0])
    return Markup(ladder + details("Thresholds by frequency", said, heat(at, label), facts, note))


def _sampled(learned: Learned) -> Iterator[tuple[Observed, list[tomography.Samples]]]:
    """Pairs with their samples, those first whose pixels before the encoder are known best."""
    search = learned.search
    ranked = sorted(search.pairs, key=lambda p: (p.is_resized, p.is_jpeg, p.has_alpha, p.icc is not None))
    for pair in ranked[:4]:
        try:
            raster = search.rendering.raster(pair, search.pipeline)
        except UnderstudyError:
            continue
        if (raster.width, raster.height) == pair.size and not raster.has_alpha:
            yield pair, tomography.samples(raster, pair, boxes(pair), search.pipeline.encode)


def _ladder(luma: tomography.Samples) -> Markup:
    """Share of coefficients that got at least level n, by predicted value, for n = 1, 2, 3."""
    size = np.abs(luma.values[:, 1:]).ravel()
    level = np.where(luma.values[:, 1:] < 0, -luma.levels[:, 1:], luma.levels[:, 1:]).ravel()
    edges = np.linspace(0, 3.5, 71)
    which = np.digitize(size, edges) - 1
    lines = []
    for n in (1, 2, 3):
        points: list[Point] = []
        for i in range(len(edges) - 1):
            inside = which == i
            count = int(np.count_nonzero(inside))
            if count >= 5:
                points.append(((edges[i] + edges[i + 1]) / 2, float(np.mean(level[inside] >= n))))
        lines.append(Line(f"level {n} or more", points, "best" if n == 1 else "rival"))
    label = (
        "Share of luma coefficients that were delivered with at least this level, by the value that the learned "
        "pipeline predicts. Plain rounding is a cliff at 0.5, 1.5, 2.5; a trellis or a dead zone cuts its edge away."
    )
    marks = [(n + 0.5, f"{n}.5") for n in range(3)]
    return Chart(label, "predicted value, quantiser steps", "share", lines, marks=marks, y_from=-0.03, y_to=1.05).svg()
