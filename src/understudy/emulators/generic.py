"""A plain HTTP server that makes pictures of pictures: PUT a name, or POST a form; GET what became of it."""

from __future__ import annotations

import math
import re
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..errors import UnderstudyError
from .base import Emulator, Refused, jpeg, same, uploaded
from .limiting import Standing
from .storing import Record

MAX_BYTES = 32 * 2**20


class Generic(Emulator):
    """/pictures and /pictures/{name}."""

    name: ClassVar[str] = "generic"
    title: ClassVar[str] = "plain HTTP: PUT or a form, then GET"
    source: ClassVar[str] = "RFC 9110 (PUT, POST, DELETE, Retry-After), RFC 6585 (429), RFC 7578 (forms); nobody's API"
    unconfirmed: ClassVar[tuple[str, ...]] = ("no particular server is meant",)

    def settings(self, base_url: str) -> dict[str, str]:
        """Where it is."""
        return {"base_url": f"{base_url}/pictures"}

    def example(self, base_url: str) -> str:
        """By the connector for a server of one's own."""
        secret = f"UNDERSTUDY_WEB_SECRET='Bearer {self.token()}'"
        return f"{secret} understudy collect DIR --via web --set to='{base_url}/pictures/{{name}}'"

    def routes(self) -> list[Route]:
        """The endpoints."""
        return [
            self.on("GET", "/pictures", self.listed, kind="read", bucket="requests"),
            self.on("POST", "/pictures", self.post, kind="upload", bucket="requests"),
            self.on("PUT", "/pictures/{name}", self.put, kind="upload", bucket="requests"),
            self.on("GET", "/pictures/{name}", self.get, kind="download", bucket="requests"),
            self.on("DELETE", "/pictures/{name}", self.delete, kind="remove", bucket="requests"),
        ]

    def rate_limited(self, wait_s: float, standing: Standing | None, code: int) -> Response:
        """429 with Retry-After."""
        return JSONResponse({"error": "Too Many Requests"}, code or 429, {"Retry-After": str(math.ceil(wait_s))})

    def authorised(self, request: Request) -> None:
        """Raises Refused for a wrong token; one that is missing is let pass for reading."""
        given = request.headers.get("authorization", "").removeprefix("Bearer ").strip()
        if not same(self.token(), given) and (given or request.method != "GET"):
            raise Refused(self.unauthorized())

    async def listed(self, request: Request) -> Response:
        """What there is."""
        self.authorised(request)
        live = [record for record in self.store.table("pictures").values() if record["live"]]
        return JSONResponse([self._about(request, record) for record in live])

    async def post(self, request: Request) -> Response:
        """A form with a file in any field; the answer's Location is where to get it."""
        self.authorised(request)
        form = await self.form(request)
        for _, value in form.multi_items():
            found = await uploaded(value)
            if found is not None:
                record = await self._taken(found[0], f"{self.store.letters('picture', 20)}.jpg", found[1])
                about = self._about(request, record)
                return JSONResponse(about, 201, {"Location": about["url"]})
        raise Refused(self.malformed("no file in the form"))

    async def put(self, request: Request) -> Response:
        """A picture by the name that the client chose; put again, it replaces the earlier one."""
        self.authorised(request)
        name = request.path_params["name"]
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", name):
            raise Refused(self.malformed("a name of up to 100 letters, digits, dots, dashes"))
        before = self.picture(name)
        record = await self._taken(await request.body(), name, name)
        return JSONResponse(self._about(request, record), 201 if before is None else 200)

    async def _taken(self, data: bytes, id: str, name: str) -> Record:
        if len(data) > MAX_BYTES:
            raise Refused(self.too_large())
        earlier = self.store.table("pictures").get(id)
        times = earlier["times"] + 1 if earlier is not None else 1
        try:
            record = await self.take(data, id=id, key=id, name=name, more={"times": times})
        except UnderstudyError as error:
            raise Refused(JSONResponse({"error": f"not a picture: {error}"}, 415)) from None
        self.posted(id, [record], key=id)
        return record

    def _about(self, request: Request, record: Record) -> Record:
        rendition = record["renditions"][0]
        url = f"{self.base_url(request)}/pictures/{record['id']}"
        return {"id": record["id"], "url": url, "width": rendition["width"], "height": rendition["height"]}

    async def get(self, request: Request) -> Response:
        """The delivered file."""
        self.authorised(request)
        record = self.picture(request.path_params["name"])
        if record is None:
            return self.unknown_path()
        rendition = record["renditions"][0]
        return jpeg(self.store.file(rendition["sha256"]), etag=f'"{rendition["sha256"][:32]}"')

    async def delete(self, request: Request) -> Response:
        """204."""
        self.authorised(request)
        record = self.picture(request.path_params["name"])
        if record is None:
            return self.unknown_path()
        record["live"] = False
        self.withdrawn(record["id"])
        return Response(status_code=204)
