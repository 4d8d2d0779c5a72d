"""The manifest of a set of probes: which file asks what, its SHA-256, and what its mark says.

{"schema": "understudy-probes/1", "by": "understudy 0.x", "set": "compact", "seed": 0, "id": 23570,
 "files": [{"name": "kept-rgb.png", "number": 0, "marked": true, "sha256": "...", "size": [616, 456], ...}]}
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from .._version import __version__
from ..errors import UnderstudyError
from .asks import asked
from .base import Made

SCHEMA = "understudy-probes/1"
NAME = "manifest.json"
"""Of the file, beside `sent/`."""


def document(files: Sequence[Made], which: str, seed: int, set_id: int) -> dict[str, Any]:
    """The manifest as a JSON document."""
    return {
        "schema": SCHEMA,
        "by": f"understudy {__version__}",
        "set": which,
        "seed": seed,
        "id": set_id,
        "files": [_row(f) for f in files],
    }


def _row(file: Made) -> dict[str, Any]:
    steps = asked()
    return {
        "name": file.name, "number": file.number, "marked": file.marked, "sha256": file.sha256, "bytes": len(file.data),
        "size": list(file.size), "family": file.family, "settles": list(file.settles), "also": list(file.also),
        "steps": list(dict.fromkeys(steps[q] for q in (*file.settles, *file.also))), "why": file.why,
    }  # fmt: skip


def to_bytes(manifest: Mapping[str, Any]) -> bytes:
    """As it is written: UTF-8, a newline at the end."""
    return (json.dumps(manifest, indent=1, ensure_ascii=False) + "\n").encode()


def read(data: bytes, place: str = NAME) -> dict[str, Any]:
    """A manifest from its bytes. Raises UnderstudyError for anything else."""
    try:
        found = json.loads(data)
        rows = found["files"]
        good = found["schema"] == SCHEMA and all(
            isinstance(r["name"], str) and isinstance(r["number"], int) and isinstance(r["marked"], bool)
            and isinstance(r["sha256"], str) for r in rows
        )  # fmt: skip
        good = good and isinstance(found["id"], int)
    except (ValueError, KeyError, TypeError):
        good = False
    if not good:
        raise UnderstudyError(
            "no manifest of probes", place=place, expected=f"{SCHEMA}, as `understudy probe` writes it"
        )
    return found  # type: ignore[no-any-return]
