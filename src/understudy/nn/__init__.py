"""The channel's helpers in PyTorch. Importing this package imports no torch; its names do, on first use.

`SPSA` is a gradient for a channel of which only the forward is known; `Transform` and `Augmentation` put a channel into
pipelines of torchvision.transforms.v2 and of albumentations.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .adapters import Augmentation, Transform
    from .spsa import SPSA

_HOMES = {"Augmentation": "adapters", "SPSA": "spsa", "Transform": "adapters"}

__all__ = ["SPSA", "Augmentation", "Transform"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
