"""What is asked of the pairs, one question at a time: candidates, the trials they went through, the decision."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from .observed import Observed
from .pipeline import Pipeline
from .rendering import Agreement, Rendering


@dataclass(frozen=True)
class Candidate:
    """One possible answer: the pipeline that it makes."""

    label: str
    """In the field's terms, short: `islow`, `pillow lanczos`, `onto white, rounded down`."""
    pipeline: Pipeline
    habit: int = 0
    """Its rank among answers that the pairs cannot tell apart, 0 the first: what the software that was identified does
    by default (`habits`), else what most software does."""


class Question(Protocol):
    """One thing to find out. A module of `learning/questions/` lists its own in `QUESTIONS`; nothing else registers it.

    Questions hold no state; they are asked again when the answers to others have changed.
    """

    name: str
    """What is asked, as a person would: `forward DCT`. Unique."""
    step: str
    """The step that it is about."""
    order: int
    """When it is asked in a round, ascending: cheap and independent ones first."""

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Those of the pairs that can say anything about it, best witnesses first; cheap. A question that resized pairs
        would only blur names the others, if there are any."""
        ...

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """The answers worth a trial, given the other steps of `pipeline` and the pairs that bear on it, which may
        be none: then the answers differ by habit alone. The answer that `pipeline` holds is among them. May look at the
        pairs through `rendering` to shorten a long list; must not keep more than some twenty for exact trials."""
        ...


@runtime_checkable
class Explains(Protocol):
    """A question that has more to say once it is decided: figures for the report, ties that something other than
    coefficients of real blocks breaks. (One that has a text `would_tell` has it put into decisions that are guesses.)
    """

    def explained(
        self, decision: Decision, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
    ) -> Decision:
        """The decision with what is to be added. pipeline: with the answer in it; pairs: those that bear on it."""
        ...


@dataclass(frozen=True)
class Trial:
    """What became of a candidate."""

    candidate: Candidate
    agreements: tuple[tuple[str, Agreement], ...]
    """(pair's name, agreement) for each pair that bears on the question and was tried."""
    on_whole_files: bool = False
    """Whether whole pictures were compared, not boxes of them."""

    @property
    def total(self) -> Agreement:
        return sum((a for _, a in self.agreements), Agreement())


@dataclass(frozen=True)
class Decision:
    """The answer to a question, and how it came about."""

    question: str
    step: str
    answer: str
    """The winner's label."""
    trials: tuple[Trial, ...] = ()
    """Best first."""
    tied: tuple[str, ...] = ()
    """Labels of the candidates that agree with every pair as well as the winner: not told apart."""
    reason: str = ""
    """In words: `0 of 1,843,200 coefficients differ; next: ifast, 12.3 % differ`, or why it is a guess."""
    guess: bool = False
    """Whether the pairs did not decide it: a habit did."""
    decided_by: tuple[str, ...] = ()
    """Pairs without which the winner would not have won, or would have been tied."""
    would_tell: str = ""
    """A picture that would decide what these pairs leave open, in words."""
    evidence: dict[str, object] = field(default_factory=dict)
    """Figures for the report, JSON-able: thresholds by frequency, kernel samples, sizes, ..."""
