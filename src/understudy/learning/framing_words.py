"""Crops and borders in words."""

from __future__ import annotations

from collections.abc import Sequence

from ..steps.crop import Crop
from ..steps.pad import Pad

_SIDES = ("left", "top", "right", "bottom")
_PLACES = {(0.5, 0.5): "in the middle", (0.0, 0.0): "at the left and top", (0.5, 0.0): "at the top",
           (0.0, 0.5): "at the left", (1.0, 1.0): "at the right and bottom"}  # fmt: skip
_COLORS = {(255, 255, 255): "white", (0, 0, 0): "black"}


def crop(step: Crop) -> str:
    """What is cut out, such as `cut to 600 x 600, in the middle`."""
    parts = _edges(step.inset, "less {} pixels at the {}")
    if step.aspect != (0, 0):
        parts.append(f"cut to the shape {step.aspect[0]} : {step.aspect[1]}")
    if step.width or step.height:
        parts.append(f"cut to {step.width or 'any'} x {step.height or 'any'}")
    if step.multiple > 1:
        parts.append(f"cut to multiples of {step.multiple}")
    if not parts:
        return "nothing cut off"
    where = [place(step.gravity)] if step.width or step.height or step.aspect != (0, 0) or step.multiple > 1 else []
    return ", ".join([*parts, *where])


def pad(step: Pad) -> str:
    """What is added, such as `brought to 800 x 800 with white borders, in the middle`."""
    parts = []
    if step.width or step.height:
        parts.append(f"brought to {step.width or 'any'} x {step.height or 'any'}")
    if step.aspect != (0, 0):
        parts.append(f"brought to the shape {step.aspect[0]} : {step.aspect[1]}")
    if step.multiple > 1:
        parts.append(f"brought to multiples of {step.multiple}")
    parts += _edges(step.border, "{} pixels added at the {}")
    if not parts:
        return "no borders added"
    if step.width or step.height or step.aspect != (0, 0) or step.multiple > 1:
        parts.append(place(step.gravity))
    color = _COLORS.get(step.color, f"the colour {step.color}")
    return ", ".join(parts) + f", on {color}"


def place(gravity: Sequence[float]) -> str:
    """Where a part lies, or the picture on a ground."""
    x, y = gravity
    return _PLACES.get((x, y), f"at {100 * x:g} % across and {100 * y:g} % down")


def _edges(given: Sequence[int], text: str) -> list[str]:
    if len(set(given)) == 1:
        return [text.format(given[0], "four edges")] if given[0] else []
    return [text.format(count, side) for count, side in zip(given, _SIDES, strict=True) if count]
