"""The page of an inspected file: whole, asking nobody, with every claim of the inspection; hostile, damaged files."""

from __future__ import annotations

import base64
import re
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

import understudy as us
from oracles import scene
from pages import Checker, read
from shared_folder import name_of, real_files
from understudy.cli import app
from understudy.codec.tables import identify, quant_tables
from understudy.jpeg import Layout, ScanSpec, encode, layout, parse, read_coefficients, write
from understudy.jpeg.syntax import Dqt
from understudy.report import inspection_html
from understudy.report.file_figures import MOST_SEGMENTS, Map, histograms, kind_of, law_steps
from understudy.report.file_pictures import MOST_STAGES, decoded

HOSTILE = "</title><script>alert(1)</script><img src=x onerror=alert(2)> & 'a' \"b\" \x1b[31m"


def jpeg(width: int = 96, height: int = 72, **options: object) -> bytes:
    out = BytesIO()
    Image.fromarray(scene(width, height)).save(out, "jpeg", **{"quality": 80, **options})
    return out.getvalue()


def page(data: bytes, name: str = "a.jpg") -> tuple[us.Inspection, Checker]:
    seen = us.inspect(data, "coefficients")
    found = read(inspection_html(seen, name, data))
    ids = found.ids()
    assert len(ids) == len(set(ids))
    assert found.links() <= set(ids)
    return seen, found


def test_the_verdict_stands_first_and_every_observation_is_there() -> None:
    seen, found = page(jpeg(progressive=True))
    words = found.words
    starts = [words.index(sentence) for sentence in seen.verdict]
    assert max(starts) < words.index("What this rests on") and starts == sorted(starts)
    told = {line for line in found.text if line.strip()}
    for observation in seen.observations:
        assert observation.text in told, observation
        assert not observation.source or observation.source in words
    assert seen.sha256 in words


def test_each_sentence_leads_to_its_evidence() -> None:
    seen, found = page(jpeg(progressive=True))
    assert tuple(sentence for sentence, _ in seen.claims) == seen.verdict
    topics = {o.topic for o in seen.observations}
    for sentence, rests_on in seen.claims:
        assert topics & set(rests_on), sentence
    header = found.words[: found.words.index("What this rests on")]
    for link in ("[tables]", "[scans]", "[rests-on]"):
        assert link in header


def test_offsets_lead_to_the_segment_that_they_lie_in() -> None:
    seen, found = page(jpeg())
    starts = [row["offset"] for row in seen.value("segments", "map")]
    chart = Map(seen.value("segments", "map"))
    assert {f"at-{offset:x}" for offset in starts} <= set(found.ids())
    for observation in seen.observations:
        if observation.offset is not None:
            inside = max(s for s in starts if s <= observation.offset)
            assert f'href="#at-{inside:x}"' in chart.link(observation.offset)
    assert chart.link(None) == ""


def test_scans_arrive_one_by_one() -> None:
    data = jpeg(progressive=True)
    seen, found = page(data)
    made = decoded(seen)
    assert [stage.scan for stage in made.stages] == list(range(10))
    last = Image.open(BytesIO(data)).convert("RGB")
    ours = read_coefficients(parse(data))
    assert (ours.width, ours.height) == last.size == (96, 72)
    cards = [a.get("alt") for name, a in found.seen if name == "img"]
    assert [c for c in cards if c and c.startswith("The picture after")] == [
        f"The picture after scan {i}" for i in range(10)
    ]
    assert made.stages[0].crop != made.stages[-1].crop


def test_the_last_stage_is_the_picture() -> None:
    """Against Pillow's decoding; the crop is a JPEG of quality 90 itself, so it is near, not equal."""
    data = jpeg(480, 320, quality=95)
    made = decoded(us.inspect(data))
    left, top = made.at
    picture = base64.b64decode(made.stages[-1].crop.partition(",")[2])
    shown = np.asarray(Image.open(BytesIO(picture)).convert("RGB"), np.int16)
    whole = np.asarray(Image.open(BytesIO(data)).convert("RGB"), np.int16)
    assert np.abs(shown - whole[top : top + 96, left : left + 96]).mean() < 6
    assert np.abs(shown - whole[100:196, 150:246]).mean() > 12, "another part of it looks otherwise"


def test_of_many_scans_a_few_are_shown() -> None:
    stages = decoded(us.inspect(in_many_scans(40))).stages
    assert len(stages) == MOST_STAGES and (stages[0].scan, stages[-1].scan) == (0, 39)


def in_many_scans(count: int) -> bytes:
    """A grey JPEG whose DC comes first and whose AC coefficients come in `count` - 1 bands, coded by this package."""
    out = BytesIO()
    Image.fromarray(scene(64, 64)[:, :, 0]).save(out, "jpeg", quality=70)
    stream = parse(out.getvalue())
    assert stream.frame is not None
    (dqt,) = [e for e in stream.elements if isinstance(e, Dqt)]
    bands = [ScanSpec((0,), 0, 0), *(ScanSpec((0,), k, k if k < count - 1 else 63) for k in range(1, count))]
    coded = encode(
        [c.blocks for c in read_coefficients(stream).components], width=64, height=64, progressive=True,
        components=stream.frame.components, quant_tables=dqt.tables, script=bands,
    )  # fmt: skip
    return write(layout(coded, Layout()))


@pytest.mark.parametrize(
    ("law", "quality"), [("annex-k", 85), ("mozjpeg-3", 71), ("jpegli", 80), ("facebook-custom-diag", None)]
)
def test_the_laws_table_stands_beside_the_files(law: str, quality: int | None) -> None:
    for role, steps in zip(("luma", "chroma"), quant_tables(law, quality), strict=True):
        match = identify(steps)
        value = {"law": str(match.law), "quality": match.quality, "role": match.role, "steps_natural": list(steps)}
        assert law_steps(value) == steps, role
    assert law_steps({"law": "no such law", "quality": 3, "role": "luma", "steps_natural": [1] * 64}) is None


def test_tables_that_no_law_gives_are_framed_where_they_differ() -> None:
    data = bytearray(jpeg())
    data[data.index(b"\xff\xdb") + 5 + 20] += 2  # a step of the first table; T.81 B.2.4.1
    seen, found = page(bytes(data))
    differing = [a for name, a in found.seen if name == "rect" and "differs" in str(a.get("class"))]
    pairs = [(o.value["steps_natural"], law_steps(o.value)) for o in seen.all("tables")]
    assert [o.value["exact"] for o in seen.all("tables")] == [False, True]
    assert len(differing) == 2 * sum(a != b for x, y in pairs for a, b in zip(x, y or x, strict=True)) >= 2


def test_what_the_histograms_show_is_what_the_blocks_hold() -> None:
    blocks = np.zeros((2, 3, 8, 8), np.int16)
    blocks[0, 0, 0, 1] = 5
    blocks[1, 1, 0, 1] = -200
    drawn = histograms(blocks, "h")
    assert "v 0, h 1: 2 of 6 not 0, the largest 200" in drawn
    assert "v 7, h 7: 0 of 6 not 0, the largest 0" in drawn
    assert drawn.count("<path") == 64


@pytest.mark.parametrize(
    ("marker", "kind"),
    [("SOS", "data"), ("IDAT", "data"), ("VP8X", "structure"), ("APP13", "meta"), ("SOF2", "structure"),
     ("SOI", "edge"), ("", "other")],
)  # fmt: skip
def test_segments_are_coloured_by_kind(marker: str, kind: str) -> None:
    assert kind_of(marker) == kind


def test_what_files_and_names_say_is_text() -> None:
    data = jpeg(comment=HOSTILE.encode(), exif=b"Exif\0\0<script>")
    document = inspection_html(us.inspect(data, "coefficients"), HOSTILE, data)
    assert "<script" not in document and "\x1b" not in document and "<img src=x" not in document
    found = read(document)
    assert "</title><script>alert(1)</script>" in found.words
    assert "Content-Security-Policy" in document and "default-src 'none'" in document


def test_masses_of_segments_are_cut() -> None:
    data = jpeg()
    many = data[:2] + b"\xff\xfe\x00\x04<>" * 5000 + data[2:]
    seen, found = page(many)
    rows = [i for i in found.ids() if i.startswith("at-")]
    assert len(rows) == MOST_SEGMENTS
    assert len(inspection_html(seen, "a", many)) < 3_000_000
    assert "more" in found.words


@pytest.mark.parametrize("cut", [2, 30, 200, 700, 2000])
def test_damaged_files_have_a_page(cut: int) -> None:
    _, found = page(jpeg(progressive=True)[:cut] if cut > 2 else b"\xff\xd8")
    assert "Anomalies" in found.words


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [("jpeg", "L", {}), ("jpeg", "CMYK", {}), ("jpeg", "RGB", {"subsampling": 0}), ("webp", "RGB", {"quality": 60}),
     ("webp", "RGBA", {"lossless": True}), ("png", "P", {}), ("png", "RGBA", {}), ("gif", "P", {})],
)  # fmt: skip
def test_every_format_has_a_page(kind: str, mode: str, options: dict[str, object]) -> None:
    out = BytesIO()
    Image.fromarray(scene(60, 44)).convert(mode).save(out, kind, **options)
    seen, found = page(out.getvalue(), f"a.{kind}")
    assert seen.verdict[0] in found.words and "The file as a map" in found.words
    pictures = [a["src"] for name, a in found.seen if name == "img" and a.get("class") == "shown"]
    assert len(pictures) == 1 and str(pictures[0]).startswith("data:image/")


@pytest.mark.parametrize("size", [(1, 1), (7, 11), (8, 200), (257, 65)])
def test_small_and_odd_sizes(size: tuple[int, int]) -> None:
    _, found = page(jpeg(*size))
    assert f"{size[0]} x {size[1]}" in found.words


@pytest.mark.shared
@pytest.mark.parametrize("path", real_files()[:4] or [Path("missing")], ids=name_of)
def test_real_deliveries_have_a_page(path: Path) -> None:
    data = path.read_bytes()
    seen, found = page(data, path.name)
    assert seen.verdict[0] in found.words
    assert len(re.findall("data:image", inspection_html(seen, path.name, data))) <= 2 * MOST_STAGES + 3


def test_the_command_writes_pages(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.jpg").write_bytes(jpeg())
    one = CliRunner().invoke(app, ["inspect", str(tmp_path / "a.jpg"), "--html", str(tmp_path / "a.html")])
    assert one.exit_code == 0 and (tmp_path / "a.html").read_text().startswith("<!doctype html>")
    files = [str(tmp_path / f"{name}.jpg") for name in ("a", "b")]
    two = CliRunner().invoke(app, ["inspect", *files, "--html", str(tmp_path / "pages"), "--json"])
    assert two.exit_code == 0 and sorted(p.name for p in (tmp_path / "pages").iterdir()) == ["a.html", "b.html"]
    assert two.stdout.startswith("[")


def test_the_part_that_was_put_in_later_is_drawn() -> None:
    rng = np.random.default_rng(3)
    smooth = np.cumsum(np.cumsum(rng.normal(0, 1, (320, 320)), axis=0), axis=1)
    old = Image.fromarray(np.clip(128 + 40 * smooth / smooth.std() + rng.normal(0, 9, (320, 320)), 0, 255).astype("u1"))
    first, second = BytesIO(), BytesIO()
    old.save(first, "jpeg", quality=60)
    mixed = np.asarray(Image.open(first)).copy()
    mixed[64:192, 64:192] = np.asarray(old)[100:228, 130:258]
    Image.fromarray(mixed).save(second, "jpeg", quality=90)
    seen = us.inspect(second.getvalue(), "coefficients")
    where = seen.value("generations", "regions")
    document = inspection_html(seen, "f.jpg", second.getvalue())
    assert where["against"] > 0
    assert document.count('class="region against"') == where["against"]
    assert document.count('class="region shows"') == where["shows"] > 0
    assert "Where it shows" in document
    once = us.inspect(first.getvalue(), "coefficients")
    assert "Where it shows" not in inspection_html(once, "f.jpg", first.getvalue())
