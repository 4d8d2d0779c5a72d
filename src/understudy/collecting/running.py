"""The work itself: each upload goes through its states, one call of the connector at a time, whatever goes wrong.

Before `send` the ledger says `sending`, after it `posted`. What is found as `sending` was interrupted in between and is
settled first: by looking for its key, by sending again where that is harmless, or by a person.
"""

from __future__ import annotations

import json
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from ..connectors.base import (
    AgainError,
    AuthError,
    Connector,
    ConnectorError,
    More,
    Picture,
    Posted,
    RejectedError,
    Repeats,
)
from ..errors import UnderstudyError
from .ledger import Ledger, State, StorageError, Upload
from .place import Place, Sent, examined, read_sent
from .waiting import Patience, StopError, unexpected

T = TypeVar("T")

TRIES = 8
"""How often one picture is tried before it is left for the next run."""
IN_A_ROW = 3
"""So many pictures in a row that fail, and it is not the pictures."""


@dataclass
class Tally:
    """What one run did."""

    sent: int = 0
    """Times that `send` was called."""
    fetched: int = 0
    removed: int = 0
    failures: dict[int, str] = field(default_factory=dict)
    """Upload's id -> why this run could not finish it."""


class Run:
    """One run on one account. `tell` is given each thing that is done, and how many of how many are done with."""

    def __init__(
        self,
        connector: Connector,
        place: Place,
        ledger: Ledger,
        patience: Patience,
        hide: Callable[[str], str],
        tell: Callable[[str, int, int], None],
    ) -> None:
        self.connector, self.place, self.ledger, self.patience = connector, place, ledger, patience
        self.hide, self._tell = hide, tell
        self.tally = Tally()
        self.settles_s = float(getattr(connector, "settles_s", More.settles_s))
        self.harmless_s = float(getattr(connector, "harmless_s", More.harmless_s))
        self._done = self._total = 0

    def told(self, text: str) -> None:
        """Passes on what is being done."""
        self._tell(text, self._done, self._total)

    def call(self, doing: str, function: Callable[[], T]) -> T:
        """`function()`, a call of the connector, whose errors are its own and show no secret."""
        try:
            return function()
        except UnderstudyError as error:
            error.got, error.place, error.remedy = map(self.hide, (error.got, error.place, error.remedy))
            raise
        except NotImplementedError:
            raise
        except Exception as error:
            raise unexpected(error, f"{self.connector.name}, {doing}", self.hide) from None

    def patiently(self, function: Callable[[], T]) -> T:
        """`function()`, called again while it asks to wait. Raises StopError and what `function` raises."""
        for _ in range(TRIES):
            try:
                return function()
            except AgainError as error:
                self.patience.after(error, self.told)
        return function()

    def rounds(self, uploads: Sequence[Upload], step: Callable[[Upload], None]) -> None:
        """`step` of each upload until it is done with; what asks to wait comes again after the others.

        Raises AuthError, StorageError, StopError.
        """
        queue, tries = deque(u.id for u in uploads), Counter[int]()
        in_a_row = working = 0
        self._done, self._total = 0, len(queue)
        while queue:
            self.patience.check()
            upload = self.ledger.upload(queue.popleft())
            try:
                step(upload)
            except (AuthError, StorageError):
                raise
            except AgainError as error:
                tries[upload.id] += error.wait_s is None and not error.working
                if tries[upload.id] >= TRIES:
                    self._failed(upload, error)
                    continue
                queue.append(upload.id)
                working = working + 1 if error.working and error.wait_s is None else 0
                if working == 0 or working >= len(queue):
                    working = 0
                    self.patience.after(error, self.told)
                continue
            except UnderstudyError as error:
                self._failed(upload, error)
                faulty = isinstance(error, ConnectorError) and not isinstance(error, RejectedError)
                in_a_row = in_a_row + 1 if faulty else 0
                if in_a_row >= IN_A_ROW:
                    raise StopError(f"{in_a_row} pictures in a row failed; the last: {error}") from None
                continue
            self.patience.succeeded()
            self._done += 1
            in_a_row = working = 0

    def _failed(self, upload: Upload, error: UnderstudyError) -> None:
        self._done += 1
        self.tally.failures[upload.id] = self.ledger.note(upload, str(error)).error

    def send(self, upload: Upload, picture: Sent) -> None:
        """From PLANNED or SENDING to POSTED, REJECTED or UNCERTAIN; raises what the connector raises."""
        if upload.state is State.SENDING:
            upload = self.settled(upload)
        if upload.state not in (State.PLANNED, State.SENDING):
            return
        data = read_sent(picture)
        self.told(f"sending {upload.name}")
        upload = self.ledger.move(upload, State.SENDING)
        self.tally.sent += 1
        what = Picture(upload.name, data, upload.media_type)
        try:
            posted = self.call("send", lambda: self.connector.send(what, upload.key))
        except RejectedError as error:
            self.ledger.move(upload, State.REJECTED, error=str(error))
            raise
        except ConnectorError as error:
            if not error.landed:
                self.ledger.move(upload, State.PLANNED, error=str(error))
            elif self.connector.repeats is Repeats.UNKNOWABLE:
                self._uncertain(upload, str(error))
                return
            else:
                self.ledger.note(upload, str(error))
            raise
        self.ledger.move(upload, State.POSTED, posted=self._without_secrets(posted))

    def _without_secrets(self, posted: Posted) -> Posted:
        written: Mapping[str, object] = json.loads(self.hide(json.dumps(dict(posted.details))))
        return Posted(self.hide(posted.id), written)

    def _uncertain(self, upload: Upload, why: str) -> Upload:
        upload = self.ledger.move(upload, State.UNCERTAIN, error=why)
        self.tally.failures[upload.id] = why
        return upload

    def settled(self, upload: Upload, *, only_look: bool = False) -> Upload:
        """What became of an upload whose sending was interrupted: POSTED, PLANNED, or UNCERTAIN; still SENDING where
        sending it again is harmless and `only_look` does not forbid it."""
        age = max(0.0, self.patience.now() - (upload.sending_at or 0.0))
        repeats = self.connector.repeats
        if repeats is Repeats.HARMLESS and age < self.harmless_s and not only_look:
            return upload
        if repeats is Repeats.UNKNOWABLE:
            return self._uncertain(upload, f"it was being sent when this was interrupted ({upload.error or 'a kill'})")
        self.told(f"looking whether {upload.name} arrived")
        try:
            found = self.call("find", lambda: self.connector.find(upload.key))
        except NotImplementedError as error:
            return self._uncertain(upload, f"it was being sent when this was interrupted, and {error}")
        if found is None and age < self.settles_s:
            self.told(f"waiting {self.settles_s - age:.0f} s for {upload.name}, which may be on its way")
            self.patience.between(self.settles_s - age)
            found = self.call("find", lambda: self.connector.find(upload.key))
        if found is None:
            return self.ledger.move(upload, State.PLANNED, error=upload.error)
        return self.ledger.move(upload, State.POSTED, posted=self._without_secrets(found))

    def fetch(self, upload: Upload, stems: Sequence[str]) -> None:
        """From POSTED to FETCHED: every rendition into its file under each stem."""
        if upload.state is not State.POSTED or upload.posted is None:
            return
        self.told(f"fetching {upload.name}")
        posted = upload.posted
        renditions = self.call("fetch", lambda: list(self.connector.fetch(posted)))
        fetched = examined(renditions, self.hide)
        self.place.store(upload, stems, fetched)
        self.ledger.move(upload, State.FETCHED)
        self.tally.fetched += 1

    def restore(self, upload: Upload, stems: Sequence[str]) -> Upload:
        """A fetched upload with all its files: from copies that are left, else POSTED again, to be fetched anew.

        Raises UnderstudyError where it was removed from the platform and a file is gone.
        """
        kept = self.place.fetched_before(upload)
        if kept is not None:
            self.place.store(upload, stems, kept)
            return upload
        if upload.state is State.REMOVED:
            raise UnderstudyError(
                "a file is gone or changed, and the picture is removed from the platform", place=upload.name,
                expected="its renditions", remedy="send it anew from another folder",
            )  # fmt: skip
        return self.ledger.move(upload, State.POSTED)

    def remove(self, upload: Upload) -> None:
        """From FETCHED to REMOVED, from POSTED to PLANNED."""
        if upload.state is State.SENDING:
            upload = self.settled(upload, only_look=True)
        if upload.posted is None or upload.state not in (State.FETCHED, State.POSTED):
            return
        self.told(f"removing {upload.name}")
        posted = upload.posted
        self.call("remove", lambda: self.connector.remove(posted))
        self.ledger.move(upload, State.REMOVED if upload.state is State.FETCHED else State.PLANNED)
        self.tally.removed += 1
