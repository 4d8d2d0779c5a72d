"""Real deliveries, reproduced: what the project promises, from the command line and from the library."""

from __future__ import annotations

from pathlib import Path

import pytest

import understudy as us
from shared_folder import matching, shared
from understudy.cli import app
from understudy.jpeg import parse
from understudy.jpeg.syntax import Dqt, Sos
from understudy.steps.envelope import iim_records

pytestmark = pytest.mark.shared

FACEBOOK = ["facebook-2015-black", "facebook-2015-image", "facebook-2015-white", "facebook-2021"]


def pair(name: str) -> tuple[Path, Path]:
    """(sent, received)."""
    (sent,) = matching(f"golden/{name}/sent.*")
    return sent, shared(f"golden/{name}/received.jpg")


def run(*arguments: str | Path) -> int:
    """The command line's exit code."""
    try:
        code = app([str(a) for a in arguments], standalone_mode=False)
    except SystemExit as stop:
        code = stop.code
    return int(code or 0)


@pytest.mark.parametrize("name", FACEBOOK)
def test_facebook_from_the_command_line(name: str, tmp_path: Path) -> None:
    sent, received = pair(name)
    out = tmp_path / "out.jpg"
    assert run("mimic", sent, "--as", "facebook/classic-2014", "--like", received, "-o", out) == 0
    assert out.read_bytes() == received.read_bytes()


@pytest.mark.parametrize("name", FACEBOOK)
def test_facebook_from_the_library(name: str) -> None:
    sent, received = pair(name)
    delivery = us.mimic(sent, "facebook/classic-2014", like=received.read_bytes())
    assert delivery.data == received.read_bytes()
    assert delivery.stream == parse(received.read_bytes())
    assert delivery.notes == ()


@pytest.mark.parametrize("name", FACEBOOK)
def test_fbmd_of_the_delivery_is_right(name: str) -> None:
    """Not only equal to theirs: each position is that of an SOS marker, the last number the file's length."""
    sent, received = pair(name)
    for like in (received.read_bytes(), None):
        data = us.mimic(sent, "facebook/classic-2014", like=like).data
        fbmd = dict(iim_records(parse(data)))[40]
        numbers = [int.from_bytes(bytes.fromhex(fbmd[i : i + 8]), "little") for i in range(10, len(fbmd), 8)]
        assert fbmd[:6] == "FBMD01"
        assert int(fbmd[6:10], 16) == len(numbers) - 1 == 10
        assert [data[at : at + 2] for at in numbers[:-1]] == [b"\xff\xda"] * 10
        assert numbers[-1] == len(data)


def test_imgur() -> None:
    sent, received = pair("imgur-2015-image")
    assert us.mimic(sent, "imgur").data == received.read_bytes()


def test_weibo() -> None:
    """All but Weibo's local mark: every header byte, and at least 99.5 % of the coefficients."""
    score = us.verify("weibo/2021", shared("golden/weibo-2021")).per_pair[0]
    assert score.headers_equal
    assert score.coefficients_equal >= 0.995
    assert score.pixels_equal >= 0.99
    assert not score.bytes_identical


def test_weibos_difference_is_one_place() -> None:
    """What is left differs in one corner only, as a mark does, not all over, as wrong arithmetic would."""
    sent, received = pair("weibo-2021")
    ours = us.mimic(sent, "weibo", like=received.read_bytes()).coefficients()
    theirs = us.jpeg.read_coefficients(parse(received.read_bytes()))
    different = (ours.components[0].real != theirs.components[0].real).any(axis=(2, 3))
    rows, columns = different.any(axis=1).nonzero()[0], different.any(axis=0).nonzero()[0]
    area = (rows[-1] - rows[0] + 1) * (columns[-1] - columns[0] + 1)
    assert area < 0.05 * different.size


def test_verify_says_the_same() -> None:
    scores = us.verify("facebook/classic-2014", matching_pairs(FACEBOOK)).to_dict()
    assert (scores["pairs"], scores["bytes_identical"], scores["headers_equal"]) == (4, 4, 4)
    assert scores["coefficients_equal"] == 1.0
    assert scores["free"] == "given"
    assert scores["psnr_db"] == {"min": None, "mean": None}


def matching_pairs(names: list[str]) -> list[us.Pair]:
    return [us.Pair(*pair(name)) for name in names]


PREDICTED = {
    # What the profile's own rules give, without a look at the delivered file: (equal coefficients, right quality)
    "facebook-2015-black": (1.0, True),
    "facebook-2015-image": (1.0, True),
    "facebook-2015-white": (1.0, True),
    "facebook-2021": (0.8155, False),
}


@pytest.mark.parametrize("name", PREDICTED)
def test_predicted_deliveries(name: str) -> None:
    """Recorded, so that a better rule for the quality shows: 2015's 71 is predicted, 2021's 92 is not."""
    equal, quality_right = PREDICTED[name]
    sent, received = pair(name)
    score = us.verify("facebook/classic-2014", [us.Pair(sent, received)], free="predicted").per_pair[0]
    assert score.coefficients_equal == pytest.approx(equal, abs=1e-4)
    assert not score.headers_equal, "the ICC profile or the random string cannot be predicted"
    tables = [
        [t for e in stream.elements if isinstance(e, Dqt) for t in e.tables]
        for stream in (us.mimic(sent, "facebook/classic-2014").stream, parse(received.read_bytes()))
    ]
    assert (tables[0] == tables[1]) == quality_right


@pytest.mark.parametrize("quality", [71, 85, 91, 93])
def test_another_quality_is_another_file(quality: int) -> None:
    sent, received = pair("facebook-2021")
    data = us.mimic(sent, "facebook/classic-2014", like=received.read_bytes(), quality=quality).data
    assert data != received.read_bytes()


NOT_FACEBOOKS = ["golden/gphotos-2015-image/received.jpg", "photos/m8_q75.jpg"]


@pytest.mark.parametrize("relative", NOT_FACEBOOKS)
def test_like_a_file_of_another_platform(relative: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file whose tables follow another law has no quality to take over; nothing is written."""
    sent, _ = pair("facebook-2021")
    out = tmp_path / "out.jpg"
    stream = parse(shared(relative).read_bytes())
    try:
        us.load_profile("facebook/classic-2014").like(stream)
    except us.ProfileError as error:
        line = str(error)
        assert line.startswith("facebook/classic-2014: the delivered file does not show encode.quality")
        assert "\n" not in line
        with pytest.raises(us.ProfileError, match="--like"):
            run("mimic", sent, "--as", "facebook/classic-2014", "--like", shared(relative), "-o", out)
        assert not out.exists()
    else:
        assert relative == "photos/m8_q75.jpg", "its tables are Annex K's, so it does show a quality"


def test_a_wrong_era_is_a_clear_error() -> None:
    with pytest.raises(us.ProfileError) as caught:
        us.load_profile("facebook@1999")
    line = str(caught.value)
    assert "'facebook@1999'" in line
    assert "facebook/classic-2014" in line
    assert "\n" not in line


def test_the_delivered_pictures_pixels_are_what_a_decoder_shows() -> None:
    import io

    import numpy as np
    from PIL import Image

    for name in FACEBOOK:
        sent, received = pair(name)
        delivery = us.mimic(sent, "facebook/classic-2014", like=received.read_bytes())
        np.testing.assert_array_equal(delivery.pixels(), np.asarray(Image.open(io.BytesIO(delivery.data))))
        assert sum(isinstance(e, Sos) for e in delivery.stream.elements) == 10
