"""What was learned, as a profile: its steps, what it reproduced, from which pairs, with which rivals, what stays open.

Beside the plain score on the pairs that it was learned from stand two harder ones. The jackknife asks of each pair
whether the answers that the other pairs alone would have given reproduce it as well; it follows from the trials that
the search kept, without another search. A hold-out learns from some pairs and is scored on others (`divide`,
`with_held_out`).
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING

from .._text import percent
from .._version import __version__
from ..profile import Answer, LearnedPair, Learning, Profile, Proof, When
from ..verification import Scores
from . import words
from .guesses import HABIT, SOFTWARE, settle
from .headers import Headers
from .missing import missing
from .observed import Observed
from .question import Decision, Trial
from .questions import questions
from .search import Search

if TYPE_CHECKING:
    from .matching import Matched

__all__ = ["Jackknife", "divide", "jackknife", "profile", "settle", "with_held_out"]

MOST_RIVALS = 4
"""Rivals that a profile names for an answer; the report has all of them."""
WITNESSES = 3
"""Pairs, and rivals, that the jackknife asks again."""


@dataclass(frozen=True)
class Jackknife:
    """What each pair's absence would have changed."""

    proved: tuple[str, ...]
    """Pairs on which the answers that the others decide do as well as those that all pairs decide."""
    alone: dict[str, tuple[str, ...]]
    """Pair -> questions that it alone decided: without it, another answer, or no answer, would have been given."""


def jackknife(search: Search) -> Jackknife:
    """Leaves each pair out in turn and chooses again among the trials that were kept.

    A rival that fell out early was tried on a few pairs only. Where the pair left out is the only one that tells it
    from the winner, other pairs that bear on the question are asked, in boxes; where there is none, it alone decided.
    """
    alone: dict[str, list[str]] = {}
    for decision in search.decisions.values():
        for name in dict.fromkeys(n for t in decision.trials for n, _ in t.agreements):
            if not decision.guess and _needs(search, decision, name):
                alone.setdefault(name, []).append(decision.question)
    proved = tuple(p.name for p in search.pairs if p.name not in alone)
    return Jackknife(proved, {name: tuple(asked) for name, asked in alone.items()})


def _needs(search: Search, decision: Decision, name: str) -> bool:
    """Whether the answer, without this pair, would not have stood out from a rival that loses on it."""
    winner = next((t for t in decision.trials if t.candidate.label == decision.answer), None)
    if winner is None:
        return False
    open_rivals = []
    for rival in decision.trials:
        if rival is winner or rival.candidate.label in decision.tied:
            continue
        margins = _margins(winner, rival)
        if margins.get(name, 0.0) > 0 and sum(m for n, m in margins.items() if n != name) <= 0:
            open_rivals.append(rival)
    if not open_rivals:
        return False
    others = [p for p in search.pairs if p.name != name]
    question = next((q for q in questions() if q.name == decision.question), None)
    witnesses = list(question.bearing(others, winner.candidate.pipeline))[:WITNESSES] if question else []
    closest = sorted(open_rivals, key=lambda t: t.total.unequal / max(1, t.total.compared))[:WITNESSES]
    return not witnesses or not all(_beats(search, winner, rival, witnesses) for rival in closest)


def _beats(search: Search, winner: Trial, rival: Trial, pairs: Sequence[Observed]) -> bool:
    """Whether the winner agrees better with these pairs, in boxes."""
    gained = 0.0
    for pair in pairs:
        ours = search.agreement(pair, winner.candidate.pipeline, whole_files=False)
        theirs = search.agreement(pair, rival.candidate.pipeline, whole_files=False)
        gained += ours.share - theirs.share
    return gained > 0


def _margins(winner: Trial, rival: Trial) -> dict[str, float]:
    """Pair -> by which share of its coefficients the winner agrees better, over pairs that both were tried on."""
    theirs = dict(rival.agreements)
    return {name: a.share - theirs[name].share for name, a in winner.agreements if name in theirs}


def divide(pairs: Sequence[Observed], share: float) -> tuple[tuple[Observed, ...], tuple[Observed, ...]]:
    """(pairs to learn from, pairs to prove it on): those whose kind others have too are held out, up to `share`.

    A pair's kind: JPEG or not, resized or not, turned, with an ICC profile, with alpha, grey. The one of its kind
    stays, since nothing else could teach what it teaches. The same pairs give the same division.
    """
    wanted = int(len(pairs) * share)
    held: list[Observed] = []
    for pair in sorted(pairs, key=lambda p: sha256(p.received).digest()):
        left = [p for p in pairs if p not in held and p is not pair]
        if len(held) < wanted and any(_kind(p) == _kind(pair) for p in left):
            held.append(pair)
    return tuple(p for p in pairs if p not in held), tuple(held)


def with_held_out(learned: Profile, scores: Scores, today: datetime.date) -> Profile:
    """The profile with what it reproduces of pairs that it was not learned from."""
    row = Proof(
        "pairs that it was not learned from, played from the sent pictures alone", _reproduced(scores),
        f"{_tool()}: {', '.join(s.name for s in scores.per_pair)}", today.isoformat(),
    )  # fmt: skip
    return replace(learned, proof=(row, *learned.proof))


def _kind(pair: Observed) -> tuple[object, ...]:
    grey = len(pair.coefficients.components) == 1
    return pair.is_jpeg, pair.is_resized, pair.orientation, pair.icc is not None, pair.has_alpha, grey


# --- the profile -----------------------------------------------------------------------------------------------------


def profile(
    search: Search, headers: Headers, matched: Matched, scores: Scores | None, name: str, today: datetime.date
) -> Profile:
    """The profile of what was found, with its provenance. scores: on the pairs it was learned from; None before."""
    steps = (*headers.first, *search.pipeline.steps, headers.envelope)
    pairs = matched.observed
    bare = Profile(name, "", When(name.partition("/")[0]), steps)
    decisions = [*search.decisions.values(), *headers.decisions]
    return Profile(
        name=name,
        title=f"Learned from {_count(len(pairs), 'pair')}: {words.brief(bare)}",
        when=When(name.partition("/")[0], since=today.year, pictures=_pictures(pairs)),
        steps=steps,
        proof=_proof(search, headers, scores, today) if scores else (),
        unproven=tuple(_unproven(search, decisions, matched, scores)),
        free=dict(headers.free),
        learned=Learning(_tool(), today.isoformat(), _hashed(pairs, scores), tuple(_answer(d) for d in decisions)),
    )


def _tool() -> str:
    return f"understudy {__version__}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")


def _pictures(pairs: Sequence[Observed]) -> str:
    sides = [max(p.sent_size) for p in pairs]
    formats = " and ".join(sorted({p.sent_format for p in pairs}))
    size = f"{min(sides)}" if min(sides) == max(sides) else f"{min(sides)} to {max(sides)}"
    return f"{formats}, longest sides of {size} pixels"


def _proof(search: Search, headers: Headers, scores: Scores, today: datetime.date) -> tuple[Proof, ...]:
    date, source = today.isoformat(), f"{_tool()}, the pairs of [learned]"
    count = scores.pairs
    rows = [
        Proof(
            "the pairs it was learned from, played from the sent pictures alone", _reproduced(scores), source, date
        ),
        Proof(
            "the same files written from their own coefficients: tables, scans, Huffman codes, segments",
            f"{headers.reproduced} of {count} byte for byte", source, date,
        ),
    ]  # fmt: skip
    if count > 1:
        found = jackknife(search)
        alone = [f"{name} alone decides {', '.join(asked)}" for name, asked in found.alone.items()]
        rows.append(
            Proof(
                "each pair left out in turn: answers that the others decide, chosen again among the trials",
                "; ".join([f"{len(found.proved)} of {count} pairs decide nothing alone", *alone]), source, date,
            )
        )  # fmt: skip
    return tuple(rows)


def _reproduced(scores: Scores) -> str:
    equal = sum(p.coefficients_equal == 1.0 for p in scores.per_pair)
    return (
        f"{scores.bytes_identical} of {scores.pairs} files byte for byte, {equal} with every coefficient, "
        f"{percent(scores.coefficients_equal)} of all coefficients"
    )


def _hashed(pairs: Sequence[Observed], scores: Scores | None) -> tuple[LearnedPair, ...]:
    found = {s.name: s for s in scores.per_pair} if scores else {}
    out = []
    for pair in pairs:
        score = found.get(pair.name)
        result = ""
        if score is not None:
            result = score.error or f"{percent(score.coefficients_equal)} of coefficients"
            result = "byte for byte" if score.bytes_identical else result
        out.append(LearnedPair(pair.name, sha256(pair.sent).hexdigest(), sha256(pair.received).hexdigest(), result))
    return tuple(out)


def _answer(decision: Decision) -> Answer:
    rivals = [t for t in decision.trials if t.candidate.label not in (decision.answer, *decision.tied)]
    told = [f"{t.candidate.label}: {_lost(t)}" for t in rivals[:MOST_RIVALS]]
    if len(rivals) > MOST_RIVALS:
        told.append(f"{len(rivals) - MOST_RIVALS} more")
    return Answer(
        decision.question, decision.answer, decision.reason, tuple(told), decision.tied, decision.decided_by,
        decision.guess,
    )  # fmt: skip


def _lost(trial: Trial) -> str:
    """What a rival leaves unexplained."""
    total = trial.total
    if total.error and not total.equal:
        return total.error
    return f"{percent(total.unequal / max(1, total.compared))} differ in {_count(len(trial.agreements), 'pair')}"


def _unproven(search: Search, decisions: Sequence[Decision], matched: Matched, scores: Scores | None) -> list[str]:
    out = ["the search was interrupted: answers that follow are those found so far"] if search.interrupted else []
    if scores is not None and (told := missing(search.pairs, scores)):
        out.append(told)
    if len(search.pairs) == 1:
        out.append("learned from one pair: what depends on the picture cannot be told from what does not")
    out += [_open(d) for d in decisions if d.guess and d.question != SOFTWARE]
    set_aside = getattr(matched, "set_aside", ())
    if set_aside:
        out.append(f"{_count(len(set_aside), 'pair')} set aside, the first {set_aside[0].name}: {set_aside[0].reason}")
    return out


def _open(decision: Decision) -> str:
    """A guess in words: whose habit it is, what is as good, what would tell."""
    _, habit, whose = decision.reason.rpartition(HABIT)
    text = f"{decision.question}: {decision.answer} is a guess ({whose if habit else decision.reason})"
    if decision.tied:
        text += f"; as good: {_list(decision.tied)}"
    return text + (f"; would tell: {decision.would_tell}" if decision.would_tell else "")


def _list(names: Sequence[str], most: int = 4) -> str:
    shown = [*names[:most], *([f"{len(names) - most} others"] if len(names) > most else [])]
    return " or ".join(shown)
