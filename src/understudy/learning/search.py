"""The search: questions asked in turn, each answer chosen by rendering, until no answer changes.

Analysis by synthesis, coordinate by coordinate: a question varies the pipeline that the answers so far make; each
candidate is rendered and its levels are compared with the delivered ones, first in boxes of a few pairs, then in boxes
of all, then, where several still agree, on whole files. Trials on boxes cost some milliseconds, so that two or three
rounds over all questions are affordable; the last round changes nothing and so confirms every answer beside the others.

Which wins: the fewest unequal coefficients. While no candidate is exact, every parameter off its default counts as
twice the square root of the best count, which chance alone could move; once one is exact, equality is proof enough.
Among those that agree alike, the identified software's habit decides, then the fewest parameters, and the decision is
marked as a guess. Where even the best leaves much unequal, the usual answer stands unless another stands out from it.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace

from ..errors import UnderstudyError
from .observed import Box, Observed, boxes
from .pipeline import Pipeline
from .question import Candidate, Decision, Explains, Question, Trial
from .rendering import Agreement, Rendering
from .standing import stands_out

Progress = Callable[[str, float], None]
"""Called with what is being asked and how far the search is, 0 to 1. It may raise Enough."""


class Enough(Exception):
    """Raised by who is told the progress: ends a search as Ctrl-C does, with what is known so far."""


ROUNDS = 4
FIRST_LOOK = 3
"""Pairs on which every candidate is tried."""
UNEXPLAINED = 0.98
"""Share of equal coefficients below which the best candidate has not explained its pairs: the answer is only the
nearest that is known, a guess. Every wrong DCT or resampler of facts/learning-trials.md leaves more than 2 % unequal
somewhere; a right one that something small follows (an unsharp mask, ICC arithmetic) leaves less."""
NEAREST = frozenset({"resize", "convolve", "sharpen", "tone", "generation"})
"""Steps of which the nearest answer is worth having where none is right: they are what may not be known, and a kernel
or filter that is nearly right makes nearly the right picture. Elsewhere the usual answer is better than the nearest."""
FINALISTS = 6
"""Candidates that reach the trial on whole files."""


@dataclass
class Search:
    """What a search knows while it runs, and what is left of it when it is interrupted."""

    pairs: Sequence[Observed]
    pipeline: Pipeline
    rendering: Rendering = field(default_factory=Rendering)
    decisions: dict[str, Decision] = field(default_factory=dict)
    """Question -> its latest decision."""
    seconds: dict[str, float] = field(default_factory=dict)
    """Step -> seconds spent on its questions."""
    interrupted: bool = False
    _memo: dict[tuple[int, tuple[str, ...], bool], Agreement] = field(default_factory=dict)
    _boxes: dict[int, tuple[Box, ...]] = field(default_factory=dict)

    def run(self, questions: Sequence[Question], progress: Progress = lambda text, share: None) -> None:
        """Asks all questions, round after round, until a round changes nothing. Ctrl-C, or Enough raised by `progress`,
        ends it with what is known."""
        try:
            for number in range(ROUNDS):
                before = self.pipeline.keys
                for i, question in enumerate(questions):
                    progress(question.name, (number + i / len(questions)) / (ROUNDS - 1))
                    start = time.perf_counter()
                    self.ask(question)
                    spent = time.perf_counter() - start
                    self.seconds[question.step] = self.seconds.get(question.step, 0.0) + spent
                if self.pipeline.keys == before:
                    break
        except (KeyboardInterrupt, Enough):
            self.interrupted = True

    def ask(self, question: Question) -> Decision:
        """Decides one question and takes its answer into the pipeline."""
        bearing = list(question.bearing(self.pairs, self.pipeline))
        candidates = list(question.candidates(self.pipeline, bearing, self.rendering))
        assert candidates, f"{question.name}: the present answer is always a candidate"
        decision = self._by_habit(question, candidates) if not bearing else self._tried(question, candidates, bearing)
        chosen = next(c for c in candidates if c.label == decision.answer)
        if isinstance(question, Explains):
            decision = question.explained(decision, chosen.pipeline, bearing, self.rendering)
        if decision.guess and not decision.would_tell:
            decision = replace(decision, would_tell=getattr(question, "would_tell", ""))
        self.decisions[question.name] = decision
        self.pipeline = chosen.pipeline
        return decision

    def _by_habit(self, question: Question, candidates: Sequence[Candidate]) -> Decision:
        best = min(candidates, key=lambda c: (c.habit, c.pipeline.parameters))
        others = tuple(c.label for c in candidates if c is not best)
        return Decision(
            question.name, question.step, best.label, tied=others, guess=bool(others), reason="no pair bears on it"
        )

    def _tried(self, question: Question, candidates: list[Candidate], bearing: list[Observed]) -> Decision:
        if len(candidates) == 1:
            only = self._trials(candidates, bearing[:FIRST_LOOK], whole_files=False)
            return _decided(question, only, [])
        trials = self._trials(candidates, bearing[:FIRST_LOOK], whole_files=False)
        losers: list[Trial] = []
        for pairs, whole_files in ((bearing, False), (bearing, True)):
            kept = _promising(trials)
            losers = [t for t in trials if t not in kept] + losers
            if len(kept) == 1 and (whole_files or len(pairs) <= FIRST_LOOK):
                trials = kept
                break
            trials = self._trials([t.candidate for t in kept], pairs, whole_files)
        if trials[0].total.share < UNEXPLAINED and not _wants_nearest(question, candidates):
            return _decided(question, *self._standing(trials, losers, bearing))
        return _decided(question, trials, losers)

    def _standing(
        self, trials: Sequence[Trial], losers: Sequence[Trial], bearing: Sequence[Observed]
    ) -> tuple[list[Trial], list[Trial]]:
        """Trials that explain nothing, and those who fell out before: the first is the best that stands out from the
        usual answer (`standing`), else the usual one, wherever it stood."""
        everyone = (*trials, *losers)
        usual = min(everyone, key=lambda t: (t.candidate.habit, t.candidate.pipeline.parameters))
        seen = [p for p in bearing if p.name in dict(usual.agreements)][:FIRST_LOOK]
        ahead = trials[: trials.index(usual)] if usual in trials else trials
        first = usual
        for trial in ahead[:FINALISTS]:
            if stands_out(trial.candidate.pipeline, usual.candidate.pipeline, seen, self.rendering, self.boxes):
                first = trial
                break
        return [first, *(t for t in trials if t is not first)], [t for t in losers if t is not first]

    def boxes(self, pair: Observed) -> tuple[Box, ...]:
        """The boxes of a pair that trials look at."""
        if id(pair) not in self._boxes:
            self._boxes[id(pair)] = boxes(pair)
        return self._boxes[id(pair)]

    def _trials(self, candidates: Sequence[Candidate], pairs: Sequence[Observed], whole_files: bool) -> list[Trial]:
        """A trial of each candidate on each pair, best first; two threads or more, since the kernels hold no lock."""
        tasks = [(c, p) for p in pairs for c in candidates]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            done = list(pool.map(lambda task: self.agreement(task[1], task[0].pipeline, whole_files), tasks))
        rows: dict[int, list[tuple[str, Agreement]]] = {id(c): [] for c in candidates}
        for (candidate, pair), agreement in zip(tasks, done, strict=True):
            rows[id(candidate)].append((pair.name, agreement))
        trials = [Trial(c, tuple(rows[id(c)]), whole_files) for c in candidates]
        return sorted(trials, key=_ranking(trials))

    def agreement(self, pair: Observed, pipeline: Pipeline, whole_files: bool = True) -> Agreement:
        """The agreement of a pipeline with a pair, remembered; an error makes one in which nothing is equal."""
        key = (id(pair), pipeline.keys, whole_files)
        if key not in self._memo:
            try:
                found = self.rendering.agreement(pair, pipeline, None if whole_files else self.boxes(pair))
            except UnderstudyError as error:
                found = Agreement(sum(c.real.size for c in pair.coefficients.components), error=str(error))
            self._memo[key] = found
        return self._memo[key]


def _wants_nearest(question: Question, candidates: Sequence[Candidate]) -> bool:
    """Whether a question is about how a step of NEAREST works, not only where it stands."""
    kinds = {frozenset(repr(s) for s in c.pipeline.steps if s.name in NEAREST) for c in candidates}
    return question.step in NEAREST and len(kinds) > 1


def _ranking(trials: Iterable[Trial]) -> Callable[[Trial], tuple[float, int, int]]:
    """The order of trials: unequal coefficients with parameters charged, then habit, then parameters."""
    charge = 2 * math.sqrt(min(t.total.unequal for t in trials))
    return lambda t: (
        t.total.unequal + charge * t.candidate.pipeline.parameters,
        t.candidate.habit,
        t.candidate.pipeline.parameters,
    )


def _promising(trials: Sequence[Trial]) -> list[Trial]:
    """The trials, best first, that more pairs or whole files could still turn."""
    best = min(t.total.unequal for t in trials)
    limit = 3 * best + 16 if best < trials[0].total.compared / 100 else 1.25 * best + 16
    return [t for t in trials if t.total.unequal <= limit][:FINALISTS]


def _decided(question: Question, trials: Sequence[Trial], losers: Sequence[Trial]) -> Decision:
    """The decision that the trials of the last stage and of those who fell out before give."""
    winner = trials[0]
    per_pair = [a.unequal for _, a in winner.agreements]
    tied = tuple(t.candidate.label for t in trials[1:] if [a.unequal for _, a in t.agreements] == per_pair)
    rivals = [t for t in (*trials[1:], *losers) if t.candidate.label not in tied]
    total = winner.total
    reason = f"{total.unequal:,} of {total.compared:,} coefficients differ"
    decided_by: tuple[str, ...] = ()
    if rivals:
        second = min(rivals, key=lambda t: t.total.unequal / max(1, t.total.compared))
        reason += f"; next: {second.candidate.label}, {_differ(second)}"
        theirs = dict(second.agreements)
        decided_by = tuple(n for n, a in winner.agreements if n in theirs and theirs[n].share < a.share)
    elif not tied:
        reason += "; no other candidate"
    unexplained = total.share < UNEXPLAINED
    if unexplained:
        reason += "; none explains the pairs"
    return Decision(
        question.name, question.step, winner.candidate.label, (*trials, *losers), tied, reason,
        bool(tied) or unexplained, decided_by,
    )  # fmt: skip


def _differ(trial: Trial) -> str:
    """How much of a trial differs: in percent, or as a count where a percentage would look like nothing."""
    if trial.total.share > 0.9999:
        return f"{trial.total.unequal:,} of {trial.total.compared:,} differ"
    return f"{100 - 100 * trial.total.share:.3g} % differ"
