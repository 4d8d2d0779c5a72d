"""serve: the local page; or a platform's API, played by a profile."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from .app import app, say


@app.command()
def serve(
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 for a free one.")] = 0,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Only say the address, open nothing.")] = False,
    anyone: Annotated[bool, typer.Option("--anyone", help="Let --host be an address that others can reach.")] = False,
    emulate: Annotated[
        str | None, typer.Option(metavar="NAME", help="Serve no page, but be this platform's API.")
    ] = None,
    profile: Annotated[
        str | None, typer.Option("--as", metavar="P", help="With --emulate: the profile that makes the pictures.")
    ] = None,
    misbehave: Annotated[
        str, typer.Option(metavar="PLAN", help="With --emulate: what goes wrong, as `rate-limit after=3; expire 5`.")
    ] = "",
    state: Annotated[
        Path | None, typer.Option(metavar="DIR", help="With --emulate: keep what was posted here, for the next time.")
    ] = None,
) -> None:
    """A page for your browser, or a platform's API. The page inspects files, learns from pairs, and shows what a
    platform makes of a picture; --emulate plays the API."""
    from ..web.serving import check_extra, check_host

    check_host(host, anyone)
    check_extra("serve")
    if emulate is not None:
        from ..emulators.misbehaving import Plan
        from ..emulators.serving import run as play

        plan = Plan.parse(misbehave)
        play(emulate, host=host, port=port, profile=profile, say=say, misbehave=plan, state=state)
        return
    for option, given in (("--as", profile), ("--misbehave", misbehave), ("--state", state)):
        if given:
            raise typer.BadParameter("only with --emulate", param_hint=option)
    from ..web.serving import run

    run(host=host, port=port, anyone=anyone, browser=not no_browser, say=say)
