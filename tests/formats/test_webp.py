"""WebP against libwebp's own tools: webpinfo reads the same headers, cwebp's -q is found again."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

import PIL
import pytest
from formats_made import by_tool, families, inspected, odd, smooth, tool, whole_files

from oracles import image_of, pillow, scene
from understudy.formats import vp8, vp8l, webp_quality

CWEBP, WEBPINFO, WEBPMUX = tool("cwebp", "webp"), tool("webpinfo", "webp"), tool("webpmux", "webp")
SENT = [pillow(scene(120, 90), "PNG"), pillow(smooth(160, 120), "PNG"), pillow(smooth(90, 200, 3), "PNG")]


def cwebp(sent: bytes, *options: str) -> bytes:
    return by_tool(CWEBP, "-quiet", *options, "IN", "-o", "OUT:.webp", sent=sent)


def webpinfo(data: bytes) -> dict[str, str]:
    """What webpinfo prints, the first value of each name."""
    with tempfile.NamedTemporaryFile(suffix=".webp") as file:
        file.write(data)
        file.flush()
        told = subprocess.run([WEBPINFO, "-bitstream_info", file.name], capture_output=True, text=True, check=True)
    out: dict[str, str] = {}
    for name, value in re.findall(r"^\s+(.+?):\s+(.+)$", told.stdout, re.MULTILINE):
        out.setdefault(name, value.strip())
    return out


@pytest.mark.parametrize(
    "options",
    [["-q", "75"], ["-q", "20", "-segments", "2"], ["-q", "90", "-preset", "photo"], ["-q", "50", "-m", "0"],
     ["-q", "5", "-f", "100", "-strong"], ["-q", "60", "-nostrong"], ["-q", "98", "-sns", "100"],
     ["-q", "40", "-segments", "1", "-partition_limit", "50"]],
    ids=" ".join,
)  # fmt: skip
def test_vp8_headers_are_what_webpinfo_reads(options: list[str]) -> None:
    data = cwebp(SENT[1], *options)
    seen, told = inspected(data), webpinfo(data)
    value = seen.to_dict()["webp"]
    assert value["y_ac_qi"] == int(told["Base Q"])
    names = {"y_dc": "DQ Y1 DC", "y2_dc": "DQ Y2 DC", "y2_ac": "DQ Y2 AC", "uv_dc": "DQ UV DC", "uv_ac": "DQ UV AC"}
    assert value["quantizer_deltas"] == {ours: int(told[theirs]) for ours, theirs in names.items()}
    assert value["partitions"] == int(told["Total partitions"])
    assert value["loop_filter"]["level"] == int(told["Level"])
    assert value["loop_filter"]["sharpness"] == int(told["Sharpness"])
    assert value["loop_filter"]["type"] == ("simple" if int(told["Simple filter"]) else "normal")
    if int(told["Use segment"]):
        assert [r["y_ac_qi"] for r in value["segments"]] == [int(q) for q in told["Quantizer"].split()]
        assert [r["loop_filter"] for r in value["segments"]] == [int(q) for q in told["Filter strength"].split()]
    assert (seen.value("frame", "width"), seen.value("frame", "height")) == (160, 120)
    assert not odd(seen)


@pytest.mark.parametrize("quality", [0, 1, 7, 33, 50, 74, 75, 76, 80, 85, 90, 97, 99, 100])
def test_one_index_is_that_of_the_quality(quality: int) -> None:
    """Without segments the index is a function of -q alone, and it is ours exactly."""
    for sent in SENT:
        value = inspected(cwebp(sent, "-q", str(quality), "-segments", "1")).to_dict()["webp"]
        assert value["y_ac_qi"] == webp_quality.index_of(quality)
        assert value["quality"]["low"] <= quality <= value["quality"]["high"]


@pytest.mark.parametrize("method", ["0", "4", "6"])
def test_the_quality_is_found_again(method: str) -> None:
    """With segments: always within the stated span, and mostly the quality itself."""
    exact = total = 0
    for sent in SENT:
        for quality in (5, 40, 60, 75, 80, 85, 92):
            found = inspected(cwebp(sent, "-q", str(quality), "-m", method)).value("webp", "quality")
            assert found["low"] <= quality <= found["high"], (quality, found)
            assert found["high"] - found["low"] <= 6
            exact += found["quality"] == quality
            total += 1
    assert exact >= 0.8 * total


def test_update_probabilities_are_those_in_libwebp_itself() -> None:
    """libwebp, as Pillow's wheel brings it, holds RFC 6386's coeff_update_probs as an array of bytes."""
    (library,) = (Path(PIL.__file__).parents[1] / "pillow.libs").glob("libwebp-*.so*")
    assert len(vp8.UPDATE_PROBABILITIES) == 4 * 8 * 3 * 11
    assert vp8.UPDATE_PROBABILITIES in library.read_bytes()


def test_presets_show_in_the_noise_shaping() -> None:
    assert inspected(cwebp(SENT[1], "-q", "70", "-preset", "photo")).value("webp", "quality")["sns"] == 80
    assert inspected(cwebp(SENT[1], "-q", "70")).value("webp", "quality")["sns"] == 50


def test_every_lossy_file_here_is_told_as_libwebps() -> None:
    seen = inspected(pillow(scene(64, 48), "WEBP", quality=80))
    assert families(seen) == ["libwebp"]
    assert seen.verdict[0].startswith("Lossy WebP, 64 x 48, 4:2:0")


def test_a_shifted_luma_delta_is_not_told_as_libwebps() -> None:
    assert webp_quality.estimate([30], [1.0], -9) is None


@pytest.mark.parametrize("colors", [2, 5, 16, 100])
def test_vp8l_palettes_have_as_many_colours_as_the_picture(colors: int) -> None:
    picture = image_of(scene(60, 40)).quantize(colors).convert("RGB")
    different = len(picture.getcolors(1 << 24) or ())
    data = pillow(picture, "WEBP", lossless=True, quality=0)
    transforms = inspected(data).value("webp", "transforms")
    assert [t["transform"] for t in transforms] == ["colour indexing"]
    assert transforms[0]["colors"] == different


def test_vp8l_headers_are_read_to_their_end() -> None:
    """A wrong turn in a prefix code would end in an incomplete code, which is trouble, or in a mode unheard of."""
    for method, quality in ((0, 0), (3, 60), (4, 80), (6, 100)):
        for picture in (scene(40, 30, 4), smooth(80, 60)):
            data = pillow(picture, "WEBP", lossless=True, method=method, quality=quality)
            image = vp8l.read(data[20:])
            assert image.whole
            assert not image.trouble
            assert (image.width, image.height) == (picture.shape[1], picture.shape[0])
            for transform in image.transforms:
                assert set(transform.get("modes", {})) <= {str(m) for m in range(14)}
                if "modes" in transform:
                    blocks = -(-image.width // transform["block"]) * -(-image.height // transform["block"])
                    assert sum(transform["modes"].values()) == blocks
            first = webpinfo(data).get("1st transform", "").lower()
            assert first.startswith(image.transforms[0]["transform"].replace("colour", "color"))


def test_alpha_is_what_webpinfo_reads() -> None:
    data = pillow(scene(80, 60, 4), "WEBP", quality=70, alpha_quality=30)
    value, told = inspected(data).value("webp", "alpha"), webpinfo(data)
    assert value["level_reduction"] == bool(int(told["Pre-processing"]))
    assert value["filtering"] == told["Filter"].split()[0].lower()
    assert str(value["values"]) == told["No. of colors"]


def test_animation_is_what_was_asked_for() -> None:
    seen = inspected(whole_files()["webp animation"])
    value = seen.to_dict()["webp"]
    assert [f["duration_ms"] for f in value["frames"]] == [10, 20, 30]
    assert value["loop_count"] == 2
    assert "3 frames" in seen.verdict[0]
    assert not odd(seen)


def test_the_map_covers_the_file() -> None:
    for name in ("webp", "webp alpha", "webp animation"):
        data = whole_files()[name]
        rows = [r for r in inspected(data).to_dict()["segments"] if not r["marker"].startswith(" ")]
        assert sum(r["bytes"] for r in rows) == len(data)


def test_metadata_is_found() -> None:
    seen = inspected(whole_files()["webp alpha"])
    assert seen.value("exif", "entries") == 1


def test_lies_are_anomalies() -> None:
    whole = whole_files()["webp"]
    assert any("states" in t for t in odd(inspected(whole[:-10])))
    assert any("after the RIFF chunk" in t for t in odd(inspected(whole + b"more")))
    alpha = bytearray(whole_files()["webp alpha"])
    alpha[20] ^= 0x04
    assert any("flag for xmp" in t for t in odd(inspected(bytes(alpha))))
    broken = bytearray(whole)
    broken[23] = 0
    assert any("start code" in t for t in odd(inspected(bytes(broken))))


def test_webpmux_keeps_what_cwebp_wrote(tmp_path: Path) -> None:
    """A rewritten container tells the same of its image."""
    (tmp_path / "a.webp").write_bytes(cwebp(SENT[0], "-q", "77"))
    (tmp_path / "x.xmp").write_bytes(b"<x:xmpmeta/>")
    out = tmp_path / "b.webp"
    subprocess.run(
        [WEBPMUX, "-set", "xmp", str(tmp_path / "x.xmp"), str(tmp_path / "a.webp"), "-o", str(out)], check=True
    )
    before, after = inspected((tmp_path / "a.webp").read_bytes()), inspected(out.read_bytes())
    assert before.value("webp", "quality") == after.value("webp", "quality")
    assert after.value("xmp", "bytes") == 12
