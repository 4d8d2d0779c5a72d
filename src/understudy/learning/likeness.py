"""Whether two files show the same picture: thumbnails compared, turned, cropped.

A correlation forgives brightness and contrast; leaving out a tenth of the samples, those that fit worst, forgives a
mark or a frame. Two different photographs seldom correlate above 0.7, a delivery with what was sent seldom below 0.99
(tests/learning/test_matching.py has the figures).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codec.dct import inverse_islow
from ..jpeg.coefficients import Coefficients, Component
from ..steps import Raster
from ..steps.orient import upright

Plane = NDArray[Any]
"""Float luma `[H, W]`, 0 to 255."""

COARSE, FINE = 32, 96
"""Samples a side of the two thumbnails."""
SMALL = 512
"""Pixels of the shorter side below which a received picture is decoded, not seen through its DC coefficients."""
SAME, MAYBE = 0.9, 0.8
"""Correlation from which two pictures are taken for the same, and from which names may still decide."""
FLAT = 2.0
"""Standard deviation, in pixel values, below which a picture shows nothing that could be compared."""
LEFT_OUT = 0.1
UNASKED = 0.02
"""By how much a turn that Exif did not ask for must resemble more to be believed: some pictures are symmetric."""
TURNS = tuple(range(1, 9))
"""EXIF orientations: what has to be done to the stored picture to see it upright."""


@dataclass(frozen=True, eq=False)
class Look:
    """A picture made small."""

    width: int
    height: int
    orientation: int
    fine: Plane
    """Luma `[n, n]` of the stored picture, squeezed to a square, n up to FINE."""
    weight: Plane
    """0 to 1: how opaque it is there."""

    @property
    def coarse(self) -> Plane:
        return shrunk(self.fine, min(COARSE, len(self.fine)))


@dataclass(frozen=True)
class Likeness:
    """How a received picture resembles a sent one."""

    score: float
    """Correlation, -1 to 1, in the best turn."""
    turn: int
    """The orientation, 1 to 8, that the stored sent picture was given."""
    flat: bool = False
    """Whether there is nothing to compare but the brightness."""


def look_at(raster: Raster) -> Look:
    """A sent picture, decoded."""
    from PIL import Image

    pixels = raster.pixels
    n = max(1, min(FINE, raster.width, raster.height))
    colour = pixels[:, :, :3] if pixels.shape[2] >= 3 else pixels[:, :, 0]
    small = np.asarray(Image.fromarray(np.ascontiguousarray(colour)).resize((n, n), Image.Resampling.BOX), np.float32)
    weight: Plane = np.ones((n, n), np.float32)
    if raster.has_alpha:
        alpha = Image.fromarray(np.ascontiguousarray(pixels[:, :, -1])).resize((n, n), Image.Resampling.BOX)
        weight = np.asarray(alpha, np.float32) / 255
    return Look(raster.width, raster.height, raster.orientation, _luma(small), weight)


def look_through(c: Coefficients, orientation: int = 1, rgb: bool = False) -> Look:
    """A JPEG, from its DC coefficients alone; from all of them where it is small, since a block at the edge of a small
    picture stands for much less than its share of the thumbnail. rgb: whether its components are red, green, blue."""
    small = min(c.width, c.height) < SMALL
    planes = [_samples(part) if small else _means(part) for part in c.components[: 3 if rgb else 1]]
    alike = len({p.shape for p in planes}) == 1
    luma = _luma(np.stack(planes, axis=-1)) if rgb and len(planes) == 3 and alike else planes[0]
    n = max(1, min(FINE, *luma.shape))
    plane = np.clip(shrunk(luma, n), 0, 255)
    return Look(c.width, c.height, orientation, plane, np.ones((n, n), np.float32))


def _means(part: Component) -> Plane:
    """The mean of each block, from its DC coefficient."""
    out: Plane = part.real[:, :, 0, 0].astype(np.float32) * np.float32(part.steps[0, 0]) / 8 + 128
    return out


def _samples(part: Component) -> Plane:
    """All samples that belong to the picture."""
    decoded = inverse_islow(part.blocks, part.steps)[: part.grid.height, : part.grid.width]
    return decoded.astype(np.float32)


def _luma(small: Plane) -> Plane:
    if small.ndim == 2:
        return small
    out: Plane = small @ np.array([0.299, 0.587, 0.114], np.float32)
    return out


def shrunk(plane: Plane, n: int) -> Plane:
    """The plane squeezed to `[n, n]`, by area, or by repetition where it is smaller."""
    rows, columns = (_coverage(side, n) for side in plane.shape)
    out: Plane = (rows @ plane @ columns.T).astype(np.float32)
    return out


def _coverage(side: int, n: int) -> Plane:
    """`[n, side]`: how much of each of `side` samples each of n intervals of the same length covers; rows sum to 1."""
    edges = np.linspace(0, side, n + 1)
    at = np.arange(side)
    covered = np.minimum(edges[1:, None], at + 1) - np.maximum(edges[:-1, None], at)
    covered = np.clip(covered, 0, None)
    out: Plane = (covered / covered.sum(axis=1, keepdims=True)).astype(np.float32)
    return out


def turned(plane: Plane, orientation: int) -> Plane:
    """A stored plane as EXIF orientation 1 to 8 shows it."""
    return upright(plane[:, :, None], orientation)[:, :, 0]


def correlation(a: Plane, b: Plane, weight: Plane | None = None) -> float:
    """Pearson's, over samples that count, without the LEFT_OUT that fit their line worst; 0 if one is flat."""
    x, y = a.ravel().astype(np.float64), b.ravel().astype(np.float64)
    if weight is not None:
        opaque = weight.ravel() > 0.9
        x, y = x[opaque], y[opaque]
    if x.size < 4 or x.std() < 1e-3 or y.std() < 1e-3:
        return 0.0
    for _ in range(2):
        slope = np.cov(x, y, bias=True)[0, 1] / x.var()
        off = np.abs(y - y.mean() - slope * (x - x.mean()))
        kept = off <= np.quantile(off, 1 - LEFT_OUT / 2)
        if kept.sum() < 4 or x[kept].std() < 1e-3 or y[kept].std() < 1e-3:
            break
        x, y = x[kept], y[kept]
    return float(np.corrcoef(x, y)[0, 1])


def likeness(sent: Look, received: Look) -> Likeness:
    """The best likeness over turns; the stored picture's own and the upright one's win ties, in this order."""
    if is_flat(sent) or is_flat(received):
        near = abs(float(sent.fine.mean()) - float(received.fine.mean())) < 24
        return Likeness(1.0 if is_flat(sent) and is_flat(received) and near else 0.0, sent.orientation, flat=True)
    n = min(COARSE, len(sent.fine), len(received.fine))
    theirs = shrunk(received.fine, n)
    ours, weight = shrunk(sent.fine, n), shrunk(sent.weight, n)
    best = Likeness(-1.0, 1)
    for turn in dict.fromkeys((sent.orientation, 1, *TURNS)):
        score = correlation(turned(ours, turn), theirs, turned(weight, turn))
        margin = 1e-3 if turn in (sent.orientation, 1) else UNASKED
        if score > best.score + margin:
            best = Likeness(score, turn)
    return best


def is_flat(look: Look) -> bool:
    """Whether what is opaque of the picture shows no form at all."""
    opaque = look.fine[look.weight > 0.9]
    return opaque.size < 4 or float(opaque.std()) < FLAT


def detail(sent: Look, received: Look, turn: int) -> float:
    """Correlation of what is finer than the coarse thumbnail: it tells pictures of one scene apart."""
    n = min(len(sent.fine), len(received.fine))
    ours, theirs = turned(shrunk(sent.fine, n), turn), shrunk(received.fine, n)
    return correlation(_fine_part(ours), _fine_part(theirs))


def _fine_part(plane: Plane) -> Plane:
    """The plane less its mean over 5x5 samples."""
    padded = np.pad(plane, 2, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
    out: Plane = plane - windows.mean(axis=(2, 3)).astype(np.float32)
    return out


@dataclass(frozen=True)
class Crop:
    """A part of the sent picture that the received one may be."""

    score: float
    left: float
    top: float
    right: float
    bottom: float
    """Shares, 0 to 1, of the picture as it was turned."""

    def __str__(self) -> str:
        x, y = 100 * (self.right - self.left), 100 * (self.bottom - self.top)
        return (
            f"{x:.0f} % of the width from {100 * self.left:.0f} %, {y:.0f} % of the height from {100 * self.top:.0f} %"
        )


def crop(sent: Look, received: Look) -> Crop:
    """The part of the sent picture, upright or as stored, that the received one resembles most."""
    n = min(24, len(received.fine))
    theirs = shrunk(received.fine, n)
    found: list[tuple[float, tuple[float, float, float, float], Plane]] = []
    for turn in dict.fromkeys((sent.orientation, 1)):
        ours = turned(sent.fine, turn)
        width, height = (sent.height, sent.width) if turn >= 5 else (sent.width, sent.height)
        parts: dict[tuple[float, float], Plane] = {}
        for window in _windows(width / height, received.width / received.height):
            x, y, w, h = window
            for start, share in ((x, w), (y, h)):
                if (start, share) not in parts:
                    parts[start, share] = _part(len(ours), start, share, n)
            seen = parts[y, h] @ ours @ parts[x, w].T
            found.append((_plain(seen, theirs), window, seen))
    best = Crop(-1.0, 0, 0, 1, 1)
    for _, (x, y, w, h), seen in sorted(found, key=lambda row: -row[0])[:8]:
        score = correlation(seen, theirs)
        if score > best.score:
            best = Crop(score, x, y, x + w, y + h)
    return best


BORDER = 6.0
"""Standard deviation, in pixel values, up to which thumbnail samples are one colour: a border's, after a JPEG."""


def framed(sent: Look, received: Look) -> str:
    """Which sides of a received picture are a border of one colour around the whole sent one, in words; "" for none.

    Looked for at one axis, where the aspect ratios call for it: in the middle, or at one end.
    """
    n = len(received.fine)
    for turn in dict.fromkeys((sent.orientation, 1)):
        width, height = (sent.height, sent.width) if turn >= 5 else (sent.width, sent.height)
        share = (width * received.height) / (height * received.width)
        axis = 1 if share < 1 else 0  # borders at the left and right, or above and below
        inner = min(share, 1 / share)
        names = ("left", "right") if axis == 1 else ("top", "bottom")
        for start in ((1 - inner) / 2, 0.0, 1 - inner):
            low, high = max(0, int(start * n) - 2), int(np.ceil((start + inner) * n)) + 2  # a block may lie across
            plane = received.fine if axis == 0 else received.fine.T
            sides = {name: part for name, part in zip(names, (plane[:low], plane[high:]), strict=True) if part.size}
            if not sides or max(float(part.std()) for part in sides.values()) > BORDER:
                continue
            count = min(COARSE, len(sent.fine))
            seen = _part(n, start, inner, count) @ plane @ _coverage(n, count).T
            ours, weight = (turned(shrunk(plane, count), turn) for plane in (sent.fine, sent.weight))
            score = correlation(ours, seen if axis == 0 else seen.T, weight)
            if score >= SAME:
                return " and ".join(sides)
    return ""


def _plain(a: Plane, b: Plane) -> float:
    """Pearson's correlation of all samples; 0 if one is flat."""
    x, y = a - a.mean(), b - b.mean()
    both = float(np.sqrt((x * x).sum() * (y * y).sum()))
    return float((x * y).sum()) / both if both > 1e-6 else 0.0


def _windows(aspect: float, wanted: float) -> Iterator[tuple[float, float, float, float]]:
    """(left, top, width, height) in shares: windows of the wanted aspect, from 40 % to the largest that fits."""
    full = (min(1.0, wanted / aspect), min(1.0, aspect / wanted))
    for size in np.linspace(0.4, 1.0, 13)[::-1]:
        w, h = full[0] * size, full[1] * size
        for x in _offsets(1 - w):
            for y in _offsets(1 - h):
                yield x, y, w, h


def _offsets(room: float) -> Sequence[float]:
    return [float(o) for o in np.linspace(0, room, 9)] if room > 0.01 else [0.0]


def _part(side: int, start: float, share: float, n: int) -> Plane:
    """`_coverage` of the part from `start` of length `share`."""
    edges = np.linspace(start * side, (start + share) * side, n + 1)
    at = np.arange(side)
    covered = np.clip(np.minimum(edges[1:, None], at + 1) - np.maximum(edges[:-1, None], at), 0, None)
    out: Plane = (covered / np.maximum(covered.sum(axis=1, keepdims=True), 1e-9)).astype(np.float32)
    return out
