"""The commands `profiles list`, `show` and `diff`."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from .app import Json, app, print_json

profiles_app = typer.Typer(help="The profiles that come with understudy.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(profiles_app, name="profiles")


@profiles_app.command("list")
def profiles_list(as_json: Json = False) -> None:
    """The shipped profiles, a line each."""
    from ..profile import shipped_profiles

    shipped = shipped_profiles().values()
    if as_json:
        print_json([{"name": p.name, "title": p.title, "when": str(p.when)} for p in shipped])
    else:
        from ..terminal.profiles import show_list

        show_list(list(shipped))


@profiles_app.command("show")
def profiles_show(
    name: Annotated[str, typer.Argument(metavar="P", help="A profile's name, or a TOML file.")],
    toml: Annotated[bool, typer.Option("--toml", help="Print the profile as TOML.")] = False,
    every: Annotated[bool, typer.Option("--all", help="Show parameters at their defaults too.")] = False,
) -> None:
    """One profile in words. When it holds, its steps, what is free, its proof, what is unproven."""
    from ..profile import dumps, load_profile

    profile = load_profile(name)
    if toml:
        sys.stdout.write(dumps(profile))
    else:
        from ..terminal.profiles import show_one

        show_one(profile, every=every)


@profiles_app.command("diff")
def profiles_diff(
    first: Annotated[str, typer.Argument(metavar="A", help="A profile's name, or a TOML file.")],
    second: Annotated[str, typer.Argument(metavar="B", help="Another one.")],
    as_json: Json = False,
) -> None:
    """What differs between two profiles. When they hold, step by step, free values, proof."""
    from ..profile import load_profile
    from ..profile_diff import diff

    found = diff(load_profile(first), load_profile(second))
    if as_json:
        print_json(found.to_dict())
    else:
        from ..terminal.profiles import show_diff

        show_diff(found)
