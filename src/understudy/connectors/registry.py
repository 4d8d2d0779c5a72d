"""The connectors by name: every module of this package that names a class in `CONNECTOR`."""

from __future__ import annotations

import importlib
import pkgutil

from ..errors import UnderstudyError
from .base import Connector

FRAME = ("base", "http", "registry")


def connectors() -> dict[str, type[Connector]]:
    """Name, as in `--via name`, -> class; sorted."""
    package = importlib.import_module(__package__)
    names = [info.name for info in pkgutil.iter_modules(package.__path__) if info.name not in FRAME]
    modules = [importlib.import_module(f"{__package__}.{name}") for name in names if not name.startswith("_")]
    classes: list[type[Connector]] = [module.CONNECTOR for module in modules]
    return dict(sorted((c.name, c) for c in classes))


def connector(name: str) -> type[Connector]:
    """The connector's class. Raises UnderstudyError where none has this name."""
    known = connectors()
    if name not in known:
        raise UnderstudyError(f"{name!r}", place="--via", expected=f"one of {', '.join(known)}")
    return known[name]
