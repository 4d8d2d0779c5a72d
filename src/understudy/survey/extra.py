"""pyarrow and duckdb, which only a survey needs: loaded on first use, or a line that says how to get them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ..errors import UnderstudyError


def load(name: str) -> Any:
    """The module `name` of the extra. Raises UnderstudyError with the pip command where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        package = name.partition(".")[0]
        raise UnderstudyError(
            f"{package} is not installed", place="survey", remedy="pip install 'understudy[survey]'"
        ) from None
