"""Commands on pairs: verify, learn."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from ..errors import UnderstudyError
from ..files import check_place, write_file
from ..terminal.progress import progress, told
from .app import Json, Set, app, assignments, finish, print_json, say


@app.command()
def verify(
    profile: Annotated[str, typer.Argument(metavar="P", help="A profile's name, or a TOML file.")],
    pairs: Annotated[
        Path,
        typer.Argument(metavar="PAIRS", help="A folder or CSV of pairs: sent/ and received/, or sent.* and received.*"),
    ],
    as_json: Json = False,
    free: Annotated[
        Literal["given", "predicted"], typer.Option(help="Free values: from the received file, or the profile's rules.")
    ] = "given",
    values: Set = [],  # noqa: B006
) -> None:
    """Put a profile to the proof on pairs. It is played on the sent pictures, and compared with what was received."""
    from ..verification import verify as run

    scores = run(profile, pairs, free=free, progress=lambda items: progress(items, "verify"), **assignments(values))
    if as_json:
        print_json(scores.to_dict())
    else:
        from ..terminal.scores import show

        show(scores)
    finish([UnderstudyError(p.error, place=p.name) for p in scores.per_pair if p.error])


@app.command()
def learn(
    pairs: Annotated[
        Path,
        typer.Argument(metavar="PAIRS", help="A folder or CSV of pairs: sent/ and received/, or sent.* and received.*"),
    ],
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="P.toml", help="Write the profile here.")] = None,
    report: Annotated[
        Path | None, typer.Option(metavar="OUT.html", help="Write a page with all the evidence here.")
    ] = None,
    test: Annotated[
        Path | None, typer.Option(metavar="PAIRS", help="Prove the profile on these, which it is not learned from.")
    ] = None,
    name: Annotated[str, typer.Option(metavar="PLATFORM/ERA", help="The profile's name.")] = "learned/channel",
    as_json: Json = False,
) -> None:
    """Find out from pairs what a platform does, and prove it. Ctrl-C ends the search with what is known so far."""
    from ..learning.learned import learn as run
    from ..pairs import find_pairs
    from ..profile import dumps
    from ..verification import verify as prove

    for path in (out, report):
        if path is not None:
            check_place(path)
    tested = find_pairs(test) if test is not None else ()
    try:
        with told("learn") as tell:
            learned = run(pairs, name=name, progress=tell)
    except KeyboardInterrupt as error:  # else typer ends without a word
        say(f"understudy: interrupted{error}")
        raise typer.Exit(130) from None
    if out is not None:
        write_file(out, dumps(learned.profile).encode())
    scores = None
    if tested:
        scores = prove(learned.profile, tested, free="predicted", progress=lambda items: progress(items, "verify"))
    if report is not None:
        from ..report import html

        write_file(report, html(learned, scores).encode())
    if as_json:
        document = learned.to_dict()
        print_json(document | {"test": scores.to_dict()} if scores else document)
    else:
        from ..terminal.learned import show

        show(learned, scores)
    for path in (out, report):
        if path is not None:
            say(f"{path}: written")
    failed = scores.per_pair if scores else ()
    finish([UnderstudyError(p.error, place=p.name) for p in failed if p.error])
    if learned.interrupted:
        raise typer.Exit(130)
