"""The command line: each command is one library call, then shows it. `understudy --help`.

Heavy modules are imported inside the command that needs them, so that `inspect` starts fast.
"""

from __future__ import annotations

import gc
import io
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from ._version import __version__
from .errors import UnderstudyError
from .files import read_file, write_file
from .terminal.progress import counted, progress, told

if TYPE_CHECKING:
    from .delivery import Delivery

app = typer.Typer(
    help="What a platform does to pictures: inspect what it delivers, be it, and prove it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
profiles_app = typer.Typer(help="The profiles that come with understudy.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(profiles_app, name="profiles")

T = TypeVar("T")

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, nothing else.")]
Set = Annotated[list[str], typer.Option("--set", metavar="STEP.PARAM=VALUE", help="Change a parameter; repeatable.")]


def main() -> None:
    """The entry point: exit code 0 done, 1 the input's or platform's fault (one line on standard error), 2 usage."""
    gc.set_threshold(50_000)  # imports make many objects and no garbage: looking for it at every 700 costs a tenth
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that cannot show a character shows a mark
    try:
        app()
    except UnderstudyError as error:
        print(f"understudy: {error}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        print("understudy: interrupted; files that were finished are whole", file=sys.stderr)
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(1)


@app.callback(invoke_without_command=True)
def _version(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        print(f"understudy {__version__}")
        raise typer.Exit


@app.command()
def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Delivered files.")],
    as_json: Json = False,
    html: Annotated[
        Path | None, typer.Option(metavar="OUT", help="Write a page with all of it here; a folder for several files.")
    ] = None,
    deep: Annotated[
        bool, typer.Option("--deep", help="Read the coefficients too: what Huffman tables cost, earlier compressions.")
    ] = False,
) -> None:
    """What the delivered bytes say: platform, encoder, tables, sampling, scans, Huffman tables, markers, FBMD."""
    from .inspection import inspect as run

    failures: list[UnderstudyError] = []
    documents = []
    pages = _pages(files, html)
    for path in files:
        try:
            data = read_file(path)
            seen = _at(str(path), lambda data=data: run(data, "coefficients" if pages or deep else "headers"))  # type: ignore[misc]
            if pages:
                from .report import inspection_html

                write_file(pages[path], inspection_html(seen, path.name, data).encode())
                _say(f"{pages[path]}: written")
        except UnderstudyError as error:
            failures.append(error)
            continue
        if as_json:
            documents.append({"file": str(path), **seen.to_dict()})
        elif not pages:
            from .terminal.page import show

            show(seen, path.name)
    if as_json and documents:
        _print_json(documents if len(files) > 1 else documents[0])
    _finish(failures)


@app.command()
def mimic(
    pictures: Annotated[list[Path], typer.Argument(metavar="IN...", help="Pictures, as they would be sent.")],
    out: Annotated[Path, typer.Option("-o", "--out", help="The delivered file; a folder for several pictures.")],
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
    from .delivery import mimic as run
    from .profile import load_profile

    overrides = _assignments(values)
    chosen = load_profile(profile)
    stream = _at("--like", lambda: _parsed(like)) if like else None
    if stream is not None:
        chosen = _at("--like", lambda: load_profile(profile, stream, overrides))
    chosen = chosen.with_values(overrides)
    if stream is not None and (contradicted := chosen.contradictions(stream)):
        _say(f"note: {like} is not of {chosen.name}: it contradicts {', '.join(contradicted)}")
    several = len(pictures) > 1 or out.is_dir()
    targets = _targets(pictures, out) if several else {pictures[0]: out}

    def one(item: tuple[Path, Path]) -> UnderstudyError | None:
        picture, target = item
        try:
            data = read_file(picture)
            delivery = _at(str(picture), lambda: run(data, chosen, trace=trace is not None))
            if trace:
                _write_trace(delivery, trace / picture.stem if several else trace)
            write_file(target, delivery.data)
            for note in delivery.notes:
                _say(f"note: {picture.name}: {note}")
        except UnderstudyError as error:
            return error
        if not several:
            _say(f"{target}: {len(delivery.data):,} bytes, as {chosen.name} delivers {picture.name}")
        return None

    failures = [e for e in _in_parallel(one, list(targets.items()), jobs, "mimic") if e is not None]
    if several:
        _say(f"{len(targets) - len(failures)} of {len(targets)} pictures delivered to {out}, as {chosen.name}")
    _finish(failures)


@app.command()
def verify(
    profile: Annotated[str, typer.Argument(metavar="P", help="A profile's name, or a TOML file.")],
    pairs: Annotated[
        Path, typer.Argument(help="A folder or CSV of pairs: sent/ and received/, or sent.* and received.*")
    ],
    as_json: Json = False,
    free: Annotated[
        Literal["given", "predicted"], typer.Option(help="Free values: from the received file, or the profile's rules.")
    ] = "given",
    values: Set = [],  # noqa: B006
) -> None:
    """Put a profile to the proof: play it on sent pictures and compare with what was received."""
    from .verification import verify as run

    scores = run(profile, pairs, free=free, progress=lambda items: progress(items, "verify"), **_assignments(values))
    if as_json:
        _print_json(scores.to_dict())
    else:
        from .terminal.scores import show

        show(scores)
    _finish([UnderstudyError(p.error, place=p.name) for p in scores.per_pair if p.error])


@app.command()
def learn(
    pairs: Annotated[
        Path, typer.Argument(help="A folder or CSV of pairs: sent/ and received/, or sent.* and received.*")
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
    from .learning.learned import learn as run
    from .pairs import find_pairs
    from .profile import dumps
    from .verification import verify as prove

    tested = find_pairs(test) if test is not None else ()
    with told("learn") as tell:
        learned = run(pairs, name=name, progress=tell)
    if out is not None:
        write_file(out, dumps(learned.profile).encode())
    scores = None
    if tested:
        scores = prove(learned.profile, tested, free="predicted", progress=lambda items: progress(items, "verify"))
    if report is not None:
        from .report import html

        write_file(report, html(learned, scores).encode())
    if as_json:
        document = learned.to_dict()
        _print_json(document | {"test": scores.to_dict()} if scores else document)
    else:
        from .terminal.learned import show

        show(learned, scores)
    for path in (out, report):
        if path is not None:
            _say(f"{path}: written")
    failed = scores.per_pair if scores else ()
    _finish([UnderstudyError(p.error, place=p.name) for p in failed if p.error])
    if learned.interrupted:
        raise typer.Exit(130)


@app.command()
def rewrite(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Delivered files; no originals are needed.")],
    profile: Annotated[str, typer.Option("--as", metavar="P", help="A profile's name, or a TOML file.")],
    as_json: Json = False,
) -> None:
    """Is this file what the profile would have written? Its own coefficients, coded and laid out anew, and compared."""
    from .rewriting import rewrite as run

    failures: list[UnderstudyError] = []
    documents = []
    for path in files:
        try:
            data = read_file(path)
            made = _at(str(path), lambda data=data: run(data, profile))  # type: ignore[misc]
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
                print(f"  {_printable(line)}")
    if as_json and documents:
        _print_json(documents if len(files) > 1 else documents[0])
    _finish(failures)


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
    """Read a whole corpus into a Parquet file, one row a file, and ask it. Goes on where it was stopped."""
    from .survey import ask, questions
    from .survey import survey as run
    from .survey.store import check
    from .terminal.survey import show, summary

    if "list" in question:
        for known in questions().values():
            print(f"{known.name}: {known.title}")
        return
    if corpus.is_dir():
        if out is None:
            raise typer.BadParameter("a folder needs -o OUT.parquet", param_hint="--out")
        with counted("survey") as tell:
            done = run(corpus, out, coefficients=coefficients, jobs=jobs, progress=tell)
        _say(summary(done))
    else:
        check(corpus)
    at = out if corpus.is_dir() and out is not None else corpus
    answers = [ask(at, text) for text in question]
    if as_json:
        _print_json([a.to_dict() for a in answers] if len(answers) != 1 else answers[0].to_dict())
    else:
        for answer in answers:
            show(answer)
    if html is not None:
        from .report import survey_html

        write_file(html, survey_html(at).encode())
        _say(f"{html}: written")


@profiles_app.command("list")
def profiles_list(as_json: Json = False) -> None:
    """The shipped profiles, a line each."""
    from .profile import shipped_profiles

    shipped = shipped_profiles().values()
    if as_json:
        _print_json([{"name": p.name, "title": p.title, "when": str(p.when)} for p in shipped])
    else:
        from .terminal.profiles import show_list

        show_list(list(shipped))


@profiles_app.command("show")
def profiles_show(
    name: Annotated[str, typer.Argument(metavar="P", help="A profile's name, or a TOML file.")],
    toml: Annotated[bool, typer.Option("--toml", help="Print the profile as TOML.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Show parameters at their defaults too.")] = False,
) -> None:
    """One profile in words: when it holds, its steps, what is free, its proof, what is unproven."""
    from .profile import dumps, load_profile

    profile = load_profile(name)
    if toml:
        sys.stdout.write(dumps(profile))
    else:
        from .terminal.profiles import show_one

        show_one(profile, every=every)


@profiles_app.command("diff")
def profiles_diff(
    first: Annotated[str, typer.Argument(metavar="A", help="A profile's name, or a TOML file.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    as_json: Json = False,
) -> None:
    """What differs between two profiles: when they hold, step by step, free values, proof."""
    from .profile import load_profile
    from .profile_diff import diff

    found = diff(load_profile(first), load_profile(second))
    if as_json:
        _print_json(found.to_dict())
    else:
        from .terminal.profiles import show_diff

        show_diff(found)


def _at(place: str, call: Callable[[], T]) -> T:
    """`call()`, its errors naming `place`."""
    try:
        return call()
    except UnderstudyError as error:
        raise error if error.place.startswith(place) else error.at(place) from None


def _parsed(path: Path) -> Any:
    from .jpeg import parse

    return _at(str(path), lambda: parse(read_file(path)))


def _assignments(values: Iterable[str]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for text in values:
        key, equals, value = text.partition("=")
        if not equals:
            raise typer.BadParameter(f"{text!r}; expected STEP.PARAM=VALUE", param_hint="--set")
        out[key.strip()] = value.strip()
    return out


def _pages(files: list[Path], out: Path | None) -> dict[Path, Path]:
    """Where each file's page goes; empty where none is wanted."""
    if out is None:
        return {}
    return _targets(files, out, ".html") if len(files) > 1 or out.is_dir() else {files[0]: out}


def _targets(pictures: list[Path], folder: Path, suffix: str = ".jpg") -> dict[Path, Path]:
    """Where what is made of each picture goes. Raises UnderstudyError where two would share a name."""
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


def _write_trace(delivery: Delivery, folder: Path) -> None:
    from .terminal.scores import show_changes
    from .tracing import changes

    rows = changes(delivery)
    for number, row in enumerate(rows, 1):
        write_file(folder / f"{number:02}-{row.step}.png", row.picture)
        if row.difference is not None:
            write_file(folder / f"{number:02}-{row.step}-difference.png", row.difference)
    write_file(folder / f"{len(rows) + 1:02}-delivered.jpg", delivery.data)
    show_changes(rows, folder)


def _in_parallel(function: Callable[[Any], T], items: list[Any], jobs: int, label: str) -> list[T]:
    """`function` of each item, in order, on `jobs` threads (the kernels run without the GIL), with a progress bar."""
    import os
    from concurrent.futures import ThreadPoolExecutor

    if len(items) == 1:
        return [function(items[0])]
    pool = ThreadPoolExecutor(jobs or os.cpu_count() or 1)
    try:
        return list(progress(pool.map(function, items), label, len(items)))
    finally:
        pool.shutdown(cancel_futures=True)


def _printable(text: str) -> str:
    """`text` without what could act on a terminal: files put their own words into differences."""
    from .evidence.base import visible

    return visible(text, 2000)


def _say(text: str) -> None:
    print(text, file=sys.stderr)


def _print_json(document: Any) -> None:
    json.dump(document, sys.stdout, indent=2, allow_nan=False)
    sys.stdout.write("\n")


def _finish(failures: list[UnderstudyError]) -> None:
    """Tells each failure in a line; exit code 1 if there was any."""
    for error in failures:
        print(f"understudy: {error}", file=sys.stderr)
    if failures:
        raise typer.Exit(1)
