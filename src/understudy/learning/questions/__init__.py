"""The questions, one module a step or group of steps; each lists its own in `QUESTIONS`, found by looking here."""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache

from ..question import Question

__all__ = ["questions"]


@cache
def questions() -> tuple[Question, ...]:
    """All questions of all modules here, in the order in which they are asked."""
    found: list[Question] = []
    for info in pkgutil.iter_modules(__path__):
        if not info.name.startswith("_"):
            found += importlib.import_module(f"{__name__}.{info.name}").QUESTIONS
    return tuple(sorted(found, key=lambda q: (q.order, q.name)))
