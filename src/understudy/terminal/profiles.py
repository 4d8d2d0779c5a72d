"""Pages of `profiles list`, `profiles show` and `profiles diff`."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..jpeg.syntax import ScanSpec
from .parts import GOOD, QUIET, UNSURE, grid, heading, row, say

if TYPE_CHECKING:
    from ..profile import Learning, Profile, Proof
    from ..profile_diff import ProfileDiff


def show_list(profiles: Sequence[Profile], console: Console | None = None) -> None:
    """Prints a line for each profile."""
    table = grid("l", "*", indent=0)
    for profile in profiles:
        table.add_row(say(profile.name, "bold"), say(profile.title))
    (console or Console(highlight=False)).print(table)


def show_one(profile: Profile, console: Console | None = None, every: bool = False) -> None:
    """Prints a profile in words: when it holds, its steps, what is free, its proof, what is unproven.

    every: parameters at their defaults too.
    """
    console = console or Console(highlight=False)
    console.print(say(profile.name, "bold"))
    console.print(say(profile.title))
    console.print(say(f"holds for: {profile.when}", QUIET))
    aside = "in order; bold where it is not the default" if every else "in order; --all shows what is at its default"
    console.print(heading("steps", aside))
    table = grid("l", "*")
    for step in profile.steps:
        row(table, say(step.name, "bold"), _parameters(step, every))
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
            row(table, _proof(proof))
        console.print(table)
    if profile.unproven:
        console.print(heading("unproven"))
        table = grid("l", "*")
        for doubt in profile.unproven:
            row(table, Text("?", UNSURE), say(doubt))
        console.print(table)
    if profile.learned:
        _show_learning(profile.learned, console)


def _show_learning(learned: Learning, console: Console) -> None:
    """From which pairs, how it does on each, and each answer with its nearest rival."""
    console.print(heading("learned", f"by {learned.by}, {learned.date}, from {len(learned.pairs)} pairs"))
    table = grid("l", "l", "*")
    for pair in learned.pairs:
        row(table, say(pair.name), say(f"{pair.sent[:8]} -> {pair.received[:8]}", QUIET), say(pair.result))
    console.print(table)
    table = grid("l", "l", "*")
    for answer in learned.answers:
        text = say(answer.answer, "bold").append_text(say(f"  {answer.reason}", QUIET))
        if answer.tied:
            text.append("\n").append_text(say(f"not told apart: {'; '.join(answer.tied)}", UNSURE))
        row(table, Text("?", UNSURE) if answer.guess else Text("+", GOOD), say(answer.question), text)
    console.print(table)


def show_diff(found: ProfileDiff, console: Console | None = None) -> None:
    """Prints what differs between two profiles, side by side: when they hold, step by step, free values, proof."""
    console = console or Console(highlight=False)
    console.print(say(found.first, "bold").append(" and ", QUIET).append_text(say(found.second, "bold")))
    if not (found.when or found.steps or found.free or any(found.proof) or any(found.unproven)):
        console.print(say("No difference but in name and title."))
        return
    if found.when:
        console.print(heading("when they hold"))
        console.print(_side_by_side(found, found.when))
    for step in found.steps:
        console.print(heading(step.step, f"only in {step.only_in}" if step.only_in else ""))
        if step.parameters:
            console.print(_side_by_side(found, step.parameters))
    if found.free:
        console.print(heading("free values"))
        console.print(_side_by_side(found, found.free))
    for title, mark, sides in (
        ("proof", Text("+", GOOD), [[_proof(p) for p in side] for side in found.proof]),
        ("unproven", Text("?", UNSURE), [[say(doubt) for doubt in side] for side in found.unproven]),
    ):
        for name, told in zip((found.first, found.second), sides, strict=True):
            if told:
                console.print(heading(title, f"only {name}"))
                table = grid("l", "*")
                for text in told:
                    row(table, mark, text)
                console.print(table)


def _side_by_side(found: ProfileDiff, values: Mapping[str, tuple[Any, Any]]) -> Table:
    table = grid("l", "*", "*")
    row(table, "", say(found.first, QUIET), say(found.second, QUIET))
    for key, both in values.items():
        row(table, say(key, QUIET), *(say("-" if v is None else _in_words(v)) for v in both))
    return table


def _proof(proof: Proof) -> Text:
    text = say(proof.result, "bold green").append_text(say(f"  {proof.what}"))
    where = ", ".join(part for part in (proof.source, proof.date) if part)
    return text.append("\n").append_text(say(where, QUIET))


def _parameters(step: Any, every: bool) -> Text:
    usual = type(step)()
    out = Text()
    for field in dataclasses.fields(step):
        value = getattr(step, field.name)
        changed = value != getattr(usual, field.name)
        if not (changed or every):
            continue
        if out:
            out.append("; ", QUIET)
        out.append_text(say(f"{field.name} ", QUIET))
        out.append_text(say(_in_words(value), "bold" if changed else ""))
    return out or say("at its defaults", QUIET)


def _in_words(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, tuple):
        return ("; " if value and isinstance(value[0], ScanSpec) else ", ").join(_in_words(v) for v in value) or "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{k} = {_in_words(v)}" for k, v in value.items()) or "none"
    return str(value) if value != "" else "none"
