"""Earlier compressions, resizing and rounding, from one file's coefficients: detection and false alarms.

    python benchmarks/generations.py [--pictures N] [--write]

Photographs (generations_pictures.py) are compressed once, twice on the same grid, twice on shifted grids, resized
between or not, by Pillow (libjpeg-turbo), libvips (mozjpeg with trellis) and, for false alarms, pyjpegli and ffmpeg;
`understudy.traces` looks at each result. --write puts the tables into docs/generations.md.
Needs pyvips with pyvips-binary, pyjpegli, scikit-image and ffmpeg.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from common import head
from generations_pictures import (
    ENCODERS,
    LAWS,
    SETS,
    Encoder,
    Picture,
    Pictures,
    before,
    drawings,
    look,
    not_clean,
    percent,
    pillow,
    reduced,
    synthetic,
    tuning,
)
from generations_resized import FIRST, SECOND, by_filter, platform_sizes, resized, unseen

import understudy as us
from understudy import traces
from understudy.codec.tables import quant_tables

PAGE = Path(__file__).resolve().parents[1] / "docs" / "generations.md"
ONCE = (*range(60, 96, 5), 98)
SHIFTS = ((3, 5), (1, 2), (6, 1), (7, 7), (2, 4), (0, 3))
PAIRS = (("Pillow", "Pillow"), ("Pillow", "mozjpeg"), ("mozjpeg", "Pillow"), ("mozjpeg", "mozjpeg"))
TWICE = ("kodak0", "whatsapp-02474b43", "kodak3", "p10_displayp3", "kodak6", "dog, quarter 1", "camera", "retina")
"""Photographs that are compressed twice: four of those that thresholds were chosen on, four that they were not."""
ASKED = ("aligned", "shifted", "resampled", "scaled")


def once(named: Pictures, is_reduced: bool) -> Iterator[str]:
    """False alarms on files compressed once, whole and cropped before; `quick` beside `observe`."""
    yield "| compressed once by | files | same grid | another grid | resized | another size | any | dimples | chroma bias yes / no | levels: nearest / trellis / adaptive |"  # noqa: E501
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | --- | --- |"
    alarms: list[str] = []
    total: Counter[str] = Counter()
    for encoder, encode in ENCODERS.items():
        counts: Counter[str] = Counter()
        for name, picture in named.items():
            crops = (picture,) if is_reduced else (picture, np.ascontiguousarray(picture[5:389, 3:403]))
            for crop in crops:
                for quality in ONCE:
                    data = encode(crop, quality)
                    seen = look(data)
                    counts["quick differs"] += any(seen[key] != v for key, v in look(data, quick=True).items())
                    counts["files"] += 1
                    for key in ASKED:
                        counts[key] += seen[key]["answer"] == "yes"
                        if seen[key]["answer"] == "yes":
                            alarms.append(f"{encoder} q{quality} {name}: {key} {seen[key]['score']}")
                    counts["any"] += any(
                        seen[k]["answer"] == "yes" for k in ASKED if k != "resampled" or not is_reduced
                    )
                    counts["dimples"] += seen["dimples"]["answer"] in ("down", "up")
                    counts[f"bias {seen.get('chroma_bias', {}).get('answer')}"] += 1
                    counts[f"levels {seen['levels']['answer']}"] += 1
        yield _once_row(encoder, counts, is_reduced)
        total += counts
    yield _once_row("all", total, is_reduced)
    yield ""
    yield f"Every alarm of the first four kinds: {'; '.join(alarms) or 'none'}."
    yield ""
    same = total["files"] - total["quick differs"]
    yield f"`quick`, as surveys use it, said the same as `observe` on {same} of {total['files']}."


def _once_row(encoder: str, counts: Counter[str], is_reduced: bool) -> str:
    n = counts["files"]
    cells = [percent(counts[key], n) for key in (*ASKED, "any", "dimples")]
    if is_reduced:
        cells[2] = f"({cells[2]})"
    levels = " / ".join(percent(counts[f"levels {k}"], n) for k in ("nearest", "trellis", "adaptive"))
    cells += [f"{percent(counts['bias yes'], n)} / {percent(counts['bias no'], n)}", levels]
    return f"| {encoder} | {n} | {' | '.join(cells)} |"


def twice(names: tuple[str, ...], first: str, second: str, shifted: bool) -> Iterator[str]:
    """Detection of a first compression by `first` under a second by `second`."""
    kind = "shifted" if shifted else "aligned"
    yield f"| {first} q1 \\ {second} q2 | {' | '.join(map(str, SECOND))} |"
    yield f"| --- | {' | '.join('---:' for _ in SECOND)} |"
    total: Counter[str] = Counter()
    for q1 in FIRST:
        cells = []
        for q2 in SECOND:
            cell: Counter[str] = Counter()
            for i, name in enumerate(names):
                v, h = SHIFTS[i % len(SHIFTS)] if shifted else (0, 0)
                data = ENCODERS[second](np.ascontiguousarray(before(first, q1, name)[v:, h:]), q2)
                seen = look(data, quick=not shifted and i > 1)
                cell += _judged(seen, kind, first, q1, (v, h))
            cells.append(f"{cell['found']}/{cell['exact']}")
            total += cell
            if first == second and q1 == q2 and not shifted:
                total["diagonal"] += len(names)
        yield f"| {q1} | {' | '.join(cells)} |"
    yield ""
    yield _summary(total, len(FIRST) * len(SECOND) * len(names), shifted)
    yield ""


def _judged(seen: dict[str, dict], kind: str, first: str, q1: int, shift: tuple[int, int]) -> Counter[str]:
    """What one file counts for."""
    out: Counter[str] = Counter()
    value = seen[kind]
    out["levels named"] = seen["levels"]["answer"] != "cannot tell"
    other = "aligned" if kind == "shifted" else "shifted"
    out["asked of the other"] = other in seen
    out["other grid too"] = other in seen and seen[other]["answer"] == "yes"
    out["other size too"] = "scaled" in seen and seen["scaled"]["answer"] == "yes"
    if value["answer"] != "yes":
        return out
    if kind == "shifted" and value["shift"] != {"v": -shift[0] % 8, "h": -shift[1] % 8}:
        out["wrong grid"] = 1
        return out
    out["found"] = 1
    wanted = {"law": LAWS[first], "quality": q1}
    out["exact"] = wanted in (value["table"] or [])
    out["near"] = wanted in [*(value["table"] or []), *value["rivals"]]
    out["no table"] = value["table"] is None
    if kind == "aligned":
        out["claimed"] = value["exact"] and value["table"] is not None
        out["claimed wrongly"] = out["claimed"] and not out["near"]
        law = quant_tables(LAWS[first], q1)[0]
        steps = value["steps_by_frequency"]
        out["named"] = len(steps)
        out["right"] = sum(int(law[int(k)]) == q for k, q in steps.items())
    return out


def _summary(total: Counter[str], files: int, shifted: bool) -> str:
    text = f"Found {total['found']} of {files} ({percent(total['found'], files)})"
    if total["diagonal"]:
        text += f", or of {files - total['diagonal']} without the diagonal"
        text += f" ({percent(total['found'], files - total['diagonal'])})"
    text += f"; table exact in {percent(total['exact'], total['found'])} of these, exact or among its rivals in "
    text += percent(total["near"], total["found"])
    text += f"; how levels were chosen is named in {total['levels named']}"
    if shifted:
        text += f"; on a wrong grid {total['wrong grid']}; also told on the same grid {total['other grid too']}"
        return f"{text}, at another size {total['other size too']}."
    text += f"; said to fit no known law {total['no table']}; told as exact {total['claimed']}, of these wrongly "
    text += f"{total['claimed wrongly']}; of {total['named']:,} steps that single frequencies name "
    text += f"{percent(total['right'], total['named'])} right; also told on another grid {total['other grid too']}, at "
    return f"{text}another size {total['other size too']}, of {total['asked of the other']}."


def spliced(names: tuple[str, ...]) -> Iterator[str]:
    """Which regions show the earlier compression, in pictures a part of which was put in later, and in whole ones."""
    yield "| Pillow q1, then q2 | second by | found of | old regions: shown / denied | new regions: shown / denied |"
    yield "| --- | --- | ---: | ---: | ---: |"
    for q1, q2 in ((60, 75), (60, 90), (75, 85), (75, 95), (85, 90), (90, 95), (85, 75), (90, 80)):
        for second in ("Pillow", "mozjpeg"):
            count: Counter[str] = Counter()
            for i, name in enumerate(names):
                for put in (SETS[names[(i + 1) % len(names)]], None):
                    count += _regions(ENCODERS[second], before("Pillow", q1, name), put, q2)
            cells = [f"{count['found']} of {2 * len(names)}"]
            for kind in ("old", "new"):
                n = count[kind]
                cells.append(f"{percent(count[kind + ' shown'], n)} / {percent(count[kind + ' denied'], n)} of {n:,}")
            yield f"| {q1}, {q2} | {second} | {' | '.join(cells)} |"


def _regions(encode: Encoder, picture: Picture, put: Picture | None, q2: int) -> Counter[str]:
    """Regions counted that lie wholly in the old picture or wholly in a part of 200 x 192 samples that is put into it,
    off any grid."""
    out: Counter[str] = Counter()
    top, left, high, wide = 69, 93, 200, 192
    picture = picture.copy()
    if put is not None:
        picture[top : top + high, left : left + wide] = put[21 : 21 + high, 14 : 14 + wide]
    found = look(encode(picture, q2)).get("regions")
    if found is None:
        return out
    out["found"] = 1
    side = found["side"]
    for i, row in enumerate(found["scores"]):
        for j, score in enumerate(row):
            y, x = side * i, side * j
            inside = top <= y and y + side <= top + high and left <= x and x + side <= left + wide
            outside = y + side <= top or y >= top + high or x + side <= left or x >= left + wide
            kind = "old" if put is None or outside else "new" if inside else ""
            if kind:
                out[kind] += 1
                out[f"{kind} shown"] += score >= found["threshold"]
                out[f"{kind} denied"] += score <= -found["threshold"]
    return out


def speed(picture: Picture) -> str:
    data = pillow(np.concatenate([picture, picture, picture])[:1024, :768], 85)
    stream = us.jpeg.parse(data)
    coefficients = us.jpeg.read_coefficients(stream)
    megapixels = coefficients.width * coefficients.height / 1e6
    told = []
    for name, task in (
        ("`quick` alone", lambda: list(traces.quick(coefficients, stream))),
        ("reading and `quick`", lambda: list(traces.quick(us.jpeg.read_coefficients(us.jpeg.parse(data)), stream))),
        ("`observe`", lambda: list(traces.observe(coefficients, stream))),
    ):
        task()
        times = []
        for _ in range(9):
            start = time.process_time()
            task()
            times.append(time.process_time() - start)
        middle = sorted(times)[4] / megapixels
        told.append(f"{name} {1000 * middle:.0f} ms a megapixel ({1 / middle:.0f} a second)")
    return f"CPU time of one core, median of 9, Pillow q85: {'; '.join(told)}."


def drawn() -> Iterator[str]:
    """False alarms on drawings, by Pillow at five qualities."""
    kinds: dict[str, Counter[str]] = {"gradients": Counter(), "gradients with noise": Counter(), "shapes": Counter()}
    for name, picture in drawings().items():
        kind = "shapes" if name.startswith("shapes") else "gradients" + " with noise" * name.endswith("noisy")
        for quality in (60, 75, 85, 90, 95):
            seen = look(pillow(picture, quality))
            kinds[kind] += Counter({key: int(seen[key]["answer"] == "yes") for key in ASKED}) + Counter(files=1)
    yield "| drawings, by Pillow | files | same grid | another grid | resized | another size |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for kind, count in kinds.items():
        yield f"| {kind} | {count['files']} | {' | '.join(str(count[key]) for key in ASKED)} |"


def carrying() -> Iterator[str]:
    for name, picture in not_clean().items():
        seen = look(pillow(picture, 96))
        told = {key: (seen[key]["score"], seen[key].get("table")) for key in ASKED if seen[key]["answer"] == "yes"}
        yield f"- {name} (Pillow q96): {told or 'nothing found'}"


def measured(names: tuple[str, ...]) -> Iterator[str]:
    """The page below its mark."""
    sets = {"tuning": tuning(), "reduced": reduced(), "synthetic": synthetic()}
    for pictures in sets.values():
        SETS.update(pictures)
    yield head("generations", f"{', '.join(f'{len(p)} {n}' for n, p in sets.items())}; twice: {', '.join(names)}")
    yield speed(SETS["kodak0"])
    for title, key in (
        ("the photographs that thresholds were chosen on", "tuning"),
        ("photographs made smaller, independent", "reduced"),
        ("synthetic scenes, independent", "synthetic"),
    ):
        yield f"\n## Compressed once: false alarms, {title}\n"
        yield from once(sets[key], key == "reduced")
    yield "\n## Compressed once: false alarms, drawings\n"
    yield from drawn()
    yield "\n## Pictures that were no clean start\n"
    yield from carrying()
    for shifted in (False, True):
        yield f"\n## Compressed twice, {'another' if shifted else 'same'} grid\n"
        yield f"Cells: found / table exact, of {6 if shifted else len(names)} pictures.\n"
        for first, second in PAIRS:
            yield from twice(names[:6] if shifted else names, first, second, shifted)
    yield "\n## Where the earlier compression shows\n"
    yield from spliced(names[::2])
    yield "\n## Resized\n"
    for first, second in PAIRS:
        yield from resized(names[:6], first, second)
    yield "\n## Resized: photographs on which nothing was chosen\n"
    yield "Cells as above; resized in turn by Pillow's bicubic and Lanczos.\n"
    yield from unseen({n: p for n, p in sets["reduced"].items() if n not in TWICE})
    yield "\n## By the filter of the resize\n"
    yield "Cells as above; Pillow q1 60, 75 and 85, then Pillow q2 80, 90 and 95.\n"
    yield from by_filter(names[:6])
    yield "\n## Made as wide as platforms make it\n"
    yield from platform_sizes()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=len(TWICE), help="photographs for what is compressed twice")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/generations.md")
    asked = parser.parse_args()
    lines = []
    for line in measured(TWICE[: asked.pictures]):
        lines.append(line)
        sys.stdout.write(line + "\n")
        sys.stdout.flush()
    if asked.write:
        text = "\n".join(lines).rstrip() + "\n"
        start = "<!-- measured -->\n"
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(page[: page.index(start) + len(start)] + "\n" + text, encoding="utf-8")


if __name__ == "__main__":
    main()
