"""What goes wrong on purpose: the plan, the connection, the counts; seen by a plain client of the plain emulator."""

from __future__ import annotations

import asyncio
import hashlib
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from emulating import NO_PICTURE, client, picture

import understudy as us
from understudy.connectors.registry import connector
from understudy.emulators.misbehaving import WHAT, Fault, Faults, Plan, PlanError
from understudy.emulators.pictures import STAND_IN
from understudy.emulators.running import Running, running
from understudy.emulators.serving import EMULATORS, app, introduction, run
from understudy.errors import UnderstudyError


@pytest.fixture
def server() -> Iterator[Running]:
    with running("generic") as it:
        yield it


def put(server: Running, name: str, data: bytes, **headers: str) -> httpx.Response:
    with client(headers={"Authorization": f"Bearer {server.token}", **headers}) as http:
        return http.put(f"{server.url}/pictures/{name}", content=data)


def get(server: Running, name: str, **headers: str) -> httpx.Response:
    with client(headers=headers) as http:
        return http.get(f"{server.url}/pictures/{name}")


def test_put_post_get_delete(server: Running) -> None:
    data = picture()
    assert put(server, "a.png", data).status_code == 201
    assert get(server, "a.png").content == us.mimic(data, STAND_IN).data
    other = picture(seed=2)
    assert put(server, "a.png", other).status_code == 200
    assert get(server, "a.png").content == us.mimic(other, STAND_IN).data
    with client(headers={"Authorization": f"Bearer {server.token}"}) as http:
        made = http.post(f"{server.url}/pictures", files={"anything": ("x.png", data)})
        assert made.status_code == 201
        assert http.get(made.headers["location"]).content == us.mimic(data, STAND_IN).data
        assert len(http.get(f"{server.url}/pictures").json()) == 2
        assert http.delete(f"{server.url}/pictures/a.png").status_code == 204
        assert http.delete(f"{server.url}/pictures/a.png").status_code == 404
        assert http.post(f"{server.url}/pictures", data={"no": "file"}).status_code == 400
    assert server.state()["times_live"] == {hashlib.sha256(data).hexdigest(): 1}
    assert server.state()["profile"]["stand_in"] is False


def test_hostile_uploads(server: Running) -> None:
    assert put(server, "a", NO_PICTURE).status_code == 415
    for name in ("..%2f..%2fetc", "%2e%2e", "a%00b", "a" * 101, ".hidden"):
        assert put(server, name, picture()).status_code in (400, 404)
    with client() as http:
        assert http.put(f"{server.url}/pictures/a", content=picture()).status_code == 401
        many = {f"f{n}": ("x", b"1") for n in range(9)}
        token = {"Authorization": f"Bearer {server.token}"}
        assert http.post(f"{server.url}/pictures", files=many, headers=token).status_code == 400
        broken = {"Content-Type": "multipart/form-data; boundary=x", **token}
        assert http.post(f"{server.url}/pictures", content=b"--x\r\nnonsense", headers=broken).status_code == 400
        assert http.post(f"{server.url}/pictures", content=b"y", headers=broken).status_code == 400
        unbound = {"Content-Type": "multipart/form-data", **token}
        assert http.post(f"{server.url}/pictures", content=b"y", headers=unbound).status_code == 400
        elsewhere = http.put(
            f"{server.url}/pictures/a", content=picture(), headers={"Origin": "https://x.test"} | token
        )
        assert elsewhere.status_code == 403
        assert http.get(f"{server.url}/nothing").status_code == 404
    assert server.state()["pictures"] == []


def test_a_picture_of_too_many_pixels_is_not_decoded(server: Running) -> None:
    header = picture(kind="PNG")
    bomb = header[:16] + (60_000).to_bytes(4, "big") * 2 + header[24:]
    started = time.monotonic()
    assert put(server, "bomb.png", bomb).status_code == 415
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("plan", "done"), [("reset-before times=1", 0), ("reset-after times=1", 1)], ids=["before", "after"]
)
def test_a_connection_is_reset_before_or_after_the_picture_was_taken_in(server: Running, plan: str, done: int) -> None:
    server.misbehave(plan)
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        put(server, "a.png", picture())
    state = server.state()
    assert len(state["pictures"]) == done
    assert state["faults"] == {plan.split()[0]: 1}
    assert put(server, "a.png", picture()).status_code == (200 if done else 201)


@pytest.mark.parametrize(("what", "done"), [("error", 0), ("error-after", 1)])
def test_500_before_and_after(server: Running, what: str, done: int) -> None:
    assert put(server, "a.png", picture(), **{"X-Emulator-Fault": what}).status_code == 500
    assert len(server.state()["pictures"]) == done


def test_downloads_are_truncated(server: Running) -> None:
    put(server, "a.png", picture(300, 200))
    server.misbehave("truncate on=download times=1")
    with pytest.raises(httpx.RemoteProtocolError):
        get(server, "a.png")
    whole = get(server, "a.png").content
    assert whole == us.mimic(picture(300, 200), STAND_IN).data
    server.misbehave("truncate on=download")
    received = b""
    with client() as http, http.stream("GET", f"{server.url}/pictures/a.png") as answer:
        assert answer.headers["content-length"] == str(len(whole))
        with pytest.raises(httpx.RemoteProtocolError):
            for part in answer.iter_bytes():
                received += part
    assert received == whole[: len(whole) // 2]


def test_rate_limits_and_slow_answers(server: Running) -> None:
    refused = put(server, "a.png", picture(), **{"X-Emulator-Fault": "rate-limit seconds=7"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "7")
    started = time.monotonic()
    assert put(server, "a.png", picture(), **{"X-Emulator-Fault": "slow seconds=0.4"}).status_code == 201
    assert time.monotonic() - started >= 0.4
    server.misbehave("limit requests 2 60")
    assert [get(server, "a.png").status_code for _ in range(3)] == [200, 200, 429]
    assert put(server, "b.png", picture(), **{"X-Emulator-Fault": "nonsense"}).status_code == 400


def test_every_fault_is_answered_by_every_emulator() -> None:
    """Through the application alone, by the kind of request that each has first."""
    for name in EMULATORS:
        application = app(name)
        for what in WHAT:
            if what.startswith(("reset", "slow", "truncate")):
                continue
            answer = asked(application, "GET", PATHS[name], headers={"X-Emulator-Fault": what})
            assert answer.status_code >= 400, (name, what)
            assert answer.text, (name, what)
            assert (answer.status_code >= 500) == what.startswith("error"), (name, what)


def asked(application: Any, method: str, path: str, **more: Any) -> httpx.Response:
    """One request to an application, without a server."""

    async def request() -> httpx.Response:
        transport = httpx.ASGITransport(application)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver", verify=False) as http:
            return await http.request(method, path, **more)

    return asyncio.run(request())


PATHS = {
    "facebook": "/v25.0/me", "instagram": "/v25.0/me",
    "mastodon": "/api/v2/instance", "bluesky": "/xrpc/com.atproto.server.getSession", "telegram": "/bot1:a/getMe",
    "discord": "/api/v10/users/@me", "matrix": "/_matrix/client/versions", "generic": "/pictures",
}  # fmt: skip


def test_requests_at_the_same_time_share_a_key() -> None:
    """Eight threads post with one key while the pictures are being made: one post."""

    def at_once(ask: Callable[[int], httpx.Response]) -> set[str]:
        with ThreadPoolExecutor(8) as pool:
            return {answer.json()["id"] for answer in pool.map(ask, range(8))}

    data = picture()
    with running("discord", misbehave=Plan.parse("limit messages 0 0")) as discord:
        url = f"{discord.settings['base_url']}/channels/{discord.settings['channel_id']}/messages"
        fields = {"payload_json": '{"nonce": "one", "enforce_nonce": true, "content": "x"}'}

        def send(_: int) -> httpx.Response:
            with client(headers={"Authorization": f"Bot {discord.token}"}) as http:
                return http.post(url, data=fields, files={"files[0]": ("a.png", data)})

        assert len(at_once(send)) == 1
        assert len(discord.state()["posts"]) == 1
    with running("mastodon") as mastodon:
        headers = {"Authorization": f"Bearer {mastodon.token}", "Idempotency-Key": "one"}

        def post(_: int) -> httpx.Response:
            with client(headers=headers) as http:
                return http.post(f"{mastodon.url}/api/v1/statuses", data={"status": "x"})

        assert len(at_once(post)) == 1


def test_a_plan_is_read_from_text() -> None:
    plan = Plan.parse("reset-after on=post after=2 times=3; limit media 5 60; expire 2.5; processing 3; seed 7;")
    assert plan == Plan(
        (Fault("reset-after", on="post", after=2, times=3),), {"media": (5, 60.0)}, expire_s=2.5, processing=3, seed=7
    )
    assert Plan.parse("") == Plan()
    for bad in ("nonsense", "slow seconds=x", "slow on=nothing", "limit media", "slow 5", "slow share=2", "seed x"):
        with pytest.raises(PlanError):
            Plan.parse(bad)


def test_a_plan_says_when() -> None:
    faults = Faults(Plan.parse("error on=upload after=1 every=2 times=2"))
    met = [faults.next("upload") is not None for _ in range(8)]
    assert met == [False, True, False, True, False, False, False, False]
    assert faults.next("read") is None
    drawn = [[f.next("upload") is not None for _ in range(200)] for f in (_tenth(1), _tenth(1), _tenth(2))]
    assert drawn[0] == drawn[1] != drawn[2]
    assert 8 <= sum(drawn[0]) <= 35


def _tenth(seed: int) -> Faults:
    return Faults(Plan((Fault("error", share=0.1),), seed=seed))


def test_state_survives_a_restart(tmp_path: Path) -> None:
    data = picture()
    for attempt in range(2):
        with running("generic", state=tmp_path) as server:
            if not attempt:
                put(server, "a.png", data)
            assert get(server, "a.png").content == us.mimic(data, STAND_IN).data
            assert len(server.state()["pictures"]) == 1
    with pytest.raises(UnderstudyError, match="emulator 'generic'"):
        app("matrix", state=tmp_path)
    (tmp_path / "state.json").write_text("{")
    with pytest.raises(UnderstudyError, match="not an emulator's state"):
        app("generic", state=tmp_path)


def test_the_same_requests_give_the_same_ids() -> None:
    seen = []
    for _ in range(2):
        application = app("facebook")
        emulator = application.state.emulator
        fields = {"access_token": emulator.token(), "published": "false"}
        files = {"source": ("a.png", picture())}
        seen.append(asked(application, "POST", f"/{emulator.account()}/photos", data=fields, files=files).json())
    assert seen[0] == seen[1]


def test_the_command_serves_until_it_is_interrupted() -> None:
    """`understudy serve --emulate`, in a process of its own, as a person starts and ends it."""
    command = [sys.executable, "-m", "understudy", "serve", "--emulate", "generic", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        told = [process.stdout.readline() for _ in range(5)]
        address = re.search(r"http://127\.0\.0\.1:\d+", told[0])
        assert address is not None, told
        with client() as http:
            assert http.get(f"{address[0]}/__emulator__/state").json()["emulator"] == "generic"
        process.send_signal(signal.SIGINT)
        rest = process.stdout.read()
        assert process.wait(20) in (0, 130), rest
    assert "Traceback" not in rest
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(UnderstudyError, match="a free port"):
        run("generic", host="127.0.0.1", port=taken.getsockname()[1], profile=None, say=lambda line: None)


def test_what_a_person_is_told() -> None:
    lines = introduction(app("telegram").state.emulator, "http://127.0.0.1:8321")
    assert any("token" in line for line in lines)
    assert any("stand-in" in line and STAND_IN in line for line in lines)
    assert "understudy collect DIR --via telegram --set base_url=http://127.0.0.1:8321" in lines[-1]
    with pytest.raises(UnderstudyError, match="facebook, instagram"):
        app("myspace")


@pytest.mark.parametrize("name", EMULATORS)
def test_the_example_command_names_settings_that_there_are(name: str) -> None:
    """Each variable and `--set` of the printed command is one that the connector of that name asks for."""
    line = app(name).state.emulator.example("http://127.0.0.1:1")
    via = re.search(r"--via (\w+)", line)
    assert via is not None
    settings = connector(via[1]).settings
    told = set(re.findall(r"--set (\w+)=", line)) | {
        found.lower() for found in re.findall(rf"UNDERSTUDY_{via[1].upper()}_(\w+)=", line)
    }
    assert told <= {setting.name for setting in settings}
    assert {setting.name for setting in settings if setting.default is None} <= told


def test_the_how_to_is_true() -> None:
    page = (Path(__file__).parents[2] / "docs" / "howto" / "emulate-a-platform.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", page, re.S)
    exec(compile(example, "emulate-a-platform.md", "exec"), {})
    (plan,) = re.findall(r"curl -d '(.*?)'", page)
    assert Plan.parse(plan).faults
    assert {what for what in WHAT if f"`{what}`" not in page} == set()
    assert {name for name in EMULATORS if f"`{name}`" not in page} == set()
