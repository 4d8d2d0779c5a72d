"""jpegli's tables: pyjpegli at every quality, and every delivery that was solved as jpegli."""

from __future__ import annotations

import pyjpegli
import pytest

from shared_folder import facts_rows
from understudy.codec import tables
from understudy.codec.jpegli import tables as jpegli
from understudy.codec.jpegli.zero_bias import distance_from, thresholds
from understudy.codec.tables import Law
from understudy.jpeg import parse
from understudy.jpeg.syntax import Dqt


def test_every_quality_is_pyjpeglis() -> None:
    for quality in range(1, 101):
        stream = parse(pyjpegli.encode(bytes(3), 1, 1, quality))
        theirs = [t.steps_natural for e in stream.elements if isinstance(e, Dqt) for t in e.tables]
        assert theirs == list(tables.quant_tables(Law.JPEGLI, quality)), quality


@pytest.mark.shared
def test_every_delivery_that_was_solved_as_jpegli() -> None:
    solved = [row for row in facts_rows() if row["luma_solved"].startswith("jpegli420")]
    assert len(solved) == 101
    for row in solved:
        assert row["luma_solved"] == row["chroma_solved"]
        quality = int(row["luma_solved"].partition(":q")[2])
        ours = tables.quant_tables(Law.JPEGLI, quality, force_baseline=False)
        assert [" ".join(map(str, t)) for t in ours] == [row["luma_q_natural"], row["chroma_q_natural"]]
        for table, role in zip(ours, ("luma", "chroma"), strict=True):
            assert tables.identify(table) == tables.TableMatch("jpegli", quality, role, True, 0.0, True)


def test_sixteen_bits_or_baseline() -> None:
    wide, narrow = (tables.quant_tables(Law.JPEGLI, 65, force_baseline=f)[1] for f in (False, True))
    assert [(a, b) for a, b in zip(wide, narrow, strict=True) if a != b] == [(267, 255)]
    assert tables.identify(wide).quality == tables.identify(narrow).quality == 65


def test_no_420_has_tables_of_its_own() -> None:
    """4:2:0 scales both tables by 1.22, chroma's entries by 0.055 to 0.41 besides; grey is like 4:4:4."""
    for quality in (30, 65, 80, 90):
        (luma, chroma), (other_luma, other_chroma) = (
            tables.quant_tables(Law.JPEGLI, quality, is_420=f) for f in (True, False)
        )
        assert all(a >= b for a, b in zip(luma, other_luma, strict=True))
        assert all(a <= b for a, b in zip(chroma, other_chroma, strict=True))
        assert tables.identify(other_chroma) == tables.TableMatch("jpegli", quality, "chroma", True, 0.0, False)


def test_distances() -> None:
    known = {100: 0.01, 99: 0.19, 90: 1.0, 80: 1.9, 65: 3.25, 30: 6.4, 29: 6.508, 1: 23.868}
    assert {q: round(jpegli.distance_of(q), 3) for q in known} == known
    distances = [jpegli.distance_of(q) for q in range(1, 101)]
    assert distances == sorted(distances, reverse=True)
    for quality in (0, 101):
        with pytest.raises(ValueError, match="1 to 100"):
            tables.quant_tables(Law.JPEGLI, quality)


def test_distances_read_back_where_nothing_was_rescaled() -> None:
    """Without 4:2:0 luma alone decides to a few thousandths; chroma, read as Cb, contradicts it and is left out."""
    for quality in (40, 65, 80):
        luma, _ = jpegli.quant_tables(quality, is_420=False)
        assert abs(distance_from([luma], force_baseline=True) - jpegli.distance_of(quality)) < 0.02


def test_thresholds() -> None:
    pair = jpegli.quant_tables(80, is_420=True)
    for offset, mul in thresholds([*pair, pair[1]], adaptive=True, force_baseline=True):
        assert offset[0] == mul[0] == 0
        assert offset[1:].min() > 0.57 and offset[1:].max() < 0.6
    for _, mul in thresholds([*pair, pair[1]], adaptive=False, force_baseline=True):
        assert not mul.any()
    ((offset, _),) = thresholds([pair[0]], adaptive=False, force_baseline=True)
    assert not offset.any()
