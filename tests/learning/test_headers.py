"""Headers: what Pillow and our own writers were told to write is read back, and every file is written again."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from learning.pictures import grey, jpeg, opened, pairs_of, picture, png
from shared_folder import matching, shared
from understudy.codec.tables import Law, quant_tables
from understudy.errors import PairsError
from understudy.jpeg.compose import DhtLayout, Huffman, Selectors
from understudy.jpeg.parse import parse, write
from understudy.jpeg.syntax import Opaque
from understudy.learning.headers import headers
from understudy.learning.observed import Observed
from understudy.pairs import find_pairs
from understudy.steps import Context, Raster, Rule
from understudy.steps.encode import Encode
from understudy.steps.envelope import Envelope

SENT = {f"s{i}": png(picture(i, 96 + 16 * i, 80)) for i in range(4)}
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


CUSTOM = tuple(range(3, 67))

WRITERS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "defaults": ({}, {"quality": 75}, {}),
    "quality": ({"quality": 31}, {"quality": 31}, {}),
    "444": ({"quality": 95, "subsampling": 0}, {"quality": 95, "sampling": "4:4:4"}, {}),
    "422": ({"subsampling": 1}, {"sampling": "4:2:2"}, {}),
    "optimised": ({"optimize": True}, {"huffman": Huffman.OPTIMAL, "script": "baseline"}, {}),
    "progressive": ({"progressive": True}, {"huffman": Huffman.OPTIMAL, "script": "simple10"}, {}),
    "restarts": ({"restart_marker_blocks": 5}, {"restart_interval": 5}, {}),
    "density": ({"dpi": (300, 300)}, {}, {"density": (1, 300, 300)}),
    "comment": ({"comment": b"made by hand"}, {}, {"comment": "made by hand"}),
    "profile": ({"icc_profile": SRGB}, {}, {"icc": "base64:"}),
    "tables": ({"qtables": [CUSTOM] * 2}, {"luma_steps": CUSTOM, "chroma_steps": CUSTOM}, {}),
    "chroma": (
        {"qtables": [quant_tables(Law.ANNEX_K, 80)[0], quant_tables(Law.ANNEX_K, 40)[1]]},
        {"quality": 80, "chroma_steps": quant_tables(Law.ANNEX_K, 40)[1]},
        {},
    ),
}
"""What Pillow is told -> what `encode` and `envelope` must say."""


@pytest.mark.parametrize("name", WRITERS)
def test_what_pillow_was_told_is_read_back_and_written_again(name: str) -> None:
    options, encode, envelope = WRITERS[name]
    found = headers(pairs_of(SENT, lambda data: jpeg(opened(data), **options)))
    assert (found.reproduced, found.differences, found.free) == (4, (), {})
    for step, expected in ((found.encode, encode), (found.envelope, envelope)):
        for parameter, value in expected.items():
            got = getattr(step, parameter)
            assert got.startswith(value) if parameter == "icc" else got == value


def written(step: Encode, envelope: Envelope, data: bytes) -> bytes:
    """What our own two steps make of a PNG or JPEG."""
    raster = Raster(np.asarray(opened(data).convert("RGB")))
    return envelope.exact(step.exact(raster, Context(data)), Context(data)).data


CLASSIC = Envelope(
    jfif="1.02", component_ids=(0, 1, 2), dht=DhtLayout.PER_COMPONENT, selectors=Selectors.ALWAYS,
    order=("icc", "jfif", "iptc", "adobe", "comment", "kept"), iptc=("token", "fbmd"), token="x" * 20,
)  # fmt: skip
OURS: dict[str, tuple[Encode, Envelope]] = {
    "classic": (Encode(script="simple10", huffman=Huffman.OPTIMAL), CLASSIC),
    "mozjpeg": (
        Encode(law=Law.MOZJPEG_3, script="mozjpeg-optimised-dc1", huffman=Huffman.OPTIMAL),
        Envelope(jfif="none", merge_dqt=True, dht=DhtLayout.MERGED),
    ),
    "jpegli": (
        Encode(law=Law.JPEGLI, quality=67, script="jpegli-2", huffman=Huffman.JPEGLI),
        Envelope(merge_dqt=True, dht=DhtLayout.JPEGLI),
    ),
    "adobe": (Encode(), Envelope(adobe_transform=1, order=("adobe", "jfif", "icc", "iptc", "comment", "kept"))),
    "end": (Encode(), Envelope(comment="behind the scans", comment_at="end")),
    "deep": (Encode(quality=3, force_baseline=False), Envelope()),
}


@pytest.mark.parametrize("name", OURS)
def test_layouts_that_pillow_does_not_write(name: str) -> None:
    encode, envelope = OURS[name]
    sent = {name: png(picture(i, 200, 150)) for i, name in enumerate("abc")}
    found = headers(pairs_of(sent, lambda data: written(encode, envelope, data)))
    assert (found.reproduced, found.differences, found.free) == (3, (), {})
    assert found.encode == encode
    assert replace(found.envelope, order=envelope.order) == envelope
    used = {"jfif", "icc"} if name != "classic" else {"jfif", "iptc"}
    mine, theirs = ([p for p in e.order if p in used] for e in (found.envelope, envelope))
    assert mine == theirs


def sized(quality: dict[int, int]) -> list[Observed]:
    """Pairs of some widths, each delivered at its quality."""
    sent = {f"w{w}": png(picture(w, w, 64)) for w in quality}
    return pairs_of(sent, lambda data: jpeg(opened(data), quality=quality[opened(data).width]))


def test_a_quality_that_goes_by_size_becomes_a_rule() -> None:
    found = headers(sized({80: 71, 96: 71, 160: 71, 176: 85, 240: 85, 256: 85}))
    assert found.encode.quality == Rule(by="longest_side", up_to=((160, 71),), otherwise=85)
    assert (found.reproduced, found.free) == (6, {})
    decision = next(d for d in found.decisions if d.question == "quantisation tables")
    assert not decision.guess
    assert "3 + 3 files" in decision.reason


def test_two_qualities_of_two_files_are_a_guess_and_free() -> None:
    found = headers(sized({80: 71, 240: 85}))
    assert isinstance(found.encode.quality, Rule)
    assert list(found.free) == ["encode.quality"]
    assert next(d for d in found.decisions if d.question == "quantisation tables").guess
    assert found.reproduced == 2


def test_a_quality_without_a_rule_is_free() -> None:
    found = headers(sized({80: 71, 96: 85, 112: 71, 128: 92, 144: 85, 160: 71}))
    assert found.encode.quality == 71
    assert "no rule by size" in found.free["encode.quality"]
    assert found.reproduced == 6  # with the quality taken from each file


def test_what_is_kept_of_the_sent_file() -> None:
    """Sampling, quality, density, profile and Exif of JPEGs that differ in all of them."""
    exif = Image.Exif()
    exif[0x010F] = "a maker"
    options: list[dict[str, Any]] = [
        {"quality": 90, "subsampling": 0, "dpi": (300, 300), "icc_profile": SRGB},
        {"quality": 60, "subsampling": 2, "exif": exif},
        {"quality": 70, "subsampling": 1, "dpi": (72, 72), "comment": b"kept"},
    ]
    sent = {f"j{i}": jpeg(picture(i, 120, 90), **o) for i, o in enumerate(options)}
    keeping = Envelope(density="sent", icc="sent", keep=("APP1", "COM"))
    encode = Encode(keep_sampling=True, keep_quality=True, quality=92)
    found = headers(pairs_of(sent, lambda data: written(encode, keeping, data)))
    assert (found.reproduced, found.free) == (3, {})
    assert (found.encode.keep_sampling, found.encode.keep_quality, found.encode.quality) == (True, True, 92)
    assert (found.envelope.density, found.envelope.icc, found.envelope.keep) == ("sent", "sent", ("APP1", "COM"))


def test_pictures_without_a_sampling_of_their_own_decide_the_default() -> None:
    sent = {"a": jpeg(picture(1), subsampling=0), "b": jpeg(picture(2), subsampling=2), "c": png(picture(3))}
    step = Encode(keep_sampling=True, sampling="4:2:2")
    found = headers(pairs_of(sent, lambda data: written(step, Envelope(), data)))
    assert (found.encode.keep_sampling, found.encode.sampling, found.reproduced) == (True, "4:2:2", 3)


def test_grey_pictures_decide_what_becomes_of_them() -> None:
    colour, single = png(picture(1)), png(grey(2))
    triple = png(grey(3).convert("RGB"))

    def kept(data: bytes) -> bytes:
        return jpeg(opened(data))

    def narrowed(data: bytes) -> bytes:
        image = opened(data).convert("RGB")
        samples = np.asarray(image)
        return jpeg(image.convert("L") if (samples == samples[:, :, :1]).all() else image)

    def widened(data: bytes) -> bytes:
        return jpeg(opened(data).convert("RGB"))

    sent = {"colour": colour, "single": single, "triple": triple}
    for platform, expected in ((kept, "keep"), (narrowed, "narrow"), (widened, "widen")):
        found = headers(pairs_of(sent, platform))
        assert (found.encode.grey, found.reproduced) == (expected, 3)
        assert not next(d for d in found.decisions if d.question == "grey pictures").guess
    undecided = headers(pairs_of({"colour": colour}, kept))
    decision = next(d for d in undecided.decisions if d.question == "grey pictures")
    assert (decision.guess, decision.tied) == (True, ("widen", "narrow"))


def test_an_embedded_profile_is_constant_sent_or_none() -> None:
    with_profile, without = png(picture(1), icc_profile=SRGB), png(picture(2))
    other = png(picture(3), icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes())
    sent = {"with": with_profile, "without": without, "other": other}
    told = {"none": Envelope(), "sent": Envelope(icc="sent")}
    for expected, envelope in told.items():
        found = headers(pairs_of(sent, lambda data, e=envelope: written(Encode(), e, data)))
        assert (found.envelope.icc, found.reproduced) == (expected, 3)
    always = headers(pairs_of(sent, lambda data: jpeg(opened(data).convert("RGB"), icc_profile=SRGB)))
    assert (always.envelope.icc[:7], always.reproduced) == ("base64:", 3)


def test_a_token_that_varies_is_free() -> None:
    tokens = iter("abcd")
    found = headers(
        pairs_of(SENT, lambda data: written(Encode(), Envelope(iptc=("token",), token=next(tokens) * 20), data))
    )
    assert (list(found.free), found.reproduced) == (["envelope.token"], 4)


def test_tables_of_no_common_law_are_free() -> None:
    random = np.random.default_rng(1)
    made = {w: [int(s) for s in random.integers(2, 99, 64)] for w in (96, 112, 128, 144)}
    found = headers(pairs_of(SENT, lambda data: jpeg(opened(data), qtables=[made[opened(data).width]] * 2)))
    assert sorted(found.free) == ["encode.chroma_steps", "encode.luma_steps"]
    assert found.reproduced == 4


def test_what_cannot_be_written_again_is_named() -> None:
    """One file of four with an APP7 that nobody sent, one with a changed Huffman table."""
    pairs = pairs_of(SENT, lambda data: jpeg(opened(data)))
    stream = parse(pairs[0].received)
    app7 = Opaque(code=0xE7, data=b"from nowhere")
    strange = write(replace(stream, elements=(*stream.elements[:2], app7, *stream.elements[2:])))
    pairs[0] = Observed("strange", pairs[0].sent, strange)
    found = headers(pairs)
    assert found.reproduced == 3
    assert {name for name, _ in found.differences} == {"strange"}
    assert any("APP7" in what for _, what in found.differences)
    assert found.encode == Encode()
    proved = next(d for d in found.decisions if d.question == "bytes from coefficients")
    assert proved.guess
    assert "strange" in proved.reason


def test_one_file_is_enough_to_be_written_again() -> None:
    found = headers(pairs_of({"one": png(picture(1))}, lambda data: jpeg(opened(data), quality=88)))
    assert (found.encode.quality, found.reproduced) == (88, 1)
    assert any("libjpeg" in name for name in found.family)


def by_tool(tmp_path: Path, sent: dict[str, bytes], tool: str, *options: str) -> list[Observed]:
    """Pairs of files that a command line program made."""
    found = shutil.which(tool)
    if found is None:
        pytest.fail(f"{tool} is missing; Debian: apt-get install imagemagick graphicsmagick")
    command = [found, "convert"] if tool == "gm" else [found]
    pairs = []
    for name, data in sent.items():
        (tmp_path / name).write_bytes(data)
        subprocess.run([*command, tmp_path / name, *options, tmp_path / "out.jpg"], check=True)
        pairs.append(Observed(name, data, (tmp_path / "out.jpg").read_bytes()))
    return pairs


VARIED = {
    "1.png": png(picture(1)),
    "2.png": png(picture(2, 161, 99)),
    "3.png": png(grey(3)),
    "444.jpg": jpeg(picture(7, 150, 100), quality=93, subsampling=0, dpi=(300, 300)),
    "420.jpg": jpeg(picture(8, 150, 100), quality=68, comment=b"kept"),
    "422.jpg": jpeg(picture(9, 150, 101), quality=50, subsampling=1, progressive=True),
    "own.jpg": jpeg(picture(9, 150, 101), qtables=[CUSTOM] * 2, subsampling=0),
}


def test_imagemagick_without_settings_keeps_what_it_was_sent(tmp_path: Path) -> None:
    """Quality (read off the tables, of no law in one file), sampling, density, comment; 92 and 4:4:4 for a PNG."""
    found = headers(by_tool(tmp_path, VARIED, "convert-im6.q16"))
    assert (found.reproduced, found.free) == (len(VARIED), {})
    e = found.encode
    assert (e.quality, e.keep_quality, e.sampling, e.keep_sampling) == (92, True, "4:4:4", True)
    assert (found.envelope.density, found.envelope.keep) == ("sent", ("APP1", "APP13", "COM"))
    metadata = next(d for d in found.decisions if d.question == "sent metadata")
    assert (metadata.answer, metadata.guess) == ("kept", True)  # as the comment was; no sent file has any


def test_graphicsmagick_states_72_dots_an_inch_where_it_was_told_none(tmp_path: Path) -> None:
    found = headers(by_tool(tmp_path, VARIED, "gm", "-quality", "80"))
    assert (found.reproduced, found.free) == (len(VARIED), {})
    assert (found.envelope.density, found.encode.keep_quality) == ("sent-or-72", False)


@pytest.mark.shared
def test_real_deliveries_come_out_of_their_own_coefficients() -> None:
    """Every delivery of a platform at hand but Google Photos', whose Huffman tables have an origin not known here."""
    paths = [p for p in matching("real/*.jpg", "golden/*/received.jpg") if "gphotos" not in str(p)]
    assert len(paths) == 23
    failed = {}
    for path in paths:
        data = path.read_bytes()
        found = headers([Observed(path.name, data, data)])
        if found.reproduced != 1:
            failed[str(path)] = found.differences
    assert failed == {}


@pytest.mark.shared
@pytest.mark.parametrize("channel", ["go_nfnt1280_q80", "jsquash_mozjpeg_default", "thumbor_fit1280", "pil_social1600"])
def test_battery(channel: str) -> None:
    pairs = [Observed(p.name, *p.read()) for p in find_pairs(shared(f"battery/{channel}/train.csv"))]
    found = headers(pairs)
    assert (found.reproduced, found.free) == (len(pairs), {})


def test_no_pairs_at_all() -> None:
    with pytest.raises(PairsError):
        headers([])
