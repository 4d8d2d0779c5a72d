"""Reads a page of HTML as strictly as the house wants it: well-formed, asking nobody for anything, running nothing."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "br", "img"}


class Checker(HTMLParser):
    """Collects tags and attributes, and fails where one is not closed in its turn."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((name, dict(attrs)))
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name, f"</{name}> at {self.getpos()}"

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    @property
    def words(self) -> str:
        """All text of the page."""
        return "".join(self.text)

    def ids(self) -> list[str]:
        """Every id, in order."""
        return [str(attrs["id"]) for _, attrs in self.seen if "id" in attrs]

    def links(self) -> set[str]:
        """Where the page's links lead, without the #."""
        return {str(attrs["href"])[1:] for name, attrs in self.seen if name == "a"}


def read(document: str) -> Checker:
    """The page, which must be well-formed and must not ask any other place for anything."""
    checker = Checker()
    checker.feed(document)
    checker.close()
    assert checker.open == []
    for name, attributes in checker.seen:
        assert name not in ("script", "link", "iframe", "object", "form"), name
        for key, value in attributes.items():
            assert not key.startswith("on"), (name, key)
            if key in ("src", "href", "srcset", "data", "action", "xlink:href"):
                assert value is not None and value.startswith(("data:image/", "#")), (name, key, value)
    style = "".join(re.findall(r"<style>(.*?)</style>", document, re.S))
    assert style and "url(" not in style and "@import" not in style
    return checker
