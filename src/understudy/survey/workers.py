"""What a worker does: files to rows. Whatever a file holds, it becomes a row; what goes wrong is its `error`."""

from __future__ import annotations

import gc
import os
import signal
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from multiprocessing import parent_process
from pathlib import Path
from typing import Any, NamedTuple

from .._version import __version__
from ..errors import UnderstudyError
from ..files import read_file
from ..inspection import Inspection, inspect
from .columns import MAX_ERROR, facts

MAX_BYTES = 256 << 20
"""A file that is longer is told of, not read: a worker holds one whole file in memory."""


class Found(NamedTuple):
    """A file of the corpus, as the directory lists it."""

    place: str
    """Where it is opened, with the system's own characters."""
    path: str
    """Below the surveyed folder, with /, fit to print and to store."""
    bytes: int
    mtime_ns: int


def start() -> None:
    """Makes a worker leave Ctrl-C to the one who started it, and end when that one does, however it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.set_threshold(50_000)  # rows make many objects and no garbage that goes round
    parent = parent_process()
    if parent is not None:

        def watch() -> None:
            parent.join()
            os._exit(1)

        threading.Thread(target=watch, daemon=True).start()


def ready() -> bool:
    """A task without a file: it shows that workers start."""
    return True


def rows(files: Sequence[Found], coefficients: bool) -> list[dict[str, Any]]:
    """A row for each file, in order."""
    return [row(file, coefficients) for file in files]


def blank(file: Found, coefficients: bool, error: str | None = None) -> dict[str, Any]:
    """The FILE columns of a row."""
    return {
        "path": file.path,
        "bytes": file.bytes,
        "mtime_ns": file.mtime_ns,
        "year": _year(file.mtime_ns),
        "error": error,
        "depth": "coefficients" if coefficients else "headers",
        "version": __version__,
    }


def row(file: Found, coefficients: bool) -> dict[str, Any]:
    """The row of one file. Raises nothing: a fault of ours is told as the file's error too, with its kind."""
    made = blank(file, coefficients)
    try:
        if file.bytes > MAX_BYTES:
            made["error"] = f"{file.bytes:,} bytes; a survey reads files of up to {MAX_BYTES:,}"
            return made
        seen = inspect(read_file(Path(file.place)))
        made |= facts(seen)
        if coefficients:
            made |= _statistics(seen)
    except UnderstudyError as error:
        made["error"] = str(error).removeprefix(f"{file.place}: ")[:MAX_ERROR]
    except Exception as error:  # a survey of days must not end with one file
        made["error"] = f"not expected: {type(error).__name__}: {error}"[:MAX_ERROR]
    return made


def _statistics(seen: Inspection) -> dict[str, Any]:
    from .statistics import statistics

    if seen.format != "jpeg":
        return {}
    try:
        return statistics(seen.stream)
    except UnderstudyError as error:
        return {"coefficient_error": str(error)[:MAX_ERROR]}


def _year(mtime_ns: int) -> int | None:
    try:
        return datetime.fromtimestamp(mtime_ns // 1_000_000_000, UTC).year
    except (ValueError, OverflowError, OSError):
        return None
