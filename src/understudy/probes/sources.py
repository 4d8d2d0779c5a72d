"""JPEGs of many kinds: what is passed through, what keeps its quality, its sampling or its tables."""

from __future__ import annotations

from . import drawing as d
from .base import Family, Pixels, Probe, Random
from .compact import kept
from .saving import jpeg

PASSED = ("files passed through", "quantisation tables")


def scene(random: Random, width: int, height: int) -> Pixels:
    """A scene."""
    return d.photograph(random, width, height)


FLAT_TABLES = [[7] * 64, [11] * 64]
STEEP_TABLES = [[2 + i // 2 for i in range(64)], [3 + i for i in range(64)]]

FAMILY = Family(
    "sources",
    "JPEGs of several qualities, samplings and tables",
    (
        *(Probe(f"quality-{q}", ".jpg", PASSED, ("JPEG decoder",), f"quality {q} in, what out?",
                (632, 456), scene,
                jpeg(q, "4:2:0"), "kept") for q in (30, 50, 65, 75, 85, 92, 97, 100)),
        *(Probe(f"sampling-{s.replace(':', '')}", ".jpg", ("chroma sampling",),
                ("JPEG decoder", "files passed through"),
                f"{s} in, what out?", (632, 456),
                kept, jpeg(90, s), "kept") for s in ("4:4:4", "4:2:2", "4:2:0")),
        Probe("progressive", ".jpg", ("files passed through",), ("scan script",), "progressive in", (632, 456), scene,
              jpeg(88, progressive=True), "kept"),
        Probe("optimised", ".jpg", ("files passed through",), ("Huffman tables",), "its own Huffman tables", (632, 456),
              scene, jpeg(88, optimize=True), "kept"),
        Probe("restarts", ".jpg", ("files passed through",), ("restart interval",), "restart markers", (632, 456),
              scene,
              jpeg(88, restart_marker_rows=2), "kept"),
        Probe("tables-flat", ".jpg", PASSED, (), "the same step for every frequency", (632, 456), scene,
              jpeg(tables=FLAT_TABLES), "kept"),
        Probe("tables-steep", ".jpg", PASSED, (), "tables of no known law", (632, 456),
              scene, jpeg(tables=STEEP_TABLES),
              "kept"),
        Probe("tiny-bytes", ".jpg", ("files passed through",), (), "few bytes: limits of weight", (632, 456), scene,
              jpeg(12, "4:2:0"), "kept"),
        Probe("heavy-bytes", ".jpg", ("files passed through",), ("size rule",), "many bytes", (1984, 1488), kept,
              jpeg(98, "4:4:4")),
    ),
)  # fmt: skip
