"""The channel's helpers in PyTorch. Importing this package imports no torch; its names do, on first use.

us.nn.SPSA          a gradient for a channel of which only the forward is known
us.nn.through       the same as us.through
us.nn.Transform     a channel in a pipeline of torchvision.transforms.v2
us.nn.Augmentation  a channel in a pipeline of albumentations
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .adapters import Augmentation, Transform
    from .spsa import SPSA
    from .through import through

_HOMES = {"Augmentation": "adapters", "SPSA": "spsa", "Transform": "adapters", "through": "through"}

__all__ = ["SPSA", "Augmentation", "Transform", "through"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
