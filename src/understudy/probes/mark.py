"""The mark of a probe: a square of large light and dark modules in the stored picture's top left corner.

It says which set of probes the picture is of, and which probe, so that a download that lost its name finds its partner
again. It outlives what platforms do: compression, resizing, turning, mirroring, loss of colour, cropping elsewhere.

Layout, in modules: a light ring, a dark ring, 10 by 10 modules of data, dark ring, light ring; 14 a side. The dark ring
is the finder: a dark patch whose outline is a filled rectangle, upright, since platforms turn by right angles only.
The data are 12 bytes, most significant bit first, row by row (the last four modules are light and say nothing): set
(16 bits), probe (8), CRC-16, and seven bytes of Reed-Solomon, which put three wrong bytes right. All is XORed with a
constant so that no code is flat.

Of random data, a reading is within 3 bytes of a code word with a chance of 5e-8, and its CRC fits with one of 1.5e-5. A
frame is read in 8 turns, 5 shifts, 3 thresholds and 2 sizes, so data that a platform's picture shows inside a dark
frame by chance are taken for a mark with a chance below 2e-10.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _reed_solomon as reed_solomon

Plane = NDArray[np.float32]
"""Luma `[H, W]`, 0 to 255."""

CELLS = 10
"""Modules of data a side."""
SIDE = CELLS + 4
"""Modules a side in all."""
SMALLEST = 16
"""Pixels a module: a block of 4:2:0's chroma, and 4 pixels after a resize to a quarter."""
SHARE = 0.55
"""Of the shorter side that a mark may take at most."""
DARK, LIGHT = 16, 235
"""Away from the ends, so that neither ringing nor a filter is cut off there."""
CHECKS = 7
LENGTH = 12
MASK = sha256(b"understudy probe mark").digest()[:LENGTH]
LOOKED_AT = (800, 1600)
"""Longest sides, in pixels, at which a picture is looked at: at the first, a module of a whole probe has ten."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a mark says."""

    set_id: int
    """0 to 65535: of the set of probes that were made together."""
    number: int
    """0 to 255: the probe's place in its set."""


def module(width: int, height: int) -> int:
    """Pixels a side of a module of the mark of a picture of that size, a multiple of 8; 0 where no mark fits."""
    most = int(SHARE * min(width, height) / SIDE) // 8 * 8
    wanted = max(SMALLEST, -(-max(width, height) // 640) * 8)
    return min(wanted, most) if most >= SMALLEST else 0


def stamp(pixels: NDArray[Any], mark: Mark) -> bool:
    """Draws the mark into a picture, in place: uint8 or uint16 `[H, W, C]`, a second or fourth channel being opacity.
    False, and nothing drawn, where none fits."""
    height, width, channels = pixels.shape
    size = module(width, height)
    if not size:
        return False
    depth = 257 if pixels.dtype == np.uint16 else 1
    drawn = np.where(modules(mark), DARK, LIGHT).astype(pixels.dtype) * depth
    square = np.kron(drawn, np.ones((size, size), pixels.dtype))
    side = len(square)
    opaque = channels in (2, 4)
    pixels[:side, :side, : channels - opaque] = square[:, :, None]
    if opaque:
        pixels[:side, :side, -1] = 255 * depth
    return True


def modules(mark: Mark) -> NDArray[np.bool_]:
    """The mark as it is drawn, `[14, 14]`, True where dark."""
    out = np.zeros((SIDE, SIDE), np.bool_)
    out[1:-1, 1:-1] = True
    data = np.frombuffer(encoded(mark), np.uint8)
    bits = np.concatenate([np.unpackbits(data), np.zeros(CELLS * CELLS - 8 * LENGTH, np.uint8)])
    out[2:-2, 2:-2] = bits.reshape(CELLS, CELLS)
    return out


def encoded(mark: Mark) -> bytes:
    """The 12 bytes of a mark."""
    payload = mark.set_id.to_bytes(2, "big") + bytes([mark.number])
    word = reed_solomon.encode(payload + _crc16(payload).to_bytes(2, "big"), CHECKS)
    return bytes(a ^ b for a, b in zip(word, MASK, strict=True))


def decoded(word: bytes) -> Mark | None:
    """The mark that 12 bytes hold, up to three of them wrong; None where they hold none."""
    message = reed_solomon.decode(bytes(a ^ b for a, b in zip(word, MASK, strict=True)), CHECKS)
    if message is None or _crc16(message[:3]) != int.from_bytes(message[3:], "big"):
        return None
    return Mark(int.from_bytes(message[:2], "big"), message[2])


def _crc16(data: bytes) -> int:
    """CRC-16/IBM-3740: polynomial 0x1021, start 0xFFFF. Source: the catalogue of parametrised CRC algorithms."""
    value = 0xFFFF
    for byte in data:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ 0x1021 if value & 0x8000 else value << 1) & 0xFFFF
    return value


# --- reading ----------------------------------------------------------------------------------------------------------


def read_mark(picture: bytes | NDArray[Any]) -> Mark | None:
    """The mark of a picture: a file's bytes (of an animation the first frame), or uint8 `[H, W]` or `[H, W, C]`.

    None where there is none that can be read, or where the bytes are no picture.
    """
    luma = _luma(picture)
    if luma is None or min(luma.shape) < SIDE:
        return None
    factors = dict.fromkeys(-(-max(luma.shape) // side) for side in LOOKED_AT)
    for factor in factors:
        for grid in _grids(_reduced(luma, factor)):
            for turned in _turns(grid):
                bits = np.packbits(turned.ravel()[: 8 * LENGTH])
                if (found := decoded(bits.tobytes())) is not None:
                    return found
    return None


def _luma(picture: bytes | NDArray[Any]) -> Plane | None:
    from PIL import Image

    try:
        if isinstance(picture, bytes):
            with Image.open(io.BytesIO(picture)) as image:
                if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
                    ground = Image.new("RGBA", image.size, "white")
                    image = Image.alpha_composite(ground, image.convert("RGBA"))  # type: ignore[assignment]
                if image.mode.startswith("I"):
                    return np.asarray(image, np.float32) / np.float32(257)
                return np.asarray(image.convert("L"), np.float32)
        if picture.ndim == 3:
            weights = np.array([0.299, 0.587, 0.114], np.float32)
            picture = picture[:, :, :3] @ weights if picture.shape[2] > 2 else picture[:, :, 0]
        return picture.astype(np.float32)
    except Exception:  # what Pillow cannot read has no mark that we could see
        return None


def _reduced(luma: Plane, factor: int) -> Plane:
    """Means of squares of `factor` pixels a side; what is left at the right and lower edges is cut."""
    h, w = (n // factor * factor for n in luma.shape)
    cut = luma[:h, :w].reshape(h // factor, factor, w // factor, factor)
    out: Plane = cut.mean(axis=(1, 3), dtype=np.float32)
    return out


def _grids(luma: Plane) -> Iterator[NDArray[np.bool_]]:
    """Modules of data, `[10, 10]`, True where dark, of everything that looks like a frame, with small shifts of it."""
    for threshold in (126, 90, 160):
        for box in _frames(luma < threshold):
            for nudge in ((0, 0, 0, 0), (0.5, 0.5, 0, 0), (-0.5, -0.5, 0, 0), (0, 0, 0.5, 0.5), (0, 0, -0.5, -0.5)):
                grid = _sampled(luma, tuple(b + n for b, n in zip(box, nudge, strict=True)))
                if grid is not None:
                    yield grid


def _frames(dark: NDArray[np.bool_]) -> Iterator[tuple[int, int, int, int]]:
    """(top, left, bottom, right) of dark patches whose outline is a filled upright rectangle, the largest first."""
    from ._mark_kernels import patches

    height, width = dark.shape
    labels = np.empty(dark.shape, np.int32)
    boxes = np.empty((height * width // 2 + 1, 4), np.int32)
    count = patches(dark, labels, np.empty(height * width // 2 + 2, np.int32), boxes)
    sides = boxes[:count, 2:] - boxes[:count, :2]
    likely = (sides.min(axis=1) >= 1.3 * (SIDE - 2)) & (sides.max(axis=1) < 2 * sides.min(axis=1))
    found = []
    for i in np.flatnonzero(likely):
        top, left, bottom, right = boxes[i].tolist()
        patch = labels[top:bottom, left:right] == i + 1
        rows, columns = (np.flatnonzero(patch.mean(axis=a) > 0.5) for a in (1, 0))
        if not len(rows) or not len(columns):
            continue
        # A border line that is dark here and there only, where ringing or resampling made it so, does not count.
        top, bottom, left, right = top + rows[0], top + rows[-1] + 1, left + columns[0], left + columns[-1] + 1
        patch = patch[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        v, h = max(1, round((bottom - top) / 24)), max(1, round((right - left) / 24))
        if min(patch[:v].mean(), patch[-v:].mean(), patch[:, :h].mean(), patch[:, -h:].mean()) > 0.75:
            found.append((top, left, bottom, right))
    yield from sorted(found, key=lambda b: (b[0] - b[2]) * (b[3] - b[1]))


def _sampled(luma: Plane, box: tuple[float, ...]) -> NDArray[np.bool_] | None:
    """The data inside a frame, against the middle between the frame's own level and that of the light ring."""
    top, left, bottom, right = box
    v, h = (bottom - top) / (SIDE - 2), (right - left) / (SIDE - 2)
    means = np.zeros((SIDE, SIDE), np.float32)
    for y in (-0.2, 0.0, 0.2):
        for x in (-0.2, 0.0, 0.2):
            rows = top + v * (np.arange(SIDE) - 0.5 + y) - 0.5
            columns = left + h * (np.arange(SIDE) - 0.5 + x) - 0.5
            means += _at(luma, rows, columns) / 9
    inner = means[1:-1, 1:-1]
    frame = np.concatenate([inner[0], inner[-1], inner[1:-1, 0], inner[1:-1, -1]])
    ring = np.concatenate([means[0], means[-1], means[1:-1, 0], means[1:-1, -1]])
    black, white = float(np.median(frame)), float(np.median(ring))
    if white - black < 30:
        return None
    out: NDArray[np.bool_] = means[2:-2, 2:-2] < (black + white) / 2
    return out


def _at(luma: Plane, rows: NDArray[Any], columns: NDArray[Any]) -> Plane:
    """The picture at these places, between pixels by straight lines; beyond its edges the nearest pixel."""
    y, x = (np.clip(p, 0, n - 1) for p, n in zip((rows, columns), luma.shape, strict=True))
    y0, x0 = (np.minimum(p.astype(np.int64), n - 2) for p, n in zip((y, x), luma.shape, strict=True))
    fy, fx = (y - y0)[:, None], (x - x0)[None, :]
    a, b, c, d = (luma[np.ix_(y0 + i, x0 + j)] for i in (0, 1) for j in (0, 1))
    out: Plane = ((a * (1 - fx) + b * fx) * (1 - fy) + (c * (1 - fx) + d * fx) * fy).astype(np.float32)
    return out


def _turns(grid: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """The eight ways in which a square can lie, the likeliest first."""
    for turns in range(4):
        yield np.rot90(grid, turns)
    for turns in range(4):
        yield np.rot90(grid.T, turns)
