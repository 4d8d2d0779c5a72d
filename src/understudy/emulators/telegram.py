"""Telegram's Bot API: photos to a chat, their sizes, files."""

from __future__ import annotations

import json
import math
from typing import Any, ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..errors import UnderstudyError
from .base import Emulator, Refused, same, text_of, uploaded
from .limiting import Standing
from .pictures import look
from .storing import Record

MAX_PHOTO, MAX_DOWNLOAD = 10 * 10**6, 20 * 10**6
"""Bytes: photos by multipart, files by getFile."""
MAX_SUM, MAX_RATIO, CAPTION = 10_000, 20, 1024
SIZES = (800, 320, 90)
"""Longest sides of the PhotoSizes below the largest: as seen; the documentation says only that there are several."""


class Telegram(Emulator):
    """A bot and one chat."""

    name: ClassVar[str] = "telegram"
    title: ClassVar[str] = "Telegram, Bot API"
    source: ClassVar[str] = (
        "core.telegram.org/bots/api: making requests, sendPhoto, getFile, deleteMessage, PhotoSize, "
        "ResponseParameters; core.telegram.org/bots/faq: limits; 2026-11, from libraries that quote it and from memory"
    )
    unconfirmed: ClassVar[tuple[str, ...]] = (
        "the wording of errors (`description`): as commonly seen; clients should go by error_code",
        "the sizes of a photo's smaller versions: 800, 320, 90 here",
        "that the largest is not limited to 1280 (or 2560): the stand-in has no limit",
        "photos given by their address: not fetched here",
        "20 messages a minute are the FAQ's limit for groups; the demo chat is one",
        "addresses of files hold for at least an hour by the documentation; here for an hour",
    )
    documented_limits: ClassVar[dict[str, tuple[int, float]]] = {"send": (20, 60.0), "all": (30, 1.0)}

    def token(self) -> str:
        """A bot's token, in its shape: an id, a colon, 35 letters."""
        return f"{self._bot()}:EMULATED-{self.store.secret('token').hex()[:26]}"

    def settings(self, base_url: str) -> dict[str, str]:
        """Where it is, and which chat."""
        return {"base_url": base_url, "chat_id": str(self._chat())}

    def routes(self) -> list[Route]:
        """Every method takes GET and POST."""
        api, out = "/bot{token}/", [self.on("GET", "/file/bot{token}/photos/{file}", self.file, kind="download")]
        for method in ("GET", "POST"):
            out += [
                self.on(method, api + "sendPhoto", self.send, kind="upload", bucket="send"),
                self.on(method, api + "deleteMessage", self.delete, kind="remove", bucket="all"),
                self.on(method, api + "{method}", self.other, kind="read", bucket="all"),
            ]
        return out

    # Errors.

    def error(self, code: int, description: str, **parameters: Any) -> JSONResponse:
        """{"ok": false, ...}; the HTTP status is the error_code."""
        body = {"ok": False, "error_code": code, "description": description}
        return JSONResponse({**body, "parameters": parameters} if parameters else body, code)

    def refusal(self, description: str, code: int = 400) -> Refused:
        """The same, to be raised."""
        return Refused(self.error(code, f"Bad Request: {description}" if code == 400 else description))

    def rate_limited(self, wait_s: float, standing: Standing | None, code: int) -> Response:
        """429 with retry_after, whole seconds."""
        wait = math.ceil(wait_s)
        response = self.error(429, f"Too Many Requests: retry after {wait}", retry_after=wait)
        response.headers["Retry-After"] = str(wait)
        return response

    def failed(self) -> Response:
        """500."""
        return self.error(500, "Internal Server Error")

    def unauthorized(self) -> Response:
        """401."""
        return self.error(401, "Unauthorized")

    def expired(self, request: Request) -> Response:
        """A file's address that is no more."""
        return self.error(404, "Not Found")

    def unknown_path(self) -> Response:
        """404."""
        return self.error(404, "Not Found")

    def too_large(self) -> Response:
        """413."""
        return self.error(413, "Request Entity Too Large")

    def malformed(self, reason: str) -> Response:
        """400."""
        return self.error(400, f"Bad Request: {reason}")

    # Methods.

    async def _fields(self, request: Request) -> tuple[dict[str, str], tuple[bytes, str, str] | None]:
        """(a method's parameters, the file in `photo`) of an authorised request, however they are sent."""
        if not same(self.token(), request.path_params["token"]):
            raise Refused(self.unauthorized())
        fields = dict(request.query_params)
        if request.headers.get("content-type", "").startswith("application/json"):
            try:
                given = json.loads(await request.body() or b"{}")
            except ValueError:
                given = None
            if not isinstance(given, dict):
                raise self.refusal("can't parse JSON object")
            return fields | {str(k): v if isinstance(v, str) else json.dumps(v) for k, v in given.items()}, None
        form = await self.form(request)
        fields |= {name: text_of(form, name) for name in form if isinstance(form.get(name), str)}
        photo = form.get("photo")
        if fields.get("photo", "").startswith("attach://"):
            photo = form.get(fields["photo"].removeprefix("attach://"))
        return fields, await uploaded(photo)

    def _in_chat(self, fields: dict[str, str]) -> None:
        given = fields.get("chat_id", "")
        if not given:
            raise self.refusal("chat_id is empty")
        if given not in (str(self._chat()), "@emulated"):
            raise self.refusal("chat not found")

    async def send(self, request: Request) -> Response:
        """sendPhoto: a file, or the file_id of a photo that is here already."""
        fields, found = await self._fields(request)
        self._in_chat(fields)
        caption = fields.get("caption", "")
        if len(caption) > CAPTION:
            raise self.refusal("message caption is too long")
        message = self.store.table("counters").setdefault("message", {"last": 0})
        if found is None:
            earlier = self._file(fields.get("photo", "")) if fields.get("photo") else None
            if earlier is None:
                raise self.refusal("there is no photo in the request" if not fields.get("photo") else "wrong file_id")
            record = earlier[0]
        else:
            record = await self._taken(found[0], found[1], caption)
        message["last"] += 1
        id = message["last"]
        self.posted(str(id), [record], text=caption, picture=record["id"])
        return JSONResponse({"ok": True, "result": self._message(id, record, caption)})

    async def _taken(self, data: bytes, name: str, caption: str) -> Record:
        if len(data) > MAX_PHOTO:
            raise self.refusal("too big for a photo")
        try:
            _, width, height = look(data)
            if width + height > MAX_SUM or max(width, height) > MAX_RATIO * min(width, height):
                raise self.refusal("PHOTO_INVALID_DIMENSIONS")
            id = self.store.letters("photo", 40)
            return await self.take(data, id=id, text=caption, name=name, limits=SIZES)
        except UnderstudyError:
            raise self.refusal("IMAGE_PROCESS_FAILED") from None

    def _bot(self) -> int:
        return 10**9 + int.from_bytes(self.store.secret("bot")[:4], "big")

    def _chat(self) -> int:
        return -(10**12) - 10**9 - int.from_bytes(self.store.secret("chat")[:4], "big") % 10**9

    def _me(self) -> Record:
        return {"id": self._bot(), "is_bot": True, "first_name": "Emulated", "username": "emulated_bot"}

    def _about_chat(self) -> Record:
        return {"id": self._chat(), "title": "Emulated", "username": "emulated", "type": "supergroup"}

    def _message(self, id: int, record: Record, caption: str) -> Record:
        """A Message with its PhotoSizes, the smallest first."""
        made = record["renditions"]
        photo = [
            {
                "file_id": f"AgAC{record['id']}{chr(97 + n)}", "file_unique_id": f"AQAD{made[n]['sha256'][:12]}",
                "file_size": made[n]["bytes"], "width": made[n]["width"], "height": made[n]["height"],
            }
            for n in reversed(range(len(made)))
        ]  # fmt: skip
        out: Record = {"message_id": id, "from": self._me(), "chat": self._about_chat(), "date": int(self.clock())}
        return {**out, "photo": photo, **({"caption": caption} if caption else {})}

    def _file(self, file_id: str) -> tuple[Record, Record] | None:
        """(picture, rendition) that a file_id names."""
        record = self.store.table("pictures").get(file_id[4:-1])
        n = ord(file_id[-1]) - 97 if file_id else -1
        if record is None or not file_id.startswith("AgAC") or not 0 <= n < len(record["renditions"]):
            return None
        return record, record["renditions"][n]

    async def delete(self, request: Request) -> Response:
        """deleteMessage."""
        fields, _ = await self._fields(request)
        self._in_chat(fields)
        post = self.store.table("posts").get(fields.get("message_id", ""))
        if post is None or not post["live"]:
            raise self.refusal("message to delete not found")
        self.withdrawn(post["id"])
        return JSONResponse({"ok": True, "result": True})

    async def other(self, request: Request) -> Response:
        """getMe, getChat, getFile."""
        fields, _ = await self._fields(request)
        method = request.path_params["method"].lower()
        if method == "getme":
            more = {"can_join_groups": True, "can_read_all_group_messages": False, "supports_inline_queries": False}
            return JSONResponse({"ok": True, "result": {**self._me(), **more}})
        if method == "getchat":
            self._in_chat(fields)
            return JSONResponse({"ok": True, "result": self._about_chat()})
        if method != "getfile":
            return self.unknown_path()
        found = self._file(fields.get("file_id", ""))
        if found is None:
            raise self.refusal("wrong file_id or the file is temporarily unavailable")
        rendition = found[1]
        if rendition["bytes"] > MAX_DOWNLOAD:
            raise self.refusal("file is too big")
        path = f"photos/file_{rendition['sha256'][:16]}.jpg"
        lifetime = 3600.0 if self.plan.expire_s is None else self.plan.expire_s
        until = self.clock() + lifetime
        self.store.table("files")[path] = {"sha256": rendition["sha256"], "until": until}
        unique = f"AQAD{rendition['sha256'][:12]}"
        result = {"file_id": fields["file_id"], "file_unique_id": unique, "file_size": rendition["bytes"]}
        return JSONResponse({"ok": True, "result": {**result, "file_path": path}})

    async def file(self, request: Request) -> Response:
        """A file that getFile named."""
        if not same(self.token(), request.path_params["token"]):
            return self.unauthorized()
        known = self.store.table("files").get(f"photos/{request.path_params['file']}")
        if known is None or self.clock() >= known["until"]:
            return self.expired(request)
        return Response(self.store.file(known["sha256"]), media_type="application/octet-stream")
