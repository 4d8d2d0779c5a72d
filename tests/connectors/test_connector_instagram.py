"""Instagram: container, status, publishing, errors, as the platform's reference shows them."""

from __future__ import annotations

import httpx
import pytest
from scripted import KEY, TOKEN, Platform, file, form, js, picture

from understudy.connectors.base import AgainError, AuthError, ConnectorError, Posted, RejectedError
from understudy.connectors.instagram import WAITS_S, Instagram

ID = "17841400000000000"
MEDIA, PUBLISH = rf"POST /v25.0/{ID}/media", rf"POST /v25.0/{ID}/media_publish"
URL = "https://example.org/sent/{name}?k={key}"


def connect(platform: Platform, **settings: str) -> Instagram:
    made = platform.connect(Instagram, user_id=ID, token=TOKEN, **{"public_url": URL, **settings})
    made.waited = []
    made.sleep = made.waited.append
    return made


def error(code: int, subcode: int | None = None, status: int = 400) -> httpx.Response:
    said = {"message": "no", "type": "OAuthException", "code": code, "error_subcode": subcode, "error_user_msg": "why"}
    return js({"error": said}, status)


def state(code: str, words: str = "") -> httpx.Response:
    return js({"status_code": code, "status": words, "id": "c1"})


def platform(**replies: object) -> Platform:
    told = {MEDIA: js({"id": "c1"}), r"GET /v25.0/c1": state("FINISHED"), PUBLISH: js({"id": "m1"})}
    return Platform({**told, **replies})  # type: ignore[dict-item]


def test_a_container_is_made_awaited_and_published() -> None:
    told = platform(**{r"GET /v25.0/c1": [state("IN_PROGRESS"), state("IN_PROGRESS"), state("FINISHED")]})
    made = connect(told)
    assert made.send(picture(name="p 07.jpeg"), KEY) == Posted("m1", {"container": "c1"})
    asked = form(told.asked[0])
    assert asked["image_url"] == f"https://example.org/sent/p%2007.jpeg?k={KEY}"
    assert KEY in asked["caption"]
    assert form(told.last(PUBLISH)) == {"creation_id": "c1"}
    assert made.waited == list(WAITS_S[:2])
    assert all(r.headers["authorization"] == f"Bearer {TOKEN}" for r in told.asked)


@pytest.mark.parametrize(
    ("size", "kind"), [((40, 51), "jpeg"), ((40, 20), "jpeg"), ((40, 30), "png")], ids=["tall", "wide", "png"]
)
def test_what_instagram_does_not_take_is_not_sent(size: tuple[int, int], kind: str) -> None:
    told = platform()
    with pytest.raises(RejectedError):
        connect(told).send(picture(*size, kind=kind), KEY)
    assert told.asked == []


def test_a_container_that_never_finishes_is_asked_for_again_and_nothing_landed() -> None:
    with pytest.raises(AgainError) as caught:
        connect(platform(**{r"GET /v25.0/c1": state("IN_PROGRESS")})).send(picture(), KEY)
    assert caught.value.landed is False
    assert caught.value.wait_s == 60


@pytest.mark.parametrize(("words", "kind"), [("Error: ... 2207005", RejectedError), ("Error: 2207001", ConnectorError)])
def test_a_container_that_failed(words: str, kind: type[ConnectorError]) -> None:
    with pytest.raises(ConnectorError) as caught:
        connect(platform(**{r"GET /v25.0/c1": state("ERROR", words)})).send(picture(), KEY)
    assert type(caught.value) is kind
    assert not caught.value.landed


@pytest.mark.parametrize(
    ("code", "subcode", "kind"),
    [
        (36000, 2207004, RejectedError),
        (36001, 2207005, RejectedError),
        (36003, 2207009, RejectedError),
        (9004, 2207052, ConnectorError),
        (4, 2207051, ConnectorError),
        (9, 2207042, AgainError),
        (-1, 2207001, AgainError),
        (-2, 2207003, AgainError),
        (9007, 2207027, AgainError),
        (25, 2207050, AuthError),
        (190, None, AuthError),
        (4, None, AgainError),
        (100, None, ConnectorError),
    ],
)
def test_errors_are_what_the_table_calls_them(code: int, subcode: int | None, kind: type[ConnectorError]) -> None:
    with pytest.raises(ConnectorError) as caught:
        connect(platform(**{MEDIA: error(code, subcode)})).send(picture(), KEY)
    assert type(caught.value) is kind


def test_a_lost_publishing_is_found_by_its_caption() -> None:
    rows = [{"id": "m9"}, {"id": "m2", "caption": f"understudy {KEY}"}]
    assert connect(Platform({rf"GET /v25.0/{ID}/media": js({"data": rows})})).find(KEY) == Posted("m2")
    assert connect(Platform({rf"GET /v25.0/{ID}/media": js({"data": rows[:1]})})).find(KEY) is None


def test_media_url_is_the_one_rendition() -> None:
    url = "https://scontent.example/v/t51.jpg?stp=dst-jpg_e35&oh=1"
    told = Platform(
        {
            r"GET /v25.0/m1": [js({"id": "m1"}), js({"id": "m1", "media_type": "IMAGE", "media_url": url})],
            r"GET /v/t51.jpg": file(b"jpeg"),
        }
    )
    made = connect(told)
    with pytest.raises(AgainError) as caught:
        list(made.fetch(Posted("m1")))
    assert caught.value.working
    [got] = made.fetch(Posted("m1"))
    assert (got.name, got.url, got.data, got.main) == ("media", url, b"jpeg", True)
    assert "authorization" not in told.asked[-1].headers


def test_removing() -> None:
    connect(Platform({r"DELETE /v25.0/m1": js({"success": True})})).remove(Posted("m1"))
    with pytest.raises(ConnectorError, match="by hand"):
        connect(Platform({r"DELETE /v25.0/m1": error(100, 2207085)})).remove(Posted("m1"))


def test_check_tells_the_account_and_what_is_left() -> None:
    limit = {"data": [{"quota_usage": 3, "config": {"quota_total": 100, "quota_duration": 86400}}]}
    told = Platform(
        {
            rf"GET /v25.0/{ID}": js({"id": ID, "username": "example"}),
            rf"GET /v25.0/{ID}/content_publishing_limit": js(limit),
        }
    )
    assert connect(told).check() == f"account example, id {ID}; 3 of 100 posts of the last 24 hours used"
