"""learn: pairs to a profile with its proof."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..delivery import mimic
from ..errors import PairsError, UnderstudyError
from ..pairs import Pair
from ..profile import Profile
from ..steps.color import Color
from ..steps.decode import Decode
from ..steps.flatten import Flatten
from ..steps.orient import Orient
from ..steps.resize import Resize
from ..verification import PairScore, Scores, compare
from . import framing_fit
from .headers import Headers, headers
from .lossless import lossless
from .matching import Matched, SetAside, match
from .missing import missing
from .observed import Observed
from .passing import with_passing
from .pipeline import Pipeline
from .proof import divide, settle, with_held_out
from .proof import profile as as_profile
from .question import Decision
from .questions import questions
from .search import Enough, Progress, Search
from .size_rules import SizeRules, size_rules


@dataclass(frozen=True, eq=False)
class Learned:
    """What pairs taught: the profile, why, and how well it does."""

    profile: Profile
    evidence: tuple[Decision, ...]
    """Every decision in the order of the profile's steps, each with its rivals."""
    scores: Scores
    """The profile on the pairs it was learned from, nothing taken from the received files (`free = predicted`)."""
    set_aside: tuple[SetAside, ...]
    """Pairs that were not learned from, and why."""
    notes: tuple[str, ...]
    headers: Headers
    sizes: SizeRules
    search: Search
    """The search itself: its rendering, trials and decisions, for reports and for further questions."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Where the time went: `reading`, then each step's questions, then `proof`."""
    held_out: Scores | None = None
    """The profile on pairs that it was not learned from, if any were held out."""

    @property
    def residual(self) -> float:
        """Share, 0 to 1, of the delivered coefficients that the profile does not reproduce."""
        return 1.0 - self.scores.coefficients_equal

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended the search before every question was settled."""
        return self.search.interrupted

    def to_dict(self) -> dict[str, Any]:
        """The document that `learn --json` prints."""
        return {
            "schema": "understudy-learned/1",
            "profile": self.profile.name,
            "interrupted": self.interrupted,
            "residual": self.residual,
            "scores": self.scores.to_dict(),
            "held_out": self.held_out.to_dict() if self.held_out else None,
            "decisions": [_as_dict(d) for d in self.evidence],
            "set_aside": [{"name": s.name, "kind": s.kind, "reason": s.reason} for s in self.set_aside],
            "notes": list(self.notes),
            "seconds": {step: round(spent, 2) for step, spent in self.seconds.items()},
        }


def _as_dict(decision: Decision) -> dict[str, Any]:
    rivals = [
        {"label": t.candidate.label, "equal": t.total.equal, "compared": t.total.compared, "error": t.total.error}
        for t in decision.trials
    ]
    return {
        "question": decision.question, "step": decision.step, "answer": decision.answer, "guess": decision.guess,
        "reason": decision.reason, "tied": list(decision.tied), "decided_by": list(decision.decided_by),
        "would_tell": decision.would_tell, "trials": rivals, "evidence": decision.evidence,
    }  # fmt: skip


def learn(
    pairs: str | Path | Iterable[Pair | tuple[Any, bytes]],
    *,
    name: str = "learned/channel",
    progress: Progress = lambda text, share: None,
    hold_out: float = 0.0,
    today: datetime.date | None = None,
) -> Learned:
    """The profile of whatever made the received files of the sent ones, with its evidence and its proof.

    pairs: a folder or CSV (see `pairs.gather`), or pairs of (sent picture's bytes or path, received bytes).
    name: `platform/era` for the profile. progress: called with what is being asked, and how far it is (0 to 1).
    hold_out: share of the pairs, 0 to 1, that are not learned from but prove the profile (see `proof.divide`).
    Pairs that do not belong (other pictures, damaged, passed through, of another platform) are set aside with a reason.
    Ctrl-C ends the search, or the proof, not the function: the profile of what is known so far is returned, marked
    `interrupted`, with the scores of the pairs that it was played on. While pairs are still read there is nothing to
    return: then KeyboardInterrupt comes through and says so. `progress` may end the search by raising `search.Enough`;
    while pairs are still read, Enough comes through.
    Raises PairsError when no pair can be learned from.
    """
    today = today or datetime.date.today()
    try:
        return _learned(pairs, name, progress, hold_out, today)
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(str(error) or " before anything was learned: nothing to write") from None


def _learned(
    pairs: str | Path | Iterable[Pair | tuple[Any, bytes]], name: str, progress: Progress, hold_out: float,
    today: datetime.date,
) -> Learned:  # fmt: skip
    """As `learn`."""
    seconds: dict[str, float] = {}
    clock = _Clock(seconds)
    progress("reading the pairs", 0.0)
    matched, shape = framing_fit.adopt(match(pairs, progress), progress)
    if not matched.observed and matched.lossless:
        return _without_loss(matched, name, today, clock)
    if not matched.observed:
        raise PairsError(_nothing_left(matched), place="learn", expected="at least one pair to learn from")
    to_learn, held = divide(matched.observed, hold_out)
    matched = replace(matched, observed=to_learn)
    clock.lap("reading")
    stated = headers(matched.observed)
    clock.lap("headers")
    if shape is not None:
        sizes = framing_fit.as_sizes(shape, matched.observed)
    else:
        sizes = size_rules(matched.observed, [s.sizes for s in matched.set_aside if s.sizes is not None])
    stated = with_passing(stated, matched, sizes)
    clock.lap("sizes")
    begin = first_guess(stated, sizes)
    search = Search(matched.observed, begin if shape is None else shape.within(begin))
    search.run(questions(), progress)
    if shape is not None:
        sizes = framing_fit.settled(sizes, shape, search.pipeline, search.decisions.get("framing"))
    seconds |= search.seconds
    clock.skip()
    final, scores, held_out, stated = _proved(search, stated, sizes, matched, held, name, today, progress)
    clock.lap("proof")
    evidence = (*search.decisions.values(), *stated.decisions)
    order = {step.name: i for i, step in enumerate(final.steps)}
    ranked = sorted(evidence, key=lambda d: order.get(d.step, len(order)))
    notes = (*matched.notes, *filter(None, [missing(matched.observed, scores)]))
    return Learned(
        final, tuple(ranked), scores, matched.set_aside, notes, stated, sizes, search, seconds, held_out
    )  # fmt: skip


def _proved(
    search: Search, stated: Headers, sizes: SizeRules, matched: Matched, held: Sequence[Observed], name: str,
    today: datetime.date, progress: Progress,
) -> tuple[Profile, Scores, Scores | None, Headers]:  # fmt: skip
    """(the profile, its scores, those on the pairs held out, the headers settled). Ctrl-C marks the search interrupted:
    what is not settled then stays as the search left it, pairs that were not played are not among the scores."""
    scores, held_out = Scores(name, "predicted", ()), None
    try:
        stated = settle(search, stated, sizes)
        progress("proving", 1.0)
        found = as_profile(search, stated, matched, None, name, today)
        scores = score(found, matched.observed, search)
        final = as_profile(search, stated, matched, scores if scores.per_pair else None, name, today)
        held_out = score(final, held, search) if held and not search.interrupted else None
        if held_out is not None:
            final = with_held_out(final, held_out, today)
    except (KeyboardInterrupt, Enough):
        search.interrupted = True
        final = as_profile(search, stated, matched, None, name, today)
    return final, scores, held_out, stated


def _without_loss(matched: Matched, name: str, today: datetime.date, clock: _Clock) -> Learned:
    """What is learned of pairs that have the sent JPEGs' coefficients: all is in the headers, nothing is searched."""
    clock.lap("reading")
    pairs = matched.lossless
    learned = tuple(s for s in matched.set_aside if s.kind != "rewritten")
    matched = replace(matched, observed=pairs, set_aside=learned)
    found = lossless(pairs)
    stated = replace(found.headers, envelope=found.envelope, free=found.free, decisions=found.decisions)
    sizes = size_rules(pairs)
    search = Search(pairs, Pipeline((found.transcode,)))
    bare = as_profile(search, stated, matched, None, name, today)
    scores = score(bare, pairs)
    final = as_profile(search, stated, matched, scores, name, today)
    clock.lap("proof")
    return Learned(
        final, found.decisions, scores, learned, matched.notes, stated, sizes, search, clock.seconds
    )  # fmt: skip


def first_guess(stated: Headers, sizes: SizeRules) -> Pipeline:
    """Where the search starts: every step at its default, the encoder as headers state it, the first size rule."""
    resize = (Resize(**sizes.rules[0].resize),) if sizes.resizes and sizes.rules else ()
    return Pipeline((Decode(), Orient(), Color(), Flatten(), *resize, stated.encode))


def score(profile: Profile, pairs: Iterable[Observed], search: Search | None = None) -> Scores:
    """`verify` with `free = predicted` for pairs that are read already.

    search: marked as interrupted by Ctrl-C; then the scores are those of the pairs that were played until then.
    """

    def one(pair: Observed) -> PairScore:
        try:
            return compare(pair.name, mimic(pair.sent, profile), pair.received, pair.stream, pair.coefficients)
        except UnderstudyError as error:
            return PairScore(pair.name, error=str(error))

    done: list[PairScore] = []
    try:
        done.extend(one(pair) for pair in pairs)
    except KeyboardInterrupt:
        if search is None:
            raise
        search.interrupted = True
    return Scores(profile.name, "predicted", tuple(done))


def _nothing_left(matched: Matched) -> str:
    if not matched.set_aside:
        return "no pairs"
    first = matched.set_aside[0]
    return f"all {len(matched.set_aside)} pairs were set aside, {first.name} because {first.reason}"


class _Clock:
    """Writes laps into `seconds`."""

    def __init__(self, seconds: dict[str, float], now: Callable[[], float] = time.perf_counter) -> None:
        self.seconds, self._now, self._last = seconds, now, now()

    def lap(self, what: str) -> None:
        self.seconds[what] = self._now() - self._last
        self.skip()

    def skip(self) -> None:
        self._last = self._now()
