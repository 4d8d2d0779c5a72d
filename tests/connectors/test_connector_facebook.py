"""Facebook: requests and answers as the Graph API's reference shows them."""

from __future__ import annotations

import httpx
import pytest
from scripted import KEY, OTHER_KEY, TOKEN, Platform, Reply, file, js, parts, picture

from understudy.connectors.base import AgainError, AuthError, ConnectorError, Posted, RejectedError
from understudy.connectors.facebook import Facebook

ID = "1234567"
PHOTOS = rf"POST /v25.0/{ID}/photos"
LIST = rf"GET /v25.0/{ID}/photos"


def connect(platform: Platform, **settings: str) -> Facebook:
    return platform.connect(Facebook, page_id=ID, token=TOKEN, **settings)


def error(code: int, subcode: int | None = None, status: int = 400, **more: object) -> httpx.Response:
    headers = {k: str(v) for k, v in more.items() if k.startswith("x_")}
    said = {"message": f"({code}) {TOKEN}", "type": "OAuthException", "code": code, "fbtrace_id": "A"}
    said |= {"error_subcode": subcode} if subcode else {}
    said |= {k: v for k, v in more.items() if not k.startswith("x_")}
    return js({"error": said}, status, **headers)


def images(*sizes: tuple[int, int]) -> list[dict[str, object]]:
    return [
        {"width": w, "height": h, "source": f"https://scontent.example/v/{w}.jpg?stp=dst-jpg_s{w}&oh=1&oe=2"}
        for w, h in sizes
    ]


def test_an_unpublished_photo_is_sent_with_its_key() -> None:
    platform = Platform({PHOTOS: js({"id": "77"})})
    sent = picture()
    assert connect(platform).send(sent, KEY) == Posted("77")
    request = platform.asked[0]
    fields = parts(request)
    assert fields["source"][1] == sent.data
    assert 'filename="p07.jpeg"' in fields["source"][0]["content-disposition"]
    assert fields["source"][0]["content-type"] == "image/jpeg"
    assert fields["published"][1] == b"false"
    assert KEY.encode() in fields["caption"][1]
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert "token" not in str(request.url).lower()


def test_every_rendition_is_fetched_without_the_token_and_keeps_its_address() -> None:
    photo = {"id": "77", "images": images((960, 720), (2048, 1536), (130, 98), (960, 720))}
    platform = Platform({r"GET /v25.0/77": js(photo), r"GET /v/(\d+)\.jpg": lambda r: file(r.url.path.encode())})
    got = list(connect(platform).fetch(Posted("77")))
    assert [r.name for r in got] == ["960x720", "2048x1536", "130x98", "960x720-3"]
    assert [r.name for r in got if r.main] == ["2048x1536"]
    assert got[0].url == "https://scontent.example/v/960.jpg?stp=dst-jpg_s960&oh=1&oe=2"
    assert got[0].data == b"/v/960.jpg"
    assert ("x-served-by", "cdn") in got[0].headers
    assert not any(k == "set-cookie" for k, _ in got[0].headers)
    assert all("authorization" not in r.headers for r in platform.asked[1:])


def test_webp_images_are_an_extra_that_is_never_main() -> None:
    photo = {"id": "77", "images": images((720, 540)), "webp_images": images((2048, 1536))}
    platform = Platform({r"GET /v25.0/77": js(photo), r"GET /v/.*": file(b"x")})
    got = list(connect(platform, fields="images,webp_images").fetch(Posted("77")))
    assert [(r.name, r.main) for r in got] == [("720x540", True), ("webp-2048x1536", False)]
    assert platform.asked[0].url.params["fields"] == "images,webp_images"


def test_a_photo_without_images_is_still_worked_on() -> None:
    with pytest.raises(AgainError) as caught:
        list(connect(Platform({r"GET /v25.0/77": js({"id": "77"})})).fetch(Posted("77")))
    assert caught.value.working


def page(names: list[str], after: str | None, start: int) -> Reply:
    rows = [{"id": str(start + i), "name": name} for i, name in enumerate(names)]
    paging: dict[str, object] = {"cursors": {"before": "b", "after": after or "end"}}
    if after:
        paging["next"] = f"https://graph.facebook.com/v25.0/{ID}/photos?access_token={TOKEN}&after={after}"
    return js({"data": rows, "paging": paging})


def test_find_follows_the_pages_by_cursor() -> None:
    platform = Platform({LIST: [page(["holiday"], "c1", 1), page([f"understudy {KEY}"], None, 50)]})
    assert connect(platform).find(KEY) == Posted("50")
    assert [r.url.params.get("after") for r in platform.asked] == [None, "c1"]
    assert all(r.url.params["type"] == "uploaded" and "access_token" not in r.url.params for r in platform.asked)


def test_absence_is_believed_only_where_the_listing_shows_unpublished_photos() -> None:
    """Whether they are listed is not documented: another one of ours shows it, or the person says so."""
    ours, empty = page([f"understudy {OTHER_KEY}"], None, 1), page(["holiday"], None, 1)
    assert connect(Platform({LIST: ours})).find(KEY) is None
    assert connect(Platform({LIST: empty}), lists_unpublished="yes").find(KEY) is None
    with pytest.raises(ConnectorError, match="not document"):
        connect(Platform({LIST: empty})).find(KEY)


def test_a_listing_without_end_proves_nothing() -> None:
    platform = Platform({LIST: lambda _: page([f"understudy {OTHER_KEY}"], "more", 1)})  # type: ignore[dict-item]
    with pytest.raises(ConnectorError, match="newest 40"):
        connect(platform).find(KEY)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (error(190, 463, 401), AuthError),
        (error(102), AuthError),
        (error(10, status=403), AuthError),
        (error(200, status=403), AuthError),
        (error(324), RejectedError),
        (error(100, 1366046, error_user_msg="Photos should be less than 4 MB"), RejectedError),
        (error(100), ConnectorError),
        (error(506), ConnectorError),
        (error(4, status=403), AgainError),
        (error(17), AgainError),
        (error(32, status=403), AgainError),
        (error(613), AgainError),
        (error(80001), AgainError),
        (error(1, status=500), AgainError),
        (error(2, status=400), AgainError),
        (error(99, is_transient=True), AgainError),
        (httpx.Response(413, content=b"<html>too large"), RejectedError),
        (httpx.Response(404, content=b"<html>"), ConnectorError),
    ],
)
def test_errors_are_what_the_documentation_calls_them(answer: httpx.Response, kind: type[ConnectorError]) -> None:
    with pytest.raises(ConnectorError) as caught:
        connect(Platform({PHOTOS: answer})).send(picture(), KEY)
    assert type(caught.value) is kind
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(("code", "landed"), [(4, False), (613, False), (2, True), (324, False), (100, False)])
def test_only_a_passing_fault_may_have_landed(code: int, landed: bool) -> None:
    with pytest.raises(ConnectorError) as caught:
        connect(Platform({PHOTOS: error(code)})).send(picture(), KEY)
    assert caught.value.landed is landed


def test_the_wait_is_the_headers_minutes() -> None:
    usage = f'{{"{ID}": [{{"type": "pages", "call_count": 100, "estimated_time_to_regain_access": 7}}]}}'
    with pytest.raises(AgainError) as caught:
        connect(Platform({PHOTOS: error(80001, x_business_use_case_usage=usage)})).send(picture(), KEY)
    assert caught.value.wait_s == 420
    with pytest.raises(AgainError) as caught:
        connect(Platform({PHOTOS: error(4, x_app_usage='{"call_count": 100}')})).send(picture(), KEY)
    assert caught.value.wait_s is None


def test_what_is_too_large_or_no_picture_is_not_sent() -> None:
    platform = Platform({})
    with pytest.raises(RejectedError, match="4,000,000"):
        connect(platform).send(type(picture())("a.jpg", b"x" * 4_000_001, "image/jpeg"), KEY)
    with pytest.raises(RejectedError, match="application/pdf"):
        connect(platform).send(type(picture())("a.pdf", b"x", "application/pdf"), KEY)
    assert platform.asked == []


@pytest.mark.parametrize("answer", [js({"success": True}), error(100, 33), error(803, status=404)])
def test_removing_twice_does_nothing(answer: httpx.Response) -> None:
    platform = Platform({r"DELETE /v25.0/77": answer, r"GET /v25.0/77": error(100, 33)})
    connect(platform).remove(Posted("77"))
    assert platform.lines()[0] == "DELETE /v25.0/77"


def test_what_can_still_be_read_is_not_gone() -> None:
    """100/33 also says "does not support this operation"."""
    platform = Platform({r"DELETE /v25.0/77": error(100, 33), r"GET /v25.0/77": js({"id": "77"})})
    with pytest.raises(ConnectorError, match="by hand"):
        connect(platform).remove(Posted("77"))


def test_a_removal_that_is_refused_is_told() -> None:
    with pytest.raises(AuthError):
        connect(Platform({r"DELETE /v25.0/77": error(200, status=403)})).remove(Posted("77"))
    with pytest.raises(ConnectorError, match="success: false"):
        connect(Platform({r"DELETE /v25.0/77": js({"success": False})})).remove(Posted("77"))


def test_check_wants_the_pages_own_token() -> None:
    good = connect(Platform({r"GET /v25.0/me": js({"id": ID, "name": "Example"})}))
    assert good.check() == f"page Example, id {ID}"
    assert good.account() == ID
    with pytest.raises(AuthError, match="a token of A person"):
        connect(Platform({r"GET /v25.0/me": js({"id": "9", "name": "A person"})})).check()


def test_an_answer_without_an_id_may_have_landed() -> None:
    with pytest.raises(ConnectorError) as caught:
        connect(Platform({PHOTOS: js({"strange": 1})})).send(picture(), KEY)
    assert caught.value.landed
