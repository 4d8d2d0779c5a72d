"""Which platform, and how sure: on the measured rows, on real files, on what the profiles write, on edited files."""

from __future__ import annotations

import base64
import io
from collections import Counter
from pathlib import Path

import accuracy
import cv2
import made_files
import numpy as np
import pytest
from csv_facts import traits
from hand_built import desc, icc_profile
from PIL import Image

import understudy as us
from shared_folder import battery_files, measured_files, name_of, photo_files, real_files
from understudy.evidence import _knowledge as knowledge
from understudy.evidence.identity import CANNOT_TELL, CONSISTENT, MARKED, NAMES, identify, sentence
from understudy.inspection import Inspection, inspect
from understudy.jpeg.compose import Huffman
from understudy.profile import shipped_profiles
from understudy.steps.encode import Encode
from understudy.steps.envelope import Envelope

NOWHERE = Path("missing")
SIGNATURES = knowledge.signatures()
WITH_PROFILE = [s for s in SIGNATURES if s.profile]

by_id = pytest.mark.parametrize("signature", SIGNATURES, ids=lambda s: s.id)


@pytest.mark.shared
def test_the_platform_of_every_measured_row() -> None:
    """Where a platform is claimed it is right (alone or in the class) for at least 98 % of the rows; nothing marked is
    wrong. What cannot be told is counted, so that silence cannot hide a loss."""
    tally = accuracy.platforms()
    assert tally.rows >= 478
    assert tally.marked_wrong == 0 and tally.marked >= 200
    assert tally.agree >= 0.98 * tally.answered, tally.misses
    assert tally.misses == []
    assert tally.answered >= 0.78 * tally.rows
    assert tally.answers[accuracy.RIGHT] >= 296
    assert tally.forerunner <= 9


@pytest.mark.shared
def test_the_platform_by_what_other_sources_taught() -> None:
    """The same, each row without the signatures that its own source alone supports: a figure for files not yet seen."""
    tally = accuracy.platforms(without_own_source=True)
    assert tally.marked_wrong == 0
    assert tally.agree >= 0.98 * tally.answered, tally.misses
    assert tally.answered >= 0.71 * tally.rows
    assert len(tally.misses) <= 2


@pytest.mark.shared
def test_law_quality_script_and_family_of_every_measured_row() -> None:
    right, rows, wrong = accuracy.laws()
    assert right == rows, wrong
    right, rows = accuracy.scripts()
    assert right == rows
    first, fits, n = accuracy.families()
    assert n >= 200
    assert first == fits == n


@pytest.mark.shared
@by_id
def test_a_signature_counts_its_files(signature: knowledge.Signature) -> None:
    rows = accuracy.rows_of(signature)
    assert (len(rows), len({r["source"] for r in rows})) == (signature.files, signature.sources)
    assert rows, "a signature that no file has is no measurement"


@by_id
def test_a_signature_is_well_formed(signature: knowledge.Signature) -> None:
    assert signature.platform in NAMES
    assert signature.source
    assert signature.telling or signature.note, "what is written by others too says so"
    assert not signature.since or not signature.until or signature.since <= signature.until


def test_identifiers_are_unique() -> None:
    for entries in (SIGNATURES, knowledge.layouts()):
        assert max(Counter(e.id for e in entries).values()) == 1


@pytest.mark.parametrize("signature", WITH_PROFILE, ids=lambda s: s.id)
def test_what_a_profile_fixes_is_read_as_the_profile_means_it(signature: knowledge.Signature) -> None:
    """evidence reads profiles as TOML, without loading the steps: the same values come out of the loaded profile."""
    profile = shipped_profiles()[signature.profile]
    written = knowledge._written(knowledge._profile(signature.profile))
    encode = next((s for s in profile.steps if isinstance(s, Encode)), None)
    envelope = next(s for s in profile.steps if isinstance(s, Envelope))
    ids = " ".join(map(str, envelope.component_ids[:3]))
    assert written.get("component ids", [ids]) == [ids]
    assert written.get("JFIF", [envelope.jfif]) == [envelope.jfif]
    assert written["FBMD"] == [envelope.fbmd_type if "fbmd" in envelope.iptc else "none"]
    if isinstance(envelope.density, tuple) and "density" in written:
        units, x, y = envelope.density
        assert written["density"] == [f"{units} {x}x{y}"]
    if encode is None:
        return
    assert written["law"] == [encode.law]
    assert written.get("quality", [str(encode.quality)]) == [str(encode.quality)]
    assert written.get("sampling", [encode.sampling]) == [encode.sampling]
    name = encode.script if isinstance(encode.script, str) else knowledge.script_text(encode.script)
    assert written.get("script", [name]) == [name]
    assert ("standard" in written["Huffman codes"]) == (encode.huffman is Huffman.STANDARD)
    assert written["quantisation tables"] == ["all in one segment" if envelope.merge_dqt else "one a segment"]


def photograph() -> bytes:
    out = io.BytesIO()
    Image.fromarray(made_files.picture(224, 160)).save(out, "PNG")
    return out.getvalue()


MARKS = {
    "facebook/reencoded-2018": ("c2", 524),
    "facebook/cdn-2022": ("uRGB", 456),
    "facebook/cdn-2022-annex-k": ("uRGB", 456),
}
"""Profiles whose files are told by the ICC profile that they carry, which is a free value there."""


def tiny(description: str, size: int) -> str:
    """An ICC profile of this name and size, for `envelope.icc`."""
    profile = icc_profile((b"desc", desc(description.encode())))
    padded = size.to_bytes(4, "big") + profile[4:] + bytes(size - len(profile))
    return "base64:" + base64.b64encode(padded).decode()


@pytest.mark.parametrize("name", sorted({s.profile for s in WITH_PROFILE}))
def test_what_a_profile_delivers_is_recognised(name: str) -> None:
    """A file made as the platform's profile says is consistent with that platform, and intact where it has FBMD."""
    icc = MARKS.get(name)
    delivery = us.mimic(photograph(), shipped_profiles()[name], **({"envelope.icc": tiny(*icc)} if icc else {}))
    seen = inspect(delivery.data)
    ids = {row["id"] for row in seen.value("identity", "candidates")}
    assert ids & {s.id for s in SIGNATURES if s.profile == name}
    if icc:
        assert seen.value("identity", "platforms")[0] == "facebook"
        without = inspect(us.mimic(photograph(), shipped_profiles()[name]).data)
        assert without.value("identity", "confidence") == CANNOT_TELL, (
            "without the telling profile others write the same"
        )
    fbmd = seen.find("fbmd") is not None
    assert seen.value("identity", "delivered_untouched") == ("yes" if fbmd else "cannot tell")
    operator = seen.value("identity", "operator")
    assert operator == ({"name": "Meta", "confidence": MARKED} if fbmd else None)


@pytest.mark.shared
@pytest.mark.parametrize(("path", "row"), measured_files() or [(NOWHERE, {})], ids=lambda x: getattr(x, "name", ""))
def test_the_files_own_traits_are_those_of_its_row(path: Path, row: dict[str, str]) -> None:
    """What the bytes give here is what the independent reader wrote down; so the rows stand for files not at hand."""
    mine = inspect(path.read_bytes()).value("identity", "traits")
    theirs = traits(row)
    assert {k: mine[k] for k in theirs if k in mine} == {k: v for k, v in theirs.items() if k in mine}
    assert set(theirs) <= set(mine)


EXPECTED: dict[str, tuple[str, str, int | None, str, list[str], str]] = {
    # the file: family, law, quality, script, platforms, delivered untouched
    "facebook-00e523be.jpg": ("libjpeg-progressive", "mozjpeg-3", 71, "simple10", ["facebook"], "cannot tell"),
    "facebook-02477c77.jpg": ("libjpeg-progressive", "mozjpeg-3", 80, "simple10", ["facebook"], "cannot tell"),
    "facebook-093d105d.jpg": ("facebook-classic", "annex-k", 71, "simple10", ["facebook"], "yes"),
    "facebook-28eada52.jpg": (
        "libjpeg-sequential",
        "annex-k",
        92,
        "baseline",
        ["facebook", "messenger"],
        "cannot tell",
    ),
    "facebook-40e30152.jpg": ("libjpeg-progressive", "mozjpeg-3", 80, "simple10", ["facebook"], "cannot tell"),
    "facebook-6d745a46.jpg": ("libjpeg-progressive", "mozjpeg-3", 80, "simple10", ["facebook"], "cannot tell"),
    "facebook-8a0ed821.jpg": ("libjpeg-progressive", "mozjpeg-3", 71, "simple10", ["facebook"], "cannot tell"),
    "facebook-a1d4238c.jpg": ("libjpeg-progressive", "mozjpeg-3", 71, "simple10", ["facebook"], "cannot tell"),
    "facebook-aafb3446.jpg": ("libjpeg-progressive", "mozjpeg-3", 80, "simple10", ["facebook"], "cannot tell"),
    "facebook-e2ec351e.jpg": ("libjpeg-progressive", "mozjpeg-3", 80, "simple10", ["facebook"], "cannot tell"),
    "whatsapp-02474b43.jpg": ("libjpeg-progressive", "annex-k", 75, "whatsapp-8", ["whatsapp"], "cannot tell"),
    "whatsapp-18df4b5f.jpg": ("libjpeg-progressive", "annex-k", 75, "whatsapp-8", ["whatsapp"], "cannot tell"),
    "whatsapp-579cd2d9.jpg": ("libjpeg-progressive", "annex-k", 75, "whatsapp-8", ["whatsapp"], "cannot tell"),
    "whatsapp-8953d706.jpg": ("libjpeg-progressive", "annex-k", 75, "whatsapp-8", ["whatsapp"], "cannot tell"),
    "whatsapp-a7ccebe7.jpg": ("libjpeg-progressive", "annex-k", 75, "whatsapp-8", ["whatsapp"], "cannot tell"),
    "whatsapp-c95ecd60.jpg": ("libjpeg-sequential", "annex-k", 90, "baseline", [], "cannot tell"),
    "whatsapp-d1d88e23.jpg": ("libjpeg-progressive", "annex-k", 75, "whatsapp-8", ["whatsapp"], "cannot tell"),
}
"""The 17 real deliveries: platform by their folder's README, law, quality and script by deliveries.csv."""


def golden_of(seen: Inspection) -> tuple[str, str, int | None, str, list[str], str]:
    return (
        accuracy.family_id(seen),
        seen.value("quality", "law"),
        seen.value("quality", "quality"),
        seen.value("scans", "name"),
        seen.value("identity", "platforms"),
        seen.value("identity", "delivered_untouched"),
    )


@pytest.mark.shared
def test_every_real_delivery() -> None:
    files = {p.name: p for p in real_files() if p.parent.name == "real"}
    assert set(files) == set(EXPECTED)
    assert {name: golden_of(inspect(path.read_bytes())) for name, path in files.items()} == EXPECTED


@pytest.mark.shared
def test_no_platform_is_claimed_of_files_that_none_delivered() -> None:
    """Sixteen channels of other software, two files each, and photographs; for encoders see test_encoders_made."""
    by_channel: dict[str, list[Path]] = {}
    for path in battery_files():
        by_channel.setdefault(path.parent.parent.name, []).append(path)
    files = [path for paths in by_channel.values() for path in paths[:2]] + photo_files()[:20]
    assert len(by_channel) >= 16
    claimed = {name_of(p): s for p in files if (s := inspect(p.read_bytes()).value("identity", "platforms"))}
    assert claimed == {}


def test_an_edited_delivery_is_no_longer_untouched() -> None:
    """Metadata put in, a byte behind the end, or saved anew: FBMD speaks of another file, and it marks nothing."""
    data = us.mimic(photograph(), "facebook/classic-2014").data
    assert inspect(data).value("identity", "operator")["confidence"] == MARKED
    exif = b"\xff\xe1\x00\x10Exif\0\0II*\0\x08\0\0\0"
    for changed in (data[:2] + exif + data[2:], data + b"\0"):
        seen = inspect(changed)
        assert seen.value("identity", "delivered_untouched") == "no"
        assert seen.value("identity", "operator") == {"name": "Meta", "confidence": CONSISTENT}
        assert seen.verdict[0].startswith("Changed since Meta delivered its forerunner")


def test_what_mimic_wrote_is_not_said_to_be_delivered() -> None:
    """FBMD of our own making fits as Meta's does: the words leave room for that."""
    made = us.mimic(np.zeros((24, 32, 3), np.uint8), "facebook/classic-2014").data
    words = " ".join([*inspect(made).verdict, *(o.text for o in inspect(made).all("identity"))])
    assert "FBMD fits this file, but signs nothing" in words
    assert "certain" not in words
    assert "elivered by Meta, c" not in words


def test_a_file_is_marked_by_the_note_alone() -> None:
    """Every trait of a signature without the intact note marks nothing, and tables alone not even a platform."""
    every_trait = {trait for signature in SIGNATURES for trait in signature.traits}
    for signature in SIGNATURES:
        found = {trait: sorted(values)[0] for trait, values in signature.traits.items()}
        for intact in (None, "no", "stale", "cannot tell"):
            verdict = identify(found, intact)
            assert not verdict["operator"] or verdict["operator"]["confidence"] != MARKED
            assert MARKED not in sentence(verdict)
        tables = {trait: found[trait] for trait in ("law", "quality") if trait in found}
        assert identify({**dict.fromkeys(every_trait, "?"), **tables})["platforms"] == []


def test_the_document_has_what_its_description_says() -> None:
    document = inspect(us.mimic(photograph(), "facebook/classic-2014").data).to_dict()
    identity, quality = document["identity"], document["quality"]
    told = {"platforms", "confidence", "operator", "era", "candidates", "not_distinguished", "delivered_untouched"}
    assert told | {"traits"} == set(identity)
    assert (identity["platforms"], identity["confidence"], identity["era"]) == (
        ["facebook"],
        CONSISTENT,
        "2014 to 2021",
    )
    row = identity["candidates"][0]
    assert row["id"] == row["profile"] == "facebook/classic-2014"
    assert row["contradicts"] == [] and "FBMD: 01" in row["supports"] and row["telling"] and row["files"] == 24
    assert set(quality) == {"law", "quality", "exact", "residual", "ties", "luma", "chroma"}
    assert (quality["law"], quality["quality"], quality["exact"]) == ("annex-k", 71, True)
    assert quality["luma"] == {"law": "annex-k", "quality": 71, "exact": True, "residual": 0.0}


@pytest.mark.parametrize(("luma", "chroma"), [(85, 60), (40, 90)])
def test_tables_of_two_qualities_are_told_apart(luma: int, chroma: int) -> None:
    """OpenCV can be asked for a quality of its own for chroma."""
    asked = [cv2.IMWRITE_JPEG_LUMA_QUALITY, luma, cv2.IMWRITE_JPEG_CHROMA_QUALITY, chroma]
    _, data = cv2.imencode(".jpg", made_files.picture(), asked)
    quality = inspect(data.tobytes()).to_dict()["quality"]
    assert (quality["law"], quality["quality"], quality["exact"]) == (None, None, False)
    assert (quality["luma"]["law"], quality["luma"]["quality"]) == ("annex-k", luma)
    assert (quality["chroma"]["law"], quality["chroma"]["quality"]) == ("annex-k", chroma)


def test_unknown_stays_unknown() -> None:
    out = io.BytesIO()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(out, "JPEG", quality=33, dpi=(77, 77))
    seen = inspect(out.getvalue())
    assert seen.value("identity", "confidence") == CANNOT_TELL
    assert seen.value("identity", "platforms") == []
    assert "cannot be told" in " ".join(seen.verdict[1:])
    assert seen.verdict[0].startswith("Baseline JPEG")
