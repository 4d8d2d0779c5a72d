"""A picture beside what platforms make of it: samples, coefficients, bytes. Figures, and pictures to look at."""

from __future__ import annotations

import io
import math
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from PIL import Image

from .._text import percent
from ..delivery import Delivery, mimic
from ..errors import UnderstudyError
from ..inspection import inspect
from ..jpeg.coefficients import Coefficients
from ..jpeg.entropy_decode import read_coefficients
from ..jpeg.parse import parse
from ..profile import Profile
from ..steps import Context, Raster, Source
from ..steps.base import Pixels
from ..steps.color import Color
from ..steps.decode import Decode
from ..steps.flatten import Flatten
from ..steps.orient import Orient

GAINS = (64, 32, 16, 8, 4, 2)
"""How much a difference is amplified: the most at which 99.5 % of the samples still show how large they are."""


@dataclass(frozen=True)
class Difference:
    """Two pictures of one size, compared sample by sample."""

    psnr_db: float | None
    """None where they are equal."""
    pixels: float
    """Share of pixels, 0 to 1, of which any sample differs."""
    largest: int
    """Largest difference of a sample, 0 to 255."""
    gain: int
    """`picture` is mid-grey plus so many times the difference."""
    at: tuple[float, float]
    """Where most differs: from the left and from the top, 0 to 1."""
    picture: bytes
    """PNG."""


def as_sent(data: bytes) -> Pixels:
    """A sent file as a viewer shows it: upright, in sRGB, over white. uint8 `[H, W, 3]`. Raises PictureError."""
    context = Context(data)
    value: Any = Source(data)
    for step in (Decode(), Orient(), Color(), Flatten()):
        value = step.exact(value, context)
    return rgb(value.pixels)


def rgb(pixels: Pixels) -> Pixels:
    """`[H, W, 1 or 3]` with three channels."""
    return np.ascontiguousarray(np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels)


def difference(before: Pixels, after: Pixels) -> Difference:
    """Two pictures uint8 `[H, W, 3]` of one shape."""
    off = after.astype(np.int16) - before
    amount = np.abs(off)
    largest = int(amount.max())
    usual = float(np.percentile(amount, 99.5))
    gain = next((g for g in GAINS if g * usual <= 127), GAINS[-1])
    squared = float(np.mean(np.square(off, dtype=np.int32)))
    shown = np.clip(128 + gain * off.astype(np.int32), 0, 255).astype(np.uint8)
    return Difference(
        10 * math.log10(255**2 / squared) if squared else None,
        float(np.mean(amount.any(axis=2))),
        largest,
        gain,
        _busiest(amount),
        png(shown),
    )


def _busiest(amount: Any, cell: int = 64) -> tuple[float, float]:
    """The middle of the `cell` x `cell` samples that differ most, as shares of width and height."""
    height, width = amount.shape[:2]
    sums = np.add.reduceat(
        np.add.reduceat(amount.sum(axis=2, dtype=np.int64), np.arange(0, height, cell), 0),
        np.arange(0, width, cell), 1,
    )  # fmt: skip
    y, x = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return min(1.0, (int(x) + 0.5) * cell / width), min(1.0, (int(y) + 0.5) * cell / height)


def png(pixels: Pixels) -> bytes:
    """uint8 `[H, W, 3]` as a PNG file, packed quickly."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "png", compress_level=1)
    return out.getvalue()


@dataclass(frozen=True)
class Made:
    """What one profile makes of the picture."""

    delivery: Delivery
    pixels: Pixels
    """As it is delivered, uint8 `[H, W, 3]`."""
    difference: Difference | None
    """From the picture as sent, or, where the platform gave it another size, from it at that size."""
    against: str
    """What `difference` compares with; or why there is none."""
    coefficients: str
    """How many coefficients of a sent JPEG are others, in words; or why that cannot be said."""

    def facts(self, sent: bytes) -> dict[str, Any]:
        """What the page tells, as plain data."""
        seen = inspect(self.delivery.data)
        height, width = self.pixels.shape[:2]
        found = self.difference
        return {
            "profile": self.delivery.profile.name,
            "title": self.delivery.profile.title,
            "bytes": len(self.delivery.data),
            "ratio": len(self.delivery.data) / max(1, len(sent)),
            "width": width,
            "height": height,
            "said": list(seen.verdict),
            "against": self.against,
            "coefficients": self.coefficients,
            "notes": list(self.delivery.notes),
            "proof": [f"{p.result}: {p.what}" for p in self.delivery.profile.proof],
            "unproven": list(self.delivery.profile.unproven),
            "difference": told(found) if found else None,
        }


def told(found: Difference) -> dict[str, Any]:
    """A difference's figures, as plain data."""
    return {key: value for key, value in asdict(found).items() if key != "picture"} | {
        "pixels_text": percent(found.pixels)
    }


def deliver(data: bytes, shown: Pixels, profile: Profile) -> Made:
    """The picture `data`, which a viewer shows as `shown`, as the profile's platform delivers it."""
    delivery = mimic(data, profile, trace=True)
    pixels = rgb(delivery.pixels())
    before, against = _reference(delivery, shown, pixels)
    found = difference(before, pixels) if before is not None else None
    return Made(delivery, pixels, found, against, _coefficients(data, delivery))


def _reference(delivery: Delivery, shown: Pixels, pixels: Pixels) -> tuple[Pixels | None, str]:
    """(what the delivered pixels are compared with, what that is)."""
    if shown.shape == pixels.shape:
        return shown, "the picture as it was sent"
    sized: tuple[Pixels, str] | None = None
    for stage in delivery.stages:
        if not isinstance(stage.value, Raster):
            continue
        made = stage.pixels()
        if made is None or made.shape[2] not in (1, 3) or made.shape[:2] != pixels.shape[:2]:
            sized = None
        elif sized is None:
            sized = rgb(made), stage.step
    if sized is None:
        return None, "not comparable: no stage before encoding has the delivered size"
    return sized[0], f"the picture at the delivered size, as step {sized[1]} makes it"


def _coefficients(sent: bytes, delivery: Delivery) -> str:
    if sent[:2] != b"\xff\xd8":
        return "the sent file is no JPEG"
    try:
        stream = parse(sent)
        before, after = read_coefficients(stream), delivery.coefficients()
    except UnderstudyError as error:
        return f"not comparable: {error}"
    if (before.width, before.height) != (after.width, after.height):
        return f"not comparable: {before.width} x {before.height} became {after.width} x {after.height}"
    if before.factors != after.factors:
        return "not comparable: another chroma sampling"
    return _changed(before, after, "the quantisation tables are not the sent ones")


def coefficients_between(first: Delivery, second: Delivery) -> str:
    """How many coefficients of two deliveries differ, in words."""
    a, b = first.coefficients(), second.coefficients()
    if (a.width, a.height, a.factors) != (b.width, b.height, b.factors):
        return "not comparable: another size or chroma sampling"
    return _changed(a, b, "their quantisation tables are not the same")


def _changed(before: Coefficients, after: Coefficients, doubt: str) -> str:
    """How many quantised values differ between two pictures of one layout; and the doubt, where their steps do too."""
    total = sum(c.real.size for c in before.components)
    changed = round(total * (1 - before.equal_share(after)))
    pairs = zip(before.components, after.components, strict=True)
    same = all(np.array_equal(a.steps, b.steps) for a, b in pairs)
    words = f"{percent(changed / total)}: {changed:,} of {total:,}"
    return words if same else f"{words}, counted in steps of other sizes: {doubt}"
