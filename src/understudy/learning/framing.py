"""The ways in which sizes allow that pictures were cut, stretched or given borders: enumerated by sizes alone.

A framing is the steps that give a picture its shape: a part cut out before or after a resize, borders around it, or a
resize that takes the shape for nothing. Which of them it was is seen by looking (`framing_fit`), and settled by
rendering (`questions.framing`). Parts that lie elsewhere in each picture, as software chooses that looks at what a
picture shows, are none of these.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from ..codec.framing import Offset
from ..codec.sizes import Derive, Fit, Rounding
from ..errors import UnderstudyError
from ..steps import Step
from ..steps.crop import Crop
from ..steps.pad import Pad
from ..steps.resize import Resize
from .pipeline import Pipeline
from .size_rules import Sizes, plain_rules

Size = tuple[int, int]
Gravity = tuple[float, float]

GRAVITIES: tuple[Gravity, ...] = tuple((x, y) for x in (0.5, 0.0, 1.0) for y in (0.5, 0.0, 1.0))
"""Places of a part, the middle first."""
SHAPES = ((1, 1), (4, 5), (5, 4), (4, 3), (3, 4), (3, 2), (2, 3), (16, 9), (9, 16), (2, 1), (1, 2), (191, 100), (3, 1))
"""Shapes that platforms cut pictures to."""
OFFSETS = (Offset.FLOOR, Offset.HALF_EVEN, Offset.HALVES, Offset.HALF_UP, Offset.MIDDLE, Offset.EDGES)
"""How the pixels cut off at the left and the top are rounded."""
SIDES = (
    (Derive.EXACT, Rounding.HALF_UP), (Derive.EXACT, Rounding.FLOOR), (Derive.EXACT, Rounding.CEIL),
    (Derive.VIPS, Rounding.HALF_UP), (Derive.SCALE, Rounding.HALF_UP), (Derive.ASPECT, Rounding.HALF_EVEN),
)  # fmt: skip
"""How a derived side is rounded."""
MOST_INSET = 64
"""Pixels that an edge may lose or gain without a resize."""


@dataclass(frozen=True)
class Framing:
    """Steps that give pictures their shape."""

    kind: str
    """In few words, what is done in which order."""
    before: tuple[Step, ...] = ()
    resize: Resize | None = None
    after: tuple[Step, ...] = ()
    cost: float = 0.0
    """How unusual it is, from 0: an order among those that the pairs do not tell apart."""

    def layout(self, width: int, height: int) -> tuple[Any, ...]:
        """All that becomes of a picture of that size: the size delivered, first; then each step's box or size. Raises
        UnderstudyError."""
        told: list[Any] = []
        for step in (*self.before, *((self.resize,) if self.resize else ()), *self.after):
            if isinstance(step, (Crop, Pad)):
                box = step.box(width, height)
                width, height = box[2] - box[0], box[3] - box[1]
                told.append(box)
            elif isinstance(step, Resize):
                to = step.target(width, height)
                told.append((width, height, to.width, to.height, step.fit is Fit.FILL and step.gravity))
                width, height = to.width, to.height
        return ((width, height), *told)

    def gives(self, sizes: Sequence[Sizes]) -> bool:
        """Whether it gives every received size, of pictures as shown or as stored: whether they are turned is another
        question's."""
        try:
            return all(s.received in {self.layout(*shown(s))[0], self.layout(*s.stored)[0]} for s in sizes)
        except UnderstudyError:
            return False

    def scales(self, width: int, height: int) -> bool:
        """Whether a picture of that size is resized."""
        return any(len(told) == 5 and told[:2] != told[2:4] for told in self.layout(width, height)[1:])

    def within(self, pipeline: Pipeline) -> Pipeline:
        """The pipeline with this framing in the place of its own; the resize's arithmetic is kept."""
        present = pipeline.find(Resize)
        made = pipeline
        for name in ("crop", "pad"):
            made = made.without(name)
        if self.resize is None:
            made = made.without("resize")
            for step in (*self.before, *self.after):
                made = made.inserted(step, before=_first(made))
            return made
        if present is None:
            made = made.inserted(self.resize, before=_first(made))
        else:
            rule = {name: getattr(self.resize, name) for name in RULE}
            made = made.having(replace(present, **rule))
        for step in self.before:
            made = made.inserted(step, before="resize")
        end = made.names[made.names.index("resize") + 1 :]
        follows = next(name for name in end if name not in FILTERS)
        for step in self.after:
            made = made.inserted(step, before=follows)
        return made


RULE = ("fit", "limit", "limit_height", "upscale", "derive", "rounding", "multiple", "gravity")
"""A resize's parameters that say which size, and of which part."""
FILTERS = frozenset({"sharpen", "convolve", "unsharp", "lab_sharpen"})


def _first(pipeline: Pipeline) -> str:
    """Before which step a framing without a resize stands: the first that is not about reading the picture."""
    early = ("decode", "orient", "color", "flatten", "passthrough")
    return next(name for name in pipeline.names if name not in early)


def shown(sizes: Sizes) -> Size:
    """The size of the sent picture as a viewer sees it."""
    return sizes.stored[::-1] if sizes.is_turned else sizes.stored


def upright(sizes: Sequence[Sizes]) -> Sequence[Sizes]:
    """Those of pictures that are shown as they are stored, if there are any; whether the others are turned is not known
    yet."""
    return [s for s in sizes if not s.is_turned] or sizes


def framings(sizes: Sequence[Sizes]) -> list[Framing]:
    """Every framing that gives all received sizes, the usual ones first; those that treat all these pictures alike are
    told once (see `twins`)."""
    received = {s.received for s in sizes}
    found: list[Framing] = []
    if len(received) == 1:
        found += _of_one_size(*next(iter(received)))
    else:
        found += _of_one_shape(sizes)
        found += _limited(sizes)
    found += _edges(sizes)
    return distinct([f for f in sorted(found, key=lambda f: f.cost) if f.gives(sizes)], sizes)


def distinct(found: Iterable[Framing], sizes: Sequence[Sizes]) -> list[Framing]:
    """Those that treat any of the pictures otherwise than those before them."""
    known: dict[tuple[Any, ...], Framing] = {}
    for one in found:
        known.setdefault((one.kind, *(one.layout(*shown(s)) for s in sizes)), one)
    return list(known.values())


def twins(one: Framing, sizes: Sequence[Sizes]) -> list[Framing]:
    """The framings of its kind that treat all of the pictures as it does, and others otherwise."""
    mine = [one.layout(*shown(s)) for s in sizes]
    alike = [f for f in variants(one) if f.gives(sizes) and [f.layout(*shown(s)) for s in sizes] == mine]
    return [f for f in alike if any(f.layout(*p) != one.layout(*p) for p in PICTURES)]


PICTURES = ((1001, 1500), (1500, 1001), (4001, 3000), (3000, 4003), (801, 803), (2047, 1024))
"""Sizes on which framings are compared; odd, so that roundings show."""


def variants(one: Framing) -> list[Framing]:
    """The same kind of framing in the same place with every rounding, itself first."""
    place = gravity(one)
    made = [one]
    if one.kind == COVER and one.resize is not None:
        made += _covering(one.resize.limit, one.resize.limit_height, (place,))
    elif one.kind == BORDERS and one.resize is not None:
        made += _bordered(one.resize.limit, one.resize.limit_height, (place,))
    elif one.kind == CUT_FIRST and one.resize is not None:
        made += _cut_first(one.resize.limit, one.resize.limit_height, (place,))
    else:
        steps = [s for s in (*one.before, *one.after) if isinstance(s, (Crop, Pad))]
        if len(steps) == 1:
            for offset, rounding in product(OFFSETS, Rounding):
                only: tuple[Step, ...] = (replace(steps[0], offset_rounding=offset, rounding=rounding),)
                made.append(replace(one, before=only) if one.before else replace(one, after=only))
    return list({repr(f): f for f in (_as_painted(f, one) for f in made)}.values())


def painted(one: Framing, color: tuple[int, int, int]) -> Framing:
    """With borders of that colour."""

    def each(steps: Sequence[Step]) -> tuple[Step, ...]:
        return tuple(replace(s, color=color) if isinstance(s, Pad) else s for s in steps)

    return replace(one, before=each(one.before), after=each(one.after))


def _as_painted(one: Framing, like: Framing) -> Framing:
    """With borders of the colour that `like` has, if it has any."""
    color = next((s.color for s in (*like.before, *like.after) if isinstance(s, Pad)), None)
    return one if color is None else painted(one, color)


def rivals(one: Framing) -> list[Framing]:
    """Framings of other kinds that may give pictures of the same size, in the same place."""
    size = _size(one)
    if size is None:
        return []
    return [_as_painted(f, one) for f in _of_one_size(*size, (gravity(one),)) if f.kind != one.kind]


def gravity(one: Framing) -> Gravity:
    """Where the part lies, or the picture on its ground."""
    if one.resize is not None and one.resize.fit is Fit.FILL:
        return one.resize.gravity
    found = next((s for s in (*one.before, *one.after) if isinstance(s, (Crop, Pad))), None)
    return found.gravity if found is not None else (0.5, 0.5)


def _size(one: Framing) -> Size | None:
    """The one size that it gives; None where there are several."""
    made = {one.layout(*p)[0] for p in ((4001, 3000), (3000, 4003))}
    return next(iter(made)) if len(made) == 1 else None


COVER, FILL, CUT_FIRST = (
    "resized to cover, then cut",
    "resized of a part in fractions",
    "cut to the shape, then resized",
)
CUT, STRETCHED = "cut, not resized", "stretched"
BORDERS, GROUND_FIRST, GROUND = "resized to fit, then given borders", "given borders, then resized", "given borders"
SHAPE, SHAPE_FIRST, EDGES = "cut to a shape", "cut to a shape, then resized", "edges cut off"
RESIZED_CUT = "resized, then cut"


def _of_one_size(width: int, height: int, places: Sequence[Gravity] = GRAVITIES) -> Iterator[Framing]:
    """What gives every picture this size."""
    yield from _covering(width, height, places)
    for place in places:
        unusual = 0.0 if place == (0.5, 0.5) else 1.0
        filling = Resize(fit=Fit.FILL, limit=width, limit_height=height, upscale=True, gravity=place)
        yield Framing(FILL, (), filling, (), 0.5 + unusual)
    yield from _cut_first(width, height, places)
    for place, offset in product(places, OFFSETS):
        cost = 1.0 + (place != (0.5, 0.5)) + 0.1 * OFFSETS.index(offset)
        yield Framing(CUT, (), None, (Crop(width, height, gravity=place, offset_rounding=offset),), cost)
    yield Framing(STRETCHED, (), Resize(fit=Fit.STRETCH, limit=width, limit_height=height, upscale=True), (), 1.0)
    yield from _bordered(width, height, places)
    for place, offset, rounding in product(places, OFFSETS, (Rounding.HALF_UP, Rounding.FLOOR, Rounding.CEIL)):
        cost = 2.5 + (place != (0.5, 0.5)) + 0.1 * OFFSETS.index(offset)
        shape = _reduced(width, height)
        ground = Pad(aspect=shape, rounding=rounding, gravity=place, offset_rounding=offset)
        stretch = Resize(fit=Fit.STRETCH, limit=width, limit_height=height, upscale=True)
        yield Framing(GROUND_FIRST, (ground,), stretch, (), cost)
        ground = Pad(width, height, gravity=place, offset_rounding=offset)
        yield Framing(GROUND, (), None, (ground,), cost)


def _covering(width: Any, height: int, places: Sequence[Gravity]) -> Iterator[Framing]:
    for place, offset, (derive, rounding) in product(places, OFFSETS, SIDES):
        cost = (place != (0.5, 0.5)) + 0.1 * OFFSETS.index(offset) + 0.1 * SIDES.index((derive, rounding))
        cover = Resize(
            fit=Fit.COVER, limit=width, limit_height=height, upscale=True, derive=derive, rounding=rounding
        )  # fmt: skip
        cut = Crop(width, height, gravity=place, offset_rounding=offset)
        yield Framing(COVER, (), cover, (cut,), cost)


def _cut_first(width: Any, height: int, places: Sequence[Gravity]) -> Iterator[Framing]:
    shape = _reduced(width, height or width)
    for place, offset, rounding in product(places, OFFSETS, Rounding):
        cost = 0.3 + (place != (0.5, 0.5)) + 0.1 * OFFSETS.index(offset) + 0.1 * list(Rounding).index(rounding)
        cut = Crop(aspect=shape, rounding=rounding, gravity=place, offset_rounding=offset)
        stretch = Resize(fit=Fit.STRETCH, limit=width, limit_height=height, upscale=True)
        yield Framing(CUT_FIRST, (cut,), stretch, (), cost)


def _bordered(width: Any, height: int, places: Sequence[Gravity]) -> Iterator[Framing]:
    for place, offset, (derive, rounding), upscale in product(places, OFFSETS, SIDES, (False, True)):
        cost = 2.0 + (place != (0.5, 0.5)) + 0.1 * OFFSETS.index(offset) + 0.1 * SIDES.index((derive, rounding))
        fitting = Resize(
            fit=Fit.BOX, limit=width, limit_height=height, upscale=upscale, derive=derive, rounding=rounding
        )  # fmt: skip
        ground = Pad(width, height or width, gravity=place, offset_rounding=offset)
        yield Framing(BORDERS, (), fitting, (ground,), cost + 0.05 * upscale)


def _of_one_shape(sizes: Sequence[Sizes]) -> Iterator[Framing]:
    """Pictures of several sizes and one shape: cut or brought to it, and resized or not."""
    for shape in SHAPES:
        if not all(_has_shape(s.received, shape) for s in sizes):
            continue
        for place, offset, rounding in product(GRAVITIES, OFFSETS, (Rounding.HALF_UP, Rounding.FLOOR, Rounding.CEIL)):
            cost = (place != (0.5, 0.5)) + 0.1 * OFFSETS.index(offset)
            cut = Crop(aspect=shape, rounding=rounding, gravity=place, offset_rounding=offset)
            ground = Pad(aspect=shape, rounding=rounding, gravity=place, offset_rounding=offset)
            yield Framing(SHAPE, (), None, (cut,), cost)
            yield Framing(GROUND, (), None, (ground,), 2 + cost)
            for step, kind in ((cut, SHAPE_FIRST), (ground, GROUND_FIRST)):
                for rule in _rules_behind(step, sizes):
                    yield Framing(kind, (step,), rule, (), cost + 0.5)


def _rules_behind(step: Crop | Pad, sizes: Sequence[Sizes]) -> list[Resize]:
    """The simplest size rules that give the received sizes of what a step makes; none where it makes them itself."""
    made = []
    for s in upright(sizes):
        left, top, right, bottom = step.box(*s.stored)
        made.append(((right - left, bottom - top), s.received))
    return [Resize(**rule.resize) for rule in plain_rules(tuple(made))[:2]]


def _limited(sizes: Sequence[Sizes]) -> Iterator[Framing]:
    """Pictures that are cut only where they are too long or too wide for their size: at most so many pixels a side."""
    width, height = (max(s.received[i] for s in sizes) for i in (0, 1))
    for place, offset in product(GRAVITIES, OFFSETS):
        cost = 1.5 + (place != (0.5, 0.5)) + 0.1 * OFFSETS.index(offset)
        for limits in ((width, height), (width, 0), (0, height)):
            yield Framing(CUT, (), None, (Crop(*limits, gravity=place, offset_rounding=offset),), cost)
            for fit in (Fit.WIDTH, Fit.HEIGHT, Fit.COVER):
                bound = height if fit is Fit.HEIGHT else width
                resize = Resize(fit=fit, limit=bound, limit_height=height if fit is Fit.COVER else 0)
                cut = Crop(*limits, gravity=place, offset_rounding=offset)
                yield Framing(COVER if fit is Fit.COVER else RESIZED_CUT, (), resize, (cut,), cost + 0.5)


def _edges(sizes: Sequence[Sizes]) -> Iterator[Framing]:
    """A few pixels less or more, the same in all pictures, or up to a multiple."""
    off = {(s.stored[0] - s.received[0], s.stored[1] - s.received[1]) for s in upright(sizes)}
    for multiple in (2, 4, 8, 16, 32):
        for place, offset in product(GRAVITIES, OFFSETS[:2]):
            cost = 1.0 + (place != (0.0, 0.0)) + 0.1 * OFFSETS.index(offset)
            yield Framing(EDGES, (), None, (Crop(multiple=multiple, gravity=place, offset_rounding=offset),), cost)
            ground = Pad(multiple=multiple, gravity=place, offset_rounding=offset)
            yield Framing(GROUND, (), None, (ground,), 1 + cost)
    if len(off) != 1 or off == {(0, 0)}:
        return
    across, down = next(iter(off))
    if max(abs(across), abs(down)) > MOST_INSET:
        return
    for x, y in product(_splits(abs(across)), _splits(abs(down))):
        edges = x[0], y[0], x[1], y[1]
        cost = 1.0 + (x[0] != x[1]) + (y[0] != y[1])
        if min(across, down) >= 0:
            yield Framing(EDGES, (), None, (Crop(inset=edges),), cost)
        elif max(across, down) <= 0:
            yield Framing(GROUND, (), None, (Pad(border=edges),), cost)


def _splits(total: int) -> list[tuple[int, int]]:
    return list(dict.fromkeys([(total // 2, total - total // 2), (total - total // 2, total // 2), (0, total),
                               (total, 0)]))  # fmt: skip


def _has_shape(size: Size, shape: Size) -> bool:
    """Whether a size has a shape, but for a pixel."""
    width, height = size
    return abs(width * shape[1] - height * shape[0]) <= max(shape)


def _reduced(width: int, height: int) -> Size:
    divisor = math.gcd(width, height)
    return width // divisor, height // divisor


SHAPING = frozenset({Fit.STRETCH, Fit.FILL, Fit.COVER})
"""Size rules that are part of a framing."""


def of(pipeline: Pipeline) -> Framing | None:
    """The framing that a pipeline has; None where it neither cuts, stretches nor adds borders."""
    resize = pipeline.find(Resize)
    at = pipeline.names.index("resize") if resize is not None else len(pipeline.steps)
    parts: list[list[Step]] = [[], []]
    for i, step in enumerate(pipeline.steps):
        if isinstance(step, (Crop, Pad)):
            parts[i > at or resize is None].append(step)
    before, after = (tuple(p) for p in parts)
    if not before and not after and (resize is None or resize.fit not in SHAPING):
        return None
    return named(before, resize, after)


def named(before: tuple[Step, ...], resize: Resize | None, after: tuple[Step, ...]) -> Framing:
    """The framing that these steps are, with its kind and that kind's cost; of the resize its size rule alone."""
    rule = Resize(**{name: getattr(resize, name) for name in RULE}) if resize is not None else None
    one = Framing(_kind(before, rule, after), before, rule, after)
    known = (f for f in variants(one)[1:] if repr(replace(f, cost=0.0)) == repr(one))
    return next(known, replace(one, cost=1.0))


def _kind(before: tuple[Step, ...], resize: Resize | None, after: tuple[Step, ...]) -> str:
    first = (*before, *after)[:1]
    if not first:
        return FILL if resize is not None and resize.fit is Fit.FILL else STRETCHED
    step = first[0]
    if resize is None:
        if isinstance(step, Crop):
            edges = any(step.inset) or (step.multiple > 1 and not step.width and not step.height)
            return EDGES if edges else SHAPE if step.aspect != (0, 0) else CUT
        return GROUND
    if before:
        if isinstance(step, Pad):
            return GROUND_FIRST
        return CUT_FIRST if resize.fit is Fit.STRETCH else SHAPE_FIRST
    return BORDERS if isinstance(step, Pad) else COVER if resize.fit is Fit.COVER else RESIZED_CUT
