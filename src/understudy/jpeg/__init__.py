"""The bitstream, ITU-T T.81: bytes in, bytes out. Knows no platform.

`parse` and `write` need nothing but Python; `read_coefficients`, `encode` and `layout` import numba on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .parse import parse, write
from .syntax import JpegStream, ScanSpec

if TYPE_CHECKING:
    from .coefficients import Coefficients
    from .compose import Encoded, Huffman, Layout, encode, layout
    from .entropy_decode import read_coefficients

_HOMES = {
    "Coefficients": "coefficients",
    "Encoded": "compose",
    "Huffman": "compose",
    "Layout": "compose",
    "encode": "compose",
    "layout": "compose",
    "read_coefficients": "entropy_decode",
}

__all__ = [
    "Coefficients",
    "Encoded",
    "Huffman",
    "JpegStream",
    "Layout",
    "ScanSpec",
    "encode",
    "layout",
    "parse",
    "read_coefficients",
    "write",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
