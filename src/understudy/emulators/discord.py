"""Discord, bot API: messages with attachments in a channel, the signed addresses of the CDN and its media proxy."""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import parse_qsl

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..errors import UnderstudyError
from .base import Emulator, Refused, same, text_of, uploaded, whole
from .limiting import Standing
from .pictures import look
from .storing import Record

MAX_BYTES = 10 * 2**20
EPOCH_MS, NONCE_S, CDN_S = 1_420_070_400_000, 180.0, 86400.0
CONTENT, NONCE, FILES = 2000, 25, 10


class Discord(Emulator):
    """A bot and one channel."""

    name: ClassVar[str] = "discord"
    title: ClassVar[str] = "Discord, bot API"
    source: ClassVar[str] = (
        "github.com/discord/discord-api-docs: reference (uploading files, signed attachment CDN URLs, snowflakes), "
        "resources/message, topics/rate-limits, topics/opcodes-and-status-codes; read 2026-11 in stored "
        "copies, message in part; the rest of its shapes from memory"
    )
    unconfirmed: ClassVar[tuple[str, ...]] = (
        "a message's nonce is answered to whoever sends it; whether lists show it is not documented: here they do not",
        "how long `enforce_nonce` looks back: the past few minutes by the documentation, 3 here",
        "`url` gives the file as it was sent; whether Discord changes it (metadata) is not documented",
        "`proxy_url` gives the profile's rendition; of width, height and format in its query only the larger side is "
        "honoured, as a limit of the longest side, where the profile can be told one",
        "per-route limits are not documented and change; 5 messages in 5 seconds here, the documentation's example",
        "lifetime of a CDN address: a day here; an expired one is answered 404",
    )
    documented_limits: ClassVar[dict[str, tuple[int, float]]] = {"global": (50, 1.0), "messages": (5, 5.0)}

    def token(self) -> str:
        """A bot's token, in its shape."""
        return f"EMULATED{self._bot()}.{self.store.secret('token').hex()[:6]}.{self.store.secret('token').hex()[6:44]}"

    def settings(self, base_url: str) -> dict[str, str]:
        """Where it is, and which channel."""
        return {"base_url": f"{base_url}/api/v10", "channel_id": self.channel()}

    def channel(self) -> str:
        """The demo channel's id."""
        return str(10**18 + int.from_bytes(self.store.secret("channel")[:7], "big"))

    def _bot(self) -> str:
        return str(10**18 + int.from_bytes(self.store.secret("bot")[:7], "big"))

    def routes(self) -> list[Route]:
        """The endpoints, of any version of the API."""
        api = "/api/{version}/"
        messages = api + "channels/{channel}/messages"
        return [
            self.on("GET", api + "users/@me", self.whoami, kind="read", bucket="global"),
            self.on("GET", api + "channels/{channel}", self.about, kind="read", bucket="global"),
            self.on("POST", messages, self.send, kind="upload", bucket="messages"),
            self.on("GET", messages, self.listed, kind="read", bucket="global"),
            self.on("GET", messages + "/{id}", self.get, kind="read", bucket="global"),
            self.on("DELETE", messages + "/{id}", self.delete, kind="remove", bucket="messages"),
            self.on("GET", "/{where}/{channel}/{id}/{file}", self.cdn, kind="download"),
        ]

    # Errors.

    def error(self, status: int, code: int, message: str, **more: Any) -> JSONResponse:
        """{"message", "code"}"""
        return JSONResponse({"message": message, "code": code, **more}, status)

    def refusal(self, status: int, code: int, message: str, **more: Any) -> Refused:
        """The same, to be raised."""
        return Refused(self.error(status, code, message, **more))

    def invalid(self, field: str, code: str, message: str) -> Refused:
        """50035 about a field, to be raised."""
        errors = {field: {"_errors": [{"code": code, "message": message}]}}
        return self.refusal(400, 50035, "Invalid Form Body", errors=errors)

    def rate_limited(self, wait_s: float, standing: Standing | None, code: int) -> Response:
        """429: retry_after in seconds with decimals, Retry-After in whole ones."""
        body = {"message": "You are being rate limited.", "retry_after": round(wait_s, 3), "global": False}
        limit, seconds = self.documented_limits["messages"]
        told = standing or Standing("messages", limit, seconds, limit, self.clock() + wait_s, wait_s, True)
        more = {"Retry-After": str(math.ceil(wait_s)), "X-RateLimit-Scope": "user"}
        return JSONResponse(body, 429, {**self.limit_headers(told), **more})

    def limit_headers(self, standing: Standing) -> Mapping[str, str]:
        """X-RateLimit-*."""
        return {
            "X-RateLimit-Limit": str(standing.limit),
            "X-RateLimit-Remaining": str(standing.remaining),
            "X-RateLimit-Reset": f"{standing.resets_at:.3f}",
            "X-RateLimit-Reset-After": f"{standing.wait_s:.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(standing.bucket.encode()).hexdigest()[:32],
        }

    def failed(self) -> Response:
        """500."""
        return self.error(500, 0, "500: Internal Server Error")

    def unauthorized(self) -> Response:
        """401."""
        return self.error(401, 0, "401: Unauthorized")

    def expired(self, request: Request) -> Response:
        """An address of the CDN that is no more."""
        return Response("This content is no longer available.", 404, media_type="text/plain")

    def unknown_path(self) -> Response:
        """404."""
        return self.error(404, 0, "404: Not Found")

    def too_large(self) -> Response:
        """413, 40005."""
        return self.error(413, 40005, "Request entity too large")

    def malformed(self, reason: str) -> Response:
        """400, 50109."""
        return self.error(400, 50109, "The request body contains invalid JSON.")

    def authorised(self, request: Request) -> None:
        """Raises Refused for a wrong token."""
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if scheme != "Bot" or not same(self.token(), given.strip()):
            raise Refused(self.unauthorized())

    def _in_channel(self, request: Request) -> None:
        self.authorised(request)
        if not re.fullmatch(r"v\d+", request.path_params["version"]):
            raise Refused(self.unknown_path())
        if request.path_params["channel"] != self.channel():
            raise self.refusal(404, 10003, "Unknown Channel")

    # Requests.

    def _me(self) -> Record:
        name = {"username": "emulated", "discriminator": "0000", "global_name": None, "avatar": None}
        return {"id": self._bot(), **name, "bot": True}

    async def whoami(self, request: Request) -> Response:
        """GET /users/@me."""
        self.authorised(request)
        return JSONResponse(self._me())

    async def about(self, request: Request) -> Response:
        """GET /channels/{channel.id}."""
        self._in_channel(request)
        return JSONResponse({"id": self.channel(), "type": 0, "guild_id": "1", "name": "emulated", "nsfw": False})

    async def send(self, request: Request) -> Response:
        """POST /channels/{channel.id}/messages: payload_json and files[n], or JSON alone."""
        self._in_channel(request)
        form = await self.form(request)
        payload = await self._payload(request, form)
        content, nonce = payload.get("content") or "", payload.get("nonce")
        key = "" if nonce is None else str(nonce)
        if not isinstance(content, str) or len(content) > CONTENT:
            raise self.invalid("content", "BASE_TYPE_MAX_LENGTH", f"Must be {CONTENT} or fewer in length.")
        if len(key) > NONCE:
            raise self.invalid("nonce", "BASE_TYPE_MAX_LENGTH", f"Must be {NONCE} or fewer in length.")
        files = await self._files(form)
        if not content and not files:
            raise self.refusal(400, 50006, "Cannot send an empty message")
        enforced = key and payload.get("enforce_nonce") is True
        taken = [] if enforced and self._sent(key) else await self._taken(files, payload, key, content)
        # Asked again, because another request with the same nonce may have come while the pictures were made.
        message = self._sent(key) if enforced else None
        if message is None:
            message = {"id": self._snowflake(), "content": content, "nonce": nonce, "at": self.clock(), "live": True}
            message["attachments"] = [record["id"] for record in taken]
            self.store.table("messages")[message["id"]] = message
            self.posted(message["id"], taken, key=key, text=content)
        return JSONResponse({**self._shown(request, message), **({} if nonce is None else {"nonce": nonce})})

    async def _payload(self, request: Request, form: FormData) -> dict[str, Any]:
        """The message's fields: payload_json, the form's own, or the JSON body."""
        if request.headers.get("content-type", "").startswith("application/json"):
            text = (await request.body()).decode(errors="replace")
        else:
            fields = {name: text_of(form, name) for name in ("content", "nonce") if text_of(form, name)}
            text = text_of(form, "payload_json") or json.dumps(fields)
        try:
            given = json.loads(text)
        except ValueError:
            given = None
        if not isinstance(given, dict):
            raise Refused(self.malformed(""))
        return given

    async def _files(self, form: FormData) -> list[tuple[str, bytes, str, str]]:
        """(number, bytes, name, media type) of every file. Raises Refused for what is too large."""
        out = []
        for field, value in form.multi_items():
            found = await uploaded(value)
            number = re.fullmatch(r"files\[(\d{1,3})\]|file", field)
            if found is not None and number is not None:
                out.append((number[1] or "0", found[0], found[1] or "unknown", found[2]))
        if sum(len(file[1]) for file in out) > MAX_BYTES:
            raise Refused(self.too_large())
        if len(out) > FILES:
            raise self.invalid("files", "BASE_TYPE_MAX_LENGTH", f"Must be {FILES} or fewer in length.")
        return out

    async def _taken(
        self, files: list[tuple[str, bytes, str, str]], payload: dict[str, Any], key: str, text: str
    ) -> list[Record]:
        """Attachments, made of files; whatever is no picture is taken as it is."""
        told = payload.get("attachments")
        about = {str(a.get("id")): a for a in told if isinstance(a, dict)} if isinstance(told, list) else {}
        out = []
        for number, data, name, media_type in files:
            given = about.get(number, {})
            safe = re.sub(r"[^A-Za-z0-9._-]", "_", str(given.get("filename") or name))[:100].lstrip(".") or "unknown"
            more: Record = {
                "media_type": media_type or "application/octet-stream",
                "alt": str(given.get("description") or ""),
                "size": _size(data),
            }
            id = self._snowflake()
            record = await self.take(data, id=id, key=key, text=text, name=safe, any_file=True, more=more)
            out.append(record)
        return out

    def _sent(self, nonce: str) -> Record | None:
        """The message of that nonce in the past few minutes."""
        since = self.clock() - NONCE_S
        for message in reversed(self.store.table("messages").values()):
            if message["at"] >= since and message["nonce"] is not None and str(message["nonce"]) == nonce:
                return message
        return None

    def _snowflake(self) -> str:
        """A new id: milliseconds since 2015, and a counter."""
        clock = self.store.table("counters").setdefault("snowflake", {"last": 0})
        clock["last"] = max(clock["last"] + 1, (int(self.clock() * 1000) - EPOCH_MS) << 22)
        return str(clock["last"])

    def _shown(self, request: Request, message: Record) -> Record:
        """A message object."""
        at = datetime.fromtimestamp(message["at"], UTC).isoformat()
        attachments = []
        for id in message["attachments"]:
            record = self.store.table("pictures")[id]
            path = f"{self.channel()}/{id}/{record['name']}"
            signed = self._signed(path)
            about: Record = {
                "id": id,
                "filename": record["name"],
                "size": record["bytes"],
                "url": f"{self.base_url(request)}/attachments/{path}?{signed}",
                "proxy_url": f"{self.base_url(request)}/proxy/{path}?{signed}",
                "content_type": record["media_type"],
            }
            if record["size"]:
                about |= {"width": record["size"][0], "height": record["size"][1]}
            if record["alt"]:
                about["description"] = record["alt"]
            attachments.append(about)
        return {
            "id": message["id"], "type": 0, "channel_id": self.channel(), "author": self._me(),
            "content": message["content"], "timestamp": at, "edited_timestamp": None, "tts": False,
            "mention_everyone": False, "mentions": [], "mention_roles": [], "attachments": attachments, "embeds": [],
            "pinned": False, "flags": 0, "components": [],
        }  # fmt: skip

    def _live(self) -> list[Record]:
        """Messages, the newest first."""
        return [message for message in reversed(self.store.table("messages").values()) if message["live"]]

    async def listed(self, request: Request) -> Response:
        """GET /channels/{channel.id}/messages: the newest first; before, after, around."""
        self._in_channel(request)
        given, found = request.query_params, self._live()
        limit = whole(given.get("limit"), 50, 1, 100)
        if given.get("before"):
            found = [m for m in found if int(m["id"]) < _snowflake_in(given["before"])]
        elif given.get("after"):
            found = [m for m in found if int(m["id"]) > _snowflake_in(given["after"])][-limit:]
        elif given.get("around"):
            middle = _snowflake_in(given["around"])
            newer = [m for m in found if int(m["id"]) > middle][-(limit // 2) :]
            found = newer + [m for m in found if int(m["id"]) <= middle]
        return JSONResponse([self._shown(request, message) for message in found[:limit]])

    async def get(self, request: Request) -> Response:
        """GET /channels/{channel.id}/messages/{message.id}: with fresh addresses."""
        return JSONResponse(self._shown(request, self._message(request)))

    async def delete(self, request: Request) -> Response:
        """DELETE /channels/{channel.id}/messages/{message.id}."""
        message = self._message(request)
        message["live"] = False
        self.withdrawn(message["id"])
        for id in message["attachments"]:
            self.store.table("pictures")[id]["live"] = False
        return Response(status_code=204)

    def _message(self, request: Request) -> Record:
        self._in_channel(request)
        message = self.store.table("messages").get(request.path_params["id"])
        if message is None or not message["live"]:
            raise self.refusal(404, 10008, "Unknown Message")
        return message

    # The CDN.

    def _signed(self, path: str) -> str:
        """ex (expires), is (issued), hm (signature)."""
        lifetime = CDN_S if self.plan.expire_s is None else self.plan.expire_s
        ex, issued = f"{int(self.clock() + lifetime):x}", f"{int(self.clock()):x}"
        return f"ex={ex}&is={issued}&hm={self._signature(path, ex, issued)}&"

    def _signature(self, path: str, ex: str, issued: str) -> str:
        signed = f"{path}?{ex}&{issued}".encode(errors="replace")
        return hmac.digest(self.store.secret("cdn"), signed, hashlib.sha256).hex()

    async def cdn(self, request: Request) -> Response:
        """/attachments/...: the file as it was sent; /proxy/...: the profile's rendition of it."""
        parts, given = request.path_params, dict(parse_qsl(request.url.query))
        path = f"{parts['channel']}/{parts['id']}/{parts['file']}"
        ex, issued = given.get("ex", ""), given.get("is", "")
        record = self.picture(parts["id"])
        right = same(self._signature(path, ex, issued), given.get("hm", ""))
        if parts["where"] not in ("attachments", "proxy") or record is None or not right:
            return self.expired(request)
        if int(ex, 16) <= self.clock():
            return self.expired(request)
        data = self.store.file(record["sha256"])
        if parts["where"] == "attachments" or not record["renditions"]:
            safe = {
                "x-content-type-options": "nosniff",
                "content-disposition": f'attachment; filename="{record["name"]}"',
            }
            return Response(data, headers=safe, media_type=record["media_type"])
        asked = [whole(given.get(side), 0, 0, 4096) for side in ("width", "height")]
        made = await run_in_threadpool(self.pictures.rendition, data, max(asked) or None)
        return Response(made.data, media_type="image/jpeg")


def _size(data: bytes) -> list[int]:
    """[width, height] of a picture; [] of anything else."""
    try:
        return list(look(data)[1:])
    except UnderstudyError:
        return []


def _snowflake_in(text: str) -> int:
    return whole(text, 0, 0, 2**63)
