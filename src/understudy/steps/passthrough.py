"""passthrough: a file that fits already is handed out as it was sent, byte for byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from annotated_types import Interval

from ..codec.sizes import Fit, target
from ..jpeg.entropy_decode import MAX_PIXELS
from ..jpeg.parse import parse
from .base import Context, Delivered, Rule, Source, Step


@dataclass(frozen=True)
class Passthrough(Step):
    """Delivers a sent JPEG untouched, metadata and all, if it needs no change; then no later step happens.

    nginx's image_filter, WordPress, MediaWiki and many image servers do this with pictures that are small enough
    (facts/encoders.md; measured on nginx 1.22.1: JPEG files up to the very limit come back byte for byte). Other
    formats than JPEG go on to the next step, whatever the platform does with them.
    """

    name: ClassVar[str] = "passthrough"
    takes: ClassVar[type] = Source
    gives: ClassVar[type] = Source

    fit: Fit = Fit.BOX
    """What the limit bounds, as in `resize`; the stored picture counts, whatever its EXIF orientation."""
    limit: Annotated[int, Interval(ge=1, le=MAX_PIXELS)] | Rule = 2048
    """Pixels a side (of the whole picture where `fit` is `pixels`) up to which a picture needs no change, or a rule."""
    limit_height: Annotated[int, Interval(ge=0, le=65535)] = 0
    """The limit of the height where `fit` is a box; 0 for the same as the width's."""
    max_bytes: Annotated[int, Interval(ge=0, le=2**31 - 1)] = 0
    """The largest file that is passed through; 0 for any."""

    def exact(self, value: Source, context: Context) -> Source | Delivered:
        """The file as it was sent, delivered if it fits. Damage behind the frame header is not looked at."""
        if value.data[:2] != b"\xff\xd8" or (self.max_bytes and len(value.data) > self.max_bytes):
            return value
        stream = context.sent_stream if value.data is context.sent else parse(value.data)
        if stream is None or stream.frame is None or min(stream.frame.width, stream.frame.height) < 1:
            return value
        width, height = stream.frame.width, stream.frame.height
        limit = self.limit(width, height) if isinstance(self.limit, Rule) else self.limit
        to = target(width, height, self.fit, limit, self.limit_height)
        if (to.width, to.height) != (width, height):
            return value
        context.notes.append(f"passed through as it was sent: {width} x {height} fits")
        return Delivered(value.data, stream)
