"""codec.mozjpeg through the steps, byte for byte against libvips', jpeglib's, Squoosh's and cjpeg's mozjpeg."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from codec_oracles import noise
from mozjpeg_oracles import LIBVIPS, MOZJPEG, TRELLIS, Picture, by_jpeglib, by_libvips, drawn, law, ours
from PIL import Image

import understudy as us
from shared_folder import shared
from understudy.codec import scans, tables
from understudy.codec.encode import Arithmetic
from understudy.codec.encode import forward as plain_forward
from understudy.codec.mozjpeg.encode import forward
from understudy.codec.mozjpeg.trellis import Trellis
from understudy.codec.variants import Dct, Quantizer
from understudy.errors import ProfileError, UnderstudyError
from understudy.jpeg.coefficients import Coefficients
from understudy.jpeg.entropy_decode import read_coefficients
from understudy.jpeg.parse import parse
from understudy.jpeg.syntax import Dqt

SIZES = [(1, 1), (7, 11), (33, 47), (130, 97)]
PARTS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "plain": ({}, {}),
    "trellis": ({"trellis_quant": True}, {"quantizer": "mozjpeg-trellis"}),
    "deringing": ({"overshoot_deringing": True}, {"overshoot_deringing": True}),
    "both": ({"trellis_quant": True, "overshoot_deringing": True}, TRELLIS),
}
"""Flags of libvips, and what they are here."""
SCRIPTS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "simple10": {"interlace": True},
    "mozjpeg-optimised": {"interlace": True, "optimize_scans": True},
}
GOLDENS = json.loads(Path(__file__).with_name("mozjpeg_goldens.json").read_text())


def coefficients(data: bytes) -> Coefficients:
    return read_coefficients(parse(data))


def agree(made: bytes, theirs: bytes, what: object) -> None:
    """Equal bytes; where they are not, the message tells how far the coefficients are."""
    if made != theirs:
        share = coefficients(theirs).equal_share(coefficients(made))
        pytest.fail(f"{what}: {len(made)} bytes for {len(theirs)}, {share:.6f} of the coefficients equal")


def test_presets_are_libvips_at_every_quality() -> None:
    picture = drawn(8, 8)
    for preset in range(9):
        for quality in range(1, 101):
            stream = parse(by_libvips(picture, Q=quality, quant_table=preset))
            found = tuple(t.steps_natural for e in stream.elements if isinstance(e, Dqt) for t in e.tables)
            assert found == tables.quant_tables(law(preset), quality), (preset, quality)


@pytest.mark.parametrize("script", SCRIPTS)
@pytest.mark.parametrize("part", PARTS)
def test_each_part_is_libvips(part: str, script: str) -> None:
    theirs, here = PARTS[part]
    for make in (drawn, noise):
        for size in SIZES:
            picture = make(*size)
            for quality in (30, 50, 75, 85, 95):
                preset = {30: 0, 50: 2}.get(quality, 3)
                flags = {**theirs, **SCRIPTS[script], "Q": quality, "quant_table": preset, "optimize_coding": True}
                wanted = {"quality": quality, "law": law(preset), "script": script, **here}
                for sampling, mode in (("4:2:0", "on"), ("4:4:4", "off")):
                    made = ours(picture, LIBVIPS, sampling=sampling, **wanted)
                    agree(made, by_libvips(picture, subsample_mode=mode, **flags), (size, quality, sampling))
                grey = picture[:, :, 1].copy()
                agree(ours(grey, LIBVIPS, **wanted), by_libvips(grey, **flags), (size, quality, "grey"))


@pytest.mark.parametrize("preset", range(9))
def test_presets_with_everything_are_libvips(preset: int) -> None:
    picture = drawn(130, 97)
    for quality in (5, 60, 98, 100):
        made = ours(picture, LIBVIPS, law=law(preset), quality=quality, script="mozjpeg-optimised", **TRELLIS)
        theirs = by_libvips(
            picture, Q=quality, quant_table=preset, trellis_quant=True, overshoot_deringing=True, interlace=True,
            optimize_scans=True, subsample_mode="on",
        )  # fmt: skip
        agree(made, theirs, quality)


@pytest.mark.parametrize("script", SCRIPTS)
def test_restart_intervals_are_libvips(script: str) -> None:
    """They end runs of end-of-bands, so they change what the trellis counts."""
    picture = drawn(130, 97)
    for interval in (1, 3, 50):
        made = ours(picture, LIBVIPS, law=law(3), script=script, restart_interval=interval, **TRELLIS)
        theirs = by_libvips(
            picture, Q=75, quant_table=3, trellis_quant=True, overshoot_deringing=True, optimize_coding=True,
            restart_interval=interval, **SCRIPTS[script],
        )  # fmt: skip
        agree(made, theirs, interval)


@pytest.mark.parametrize("sampling", ["4:4:4", "4:2:2", "4:2:0", "4:4:0", "4:1:1"])
@pytest.mark.parametrize(
    ("version", "script"), [("mozjpeg403", "mozjpeg-optimised"), ("mozjpeg300", "mozjpeg-optimised-dc1")]
)
def test_defaults_are_jpeglibs(version: str, script: str, sampling: str, tmp_path: Path) -> None:
    flags: dict[str, dict[str, Any]] = {
        "": {},
        "-TRELLIS_QUANT_DC": {"trellis_quant_dc": False},
        "+USE_SCANS_IN_TRELLIS": {"trellis_use_scans": True},
    }
    for size in SIZES:
        picture = drawn(*size)
        for quality, preset in ((25, 3), (75, 3), (92, 0)):
            for flag, here in flags.items():
                encode = {**TRELLIS, **here, "quality": quality, "law": law(preset), "sampling": sampling}
                made = ours(picture, MOZJPEG, script=script, force_baseline=False, **encode)
                theirs = by_jpeglib(picture, tmp_path, version, quality, preset, sampling, [flag] if flag else [])
                agree(made, theirs, (size, quality, flag))


@pytest.mark.parametrize("by", sorted({row["by"] for row in GOLDENS}))
def test_goldens(by: str) -> None:
    for row in GOLDENS:
        if row["by"] == by:
            encode = {"script": "mozjpeg-optimised", "force_baseline": False, "law": law(3), **TRELLIS, **row["encode"]}
            made = ours(drawn(*row["size"]), MOZJPEG, quality=row["quality"], sampling="4:2:0", **encode)
            assert len(made) == row["bytes"], row
            assert hashlib.sha256(made).hexdigest() == row["sha256"], row


def sign_patterns() -> list[Picture]:
    """Blocks of black and white that reach as far as a coefficient can, for each and both signs of it."""
    k = np.arange(8)
    waves = np.cos((2 * k[None, :] + 1) * k[:, None] * np.pi / 16) > 1e-9
    boards = [~(waves[v][:, None] ^ waves[h][None, :]) for v in k for h in k]
    return [np.where(board ^ flip, 255, 0).astype(np.uint8) for board in boards for flip in (False, True)]


@pytest.mark.parametrize("part", PARTS)
def test_the_largest_coefficients_are_libvips(part: str) -> None:
    """Levels end at 1023, and overshooting blocks overflow the SIMD DCT's 16-bit sums."""
    theirs, here = PARTS[part]
    for number, picture in enumerate(sign_patterns()):
        for quality in (20, 75, 100):
            made = ours(picture, LIBVIPS, law=law(1), quality=quality, **here)
            data = by_libvips(picture, Q=quality, quant_table=1, optimize_coding=True, **theirs)
            agree(made, data, (number, quality))


def test_what_does_not_fit_says_so() -> None:
    with pytest.raises(UnderstudyError, match="more than a block"):
        plain_forward(drawn(8, 8), Arithmetic(quantizer=Quantizer.MOZJPEG_TRELLIS), [(1, 1)] * 3, [1] * 64)
    with pytest.raises(ProfileError, match="Huffman"):
        ours(drawn(8, 8), {}, huffman="standard", **TRELLIS)
    with pytest.raises(ProfileError, match="mozjpeg-simple"):
        scans.resolve("mozjpeg-simple", 4)
    luma, chroma = tables.quant_tables("mozjpeg-3", 75)
    for arithmetic in (Arithmetic(dct=Dct.FLOAT), Arithmetic(quantizer=Quantizer.RECIPROCAL15_HALF_EVEN)):
        with pytest.raises(UnderstudyError, match="islow"):
            forward(
                drawn(8, 8), arithmetic, [(1, 1)] * 3, luma, chroma, progressive=False, overshoot_deringing=True,
                trellis=Trellis() if arithmetic.dct == Dct.FLOAT else None,
            )  # fmt: skip


@pytest.mark.shared
@pytest.mark.parametrize("name", ["p01_kodim01.png", "p03_kodim05.png"])
def test_photographs_are_libvips(name: str) -> None:
    with Image.open(shared(f"photos/{name}")) as image:
        whole = np.asarray(image.convert("RGB"))
    for picture, quality in ((whole, 75), (whole[100:349, 200:531], 85), (whole[30:77, 400:433], 95)):
        made = ours(picture, LIBVIPS, law=law(3), quality=quality, script="mozjpeg-optimised", **TRELLIS)
        theirs = by_libvips(
            picture, Q=quality, quant_table=3, trellis_quant=True, overshoot_deringing=True, interlace=True,
            optimize_scans=True, subsample_mode="on",
        )  # fmt: skip
        agree(made, theirs, (picture.shape, quality))


@pytest.mark.shared
def test_squooshs_deliveries() -> None:
    """The whole channel: mozjpeg in WebAssembly, so its C code."""
    profile = Path(__file__).parents[1] / "battery" / "jsquash_mozjpeg_default.toml"
    scores = [
        score
        for part in ("train", "test")
        for score in us.verify(profile, shared(f"battery/jsquash_mozjpeg_default/{part}.csv")).per_pair
    ]
    assert len(scores) == 11
    assert [s.name for s in scores if not s.bytes_identical] == []
