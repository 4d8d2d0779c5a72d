"""How often `inspect` is right, as docs/inspect-accuracy.md, beside ImageMagick's identify and ExifTool.

    python benchmarks/inspect_accuracy.py            writes the page
    python benchmarks/inspect_accuracy.py --print    prints it

Needs the test oracles; Debian's libjpeg-turbo-progs, ffmpeg, imagemagick and libimage-exiftool-perl for all rows (what
is missing is said), and the shared folder for the rows about platforms.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import fill

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "benchmarks"), str(ROOT / "tests"), str(ROOT / "tests" / "evidence")]

import accuracy  # noqa: E402
import inspect_traits  # noqa: E402
import made_files  # noqa: E402
from accuracy import CANNOT_TELL, IN_CLASS, RIGHT, WRONG, Tally  # noqa: E402
from made_files import Made  # noqa: E402

from shared_folder import battery_files, shared_root  # noqa: E402
from understudy.evidence._resemblance import LEVELS  # noqa: E402
from understudy.evidence.identity import NAMES, identify  # noqa: E402
from understudy.inspection import inspect  # noqa: E402

PAGE = ROOT / "docs" / "inspect-accuracy.md"
HEAD = """# How often inspect is right

*Made by `python benchmarks/inspect_accuracy.py`; the tests in `tests/evidence` hold the same figures against bounds.*

Only headers are looked at here. What the words mean: **marked**, FBMD fits this very file: of platforms
only Meta's write it, but it signs nothing, and `understudy mimic` writes it too;
**consistent with**, every trait of a known signature is there, a telling one among them;
**cannot tell**, other software writes the same, or nothing known fits.
"""


def main() -> None:
    """Writes or prints the page."""
    text = "\n".join(chain([HEAD], encoders(), platforms(), speed()))
    if "--print" in sys.argv:
        print(text)
    else:
        PAGE.write_text(text + "\n", encoding="utf-8")


def encoders() -> Iterator[str]:
    """Files whose encoder and settings are known, encoder by encoder, with what the other two programs say."""
    files = [*made_files.wheels(), *made_files.programs()]
    tallies = accuracy.made(files)
    identified, estimated, named = others(files)
    yield "## Files made by known encoders\n"
    yield (
        "Class: the first encoder family that inspect names is the true equivalence class (encoders whose headers\n"
        "are the same are one class; a layout is never proof). Law and quality: the law that was asked for, at\n"
        "exactly the quality that was asked for (where two laws give the very same tables, inspect names both). The\n"
        "other programs give a number without a law; counted is how often it equals the quality that was asked for.\n"
        "Small pictures, qualities 30 to 97 (ffmpeg: `-q:v` 2 to 31).\n"
    )
    yield "| encoder | files | class | law and quality | `identify` | ExifTool |"
    yield "| --- | --- | --- | --- | --- | --- |"
    total: Counter[str] = Counter()
    for encoder, found in tallies.items():
        same = {"identify": share(identified, files, encoder), "exiftool": share(estimated, files, encoder)}
        cells = [f"{found.family}", f"{found.law}", *(str(v) if v is not None else "absent" for v in same.values())]
        yield f"| {encoder} | {found.files} | {' | '.join(cells)} |"
        total.update(files=found.files, family=found.family, law=found.law, claimed=found.claimed)
        total.update({k: v or 0 for k, v in same.items()})
    yield (
        f"| **all** | **{total['files']}** | **{total['family']}** | **{total['law']}** | **{total['identify']}** "
        f"| **{total['exiftool']}** |"
    )
    ran = [name for name in ("cjpeg", "convert", "ffmpeg") if not shutil.which(name)]
    if ran:
        yield f"\nNot installed, so without rows: {', '.join(ran)}."
    yield (
        f"\nA platform was claimed of {total['claimed']} of these {total['files']} files; none delivered them.\n"
        "Neither of the other programs names a scan script or a platform. ExifTool's figure is its\n"
        "`JPEGQualityEstimate`, ImageMagick's its `%Q`. ExifTool's `JPEGDigest` names tables by a list of digests,\n"
        f"the IJG library's, cameras' and programs': of {named} of these files; the others it calls unknown.\n"
    )


Numbers = dict[int, int | None] | None
"""Index of a file -> the quality that a program gave it; None where the program is not installed."""


def others(files: list[Made]) -> tuple[Numbers, Numbers, int]:
    """What ImageMagick and ExifTool say of each file, and of how many ExifTool knows the tables by name."""
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{i:05}.jpg" for i in range(len(files))]
        for path, file in zip(paths, files, strict=True):
            path.write_bytes(file.data)
        identified: Numbers = None
        if shutil.which("identify"):
            lines = subprocess.run(
                ["identify", "-format", "%f %Q\n", *map(str, paths)], capture_output=True, text=True, check=True
            ).stdout.split("\n")
            identified = {int(line[:5]): int(line.split()[1]) for line in lines if line}
        estimated: Numbers = None
        named = 0
        if shutil.which("exiftool"):
            asked = ["exiftool", "-json", "-JPEGQualityEstimate", "-JPEGDigest", *map(str, paths)]
            rows = json.loads(subprocess.run(asked, capture_output=True, text=True, check=True).stdout)
            estimated = {int(Path(r["SourceFile"]).stem): number(r.get("JPEGQualityEstimate")) for r in rows}
            named = sum(not r.get("JPEGDigest", "Unknown").startswith("Unknown") for r in rows)
    return identified, estimated, named


def number(text: object) -> int | None:
    """The first number in a program's words; -1 and None are none."""
    found = re.match(r"\d+", str(text))
    return int(found[0]) if found else None


def share(numbers: Numbers, files: list[Made], encoder: str) -> int | None:
    """How many of an encoder's files have the quality that was asked for."""
    if numbers is None:
        return None
    return sum(numbers.get(i) == f.quality for i, f in enumerate(files) if f.encoder == encoder)


def platforms() -> Iterator[str]:
    """The rows of deliveries.csv."""
    if shared_root() is None:
        yield "## Delivered files\n\nThe shared folder is not there, so this part was not made."
        return
    everyone, apart = accuracy.platforms(), accuracy.platforms(without_own_source=True)
    law, script, family = accuracy.laws(), accuracy.scripts(), accuracy.families()
    yield f"## Delivered files: {everyone.rows} of them, as header facts\n"
    yield (
        "Their platform is known from the place they came from, their name or FBMD; many were changed on the way (106\n"
        "carry marks of it). The signatures were made from these very files, so the second column asks each file with\n"
        "only those signatures that files of **other** sources support: the better figure for files not yet seen.\n"
    )
    yield "| | all signatures | without its own source's |"
    yield "| --- | --- | --- |"
    for label, of in LINES:
        yield f"| {label} | {of(everyone)} | {of(apart)} |"
    yield (
        f"\nLaw and quality of both tables agree with the independent reader's in {law[0]} of {law[1]} rows, the scan\n"
        f"script in {script[0]} of {script[1]}. Where the facts prove the encoder ({family[2]} rows), its family fits\n"
        f"in {family[1]} and comes first in {family[0]}.\n"
    )
    yield from fields(law, script, family)
    yield "### Who is taken for whom\n"
    yield "| platform | files | told alone | in the class | cannot be told | wrong | the class, where there is one |"
    yield "| --- | --- | --- | --- | --- | --- | --- |"
    yield from confusion()
    yield from untold(everyone)
    yield from names(everyone)


def fields(law: tuple[int, int, list[str]], script: tuple[int, int], family: tuple[int, int, int]) -> Iterator[str]:
    """The share of rows that agree, field by field."""

    def part(n: int, whole: int) -> str:
        return f"{n} of {whole} ({n / whole:.1%})"

    rows = {"all rows": accuracy.told(accuracy.facts()), "not changed since": accuracy.told(accuracy.untouched())}
    yield "### Field by field\n"
    yield "| field | agrees | aim |"
    yield "| --- | --- | --- |"
    yield f"| encoder family, where the facts prove it | {part(family[1], family[2])} | 98 % |"
    yield f"| law and quality of both tables | {part(law[0], law[1])} | 98 % |"
    yield f"| scan script | {part(script[0], script[1])} | 98 % |"
    for name, found in rows.items():
        yield f"| platform, {name}: told, alone or in a class of platforms | {part(found.told, found.rows)} | 98 % |"
        both = part(found.told + found.with_others, found.rows)
        yield f"| platform, {name}: the same, or in a class that has other software in it | {both} | |"
        yield f"| platform, {name}: nothing is told; wrong | {found.unknown}; {found.wrong} | |"
    yield (
        "\n*Not changed since*: without what whoever gathered the files took for a mark of a later change (another\n"
        "program's tables, EXIF, FBMD of another file). Platform misses its aim: what is left are files without any\n"
        "mark of a platform, and files that another program wrote anew.\n"
    )


LINES = (
    ("a platform is told, alone or in a class", lambda t: f"{t.answered} of {t.rows} ({t.answered / t.rows:.1%})"),
    ("of these, the true one is told", lambda t: f"{t.agree} of {t.answered} ({t.agree / t.answered:.1%})"),
    ("told alone", lambda t: str(t.answers[RIGHT])),
    ("told by an ICC profile alone, which another program kept: of a forerunner", lambda t: str(t.forerunner)),
    ("in a class of two to four, and named first", lambda t: f"{t.first} of {t.answers[IN_CLASS]}"),
    ("wrong", lambda t: str(t.answers[WRONG])),
    ("cannot be told; of these the true one is among the candidates",
     lambda t: f"{t.answers[CANNOT_TELL]}; {t.among_candidates}"),
    ("marked by an intact FBMD; of these not Meta's", lambda t: f"{t.marked}; {t.marked_wrong}"),
)  # fmt: skip


def untold(everyone: Tally) -> Iterator[str]:
    """The rows that cannot be told: why, and what the known files with the same headers say of them."""
    by: dict[str, Counter[str]] = {}
    for row, found in accuracy.untold():
        by.setdefault(accuracy.reason(row, found), Counter())[row["platform"]] += 1
    yield "\n### What cannot be told, and why\n"
    yield "| why | files | whose |"
    yield "| --- | --- | --- |"
    for why, whose in sorted(by.items(), key=lambda item: -item[1].total()):
        yield f"| {why} | {whose.total()} | {', '.join(f'{NAMES.get(p, p)} {n}' for p, n in whose.most_common())} |"
    count, best = inspect_traits.choices()
    left = everyone.answers[CANNOT_TELL] - len(best)
    yield ""
    yield paragraph(f"""{count} traits were tried on these files, alone, in twos and in threes: sizes, multiples of 16,
        density, comments, restart intervals, marker order, layout of Huffman tables and the rest
        (`benchmarks/inspect_traits.py`). For {left} of them no choice belongs to the true platform alone in files of
        two sources or more. For the other {len(best)} the best choice is a public ICC profile, a longest side such as
        WhatsApp's 1600 pixels, which other software makes too, or chance, such as multiples of 16. What cannot be
        told is not counted as agreement: of all rows, the true platform is told for
        {everyone.agree / everyone.rows:.1%}; the aim of 98 % is met by what is told, not by all rows.""")
    by_file, by_source = accuracy.alike(without_own_source=False), accuracy.alike(without_own_source=True)
    same, files = other_software()
    yield paragraph(f"""For such a file inspect counts the known deliveries with the same headers, platform by platform,
        with how many have this very longest side: evidence, no probability, as nobody knows how many other files in the
        world have these headers. Of the battery's files, which 16 channels of other software made, {same} of {files}
        have the same headers as a known delivery.""")
    yield "| of these rows, asked without | the true platform comes first | is among those named | others only | none |"
    yield "| --- | --- | --- | --- | --- |"
    for name, found in (("the file itself", by_file), ("its whole source", by_source)):
        yield f"| {name} | {' | '.join(str(found[k]) for k in ('first', 'among', 'others', 'none'))} |"


def other_software() -> tuple[int, int]:
    """(the battery's files with the same headers as a known delivery, the battery's files)."""
    same = files = 0
    for path in battery_files():
        alike = inspect(path.read_bytes()).value("identity", "resembles")
        files += 1
        same += bool(alike and alike["platforms"] and alike["compared"] == LEVELS[0][1])
    return same, files


def names(everyone: Tally) -> Iterator[str]:
    """What file names would add."""
    found = accuracy.names()
    both = f"{everyone.agree + found.alone} of {everyone.rows} rows"
    yield "\n### With file names\n"
    yield paragraph(f"""All figures above are without names. Inspect looks at a name only where it is given one, as the
        command line does, tells it apart from the bytes and calls it weak: renaming leaves no trace. By the kind of
        name that deliveries.csv notes, {found.rows} rows have a name as platforms give them. Where the bytes tell a
        platform too, name and bytes agree in {found.agree} of {found.beside}. {found.alone} rows that the bytes cannot
        tell have such a name; with names, {both} would have a platform. That figure proves nothing: for these rows the
        name is what their platform is known by.""")


def paragraph(text: str) -> str:
    """The text as one paragraph of even lines, with an empty line behind it."""
    return fill(" ".join(text.split()), 112, break_long_words=False, break_on_hyphens=False) + "\n"


def confusion() -> Iterator[str]:
    """One line a platform."""
    by: dict[str, tuple[Tally, Counter[str]]] = {}
    for row, found in accuracy.facts():
        tally, classes = by.setdefault(row["platform"], (Tally(), Counter()))
        verdict = identify(found, accuracy.INTACT.get(row["fbmd_check"]))
        tally.add(row["platform"], verdict)
        if len(verdict["platforms"]) > 1:
            classes[" or ".join(NAMES[p] for p in verdict["platforms"])] += 1
    for platform, (tally, classes) in sorted(by.items(), key=lambda item: -item[1][0].rows):
        told = "; ".join(f"{name} ({n})" for name, n in classes.most_common(3))
        counts = " | ".join(str(tally.answers[a]) for a in (RIGHT, IN_CLASS, CANNOT_TELL, WRONG))
        yield f"| {NAMES.get(platform, platform)} | {tally.rows} | {counts} | {told} |"


def speed() -> Iterator[str]:
    """Milliseconds a file, headers alone, one core."""
    files = [f.data for f in made_files.by_pillow()]
    inspect(files[0])
    best = min(_timed(files) for _ in range(5))
    took = 1000 * best / len(files)
    yield f"\n`inspect` on the headers of {len(files)} small files took {took:.2f} ms a file of CPU time."


def _timed(files: list[bytes]) -> float:
    start = time.process_time()
    for data in files:
        inspect(data)
    return time.process_time() - start


if __name__ == "__main__":
    main()
