"""What a survey did, and the answers to questions put to it, as tables on the terminal."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table

from ..evidence.base import plural
from ..survey import Answer, Surveyed
from .parts import QUIET, say

MOST_ROWS = 200
"""Rows of one answer that are printed; `--json` gives all."""


def summary(done: Surveyed) -> str:
    """A line: how many rows, how many of them read now, how many without a picture in them, how fast."""
    rate = f", {done.read / done.seconds:,.0f} files a second" if done.read >= 1000 and done.seconds > 0 else ""
    known = f", {done.kept:,} known already" if done.kept else ""
    errors = f", {done.errors:,} with an error" if done.errors else ""
    return f"{done.out}: {plural(done.rows, 'row')}; {plural(done.read, 'file')} read{errors}{known}{rate}"


def show(answer: Answer, console: Console | None = None) -> None:
    """Prints the answer as a table."""
    out = console or Console(highlight=False)
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, header_style=QUIET)
    for i, name in enumerate(answer.columns):
        table.add_column(say(name), justify="right" if i in answer.numbers else "left", overflow="fold")
    for row in answer.rows[:MOST_ROWS]:
        table.add_row(*(say("" if value is None else value, limit=300) for value in row))
    if answer.title:
        out.print(say(answer.title, "bold"))
    out.print(table)
    if len(answer.rows) > MOST_ROWS:
        out.print(say(f"{len(answer.rows) - MOST_ROWS:,} rows more", QUIET))
