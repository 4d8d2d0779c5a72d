"""Damage of every kind in every format: anomalies or one clear error, bounded in time, safe on a terminal."""

from __future__ import annotations

import json
import random
import struct
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import pytest
from formats_made import inspected, odd, whole_files
from rich.console import Console

from understudy.errors import PictureError, UnderstudyError
from understudy.formats import sniff
from understudy.terminal.page import show

FILES = whole_files()


def answer(data: bytes, page: bool = False) -> None:
    """Inspects and renders; bytes that begin as nothing known may be refused, in one line."""
    try:
        seen = inspected(data)
    except UnderstudyError as error:
        assert isinstance(error, PictureError)
        assert "\n" not in str(error)
        return
    document = seen.to_dict()
    assert json.loads(json.dumps(document, allow_nan=False)) == document
    assert all(s.isprintable() for s in document["verdict"])
    assert all(o.text.isprintable() for o in seen.observations)
    assert len(document["anomalies"]) <= 201
    if page:
        out = StringIO()
        show(seen, "a file", Console(file=out, width=80))
        assert all(len(line) <= 80 for line in out.getvalue().splitlines())
        assert all(c.isprintable() or c == "\n" for c in out.getvalue())


@pytest.mark.parametrize("name", FILES)
def test_whole_files_fit_a_page_and_have_nothing_odd(name: str) -> None:
    answer(FILES[name], page=True)
    assert odd(inspected(FILES[name])) == []


@pytest.mark.parametrize("name", FILES)
def test_prefixes_are_answered(name: str) -> None:
    data = FILES[name]
    ends = {*range(min(len(data), 130)), *range(0, len(data), max(1, len(data) // 60))}
    for end in ends:
        answer(data[:end])


@pytest.mark.parametrize("name", FILES)
def test_wounds_are_answered(name: str) -> None:
    for number in range(60):
        rng = random.Random(f"{name} {number}")
        data = bytearray(FILES[name])
        for _ in range(rng.choice((1, 2, 8, 40))):
            at = rng.randrange(12, min(len(data), rng.choice((60, 300, len(data)))))
            data[at] = rng.choice((0, 1, 2, 127, 128, 254, 255, rng.randrange(256)))
        answer(bytes(data), page=number % 10 == 0)


AVIF = b"\0\0\0\x10ftypavif\0\0\0\0"
RIFF = b"RIFF\xff\xff\xff\x7fWEBP"
GIF = b"GIF89a" + bytes(7)
VP8 = b"VP8 \x20\0\0\0" + b"\xf0\xff\1\x9d\1\x2a\1\0\1\0" + b"\xff" * 22
ILOC = b"\0\x0f\x42\x40meta\0\0\0\0\0\x0f\x42\x34iloc\2\0\0\0\0\0\xff\xff\xff\xff"
CLAIMS = {
    "webp of tiny chunks": RIFF + b"abcd\0\0\0\0" * 200_000,
    "webp of tiny frames": RIFF + (b"ANMF\x10\0\0\0" + bytes(16)) * 80_000,
    "webp of VP8 headers": RIFF + VP8 * 9000,
    "vp8l of many pixels": RIFF + b"VP8L\xff\xff\xff\x7f\x2f\xff\xff\xff\x0f\x01" + b"\xa5" * 300_000,
    "png of tiny chunks": b"\x89PNG\r\n\x1a\n" + b"\0\0\0\0teST\0\0\0\0" * 150_000,
    "gif of tiny images": GIF + b",\0\0\0\0\1\0\1\0\0\2\0" * 150_000,
    "gif of tiny comments": GIF + b"!\xfe\1a\0" * 300_000,
    "gif of rubbish": GIF + b"\1" * 3_000_000,
    "gif of rubbish and marks": GIF + b"\1!" * 1_000_000,
    "gif of one-byte sub-blocks": GIF + b",\0\0\0\0\xff\xff\xff\xff\0\x08" + b"\1\x55" * 1_000_000,
    "boxes in boxes": AVIF + b"".join(struct.pack(">I", 4_000_000 - 8 * i) + b"moov" for i in range(200_000)),
    "tiny boxes": AVIF + b"\0\0\0\x08free" * 300_000,
    "items without end": AVIF + ILOC + b"\0\0\0\1\0\0\xff\xff" * 125_000,
}
"""Small files that ask for much, each at one bound."""


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_are_bounded(name: str) -> None:
    start = time.process_time()
    seen = inspected(CLAIMS[name])
    assert time.process_time() - start < 5
    assert seen.all("anomalies")


def test_nothing_of_a_file_reaches_the_terminal_raw() -> None:
    nasty = b"\x1b]0;owned\x07[bold red]x[/]\xe2\x80\xae"
    from oracles import pillow, scene

    answer(pillow(scene(8, 8), "GIF", comment=nasty), page=True)
    iso = bytearray(FILES["avif"])
    iso[8:12] = b"\x1b[2J"
    iso[16:20] = b"avif"
    answer(bytes(iso), page=True)


@pytest.mark.parametrize(
    ("data", "said"),
    [(b"", "an empty file"), (b"BM" + bytes(50), "a BMP"), (b"II*\0" + bytes(9), "a TIFF"), (b"<svg></svg>", "an SVG"),
     (b"\n <!DOCTYPE html><html>", "an HTML page"), (b"\0\0\0\x18ftypmp42\0\0\0\0", 'of brand "mp42"'),
     (b"RIFF\4\0\0\0WAVE", "a RIFF file that is no WebP"), (b"\1\2\3", "starts with 01 02 03"),
     (b"\xff\x0a\0\0", "a JPEG XL"), (b"P6\n1 1\n255\n", "a PPM")],
)  # fmt: skip
def test_other_bytes_are_refused_by_what_they_look_like(data: bytes, said: str) -> None:
    with pytest.raises(PictureError) as caught:
        inspected(data)
    assert said in str(caught.value)
    assert "expected a JPEG, PNG, GIF, WebP, AVIF or HEIC" in str(caught.value)


def test_formats_are_told_apart() -> None:
    for name, data in FILES.items():
        word = name.split()[0]
        assert sniff(data) == {"apng": "png", "ultra": "jpeg"}.get(word, word)


def test_inspecting_them_loads_nothing_heavy(tmp_path: Path) -> None:
    for name, data in FILES.items():
        (tmp_path / name).write_bytes(data)
    code = (
        "import sys, pathlib, understudy as us\n"
        "for path in pathlib.Path(sys.argv[1]).iterdir(): us.inspect(path.read_bytes()).to_dict()\n"
        "print(*[m for m in ('numpy', 'numba', 'PIL', 'pydantic', 'rich', 'typer', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_the_command_line_takes_them(tmp_path: Path) -> None:
    paths = []
    for name in ("webp", "png", "gif", "avif", "heic"):
        paths.append(tmp_path / f"a.{name}")
        paths[-1].write_bytes(FILES[name])
    command = [sys.executable, "-m", "understudy", "inspect", "--json", *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    documents = json.loads(done.stdout)
    assert [d["format"] for d in documents] == ["webp", "png", "gif", "avif", "heic"]
    assert [(d["frame"]["width"], d["frame"]["height"]) for d in documents] == [(40, 27)] * 5
    assert all(d["schema"] == "understudy-inspection/1" for d in documents)
