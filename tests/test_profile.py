"""Profiles: loading, dumping, names, values, and errors that say what is wrong where."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import understudy as us
from oracles import cjpeg, pillow, scene
from understudy.errors import ProfileError
from understudy.jpeg import parse
from understudy.profile import (
    Answer,
    LearnedPair,
    Learning,
    Profile,
    When,
    dumps,
    load_profile,
    loads,
    shipped_profiles,
)
from understudy.steps import Rule, Step
from understudy.steps.encode import Encode

MINIMAL = """\
schema = 1
name = "test/one"
[when]
platform = "test"
[[steps]]
step = "decode"
[[steps]]
step = "flatten"
[[steps]]
step = "encode"
[[steps]]
step = "envelope"
"""


@pytest.mark.parametrize("name", shipped_profiles())
class TestShipped:
    def test_comes_back_from_its_own_text(self, name: str) -> None:
        profile = shipped_profiles()[name]
        assert loads(dumps(profile)) == profile
        assert dumps(loads(dumps(profile))) == dumps(profile)

    def test_stands_in_the_file_of_its_name(self, name: str) -> None:
        folder = Path(us.__file__).parent / "profiles"
        assert f'name = "{name}"' in (folder / f"{name.replace('/', '-')}.toml").read_text(encoding="utf-8")
        assert load_profile(name) == shipped_profiles()[name]

    def test_says_what_it_is_when_it_holds_and_what_proves_it(self, name: str) -> None:
        profile = shipped_profiles()[name]
        assert profile.name.count("/") == 1
        assert profile.name.startswith(f"{profile.when.platform}/")
        assert profile.title
        assert profile.proof, "a shipped profile shows what it reproduced"
        assert all(p.what and p.result and p.source for p in profile.proof)
        assert all(profile.free.values()), "a reason for every free value"

    def test_delivers_every_kind_of_picture(self, name: str) -> None:
        profile = shipped_profiles()[name]
        if profile.steps[0].name != "decode":
            return
        for size in ((1, 1), (7, 11), (257, 265)):
            for channels in (1, 3, 4):
                delivery = us.mimic(pillow(scene(*size, channels), "PNG"), profile)
                frame = delivery.stream.frame
                assert frame is not None
                assert (frame.width, frame.height) == size
                assert parse(delivery.data) == delivery.stream
                assert delivery.stream.anomalies == ()

    def test_takes_its_free_values_from_its_own_delivery(self, name: str) -> None:
        profile = shipped_profiles()[name]
        sent = pillow(scene(33, 17), quality=95)
        values: dict[str, Any] = {key: 37 for key in profile.free if key == "encode.quality"}
        first = us.mimic(sent, profile, **values)
        again = us.mimic(sent, profile, like=first.data)
        assert again.data == first.data


def test_profiles_are_found_by_platform_year_and_name(tmp_path: Path) -> None:
    assert load_profile("facebook").name == load_profile("facebook@2026").name == "facebook/web-2024"
    assert load_profile("facebook@2025").name == "facebook/web-2024"
    for name in ("facebook@2014", "facebook@2016", "facebook@2021", "facebook/classic-2014"):
        assert load_profile(name).name == "facebook/classic-2014"
    assert load_profile("generic").name == "generic/libjpeg-turbo"
    assert load_profile("imgur").name == "imgur/2015"
    path = tmp_path / "mine.toml"
    path.write_text(MINIMAL)
    assert load_profile(path).name == load_profile(str(path)).name == "test/one"
    assert load_profile(load_profile(path)) == load_profile(path)


@pytest.mark.parametrize("name", ["nobody", "", "facebook@1900", "facebook@soon", "facebook/2099", "FACEBOOK", "../x"])
def test_unknown_names_list_the_known_ones(name: str) -> None:
    with pytest.raises(ProfileError) as caught:
        load_profile(name)
    line = str(caught.value)
    assert repr(name) in line
    platform = name.partition("@")[0].partition("/")[0]
    meant = [known for known in shipped_profiles() if known.startswith(f"{platform}/")] or shipped_profiles()
    assert all(known in line for known in meant)
    assert ("did you mean facebook?" in line) == (name == "FACEBOOK")
    assert "\n" not in line


def test_unreadable_files(tmp_path: Path) -> None:
    for path, make in (
        (tmp_path / "missing.toml", None),
        (tmp_path / "folder.toml", "folder"),
        (tmp_path / "binary.toml", "binary"),
    ):
        if make == "folder":
            path.mkdir()
        elif make == "binary":
            path.write_bytes(b"\xff\xfe\0")
        with pytest.raises(ProfileError, match=path.name) as caught:
            load_profile(path)
        assert "\n" not in str(caught.value)


BROKEN = {
    "no TOML": ("schema = = 1", "expected TOML"),
    "nothing": ("", "schema None; expected schema = 1"),
    "another schema": (MINIMAL.replace("schema = 1", "schema = 2"), "schema 2; expected schema = 1"),
    "no name": (MINIMAL.replace('name = "test/one"', ""), "my.toml: name"),
    "a number for a name": (MINIMAL.replace('"test/one"', "7"), "my.toml: name"),
    "an unknown key": (MINIMAL.replace("[when]", "colour = 1\n[when]"), "unknown key 'colour'"),
    "no platform": (MINIMAL.replace('platform = "test"', ""), "my.toml: when: platform"),
    "an unknown condition": (MINIMAL.replace('platform = "test"', 'platform = "t"\nera = 3'), "era = 3"),
    "no steps": (MINIMAL.split("[[steps]]")[0], "no steps"),
    "steps that are no tables": (
        MINIMAL.split("[[steps]]")[0].replace("[when]", "steps = [1]\n[when]"),
        "steps[0]: step 1",
    ),
    "an unknown step": (MINIMAL.replace('"flatten"', '"flaten"'), "steps[1]: step 'flaten'; expected one of"),
    "a step without a name": (MINIMAL.replace('step = "flatten"', "alpha = 1"), "steps[1]: step None"),
    "an unknown parameter": (MINIMAL.replace('"encode"', '"encode"\nqualty = 3'), "steps[2] (encode): qualty = 3"),
    "a quality of 101": (MINIMAL.replace('"encode"', '"encode"\nquality = 101'), "steps[2] (encode): quality"),
    "a quality in words": (MINIMAL.replace('"encode"', '"encode"\nquality = "good"'), "steps[2] (encode): quality"),
    "an unknown key of a rule": (
        MINIMAL.replace('"encode"', '"encode"\nquality = {by = "width", up_to = [], otherwise = 3, then = 4}'),
        "steps[2] (encode): quality.Rule.then = 4",
    ),
    "nesting without end": ("x = " + "[" * 5000, "expected TOML"),
    "an unknown law": (MINIMAL.replace('"encode"', '"encode"\nlaw = "none"'), "steps[2] (encode): law = 'none'"),
    "steps in the wrong order": (
        MINIMAL.replace('"flatten"', '"X"').replace('"encode"', '"flatten"').replace('"X"', '"encode"'),
        "step flatten takes a Raster; expected a step that takes the Encoded before it",
    ),
    "no end": (MINIMAL.replace('[[steps]]\nstep = "envelope"\n', ""), "the last step gives a Encoded"),
    "a free value that is none": (
        MINIMAL.replace("[[steps]]", '[free]\n"encode.qualty" = "?"\n[[steps]]', 1),
        "no parameter",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_profiles_say_what_and_where(name: str) -> None:
    text, words = BROKEN[name]
    with pytest.raises(ProfileError) as caught:
        loads(text, "my.toml")
    line = str(caught.value)
    assert line.startswith("my.toml")
    assert words in line
    assert "\n" not in line


def test_the_minimal_profile_is_not_broken() -> None:
    profile = loads(MINIMAL)
    assert [s.name for s in profile.steps] == ["decode", "flatten", "encode", "envelope"]
    assert isinstance(profile.step("encode"), Encode)
    with pytest.raises(ProfileError, match="no step 'resize'; expected one of decode, flatten"):
        profile.step("resize")


@pytest.mark.parametrize(
    "text", ['quo"te', "back\\slash", "new\nline", "tab\t", "ünïcödé €", "\x7f\x01", "'''", "#", "x" * 500]
)
def test_any_text_survives(text: str) -> None:
    steps: tuple[Step, ...] = loads(MINIMAL).steps
    profile = Profile(
        "test/one", text, When("test", surface=text), steps, unproven=(text, text), free={"encode.quality": text}
    )
    assert loads(dumps(profile)) == profile


# --- values


def changed(values: dict[str, Any]) -> Profile:
    return loads(MINIMAL).with_values(values)


@pytest.mark.parametrize("pairs", [(), (LearnedPair("one", "0" * 64, "1" * 64, "bytes identical"),)])
@pytest.mark.parametrize("answers", [(), (Answer("resampling", "pillow lanczos", guess=True),)])
def test_what_a_profile_was_learned_from_survives(pairs: tuple[LearnedPair, ...], answers: tuple[Answer, ...]) -> None:
    """Without any pair, too: none may be left that can be learned from."""
    learned = Learning("understudy 0", "2026-11-22", pairs, answers)
    profile = Profile("test/one", "One", When("test"), loads(MINIMAL).steps, learned=learned)
    assert loads(dumps(profile)) == profile


def test_values_by_long_and_short_name_as_text_and_as_values() -> None:
    for values in ({"encode.quality": 92}, {"quality": 92}, {"quality": "92"}, {"encode.quality": "92"}):
        assert changed(values).step("encode") == Encode(quality=92)
    rule = Rule("width", ((960, 71),), 85)
    for value in (rule, '{by = "width", up_to = [[960, 71]], otherwise = 85}'):
        assert changed({"quality": value}).step("encode") == Encode(quality=rule)
    assert changed({"sampling": "4:4:4", "huffman": "optimal"}).step("encode") == Encode(
        sampling="4:4:4", huffman="optimal"
    )  # type: ignore[arg-type]
    assert changed({"background": "[1, 2, 3]"}) == changed({"flatten.background": (1, 2, 3)})
    assert changed({"merge_dqt": "true"}) == changed({"merge_dqt": True})
    assert changed({}) == loads(MINIMAL)


def test_a_name_that_two_steps_have_is_ambiguous() -> None:
    both = loads(MINIMAL.replace('"flatten"', '"flatten"\n[[steps]]\nstep = "color"'))
    with pytest.raises(ProfileError, match=r"'icc' is ambiguous; expected color\.icc or envelope\.icc"):
        both.with_values({"icc": "drop"})
    assert both.with_values({"color.icc": "drop"}) != both


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"qualty": 3}, "no parameter 'qualty'; expected a parameter of decode, flatten"),
        ({"qualty": 3}, "did you mean quality?"),
        ({"encode.qualty": 3}, "did you mean encode.quality?"),
        ({"resize.width": 3}, "no parameter 'resize.width'"),
        ({"encode.": 3}, "no parameter 'encode.'"),
        ({"": 3}, "no parameter ''"),
        ({"quality": 0}, "encode: quality = 0; expected greater than or equal to 1"),
        ({"quality": "92x"}, "encode: quality"),
        ({"sampling": "4:2:3"}, "encode: sampling = '4:2:3'"),
        ({"merge_dqt": "perhaps"}, "envelope: merge_dqt"),
        ({"background": "[1, 2]"}, "flatten: background"),
        ({"restart_interval": 65536}, "encode: restart_interval"),
        ({"script": "[[[["}, "scan script"),
        ({"quality": "[" * 5000}, "encode: quality"),
    ],
)
def test_values_that_do_not_fit(values: dict[str, Any], words: str) -> None:
    with pytest.raises(ProfileError) as caught:
        us.mimic(scene(8, 8), changed(values))
    line = str(caught.value)
    assert words in line
    assert "\n" not in line
    assert len(line) < 2000


def test_like_takes_free_values_and_nothing_else() -> None:
    profile = load_profile("generic/libjpeg-turbo")
    delivered = parse(cjpeg(scene(33, 17), "-quality", "37", "-sample", "1x2", "-restart", "3B"))
    like = profile.like(delivered)
    assert like.step("encode") == Encode(quality=37, sampling="4:4:0")


def test_like_without_the_value() -> None:
    tables = parse(pillow(scene(9, 9), qtables=[list(range(1, 65))] * 2))
    with pytest.raises(ProfileError, match=r"generic/libjpeg-turbo: the delivered file does not show encode\.quality"):
        load_profile("generic").like(tables)


def test_overrides_win_over_like() -> None:
    delivered = pillow(scene(33, 17), quality=37)
    sent = scene(33, 17)
    assert us.mimic(sent, "generic", like=delivered).data == delivered
    assert us.mimic(sent, "generic", like=delivered, quality=80).data == pillow(sent, quality=80)
