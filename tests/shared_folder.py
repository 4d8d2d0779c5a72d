"""The shared folder with real deliveries: beside the checkout, or named by UNDERSTUDY_SHARED.

Tests that need it carry the mark `shared`; conftest.py skips them where it is missing, and fails them in CI.
"""

from __future__ import annotations

import csv
import os
from hashlib import sha256
from pathlib import Path


def shared_root() -> Path | None:
    """The folder, None where there is none."""
    named = os.environ.get("UNDERSTUDY_SHARED")
    places = [Path(named)] if named else [p / "shared" for p in Path(__file__).resolve().parents[1:3]]
    return next((p for p in places if (p / "facts" / "deliveries.csv").is_file()), None)


def shared(relative: str) -> Path:
    """A file of the folder; for tests marked `shared`."""
    root = shared_root()
    assert root is not None, "a test that calls this carries the mark `shared`"
    return root / relative


def matching(*patterns: str) -> list[Path]:
    """Every file of the folder that a pattern matches, sorted; empty where there is no folder."""
    root = shared_root()
    return sorted(p for pattern in patterns for p in root.glob(pattern)) if root else []


def real_files() -> list[Path]:
    """Every JPEG of the real deliveries and golden pairs."""
    return matching("real/*.jpg", "golden/*/*.jpg")


def battery_files() -> list[Path]:
    """Every JPEG that third-party software made in the battery."""
    return matching("battery/*/received/*.jpg")


def photo_files() -> list[Path]:
    """Every JPEG among the photographs."""
    return matching("photos/*.jpg")


def name_of(path: Path) -> str:
    """A short name that tells files of the folder apart, for test ids."""
    root = shared_root()
    return str(path.relative_to(root)) if root else path.name


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
