"""Coefficients back to bits: real files scan for scan, and random coefficients through random legal scripts."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reencoding import CORRECTIONS, random_blocks, reencode, scan_data

from oracles import Blocks, cjpeg, djpeg, jpeglib_blocks, jpegtran, scene
from shared_folder import battery_files, matching, name_of, photo_files
from understudy.codec.scans import check
from understudy.errors import JpegError
from understudy.jpeg import Encoded, Huffman, Layout, ScanSpec, encode, layout, parse, read_coefficients, write
from understudy.jpeg.coefficients import grids
from understudy.jpeg.syntax import FrameComponent, QuantTable

REAL = matching("real/*.jpg", "golden/*/received.jpg", "golden/*/sent.jpg") + photo_files()


@pytest.mark.shared
@pytest.mark.parametrize("path", REAL, ids=name_of)
def test_real_files_are_written_again_bit_for_bit(path: Path) -> None:
    stream = parse(path.read_bytes())
    assert reencode(stream).scans == scan_data(stream)


@pytest.mark.shared
@pytest.mark.parametrize("software", sorted({p.parts[-3] for p in battery_files()}))
def test_the_batterys_files_are_written_again_bit_for_bit(software: str) -> None:
    for path in matching(f"battery/{software}/received/*.jpg"):
        stream = parse(path.read_bytes())
        assert reencode(stream).scans == scan_data(stream), path.name


@pytest.mark.shared
def test_how_many_files_follow_from_coefficients_and_script_alone() -> None:
    """Those whose every table is libjpeg's optimal one: for them the whole entropy-coded part is predicted."""
    real = [name_of(p) for p in REAL if reencode(parse(p.read_bytes())).tables_optimal]
    counts = {group: sum(name.startswith(group) for name in real) for group in ("real", "golden", "photos")}
    assert counts == {"real": 16, "golden": 6, "photos": 3}


@pytest.mark.parametrize("name", CORRECTIONS)
def test_the_length_of_correction_runs_shows(name: str) -> None:
    """libjpeg closes a run beyond 937 correction bits; a file with longer runs tells the two rules apart."""
    blocks = [np.full((40, 40, 8, 8), 2, np.int16)]
    script = (ScanSpec((0,), 0, 0), ScanSpec((0,), 1, 63, 0, 1), ScanSpec((0,), 1, 63, 1, 0))
    stream = parse(made(blocks, 320, 320, [(1, 1)], script, most_corrections=CORRECTIONS[name]))
    other = next(n for n in CORRECTIONS if n != name)
    assert reencode(stream, CORRECTIONS[name]).scans == scan_data(stream)
    with pytest.raises(JpegError, match="no code for symbol"):  # other runs need codes that the file's table lacks
        reencode(stream, CORRECTIONS[other])


@pytest.mark.parametrize("sampling", ["2x2", "1x1", "2x1", "1x2,1x1,1x1", "4x1"])
@pytest.mark.parametrize(
    "options", [("-progressive",), ("-optimize",), ("-progressive", "-restart", "3B"), ("-optimize", "-restart", "1")]
)
def test_libjpegs_files_follow_from_coefficients_and_script(sampling: str, options: tuple[str, ...]) -> None:
    for width, height in ((1, 1), (7, 11), (257, 265)):
        stream = parse(cjpeg(scene(width, height), "-quality", "91", "-sample", sampling, *options))
        again = reencode(stream)
        assert again.scans == scan_data(stream)
        assert again.tables_optimal


def made(
    blocks: list[Blocks], width: int, height: int, factors: list[tuple[int, int]], script: tuple[ScanSpec, ...],
    interval: int = 0, huffman: Huffman = Huffman.OPTIMAL, **more: int,
) -> bytes:  # fmt: skip
    """A whole file of these coefficients, in libjpeg's layout."""
    encoded = encode(
        blocks, width=width, height=height,
        components=[FrameComponent(i + 1, h, v, min(i, 1)) for i, (h, v) in enumerate(factors)],
        quant_tables=[QuantTable(i, (3,) * 64) for i in range(2)][: len(factors)],
        script=script, progressive=any((s.Ss, s.Se, s.Ah, s.Al) != (0, 63, 0, 0) for s in script),
        huffman=huffman, restart_interval=interval, **more,
    )  # fmt: skip
    assert isinstance(encoded, Encoded)
    return write(layout(encoded, Layout()))


def random_script(
    rng: random.Random, factors: list[tuple[int, int]], deepest: int, whole: bool = True
) -> tuple[ScanSpec, ...]:
    """A legal script, progressive or not, that sends every bit (all but the last few, unless `whole`)."""
    groups = random_groups(rng, factors)
    if rng.random() < 0.2:
        return tuple(ScanSpec(tuple(g)) for g in groups)
    floor = 0 if whole else rng.randint(0, 2)
    chains: list[list[ScanSpec]] = []
    for group in groups:
        top = rng.randint(floor, deepest)
        dc = [ScanSpec(tuple(group), 0, 0, 0, top)] + [
            ScanSpec(tuple(group), 0, 0, a, a - 1) for a in range(top, floor, -1)
        ]
        for c in group:
            first = 1
            while first <= 63:
                last = rng.choice((63, rng.randint(first, 63)))
                top = rng.randint(floor, deepest)
                bits = [ScanSpec((c,), first, last, 0, top)] + [
                    ScanSpec((c,), first, last, a, a - 1) for a in range(top, floor, -1)
                ]
                chains.append([dc[0], *bits])
                first = last + 1
        chains.append(dc)
    return merged(rng, chains)


def random_groups(rng: random.Random, factors: list[tuple[int, int]]) -> list[list[int]]:
    """Components dealt out over scans, in order within each, at most 10 blocks an MCU (T.81 B.2.3)."""
    groups: list[list[int]] = []
    for i in range(len(factors)):
        fitting = [g for g in groups if sum(factors[j][0] * factors[j][1] for j in [*g, i]) <= 10]
        if fitting and rng.random() < 0.7:
            rng.choice(fitting).append(i)
        else:
            groups.append([i])
    rng.shuffle(groups)
    return groups


def merged(rng: random.Random, chains: list[list[ScanSpec]]) -> tuple[ScanSpec, ...]:
    """The chains' scans in one order that keeps each chain's own; a scan that several begin with comes once."""
    out: list[ScanSpec] = []
    waiting = [list(chain) for chain in chains]
    while waiting:
        chain = rng.choice(waiting)
        scan = chain.pop(0)
        if scan not in out:
            out.append(scan)
        if not chain:
            waiting.remove(chain)
    return tuple(out)


FACTORS: list[list[tuple[int, int]]] = [
    [(1, 1)], [(2, 2)], [(1, 1)] * 3, [(2, 2), (1, 1), (1, 1)], [(2, 1), (1, 1), (1, 1)], [(1, 2), (1, 1), (1, 1)],
    [(4, 1), (1, 1), (1, 1)], [(1, 4), (1, 1), (1, 1)], [(2, 2), (2, 1), (1, 2)], [(1, 1), (2, 2), (1, 1)],
    [(4, 4), (1, 1), (1, 1)], [(3, 1), (1, 1), (1, 2)], [(1, 1)] * 4, [(2, 2), (1, 1), (1, 1), (2, 2)], [(1, 1)] * 2,
]  # fmt: skip
LIMITS = {"of 8-bit pictures": (1023, 1023), "small": (3, 1), "as large as codes go": (16383, 32767)}


@settings(max_examples=250)
@given(
    seed=st.integers(0, 2**32), factors=st.sampled_from(FACTORS), width=st.integers(1, 70), height=st.integers(1, 70),
    interval=st.sampled_from([0, 0, 1, 2, 7, 65535]), limits=st.sampled_from(sorted(LIMITS)),
    density=st.sampled_from([0.0, 0.02, 0.3, 1.0]),
)  # fmt: skip
def test_random_coefficients_through_random_scripts(
    seed: int, factors: list[tuple[int, int]], width: int, height: int, interval: int, limits: str, density: float
) -> None:
    rng = random.Random(seed)
    script = random_script(rng, factors, deepest=rng.choice((1, 3, 13)))
    assert check(script, len(factors)) == []
    blocks, data = random_file(seed, factors, width, height, script, interval, LIMITS[limits], density)
    stream = parse(data)
    assert stream.anomalies == ()
    read = read_coefficients(stream)
    assert read.anomalies == ()
    for component, expected in zip(read.components, sent_part(blocks, script, width, height, factors), strict=True):
        np.testing.assert_array_equal(component.blocks, expected)


def random_file(
    seed: int, factors: list[tuple[int, int]], width: int, height: int, script: tuple[ScanSpec, ...], interval: int,
    limits: tuple[int, int], density: float,
) -> tuple[list[Blocks], bytes]:  # fmt: skip
    shapes = [(g.v_blocks, g.h_blocks) for g in grids(width, height, factors)]
    blocks = random_blocks(np.random.default_rng(seed), shapes, *limits, density)
    return blocks, made(blocks, width, height, factors, script, interval)


def sent_part(
    blocks: list[Blocks], script: tuple[ScanSpec, ...], width: int, height: int, factors: list[tuple[int, int]]
) -> list[Blocks]:
    """What of the blocks a script sends: scans of one component leave out those beyond the picture (T.81 A.2.2)."""
    out = []
    for i, (component, grid) in enumerate(zip(blocks, grids(width, height, factors), strict=True)):
        kept = np.zeros_like(component)
        for scan in script:
            if i in scan.components:
                rows, columns = (None, None) if len(scan.components) > 1 else (grid.v_real, grid.h_real)
                part, whole = kept[:rows, :columns], component[:rows, :columns]
                if scan.Se == 63 and scan.Ss == 0:
                    part[:] = whole
                elif scan.Ss == 0:
                    part[:, :, 0, 0] = whole[:, :, 0, 0]
                else:
                    mask = np.ones((8, 8), bool)
                    mask[0, 0] = False
                    part[:, :, mask] = whole[:, :, mask]
        out.append(kept)
    return out


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32), width=st.integers(1, 60), height=st.integers(1, 60), interval=st.sampled_from([0, 1, 5])
)
def test_libjpeg_reads_what_we_write(seed: int, width: int, height: int, interval: int) -> None:
    rng = random.Random(seed)
    factors = rng.choice([f for f in FACTORS if len(f) != 2 and f[0] != (4, 4)])
    script = random_script(rng, factors, deepest=rng.choice((1, 3, 10)))
    blocks, data = random_file(
        seed, factors, width, height, script, interval, rng.choice([(1023, 1023), (3, 1)]), rng.random()
    )
    for mine, theirs, grid in zip(blocks, jpeglib_blocks(data), grids(width, height, factors), strict=True):
        np.testing.assert_array_equal(mine[: grid.v_real, : grid.h_real], theirs)
    if len(factors) in (1, 3):
        assert djpeg(data).shape[:2] == (height, width)
    again = read_coefficients(
        parse(jpegtran(data, *rng.choice([("-optimize",), ("-progressive",), ("-restart", "2B")])))
    )
    for component, expected in zip(again.components, blocks, strict=True):
        np.testing.assert_array_equal(component.real, expected[: component.grid.v_real, : component.grid.h_real])


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    factors=st.sampled_from(FACTORS[:8]),
    width=st.integers(1, 40),
    height=st.integers(1, 40),
)
def test_unfinished_scripts_lose_only_the_last_bits(
    seed: int, factors: list[tuple[int, int]], width: int, height: int
) -> None:
    """T.81 G.1.2.1, A.4: the point transform is an arithmetic shift for DC, a division toward zero for AC."""
    rng = random.Random(seed)
    script = random_script(rng, factors, deepest=4, whole=False)
    blocks, data = random_file(seed, factors, width, height, script, 0, (1023, 1023), 0.5)
    read = read_coefficients(parse(data))
    low: dict[tuple[int, int], int] = {}
    for scan in script:
        low.update({(c, k): scan.Al for c in scan.components for k in range(scan.Ss, scan.Se + 1)})
    zigzag = np.array([low_index(k) for k in range(64)])
    for i, (component, sent) in enumerate(zip(read.components, blocks, strict=True)):
        real = sent[: component.grid.v_real, : component.grid.h_real].astype(np.int64).reshape(-1, 64)
        Al = np.zeros(64, np.int64)
        Al[zigzag] = [low[i, k] for k in range(64)]
        expected = np.sign(real) * (np.abs(real) >> Al << Al)
        expected[:, 0] = real[:, 0] >> Al[0] << Al[0]
        np.testing.assert_array_equal(component.real.reshape(-1, 64), expected)


def low_index(k: int) -> int:
    """Natural index of zigzag position k, made here anew: anti-diagonals, up and down by turns; T.81 figure 5."""
    order = sorted(((v, h) for v in range(8) for h in range(8)), key=lambda p: (sum(p), p[0] if sum(p) % 2 else p[1]))
    v, h = order[k]
    return 8 * v + h


@pytest.mark.parametrize("count", [32766, 32767, 32768, 65534, 65535])
def test_long_runs_of_empty_blocks(count: int) -> None:
    """End-of-band runs end at 0x7FFF blocks; T.81 G.1.2.2."""
    blocks = np.zeros((256, 256, 8, 8), np.int16)
    blocks.reshape(-1, 64)[count, 63] = 1
    script = (ScanSpec((0,), 0, 0), ScanSpec((0,), 1, 63, 0, 1), ScanSpec((0,), 1, 63, 1, 0))
    data = made([blocks], 2048, 2048, [(1, 1)], script)
    read = read_coefficients(parse(data))
    assert read.anomalies == ()
    np.testing.assert_array_equal(read.components[0].blocks, blocks)
    np.testing.assert_array_equal(jpeglib_blocks(data)[0], blocks)


@pytest.mark.parametrize(("at", "value"), [((0, 0), -32768), ((3, 4), -32768)])
def test_coefficients_without_a_code_are_refused(at: tuple[int, int], value: int) -> None:
    blocks = [np.zeros((1, 1, 8, 8), np.int16)]
    blocks[0][0, 0][at] = value
    with pytest.raises(JpegError, match="15 bits") as caught:
        made(blocks, 8, 8, [(1, 1)], (ScanSpec((0,)),))
    assert "\n" not in str(caught.value)


def test_shapes_that_do_not_fit_are_refused() -> None:
    with pytest.raises(JpegError, match="component 0"):
        made([np.zeros((2, 2, 8, 8), np.int16)], 8, 8, [(1, 1)], (ScanSpec((0,)),))
    with pytest.raises(JpegError, match="component 0"):
        made([np.zeros((1, 1, 8, 8), np.int32)], 8, 8, [(1, 1)], (ScanSpec((0,)),))  # type: ignore[list-item]
    with pytest.raises(JpegError, match="standard Huffman"):
        made([np.zeros((1, 1, 8, 8), np.int16)], 8, 8, [(1, 1)], (ScanSpec((0,), 0, 0),), huffman=Huffman.STANDARD)
    with pytest.raises(JpegError, match="no code for symbol"):
        made([np.full((1, 1, 8, 8), 5000, np.int16)], 8, 8, [(1, 1)], (ScanSpec((0,)),), huffman=Huffman.STANDARD)
