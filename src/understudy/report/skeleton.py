"""What every page is: one HTML document that needs nothing else, with the verdict first and links to its sections."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from .._version import __version__
from .marks import Markup, safe, tag

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""The page's Content-Security-Policy: no script, no request to anyone."""


def document(title: str, header: Sequence[Markup], sections: Sequence[tuple[str, str, Markup]]) -> str:
    """The page as HTML, UTF-8. sections: (anchor, title, body); those without a body are left out."""
    shown = [(at, name, body) for at, name, body in sections if body]
    nav = tag("nav", *(tag("a", name, href=f"#{at}") for at, name, _ in shown), aria_label="Sections")
    main = [tag("section", tag("h2", name, id=at), body) for at, name, body in shown]
    style = resources.files(__package__).joinpath("style.css").read_text(encoding="utf-8")
    head = [
        Markup('<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'),
        Markup('<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'),
        tag("title", title),
        tag("style", Markup(style)),
    ]
    told = f"Made by understudy {__version__}. This page asks no other computer for anything."
    body = [tag("header", safe(list(header)), nav), tag("main", *main), tag("footer", tag("p", told))]
    return "<!doctype html>\n" + tag("html", tag("head", *head), tag("body", *body), lang="en") + "\n"
