"""A zip of pairs: every layout that is promised; bombs, lies, names that lead elsewhere, damage at every byte."""

from __future__ import annotations

import io
import struct
import zipfile
from pathlib import Path

import pytest
from visitors import files_below, jpeg, zipped

from understudy.errors import LimitError, PairsError, UnderstudyError
from understudy.web import archive
from understudy.web.archive import content, members
from understudy.web.limits import MIB, Limits
from understudy.web.tasks import _gathered

LIMITS = Limits(file=50_000, files=10, unpacked=100_000, directory=4_000)
A, B = jpeg(16, 16), jpeg(24, 16)


def found(data: bytes, folder: Path, limits: Limits = LIMITS) -> list[tuple[str, str, int | None]]:
    """(side, name, pair) of each member, all of them read."""
    path = folder / "a.zip"
    path.write_bytes(data)
    opened, listed = members(path, limits)
    with opened:
        for member in listed:
            content(opened, member.info, limits)
    return [(m.side, m.name, m.pair) for m in listed]


def refused(data: bytes, folder: Path, kind: type[UnderstudyError], said: str, limits: Limits = LIMITS) -> None:
    with pytest.raises(kind, match=said) as error:
        found(data, folder, limits)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("top", ["", "my pairs/", "a/b/c/", "Sent pictures/"])
def test_two_folders(tmp_path: Path, top: str) -> None:
    files = {
        f"{top}sent/x.png": A,
        f"{top}received/x.jpg": B,
        f"{top}received/sub/y.jpg": B,
        f"{top}notes.txt": b"hello",
    }
    assert found(zipped(files), tmp_path) == [
        ("received", "y.jpg", None),
        ("received", "x.jpg", None),
        ("sent", "x.png", None),
    ]


def test_capitals_and_windows_separators(tmp_path: Path) -> None:
    assert found(zipped({"SENT\\x.png": A, "Received\\x.jpg": B}), tmp_path) == [
        ("received", "x.jpg", None),
        ("sent", "x.png", None),
    ]


def test_a_folder_a_pair(tmp_path: Path) -> None:
    files = {"dog/sent.png": A, "dog/received.jpg": B, "cat/sent.tif": A, "cat/received.jpg": B}
    assert set(found(zipped(files), tmp_path)) == {
        ("sent", "dog.png", None), ("received", "dog.jpg", None),
        ("sent", "cat.tif", None), ("received", "cat.jpg", None),
    }  # fmt: skip


def test_what_systems_add_is_left_out(tmp_path: Path) -> None:
    files = {"sent/x.png": A, "received/x.jpg": B, "__MACOSX/sent/._x.png": A, "sent/.DS_Store": A, ".git/sent/y": A}
    assert len(found(zipped(files), tmp_path)) == 2


def test_a_table_says_what_belongs_together(tmp_path: Path) -> None:
    table = "\ufeffsent,received,note\na.png,out/1.jpg,x\n./b.png,../p/out/2.jpg,\n".encode()
    files = {"p/pairs.csv": table, "p/a.png": A, "p/b.png": A, "p/out/1.jpg": B, "p/out/2.jpg": B}
    assert found(zipped(files), tmp_path) == [
        ("sent", "a.png", 0), ("received", "1.jpg", 0), ("sent", "b.png", 1), ("received", "2.jpg", 1),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../../../../etc/passwd", "..", "", "nothing.png", "C:\\a.png", "a.png\0"]
)
def test_a_table_reaches_no_file_but_the_archives(tmp_path: Path, path: str) -> None:
    table = f"sent,received\n{path},b.jpg\n".encode()
    refused(zipped({"pairs.csv": table, "b.jpg": B, "a.png": A}), tmp_path, PairsError, "not in the zip|a.png")


def test_tables_that_are_none(tmp_path: Path) -> None:
    for table, said in (
        (b"a,b\n1,2\n", "columns"),
        (b"\xff\xfe\0", "UTF-8"),
        (b"", "columns"),
        (b"sent,received\n", "no pairs"),
    ):
        refused(zipped({"pairs.csv": table, "a.png": A}), tmp_path, PairsError, said)
    rows = b"sent,received\n" + b"a.png,a.png\n" * 11
    refused(zipped({"pairs.csv": rows, "a.png": A}), tmp_path, LimitError, "11 rows")


def test_names_that_lead_elsewhere_are_only_names(tmp_path: Path) -> None:
    """Unpacked by the task itself: nothing but numbered files in the job's own folder."""
    files = {"../../sent/../../evil.png": A, "/received/evil.jpg": B, "sent/..": A, "sent/C:\\x.png": A}
    folder = tmp_path / "inner" / "job"
    folder.mkdir(parents=True)
    (folder / "upload-1").write_bytes(zipped(files))
    task = {"archive": str(folder / "upload-1")}
    gathered = _gathered(task, folder, LIMITS)
    assert files_below(tmp_path) == [
        f"inner/job/{n}" for n in ("unpacked/0", "unpacked/1", "unpacked/2", "unpacked/3", "upload-1")
    ]
    assert [p.sent.name for p in gathered.pairs] == ["evil.png"]


# --- bombs


def test_more_than_is_allowed_as_declared(tmp_path: Path) -> None:
    refused(zipped({"sent/a": bytes(60_000)}), tmp_path, LimitError, "58.6 kB unpacked")
    refused(zipped({f"sent/{i}": bytes(40_000) for i in range(3)}), tmp_path, LimitError, "117 kB unpacked")
    refused(zipped({f"sent/{i}": b"" for i in range(11)}), tmp_path, LimitError, "11 files")
    refused(zipped({f"sent/{i}{'x' * 500}": b"" for i in range(10)}), tmp_path, LimitError, "list of files")


def test_files_that_are_packed_as_no_picture_is(tmp_path: Path) -> None:
    large = Limits(file=40 * MIB, unpacked=80 * MIB)
    bomb = zipped({f"sent/{i}": bytes(10 * MIB) for i in range(3)})
    assert len(bomb) < 50_000
    refused(bomb, tmp_path, LimitError, "30 MB in 30", large)


def test_more_comes_out_than_was_declared(tmp_path: Path) -> None:
    """The sizes in both headers say 10; a reader that trusts them would be given 40,000 bytes."""
    data = bytearray(zipped({"sent/a": bytes(40_000), "received/a": B}))
    for mark, at in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        start = data.index(mark)
        data[start + at : start + at + 4] = struct.pack("<I", 10)
    refused(bytes(data), tmp_path, UnderstudyError, "CRC|declares")


def test_entries_that_share_their_bytes_count_each(tmp_path: Path) -> None:
    """Many entries of the list point at one member, so that a small archive unpacks to much."""
    base = zipped({"sent/a": bytes(30_000)})
    start, end = base.index(b"PK\x01\x02"), base.index(b"PK\x05\x06")
    entry = base[start:end]
    many = base[:start] + entry * 9 + base[end : end + 8]
    many += struct.pack("<HHIIH", 9, 9, len(entry) * 9, start, 0)
    path = tmp_path / "a.zip"
    path.write_bytes(many)
    assert len(zipfile.ZipFile(path).infolist()) == 9
    try:
        assert len(found(many, tmp_path)) == 1, "one name, one file"
    except PairsError as error:
        assert "verlap" in str(error)


def test_a_long_list_is_refused_before_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = zipped({f"sent/{i}": b"" for i in range(5000)})

    def opened(*_: object) -> None:
        raise AssertionError("opened")

    monkeypatch.setattr(archive.zipfile, "ZipFile", opened)
    refused(data, tmp_path, LimitError, "list of files")
    refused(data[:-22] + b"PK\x06\x07" + bytes(16) + data[-22:], tmp_path, PairsError, "zip64")
    refused(data[:-2] + b"\x05\x00hello", tmp_path, LimitError, "list of files")


def test_a_zip_in_a_zip_is_a_file(tmp_path: Path) -> None:
    assert found(zipped({"sent/a.zip": zipped({"sent/b": A})}), tmp_path) == [("sent", "a.zip", None)]


# --- damage


def test_what_is_no_zip_of_pairs(tmp_path: Path) -> None:
    for data, said in ((b"", "no zip"), (A, "no zip"), (b"PK\x05\x06", "no zip"), (zipped({}), "no pairs"),
                       (zipped({"x.png": A}), "no pairs"), (b"PK\x05\x06" + bytes(18), "no pairs")):  # fmt: skip
        refused(data, tmp_path, PairsError, said)


def test_passwords_and_other_packings(tmp_path: Path) -> None:
    data = bytearray(zipped({"sent/a": A, "received/a": B}))
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + at] |= 1
    refused(bytes(data), tmp_path, PairsError, "password")
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_LZMA) as lzma:
        lzma.writestr("sent/a", A)
    refused(out.getvalue(), tmp_path, PairsError, "packing method 14")


def test_every_prefix_and_every_damaged_byte(tmp_path: Path) -> None:
    data = zipped({"sent/a.png": b"12345678" * 4, "received/a.jpg": b"abc"})
    cases = [data[:i] for i in range(len(data))]
    for i in range(len(data)):
        cases += [data[:i] + bytes([value]) + data[i + 1 :] for value in (0, 0xFF, data[i] ^ 0x41)]
    outcomes = set()
    for case in cases:
        try:
            found(case, tmp_path)
            outcomes.add("read")
        except UnderstudyError as error:
            assert "\n" not in str(error) and str(error).startswith("the zip")
            outcomes.add("refused")
    assert outcomes == {"read", "refused"}
