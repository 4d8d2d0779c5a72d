"""Hypotheses made real: rasters and levels of a pipeline for a pair, each stage made once, kept while there is room."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..codec.sampling import Factors
from ..codec.variants import Engine, Quantizer
from ..errors import PictureError
from ..jpeg.coefficients import Blocks
from ..steps import Raster, Source, Value
from ..steps.encode import Encode
from .observed import Box, Observed, whole
from .pipeline import Pipeline

T = TypeVar("T")
ENCODED = 64 << 20
"""Bytes of levels that are kept."""
_NOTHING = np.zeros((1, 1, 1), np.uint8)


@dataclass(frozen=True)
class Agreement:
    """How many delivered coefficients a hypothesis gives, over the blocks of some boxes of one pair."""

    compared: int = 0
    equal: int = 0
    components: tuple[tuple[int, int], ...] = ()
    """(compared, equal) of each component."""
    error: str = ""
    """Why nothing could be compared; then nothing is equal."""

    @property
    def unequal(self) -> int:
        return self.compared - self.equal

    @property
    def share(self) -> float:
        """0 to 1; 0 where nothing could be compared."""
        return self.equal / self.compared if self.compared else 0.0

    def __add__(self, other: Agreement) -> Agreement:
        parts = [(a + c, b + d) for (a, b), (c, d) in zip(self.components, other.components, strict=False)]
        longer = max(self.components, other.components, key=len)
        return Agreement(
            self.compared + other.compared,
            self.equal + other.equal,
            (*parts, *longer[len(parts) :]),
            self.error or other.error,
        )


class Rendering:
    """Renders pipelines for pairs. Thread-safe; keeps up to `room` bytes of rasters, the least used going first."""

    def __init__(self, room: int = 700 << 20) -> None:
        self._room = room
        self._kept: OrderedDict[tuple[int, tuple[str, ...]], Raster] = OrderedDict()
        self._held: dict[int, Observed] = {}
        self._bytes = 0
        self._lock = threading.Lock()
        self._memo: dict[Hashable, Any] = {}
        self._encoded: OrderedDict[Hashable, list[Blocks]] = OrderedDict()

    def raster(self, pair: Observed, pipeline: Pipeline, steps: int | None = None) -> Raster:
        """The raster that the first `steps` steps give, by default all before `encode`. Raises UnderstudyError."""
        count = len(pipeline.steps) - 1 if steps is None else steps
        key = (id(pair), pipeline.keys[:count])
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        step = pipeline.steps[count - 1]
        value: Value = Source(pair.sent) if count == 1 else self.raster(pair, pipeline, count - 1)
        made = step.exact(value, pair.context)
        assert isinstance(made, Raster), "only rasters flow before encode"
        self._keep(pair, key, made)
        return made

    def likeness(self, pair: Observed, pipeline: Pipeline, steps: int) -> Hashable:
        """Equal for pipelines of which the first `steps` steps give equal rasters, whatever the steps are. Raises as
        `raster`."""

        def look() -> Hashable:
            raster = self.raster(pair, pipeline, steps)
            samples = hashlib.blake2b(np.ascontiguousarray(raster.pixels).data, digest_size=16).digest()
            return samples, raster.pixels.shape, repr(replace(raster, pixels=_NOTHING))

        return self.remembered(("likeness", id(pair), pipeline.keys[:steps]), look)

    def remembered(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gave when it was first asked under `key`: small things that questions find out by looking at
        rasters, which would be the same in the next round. The key says all that they depend on."""
        if key not in self._memo:
            self._memo[key] = make()
        found: T = self._memo[key]
        return found

    def _keep(self, pair: Observed, key: tuple[int, tuple[str, ...]], made: Raster) -> None:
        with self._lock:
            if key in self._kept:
                return
            self._held[id(pair)] = pair  # an id is only good while its object lives
            self._kept[key] = made
            self._bytes += made.pixels.nbytes
            while self._bytes > self._room and len(self._kept) > 1:
                _, dropped = self._kept.popitem(last=False)
                self._bytes -= dropped.pixels.nbytes

    def levels(self, pair: Observed, pipeline: Pipeline, box: Box) -> list[Blocks]:
        """The levels, int16 `[v_blocks, h_blocks, 8, 8]` a component, of the blocks in `box`, whose left and top lie on
        MCU boundaries and whose right and bottom do too or are the picture's. Tables and sampling are the delivered
        file's. Raises PictureError where the raster has not the delivered picture's size, UnderstudyError."""
        raster = self.raster(pair, pipeline)
        if (raster.width, raster.height) != pair.size:
            raise PictureError(
                f"{raster.width} x {raster.height}", place=pair.name, expected=f"{pair.size[0]} x {pair.size[1]}"
            )
        left, top, right, bottom = box
        encode = as_delivered(pipeline.encode, pair)
        if (left, top) == (0, 0) and (right, bottom) == pair.size:
            return encode.levels(raster, pair.context)[0]
        if encode.smoothing:
            return _with_neighbours(raster, encode, pair, box)
        raster = replace(raster, pixels=raster.pixels[top:bottom, left:right])
        return encode.levels(raster, pair.context)[0]

    def _everything(self, pair: Observed, pipeline: Pipeline) -> list[Blocks]:
        """`levels` of the whole picture, kept while there is room: for encoders that cannot do less, and cost most."""
        key = (id(pair), self.likeness(pair, pipeline, len(pipeline.steps) - 1), repr(pipeline.encode))
        with self._lock:
            if key in self._encoded:
                self._encoded.move_to_end(key)
                return self._encoded[key]
        made = self.levels(pair, pipeline, whole(pair)[0])
        with self._lock:
            self._encoded[key] = made
            while sum(b.nbytes for blocks in self._encoded.values() for b in blocks) > ENCODED:
                self._encoded.popitem(last=False)
        return made

    def wrong(self, pair: Observed, pipeline: Pipeline, box: Box) -> list[NDArray[np.int64]]:
        """Unequal coefficients, 0 to 64, of each real block in a box, `[v_blocks, h_blocks]` a component. Raises as
        `levels`, and PictureError for other components or another sampling than the file's."""
        if is_global(pipeline.encode):
            ours = _cut(self._everything(pair, pipeline), box, pair.factors)
        else:
            ours = self.levels(pair, pipeline, box)
        theirs = _cut([c.real for c in pair.coefficients.components], box, pair.factors)
        fits = len(ours) == len(theirs) and all(
            m.shape[0] >= t.shape[0] and m.shape[1] >= t.shape[1] for m, t in zip(ours, theirs, strict=True)
        )
        if not fits:
            raise PictureError("another sampling", place=pair.name, expected="the received file's")
        return [
            np.count_nonzero(mine[: real.shape[0], : real.shape[1]] != real, axis=(2, 3))
            for mine, real in zip(ours, theirs, strict=True)
        ]

    def agreement(self, pair: Observed, pipeline: Pipeline, where: Sequence[Box] | None = None) -> Agreement:
        """Delivered coefficients that the pipeline gives, in some boxes or by default everywhere (real blocks only).

        An encoder that looks at the whole picture (trellis, jpegli) is run on all of it whatever the boxes.
        Raises UnderstudyError where the pipeline cannot take the picture.
        """
        where = where or whole(pair)
        if is_global(pipeline.encode):
            everything = self._everything(pair, pipeline)
            return sum((_agreement(_cut(everything, box, pair.factors), pair, box) for box in where), Agreement())
        return sum((_agreement(self.levels(pair, pipeline, box), pair, box) for box in where), Agreement())


def _with_neighbours(raster: Raster, encode: Encode, pair: Observed, box: Box) -> list[Blocks]:
    """The levels of a box as an encoder that smooths gives them: it looks one sample beyond each block."""
    left, top, right, bottom = box
    mcu_h, mcu_v = (8 * max(f[i] for f in pair.factors) for i in (0, 1))
    x, y = max(0, left - mcu_h), max(0, top - mcu_v)
    pixels = raster.pixels[y : min(pair.size[1], bottom + mcu_v), x : min(pair.size[0], right + mcu_h)]
    blocks, _ = encode.levels(replace(raster, pixels=pixels), pair.context)
    out = []
    for array, (h, v) in zip(blocks, pair.factors, strict=False):
        per_h, per_v = mcu_h // h, mcu_v // v  # what lies beyond the picture stays, as it does without smoothing
        low = None if bottom == pair.size[1] else -(-(bottom - y) // per_v)
        far = None if right == pair.size[0] else -(-(right - x) // per_h)
        out.append(array[(top - y) // per_v : low, (left - x) // per_h : far])
    return out


def is_global(encode: Encode) -> bool:
    """Whether a block's levels depend on far-away blocks, so that no part of a picture can be encoded alone."""
    return encode.engine == Engine.JPEGLI or encode.quantizer == Quantizer.MOZJPEG_TRELLIS


def as_delivered(encode: Encode, pair: Observed) -> Encode:
    """`encode` with the tables, their quality and the sampling that the delivered file states."""
    luma, chroma = pair.tables
    said = encode.law, encode.force_baseline, encode.sampling  # all that `observe` asks of the step
    seen = pair.remembered(("as delivered", *said), lambda: encode.observe(pair.stream))
    return replace(
        encode, luma_steps=luma, chroma_steps=chroma, quality=seen.get("quality", encode.quality), keep_quality=False,
        sampling=seen.get("sampling", encode.sampling), keep_sampling=False,
    )  # fmt: skip


def _cut(blocks: Sequence[Blocks], box: Box, factors: Factors) -> list[Blocks]:
    """The part of whole-picture `blocks` that lies in `box`."""
    left, top, right, bottom = box
    max_h, max_v = (max(f[i] for f in factors) for i in (0, 1))
    out = []
    for array, (h, v) in zip(blocks, factors, strict=True):
        x, y = 8 * max_h // h, 8 * max_v // v
        out.append(array[top // y : -(-bottom // y), left // x : -(-right // x)])
    return out


def _agreement(ours: Sequence[Blocks], pair: Observed, box: Box) -> Agreement:
    theirs = _cut([c.real for c in pair.coefficients.components], box, pair.factors)
    if len(ours) != len(theirs):
        return Agreement(sum(b.size for b in theirs), 0, error=f"{len(ours)} components, the file has {len(theirs)}")
    rows = []
    for mine, real in zip(ours, theirs, strict=True):
        if mine.shape[0] < real.shape[0] or mine.shape[1] < real.shape[1]:
            return Agreement(sum(b.size for b in theirs), 0, error="another sampling than the file's")
        same = np.count_nonzero(mine[: real.shape[0], : real.shape[1]] == real)
        rows.append((real.size, int(same)))
    return Agreement(sum(r[0] for r in rows), sum(r[1] for r in rows), tuple(rows))
