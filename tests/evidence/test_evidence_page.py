"""The terminal page: safe, within 80 columns, and the verdict first; and that inspect starts lean."""

from __future__ import annotations

import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from hand_built import (
    app,
    comment,
    desc,
    fbmd_note,
    fbmd_segment,
    icc_profile,
    icc_segment,
    photoshop,
    picture,
    record,
    resource,
    seen,
)
from rich.console import Console

from shared_folder import real_files
from understudy.evidence import detectors
from understudy.inspection import Inspection, inspect
from understudy.terminal.page import show

NASTY = "[bold red]x[/] [link=http://e.x]y[/link] \x1b]0;owned\x07\x1b[2J\u202e\r\n\x9b".encode()
HEAVY = {"numpy", "numba", "PIL", "pydantic", "torch", "typer"}


def drawn(inspection: Inspection, name: str = "", color: bool = False) -> str:
    out = StringIO()
    show(inspection, name, Console(file=out, width=80, color_system="truecolor" if color else None))
    return out.getvalue()


def test_a_file_cannot_inject_escapes_or_markup() -> None:
    inspection = seen(
        comment(NASTY),
        icc_segment(icc_profile((b"desc", desc(NASTY)))),
        photoshop(resource(record(NASTY, 103) + record(NASTY, 40))),
        app(5, NASTY),
        app(6, b"[bold]id[/]\0"),
    )
    page = drawn(inspection, name="\x1b[31mname[red].jpg")
    assert all(c.isprintable() or c == "\n" for c in page)
    assert "[bold red]" in page and "[bold]id[/]" in page and "name[red].jpg" in page
    assert "\x1b]0;" not in drawn(inspection, color=True)


def test_the_page_fits_80_columns_and_starts_with_the_verdict() -> None:
    page = drawn(seen(fbmd_segment(fbmd_note("01", [1, 2])), comment(b"w" * 500)), "a.jpg")
    lines = page.splitlines()
    assert max(map(len, lines)) <= 80
    assert "a.jpg" in lines[0] and "Changed since Meta delivered its forerunner" in lines[1]
    plain = drawn(seen(), "a.jpg").splitlines()
    assert "a.jpg" in plain[0] and "Baseline JPEG, 8 x 8, grey, 1 scan" in plain[1]
    assert "a stale note" in page


@pytest.mark.shared
@pytest.mark.parametrize("path", real_files() or [Path("missing")], ids=lambda p: f"{p.parent.name}/{p.name}")
def test_real_files_fit_80_columns(path: Path) -> None:
    page = drawn(inspect(path.read_bytes()), path.name)
    assert max(map(len, page.splitlines())) <= 80
    assert all(c.isprintable() or c == "\n" for c in page)


def test_every_module_of_the_package_is_a_detector_or_says_so() -> None:
    """A detector is found by being there: what is none begins with an underscore, or is `base`."""
    folder = Path(sys.modules["understudy.evidence"].__file__ or "").parent
    files = {p.stem for p in folder.glob("*.py") if not p.stem.startswith("_")} - {"base"}
    assert {m.__name__.rpartition(".")[2] for m in detectors()} == files


def test_inspect_imports_nothing_heavy(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(picture())
    code = (
        "import sys, pathlib, understudy.inspection as i; from understudy.terminal.page import show;"
        f"show(i.inspect(pathlib.Path({str(tmp_path / 'a.jpg')!r}).read_bytes()));"
        "print(sorted(m for m in sys.modules if '.' not in m), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert not HEAVY & set(eval(done.stderr))
    assert "rich" in done.stderr
