"""Which received files one platform may have written: what no profile lets vary must be the same in all of them.

Quality, sampling, sizes, ICC, comments, random tokens may differ within a platform: they are rules or free values. The
law of the tables, the kind of Huffman tables, the scan script, the ids, the layout of segments may not: a profile has
one of each. Files in which they differ cannot be learned together, be they of two platforms or of two ways of one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..steps.encode import Encode
from .coding import codings, searches
from .observed import Observed
from .rules import MEASURES, intervals
from .settling import label
from .stated import Stated, stated

FIXED = {
    "law": "tables of the law",
    "encode.script": "scans",
    "encode.huffman": "Huffman tables",
    "envelope.jfif": "JFIF",
    "envelope.adobe_transform": "Adobe transform",
    "envelope.fbmd_type": "FBMD type",
    "envelope.component_ids": "component ids",
    "envelope.merge_dqt": "one DQT for all tables",
    "envelope.frame_first": "frame header before the tables",
    "envelope.dht": "DHT layout",
    "envelope.selectors": "table selectors",
}
"""Traits that one profile cannot let vary -> what they are called."""

Traits = Mapping[str, frozenset[Any]]
"""Trait -> the values that agree with a file (or with all of some); a trait that a file does not show is missing."""


@dataclass(frozen=True, eq=False)
class Cluster:
    """Files that one profile could have written."""

    members: tuple[int, ...]
    """Their places in the list that was clustered."""
    traits: Traits
    """What agrees with all of them."""


def clusters(pairs: Sequence[Observed]) -> tuple[list[Cluster], list[Traits]]:
    """(the pairs in clusters, the largest first, then in the order of their first members; each pair's traits)."""
    files = [stated(pair) for pair in pairs]
    traits = [_traits(f, c) for f, c in zip(files, codings(files), strict=True)]
    _searched(files, traits)
    found: list[Cluster] = []
    # Files of three components say more than grey ones, so they found the clusters that those join.
    order = sorted(range(len(pairs)), key=lambda i: -len(pairs[i].coefficients.components))
    for i in order:
        home = max((c for c in found if agree(c.traits, traits[i])), key=lambda c: len(c.members), default=None)
        if home is None:
            found.append(Cluster((i,), traits[i]))
        else:
            found[found.index(home)] = Cluster((*home.members, i), _common(home.traits, traits[i]))
    found = [Cluster(tuple(sorted(c.members)), c.traits) for c in found]
    return sorted(found, key=lambda c: (-len(c.members), c.members)), list(traits)


def traits_of(pair: Observed) -> Traits:
    """One file's traits."""
    return clusters([pair])[1][0]


def _traits(file: Stated, coding: Mapping[str, tuple[Any, ...]]) -> dict[str, frozenset[Any]]:
    options = {**file.options, **coding}
    out = {name: frozenset(options[name]) for name in FIXED if name in options}
    laws = frozenset(law for law, _ in (*options["tables"], *options["luma"]))
    if laws:
        out["law"] = laws
    elif file.pair.tables != _sent_tables(file.pair):  # a platform that keeps the sent file's tables has any
        out["law"] = frozenset({"none that is known"})
    if len(file.pair.coefficients.components) == 1:
        for name in ("envelope.component_ids", "envelope.merge_dqt", "envelope.frame_first", "envelope.dht",
                     "envelope.selectors"):  # fmt: skip
            out.pop(name, None)
        if not isinstance(file.options["encode.script"][0], str):
            out.pop("encode.script")  # the same script has another form for three components
    return out


def _sent_tables(pair: Observed) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    seen = Encode().observe(pair.context.sent_stream) if pair.context.sent_stream is not None else {}
    return (seen["luma_steps"], seen["chroma_steps"]) if "luma_steps" in seen else None


def _searched(files: Sequence[Stated], traits: Sequence[dict[str, frozenset[Any]]]) -> None:
    """Scripts that a search found vary with content: they get the search's name as a value that they share."""
    progressive = [
        i for i, f in enumerate(files) if f.pair.stream.frame is not None and f.pair.stream.frame.progressive
    ]
    for i in progressive:
        script = files[i].options["encode.script"][0]
        if isinstance(script, str) and len(progressive) == 1:
            continue
        names = searches([files[i]])
        if names:
            traits[i]["encode.script"] = frozenset({script, *names})


def agree(a: Traits, b: Traits) -> bool:
    """Whether one profile could have both."""
    return not any(name in b and not values & b[name] for name, values in a.items())


def _common(a: Traits, b: Traits) -> Traits:
    names = dict.fromkeys((*a, *b))
    return {n: a[n] & b[n] if n in a and n in b else a.get(n, b.get(n, frozenset())) for n in names}


def contrast(theirs: Traits, main: Traits) -> str:
    """What the files of one cluster have otherwise than those of another, in words."""
    told = [
        f"{what} {_told(theirs[name])}, not {_told(main[name])}"
        for name, what in FIXED.items()
        if name in theirs and name in main and not theirs[name] & main[name]
    ]
    return "; ".join(told)


def _told(values: frozenset[Any]) -> str:
    texts = sorted({label(v) for v in values}, key=lambda text: (len(text), text))
    return texts[0] if len(texts[0]) < 60 else f"{texts[0][:57]}..."


def explained_by_size(pairs: Sequence[Observed], one: Cluster, other: Cluster) -> str:
    """A limit of the received size that parts two clusters, in words; "" where there is none, or a single file."""
    if min(len(one.members), len(other.members)) < 2:
        return ""
    rows = [(pairs[i].size, c is one) for c in (one, other) for i in c.members]
    for by, measure in MEASURES.items():
        found = intervals([measure(*size) for size, _ in rows], [inside for _, inside in rows])
        if len(found) == 2:
            side = "up to" if found[0].value is True else "above"
            limit = found[0].highest
            return f"all pictures {side} a {by.replace('_', ' ')} of about {limit:g} are such"
    return ""
