"""report: what `learn` found, as one HTML page that needs nothing else: no script, no font, no request.

The verdict first, then the pipeline in words with the evidence for each step, the pairs, what was not told apart, and
where everything comes from. Text of files is escaped; charts are inline SVG; pictures are inside the page.
"""

from __future__ import annotations

from .page import html

__all__ = ["html"]
