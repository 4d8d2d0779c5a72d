"""What a browser sends, taken apart as it comes: each file into the job's folder, under a name of our own.

The name that a client gives a file is kept as text, to be shown; it never becomes part of a path.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool

from ..errors import LimitError, UnderstudyError
from ..evidence.base import visible
from .limits import Limits, size

MOST_FIELDS, MOST_TEXT, MOST_HEADERS = 64, 4096, 4096
"""Fields of a form that are no files; characters of one; bytes of a part's headers."""
MOST_NAME = 200
"""Characters of a file's name that are shown."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that was sent."""

    name: str
    """What the client calls it, without its folders: to be shown."""
    at: Path
    """Where it is, under our own name."""
    bytes: int


@dataclass
class Form:
    """A form that was sent."""

    fields: dict[str, str] = field(default_factory=dict)
    files: dict[str, list[Sent]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A field, "" where it was not sent."""
        return self.fields.get(name, "").strip()

    def only(self, name: str, what: str) -> Sent:
        """The one file of a field. Raises UnderstudyError where there is none, or several."""
        found = self.files.get(name, [])
        if len(found) != 1:
            got = f"{len(found)} files" if found else "no file"
            raise UnderstudyError(got, place=what, expected="one file")
        return found[0]


async def read_form(content_type: str, body: AsyncIterator[bytes], folder: Path, limits: Limits) -> Form:
    """The form of a multipart/form-data body. Raises UnderstudyError for another body, LimitError beyond the limits."""
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary")
    if kind != b"multipart/form-data" or not boundary:
        raise UnderstudyError("no form", place="what was sent", expected="multipart/form-data")
    reader = _Reader(folder, limits)
    try:
        parser = MultipartParser(boundary, reader.callbacks())  # type: ignore[arg-type]
        async for chunk in body:
            await run_in_threadpool(parser.write, chunk)
        parser.finalize()
    except FormParserError:
        raise UnderstudyError("a broken form", place="what was sent", expected="multipart/form-data") from None
    finally:
        reader.close()
    if not reader.whole:
        raise UnderstudyError("it ends too early", place="what was sent", expected="a whole form")
    return reader.form


class _Reader:
    """What the parser calls, part by part."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        self.form, self.whole = Form(), False
        self._folder, self._limits = folder, limits
        self._count = 0
        self._header: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._headers: dict[bytes, bytes] = {}
        self._seen = 0
        self._start()

    def _start(self) -> None:
        self._headers, self._seen = {}, 0
        self._field, self._name = "", ""
        self._text = bytearray()
        self._file: BinaryIO | None = None
        self._at = self._folder
        self._bytes = 0

    def callbacks(self) -> dict[str, object]:
        return {
            "on_part_begin": self._start, "on_header_field": self._header_name, "on_header_value": self._header_value,
            "on_header_end": self._header_end, "on_headers_finished": self._begin, "on_part_data": self._data,
            "on_part_end": self._end, "on_end": self._all,
        }  # fmt: skip

    def close(self) -> None:
        """Closes a file that was not finished."""
        if self._file is not None:
            self._file.close()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._take_header(0, data[start:end])

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._take_header(1, data[start:end])

    def _take_header(self, which: int, data: bytes) -> None:
        self._seen += len(data)
        if self._seen > MOST_HEADERS:
            raise LimitError("a part with long headers", place="what was sent", expected=f"up to {size(MOST_HEADERS)}")
        self._header[which].extend(data)

    def _header_end(self) -> None:
        name, value = self._header
        self._headers[bytes(name).lower()] = bytes(value)
        self._header = (bytearray(), bytearray())

    def _begin(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self._field = options.get(b"name", b"").decode("utf-8", "replace")
        if b"filename" not in options:
            if len(self.form.fields) >= MOST_FIELDS:
                raise LimitError("too many fields", place="what was sent", expected=f"up to {MOST_FIELDS}")
            return
        self._name = shown_name(options[b"filename"].decode("utf-8", "replace"))
        if not self._name:
            return  # an input that was left empty
        self._count += 1
        if self._count > self._limits.files:
            raise LimitError(
                f"more than {self._limits.files} files", place="what was sent",
                expected=f"up to {self._limits.files} at once",
            )  # fmt: skip
        self._at = self._folder / f"upload-{self._count}"
        self._file = self._at.open("xb")

    def _data(self, data: bytes, start: int, end: int) -> None:
        self._bytes += end - start
        if self._file is not None:
            if self._bytes > self._limits.file:
                raise LimitError(
                    f"more than {size(self._limits.file)}", place=self._name,
                    expected=f"files of up to {size(self._limits.file)}",
                )  # fmt: skip
            self._file.write(data[start:end])
            return
        if self._bytes > MOST_TEXT:
            raise LimitError(f"more than {MOST_TEXT} characters", place=self._field[:40], expected="a short text")
        self._text += data[start:end]

    def _end(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self.form.files.setdefault(self._field, []).append(Sent(self._name, self._at, self._bytes))
        elif (
            not self._name
            and b"filename" not in parse_options_header(self._headers.get(b"content-disposition", b""))[1]
        ):
            self.form.fields[self._field] = self._text.decode("utf-8", "replace")

    def _all(self) -> None:
        self.whole = True


def shown_name(given: str) -> str:
    """A client's name for a file without its folders, fit to show."""
    name = given.replace("\\", "/").rpartition("/")[2]
    if len(name) > MOST_NAME:
        stem, dot, ending = name.rpartition(".")
        name = f"{(stem or ending)[: MOST_NAME - 10]}...{dot}{ending[:6]}"
    return visible(name)
