"""Matrix, client-server API: an m.image in a private room; the file as kept and the server's thumbnails."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, NoReturn
from urllib.parse import quote

from ._common import CLIENT_ERRORS, PAGES, document, failed, fits, number, sides, too_many
from .base import AuthError, ConnectorError, Http, Picture, Posted, RejectedError, Rendition, Repeats, Setting
from .http import Answer

CLIENT = "/_matrix/client/v3"
MEDIA = "/_matrix/client/v1/media"
UPLOAD = "/_matrix/media/v3/upload"
THUMBNAILS = "32x32-crop,96x96-crop,320x240-scale,640x480-scale,800x600-scale"
"""Synapse's default `thumbnail_sizes` (its configuration manual)."""
PAGE = 100
URI = r"mxc://[^/]+/[A-Za-z0-9_-]+"
"""Media ids have these letters only (Content repository, Security considerations)."""


class Matrix:
    """Sends into one room, which should be private and not encrypted: only its members see the event. The server
    keeps uploaded files under names that cannot be guessed and, since Matrix 1.11, gives them to its users only."""

    name: ClassVar[str] = "matrix"
    title: ClassVar[str] = "Matrix room"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("base_url", "your homeserver: https://matrix.example"),
        Setting("token", "an access token: POST /_matrix/client/v3/login; or Element, Help, Access token", True),
        Setting("room", "a private room without encryption that you are in: !id:server"),
        Setting("thumbnails", "WIDTHxHEIGHT-METHOD with commas between; - for none", default=THUMBNAILS),
    )
    takes: ClassVar[tuple[str, ...]] = (
        "image/jpeg", "image/png", "image/gif", "image/webp", "image/bmp", "image/tiff", "image/avif", "image/heif",
        "image/heic",
    )  # fmt: skip
    repeats: ClassVar[Repeats] = Repeats.FINDABLE
    terms: ClassVar[str] = "Your own account and room, on a homeserver whose rules allow it; best your own server."
    source: ClassVar[str] = (
        "spec.matrix.org v1.11 to v1.15 (matrix-org/matrix-spec: client-server content-repo, authed-content-repo, "
        "room_send, redaction, message_pagination, whoami; m.image), read 2026-11-22; tried on Synapse 1.163.2. How "
        "long a transaction id is remembered is not specified (Synapse: a day), so `find` looks at the room, too. "
        "The API removes events, not files."
    )

    def __init__(self, settings: Mapping[str, str], http: Http) -> None:
        self._http = http
        self._base = settings["base_url"].rstrip("/")
        self._room = settings["room"]
        self._headers = {"authorization": f"Bearer {settings['token']}"}
        self._thumbnails = thumbnails(settings["thumbnails"])
        self._user: str | None = None

    def check(self) -> str:
        """`@name:server, room !id:server`. Raises AuthError where the account is not in the room."""
        rooms = document(self._ask("GET", f"{CLIENT}/joined_rooms")).get("joined_rooms") or []
        if self._room not in rooms:
            raise AuthError(f"{self._me()} is not in {self._room}", place="room", expected="a room that it joined")
        return f"{self._me()}, room {self._room}"

    def account(self) -> str:
        """The user and the room."""
        return f"{self._me()} in {self._room}"

    def send(self, picture: Picture, key: str) -> Posted:
        """Uploads the file and sends the event under a transaction id made of the key. A file that no event names
        stays with the server, seen by nobody."""
        most = number(document(self._ask("GET", f"{MEDIA}/config")).get("m.upload.size"))
        fits(picture, "this homeserver", self.takes, None if most is None else int(most))
        width, height = sides(picture)
        headers = {"content-type": picture.media_type}
        made = self._ask("POST", UPLOAD, headers=headers, params={"filename": picture.name}, content=picture.data)
        uri = str(document(made).get("content_uri") or "")
        if not re.fullmatch(URI, uri):
            raise ConnectorError(repr(uri), place=made.url, expected="mxc://server/id")
        info = {"mimetype": picture.media_type, "size": len(picture.data), "w": width, "h": height}
        content = {
            "msgtype": "m.image",
            "filename": picture.name,
            "body": f"understudy {key}",
            "url": uri,
            "info": info,
        }
        path = f"{CLIENT}/rooms/{quote(self._room, safe='')}/send/m.room.message/understudy-{key}"
        for nth in ("", "-2", "-3", "-4"):
            event = document(self._ask("PUT", path + nth, json=content)).get("event_id")
            if not event:
                raise ConnectorError("no event_id", place=self._base + path, expected="an event")
            posted = Posted(str(event), {"room": self._room})
            try:
                if self._kept(posted).get("url"):
                    return posted
            except ConnectorError as error:
                error.landed = True
                raise
            # The server remembers the transaction of an event that was redacted since: this one is none for it.
        raise ConnectorError("a redacted event, four times", place=self._base + path, expected="a new event")

    def find(self, key: str) -> Posted | None:
        """Looks for the key in the room's messages, newest first, among the account's own."""
        path, start, count = f"{CLIENT}/rooms/{quote(self._room, safe='')}/messages", "", 0
        for _ in range(PAGES):
            params: dict[str, str | int] = {"dir": "b", "limit": PAGE, **({"from": start} if start else {})}
            page = document(self._ask("GET", path, params=params))
            rows = page.get("chunk") or []
            for row in rows:
                content = row.get("content") or {}
                if row.get("sender") == self._me() and content.get("body") == f"understudy {key}":
                    return Posted(str(row["event_id"]), {"room": self._room})
            count, start = count + len(rows), str(page.get("end") or "")
            if not start:  # an empty page alone does not say that there are no more
                return None
        raise too_many(self._base + path, count)

    def fetch(self, posted: Posted) -> Iterator[Rendition]:
        """`original`, and each thumbnail asked for (`800x600-scale`). `main` is the largest scaled thumbnail, or the
        original where the server makes none."""
        place = self._uri(posted).removeprefix("mxc://")
        got = self._ask("GET", f"{MEDIA}/download/{place}")
        made: list[tuple[tuple[str, int], str, Answer]] = []
        for width, height, method in self._thumbnails:
            params: dict[str, str | int] = {"width": width, "height": height, "method": method, "animated": "false"}
            # 400, 404 and 413: the server makes no thumbnail of this file. Synapse 1.163 says 404, or 400 M_UNKNOWN.
            thumbnail = self._ask("GET", f"{MEDIA}/thumbnail/{place}", ok=(400, 404, 413), params=params)
            if thumbnail.status == 200:
                made.append(((method, width * height), f"{width}x{height}-{method}", thumbnail))
        largest = max((rank for rank, _, _ in made), default=None)  # "scale" sorts after "crop"
        yield Rendition("original", got.url, got.data, got.headers, main=largest is None)
        for rank, name, thumbnail in made:
            yield Rendition(name, thumbnail.url, thumbnail.data, thumbnail.headers, main=rank == largest)

    def remove(self, posted: Posted) -> None:
        """Redacts the event. The file stays on the server until its administrator deletes it: the client API
        cannot."""
        transaction = "understudy-remove-" + hashlib.sha256(posted.id.encode()).hexdigest()[:32]
        path = f"{self._in_room(posted)}/redact/{quote(posted.id, safe='')}/{transaction}"
        self._ask("PUT", path, ok=(404,), json={"reason": "understudy"})

    def _uri(self, posted: Posted) -> str:
        # Asked of the event: after a repeated `send` it names the first call's file, not the second upload.
        uri = str(self._kept(posted).get("url") or "")
        if not re.fullmatch(URI, uri):
            raise ConnectorError(repr(uri), place=f"event {posted.id}", expected="an m.image that is not redacted")
        return uri

    def _kept(self, posted: Posted) -> dict[str, Any]:
        """The event's content, empty once it is redacted."""
        path = f"{self._in_room(posted)}/event/{quote(posted.id, safe='')}"
        content = document(self._ask("GET", path)).get("content")
        return content if isinstance(content, dict) else {}

    def _in_room(self, posted: Posted) -> str:
        return f"{CLIENT}/rooms/{quote(str(posted.details.get('room', self._room)), safe='')}"

    def _me(self) -> str:
        if self._user is None:
            self._user = str(document(self._ask("GET", f"{CLIENT}/account/whoami")).get("user_id"))
        return self._user

    def _ask(self, method: str, path: str, *, ok: tuple[int, ...] = (), **sent: Any) -> Answer:
        headers = {**self._headers, **(sent.pop("headers", None) or {})}
        answer = self._http.request(method, self._base + path, ok=CLIENT_ERRORS, headers=headers, **sent)
        if answer.status >= 400 and answer.status not in ok:
            self._refuse(answer, sends=method not in ("GET", "POST"))  # an upload alone is seen by nobody
        return answer

    def _refuse(self, answer: Answer, *, sends: bool) -> NoReturn:
        told = document(answer)
        words = self._http.hide(f"{told.get('errcode')}: {told.get('error')}") if told else ""
        if told.get("errcode") == "M_TOO_LARGE":
            raise RejectedError(words, place=answer.url)
        if told.get("errcode") in ("M_UNKNOWN_TOKEN", "M_MISSING_TOKEN", "M_FORBIDDEN"):
            raise AuthError(words, place=answer.url, remedy="look at the token and whether it is in the room")
        # retry_after_ms is deprecated since Matrix 1.10 for Retry-After, which `failed` reads where it is missing.
        wait_ms = number(told.get("retry_after_ms"))
        failed(answer, words, sends=sends, wait_s=None if wait_ms is None else wait_ms / 1000)


def thumbnails(text: str) -> list[tuple[int, int, str]]:
    """`800x600-scale,96x96-crop` -> [(800, 600, "scale"), (96, 96, "crop")]; `-` -> []. Raises ConnectorError."""
    out = []
    for part in [p.strip() for p in text.split(",") if p.strip() not in ("", "-")]:
        found = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})-(scale|crop)", part)
        if not found:
            raise ConnectorError(repr(part), place="thumbnails", expected="such as 800x600-scale,96x96-crop")
        out.append((int(found[1]), int(found[2]), found[3]))
    return out


CONNECTOR = Matrix
