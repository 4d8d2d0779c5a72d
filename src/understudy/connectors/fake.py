"""The fake: a platform in a folder. It takes pictures and delivers what a profile makes of them; nothing is sent.

A post is a folder that appears whole: STORE/posts/ID/ with post.json, sent and one file a rendition. Whoever wants to
know whether something was posted twice counts them.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from ..errors import UnderstudyError
from .base import ConnectorError, Http, Picture, Posted, RejectedError, Rendition, Repeats, Setting


class Fake:
    """Plays a platform with profiles of understudy, to try things without an account."""

    name: ClassVar[str] = "fake"
    title: ClassVar[str] = "A platform in a folder, played by a profile"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("profile", "Profiles that make its renditions, with commas between; the first is the main one.",
                default="facebook"),
        Setting("store", "The folder that holds what was posted.", default="{dir}/fake-platform"),
    )  # fmt: skip
    takes: ClassVar[tuple[str, ...]] = (
        "image/jpeg",
        "image/png",
        "image/gif",
        "image/webp",
        "image/bmp",
        "image/tiff",
    )
    repeats: ClassVar[Repeats] = Repeats.FINDABLE
    terms: ClassVar[str] = "none: everything stays in a folder of this machine"
    source: ClassVar[str] = "this project"
    settles_s: ClassVar[float] = 0.0

    def __init__(self, settings: Mapping[str, str], http: Http) -> None:
        self._profiles = [p.strip() for p in settings["profile"].split(",") if p.strip()]
        self._store = Path(settings["store"])

    def account(self) -> str:
        """The profiles: a folder may be moved."""
        return ", ".join(self._profiles)

    def check(self) -> str:
        """Raises ConnectorError where a profile does not exist."""
        from ..profile import load_profile

        try:
            names = [load_profile(p).name for p in self._profiles]
        except UnderstudyError as error:
            raise ConnectorError(str(error), place="fake, profile") from None
        if not names or len(set(names)) < len(names):
            raise ConnectorError(
                f"{len(names)} profiles", place="fake, profile", expected="different ones, at least one"
            )
        return f"the folder {self._store}, which plays {', '.join(names)}"

    def send(self, picture: Picture, key: str) -> Posted:
        """Raises RejectedError for what is no picture."""
        from ..delivery import mimic

        delivered = {}
        for profile in self._profiles:
            try:
                delivered[_rendition(profile)] = mimic(picture.data, profile).data
            except UnderstudyError as error:
                raise RejectedError(str(error), place=picture.name) from None
        number = secrets.token_hex(6)
        making = self._store / "making" / number
        try:
            making.mkdir(parents=True)
            (making / "sent").write_bytes(picture.data)
            for name, data in delivered.items():
                (making / f"{name}.jpg").write_bytes(data)
            post = {"id": number, "key": key, "name": picture.name, "renditions": list(delivered)}
            (making / "post.json").write_text(json.dumps(post), encoding="utf-8")
            self._posts.mkdir(exist_ok=True)
            making.rename(self._posts / number)
        except OSError as error:
            raise ConnectorError(error.strerror or str(error), place=str(self._store)) from None
        return Posted(number)

    def find(self, key: str) -> Posted | None:
        """Looks at every post."""
        ids = sorted(p.name for p in self._posts.iterdir()) if self._posts.is_dir() else []
        return next((Posted(number) for number in ids if self._post(number)["key"] == key), None)

    def fetch(self, posted: Posted) -> Iterator[Rendition]:
        """One for each profile."""
        for i, name in enumerate(self._post(posted.id)["renditions"]):
            path = self._posts / posted.id / f"{name}.jpg"
            yield Rendition(name, path.as_uri() if path.is_absolute() else str(path), path.read_bytes(), (), i == 0)

    def remove(self, posted: Posted) -> None:
        """Deletes its folder."""
        shutil.rmtree(self._posts / posted.id, ignore_errors=True)

    @property
    def _posts(self) -> Path:
        return self._store / "posts"

    def _post(self, number: str) -> Any:
        try:
            return json.loads((self._posts / number / "post.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ConnectorError(f"{error}", place=f"post {number}", expected="a post of the fake") from None


def _rendition(profile: str) -> str:
    """`facebook@2021` -> `facebook-2021`; a file's name without its folders and `.toml`."""
    stem = profile.removesuffix(".toml").replace("\\", "/")
    stem = stem.rpartition("/")[2] if profile.endswith(".toml") else stem
    return "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in stem).strip(".-") or "rendition"


CONNECTOR = Fake
