"""A hypothesis: the steps from a sent file to coded scans, as an immutable value that is easy to vary."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

from ..errors import UnderstudyError
from ..steps import Step
from ..steps.encode import Encode

S = TypeVar("S", bound=Step)


@dataclass(frozen=True)
class Pipeline:
    """Steps in order: decode first, encode last (the envelope is settled apart, from headers)."""

    steps: tuple[Step, ...]

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """A text for each step that is equal where the step is: what memos go by."""
        return tuple(repr(step) for step in self.steps)

    @property
    def rasters(self) -> tuple[Step, ...]:
        """The steps before `encode`."""
        return self.steps[:-1]

    @property
    def encode(self) -> Encode:
        last = self.steps[-1]
        assert isinstance(last, Encode), "a pipeline that is searched ends in encode"
        return last

    def find(self, kind: type[S]) -> S | None:
        """The step of that kind, or None."""
        return next((step for step in self.steps if isinstance(step, kind)), None)

    def get(self, kind: type[S]) -> S:
        """The step of that kind; raises UnderstudyError where there is none."""
        step = self.find(kind)
        if step is None:
            raise UnderstudyError(f"no step {kind.name}", place="pipeline", expected=", ".join(self.names))
        return step

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.steps)

    def having(self, step: Step) -> Pipeline:
        """The same with `step` in the place of the one of its name."""
        return Pipeline(tuple(step if s.name == step.name else s for s in self.steps))

    def changed(self, kind: type[S], **values: Any) -> Pipeline:
        """The same with other parameters of the step of that kind."""
        return self.having(dataclasses.replace(self.get(kind), **values))  # type: ignore[type-var]

    def inserted(self, step: Step, before: str) -> Pipeline:
        """The same with `step` put before the step of that name."""
        at = self.names.index(before)
        return Pipeline((*self.steps[:at], step, *self.steps[at:]))

    def without(self, name: str) -> Pipeline:
        """The same without the steps of that name."""
        return Pipeline(tuple(s for s in self.steps if s.name != name))

    def ordered(self, names: Sequence[str]) -> Pipeline:
        """The same steps in the order of `names`, which has each of them once."""
        by_name = {s.name: s for s in self.steps}
        assert sorted(by_name) == sorted(names), "a permutation"
        return Pipeline(tuple(by_name[n] for n in names))

    @property
    def parameters(self) -> int:
        """How many parameters differ from their step's defaults, a step that is there by choice counting one itself:
        what model selection charges. Tables, quality, sampling and scans come from headers and cost nothing."""
        return sum(_cost(step) for step in self.steps)


FROM_HEADERS = frozenset(
    {"quality", "law", "luma_steps", "chroma_steps", "sampling", "script", "huffman", "force_baseline"}
)
"""Parameters of `encode` that the received file states."""

ALWAYS = frozenset({"decode", "orient", "color", "flatten", "encode"})
"""Steps that every platform has one way or the other."""


def _cost(step: Step) -> int:
    fields: Iterable[dataclasses.Field[Any]] = dataclasses.fields(step)  # type: ignore[arg-type]
    fresh = type(step)()
    changed = [f for f in fields if f.name not in FROM_HEADERS and getattr(step, f.name) != getattr(fresh, f.name)]
    return len(changed) + (step.name not in ALWAYS)
