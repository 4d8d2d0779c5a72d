"""By hand: pictures are laid out in a folder for a person to upload; what the person downloads is taken from another.

A downloaded file belongs to a picture if its name says so, else if the mark of a probe that both bear is the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from .base import AgainError, ConnectorError, Http, Picture, Posted, Rendition, Repeats, Setting

NOTE = "READ ME.txt"
UNFINISHED = (".part", ".crdownload", ".download", ".tmp", ".txt", ".html", ".json")
"""Endings of what browsers are still writing, and of what is no picture."""

SAID = """For understudy: what is to be done by hand.

1. Upload each picture of this folder to {platform}, as it is: not through an editor, not by dragging from a viewer.
2. Download what {platform} shows, in the size to learn from, and do not open or save it in an editor.
3. Put the downloads into {inbox}
   Keep the long number at the end of the name if you can, or name a download as its picture here. Pictures of
   `understudy probe` find their partners under any name.
4. Run the same `understudy collect` again; it may also run while you do this.
"""


class Folder:
    """A person does the sending and fetching."""

    name: ClassVar[str] = "folder"
    title: ClassVar[str] = "By hand, through two folders"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("platform", "What you call the platform; a picture is laid out once for each.", default="the platform"),
        Setting("outbox", "The folder from which you upload.", default="{dir}/outbox"),
        Setting("inbox", "The folder to which you download.", default="{dir}/inbox"),
    )
    takes: ClassVar[tuple[str, ...]] = ()
    repeats: ClassVar[Repeats] = Repeats.HARMLESS
    terms: ClassVar[str] = "you upload with your own account, by its owner's hand; the platform's terms hold as ever"
    source: ClassVar[str] = "this project"

    def __init__(self, settings: Mapping[str, str], http: Http) -> None:
        self._platform = settings["platform"]
        self._outbox, self._inbox = Path(settings["outbox"]), Path(settings["inbox"])
        self._marks: dict[tuple[str, int, int], Any] = {}

    def account(self) -> str:
        """The platform's name."""
        return self._platform

    def check(self) -> str:
        """Raises ConnectorError where both folders are one."""
        if self._outbox.resolve() == self._inbox.resolve():
            raise ConnectorError(str(self._inbox), place="folder, inbox", expected="another folder than outbox")
        return f"by hand on {self._platform}: from {self._outbox}, to {self._inbox}"

    def send(self, picture: Picture, key: str) -> Posted:
        """Lays the picture out under a number, its own name and the beginning of its key."""
        try:
            for folder in (self._outbox, self._inbox):
                folder.mkdir(parents=True, exist_ok=True)
            note = SAID.format(platform=self._platform, inbox=self._inbox.resolve())
            (self._outbox / NOTE).write_text(note, encoding="utf-8")
            there = self.find(key)
            name = there.id if there else self._name(picture.name, key)
            making = self._outbox / f".{key}.tmp"
            making.write_bytes(picture.data)
            making.replace(self._outbox / name)
        except OSError as error:
            raise ConnectorError(error.strerror or str(error), place=str(self._outbox)) from None
        return Posted(name, {"sent_as": picture.name})

    def _name(self, name: str, key: str) -> str:
        stem, dot, suffix = name.rpartition(".")
        numbers = [p.name.partition("-")[0] for p in _visible(self._outbox)]
        number = 1 + max((int(n) for n in numbers if n.isdecimal()), default=0)
        return f"{number:03}-{stem or name}-{key[:8]}{dot}{suffix if stem else ''}"

    def find(self, key: str) -> Posted | None:
        """The picture that was laid out with this key."""
        for path in _visible(self._outbox):
            if path.stem.endswith(f"-{key[:8]}"):
                return Posted(path.name)
        return None

    def fetch(self, posted: Posted) -> Iterator[Rendition]:
        """The downloaded file. Raises AgainError while there is none, ConnectorError where several could be it."""
        found = self._named(posted) or self._marked(posted)
        if not found:
            raise AgainError(
                f"nothing yet for {posted.id} in {self._inbox}", working=True, expected="its download",
                remedy=f"see {self._outbox / NOTE}",
            )  # fmt: skip
        if len(found) > 1:
            names = ", ".join(p.name for p in found)
            raise ConnectorError(names, place=f"{posted.id} in {self._inbox}", expected="one download of each picture")
        try:
            data = found[0].read_bytes()
        except OSError as error:
            raise AgainError(error.strerror or str(error), place=str(found[0])) from None
        yield Rendition("download", found[0].resolve().as_uri(), data, (), True)

    def _named(self, posted: Posted) -> list[Path]:
        """Files whose name holds the picture's key, else those that bear its name here or the one it had before."""
        stem, files = Path(posted.id).stem, self._downloads()
        key = stem.rpartition("-")[2]
        names = {stem.casefold(), Path(str(posted.details.get("sent_as", stem))).stem.casefold()}
        return [p for p in files if key in p.stem] or [p for p in files if p.stem.casefold() in names]

    def _marked(self, posted: Posted) -> list[Path]:
        """Files that bear the mark of the picture, where it is a probe."""
        mark = self._mark(self._outbox / posted.id)
        return [p for p in self._downloads() if self._mark(p) == mark] if mark is not None else []

    def _mark(self, path: Path) -> Any:
        """The probe's mark that the file bears; None without one. Read once for each state of a file."""
        from ..probes.mark import read_mark

        try:
            about = path.stat()
            key = (str(path), about.st_size, about.st_mtime_ns)
            if key not in self._marks:
                self._marks[key] = read_mark(path.read_bytes())
        except OSError:
            return None
        return self._marks[key]

    def _downloads(self) -> list[Path]:
        return [p for p in _visible(self._inbox) if p.suffix.lower() not in UNFINISHED]

    def remove(self, posted: Posted) -> None:
        """Raises ConnectorError: that is by hand too."""
        raise ConnectorError(
            "only you can remove it", place=posted.id, expected="that done by hand", remedy=f"look at {self._platform}"
        )


def _visible(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.is_file() and p.name[0] != ".") if folder.is_dir() else []


CONNECTOR = Folder
