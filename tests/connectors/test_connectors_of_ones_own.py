"""web, folder and fake: the connectors that need no account, each with `collect` around it."""

from __future__ import annotations

import json
import re
import shlex
import sys
from collections.abc import Iterator
from importlib import import_module
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

import understudy as us
from understudy.cli import app
from understudy.collecting.collect import Collected, collect
from understudy.collecting.waiting import Patience
from understudy.connectors.base import AgainError, ConnectorError, Http, Picture, Posted, RejectedError, Repeats
from understudy.connectors.fake import Fake
from understudy.connectors.folder import Folder
from understudy.connectors.registry import connector
from understudy.connectors.web import Web
from understudy.probes.mark import Mark, stamp

sys.path.insert(0, str(Path(__file__).parents[1] / "collecting"))
from shelf import TOKEN, Server, delivered

KEY = "0123456789abcdef" * 2


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sent").mkdir()
    for i in range(2):
        Image.radial_gradient("L").resize((60 + i, 50)).convert("RGB").save(tmp_path / "sent" / f"é p{i}.png")
    return tmp_path


def by(folder: Path, via: str, patience_s: float = 60.0, **settings: str) -> Collected:
    return collect(folder, via, settings=settings, patience=Patience(patience_s, sleep=lambda s: None))


def delivered_well(folder: Path, longest: int = 48) -> None:
    for sent in (folder / "sent").iterdir():
        assert (folder / "received" / f"{sent.stem}.jpg").read_bytes() == delivered(sent.read_bytes(), longest)


# --- web


def test_put_and_get(folder: Path, server: Server) -> None:
    name = "{stem}-{key}.{ext}"
    to, out = f"{server.url}/in/{name}", f"{server.url}/out/{name}"
    done = by(folder, "web", to=to, delivered=out, more=f"tiny={server.url}/out/24/{name}")
    assert done.failures == () and done.fetched == 2
    delivered_well(folder)
    assert (folder / "renditions/é p0/tiny.jpg").read_bytes() == delivered((folder / "sent/é p0.png").read_bytes(), 24)
    assert all(re.fullmatch(r"%C3%A9%20p\d-[0-9a-f]{32}.png", name) for name in server.put)
    assert collect(folder, "web", clean_up=True, settings={"to": to, "delivered": out}).removed == 2
    assert server.put == {}


def test_location_as_thumbor_answers(folder: Path, server: Server) -> None:
    done = by(
        folder, "web", to=f"{server.url}/image", method="POST", found="location",
        delivered=f"{server.url}/unsafe/32x32/{{id}}",
    )  # fmt: skip
    assert (done.failures, done.stopped) == ((), "")
    delivered_well(folder, 32)


def test_a_form_and_a_json_pointer(folder: Path, server: Server) -> None:
    done = by(folder, "web", to=f"{server.url}/form", method="POST", field="file", found="/data/0/a~1b")
    assert (done.failures, done.stopped) == ((), "")
    delivered_well(folder)


def test_an_answer_that_is_the_delivery(folder: Path, server: Server) -> None:
    settings = {"to": f"{server.url}/convert", "method": "POST", "found": "body"}
    server.faults = [("POST", "/convert", "reset")]
    done = by(folder, "web", **settings)
    assert done.failures == () and done.sent == 3
    delivered_well(folder)
    done = collect(folder, "web", settings=settings, clean_up=True)
    assert done.removed == 2 and (folder / "received").exists()


WRONG = {
    "web, method": {"method": "PATCH"},
    "web, found": {"found": "somewhere"},
    "web, delivered": {"delivered": "http://h/{size}"},
    "web, to": {"to": "host/{key}"},
    "web, more": {"more": "http://host/x"},
    "web, again": {"again": "perhaps"},
}


@pytest.mark.parametrize("place", WRONG)
def test_settings_that_cannot_be(place: str) -> None:
    settings = {s.name: s.default or "" for s in Web.settings} | {"to": "http://h/{key}", "delivered": "http://h/{key}"}
    with Http() as http:
        Web(settings, http)
        with pytest.raises(ConnectorError, match=place):
            Web({**settings, **WRONG[place]}, http)


def test_what_sending_twice_does() -> None:
    settings = {s.name: s.default or "" for s in Web.settings} | {"to": "http://h/{key}", "delivered": "http://h/{key}"}
    with Http() as http:
        for change, repeats in (
            ({}, Repeats.HARMLESS),
            ({"method": "POST"}, Repeats.UNKNOWABLE),
            ({"to": "http://h/x"}, Repeats.UNKNOWABLE),
            ({"method": "POST", "found": "body"}, Repeats.HARMLESS),
            ({"again": "findable"}, Repeats.FINDABLE),
        ):
            assert Web({**settings, **change}, http).repeats is repeats


def test_web_finds_by_key(server: Server) -> None:
    settings = {s.name: s.default or "" for s in Web.settings}
    settings |= {"to": f"{server.url}/in/{{key}}", "delivered": f"{server.url}/out/{{key}}", "again": "findable"}
    with Http() as http:
        web = Web(settings, http)
        assert web.find(KEY) is None
        posted = web.send(Picture("a.png", PNG, "image/png"), KEY)
        assert web.find(KEY) is not None
        (one,) = web.fetch(posted)
        (two,) = web.fetch(web.find(KEY) or posted)
        assert one == two and one.main
        web.remove(posted)
        web.remove(posted)
        assert web.find(KEY) is None


def test_web_errors(server: Server) -> None:
    settings = {s.name: s.default or "" for s in Web.settings}
    settings |= {"to": f"{server.url}/form", "method": "POST", "field": "f", "found": "/data/7"}
    with Http() as http:
        with pytest.raises(ConnectorError, match=r"nothing at /data/7 of \{"):
            Web(settings, http).send(Picture("a.png", PNG, "image/png"), KEY)
        server.faults = [("POST", "/form", "413")]
        with pytest.raises(RejectedError, match="status 413"):
            Web(settings, http).send(Picture("a.png", PNG, "image/png"), KEY)
        with pytest.raises(ConnectorError, match="no Location header"):
            Web({**settings, "found": "location"}, http).send(Picture("a.png", PNG, "image/png"), KEY)


# --- by hand


def test_by_hand(folder: Path) -> None:
    waiting = by(folder, "folder", patience_s=0)
    assert waiting.sent == 2 and "nothing yet for 00" in waiting.stopped
    outbox = sorted(p.name for p in (folder / "outbox").iterdir())
    assert outbox[-1] == "READ ME.txt"
    assert [re.sub("[0-9a-f]{8}(?=.png)", "KEY", n) for n in outbox[:2]] == ["001-é p0-KEY.png", "002-é p1-KEY.png"]
    assert str(folder / "inbox") in (folder / "outbox/READ ME.txt").read_text()
    assert by(folder, "folder", patience_s=0).sent == 0
    first, second = (delivered((folder / "sent" / f"é p{i}.png").read_bytes(), 48) for i in range(2))
    (folder / "inbox" / f"IMG {outbox[0].removesuffix('.png')} (1).jpg").write_bytes(first)
    (folder / "inbox" / "É P1.jpg.part").write_bytes(second[:50])
    done = by(folder, "folder", patience_s=0)
    assert done.fetched == 1 and "002-é p1" in done.stopped
    (folder / "inbox" / "É P1.jpg").write_bytes(second)
    done = by(folder, "folder", patience_s=0)
    assert (done.fetched, done.stopped, done.failures) == (1, "", ())
    delivered_well(folder)
    assert len(us.find_pairs(folder)) == 2
    (failure, _) = by(folder, "folder", patience_s=0).failures or collect(folder, "folder", remove=True).failures
    assert "only you can remove it" in failure


def test_by_hand_two_downloads_of_one_picture(folder: Path) -> None:
    by(folder, "folder", patience_s=0)
    for name in ("é p0.jpg", "é p0.png"):
        (folder / "inbox" / name).write_bytes(delivered((folder / "sent/é p0.png").read_bytes(), 48))
    done = by(folder, "folder", patience_s=0)
    assert "one download of each picture" in done.failures[0]


def test_by_hand_probes_match_under_any_name(tmp_path: Path) -> None:
    import numpy as np

    (tmp_path / "sent").mkdir()
    rng = np.random.default_rng(3)
    for i in range(3):
        pixels = rng.integers(60, 190, (480, 640, 3)).astype(np.uint8)
        assert stamp(pixels, Mark(7, i)) or i == 2
        if i == 2:
            pixels[:] = 128
        Image.fromarray(pixels).save(tmp_path / "sent" / f"p{i}.png")
    by(tmp_path, "folder", patience_s=0)
    for i, name in enumerate(("zz.jpg", "aa.jpg", "bb.jpg")):
        image = Image.open(tmp_path / "sent" / f"p{i}.png")
        image.resize((480, 360)).save(tmp_path / "inbox" / name, quality=70)
    done = by(tmp_path, "folder", patience_s=0)
    assert done.fetched == 2 and "003-p2" in done.stopped
    for i, name in enumerate(("zz.jpg", "aa.jpg")):
        assert (tmp_path / "received" / f"p{i}.jpg").read_bytes() == (tmp_path / "inbox" / name).read_bytes()


def test_laying_out_again_is_harmless(tmp_path: Path) -> None:
    settings = {"platform": "x", "outbox": str(tmp_path / "o"), "inbox": str(tmp_path / "i")}
    with Http() as http:
        hand = Folder(settings, http)
        assert hand.find(KEY) is None
        one = hand.send(Picture("a.png", b"x", "image/png"), KEY)
        two = hand.send(Picture("b.png", b"x", "image/png"), "f" * 32)
        assert hand.send(Picture("a.png", b"x", "image/png"), KEY) == one == Posted(one.id, {"sent_as": "a.png"})
        assert (one.id, two.id) == ("001-a-01234567.png", "002-b-ffffffff.png")
        with pytest.raises(AgainError):
            next(hand.fetch(one))
        with pytest.raises(ConnectorError, match="another folder"):
            Folder({**settings, "inbox": str(tmp_path / "i/../o")}, http).check()


# --- the fake


def png() -> bytes:
    import io

    out = io.BytesIO()
    Image.radial_gradient("L").resize((60, 50)).convert("RGB").save(out, "PNG")
    return out.getvalue()


PNG = png()


def test_the_fake_delivers_what_profiles_make(tmp_path: Path) -> None:
    with Http() as http:
        fake = Fake({"profile": "generic, facebook@2022", "store": str(tmp_path / "s")}, http)
        assert "generic/libjpeg-turbo, facebook/" in fake.check()
        assert fake.find(KEY) is None
        posted = fake.send(Picture("a.png", PNG, "image/png"), KEY)
        assert fake.find(KEY) == posted and fake.find("f" * 32) is None
        main, other = fake.fetch(posted)
        assert (main.name, main.main, main.data) == ("generic", True, us.mimic(PNG, "generic").data)
        assert (other.name, other.main, other.data) == ("facebook-2022", False, us.mimic(PNG, "facebook@2022").data)
        with pytest.raises(RejectedError, match=r"b\.png"):
            fake.send(Picture("b.png", b"hello", "image/png"), "e" * 32)
        assert len(list((tmp_path / "s/posts").iterdir())) == 1
        assert json.loads((tmp_path / "s/posts" / posted.id / "post.json").read_text())["key"] == KEY
        fake.remove(posted)
        fake.remove(posted)
        assert fake.find(KEY) is None
        with pytest.raises(ConnectorError, match="post"):
            list(fake.fetch(posted))
        for profile in ("nobody", "generic,generic", " "):
            with pytest.raises(ConnectorError, match="profile"):
                Fake({"profile": profile, "store": str(tmp_path)}, http).check()


# --- the pages of the documentation

DOCS = Path(__file__).resolve().parents[2] / "docs" / "howto"


def test_the_connector_of_the_how_to_collects(
    folder: Path, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The page's code against a server that speaks as it expects; an upload whose answer is lost is found."""
    (text,) = re.findall(r"^```python\n(.*?)^```$", (DOCS / "add-a-connector.md").read_text(), re.M | re.S)
    (tmp_path / "shelf_of_the_how_to.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    kind = import_module("shelf_of_the_how_to").Shelf
    server.faults = [("POST", "/photos", "after reset")]
    done = collect(
        folder, kind, settings={"base_url": server.url, "token": TOKEN}, remove=True,
        patience=Patience(60, sleep=lambda s: None),
    )  # fmt: skip
    assert (done.failures, done.stopped, done.removed) == ((), "", 2)
    assert len(server.posts) == 2 and server.alive() == []
    delivered_well(folder)


def test_the_commands_of_the_how_to_name_what_exists() -> None:
    blocks = re.findall(r"^```bash\n(.*?)^```$", (DOCS / "collect-pairs.md").read_text(), re.M | re.S)
    lines = "\n".join(blocks).replace("\\\n", " ").splitlines()
    options = CliRunner().invoke(app, ["collect", "--help"], env={"COLUMNS": "200"}).output
    checked = 0
    for words in (shlex.split(line, comments=True) for line in lines):
        if words[:2] != ["understudy", "collect"]:
            continue
        checked += 1
        assert all(w in options for w in words if w.startswith("--"))
        if "--via" in words:
            kind = connector(words[words.index("--via") + 1])
            given = {w.partition("=")[0] for before, w in pairwise(words) if before == "--set"}
            assert given <= {s.name for s in kind.settings}
            if "--list" not in words:
                needed = {s.name for s in kind.settings if s.default is None and not s.secret}
                assert needed <= given
    assert checked == 8
