"""The shared folder with real deliveries: beside the checkout, or named by UNDERSTUDY_SHARED."""

from __future__ import annotations

import csv
import os
from hashlib import sha256
from pathlib import Path


def shared_root() -> Path | None:
    named = os.environ.get("UNDERSTUDY_SHARED")
    places = [Path(named)] if named else [p / "shared" for p in Path(__file__).resolve().parents[2:4]]
    return next((p for p in places if (p / "facts" / "deliveries.csv").is_file()), None)


def real_files() -> list[Path]:
    """Every JPEG of the shared folder's real deliveries and golden pairs; empty where there is no folder."""
    root = shared_root()
    if root is None:
        return []
    return sorted([*root.glob("real/*.jpg"), *root.glob("golden/*/*.jpg")])


def facts_rows() -> list[dict[str, str]]:
    """Every row of deliveries.csv; empty where there is no folder."""
    root = shared_root()
    if root is None:
        return []
    with (root / "facts" / "deliveries.csv").open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def measured_files() -> list[tuple[Path, dict[str, str]]]:
    """The files that deliveries.csv has a row for, found by the first 16 digits of their SHA-256."""
    rows = {row["sha256"]: row for row in facts_rows()}
    found = ((path, rows.get(sha256(path.read_bytes()).hexdigest()[:16])) for path in real_files())
    return [(path, row) for path, row in found if row is not None]
