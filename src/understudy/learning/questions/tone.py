"""Whether brightness, contrast or colours were changed, how, and on which side of the resize."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, zip_longest

from ...steps.resize import Resize
from ...steps.tone import Tone
from .. import tone_fit, tone_forms, tone_shift
from ..observed import Observed
from ..pipeline import Pipeline
from ..question import Candidate, Decision, Question, Trial
from ..rendering import Rendering
from ..tone_fit import Shown
from ..tone_forms import Form
from ..tone_words import told

LOOKS = 4
"""Pairs to which tones are fitted."""
NONE = "unchanged"
IDENTIFIED = "identified"
FITTED = "fitted, not identified"


class Tones:
    """What is done to colours."""

    name = "tones"
    step = "tone"
    order = 6
    would_tell = "a PNG with every tone from black to white and strong colours, delivered at its own size"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Upright, opaque pairs without ICC profile, those of unchanged size and PNGs first; none, and so nothing is
        rendered, where flat parts of the first ones come back as they were sent."""
        if not tone_shift.changed(pairs):
            return ()
        able = [p for p in pairs if tone_shift.eligible(p)]
        return sorted(able, key=lambda p: (p.is_resized, p.is_jpeg))

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """None; and where pairs show a change, the known forms near it and what was fitted, where the step stands."""
        bare = pipeline.without("tone")
        out = {bare.keys: Candidate(NONE, bare)}
        now = pipeline.find(Tone)
        shown = _shown(pairs, rendering)
        if shown is None:
            return list(out.values())
        for form in (*_known(shown, rendering), *_fitted(shown)):
            tried = placed(bare, form.step, like=pipeline)
            out.setdefault(tried.keys, Candidate(form.label, tried, len(out)))
        if now is not None:
            out.setdefault(pipeline.keys, Candidate(told(now), pipeline, len(out)))
        return list(out.values())

    def explained(
        self, decision: Decision, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
    ) -> Decision:
        """With what was fitted, for the report; a form is identified where it gives every coefficient of a pair."""
        if not pairs:
            return replace(decision, reason="no pair shows a change of tones", guess=False)
        shown = _shown(pairs, rendering)
        if shown is None:
            return decision
        known = {f.label: f for f in _known(shown, rendering)}
        exact = _exact_pairs(decision)
        form = known.get(decision.answer)
        parts, guess = [decision.reason], decision.guess
        if decision.answer == NONE:
            parts.append(_why_none(shown))
            guess = True
        elif form is not None and exact:
            parts.append(f"{IDENTIFIED}: every coefficient of {len(exact)} pair{'s' * (len(exact) > 1)} is equal")
            if form.same:
                parts.append(f"the same function of 8-bit samples as {' and '.join(form.same[:3])}")
        else:
            guess = True
            nearest = "the nearest form that is known here, " if form is not None else ""
            left = tone_fit.error(shown.samples, pipeline.get(Tone))
            parts.append(f"{nearest}{FITTED}: it leaves {left:.2f} times what quantising leaves of flat parts' means")
            parts += _unseen(shown)
        if len(pairs) == 1 and decision.answer != NONE:
            parts.append("one pair cannot tell a change that is the same for all pictures from one that is not")
        return replace(
            decision, reason="; ".join(p for p in parts if p), guess=guess, evidence=_evidence(shown, known.values())
        )


class Place:
    """On which side of the resize."""

    name = "tones before or after the resize"
    step = "tone"
    order = 45
    would_tell = "a large PNG with hard edges between black, white and strong colours"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Resized pairs, where tones are changed at all."""
        if pipeline.find(Tone) is None or pipeline.find(Resize) is None:
            return ()
        resized = [p for p in pairs if p.is_resized]
        return sorted(resized, key=lambda p: (not tone_shift.eligible(p), p.is_jpeg))

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """Both; where nothing is resized, or no tones are changed, there is nothing to ask."""
        now = pipeline.find(Tone)
        if now is None or pipeline.find(Resize) is None:
            return [Candidate("nothing to tell" if now is None else "nothing is resized", pipeline)]
        bare = pipeline.without("tone")
        return [Candidate("after", bare.inserted(now, "encode")), Candidate("before", bare.inserted(now, "resize"), 1)]


def placed(bare: Pipeline, step: Tone, like: Pipeline) -> Pipeline:
    """The pipeline with the step, on the side of the resize on which `like` has one. At first that is before it: then
    all that is asked of the resampling sees pictures of the right tones."""
    names = like.names
    after = "resize" not in names or ("tone" in names and names.index("tone") > names.index("resize"))
    return bare.inserted(step, "encode" if after else "resize")


def _shown(pairs: Sequence[Observed], rendering: Rendering) -> Shown | None:
    """All that the first of the pairs show, of each kind some; None where they show nothing."""
    same, resized = ([p for p in pairs if p.is_resized == kind] for kind in (False, True))
    chosen = [p for p in chain.from_iterable(zip_longest(same, resized)) if p is not None][:LOOKS]
    key = ("tones", tuple(map(id, chosen)))

    def look() -> Shown | None:
        samples = (tone_fit.sample(p, tone_shift.as_delivered_size(p)) for p in chosen)
        found = [s for s in samples if s is not None]
        return tone_fit.shown(found) if found else None

    return rendering.remembered(key, look)


def _known(shown: Shown, rendering: Rendering) -> list[Form]:
    """Known forms; where each picture was changed in a way of its own, only those that follow the picture as well."""
    found = rendering.remembered(("tone forms", id(shown)), lambda: tone_forms.forms(shown))
    return [f for f in found if not shown.varies or f.error <= tone_forms.NEAR * shown.apart + 0.1]


def _fitted(shown: Shown) -> list[Form]:
    """What was fitted; nothing where each picture was changed in a way of its own: one curve would be none of them."""
    return [] if shown.varies else tone_forms.fitted(shown)


def _exact_pairs(decision: Decision) -> list[str]:
    """The pairs of which the answer gives every coefficient that was compared."""
    winner: Trial | None = next((t for t in decision.trials if t.candidate.label == decision.answer), None)
    return [name for name, a in winner.agreements if not a.unequal and a.compared] if winner is not None else []


def _why_none(shown: Shown) -> str:
    """Why no change is claimed though flat parts came back otherwise."""
    if not shown.varies:
        return "flat parts come back changed, but no change by colour alone explains it"
    return (
        "each picture's tones were changed in a way of its own (stretched or equalised by its histogram, perhaps), "
        f"which no step here does: a curve a picture leaves {shown.apart:.2f} times what quantising leaves, the best "
        f"one for all {shown.best:.2f}"
    )


def _unseen(shown: Shown) -> list[str]:
    low, high = shown.seen
    return [] if low <= 8 and high >= 247 else [f"no sample below {low} or above {high} was seen"]


def _evidence(shown: Shown, known: Iterable[Form]) -> dict[str, object]:
    """Figures for the report."""
    return {
        "pairs": [s.pair.name for s in shown.samples],
        "unchanged": round(shown.before, 3),
        "left": {name: round(value, 3) for name, value in shown.errors.items() if value < 1e6},
        "left by a curve a picture": round(shown.apart, 3),
        "curves": [[round(float(v), 2) for v in row] for row in shown.curves],
        "matrix": [[round(float(v), 4) for v in row] for row in shown.matrix],
        "known forms": {f.label: round(f.error, 3) for f in known},
        "seen": list(shown.seen),
    }


QUESTIONS: tuple[Question, ...] = (Tones(), Place())
