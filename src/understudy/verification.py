"""verify: a profile against real pairs: how much of each delivery it reproduces."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from .codec.decode import to_rgb
from .delivery import Delivery, mimic
from .errors import JpegError, LimitError, PairsError, PictureError, UnderstudyError
from .files import Given, bytes_of
from .jpeg.coefficients import Coefficients
from .jpeg.entropy_decode import read_coefficients
from .jpeg.parse import parse
from .jpeg.syntax import JpegStream, Sos
from .pairs import Pair, find_pairs
from .profile import Profile, load_profile
from .steps.decode import is_rgb

Free = Literal["given", "predicted"]


@dataclass(frozen=True, slots=True)
class PairScore:
    """One pair: our delivery beside the real one."""

    name: str
    profile: str = ""
    """The profile that was played: of a platform named alone, the era that the received file contradicts least."""
    bytes_identical: bool = False
    headers_equal: bool = False
    """All bytes but the scans' data."""
    coefficients: int = 0
    """Coefficients of the received file, those of blocks that hold a sample of the picture; 0 where it cannot be
    read."""
    coefficients_equal: float = 0.0
    """Share, 0 to 1; 0 where size or sampling differ."""
    psnr_db: float | None = None
    """Of the decoded pictures, over all samples; None where they are equal or cannot be compared."""
    pixels_equal: float = 0.0
    """Share of pixels, 0 to 1, whose samples are all equal."""
    size_ratio: float = 0.0
    """Our bytes over theirs."""
    error: str = ""
    """Why the pair could not be compared."""


@dataclass(frozen=True, slots=True)
class Scores:
    """What `verify` found."""

    profile: str
    free: Free
    """Whether free values came from the received files (`given`) or from the profile's own rules (`predicted`)."""
    per_pair: tuple[PairScore, ...]

    @property
    def pairs(self) -> int:
        return len(self.per_pair)

    @property
    def bytes_identical(self) -> int:
        return sum(p.bytes_identical for p in self.per_pair)

    @property
    def failed(self) -> int:
        """Pairs that could not be compared; each has its `error`."""
        return sum(bool(p.error) for p in self.per_pair)

    @property
    def headers_equal(self) -> int:
        return sum(p.headers_equal for p in self.per_pair)

    @property
    def coefficients_equal(self) -> float:
        """Share over all coefficients of all pairs. Where the sent picture could not be played, nothing is equal; a
        received file that cannot be read has no coefficients to count, and is among `failed`."""
        total = sum(p.coefficients for p in self.per_pair)
        return sum(p.coefficients_equal * p.coefficients for p in self.per_pair) / total if total else 0.0

    def to_dict(self) -> dict[str, Any]:
        """The document that `verify --json` prints. `psnr_db` is over pairs that differ; None where none does."""
        psnr = [p.psnr_db for p in self.per_pair if p.psnr_db is not None]
        ratios = [p.size_ratio for p in self.per_pair if not p.error]
        return {
            "profile": self.profile,
            "free": self.free,
            "pairs": self.pairs,
            "failed": self.failed,
            "bytes_identical": self.bytes_identical,
            "coefficients_equal": self.coefficients_equal,
            "headers_equal": self.headers_equal,
            "psnr_db": {"min": min(psnr), "mean": sum(psnr) / len(psnr)} if psnr else {"min": None, "mean": None},
            "size_ratio": sum(ratios) / len(ratios) if ratios else None,
            "per_pair": [asdict(p) for p in self.per_pair],
        }


def verify(
    profile: str | Path | Profile,
    pairs: str | Path | Iterable[Pair | tuple[Any, Given]],
    *,
    free: Free = "given",
    progress: Callable[[Iterable[Any]], Iterable[Any]] = lambda items: items,
    **overrides: Any,
) -> Scores:
    """Plays the profile on each sent picture and compares with what was received.

    pairs: a folder or CSV (see `find_pairs`), or pairs of (picture as `mimic` takes it, received file's bytes or path).
    free: `given` takes free values from the received file, so that the arithmetic is on trial; `predicted` leaves them
    to the profile's rules, so that the whole prediction is.
    progress: wraps the list of pairs, to show how far it got.
    overrides: parameter values as `mimic` takes them; a free value given here is not taken from the received file.

    A pair that fails (unreadable file, wrong format) gets its error in its score; the others go on.
    Raises ProfileError, and PairsError when there are no pairs.
    """
    if free not in ("given", "predicted"):
        raise PairsError(f"free = {free!r}", place="verify", expected="given or predicted")
    load_profile(profile).with_values(overrides)  # a wrong name or value fails now, not once a pair
    listed = list(find_pairs(pairs) if isinstance(pairs, (str, Path)) else pairs)
    if not listed:
        raise PairsError("no pairs", place="verify", expected="at least one")
    scores = tuple(_score(profile, pair, i, free, overrides) for i, pair in enumerate(progress(listed)))
    played = dict.fromkeys(s.profile for s in scores if s.profile)
    return Scores(", ".join(played) or str(getattr(profile, "name", profile)), free, scores)


def _score(
    profile: str | Path | Profile, pair: Pair | tuple[Any, Given], index: int, free: Free, values: Mapping[str, Any]
) -> PairScore:
    name = pair.name if isinstance(pair, Pair) else f"pair {index + 1}"
    picture, given = (pair.sent, pair.received) if isinstance(pair, Pair) else pair
    coefficients = 0
    try:
        try:
            received = bytes_of(given, "file")
            stream = parse(received)
            theirs = read_coefficients(stream)
        except UnderstudyError as error:
            raise error.at("received") from None
        coefficients = _count(theirs)
        chosen = load_profile(profile, stream if free == "given" else None, values).with_values(values)
        try:
            ours = mimic(picture, chosen)
        except (PictureError, JpegError, LimitError) as error:
            raise error.at("sent") from None
        return compare(name, ours, received, stream, theirs)
    except UnderstudyError as error:
        return PairScore(name, coefficients=coefficients, error=str(error))


def _count(found: Coefficients) -> int:
    return sum(c.real.size for c in found.components)


def compare(name: str, ours: Delivery, received: bytes, stream: JpegStream, theirs: Coefficients) -> PairScore:
    """Our delivery beside the received file; `stream` and `theirs` are what it parses to."""
    mine = ours.coefficients()
    psnr, equal = _pixel_agreement(mine, theirs, is_rgb(ours.stream), is_rgb(stream))
    return PairScore(
        name,
        ours.profile.name,
        bytes_identical=ours.data == received,
        headers_equal=_headers(ours.stream) == _headers(stream),
        coefficients=_count(theirs),
        coefficients_equal=theirs.equal_share(mine),
        psnr_db=psnr,
        pixels_equal=equal,
        size_ratio=len(ours.data) / len(received),
    )


def _headers(stream: JpegStream) -> list[bytes]:
    parts = [e.to_bytes()[: -len(e.data) or None] if isinstance(e, Sos) else e.to_bytes() for e in stream.elements]
    return [*parts, stream.trailing]


def _pixel_agreement(a: Coefficients, b: Coefficients, *rgb: bool) -> tuple[float | None, float]:
    """(PSNR in dB or None, share of equal pixels) of the decoded pictures; (None, 0) where they cannot be compared.
    rgb: whether the components of each are R, G and B."""
    if (a.width, a.height, len(a.components)) != (b.width, b.height, len(b.components)) or len(a.components) not in (
        1,
        3,
    ):
        return None, 0.0
    first, second = (
        to_rgb(
            [c.blocks for c in x.components], [c.steps for c in x.components], x.factors, x.width, x.height,
            ycbcr=not as_rgb,
        )
        for x, as_rgb in zip((a, b), rgb, strict=True)
    )  # fmt: skip
    difference = first.astype(np.int32) - second
    squared = float(np.mean(difference * difference))
    same = ~difference.any(axis=2) if difference.ndim == 3 else difference == 0
    return (10 * math.log10(255**2 / squared) if squared else None), float(np.mean(same))
