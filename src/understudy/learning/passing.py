"""Pictures that come back untouched beside others that do not: which files are passed through, as a first step."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..codec.sizes import Fit
from ..jpeg.entropy_decode import MAX_PIXELS
from ..steps import Delivered, Source
from ..steps.passthrough import Passthrough
from .headers import Headers
from .matching import Matched
from .observed import Observed
from .question import Decision
from .rules import MEASURES, By, roundest
from .size_rules import SizeRules

FITS: dict[Fit, By] = {
    Fit.LONGEST_SIDE: "longest_side",
    Fit.PIXELS: "pixels",
    Fit.WIDTH: "width",
    Fit.HEIGHT: "height",
    Fit.SHORTEST_SIDE: "shortest_side",
}
"""What a limit bounds -> the measure of a picture that it is compared with, the commoner first."""


def with_passing(headers: Headers, matched: Matched, sizes: SizeRules) -> Headers:
    """The headers with a step `passthrough` before all others, and the decision about it, where some pairs came back
    untouched and a limit tells them from those that did not."""
    untouched = [p for p in matched.untouched if p.is_jpeg]
    if not matched.untouched:
        return headers
    step, decision = passing(untouched, [p for p in matched.observed if p.is_jpeg], sizes)
    others = [p for p in matched.untouched if not p.is_jpeg]
    if others:
        told = f"{len(others)} files of other formats came back untouched too, which no step says"
        decision = replace(decision, reason=f"{decision.reason}; {told}", guess=True)
    first = (step,) if step is not None else ()
    return replace(headers, first=first, decisions=(*headers.decisions, decision))


def passing(
    untouched: Sequence[Observed], changed: Sequence[Observed], sizes: SizeRules
) -> tuple[Passthrough | None, Decision]:
    """(the step that delivers the JPEGs of `untouched` and none of `changed`, None where there is none; the decision).

    The resize's own limit is tried first: what fits needs no change.
    """
    fitting = [s for s in _candidates(untouched, changed, sizes) if _explains(s, untouched, changed)]
    many = f"{len(untouched)} of {len(untouched) + len(changed)} sent JPEGs came back byte for byte"
    if not fitting:
        why = f"{many}; no limit of size and bytes tells them from the others"
        return None, Decision("files passed through", "passthrough", "some", reason=why, guess=bool(untouched))
    step = fitting[0]
    alone = not changed
    why = f"{many}: {in_words(step)}" + ("; none that is larger was sent" if alone else "")
    return step, Decision(
        "files passed through", "passthrough", in_words(step), tied=tuple(in_words(s) for s in fitting[1:]), reason=why,
        guess=alone or len(fitting) > 1, would_tell="JPEGs just below and just above the limits of size and of bytes",
    )  # fmt: skip


def in_words(step: Passthrough) -> str:
    """`JPEGs up to a longest side of 2048`."""
    size = f"{str(step.fit).replace('_', ' ')} of {step.limit}" + (
        f" x {step.limit_height}" if step.limit_height else ""
    )
    parts = [] if step.limit == MAX_PIXELS else [f"up to a {size}"]
    parts += [f"up to {step.max_bytes} bytes"] if step.max_bytes else []
    return "JPEGs " + " and ".join(parts) if parts else "every JPEG"


def _candidates(untouched: Sequence[Observed], changed: Sequence[Observed], sizes: SizeRules) -> Iterator[Passthrough]:
    if not untouched:
        return
    most_bytes = max(len(p.sent) for p in untouched)
    larger = [len(p.sent) for p in changed if len(p.sent) > most_bytes]
    bounded = roundest(most_bytes, min(larger) - 1) if larger else 0
    limits = [*_of_resize(sizes), *_between(untouched, changed)]
    yield from limits
    if bounded:
        yield Passthrough(fit=Fit.PIXELS, limit=MAX_PIXELS, max_bytes=bounded)
        for step in limits:
            yield replace(step, max_bytes=bounded)
    if not changed:
        yield Passthrough(fit=Fit.PIXELS, limit=MAX_PIXELS)


def _of_resize(sizes: SizeRules) -> Iterator[Passthrough]:
    for rule in sizes.rules[:1] if sizes.resizes else ():
        given = {k: v for k, v in rule.resize.items() if k in ("fit", "limit", "limit_height")}
        yield Passthrough(**given)


def _between(untouched: Sequence[Observed], changed: Sequence[Observed]) -> Iterator[Passthrough]:
    """Limits of one measure above every untouched picture and below every changed one that is larger than those."""
    for fit, by in FITS.items():
        measure = MEASURES[by]
        lowest = max(measure(*p.sent_size) for p in untouched)
        above = [size for p in changed if (size := measure(*p.sent_size)) > lowest]
        if above:
            yield Passthrough(fit=fit, limit=roundest(lowest, min(above) - 1))


def _explains(step: Passthrough, untouched: Sequence[Observed], changed: Sequence[Observed]) -> bool:
    """Whether the step delivers exactly the untouched ones."""
    delivered = [isinstance(step.exact(Source(p.sent), p.context), Delivered) for p in (*untouched, *changed)]
    return delivered == [True] * len(untouched) + [False] * len(changed)
