"""Bluesky: the blob as its PDS keeps it, and what the app's CDN makes of it, from a post whose place the key names."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ._common import CLIENT_ERRORS, document, failed, fits, number, seconds_until, sides
from .base import AgainError, AuthError, ConnectorError, Http, Picture, Posted, RejectedError, Rendition, Repeats
from .base import Setting as S
from .http import Answer

POST = "app.bsky.feed.post"
LIMIT = 1_000_000
"""Bytes of one image of a post: app.bsky.embed.images, maxSize."""
TID_LETTERS = "234567abcdefghijklmnopqrstuvwxyz"
TID_START_US = 1_672_531_200_000_000
"""2023-01-01, in microseconds: keys are spread over the 2.2 years from here, so that none lies in the future."""
APPVIEW = "did:web:api.bsky.app#bsky_appview"


class Bluesky:
    """Posts to the account's repository. THERE IS NO PRIVATE POSTING: the record, the blob and the CDN's files are
    public for everybody at once, and copies of the network keep what they saw."""

    name: ClassVar[str] = "bluesky"
    title: ClassVar[str] = "Bluesky account, AT Protocol"
    settings: ClassVar[tuple[S, ...]] = (
        S("handle", "the account's handle (example.bsky.social), or its DID"),
        S("app_password", "from Settings, Privacy and security, App passwords; never the account's own", True),
        S("base_url", "the account's server", default="https://bsky.social"),
        S("max_bytes", "what is refused before sending: the lexicon's maxSize", default=str(LIMIT)),
    )
    takes: ClassVar[tuple[str, ...]] = ("image/jpeg", "image/png", "image/webp", "image/gif", "image/avif")
    repeats: ClassVar[Repeats] = Repeats.HARMLESS
    terms: ClassVar[str] = (
        "Your own account with an app password, through the AT Protocol under Bluesky's terms and community "
        "guidelines. Everything is public, and removal asks others to forget rather than makes them."
    )
    source: ClassVar[str] = (
        "bluesky-social/atproto lexicons (com.atproto.server.createSession, repo.uploadBlob, repo.putRecord, "
        "repo.getRecord, repo.deleteRecord, sync.getBlob, app.bsky.feed.getPosts, app.bsky.embed.images), "
        "atproto.com specs Record Key, TID and XRPC, docs.bsky.app Rate Limits; read 2026-11-22. The lexicon accepts "
        "image/*; which types the app shows is not documented. Never tried on a real server, nor whether its PDS "
        "minds a record key whose time is not the post's (the specification says that it must not be trusted)."
    )

    most_bytes: ClassVar[int] = LIMIT

    def __init__(self, settings: Mapping[str, str], http: Http) -> None:
        self._http = http
        self._entry = settings["base_url"].rstrip("/")
        self._login = {"identifier": settings["handle"], "password": settings["app_password"]}
        limit = number(settings["max_bytes"])
        self._limit = None if limit is None else int(limit)
        self._session: dict[str, str] = {}

    def check(self) -> str:
        """`example.bsky.social, did:plc:...; all posts are public`. Raises AuthError."""
        session = self._open()
        return f"{session['handle']}, {session['did']}; all posts are public"

    def account(self) -> str:
        """The account's DID."""
        return self._open()["did"]

    def send(self, picture: Picture, key: str) -> Posted:
        """Uploads the blob and puts the record at the place that the key names. Twice is once: the blob is named by
        its content, and a second record replaces the first."""
        fits(picture, "Bluesky", self.takes, self._limit)
        width, height = sides(picture)
        headers = {"content-type": picture.media_type}
        blob = self._ask("POST", "com.atproto.repo.uploadBlob", headers=headers, content=picture.data).get("blob")
        if not isinstance(blob, dict):
            raise ConnectorError("no blob", place="com.atproto.repo.uploadBlob", expected="a blob reference")
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        image = {"image": blob, "alt": f"understudy {key}", "aspectRatio": {"width": width, "height": height}}
        record = {
            "$type": POST,
            "text": "",
            "createdAt": now,
            "embed": {"$type": "app.bsky.embed.images", "images": [image]},
        }
        body = {"repo": self._open()["did"], "collection": POST, "rkey": tid(key), "record": record}
        made = self._ask("POST", "com.atproto.repo.putRecord", json=body)
        return self._posted(made, record)

    def find(self, key: str) -> Posted | None:
        """Reads the record at the place that the key names."""
        params = {"repo": self._open()["did"], "collection": POST, "rkey": tid(key)}
        found = self._ask("GET", "com.atproto.repo.getRecord", params=params, none_of=("RecordNotFound",))
        return self._posted(found, found.get("value") or {}) if found else None

    def fetch(self, posted: Posted) -> Iterator[Rendition]:
        """`original` (the blob, byte for byte what was sent unless the server changed it), `feed_fullsize` (main) and
        `feed_thumbnail`, from the addresses that app.bsky.feed.getPosts names."""
        params = {"uris": posted.id}
        answered = self._ask("GET", "app.bsky.feed.getPosts", params=params, headers={"atproto-proxy": APPVIEW})
        post: dict[str, Any] = next(iter(answered.get("posts") or []), {})
        image = next(iter((post.get("embed") or {}).get("images") or []), None)
        if image is None:
            raise AgainError("not indexed yet", working=True, place=posted.id, expected="a view of the post's image")
        did, cid = posted.id.split("/")[2], str(posted.details["cid"])
        url = f"{self._server()}/xrpc/com.atproto.sync.getBlob"
        got = self._http.request("GET", url, params={"did": did, "cid": cid})
        yield Rendition("original", got.url, got.data, got.headers)
        for kind, field in (("feed_fullsize", "fullsize"), ("feed_thumbnail", "thumb")):
            got = self._http.request("GET", image[field])
            yield Rendition(kind, got.url, got.data, got.headers, main=kind == "feed_fullsize")

    def remove(self, posted: Posted) -> None:
        """Deletes the record; the server drops a blob that no record holds."""
        _, _, did, collection, rkey = posted.id.split("/")
        self._ask("POST", "com.atproto.repo.deleteRecord", json={"repo": did, "collection": collection, "rkey": rkey})

    def _posted(self, made: Mapping[str, Any], record: Mapping[str, Any]) -> Posted:
        try:
            image = record["embed"]["images"][0]["image"]
            return Posted(str(made["uri"]), {"cid": str(image["ref"]["$link"]), "type": str(image.get("mimeType"))})
        except (KeyError, IndexError, TypeError):
            raise ConnectorError(
                "another record", place=str(made.get("uri")), expected="a post with an image"
            ) from None

    def _open(self) -> dict[str, str]:
        """The session: did, handle, token, server."""
        if not self._session:
            url = f"{self._entry}/xrpc/com.atproto.server.createSession"
            answer = self._http.request("POST", url, ok=CLIENT_ERRORS, json=self._login)
            made = document(answer)
            if answer.status >= 400:
                self._refuse(answer, sends=False)
            services = (made.get("didDoc") or {}).get("service") or []
            own = [s.get("serviceEndpoint") for s in services if str(s.get("id", "")).endswith("#atproto_pds")]
            self._session = {
                "did": str(made.get("did")),
                "handle": str(made.get("handle")),
                "token": str(made.get("accessJwt")),
                "server": str(next((o for o in own if o), self._entry)).rstrip("/"),
            }
        return self._session

    def _server(self) -> str:
        return self._open()["server"]

    def _ask(self, method: str, name: str, *, none_of: tuple[str, ...] = (), **sent: Any) -> dict[str, Any]:
        """The answer's object; an empty one for the errors named in `none_of`."""
        given = sent.pop("headers", {})
        for again in (True, False):
            headers = {"authorization": f"Bearer {self._open()['token']}", **given}
            answer = self._http.request(
                method, f"{self._server()}/xrpc/{name}", ok=CLIENT_ERRORS, headers=headers, **sent
            )
            if again and document(answer).get("error") == "ExpiredToken":
                self._session = {}  # tokens live for minutes to hours: a long collection outlives them
                continue
            break
        if answer.status >= 400:
            if document(answer).get("error") in none_of:
                return {}
            self._refuse(answer, sends=method != "GET")
        return document(answer)

    def _refuse(self, answer: Answer, *, sends: bool) -> None:
        told = document(answer)
        kind = str(told.get("error") or "")
        words = self._http.hide(f"{kind}: {told.get('message')}")
        wait_s = None
        if answer.status == 429:
            reset = number(answer.header("ratelimit-reset"))
            wait_s = None if reset is None else seconds_until(reset, answer)
        if kind in ("InvalidToken", "ExpiredToken", "AuthMissing", "AuthenticationRequired", "AccountTakedown"):
            raise AuthError(words, place=answer.url, remedy="make a new app password")
        if kind in ("BlobTooLarge", "InvalidMimeType", "InvalidImage") or "too large" in words.lower():
            raise RejectedError(words, place=answer.url, expected=f"at most {LIMIT:,} bytes of image/*")
        failed(answer, words, sends=sends, wait_s=wait_s)


def tid(key: str) -> str:
    """The record key that stands for `key` (32 hex digits): 13 letters in the syntax of atproto.com/specs/tid, 53 bits
    of microseconds and 10 of a clock's number. The time is a hash's, from 2023-01-01 on, not the post's."""
    bits = int(key, 16)
    moment = TID_START_US + (bits >> 10 & ((1 << 46) - 1))
    value = moment << 10 | bits & 1023
    return "".join(TID_LETTERS[value >> shift & 31] for shift in range(60, -1, -5))


CONNECTOR = Bluesky
