"""codec.tables and codec.scans: laws against Pillow, and against what 478 real deliveries carry."""

from __future__ import annotations

import ast
import csv
import io
import json
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from codec_oracles import shared
from PIL import Image, JpegPresets

from understudy.codec import scans, tables
from understudy.codec.photoshop_tables import PHOTOSHOP
from understudy.codec.scans import ScanSpec
from understudy.codec.tables import Law
from understudy.jpeg import parse


def test_annex_k_is_pillows_for_every_quality() -> None:
    for quality in range(1, 101):
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8)).save(buffer, "JPEG", quality=quality)
        saved = Image.open(buffer).quantization
        luma, chroma = tables.quant_tables(Law.ANNEX_K, quality)
        assert (list(luma), list(chroma)) == (list(saved[0]), list(saved[1]))


def test_every_table_identifies_itself() -> None:
    for law in (law for law in Law if law == Law.ANNEX_K or law.startswith("mozjpeg")):
        for quality in range(1, 101):
            for role, table in zip(("luma", "chroma"), tables.quant_tables(law, quality), strict=True):
                found = [(m.law, m.quality) for m in tables.candidates(table) if m.role in (role, "both")]
                assert (law, quality) in found
                assert tables.identify(table) in tables.candidates(table)
    for role, table in zip(("luma", "chroma"), tables.quant_tables(Law.CUSTOM_DIAG), strict=True):
        assert tables.identify(table) == tables.TableMatch("facebook-custom-diag", None, role, True, 0.0)


def test_ties() -> None:
    """The flat tables of preset 1 come again at neighbouring qualities; beside them only the extremes are shared."""
    assert [(m.law, m.quality) for m in tables.candidates([1] * 64)][:2] == [("annex-k", 100), ("mozjpeg-3", 100)]
    assert {m.quality for m in tables.candidates([255] * 64)} == {1, 2, 3}
    others = {Law.JPEGLI, Law.LIBJPEG_9E, Law.JAVA_IMAGEIO, *PHOTOSHOP}
    tied = {
        t for t, matches in tables._by_table(True).items()
        if len({(m.law, m.role) for m in matches if m.law not in others}) > 1
    }  # fmt: skip
    shared_by_2 = {tables.quant_tables(Law.ANNEX_K, 99)[1], tables.quant_tables(Law.MOZJPEG_2, 3)[0]}
    assert tied == {(1,) * 64, (255,) * 64, *shared_by_2}


def test_photoshops_settings_are_pillows() -> None:
    """Tables that Pillow writes under their names: the file says whose they are."""
    assert {f"photoshop/{name.replace('_', '-')}" for name in JpegPresets.presets} == set(PHOTOSHOP)
    for name in JpegPresets.presets:
        buffer = io.BytesIO()
        Image.new("RGB", (8, 8)).save(buffer, "JPEG", quality=name)
        saved = Image.open(buffer).quantization
        setting = f"photoshop/{name.replace('_', '-')}"
        assert [list(t) for t in PHOTOSHOP[setting]] == [list(saved[0]), list(saved[1])]
        for role, table in zip(("luma", "chroma"), PHOTOSHOP[setting], strict=True):
            assert tables.TableMatch(setting, None, role, True, 0.0) in tables.candidates(table)


def test_nearest() -> None:
    steps = list(tables.quant_tables(Law.ANNEX_K, 71)[0])
    steps[10] += 2
    assert tables.identify(steps) == tables.TableMatch("annex-k", 71, "luma", False, 2 / 64)
    assert not tables.candidates(steps)


def test_sixteen_bit_tables() -> None:
    luma, _ = tables.quant_tables(Law.ANNEX_K, 5, force_baseline=False)
    assert max(luma) == 1210
    assert tables.identify(luma) == tables.TableMatch("annex-k", 5, "luma", True, 0.0)


@pytest.mark.parametrize(("law", "quality"), [("annex-k", 0), ("annex-k", 101), ("annex-k", None),
                                              ("facebook-custom-diag", 80), ("no-law", 80)])  # fmt: skip
def test_wrong_qualities_say_so(law: str, quality: int | None) -> None:
    with pytest.raises(ValueError):
        tables.quant_tables(law, quality)


def deliveries() -> list[dict[str, str]]:
    with shared("facts/deliveries.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.shared
def test_deliveries_tables() -> None:
    """Every row that the facts solved as one of our laws is solved alike; none of the others is claimed."""
    counts: Counter[str] = Counter()
    laws = {"annexK": "annex-k", "moz3": "mozjpeg-3", "jpegli420": "jpegli", "custom-diag": "facebook-custom-diag"}
    for row in deliveries():
        for role in ("luma", "chroma"):
            if not row[f"{role}_q_natural"]:
                continue
            steps = [int(q) for q in row[f"{role}_q_natural"].split()]
            # annexK:q71, or custom-diag, or where tables tie annexK:q100;moz3:q100 (and presets not ours).
            solved = [s.partition(":") for s in row[f"{role}_solved"].split(";")]
            want = {(laws[name], int(q[1:]) if q else None) for name, _, q in solved if name in laws}
            matches = tables.candidates(steps)
            found = {(m.law, m.quality) for m in matches if m.role in (role, "both") and m.law in laws.values()}
            if set(steps) == {1}:
                want.add(("jpegli", 100))  # the facts did not ask for it
            assert found == want, row["sha256"]
            counts[role, solved[0][0]] += bool(want)
    both = {"annexK": 241, "moz3": 45, "jpegli420": 101, "custom-diag": 20}
    assert {name: counts["luma", name] for name in laws} == both
    assert {name: counts["chroma", name] for name in laws} == {**both, "annexK": 247}


# --- scans


def script_of(data: bytes) -> scans.Script:
    stream = parse(data)
    assert stream.frame is not None
    ids = [c.id for c in stream.frame.components]
    return tuple(ScanSpec(tuple(ids.index(c.id) for c in s.components), s.Ss, s.Se, s.Ah, s.Al) for s in stream.scans)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_simple_progression_is_libjpegs(mode: str) -> None:
    buffer = io.BytesIO()
    Image.new(mode, (16, 16)).save(buffer, "JPEG", progressive=True)
    assert script_of(buffer.getvalue()) == scans.simple_progression(len(mode) if mode != "L" else 1)
    buffer = io.BytesIO()
    Image.new(mode, (16, 16)).save(buffer, "JPEG")
    assert script_of(buffer.getvalue()) == scans.baseline(len(mode) if mode != "L" else 1)


def test_names() -> None:
    assert {scans.name_of(script) for script in scans.SCRIPTS.values()} == set(scans.SCRIPTS)
    assert scans.name_of(scans.SIMPLE10[:-1]) is None
    assert str(scans.SIMPLE10[0]) == "0 1 2: 0-0, 0, 1"


def test_named_scripts_are_legal_and_complete() -> None:
    for name, script in scans.SCRIPTS.items():
        n = 1 if name.endswith("grey") else 3
        assert scans.check(script, n) == [], name
        last = {(c, k): s.Al for s in script for c in s.components for k in range(s.Ss, s.Se + 1)}
        assert last == {(c, k): 0 for c in range(n) for k in range(64)}, name


S = ScanSpec
DC = S((0,), 0, 0, 0, 0)


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ((), "no scans"),
        ((S((), 0, 63, 0, 0),), "expected 1 to 4 components"),
        ((S((1, 0), 0, 63, 0, 0),), "frame's order"),
        ((S((0, 0), 0, 63, 0, 0),), "frame's order"),
        ((S((3,), 0, 63, 0, 0),), "beyond the frame's 3"),
        ((S((0,), 0, 63, 0, 0), S((0,), 0, 63, 0, 0)), "was sent before"),
        ((S((0,), 0, 63, 0, 0),), "component 1 has no DC"),
        ((S((0,), 0, 5, 0, 0),), "neither 0-0 nor within 1-63"),
        ((DC, S((0,), 5, 4, 0, 0)), "neither 0-0 nor within 1-63"),
        ((DC, S((0,), 1, 64, 0, 0)), "neither 0-0 nor within 1-63"),
        ((S((0, 1), 0, 0, 0, 0), S((0, 1), 1, 63, 0, 0)), "an AC scan has one component"),
        ((S((0,), 0, 0, 0, 14),), "expected Al 0 to 13"),
        ((S((0,), 0, 0, 2, 0),), "Ah 0 or Al \\+ 1"),
        ((S((0,), 1, 63, 0, 0),), "AC before DC"),
        ((DC, S((0,), 1, 63, 0, 0), S((0,), 5, 9, 0, 0)), "had part of this band sent before"),
        ((DC, S((0,), 1, 63, 1, 0)), "does not stand at bit 1"),
        ((DC, S((0,), 1, 9, 0, 1), S((0,), 1, 12, 1, 0)), "does not stand at bit 1"),
    ],
)
def test_illegal_scripts(script: scans.Script, problem: str) -> None:
    import re

    assert any(re.search(problem, line) for line in scans.check(script, 3)), scans.check(script, 3)


@pytest.mark.shared
def test_deliveries_scripts() -> None:
    """Every script of a real delivery is legal, and the named ones are as common as their comments say."""
    names: Counter[str | None] = Counter()
    for row in deliveries():
        if row["scan_script"]:
            script = tuple(S(tuple(c), *numbers) for c, *numbers in json.loads(row["scan_script"]))
            assert scans.check(script, int(row["ncomp"])) == [], row["sha256"]
            names[scans.name_of(script)] += 1
    assert names["facebook-0f"] == 62 and names["facebook-23"] == 12 and names["whatsapp-8"] == 31
    assert names["facebook-30"] == 27 and names["facebook-30-b"] == 14 and names["simple10"] == 119


def test_nothing_heavy_is_imported() -> None:
    """inspect must start fast: tables, scans and variants load neither numpy nor numba."""
    code = (
        "import sys, understudy.codec.tables, understudy.codec.scans, understudy.codec.variants;"
        "print([m for m in ('numpy', 'numba', 'torch') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert ast.literal_eval(out) == []


def test_natural_order() -> None:
    """Not zigzag: the last of the first row is the highest horizontal frequency."""
    luma = np.reshape(tables.ANNEX_K_LUMA_NATURAL, (8, 8))
    assert (luma[0, 7], luma[7, 0]) == (61, 72)
