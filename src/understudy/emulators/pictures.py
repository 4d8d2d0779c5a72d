"""The pictures that an emulator delivers: which profile makes them, and at which sizes."""

from __future__ import annotations

import io
import threading
import warnings
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import PictureError, UnderstudyError
from ..profile import Profile, load_profile

if TYPE_CHECKING:
    from PIL.Image import Image

STAND_IN = "generic/libjpeg-turbo"
"""Plays platforms of which no profile is shipped: quality 75, 4:2:0, as Pillow saves."""
MAX_PIXELS = 64_000_000
"""An emulator takes no larger picture, whatever its platform takes: it works in a few hundred MB of memory."""
KEPT = 48
"""Renditions that are kept for pictures sent again."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Which profile plays a platform."""

    profile: Profile
    why: str
    """For people: the platform's own, or a stand-in, and why."""
    stand_in: bool
    """Whether it is another's profile, which says nothing about the platform."""


def cast(platform: str, profile: str | Path | Profile | None = None) -> Cast:
    """The profile that makes a platform's pictures: the one that was asked for, else the platform's newest shipped
    one of its main surface, else `STAND_IN`.

    Raises ProfileError.
    """
    if profile is not None:
        chosen = load_profile(profile)
        own = chosen.when.platform == platform
        return Cast(chosen, "as asked for" if own else f"as asked for; it is not {platform}'s", not own)
    if platform in OWN:
        chosen = load_profile(platform)
        return Cast(chosen, f"the newest shipped profile of {platform}'s main surface", False)
    reason = NO_PROFILE.get(platform, "no profile of it is shipped")
    if platform == "generic":
        return Cast(load_profile(STAND_IN), "a server that saves with libjpeg-turbo at quality 75", False)
    return Cast(load_profile(STAND_IN), f"a stand-in that says nothing about {platform}: {reason}", True)


OWN = ("facebook", "instagram", "mastodon")
NO_PROFILE = {"telegram": "the shipped telegram profile is Telegram Desktop's, the Bot API's server is not measured"}


@dataclass(frozen=True, slots=True)
class Rendition:
    """One delivered file."""

    limit: int | None
    """The longest side that was asked for; None for the profile as it is."""
    data: bytes = field(repr=False)
    width: int
    height: int
    notes: tuple[str, ...] = ()
    """What the profile says against this picture."""


def look(data: bytes) -> tuple[str, int, int]:
    """(format as Pillow names it, width, height) of a file, from its header.

    Raises PictureError where Pillow knows no picture in it, or one above `MAX_PIXELS`.
    """
    image = _opened(data)
    width, height = image.size
    if width * height > MAX_PIXELS or not width or not height:
        raise PictureError(f"{width} x {height} pixels", place="upload", expected=f"up to {MAX_PIXELS} pixels")
    return image.format or "", width, height


def _opened(data: bytes) -> Image:
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return Image.open(io.BytesIO(data))
    except Exception as error:  # Pillow's plugins raise many kinds on damaged files
        raise PictureError(f"{error}", place="upload", expected="a picture") from None


class Pictures:
    """Makes renditions, one at a time: a picture takes all of a core."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self._lock = threading.Lock()
        self._made: OrderedDict[tuple[str, int | None], Rendition] = OrderedDict()

    def sized(self, limit: int) -> Profile | None:
        """The profile with another limit of the longest side; None where it has no resize to set.

        A stand-in, which claims nothing anyway, gets a resize (Pillow's Lanczos) where it has none.
        """
        profile = self.cast.profile
        if any(step.name == "resize" for step in profile.steps):
            return profile.with_values({"resize.limit": limit, "resize.fit": "longest_side"})
        if not self.cast.stand_in and profile.when.platform != "generic":
            return None
        from ..steps.resize import Resize

        at = [step.name for step in profile.steps].index("encode")
        return replace(profile, steps=(*profile.steps[:at], Resize(limit=limit), *profile.steps[at:]))

    def renditions(self, data: bytes, limits: Sequence[int] = ()) -> list[Rendition]:
        """The profile's own rendition, then those of smaller limits that the profile can make, the largest first.

        limits: longest sides in pixels; those that the picture does not exceed are left out.
        Raises PictureError and other UnderstudyErrors for what is no whole picture.
        """
        look(data)
        with self._lock:
            main = self._rendition(data, None)
            smaller = sorted({n for n in limits if n < max(main.width, main.height)}, reverse=True)
            return [main, *(self._rendition(data, n) for n in smaller if self.sized(n) is not None)]

    def rendition(self, data: bytes, limit: int | None) -> Rendition:
        """One rendition; the profile's own where its size cannot be set, or where the picture fits the limit."""
        _, width, height = look(data)
        with self._lock:
            fits = limit is None or max(width, height) <= limit or self.sized(limit) is None
            return self._rendition(data, None if fits else limit)

    def _rendition(self, data: bytes, limit: int | None) -> Rendition:
        key = (sha256(data).hexdigest(), limit)
        made = self._made.get(key)
        if made is None:
            made = self._make(data, limit)
            self._made[key] = made
            while len(self._made) > KEPT:
                self._made.popitem(last=False)
        self._made.move_to_end(key)
        return made

    def _make(self, data: bytes, limit: int | None) -> Rendition:
        from ..delivery import mimic

        profile = self.cast.profile if limit is None else self.sized(limit)
        assert profile is not None, "asked for before"
        try:
            delivery = mimic(data, profile)
        except UnderstudyError:
            raise
        except Exception as error:  # a decoder that met what it does not know must not take the server down
            raise PictureError(f"{type(error).__name__}: {error}", place="upload", expected="a picture") from None
        _, width, height = look(delivery.data)
        return Rendition(limit, delivery.data, width, height, delivery.notes)
