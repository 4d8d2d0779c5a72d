"""How pictures were made smaller or larger: whose kernel and geometry, and how much the JPEG decoder did before."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from ...codec import resample
from ...codec.sizes import Derive, Fit, Rounding, ShrinkOnLoad
from ...codec.variants import Decoder
from ...errors import UnderstudyError
from ...steps import Step
from ...steps.decode import Decode
from ...steps.lab_sharpen import LabSharpen
from ...steps.orient import Orient
from ...steps.resize import Option, Resize
from ...steps.tone import Tone
from ...steps.unsharp import Unsharp
from .. import fit, habits, kernel_fit, lab_sharpen_fit, looks, resampling, sharpening, unsharp_fit
from ..observed import Observed
from ..pipeline import Pipeline
from ..question import Candidate, Decision, Question
from ..rendering import Rendering

Sized = Literal["raster", "stored", "stored_part"]

MOST = 20
"""Candidates that are rendered exactly."""
MOST_ODD = 4
"""Of them those of libraries that no software is known to have together with the encoder."""
SUSPICIOUS = 0.75
"""Pixels of error of the best kernel from which other explanations are tried, too: the right kernels of ten real
channels leave 0.38 to 0.94, the most under a trellis or libvips 8.14's coarse weights (tests/battery's train pairs)."""
TONED = 1.3
"""The same where tones are changed, too: on which side of the resize is a question of its own, and the wrong side clips
otherwise, which leaves 0.88 under a right kernel (three photographs, Brightness(1.2)); a wrong one leaves 1.8."""


EXPLAINED = 0.99995
"""Share of equal coefficients that a library's own kernel reaches on some pair at least where its form here is not
exact, or a sharpening follows: inexact floats leave 1e-5 unequal, a mild unsharp mask 2e-5. Elsewhere one pair has to
be equal as a whole: another library's same kernel leaves as little as 6e-5 (Rust's triangle for GDAL's bilinear)."""
INEXACT = frozenset({"opencv", "graphicsmagick", "gd_scale"})
"""Libraries of which some kernels differ in a few samples from their form here: docs/variants.md."""
MASKED = 8
"""Resamplers behind which an unsharp mask is looked for."""
IN_LIGHT = 4
"""Kernels that are tried in linear light."""
LAB_SHARPENED = 2
"""Kernels of libvips' behind which its own sharpening is looked for."""
BOXES = ("gap", "reducing_gap", "thumbnail")
"""Options that say what is averaged or left out before the kernel."""
NEAREST = "the nearest that is known, not identified"


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
            for begun in variant.begun or (pipeline,):
                made = begun.having(variant.hypothesis.within(begun.get(Resize)))
                for tried in variant.filtered(made):
                    out.setdefault(tried.keys, Candidate(_label(tried), tried, habit=len(out)))
        return list(out.values())[: MOST + 1]

    def explained(
        self, decision: Decision, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
    ) -> Decision:
        """A known kernel that explains not even its best pair is the nearest known, and nothing more."""
        agreements = decision.trials[0].agreements if decision.trials else ()
        best = max((a.share for _, a in agreements), default=1.0)
        resize = pipeline.find(Resize)
        loose = resize is not None and (resize.code in INEXACT or pipeline.find(Unsharp) or pipeline.find(LabSharpen))
        if resize is None or resize.code == "fitted" or best >= (EXPLAINED if loose else 1.0):
            return decision
        told = f"{NEAREST}: of no pair more than {100 * best:.6g} % of the coefficients are equal"
        return replace(decision, guess=True, reason=f"{decision.reason}; {told}")


@dataclass(frozen=True)
class _Finalist:
    """A resampler for an exact trial, with what may go before and behind it."""

    hypothesis: resampling.Hypothesis
    begun: tuple[Pipeline, ...] = ()
    """Pipelines that shrink on load in the way it goes with; none for the present one."""
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
    begun = [pipeline]
    if pairs and all(resampling.shrinkable(p) for p in pairs):
        begun = [r.within(pipeline, boxes=False) for r in reductions(pipeline)]
        begun = list({b.keys: b for b in begun}.values())
    found = [(one.sigma, one.hypothesis, start) for start in begun for one in _shortlist(start, pairs, rendering)]
    best = min((sigma for sigma, _, _ in found), default=math.inf)
    limit = max(1.3 * best, best + 0.25)
    left: dict[tuple[object, ...], tuple[resampling.Hypothesis, Pipeline]] = {}
    for sigma, h, start in sorted(found, key=lambda f: (is_odd(f[1].code, pipeline), f[0])):
        if sigma <= limit:
            # options that a kernel's weights do not show at these ratios are another question's
            left.setdefault((h.code, h.kernel, h.geometry, start.keys), (h, start))
    known = [_Finalist(v, (start,)) for h, start in left.values() for v in resampling.variants(h)]
    if best <= (SUSPICIOUS if pipeline.find(Tone) is None else TONED):
        return known
    key = ("beyond", looks.seen(pipeline, pairs))
    return [*rendering.remembered(key, lambda: _beyond_alike(pipeline, pairs, rendering, best)), *known]


def _shortlist(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> list[resampling.Scored]:
    """The best of the usual libraries' kernels, and fewer of those that no software is known to have with the encoder:
    Go's imaging has most of Pillow's and ImageMagick's filters, and gives Pillow's samples but for 1 in 10,000."""
    ranked = looks.ranking(pipeline, pairs, rendering)
    odd = [one for one in ranked if is_odd(one.hypothesis.code, pipeline)]
    usual = [one for one in ranked if not is_odd(one.hypothesis.code, pipeline)]
    return [*resampling.shortlist(usual), *resampling.shortlist(odd, MOST_ODD)]


def is_odd(code: str, pipeline: Pipeline) -> bool:
    """Whether software is known to have that resampler, and none of it the encoder's colours."""
    color = str(pipeline.encode.color)
    rows = habits.of_resampler(code)
    return bool(rows) and not any(color in row.signs.get("encode.color", (color,)) for row in rows)


def _beyond_alike(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering, best: float) -> list[_Finalist]:
    """`_beyond`, once for pipelines that the witnesses do not tell apart."""
    key = ("beyond", best, looks.alike(pipeline, looks.witnesses(pipeline, pairs, rendering), rendering))
    return rendering.remembered(key, lambda: _beyond(pipeline, pairs, rendering, best))


def _beyond(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering, best: float) -> list[_Finalist]:
    """What else could explain pairs of which no library's kernel leaves an error below `best` pixels."""
    witnesses = looks.witnesses(pipeline, pairs, rendering)[:2]
    if not witnesses:
        return []
    out: list[_Finalist] = []
    if sharpening.shares_after_resize(pipeline) is None:
        ranked = resampling.scored_with_filter(witnesses, list(resampling.hypotheses()))
        limit = max(1.3 * ranked[0].sigma, ranked[0].sigma + 0.25) if ranked and ranked[0].sigma < 0.75 * best else 0.0
        near = [f for f in ranked if f.sigma <= limit]
        chosen = [*[f for f in near if not f.fitted][:12], *[f for f in near if f.fitted][:4]]
        out = [_Finalist(f.hypothesis, filters=(f.step,)) for f in chosen]
        out += _masked(pipeline, witnesses[:1], [f.hypothesis for f in ranked if f.fitted], rendering)
        every = [*(f.hypothesis for f in ranked), *(s.hypothesis for s in looks.ranking(pipeline, pairs, rendering))]
        sharp = _lab_sharpened(pipeline, witnesses[:1], [h for h in every if h.code == "vips"], rendering)
        out = [*(finalist for sigma, finalist in sharp if sigma < 0.75 * best), *out]
        best = min([best, *(f.sigma for f in chosen), *(sigma for sigma, _ in sharp)])
    light = _in_light(pipeline, witnesses[:1], rendering, looks.ranking(pipeline, pairs, rendering))
    out = [*(finalist for _, finalist in light), *out]
    best = min([best, *(sigma for sigma, _ in light)])
    made = kernel_fit.fitted_kernel(witnesses) if best > SUSPICIOUS else None
    if made is not None and made.sigma < 0.8 * best:
        out.append(_Finalist(made.hypothesis))
    return out


def _masked(
    pipeline: Pipeline, witnesses: Sequence[resampling.Witness], listed: Sequence[resampling.Hypothesis],
    rendering: Rendering,
) -> list[_Finalist]:  # fmt: skip
    """Resamplers that a free filter behind them does most good, each with the unsharp masks that leave the least error;
    a mask has a threshold, which no filter of weights can have."""
    found = []
    for hypothesis in list(dict.fromkeys(listed))[:MASKED]:
        known = _resized(pipeline, hypothesis, witnesses, rendering)
        found += [(m.sigma, hypothesis, m.step) for m in (unsharp_fit.masks(known, most=3) if known else ())]
    found.sort(key=lambda f: f[0])
    return [_Finalist(hypothesis, filters=(step,)) for _, hypothesis, step in found[:4]]


def _lab_sharpened(
    pipeline: Pipeline, witnesses: Sequence[resampling.Witness], listed: Sequence[resampling.Hypothesis],
    rendering: Rendering,
) -> list[tuple[float, _Finalist]]:  # fmt: skip
    """Resamplers, one a kernel, each with those of libvips' sharpenings that leave the least error, and this error."""
    kernels: dict[str, resampling.Hypothesis] = {}
    for hypothesis in listed:
        kernels.setdefault(hypothesis.kernel, hypothesis)
    found = []
    for hypothesis in list(kernels.values())[:LAB_SHARPENED]:
        known = _resized(pipeline, hypothesis, witnesses, rendering)
        found += [(s.sigma, hypothesis, s.step) for s in (lab_sharpen_fit.sharpenings(known, 3) if known else ())]
    found.sort(key=lambda f: f[0])
    return [(sigma, _Finalist(hypothesis, filters=(step,))) for sigma, hypothesis, step in found[:4]]


def _in_light(
    pipeline: Pipeline, witnesses: Sequence[resampling.Witness], rendering: Rendering,
    ranked: Sequence[resampling.Scored],
) -> list[tuple[float, _Finalist]]:  # fmt: skip
    """Resamplers that explain the witnesses much better in linear light, one a kernel, each with the error that it
    leaves, least first."""

    def error(hypothesis: resampling.Hypothesis) -> float:
        known = _resized(pipeline, hypothesis, witnesses, rendering)
        sigmas = [fit.fit(fit.plane_of(one.pixels, one.pair), one.pair, one.boxes).sigma for one in known]
        return sum(sigmas) / len(sigmas) if sigmas else math.inf

    kernels: dict[tuple[str, str], resampling.Hypothesis] = {}
    for one in ranked:
        if "linear" in resample.options(one.hypothesis.code):
            kernels.setdefault((one.hypothesis.code, one.hypothesis.kernel), one.hypothesis)
    found = []
    for hypothesis in list(kernels.values())[:IN_LIGHT]:
        lit = replace(hypothesis, options=tuple(sorted({**dict(hypothesis.options), "linear": True}.items())))
        sigma = error(lit)
        if sigma < 0.75 * error(hypothesis):
            found.append((sigma, _Finalist(lit)))
    return sorted(found, key=lambda f: f[0])


def _resized(
    pipeline: Pipeline, hypothesis: resampling.Hypothesis, witnesses: Sequence[resampling.Witness], rendering: Rendering
) -> list[unsharp_fit.Known]:
    """What a resampler makes of the witnesses, of those that it gives their size."""
    made = pipeline.having(hypothesis.within(pipeline.get(Resize)))
    end = made.names.index("resize") + 1
    while made.names[end] in ("crop", "pad"):
        end += 1
    known = []
    for one in witnesses:
        try:
            pixels = rendering.raster(one.pair, made, end).pixels
        except UnderstudyError:
            continue
        if (pixels.shape[1], pixels.shape[0]) == one.pair.size:
            known.append(unsharp_fit.Known(one.pair, pixels, one.boxes))
    return known


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
        for one in reductions(pipeline):
            tried = one.within(pipeline)
            same_boxes = one.options == pipeline.get(Resize).options
            if not pairs and (_rank(tried) > 3 or not (same_boxes or _rank(tried) < 0)):
                continue  # nothing to choose by but habit: what that library's users do
            out.setdefault(tried.keys, Candidate(_reduction_label(tried), tried, _rank(tried)))
        return list(out.values())


@dataclass(frozen=True)
class Reduction:
    """What is done about large factors before the kernel."""

    decode: Decode
    sized_by: Sized
    options: Mapping[str, Option]
    """The resize's, with its boxes."""

    def within(self, pipeline: Pipeline, *, boxes: bool = True) -> Pipeline:
        """The pipeline with it; `boxes`: with the resize's options, too."""
        made = pipeline.having(self.decode).changed(Resize, sized_by=self.sized_by)
        return made.changed(Resize, options=self.options) if boxes else made


def reductions(pipeline: Pipeline) -> list[Reduction]:
    """Full size with each kind of boxes that the library has; the one decoder's size that a share of the sides is; each
    rule of shrinking on load, sized by the smaller raster and by the file's own sides; Image.thumbnail's, which goes
    with its boxes."""
    resize, decode = pipeline.get(Resize), pipeline.get(Decode)
    known = resample.options(resize.code)
    names = [n for n in BOXES if n in known]
    kept = {n: v for n, v in resize.options.items() if n not in names}
    boxes: list[dict[str, Option]] = [
        kept | {n: v for n, v in zip(names, values, strict=True) if v != known[n]}
        for values in itertools.product(*(resampling.NUMBERS[n] for n in names))
    ]
    full = replace(
        decode, scale=8, draft="none", draft_limit=2048, draft_limit_height=0, draft_derive=Derive.EXACT,
        draft_rounding=Rounding.HALF_UP, draft_by=ShrinkOnLoad.PILLOW, draft_to="size",
    )  # fmt: skip
    out = [Reduction(full, "raster", b) for b in boxes]
    whole = resize.limit_height or 100
    eighths = 8 * resize.limit / whole if resize.fit is Fit.PERCENT and isinstance(resize.limit, int) else 0.0
    if eighths in range(1, 17) and eighths != 8 and decode.decoder is not Decoder.GO:
        out.append(Reduction(replace(full, scale=int(eighths)), "stored", kept))  # djpeg -scale: whatever the size
    if not isinstance(resize.limit, int) or decode.decoder is Decoder.GO:
        return out  # draft knows no rules, and Go's decoder no sizes
    aimed = replace(
        full, draft=resize.fit, draft_limit=resize.limit, draft_limit_height=resize.limit_height,
        draft_derive=resize.derive, draft_rounding=resize.rounding,
    )  # fmt: skip
    for by in ShrinkOnLoad:
        if by is not ShrinkOnLoad.IMAGEMAGICK:
            out += [Reduction(replace(aimed, draft_by=by), "raster", b) for b in boxes]
    if resize.code in ("imagemagick", "graphicsmagick") and resize.fit in (Fit.LONGEST_SIDE, Fit.BOX):
        hinted = replace(full, draft=Fit.BOX, draft_by=ShrinkOnLoad.IMAGEMAGICK)
        for fold in (1, 2):  # of the size wanted: its handbook's advice is twice that
            sides = fold * resize.limit, fold * resize.limit_height
            told = replace(hinted, draft_limit=sides[0], draft_limit_height=sides[1])
            out += [Reduction(told, "raster", b) for b in boxes]
    # the caller asked for the size first: the other rules are of programs that are known to size what they decoded
    out += [Reduction(aimed, "stored", b) for b in boxes]
    if resize.code == "pillow" and resize.fit in (Fit.LONGEST_SIDE, Fit.BOX):
        for gap in (g for g in resampling.NUMBERS["reducing_gap"] if g):
            times = int(str(resize.limit)) * int(gap), resize.limit_height * int(gap)
            drafted = replace(aimed, draft_limit=times[0], draft_limit_height=times[1], draft_to="limits")
            out.append(Reduction(drafted, "stored_part", kept | {"reducing_gap": gap}))
    return out


def _usual_ways(code: str) -> tuple[str, ...]:
    """How JPEGs are shrunk on load by software with that resampler (habits.toml), the commonest first."""
    ways = []
    for one in habits.of_resampler(code):
        drafts = one.habits.get("decode.draft", "none") != "none"
        ways.append(str(one.habits.get("decode.draft_by", "pillow")) if drafts else "none")
    return tuple(dict.fromkeys([*ways, "none", "pillow"]))


def _rank(pipeline: Pipeline) -> int:
    """How usual a way of shrinking on load is with the resampler; boxes off their default count one more."""
    decode, resize = pipeline.get(Decode), pipeline.get(Resize)
    boxes = dict(resize.options)
    gap = boxes.get("reducing_gap", 0.0)
    if resize.derive is Derive.PILLOW_THUMBNAIL and gap == THUMBNAIL_GAP and _opens(pipeline) == _is_thumbnails(decode):
        return -1  # what Image.thumbnail() does unless it is told otherwise
    if _is_thumbnails(decode):
        return 0 if gap == THUMBNAIL_GAP and _opens(pipeline) else 2
    usual = _usual_ways(resize.code)
    if boxes.get("version") in ("8.14", "8.14-plain"):
        usual = ("vips", "sharp", "none")  # sharp brings a libvips of its own; this one is a distribution's
    if boxes.get("linear"):
        usual = ("none", *(u for u in usual if u != "none"))  # light is not linear in what a decoder made smaller
    way = "none" if decode.draft == "none" else str(decode.draft_by)
    off = sum(n in boxes for n in BOXES) + (resize.sized_by != "raster")
    return 3 * (usual.index(way) if way in usual else 4) + off


THUMBNAIL_GAP = 2.0
"""Image.thumbnail's reducing_gap unless it is given another. Source: Pillow's handbook."""


def _is_thumbnails(decode: Decode) -> bool:
    return decode.draft != "none" and decode.draft_to == "limits"


def _opens(pipeline: Pipeline) -> bool:
    """Whether the file may be drafted still when it comes to the resize: turning it would have loaded it."""
    orient = pipeline.find(Orient)
    before = pipeline.names[: pipeline.names.index("resize")]
    return orient is None or not orient.apply or "orient" not in before


def _label(pipeline: Pipeline) -> str:
    decode = pipeline.get(Decode)
    told = ""
    if decode.draft != "none":
        aim = {"size": "", "limits": f", to the limits {decode.draft_limit}"}[decode.draft_to]
        told = f", after shrinking on load as {decode.draft_by}{aim}"
    elif decode.scale != 8:
        told = f", after decoding at {decode.scale}/8"
    if pipeline.get(Resize).sized_by != "raster":
        told += ", sized by the file's sides"
    filters = [s for s in pipeline.steps if isinstance(s, sharpening.Filter)]
    told += f", then {sharpening.label(filters[0])}" if filters else ""
    return resampling.of(pipeline.get(Resize)).label + told


def _reduction_label(pipeline: Pipeline) -> str:
    decode, options = pipeline.get(Decode), pipeline.get(Resize).options
    told = [n if options[n] is True else f"{n} {options[n]}" for n in BOXES if n in options]
    if decode.draft == "none":
        return ", ".join(["decoded at full size" if decode.scale == 8 else f"decoded at {decode.scale}/8", *told])
    aim = "the limits " if decode.draft_to == "limits" else ""
    sized = {
        "raster": [],
        "stored": ["sized by the file's sides"],
        "stored_part": ["sized by what the file's sides fill"],
    }
    told += sized[pipeline.get(Resize).sized_by]
    return ", ".join([f"decoded smaller as {decode.draft_by} does, to {aim}{decode.draft_limit}", *told])


QUESTIONS: tuple[Question, ...] = (Resampling(), LargeReductions())
