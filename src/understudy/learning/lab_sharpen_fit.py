"""Which of libvips' sharpenings pairs show: its blur and the curve on L*, by the error that each leaves on luma.

As masks are looked for (`unsharp_fit`): exactly, in a few windows of pictures that are known up to the sharpening; the
values that are usual first, then one parameter after the other around the best.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..codec.lab_sharpen import blurred, curve, from_labs, sharpened, taps, to_labs
from ..steps.lab_sharpen import LabSharpen
from . import fit
from .observed import Box, Observed
from .unsharp_fit import MARGIN, Known

SLOPES = ((0.0, 3.0), (1.0, 2.0), (0.0, 1.5), (0.5, 1.0), (0.0, 6.0), (2.0, 4.0), (5.0, 10.0))
"""(m1, m2) of a first look: libvips' own, sharp's own, and weaker and stronger ones."""
SIGMAS = (0.5, 0.6, 0.7, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0)
AROUND: dict[str, tuple[float, ...]] = {
    "sigma": (*SIGMAS, 0.9, 1.1, 1.3, 1.4, 1.6, 1.8, 2.5, 4.0, 5.0),
    "m1": (0.0, 0.1, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0),
    "m2": (0.0, 0.5, 0.7, 0.8, 1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0, 6.0, 8.0, 10.0, 20.0),
    "x1": (2.0, 0.0, 0.5, 1.0, 1.5, 2.5, 3.0, 4.0, 5.0, 10.0),
    "y2": (10.0, 2.0, 5.0, 15.0, 20.0, 50.0),
    "y3": (20.0, 2.0, 5.0, 10.0, 15.0, 30.0, 50.0),
}
"""Round values for each parameter, the usual ones first where they leave the same error."""
ROUNDS = 2


@dataclass(frozen=True)
class Found:
    """A sharpening and the error that it leaves, in pixels."""

    step: LabSharpen
    sigma: float


def sharpenings(known: Sequence[Known], most: int = 6) -> list[Found]:
    """Sharpenings by the error that they leave, mean over the pairs, best first."""
    looks = [_Look(one) for one in known]
    found: dict[LabSharpen, float] = {}
    leading = fit.Best(most)

    def judge(step: LabSharpen) -> None:
        if step not in found:  # an error that is not among the best need not be known
            found[step] = fit.mean_sigma([look.predicted(step) for look in looks], leading.limit)
            leading.add(found[step])

    for sigma in SIGMAS:
        for m1, m2 in SLOPES:
            judge(LabSharpen(sigma, m1=m1, m2=m2))
    for _ in range(ROUNDS):
        before = min(found.values())
        for name, values in AROUND.items():
            best = min(found, key=found.__getitem__)
            for value in values:
                judge(replace(best, **{name: value}))  # type: ignore[arg-type]
        if min(found.values()) >= before:
            break
    ranked = sorted(found.items(), key=lambda item: item[1])
    return [Found(step, sigma) for step, sigma in ranked[:most]]


class _Look:
    """A pair's windows in LabS, and their blurs."""

    def __init__(self, one: Known) -> None:
        self._one = one
        self._labs: list[tuple[tuple[slice, slice], NDArray[np.int16]]] = []
        self._blurs: dict[tuple[int, ...], list[NDArray[np.int64]]] = {}
        height, width = one.pixels.shape[:2]
        colours = one.pixels[:, :, : 1 if one.pixels.shape[2] < 3 else 3]
        for left, top, right, bottom in one.boxes:
            x0, y0 = max(0, left - MARGIN), max(0, top - MARGIN)
            part = colours[y0 : min(height, bottom + MARGIN), x0 : min(width, right + MARGIN)]
            self._labs.append((_inner((left - x0, top - y0, right - x0, bottom - y0)), to_labs(part)))
        self._grey = colours.shape[2] == 1

    def predicted(self, step: LabSharpen) -> tuple[Observed, Sequence[Box], Iterator[fit.Plane]]:
        """The pair, its windows, and what this sharpening makes of them."""
        return self._one.pair, self._one.boxes, self._planes(step)

    def _planes(self, step: LabSharpen) -> Iterator[fit.Plane]:
        added = curve(step.x1, step.y2, step.y3, step.m1, step.m2)
        for (inner, labs), blur in zip(self._labs, self._blurred(step.sigma), strict=True):
            made = labs[inner].copy()
            made[:, :, 0] = sharpened(made[:, :, 0], blur, added)
            yield fit.plane_of(from_labs(made, grey=self._grey), self._one.pair)

    def _blurred(self, sigma: float) -> list[NDArray[np.int64]]:
        key = tuple(taps(sigma).tolist())
        if key not in self._blurs:
            self._blurs[key] = [blurred(labs[:, :, 0], sigma)[inner] for inner, labs in self._labs]
        return self._blurs[key]


def _inner(box: Box) -> tuple[slice, slice]:
    left, top, right, bottom = box
    return slice(top, bottom), slice(left, right)
