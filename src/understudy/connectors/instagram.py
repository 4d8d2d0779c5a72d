"""Instagram content publishing: a container that Instagram fetches from a public URL, published, and its media_url."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar
from urllib.parse import quote

from ._common import fits, sides
from ._graph import Graph, regain_s
from .base import AgainError, AuthError, ConnectorError, Http, Picture, Posted, Rendition, Repeats, Setting
from .base import RejectedError as Rejected
from .http import Answer

MARK = "understudy "
"""A caption is this and the key."""
LIMIT = 8 << 20
"""Bytes: "It should be less than 8 MiB" (error 36000/2207004)."""
NARROWEST, WIDEST = 4 / 5, 1.91
"""Width through height (error 36003/2207009)."""
WAITS_S = (1.0, 2.0, 4.0, 8.0, 15.0)
"""Between looks at a container that is not finished. Pictures are documented to need seconds, videos minutes."""

PICTURE_SUBCODES = frozenset({2207004, 2207005, 2207009})
"""Too large; format not supported; proportions."""
PASSING_SUBCODES = frozenset({2207001, 2207003, 2207008, 2207020, 2207027, 2207032, 2207053})
"""Server error; fetching took too long; temporary; container expired; not ready; container failed; unknown upload."""
UNFETCHED_SUBCODE, DAILY_SUBCODE, SPAM_SUBCODE, RESTRICTED_SUBCODE = 2207052, 2207042, 2207051, 2207050


class Instagram:
    """Posts to a professional account. There is no unpublished posting: whoever sees the account sees the picture
    until `remove` takes it away. Instagram fetches the picture itself, so the sent folder must be served."""

    name: ClassVar[str] = "instagram"
    title: ClassVar[str] = "Instagram professional account, content publishing"
    settings: ClassVar[tuple[Setting, ...]] = (
        Setting("user_id", "the account's number: GET /PAGE?fields=instagram_business_account"),
        Setting("token", "a token with instagram_basic, instagram_content_publish, instagram_manage_contents", True),
        Setting(
            "public_url", "where the sent folder can be fetched by Instagram: https://example.org/sent/{name}; or {key}"
        ),
        Setting("base_url", "the Graph host with its version", default="https://graph.facebook.com/v25.0"),
    )
    takes: ClassVar[tuple[str, ...]] = ("image/jpeg",)
    repeats: ClassVar[Repeats] = Repeats.FINDABLE
    terms: ClassVar[str] = (
        "Your own professional account and app, through Meta's official API under the Meta Platform Terms. Posts are "
        "seen by everybody until removed; the documented number of posts in 24 hours (25 to 100) is the platform's."
    )
    source: ClassVar[str] = (
        "developers.facebook.com, Instagram Platform v25.0: IG User media and media_publish, IG Container, Error Codes "
        "(table updated 2026-06-02, the copy of which is cut short: subcodes 2207005, 2207009, 2207027, 2207050 and "
        "2207052 are from memory); stored copies read 2026-11-22. Deleting (DELETE /media-id, Facebook login only) is "
        "documented since 2025-12-03, taken from other projects' notes. Never tried on the real service: how soon a "
        "post is listed, and what media_url delivers beside the page's own renditions, are unknown."
    )
    most_bytes: ClassVar[int] = LIMIT
    settles_s: ClassVar[float] = 60.0
    """How soon a post is listed is not documented; longer than for the others, as publishing has several stages."""
    sleep: Callable[[float], None] = staticmethod(time.sleep)

    def __init__(self, settings: Mapping[str, str], http: Http) -> None:
        self._http = http
        self._user = settings["user_id"]
        self._template = settings["public_url"]
        self._graph = Graph(http, settings["base_url"], settings["token"], judge)

    def check(self) -> str:
        """`account example, id 123; 3 of 100 posts of the last 24 hours used`. Raises AuthError."""
        me = self._graph.get(self._user, fields="id,username")
        limits = self._graph.get(f"{self._user}/content_publishing_limit", fields="quota_usage,config")
        row: dict[str, Any] = next(iter(limits.get("data") or []), {})
        total = (row.get("config") or {}).get("quota_total", "an unknown number")
        used = f"{row.get('quota_usage', 'unknown')} of {total} posts of the last 24 hours used"
        return f"account {me.get('username')}, id {me.get('id')}; {used}"

    def account(self) -> str:
        """The account's number."""
        return self._user

    def send(self, picture: Picture, key: str) -> Posted:
        """Makes a container, waits until it is finished, publishes it. A container that is not published costs
        nothing and expires after 24 hours."""
        fits(picture, "Instagram", self.takes, LIMIT)
        width, height = sides(picture)
        if not NARROWEST <= width / height <= WIDEST:
            expected = "width through height from 4:5 to 1.91:1 on Instagram"
            raise Rejected(f"{width}x{height}", place=picture.name, expected=expected)
        # The names are ours and hold no braces' worth of formatting: plain replacement, no str.format on user text.
        url = self._template.replace("{name}", quote(picture.name)).replace("{key}", key)
        form = {"image_url": url, "caption": MARK + key}
        container = self._id(self._graph.post(f"{self._user}/media", form), "media")
        self._ready(container)
        made = self._graph.post(f"{self._user}/media_publish", {"creation_id": container})
        return Posted(self._id(made, "media_publish"), {"container": container})

    def find(self, key: str) -> Posted | None:
        """Looks for the key among the captions of the account's media."""
        for media in self._graph.listing(f"{self._user}/media", fields="id,caption", limit=100):
            if MARK + key in str(media.get("caption") or ""):
                return Posted(str(media["id"]))
        return None

    def fetch(self, posted: Posted) -> Iterator[Rendition]:
        """The one file that the API offers, `media_url`, named `media`."""
        media = self._graph.get(posted.id, fields="id,media_type,media_url")
        if not media.get("media_url"):
            # Left out, the reference says, for media with copyrighted material or flagged for it.
            raise AgainError(
                "no media_url yet", working=True, place=f"media {posted.id}", expected="a URL of the picture"
            )
        got = self._http.request("GET", media["media_url"])
        yield Rendition("media", got.url, got.data, got.headers, main=True)

    def remove(self, posted: Posted) -> None:
        """Deletes the post, which needs instagram_manage_contents and a token from Facebook login.
        Raises ConnectorError with the remedy where the API refuses."""
        try:
            self._graph.delete(posted.id)
        except AgainError:
            raise
        except ConnectorError as error:
            error.remedy = error.remedy or "delete the post by hand in the app"
            raise

    def _ready(self, container: str) -> None:
        for wait_s in (*WAITS_S, None):
            state = self._graph.get(container, fields="status_code,status")
            code = state.get("status_code")
            if code == "FINISHED":
                return
            if code in ("ERROR", "EXPIRED", "PUBLISHED"):
                words = f"{code}: {state.get('status')}"
                if any(str(subcode) in words for subcode in PICTURE_SUBCODES):
                    raise Rejected(words, place=f"container {container}")
                raise ConnectorError(words, landed=False, place=f"container {container}", expected="FINISHED")
            if wait_s is not None:
                self.sleep(wait_s)
        raise AgainError(f"{code}", wait_s=60.0, landed=False, place=f"container {container}", expected="FINISHED")

    def _id(self, made: Mapping[str, Any], place: str) -> str:
        if not made.get("id"):
            raise ConnectorError(f"fields {', '.join(made)}", place=place, expected="an id")
        return str(made["id"])


def judge(answer: Answer, error: Mapping[str, Any], words: str) -> None:
    """Raises what Instagram's own subcodes mean; returns for all others."""
    subcode = error.get("error_subcode")
    if subcode in PICTURE_SUBCODES:
        raise Rejected(words, place=answer.url)
    if subcode == UNFETCHED_SUBCODE:
        remedy = "look whether public_url serves the sent folder to the whole world, by https, as image/jpeg"
        expected = "a picture that Instagram can fetch"
        raise ConnectorError(words, landed=False, place=answer.url, expected=expected, remedy=remedy)
    if subcode == DAILY_SUBCODE:
        raise AgainError(words, wait_s=regain_s(answer), place=answer.url)
    if subcode == SPAM_SUBCODE:
        remedy = "wait a day, send fewer; tell Meta if it is a mistake"
        raise ConnectorError(words, landed=False, place=answer.url, remedy=remedy)
    if subcode == RESTRICTED_SUBCODE:
        raise AuthError(words, place=answer.url, remedy="sign in to the app and do what it asks for")
    if subcode in PASSING_SUBCODES:
        raise AgainError(words, landed=True, place=answer.url)


CONNECTOR = Instagram
