"""Nothing that a client sends brings an emulator down: no 500 that no plan asked for, no file outside of its folder."""

from __future__ import annotations

import asyncio
import json
import random
from pathlib import Path
from typing import Any

import httpx
import pytest
from emulating import picture
from starlette.applications import Starlette
from starlette.routing import Route

from understudy.emulators.serving import EMULATORS, app

VALUES: list[Any] = [
    "", "0", "-1", "../../etc/passwd", "\x00", "ü" * 40, "9" * 400, "true", None, [], {}, [[]], {"a": []}, 1e300, -5,
    {"$link": 5}, {"$type": "blob", "ref": {"$link": "b" + "a" * 60}, "mimeType": 3, "size": "x"}, "x" * 70_000,
]  # fmt: skip
NAMES = (
    "access_token", "published", "url", "caption", "image_url", "creation_id", "status", "media_ids", "media_ids[]",
    "visibility", "repo", "collection", "rkey", "record", "identifier", "password", "chat_id", "photo", "file_id",
    "message_id", "payload_json", "content", "nonce", "enforce_nonce", "attachments", "limit", "after", "before",
    "around", "max_id", "min_id", "cursor", "uris", "did", "cid", "fields", "type", "width", "height", "from", "dir",
    "identifier", "user", "oe", "oh", "ex", "is", "hm", "temporary", "method", "reason", "url", "body",
)  # fmt: skip


RIGHT = ("repo", "did", "collection", "rkey", "chat_id", "access_token", "cid", "record", "published", "image_url")
"""Fields without which a request goes no further; mostly right."""


def requests_to(route: Route, draw: random.Random, authorised: dict[str, str], known: dict[str, str]) -> dict[str, Any]:
    """A request to a route: path parameters, query, headers and body drawn from what is hostile, and what is right."""
    path = route.path
    for name in route.param_convertors:
        for form in (f"{{{name}}}", f"{{{name}:path}}"):
            odd = draw.choice(["..", "a", "%2e%2e", "0", "%00", "x" * 300, "a%2fb", "ü"])
            path = path.replace(form, draw.choice([known.get(name, odd), odd, *known.values()]))
    fields = {name: draw.choice([known.get(name), *VALUES]) for name in draw.sample(NAMES, 8)}
    fields |= {name: known[name] for name in RIGHT if name in known and draw.random() < 0.7}
    query = {name: v if isinstance(v, str) else json.dumps(v) for name, v in fields.items() if len(str(v)) < 1000}
    kind = draw.randrange(5)
    out: dict[str, Any] = {"method": draw.choice(sorted(route.methods or {"GET"})), "url": path, "params": query}
    out["headers"] = dict(authorised)
    if isinstance(fields.get("record"), str) and fields["record"].startswith("{"):
        fields["record"] = json.loads(fields["record"])
    if kind == 0:
        out["json"] = draw.choice([fields, [fields], "text", 5, None])
    elif kind == 1:
        out["data"] = query
    elif kind == 2:
        out["files"] = {draw.choice(["source", "file", "photo", "files[0]", "x"]): ("../a", picture(), "image/png")}
        out["data"] = query
    elif kind == 3:
        out["content"] = draw.randbytes(300)
        out["headers"]["content-type"] = draw.choice(
            ["application/json", "multipart/form-data", "multipart/form-data; boundary=a", "text/plain", "\x7f/"]
        )
    return out


@pytest.mark.parametrize("name", EMULATORS)
def test_no_request_brings_it_down(name: str, tmp_path: Path) -> None:
    application = app(name, state=tmp_path / "state")
    emulator = application.state.emulator
    known = {
        "token": emulator.token(), "version": "v3", "channel": "", "server": "emulated.invalid", "style": "thumbnail",
        **emulator.settings(""),
    }  # fmt: skip
    token = emulator.token()
    if name == "bluesky":
        token = json.loads(emulator._session().body)["accessJwt"]
        record = json.dumps({"text": "t", "createdAt": "2026", "embed": {"images": [{"image": 1}, 2]}})
        known |= {"repo": emulator.did(), "did": emulator.did(), "collection": "app.bsky.feed.post", "rkey": "a"}
        known |= {"record": record, "cid": "x"}
    known["access_token"] = token
    known["channel"] = known.get("channel_id", "c")
    known["room"] = known.get("room", "r")
    known["path"] = f"v25.0/{known.get('page_id', known.get('user_id', ''))}/photos"
    draw = random.Random(f"{name} 1")
    asyncio.run(_bombard(application, token, known, draw))
    assert sum(emulator.requests.values()) > 80
    written = {path.relative_to(tmp_path).parts[0] for path in tmp_path.rglob("*")}
    assert written <= {"state"}
    assert {path.parent.name for path in tmp_path.rglob("*") if path.is_file()} <= {"state", "blobs"}


async def _bombard(application: Starlette, token: str, known: dict[str, str], draw: random.Random) -> None:
    transport = httpx.ASGITransport(application)
    schemes = ("Bearer", "Bot", "bearer", "OAuth")
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver", verify=False) as http:
        for route in application.routes:
            assert isinstance(route, Route)
            for _ in range(30):
                authorised = {"Authorization": f"{draw.choice(schemes)} {token}"} if draw.random() < 0.8 else {}
                asked = requests_to(route, draw, authorised, known)
                answer = await http.request(**asked)
                assert answer.status_code < 500 or answer.status_code in (501, 504), (asked, answer.text)
