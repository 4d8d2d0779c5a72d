"""Facebook Pages through the Graph API: unpublished photos, and every rendition that the photo's `images` lists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from ._common import fits, number
from ._graph import Graph
from .base import AgainError, AuthError, ConnectorError, Http, Picture, Posted, Rendition, Repeats, Setting

MARK = "understudy "
"""A caption is this and the key."""


class Facebook:
    """Sends to one Page, unpublished: nobody but those who manage the Page sees the photo.

    Whether /{page}/photos?type=uploaded lists unpublished photos is not documented. So `find` believes in an absence
    only where the listing shows another unpublished photo of ours, or where the setting `lists_unpublished` says so.
    """

    name: ClassVar[str] = "facebook"
    title: ClassVar[str] = "Facebook Page, Graph API"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("page_id", "the Page's number: Page, About, Page transparency; or GET /me/accounts"),
        Setting("token", "a Page access token with pages_manage_posts, pages_read_engagement, pages_show_list", True),
        Setting("base_url", "the Graph host with its version", default="https://graph.facebook.com/v25.0"),
        Setting("fields", "lists of renditions to fetch: images, or images,webp_images", default="images"),
        Setting("max_bytes", "what is refused before sending; Facebook's error message names 4 MB", default="4000000"),
        Setting("lists_unpublished", "yes where you saw that /PAGE/photos?type=uploaded lists them", default="unknown"),
    )
    takes: ClassVar[tuple[str, ...]] = (
        "image/jpeg", "image/png", "image/gif", "image/tiff", "image/bmp", "image/webp", "image/heif", "image/heic",
    )  # fmt: skip
    repeats: ClassVar[Repeats] = Repeats.FINDABLE
    terms: ClassVar[str] = (
        "Your own Page and app, through Meta's official Graph API under the Meta Platform Terms; pictures you may post."
    )
    source: ClassVar[str] = (
        "developers.facebook.com, Graph API v25.0: Page Photos, Photo, Handling Errors, Rate Limits; copies read "
        "2026-11-22. Never tried on the real service. Not documented: whether unpublished photos are listed by "
        "type=uploaded, and a hard limit of bytes (the reference recommends under 4 MB, its error message demands it)."
    )

    def __init__(self, settings: Mapping[str, str], http: Http) -> None:
        self._http = http
        self._page = settings["page_id"]
        self._graph = Graph(http, settings["base_url"], settings["token"])
        self._fields = [f.strip() for f in settings["fields"].split(",") if f.strip()]
        limit = number(settings["max_bytes"])
        self._limit = None if limit is None else int(limit)
        self._listed = settings["lists_unpublished"].strip().lower() == "yes"

    def check(self) -> str:
        """`page Example, id 123`. Raises AuthError where the token is another's."""
        me = self._graph.get("me", fields="id,name")
        if str(me.get("id")) != self._page:
            got = f"a token of {me.get('name')}, id {me.get('id')}"
            remedy = "take the Page's own token from GET /me/accounts"
            raise AuthError(got, place="token", expected=f"a Page access token of {self._page}", remedy=remedy)
        return f"page {me.get('name')}, id {me.get('id')}"

    def account(self) -> str:
        """The Page's number."""
        return self._page

    def send(self, picture: Picture, key: str) -> Posted:
        """Uploads as an unpublished photo of the Page, without a story, with the key in its caption."""
        fits(picture, "Facebook", self.takes, self._limit)
        form = {"caption": MARK + key, "published": "false"}
        files = {"source": (picture.name, picture.data, picture.media_type)}
        made = self._graph.post(f"{self._page}/photos", form, files)
        if not made.get("id"):
            raise ConnectorError(f"fields {', '.join(made)}", place=f"{self._page}/photos", expected="an id")
        return Posted(str(made["id"]))

    def find(self, key: str) -> Posted | None:
        """Looks through what the Page uploaded. Raises ConnectorError where the listing's silence proves nothing."""
        path, listed = f"{self._page}/photos", self._listed
        for photo in self._graph.listing(path, type="uploaded", fields="id,name", limit=100):
            caption = str(photo.get("name") or "")
            if caption == MARK + key:
                return Posted(str(photo["id"]))
            listed = listed or caption.startswith(MARK)
        if listed:
            return None
        raise ConnectorError(
            "no photo of ours is listed, and Facebook does not document that unpublished ones are",
            place=path,
            expected="at least one other unpublished photo of ours in the listing",
            remedy="look at the Page's uploads by hand; if unpublished photos are listed, --set lists_unpublished=yes",
        )

    def fetch(self, posted: Posted) -> Iterator[Rendition]:
        """Every file in `images`, by its size (`960x720`); `main` is the one with the most pixels."""
        photo = self._graph.get(posted.id, fields=",".join(self._fields))
        rows = [(field, row) for field in self._fields for row in photo.get(field) or []]
        rows = [(field, row) for field, row in rows if row.get("source")]
        if not any(field == "images" for field, _ in rows):
            raise AgainError(
                "no images yet", working=True, place=f"photo {posted.id}", expected="at least one rendition"
            )
        largest = max((row for field, row in rows if field == "images"), key=pixels)
        names: set[str] = set()
        for field, row in rows:
            prefix = "" if field == "images" else field.removesuffix("images").rstrip("_") + "-"
            name = stem = f"{prefix}{row.get('width')}x{row.get('height')}"
            while name in names:
                name = f"{stem}-{len(names)}"
            names.add(name)
            # The CDN gets no token: its URLs carry their own signature.
            got = self._http.request("GET", row["source"])
            yield Rendition(name, got.url, got.data, got.headers, main=row is largest)

    def remove(self, posted: Posted) -> None:
        """Deletes the photo."""
        self._graph.delete(posted.id)


def pixels(row: Mapping[str, Any]) -> float:
    """Width times height of an entry of `images`; 0 where it names none."""
    return (number(row.get("width")) or 0) * (number(row.get("height")) or 0)


CONNECTOR = Facebook
