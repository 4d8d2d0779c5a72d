"""Where no platform can be told: the known deliveries with the same headers, counted; and what a file's name says."""

from __future__ import annotations

import io

import accuracy
import made_files
import pytest
from PIL import Image

from understudy.evidence import _filenames as filenames
from understudy.evidence._resemblance import CARRIED, CODING, Known, known_files, resembling
from understudy.evidence.identity import alike_text, identify, sentence
from understudy.inspection import inspect

TRAITS = dict.fromkeys(CODING + CARRIED, "same")


def known(platform: str, *longest: int, source: str = "a", **other: str) -> Known:
    return Known({**TRAITS, **other}, platform, source, longest)


@pytest.mark.shared
def test_the_shipped_table_is_that_of_the_facts() -> None:
    """benchmarks/known_files.py was run after the last change of the facts or the traits."""
    assert known_files() == accuracy.known_rows()


@pytest.mark.shared
def test_how_often_the_truth_is_among_the_files_that_look_the_same() -> None:
    """Without the file itself, and without its whole source: the second is the figure for files not yet seen."""
    rows = sum(1 for _ in accuracy.untold())
    by_file, by_source = accuracy.alike(without_own_source=False), accuracy.alike(without_own_source=True)
    assert sum(by_file.values()) == sum(by_source.values()) == rows
    assert by_file["first"] >= 85
    assert by_source["first"] >= 14


@pytest.mark.shared
def test_names_agree_with_bytes() -> None:
    """Of the files whose bytes tell a platform, the name, by its kind, says the same."""
    found = accuracy.names()
    assert found.rows >= 380 and found.beside >= 290
    assert found.agree >= 0.95 * found.beside


@pytest.mark.shared
@pytest.mark.parametrize("form", [f for f in filenames.forms() if f.rows], ids=lambda f: f.id)
def test_a_form_counts_its_rows(form: filenames.Form) -> None:
    kinds = form.kind.split(" or ")
    assert sum(any(kind in row["why"] for kind in kinds) for row, _ in accuracy.facts()) == form.rows


def test_counts_are_by_platform_and_agreeing_sizes_come_first() -> None:
    rows = (
        known("x", 800, 900), known("x", 900, source="b"), known("x", 5, ICC="other"), known("y", 1280),
        known("z", 1600, 1600, 1600), known("z", 700, law="other"),
    )  # fmt: skip
    alike = resembling({**TRAITS, "longest side": "1280"}, known=rows)
    assert alike["known"] == 9
    assert [(r["platform"], r["files"], r["of"], r["sources"]) for r in alike["platforms"]] == [
        ("y", 1, 1, 1),
        ("z", 3, 4, 1),
        ("x", 3, 4, 2),
    ]
    assert [(r["same_size"], r["longest"], r["beyond"]) for r in alike["platforms"]] == [
        (1, 1280, False),
        (0, 1600, False),
        (0, 900, True),
    ]
    told = alike_text(alike)
    assert "y 1 of 1, 1 of this very longest side; z 3 of 4; x 3 of 4, none longer than 900 pixels" in told
    assert "no probabilities" in told


def test_the_coding_alone_is_compared_where_nothing_carries_the_same_things() -> None:
    found = {**TRAITS, "ICC": "another", "longest side": "7"}
    assert resembling(found, known=[known("x", 7)])["compared"].startswith("the same coding")
    assert resembling({**found, "law": "another"}, known=[known("x", 7)])["platforms"] == []
    assert resembling(found, ("a",), [known("x", 7)])["known"] == 0


def progressive(quality: int, side: int, **more: object) -> bytes:
    out = io.BytesIO()
    picture = Image.fromarray(made_files.picture(96, 64)).resize((side, side // 2))
    picture.save(out, "JPEG", quality=quality, progressive=True, subsampling="4:2:0", **more)
    return out.getvalue()


def test_a_plain_progressive_file_gets_a_list_and_no_platform() -> None:
    seen = inspect(progressive(90, 640))
    assert seen.value("identity", "platforms") == []
    rows = seen.value("identity", "resembles")["platforms"]
    assert rows[0]["platform"] == "linkedin" and rows[0]["same_size"] >= 4
    assert any(s.startswith("Known deliveries without FBMD that have the same headers: LinkedIn") for s in seen.verdict)


@pytest.mark.parametrize(
    ("quality", "side", "dpi", "told"),
    [(87, 1280, (96, 96), ["telegram"]), (72, 1280, None, ["telegram"]), (87, 1278, (96, 96), []), (72, 1300, None, []),
     (87, 1280, None, []), (75, 1280, None, [])],
)  # fmt: skip
def test_telegrams_size_and_quality_tell_together_only(
    quality: int, side: int, dpi: tuple[int, int] | None, told: list[str]
) -> None:
    seen = inspect(progressive(quality, side, **({"dpi": dpi} if dpi else {})))
    assert seen.value("identity", "platforms") == told


def test_beyond_the_limit_a_candidate_is_contradicted() -> None:
    found = dict(inspect(progressive(72, 64)).value("identity", "traits"))
    for side, fits in (("700", True), ("2560", True), ("2561", False)):
        ids = {r["id"] for r in identify({**found, "longest side": side})["candidates"]}
        assert ("telegram/2025" in ids) == fits
    row = next(r for r in identify({**found, "longest side": "2560"})["candidates"] if r["id"] == "telegram/2025")
    assert "longest side: 2560, at which the platform stops" in row["supports"]


def test_a_trace_tells_of_a_forerunner_only() -> None:
    verdict = identify({"ICC": "c2 524", "script": "baseline", "FBMD": "none"})
    assert verdict["forerunner"] and verdict["platforms"] == ["facebook", "instagram"]
    assert verdict["era"] == ""
    assert sentence(verdict).startswith("of no platform's own making")
    plain = identify({"ICC": "sRGB IEC61966-2-1 black scaled 3048", "script": "baseline", "FBMD": "none"})
    assert not plain["forerunner"] and plain["platforms"] == []
    assert "Facebook" in sentence(plain) and "other software writes the same" in sentence(plain)


NAMES = {
    "IMG-20180412-WA0003.jpg": (["whatsapp"], "2018-04-12"),
    "WhatsApp Image 2021-03-04 at 12.34.56 (1).jpeg": (["whatsapp"], "2021-03-04"),
    "FB_IMG_1541718757550.jpg": (["facebook"], "2018-11-08 23:12:37 UTC"),
    "received_10155123456789012.jpeg": (["messenger"], None),
    "24331480_454773231590240_2065369614_n.jpg": (["facebook", "instagram"], None),
    "photo_2025-03-01_10-20-30.jpg": (["telegram"], "2025-03-01"),
    "IMG-20181399-WA0003.jpg": (["whatsapp"], None),
}
OTHERS = (
    "DSC_0001.JPG", "IMG_20180412_101112.jpg", "photo.jpg", "IMG-20180412-WA0003.jpg.exe", "received_.jpeg", "a" * 5000,
    "\x1b[31m.jpg", "1_2_3_n.jpg", "", "FB_IMG_1541718757550.jpg/x",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_known_form_of_name_is_told_as_weak(name: str) -> None:
    (found,) = filenames.observe_name(name)
    assert (found.value["platforms"], found.value["at"]) == NAMES[name]
    assert filenames.WEAK in found.text


@pytest.mark.parametrize("name", OTHERS)
def test_other_names_say_nothing(name: str) -> None:
    assert list(filenames.observe_name(name)) == []


def test_a_name_changes_nothing_that_the_bytes_say() -> None:
    data = progressive(90, 640)
    plain, named = inspect(data), inspect(data, name="IMG-20180412-WA0003.jpg")
    assert named.observations[: len(plain.observations)] == plain.observations
    assert named.value("filename", "form")["platforms"] == ["whatsapp"]
    assert named.value("identity", "platforms") == []
    (told,) = set(named.verdict) - set(plain.verdict)
    assert told.startswith('Its name, "IMG-20180412-WA0003.jpg", is as WhatsApp for Android names pictures')
    assert told.endswith(f"(2018-04-12); {filenames.WEAK}.")


def test_names_of_other_formats_are_looked_at_too() -> None:
    out = io.BytesIO()
    Image.new("RGB", (8, 8)).save(out, "PNG")
    assert inspect(out.getvalue(), name="FB_IMG_1541718757550.jpg").find("filename", "form") is not None
