"""verify: what its figures mean, and how pairs are found."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import understudy as us
from oracles import cjpeg, pillow, scene
from understudy.errors import PairsError
from understudy.verification import PairScore, Scores

PROFILE = us.load_profile("generic/libjpeg-turbo")


def scored(sent: Any, received: bytes, **more: Any) -> PairScore:
    return us.verify(PROFILE, [(sent, received)], **more).per_pair[0]


def test_an_equal_delivery() -> None:
    score = scored(scene(57, 49), pillow(scene(57, 49), quality=83))
    assert score.bytes_identical
    assert score.headers_equal
    assert score.coefficients_equal == score.pixels_equal == score.size_ratio == 1.0
    assert score.psnr_db is None
    assert score.coefficients == 64 * (8 * 7 + 2 * 4 * 4), "blocks that hold a sample of the picture"
    assert score.error == ""


def test_psnr_and_pixels_are_those_of_the_decoded_pictures(tmp_path: Path) -> None:
    ours, theirs = pillow(scene(57, 49), quality=75), pillow(scene(57, 49), quality=60)
    score = scored(scene(57, 49), theirs, free="predicted")
    a, b = (np.asarray(Image.open(_saved(tmp_path, d)), np.float64) for d in (ours, theirs))
    assert score.psnr_db == pytest.approx(10 * math.log10(255**2 / np.mean((a - b) ** 2)))
    assert score.pixels_equal == pytest.approx(np.mean((a == b).all(axis=2)))
    assert score.size_ratio == pytest.approx(len(ours) / len(theirs))
    assert not score.bytes_identical
    assert not score.headers_equal
    assert 0 < score.coefficients_equal < 1


def _saved(folder: Path, data: bytes) -> Path:
    path = folder / f"{len(data)}.jpg"
    path.write_bytes(data)
    return path


def test_given_puts_the_arithmetic_on_trial_predicted_the_whole() -> None:
    received = pillow(scene(57, 49), quality=90, subsampling=0)
    assert scored(scene(57, 49), received, free="given").bytes_identical
    assert not scored(scene(57, 49), received, free="predicted").bytes_identical
    assert scored(scene(57, 49), received, free="predicted", quality=90, sampling="4:4:4").bytes_identical


def test_one_changed_coefficient_is_one_changed_coefficient() -> None:
    flat = np.full((8, 8), 128, np.uint8)
    score = scored(flat, pillow(np.full((8, 8), 129, np.uint8)), free="given")
    assert score.coefficients == 64
    assert score.coefficients_equal == pytest.approx(63 / 64)


def test_other_sizes_and_samplings_have_nothing_equal() -> None:
    for received in (pillow(scene(56, 49)), pillow(scene(57, 49, 1)), cjpeg(scene(57, 49), "-sample", "4x1,1x1,1x1")):
        score = scored(scene(57, 49), received, free="predicted")
        assert score.coefficients_equal == 0
        assert score.error == ""


def test_headers_are_all_bytes_but_the_scans_data() -> None:
    received = pillow(scene(57, 49), quality=75)
    assert scored(scene(57, 49, seed=4), received).headers_equal
    assert not scored(scene(57, 49), received + b"x").headers_equal
    assert not scored(scene(57, 49), pillow(scene(57, 49), comment="x")).headers_equal


BAD_PAIRS = {
    "no JPEG received": (scene(8, 8), b"hello"),
    "cut-off scans": (scene(8, 8), pillow(scene(64, 64))[:600]),
    "arithmetic coding": (scene(8, 8), cjpeg(scene(8, 8), "-arithmetic")),
    "no picture sent": (b"hello", pillow(scene(8, 8))),
    "four components": (scene(8, 8), pillow(Image.new("CMYK", (8, 8)))),
}


@pytest.mark.parametrize("name", BAD_PAIRS)
def test_a_bad_pair_does_not_stop_the_others(name: str) -> None:
    good = (scene(8, 8), pillow(scene(8, 8)))
    scores = us.verify(PROFILE, [good, BAD_PAIRS[name], good], free="predicted")
    assert [bool(p.bytes_identical) for p in scores.per_pair] == [True, False, True]
    assert (scores.pairs, scores.bytes_identical) == (3, 2)
    bad = scores.per_pair[1]
    if name not in ("cut-off scans", "four components"):
        assert bad.error
        assert "\n" not in bad.error
    json.dumps(scores.to_dict(), allow_nan=False)


def test_the_sum_weighs_by_coefficients() -> None:
    rows = (
        PairScore("a", coefficients=100, coefficients_equal=1.0),
        PairScore("b", coefficients=300, coefficients_equal=0.5),
    )
    assert Scores("p", "given", rows).coefficients_equal == pytest.approx(250 / 400)
    assert Scores("p", "given", (PairScore("c", error="x"),)).to_dict()["size_ratio"] is None


def test_no_pairs() -> None:
    with pytest.raises(PairsError, match="no pairs"):
        us.verify(PROFILE, [])


# --- where pairs are


def fill(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return folder


def names(place: Path) -> list[tuple[str, str, str]]:
    pairs = us.find_pairs(place)
    return [(p.name, str(p.sent.relative_to(place)), str(p.received.relative_to(place))) for p in pairs]


def test_two_folders_with_the_same_stems(tmp_path: Path) -> None:
    place = fill(
        tmp_path, "sent/b.png", "sent/a.tif", "received/a.jpg", "received/b.jpg", "sent/.DS_Store", "notes.txt"
    )
    assert names(place) == [("a", "sent/a.tif", "received/a.jpg"), ("b", "sent/b.png", "received/b.jpg")]


def test_one_pair_and_a_folder_of_pairs(tmp_path: Path) -> None:
    place = fill(
        tmp_path, "one/sent.tif", "one/received.jpg", "two/sent.jpg", "two/received.jpg", "two/LICENSE", "x/a.txt"
    )
    assert names(place) == [
        ("one", "one/sent.tif", "one/received.jpg"),
        ("two", "two/sent.jpg", "two/received.jpg"),
    ]
    assert names(place / "one") == [("one", "sent.tif", "received.jpg")]


def test_a_csv_has_paths_relative_to_itself(tmp_path: Path) -> None:
    place = fill(tmp_path, "lists/a.csv")
    text = "platform,received,sent\nx,../r/1.jpg,../s/1.png\nx,../r/2.jpg,/abs/2.png\n"
    (place / "lists/a.csv").write_text(text, encoding="utf-8-sig")
    pairs = us.find_pairs(place / "lists/a.csv")
    assert [p.sent for p in pairs] == [place / "lists/../s/1.png", Path("/abs/2.png")]
    assert [p.received.name for p in pairs] == ["1.jpg", "2.jpg"]


ONE_PAIR = {"x/sent/a.png": b"", "x/received/a.jpg": b""}
WRONG_PLACES: dict[str, tuple[dict[str, bytes], str, str]] = {
    "missing": ({}, "nowhere", "not found"),
    "empty folder": ({"x/readme": b""}, "x", "no pairs"),
    "a sent file alone": (ONE_PAIR | {"x/sent/b.png": b""}, "x", "'b' has no partner"),
    "a received file alone": (ONE_PAIR | {"x/received/z.jpg": b""}, "x", "'z' has no partner"),
    "a stem twice": ({"x/sent/a.png": b"", "x/sent/a.jpg": b"", "x/received/a.jpg": b""}, "x", "one file a stem"),
    "other columns": ({"x.csv": b"from,to\na,b\n"}, "x.csv", "columns from, to; expected a CSV"),
    "no rows": ({"x.csv": b"sent,received\n"}, "x.csv", "no rows"),
    "an empty CSV": ({"x.csv": b""}, "x.csv", "an empty file"),
    "an empty cell": ({"x.csv": b"sent,received\na,b\nc,\n"}, "x.csv", "line 3: an empty cell"),
    "a short row": ({"x.csv": b"sent,received\na\n"}, "x.csv", "line 2: an empty cell"),
    "no UTF-8": ({"x.csv": b"sent,received\n\xff,b\n"}, "x.csv", "no CSV in UTF-8"),
    "a picture": ({"x.png": b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"}, "x.png", "no CSV in UTF-8"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG_PLACES)
def test_places_without_pairs(name: str, tmp_path: Path) -> None:
    files, place, words = WRONG_PLACES[name]
    for relative, data in files.items():
        fill(tmp_path, relative)
        (tmp_path / relative).write_bytes(data)
    with pytest.raises(PairsError) as caught:
        us.find_pairs(tmp_path / place)
    line = str(caught.value)
    assert words in line
    assert place in line
    assert "\n" not in line


def test_a_pair_whose_file_is_gone_is_told(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("sent,received\na.png,b.jpg\n")
    score = us.verify(PROFILE, tmp_path / "p.csv").per_pair[0]
    assert score.error.startswith("received: ")
    assert "b.jpg" in score.error
    assert "No such file" in score.error
