"""Pictures of a pair: the delivery, and where ours differs, amplified, as files inside the page."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from ..codec.decode import to_rgb
from ..delivery import mimic
from ..errors import UnderstudyError
from ..learning.observed import Observed
from ..profile import Profile
from ..steps.base import Pixels
from ..steps.decode import is_rgb
from ..tracing import GAIN

SIDE = 240
"""Pixels of a thumbnail's longer side."""
CROP = 128
"""Pixels of a crop's sides."""


@dataclass(frozen=True)
class Difference:
    """The delivery and what ours has otherwise."""

    delivered: str
    """A data URL: the delivery, small."""
    overview: str
    """A data URL: where it differs, the whole picture, small; "" where nothing does."""
    crop: str
    """A data URL: the differences at full size where they are largest; "" where nothing differs."""
    at: tuple[int, int]
    """Left and top of the crop."""
    largest: int
    """Largest difference of a sample, 0 to 255."""


def difference(pair: Observed, profile: Profile) -> Difference:
    """Our delivery beside the received one, both as libjpeg-turbo decodes them."""
    c = pair.coefficients
    blocks, steps = [p.blocks for p in c.components], [p.steps for p in c.components]
    theirs = _rgb(to_rgb(blocks, steps, c.factors, c.width, c.height, ycbcr=not is_rgb(pair.stream)))
    delivered = _url(Image.fromarray(theirs), "jpeg")
    try:
        ours = _rgb(mimic(pair.sent, profile).pixels())
    except UnderstudyError:
        return Difference(delivered, "", "", (0, 0), 0)
    if ours.shape != theirs.shape:
        return Difference(delivered, "", "", (0, 0), 0)
    off = ours.astype(np.int16) - theirs
    size = np.abs(off).max(axis=2)
    if not size.any():
        return Difference(delivered, "", "", (0, 0), 0)
    left, top = _busiest(size)
    shown = np.clip(128 + GAIN * off[top : top + CROP, left : left + CROP].astype(np.int32), 0, 255).astype(np.uint8)
    return Difference(delivered, _overview(size), _url(Image.fromarray(shown), "png"), (left, top), int(size.max()))


def _rgb(pixels: Pixels) -> Pixels:
    pixels = pixels if pixels.ndim == 3 else pixels[:, :, None]
    return np.ascontiguousarray(np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels)


def _busiest(size: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> tuple[int, int]:
    """Left and top of the CROP pixels with the largest sum of differences, on a grid of half of them."""
    height, width = size.shape
    half = CROP // 2
    sums = np.add.reduceat(np.add.reduceat(size.astype(np.int64), np.arange(0, height, half), 0),
                           np.arange(0, width, half), 1)  # fmt: skip
    top, left = np.unravel_index(int(np.argmax(sums)), sums.shape)
    start = [int(i) * half - half // 2 for i in (left, top)]
    return max(0, min(start[0], width - CROP)), max(0, min(start[1], height - CROP))


def _overview(size: np.ndarray[tuple[int, ...], np.dtype[np.int16]]) -> str:
    """Where the differences are: the largest of each small area, amplified, white for none."""
    step = max(1, -(-max(size.shape) // SIDE))
    rows, columns = (np.arange(0, n, step) for n in size.shape)
    most = np.maximum.reduceat(np.maximum.reduceat(size, rows, 0), columns, 1)
    return _url(Image.fromarray((255 - np.clip(GAIN * most.astype(np.int32), 0, 255)).astype(np.uint8)), "png")


def _url(image: Image.Image, kind: str) -> str:
    if kind == "jpeg":
        image.thumbnail((SIDE, SIDE))
    out = io.BytesIO()
    image.save(out, kind, **({"quality": 80} if kind == "jpeg" else {"optimize": True}))
    return f"data:image/{kind};base64,{base64.b64encode(out.getvalue()).decode()}"
