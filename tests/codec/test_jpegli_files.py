"""Whole files: pixels to bytes, against files of jpegli itself (goldens) and of pyjpegli (the oracle)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyjpegli
import pytest
from jpegli_goldens import FILE, Case, cases, digest, picture
from pydantic import TypeAdapter

import understudy as us
from oracles import SIZES, djpeg, jpeglib_blocks, pillow, scene
from shared_folder import real_files, shared
from understudy.codec.decode import to_rgb
from understudy.jpeg import compose, parse, read_coefficients
from understudy.jpeg.entropy_encode import Tokenizer
from understudy.profile import load_profile
from understudy.steps import Context, Raster
from understudy.steps.encode import Encode
from understudy.steps.envelope import Envelope

GOLDENS: dict[str, list[Any]] = json.loads(FILE.read_text(encoding="utf-8"))


def made(case: Case) -> bytes:
    """The file that our steps make with a case's settings."""
    plain = case.script == "baseline" and not case.optimize
    encode = TypeAdapter(Encode).validate_python({
        "law": "jpegli", "quality": case.quality, "sampling": case.sampling, "script": case.script,
        "engine": "jpegli", "adaptive_quantization": case.adaptive, "force_baseline": case.force_baseline,
        "huffman": "standard" if plain else "jpegli", "restart_interval": case.restart_interval,
    })  # fmt: skip
    envelope = TypeAdapter(Envelope).validate_python(
        {"jfif": "none", "merge_dqt": True, "dht": "merged" if plain else "jpegli", "selectors": "always"}
    )
    samples = picture(case)
    raster = Raster(samples if samples.ndim == 3 else samples[:, :, None])
    return envelope.exact(encode.exact(raster, Context()), Context()).data


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.name)
def test_files_of_jpegli_itself(case: Case) -> None:
    data = made(case)
    assert digest(data) == GOLDENS[case.name]


def test_the_goldens_are_what_the_cases_say() -> None:
    assert len({case.name for case in cases()}) == len(cases()) == len(GOLDENS) > 100


def test_the_goldens_notice_each_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of over 255 corrections, tables that come later, slots taken twice: all are in the goldens."""
    case = Case(400, 300, quality=96, script="simple10", force_baseline=False)
    tiled = Case(200, 160, quality=90, sampling="4:4:4", script="simple10", tiles=True)
    assert sum(e.name == "DHT" for e in parse(made(case)).elements) > 1
    whole = Tokenizer.scan

    def behind(self: Tokenizer, *args: Any, close_before: bool = False, **more: Any) -> Any:
        return whole(self, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Tokenizer, "scan", behind)
        assert digest(made(tiled)) != GOLDENS[tiled.name]
    with monkeypatch.context() as patch:
        patch.setattr(compose, "SLOTS", 3)
        assert digest(made(case)) != GOLDENS[case.name]


@pytest.mark.parametrize("script", ["simple10", "facebook-30", "jpegli-2"])
def test_other_decoders_read_them(script: str) -> None:
    for width, height in SIZES:
        data = made(Case(width, height, quality=90, script=script))
        read = read_coefficients(parse(data))
        assert not read.anomalies
        for ours, theirs in zip(read.components, jpeglib_blocks(data), strict=True):
            assert np.array_equal(ours.real, theirs)
        steps = [c.steps for c in read.components]
        shown = to_rgb([c.blocks for c in read.components], steps, read.factors, width, height)
        assert np.array_equal(shown, djpeg(data))


PYJPEGLI = Path(__file__).resolve().parents[1] / "battery" / "jpegli_py_q80.toml"


@pytest.mark.parametrize("quality", [1, 29, 30, 65, 80, 95, 99, 100])
def test_pyjpeglis_files(quality: int) -> None:
    for width, height in SIZES:
        samples = scene(width, height)
        data = us.mimic(samples, PYJPEGLI, quality=quality).data
        assert data == pyjpegli.encode(samples.tobytes(), width, height, quality)


@pytest.mark.shared
@pytest.mark.parametrize("name", ["train", "test"])
def test_the_battery(name: str) -> None:
    scores = us.verify(PYJPEGLI, shared(f"battery/jpegli_py_q80/{name}.csv"))
    assert scores.bytes_identical == scores.pairs == {"train": 6, "test": 5}[name]


# --- Facebook's profiles


@pytest.mark.parametrize(("name", "quality", "kind"), [("web-2024", 80, "0a"), ("android-2026", 65, "30")])
def test_facebooks_files_say_what_facebooks_say(name: str, quality: int, kind: str) -> None:
    delivery = us.mimic(pillow(scene(257, 265), quality=95), f"facebook/{name}")
    found = us.inspect(delivery.data)
    tables = [found.value("tables", f"table {i}") for i in (0, 1)]
    assert [(t["law"], t["quality"]) for t in tables] == [("jpegli", quality)] * 2
    assert (found.value("fbmd", "type"), found.value("fbmd", "intact")) == (kind, "yes")
    names = [e.name for e in delivery.stream.elements if e.name != "DHT"]
    assert names == ["SOI", "APP0", "APP13", "DQT", "SOF2", *["SOS"] * len(delivery.stream.scans), "EOI"]
    again = us.mimic(scene(33, 17), f"facebook/{name}", like=delivery.data)
    assert again.profile == delivery.profile


def test_another_eras_file_does_not_fit() -> None:
    with pytest.raises(us.errors.ProfileError, match=r"encode\.quality"):
        load_profile("facebook/web-2024").like(parse(pillow(scene(33, 17), quality=80)))


@pytest.mark.shared
def test_the_shared_folder_has_no_file_of_these_years() -> None:
    """When one comes, its entropy layer is to be tested here: until then the proof is jpegli's own files."""
    for path in real_files():
        assert us.inspect(path.read_bytes()).value("tables", "table 0")["law"] != "jpegli", path
