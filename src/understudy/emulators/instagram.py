"""Instagram content publishing: a container that fetches a picture from a public address, then its publication."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from ..errors import UnderstudyError
from .graph import Graph
from .pictures import look
from .storing import Record

MAX_BYTES = 8 * 2**20
"""36000/2207004: it should be less than 8 MiB."""
NARROWEST, WIDEST = 4 / 5, 1.91
CAPTION, DAY_S = 2200, 86400.0


class Instagram(Graph):
    """A professional account's media."""

    name: ClassVar[str] = "instagram"
    title: ClassVar[str] = "Instagram, content publishing"
    source: ClassVar[str] = (
        "developers.facebook.com/docs/instagram-platform: content-publishing, instagram-graph-api/reference: "
        "error-codes (2026-06-02, its beginning), ig-user/media, ig-user/content_publishing_limit, ig-media; read "
        "2026-11 in stored copies"
    )
    unconfirmed: ClassVar[tuple[str, ...]] = (
        "whether a bad picture is refused when the container is made (here) or only by its status_code",
        "what a container that is published twice is answered: here as one that does not exist (24, 2207008)",
        "100 posts in 24 hours by today's documentation, 50 and 25 by older copies; counted from the first here",
        "the public address may be one of this machine here, which the real one could not reach",
        "how many impressions the account has, which its call limit depends on: 1 here, so 4800 calls in 24 hours",
        "deleting media: answered as not supported; newer tools say that it is, with Facebook Login, but the "
        "documentation's page was not seen",
        "the CDN's parameters, lifetime and words: as seen, documented nowhere",
    )
    documented_limits: ClassVar[dict[str, tuple[int, float]]] = {
        "instagram": (4800, DAY_S),
        "publishing": (100, DAY_S),
    }
    bucket: ClassVar[str] = "instagram"
    limit_code: ClassVar[int] = 80002
    usage_type: ClassVar[str] = "instagram"
    cdn_kind: ClassVar[str] = "t51.82787-15"

    def account(self) -> str:
        """The demo account's id."""
        return "1784" + str(10**12 + int.from_bytes(self.store.secret("user")[:5], "big") % 10**12)

    def token(self) -> str:
        """A user access token, in its shape: IGAA and letters."""
        return "IGAAemulated" + self.store.secret("token").hex()[:40]

    def settings(self, base_url: str) -> dict[str, str]:
        """Where it is, and which account."""
        return {"base_url": base_url, "user_id": self.account()}

    def routes(self) -> list[Route]:
        """Publishing is a `post`: it brings no picture."""
        publish = self.on("POST", "/{head:path}/media_publish", self.post, kind="post", bucket=self.bucket)
        return [publish, *super().routes()]

    def example(self, base_url: str) -> str:
        """With the address from which it fetches the pictures: some server of yours."""
        return f"{super().example(base_url)} --set public_url='http://127.0.0.1:8000/{{name}}'"

    async def get(self, request: Request) -> Response:
        """GET /me, /{ig-user-id}, its media and content_publishing_limit, /{container-id}, /{media-id}."""
        path, _, fields = await self.parts(request)
        wanted, mine = fields.get("fields", ""), self.account()
        if path == [mine]:
            user = {
                "id": lambda: mine,
                "user_id": lambda: mine,
                "username": lambda: "emulated",
                "name": lambda: "Emulated",
                "account_type": lambda: "BUSINESS",
                "media_count": lambda: len(self._media()),
            }
            return JSONResponse(self.chosen("IGUser", wanted, ("id",), user))
        if path == [mine, "content_publishing_limit"]:
            used, total = self._published_lately(), self._quota()
            config = {"quota_total": total[0], "quota_duration": int(total[1])}
            entry = {"quota_usage": used, "config": config} if "config" in wanted else {"quota_usage": used}
            return JSONResponse({"data": [entry]})
        if path == [mine, "media"]:
            return self.page(request, self._media(), lambda record: self._shown(request, record, wanted))
        if len(path) == 1 and path[0] in self.store.table("containers"):
            return JSONResponse(self._container(path[0], wanted))
        record = self.picture(path[0]) if len(path) == 1 else None
        if record is None or not record["published"]:
            raise self.missing("get", path[0] if path else "")
        return JSONResponse(self._shown(request, record, wanted))

    async def post(self, request: Request) -> Response:
        """POST /{ig-user-id}/media and /{ig-user-id}/media_publish."""
        path, _, fields = await self.parts(request)
        if path == [self.account(), "media"]:
            return await self._create(fields)
        if path == [self.account(), "media_publish"]:
            return self._publish(fields.get("creation_id", ""))
        raise self.missing("post", path[0] if path else "")

    async def delete(self, request: Request) -> Response:
        """Nothing is deleted here."""
        path, _, _ = await self.parts(request)
        raise self.missing("delete", path[0] if path else "")

    async def _create(self, fields: dict[str, str]) -> Response:
        """Makes a container."""
        url, caption = fields.get("image_url", ""), fields.get("caption", "")
        if not url:
            raise self.refusal(100, "(#100) The parameter image_url is required.")
        if len(caption) > CAPTION:
            raise self._media_error(36004, 2207010, "The caption was too long", f"It has {len(caption)} characters")
        try:
            data, _ = await self.fetched(url, MAX_BYTES)
        except (OSError, ValueError):
            message = "Only photo or video can be accepted as media type."
            reason = f"The media could not be fetched from this uri: {url[:500]}"
            raise self._media_error(9004, 2207052, message, reason) from None
        self._examine(data)
        id = self.store.number("container", 17)
        try:
            await self.take(
                data, id=id, text=caption, name=url.partition("?")[0].rpartition("/")[2], more={"published": False}
            )
        except UnderstudyError:
            raise self._unsupported() from None
        # The container goes by its own id and the published media by another: a picture stands in the table under
        # its container's id until then.
        self.store.table("containers")[id] = {"id": id, "at": self.clock(), "asked": 0, "published": ""}
        return JSONResponse({"id": id})

    def _examine(self, data: bytes) -> None:
        """Raises Refused for what is not taken."""
        if len(data) >= MAX_BYTES:
            reason = "The image is too large to download. It should be less than 8 MiB."
            raise self._media_error(36000, 2207004, "The image size is too large.", reason)
        try:
            kind, width, height = look(data)
        except UnderstudyError:
            raise self._unsupported() from None
        if kind != "JPEG":
            raise self._unsupported()
        if not NARROWEST - 0.005 <= width / height <= WIDEST + 0.005:
            reason = f"The submitted image with aspect ratio ({width / height:.2f}) cannot be published. Please submit "
            raise self._media_error(
                36003, 2207009, "The aspect ratio is not supported.", reason + "an image with a valid aspect ratio."
            )

    def _unsupported(self) -> Exception:
        message = "The image format is not supported."
        return self._media_error(36001, 2207005, message, f"{message} Please check spec for supported formats.")

    def _media_error(self, code: int, subcode: int, message: str, reason: str) -> Exception:
        more = {"is_transient": False, "error_user_title": message.rstrip("."), "error_user_msg": reason}
        return self.refusal(code, message, subcode=subcode, **more)

    def _status(self, container: Record) -> str:
        """A container's status_code, which each time it is asked for comes nearer to FINISHED."""
        if container["published"]:
            return "PUBLISHED"
        lifetime = DAY_S if self.plan.expire_s is None else self.plan.expire_s
        if self.clock() > container["at"] + lifetime:
            return "EXPIRED"
        return "FINISHED" if container["asked"] >= self.plan.processing else "IN_PROGRESS"

    def _container(self, id: str, wanted: str) -> Record:
        container = self.store.table("containers")[id]
        status = self._status(container)
        container["asked"] += 1
        shown = {"id": lambda: id, "status_code": lambda: status, "status": lambda: f"{status.title()}: media {id}"}
        return self.chosen("IGContainer", wanted, ("id",), shown)

    def _publish(self, creation: str) -> Response:
        """Publishes a finished container."""
        container = self.store.table("containers").get(creation)
        status = self._status(container) if container is not None else "EXPIRED"
        if container is None or status in ("EXPIRED", "PUBLISHED"):
            reason = f"The media builder with creation id = {creation[:64]} does not exist or has been expired."
            raise self._media_error(24, 2207008, "Media builder not found", reason)
        if status == "IN_PROGRESS":
            reason = "The media is not ready for publishing, please wait for a moment"
            raise self._media_error(9007, 2207027, "Media ID is not available", reason)
        if self._quota()[0] and self._published_lately() >= self._quota()[0]:
            reason = "You reached maximum number of posts that is allowed to be published by Content Publishing API."
            raise self._media_error(9, 2207042, "Application request limit reached", reason)
        pictures = self.store.table("pictures")
        media = self.store.number("media", 17)
        record = pictures.pop(creation)
        pictures[media] = {**record, "id": media, "container": creation, "published": True, "at": self.clock()}
        container["published"] = media
        self.posted(media, [record], text=record["text"])
        return JSONResponse({"id": media})

    def _quota(self) -> tuple[int, float]:
        return self.limiter.limits["publishing"]

    def _published_lately(self) -> int:
        since = self.clock() - self._quota()[1]
        return sum(record["at"] > since for record in self._media())

    def _media(self) -> list[Record]:
        """What was published, the newest first."""
        return [r for r in reversed(self.store.table("pictures").values()) if r["published"] and r["live"]]

    def _shown(self, request: Request, record: Record, wanted: str) -> Record:
        """An IG media node."""
        base = self.base_url(request)
        return self.chosen(
            "IGMedia",
            wanted,
            ("id",),
            {
                "id": lambda: record["id"],
                "ig_id": lambda: record["id"],
                "caption": lambda: record["text"] or None,
                "media_type": lambda: "IMAGE",
                "media_product_type": lambda: "FEED",
                "media_url": lambda: self.cdn_url(base, record, record["renditions"][0]),
                "permalink": lambda: f"https://www.instagram.com/p/{record['id']}/",
                "shortcode": lambda: record["id"],
                "timestamp": lambda: datetime.fromtimestamp(record["at"], UTC).strftime("%Y-%m-%dT%H:%M:%S+0000"),
                "username": lambda: "emulated",
                "owner": lambda: {"id": self.account()},
                "thumbnail_url": lambda: None,
                "alt_text": lambda: None,
                "like_count": lambda: 0,
                "comments_count": lambda: 0,
            },
        )
