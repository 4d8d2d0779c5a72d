"""Earlier compressions, resizing and rounding, from one file's coefficients: detection and false alarms.

    python benchmarks/generations.py [--pictures N] [--write]

Photographs (the shared folder's, scikit-image's) are compressed once, twice on the same grid, twice on shifted grids,
resized between or not, by Pillow (libjpeg-turbo), libvips (mozjpeg with trellis) and, for false alarms, pyjpegli and
ffmpeg; `understudy.traces` looks at each result. --write puts the tables into docs/generations.md.
Needs pyvips with pyvips-binary, pyjpegli, scikit-image and ffmpeg.
"""

from __future__ import annotations

import argparse
import importlib.util
import io
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pyjpegli
import pyvips
from common import SHARED, head
from PIL import Image

import understudy as us
from understudy import traces
from understudy.codec.tables import quant_tables

PAGE = Path(__file__).resolve().parents[1] / "docs" / "generations.md"
FIRST, SECOND = (60, 70, 80, 85, 90, 95), (70, 75, 80, 85, 90, 95)
SCALES = (0.6, 0.75, 0.9, 1.1, 1.2, 1.5)
NOT_CLEAN = {
    "coins": "same grid, annex-k q85",
    "grass": "same grid, annex-k q90",
    "chelsea": "same grid, annex-k q98",
    "ihc": "shifted grid, annex-k q75",
    "astronaut": "resized",
}
"""scikit-image's PNG files that carry traces themselves, the same at every quality that they are compressed with."""
PHOTOS = ("camera", "coffee", "motorcycle_left", "gravel", "brick", "moon")
KODAK = (("m1_2304x1536", 3, 3), ("m3_1536x1024", 2, 2), ("p01_kodim01", 1, 1), ("p03_kodim05", 1, 1))
"""Name, and rows and columns of 768x512 tiles."""
Picture = np.ndarray
Encoder = Callable[[Picture, int], bytes]


def pictures() -> dict[str, Picture]:
    """Photographs that were never compressed as far as is known, uint8 [H, W, 3], none twice."""
    found: dict[str, Picture] = {}
    for name, rows, columns in KODAK:
        whole = np.asarray(Image.open(SHARED / "photos" / f"{name}.png").convert("RGB"))
        for v in range(rows):
            for h in range(columns):
                tile = np.ascontiguousarray(whole[512 * v : 512 * (v + 1), 768 * h : 768 * (h + 1)])
                found.setdefault(tile.tobytes()[:3000].hex(), tile)
    out = {f"kodak{i}": tile for i, tile in enumerate(found.values())}
    home = importlib.util.find_spec("skimage")
    if home is None or home.origin is None:
        raise SystemExit("scikit-image is not installed")
    for name in (*PHOTOS, *NOT_CLEAN):
        out[name] = np.asarray(Image.open(Path(home.origin).parent / "data" / f"{name}.png").convert("RGB"))
    return out


def pillow(picture: Picture, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def mozjpeg(picture: Picture, quality: int) -> bytes:
    height, width = picture.shape[:2]
    image = pyvips.Image.new_from_memory(np.ascontiguousarray(picture).tobytes(), width, height, 3, "uchar")
    return bytes(image.jpegsave_buffer(Q=quality, trellis_quant=True, quant_table=3, optimize_coding=True))


def jpegli(picture: Picture, quality: int) -> bytes:
    height, width = picture.shape[:2]
    return bytes(pyjpegli.encode(np.ascontiguousarray(picture).tobytes(), width, height, quality))


def ffmpeg(picture: Picture, quality: int) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        Image.fromarray(picture).save(f"{folder}/a.png", compress_level=1)
        scale = str(max(2, round((100 - quality) / 3)))
        command = ["ffmpeg", "-loglevel", "error", "-i", f"{folder}/a.png", "-q:v", scale, f"{folder}/b.jpg"]
        subprocess.run(command, check=True)
        return Path(f"{folder}/b.jpg").read_bytes()


ENCODERS: dict[str, Encoder] = {"Pillow": pillow, "mozjpeg": mozjpeg, "jpegli": jpegli, "ffmpeg": ffmpeg}
LAWS = {"Pillow": "annex-k", "mozjpeg": "mozjpeg-3"}


def decoded(data: bytes) -> Picture:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def look(data: bytes) -> dict[str, dict]:
    """The observations of one file, by name."""
    stream = us.jpeg.parse(data)
    return {o.name: o.value for o in traces.observe(us.jpeg.read_coefficients(stream), stream)}


def percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "none"


def once(named: dict[str, Picture]) -> Iterator[str]:
    """False alarms on files compressed once, whole and cropped before."""
    kinds = "same grid | another grid | resized | dimples | chroma bias yes / no | levels: nearest / trellis / adaptive"
    yield f"| compressed once by | files | {kinds} |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | --- | --- |"
    alarms: list[str] = []
    for encoder, encode in ENCODERS.items():
        counts: Counter[str] = Counter()
        for name, picture in named.items():
            for crop in (picture, np.ascontiguousarray(picture[5:389, 3:403])):
                for quality in (65, 75, 85, 92, 97):
                    seen = look(encode(crop, quality))
                    counts["files"] += 1
                    for key in ("aligned", "shifted", "resampled"):
                        counts[key] += seen[key]["answer"] == "yes"
                        if seen[key]["answer"] == "yes":
                            alarms.append(f"{encoder} q{quality} {name}: {key} {seen[key]['score']}")
                    counts["dimples"] += seen["dimples"]["answer"] in ("down", "up")
                    counts[f"bias {seen.get('chroma_bias', {}).get('answer')}"] += 1
                    counts[f"levels {seen['levels']['answer']}"] += 1
        n = counts["files"]
        cells = [percent(counts[key], n) for key in ("aligned", "shifted", "resampled", "dimples")]
        levels = " / ".join(percent(counts[f"levels {k}"], n) for k in ("nearest", "trellis", "adaptive"))
        cells += [f"{percent(counts['bias yes'], n)} / {percent(counts['bias no'], n)}", levels]
        yield f"| {encoder} | {n} | {' | '.join(cells)} |"
    yield ""
    yield f"Every alarm of the first three kinds: {'; '.join(alarms) or 'none'}."


def twice(named: dict[str, Picture], first: str, second: str, shifted: bool) -> Iterator[str]:
    """Detection of a first compression by `first` under a second by `second`."""
    kind = "shifted" if shifted else "aligned"
    yield f"| {first} q1 \\ {second} q2 | {' | '.join(map(str, SECOND))} |"
    yield f"| --- | {' | '.join('---:' for _ in SECOND)} |"
    total: Counter[str] = Counter()
    for q1 in FIRST:
        law = np.array(quant_tables(LAWS[first], q1)[0])
        cells = []
        for q2 in SECOND:
            found = exact = 0
            for i, picture in enumerate(named.values()):
                before = decoded(ENCODERS[first](picture, q1))
                v, h = ((3, 5), (1, 2), (6, 1), (7, 7), (2, 4), (0, 3))[i % 6] if shifted else (0, 0)
                seen = look(ENCODERS[second](np.ascontiguousarray(before[v:, h:]), q2))[kind]
                yes = seen["answer"] == "yes"
                if yes and shifted:
                    yes = seen["shift"] == {"v": -v % 8, "h": -h % 8}
                    total["wrong grid"] += not yes
                found += yes
                if yes:
                    exact += {"law": LAWS[first], "quality": q1} in seen["table"]
                    steps = seen.get("steps_by_frequency", {})
                    total["named"] += len(steps)
                    total["right"] += sum(int(law[int(k)]) == q for k, q in steps.items())
            total["files"] += len(named)
            total["found"] += found
            total["exact"] += exact
            cells.append(f"{found}/{exact}")
        yield f"| {q1} | {' | '.join(cells)} |"
    yield ""
    text = f"Found {total['found']} of {total['files']} ({percent(total['found'], total['files'])}), table exact in "
    text += f"{percent(total['exact'], total['found'])} of these"
    if shifted:
        yield f"{text}; on a wrong grid {total['wrong grid']}."
    else:
        right = percent(total["right"], total["named"])
        yield f"{text}; of {total['named']:,} steps that single frequencies name {right} right."
    yield ""


def resized(named: dict[str, Picture], second: str) -> Iterator[str]:
    """Detection of resizing, with a compression before it or not; what the others then say."""
    yield f"| before \\ factor, then {second} q75 / q90 | {' | '.join(map(str, SCALES))} |"
    yield f"| --- | {' | '.join('---:' for _ in SCALES)} |"
    wrong: Counter[str] = Counter()
    for q1 in (None, 70, 90):
        cells = []
        for scale in SCALES:
            counts = []
            for q2 in (75, 90):
                found = 0
                for picture in named.values():
                    before = decoded(pillow(picture, q1)) if q1 else picture
                    size = round(before.shape[1] * scale), round(before.shape[0] * scale)
                    small = np.asarray(Image.fromarray(before).resize(size, Image.Resampling.BICUBIC))
                    seen = look(ENCODERS[second](small, q2))
                    found += seen["resampled"]["answer"] == "yes"
                    wrong["files"] += 1
                    for key in ("aligned", "shifted"):
                        wrong[key] += seen[key]["answer"] == "yes"
                counts.append(str(found))
            cells.append(" / ".join(counts))
        yield f"| {f'Pillow q{q1}' if q1 else 'nothing'} | {' | '.join(cells)} |"
    yield ""
    said = (
        f"{wrong['aligned']} were said to have been compressed before on the same grid, {wrong['shifted']} on another"
    )
    yield f"Of these {wrong['files']} files, {said}."
    yield ""


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pictures", type=int, default=6, help="photographs for what is compressed twice")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/generations.md")
    asked = parser.parse_args()
    named = pictures()
    clean = {name: picture for name, picture in named.items() if name not in NOT_CLEAN}
    few = dict(list(clean.items())[:: max(1, len(clean) // asked.pictures)][: asked.pictures])
    lines = [head("generations", f"{len(clean)} photographs; twice: {', '.join(few)}"), speed(clean["kodak0"]), ""]
    lines += ["## Compressed once: false alarms", "", *once(clean), ""]
    lines += ["## Pictures that were no clean start", ""]
    for name in NOT_CLEAN:
        seen = look(pillow(named[name], 96))
        told = {
            k: (seen[k]["score"], seen[k].get("table"))
            for k in ("aligned", "shifted", "resampled")
            if seen[k]["answer"] == "yes"
        }
        lines.append(f"- {name} (Pillow q96): {told or 'nothing found'}")
    for shifted in (False, True):
        lines += ["", f"## Compressed twice, {'another' if shifted else 'same'} grid", ""]
        lines += [f"Cells: found / table exact, of {len(few)} pictures.", ""]
        for first, second in (("Pillow", "Pillow"), ("Pillow", "mozjpeg"), ("mozjpeg", "Pillow")):
            lines += twice(few, first, second, shifted)
    lines += ["## Resized", "", f"Cells: found of {len(few)} pictures.", ""]
    for second in ("Pillow", "mozjpeg"):
        lines += resized(few, second)
    text = "\n".join(lines).rstrip() + "\n"
    sys.stdout.write(text)
    if asked.write:
        start = "<!-- measured -->\n"
        page = PAGE.read_text(encoding="utf-8")
        PAGE.write_text(page[: page.index(start) + len(start)] + "\n" + text, encoding="utf-8")


if __name__ == "__main__":
    main()
