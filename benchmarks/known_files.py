"""Writes src/understudy/evidence/known_files.toml from the shared folder's deliveries.csv.

    python benchmarks/known_files.py

One entry for each set of traits, platform and source, with the longest side of each file. A test holds both together.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "evidence")]

from accuracy import known_rows  # noqa: E402

from understudy.evidence._resemblance import CARRIED, CODING, Known  # noqa: E402

TABLE = ROOT / "src" / "understudy" / "evidence" / "known_files.toml"
HEAD = """# Delivered files without FBMD, as header facts: one entry for each set of traits, platform and source.
# Made by benchmarks/known_files.py from facts/deliveries.csv (478 files from public repositories, November 2026); the
# platform is as the files' place, name or bytes say, the source a repository's number there. `longest`: each file's
# longest side, in pixels. Traits: _traits.py.

"""


def main() -> None:
    """Writes the table."""
    first = f"traits = {json.dumps(list(CODING + CARRIED))}\n"
    TABLE.write_text(HEAD + first + "".join(map(entry, known_rows())), encoding="utf-8")


def entry(known: Known) -> str:
    """One entry, as TOML; JSON's strings and lists are TOML's too."""
    return (
        "\n[[known]]\n"
        f"platform = {json.dumps(known.platform)}\n"
        f"source = {json.dumps(known.source)}\n"
        f"longest = {json.dumps(list(known.longest))}\n"
        f"traits = {json.dumps(list(known.traits.values()))}\n"
    )


if __name__ == "__main__":
    main()
