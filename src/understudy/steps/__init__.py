"""What a platform does: one file a step. Adding a step is adding a file here.

`registry()` finds them; loading, the schema, the documentation and the contract tests all go through it.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from .base import Context, Delivered, Raster, Rule, Source, Step, Value

__all__ = ["Context", "Delivered", "Raster", "Rule", "Source", "Step", "Value", "registry"]


@cache
def registry() -> dict[str, type[Step]]:
    """Every step by its name: the one Step subclass of each module of this package."""
    found: dict[str, type[Step]] = {}
    for info in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{info.name}")
        for item in vars(module).values():
            if (
                isinstance(item, type)
                and issubclass(item, Step)
                and item.__module__ == module.__name__
                and item is not Step
            ):
                found[item.name] = item
    return found
