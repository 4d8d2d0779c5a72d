"""report: pages of HTML that need nothing else: no script, no font, no request.

`html` shows what `learn` found, `inspection_html` what `inspect` says of one file, `survey_html` what a corpus holds.
The verdict comes first. Text of files is escaped; charts are inline SVG; pictures are inside the page.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .file_page import inspection_html
    from .page import html
    from .survey_page import survey_html

_HOMES = {"html": "page", "inspection_html": "file_page", "survey_html": "survey_page"}

__all__ = ["html", "inspection_html", "survey_html"]


def __getattr__(name: str) -> Any:
    """Each page's module on first use: that of `learn` loads all of learning."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value
