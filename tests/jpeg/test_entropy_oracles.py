"""Our coefficients against libjpeg's own reader (through jpeglib), file by file, for every way to write a JPEG."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from oracles import (
    SIZES,
    Blocks,
    cjpeg,
    cmyk_jpeg,
    djpeg,
    jpeglib_blocks,
    jpegtran,
    pillow,
    scene,
    with_whole_mcus,
)
from shared_folder import battery_files, name_of, photo_files, real_files
from understudy.codec.decode import to_rgb
from understudy.jpeg import Coefficients, parse, read_coefficients

SAMPLINGS = [
    "1x1", "2x1", "2x2", "1x2", "4x1", "1x4", "4x2", "2x4",
    "1x1,2x1,1x1", "2x2,1x2,2x1", "2x1,1x2,1x1", "1x2,1x2,1x1", "2x2,2x1,1x1", "3x1", "1x3,1x1,1x1", "3x2,1x1,1x2",
]  # fmt: skip
"""cjpeg -sample: h x v of each component, 1x1 where nothing is said."""

SCRIPTS = {
    "planar": "0; 1; 2;",
    "luma, then chroma together": "0; 1 2;",
    "chroma first": "1 2; 0;",
    "spectral selection": "0 1 2: 0-0, 0, 0; 0: 1-2, 0, 0; 0: 3-9, 0, 0; 0: 10-63, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0;",
    "every coefficient alone": "0 1 2: 0-0, 0, 0; 1: 1-63, 0, 0; 2: 1-63, 0, 0;"
    + "".join(f"0: {k}-{k}, 0, 0;" for k in range(1, 64)),
    "planar DC": "0: 0-0, 0, 0; 1: 0-0, 0, 0; 2: 0-0, 0, 0;" + "".join(f"{c}: 1-63, 0, 0;" for c in range(3)),
    "DC in six steps": "0 1 2: 0-0, 0, 5;" + "".join(f"0 1 2: 0-0, {a}, {a - 1};" for a in range(5, 0, -1))
    + "".join(f"{c}: 1-63, 0, 0;" for c in range(3)),
    "AC in eight steps": "0 1 2: 0-0, 0, 0;"
    + "".join(f"{c}: 1-63, 0, 7;" + "".join(f"{c}: 1-63, {a}, {a - 1};" for a in range(7, 0, -1)) for c in range(3)),
    "bands and bits mixed": "0 1 2: 0-0, 0, 2; 1: 1-63, 0, 3; 0: 1-5, 0, 3; 0: 6-63, 0, 4; 0: 6-63, 4, 3;"
    "0: 1-63, 3, 2;"
    "0 1 2: 0-0, 2, 1; 2: 1-63, 0, 0; 0: 1-30, 2, 1; 0: 31-63, 2, 1; 1: 1-63, 3, 2; 1: 1-63, 2, 1; 0: 1-63, 1, 0;"
    "0 1 2: 0-0, 1, 0; 1: 1-63, 1, 0;",
}  # fmt: skip
UNFINISHED = "0 1 2: 0-0, 0, 1; 0: 1-5, 0, 2; 1: 1-63, 0, 1;"


def ours(data: bytes) -> Coefficients:
    """What we read, after: nothing odd, and the same coefficients as libjpeg in every block of the picture."""
    read = read_coefficients(parse(data))
    assert read.anomalies == ()
    compare(read, jpeglib_blocks(data))
    return read


def compare(read: Coefficients, theirs: list[Blocks]) -> None:
    assert len(read.components) == len(theirs)
    for component, blocks in zip(read.components, theirs, strict=True):
        np.testing.assert_array_equal(component.real, blocks[: component.grid.v_real, : component.grid.h_real])
        assert component.real.shape == blocks.shape


@pytest.mark.parametrize("progressive", [False, True], ids=["sequential", "progressive"])
@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_every_sampling(sampling: str, progressive: bool) -> None:
    options = ["-quality", "85", "-sample", sampling, *(["-progressive"] if progressive else [])]
    for width, height in SIZES:
        ours(cjpeg(scene(width, height), *options))


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_every_script(script: str) -> None:
    for width, height in SIZES[1:4]:
        for sampling in ("2x2", "1x1", "2x1,1x2,1x1"):
            ours(cjpeg(scene(width, height), "-quality", "92", "-sample", sampling, scans=script))


def test_a_script_that_stops_early() -> None:
    """T.81 allows a file to stop at any precision; the bits that were not sent are zero."""
    read = ours(cjpeg(scene(57, 65), "-quality", "92", scans=UNFINISHED))
    assert not read.components[2].blocks[:, :, 1:].any()


@pytest.mark.parametrize("interval", ["1", "3", "1B", "2B", "5B", "1000B"])
@pytest.mark.parametrize(
    "how", [(), ("-progressive",), ("-optimize",), ("-grayscale",), ("-progressive", "-grayscale")]
)
def test_restart_intervals(interval: str, how: tuple[str, ...]) -> None:
    for width, height in ((7, 11), (57, 65), (257, 130)):
        ours(cjpeg(scene(width, height), "-quality", "80", "-restart", interval, *how))


def test_restart_intervals_in_hand_written_scripts() -> None:
    for script in SCRIPTS.values():
        ours(cjpeg(scene(57, 65), "-quality", "92", "-restart", "3B", scans=script))


@pytest.mark.parametrize("quality", [1, 10, 100])
@pytest.mark.parametrize(
    "save", [{}, {"optimize": True}, {"progressive": True}], ids=["standard", "optimised", "progressive"]
)
def test_qualities_from_the_coarsest_to_the_finest(quality: int, save: dict[str, bool]) -> None:
    rng = np.random.default_rng(quality)
    noise = rng.choice(np.array([0, 255], np.uint8), (65, 57, 3))
    ours(pillow(noise, quality=quality, subsampling=0, **save))


def test_sixteen_bit_steps() -> None:
    data = cjpeg(scene(57, 65), "-quality", "1")
    read = ours(data)
    assert read.components[0].steps.max() > 255
    assert b"\xff\xc1" in data, "not baseline: T.81 B.2.4.1"


@pytest.mark.parametrize("size", SIZES)
def test_grey(size: tuple[int, int]) -> None:
    picture = scene(*size, 1)
    for options in ((), ("-progressive",), ("-optimize",), ("-restart", "2B"), ("-sample", "2x2"), ("-sample", "4x1")):
        ours(cjpeg(picture[:, :, 0], "-quality", "88", *options))


@pytest.mark.parametrize("size", SIZES)
def test_four_components(size: tuple[int, int]) -> None:
    for save in ({}, {"progressive": True}, {"optimize": True}, {"restart_marker_blocks": 2}):
        read = ours(cmyk_jpeg(*size, quality=88, **save))
        assert len(read.components) == 4


def test_rgb_components() -> None:
    ours(cjpeg(scene(57, 65), "-rgb", "-quality", "88"))


def test_tables_that_change_between_scans() -> None:
    """T.81 B.2.4.2: a table may be defined again; each scan has those in force when it begins."""
    data = cjpeg(scene(57, 65), "-quality", "88", "-optimize", scans=SCRIPTS["planar"])
    assert data.count(b"\xff\xc4") > 4
    ours(data)


def test_a_quantisation_table_is_the_one_at_the_components_first_scan() -> None:
    """T.81 B.2.4.1; libjpeg latches it there as well (latch_quant_tables)."""
    data = cjpeg(scene(24, 24), "-quality", "50", scans=SCRIPTS["planar"])
    at = [o for o, e in parse(data).located() if e.name == "SOS"][1]
    new = b"\xff\xdb\0\x43\0" + bytes([7] * 64) + b"\xff\xdb\0\x43\1" + bytes([9] * 64)
    read = read_coefficients(parse(data[:at] + new + data[at:]))
    before = read_coefficients(parse(data))
    assert (read.components[0].steps == before.components[0].steps).all()
    assert (read.components[1].steps == 9).all()
    np.testing.assert_array_equal(read.components[1].blocks, before.components[1].blocks)
    progressive = cjpeg(scene(24, 24), "-quality", "50", "-progressive")
    at = [o for o, e in parse(progressive).located() if e.name == "SOS"][-1]
    later = read_coefficients(parse(progressive[:at] + new + progressive[at:]))
    for a, b in zip(later.components, before.components, strict=True):
        assert (a.steps == b.steps).all(), "a later scan of the component changes nothing"


@pytest.mark.parametrize("sampling", ["2x2", "2x1", "1x2", "4x1", "2x2,1x2,2x1", "3x2,1x1,1x2"])
def test_padding_blocks_of_partial_mcus(sampling: str) -> None:
    """The blocks beyond the picture: libjpeg shows them once the header claims whole MCUs."""
    factors = [tuple(map(int, part.split("x"))) for part in sampling.split(",")]
    h, v = max(f[0] for f in factors), max(f[1] for f in factors)
    seen = 0
    for width, height in SIZES:
        data = cjpeg(scene(width, height), "-quality", "90", "-sample", sampling)
        read = ours(data)
        for component, blocks in zip(read.components, jpeglib_blocks(with_whole_mcus(data, h, v)), strict=True):
            np.testing.assert_array_equal(component.blocks, blocks)
            seen += component.blocks.size - component.real.size
    assert seen > 0


def test_padding_of_progressive_dc() -> None:
    data = cjpeg(scene(17, 33), "-quality", "90", "-progressive")
    read = read_coefficients(parse(data))
    baseline = read_coefficients(parse(cjpeg(scene(17, 33), "-quality", "90")))
    for a, b in zip(read.components, baseline.components, strict=True):
        np.testing.assert_array_equal(a.blocks[:, :, 0, 0], b.blocks[:, :, 0, 0])
        np.testing.assert_array_equal(a.real, b.real)


@pytest.mark.parametrize(
    "options", [("-progressive",), ("-optimize",), ("-restart", "3B"), ("-progressive", "-restart", "2")]
)
@pytest.mark.parametrize("sampling", ["2x2", "1x1", "1x2", "2x1,1x2,1x1"])
def test_jpegtran_changes_no_coefficient(sampling: str, options: tuple[str, ...]) -> None:
    data = cjpeg(scene(57, 65), "-quality", "90", "-sample", sampling)
    before, after = ours(data), ours(jpegtran(data, *options))
    assert before.equal_share(after) == 1.0


@pytest.mark.parametrize("sampling", ["2x2", "2x1", "1x1"])
def test_the_pixels_are_djpegs(sampling: str) -> None:
    """So steps and blocks stand in the order that a decoder expects."""
    data = cjpeg(scene(57, 65), "-quality", "90", "-sample", sampling)
    c = read_coefficients(parse(data))
    pixels = to_rgb([x.blocks for x in c.components], [x.steps for x in c.components], c.factors, c.width, c.height)
    np.testing.assert_array_equal(pixels, djpeg(data))


@pytest.mark.shared
@pytest.mark.parametrize("path", real_files() + photo_files(), ids=name_of)
def test_real_deliveries_and_photographs(path: Path) -> None:
    ours(path.read_bytes())


@pytest.mark.shared
def test_one_file_of_each_software_of_the_battery() -> None:
    smallest: dict[str, Path] = {}
    for path in battery_files():
        known = smallest.setdefault(path.parts[-3], path)
        if path.stat().st_size < known.stat().st_size:
            smallest[path.parts[-3]] = path
    assert len(smallest) == 16
    for path in smallest.values():
        ours(path.read_bytes())
