"""The ledger: one process at a time, released by a kill; files that are no ledger; states that follow each other."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.collecting.given import Given, find_settings, refuse_secrets, variable
from understudy.collecting.ledger import STEPS, File, Kept, Ledger, State, StorageError, Upload
from understudy.collecting.pictures import cut_short, media_type
from understudy.connectors.base import Posted
from understudy.connectors.web import Web
from understudy.errors import UnderstudyError


def planned(ledger: Ledger, sha: str = "aa", account: str = "me") -> Upload:
    return ledger.plan("c", account, sha, "p.png", 9, "image/png")


def test_one_row_a_picture_connector_and_account(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l.sqlite") as ledger:
        first = planned(ledger)
        assert planned(ledger) == first
        assert len(first.key) == 32 and int(first.key, 16) >= 0
        others = [
            planned(ledger, "bb"),
            planned(ledger, "aa", "you"),
            ledger.plan("d", "me", "aa", "q", 9, "image/png"),
        ]
        assert len({u.key for u in (first, *others)}) == 4
        assert ledger.accounts() == (("c", "me"), ("c", "you"), ("d", "me"))
    with Ledger(tmp_path / "l.sqlite") as ledger:
        assert planned(ledger) == first
    assert [p.name for p in tmp_path.iterdir()] == ["l.sqlite"], "no journal stays behind"


def test_everything_comes_back(tmp_path: Path) -> None:
    times = iter(range(100, 200))
    kept = Kept("large", True, "http://x/?a=b", (("a", "b"), ("a", "c")), "ff", 3, "image/jpeg")
    with Ledger(tmp_path / "l.sqlite", clock=lambda: next(times)) as ledger:
        upload = ledger.move(planned(ledger), State.SENDING)
        assert (upload.attempts, upload.sending_at) == (1, 101)
        upload = ledger.move(upload, State.POSTED, posted=Posted("7", {"a": [1, {"b": None}]}))
        ledger.keep(upload, [kept], [File("renditions/p/large.jpg", upload.id, "large", "ff")])
        upload = ledger.move(upload, State.FETCHED)
    with Ledger(tmp_path / "l.sqlite") as ledger:
        again = ledger.upload(upload.id)
        assert again == upload and again.posted == Posted("7", {"a": [1, {"b": None}]})
        assert ledger.renditions(upload) == (kept,)
        assert list(ledger.files()) == ["renditions/p/large.jpg"]
        assert ledger.times(upload) == {"planned": 100, "sending": 101, "posted": 102, "fetched": 104, "removed": None}
        assert ledger.tell_once("a") and not ledger.tell_once("a")
        assert upload.key not in repr(upload)


@given(st.lists(st.sampled_from(State), max_size=12))
def test_only_steps_that_make_sense(path: list[State]) -> None:
    with Ledger(None) as ledger:
        upload = planned(ledger)
        for state in path:
            if state in STEPS[upload.state]:
                upload = ledger.move(upload, state)
                assert upload.state is state
            else:
                with pytest.raises(AssertionError):
                    ledger.move(upload, state)


def test_a_second_process_is_told_and_a_kill_releases_the_ledger(tmp_path: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom understudy.collecting.ledger import Ledger\n"
        "l = Ledger(Path(sys.argv[1]))\nprint('held', flush=True)\ntime.sleep(60)"
    )
    path = tmp_path / "l.sqlite"
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout and holder.stdout.readline() == "held\n"
        with pytest.raises(StorageError, match=r"l\.sqlite: in use by another process; .*wait until it ends"):
            Ledger(path)
        holder.send_signal(signal.SIGKILL)
        holder.wait()
    with Ledger(path) as ledger, pytest.raises(StorageError, match="in use"):
        planned(ledger)
        Ledger(path)


def test_files_that_are_no_ledger(tmp_path: Path) -> None:
    text, other, newer = (tmp_path / n for n in ("text", "other", "newer"))
    text.write_bytes(b"hello, this is not a database at all, and long enough to be looked at" * 20)
    db = sqlite3.connect(other)
    db.execute("CREATE TABLE bookmarks (id)")
    db.close()
    Ledger(newer).__exit__()
    db = sqlite3.connect(newer)
    db.execute("PRAGMA user_version = 2")
    db.close()
    before = [p.read_bytes() for p in (text, other, newer)]
    for path, words in ((text, "not a database"), (other, "a database of something else"), (newer, "version 2; exp")):
        with pytest.raises(StorageError, match=words) as raised:
            Ledger(path)
        assert path.name in str(raised.value) and "\n" not in str(raised.value)
    assert [p.read_bytes() for p in (text, other, newer)] == before, "and they are not touched"
    with pytest.raises(StorageError, match="unable to open"):
        Ledger(tmp_path)


def test_a_damaged_ledger_never_does_worse_than_an_error(tmp_path: Path) -> None:
    path = tmp_path / "l.sqlite"
    with Ledger(path) as ledger:
        for i in range(200):
            ledger.plan("c", "me", f"{i:064}", "p.png", 9, "image/png")
    whole = path.read_bytes()
    refused = 0
    for at in range(0, len(whole), len(whole) // 24):
        path.write_bytes(whole[:at] + bytes(200) + whole[at + 200 :])
        try:
            with Ledger(path) as ledger:
                ledger.uploads("c", "me")
        except StorageError as error:
            refused += "\n" not in str(error)
    assert refused > 12
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(StorageError):
        Ledger(path)


# --- settings


def given_to_web(values: dict[str, str], environment: dict[str, str], secret: str | None = None) -> Given:
    return find_settings(Web, values, Path("/d"), environment=environment, keyring=lambda name: secret)


def test_where_settings_come_from() -> None:
    by_hand = {"to": "http://a/", "delivered": "http://b/"}
    found = given_to_web(by_hand, {"UNDERSTUDY_WEB_TO": "http://c/", "UNDERSTUDY_WEB_METHOD": "POST"}, "s\n")
    assert found.values["to"] == "http://a/" and found.values["method"] == "POST"
    assert found.values["secret"] == "s" and found.secrets == ("s",)
    assert found.sources["secret"] == "keyring" and found.sources["method"] == "UNDERSTUDY_WEB_METHOD"
    assert "'s'" not in repr(found)
    assert given_to_web(by_hand, {"UNDERSTUDY_WEB_SECRET": "e"}, "s").values["secret"] == "e"
    assert variable(Web, Web.settings[0]) == "UNDERSTUDY_WEB_TO"
    with pytest.raises(UnderstudyError, match=r"web: to is not given; .*--set to=\.\.\., or set UNDERSTUDY_WEB_TO"):
        given_to_web({}, {})
    with pytest.raises(UnderstudyError, match="no setting 'too'"):
        given_to_web({"too": "x"}, {})
    with pytest.raises(UnderstudyError, match="cannot be printed") as raised:
        given_to_web({**by_hand, "secret": "hush\x00hush"}, {})
    assert "hush" not in str(raised.value)
    refuse_secrets(Web, by_hand)
    with pytest.raises(UnderstudyError, match="UNDERSTUDY_WEB_SECRET") as raised:
        refuse_secrets(Web, {"secret": "hush"})
    assert "hush" not in str(raised.value)


def test_the_keyring_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a backend in memory; the extra `keyring` is among what the tests install."""
    import keyring
    from keyring.backend import KeyringBackend
    from keyring.errors import NoKeyringError

    class Memory(KeyringBackend):
        priority = 1.0  # type: ignore[assignment]

        def get_password(self, service: str, username: str) -> str | None:
            if username == "web/locked":
                raise NoKeyringError
            return {"understudy web/secret": "s3"}.get(f"{service} {username}")

        def set_password(self, service: str, username: str, password: str) -> None: ...

    from understudy.collecting.given import of_keyring

    before = keyring.get_keyring()
    keyring.set_keyring(Memory())
    try:
        assert of_keyring("web/secret") == "s3"
        assert of_keyring("web/other") is None
        assert of_keyring("web/locked") is None
        by_hand = {"to": "http://a/", "delivered": "http://b/"}
        assert find_settings(Web, by_hand, Path("/d"), environment={}).secrets == ("s3",)
    finally:
        keyring.set_keyring(before)


# --- what files are


def test_media_types_and_whole_files() -> None:
    import io

    from PIL import Image

    image = Image.new("RGB", (20, 10), "blue")
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "AVIF"):
        out = io.BytesIO()
        image.save(out, kind)
        data = out.getvalue()
        assert media_type(data) == f"image/{kind.lower()}"
        assert not cut_short(data, media_type(data)) and not cut_short(data + b"a note", media_type(data))
        if kind in ("JPEG", "PNG", "GIF", "WEBP"):
            assert cut_short(data[:-4], media_type(data)), kind
