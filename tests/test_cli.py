"""The command line as a person or a script meets it: files, exit codes, what is printed where."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
import unittest.mock
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import understudy as us
from oracles import cjpeg, pillow, saved, scene
from understudy.cli import main
from understudy.errors import UnderstudyError
from understudy.files import read_file, write_file
from understudy.profile import loads, shipped_profiles


class Ran:
    """One run of `understudy`: in this process, which is quick, or in one of its own."""

    def __init__(self, *arguments: str | Path, folder: Path | None = None, alone: bool = False) -> None:
        words = [str(a) for a in arguments]
        if alone:
            command = [sys.executable, "-m", "understudy", *words]
            done = subprocess.run(command, cwd=folder, capture_output=True, timeout=120, check=False)
            self.code, self.out, self.err = done.returncode, done.stdout.decode(), done.stderr.decode()
            return
        out, err = io.StringIO(), io.StringIO()
        self.code = 0
        with (
            contextlib.chdir(folder or Path.cwd()),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
            unittest.mock.patch.object(sys, "argv", ["understudy", *words]),
        ):
            try:
                main()
            except SystemExit as stop:
                self.code = int(stop.code or 0)
        self.out, self.err = out.getvalue(), err.getvalue()


def failed(ran: Ran, *words: str, lines: int = 1) -> None:
    """Exit code 1, nothing on standard output, `lines` lines on standard error, with these words."""
    assert ran.code == 1, ran.err
    assert ran.out == ""
    told = ran.err.splitlines()
    assert len(told) == lines, ran.err
    assert all(line.startswith("understudy: ") for line in told[:lines])
    for word in words:
        assert word in ran.err


@pytest.fixture
def sent(tmp_path: Path) -> Path:
    return saved(pillow(scene(40, 33), "PNG"), tmp_path, "sent.png")


# --- mimic


def test_mimic_writes_the_delivery_and_says_so_on_standard_error(sent: Path, tmp_path: Path) -> None:
    ran = Ran(
        "mimic", sent, "--as", "generic", "-o", tmp_path / "out.jpg", "--set", "quality=90", "--set", "sampling=4:4:4"
    )
    assert (ran.code, ran.out) == (0, "")
    expected = pillow(scene(40, 33), quality=90, subsampling=0)
    assert (tmp_path / "out.jpg").read_bytes() == expected
    assert f"{len(expected):,} bytes, as generic/libjpeg-turbo delivers sent.png" in ran.err


def test_like_and_set(sent: Path, tmp_path: Path) -> None:
    like = saved(cjpeg(scene(9, 9), "-quality", "37"), tmp_path, "like.jpg")
    assert Ran("mimic", sent, "--as", "generic", "--like", like, "-o", tmp_path / "a.jpg").code == 0
    assert (tmp_path / "a.jpg").read_bytes() == pillow(scene(40, 33), quality=37)
    assert (
        Ran("mimic", sent, "--as", "generic", "--like", like, "--set", "quality=38", "-o", tmp_path / "b.jpg").code == 0
    )
    assert (tmp_path / "b.jpg").read_bytes() == pillow(scene(40, 33), quality=38)


def test_several_pictures_go_to_a_folder(tmp_path: Path) -> None:
    pictures = [saved(pillow(scene(20 + i, 9), "PNG"), tmp_path, f"p{i}.png") for i in range(5)]
    ran = Ran("mimic", *pictures, "--as", "generic", "-o", tmp_path / "new" / "out", "--jobs", "2")
    assert ran.code == 0
    assert "5 of 5 pictures delivered" in ran.err
    for i in range(5):
        assert (tmp_path / "new/out" / f"p{i}.jpg").read_bytes() == pillow(scene(20 + i, 9))
    assert {p.name for p in (tmp_path / "new/out").iterdir()} == {f"p{i}.jpg" for i in range(5)}


def test_one_picture_to_an_existing_folder(sent: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    assert Ran("mimic", sent, "--as", "generic", "-o", tmp_path / "out").code == 0
    assert (tmp_path / "out/sent.jpg").read_bytes() == pillow(scene(40, 33))


def test_an_unreadable_picture_does_not_stop_the_others(tmp_path: Path) -> None:
    bad = [
        saved(b"hello", tmp_path, "bad.png"),
        tmp_path / "missing.png",
        saved(pillow(scene(40, 40))[:700], tmp_path, "cut.jpg"),
    ]
    good = [saved(pillow(scene(20 + i, 9), "PNG"), tmp_path, f"p{i}.png") for i in range(2)]
    ran = Ran("mimic", good[0], *bad, good[1], "--as", "generic", "-o", tmp_path / "out")
    assert ran.code == 1
    assert "2 of 5 pictures delivered" in ran.err
    assert {p.name for p in (tmp_path / "out").iterdir()} == {"p0.jpg", "p1.jpg"}
    lines = [line for line in ran.err.splitlines() if line.startswith("understudy: ")]
    assert len(lines) == 3
    assert [Path(line.split()[1].rstrip(":")).name for line in lines] == ["bad.png", "missing.png", "cut.jpg"]


def test_two_pictures_of_one_name_are_refused_before_anything_is_written(tmp_path: Path) -> None:
    a, b = saved(pillow(scene(9, 9), "PNG"), tmp_path, "a.png"), saved(pillow(scene(9, 9), "BMP"), tmp_path, "a.bmp")
    failed(Ran("mimic", a, b, "--as", "generic", "-o", tmp_path / "out"), "both become a.jpg", "a.png", "a.bmp")
    assert not (tmp_path / "out").exists()
    failed(Ran("mimic", a, b, "--as", "generic", "-o", a), "expected a folder for several pictures")


def test_trace_writes_every_stage(tmp_path: Path) -> None:
    picture = saved(pillow(scene(40, 33, 4), "PNG"), tmp_path, "in.png")
    ran = Ran("mimic", picture, "--as", "facebook", "-o", tmp_path / "out.jpg", "--trace", tmp_path / "trace")
    assert ran.code == 0
    files = sorted(p.name for p in (tmp_path / "trace").iterdir())
    assert [f for f in files if "difference" not in f] == [
        "01-decode.png", "02-orient.png", "03-color.png", "04-flatten.png", "05-encode.png", "06-delivered.jpg"
    ]  # fmt: skip
    first = np.asarray(Image.open(tmp_path / "trace/01-decode.png"))
    np.testing.assert_array_equal(first, scene(40, 33, 4))
    delivered = np.asarray(Image.open(tmp_path / "out.jpg"))
    np.testing.assert_array_equal(np.asarray(Image.open(tmp_path / "trace/05-encode.png")), delivered)
    flat = np.asarray(Image.open(tmp_path / "trace/04-flatten.png")).astype(int)
    shown = np.asarray(Image.open(tmp_path / "trace/05-encode-difference.png"))
    np.testing.assert_array_equal(shown, np.clip(128 + 8 * (delivered.astype(int) - flat), 0, 255))
    assert (tmp_path / "trace/06-delivered.jpg").read_bytes() == (tmp_path / "out.jpg").read_bytes()


def test_trace_of_several_goes_to_folders(tmp_path: Path) -> None:
    pictures = [saved(pillow(scene(20 + i, 9), "PNG"), tmp_path, f"p{i}.png") for i in range(2)]
    assert Ran("mimic", *pictures, "--as", "generic", "-o", tmp_path / "out", "--trace", tmp_path / "t").code == 0
    assert {p.name for p in (tmp_path / "t").iterdir()} == {"p0", "p1"}


def test_a_note_is_told(tmp_path: Path) -> None:
    picture = saved(cjpeg(scene(9, 9), "-arithmetic"), tmp_path, "a.jpg")
    ran = Ran("mimic", picture, "--as", "generic", "-o", tmp_path / "out.jpg")
    assert ran.code == 0
    assert "note: a.jpg: decoded by Pillow" in ran.err


FAULTS = {
    "a profile that nobody knows": (["sent.png", "--as", "nobody"], ["'nobody'", "facebook/classic-2014"]),
    "a parameter that nobody knows": (["sent.png", "--as", "generic", "--set", "a.b=1"], ["no parameter 'a.b'"]),
    "a value that does not fit": (
        ["sent.png", "--as", "generic", "--set", "quality=abc"],
        ["encode: quality", "'abc'"],
    ),
    "an ambiguous name": (["sent.png", "--as", "facebook", "--set", "icc=keep"], ["color.icc or envelope.icc"]),
    "no such picture": (["none.png", "--as", "generic"], ["none.png: No such file"]),
    "a folder for a picture": ([".", "--as", "generic"], ["a folder", "give its files"]),
    "like no such file": (
        ["sent.png", "--as", "generic", "--like", "none.jpg"],
        ["--like", "none.jpg", "No such file"],
    ),
    "like no JPEG": (["sent.png", "--as", "generic", "--like", "sent.png"], ["--like", "sent.png", "expected ff d8"]),
    "an unknown profile with like": (["sent.png", "--as", "nobody", "--like", "sent.png"], ["profile: 'nobody'"]),
}


@pytest.mark.parametrize("name", FAULTS)
def test_the_inputs_fault_is_exit_code_1_and_one_line(name: str, sent: Path, tmp_path: Path) -> None:
    arguments, words = FAULTS[name]
    failed(Ran("mimic", *arguments, "-o", "out.jpg", folder=tmp_path), *words)
    assert [p.name for p in tmp_path.iterdir()] == ["sent.png"]


USAGE = {
    "no command": ["nothing"],
    "no output": ["mimic", "sent.png", "--as", "generic"],
    "no profile": ["mimic", "sent.png", "-o", "x.jpg"],
    "no file": ["inspect"],
    "set without a value": ["mimic", "sent.png", "--as", "generic", "-o", "x.jpg", "--set", "quality"],
    "an unknown option": ["inspect", "--bogus", "x"],
    "free what": ["verify", "generic", ".", "--free", "maybe"],
}


@pytest.mark.parametrize("name", USAGE)
def test_wrong_usage_is_exit_code_2(name: str, sent: Path, tmp_path: Path) -> None:
    ran = Ran(*USAGE[name], folder=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert "Usage:" in ran.err


def test_in_a_process_of_its_own(sent: Path, tmp_path: Path) -> None:
    """What the other tests ask within this process, once as it is installed: codes and streams."""
    ran = Ran("mimic", sent, "--as", "generic", "-o", tmp_path / "out.jpg", alone=True)
    assert (ran.code, ran.out) == (0, "")
    assert (tmp_path / "out.jpg").read_bytes() == pillow(scene(40, 33))
    failed(Ran("mimic", sent, "--as", "nobody", "-o", "x.jpg", folder=tmp_path, alone=True), "'nobody'")
    assert Ran("mimic", alone=True).code == 2
    assert json.loads(Ran("inspect", tmp_path / "out.jpg", "--json", alone=True).out)["format"] == "jpeg"


def test_help_and_version() -> None:
    assert Ran("--version").out == f"understudy {us.__version__}\n"
    for command in ("inspect", "mimic", "verify", "profiles"):
        ran = Ran(command, "--help")
        assert ran.code == 0
        assert "Usage:" in ran.out


# --- inspect, verify, profiles


def test_inspect_json_is_one_document(tmp_path: Path) -> None:
    one = saved(cjpeg(scene(40, 33), "-quality", "85", "-progressive"), tmp_path, "one.jpg")
    two = saved(pillow(scene(9, 9, 1)), tmp_path, "two.jpg")
    ran = Ran("inspect", one, "--json")
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out)
    assert document["file"] == str(one)
    assert {(t["law"], t["quality"], t["exact"]) for t in document["tables"]} == {("annex-k", 85, True)}
    both = json.loads(Ran("inspect", one, two, "--json").out)
    assert [d["file"] for d in both] == [str(one), str(two)]


def test_inspect_goes_on_after_a_bad_file(tmp_path: Path) -> None:
    good, bad = saved(pillow(scene(9, 9)), tmp_path, "good.jpg"), saved(b"hello", tmp_path, "bad.jpg")
    ran = Ran("inspect", bad, good, "--json")
    assert ran.code == 1
    assert [d["file"] for d in json.loads(ran.out)] == [str(good)]
    assert ran.err.splitlines() == [line for line in ran.err.splitlines() if line.startswith(f"understudy: {bad}: ")]
    assert len(ran.err.splitlines()) == 1
    failed(Ran("inspect", bad, "--json"), "bad.jpg", "expected a JPEG, PNG, GIF")


def test_inspect_reads_coefficients_if_it_is_asked_to(tmp_path: Path) -> None:
    one = saved(cjpeg(scene(40, 33), "-quality", "85"), tmp_path, "one.jpg")
    assert json.loads(Ran("inspect", one, "--json").out).get("huffman_bits") is None
    deep = json.loads(Ran("inspect", one, "--json", "--deep").out)
    assert deep["huffman_bits"]["kind"] == "standard"
    assert deep["coefficients"]["readable"] is True


def test_inspect_prints_a_page(tmp_path: Path) -> None:
    ran = Ran("inspect", saved(cjpeg(scene(40, 33), "-quality", "85"), tmp_path, "one.jpg"))
    assert (ran.code, ran.err) == (0, "")
    assert "one.jpg" in ran.out
    assert "85" in ran.out


def pairs(folder: Path, broken: bool = False) -> Path:
    for kind in ("sent", "received"):
        (folder / kind).mkdir()
    for i in range(3):
        saved(pillow(scene(20 + i, 9), "PNG"), folder / "sent", f"p{i}.png")
        saved(pillow(scene(20 + i, 9), quality=60 + i), folder / "received", f"p{i}.jpg")
    if broken:
        saved(b"hello", folder / "received", "p1.jpg")
    return folder


def test_verify(tmp_path: Path) -> None:
    ran = Ran("verify", "generic", pairs(tmp_path), "--json")
    assert (ran.code, ran.err) == (0, "")
    document = json.loads(ran.out)
    assert (document["profile"], document["free"]) == ("generic/libjpeg-turbo", "given")
    assert (document["pairs"], document["bytes_identical"], document["headers_equal"]) == (3, 3, 3)
    assert document["coefficients_equal"] == 1.0
    assert [p["name"] for p in document["per_pair"]] == ["p0", "p1", "p2"]
    assert set(document) >= {"psnr_db", "size_ratio"}
    predicted = json.loads(
        Ran("verify", "generic", tmp_path, "--free", "predicted", "--set", "quality=61", "--json").out
    )
    assert (predicted["free"], predicted["bytes_identical"]) == ("predicted", 1)
    page = Ran("verify", "generic", tmp_path)
    assert page.code == 0
    assert "3" in page.out


def test_verify_tells_a_bad_pair_and_scores_the_others(tmp_path: Path) -> None:
    ran = Ran("verify", "generic", pairs(tmp_path, broken=True), "--json")
    assert ran.code == 1
    document = json.loads(ran.out)
    assert (document["pairs"], document["bytes_identical"]) == (3, 2)
    assert ran.err.startswith("understudy: p1: ")
    assert len(ran.err.splitlines()) == 1
    failed(Ran("verify", "generic", tmp_path / "nowhere"), "nowhere: not found")


def test_profiles() -> None:
    listed = json.loads(Ran("profiles", "list", "--json").out)
    assert [p["name"] for p in listed] == list(shipped_profiles())
    assert all(name in Ran("profiles", "list").out for name in shipped_profiles())
    shown = Ran("profiles", "show", "facebook", "--toml").out
    assert loads(shown) == us.load_profile("facebook")
    assert us.load_profile("facebook").name in Ran("profiles", "show", "facebook").out
    failed(Ran("profiles", "show", "nobody"), "'nobody'")


# --- files are whole or not there


def test_write_file_replaces_and_creates(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "c.jpg"
    write_file(path, b"one")
    write_file(path, b"two")
    assert path.read_bytes() == b"two"
    assert [p.name for p in path.parent.iterdir()] == ["c.jpg"]


def test_write_file_into_what_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(UnderstudyError) as caught:
        write_file(tmp_path / "file" / "out.jpg", b"data")
    assert "file/out.jpg" in str(caught.value)
    (tmp_path / "folder.jpg").mkdir()
    with pytest.raises(UnderstudyError):
        write_file(tmp_path / "folder.jpg", b"data")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder.jpg"]
    with pytest.raises(UnderstudyError, match="No such file"):
        read_file(tmp_path / "none")


def test_the_umask_is_obeyed_and_never_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process has one umask: reading it by setting it would let two threads lose it, for good."""

    def touched(mask: int) -> int:
        raise AssertionError(f"umask({mask:o})")

    previous = os.umask(0o027)
    try:
        with monkeypatch.context() as patch:
            patch.setattr(os, "umask", touched)
            write_file(tmp_path / "out.jpg", b"x")
    finally:
        os.umask(previous)
    assert (tmp_path / "out.jpg").stat().st_mode & 0o777 == 0o640


KILLED = """
import sys, os
from pathlib import Path
from understudy.files import write_file
path = Path(sys.argv[1])
print("ready", flush=True)
while True:
    write_file(path, bytes([os.urandom(1)[0]]) * 3_000_000)
"""


def test_a_file_is_whole_however_the_writer_dies(tmp_path: Path) -> None:
    """SIGKILL at 12 arbitrary moments: what has the name is one whole write."""
    path = tmp_path / "out.jpg"
    for i in range(12):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(path)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        time.sleep(0.02 + i * 0.007)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        if path.exists():
            data = path.read_bytes()
            assert len(data) == 3_000_000
            assert len(set(data)) == 1
    assert path.exists()


def test_interrupting_leaves_only_whole_files(tmp_path: Path) -> None:
    pictures = [saved(pillow(scene(400, 300, seed=i), "PNG"), tmp_path, f"p{i:02}.png") for i in range(40)]
    out = tmp_path / "out"
    process = subprocess.Popen(
        [sys.executable, "-m", "understudy", "mimic", *map(str, pictures), "--as", "facebook", "-o", str(out)],
        stderr=subprocess.PIPE,
    )
    until = time.monotonic() + 60
    while (
        process.poll() is None
        and time.monotonic() < until
        and not (out.is_dir() and any(p.suffix == ".jpg" for p in out.iterdir()))
    ):
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert "Traceback" not in err.decode()
    assert process.returncode in (0, 1, 130)
    assert not [p for p in out.iterdir() if p.suffix == ".tmp"]
    for path in out.glob("*.jpg"):
        Image.open(io.BytesIO(path.read_bytes())).load()
