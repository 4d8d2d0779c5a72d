"""Parts of libjpeg's structure that few blocks show: chroma downsampling, edges, the blocks beyond the picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from ...codec.encode import LIBJPEG
from ...codec.variants import Downsampling, DummyBlocks, Edge, Engine, Quantizer
from ...errors import UnderstudyError
from ...steps.encode import Encode
from ..observed import Box, Observed
from ..pipeline import Pipeline
from ..question import Candidate, Decision, Question
from ..rendering import Rendering, is_global
from . import _witnesses as witnesses
from ._encoders import WHOLE, is_near, known_name, listed


def _is_parts(pipeline: Pipeline) -> bool:
    return pipeline.encode.engine is Engine.LIBJPEG


def _blurred(decision: Decision) -> Decision:
    """A guess where the answer leaves differences, and no rival was tried or one leaves less than twice as many: what
    is wrong elsewhere could have decided it."""
    if not decision.trials or not decision.trials[0].total.unequal or decision.guess:
        return decision
    shares = [1 - t.total.share for t in decision.trials]
    if len(shares) > 1 and 2 * shares[0] <= min(shares[1:]):
        return decision
    return replace(decision, guess=True, reason=f"{decision.reason}; the rest of the encoder is not exact")


class DownsamplingQuestion:
    """How chroma is averaged, everything else as it is."""

    name = "chroma downsampling"
    step = "encode"
    order = 22
    would_tell = "a PNG with fine coloured detail, delivered at its own size with subsampled chroma"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Those whose received chroma is subsampled."""
        if not _is_parts(pipeline):
            return []
        return witnesses.for_encoder([p for p in pairs if witnesses.is_subsampled(p)])

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """All, Go's for 4:2:0 alone. Facebook's is libjpeg's where both exist, and Go's is
        elsewhere: equal results are no question."""
        if not _is_parts(pipeline):
            return [Candidate("the engine's own", pipeline)]
        mine = pipeline.encode.downsampling
        if not is_near(pipeline, pairs, rendering):
            return [Candidate(str(mine), pipeline)]
        twin = Downsampling.LIBJPEG if mine is Downsampling.FACEBOOK_CLASSIC else Downsampling.FACEBOOK_CLASSIC
        kinds = [mine, *(kind for kind in Downsampling if kind not in (mine, twin))]
        if pairs and all(p.factors[0] != (2, 2) for p in pairs):
            kinds = [k for k in kinds if k is mine or k is not Downsampling.GO]
        if pipeline.encode.quantizer is Quantizer.MOZJPEG_TRELLIS or pipeline.encode.overshoot_deringing:
            kinds = [k for k in kinds if k is not Downsampling.LIBJPEG_7]
        made = [pipeline.changed(Encode, downsampling=kind) for kind in kinds]
        return listed(made, lambda p: str(p.encode.downsampling))

    def explained(
        self, decision: Decision, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
    ) -> Decision:
        """A guess where other faults blur the answer."""
        return _blurred(decision)


class EdgeQuestion:
    """How planes go on beyond the picture."""

    name = "edges"
    step = "encode"
    order = 23
    would_tell = "a PNG whose height is even but no multiple of 16, delivered at its own size with 4:2:0"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Those whose lower edge tells; none where libjpeg 7 downsamples within the DCT, rows repeated before."""
        if not _is_parts(pipeline) or pipeline.encode.downsampling is Downsampling.LIBJPEG_7:
            return []
        return witnesses.known_samples([p for p in pairs if witnesses.shows_lower_edge(p)])

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """All but one: Go's and Facebook's are the same arithmetic."""
        if not _is_parts(pipeline):
            return [Candidate("the engine's own", pipeline)]
        mine = pipeline.encode.edge
        if pipeline.encode.downsampling is Downsampling.LIBJPEG_7 or not is_near(pipeline, pairs, rendering):
            return [Candidate(str(mine), pipeline)]
        twin = Edge.GO if mine is Edge.FACEBOOK_CLASSIC else Edge.FACEBOOK_CLASSIC
        kinds = [mine, *(kind for kind in Edge if kind not in (mine, twin))]
        return listed([pipeline.changed(Encode, edge=kind) for kind in kinds], lambda p: str(p.encode.edge))

    def explained(
        self, decision: Decision, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
    ) -> Decision:
        """A guess where other faults blur the answer."""
        return _blurred(decision)


class DummyBlocksQuestion:
    """What the blocks of partial MCUs beyond the picture hold. No decoder shows them; a file's bytes have them.

    Agreement is over real blocks, on which the candidates do not differ, so the coefficients beyond are counted here.
    """

    name = "blocks beyond the picture"
    step = "encode"
    order = 40
    would_tell = "a PNG of 8 pixels more than a multiple of 16 a side, delivered at its own size with 4:2:0"

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Those that have such blocks, and a scan of several components that sends them; three are enough."""
        if not _is_parts(pipeline):
            return []
        having = [p for p in pairs if any(_beyond(p, component).any() for component in range(len(p.factors)))]
        return sorted(having, key=lambda p: (p.is_resized, not witnesses.is_plain(p), p.is_jpeg, witnesses.pixels(p)))[
            :3
        ]

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """Those of the three that give the fewest wrong coefficients beyond the picture."""
        if not _is_parts(pipeline):
            return [Candidate("the engine's own", pipeline)]
        habit = WHOLE.get(known_name(pipeline.encode), LIBJPEG).dummy_blocks
        kinds = [habit, *(kind for kind in DummyBlocks if kind is not habit)]
        made = [pipeline.changed(Encode, dummy_blocks=kind) for kind in kinds]
        wrong = [_wrong(p, pairs, rendering) for p in made]
        rows = list(zip(kinds, made, wrong, strict=True))
        return [Candidate(str(kind), p, rank) for rank, (kind, p, w) in enumerate(rows) if w == min(wrong)]

    def explained(
        self, decision: Decision, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering
    ) -> Decision:
        """The decision by the coefficients beyond the picture; tied are those that have as many wrong."""
        if not _is_parts(pipeline) or not pairs:
            return decision
        kinds = {str(k): pipeline.changed(Encode, dummy_blocks=k) for k in DummyBlocks}
        wrong = {name: _wrong(p, pairs, rendering) for name, p in kinds.items()}
        mine = wrong[decision.answer]
        tied = tuple(name for name, count in wrong.items() if count == mine and name != decision.answer)
        told = "; ".join(f"{name}: {count:,} wrong" for name, count in sorted(wrong.items(), key=lambda row: row[1]))
        return replace(
            decision, tied=tied, guess=bool(tied), reason=f"coefficients beyond the picture: {told}",
            decided_by=() if tied else tuple(p.name for p in pairs), evidence={"wrong": wrong},
        )  # fmt: skip


def _beyond(pair: Observed, component: int) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which of a component's coefficients are sent though they lie beyond the picture; bool, as its `blocks`."""
    part = pair.coefficients.components[component]
    out = np.zeros(part.blocks.shape, bool)
    together = [
        s for s in pair.stream.scans if len(s.components) > 1 and part.header.id in [c.id for c in s.components]
    ]
    out[:, :, 0, 0] = any(s.Ss == 0 for s in together)
    if any(s.Se > 0 for s in together):
        out[:] = True
    out[: part.grid.v_real, : part.grid.h_real] = False
    return out


def _wrong(pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> int:
    """Coefficients beyond the picture that the pipeline does not give; all of them where it cannot take the picture."""
    total = 0
    for pair in pairs:
        for box in _margins(pair, is_global(pipeline.encode)):
            try:
                levels = rendering.levels(pair, pipeline, box)
            except UnderstudyError:
                levels = []
            for i, part in enumerate(pair.coefficients.components):
                h, v = (max(f[axis] for f in pair.factors) // pair.factors[i][axis] for axis in (0, 1))
                x, y = box[0] // (8 * h), box[1] // (8 * v)
                sent = _beyond(pair, i)[y:, x:]
                theirs = part.blocks[y:, x:]
                if len(levels) != len(pair.factors):
                    total += int(np.count_nonzero(sent))
                    continue
                ours = levels[i][: theirs.shape[0], : theirs.shape[1]]
                unequal = ours != theirs if ours.shape == theirs.shape else np.ones(theirs.shape, bool)
                total += int(np.count_nonzero(unequal & sent))
    return total


def _margins(pair: Observed, everything: bool) -> list[Box]:
    """The last column and row of MCUs, which overlap in the corner; or the whole picture."""
    width, height = pair.size
    if everything:
        return [(0, 0, width, height)]
    side_x, side_y = (8 * max(f[axis] for f in pair.factors) for axis in (0, 1))
    left, top = (width - 1) // side_x * side_x, (height - 1) // side_y * side_y
    return [(left, 0, width, height), (0, top, width, height)]


QUESTIONS: list[Question] = [DownsamplingQuestion(), EdgeQuestion(), DummyBlocksQuestion()]
