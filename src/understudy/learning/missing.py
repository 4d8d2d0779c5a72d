"""Which pairs a profile does not reproduce, and what they have in common: where something is still missing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from .._text import percent
from ..verification import PairScore, Scores
from .observed import Observed
from .stated import sent_sampling

SMALL = 0.99
"""Share of equal coefficients of the pairs that differ, from which on what is missing is called small: a mild unsharp
mask leaves 0.99998, another kernel 0.8 to 0.98."""

TRAITS: Mapping[str, Callable[[Observed], bool]] = {
    "were resized": lambda p: p.is_resized,
    "kept their size": lambda p: not p.is_resized,
    "have transparent places": lambda p: p.has_alpha,
    "have an ICC profile": lambda p: p.icc is not None,
    "are turned by EXIF": lambda p: p.orientation != 1,
    "were sent as JPEG": lambda p: p.is_jpeg,
    "were sent as JPEG with smaller chroma": lambda p: sent_sampling(p) not in (None, "4:4:4"),
    "were not sent as JPEG": lambda p: not p.is_jpeg,
    "were sent at four times the size or more": lambda p: max(p.sent_size) >= 4 * max(p.size),
    "came back in grey": lambda p: len(p.factors) == 1,
}
"""What pairs may have in common, those first that say most about where a platform differs -> whether a pair has it."""


def missing(pairs: Sequence[Observed], scores: Scores) -> str:
    """A sentence or two: how many pairs do not come out with every coefficient, which, and what sets them apart from
    the others. "" where every pair does, or there is none."""
    found = {s.name: s for s in scores.per_pair}
    rows = [(p, found[p.name]) for p in pairs if p.name in found]
    good = [p for p, s in rows if _is_exact(s)]
    bad = [p for p, s in rows if not _is_exact(s)]
    if not bad:
        return ""
    share = _share([s for _, s in rows if not _is_exact(s)])
    what = "something small is missing" if share >= SMALL else "something is missing"
    of_them = f"{percent(share)} of {'its' if len(bad) == 1 else 'their'} coefficients are equal"
    if not good:
        return f"no pair comes out with every coefficient ({of_them}): {what} everywhere"
    told = f"{len(good)} of {len(rows)} pairs come out with every coefficient; in {_named(bad)} {of_them}"
    return f"{told}: {what}{_where(good, bad)}"


def _where(good: Sequence[Observed], bad: Sequence[Observed]) -> str:
    """What all of the bad ones have, of which as few as possible of the good ones have it too."""
    common = [(name, sum(has(p) for p in good)) for name, has in TRAITS.items() if all(has(p) for p in bad)]
    telling = [(name, others) for name, others in common if others < len(good)]
    if not telling:
        return "; nothing that is known of them sets them apart"
    fewest = min(others for _, others in telling)
    names = " or ".join([name for name, others in telling if others == fewest][:3])
    if not fewest:
        return f" where pictures {names}"
    return f", perhaps where pictures {names}, though {fewest} of those that do so come{'s' * (fewest == 1)} out"


def _is_exact(score: PairScore) -> bool:
    return score.coefficients_equal == 1.0 and not score.error


def _share(scores: Sequence[PairScore]) -> float:
    """Of all their coefficients; a pair that could not be compared has nothing equal."""
    if any(not s.coefficients for s in scores):
        return 0.0
    return sum(s.coefficients_equal * s.coefficients for s in scores) / sum(s.coefficients for s in scores)


def _named(pairs: Sequence[Observed], most: int = 3) -> str:
    more = f" and {len(pairs) - most} more" if len(pairs) > most else ""
    return ", ".join(p.name for p in pairs[:most]) + more
