"""Marks: the code against its algebra and a catalogue's check value, the finder against a plain search, the whole
against what platforms do; and never a wrong id."""

from __future__ import annotations

import io
import random
from collections import deque
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from shared_folder import battery_files, matching, real_files
from understudy.probes import _reed_solomon as reed_solomon
from understudy.probes._mark_kernels import patches
from understudy.probes.mark import (
    CHECKS,
    LENGTH,
    SIDE,
    Mark,
    _crc16,
    decoded,
    encoded,
    module,
    modules,
    read_mark,
    stamp,
)

MARK = Mark(0xBEEF, 201)


@given(st.binary(min_size=5, max_size=5), st.dictionaries(st.integers(0, 11), st.integers(1, 255), max_size=3))
def test_three_wrong_bytes_are_put_right(message: bytes, wrong: dict[int, int]) -> None:
    word = bytearray(reed_solomon.encode(message, CHECKS))
    for place, change in wrong.items():
        word[place] ^= change
    assert reed_solomon.decode(bytes(word), CHECKS) == message


def test_a_code_word_is_zero_at_every_root() -> None:
    """Schoolbook arithmetic in GF(256), without tables: a product is a shifted sum, reduced by the polynomial."""

    def times(a: int, b: int) -> int:
        out = 0
        while b:
            out ^= a if b & 1 else 0
            a = a << 1 ^ (0x11D if a & 0x80 else 0)
            b >>= 1
        return out

    word = reed_solomon.encode(b"marks", CHECKS)
    root = 1
    for _ in range(CHECKS):
        value = 0
        for byte in word:
            value = times(value, root) ^ byte
        assert value == 0
        root = times(root, 2)


def test_the_crc_gives_the_catalogues_check_value() -> None:
    assert _crc16(b"123456789") == 0x29B1


@given(st.integers(0, 65535), st.integers(0, 255))
def test_a_mark_says_what_was_put_in(set_id: int, number: int) -> None:
    mark = Mark(set_id, number)
    assert len(encoded(mark)) == LENGTH
    assert decoded(encoded(mark)) == mark


def test_no_mark_in_random_words() -> None:
    """2e4 words; by the code's own figures one in 1e12 would pass."""
    draw = random.Random(7)
    assert [w for _ in range(20_000) if decoded(w := draw.randbytes(LENGTH)) is not None] == []


def test_words_with_too_many_errors_give_no_other_mark() -> None:
    draw = random.Random(3)
    wrong = 0
    for _ in range(20_000):
        word = bytearray(encoded(MARK))
        for place in draw.sample(range(LENGTH), draw.randint(4, 9)):
            word[place] ^= draw.randrange(1, 256)
        wrong += decoded(bytes(word)) not in (None, MARK)
    assert wrong == 0


def by_flood(dark: np.ndarray[Any, Any]) -> list[tuple[int, int, int, int]]:
    """Boxes of the patches, in the order of their first pixels, by filling one after the other."""
    seen = np.zeros_like(dark)
    boxes = []
    for start in map(tuple, np.argwhere(dark)):
        if seen[start]:
            continue
        found, waiting = [], deque([start])
        seen[start] = True
        while waiting:
            y, x = waiting.popleft()
            found.append((y, x))
            for near in ((y - 1, x), (y + 1, x), (y, x - 1), (y, x + 1)):
                inside = 0 <= near[0] < dark.shape[0] and 0 <= near[1] < dark.shape[1]
                if inside and dark[near] and not seen[near]:
                    seen[near] = True
                    waiting.append(near)
        rows, columns = zip(*found, strict=True)
        boxes.append((min(rows), min(columns), max(rows) + 1, max(columns) + 1))
    return boxes


@pytest.mark.parametrize("density", [0.0, 0.3, 0.5, 0.62, 0.9, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (23, 31)])
def test_patches_are_those_of_a_flood_fill(shape: tuple[int, int], density: float) -> None:
    for seed in range(8):
        dark = np.random.RandomState(seed).random_sample(shape) < density
        labels = np.full(shape, -1, np.int32)
        boxes = np.zeros((dark.size, 4), np.int32)
        count = patches(dark, labels, np.empty(dark.size // 2 + 2, np.int32), boxes)
        expected = by_flood(dark)
        assert count == len(expected)
        assert sorted(map(tuple, boxes[:count].tolist())) == sorted(expected)
        assert np.array_equal(labels > 0, dark)
        for i in range(count):
            rows, columns = np.nonzero(labels == i + 1)
            assert tuple(boxes[i]) == (rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)


def picture(width: int = 632, height: int = 472, seed: int = 1) -> np.ndarray[Any, Any]:
    """Coarse noise with a mark."""
    grid = np.random.RandomState(seed).randint(0, 256, (height // 7 + 1, width // 7 + 1, 3)).astype(np.uint8)
    pixels = np.kron(grid, np.ones((7, 7, 1), np.uint8))[:height, :width].copy()
    assert stamp(pixels, MARK)
    return pixels


def jpeg(pixels: Any, quality: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


@pytest.mark.parametrize("size", [(632, 472), (601, 467), (472, 632), (1600, 900)])
@pytest.mark.parametrize("by", [1.0, 2.6, 3.0, 4.0, 4.3])
def test_read_after_a_resize_in_every_turn(size: tuple[int, int], by: float) -> None:
    image = Image.fromarray(picture(*size))
    small = image.resize((round(size[0] / by), round(size[1] / by)), Image.Resampling.BICUBIC)
    for turn in (None, *Image.Transpose):
        turned = small if turn is None else small.transpose(turn)
        assert read_mark(jpeg(np.asarray(turned), 50)) == MARK, turn
    assert read_mark(jpeg(np.asarray(small.convert("L")), 50)) == MARK


def test_every_number_is_read_at_four_pixels_a_module() -> None:
    """Whatever the data: a mark may have few dark rows."""
    for number in range(256):
        mark = Mark(number * 257 ^ 0x5A5A, number)
        small = np.full((90, 120), 235, np.uint8)
        small[: 4 * SIDE, : 4 * SIDE] = np.kron(np.where(modules(mark), 16, 235), np.ones((4, 4)))
        assert read_mark(small) == mark


@pytest.mark.parametrize("side", range(4))
def test_specks_beside_the_frame_do_not_hide_it(side: int) -> None:
    """As ringing leaves them: a line beside the frame that is dark here and there belongs to its patch, not to it."""
    drawn = np.where(modules(MARK), 16, 235).astype(np.uint8)
    small = np.full((256, 399), 235, np.uint8)
    small[: 5 * SIDE, : 5 * SIDE] = np.kron(drawn, np.ones((5, 5), np.uint8))
    lines = (small[4, 5:65], small[65, 5:65], small[5:65, 4], small[5:65, 65])
    lines[side][[9, 30, 31, 50]] = 40
    assert read_mark(small) == MARK


@pytest.mark.parametrize("quality", [3, 8, 20, 90])
def test_read_from_bad_jpegs(quality: int) -> None:
    assert read_mark(jpeg(picture(), quality)) == MARK


def test_read_with_another_contrast_a_border_and_a_crop() -> None:
    pixels = picture()
    assert read_mark((pixels * 0.6 + 40).astype(np.uint8)) == MARK
    assert read_mark(np.pad(pixels, ((33, 5), (57, 9), (0, 0)), constant_values=255)) == MARK
    assert read_mark(np.pad(pixels, ((33, 5), (57, 9), (0, 0)))) == MARK
    assert read_mark(np.ascontiguousarray(pixels[:300, :280])) == MARK


@pytest.mark.parametrize(("kind", "dtype"), [(1, np.uint8), (2, np.uint8), (4, np.uint8), (3, np.uint16)])
def test_stamped_into_every_kind_of_picture(kind: int, dtype: Any) -> None:
    pixels = np.full((472, 632, kind), 9, dtype)
    assert stamp(pixels, MARK)
    side = SIDE * module(632, 472)
    assert (pixels[side:] == 9).all()
    assert (pixels[:, side:] == 9).all()
    if kind in (2, 4):
        assert (pixels[:side, :side, -1] == 255).all()
    luma = (pixels[:, :, 0] >> (8 if dtype == np.uint16 else 0)).astype(np.uint8)
    assert read_mark(luma) == MARK


@pytest.mark.parametrize(("size", "expected"), [((100, 75), 0), ((400, 500), 0), ((408, 408), 16), ((1281, 900), 24),
                                                 ((6000, 4000), 80), ((3000, 480), 16)])  # fmt: skip
def test_a_module_grows_with_the_picture_and_leaves_room(size: tuple[int, int], expected: int) -> None:
    assert module(*size) == expected
    assert SIDE * module(*size) <= 0.55 * min(size)
    pixels = np.zeros((size[1], size[0], 1), np.uint8)
    assert stamp(pixels, MARK) == bool(expected)
    assert pixels.any() == bool(expected)


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff\xd9", jpeg(picture(), 80)[:3000]])
def test_what_is_no_picture_has_no_mark(data: bytes) -> None:
    assert read_mark(data) is None


@pytest.mark.shared
def test_no_mark_in_real_pictures() -> None:
    names = [*matching("photos/*.jpg", "photos/p0*.png"), *real_files(), *battery_files()[::25]]
    assert len(names) > 40
    assert [p.name for p in names if read_mark(p.read_bytes()) is not None] == []
