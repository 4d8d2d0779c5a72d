"""What the bytes say: one detector a file, each yields Observations with their place and their source.

`observe(stream)` runs every module of this package that has `detect`, then every one that has `conclude`, in
order of file name. Nothing is registered by hand. `examine` looks at the coefficients too; only then do numpy and numba
load.
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from ..jpeg.syntax import JpegStream
from .base import Observation

if TYPE_CHECKING:
    from ..jpeg.coefficients import Coefficients

__all__ = ["Observation", "detectors", "examine", "observe"]


@cache
def detectors() -> tuple[ModuleType, ...]:
    """The detector and conclusion modules, in order of file name."""
    names = sorted(m.name for m in pkgutil.iter_modules(__path__) if not m.name.startswith("_"))
    modules = (import_module(f"{__name__}.{name}") for name in names)
    return tuple(m for m in modules if hasattr(m, "detect") or hasattr(m, "conclude"))


def observe(stream: JpegStream) -> tuple[Observation, ...]:
    """Everything that the detectors say about `stream`, then what follows from it. Raises nothing."""
    seen = [o for module in detectors() if hasattr(module, "detect") for o in module.detect(stream)]
    drawn = [o for module in detectors() if hasattr(module, "conclude") for o in module.conclude(stream, tuple(seen))]
    return (*seen, *drawn)


def examine(stream: JpegStream, coefficients: Coefficients) -> tuple[Observation, ...]:
    """What the coefficients say about the headers: the Huffman tables beside the symbols that they code."""
    from ._huffman_bits import examine as huffman_bits

    return tuple(huffman_bits(stream, coefficients))
