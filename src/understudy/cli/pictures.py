"""Commands on single pictures: inspect, mimic, rewrite."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UnderstudyError
from ..files import read_file, write_file
from .app import Json, Set, app, assignments, at, finish, in_parallel, print_json, printable, say, targets

if TYPE_CHECKING:
    from ..delivery import Delivery
    from ..inspection import Depth


@app.command()
def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Delivered files.")],
    as_json: Json = False,
    html: Annotated[
        str | None, typer.Option(metavar="OUT", help="Write a page with all of it here; a folder for several files.")
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read the coefficients too: what Huffman tables cost, earlier compressions.")
    ] = False,
) -> None:
    """What a delivered file says of who made it. Platform, encoder, tables, sampling, scans, Huffman tables, markers,
    FBMD."""
    from ..inspection import inspect as run

    failures: list[UnderstudyError] = []
    documents = []
    pages = targets(files, html, ".html") if html is not None else {}
    for path in files:
        try:
            data = read_file(path)
            depth: Depth = "coefficients" if pages or deep else "headers"
            seen = at(str(path), partial(run, data, depth, path.name))
            if pages:
                from ..report import inspection_html

                write_file(pages[path], inspection_html(seen, path.name, data).encode())
                say(f"{pages[path]}: written")
        except UnderstudyError as error:
            failures.append(error)
            continue
        if as_json:
            documents.append({"file": str(path), **seen.to_dict()})
        elif not pages:
            from ..terminal.page import show

            show(seen, path.name)
    if as_json and documents:
        print_json(documents if len(files) > 1 else documents[0])
    finish(failures)


@app.command()
def mimic(
    pictures: Annotated[list[Path], typer.Argument(metavar="PICTURE", help="Pictures, as they would be sent.")],
    out: Annotated[
        str, typer.Option("-o", "--out", metavar="OUT", help="The delivered file; a folder for several pictures.")
    ],
    profile: Annotated[str, typer.Option("--as", metavar="P", help="A profile's name, or a TOML file.")],
    values: Set = [],  # noqa: B006 (typer copies it)
    like: Annotated[
        Path | None, typer.Option(help="Take free values (quality, ICC, ...) from this delivered file.")
    ] = None,
    trace: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write each stage, and what it changed, here.")
    ] = None,
    jobs: Annotated[int, typer.Option(min=0, help="Pictures at a time; 0 for one a core.")] = 0,
) -> None:
    """Be the platform: write the file that it would deliver."""
    from ..delivery import mimic as run
    from ..profile import load_profile

    overrides = assignments(values)
    chosen = load_profile(profile)
    stream = at("--like", lambda: _parsed(like)) if like else None
    if stream is not None:
        chosen = at("--like", lambda: load_profile(profile, stream, overrides))
    chosen = chosen.with_values(overrides)
    if stream is not None and (contradicted := chosen.contradictions(stream)):
        say(f"note: {like} is not of {chosen.name}: it contradicts {', '.join(contradicted)}")
    places = targets(pictures, out, ".jpg", [like] if like else [])
    several = len(places) > 1

    def one(item: tuple[Path, Path]) -> UnderstudyError | None:
        picture, target = item
        try:
            data = read_file(picture)
            delivery = at(str(picture), lambda: run(data, chosen, trace=trace is not None))
            if trace:
                _write_trace(delivery, trace / picture.stem if several else trace)
            write_file(target, delivery.data)
            for note in delivery.notes:
                say(f"note: {picture.name}: {note}")
        except UnderstudyError as error:
            return error
        if not several:
            say(f"{target}: {len(delivery.data):,} bytes, as {chosen.name} delivers {picture.name}")
        return None

    failures = [e for e in in_parallel(one, list(places.items()), jobs, "mimic") if e is not None]
    if several:
        say(f"{len(places) - len(failures)} of {len(places)} pictures delivered to {out}, as {chosen.name}")
    finish(failures)


@app.command()
def rewrite(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Delivered files; no originals are needed.")],
    profile: Annotated[str, typer.Option("--as", metavar="P", help="A profile's name, or a TOML file.")],
    as_json: Json = False,
) -> None:
    """Whether a file is what the profile would write. Its own coefficients, coded and laid out anew, are compared."""
    from ..rewriting import rewrite as run

    failures: list[UnderstudyError] = []
    documents = []
    for path in files:
        try:
            data = read_file(path)
            made = at(str(path), lambda data=data: run(data, profile))  # type: ignore[misc]
        except UnderstudyError as error:
            failures.append(error)
            continue
        told = [str(d) for d in made.differences]
        if as_json:
            document = {
                "file": str(path),
                "profile": made.profile.name,
                "identical": made.identical,
                "differences": told,
            }
            documents.append(document)
        else:
            print(f"{path.name}: {'byte-identical' if made.identical else 'differs'}, as {made.profile.name} writes it")
            for line in told:
                print(f"  {printable(line)}")
    if as_json and documents:
        print_json(documents if len(files) > 1 else documents[0])
    finish(failures)


def _parsed(path: Path) -> Any:
    from ..jpeg import parse

    return at(str(path), lambda: parse(read_file(path)))


def _write_trace(delivery: Delivery, folder: Path) -> None:
    from ..terminal.scores import show_changes
    from ..tracing import changes

    rows = changes(delivery)
    for number, row in enumerate(rows, 1):
        write_file(folder / f"{number:02}-{row.step}.png", row.picture)
        if row.difference is not None:
            write_file(folder / f"{number:02}-{row.step}-difference.png", row.difference)
    write_file(folder / f"{len(rows) + 1:02}-delivered.jpg", delivery.data)
    show_changes(rows, folder)
