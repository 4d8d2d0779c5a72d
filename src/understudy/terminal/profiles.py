"""Pages of `profiles list` and `profiles show`."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from .parts import QUIET, UNSURE, grid, heading, row, say

if TYPE_CHECKING:
    from ..profile import Profile


def show_list(profiles: Sequence[Profile], console: Console | None = None) -> None:
    """Prints a line for each profile."""
    table = grid("l", "*", indent=0)
    for profile in profiles:
        table.add_row(say(profile.name, "bold"), say(profile.title))
    (console or Console(highlight=False)).print(table)


def show_one(profile: Profile, console: Console | None = None) -> None:
    """Prints a profile in words: when it holds, its steps, what is free, its proof, what is unproven."""
    console = console or Console(highlight=False)
    console.print(say(profile.name, "bold"))
    console.print(say(profile.title))
    console.print(say(f"holds for: {profile.when}", QUIET))
    console.print(heading("steps", "in order; bold where it is not the default"))
    table = grid("l", "*")
    for step in profile.steps:
        row(table, say(step.name, "bold"), _parameters(step))
    console.print(table)
    if profile.free:
        console.print(heading("free", "varies; --set gives it, --like takes it from a delivered file"))
        table = grid("l", "*")
        for key, why in profile.free.items():
            row(table, say(key), say(why))
        console.print(table)
    if profile.proof:
        console.print(heading("proof"))
        table = grid("*")
        for proof in profile.proof:
            text = say(proof.result, "bold green").append_text(say(f"  {proof.what}"))
            where = ", ".join(part for part in (proof.source, proof.date) if part)
            row(table, text.append("\n").append_text(say(where, QUIET)))
        console.print(table)
    if profile.unproven:
        console.print(heading("unproven"))
        table = grid("l", "*")
        for doubt in profile.unproven:
            row(table, Text("?", UNSURE), say(doubt))
        console.print(table)


def _parameters(step: Any) -> Text:
    out = Text()
    for field in dataclasses.fields(step):
        value = getattr(step, field.name)
        if out:
            out.append("; ", QUIET)
        out.append_text(say(f"{field.name} ", QUIET))
        out.append_text(say(_in_words(value), "bold" if value != field.default else ""))
    return out


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ", ".join(_in_words(v) for v in value) or "none"
    return str(value) if value != "" else "none"
