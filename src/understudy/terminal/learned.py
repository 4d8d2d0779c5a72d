"""The page of `learn`: the verdict, the pipeline in words, the proof, what was guessed and what would tell."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.text import Text

from .._text import percent
from .parts import BAD, GOOD, QUIET, UNSURE, grid, heading, row, say
from .scores import cells

if TYPE_CHECKING:
    from ..learning.learned import Learned
    from ..learning.question import Decision
    from ..verification import Scores


def show(learned: Learned, test: Scores | None = None, console: Console | None = None) -> None:
    """Prints the page. test: scores on pairs that were not learned from."""
    (console or Console(highlight=False)).print(page(learned, test))


def page(learned: Learned, test: Scores | None = None) -> RenderableType:
    """The whole page."""
    parts: list[RenderableType] = [_verdict(learned, test)]
    for section in (_pipeline(learned), _proof(learned, test), _guesses(learned), _aside(learned)):
        parts += list(section)
    return Group(*parts)


def _verdict(learned: Learned, test: Scores | None) -> Text:
    scores = test or learned.scores
    same = 0 < scores.bytes_identical == scores.pairs
    style = GOOD if same or scores.coefficients_equal == 1 else UNSURE if scores.coefficients_equal >= 0.99 else BAD
    text = Text.assemble(
        (f"{scores.bytes_identical} of {scores.pairs} byte-identical", f"bold {style}"),
        f"; {percent(scores.coefficients_equal)} of coefficients equal, on pairs ",
        "that it was not learned from" if test else "that it was learned from",
    )
    if learned.interrupted:
        text.append("\ninterrupted before every question was settled, or every pair played", BAD)
    return text


def _pipeline(learned: Learned) -> Iterator[RenderableType]:
    from ..learning.words import sentences

    yield heading("what happens to a picture", "? where an answer is a guess")
    table = grid("l", "l", "*")
    doubted = {d.step for d in learned.evidence if d.guess}
    for name, words in sentences(learned.profile):
        mark = Text("?", UNSURE) if name in doubted else Text(" ")
        row(table, mark, say(name, QUIET), say(words))
    yield table


def _proof(learned: Learned, test: Scores | None) -> Iterator[RenderableType]:
    groups = [("not learned from", test)] if test else []
    for title, scores in [*groups, ("learned from", learned.scores)]:
        yield heading(f"pairs {title}", "nothing taken from the received files")
        table = grid("*", "l", "r", "r", "r", "r")
        row(table, *(Text(t, QUIET) for t in ("pair", "bytes", "coefficients", "PSNR", "pixels", "size")))
        for pair in scores.per_pair:
            row(table, *cells(pair))
        yield table


def _guesses(learned: Learned) -> Iterator[RenderableType]:
    guessed = [d for d in learned.evidence if d.guess]
    if not guessed:
        return
    yield heading("guesses", "the pairs do not decide these; a habit of the software did")
    table = grid("l", "*")
    for decision in guessed:
        row(table, say(decision.question, QUIET), _guess(decision))
    yield table
    telling = list(dict.fromkeys(d.would_tell for d in guessed if d.would_tell))
    if telling:
        yield heading("what would tell", "`understudy probe -o DIR --for P.toml` makes these")
        table = grid("*")
        for picture in telling:
            row(table, say(picture))
        yield table


def _guess(decision: Decision) -> Text:
    text = say(decision.answer)
    if decision.tied:
        more = f" and {len(decision.tied) - 3} more" if len(decision.tied) > 3 else ""
        text.append_text(say(f"  or: {'; '.join(decision.tied[:3])}{more}", QUIET))
    return text


def _aside(learned: Learned) -> Iterator[RenderableType]:
    if learned.set_aside:
        yield heading("set aside", f"{len(learned.set_aside)}")
        table = grid("l", "*")
        for pair in learned.set_aside:
            row(table, say(pair.name), say(pair.reason, UNSURE))
        yield table
    for note in learned.notes:
        yield say(f"note: {note}", QUIET)
