"""Whatever `parse` accepts, `inspect` answers: in JSON, in bounded time, without raising."""

from __future__ import annotations

import json
import random
import time
from io import StringIO

import pytest
from hand_built import (
    STANDARD_DHT,
    app,
    comment,
    desc,
    dqt,
    fbmd_note,
    fbmd_segment,
    file,
    frame,
    icc_profile,
    icc_segment,
    picture,
    scan,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from shared_folder import real_files
from understudy.errors import PictureError
from understudy.inspection import inspect
from understudy.terminal.page import show

RICH_IN_METADATA = picture(
    fbmd_segment(fbmd_note("01", [100, 200])),
    icc_segment(icc_profile((b"desc", desc(b"c2")))),
    app(1, b"Exif\0\0MM\0*\0\0\0\x08\0\1\x01\x12\0\3\0\0\0\1\0\6\0\0"),
    app(2, b"MPF\0MM\0*\0\0\0\x08\0\1\xb0\x01\0\4\0\0\0\1\0\0\0\2"),
    app(14, b"Adobe\0\x64\0\0\0\0\1"),
    comment(b"a comment"),
)
PROGRESSIVE = file(
    dqt(),
    frame("2x2 1x1 1x1", code=0xC2),
    *STANDARD_DHT,
    scan((1, 2, 3), (0, 0, 0, 1)),
    scan((1,), (1, 63, 0, 0)),
    scan((1, 2, 3), (0, 0, 1, 0)),
)


def answer(data: bytes) -> None:
    """Inspects, renders as JSON and as a page; a file that begins as nothing known may be refused."""
    try:
        inspection = inspect(data)
    except PictureError:
        assert data[:2] != b"\xff\xd8"
        return
    document = inspection.to_dict()
    assert json.loads(json.dumps(document)) == document
    assert all(s.isprintable() for s in document["verdict"])
    assert all(o.text.isprintable() for o in inspection.observations)
    show(inspection, "fuzz", Console(file=StringIO(), width=80))


def mutated(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 5, 20))):
        at = rng.randrange(2, len(out))
        kind = rng.randrange(4)
        if kind == 0:
            out[at] = rng.randrange(256)
        elif kind == 1:
            out[at] = rng.choice((0, 1, 0x7F, 0x80, 0xFE, 0xFF))
        elif kind == 2:
            del out[at : at + rng.choice((1, 2, 64))]
        else:
            out[at:at] = bytes(rng.randrange(256) for _ in range(rng.choice((1, 2, 16))))
        if len(out) < 4:
            break
    return bytes(out)


@pytest.mark.parametrize("data", [RICH_IN_METADATA, PROGRESSIVE], ids=["metadata", "progressive"])
def test_every_prefix_is_answered(data: bytes) -> None:
    for end in range(0, len(data) + 1, 3):
        answer(data[:end])


@pytest.mark.parametrize("data", [RICH_IN_METADATA, PROGRESSIVE], ids=["metadata", "progressive"])
def test_random_mutations_are_answered(data: bytes) -> None:
    rng = random.Random(20261121)
    for _ in range(200):
        answer(mutated(data, rng))


@pytest.mark.shared
def test_mutated_headers_of_real_files_are_answered() -> None:
    rng = random.Random(2)
    for path in real_files():
        data = path.read_bytes()[:6_000]
        for _ in range(10):
            answer(mutated(data, rng))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 15), st.binary(max_size=80)), max_size=6), st.binary(max_size=40))
def test_any_app_contents_are_answered(apps: list[tuple[int, bytes]], tail: bytes) -> None:
    answer(picture(*(app(n, data) for n, data in apps), trailing=tail))


IDENTIFIERS = [
    b"JFIF\0",
    b"Exif\0\0MM\0*",
    b"MPF\0II*\0",
    b"ICC_PROFILE\0\1\1",
    b"Photoshop 3.0\x008BIM",
    b"Adobe",
    b"JP",
]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(IDENTIFIERS), st.integers(0, 15), st.binary(max_size=300))
def test_any_contents_behind_known_identifiers_are_answered(identifier: bytes, n: int, data: bytes) -> None:
    answer(picture(app(n, identifier + data)))


@pytest.mark.parametrize(
    "data",
    [
        file(dqt(), frame("2x2 1x1 1x1", code=0xC2), *STANDARD_DHT, *[scan((1, 2, 3), (0, 0, 0, 0))] * 10_000),
        file(dqt(), frame("2x2 1x1 1x1", code=0xC2), *STANDARD_DHT, *[scan((1,) * 255, (0, 0, 0, 0))] * 2_000),
        file(*[dqt(tuple(range(1, 65)))] * 10_000, frame(), scan()),
        file(*[comment(b"x")] * 20_000, frame(), scan()),
        file(*STANDARD_DHT * 5_000, dqt(), frame(), scan()),
        file(*[app(2, b"ICC_PROFILE\0\1\1" + b"x" * 90)] * 5_000),
        file(*[app(13, b"Photoshop 3.0\0" + b"8BIM\4\4\0\0\0\0\0\0" * 5_000)] * 20),
        file(*[fbmd_segment(b"FBMD010001" * 5_000)] * 10),
        picture() + b"\0" * 5_000_000,
        b"\xff\xd8" + b"\xff\xd0" * 100_000,
        b"\xff\xd8" + b"\xff\xfe\0\1" * 50_000,
    ],
    ids=["scans", "wide scans", "dqt", "com", "dht", "icc", "8bim", "fbmd", "trailing", "rst", "short"],
)
def test_masses_of_anything_take_bounded_time(data: bytes) -> None:
    start = time.process_time()
    answer(data)
    assert time.process_time() - start < 5
