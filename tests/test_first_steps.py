"""What a newcomer runs into: the wrong thing given, the wrong place for the result, a name that plays tricks, Ctrl-C.
Each of these went wrong once."""

from __future__ import annotations

import errno
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import pytest
from PIL import Image

import understudy as us
from oracles import pillow, saved, scene
from test_cli import Ran, failed
from understudy._jit import kernel
from understudy.errors import JpegError, PictureError, UnderstudyError
from understudy.files import bytes_of, check_place
from understudy.pairs import Pair
from understudy.profile import load_profile

GENERIC = "generic/libjpeg-turbo"


# --- nothing that is read is written over


@pytest.mark.parametrize("place", ["sent.jpg", "sub/../sent.jpg", "link.jpg", "like.jpg"])
def test_mimic_does_not_write_over_what_it_reads(place: str, tmp_path: Path) -> None:
    saved(pillow(scene(40, 33)), tmp_path, "sent.jpg")
    saved(pillow(scene(9, 9), quality=80), tmp_path, "like.jpg")
    (tmp_path / "sub").mkdir()
    (tmp_path / "link.jpg").symlink_to("sent.jpg")
    before = {p.name: p.read_bytes() for p in tmp_path.glob("*.jpg")}
    arguments = ("mimic", "sent.jpg", "--as", GENERIC, "--like", "like.jpg", "-o", place)
    failed(Ran(*arguments, folder=tmp_path), "would be written over", "not read from")
    assert {p.name: p.read_bytes() for p in tmp_path.glob("*.jpg")} == before
    assert (tmp_path / "link.jpg").is_symlink()


def test_mimic_of_a_folder_onto_itself_writes_nothing(tmp_path: Path) -> None:
    for name, data in {"a.jpg": pillow(scene(40, 33)), "b.png": pillow(scene(40, 33), "PNG")}.items():
        saved(data, tmp_path, name)
    failed(Ran("mimic", "b.png", "a.jpg", "--as", GENERIC, "-o", ".", folder=tmp_path), "a.jpg")
    assert {p.name for p in tmp_path.iterdir()} == {"a.jpg", "b.png"}
    assert (tmp_path / "a.jpg").read_bytes() == pillow(scene(40, 33))


def test_inspect_does_not_write_its_page_over_the_file(tmp_path: Path) -> None:
    path = saved(pillow(scene(40, 33)), tmp_path, "a.html")
    failed(Ran("inspect", path, "--html", path), "would be written over")
    assert path.read_bytes() == pillow(scene(40, 33))


# --- where results go


def test_a_slash_at_the_end_means_a_folder(tmp_path: Path) -> None:
    saved(pillow(scene(40, 33), "PNG"), tmp_path, "sent.png")
    assert Ran("mimic", "sent.png", "--as", GENERIC, "-o", "new/", folder=tmp_path).code == 0
    assert (tmp_path / "new/sent.jpg").read_bytes() == pillow(scene(40, 33))


@pytest.mark.parametrize("place", ["there", "file/mine.toml"])
def test_learn_looks_at_its_output_before_it_searches(place: str, tmp_path: Path) -> None:
    """The pairs do not even exist: it is the place that is told."""
    (tmp_path / "there").mkdir()
    saved(b"", tmp_path, "file")
    failed(Ran("learn", "no-pairs", "-o", place, folder=tmp_path), place)
    failed(Ran("learn", "no-pairs", "--report", place, folder=tmp_path), place)
    assert {p.name for p in tmp_path.iterdir()} == {"there", "file"}


def test_survey_looks_at_its_output_before_it_reads(tmp_path: Path) -> None:
    """It read everything, and ended in a traceback."""
    (tmp_path / "corpus").mkdir()
    saved(pillow(scene(9, 9)), tmp_path / "corpus")
    saved(b"", tmp_path, "file")
    failed(Ran("survey", "corpus", "-o", "file/x.parquet", "--jobs", "1", folder=tmp_path), "file/x.parquet")


def test_a_full_disk_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("understudy.cli.pictures.print_json", full)
    path = saved(pillow(scene(9, 9)), tmp_path, "a.jpg")
    failed(Ran("inspect", path, "--json"), "No space left on device")


def test_compiling_is_told_to_who_listens(caplog: pytest.LogCaptureFixture) -> None:
    """The command line says so on a terminal; its very first run takes half a minute."""

    named: dict[str, Any] = {}
    exec("def one_more(n):\n    return n + 1", named)  # of no file, so that no earlier run has left it compiled
    one_more = kernel(named["one_more"])
    with caplog.at_level(logging.INFO, "understudy.compiling"):
        assert one_more(1) == one_more(1) == 2
    assert len(caplog.records) == 1
    assert "one_more" in caplog.text


def test_check_place_leaves_nothing(tmp_path: Path) -> None:
    saved(b"as it was", tmp_path, "file")
    check_place(tmp_path / "file")
    check_place(tmp_path / "new" / "file")
    assert (tmp_path / "file").read_bytes() == b"as it was"
    assert not list((tmp_path / "new").iterdir())


# --- what is told


def test_names_cannot_act_on_a_terminal(tmp_path: Path) -> None:
    name = "new\nline\x1b[31m.png"
    saved(pillow(scene(9, 9), "PNG"), tmp_path, name)
    ran = Ran("mimic", name, "--as", GENERIC, "-o", "out.jpg", folder=tmp_path)
    assert ran.code == 0
    assert ran.err.splitlines() == [ran.err.rstrip("\n")]
    assert r"new\x0aline\x1b[31m.png" in ran.err
    saved(b"nothing", tmp_path, name)
    ran = Ran("mimic", name, "--as", GENERIC, "-o", "out.jpg", folder=tmp_path)
    assert ran.code == 1
    assert "\x1b" not in ran.err


def test_a_folder_in_place_of_a_picture_is_told_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    for command in (("mimic", "pictures", "--as", GENERIC, "-o", "out"), ("inspect", "pictures")):
        failed(Ran(*command, folder=tmp_path), "a folder", "give its files: pictures/*")


def test_an_interrupt_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """typer would end without a word, as after a success."""
    path = saved(pillow(scene(9, 9)), tmp_path, "a.jpg")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("understudy.cli.pictures.read_file", interrupted)
    ran = Ran("inspect", path)
    assert (ran.code, ran.out) == (130, "")
    assert ran.err == "understudy: interrupted; files that were finished are whole\n"


def test_help_names_every_command_without_cutting_its_sentence() -> None:
    page = Ran("--help").out + Ran("profiles", "--help").out
    assert "..." not in page.replace("[ARGS]...", "")


@pytest.mark.parametrize("module", ["torch", "starlette"])
def test_what_is_not_installed_is_told_with_the_remedy(module: str, tmp_path: Path) -> None:
    saved(f"raise ModuleNotFoundError('No module named {module}', name='{module}')".encode(), tmp_path, f"{module}.py")
    program = {
        "torch": "import understudy; understudy.Channel",
        "starlette": "import sys; sys.argv = ['understudy', 'serve', '--emulate', 'facebook']; "
        "from understudy.cli import main; main()",
    }[module]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r}); {program}"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    told = done.stderr.splitlines()
    if module == "torch":
        assert told[-1].endswith("understudy.Channel needs PyTorch: pip install torch, or the extra `torch`")
    else:
        assert told == ["understudy: serve: starlette is not installed; pip install 'understudy[web]'"]


# --- what Python is given


def test_paths_are_taken_where_bytes_are(tmp_path: Path) -> None:
    data = us.mimic(scene(40, 33), "facebook/classic-2014", quality=77).data
    path = saved(data, tmp_path, "delivered.jpg")
    for given in (data, bytearray(data), memoryview(data), path, str(path)):
        assert us.inspect(given).to_dict() == us.inspect(data).to_dict()
        assert us.rewrite(given, "facebook/classic-2014").identical
        assert us.mimic(scene(40, 33), "facebook/classic-2014", like=given).data == data
        assert us.verify("facebook/classic-2014", [(scene(40, 33), given)]).bytes_identical == 1
    for refused in (scene(8, 8), None, 3, Image.new("RGB", (8, 8))):
        with pytest.raises(PictureError, match="expected a file's bytes, or its path"):
            us.inspect(refused)  # type: ignore[arg-type]
    for missing in (tmp_path / "none.jpg", str(tmp_path / "none.jpg")):
        with pytest.raises(PictureError, match=r"none\.jpg: No such file"):
            us.inspect(missing)
    with pytest.raises(PictureError, match="null byte"):
        bytes_of("a\0b")
    with pytest.raises(JpegError, match="like"):
        us.mimic(scene(8, 8), "facebook/classic-2014", like=b"no JPEG")


@pytest.mark.parametrize(
    ("array", "remedy"),
    [
        (np.zeros((8, 8, 3)), r"\(255 \* x\)"), (np.zeros((8, 8, 3), np.int64), "convert it to uint8"),
        (np.zeros((3, 8, 8), np.uint8), "transpose"), (np.zeros((2, 8, 8, 3), np.uint8), "one picture at a time"),
        (np.zeros((0, 8, 3), np.uint8), r"expected uint8 \[H, W\], or \[H, W, 1 to 4\]$"),
    ],
)  # fmt: skip
def test_other_arrays_are_told_how_they_become_pictures(array: np.ndarray, remedy: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(PictureError, match=remedy):
        us.mimic(array, GENERIC)


def test_an_orientation_that_a_pillow_image_bears_is_told_of(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / "turned.png"
    Image.fromarray(scene(40, 33)).save(path, exif=exif)
    with Image.open(path) as image:
        made = us.mimic(image, GENERIC)
    assert made.data == us.mimic(scene(40, 33), GENERIC).data
    assert [note for note in made.notes if "orientation is not applied" in note]
    assert not us.mimic(Image.fromarray(scene(40, 33)), GENERIC).notes


def test_results_print_as_a_line() -> None:
    """As a dataclass each would print all its bytes."""
    made = us.mimic(scene(40, 33), "facebook/classic-2014")
    assert repr(made) == f"Delivery({len(made.data):,} bytes, as facebook/classic-2014 delivers)"
    assert repr(us.inspect(made.data)).startswith("Inspection(jpeg: Marked as delivered by Meta")
    assert repr(us.rewrite(made.data, "facebook/classic-2014")).endswith("as facebook/classic-2014 writes: identical)")


# --- damaged pictures


def test_a_png_without_pixels_is_called_a_png(tmp_path: Path) -> None:
    data = pillow(scene(9, 9), "PNG")
    head = b"IHDR" + bytes(8) + data[24:29]
    for damaged in (data[:16] + bytes(8) + data[24:], data[:12] + head + crc32(head).to_bytes(4, "big") + data[33:]):
        with pytest.raises(PictureError, match="a PNG whose header cannot be read; expected an undamaged file"):
            us.mimic(damaged, GENERIC)
    with pytest.raises(PictureError, match="an empty file; expected JPEG, PNG"):
        us.mimic(b"", GENERIC)


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "TIFF", "PNG"])
def test_of_several_pictures_in_a_file_the_first_is_taken_and_that_is_told(kind: str, tmp_path: Path) -> None:
    first, second = (Image.fromarray(scene(40, 33, seed=i)) for i in (1, 2))
    path = tmp_path / f"a.{kind.lower()}"
    first.save(path, kind, save_all=True, append_images=[second])
    made = us.mimic(path, GENERIC)
    assert made.notes == (f"the {kind} holds several pictures: the first is taken",)
    first.save(path, kind)
    assert not us.mimic(path, GENERIC).notes


def test_verify_counts_what_could_not_be_compared(tmp_path: Path) -> None:
    """Two of three failed, and the sum still read 100 % of coefficients."""
    sent, bad = saved(pillow(scene(40, 33), "PNG"), tmp_path, "sent.png"), saved(b"bad", tmp_path, "bad.png")
    received = saved(us.mimic(sent, GENERIC).data, tmp_path, "received.jpg")
    scores = us.verify(GENERIC, [Pair(sent, received), Pair(sent, bad), Pair(bad, received)])
    assert (scores.pairs, scores.failed, scores.bytes_identical) == (3, 2, 1)
    assert scores.coefficients_equal == 0.5
    assert scores.to_dict()["failed"] == 2
    assert scores.per_pair[1].error.startswith("received: starts with 62")
    assert scores.per_pair[2].error.startswith("sent: picture: starts with 62")
    with pytest.raises(UnderstudyError, match="given or predicted"):
        us.verify(GENERIC, [Pair(sent, received)], free="both")  # type: ignore[arg-type]


def test_a_profile_that_cannot_be_read_is_told_once(tmp_path: Path) -> None:
    with pytest.raises(UnderstudyError, match=r"mine\.toml: No such file or directory; expected a readable TOML file$"):
        load_profile(tmp_path / "mine.toml")
