"""Is there a trait, or two or three together, that tells the platforms that inspect cannot tell?

    python benchmarks/inspect_traits.py

Looks at every row of deliveries.csv that cannot be told, and at every choice of up to three of its header traits, sizes
and marker orders included. A choice is worth a look where all rows that have it are of one platform and come from two
sources or more; whether other software makes such files too is for a person to say. Prints the best one of each row.
"""

from __future__ import annotations

import sys
from collections import Counter
from itertools import combinations
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "evidence")]

import accuracy  # noqa: E402

MOST = 3
"""Traits that are looked at together."""

Choice = tuple[tuple[str, ...], tuple[str, ...]]
"""Traits, and the value of each."""


def traits(row: dict[str, str], found: dict[str, str]) -> dict[str, str]:
    """The row's traits as `identify` has them, and more that the facts give."""
    width, height = int(row["width"]), int(row["height"])
    return {
        **found,
        "density": found.get("density", ""),
        "shortest side": str(min(width, height)),
        "multiples of 16": f"{width % 16 == 0} {height % 16 == 0}",
        "restart interval": row["dri"],
        "marker order": row["markers"],
        "DHT": f"{row['dht_segments']} {row['dht_tables']}",
        "ICC bytes": row["icc_bytes"],
        "trailing bytes": str(row["trailing_bytes"] != "0"),
    }


def choices() -> tuple[int, dict[int, tuple[Choice, int, int]]]:
    """(how many traits, row's index -> its best choice, how many rows have that, of how many sources)."""
    rows = [(row["platform"], row["source"], traits(row, found)) for row, found in accuracy.facts()]
    hidden = {row["sha256"] for row, _ in accuracy.untold()}
    asked = [i for i, (row, _) in enumerate(accuracy.facts()) if row["sha256"] in hidden]
    names = sorted(rows[0][2])
    best: dict[int, tuple[Choice, int, int]] = {}
    for picked in (p for n in range(1, MOST + 1) for p in combinations(names, n)):
        groups: dict[tuple[str, ...], list[int]] = {}
        values = [tuple(r[2][t] for t in picked) for r in rows]
        for i, value in enumerate(values):
            groups.setdefault(value, []).append(i)
        for i in asked:
            alike = groups[values[i]]
            sources = len({rows[j][1] for j in alike})
            if sources > 1 and len({rows[j][0] for j in alike}) == 1 and (i not in best or sources > best[i][2]):
                best[i] = ((picked, values[i]), len(alike), sources)
    return len(names), best


def main() -> None:
    """Prints how many rows have such a choice, and the choices."""
    count, best = choices()
    hidden = sum(1 for _ in accuracy.untold())
    print(f"{count} traits: {len(best)} of {hidden} rows have a choice of up to {MOST} that their platform alone has")
    told = Counter(
        f"{accuracy.facts()[i][0]['platform']}: "
        + ", ".join(f"{t} {v[:40]!r}" for t, v in zip(*choice, strict=True))
        + f" ({files} files of {sources} sources)"
        for i, (choice, files, sources) in best.items()
    )
    for words, rows in told.most_common():
        print(f"{rows:3}  {words}")


if __name__ == "__main__":
    main()
