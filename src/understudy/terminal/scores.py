"""Pages of `verify` and `mimic --trace`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from .._text import percent
from .parts import BAD, GOOD, QUIET, UNSURE, grid, heading, row, say

if TYPE_CHECKING:
    from ..tracing import Change
    from ..verification import PairScore, Scores


def show(scores: Scores, console: Console | None = None) -> None:
    """Prints what `verify` found: the sum in one line, then a line a pair."""
    console = console or Console(highlight=False)
    all_same = scores.bytes_identical == scores.pairs
    head = Text.assemble(
        (f"{scores.bytes_identical} of {scores.pairs} byte-identical", f"bold {GOOD if all_same else UNSURE}"),
        f" as {scores.profile}; {percent(scores.coefficients_equal)} of coefficients equal; "
        f"{scores.headers_equal} of {scores.pairs} with equal headers",
    )
    if scores.failed:
        head.append(f"; {scores.failed} of {scores.pairs} could not be compared", BAD)
    console.print(head)
    taken = "the received files" if scores.free == "given" else "the profile's own rules"
    console.print(say(f"free values: {scores.free}, from {taken}", QUIET))
    console.print(heading("pairs"))
    table = grid("*", "l", "r", "r", "r", "r")
    row(table, *(Text(t, QUIET) for t in ("pair", "bytes", "coefficients", "PSNR", "pixels", "size")))
    for pair in scores.per_pair:
        row(table, *cells(pair))
    console.print(table)


def cells(pair: PairScore) -> list[Text]:
    """One pair's cells: name, verdict, coefficients, PSNR, pixels, size. Why a pair failed is told as an error, on a
    line of its own: a sentence would leave the other columns no room."""
    if pair.error:
        return [say(pair.name), Text("failed", BAD)]
    verdict = Text("identical", GOOD) if pair.bytes_identical else Text("differ", UNSURE)
    psnr = f"{pair.psnr_db:.2f} dB" if pair.psnr_db is not None else "equal" if pair.pixels_equal == 1 else "-"
    cells = (percent(pair.coefficients_equal), psnr, percent(pair.pixels_equal), f"{pair.size_ratio:.3f}")
    return [say(pair.name), verdict, *(Text(c) for c in cells)]


def show_changes(rows: Sequence[Change], folder: Path, console: Console | None = None) -> None:
    """Prints what each stage of a traced delivery changed, and where the pictures are."""
    console = console or Console(highlight=False, stderr=True)
    console.print(heading("stages", f"pictures in {folder}"))
    table = grid("l", "r", "r", "r", "r")
    row(table, *(Text(t, QUIET) for t in ("step", "picture", "pixels changed", "largest", "mean")))
    for item in rows:
        height, width, channels = item.shape
        size = f"{width} x {height} x {channels}"
        if item.changed is None:
            row(table, item.step, size, say("-", QUIET), "", "")
        elif not item.changed:
            row(table, item.step, size, say("none", QUIET), "", "")
        else:
            row(table, item.step, size, percent(item.changed), str(item.largest), f"{item.mean:.3f}")
    console.print(table)
