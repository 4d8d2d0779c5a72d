"""Parameters as JSON, written by hand: torch.compile follows this, which it cannot do with json's encoder in C."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..jpeg.syntax import ScanSpec


def as_json(value: Any) -> str:
    """A flag, number, name, None, a list or tuple, a mapping with its keys sorted, or a scan of a script, as JSON."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, ScanSpec):
        names = ("components", "Ss", "Se", "Ah", "Al")
        return "{" + ", ".join([f'"{name}": {as_json(getattr(value, name))}' for name in names]) + "}"
    if isinstance(value, Mapping):
        return "{" + ", ".join([f'"{key}": {as_json(value[key])}' for key in sorted(value)]) + "}"
    return "[" + ", ".join([as_json(item) for item in value]) + "]"
