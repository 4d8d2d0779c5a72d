"""The bitstream, ITU-T T.81: bytes in, bytes out. Knows no platform."""

from .parse import parse, write
from .syntax import JpegStream

__all__ = ["JpegStream", "parse", "write"]
