"""What a connector is: it sends one picture to one platform, finds it again, fetches what became of it, removes it.

A connector keeps no state and writes no file: `collecting` decides what is done, in which order, and remembers it in
its ledger. Each call may be the last before a kill, so sending comes in two halves: the ledger notes that `send` is
about to be called with a key of its own; if nobody knows how that ended, `find` looks for the key on the platform
before anything is sent again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Protocol

from .http import AgainError, AuthError, ConnectorError, Http, RejectedError

__all__ = [
    "AgainError",
    "AuthError",
    "Connector",
    "ConnectorError",
    "Http",
    "More",
    "Picture",
    "Posted",
    "RejectedError",
    "Rendition",
    "Repeats",
    "Setting",
]


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that a connector must be told: `--set name=value`, or the variable UNDERSTUDY_<CONNECTOR>_<NAME>."""

    name: str
    says: str
    """What it is and where to find it, for people."""
    secret: bool = False
    """Taken from the environment or the keyring only; never shown, logged or written."""
    default: str | None = None
    """None where it must be given. `{dir}` in it stands for the folder that is collected."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is sent."""

    name: str
    """File name without folders: `p07.png`."""
    data: bytes = field(repr=False)
    media_type: str
    """`image/png`."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A picture as the platform knows it. Goes into the ledger as JSON: strings, numbers, lists, dicts only."""

    id: str
    """What `fetch` and `remove` need above all."""
    details: Mapping[str, Any] = field(default_factory=dict)
    """Whatever else they need, such as a container's id."""


@dataclass(frozen=True, slots=True)
class Rendition:
    """One delivered file of a posted picture."""

    name: str
    """Unique for the picture, safe in a file name, alike from picture to picture: `original`, `720`, `preview`."""
    url: str
    """Whole, with its parameters."""
    data: bytes = field(repr=False)
    headers: Sequence[tuple[str, str]] = ()
    """The response's, in their order, without those that carry secrets."""
    main: bool = False
    """Whether this is the one to learn from, unless a person asks for another; true for exactly one."""


class Repeats(Enum):
    """What happens when `send` is called twice with the same key."""

    HARMLESS = "harmless"
    """The platform takes an idempotency key or the place is named by us: the second call gives the first's picture."""
    FINDABLE = "findable"
    """It would post twice, but `find` sees whether the first call arrived."""
    UNKNOWABLE = "unknowable"
    """It would post twice, and nothing tells whether the first call arrived: a person decides."""


class Connector(Protocol):
    """One way to a platform. A module of `connectors/` defines one class and names it in `CONNECTOR`.

    Built as `CONNECTOR(settings, http)`: settings is a mapping of every `Setting`'s name to its value; http a
    `http.Http`, which retries nothing, has timeouts and a size limit, and turns failures of the network into the
    errors above.

    A class may say more than it must; without it, what `More` has holds.
    """

    def __init__(self, settings: Mapping[str, str], http: Http) -> None: ...

    name: ClassVar[str]
    """As in `--via name`."""
    title: ClassVar[str]
    """`Facebook Page, Graph API`."""
    settings: ClassVar[tuple[Setting, ...]]
    takes: ClassVar[tuple[str, ...]]
    """Media types that the platform documents to accept."""
    repeats: ClassVar[Repeats]
    terms: ClassVar[str]
    """In a sentence: which account, which API, what its terms ask for."""
    source: ClassVar[str]
    """The documentation it is written from, with the date it was read; and what was never tried on the real one."""

    def check(self) -> str:
        """Who we are there, in a few words (`page Example, id 123`); costs nothing and posts nothing.
        Raises AuthError, AgainError, ConnectorError."""
        ...

    def send(self, picture: Picture, key: str) -> Posted:
        """Posts the picture, as little visible as the platform allows. key: 32 hex digits, unique for this picture of
        this ledger, carried where `find` sees it (caption, idempotency key, record key).
        Raises RejectedError, AuthError, AgainError, ConnectorError."""
        ...

    def find(self, key: str) -> Posted | None:
        """The picture that an earlier `send` with this key posted, None if it is certainly not there.
        Raises NotImplementedError where `repeats` is UNKNOWABLE; else as `send`."""
        ...

    def fetch(self, posted: Posted) -> Iterator[Rendition]:
        """Every delivered file that the platform offers. Raises AgainError while the platform is still at work on it;
        else as `send`."""
        ...

    def remove(self, posted: Posted) -> None:
        """Takes the picture away again; nothing happens where it is gone already.
        Raises as `send`; ConnectorError with a remedy where the API cannot."""
        ...


class More:
    """What a connector may say besides: `collecting` looks for these attributes and takes these values without them.

    They need not be inherited.
    """

    settles_s: float = 15.0
    """Seconds after an interrupted `send` from which on `find` can be believed when it finds nothing: what was on its
    way has arrived by then, and is listed."""
    harmless_s: float = float("inf")
    """Where `repeats` is HARMLESS: for how long the platform remembers a key. Later, `find` is asked first."""
    most_bytes: int = 0
    """Largest file that the platform documents to accept; 0 where it names none."""

    def account(self) -> str:
        """What stays the same as long as the account is the same: an id, no title that can be changed. Pictures are
        sent once an account. Called after `check`; what `check` says is taken where there is no `account`."""
        raise NotImplementedError
