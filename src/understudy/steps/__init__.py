"""What a platform does: one file a step. Adding a step is adding a file here.

`registry()` finds them; the schema, the documentation and the contract tests go through it, and loading through
`find`, which reads no more files than a profile has steps.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from .base import Context, Delivered, Raster, Rule, Source, Step, Value

__all__ = ["Context", "Delivered", "Raster", "Rule", "Source", "Step", "Value", "find", "names", "registry"]


@cache
def names() -> tuple[str, ...]:
    """The name of every step, which is that of its module."""
    return tuple(info.name for info in pkgutil.iter_modules(__path__) if info.name != "base")


@cache
def find(name: str) -> type[Step]:
    """The step of that name (one of `names()`): the one Step subclass of its module."""
    module = importlib.import_module(f"{__name__}.{name}")
    found = [
        item
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, Step) and item.__module__ == module.__name__
    ]
    assert [item.name for item in found] == [name], "a step's file is named after it and has no other step"
    return found[0]


def registry() -> dict[str, type[Step]]:
    """Every step by its name."""
    return {name: find(name) for name in names()}
