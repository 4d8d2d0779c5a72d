"""How often `inspect` is right: on the rows of deliveries.csv as header facts, and on files made by known encoders.

The tests hold these figures against their bounds; benchmarks/inspect_accuracy.py prints them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from csv_facts import Row, pair_of, traits
from made_files import Made

from shared_folder import facts_rows
from understudy.evidence._knowledge import NONE, Signature, compare, signatures
from understudy.evidence._resemblance import CARRIED, CODING, Known, resembling
from understudy.evidence.family import ranked
from understudy.evidence.identity import MARKED, identify
from understudy.inspection import Inspection, inspect

META = {"facebook", "instagram", "messenger"}
INTACT = {"intact": "yes", "MISMATCH": "no"}
LAW_OF = {"annexK": "annex-k", "jpegli420": "jpegli", "custom-diag": "facebook-custom-diag"}
LAW_OF |= {f"moz{preset}": f"mozjpeg-{preset}" for preset in range(1, 9)}
"""deliveries.csv's names of the laws."""

RIGHT, IN_CLASS, CANNOT_TELL, WRONG = "right", "in the class", "cannot tell", "wrong"


@dataclass
class Tally:
    """Answers about platforms."""

    answers: Counter[str] = field(default_factory=Counter)
    first: int = 0
    """Of those in the class, how many name the truth first."""
    among_candidates: int = 0
    """Of those that cannot be told, how many have the truth among the candidates."""
    marked: int = 0
    marked_wrong: int = 0
    forerunner: int = 0
    """Of those told, how many by a trace alone: who delivered a forerunner."""
    misses: list[str] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return sum(self.answers.values())

    @property
    def answered(self) -> int:
        return self.rows - self.answers[CANNOT_TELL]

    @property
    def agree(self) -> int:
        return self.answers[RIGHT] + self.answers[IN_CLASS]

    def add(self, platform: str, verdict: dict[str, Any], name: str = "") -> None:
        """One row's answer beside its true platform."""
        named = verdict["platforms"]
        if not named:
            answer = CANNOT_TELL
            self.among_candidates += any(r["platform"] == platform for r in verdict["candidates"])
        elif platform in named:
            answer = RIGHT if len(named) == 1 else IN_CLASS
            self.first += len(named) > 1 and named[0] == platform
        else:
            answer = WRONG
            self.misses.append(f"{name}: {platform}, told {', '.join(named)}")
        self.answers[answer] += 1
        self.forerunner += verdict["forerunner"]
        if verdict["operator"] and verdict["operator"]["confidence"] == MARKED:
            self.marked += 1
            self.marked_wrong += platform not in META


@dataclass(frozen=True)
class Told:
    """Of some rows, how many have their true platform told, how, and how many do not."""

    rows: int
    told: int
    """Alone, or in a class of platforms."""
    with_others: int
    """Among the candidates, of which inspect says that other software writes the same."""
    wrong: int

    @property
    def unknown(self) -> int:
        return self.rows - self.told - self.with_others - self.wrong


def told(rows: Iterable[tuple[Row, dict[str, str]]]) -> Told:
    """The platform of these rows, with every signature."""
    tally = Tally()
    for row, found in rows:
        tally.add(row["platform"], identify(found, INTACT.get(row["fbmd_check"])), row["sha256"])
    return Told(tally.rows, tally.agree, tally.among_candidates, tally.answers[WRONG])


def untouched() -> list[tuple[Row, dict[str, str]]]:
    """The rows without a mark of a later change, as whoever gathered them saw it."""
    return [(row, found) for row, found in facts() if not row["reprocessed_flags"]]


@cache
def facts() -> tuple[tuple[Row, dict[str, str]], ...]:
    """Every row of deliveries.csv with its traits."""
    return tuple((row, traits(row)) for row in facts_rows())


def known_rows() -> tuple[Known, ...]:
    """The rows without FBMD, gathered by traits, platform and source: what known_files.toml holds."""
    groups: dict[tuple[str, ...], list[int]] = {}
    for row, found in facts():
        if not row["fbmd"]:
            key = (row["platform"], row["source"], *(found.get(t, NONE) for t in CODING + CARRIED))
            groups.setdefault(key, []).append(max(int(row["width"]), int(row["height"])))
    return tuple(
        Known(dict(zip(CODING + CARRIED, key[2:], strict=True)), key[0], key[1], tuple(sorted(sides)))
        for key, sides in sorted(groups.items())
    )


def rows_of(signature: Signature) -> list[Row]:
    """The rows of the signature's platform that have all of its traits."""
    rows = ((r, t) for r, t in facts() if r["platform"] == signature.platform)
    return [r for r, t in rows if not compare(signature.traits, t)[1]]


@cache
def sources() -> dict[str, frozenset[str]]:
    """The sources of each signature's rows, by its identifier."""
    return {s.id: frozenset(r["source"] for r in rows_of(s)) for s in signatures()}


def platforms(without_own_source: bool = False) -> Tally:
    """The platform of every row. without_own_source: a row is asked without the signatures that no other source has."""
    tally = Tally()
    for row, found in facts():
        known = None
        if without_own_source:
            known = [s for s in signatures() if sources()[s.id] - {row["source"]}]
        tally.add(row["platform"], identify(found, INTACT.get(row["fbmd_check"]), known), row["sha256"])
    return tally


def untold() -> Iterator[tuple[Row, dict[str, str]]]:
    """The rows whose platform cannot be told, with every signature."""
    for row, found in facts():
        if not identify(found, INTACT.get(row["fbmd_check"]))["platforms"]:
            yield row, found


def reason(row: Row, found: dict[str, str]) -> str:
    """Why the row's platform cannot be told, in a few words."""
    if "tinypng/gphotos" in row["reprocessed_flags"]:
        return "written anew with tables made for the picture, as Google Photos does"
    if row["platform"] in ("imgur", "reddit", "flickr") or (found["law"], found["sampling"]) == (NONE, "4:4:4"):
        return "the uploaded file's own coding, passed on, or tables made for the picture"
    if row["reprocessed_flags"] not in ("", "JFIF96dpi", "component-ids-0-1-2"):
        return "written anew by somebody else: a site's thumbnails, an editor, a program that adds metadata"
    if found["script"] == "simple10":
        return "plain libjpeg, progressive, without a mark"
    return "plain libjpeg, baseline, without a mark"


def alike(without_own_source: bool) -> Counter[str]:
    """Of the rows that cannot be told, where the true platform stands among the known files with the same headers.

    `first`, `among`, `others` (only other platforms are named) or `none`. Each row is asked without its own file, or
    without its whole source.
    """
    out: Counter[str] = Counter()
    for row, found in untold():
        known = None if without_own_source else without_file(row, found)
        sources = (row["source"],) if without_own_source else ()
        named = [r["platform"] for r in resembling(found, sources, known)["platforms"]]
        if row["platform"] in named:
            out["first" if named[0] == row["platform"] else "among"] += 1
        else:
            out["others" if named else "none"] += 1
    return out


def without_file(row: Row, found: dict[str, str]) -> list[Known]:
    """The known files without this row's."""
    side = max(int(row["width"]), int(row["height"]))
    mine = {t: found.get(t, NONE) for t in CODING + CARRIED}
    out = []
    for known in known_rows():
        kept = known
        if (known.platform, known.source, dict(known.traits)) == (row["platform"], row["source"], mine):
            at = known.longest.index(side)
            kept = replace(known, longest=known.longest[:at] + known.longest[at + 1 :])
        if kept.longest:
            out.append(kept)
    return out


NAMED = (
    ("name:FB_IMG", {"facebook"}),
    ("name:received_", {"messenger"}),
    ("name:WhatsApp", {"whatsapp"}),
    ("name:photo_date", {"telegram"}),
    ("name:flickr", {"flickr"}),
    ("name:_", {"facebook", "instagram"}),
)
"""A kind of name in deliveries.csv -> the platforms that name files so (filenames.toml)."""


@dataclass
class Names:
    """What the rows' names, by their kind, say beside the bytes."""

    rows: int = 0
    """Rows whose name is of a known kind."""
    beside: int = 0
    """Of these, rows whose bytes tell a platform, or several."""
    agree: int = 0
    """Of these, rows where name and bytes have a platform in common."""
    alone: int = 0
    """Rows whose bytes tell none, while the name is of a known kind."""


def names() -> Names:
    """The figures of file names."""
    out = Names()
    for row, found in facts():
        told = next((platforms for kind, platforms in NAMED if kind in row["why"]), set())
        if told:
            by_bytes = set(identify(found, INTACT.get(row["fbmd_check"]))["platforms"])
            out.rows += 1
            out.beside += bool(by_bytes)
            out.agree += bool(by_bytes & told)
            out.alone += not by_bytes
    return out


def laws() -> tuple[int, int, list[str]]:
    """(rows whose law and quality agree with the facts', rows, what does not)."""
    wrong = []
    for row, _ in facts():
        pair = pair_of(row)
        expected = [solved(row[f"{column}_solved"]) for column in ("luma", "chroma")]
        common = expected[0] & expected[1]
        if common:
            told = {(m["law"], m["quality"]) for m in (pair, *pair["ties"])}  # type: ignore[misc]
            right = pair["exact"] and (pair["law"], pair["quality"]) in common and common <= told
        else:
            # The facts were solved without Photoshop's tables; a table that they solved alone is told alone.
            own = [pair[role] for role in ("luma", "chroma")]
            right = all(_alone(part, want) for part, want in zip(own, expected, strict=True))
        if not right:
            wrong.append(f"{row['sha256']}: {row['luma_solved']} {row['chroma_solved']}, told {pair}")
    return len(facts()) - len(wrong), len(facts()), wrong


def _alone(part: Any, expected: set[tuple[str, int | None]]) -> bool:
    if not expected:
        return not part["exact"] or part["law"].startswith("photoshop/")
    return (part["law"], part["quality"]) in expected


def solved(text: str) -> set[tuple[str, int | None]]:
    """`annexK:q71;moz1:q96` -> (law, quality) pairs."""
    parts = (part.partition(":q") for part in text.split(";") if part)
    return {(LAW_OF[law], int(quality) if quality else None) for law, _, quality in parts if law in LAW_OF}


def scripts() -> tuple[int, int]:
    """(rows whose script is named simple10 exactly where the facts say so, rows)."""
    right = sum(
        ("simple10" in t["script"].split(" or ")) == (r["script_is_simple_progression"] == "True") for r, t in facts()
    )
    return right, len(facts())


def stated_family(row: Row) -> str:
    """The encoder that the facts prove for the row (facebook-classic.md, facebook-jpegli.md); empty for most others."""
    if row["sof"] != "SOF2" or row["fbmd_check"] != "intact":
        return ""
    if row["fbmd"].startswith("FBMD01"):
        return "facebook-classic"
    if row["luma_solved"].startswith("jpegli"):
        return "jpegli-progressive"
    one_dqt = row["dqt_segments"] == "1"
    return "libjpeg-progressive" if row["fbmd"][4:6] in ("0a", "0f", "23") and not one_dqt else ""


def families() -> tuple[int, int, int]:
    """(rows whose stated family comes first, rows where it fits, rows with a stated family); without the names and
    selectors of Huffman tables, which the rows do not have."""
    first = fits = n = 0
    for row, found in facts():
        stated = stated_family(row)
        if stated:
            rows = [r["id"] for r in ranked(found) if not r["contradicts"]]
            n, first, fits = n + 1, first + (rows[:1] == [stated]), fits + (stated in rows)
    return first, fits, n


def family_id(seen: Inspection) -> str:
    """The first of the families that fit; empty if none does."""
    rows = seen.value("family", "consistent_with", [])
    return rows[0]["id"] if rows else ""


@dataclass
class Encoder:
    """What was found in one encoder's files."""

    files: int = 0
    family: int = 0
    law: int = 0
    """Law and quality named first, or among what gives the very same tables."""
    first: int = 0
    """Law and quality named first."""
    claimed: int = 0
    """Files of which a platform was claimed: no platform delivered them."""
    misses: list[str] = field(default_factory=list)


def made(files: Iterable[Made]) -> dict[str, Encoder]:
    """Each encoder's figures."""
    out: dict[str, Encoder] = {}
    for file in files:
        seen = inspect(file.data)
        tally = out.setdefault(file.encoder, Encoder())
        tally.files += 1
        found = family_id(seen)
        quality = {name: seen.value("quality", name) for name in ("law", "quality", "exact", "ties")}
        told = [(quality["law"], quality["quality"]), *((t["law"], t["quality"]) for t in quality["ties"])]
        want = [(law, file.quality) for law in file.laws]
        tally.family += found == file.family
        tally.law += any(w in told for w in want)
        tally.first += told[0] in want
        tally.claimed += bool(seen.value("identity", "platforms"))
        if found != file.family or not any(w in told for w in want):
            tally.misses.append(f"{file.setting} q{file.quality}: {found}, {told[:3]}; {file.family}, {want}")
    return out
