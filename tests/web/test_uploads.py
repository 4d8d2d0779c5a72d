"""What is sent: limits, names, broken and hostile forms. No name of a client's ever becomes a path."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import anyio
import pytest
from visitors import SMALL, Visitor, files_below, jpeg, visited, words

import understudy as us
from understudy.errors import UnderstudyError
from understudy.web.app import FILES, PICTURES
from understudy.web.limits import size
from understudy.web.uploads import Form, read_form, shown_name

NAMES = ["../../../../tmp/understudy-was-here.jpg", "/etc/passwd", "..\\..\\evil.jpg", "C:\\a.jpg", "a\0.jpg", ".",
         "..", "x" * 5000 + ".jpg", "\u202egpj.exe", "<img src=x onerror=alert(1)>.jpg", "a\nb.jpg", "con",
         "%2e%2e%2fa.jpg", "{{ 7 * 7 }}.jpg"]  # fmt: skip

OURS = {"upload-1", "secret", *PICTURES, *(name for names in FILES.values() for name in names)}
"""Every name that a file may have here."""


@pytest.fixture(scope="module")
def small() -> Iterator[Visitor]:
    with visited(SMALL) as visitor:
        yield visitor


def read(body: bytes, folder: Path, kind: str = "multipart/form-data; boundary=b", chunk: int = 1000) -> Form:
    """The form of a body that comes in pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        for at in range(0, len(body), chunk):
            yield body[at : at + chunk]

    async def reading() -> Form:
        return await read_form(kind, pieces(), folder, SMALL)

    return anyio.run(reading)


def part(name: str, data: bytes, filename: str | None = None) -> bytes:
    named = f'; filename="{filename}"' if filename is not None else ""
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{named}\r\n\r\n'.encode() + data + b"\r\n"


@pytest.mark.parametrize("chunk", [1, 7, 100_000])
def test_a_form_is_what_was_sent_however_it_comes(tmp_path: Path, chunk: int) -> None:
    body = (
        part("name", "Käse/1".encode())
        + part("file", b"\r\n--bb\r\n", "a b.jpg")
        + part("empty", b"", "")
        + b"--b--\r\n"
    )
    form = read(body, tmp_path, chunk=chunk)
    assert form.fields == {"name": "Käse/1"} and list(form.files) == ["file"]
    sent = form.only("file", "it")
    assert (sent.name, sent.bytes, sent.at.read_bytes()) == ("a b.jpg", 8, b"\r\n--bb\r\n")


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_shown_and_never_a_path(visitor: Visitor, name: str) -> None:
    desk = visitor.page.desk
    answer = visitor.give("/inspect", {"file": (name, jpeg(16, 16))})
    if shown_name(name) in ("", "."):
        assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        job = visitor.done(answer)
        assert job.state == "done", job.text
        page = visitor.get(f"/job/{job.id}").text
        assert "<img src=x" not in page and "\u202e" not in page and "49.jpg" not in words(page)
        download = visitor.get(f"/job/{job.id}/page.html?download").headers["content-disposition"]
        assert "/" not in download and "\\" not in download and ".." not in download.replace("...", "")
        visitor.get("/").text.encode()
    assert {Path(f).name for f in files_below(desk.folder)} <= OURS
    assert not Path("/tmp/understudy-was-here.jpg").exists()


def test_names_that_are_shown() -> None:
    assert shown_name("a/b\\c.jpg") == "c.jpg"
    assert len(shown_name("x" * 5000 + ".jpeg")) <= 200 and shown_name("x" * 5000 + ".jpeg").endswith("....jpeg")
    assert "\\x0a" in shown_name("a\nb")


def test_limits_are_told_in_a_line(small: Visitor) -> None:
    too_large = small.give("/inspect", {"file": ("a.jpg", bytes(SMALL.file + 1))})
    assert too_large.status_code == 413 and too_large.json()["error"].startswith("a.jpg: more than 195 kB")
    many = small.give("/learn", [("sent", (f"{i}.png", b"x")) for i in range(9)])
    assert many.status_code == 413 and "up to 8 at once" in many.json()["error"]
    much = small.give("/learn", [("sent", (f"{i}.png", bytes(150_000))) for i in range(4)])
    assert much.status_code == 413
    pixels = small.done(
        small.give("/compare", {"picture": ("big.jpg", jpeg(400, 300))}, profile="generic/libjpeg-turbo")
    )
    assert pixels.state == "failed" and pixels.text.startswith("big.jpg: 400 x 300 pixels; expected up to")
    assert "400 x 300 pixels" in small.get(f"/job/{pixels.id}").text
    left = [f for f in files_below(small.page.desk.folder) if "upload" in f]
    assert left == [], "what was refused or is done leaves nothing"


@pytest.mark.parametrize(
    ("body", "kind", "said"),
    [
        (b"", "multipart/form-data; boundary=b", "too early"),
        (part("a", b"1"), "multipart/form-data; boundary=b", "too early"),
        (b"nonsense", "multipart/form-data; boundary=b", "broken"),
        (b"a=1", "application/x-www-form-urlencoded", "no form"),
        (b"a=1", "", "no form"),
        (b"--b--", "multipart/form-data", "no form"),
        (part("a", b"1" * 5000) + b"--b--", "multipart/form-data; boundary=b", "short text"),
        (b"".join(part(f"f{i}", b"1") for i in range(65)) + b"--b--", "multipart/form-data; boundary=b", "many fields"),
        (b"--b\r\nX: " + b"y" * 9000 + b"\r\n\r\n--b--", "multipart/form-data; boundary=b", "broken|long headers"),
    ],
)  # fmt: skip
def test_broken_forms_are_told(tmp_path: Path, body: bytes, kind: str, said: str) -> None:
    with pytest.raises(UnderstudyError, match=said):
        read(body, tmp_path, kind)


def test_every_prefix_and_many_damages_of_a_form_end_in_a_form_or_an_error(tmp_path: Path) -> None:
    body = part("name", b"x/1") + part("file", bytes(range(64)), "a.jpg") + b"--b--\r\n"
    rng = random.Random(7)
    damaged = [body[:i] for i in range(len(body))]
    for _ in range(200):
        changed = bytearray(body)
        for _ in range(rng.randint(1, 4)):
            changed[rng.randrange(len(body))] = rng.randrange(256)
        damaged.append(bytes(changed))
    whole = 0
    for i, data in enumerate(damaged):
        folder = tmp_path / f"{i}"
        folder.mkdir()
        try:
            read(data, folder)
            whole += 1
        except UnderstudyError as error:
            assert "\n" not in str(error)
        assert all(f.startswith("upload-") for f in files_below(folder))
    assert 0 < whole < len(damaged)


def test_forms_that_lack_something(visitor: Visitor) -> None:
    def said(path: str, files: object = (), **fields: str) -> str:
        answer = visitor.give(path, files, **fields)
        assert answer.status_code == 400
        return str(answer.json()["error"])

    picture = {"picture": ("a.jpg", jpeg())}
    assert "no file" in said("/inspect")
    assert "2 files" in said("/inspect", [("file", ("a", b"1")), ("file", ("b", b"2"))])
    assert "no platform" in said("/compare", picture)
    assert "one of the list" in said("/compare", picture, profile="../../etc/passwd")
    assert "one of the list" in said("/compare", picture, profile="mine.toml")
    assert "no longer kept" in said("/compare", picture, profile="job:nothing")
    assert said("/learn", {"sent": ("a.png", b"1")}).startswith("received: no files")
    assert "PLATFORM/ERA" in said("/learn", {"archive": ("a.zip", b"1")}, name="../../x")
    page = visitor.post("/inspect", files={"none": ("", b"")})
    assert page.status_code == 400 and "the file to inspect: no file" in words(page.text)


def test_files_of_a_job_are_the_known_ones(visitor: Visitor) -> None:
    job = visitor.done(visitor.give("/inspect", {"file": ("a.jpg", jpeg())}))
    (job.folder / "secret").write_text("x")
    assert visitor.get(f"/job/{job.id}/page.html").status_code == 200
    for name in ("secret", "%2e%2e%2fsecret", "..%2f..%2fetc%2fpasswd", "upload-1", "profile.toml",
                 "page.html%00", "PAGE.HTML", "original.png"):  # fmt: skip
        assert visitor.get(f"/job/{job.id}/{name}").status_code == 404, name
    for path in ("/static/..%2fapp.py", "/static/app.py", "/static/", "/static/%2fetc%2fpasswd"):
        assert visitor.get(path).status_code == 404, path
    assert us.inspect(jpeg()).sha256 in visitor.get(f"/job/{job.id}/inspection.json").text


def test_sizes_in_words() -> None:
    assert [size(n) for n in (0, 1023, 1024, 64 << 20, 1536 << 20)] == [
        "0 bytes",
        "1023 bytes",
        "1 kB",
        "64 MB",
        "1.5 GB",
    ]
