"""probe: pictures to send to a platform, and renamed downloads back to them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from ..errors import UnderstudyError
from ..files import read_file, write_file
from ..terminal.progress import told
from .app import Json, app, print_json, say

if TYPE_CHECKING:
    from ..probes.matching import Match


@app.command()
def probe(
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="DIR", help="Pictures go to DIR/sent/, beside a manifest.")
    ] = None,
    asked: Annotated[
        str | None,
        typer.Option("--for", metavar="STEP,...|P.toml", help="Only what tells these steps, or what P left open."),
    ] = None,
    which: Annotated[Literal["compact", "full"], typer.Option("--set", help="Nine pictures, or all.")] = "compact",
    seed: Annotated[int, typer.Option(min=0, help="Other scenes of the same kind.")] = 0,
    photographs: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Add these photographs of yours, as they are.")
    ] = None,
    match: Annotated[
        tuple[Path, Path] | None,
        typer.Option(metavar="DIR DOWNLOADS", help="Copy renamed downloads to DIR/received/, by the probes' marks."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make pictures that show what a platform does. Or, with --match, find out which downloads they became."""
    if match is not None:
        _match(*match, as_json)
        return
    if out is None:
        raise typer.BadParameter("-o DIR or --match DIR DOWNLOADS is needed", param_hint="probe")
    from ..probes import manifest
    from ..probes import probe as run

    with told("probe") as tell:
        made = run(_asked(asked), set=which, seed=seed, photographs=_pictures(photographs), progress=tell)
    document = manifest.to_bytes(made.manifest)
    wanted = {out / "sent" / name: data for name, data in made.by_name.items()} | {out / manifest.NAME: document}
    _write_new(wanted)
    if as_json:
        print_json(made.manifest)
    say(f"{out / 'sent'}: {len(made.files)} pictures, {sum(len(f.data) for f in made.files):,} bytes")
    bare = [f.name for f in made.files if not f.marked]
    if bare:
        say(f"note: too small for a mark, or yours, so keep their names: {', '.join(bare)}")


def _asked(text: str | None) -> Any:
    """What `probe` is asked: a profile where the text names a file, else names of steps."""
    if text is None or not (text.endswith(".toml") or Path(text).is_file()):
        return text
    from ..profile import load_profile

    return load_profile(text)


def _pictures(folder: Path | None) -> dict[str, bytes]:
    return {path.name: read_file(path) for path in _files(folder)} if folder is not None else {}


def _files(folder: Path) -> list[Path]:
    """The visible files of a folder by name. Raises UnderstudyError where there is none."""
    found = sorted(p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")) if folder.is_dir() else []
    if not found:
        raise UnderstudyError("no files", place=str(folder), expected="a folder of pictures")
    return found


def _write_new(files: dict[Path, bytes]) -> None:
    """Writes what is not there yet. Raises UnderstudyError before it writes where a file has other bytes."""
    for path, data in files.items():
        if path.exists() and read_file(path) != data:
            raise UnderstudyError("is there already, with other bytes", place=str(path), expected="a new folder")
    for path, data in files.items():
        if not path.exists():
            write_file(path, data)


def _match(folder: Path, downloads: Path, as_json: bool) -> None:
    """Copies downloads to `received/` under their probes' names; what is there stays."""
    from ..probes import manifest
    from ..probes.matching import match, missing

    at = folder / manifest.NAME
    document = manifest.read(read_file(at), str(at))
    files = {path.name: read_file(path) for path in _files(downloads)}
    found = match(document, files.items())
    kept = [_copied(folder, row, files[row.download]) for row in found if row.probe]
    absent = missing(document, found)
    if as_json:
        rows = [
            {"download": m.download, "probe": m.probe, "how": m.how, "received": m.received, "reason": m.reason}
            for m in found
        ]
        print_json({"matches": rows, "missing": list(absent), "kept": [text for text in kept if text]})
        return
    for row in found:
        if row.reason:
            print(f"not matched: {row.download}: {row.reason}")
    for text in kept:
        if text:
            print(text)
    for name in absent:
        print(f"not among the downloads: {name}")
    print(f"{sum(bool(m.probe) for m in found)} of {len(found)} downloads are known, in {folder / 'received'}")


def _copied(folder: Path, row: Match, data: bytes) -> str:
    """Writes one file; a line where it could not be, because another is there."""
    target = folder / "received" / row.received
    there = [p for p in target.parent.glob("*") if p.stem == target.stem] if target.parent.is_dir() else []
    if not there:
        write_file(target, data)
        return ""
    if len(there) == 1 and read_file(there[0]) == data:
        return ""
    return f"left as it was: {there[0]}, which {row.download} is not the same as"
