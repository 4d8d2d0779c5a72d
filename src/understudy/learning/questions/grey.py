"""Whether grey deliveries were made grey before they were resized, or after."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ...steps.grey import Grey
from ...steps.resize import Resize
from ..observed import Observed
from ..pipeline import Pipeline
from ..question import Candidate, Question
from ..rendering import Rendering


class GreyBeforeResize:
    """Where one channel is made of three, for files that have one component whatever was sent."""

    name = "grey before the resize"
    step = "grey"
    order = 43
    would_tell = "a colourful picture larger than the limit"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Resized pairs with one component, where the encoder takes the luma of colours."""
        if pipeline.find(Resize) is None or pipeline.encode.grey != "luma":
            return ()
        return [p for p in pairs if p.is_resized and len(p.factors) == 1]

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """By the encoder, or by a step of its own right before the resize."""
        bare = pipeline.without("grey")
        if pipeline.find(Resize) is None or pipeline.encode.grey != "luma":
            return [Candidate("nothing to tell", bare)]
        return [
            Candidate("after the resize", bare),
            Candidate("before the resize", bare.inserted(Grey(), before="resize"), habit=1),
        ]


QUESTIONS: tuple[Question, ...] = (GreyBeforeResize(),)
