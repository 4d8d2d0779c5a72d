"""Quantisation tables: which law at which quality wrote each, exactly or at best nearly."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..codec.tables import KIN, TableMatch, candidates, identify
from ..jpeg.syntax import Dqt, JpegStream, QuantTable
from .base import Observation, placed, plural

SOURCE = "T.81 B.2.4.1; laws: codec/tables"
MAX_TABLES = 64
"""Tables that are identified: a file needs four."""


def detect(stream: JpegStream) -> Iterator[Observation]:
    found = [(offset, table) for offset, dqt in placed(stream, Dqt) for table in dqt.tables]
    matches: dict[tuple[int, ...], TableMatch] = {}
    for offset, table in found[:MAX_TABLES]:
        steps = table.steps_natural
        if steps not in matches:
            matches[steps] = identify(steps)
        match = matches[steps]
        value = _value(table, match, _users(stream, table.Tq), offset)
        yield Observation("tables", f"table {table.Tq}", value, _text(value), offset, SOURCE)


def _value(table: QuantTable, match: TableMatch, users: list[int], offset: int) -> dict[str, Any]:
    """`ties`: other laws, qualities and roles that give exactly this table; of laws that are kin, the match alone."""
    ties = [m for m in candidates(table.steps_natural) if m != match] if match.exact else []
    ties = [m for m in ties if not (m.law in KIN and match.law in KIN and m.law != match.law)]
    return {
        "Tq": table.Tq,
        "Pq": table.Pq,
        "law": str(match.law),
        "quality": match.quality,
        "exact": match.exact,
        "role": match.role,
        "residual": round(match.residual, 4),
        "ties": [{"law": str(m.law), "quality": m.quality, "role": m.role} for m in ties],
        "components": users,
        "offset": offset,
        "steps_natural": list(table.steps_natural),
    }


def _users(stream: JpegStream, Tq: int) -> list[int]:
    """Indexes of the frame's components that use destination Tq."""
    frame = stream.frame
    return [i for i, c in enumerate(frame.components) if c.quant_tbl_no == Tq] if frame else []


def law_text(value: dict[str, Any]) -> str:
    """`annex-k quality 85, exact`, or the nearest law and how far it is on average."""
    if not value["exact"]:
        return f"no exact law known here; nearest {nearest_text(value)}"
    ties = f" ({plural(len(value['ties']), 'other law or quality', 'other laws or qualities')} too)"
    return f"{_name(value)}, exact" + (ties if value["ties"] else "")


def nearest_text(value: dict[str, Any]) -> str:
    """`annex-k quality 85 (2.4 off a step)`: the nearest law, whether it fits or not."""
    return f"{_name(value)} ({value['residual']:.3g} off a step)"


def _name(value: dict[str, Any]) -> str:
    return str(value["law"]) + ("" if value["quality"] is None else f" quality {value['quality']}")


def _text(value: dict[str, Any]) -> str:
    """The law, who uses the table, and whether it stands in the other role than the law gives it."""
    users = value["components"]
    used = f"used by {plural(len(users), 'component')}" if users else "used by no component"
    crossed = (value["role"] == "chroma" and 0 in users) or (value["role"] == "luma" and users and 0 not in users)
    swap = f"; it is the law's {value['role']} table" if value["exact"] and crossed else ""
    return f"table {value['Tq']}: {law_text(value)}, {used}{swap}"
