"""The small things that pages are made of. All text of a file comes through `say`: no markup, no controls."""

from __future__ import annotations

from collections.abc import Sequence
from math import log

from rich.console import RenderableType
from rich.rule import Rule
from rich.style import Style
from rich.table import Table
from rich.text import Text

from ..evidence.base import visible

QUIET = "bright_black"
GOOD, BAD, UNSURE = "green", "red", "yellow"
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_HEAT = ((84, 174, 202), (226, 200, 96), (232, 92, 74))
"""Colours of a step of 1, of about 16 and of 255 or more."""


def say(text: object, style: str | Style = "", limit: int = 2_000) -> Text:
    """`text` as it is, with what could act on a terminal escaped; never read as rich markup."""
    return Text(visible(str(text), limit), style=style)


def heading(title: str, aside: str = "") -> RenderableType:
    """A section's title on a thin line, with an optional remark beside it."""
    label = Text(title, style="bold")
    if aside:
        label.append("  ").append_text(say(aside, QUIET))
    return Rule(label, align="left", style=QUIET, characters="─")


def grid(*justify: str, indent: int = 1) -> Table:
    """A table without lines: one letter a column, `l`, `r` or `*` (left, takes what is left and folds)."""
    table = Table.grid(padding=(0, 2, 0, 0))
    if indent:
        table.add_column(width=indent - 1 or None)
    for how in justify:
        table.add_column(
            justify="right" if how == "r" else "left",
            ratio=1 if how == "*" else None,
            no_wrap=how != "*",
            overflow="fold",
        )
    return table


def row(table: Table, *cells: Text | str) -> None:
    """Adds `cells` behind the indent column."""
    table.add_row("", *(c if isinstance(c, Text) else say(c) for c in cells))


def bar(share: float, width: int = 10) -> Text:
    """A bar of `share` (0 to 1) of `width` characters; anything above nothing shows."""
    eighths = min(8 * width, max(1 if share > 0 else 0, round(share * 8 * width)))
    full, rest = divmod(eighths, 8)
    return Text("█" * full + (_EIGHTHS[rest] if rest else ""), style="blue")


def steps_grid(steps_natural: Sequence[int], color: bool = True) -> Text:
    """64 step sizes as 8 lines of 8, row by row, coarser steps in warmer colours."""
    width = max(3, *(len(str(q)) for q in steps_natural))
    text = Text()
    for i, q in enumerate(steps_natural):
        text.append(f"{q:{width}d}", style=_heat(q) if color else "")
        text.append("\n" if i % 8 == 7 and i < 63 else "" if i == 63 else " ")
    return text


def _heat(step: int) -> Style:
    """From cool (1) to warm (255 and above), logarithmic."""
    t = 2 * min(1.0, log(max(step, 1)) / log(255))
    low, high = (_HEAT[0], _HEAT[1]) if t < 1 else (_HEAT[1], _HEAT[2])
    mixed = (round(a + (b - a) * (t % 1 if t < 2 else 1)) for a, b in zip(low, high, strict=True))
    return Style(color="rgb({},{},{})".format(*mixed))
