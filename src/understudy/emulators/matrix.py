"""A Matrix homeserver: media, authenticated downloads and thumbnails, a room whose events are sent by transaction."""

from __future__ import annotations

import json
import math
import re
from typing import Any, ClassVar
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from .base import Emulator, Refused, jpeg, same, whole
from .limiting import Standing
from .storing import Record

MAX_BYTES = 50 * 2**20
SERVER = "emulated.invalid"
BOXES = ((320, 240), (640, 480), (800, 600))
"""Sizes of `scale` that the specification recommends (Thumbnails), and Synapse makes."""
INLINE = ("image/jpeg", "image/gif", "image/png", "image/apng", "image/webp", "image/avif")


class Matrix(Emulator):
    """A server with one user and one room."""

    name: ClassVar[str] = "matrix"
    title: ClassVar[str] = "Matrix, client-server API"
    source: ClassVar[str] = (
        "spec.matrix.org (github.com/matrix-org/matrix-spec: data/api/client-server/ content-repo.yaml, "
        "authed-content-repo.yaml, room_send.yaml, message_pagination.yaml, redaction.yaml, login.yaml), v1.11 and "
        "later; of these only authed-content-repo.yaml was read (2026-11, stored copy); the rest from memory, then set "
        "beside a running Synapse 1.163.2"
    )
    unconfirmed: ClassVar[tuple[str, ...]] = (
        "no federation, no encryption, no sync: one room, and only what a client needs to send pictures and get them",
        "thumbnails are the profile's rendition, JPEG, scaled into the smallest of 320x240, 640x480, 800x600 that is "
        "no smaller than what is asked for; `method=crop` gives the same. A Synapse that was asked the same crops to "
        "32x32 and 96x96, and makes PNG of PNG",
        "the answers' shapes were compared with that Synapse on 2026-11-22; it says more (age, user_id, membership)",
        "rate limits are the server's own: none here but those of the plan",
        "50 MB as m.upload.size: Synapse's default",
        "redacting an event leaves its media where they are",
    )

    def token(self) -> str:
        """An access token, in Synapse's shape."""
        return f"syt_ZW11bGF0ZWQ_{self.store.secret('token').hex()[:20]}_emulat"

    def settings(self, base_url: str) -> dict[str, str]:
        """Where it is, and which room."""
        return {"base_url": base_url, "room": self.room()}

    def user(self) -> str:
        """The demo user."""
        return f"@emulated:{SERVER}"

    def room(self) -> str:
        """The demo room."""
        return f"!{self.store.secret('room').hex()[:18]}:{SERVER}"

    def routes(self) -> list[Route]:
        """The endpoints; r0 and v3 are the same here."""
        client, room = "/_matrix/client/{version}/", "/_matrix/client/{version}/rooms/{room}/"
        one, two = (
            "/_matrix/client/v1/media/{style}/{server}/{id}",
            "/_matrix/client/v1/media/{style}/{server}/{id}/{file}",
        )
        return [
            self.on("GET", "/_matrix/client/versions", self.versions, kind="read"),
            self.on("POST", client + "login", self.login, kind="login", bucket="requests"),
            self.on("GET", client + "account/whoami", self.whoami, kind="read", bucket="requests"),
            self.on("GET", client + "joined_rooms", self.joined, kind="read", bucket="requests"),
            self.on("GET", "/_matrix/client/v1/media/config", self.config, kind="read", bucket="requests"),
            self.on("GET", "/_matrix/media/v3/config", self.config, kind="read", bucket="requests"),
            self.on("POST", "/_matrix/media/v3/upload", self.upload, kind="upload", bucket="media"),
            self.on("POST", "/_matrix/media/v1/create", self.reserve, kind="post", bucket="media"),
            self.on(
                "PUT", "/_matrix/media/v3/upload/{server}/{id}", self.upload_reserved, kind="upload", bucket="media"
            ),
            self.on("GET", "/_matrix/media/{version}/download/{rest:path}", self.frozen, kind="download"),
            self.on("GET", "/_matrix/media/{version}/thumbnail/{rest:path}", self.frozen, kind="download"),
            self.on("GET", one, self.media, kind="download", bucket="media"),
            self.on("GET", two, self.media, kind="download", bucket="media"),
            self.on("PUT", room + "send/{type}/{txn}", self.send, kind="post", bucket="requests"),
            self.on("PUT", room + "redact/{id}/{txn}", self.redact, kind="remove", bucket="requests"),
            self.on("GET", room + "messages", self.messages, kind="read", bucket="requests"),
            self.on("GET", room + "event/{id}", self.event, kind="read", bucket="requests"),
        ]

    # Errors.

    def error(self, status: int, errcode: str, message: str, **more: Any) -> JSONResponse:
        """{"errcode", "error"}"""
        return JSONResponse({"errcode": errcode, "error": message, **more}, status)

    def refusal(self, status: int, errcode: str, message: str, **more: Any) -> Refused:
        """The same, to be raised."""
        return Refused(self.error(status, errcode, message, **more))

    def rate_limited(self, wait_s: float, standing: Standing | None, code: int) -> Response:
        """429: retry_after_ms (deprecated since 1.10, still sent) and Retry-After."""
        response = self.error(429, "M_LIMIT_EXCEEDED", "Too Many Requests", retry_after_ms=math.ceil(wait_s * 1000))
        response.headers["Retry-After"] = str(math.ceil(wait_s))
        return response

    def failed(self) -> Response:
        """500."""
        return self.error(500, "M_UNKNOWN", "Internal server error")

    def unauthorized(self) -> Response:
        """401: a token that is not known any more."""
        return self.error(401, "M_UNKNOWN_TOKEN", "Access token has expired", soft_logout=True)

    def expired(self, request: Request) -> Response:
        """404."""
        return self.error(404, "M_NOT_FOUND", "Not found")

    def unknown_path(self) -> Response:
        """404."""
        return self.error(404, "M_UNRECOGNIZED", "Unrecognized request")

    def too_large(self) -> Response:
        """413."""
        return self.error(413, "M_TOO_LARGE", "Upload request body is too large")

    def malformed(self, reason: str) -> Response:
        """400."""
        return self.error(400, "M_NOT_JSON", "Content not JSON.")

    def authorised(self, request: Request) -> None:
        """Raises Refused for a token that is missing or wrong. In the query it is still allowed, and deprecated."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        given = given.strip() if scheme.lower() == "bearer" else request.query_params.get("access_token", "")
        if not given:
            raise self.refusal(401, "M_MISSING_TOKEN", "Missing access token")
        if not same(self.token(), given):
            raise self.refusal(401, "M_UNKNOWN_TOKEN", "Unrecognised access token", soft_logout=False)

    # The account.

    async def versions(self, request: Request) -> Response:
        """GET /versions; nobody needs a token."""
        return JSONResponse({"versions": ["r0.6.1", "v1.1", "v1.10", "v1.11", "v1.12"], "unstable_features": {}})

    async def login(self, request: Request) -> Response:
        """POST /login with a password, which is the token here."""
        given = await self._json(request)
        identifier = given.get("identifier")
        name = identifier.get("user") if isinstance(identifier, dict) else given.get("user")
        if given.get("type") != "m.login.password":
            raise self.refusal(400, "M_UNKNOWN", "Unknown login type")
        if name not in (self.user(), "emulated") or not same(self.token(), str(given.get("password"))):
            raise self.refusal(403, "M_FORBIDDEN", "Invalid username or password")
        return JSONResponse({"user_id": self.user(), "access_token": self.token(), "device_id": "EMULATED"})

    async def whoami(self, request: Request) -> Response:
        """GET /account/whoami."""
        self.authorised(request)
        return JSONResponse({"user_id": self.user(), "device_id": "EMULATED", "is_guest": False})

    async def joined(self, request: Request) -> Response:
        """GET /joined_rooms."""
        self.authorised(request)
        return JSONResponse({"joined_rooms": [self.room()]})

    async def _json(self, request: Request) -> dict[str, Any]:
        try:
            given = json.loads(await request.body())
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise Refused(self.malformed(""))
        return given

    # Media.

    async def config(self, request: Request) -> Response:
        """GET /media/config."""
        self.authorised(request)
        return JSONResponse({"m.upload.size": MAX_BYTES})

    async def upload(self, request: Request) -> Response:
        """POST /media/v3/upload: any bytes."""
        self.authorised(request)
        return await self._taken(request, self.store.letters("media", 24))

    async def reserve(self, request: Request) -> Response:
        """POST /media/v1/create: an address to upload to later."""
        self.authorised(request)
        id = self.store.letters("media", 24)
        until = int(self.clock() + 86400) * 1000
        self.store.table("reserved")[id] = {"id": id, "until": until}
        return JSONResponse({"content_uri": f"mxc://{SERVER}/{id}", "unused_expires_at": until})

    async def upload_reserved(self, request: Request) -> Response:
        """PUT /media/v3/upload/{serverName}/{mediaId}: once."""
        self.authorised(request)
        id = request.path_params["id"]
        if id in self.store.table("pictures"):
            raise self.refusal(409, "M_CANNOT_OVERWRITE_MEDIA", "Media already uploaded")
        if request.path_params["server"] != SERVER or id not in self.store.table("reserved"):
            raise self.refusal(404, "M_NOT_FOUND", "Unknown media ID")
        await self._taken(request, id)
        return JSONResponse({})

    async def _taken(self, request: Request, id: str) -> Response:
        data = await request.body()
        if len(data) > MAX_BYTES:
            raise Refused(self.too_large())
        media_type = request.headers.get("content-type", "").partition(";")[0].strip() or "application/octet-stream"
        name = request.query_params.get("filename", "")
        await self.take(data, id=id, name=name, any_file=True, more={"media_type": media_type[:100]})
        return JSONResponse({"content_uri": f"mxc://{SERVER}/{id}"})

    async def media(self, request: Request) -> Response:
        """GET /v1/media/download/... : the bytes as they were uploaded; /thumbnail/...: the profile's rendition."""
        self.authorised(request)
        parts = request.path_params
        record = self.picture(parts["id"])
        if parts["style"] not in ("download", "thumbnail"):
            return self.unknown_path()
        if record is None or parts["server"] != SERVER:
            if parts["id"] in self.store.table("reserved"):
                return self.error(504, "M_NOT_YET_UPLOADED", "Content has not yet been uploaded")
            return self.expired(request)
        data = self.store.file(record["sha256"])
        if parts["style"] == "thumbnail":
            return await self._thumbnail(request, record, data)
        name = parts.get("file") or record["name"]
        plain = re.fullmatch(r"[A-Za-z0-9._-]+", name)
        told = f"; filename={name}" if plain else f"; filename*=utf-8''{quote(name, safe='')}" if name else ""
        way = "inline" if record["media_type"] in INLINE else "attachment"
        headers = {"Content-Disposition": way + told, "x-content-type-options": "nosniff"}
        return Response(data, headers=headers, media_type=record["media_type"])

    async def frozen(self, request: Request) -> Response:
        """The downloads without a token of before 1.11, which find nothing that is newer."""
        return self.expired(request)

    async def _thumbnail(self, request: Request, record: Record, data: bytes) -> Response:
        sides = [whole(request.query_params.get(side), 0, 0, 8192) for side in ("width", "height")]
        if not all(sides):
            raise self.refusal(400, "M_MISSING_PARAM", "Missing integer query parameter 'width' or 'height'")
        if not record["renditions"]:
            raise self.refusal(400, "M_UNKNOWN", "Cannot generate thumbnails for the requested content")
        box = next((b for b in BOXES if b[0] >= sides[0] and b[1] >= sides[1]), BOXES[-1])
        width, height = (record["renditions"][0][side] for side in ("width", "height"))
        limit = max(1, int(max(width, height) * min(1, box[0] / width, box[1] / height)))
        made = await run_in_threadpool(self.pictures.rendition, data, limit)
        return jpeg(made.data, **{"Content-Disposition": 'inline; filename="thumbnail.jpg"'})

    # The room.

    def _in_room(self, request: Request) -> None:
        self.authorised(request)
        if request.path_params["room"] != self.room():
            raise self.refusal(403, "M_FORBIDDEN", f"User {self.user()} not in room")

    async def send(self, request: Request) -> Response:
        """PUT .../send/{eventType}/{txnId}: the same transaction of the same token is done once."""
        self._in_room(request)
        content = await self._json(request)
        kind, txn = request.path_params["type"], request.path_params["txn"]
        done = self.store.table("transactions").get(f"send/{kind}/{txn}")
        if done is None:
            event = self._event(kind, content, txn)
            done = self.store.table("transactions")[f"send/{kind}/{txn}"] = {"event_id": event["event_id"]}
            found = re.fullmatch(rf"mxc://{re.escape(SERVER)}/([A-Za-z0-9]+)", str(content.get("url")))
            record = self.picture(found[1]) if found is not None else None
            pictures = [record] if record is not None else []
            self.posted(event["event_id"], pictures, key=txn, text=str(content.get("body", "")))
        return JSONResponse(done)

    def _events(self) -> dict[str, Record]:
        """The room's events, the oldest first; those that make a room come before all others."""
        events = self.store.table("events")
        if not events:
            self.store.table("events")["$"] = {}  # so that those below do not ask for a room again
            self._event("m.room.create", {"room_version": "11"}, state_key="")
            self._event("m.room.member", {"membership": "join"}, state_key=self.user())
            self._event("m.room.power_levels", {"users": {self.user(): 100}}, state_key="")
            self._event("m.room.join_rules", {"join_rule": "invite"}, state_key="")
            del self.store.table("events")["$"]
        return events

    def _event(self, kind: str, content: Record, txn: str = "", **more: Any) -> Record:
        """A new event; who sent it is also told the transaction."""
        id = "$" + self.store.letters("event", 43)
        event = {
            "event_id": id, "type": kind, "room_id": self.room(), "sender": self.user(), "content": content,
            "origin_server_ts": int(self.clock() * 1000), "unsigned": {"transaction_id": txn} if txn else {}, **more,
        }  # fmt: skip
        self._events()[id] = event
        return event

    async def redact(self, request: Request) -> Response:
        """PUT .../redact/{eventId}/{txnId}: an event loses its content, and a redaction stands beside it."""
        self._in_room(request)
        given = await self._json(request)
        id, txn = request.path_params["id"], request.path_params["txn"]
        done = self.store.table("transactions").get(f"redact/{id}/{txn}")
        if done is None:
            event = self._events().get(id, {})  # one that is not there is redacted all the same: so does Synapse
            reason = {"reason": given["reason"]} if isinstance(given.get("reason"), str) else {}
            redaction = self._event("m.room.redaction", {**reason, "redacts": id}, txn, redacts=id)
            done = self.store.table("transactions")[f"redact/{id}/{txn}"] = {"event_id": redaction["event_id"]}
            event |= {"content": {}, "unsigned": {"redacted_because": dict(redaction)}}
            self.withdrawn(id)
        return JSONResponse(done)

    async def messages(self, request: Request) -> Response:
        """GET .../messages: dir=b from the newest, dir=f from the oldest, `from` a token of an earlier answer."""
        self._in_room(request)
        given, events = request.query_params, list(self._events().values())
        if given.get("dir") not in ("b", "f"):
            raise self.refusal(400, "M_MISSING_PARAM", "Missing query parameter 'dir'")
        backwards = given["dir"] == "b"
        start = whole(given.get("from", "").removeprefix("t"), len(events) if backwards else 0, 0, len(events))
        limit = whole(given.get("limit"), 10, 1, 1000)
        end = max(0, start - limit) if backwards else min(len(events), start + limit)
        chunk = events[end:start][::-1] if backwards else events[start:end]
        more = {"end": f"t{end}"} if chunk and (end > 0 if backwards else end < len(events)) else {}
        return JSONResponse({"chunk": chunk, "start": f"t{start}", **more, "state": []})

    async def event(self, request: Request) -> Response:
        """GET .../event/{eventId}."""
        self._in_room(request)
        event = self._events().get(request.path_params["id"])
        if event is None:
            raise self.refusal(404, "M_NOT_FOUND", "Event not found.")
        return JSONResponse(event)
