"""What a probe is: a picture made for a question, how it is drawn, how it is saved, why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[Any]
"""uint8 or uint16 `[H, W, C]`: grey, grey and opacity, RGB, or RGBA; animations `[N, H, W, C]`."""
Random = np.random.RandomState
"""Its stream is frozen for good (NEP 19), which that of the newer generators is not."""
Scene = Callable[[Random, int, int], Pixels]
"""Draws a picture of that width and height."""
Save = Callable[[Pixels], bytes]
"""Writes a picture as a file."""
Reach = Literal["kept", "large", ""]
"""Whether a probe must stay below a platform's limit of size, go above it, or whatever."""


@dataclass(frozen=True)
class Probe:
    """One picture to be sent."""

    name: str
    """The file's stem, unique: `kept-alpha`."""
    suffix: str
    """`.png`"""
    settles: tuple[str, ...]
    """Questions of `learning` (see `asks.ASKED`) that it is made for: without it they may stay open."""
    also: tuple[str, ...]
    """Questions that it says something about as well."""
    why: str
    """What it shows, in a sentence."""
    size: tuple[int, int]
    """Width and height as stored."""
    scene: Scene
    save: Save
    reach: Reach = ""
    near: int = 0
    """The limit of size that it stands at or just above; 0 for none. Far from a limit that is known it is not made."""
    marked: bool = True
    """False for pictures that a mark would spoil; too small ones have none either."""


@dataclass(frozen=True)
class Family:
    """Probes of one kind; a module of `probes/` holds one as FAMILY."""

    name: str
    about: str
    """What they are for, in a sentence."""
    probes: tuple[Probe, ...]


@dataclass(frozen=True, slots=True)
class Made:
    """A probe's file."""

    name: str
    """With its suffix."""
    data: bytes
    number: int
    """Its place in the set, which its mark says."""
    marked: bool
    family: str
    settles: tuple[str, ...]
    also: tuple[str, ...]
    why: str
    size: tuple[int, int]

    @property
    def sha256(self) -> str:
        """Of the file, 64 hex digits."""
        return sha256(self.data).hexdigest()


@dataclass(frozen=True)
class Probes:
    """Pictures to send: files with their names, and the manifest that ties each to its questions."""

    files: tuple[Made, ...]
    manifest: Mapping[str, Any]
    """JSON-able; see `manifest.document`."""

    @property
    def by_name(self) -> dict[str, bytes]:
        """File name -> bytes, in order."""
        return {f.name: f.data for f in self.files}


def randomness(seed: int, name: str) -> Random:
    """The random numbers of a probe: the same for the same seed and name, whatever else is made."""
    return np.random.RandomState(int.from_bytes(sha256(f"{seed} {name}".encode()).digest()[:4], "big"))
