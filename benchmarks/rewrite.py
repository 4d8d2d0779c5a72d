"""Which delivered files the shipped profiles explain, without any original.

    python benchmarks/rewrite.py [--json]

Two tables. The first: each file of ../shared/real and each golden delivery, rewritten from its own coefficients by each
profile of its platform (`understudy.rewriting.rewrite`): byte-identical, or what differs. The second: each row of
facts/deliveries.csv, whose files are not at hand, by its header facts: tables, frame, scan script, JFIF, the order of
segments, whether Huffman tables are the standard ones. A row counts for a profile if a file of the profile, free values
taken from the row, has all of these; entropy-coded bits do not show there, nor what APP13 holds beside FBMD's type.
Rows of authenticity C (edited or encoded again since, by their marks) are left out.
"""

from __future__ import annotations

import argparse
import csv
import functools
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from common import SHARED

from understudy.codec import scans
from understudy.errors import ProfileError, UnderstudyError
from understudy.jpeg.coefficients import grids
from understudy.jpeg.compose import Encoded, encode
from understudy.jpeg.syntax import (
    EOI,
    NATURAL_OF_ZIGZAG,
    SOI,
    Dht,
    Dqt,
    Element,
    FrameComponent,
    JpegStream,
    Opaque,
    QuantTable,
    ScanComponent,
    Sof,
    Sos,
    Standalone,
)
from understudy.profile import Profile, shipped_profiles
from understudy.rewriting import Rewritten, differences, rewrite
from understudy.steps import Context, Delivered, Rule
from understudy.steps.encode import Encode, is_progressive
from understudy.steps.envelope import fbmd_text
from understudy.steps.transcode import Transcode

SIDE = 48
"""Width and height of the picture that stands for a row's."""
SHOWN = ("segments", "quantisation tables", "frame", "scans", "APP0", "APP13")
"""What a row shows, of the kinds of `rewriting.Difference`."""

Row = dict[str, str]


def profiles_of(platform: str) -> list[Profile]:
    """The shipped profiles of a platform, those for one app or rendition too; of resized variants none is needed."""
    return [p for p in shipped_profiles().values() if p.when.platform == platform]


def rewritten(path: Path, platform: str) -> dict[str, Rewritten | str]:
    """Profile -> the file that it makes of a delivered one, or why it makes none."""
    out: dict[str, Rewritten | str] = {}
    for profile in profiles_of(platform):
        try:
            out[profile.name] = rewrite(path.read_bytes(), profile)
        except UnderstudyError as error:
            out[profile.name] = str(error)
    return out


def delivered_files() -> Iterator[tuple[Path, str]]:
    """(file, platform) of the real deliveries and the golden pairs."""
    for path in sorted([*SHARED.glob("real/*.jpg"), *SHARED.glob("golden/*/received.jpg")]):
        name = path.parent.name if path.stem == "received" else path.stem
        yield path, name.split("-")[0]


def rows() -> list[Row]:
    """The rows of deliveries.csv that are not known to be changed since."""
    with (SHARED / "facts" / "deliveries.csv").open(newline="", encoding="utf-8") as lines:
        return [row for row in csv.DictReader(lines) if row["authenticity"] != "C"]


def unexplained(row: Row, profile: Profile) -> list[str]:
    """What of a row's header facts a profile does not write, in words; empty where it explains them all."""
    theirs = stream_of(row)
    try:
        chosen = _at_size(profile, int(row["width"]), int(row["height"])).like(theirs)
        ours = _file(chosen, theirs)
    except ProfileError as error:
        return [str(error)]
    hidden = _hidden(chosen)
    found = [str(d) for d in differences(_without(theirs, hidden), _without(ours, hidden)) if d.what in SHOWN]
    standard = any(getattr(s, "huffman", None) == "standard" for s in chosen.steps)
    if standard != (row["dht_all_standard"] == "True"):
        found.append(f"Huffman tables: {'made for the picture' if standard else 'standard'}")
    return found


def _at_size(profile: Profile, width: int, height: int) -> Profile:
    """The profile with the quality that its rule has for this size."""
    steps = tuple(
        replace(s, quality=s.quality(width, height)) if isinstance(s, Encode) and isinstance(s.quality, Rule) else s
        for s in profile.steps
    )
    return replace(profile, steps=steps)


def _hidden(profile: Profile) -> frozenset[str]:
    """Names of segments that say nothing: with jpegli the number of DHT segments depends on the picture."""
    jpegli = any(getattr(s, "dht", None) == "jpegli" for s in profile.steps)
    return frozenset({"DHT"} if jpegli else ())


def _without(stream: JpegStream, names: frozenset[str]) -> JpegStream:
    return replace(stream, elements=tuple(e for e in stream.elements if e.name not in names))


def stream_of(row: Row) -> JpegStream:
    """A row's facts as the segments of a picture of SIDE pixels, without coefficients: empty DHT segments, no bits."""
    ids = [int(i) for i in row["comp_ids"].split()]
    factors = [tuple(map(int, f.split("x"))) for f in row["sampling"].split()]
    quant = [[int(q) for q in row[f"{c}_q_natural"].split()] for c in ("luma", "chroma") if row[f"{c}_q_natural"]]
    tables = [
        QuantTable(i, tuple(q[k] for k in NATURAL_OF_ZIGZAG), Pq=1 if max(q) > 255 else 0) for i, q in enumerate(quant)
    ]
    merged = int(row["dqt_segments"]) == 1
    dqt = iter([tuple(tables)] if merged else [(t,) for t in tables])
    script = iter(json.loads(row["scan_script"]))
    elements: list[Element] = []
    for name in row["markers"].split(">"):
        if name in ("SOI", "EOI"):
            elements.append(Standalone(code=SOI if name == "SOI" else EOI))
        elif name == "DQT":
            elements.append(Dqt(tables=next(dqt, ())))
        elif name.startswith("SOF"):
            frame = tuple(
                FrameComponent(i, h, v, min(n, 1)) for n, (i, (h, v)) in enumerate(zip(ids, factors, strict=True))
            )
            code = 0xC0 + int(name[3:])
            elements.append(Sof(code=code, precision=8, height=SIDE, width=SIDE, components=frame))
        elif name == "DHT":
            elements.append(Dht(tables=()))
        elif name == "SOS":
            parts, Ss, Se, Ah, Al = next(script)
            scan = tuple(ScanComponent(ids[c], 0, 0) for c in parts)
            elements.append(Sos(components=scan, Ss=Ss, Se=Se, Ah=Ah, Al=Al))
        elif name == "COM":
            elements.append(Opaque(code=0xFE, data=b"\0"))
        elif name.startswith("APP"):
            elements.append(Opaque(code=0xE0 + int(name[3:]), data=_payload(int(name[3:]), row)))
    return JpegStream(tuple(elements))


def _payload(n: int, row: Row) -> bytes:
    """What a row tells of an APPn: JFIF's version and density, an ICC profile's size, FBMD."""
    if n == 0 and row["jfif"]:
        version, unit, density = row["jfif"].split()
        major, minor = version.split(".")
        x, y = (int(d) for d in density.split("x"))
        head = bytes([int(major), int(minor), int(unit.removeprefix("unit"))])
        return b"JFIF\0" + head + x.to_bytes(2, "big") + y.to_bytes(2, "big") + b"\0\0"
    if n == 2 and row["icc_bytes"] not in ("", "0"):
        return b"ICC_PROFILE\0\x01\x01" + bytes(int(row["icc_bytes"]))
    if n == 13:
        text = row["fbmd"] and fbmd_text(row["fbmd"][4:6], [0])
        record = (b"\x1c\x02\x28" if text else b"\x1c\x02\x67") + len(text or "x" * 20).to_bytes(2, "big")
        records = record + (text or "x" * 20).encode()
        return b"Photoshop 3.0\x008BIM\x04\x04\0\0" + len(records).to_bytes(4, "big") + records
    return b"?"


def _file(profile: Profile, theirs: JpegStream) -> JpegStream:
    """The segments that a profile writes, what a row does not show blanked: DHT's tables, selectors, FBMD's numbers."""
    step = next(s for s in profile.steps if s.gives is Encoded)
    frame = theirs.frame
    assert frame is not None
    factors = tuple((c.h_samp_factor, c.v_samp_factor) for c in frame.components)
    if isinstance(step, Encode):
        coded = step.coded(_noise(factors), SIDE, SIDE, factors)
    else:
        assert isinstance(step, Transcode)
        coded = _transcoded(step, theirs, factors)
    delivered = profile.steps[-1].exact(coded, Context())
    assert isinstance(delivered, Delivered)
    return replace(delivered.stream, elements=tuple(_blank(e) for e in delivered.stream.elements))


def _blank(element: Element) -> Element:
    if isinstance(element, Dht):
        return replace(element, tables=())
    if isinstance(element, Sos):
        return replace(element, data=b"", components=tuple(ScanComponent(c.id, 0, 0) for c in element.components))
    if isinstance(element, Opaque) and element.code == 0xED:
        at = element.data.find(b"FBMD")
        text = fbmd_text(element.data[at + 4 : at + 6].decode(), [0]) if at >= 0 else ""
        return replace(element, data=_payload(13, {"fbmd": text}))
    return element


def _transcoded(step: Transcode, theirs: JpegStream, factors: tuple[tuple[int, int], ...]) -> Encoded:
    """What a transcoder makes of a picture with a row's tables and sampling."""
    script = scans.resolve(step.script, len(factors))
    return encode(
        _noise(factors), width=SIDE, height=SIDE, script=script, progressive=is_progressive(script),
        components=[FrameComponent(i + 1, h, v, min(i, 1)) for i, (h, v) in enumerate(factors)],
        quant_tables=[t for e in theirs.elements if isinstance(e, Dqt) for t in e.tables], huffman=step.huffman,
    )  # fmt: skip


@functools.cache
def _noise(factors: tuple[tuple[int, int], ...]) -> list[np.ndarray]:
    """Blocks of a picture in which every band has coefficients, so that every scan has its table."""
    rng = np.random.default_rng(1)
    return [rng.integers(-9, 10, (g.v_blocks, g.h_blocks, 8, 8)).astype(np.int16) for g in grids(SIDE, SIDE, factors)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--why", metavar="PLATFORM", help="say of each row that nothing explains what is nearest")
    arguments = parser.parse_args()
    files = {}
    for path, platform in delivered_files():
        made = rewritten(path, platform)
        files[str(path.relative_to(SHARED))] = {
            name: "identical" if isinstance(r, Rewritten) and r.identical
            else r if isinstance(r, str) else [str(d) for d in r.differences]
            for name, r in made.items()
        }  # fmt: skip
    explained: Counter[str] = Counter()
    by_platform: dict[str, list[int]] = {}
    for row in rows():
        lacks = {p.name: unexplained(row, p) for p in profiles_of(row["platform"])}
        explained.update(name for name, lack in lacks.items() if not lack)
        counts = by_platform.setdefault(row["platform"], [0, 0])
        counts[0] += any(not lack for lack in lacks.values())
        counts[1] += 1
        if row["platform"] == arguments.why and lacks and all(lacks.values()):
            name, lack = min(lacks.items(), key=lambda item: (len(item[1]), len(str(item[1]))))
            print(row["sha256"][:8], row["authenticity"], name, *(text[:150] for text in lack), sep=" | ")
    if arguments.json:
        print(json.dumps({"files": files, "rows": dict(explained), "platforms": by_platform}, indent=2))
        return
    print("| delivered file | rewritten byte for byte by | otherwise, the nearest profile |\n| --- | --- | --- |")
    for name, results in files.items():
        equal = [p for p, r in results.items() if r == "identical"]
        near = min(((len(r), p, r) for p, r in results.items() if isinstance(r, list)), default=None)
        print(f"| {name} | {', '.join(equal)} | {f'{near[1]}: {near[2][0][:100]}' if near and not equal else ''} |")
    print("\n| platform | rows | explained |\n| --- | ---: | ---: |")
    for platform, (n, of) in sorted(by_platform.items()):
        print(f"| {platform} | {of} | {n} |")
    print("\n| profile | rows that it explains |\n| --- | ---: |")
    for name in shipped_profiles():
        print(f"| {name} | {explained[name]} |")


if __name__ == "__main__":
    main()
