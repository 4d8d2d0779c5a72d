"""Facebook Pages, Graph API: photos of a page, published or not, their renditions, and the CDN that serves them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..errors import UnderstudyError
from .base import truthy, uploaded
from .graph import Graph
from .pictures import look
from .storing import Record

MAX_BYTES = 10 * 10**6
"""Messages of the real one name 4 MB (older) and 10 MB (newer)."""
LIMITS = (1080, 960, 720, 600, 480, 320, 130)
"""Longest sides of the renditions beside the main one: sizes as seen, not documented."""
FORMATS = ("JPEG", "BMP", "PNG", "GIF", "TIFF", "WEBP")
TEMPORARY_S = 86400.0


class Facebook(Graph):
    """A Page's photos."""

    name: ClassVar[str] = "facebook"
    title: ClassVar[str] = "Facebook Page, Graph API"
    source: ClassVar[str] = (
        "developers.facebook.com/docs/graph-api: reference/page/photos (v25.0, v26.0), reference/photo, "
        "guides/error-handling, overview/rate-limiting; read 2026-11 in stored copies"
    )
    unconfirmed: ClassVar[tuple[str, ...]] = (
        "HTTP statuses of errors: the documentation gives codes only; here 400, 403 for code 4, 500 for code 2",
        "whether GET /{page-id}/photos?type=uploaded lists unpublished photos: it does here, unless the plan says "
        "hide-unpublished",
        "the largest file: 10 MB here; that and what is no picture are answered with code 324",
        "how long temporary photos live: a day here",
        "sizes of the renditions, the CDN's parameters, its lifetime (4 days here) and its words: as seen, documented "
        "nowhere; a removed photo's addresses go on until they expire",
        "how many users are engaged, which the page's limit depends on: 1 here, so 4800 calls an hour",
        "HEIF is documented as accepted in error messages; here it is not",
    )
    documented_limits: ClassVar[dict[str, tuple[int, float]]] = {"pages": (4800, 3600.0)}
    bucket: ClassVar[str] = "pages"
    limit_code: ClassVar[int] = 80001
    usage_type: ClassVar[str] = "pages"
    cdn_kind: ClassVar[str] = "t39.30808-6"

    def account(self) -> str:
        """The demo page's id."""
        return str(10**14 + int.from_bytes(self.store.secret("page")[:6], "big") % 10**14)

    def token(self) -> str:
        """A page access token, in its shape: EAA and letters."""
        return "EAAemulated" + self.store.secret("token").hex()[:40]

    def settings(self, base_url: str) -> dict[str, str]:
        """Where it is, and which page."""
        return {"base_url": base_url, "page_id": self.account()}

    async def get(self, request: Request) -> Response:
        """GET /me, /{page-id}, /me/accounts, /{page-id}/photos, /{photo-id}."""
        path, _, fields = await self.parts(request)
        page = self.account()
        if path in ([], [page]):
            if not path:
                raise self.missing("get", "")
            shown = {
                "id": lambda: page,
                "name": lambda: "Emulated Page",
                "category": lambda: "Science",
                "link": lambda: f"https://www.facebook.com/{page}",
                "access_token": lambda: self.token(),
                "fan_count": lambda: 1,
            }
            return JSONResponse(self.chosen("Page", fields.get("fields", ""), ("name", "id"), shown))
        if path == [page, "accounts"]:
            tasks = ["CREATE_CONTENT", "MODERATE"]
            mine = {"access_token": self.token(), "category": "Science", "name": "Emulated Page", "id": page}
            return JSONResponse({"data": [{**mine, "tasks": tasks}]})
        if path == [page, "photos"]:
            return self._listed(request, fields)
        record = self._photo(path[0]) if len(path) == 1 else None
        if record is None:
            raise self.missing("get", path[0])
        return JSONResponse(self._shown(request, record, fields.get("fields", "")))

    async def post(self, request: Request) -> Response:
        """POST /{page-id}/photos; and POST /{photo-id}?method=delete, the older way to delete."""
        path, form, fields = await self.parts(request)
        if len(path) == 1 and fields.get("method", "").lower() == "delete":
            return self._deleted(path[0])
        if path != [self.account(), "photos"]:
            raise self.missing("post", path[0] if path else "")
        published = truthy(fields.get("published", ""), True)
        temporary = truthy(fields.get("temporary", ""), False)
        if temporary and published:
            raise self.refusal(100, "(#100) Temporary photos must be unpublished")
        data, name = await self._given(form, fields)
        try:
            kind, _, _ = look(data)
            if kind not in FORMATS or len(data) > MAX_BYTES:
                raise self._invalid_image()
            record = await self.take(
                data,
                id=self.store.number("photo", 18),
                text=fields.get("caption", "") or fields.get("message", ""),
                name=name,
                limits=LIMITS,
                more={"published": published, "temporary": temporary, "alt": fields.get("alt_text_custom", "")},
            )
        except UnderstudyError:
            raise self._invalid_image() from None
        answer = {"id": record["id"]}
        if published:
            record["post_id"] = answer["post_id"] = f"{self.account()}_{self.store.number('post', 18)}"
        self.posted(record["id"], [record], text=record["text"])
        return JSONResponse(answer)

    async def delete(self, request: Request) -> Response:
        """DELETE /{photo-id}."""
        path, _, _ = await self.parts(request)
        if len(path) != 1:
            raise self.missing("delete", path[0] if path else "")
        return self._deleted(path[0])

    def _deleted(self, id: str) -> Response:
        record = self._photo(id)
        if record is None:
            raise self.missing("delete", id)
        record["live"] = False
        self.withdrawn(id)
        return JSONResponse({"success": True})

    async def _given(self, form: FormData, fields: dict[str, str]) -> tuple[bytes, str]:
        """(bytes, name) of the picture: a file in `source` (or any other part), or fetched from `url`."""
        files = [form.get("source"), *(value for name, value in form.multi_items() if name != "source")]
        for value in files:
            found = await uploaded(value)
            if found is not None:
                return found[0], found[1]
        url = fields.get("url", "")
        if not url:
            raise self.refusal(324, "(#324) Requires upload file")
        try:
            data, _ = await self.fetched(url, MAX_BYTES)
        except (OSError, ValueError):
            raise self._invalid_image() from None
        return data, url.partition("?")[0].rpartition("/")[2]

    def _invalid_image(self) -> Exception:
        return self.refusal(324, "(#324) Missing or invalid image file")

    def _photo(self, id: str) -> Record | None:
        """A photo that is there; temporary ones are not for ever."""
        record = self.picture(id)
        if record is not None and record["temporary"] and self.clock() > record["at"] + TEMPORARY_S:
            record["live"] = False
            return None
        return record

    def _listed(self, request: Request, fields: dict[str, str]) -> Response:
        """The page's uploaded photos, the newest first; without `type`, its profile pictures: it has none."""
        if fields.get("type", "profile") != "uploaded":
            return JSONResponse({"data": []})
        ids = reversed(list(self.store.table("pictures")))
        live = [record for id in ids if (record := self._photo(id)) is not None and not record["temporary"]]
        if self.plan.hide_unpublished:
            live = [record for record in live if record["published"]]
        return self.page(request, live, lambda record: self._shown(request, record, fields.get("fields", "")))

    def _shown(self, request: Request, record: Record, wanted: str) -> Record:
        """A photo node."""
        base = self.base_url(request)
        made = record["renditions"]
        images = [{"height": r["height"], "width": r["width"], "source": self.cdn_url(base, record, r)} for r in made]
        at = datetime.fromtimestamp(record["at"], UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
        page = self.account()
        return self.chosen(
            "Photo",
            wanted,
            ("created_time", "name", "id"),
            {
                "id": lambda: record["id"],
                "name": lambda: record["text"] or None,
                "created_time": lambda: at,
                "updated_time": lambda: at,
                "width": lambda: made[0]["width"],
                "height": lambda: made[0]["height"],
                "images": lambda: images,
                "picture": lambda: images[-1]["source"],
                "source": lambda: images[0]["source"],
                "webp_images": lambda: None,
                "link": lambda: f"https://www.facebook.com/photo.php?fbid={record['id']}",
                "from": lambda: {"name": "Emulated Page", "id": page},
                "alt_text_custom": lambda: record["alt"] or None,
                "alt_text": lambda: None,
                "can_delete": lambda: True,
                "page_story_id": lambda: record.get("post_id"),
                "album": lambda: None,
                "place": lambda: None,
                "target": lambda: None,
                "backdated_time": lambda: None,
                "event": lambda: None,
                "icon": lambda: None,
                "name_tags": lambda: None,
            },
        )
