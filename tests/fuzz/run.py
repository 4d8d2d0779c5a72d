"""Hostile input for as long as you like: damaged files through the library; only UnderstudyError may come out.

    python -m tests.fuzz.run --seconds 60                     all kinds, from the repository's root
    python -m tests.fuzz.run --kind decode --count 20000      one kind, so many inputs
    python -m tests.fuzz.run --kind mimic --seed 7 --only 123 the input that a report names, again

    parse     parse(data); write(parse(data)) must give data
    decode    read_coefficients, then the entropy coder on whatever came out
    inspect   inspect, to a JSON document
    formats   the same for PNG, WebP, GIF, AVIF, HEIC and JPEG with more than one picture
    mimic     JPEG, PNG, WebP, GIF, TIFF, BMP as sent pictures through every shipped profile; damaged files for --like

An input that raises anything else, takes more than --limit seconds of processor time, or lets the process grow
beyond --memory MiB fails the run: exit code 1, the input's number and seed, and with --save DIR the input itself.
The last line on standard output is a JSON document with the figures.
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import random
import resource
import sys
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

from PIL import Image

import understudy as us
from understudy.jpeg.compose import Huffman, encode
from understudy.jpeg.syntax import QuantTable, ScanSpec
from understudy.profile import shipped_profiles

from .mutate import format_seeds, jpeg_seeds, mutated, other_seeds

PICTURES_UP_TO = 1 << 21
"""Pixels, for other formats than JPEG: a larger claim is refused, so that the fuzzer's time goes into small files."""


def parse(data: bytes, rng: random.Random) -> None:
    stream = us.jpeg.parse(data)
    assert us.jpeg.write(stream) == data
    located = stream.located()
    assert sum(e.size for _, e in located) + len(stream.trailing) == len(data)
    _ = stream.frame, stream.scans, stream.app(13)


def decode(data: bytes, rng: random.Random) -> None:
    read = us.jpeg.read_coefficients(us.jpeg.parse(data), max_pixels=1 << 24)
    assert len(read.anomalies) <= 1001
    parts = read.components
    if sum(c.blocks.size for c in parts) > 1 << 22:
        return
    scans: list[ScanSpec] = [ScanSpec((i,)) for i in range(len(parts))]
    if rng.random() < 0.5:
        scans = [ScanSpec((i,), 0, 0, 0, 1) for i in range(len(parts))] + [
            ScanSpec((i,), 0, 0, 1, 0) for i in range(len(parts))
        ]
        bits = rng.randrange(4)
        for i in range(len(parts)):
            scans += [ScanSpec((i,), 1, 63, 0, bits), *(ScanSpec((i,), 1, 63, a, a - 1) for a in range(bits, 0, -1))]
    encode(
        [c.blocks for c in parts], width=read.width, height=read.height, components=[c.header for c in parts],
        quant_tables=[QuantTable(0, (1,) * 64)], script=scans, progressive=len(scans) > len(parts),
        huffman=Huffman.OPTIMAL, restart_interval=rng.choice((0, 1, 3)),
    )  # fmt: skip


def inspect(data: bytes, rng: random.Random) -> None:
    json.dumps(us.inspect(data).to_dict(), allow_nan=False)


def mimic(data: bytes, rng: random.Random) -> None:
    profile = rng.choice(list(shipped_profiles().values()))
    if rng.random() < 0.2:
        us.mimic(whole_files("mimic")["baseline"], profile, like=data)
    else:
        delivery = us.mimic(data, profile, trace=rng.random() < 0.2)
        assert us.jpeg.write(us.jpeg.parse(delivery.data)) == delivery.data
        for stage in delivery.stages:
            stage.pixels()


KINDS: dict[str, Callable[[bytes, random.Random], None]] = {
    "formats": inspect,
    "parse": parse,
    "decode": decode,
    "inspect": inspect,
    "mimic": mimic,
}


@cache
def whole_files(kind: str) -> dict[str, bytes]:
    """The files that get damaged."""
    if kind == "formats":
        return format_seeds()
    return jpeg_seeds() | (other_seeds() if kind == "mimic" else {})


def inputs(kind: str, seed: int) -> Iterator[tuple[int, bytes, random.Random]]:
    """(number, damaged file, randomness for the target): each follows from kind, seed and number alone."""
    whole = list(whole_files(kind).values())
    number = 0
    while True:
        rng = random.Random(f"{kind} {seed} {number}")
        yield number, mutated(whole[number % len(whole)], whole, rng), rng
        number += 1


class Failure(Exception):
    """Something that hostile input must not do."""


def run(
    kind: str, *, seed: int, seconds: float, count: int, limit: float, memory: int, only: int | None, save: Path | None
) -> dict[str, object]:
    """Feeds one kind until time or count is up; returns the figures. Raises Failure."""
    outcomes: Counter[str] = Counter()
    slowest = 0.0
    for data in whole_files(kind).values():  # what they need compiles outside of the clock
        _once(kind, data, random.Random(0))
    until = time.monotonic() + seconds
    for number, data, rng in inputs(kind, seed):
        if number >= count or (time.monotonic() > until and only is None):
            break
        if only is not None and number != only:
            continue
        faulthandler.dump_traceback_later(120, exit=True)
        start = time.process_time()
        try:
            outcomes[_once(kind, data, rng)] += 1
            took = time.process_time() - start
            if took > limit:
                raise Failure(f"{took:.1f} s of processor time for {len(data)} bytes")
            peak = peak_mib()
            if peak > memory:
                raise Failure(f"{peak} MiB of memory")
        except Exception as error:
            if save is not None:
                save.mkdir(parents=True, exist_ok=True)
                (save / f"{kind}-{seed}-{number}.bin").write_bytes(data)
            raise Failure(f"--kind {kind} --seed {seed} --only {number}") from error
        finally:
            faulthandler.cancel_dump_traceback_later()
        slowest = max(slowest, took)
        if only is not None:
            break
    peak = peak_mib()
    return {"kind": kind, "seed": seed, "inputs": sum(outcomes.values()), "outcomes": dict(outcomes.most_common()),
            "slowest_s": round(slowest, 3), "peak_MiB": peak}  # fmt: skip


def peak_mib() -> int:
    """The most memory that this program has had, MiB. (getrusage's figure is no use here: Linux hands a parent's down
    through fork and exec, and a test process that has loaded torch is large.)"""
    status = Path("/proc/self/status")
    if status.is_file():
        peak = next(line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM"))
        return int(peak.split()[1]) // 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _once(kind: str, data: bytes, rng: random.Random) -> str:
    """What came of one input: `done` or the name of the error, whose text is one line."""
    try:
        KINDS[kind](data, rng)
    except us.UnderstudyError as error:
        line = str(error)
        assert line
        assert "\n" not in line
        return type(error).__name__
    return "done"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kind", choices=KINDS, action="append", help="repeatable; all if left out")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="in all, divided among the kinds")
    parser.add_argument("--count", type=int, default=sys.maxsize, help="inputs a kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", type=int, help="this one input")
    parser.add_argument("--limit", type=float, default=2.0, help="seconds of processor time an input")
    parser.add_argument("--memory", type=int, default=1024, help="MiB of the whole process")
    parser.add_argument("--save", type=Path, help="write an input that fails to this folder")
    asked = parser.parse_args()
    if asked.seconds == float("inf") and asked.count == sys.maxsize and asked.only is None:
        parser.error("--seconds or --count")
    Image.MAX_IMAGE_PIXELS = PICTURES_UP_TO // 2  # Pillow refuses twice as many
    warnings.simplefilter("ignore")
    kinds = asked.kind or list(KINDS)
    figures = []
    for kind in kinds:
        try:
            figures.append(
                run(kind, seed=asked.seed, seconds=asked.seconds / len(kinds), count=asked.count, limit=asked.limit,
                    memory=asked.memory, only=asked.only, save=asked.save)
            )  # fmt: skip
        except Failure as failure:
            traceback.print_exception(failure)
            print(f"again: python -m tests.fuzz.run {failure}", file=sys.stderr)
            return 1
    print(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
