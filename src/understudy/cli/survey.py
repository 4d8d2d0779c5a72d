"""survey: a whole corpus in one file, and questions to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..files import check_place, write_file
from ..terminal.progress import counted
from .app import Json, app, print_json, say


@app.command()
def survey(
    corpus: Annotated[Path, typer.Argument(metavar="DIR", help="A folder of files; or a survey, to ask it again.")],
    out: Annotated[Path | None, typer.Option("-o", "--out", metavar="OUT.parquet", help="One row a file.")] = None,
    coefficients: Annotated[
        bool, typer.Option("--coefficients", help="Decode each JPEG too, for statistics of its coefficients.")
    ] = False,
    jobs: Annotated[int, typer.Option(min=0, help="Processes; 0 for one a core.")] = 0,
    html: Annotated[Path | None, typer.Option(metavar="OUT.html", help="Write a page with answers here.")] = None,
    question: Annotated[
        list[str], typer.Option("--ask", metavar="NAME|SQL", help="Answer a question; `--ask list` names them.")
    ] = [],  # noqa: B006
    as_json: Json = False,
) -> None:
    """Read a whole corpus into a Parquet file, and ask it. One row a file; goes on where it was stopped."""
    from ..survey import ask, questions
    from ..survey import survey as run
    from ..survey.store import check
    from ..terminal.survey import show, summary

    if "list" in question:
        for known in questions().values():
            print(f"{known.name}: {known.title}")
        return
    if html is not None:
        check_place(html)
    if corpus.is_dir():
        if out is None:
            raise typer.BadParameter("a folder needs -o OUT.parquet", param_hint="--out")
        with counted("survey") as tell:
            done = run(corpus, out, coefficients=coefficients, jobs=jobs, progress=tell)
        say(summary(done))
    else:
        check(corpus)
    at = out if corpus.is_dir() and out is not None else corpus
    answers = [ask(at, text) for text in question]
    if as_json:
        print_json([a.to_dict() for a in answers] if len(answers) != 1 else answers[0].to_dict())
    else:
        for answer in answers:
            show(answer)
    if html is not None:
        from ..report import survey_html

        write_file(html, survey_html(at).encode())
        say(f"{html}: written")
