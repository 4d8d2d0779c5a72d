"""One pair with all that is read off its two files before anything is tried."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import numpy as np

from ..jpeg.coefficients import Coefficients
from ..jpeg.entropy_decode import read_coefficients
from ..jpeg.parse import parse
from ..jpeg.syntax import JpegStream
from ..steps import Context, Raster, Source
from ..steps.decode import Decode

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Observed:
    """A pair: the file that was sent, the JPEG that was received. Immutable; what is costly is read when asked."""

    name: str
    sent: bytes
    received: bytes
    scaled: bool | None = None
    """Of a pair that was cut or got borders: whether it was resized, too; None where its sizes tell."""

    @cached_property
    def stream(self) -> JpegStream:
        """The received file's segments."""
        return parse(self.received)

    @cached_property
    def coefficients(self) -> Coefficients:
        """The received file's quantised coefficients."""
        return read_coefficients(self.stream)

    @cached_property
    def context(self) -> Context:
        """What steps may know of the sent file."""
        return Context(self.sent)

    @cached_property
    def as_sent(self) -> Raster:
        """The sent picture, decoded the default way: stored orientation, profile and alpha still there."""
        return Decode().exact(Source(self.sent), Context(self.sent))

    def remembered(self, key: Hashable, make: Callable[[], T]) -> T:
        """What `make` gave when it was first asked under `key`: what follows from the two files alone, costs something
        and is asked for more than once. Not to be changed by who gets it."""
        if key not in self._memo:
            self._memo[key] = make()
        found: T = self._memo[key]
        return found

    @cached_property
    def _memo(self) -> dict[Hashable, Any]:
        return {}

    @property
    def is_jpeg(self) -> bool:
        """Whether the sent file is a JPEG, so that its decoder is a question."""
        return self.sent[:2] == b"\xff\xd8"

    @cached_property
    def sent_size(self) -> tuple[int, int]:
        """(width, height) as stored, EXIF orientation not applied."""
        return self._header[0]

    @property
    def orientation(self) -> int:
        """The sent file's EXIF orientation, 1 to 8."""
        return self._header[1]

    @property
    def icc(self) -> bytes | None:
        """The sent file's ICC profile."""
        return self._header[2]

    @cached_property
    def sent_format(self) -> str:
        """`JPEG`, `PNG`, ... as Pillow names it."""
        return self._header[3]

    @cached_property
    def has_alpha(self) -> bool:
        """Whether any sample of the sent picture is not opaque."""
        return self.as_sent.has_alpha and bool((self.as_sent.pixels[:, :, -1] != 255).any())

    @property
    def shown_size(self) -> tuple[int, int]:
        """(width, height) of the sent picture as a viewer sees it, EXIF orientation applied."""
        width, height = self.sent_size
        return (height, width) if self.orientation >= 5 else (width, height)

    @property
    def size(self) -> tuple[int, int]:
        """(width, height) of the received picture."""
        return self.coefficients.width, self.coefficients.height

    @property
    def is_resized(self) -> bool:
        """Whether the received picture has another size than the sent one, be that turned or not."""
        if self.scaled is not None:
            return self.scaled
        return self.size not in (self.sent_size, self.shown_size)

    @property
    def factors(self) -> list[tuple[int, int]]:
        """(h_samp_factor, v_samp_factor) of the received file's components."""
        return self.coefficients.factors

    @cached_property
    def tables(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The received file's steps for luma and chroma (luma's again in a grey file), natural order."""
        luma, *chroma = (tuple(int(s) for s in c.steps.ravel()) for c in self.coefficients.components)
        return luma, chroma[0] if chroma else luma

    @cached_property
    def _header(self) -> tuple[tuple[int, int], int, bytes | None, str]:
        from PIL import Image

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                with Image.open(io.BytesIO(self.sent)) as image:
                    turned = image.getexif().get(0x0112, 1)
                    orientation = turned if isinstance(turned, int) and 1 <= turned <= 8 else 1
                    return image.size, orientation, image.info.get("icc_profile") or None, str(image.format)
        except Exception:  # whatever Pillow meets in a damaged header; our own decoder may still read the picture
            return (self.as_sent.width, self.as_sent.height), self.as_sent.orientation, self.as_sent.icc, "unknown"


Box = tuple[int, int, int, int]
"""left, top, right, bottom in pixels of the received picture; right and bottom are not part of it."""


def whole(pair: Observed) -> tuple[Box, ...]:
    """One box, the picture."""
    return ((0, 0, *pair.size),)


def boxes(pair: Observed, side: int = 192, detailed: int = 2) -> tuple[Box, ...]:
    """A few boxes whose corners lie on MCU boundaries, so that each can be encoded apart: the bottom right corner with
    the picture's edge, the top left, and the `detailed` ones with the most nonzero coefficients.

    side: pixels, a multiple of 32. The whole picture where it is not larger than about three of them.
    """
    width, height = pair.size
    if width * height <= 4 * side * side:
        return whole(pair)
    columns, rows = range(0, width, side), range(0, height, side)
    grid = [(x, y, min(x + side, width), min(y + side, height)) for y in rows for x in columns]
    corner = (max(0, (width - side) // 32 * 32), max(0, (height - side) // 32 * 32), width, height)
    inner = [b for b in grid[1:] if b[2] - b[0] == side and b[3] - b[1] == side and not _overlap(b, corner)]
    busy = _busy(pair, inner)
    best = [inner[i] for i in np.argsort(-busy, kind="stable")[:detailed]] if inner else []
    return (grid[0], *best, corner)


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _busy(pair: Observed, inner: Sequence[Box]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Nonzero AC coefficients of luma in each box."""
    blocks = pair.coefficients.components[0].real
    counts = np.count_nonzero(blocks.reshape(*blocks.shape[:2], 64)[:, :, 1:], axis=2)
    return np.array([counts[y0 // 8 : y1 // 8, x0 // 8 : x1 // 8].sum() for x0, y0, x1, y1 in inner], np.int64)
