"""The sixteen channels of the battery, each played by its hand-written profile in tests/battery.

    python benchmarks/battery_profiles.py

Nothing is taken from the received files (`free="predicted"`): sizes, tables, scans, headers and every coefficient are
the profile's prediction. Needs the shared folder.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from common import SHARED, head

import understudy as us

PROFILES = Path(__file__).resolve().parents[1] / "tests" / "battery"


def row(channel: Path) -> tuple[str, bool]:
    """(a line of the table, whether all of it is byte-identical)."""
    profile = us.load_profile(PROFILES / f"{channel.name}.toml")
    us.mimic(np.zeros((8, 8, 3), np.uint8), profile)  # kernels are loaded before the clock runs
    start = time.process_time()
    scores = {split: us.verify(profile, channel / f"{split}.csv", free="predicted") for split in ("train", "test")}
    seconds = time.process_time() - start
    pairs = [pair for split in scores.values() for pair in split.per_pair]
    failed = [f"{pair.name}: {pair.error}" for pair in pairs if pair.error]
    total = sum(pair.coefficients for pair in pairs)
    unequal = sum(round(pair.coefficients * (1 - pair.coefficients_equal)) for pair in pairs)
    told = {split: f"{s.bytes_identical} of {s.pairs}" for split, s in scores.items()}
    unlike = "; ".join(failed) or (f"{unequal:,} of {total:,}" if unequal else f"none of {total:,}")
    line = f"| {channel.name} | {profile.title} | {told['train']} | {told['test']} | {unlike} | {seconds:.1f} |"
    return line, all(s.bytes_identical == s.pairs for s in scores.values())


def main() -> None:
    channels = sorted(path.parent for path in (SHARED / "battery").glob("*/train.csv"))
    rows = [row(channel) for channel in channels]
    whole = sum(identical for _, identical in rows)
    print(head("battery_profiles", f"{whole} of {len(rows)} channels byte-identical on every pair"))
    print("| channel | what it is | train: bytes identical | test | coefficients that differ | CPU s |")
    print("| --- | --- | ---: | ---: | ---: | ---: |")
    print("\n".join(line for line, _ in rows))


if __name__ == "__main__":
    main()
