"""The stages of a traced delivery as pictures, each with its difference to the one before."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from .delivery import Delivery
from .steps.base import Pixels

GAIN = 8
"""Differences are shown this much amplified, around mid-grey."""


@dataclass(frozen=True, slots=True)
class Change:
    """What one step did to the samples."""

    step: str
    shape: tuple[int, int, int]
    """Height, width, channels after the step."""
    changed: float | None
    """Share of pixels with any sample changed; None where the shape changed or there is nothing before."""
    largest: int
    """Largest change of a sample, 0 to 255."""
    mean: float
    """Mean absolute change of a sample."""
    picture: bytes
    """The stage, PNG."""
    difference: bytes | None
    """128 + GAIN * (after - before), PNG; None where nothing changed or nothing can be compared."""


def changes(delivery: Delivery) -> list[Change]:
    """One row for each stage of a delivery made with `trace=True` that shows a picture (the last is the delivery)."""
    out: list[Change] = []
    before: Pixels | None = None
    for stage in delivery.stages:
        pixels = stage.pixels()
        if pixels is None:
            continue
        out.append(_change(stage.step, before, pixels))
        before = pixels
    return out


def _change(step: str, before: Pixels | None, after: Pixels) -> Change:
    height, width, channels = after.shape
    shape = (height, width, channels)
    if before is not None and before.shape[2] == 1 and channels == 3:
        before = np.repeat(before, 3, axis=2)
    if before is None or before.shape != after.shape:
        return Change(step, shape, None, 0, 0.0, png(after), None)
    difference = after.astype(np.int16) - before
    size = np.abs(difference)
    share = float(np.mean(size.any(axis=2)))
    shown = np.clip(128 + GAIN * difference[:, :, : 3 if channels >= 3 else 1].astype(np.int32), 0, 255).astype(
        np.uint8
    )
    return Change(step, shape, share, int(size.max()), float(size.mean()), png(after), png(shown) if share else None)


def png(pixels: Pixels) -> bytes:
    """uint8 `[H, W, 1 to 4]` as a PNG file."""
    out = io.BytesIO()
    Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels).save(out, "png")
    return out.getvalue()
