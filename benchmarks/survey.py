"""How fast a corpus is read, and how much memory that takes.

    python benchmarks/survey.py [--rows 100000] [--rounds 5]

Headers: the files of ../shared/real, and small synthetic ones; with coefficients: one-megapixel JPEGs made here by
Pillow. CPU time of one process (user and system) is what a core gives; the whole survey is told by the clock.
Memory: the peak of the parent and of its largest worker over a corpus of --rows files whose headers differ.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path

from common import SHARED, head, photograph
from PIL import Image

from understudy.survey import workers

MEASURED = """
import resource, sys, time
from understudy.survey import survey
if __name__ == "__main__":
    began = time.time()
    done = survey(sys.argv[1], sys.argv[2], jobs=int(sys.argv[3]))
    own, inner = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = sum(r.ru_utime + r.ru_stime for r in (own, inner))
    print(done.rows, time.time() - began, cpu, own.ru_maxrss / 1024, inner.ru_maxrss / 1024)
"""


def rate(files: list[Path], coefficients: bool, rounds: int) -> float:
    """Files a second of CPU time in this process: the median over the rounds."""
    found = [workers.Found(str(p), p.name, p.stat().st_size, p.stat().st_mtime_ns) for p in files]

    def once() -> float:
        start = time.process_time()
        made = workers.rows(found, coefficients)
        spent = time.process_time() - start
        assert all(row["error"] is None and not row.get("coefficient_error") for row in made)
        return len(found) / spent

    once()
    return statistics.median(once() for _ in range(rounds))


def megapixel(folder: Path, name: str, **options: object) -> Path:
    """A JPEG of 1280 x 800 pixels."""
    path = folder / f"{name}.jpg"
    Image.fromarray(photograph(1280, 800)).save(path, **options)
    return path


def synthetic(folder: Path, count: int) -> None:
    """`count` small files in folders of a thousand, each with another comment and one of 40 sets of headers."""
    kinds = []
    for quality in range(60, 100):
        out = BytesIO()
        Image.fromarray(photograph(32, 32)).save(out, "jpeg", quality=quality, progressive=quality % 2 == 0)
        kinds.append(out.getvalue())
    for i in range(count):
        inner = folder / f"{i // 1000:04}"
        if i % 1000 == 0:
            inner.mkdir()
        text = f"file {i}".encode()
        data = kinds[i % len(kinds)]
        comment = b"\xff\xfe" + (len(text) + 2).to_bytes(2, "big") + text
        (inner / f"{i}.jpg").write_bytes(data[:2] + comment + data[2:])


def whole(folder: Path, out: Path, jobs: int) -> list[float]:
    """Rows, seconds, CPU seconds, and MiB at most of the parent and of a worker, of a survey in its own process."""
    script = out.with_suffix(".py")
    script.write_text(MEASURED)
    done = subprocess.run([sys.executable, script, folder, out, str(jobs)], capture_output=True, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        print(head("survey", "reading a corpus"))
        print("| files | depth | files a second and core | target |\n| --- | --- | ---: | ---: |")
        real = sorted((SHARED / "real").glob("*.jpg"))
        if real:
            size = sum(p.stat().st_size for p in real) / len(real) / 1000
            told = rate(real, False, options.rounds)
            print(f"| {len(real)} real deliveries, {size:.0f} kB each | headers | {told:.0f} | 400 |")
        made = [
            ("one megapixel, Pillow q80 4:2:0, baseline", {"quality": 80}),
            ("the same, progressive", {"quality": 80, "progressive": True}),
            ("one megapixel, Pillow q95 4:4:4, progressive", {"quality": 95, "progressive": True, "subsampling": 0}),
        ]
        for i, (text, how) in enumerate(made):
            path = megapixel(folder, str(i), **how)
            for coefficients in (False, True):
                told = rate([path] * 8, coefficients, options.rounds)
                depth, target = ("coefficients", 25) if coefficients else ("headers", 400)
                print(f"| {text}, {path.stat().st_size / 1000:.0f} kB | {depth} | {told:.0f} | {target} |")
        print("\n| synthetic corpus | seconds | files a second | CPU s | parent MiB | largest worker MiB |")
        print("| --- | ---: | ---: | ---: | ---: | ---: |")
        for count in (options.rows // 10, options.rows):
            corpus = folder / f"corpus{count}"
            corpus.mkdir()
            synthetic(corpus, count)
            for what in ("read", "read again, nothing new"):
                rows, seconds, cpu, own, inner = whole(corpus, folder / f"{count}.parquet", os.cpu_count() or 1)
                assert rows == count
                figures = f"{seconds:.0f} | {count / seconds:,.0f} | {cpu:.0f} | {own:.0f} | {inner:.0f}"
                print(f"| {count:,} files, {what} | {figures} |")


if __name__ == "__main__":
    main()
