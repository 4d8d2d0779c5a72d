"""Connectors, and what `collect` did, in words on the terminal."""

from __future__ import annotations

from rich.console import Console

from ..collecting.collect import Collected
from ..collecting.given import variable
from ..connectors.base import Connector
from ..evidence.base import plural
from .parts import QUIET, say

ORDER = ("fetched", "removed", "posted", "sending", "uncertain", "rejected", "planned", "")
WORDS = {
    "fetched": "delivered and here", "removed": "here, and removed there", "posted": "sent, not fetched yet",
    "sending": "perhaps sent: looked for at the next run", "uncertain": "perhaps sent: nothing tells, see below",
    "rejected": "not taken by the platform", "planned": "not sent yet", "": "not sent",
}  # fmt: skip


def show_all(connectors: list[type[Connector]], console: Console | None = None) -> None:
    """A line for each connector."""
    out = console or Console(highlight=False)
    width = max(len(c.name) for c in connectors)
    for c in connectors:
        must = [s.name for s in c.settings if s.default is None]
        out.print(say(f"{c.name:<{width}}  {c.title}"), say(f"needs {', '.join(must)}" if must else "", QUIET))


def show_one(connector: type[Connector], console: Console | None = None) -> None:
    """Everything about one connector: settings with their variables, types, terms, sources."""
    out = console or Console(highlight=False)
    out.print(say(f"{connector.name}: {connector.title}", "bold"))
    for s in connector.settings:
        kind = "secret: variable or keyring only" if s.secret else f"--set {s.name}="
        default = "must be given" if s.default is None else f"default {s.default!r}" if s.default else "may be left out"
        out.print(say(f"  {s.name}"), say(f"{kind}, {variable(connector, s)}; {default}", QUIET))
        out.print(say(f"    {s.says}", limit=1000))
    out.print(say(f"  takes: {', '.join(connector.takes) or 'whatever the server takes'}"))
    out.print(say(f"  terms: {connector.terms}", limit=2000))
    out.print(say(f"  source: {connector.source}", QUIET, limit=2000))


def show(done: Collected, console: Console | None = None) -> None:
    """What was done, and where the pictures stand."""
    out = console or Console(highlight=False)
    if done.dry_run:
        out.print(say(f"as {done.account}; nothing is sent"))
        for p in done.pictures:
            about = f"{p['media_type'] or 'no picture'}, {p['bytes']:,} bytes"
            out.print(say(f"  {p['sent']}: {p['plan']}"), say(f"({about})", QUIET))
        return
    waited = f", waited {done.waited_s:,.0f} s" if done.waited_s >= 1 else ""
    removed = f", {done.removed} removed there" if done.removed else ""
    account = f"as {done.account}: " if done.account else ""
    out.print(say(f"{account}{done.sent} sent, {done.fetched} fetched{removed}{waited}"))
    for state in ORDER:
        if number := done.count(state):
            out.print(say(f"  {number} of {len(done.pictures)} {WORDS[state]}"))
    if done.count("uncertain"):
        out.print(say("  perhaps sent: look there; --resend-uncertain sends them again, which may post them twice"))
    received = sum(bool(p["received"]) for p in done.pictures)
    if received:
        pairs = str(done.place) if received == len(done.pictures) else str(done.place / "collected.csv")
        out.print(say(f"  {plural(received, 'pair')}: understudy learn {pairs}", limit=1000))
