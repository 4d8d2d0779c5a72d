"""collect: the pictures of DIR/sent/ go to a platform, what becomes of them comes to DIR/received/, exactly once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from ..connectors.base import AuthError, Connector
from ..connectors.http import Http
from ..connectors.registry import connector as named
from ..errors import UnderstudyError
from .given import find_settings
from .ledger import Ledger, State, Upload
from .place import Place, Sent, find_sent
from .running import Run
from .waiting import PATIENCE_S, Patience, StopError

LEDGER = "collect.sqlite"

Tell = Callable[[str, int, int], None]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Collected:
    """What a run of `collect` did, and where each picture stands."""

    place: Path
    connector: str
    account: str
    """What the platform says we are."""
    pictures: tuple[Mapping[str, Any], ...]
    """One mapping for each picture of sent/, as in collected.json: `sent`, `received` ("" where there is none yet),
    `state`, `error`, `plan` (what was or would be done), `renditions` and more."""
    sent: int
    """Uploads of this run."""
    fetched: int
    removed: int
    waited_s: float
    notes: tuple[str, ...]
    failures: tuple[str, ...]
    """What this run could not finish, a line each."""
    stopped: str = ""
    """Why it ended early; "" where it did not."""
    signal: int = 0
    """The signal that ended it; 0 without one."""
    dry_run: bool = False

    def count(self, *states: str) -> int:
        """Pictures in one of these states."""
        return sum(p["state"] in states for p in self.pictures)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        names = ("connector", "account", "dry_run", "sent", "fetched", "removed", "waited_s", "stopped")
        out = {"place": str(self.place)} | {name: getattr(self, name) for name in names}
        return out | {
            "notes": [*self.notes],
            "failures": [*self.failures],
            "pictures": [dict(p) for p in self.pictures],
        }


@dataclass(frozen=True, slots=True)
class Options:
    """What a person may ask for besides; see `collect`."""

    rendition: str | None = None
    only: tuple[str, ...] = ()
    limit: int | None = None
    pause_s: float = 0.0
    remove: bool = False
    clean_up: bool = False
    dry_run: bool = False
    resend_uncertain: bool = False
    retry_rejected: bool = False


def collect(
    place: str | Path,
    via: str | type[Connector],
    *,
    settings: Mapping[str, str] | None = None,
    rendition: str | None = None,
    only: Iterable[str] = (),
    limit: int | None = None,
    pause_s: float = 0.0,
    patience: float | Patience = PATIENCE_S,
    remove: bool = False,
    clean_up: bool = False,
    dry_run: bool = False,
    resend_uncertain: bool = False,
    retry_rejected: bool = False,
    progress: Tell | None = None,
    say: Say | None = None,
) -> Collected:
    """Sends the pictures of place/sent/ through a connector, and fetches what became of them, exactly once.

    place: the folder; place/received/ then has the deliveries under the same stems, as `learn` and `verify` take them,
    place/renditions/ every rendition, place/collected.csv and .json the list, place/collect.sqlite the ledger: called
    again after whatever interrupted it, it goes on where it was.
    via: a connector's name, or its class. settings: name -> value; what is missing is taken from the environment
    (UNDERSTUDY_<CONNECTOR>_<NAME>), secrets from the keyring too.
    rendition: which one goes to received/, the connector's main one for None. only: names or patterns of pictures.
    limit: uploads of this run at most. pause_s: seconds between uploads. patience: seconds to wait in all, where the
    platform asks to wait or fails.
    remove: take each picture from the platform once it is fetched. clean_up: send and fetch nothing, remove all that
    was posted from here. dry_run: say what would be done; asks the platform who we are, and sends nothing.
    resend_uncertain: send again what may have arrived. retry_rejected: and what the platform did not take.
    progress: is given (what is done, done, total). say: is given lines for a person, such as the terms of use.

    Returns what was done; `stopped` and `failures` tell what was not. The first Ctrl-C or SIGTERM ends it after the
    request under way. Raises UnderstudyError: no pictures, a missing setting, a ledger in use or damaged, a full disk;
    AuthError where the platform does not let us in.
    """
    kind = named(via) if isinstance(via, str) else via
    options = Options(
        rendition, tuple(only), limit, pause_s, remove, clean_up, dry_run, resend_uncertain, retry_rejected
    )
    folder = Path(place)
    pictures = () if clean_up else find_sent(folder)
    given = find_settings(kind, settings or {}, folder)
    file = folder / LEDGER
    if clean_up and not file.exists():
        raise UnderstudyError("no ledger", place=str(file), expected="a folder that was collected before")
    waiting = patience if isinstance(patience, Patience) else Patience(patience)
    with (
        Ledger(None if dry_run and not file.exists() else file, clock=waiting.now) as ledger,
        Http(given.secrets) as http,
    ):
        tell = progress or (lambda text, done, total: None)
        run = Run(kind(given.values, http), Place(folder, ledger), ledger, waiting, http.hide, tell)
        return _Collecting(run, pictures, options, say or (lambda line: None)).all()


class _Collecting:
    """One call of `collect`."""

    def __init__(self, run: Run, pictures: Sequence[Sent], options: Options, say: Say) -> None:
        self.run, self.options, self.say = run, options, say
        self.ledger, self.place = run.ledger, run.place
        self.name = run.connector.name
        self.pictures = pictures
        self.account = self.shown = ""
        self.notes: list[str] = []
        self.faults: dict[str, str] = {}
        """Picture's file name -> why it is not sent, or not delivered."""
        self.left_out: set[str] = set()
        """Names of pictures that `only` does not name."""
        self.stopped = ""

    def all(self) -> Collected:
        """Everything, and what came of it."""
        patience = self.run.patience
        refused: AuthError | None = None
        with patience.listening(self.run.told):
            try:
                self._work()
            except StopError as error:
                self.stopped = str(error)
            except AuthError as error:
                refused = error
            except KeyboardInterrupt:
                self.stopped = "stopped at once"
            collected = self._collected()
        if refused is not None:
            raise refused
        return collected

    def _work(self) -> None:
        self._who()
        if self.options.clean_up:
            self.run.rounds(self._uploads(), self.run.remove)
            return
        chosen = self._chosen()
        if self.options.dry_run:
            return
        self.place.tidy()
        by_hash = {p.sha256: p for p in reversed(chosen)}
        uploads = [self._planned(p) for p in sorted(by_hash.values(), key=lambda p: p.path)]
        self._send([u for u in uploads if u.state in (State.PLANNED, State.SENDING)], by_hash)
        stems = {sha: [p.stem for p in self.pictures if p.sha256 == sha and p.path.name not in self.faults]
                 for sha in by_hash}  # fmt: skip
        self._fetch([self.ledger.upload(u.id) for u in uploads], stems)
        if self.options.remove:
            done = [self.ledger.upload(u.id) for u in uploads]
            self.run.rounds([u for u in done if u.state is State.FETCHED], self.run.remove)

    def _who(self) -> None:
        connector, run = self.run.connector, self.run
        self.shown = run.patiently(lambda: run.call("check", connector.check))
        more = getattr(connector, "account", None)
        self.account = run.hide(str(run.call("account", more)) if callable(more) else self.shown)
        run.told(f"as {self.shown}")

    def _uploads(self) -> tuple[Upload, ...]:
        return self.ledger.uploads(self.name, self.account)

    def _chosen(self) -> list[Sent]:
        """The pictures that are asked for and can be sent; the others' faults are noted."""
        wanted = self.options.only
        chosen = [p for p in self.pictures if not wanted or any(_is(p, w) for w in wanted)]
        self.left_out = {p.path.name for p in self.pictures} - {p.path.name for p in chosen}
        for word in wanted:
            if not any(_is(p, word) for p in self.pictures):
                raise UnderstudyError(f"no picture {word!r}", place="--only", expected="a name or pattern in sent/")
        ours = {u.id for u in self._uploads()}
        first: dict[str, Sent] = {}
        for p in chosen:
            if fault := self._fault(p, ours):
                self.faults[p.path.name] = fault
            elif (twin := first.setdefault(p.sha256, p)) is not p:
                self.notes.append(f"{p.path.name} has the same bytes as {twin.path.name}: sent once, delivered to both")
        for upload in self._uploads():
            if upload.state is State.SENDING and upload.sha256 not in {p.sha256 for p in self.pictures}:
                self.notes.append(f"{upload.name} was being sent once, and is in sent/ no longer; see --clean-up")
        return [p for p in chosen if p.path.name not in self.faults]

    def _fault(self, picture: Sent, ours: set[int]) -> str:
        """Why a picture is not sent; "" where it can be."""
        connector = self.run.connector
        if not picture.media_type:
            return f"no picture: {picture.fault}"
        if connector.takes and picture.media_type not in connector.takes:
            return f"{picture.media_type} is not taken there, only {', '.join(connector.takes)}"
        most = int(getattr(connector, "most_bytes", 0))
        if most and picture.size > most:
            return f"{picture.size:,} bytes, where at most {most:,} are taken"
        taken = self.place.in_the_way(picture.stem, ours)
        if taken:
            return f"{taken} is there already, and was not collected from this account; move it, or use another folder"
        return ""

    def _planned(self, picture: Sent) -> Upload:
        """The picture's row, given another chance where that is asked for."""
        upload = self.ledger.plan(
            self.name, self.account, picture.sha256, picture.path.name, picture.size, picture.media_type
        )
        again = {State.UNCERTAIN: self.options.resend_uncertain, State.REJECTED: self.options.retry_rejected}
        if again.get(upload.state):
            upload = self.ledger.move(upload, State.PLANNED)
        return upload

    def _send(self, uploads: Sequence[Upload], by_hash: Mapping[str, Sent]) -> None:
        limit, run = self.options.limit, self.run
        if uploads and self.ledger.tell_once(f"terms of {self.name} for {self.account}"):
            self.say(f"terms: {run.connector.terms}")

        def step(upload: Upload) -> None:
            if upload.state is State.PLANNED and limit is not None and run.tally.sent >= limit:
                return
            before = run.tally.sent
            run.send(upload, by_hash[upload.sha256])
            if run.tally.sent > before and upload.id != uploads[-1].id:
                run.patience.between(self.options.pause_s)

        run.rounds(uploads, step)

    def _fetch(self, uploads: Sequence[Upload], stems: Mapping[str, Sequence[str]]) -> None:
        """Fetches what is posted, and puts the wanted rendition of all that is fetched into received/."""

        def step(upload: Upload) -> None:
            names = stems[upload.sha256]
            if upload.state in (State.FETCHED, State.REMOVED):
                upload = self.run.restore(upload, names)
            self.run.fetch(upload, names)
            for stem in names:
                self.place.deliver(upload, stem, self.options.rendition)

        there = (State.POSTED, State.FETCHED, State.REMOVED)
        self.run.rounds([u for u in uploads if u.state in there], step)

    def _collected(self) -> Collected:
        run, by_hash = self.run, {u.sha256: u for u in self._uploads()}
        rows = [self._row(p, by_hash.get(p.sha256)) for p in self.pictures]
        names = {u.id: u.name for u in by_hash.values()}
        failures = [_named(name, why) for name, why in self.faults.items()]
        failures += [_named(names[number], why) for number, why in run.tally.failures.items() if number in names]
        if rows and self.account and not self.options.dry_run:
            about = {"connector": self.name, "account": self.account, "platform": run.connector.title}
            self.place.list(rows, about)
        return Collected(
            self.place.folder, self.name, self.shown, tuple(rows), run.tally.sent, run.tally.fetched,
            run.tally.removed, round(run.patience.waited_s, 3), tuple(self.notes), tuple(failures), self.stopped,
            run.patience.signal, self.options.dry_run,
        )  # fmt: skip

    def _plan(self, picture: Sent, upload: Upload | None) -> str:
        if picture.path.name in self.left_out:
            return "nothing, it is not asked for"
        if picture.path.name in self.faults:
            return "nothing"
        return PLANS[upload.state if upload else State.PLANNED]

    def _row(self, picture: Sent, upload: Upload | None) -> dict[str, Any]:
        row: dict[str, Any] = {
            "sent": f"sent/{picture.path.name}", "received": "", "rendition": "", "url": "",
            "sent_sha256": picture.sha256, "received_sha256": "", "bytes": picture.size,
            "media_type": picture.media_type, "connector": self.name, "account": self.account,
            "state": upload.state.value if upload else "", "error": self.faults.get(picture.path.name, ""),
            "plan": self._plan(picture, upload), "attempts": 0, "times": {}, "renditions": [],
        }  # fmt: skip
        if upload is None:
            return row
        files = [f for f in self.ledger.files().values() if f.upload == upload.id]
        kept = self.ledger.renditions(upload)
        for file in files:
            if file.path.startswith("received/") and Path(file.path).stem == picture.stem:
                url = next((k.url for k in kept if k.name == file.rendition), "")
                row |= {"received": file.path, "rendition": file.rendition, "url": url, "received_sha256": file.sha256}
        row["renditions"] = [
            {"name": k.name, "main": k.main, "url": k.url, "sha256": k.sha256, "bytes": k.bytes,
             "media_type": k.media_type, "headers": [list(h) for h in k.headers],
             "file": next((f.path for f in files if f.rendition == k.name
                           and f.path.startswith(f"renditions/{picture.stem}/")), "")}
            for k in kept
        ]  # fmt: skip
        error = row["error"] or self.run.tally.failures.get(upload.id, upload.error)
        return row | {"attempts": upload.attempts, "times": self.ledger.times(upload), "error": error}


def _named(name: str, why: str) -> str:
    """`why`, which begins with the picture's name once."""
    return why if why.startswith(f"{name}:") else f"{name}: {why}"


PLANS = {
    State.PLANNED: "send", State.SENDING: "look whether it arrived", State.POSTED: "fetch",
    State.FETCHED: "nothing, it is here", State.REMOVED: "nothing, it is here, and removed there",
    State.REJECTED: "nothing, it was rejected", State.UNCERTAIN: "nothing, it may be there",
}  # fmt: skip
"""What a run does with a picture."""


def _is(picture: Sent, word: str) -> bool:
    return picture.path.name == word or picture.stem == word or fnmatchcase(picture.path.name, word)


__all__ = ["Collected", "collect"]
