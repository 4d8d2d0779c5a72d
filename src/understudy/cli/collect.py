"""collect: pictures to a platform and back, exactly once."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from ..errors import UnderstudyError
from ..terminal.progress import told
from .app import Json, app, assignments, finish, print_json, say


@app.command()
def collect(
    place: Annotated[
        Path | None, typer.Argument(metavar="DIR", help="A folder whose sent/ holds the pictures.", show_default=False)
    ] = None,
    via: Annotated[str | None, typer.Option("--via", metavar="C", help="The connector; --list names them.")] = None,
    values: Annotated[
        list[str], typer.Option("--set", metavar="NAME=VALUE", help="A setting of the connector; no secrets.")
    ] = [],  # noqa: B006 (typer copies it)
    listed: Annotated[
        bool, typer.Option("--list", help="Name the connectors; with --via, tell all about one.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Say what would be done; send nothing.")] = False,
    rendition: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which rendition goes to received/; default: the main one.")
    ] = None,
    only: Annotated[list[str], typer.Option(metavar="NAME", help="Only these pictures; patterns too.")] = [],  # noqa: B006
    limit: Annotated[int | None, typer.Option(min=0, metavar="N", help="Send so many at most in this run.")] = None,
    pause: Annotated[float, typer.Option(min=0, metavar="S", help="Seconds between uploads.")] = 0.0,
    patience: Annotated[
        float, typer.Option(min=0, metavar="S", help="Seconds to wait in all, where the platform asks to or fails.")
    ] = 900.0,
    remove: Annotated[bool, typer.Option("--remove", help="Remove each picture there once it is here.")] = False,
    clean_up: Annotated[
        bool, typer.Option("--clean-up", help="Send nothing; remove all that was posted from this folder.")
    ] = False,
    resend_uncertain: Annotated[
        bool, typer.Option("--resend-uncertain", help="Send again what may have arrived.")
    ] = False,
    retry_rejected: Annotated[
        bool, typer.Option("--retry-rejected", help="Send again what the platform did not take.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Send pictures to a platform, and fetch what becomes of them. Those of DIR/sent/ go, and come to DIR/received/.
    Goes on where it was stopped, and sends nothing twice. Secrets come from the environment or the keyring: see --list
    --via C."""
    if listed:
        _list(via, as_json)
        return
    if place is None or via is None:
        raise typer.BadParameter("DIR and --via C are needed", param_hint="collect")
    from ..collecting.collect import collect as run
    from ..collecting.given import refuse_secrets
    from ..connectors.registry import connector
    from ..terminal.collected import show

    settings = assignments(values)
    kind = connector(via)
    refuse_secrets(kind, settings)
    with told("collect") as tell:

        def progress(text: str, done: int, total: int) -> None:
            tell(text, done / total if total else 0.0)
            if text.startswith(("waiting", "stopping")) and not sys.stderr.isatty():
                say(f"collect: {text}")

        done = run(
            place, kind, settings=settings, rendition=rendition, only=only, limit=limit, pause_s=pause,
            patience=patience, remove=remove, clean_up=clean_up, dry_run=dry_run, resend_uncertain=resend_uncertain,
            retry_rejected=retry_rejected, progress=progress, say=say,
        )  # fmt: skip
    if as_json:
        print_json(done.to_dict())
    else:
        show(done)
    for note in done.notes:
        say(f"note: {note}")
    stopped = [UnderstudyError(done.stopped, remedy="run it again to go on")] if done.stopped else []
    failures = [UnderstudyError(text) for text in done.failures]
    if done.signal:
        for error in (*failures, *stopped):
            say(f"understudy: {error}")
        raise typer.Exit(128 + done.signal)
    finish([*failures, *stopped])


def _list(via: str | None, as_json: bool) -> None:
    from ..collecting.given import variable
    from ..connectors.registry import connector, connectors
    from ..terminal.collected import show_all, show_one

    kinds = [connector(via)] if via else list(connectors().values())
    if not as_json:
        show_one(kinds[0]) if via else show_all(kinds)
        return
    document = [
        {"name": c.name, "title": c.title, "takes": list(c.takes), "terms": c.terms, "source": c.source,
         "settings": [{"name": s.name, "says": s.says, "secret": s.secret, "default": s.default,
                       "variable": variable(c, s)} for s in c.settings]}
        for c in kinds
    ]  # fmt: skip
    print_json(document[0] if via else document)
