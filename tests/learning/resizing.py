"""Small pictures, sent to a function that resizes and encodes: pairs of which the resampling is known."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from oracles import pillow, scene
from understudy.codec.sizes import Rounding
from understudy.learning.observed import Observed
from understudy.learning.pipeline import Pipeline
from understudy.learning.question import Decision, Question
from understudy.learning.search import Search
from understudy.steps.color import Color
from understudy.steps.decode import Decode
from understudy.steps.encode import Encode
from understudy.steps.flatten import Flatten
from understudy.steps.orient import Orient
from understudy.steps.resize import Resize

Picture = NDArray[np.uint8]
SIZES = ((400, 267), (281, 400))
"""Of the pictures sent; to a longest side of 240 both are rounded."""
LIMIT = 200
QUALITY = 92


def photograph(width: int, height: int, seed: int = 0) -> Picture:
    """A scene less grainy than `oracles.scene`, away from black and white: resamplers differ at edges, and what is
    clipped says nothing."""
    smooth = Image.fromarray(scene(width, height, 3, seed)).filter(ImageFilter.GaussianBlur(0.8))
    return (np.asarray(smooth) * 0.6 + 50).astype(np.uint8)


def target(width: int, height: int, limit: int = LIMIT) -> tuple[int, int]:
    """(width, height) for a longest side of `limit`, the other half up."""
    if width >= height:
        return limit, int(height * limit / width + 0.5)
    return int(width * limit / height + 0.5), limit


def pairs(
    channel: Callable[[Picture, tuple[int, int]], Picture], *, limit: int = LIMIT, jpegs: bool = False,
    quality: int = QUALITY, sizes: tuple[tuple[int, int], ...] = SIZES,
) -> list[Observed]:  # fmt: skip
    """What a channel made of each picture: PNGs, or JPEGs of quality 95, in; Pillow's JPEG out."""
    out = []
    for i, (width, height) in enumerate(sizes):
        picture = photograph(width, height, i)
        sent = pillow(picture, "JPEG", quality=95) if jpegs else pillow(picture, "PNG")
        decoded = np.asarray(Image.open(io.BytesIO(sent)))
        made = channel(decoded, target(width, height, limit))
        out.append(Observed(f"{i}", sent, pillow(made, "JPEG", quality=quality)))
    return out


def start(made: list[Observed], limit: int = LIMIT, **encode: Any) -> Pipeline:
    """Where a search starts when headers and size rule are known."""
    luma, chroma = made[0].tables
    resize = (Resize(limit=limit, rounding=Rounding.HALF_UP),) if any(p.is_resized for p in made) else ()
    last = Encode(luma_steps=luma, chroma_steps=chroma, **encode)
    return Pipeline((Decode(), Orient(), Color(), Flatten(), *resize, last))


def asked(made: list[Observed], *questions: Question, limit: int = LIMIT) -> tuple[Search, dict[str, Decision]]:
    """The search after these questions, and its decisions."""
    search = Search(made, start(made, limit))
    search.run(sorted(questions, key=lambda q: q.order))
    return search, search.decisions
