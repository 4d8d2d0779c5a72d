"""What all commands share: the application, its exit codes, options of several, how failures are told."""

from __future__ import annotations

import gc
import io
import json
import logging
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer
from typer.core import TyperGroup

from .._version import __version__
from ..errors import UnderstudyError
from ..terminal.progress import progress


class Interrupted(BaseException):
    """Ctrl-C within a command. (typer ends without a word on a KeyboardInterrupt.)"""


class _Commands(TyperGroup):
    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise Interrupted from None


app = typer.Typer(
    cls=_Commands,
    help="What a platform does to pictures: inspect what it delivers, be it, and prove it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

T = TypeVar("T")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")]
Set = Annotated[list[str], typer.Option("--set", metavar="STEP.PARAM=VALUE", help="Change a parameter; repeatable.")]


def main() -> None:
    """The entry point: exit code 0 done, 1 the input's or platform's fault (one line on standard error), 2 usage."""
    gc.set_threshold(50_000)  # imports make many objects and no garbage: looking for it at every 700 costs a tenth
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that cannot show a character shows a mark
    if sys.stderr.isatty():
        _tell_of_compiling()
    try:
        app()
    except UnderstudyError as error:
        say(f"understudy: {error}")
        sys.exit(1)
    except (KeyboardInterrupt, Interrupted):
        say("understudy: interrupted; files that were finished are whole")
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)
    except OSError as error:  # a full disk, a folder that went away: no fault of the program's
        say(f"understudy: {UnderstudyError(error.strerror or str(error), place=str(error.filename or 'the system'))}")
        sys.exit(1)


def _tell_of_compiling() -> None:
    """Has a line on standard error say why the very first run takes long, when it comes to it."""

    class Teller(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            log.removeHandler(self)
            say("note: compiling the arithmetic for this machine: the first run takes half a minute longer")

    log = logging.getLogger("understudy.compiling")
    log.setLevel(logging.INFO)
    log.addHandler(Teller())


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"understudy {__version__}")
        raise typer.Exit


def at(place: str, call: Callable[[], T]) -> T:
    """`call()`, its errors naming `place`."""
    try:
        return call()
    except UnderstudyError as error:
        raise error if error.place.startswith(place) else error.at(place) from None


def assignments(values: Iterable[str]) -> dict[str, Any]:
    """`NAME=VALUE` texts as a mapping. Raises typer.BadParameter."""
    out: dict[str, Any] = {}
    for text in values:
        key, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{text!r}; expected STEP.PARAM=VALUE", param_hint="--set")
        out[key.strip()] = value.strip()
    return out


def targets(files: list[Path], out: str, suffix: str, also_read: Iterable[Path] = ()) -> dict[Path, Path]:
    """Where what is made of each file goes: to `out` itself for one file, else to a name of its own in that folder.

    out: as it was typed; a folder for one file too where there is one, or where the name ends in a slash.
    Raises UnderstudyError where two would share a name, and where a file that is read would be written over.
    """
    place = Path(out)
    in_folder = len(files) > 1 or place.is_dir() or out.endswith(("/", os.sep))
    chosen = _in_folder(files, place, suffix) if in_folder else {files[0]: place}
    read = {os.path.realpath(file): file for file in (*files, *also_read)}
    for target in chosen.values():
        if (file := read.get(os.path.realpath(target))) is not None:
            raise UnderstudyError(
                "it would be written over", place=str(file), expected="a place for the output that is not read from"
            )
    return chosen


def _in_folder(pictures: list[Path], folder: Path, suffix: str) -> dict[Path, Path]:
    if folder.exists() and not folder.is_dir():
        raise UnderstudyError("a file", place=str(folder), expected="a folder for several pictures")
    targets = {picture: folder / f"{picture.stem}{suffix}" for picture in pictures}
    seen: dict[Path, Path] = {}
    for picture, target in targets.items():
        if target in seen:
            raise UnderstudyError(
                f"both become {target.name}", place=f"{seen[target]} and {picture}", expected="different names",
                remedy="send them to different folders",
            )  # fmt: skip
        seen[target] = picture
    return targets


def in_parallel(function: Callable[[Any], T], items: list[Any], jobs: int, label: str) -> list[T]:
    """`function` of each item, in order, on `jobs` threads (the kernels run without the GIL), with a progress bar."""
    from concurrent.futures import ThreadPoolExecutor

    if len(items) == 1:
        return [function(items[0])]
    pool = ThreadPoolExecutor(jobs or os.cpu_count() or 1)
    try:
        return list(progress(pool.map(function, items), label, len(items)))
    finally:
        pool.shutdown(cancel_futures=True)


def printable(text: str) -> str:
    """`text` without what could act on a terminal: files have names, and put their own words into differences."""
    if text.isprintable():
        return text
    from ..evidence.base import visible

    return visible(text, 2000)


def say(text: str) -> None:
    """A line on standard error, without what could act on a terminal."""
    print(printable(text), file=sys.stderr)


def print_json(document: Any) -> None:
    """One document on standard output."""
    json.dump(document, sys.stdout, indent=2, allow_nan=False)
    sys.stdout.write("\n")


def finish(failures: list[UnderstudyError]) -> None:
    """Tells each failure in a line; exit code 1 if there was any."""
    for error in failures:
        say(f"understudy: {error}")
    if failures:
        raise typer.Exit(1)
