"""The benchmarks of `learn` can tell a wrong claim from a right one, and from a guess."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from shared_folder import shared
from understudy.profile import dumps, load_profile

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

import trial

import battery


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    path = tmp_path / "profile.toml"
    path.write_text(dumps(load_profile("instagram/2023-resized")), encoding="utf-8")
    return path


def test_what_is_right_is_not_denied(profile: Path) -> None:
    steps = {s.name: s for s in load_profile(profile).steps}
    resize, encode = steps["resize"], steps["encode"]
    truth = {
        "resize": True,
        "resize.limit": resize.limit,  # type: ignore[attr-defined]
        "resize.code": {"elsewhere", resize.code},  # type: ignore[attr-defined]
        "encode.engine": str(encode.engine),  # type: ignore[attr-defined]
    }
    assert trial.denied(profile, truth, {}) == []


@pytest.mark.parametrize(
    ("key", "known"),
    [("resize", False), ("resize.limit", 17), ("resize.code", {"a", "b"}), ("sharpen", True), ("sharpen.side", 506)],
)
def test_what_is_wrong_is_denied(profile: Path, key: str, known: object) -> None:
    (found,) = trial.denied(profile, {key: known}, {})
    assert not found.guess
    assert str(found).startswith(f"DENIED: {key} = ")


def test_a_guess_is_told_apart(profile: Path) -> None:
    assert trial.denied(profile, {"resize.limit": 17}, {"resize.limit": False})[0].guess
    assert trial.denied(profile, {"resize.limit": 17}, {"resize.*": False})[0].guess
    assert not trial.denied(profile, {"resize.limit": 17}, {"resize.limit": True})[0].guess


def test_settings_are_read_in_the_parameters_of_steps() -> None:
    text = """channel: x
resize:
  rule: fit longest <= 1600
  upscale: false
kernel: LANCZOS (Pillow, a=3, 8-bit fixed point)
encoder: Pillow 12.3.0 wheel
quality: 85
subsampling: '4:2:0'
orientation: not applied
icc: dropped, not converted
alpha: white
"""
    truth = battery.settings(text)
    assert truth["resize.limit"] == 1600
    assert (truth["resize.code"], truth["resize.kernel"]) == ("pillow", "lanczos")
    assert (truth["encode.quality"], truth["encode.sampling"], truth["encode.engine"]) == (85, "4:2:0", "libjpeg")
    assert truth["orient.apply"] is False
    assert truth["color.icc"] == {"drop", "keep"}
    assert truth["flatten.background"] == (255, 255, 255)
    assert battery.settings("resize:\n  rule: none\nquality: 0.8")["resize"] is False
    assert battery.settings("quality: 0.8")["encode.quality"] == 80


@pytest.mark.shared
def test_hand_written_profiles_of_the_battery_agree_with_its_settings() -> None:
    """But for the two that the data contradict (facts/learning-trials.md): im6's `dct: islow` is ifast."""
    folder = Path(__file__).resolve().parents[1] / "battery"
    told = {}
    for path in sorted(folder.glob("*.toml")):
        truth = battery.settings(shared(f"battery/{path.stem}/truth.yaml").read_text(encoding="utf-8"))
        assert len(truth) >= 2, path.stem
        if wrong := [str(w) for w in trial.denied(path, truth, {})]:
            told[path.stem] = wrong
    assert told == {"im6_q85_plane420": ["DENIED: encode.dct = ifast, known: islow"]}


def test_a_failed_channel_is_a_row_and_not_a_success() -> None:
    failed = {"error": "KeyError: 'x|y'"}
    assert trial.row("c", failed).startswith("| c | failed: KeyError: 'x/y'")
    assert trial.row("c", failed).count("|") == trial.HEAD.splitlines()[0].count("|")
    sums = trial.summary({"c": failed}, {})
    assert "0 of 1 channels (0 of 0 files)" in sums[0]
    assert sums[-1].endswith("failed: 1")
