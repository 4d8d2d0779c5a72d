"""rewrite: is a delivered file what a profile would have written? No original is needed.

A delivered file gives its quantised coefficients exactly, and everything behind them (tables, scan script, Huffman
tables, entropy-coded bits, the order and content of segments) follows from them by the profile's rules. So the back
half of a profile can be put to the proof on any delivered file. What comes before the coefficients (colour, resize,
DCT, quantiser) is not looked at; `verify` does that, with pairs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, zip_longest
from pathlib import Path

from .codec import scans, tables
from .errors import ProfileError
from .files import Given, bytes_of
from .jpeg.compose import Encoded
from .jpeg.entropy_decode import read_coefficients
from .jpeg.parse import parse
from .jpeg.syntax import Dht, Dqt, JpegStream, Opaque, ScanSpec
from .profile import Profile, load_profile
from .steps import Context, Delivered, Source
from .steps.encode import Encode


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a file is not what the profile writes."""

    what: str
    """`segments`, `quantisation tables`, `frame`, `scans`, `Huffman tables`, `entropy-coded data`, a segment's name
    (`APP0`), or `after the end`."""
    got: str
    """What the file has."""
    expected: str
    """What the profile writes."""

    def __str__(self) -> str:
        return f"{self.what}: {self.got}; the profile writes {self.expected}"


@dataclass(frozen=True, slots=True, eq=False)
class Rewritten:
    """A profile's file for the coefficients of a delivered one."""

    data: bytes
    stream: JpegStream
    profile: Profile
    """The profile, its free values taken from the delivered file."""
    differences: tuple[Difference, ...]
    """What the delivered file has otherwise; empty where it is identical, byte for byte."""

    def __repr__(self) -> str:
        verdict = "identical" if self.identical else f"{len(self.differences)} differences"
        return f"Rewritten({len(self.data):,} bytes, as {self.profile.name} writes: {verdict})"

    @property
    def identical(self) -> bool:
        """Whether the file is, byte for byte, what the profile writes."""
        return not self.differences


def rewrite(delivered: Given, profile: str | Path | Profile) -> Rewritten:
    """What `profile` writes for the coefficients of `delivered`, and how that differs from `delivered`.

    delivered: the file's bytes, or its path.
    profile: see `load_profile`; of a platform named alone, the era that `delivered` contradicts least.
    Free values (see `Profile.like`) are taken from `delivered`, and so are its sampling and the segments that the
    profile keeps of a sent file. Raises ProfileError where the file does not show a free value or has coefficients that
    the profile has no scans for, JpegError and UnsupportedJpegError for a file that is none or cannot be read whole.
    """
    delivered = bytes_of(delivered, "rewrite")
    theirs = parse(delivered)
    chosen = load_profile(profile, theirs)
    context = Context(delivered)
    encoded = _encoded(chosen, delivered, theirs, context)
    made = chosen.steps[-1].exact(encoded, context)
    assert isinstance(made, Delivered), "a loaded profile ends in a delivered file"
    found = (*_shape(chosen, theirs), *differences(theirs, made.stream))
    if not found and made.data != delivered:
        found = (Difference("segments", "fill bytes or other bytes between them", "none"),)
    return Rewritten(made.data, made.stream, chosen, found)


def _encoded(profile: Profile, delivered: bytes, stream: JpegStream, context: Context) -> Encoded:
    """The delivered file's coefficients, coded by the profile's own step."""
    step = next(step for step in profile.steps if step.gives is Encoded)
    if not isinstance(step, Encode):
        encoded = step.exact(Source(delivered), context)
        assert isinstance(encoded, Encoded), "the step says so"
        return encoded
    coefficients = read_coefficients(stream)
    if coefficients.anomalies:
        raise ProfileError(coefficients.anomalies[0].text, place="delivered file", expected="whole scans")
    return step.given(context).coded(
        [c.blocks for c in coefficients.components], coefficients.width, coefficients.height, coefficients.factors
    )


def _shape(profile: Profile, stream: JpegStream) -> Iterator[Difference]:
    """Sampling and number of components: the coefficients come with theirs, whatever the profile would have made."""
    step = next(step for step in profile.steps if step.gives is Encoded)
    if isinstance(step, Encode) and stream.frame is not None:
        count = len(stream.frame.components)
        if count == 1 and step.grey == "widen":
            yield Difference("components", "one", "three")
        elif count == 3 and not step.keep_sampling:
            yield from _unequal("sampling", [str(step.observe(stream).get("sampling", "unusual")), step.sampling])


def differences(theirs: JpegStream, ours: JpegStream) -> Iterator[Difference]:
    """How a file (`theirs`) differs from what a profile writes (`ours`), in the order of a file's parts, in words."""
    names = [[e.name for e in s.elements] for s in (theirs, ours)]
    if names[0] != names[1]:
        yield Difference("segments", *(_in_order(n) for n in names))
    yield from _unequal("quantisation tables", [_quant_tables(s) for s in (theirs, ours)])
    yield from _unequal("frame", [_frame(s) for s in (theirs, ours)])
    yield from _unequal("scans", [_script(s) for s in (theirs, ours)])
    yield from _payloads(theirs, ours)
    yield from _huffman(theirs, ours)
    yield from _coded(theirs, ours)
    if theirs.trailing != ours.trailing:
        yield Difference("after the end", f"{len(theirs.trailing)} bytes", f"{len(ours.trailing)}")


def _unequal(what: str, pair: Sequence[str]) -> Iterator[Difference]:
    if pair[0] != pair[1]:
        yield Difference(what, *pair)


def _in_order(names: Sequence[str]) -> str:
    """`SOI APP0 DQT x2 SOF2 ...`."""
    runs = ((name, len(list(run))) for name, run in groupby(names))
    return " ".join(f"{name} x{n}" if n > 1 else name for name, n in runs)


def _quant_tables(stream: JpegStream) -> str:
    """Which table stands under which number, and how they are grouped."""
    parts = [
        " and ".join(f"{t.Tq}{' (16 bit)' if t.Pq else ''}: {_named(t.steps_natural)}" for t in element.tables)
        for element in stream.elements
        if isinstance(element, Dqt)
    ]
    return "; ".join(parts) or "none"


def _named(steps: Sequence[int]) -> str:
    match = tables.identify(steps) if 0 not in steps else None
    if match is None or not match.exact:
        return " ".join(map(str, steps))
    return match.law if match.quality is None else f"{match.law} {match.quality}"


def _frame(stream: JpegStream) -> str:
    sof = stream.frame
    if sof is None:
        return "none"
    parts = (f"{c.id} {c.h_samp_factor}x{c.v_samp_factor} table {c.quant_tbl_no}" for c in sof.components)
    return f"{sof.name} {sof.width} x {sof.height}, components {', '.join(parts)}"


def _script(stream: JpegStream) -> str:
    """The scans by the script's name or one by one, then the table selectors."""
    ids = [c.id for c in stream.frame.components] if stream.frame else []
    script = tuple(
        ScanSpec(tuple(ids.index(c.id) if c.id in ids else -1 for c in s.components), s.Ss, s.Se, s.Ah, s.Al)
        for s in stream.scans
    )
    selectors = " ".join("".join(f"{c.dc_tbl_no}{c.ac_tbl_no}" for c in s.components) for s in stream.scans)
    return f"{scans.name_of(script) or '; '.join(map(str, script))}, selectors {selectors}"


def _payloads(theirs: JpegStream, ours: JpegStream) -> Iterator[Difference]:
    """APPn and COM, those of the same name compared in turn."""
    both = [[e for e in s.elements if isinstance(e, Opaque)] for s in (theirs, ours)]
    for name in dict.fromkeys(e.name for elements in both for e in elements):
        mine, yours = ([e.data for e in elements if e.name == name] for elements in reversed(both))
        if mine != yours:
            yield Difference(name, _bytes(yours), _bytes(mine))


def _bytes(payloads: Sequence[bytes]) -> str:
    return " and ".join(f"{len(p)} bytes {p[:24]!r}" for p in payloads) or "none"


def _huffman(theirs: JpegStream, ours: JpegStream) -> Iterator[Difference]:
    both = [[e for e in s.elements if isinstance(e, Dht)] for s in (theirs, ours)]
    unlike = [
        i for i, (a, b) in enumerate(zip_longest(*both)) if a is None or b is None or a.to_bytes() != b.to_bytes()
    ]
    if unlike:
        yield Difference("Huffman tables", f"{len(unlike)} of {max(map(len, both))} DHT segments other",
                         f"{len(both[1])} segments")  # fmt: skip


def _coded(theirs: JpegStream, ours: JpegStream) -> Iterator[Difference]:
    unlike = [i for i, (a, b) in enumerate(zip_longest(theirs.scans, ours.scans)) if a is None or b is None
              or a.data != b.data]  # fmt: skip
    if unlike:
        sizes = [sum(len(s.data) for s in stream.scans) for stream in (theirs, ours)]
        scans_of = max(len(theirs.scans), len(ours.scans))
        yield Difference(
            "entropy-coded data", f"{sizes[0]:,} bytes, {len(unlike)} of {scans_of} scans other", f"{sizes[1]:,} bytes"
        )
