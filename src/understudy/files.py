"""Reading what was given as a file, and writing files so that nothing is ever half-written."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from .errors import PictureError, UnderstudyError

Given = bytes | bytearray | memoryview | str | Path
"""A file's bytes, or where it is."""


def read_file(path: Path) -> bytes:
    """The file's bytes. Raises UnderstudyError with the system's reason."""
    try:
        return path.read_bytes()
    except IsADirectoryError:
        raise UnderstudyError(
            "a folder", place=str(path), expected="a file", remedy=f"give its files: {path}/*"
        ) from None
    except OSError as error:
        raise UnderstudyError(error.strerror or str(error), place=str(path), expected="a readable file") from None


def bytes_of(given: Given, what: str = "picture") -> bytes:
    """The file's bytes, read if `given` is a path. Raises PictureError for what is neither, or cannot be read."""
    if isinstance(given, (bytes, bytearray, memoryview)):
        return bytes(given)
    if not isinstance(given, (str, Path)):
        raise PictureError(type(given).__name__, place=what, expected="a file's bytes, or its path")
    try:
        return Path(given).read_bytes()
    except OSError as error:
        raise PictureError(error.strerror or str(error), place=str(given), expected="a readable file") from None
    except ValueError as error:  # a NUL
        raise PictureError(str(error), place=repr(given), expected="a path") from None


def check_place(path: Path) -> None:
    """Raises UnderstudyError where no file can be written to `path`: before long work whose result shall go there, not
    after it. Makes the folder."""
    if path.is_dir():
        raise UnderstudyError("a folder", place=str(path), expected="a file's name")
    trial = path.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        trial.touch(exist_ok=False)
        trial.unlink()
    except OSError as error:
        raise UnderstudyError(error.strerror or str(error), place=str(path), expected="a place to write to") from None


def write_file(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Writes `data` to `path`, creating its folder: to a temporary name beside it first, then renamed.

    durable: whether it is on the disk on return, and outlives a power cut.
    Raises UnderstudyError with the system's reason; then `path` is as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = path.with_name(f".{secrets.token_hex(8)}.tmp")
        try:
            with temporary.open("xb") as file:  # not mkstemp, whose files are private whatever the umask says
                file.write(data)
                if durable:
                    file.flush()
                    os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if durable and os.name == "posix":  # the name too; other systems have no such call
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)
    except OSError as error:
        raise UnderstudyError(error.strerror or str(error), place=str(path), expected="a place to write to") from None
