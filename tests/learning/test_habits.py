"""The table of habits is sound, and software is recognised by what it shows, never by what was guessed."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

import pytest

from understudy.codec.resample import codes, kernels
from understudy.codec.variants import Color, Dct, Decoder, Downsampling, DummyBlocks, Edge, Engine, Quantizer
from understudy.jpeg.compose import DhtLayout, Huffman
from understudy.learning import habits
from understudy.learning.pipeline import Pipeline
from understudy.profile import load_profile, loads
from understudy.steps import Step, registry
from understudy.steps.color import Color as ColorStep
from understudy.steps.decode import Decode
from understudy.steps.encode import Encode
from understudy.steps.envelope import Envelope
from understudy.steps.flatten import Flatten
from understudy.steps.orient import Orient
from understudy.steps.resize import Resize

TABLE = habits.table()
ENTRIES = [(row.name, key, value) for row in TABLE for key, value in row.habits.items()] + [
    (row.name, key, value) for row in TABLE for key, values in row.signs.items() for value in values
]
ENTRIES += [
    (row.name, key, value)
    for row in TABLE
    for case in row.given
    for part in case.values()
    for key, value in part.items()
]
ROOT = Path(__file__).parents[2]


def test_names_are_unique_and_every_row_says_where_it_is_from() -> None:
    assert len({row.name for row in TABLE}) == len(TABLE) > 8
    for row in TABLE:
        assert len(row.source) > 20, row.name
        for named in re.findall(r"tests/[\w/]+\.py", row.source):
            assert (ROOT / named).is_file(), f"{row.name}: {named}"


@pytest.mark.parametrize(("name", "key", "value"), ENTRIES, ids=[f"{n}: {k} {v}" for n, k, v in ENTRIES])
def test_every_entry_is_a_parameter_and_a_value_that_steps_have(name: str, key: str, value: Any) -> None:
    if " before " in key:
        assert set(key.split(" before ")) <= set(habits.ORDERED)
        assert isinstance(value, bool)
        return
    if key == habits.BOXES:
        assert isinstance(value, float)
        return
    step_name, parameter = key.split(".")
    kind = registry()[step_name]
    assert parameter in {f.name for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if key == "resize.code":
        assert value in codes()
    elif key == "resize.kernel":
        assert any(value in kernels(code) for code in codes())
    elif not (isinstance(value, str) and (value.endswith("*") or value == "as resize")):
        steps = [{"step": "decode"}, {"step": "encode"}, {"step": "envelope"}]
        if step_name in ("decode", "encode", "envelope"):
            next(s for s in steps if s["step"] == step_name)[parameter] = value
        else:
            steps.insert(1, {"step": step_name, parameter: value})
        read = loads(_toml(steps)).step(step_name)
        assert habits.plain(getattr(read, parameter)) == value


def _toml(steps: list[dict[str, Any]]) -> str:
    def text(value: Any) -> str:
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, dict):
            return "{ " + ", ".join(f"{k} = {text(v)}" for k, v in value.items()) + " }"
        return "[" + ", ".join(text(v) for v in value) + "]" if isinstance(value, list) else repr(value)

    rows = ["\n".join(["[[steps]]", *(f"{k} = {text(v)}" for k, v in step.items())]) for step in steps]
    return 'schema = 1\nname = "a/b"\n[when]\nplatform = "a"\n' + "\n".join(rows)


def test_a_habit_is_what_the_software_can_show() -> None:
    """A habit beside signs that exclude it could never be right."""
    for row in TABLE:
        for key, value in row.habits.items():
            if key in row.signs:
                assert value in row.signs[key], f"{row.name}: {key}"


PIPELINES: dict[str, tuple[tuple[Step, ...], Envelope]] = {
    "opencv": ((Decode(), Orient(), ColorStep("drop"), Flatten("drop"), Resize(code="opencv", kernel="area"),
                Encode(grey="widen")), Envelope()),
    "pillow": ((Decode(), ColorStep("drop"), Flatten("drop"), Resize(code="pillow"), Encode()), Envelope()),
    "imagemagick": ((Decode(), ColorStep("drop"), Flatten("drop"), Encode(grey="narrow", huffman=Huffman.OPTIMAL)),
                    Envelope(density="sent")),
    "sharp": ((Decode(), ColorStep("srgb", srgb="libvips"), Flatten(background=(0, 0, 0), rounding="down"),
               Encode(huffman=Huffman.OPTIMAL)), Envelope(jfif="none")),
    "go": ((Decode(decoder=Decoder.GO), Orient(False), ColorStep("drop"),
            Encode(color=Color.GO, downsampling=Downsampling.GO, edge=Edge.GO, dummy_blocks=DummyBlocks.GO)),
           Envelope(jfif="none", merge_dqt=True, dht=DhtLayout.MERGED)),
    "go-imaging": ((Decode(decoder=Decoder.GO, to_rgb=True), Orient(False), ColorStep("drop"),
                    Resize(code="imaging", kernel="lanczos"),
                    Encode(color=Color.GO, downsampling=Downsampling.GO, edge=Edge.GO, dummy_blocks=DummyBlocks.GO)),
                   Envelope(jfif="none", merge_dqt=True, dht=DhtLayout.MERGED)),
    "go-draw": ((Decode(decoder=Decoder.GO), Orient(False), ColorStep("drop"),
                 Resize(code="go_draw", kernel="catmull_rom"),
                 Encode(color=Color.GO, downsampling=Downsampling.GO, edge=Edge.GO, dummy_blocks=DummyBlocks.GO)),
                Envelope(jfif="none", merge_dqt=True, dht=DhtLayout.MERGED)),
    "jpegli": ((Decode(), ColorStep("drop"), Encode(engine=Engine.JPEGLI)),
               Envelope(jfif="none", merge_dqt=True, dht=DhtLayout.MERGED)),
    "mozjpeg": ((Decode(), Encode(quantizer=Quantizer.MOZJPEG_TRELLIS, huffman=Huffman.OPTIMAL)),
                     Envelope(merge_dqt=True, dht=DhtLayout.MERGED)),
    "gd": ((Decode(), Orient(False), ColorStep("drop"), Resize(code="gd", kernel="resampled"), Encode(grey="widen")),
           Envelope(comment="CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 85\n")),
    "facebook": ((Decode(), Encode(color=Color.FACEBOOK_CLASSIC, dct=Dct.AP922,
                  quantizer=Quantizer.RECIPROCAL15_HALF_EVEN)), Envelope(component_ids=(0, 1, 2, 3))),
}  # fmt: skip


@pytest.mark.parametrize("name", PIPELINES)
def test_software_is_recognised(name: str) -> None:
    steps, envelope = PIPELINES[name]
    assert habits.software(Pipeline(steps), (), envelope)[0] == name


def test_what_no_pair_decided_proves_nothing() -> None:
    steps, envelope = PIPELINES["go"]
    everything = set(habits.facts(Pipeline(steps), envelope))
    assert habits.software(Pipeline(steps), (), envelope, everything) == ()


def test_arithmetic_that_a_program_cannot_choose_rules_software_out() -> None:
    steps, envelope = PIPELINES["go"]
    found = {m.software.name for m in habits.matches(habits.facts(Pipeline(steps), envelope))}
    assert "go" in found
    assert not found & {"pillow", "sharp", "jpegli", "imagemagick"}


def test_a_family_that_names_software_only_leans() -> None:
    """mozjpeg's trellis: sharp, libvips and Squoosh have it; a family's name moves Squoosh ahead, not Go."""
    encode = Encode(quantizer=Quantizer.MOZJPEG_TRELLIS, huffman=Huffman.OPTIMAL, overshoot_deringing=True)
    found = Pipeline((Decode(), encode))
    families: tuple[tuple[str, ...], ...] = ((), ("mozjpeg, its defaults",))
    before, after = (habits.software(found, family, None, {"decode.sixteen_bit"}) for family in families)
    assert {"sharp", "mozjpeg"} <= set(before)
    assert after.index("mozjpeg") < before.index("mozjpeg")
    assert "go" not in habits.software(found, ("Go's image/jpeg",))


def test_facts_say_the_order_and_leave_idle_parameters_out() -> None:
    facts = habits.facts(Pipeline((Decode(), ColorStep("drop"), Resize(), Orient(), Flatten("drop"), Encode())))
    assert facts["resize before orient"] is True and facts["orient before resize"] is False
    assert "color.srgb" not in facts and "flatten.background" not in facts and "decode.draft_by" not in facts
    drafted = habits.facts(Pipeline((Decode(draft="width", draft_limit=1080), Encode())))  # type: ignore[arg-type]
    assert drafted["decode.draft"] == "as resize"


def test_the_most_common_habit_of_several_decides() -> None:
    assert habits.majority(("pillow", "thumbor", "opencv"), "orient.apply") == (False, ("pillow", "thumbor"))
    assert habits.majority(("opencv", "pillow"), "orient.apply") == (True, ("opencv",))
    assert habits.majority(("jpegli",), "resize.rounding") == (None, ())
    assert habits.value("sharp", "flatten.background") == [0, 0, 0]
    with pytest.raises(KeyError):
        habits.value("paint", "orient.apply")


def test_a_habit_may_depend_on_what_is_known() -> None:
    """ImageMagick that does not keep a sent JPEG's sampling was told one."""
    key = "encode.grey_factors"
    assert habits.value("imagemagick", key, {"encode.keep_sampling": False}) is True
    assert habits.value("imagemagick", key, {"encode.keep_sampling": True}) is False
    assert habits.value("imagemagick", key) is None


def test_shipped_profiles_of_facebook_are_recognised() -> None:
    profile = load_profile("facebook/classic-2014")
    steps = tuple(s for s in profile.steps if not isinstance(s, Envelope))
    envelope = profile.step("envelope")
    assert isinstance(envelope, Envelope)
    assert habits.software(Pipeline(steps), (), envelope)[0] == "facebook"
