"""./demo: be Facebook on one picture, and show what changed, beside Pillow with the settings that its header shows.

python scripts/demo.py PICTURE FOLDER
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from PIL import Image
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

PROFILE = "facebook/classic-2014"
OWN_SIZE = 2048
"""Pictures whose longest side is above this are resized by Facebook, which this profile does not do."""

T = TypeVar("T")


@dataclass(frozen=True)
class Result:
    """One picture as Facebook delivers it and as Pillow saves it, and how far they agree."""

    quality: int
    sent: np.ndarray[Any, np.dtype[np.uint8]]
    """The picture before it is encoded, `[H, W, 3]`."""
    facebook: Any
    """The Delivery, traced."""
    pillow: bytes
    score: Any
    """A PairScore: Pillow's file beside the Facebook mimic."""


def main(picture: Path, folder: Path, console: Console) -> int:
    """Prints the summary and fills `folder`; the exit code."""
    try:
        data = picture.read_bytes()
    except OSError as error:
        console.print(f"demo: {picture}: {error.strerror}", markup=False)
        return 1
    import understudy as us

    try:
        result, first, again = timed(lambda: play(data), console)
    except us.UnderstudyError as error:
        console.print(f"demo: {error.at(str(picture))}", markup=False)
        return 1
    height, width = result.sent.shape[:2]
    console.print(
        f"\n[bold]{picture.name}[/], {width} x {height}, through Facebook (as it was to 2021) and through Pillow\n"
    )
    console.print(table(result))
    console.print()
    for who, data in (("Facebook (mimic)", result.facebook.data), ("Pillow", result.pillow)):
        console.print(f"inspect says of {who}:")
        for sentence in us.inspect(data).verdict:
            console.print(Padding(Text(sentence), (0, 0, 0, 4)))
    if max(width, height) > OWN_SIZE:
        console.print(f"\nAbove {OWN_SIZE} pixels Facebook also resizes; {PROFILE} does not do that yet.")
    names = write(result, folder, picture)
    console.print(f"\nwritten to [bold]{folder.name}/[/]: {', '.join(names)}")
    console.print(f"look at [bold]{folder.name}/sheet.png[/] first; both files took {again:.2f} s")
    if first > again + 2:
        console.print(f"(the first run took {first:.0f} s: it compiled the arithmetic for this machine)")
    return 0


def play(data: bytes) -> Result:
    """Both files for one picture."""
    import understudy as us

    facebook = us.mimic(data, PROFILE, trace=True)
    sent = next(s.value.pixels for s in reversed(facebook.stages) if s.step == "flatten")
    sent = np.repeat(sent, 3, 2) if sent.shape[2] == 1 else sent
    quality = us.inspect(facebook.data).all("tables")[0].value["quality"]
    pillow = save_with_pillow(sent, quality)
    (score,) = us.verify(PROFILE, [(data, pillow)], free="predicted").per_pair
    return Result(quality, sent, facebook, pillow, score)


def save_with_pillow(pixels: Any, quality: int) -> bytes:
    """What a person writes who reads "progressive, quality N" in a delivered file's header, of the same samples."""
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "JPEG", quality=quality, progressive=True, optimize=True)
    return out.getvalue()


def table(result: Result) -> Table:
    """The two files side by side."""
    rows = Table.grid(padding=(0, 4, 0, 0))
    rows.add_column()
    rows.add_column(justify="right")
    rows.add_column(justify="right")
    rows.add_row("", "[bold]Facebook (mimic)[/]", f"[bold]Pillow, quality={result.quality}[/]")
    rows.add_row("bytes", f"{len(result.facebook.data):,}", f"{len(result.pillow):,}")
    score = result.score
    different = round(score.coefficients * (1 - score.coefficients_equal))
    rows.add_row("coefficients that differ", "", f"{different:,} of {score.coefficients:,}")
    rows.add_row(
        "pixels that differ", "", "none" if score.pixels_equal == 1 else f"{100 * (1 - score.pixels_equal):.1f} %"
    )
    rows.add_row("PSNR between the two", "", "equal" if score.psnr_db is None else f"{score.psnr_db:.2f} dB")
    return rows


def timed(work: Callable[[], T], console: Console) -> tuple[T, float, float]:
    """(what `work` gives, seconds of its first run, of its second). Says that the first one compiles, if it does."""
    import understudy

    compiled = any(Path(understudy.__file__).parent.glob("codec/__pycache__/*.nbi"))
    text = "compiling the arithmetic for this machine, once: about half a minute"
    waiting: AbstractContextManager[Any] = nullcontext()
    if not compiled and console.is_terminal:
        waiting = console.status(text)
    elif not compiled:
        console.print(text)
    with waiting:
        start = time.perf_counter()
        work()
        middle = time.perf_counter()
    result = work()
    return result, middle - start, time.perf_counter() - middle


def write(result: Result, folder: Path, picture: Path) -> list[str]:
    """Fills `folder`; what a person should look at."""
    from demo_sheet import sheet

    from understudy.tracing import changes

    trace = folder / "trace"
    trace.mkdir(parents=True, exist_ok=True)
    (folder / "facebook.jpg").write_bytes(result.facebook.data)
    (folder / "pillow.jpg").write_bytes(result.pillow)
    for number, row in enumerate(changes(result.facebook), 1):
        (trace / f"{number:02}-{row.step}.png").write_bytes(row.picture)
        if row.difference is not None:
            (trace / f"{number:02}-{row.step}-difference.png").write_bytes(row.difference)
    with Image.open(io.BytesIO(result.pillow)) as image:
        pillow = np.asarray(image)
    credit = ""
    if picture.parent.name == "photograph":
        from photograph import CREDIT as credit
    sheet(result.sent, result.facebook.pixels(), pillow, result.quality, credit).save(folder / "sheet.png")
    return ["facebook.jpg", "pillow.jpg", "sheet.png", "trace/"]


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), Console(highlight=False)))
