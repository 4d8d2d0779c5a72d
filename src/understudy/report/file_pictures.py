"""Pictures of one file: as it arrives scan by scan, and where its 8 x 8 grid shows. Sizes and counts are bounded."""

from __future__ import annotations

import base64
import io
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image

from ..codec.decode import to_planes, to_rgb
from ..inspection import Inspection
from ..jpeg.coefficients import Coefficients
from ..jpeg.entropy_decode import read_coefficients
from ..jpeg.syntax import JpegStream, Sos

MOST_PIXELS = 40_000_000
"""Pictures beyond this are not decoded for a page."""
MOST_STAGES = 12
"""Scans whose arrival is shown; of more, the first, the last and some between."""
PIXELS_OF_STAGES = 60_000_000
"""Pixels of all stages together: of a large picture fewer are shown, but two."""
SIDE = 360
"""Pixels of an overview's longer side, at most."""
CROP = 96
"""Pixels of a crop's sides."""

Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Stage:
    """The picture when a scan has arrived."""

    scan: int
    """Number of the scan, from 0."""
    overview: str
    """A data URL: the whole picture, small."""
    crop: str
    """A data URL: a part at full size."""


@dataclass(frozen=True)
class Decoded:
    """What the picture data holds."""

    coefficients: Coefficients
    stages: tuple[Stage, ...]
    grid: str
    """A data URL: a crop's differences between neighbours, amplified; "" where it is too small."""
    phases: tuple[tuple[float, ...], tuple[float, ...]]
    """Mean size of the second difference of luma at each of 8 columns and 8 rows of the block grid."""
    at: tuple[int, int]
    """Left and top of the crop."""


def decoded(seen: Inspection) -> Decoded:
    """The picture of a JPEG. Raises JpegError and LimitError where it cannot be decoded."""
    stream = seen.stream
    whole = read_coefficients(stream, max_pixels=MOST_PIXELS)
    ycbcr = seen.value("adobe", "transform") != 0
    luma = _luma(whole)
    at = _busiest(luma)
    stages = tuple(_stage(stream, number, whole, at, ycbcr) for number in _chosen(len(stream.scans), whole))
    return Decoded(whole, stages, _grid(luma, at), _phases(luma), at)


def shown_by_pillow(data: bytes) -> str:
    """A data URL of the picture as Pillow reads it, small; "" where it does not or the picture is too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data)) as image:
                if image.width * image.height > MOST_PIXELS:
                    return ""
                small = image.convert("RGBA" if image.mode in ("P", "LA", "PA", "RGBA") else "RGB")
        small.thumbnail((2 * SIDE, 2 * SIDE))
        return _url(small)
    except Exception:  # whatever a decoder of strangers' bytes raises, the page stands without the picture
        return ""


def _chosen(count: int, whole: Coefficients) -> list[int]:
    """At most MOST_STAGES scan numbers, the first and the last among them."""
    most = min(MOST_STAGES, max(2, PIXELS_OF_STAGES // (whole.width * whole.height)))
    if count <= most:
        return list(range(count))
    return sorted({round(i * (count - 1) / (most - 1)) for i in range(most)})


def _stage(stream: JpegStream, number: int, whole: Coefficients, at: tuple[int, int], ycbcr: bool) -> Stage:
    last = number == len(stream.scans) - 1
    now = whole if last else read_coefficients(_until(stream, number), max_pixels=MOST_PIXELS)
    full = _rgb(now, whole, 8, ycbcr)
    left, top = at
    crop = Image.fromarray(full[top : top + CROP, left : left + CROP])
    overview = Image.fromarray(full)
    overview.thumbnail((SIDE, SIDE), reducing_gap=2.0)
    return Stage(number, _url(overview), _url(crop, 90))


def _until(stream: JpegStream, scan: int) -> JpegStream:
    """The stream up to the end of that scan."""
    left = scan + 1
    kept = []
    for element in stream.elements:
        if isinstance(element, Sos):
            if not left:
                break
            left -= 1
        kept.append(element)
    return JpegStream(tuple(kept))


def _rgb(now: Coefficients, whole: Coefficients, eighths: int, ycbcr: bool) -> Pixels:
    """uint8 [height, width, 3]. Steps are those of the whole file: a component that has not come yet is grey then."""
    blocks, steps = [c.blocks for c in now.components], [c.steps for c in whole.components]
    if len(blocks) in (1, 3):
        made = to_rgb(blocks, steps, now.factors, now.width, now.height, ycbcr=ycbcr, eighths=eighths)
        return made if made.ndim == 3 else np.repeat(made[:, :, None], 3, axis=2)
    plane = to_planes(blocks, steps, now.factors, now.width, now.height, eighths=eighths)[0]
    return np.repeat(plane[:, :, None], 3, axis=2)


def _luma(whole: Coefficients) -> npt.NDArray[np.int16]:
    """The first component's samples at its own resolution."""
    first = whole.components[0]
    made = to_planes([first.blocks], [first.steps], [(1, 1)], first.grid.width, first.grid.height)
    return made[0].astype(np.int16)


def _busiest(luma: npt.NDArray[np.int16]) -> tuple[int, int]:
    """Left and top, multiples of 8, of the CROP samples that differ most from their neighbours."""
    height, width = luma.shape
    rows, columns = (max(1, n // CROP) for n in (height, width))
    best, at = -1.0, (0, 0)
    for i in range(rows):
        for j in range(columns):
            part = luma[i * CROP : (i + 1) * CROP, j * CROP : (j + 1) * CROP]
            busy = float(np.abs(np.diff(part, axis=1)).mean()) if part.shape[1] > 1 else 0.0
            if busy > best:
                best, at = busy, (j * CROP, i * CROP)
    return at


def _grid(luma: npt.NDArray[np.int16], at: tuple[int, int]) -> str:
    """A data URL: differences between neighbours, amplified, of the flattest part, where the grid shows best."""
    height, width = luma.shape
    if height < 24 or width < 24:
        return ""
    side = min(CROP, height // 8 * 8, width // 8 * 8)
    best, place = None, (0, 0)
    for top in range(0, height - side + 1, side):
        for left in range(0, width - side + 1, side):
            part = luma[top : top + side, left : left + side]
            busy = float(np.abs(np.diff(part, axis=1)).mean())
            clipped = np.count_nonzero((part <= 2) | (part >= 253)) > part.size // 10
            if not clipped and busy > 0.3 and (best is None or busy < best):
                best, place = busy, (left, top)
    left, top = place
    part = luma[top : top + side, left : left + side]
    off = np.zeros((side, side), np.int32)
    off[:, 1:] += np.abs(np.diff(part, axis=1))
    off[1:, :] += np.abs(np.diff(part, axis=0))
    return _url(Image.fromarray((255 - np.clip(24 * off, 0, 255)).astype(np.uint8)), png=True)


def _phases(luma: npt.NDArray[np.int16]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean |2b - a - c| over neighbours a, b, c whose b stands at column (row) 0 to 7 of its block."""

    def along(plane: npt.NDArray[np.int16]) -> tuple[float, ...]:
        if plane.shape[1] < 16:
            return ()
        second = np.abs(2 * plane[:, 1:-1] - plane[:, :-2] - plane[:, 2:])
        return tuple(float(second[:, (p - 1) % 8 :: 8].mean()) for p in range(8))

    return along(luma), along(luma.T)


def _url(image: Image.Image, quality: int = 78, png: bool = False) -> str:
    out = io.BytesIO()
    kind = "png" if png or image.mode == "RGBA" else "jpeg"
    options: dict[str, Any] = {"optimize": True} if kind == "png" else {"quality": quality}
    image.save(out, kind, **options)
    return f"data:image/{kind};base64,{base64.b64encode(out.getvalue()).decode()}"
