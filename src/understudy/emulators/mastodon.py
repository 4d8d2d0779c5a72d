"""A Mastodon server: media attachments, statuses with idempotency keys, an account's statuses."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..errors import UnderstudyError
from .base import Emulator, Refused, jpeg, same, text_of, truthy, uploaded, whole
from .limiting import Standing
from .pictures import look
from .storing import Record

MAX_BYTES, MAX_MATRIX = 16 * 2**20, 33_177_600
"""Bytes and pixels: what a server says of itself in GET /api/v2/instance; these are the software's defaults."""
TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp", "image/heic", "image/heif", "image/avif")
SMALL = 640
"""Longest side of the preview. The real ones keep previews to 230,400 pixels (640 x 360)."""
IDEMPOTENT_S = 3600.0
VISIBILITIES = ("public", "unlisted", "private", "direct")
TEXT = 500


class Mastodon(Emulator):
    """A server with one account."""

    name: ClassVar[str] = "mastodon"
    title: ClassVar[str] = "Mastodon, REST API"
    source: ClassVar[str] = (
        "docs.joinmastodon.org (github.com/mastodon/documentation): methods/media, methods/statuses, methods/accounts, "
        "methods/instance, entities, api/rate-limits, api/guidelines; read 2026-11 in stored copies, statuses in part; "
        "the rest of its shapes from memory"
    )
    unconfirmed: ClassVar[tuple[str, ...]] = (
        "the preview is the delivered file itself where the profile has no resize",
        "PNG, GIF, WebP stay what they are on real servers; here the profile makes JPEG of them",
        "the wording of errors that the documentation does not quote: 429, media in use, media not ready, size",
        "the limit for uploads is documented for POST /api/v1/media; here it counts v2 as well",
        "blurhash is null, text_url is left out",
    )
    documented_limits: ClassVar[dict[str, tuple[int, float]]] = {
        "api": (300, 300.0),
        "media": (30, 1800.0),
        "deletion": (30, 1800.0),
    }

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            self.on("GET", "/api/v1/accounts/verify_credentials", self.whoami, kind="read", bucket="api"),
            self.on("GET", "/api/v1/accounts/{id}/statuses", self.listed, kind="read", bucket="api"),
            self.on("GET", "/api/v1/instance", self.instance, kind="read", bucket="api"),
            self.on("GET", "/api/v2/instance", self.instance, kind="read", bucket="api"),
            self.on("POST", "/api/v1/media", self.upload, kind="upload", bucket="media"),
            self.on("POST", "/api/v2/media", self.upload, kind="upload", bucket="media"),
            self.on("GET", "/api/v1/media/{id}", self.media, kind="read", bucket="api"),
            self.on("PUT", "/api/v1/media/{id}", self.describe, kind="post", bucket="api"),
            self.on("DELETE", "/api/v1/media/{id}", self.delete_media, kind="remove", bucket="api"),
            self.on("POST", "/api/v1/statuses", self.post, kind="post", bucket="api"),
            self.on("GET", "/api/v1/statuses/{id}", self.status, kind="read", bucket="api"),
            self.on("DELETE", "/api/v1/statuses/{id}", self.delete, kind="remove", bucket="deletion"),
            self.on("GET", "/system/media_attachments/files/{id}/{style}/{file}", self.file, kind="download"),
        ]

    # Errors.

    def error(self, status: int, message: str) -> JSONResponse:
        """{"error": ...}"""
        return JSONResponse({"error": message}, status)

    def refusal(self, status: int, message: str) -> Refused:
        """The same, to be raised."""
        return Refused(self.error(status, message))

    def rate_limited(self, wait_s: float, standing: Standing | None, code: int) -> Response:
        """429; when it ends is told by X-RateLimit-Reset."""
        response = self.error(429, "Too many requests")
        limit, seconds = self.documented_limits["api"]
        told = standing or Standing("api", limit, seconds, limit, self.clock() + wait_s, wait_s, True)
        response.headers.update(self.limit_headers(told))
        return response

    def limit_headers(self, standing: Standing) -> Mapping[str, str]:
        """X-RateLimit-*, the reset as a timestamp."""
        reset = datetime.fromtimestamp(math.ceil(standing.resets_at), UTC)
        return {
            "X-RateLimit-Limit": str(standing.limit),
            "X-RateLimit-Remaining": str(standing.remaining),
            "X-RateLimit-Reset": reset.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }

    def unauthorized(self) -> Response:
        """401."""
        return self.error(401, "The access token is invalid")

    def expired(self, request: Request) -> Response:
        """A file that is gone."""
        return self.error(404, "Record not found")

    def unknown_path(self) -> Response:
        """404."""
        return self.error(404, "Not Found")

    def authorised(self, request: Request, needed: bool = True) -> bool:
        """Whether the token is right; raises Refused where it is needed or wrong."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        right = scheme.lower() == "bearer" and same(self.token(), given.strip())
        if not right and (needed or given):
            raise Refused(self.unauthorized())
        return right

    # The account and the server.

    def account(self) -> Record:
        """The demo account."""
        id = "109" + str(int.from_bytes(self.store.secret("account")[:6], "big") % 10**15).zfill(15)
        return {
            "id": id, "username": "emulated", "acct": "emulated", "display_name": "Emulated", "locked": True,
            "bot": True, "created_at": "2026-01-01T00:00:00.000Z", "note": "", "url": "https://emulated.invalid/@emulated",
            "followers_count": 0, "following_count": 0, "statuses_count": len(self._live()), "emojis": [], "fields": [],
        }  # fmt: skip

    async def whoami(self, request: Request) -> Response:
        """GET /api/v1/accounts/verify_credentials."""
        self.authorised(request)
        source = {"privacy": "public", "sensitive": False, "language": "en", "note": "", "fields": []}
        return JSONResponse({**self.account(), "source": source})

    async def instance(self, request: Request) -> Response:
        """GET /api/v2/instance, with what a client must know; /api/v1 names the server differently."""
        media = {"supported_mime_types": list(TYPES), "image_size_limit": MAX_BYTES, "image_matrix_limit": MAX_MATRIX}
        statuses = {"max_characters": TEXT, "max_media_attachments": 4, "characters_reserved_per_url": 23}
        return JSONResponse(
            {
                "domain": "emulated.invalid",
                "uri": "emulated.invalid",
                "title": "Emulated by understudy",
                "version": "4.4.0",
                "configuration": {"statuses": statuses, "media_attachments": media},
            }
        )

    # Media.

    async def upload(self, request: Request) -> Response:
        """POST /api/v2/media (and v1): 200, or 202 while it is being worked on."""
        self.authorised(request)
        form = await self.form(request)
        found = await uploaded(form.get("file"))
        if found is None:
            raise self.refusal(422, "Validation failed: File can't be blank")
        data, name, _ = found
        if len(data) > MAX_BYTES:
            raise self.refusal(422, f"Validation failed: File file size must be less than {MAX_BYTES // 2**20} MB")
        try:
            _, width, height = look(data)
            if width * height > MAX_MATRIX:
                raise self.refusal(422, f"Validation failed: {width}x{height} images are not supported")
            description = text_of(form, "description")
            record = await self.take(
                data,
                id=self.store.number("media", 18),
                text=description,
                name=name,
                limits=(SMALL,),
                more={"status": "", "asked": 0, "file": self.store.letters("file", 16).lower()},
            )
        except UnderstudyError:
            raise self.refusal(422, "Validation failed: File content type is invalid, File is invalid") from None
        ready = not self.plan.processing or request.url.path.startswith("/api/v1/")
        return JSONResponse(self._attachment(request, record, ready), 200 if ready else 202)

    def _ready(self, record: Record) -> bool:
        return bool(record["asked"] >= self.plan.processing or record["status"])

    def _attachment(self, request: Request, record: Record, ready: bool = True) -> Record:
        """A MediaAttachment; its `url` is null until it is ready."""
        made = record["renditions"]
        base = f"{self.base_url(request)}/system/media_attachments/files/{record['id']}"
        sizes = {
            style: {"width": r["width"], "height": r["height"], "size": f"{r['width']}x{r['height']}",
                    "aspect": r["width"] / r["height"]}
            for style, r in (("original", made[0]), ("small", made[-1]))
        }  # fmt: skip
        return {
            "id": record["id"],
            "type": "image",
            "url": f"{base}/original/{record['file']}.jpeg" if ready else None,
            "preview_url": f"{base}/small/{record['file']}.jpeg",
            "remote_url": None,
            "preview_remote_url": None,
            "meta": {"focus": {"x": 0.0, "y": 0.0}, **sizes},
            "description": record["text"] or None,
            "blurhash": None,
        }

    def _own_media(self, request: Request) -> Record:
        self.authorised(request)
        record = self.picture(request.path_params["id"])
        if record is None:
            raise self.refusal(404, "Record not found")
        return record

    async def media(self, request: Request) -> Response:
        """GET /api/v1/media/{id}: 206 while it is being worked on."""
        record = self._own_media(request)
        record["asked"] += 1
        ready = self._ready(record) and record["asked"] > self.plan.processing
        return JSONResponse(self._attachment(request, record, ready), 200 if ready else 206)

    async def describe(self, request: Request) -> Response:
        """PUT /api/v1/media/{id}: another description."""
        record = self._own_media(request)
        form = await self.form(request)
        record["text"] = text_of(form, "description", record["text"])
        return JSONResponse(self._attachment(request, record))

    async def delete_media(self, request: Request) -> Response:
        """DELETE /api/v1/media/{id}: one that no status uses."""
        record = self._own_media(request)
        if record["status"]:
            raise self.refusal(422, "Media is in use by a status")
        record["live"] = False
        return JSONResponse({})

    async def file(self, request: Request) -> Response:
        """A media file; its name must be right, nobody needs a token."""
        record = self.picture(request.path_params["id"])
        style, name = request.path_params["style"], request.path_params["file"]
        if record is None or style not in ("original", "small") or name != f"{record['file']}.jpeg":
            return self.unknown_path()
        rendition = record["renditions"][0 if style == "original" else -1]
        return jpeg(self.store.file(rendition["sha256"]), **{"cache-control": "public, max-age=315576000, immutable"})

    # Statuses.

    async def post(self, request: Request) -> Response:
        """POST /api/v1/statuses; the same Idempotency-Key within an hour gives the same status."""
        self.authorised(request)
        key = request.headers.get("idempotency-key", "")
        text, media_ids, options = await self._wish(request)
        statuses = self.store.table("statuses")
        for status in statuses.values():
            if key and status["key"] == key and self.clock() < status["at"] + IDEMPOTENT_S and status["live"]:
                return JSONResponse(self._status(request, status))
        if not text and not media_ids:
            raise self.refusal(422, "Validation failed: Text can't be blank")
        if len(text) > TEXT:
            raise self.refusal(422, f"Validation failed: Text character limit of {TEXT} exceeded")
        if options["visibility"] not in VISIBILITIES:
            raise self.refusal(422, "Validation failed: Visibility is not included in the list")
        found = [self._attachable(id) for id in media_ids]
        id = self.store.number("status", 18)
        status = {"id": id, "key": key, "text": text, "media": media_ids, "at": self.clock(), "live": True, **options}
        statuses[id] = status
        for record in found:
            record["status"] = id
        self.posted(id, found, key=key, text=text, visibility=options["visibility"])
        return JSONResponse(self._status(request, status))

    async def _wish(self, request: Request) -> tuple[str, list[str], Record]:
        """(text, media ids, other options) of a new status, from a form or from JSON."""
        if request.headers.get("content-type", "").startswith("application/json"):
            try:
                given: Any = await request.json()
            except ValueError:
                given = None
            if not isinstance(given, dict):
                raise self.refusal(400, "Error occurred while parsing request parameters")
            ids = given.get("media_ids") or []
            words = {name: "" if value is None else str(value) for name, value in given.items()}
        else:
            form = await self.form(request)
            ids = form.getlist("media_ids[]")
            words = {name: text_of(form, name) for name in form}
        return words.get("status", ""), [str(id) for id in ids][:4], {
            "visibility": words.get("visibility") or "public",
            "sensitive": truthy(words.get("sensitive", ""), False),
            "spoiler": words.get("spoiler_text", ""),
        }  # fmt: skip

    def _attachable(self, id: str) -> Record:
        record = self.picture(id)
        if record is None or record["status"]:
            raise self.refusal(422, f"Media {id[:64]} not found or already attached to another post")
        if not self._ready(record):
            message = "Cannot attach files that have not finished processing. Try again in a moment!"
            raise self.refusal(422, message)
        return record

    def _status(self, request: Request, status: Record) -> Record:
        """A Status."""
        url = f"https://emulated.invalid/@emulated/{status['id']}"
        at = datetime.fromtimestamp(status["at"], UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
        media = [self._attachment(request, self.store.table("pictures")[id]) for id in status["media"]]
        return {
            "id": status["id"], "created_at": at, "in_reply_to_id": None, "in_reply_to_account_id": None,
            "sensitive": status["sensitive"], "spoiler_text": status["spoiler"], "visibility": status["visibility"],
            "language": "en", "uri": url, "url": url, "replies_count": 0, "reblogs_count": 0, "favourites_count": 0,
            "content": f"<p>{html.escape(status['text'])}</p>" if status["text"] else "", "reblog": None,
            "application": {"name": "understudy", "website": None}, "account": self.account(),
            "media_attachments": media, "mentions": [], "tags": [], "emojis": [], "card": None, "poll": None,
        }  # fmt: skip

    def _live(self) -> list[Record]:
        """Statuses, the newest first."""
        return [status for status in reversed(self.store.table("statuses").values()) if status["live"]]

    def _seen(self, request: Request) -> list[Record]:
        """Those that the client may see."""
        mine = self.authorised(request, needed=False)
        return [s for s in self._live() if mine or s["visibility"] in ("public", "unlisted")]

    async def listed(self, request: Request) -> Response:
        """GET /api/v1/accounts/{id}/statuses, pages by max_id, since_id, min_id and the Link header."""
        if request.path_params["id"] != self.account()["id"]:
            raise self.refusal(404, "Record not found")
        found = self._seen(request)
        given = request.query_params
        if truthy(given.get("only_media", ""), False):
            found = [s for s in found if s["media"]]
        limit = whole(given.get("limit"), 20, 1, 40)
        most = whole(given.get("max_id"), 10**18, 0, 10**18)
        least = max(whole(given.get("since_id"), -1, 0, 10**18), whole(given.get("min_id"), -1, 0, 10**18))
        found = [s for s in found if least < int(s["id"]) < most]
        shown = found[-limit:] if "min_id" in given else found[:limit]
        headers = {}
        if shown:
            here = f"{self.base_url(request)}{request.url.path}?limit={limit}"
            older, newer = f'<{here}&max_id={shown[-1]["id"]}>; rel="next"', f"<{here}&min_id={shown[0]['id']}>"
            headers["Link"] = f'{older}, {newer}; rel="prev"'
        return JSONResponse([self._status(request, status) for status in shown], headers=headers)

    async def status(self, request: Request) -> Response:
        """GET /api/v1/statuses/{id}."""
        found = next((s for s in self._seen(request) if s["id"] == request.path_params["id"]), None)
        if found is None:
            raise self.refusal(404, "Record not found")
        return JSONResponse(self._status(request, found))

    async def delete(self, request: Request) -> Response:
        """DELETE /api/v1/statuses/{id}: the status with its source, to be posted again; its media are free again."""
        self.authorised(request)
        status = self.store.table("statuses").get(request.path_params["id"])
        if status is None or not status["live"]:
            raise self.refusal(404, "Record not found")
        status["live"] = False
        self.withdrawn(status["id"])
        answer = {**self._status(request, status), "text": status["text"]}
        for id in status["media"]:
            record = self.store.table("pictures")[id]
            record["status"] = ""
            record["live"] = not truthy(request.query_params.get("delete_media", ""), False)
        return JSONResponse(answer)
