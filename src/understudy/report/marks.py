"""The small things that the page is made of: escaped text, tags, tables. A string that is markup is a `Markup`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape

from ..evidence.base import visible


class Markup(str):
    """Text that is HTML already. Everything else is escaped when it is put into a tag."""

    __slots__ = ()


MOST_TEXT = 4_000
"""Characters of one piece of text that are shown; a file's comment may have 65,533."""


def safe(part: object) -> Markup:
    """`part` as HTML: a Markup as it is, a list joined, None left out, anything else escaped, controls made visible."""
    if isinstance(part, Markup):
        return part
    if part is None:
        return Markup("")
    if isinstance(part, (list, tuple)):
        return Markup("".join(safe(p) for p in part))
    return Markup(escape(visible(str(part), MOST_TEXT), quote=True))


def tag(name: str, *inside: object, **attributes: object) -> Markup:
    """`<name attributes>inside</name>`. An attribute's `_` becomes `-`, a trailing one goes; None leaves it out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(str(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in ("br", "img"):
        return Markup(f"<{name}{given}>")
    return Markup(f"<{name}{given}>{''.join(safe(p) for p in inside)}</{name}>")


def table(head: Sequence[object], rows: Iterable[Sequence[object]], numbers: Collection[int] = ()) -> Markup:
    """A table that scrolls by itself where it is too wide. numbers: columns that are set to the right."""

    def cells(name: str, row: Sequence[object]) -> list[Markup]:
        return [tag(name, c, class_="n" if i in numbers else None) for i, c in enumerate(row)]

    body = [tag("tr", *cells("td", row)) for row in rows]
    top = tag("thead", tag("tr", *cells("th", head))) if any(head) else None
    return tag("div", tag("table", top, tag("tbody", *body)), class_="wide", tabindex="0")


def details(summary: object, *inside: object, is_open: bool = False) -> Markup:
    """A part that opens with a click or a key."""
    start = "<details open>" if is_open else "<details>"
    return Markup(start + tag("summary", summary) + "".join(safe(p) for p in inside) + "</details>")


def badge(text: str, kind: str) -> Markup:
    """A word on a coloured ground; kind: `good`, `unsure`, `bad` or `quiet`. The word says it, not the colour alone."""
    return tag("span", text, class_=f"badge {kind}")
