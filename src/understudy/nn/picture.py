"""What flows between a channel's stages: a batch of pictures as samples, or as something coded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from ..codec.variants import Dct
from ..steps.encode import Encode


@dataclass(frozen=True, eq=False)
class Picture:
    """A batch of decoded pictures of one size; `steps.Raster` is the same for one picture. While a plan is made the
    samples have a shape and no data."""

    samples: Tensor
    """[B, C, H, W], float32 (or float64), exact integers 0 to 255; C: 1 grey, 2 grey and alpha, 3 RGB, 4 with alpha."""
    icc: bytes | None = None
    """The ICC profile that every picture of the batch carries."""
    orientation: int = 1
    """EXIF orientation of every picture, 1 to 8, not yet applied."""
    space: Literal["rgb", "ycbcr"] = "rgb"
    """What three channels are."""
    before: tuple[int, int, int] | None = None
    """As `Raster.before`."""
    resized: bool = False
    """As `Raster.resized`."""
    sent_sampling: str | None = None
    """The sampling of the JPEG that it was sent as, as `encode.sampling` names it; None if it was not sent as one."""
    sent_tables: tuple[tuple[int, ...], ...] | None = None
    """Luma's and chroma's steps of that JPEG, natural order."""

    @property
    def width(self) -> int:
        return self.samples.shape[3]

    @property
    def height(self) -> int:
        return self.samples.shape[2]

    @property
    def has_new_size(self) -> bool:
        return self.resized or self.before is not None

    @property
    def has_alpha(self) -> bool:
        return self.samples.shape[1] in (2, 4)


@dataclass(frozen=True, eq=False)
class Coded:
    """A batch that is to be encoded. It is computed when somebody decodes it: encoding and decoding are one operation,
    with one backward."""

    picture: Picture
    encode: Encode
    of_channel: bool
    """Whether a call's own quality or tables are for this encoding."""
    slow_dct: Dct
    """The DCT of qualities above `fast_up_to`, where a call brings its own."""
    fast_up_to: int
    """Up to this quality it is ifast."""
