"""Where turning, colour conversion and flattening stand beside the resize, and whether its filter runs at own size."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from itertools import chain, combinations
from typing import Literal

import numpy as np

from ...codec import resample
from ...codec.sizes import Fit
from ...errors import UnderstudyError
from ...steps import Context, Raster
from ...steps.color import Color
from ...steps.flatten import Flatten
from ...steps.orient import Orient
from ...steps.resize import Resize
from .. import habits
from ..observed import Observed
from ..pipeline import Pipeline
from ..question import Candidate, Question
from ..rendering import Rendering
from ..sharpening import FILTERS, Filter
from ..windows import rows, same_map

MOVABLE = ("orient", "color", "flatten")

OTHERS = (*MOVABLE, "resize")


class Order:
    """What is done before the resize, and what after it."""

    name = "order"
    step = "resize"
    order = 44

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Pairs that are resized and turned, converted or flattened; and those converted and flattened."""
        found = [p for p in pairs if _movable(p, pipeline)]
        return sorted(found, key=lambda p: (-len(_movable(p, pipeline)), p.is_jpeg))

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """Every side of the resize for each step that any of the pairs can tell; all of them by habit if there is no
        pair."""
        movable = {name for p in pairs for name in _movable(p, pipeline)}
        out = {pipeline.keys: Candidate(_label(pipeline), pipeline, _habit(pipeline))}
        for names in _orders(pipeline, movable):
            for tried in with_alpha(_with_sides(pipeline.ordered(names)), pairs):
                out.setdefault(tried.keys, Candidate(_label(tried), tried, _habit(tried)))
        return list(out.values())


def _movable(pair: Observed, pipeline: Pipeline) -> set[str]:
    """The steps whose place shows in this pair."""
    orient, color = pipeline.find(Orient), pipeline.find(Color)
    acts = set()
    if pair.icc is not None and color is not None and color.icc == "srgb":
        acts.add("color")
    if pair.has_alpha and pipeline.find(Flatten) is not None:
        acts.add("flatten")
    if pipeline.find(Resize) is None or not (pair.is_resized or _filters_all(pipeline)):
        return acts if len(acts) == 2 else set()
    if pair.orientation != 1 and orient is not None and orient.apply:
        acts.add("orient")
    return acts


def _filters_all(pipeline: Pipeline) -> bool:
    """Whether a filter stands behind the resize that also acts on what kept its size."""
    return any(isinstance(s, Filter) and not s.only_resized for s in pipeline.steps)


def _orders(pipeline: Pipeline, movable: set[str]) -> Iterator[tuple[str, ...]]:
    """Names of all steps, with each subset of `movable` behind the resize; colour and flattening both ways round where
    both are movable. What no pair can tell stands where it stood, and where software has it by habit."""
    names = [n for n in pipeline.names if n in MOVABLE]
    if "resize" not in pipeline.names:
        for order in _both_ways(names, movable):
            yield _placed(pipeline.names, order, [])
        return
    at = {n: i for i, n in enumerate(pipeline.names)}
    now = {n for n in names if at[n] > at["resize"]}
    usual = _usual(pipeline)
    told = [n for n in names if n in movable]
    by_habit = {n for n in names if n in usual and usual.index(n) > usual.index("resize")}
    untolds = (now, by_habit) if movable else (now, by_habit, set(), {"orient"} & set(names))
    for untold in untolds:
        for chosen in chain.from_iterable(combinations(told, k) for k in range(len(told) + 1)):
            later = (untold - movable) | set(chosen)
            for before in _both_ways([n for n in names if n not in later], movable):
                for after in _both_ways([n for n in names if n in later], movable):
                    yield _placed(pipeline.names, before, after)


def _both_ways(names: list[str], movable: set[str]) -> list[list[str]]:
    if not {"color", "flatten"} <= movable or not {"color", "flatten"} <= set(names):
        return [names]
    swap = {"color": "flatten", "flatten": "color"}
    return [names, [swap.get(n, n) for n in names]]


def _placed(names: Sequence[str], before: list[str], after: list[str]) -> tuple[str, ...]:
    """All steps: decoding, `before`, the resize and its sharpening, `after`, the rest as it stood. libvips' sharpening
    is an operation of its own, on what its thumbnail, or sharp's resize and turning, have made."""
    rest = [n for n in names[1:] if n not in MOVABLE]
    resizing = [n for n in rest if n == "resize" or n in FILTERS] if "resize" in rest else []
    ahead = list(rest[: rest.index("resize")]) if resizing else []
    behind = [n for n in rest if n not in resizing and n not in ahead]
    last = [n for n in resizing if n == "lab_sharpen"]
    after = [*(n for n in after if n != "flatten"), *last, *(n for n in after if n == "flatten")] if last else after
    return (names[0], *before, *ahead, *(n for n in resizing if n not in last), *after, *behind)


def _usual(pipeline: Pipeline) -> tuple[str, ...]:
    """The order that the software with that resampler has by default (habits.toml), of several the more common's;
    turned, converted, flattened, resized where none of it says otherwise."""
    resize = pipeline.find(Resize)
    if resize is None:
        return MOVABLE
    rows_ = habits.of_resampler(resize.code)
    later = [name for name in MOVABLE if _comes_later(name, rows_)]
    return (*(n for n in MOVABLE if n not in later), "resize", *later)


def _comes_later(name: str, software: Sequence[habits.Software]) -> bool:
    """Whether the first of the software that has a habit in this does that step behind the resize."""
    for one in software:
        if f"resize before {name}" in one.habits:
            return bool(one.habits[f"resize before {name}"])
        if f"{name} before resize" in one.habits:
            return not one.habits[f"{name} before resize"]
    return False


def _with_sides(pipeline: Pipeline) -> list[Pipeline]:
    """A resize that comes before turning may go by the stored sides or by those shown, where its rule tells them
    apart."""
    resize = pipeline.find(Resize)
    if resize is None:
        return [pipeline]
    first = pipeline.names.index("resize") < pipeline.names.index("orient") if "orient" in pipeline.names else False
    symmetric = resize.fit in (Fit.LONGEST_SIDE, Fit.SHORTEST_SIDE, Fit.PIXELS)
    symmetric |= resize.fit in (Fit.BOX, Fit.BOX_IN_TURN) and resize.limit_height in (0, resize.limit)
    if not first or symmetric:
        return [pipeline.changed(Resize, as_shown=False)]
    return [pipeline.changed(Resize, as_shown=shown) for shown in (True, False)]


def with_alpha(made: Iterable[Pipeline], pairs: Sequence[Observed]) -> Iterator[Pipeline]:
    """Where alpha goes through the resize: as the library does it, premultiplied and straight."""
    shows = any(p.has_alpha and p.is_resized for p in pairs)
    for pipeline in made:
        yield pipeline
        resize = pipeline.find(Resize)
        if resize is None or not shows:
            continue
        if pipeline.names.index("flatten") > pipeline.names.index("resize") and "premultiply" in resample.options(
            resize.code
        ):
            ways: tuple[Literal["premultiply", "straight"], ...] = ("premultiply", "straight")
            for alpha in ways:
                yield pipeline.changed(Resize, alpha=alpha)


def _label(pipeline: Pipeline) -> str:
    names = [n for n in pipeline.names if n in (*MOVABLE, "resize")]
    resize = pipeline.find(Resize)
    told = ", ".join(names)
    if resize is not None and resize.as_shown:
        told += ", sized as shown"
    if resize is not None and resize.alpha != "own":
        told += f", alpha {resize.alpha}"
    return told


def _habit(pipeline: Pipeline) -> int:
    """How far the order is from that of the software that has this resampler."""
    names = [n for n in pipeline.names if n in OTHERS]
    usual = [n for n in _usual(pipeline) if n in names]
    at = usual.index("resize") if "resize" in usual else len(usual)
    now = names.index("resize") if "resize" in names else len(names)
    moved = sum((usual.index(n) < at) != (names.index(n) < now) for n in usual)
    resize = pipeline.find(Resize)
    return 2 * moved + (names != usual) + (resize is not None and resize.alpha != "own")


class OwnSize:
    """Whether the filter also runs on pictures that have the size already."""

    name = "filter at own size"
    step = "resize"
    order = 46

    def bearing(self, pairs: Sequence[Observed], pipeline: Pipeline) -> Sequence[Observed]:
        """Pairs of one size on which the filter would show; transparent ones first."""
        resize = pipeline.find(Resize)
        if resize is None:
            return ()
        opaque, with_alpha = (any(_acts(resize.code, k)[i] for k in twins(resize.code, resize.kernel)) for i in (0, 1))
        opaque |= "posterize" in resize.options
        same = [p for p in pairs if not p.is_resized and (opaque or (with_alpha and p.has_alpha))]
        return sorted(same, key=lambda p: (not p.has_alpha, p.is_jpeg))

    def candidates(self, pipeline: Pipeline, pairs: Sequence[Observed], rendering: Rendering) -> Iterable[Candidate]:
        """No; and yes, with flattening on both sides of it, and with alpha dropped afterwards."""
        resize = pipeline.find(Resize)
        told = {False: "untouched at own size", True: "filtered at own size"}
        if resize is None:
            return [Candidate("none", pipeline)]
        out = {pipeline.keys: Candidate(told[resize.at_own_size], pipeline, int(resize.at_own_size))}
        without = pipeline.changed(Resize, at_own_size=False)
        out.setdefault(without.keys, Candidate(told[False], without))
        kernels = twins(resize.code, resize.kernel)
        acting = [k for k in kernels if any(_acts(resize.code, k)) or "posterize" in resize.options]
        for kernel in acting if pairs else ():
            filtered = pipeline.changed(Resize, at_own_size=True, kernel=kernel)
            label = f"{told[True]}, {kernel}"
            out.setdefault(filtered.keys, Candidate(label, filtered, 1))
            if any(p.has_alpha for p in pairs) and "flatten" in pipeline.names:
                others = [n for n in filtered.names if n != "flatten"]
                at = others.index("resize") + 1
                after = filtered.ordered((*others[:at], "flatten", *others[at:]))
                ways: tuple[Literal["blend", "drop"], ...] = ("blend", "drop")
                for alpha in ways:
                    tried = after.changed(Flatten, alpha=alpha)
                    out.setdefault(tried.keys, Candidate(f"{label}, then alpha {alpha}", tried, 1))
        return list(out.values())


@cache
def twins(code: str, kernel: str) -> tuple[str, ...]:
    """The library's kernels with the same weights where a picture is made smaller, `kernel` first: names for one thing,
    which may part where nothing is made smaller (ImageMagick's default and its lanczos)."""
    plans = {k: resample.plan(code, 240, 160, 160, 107, kernel=k) for k in resample.kernels(code)}
    maps = {k: (rows(p, 0, 0, 107), rows(p, 1, 0, 160)) for k, p in plans.items()}
    mine = maps[kernel]
    return (kernel, *(k for k, m in maps.items() if k != kernel and all(map(same_map, m, mine))))


@cache
def _acts(code: str, kernel: str) -> tuple[bool, bool]:
    """Whether the filter changes an opaque picture, and a half transparent one, of its own size."""
    step = replace(Resize(), code=code, kernel=kernel, limit=8, at_own_size=True)
    pixels = (np.arange(8 * 8 * 4).reshape(8, 8, 4) * 37 % 256).astype(np.uint8)
    pixels[::2, :, 3] = 0

    def changed(raster: Raster) -> bool:
        try:
            made = step.exact(raster, Context())
        except (UnderstudyError, ValueError):
            return False
        assert isinstance(made, Raster)
        return not np.array_equal(made.pixels, raster.pixels)

    return changed(Raster(pixels[:, :, :3].copy())), changed(Raster(pixels))


QUESTIONS: tuple[Question, ...] = (Order(), OwnSize())
