"""How pictures were made smaller or larger: whose kernel and geometry, and how much the JPEG decoder did before."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ...codec import resample
from ...codec.sizes import Derive, Rounding, ShrinkOnLoad
from ...codec.variants import Decoder
from ...steps import Step
from ...steps.decode import Decode
from ...steps.resize import Option, Resize
from ...steps.sharpen import Sharpen
from .. import kernel_fit, resampling, sharpening
from ..observed import Observed
from ..pipeline import Pipeline
from ..question import Candidate, Question
from ..rendering import Rendering

MOST = 20
"""Candidates that are rendered exactly."""
SUSPICIOUS = 0.75
"""Pixels of error of the best kernel from which other explanations are tried, too: the right kernels of ten real
channels leave 0.38 to 0.94, the most under a trellis or libvips 8.14's coarse weights (tests/battery's train pairs)."""


class Resampling:
    """Library, kernel, geometry and version of the resize."""

    name = "resampling"
    step = "resize"
    order = 40

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Resized pairs whose JPEG decoder had no reason to shrink them, if there are any; else all resized ones."""
        if pipeline.find(Resize) is None:
            return ()
        resized = resampling.best_first(pairs)
        return [p for p in resized if not resampling.shrinkable(p)] or resized

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """What is left of all libraries' kernels after a look at luma, with each of the library's versions."""
        if pipeline.find(Resize) is None:
            return [Candidate("none", pipeline)]
        out = {pipeline.keys: Candidate(_label(pipeline), pipeline)}
        for variant in _finalists(pipeline, pairs, rendering):
            made = pipeline.having(variant.hypothesis.within(pipeline.get(Resize)))
            for drawn in variant.decodes or (pipeline.get(Decode),):
                for tried in variant.filtered(made.having(drawn)):
                    out.setdefault(tried.keys, Candidate(_label(tried), tried, habit=len(out)))
        return list(out.values())[: MOST + 1]


@dataclass(frozen=True)
class _Finalist:
    """A resampler for an exact trial, with what may go before and behind it."""

    hypothesis: resampling.Hypothesis
    decodes: tuple[Decode, ...] = ()
    filters: tuple[Step, ...] = ()

    def filtered(self, pipeline: Pipeline) -> list[Pipeline]:
        """The pipeline with each of the filters right behind the resize; itself without any."""
        if not self.filters:
            return [pipeline]
        follows = pipeline.names[pipeline.names.index("resize") + 1]
        return [pipeline.inserted(step, before=follows) for step in self.filters]


def _finalists(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> list[_Finalist]:
    """The hypotheses that a look at luma leaves; with the ways of shrinking on load where the pairs have no others.
    Where no library's kernel alone will do, also kernels with a sharpening behind them, and one fitted to the pairs."""
    decodes: list[Decode] = [pipeline.get(Decode)]
    if pairs and all(resampling.shrinkable(p) for p in pairs):
        decodes = list(dict.fromkeys(d for d, _ in reductions(pipeline)))
    found = [
        (one.sigma, one.hypothesis, decode)
        for decode in decodes
        for one in resampling.shortlist(ranking(pipeline.having(decode), pairs, rendering))
    ]
    best = min((sigma for sigma, _, _ in found), default=math.inf)
    limit = max(1.3 * best, best + 0.25)
    left: dict[tuple[str, str, str, Decode], resampling.Hypothesis] = {}
    for sigma, h, decode in sorted(found, key=lambda f: f[0]):
        if sigma <= limit:
            # options that a kernel's weights do not show at these ratios are another question's
            left.setdefault((h.code, h.kernel, h.geometry, decode), h)
    known = [_Finalist(v, (key[3],)) for key, h in left.items() for v in resampling.variants(h)]
    if best <= SUSPICIOUS:
        return known
    key = ("beyond", _seen(pipeline, pairs))
    return [*rendering.remembered(key, lambda: _beyond(pipeline, pairs, rendering, best)), *known]


def _beyond(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering, best: float) -> list[_Finalist]:
    """What else could explain pairs of which no library's kernel leaves an error below `best` pixels."""
    witnesses = _witnesses(pipeline, pairs, rendering)[:2]
    if not witnesses:
        return []
    out: list[_Finalist] = []
    if sharpening.shares_after_resize(pipeline) is None:
        ranked = resampling.scored_with_filter(witnesses, list(resampling.hypotheses()))
        limit = max(1.3 * ranked[0].sigma, ranked[0].sigma + 0.25) if ranked and ranked[0].sigma < 0.75 * best else 0.0
        near = [f for f in ranked if f.sigma <= limit]
        chosen = [*[f for f in near if not f.fitted][:12], *[f for f in near if f.fitted][:4]]
        out = [_Finalist(f.hypothesis, filters=(f.step,)) for f in chosen]
        best = min([best, *(f.sigma for f in chosen)])
    made = kernel_fit.fitted_kernel(witnesses) if best > SUSPICIOUS else None
    if made is not None and made.sigma < 0.8 * best:
        out.append(_Finalist(made.hypothesis))
    return out


def _witnesses(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> list[resampling.Witness]:
    able = (resampling.witness(p, pipeline, rendering) for p in pairs)
    return list(itertools.islice((w for w in able if w is not None), resampling.WITNESSES))


def ranking(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> list[resampling.Scored]:
    """All hypotheses by their error on luma, best first; empty where no pair can be used. For reports, too."""

    def look() -> list[resampling.Scored]:
        witnesses = _witnesses(pipeline, pairs, rendering)
        return resampling.scored(witnesses, list(resampling.hypotheses())) if witnesses else []

    return rendering.remembered(("ranking", _seen(pipeline, pairs)), look)


def _seen(pipeline: Pipeline, pairs: Sequence[Observed]) -> tuple[object, ...]:
    """All that a look at resampling depends on: the pairs, the steps before the resize, its rule, a filter behind."""
    rule = resampling.Hypothesis("pillow", "lanczos").within(pipeline.get(Resize))
    steps = pipeline.keys[: pipeline.names.index("resize")]
    turned = "orient" in pipeline.names[len(steps) :]
    return tuple(map(id, pairs)), steps, repr(rule), turned, sharpening.shares_after_resize(pipeline)


class LargeReductions:
    """What is done about factors of two and more: the decoder shrinks, or boxes are averaged before the kernel."""

    name = "large reductions"
    step = "decode"
    order = 42

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Pairs made at least twice smaller, JPEGs first."""
        if pipeline.find(Resize) is None:
            return ()
        large = [p for p in resampling.best_first(pairs) if min(p.sent_size) > 1.99 * min(p.size)]
        return sorted(large, key=lambda p: (not p.is_jpeg, p.orientation != 1))

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """Every rule of `ShrinkOnLoad` and none, each with the boxes that the library has."""
        if pipeline.find(Resize) is None:
            return [Candidate("none", pipeline)]
        out = {pipeline.keys: Candidate(_reduction_label(pipeline), pipeline, _rank(pipeline))}
        for decode, options in reductions(pipeline):
            tried = pipeline.having(decode).changed(Resize, options=options)
            if not pairs and (_rank(tried) > 3 or options != pipeline.get(Resize).options):
                continue  # nothing to choose by but habit: what that library's users do
            out.setdefault(tried.keys, Candidate(_reduction_label(tried), tried, _rank(tried)))
        return list(out.values())


def reductions(pipeline: Pipeline) -> list[tuple[Decode, dict[str, Option]]]:
    """(decode, the resize's options): full size, then each rule of shrinking on load, with each kind of boxes."""
    resize, decode = pipeline.get(Resize), pipeline.get(Decode)
    known = resample.options(resize.code)
    names = [n for n in ("gap", "reducing_gap") if n in known]
    kept = {n: v for n, v in resize.options.items() if n not in names}
    boxes: list[dict[str, Option]] = [
        kept | {n: v for n, v in zip(names, values, strict=True) if v != known[n]}
        for values in itertools.product(*(resampling.NUMBERS[n] for n in names))
    ]
    return list(itertools.product(_decodes(decode, resize), boxes))


def _decodes(decode: Decode, resize: Resize) -> list[Decode]:
    """The decoder without and with each rule, aiming at the resize's size, or at two and three times that."""
    full = replace(
        decode, scale=8, draft="none", draft_limit=2048, draft_limit_height=0, draft_derive=Derive.EXACT,
        draft_rounding=Rounding.HALF_UP, draft_by=ShrinkOnLoad.PILLOW,
    )  # fmt: skip
    if not isinstance(resize.limit, int) or resize.upscale or decode.decoder is Decoder.GO:
        return [full]  # draft knows no rules, and Go's decoder no sizes
    aimed = replace(
        full, draft=resize.fit, draft_limit=resize.limit, draft_limit_height=resize.limit_height,
        draft_derive=resize.derive, draft_rounding=resize.rounding,
    )  # fmt: skip
    by_rule = [replace(aimed, draft_by=by) for by in ShrinkOnLoad]
    if resize.code == "pillow":  # Image.thumbnail() drafts to reducing_gap times the size
        by_rule += [
            replace(aimed, draft_limit=n * resize.limit, draft_limit_height=n * resize.limit_height) for n in (2, 3)
        ]
    return [full, *by_rule]


USUAL: dict[str, tuple[str, ...]] = {"vips": ("sharp", "vips", "none"), "skia": ("chromium", "none")}
"""How JPEGs are shrunk on load by software with that resampler, the commonest first: sharp and vips_thumbnail always
do; Chromium does. Others only when told to."""


def _rank(pipeline: Pipeline) -> int:
    """How usual a way of shrinking on load is with the resampler; boxes off their default count one more."""
    decode, resize = pipeline.get(Decode), pipeline.get(Resize)
    usual = USUAL.get(resize.code, ("none", "pillow"))
    if dict(resize.options).get("version") in ("8.14", "8.14-plain"):
        usual = ("vips", "sharp", "none")  # sharp brings a libvips of its own; this one is a distribution's
    way = "none" if decode.draft == "none" else str(decode.draft_by)
    boxes = dict(resize.options)
    if way == "pillow" and decode.draft_limit != resize.limit:  # Image.thumbnail()
        gap = boxes.get("reducing_gap", 0.0)
        return 2 if isinstance(gap, float) and decode.draft_limit == gap * int(str(resize.limit)) else 9
    off = sum(n in boxes for n in ("gap", "reducing_gap"))
    return 3 * (usual.index(way) if way in usual else 4) + off


def _label(pipeline: Pipeline) -> str:
    decode = pipeline.get(Decode)
    told = "" if decode.draft == "none" else f", after shrinking on load as {decode.draft_by}"
    filters = [s for s in pipeline.steps if sharpening.shares_of(s) is not None]
    told += f", then {_filter_label(filters[0])}" if filters else ""
    return resampling.of(pipeline.get(Resize)).label + told


def _filter_label(step: Step) -> str:
    known = next((label for label, one in sharpening.KNOWN.items() if one == step), "")
    return known or (f"three taps of {step.side}/2048" if isinstance(step, Sharpen) else "a fitted filter")


def _reduction_label(pipeline: Pipeline) -> str:
    decode, options = pipeline.get(Decode), pipeline.get(Resize).options
    told = [f"{n} {options[n]}" for n in ("gap", "reducing_gap") if n in options]
    if decode.draft == "none":
        return ", ".join(["decoded at full size", *told])
    return ", ".join([f"decoded smaller as {decode.draft_by} does, to {decode.draft_limit}", *told])


QUESTIONS: tuple[Question, ...] = (Resampling(), LargeReductions())
