"""The tables of knowledge: container layouts of encoders (encoders.toml) and of platforms (signatures.toml).

A signature says what a platform's files look like, in one era and on one surface. Where a shipped profile says it
already, the signature names the profile and adds only what the profile leaves free. Reads TOML that lies in the
package, nothing else, and imports nothing heavy.
"""

from __future__ import annotations

import pkgutil
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations
from typing import Any

from ..codec.scans import name_of
from ..jpeg.syntax import ScanSpec

Traits = Mapping[str, str]
"""Trait -> what the file has; of the traits in SEVERAL, names of one thing are joined by OR."""

OR = " or "
SEVERAL = frozenset({"script", "law", "quality"})
NONE = "none"
PARTS = {"jfif": "JFIF", "icc": "ICC", "iptc": "APP13", "adobe": "Adobe"}
"""What an envelope's parts are called in the trait `metadata`."""


@dataclass(frozen=True, slots=True)
class Layout:
    """One encoder family: what each trait is when it writes."""

    id: str
    name: str
    traits: Mapping[str, frozenset[str]]
    settable: Mapping[str, frozenset[str]]
    """Values that a caller may ask for: they neither support nor contradict."""
    needs: tuple[str, ...]
    """Traits without which the file is not of this family."""
    source: str
    note: str
    """What it does not tell apart."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What the files of one platform, surface and era have in their headers."""

    id: str
    platform: str
    surface: str
    since: int | None
    until: int | None
    traits: Mapping[str, frozenset[str]]
    telling: str
    """Which of the traits nobody else is known to write; empty where other software writes all of this too."""
    source: str
    files: int
    """How many files of deliveries.csv have it."""
    sources: int
    """How many sources these came from."""
    profile: str
    """The shipped profile that writes such files, empty where there is none."""
    note: str
    """What it does not tell apart."""
    trace: bool = False
    """Whether it is what stays when another program writes the file anew: it tells who delivered a forerunner."""
    limits: tuple[int, ...] = ()
    """Longest sides at which the platform stops, in pixels, ascending; empty where none is known."""

    @property
    def era(self) -> str:
        """`2014 to 2021`, `since 2024`, `2015`, or nothing where no year is known."""
        if self.since is None:
            return f"until {self.until}" if self.until else ""
        if self.until == self.since:
            return str(self.since)
        return f"{self.since} to {self.until}" if self.until else f"since {self.since}"


@cache
def layouts() -> tuple[Layout, ...]:
    """The encoder families, in the order of encoders.toml."""
    rows = _toml("encoders.toml")["encoder"]
    return tuple(
        Layout(
            id=r["id"],
            name=r["name"],
            traits=_sets(r["traits"]),
            settable=_sets(r.get("settable", {})),
            needs=tuple(r.get("needs", ())),
            source=r["source"],
            note=r["note"],
        )
        for r in rows
    )


@cache
def signatures() -> tuple[Signature, ...]:
    """What is known of platforms, in the order of signatures.toml."""
    return tuple(_signature(row) for row in _toml("signatures.toml")["signature"])


def compare(
    expected: Mapping[str, frozenset[str]], found: Traits, settable: Mapping[str, frozenset[str]] | None = None
) -> tuple[list[str], list[str]]:
    """(what supports, what contradicts), each `trait: value`. A trait that the file does not have is not compared."""
    supports: list[str] = []
    contradicts: list[str] = []
    for trait, allowed in expected.items():
        if trait in found:
            free = settable.get(trait, _NONE_FREE) if settable else _NONE_FREE
            fits, text = _judged(trait, found[trait], allowed, free)
            if fits is not None:
                (supports if fits else contradicts).append(text)
    return supports, contradicts


_NONE_FREE: frozenset[str] = frozenset()


@lru_cache(maxsize=16_384)  # a corpus has the same few traits again and again
def _judged(trait: str, value: str, allowed: frozenset[str], free: frozenset[str]) -> tuple[bool | None, str]:
    """(whether it supports, None for neither; in words)."""
    values = set(value.split(OR)) if trait in SEVERAL else {value}
    if values & allowed:
        return True, f"{trait}: {value}"
    if values & free:
        return None, ""
    return False, f"{trait}: {value}, expected {_told(allowed)}"


def _told(allowed: Collection[str]) -> str:
    ordered = sorted(allowed)
    return OR.join(ordered[:6]) + (f" or {len(ordered) - 6} more" if len(ordered) > 6 else "")


def _toml(name: str) -> dict[str, Any]:
    text = pkgutil.get_data(__package__, name)
    assert text is not None, f"{name} lies beside this module"
    return tomllib.loads(text.decode())


def _sets(traits: Mapping[str, list[str]]) -> dict[str, frozenset[str]]:
    return {trait: frozenset(values) for trait, values in traits.items()}


def _signature(row: dict[str, Any]) -> Signature:
    name = row.get("profile", "")
    profile = _profile(name) if name else {"when": {}}
    when = {**profile["when"], **{k: row[k] for k in ("platform", "surface", "since", "until") if k in row}}
    traits = {**(_written(profile) if name else {}), **row.get("traits", {})}
    return Signature(
        id=row.get("id", name),
        platform=when["platform"],
        surface=when.get("surface", ""),
        since=when.get("since"),
        until=when.get("until"),
        traits=_sets({trait: values for trait, values in traits.items() if values}),
        telling=row.get("telling", ""),
        source=row["source"],
        files=row["files"],
        sources=row["sources"],
        profile=name,
        note=row.get("note", ""),
        trace=row.get("trace", False),
        limits=tuple(row.get("limits", ())),
    )


def _profile(name: str) -> dict[str, Any]:
    """A shipped profile as its TOML has it."""
    path = f"profiles/{name.replace('/', '-')}.toml"
    text = pkgutil.get_data(__package__.rpartition(".")[0], path)
    assert text is not None, f"{path} is shipped"
    return tomllib.loads(text.decode())


def _written(profile: Mapping[str, Any]) -> dict[str, list[str]]:
    """The traits of what a profile writes; values that it declares free, or takes from a rule, are no trait.

    The defaults are those of steps/encode.py and steps/envelope.py; a test holds them together.
    """
    steps = {row["step"]: row for row in profile["steps"]}
    encode, envelope, free = steps.get("encode"), steps.get("envelope", {}), profile.get("free", {})
    out: dict[str, list[str]] = {}
    if encode is not None:
        law = encode.get("law", "annex-k")
        out["law"] = [law]
        if "encode.quality" not in free and isinstance(encode.get("quality"), int):
            out["quality"] = [str(encode["quality"])]
        if "encode.sampling" not in free and not encode.get("keep_sampling"):
            out["sampling"] = [encode.get("sampling", "4:2:0")]
        if "encode.script" not in free:
            out["script"] = [_script_name(encode.get("script", "baseline"))]
        standard = encode.get("huffman", "standard") == "standard"
        out["Huffman codes"] = ["standard"] if standard else ["made for the picture", "partly standard"]
        out["quantisation tables"] = ["all in one segment" if envelope.get("merge_dqt") else "one a segment"]
    if "envelope.component_ids" not in free:
        out["component ids"] = [" ".join(map(str, envelope.get("component_ids", [1, 2, 3])))]
    if "envelope.jfif" not in free:
        out["JFIF"] = [envelope.get("jfif", "1.01")]
    if "envelope.density" not in free and "density" not in envelope:
        out["density"] = ["0 1x1"]
    elif "envelope.density" not in free and isinstance(envelope["density"], list):
        units, x, y = envelope["density"]
        out["density"] = [f"{units} {x}x{y}"]
    out["FBMD"] = [envelope.get("fbmd_type", "01") if "fbmd" in envelope.get("iptc", ()) else NONE]
    comment = envelope.get("comment", "")
    out["comment"] = [NONE if not comment else comment.encode("latin-1").hex()]
    if "keep" not in envelope:
        out["metadata"] = list(_orders(envelope))
    return out


def _script_name(script: Any) -> str:
    if isinstance(script, str):
        return script
    specs = tuple(ScanSpec(tuple(s["components"]), s["Ss"], s["Se"], s["Ah"], s["Al"]) for s in script)
    return name_of(specs) or script_text(specs)


def script_text(specs: Collection[ScanSpec]) -> str:
    """A script without a name, as text: `012:0-0:02; 1:1-63:00`."""
    return "; ".join(f"{''.join(map(str, s.components))}:{s.Ss}-{s.Se}:{s.Ah}{s.Al}" for s in specs)


def _orders(envelope: Mapping[str, Any]) -> Iterator[str]:
    """Every choice of the envelope's metadata parts, in its order."""
    default = ["jfif", "iptc"] if envelope.get("iptc") else ["jfif"]
    parts = [PARTS[p] for p in envelope.get("order", default) if p in PARTS]
    if envelope.get("jfif") == NONE:
        parts = [p for p in parts if p != PARTS["jfif"]]
    for n in range(len(parts) + 1):
        for chosen in combinations(parts, n):
            yield " ".join(chosen) or NONE
