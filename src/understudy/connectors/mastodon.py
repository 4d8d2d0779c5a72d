"""Mastodon: the picture in a status that addresses nobody; original, preview and remote as the server keeps them."""

from __future__ import annotations

import datetime
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, NoReturn

from ._common import CLIENT_ERRORS, PAGES, document, failed, fits, number, seconds_until, sides, too_many
from .base import AgainError, ConnectorError, Http, Picture, Posted, RejectedError, Rendition, Repeats, Setting
from .http import Answer

MARK = "understudy "
"""A status' text is this and the key."""
VISIBILITIES = ("direct", "private")
PAGE = 40
"""The most statuses that one page holds."""
WAITS_S = (1.0, 2.0, 4.0, 8.0)
"""Between looks at media that are processed in the background (servers before 4.0, large files)."""


class Mastodon:
    """Posts as a direct status that mentions nobody (or as one for followers). The files themselves lie at addresses
    that cannot be guessed and ask for no token, whatever the status' visibility."""

    name: ClassVar[str] = "mastodon"
    title: ClassVar[str] = "Mastodon account"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("base_url", "your server: https://mastodon.example"),
        Setting("token", "from Preferences, Development, New application: read, write:media, write:statuses", True),
        Setting("visibility", "direct (nobody but you) or private (your followers)", default="direct"),
    )
    takes: ClassVar[tuple[str, ...]] = (
        "image/jpeg", "image/png", "image/gif", "image/webp", "image/heif", "image/heic", "image/avif",
    )  # fmt: skip
    repeats: ClassVar[Repeats] = Repeats.FINDABLE
    terms: ClassVar[str] = (
        "Your own account on a server whose rules allow it: ask its moderators before sending many, and mark the "
        "account as a bot."
    )
    source: ClassVar[str] = (
        "docs.joinmastodon.org (mastodon/documentation: methods/media, methods/statuses, methods/accounts, "
        "methods/instance, api/rate-limits, entities/MediaAttachment), read 2026-11-22. That the account's own list "
        "holds direct statuses is in mastodon/mastodon's AccountStatusesFilter, not in the documentation. Never tried "
        "on a real server. Idempotency-Key is kept for up to an hour, so `find` looks at the statuses, too."
    )

    sleep: Callable[[float], None] = staticmethod(time.sleep)

    def __init__(self, settings: Mapping[str, str], http: Http) -> None:
        self._http = http
        self._base = settings["base_url"].rstrip("/")
        self._headers = {"authorization": f"Bearer {settings['token']}"}
        self._visibility = settings["visibility"].strip()
        self._account: str | None = None
        if self._visibility not in VISIBILITIES:
            raise ConnectorError(repr(self._visibility), place="visibility", expected=" or ".join(VISIBILITIES))

    def check(self) -> str:
        """`@name on https://server`. Raises AuthError."""
        me = document(self._ask("GET", "/api/v1/accounts/verify_credentials"))
        return f"@{me.get('acct')} on {self._base}"

    def account(self) -> str:
        """The account's number on its server."""
        if self._account is None:
            me = document(self._ask("GET", "/api/v1/accounts/verify_credentials"))
            self._account = f"{me.get('id')} on {self._base}"
        return self._account

    def send(self, picture: Picture, key: str) -> Posted:
        """Uploads the media, waits for it, posts the status. Media without a status are removed by the server."""
        self._allowed(picture)
        files = {"file": (picture.name, picture.data, picture.media_type)}
        made = self._ask("POST", "/api/v2/media", files=files, form={"description": picture.name})
        media = document(made)
        if not media.get("id"):
            raise ConnectorError("no id", place=made.url, expected="a MediaAttachment")
        if made.status == 202 or media.get("url") is None:
            self._processed(str(media["id"]))
        body = {"status": MARK + key, "media_ids": [str(media["id"])], "visibility": self._visibility}
        status = self._post(key, body)
        if not status.get("id"):
            raise ConnectorError("no id", place=f"{self._base}/api/v1/statuses", expected="a Status")
        # After a repeat within the hour this is the first call's status, with the first call's media.
        kept = next(iter(status.get("media_attachments") or []), media)
        return Posted(str(status["id"]), {"media": str(kept.get("id"))})

    def find(self, key: str) -> Posted | None:
        """Looks for the key in the texts of the account's own statuses with media."""
        path, older, count = f"/api/v1/accounts/{self.account().partition(' ')[0]}/statuses", "", 0
        for _ in range(PAGES):
            params: dict[str, str | int] = {"only_media": "true", "limit": PAGE, **({"max_id": older} if older else {})}
            rows = self._ask("GET", path, params=params).json()
            if not isinstance(rows, list) or not rows:
                return None
            for row in rows:
                if MARK + key in str(row.get("content") or ""):
                    media: dict[str, Any] = next(iter(row.get("media_attachments") or []), {})
                    return Posted(str(row["id"]), {"media": str(media.get("id"))})
            count, older = count + len(rows), str(rows[-1]["id"])
        raise too_many(self._base + path, count)

    def fetch(self, posted: Posted) -> Iterator[Rendition]:
        """`original` (main: as the server delivers it, scaled down where it is too large), `preview`, and `remote`
        where the status came from another server."""
        status = document(self._ask("GET", f"/api/v1/statuses/{posted.id}"))
        media: dict[str, Any] | None = next(iter(status.get("media_attachments") or []), None)
        if media is None:
            raise ConnectorError("no media", place=f"status {posted.id}", expected="one attachment")
        if not media.get("url"):
            raise AgainError(
                "no url yet", working=True, place=f"media {media.get('id')}", expected="a processed attachment"
            )
        for name, field in (("original", "url"), ("preview", "preview_url"), ("remote", "remote_url")):
            if media.get(field):
                got = self._http.request("GET", media[field])
                yield Rendition(name, got.url, got.data, got.headers, main=name == "original")

    def remove(self, posted: Posted) -> None:
        """Deletes the status, and its media with it (30 deletions in 30 minutes are documented)."""
        # delete_media is new in 4.4 and ignored before: without it the files wait for the server's own clean-up.
        self._ask("DELETE", f"/api/v1/statuses/{posted.id}", ok=(404,), params={"delete_media": "true"})

    def _post(self, key: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """The status; where the key's status was deleted within the hour, the server says 404 and takes another key."""
        for nth in ("", "-2", "-3"):
            headers = {"idempotency-key": key + nth}
            made = self._ask("POST", "/api/v1/statuses", ok=(404,), headers=headers, json=body)
            if made.status != 404:
                return document(made)
        return document(self._ask("POST", "/api/v1/statuses", headers={"idempotency-key": key + "-4"}, json=body))

    def _allowed(self, picture: Picture) -> None:
        """What the server itself states, where it does: types, bytes, and pixels in all."""
        stated = document(self._ask("GET", "/api/v2/instance", ok=(404,)))
        limits: Mapping[str, Any] = (stated.get("configuration") or {}).get("media_attachments") or {}
        types = limits.get("supported_mime_types")
        most = number(limits.get("image_size_limit"))
        fits(picture, "this server", types or self.takes, None if most is None else int(most))
        pixels = number(limits.get("image_matrix_limit"))
        if pixels:
            width, height = sides(picture)
            if width * height > pixels:
                expected = f"at most {int(pixels):,} pixels on this server"
                raise RejectedError(f"{width}x{height}", place=picture.name, expected=expected)

    def _processed(self, media: str) -> None:
        """Waits for media that the server took with 202: 206 means that it is still at work."""
        for wait_s in (*WAITS_S, None):
            answer = self._ask("GET", f"/api/v1/media/{media}")
            if answer.status != 206 and document(answer).get("url"):
                return
            if wait_s is not None:
                self.sleep(wait_s)
        # Nothing is posted yet: the next `send` uploads once more, and the server drops what no status holds.
        raise AgainError("still processing", wait_s=30.0, place=answer.url, expected="a processed attachment")

    def _ask(self, method: str, path: str, *, ok: tuple[int, ...] = (), **sent: Any) -> Answer:
        headers = {**self._headers, **(sent.pop("headers", None) or {})}
        answer = self._http.request(method, self._base + path, ok=CLIENT_ERRORS, headers=headers, **sent)
        if answer.status >= 400 and answer.status not in ok:
            self._refuse(answer, method, path)
        return answer

    def _refuse(self, answer: Answer, method: str, path: str) -> NoReturn:
        words = self._http.hide(str(document(answer).get("error") or ""))
        if answer.status == 422 and path.endswith("/media"):
            raise RejectedError(words, place=answer.url)
        failed(answer, words, sends=method != "GET", wait_s=reset_s(answer) if answer.status == 429 else None)


def reset_s(answer: Answer) -> float | None:
    """Seconds until X-RateLimit-Reset, an ISO 8601 time; None without one."""
    try:
        moment = datetime.datetime.fromisoformat(answer.header("x-ratelimit-reset") or "")
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return seconds_until(moment.timestamp(), answer)


CONNECTOR = Mastodon
