"""Huffman tables: equal to what libjpeg writes for the same histogram, and to T.81's figures, box by box."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from reencoding import histograms, tokenized

from oracles import cjpeg, cmyk_jpeg, pillow, scene
from understudy.errors import JpegError
from understudy.jpeg import parse
from understudy.jpeg.huffman import STANDARD, codes, optimal, total_bits
from understudy.jpeg.syntax import Dht, HuffTable

Histogram = list[int]


def annex_k2(counts: Histogram) -> tuple[tuple[int, ...], bytes]:
    """BITS and HUFFVAL by T.81 figures K.1 to K.4, box by box; where a choice is free (V1, V2 of equal frequency),
    the text of K.2: "the largest value of V"."""
    freq = [*counts, 1]
    codesize, others = [0] * 257, [-1] * 257
    while True:  # figure K.1
        v1 = least(freq, -1)
        v2 = least(freq, v1)
        if v2 < 0:
            break
        freq[v1] += freq[v2]
        freq[v2] = 0
        end = lengthened(v1, codesize, others)
        others[end] = v2
        lengthened(v2, codesize, others)
    bits = [0] * 258
    for size in codesize:  # figure K.2
        bits[size] += size > 0
    i = max((n for n, many in enumerate(bits) if many), default=0)
    while i > 16:  # figure K.3
        if bits[i] > 0:
            j = i - 2
            while bits[j] == 0:
                j -= 1
            bits[i] -= 2
            bits[i - 1] += 1
            bits[j + 1] += 2
            bits[j] -= 1
        else:
            i -= 1
    i = min(i, 16)
    while i and bits[i] == 0:
        i -= 1
    bits[i] -= 1 if i else 0
    order = [v for size in range(1, 258) for v in range(256) if codesize[v] == size]  # figure K.4
    return tuple(bits[1:17]), bytes(order)


def least(freq: Histogram, but: int) -> int:
    """The used value of least frequency, the largest of equals; -1 if there is none but `but`."""
    best = -1
    for v, n in enumerate(freq):
        if n and v != but and (best < 0 or n <= freq[best]):
            best = v
    return best


def lengthened(v: int, codesize: list[int], others: list[int]) -> int:
    """Adds one to the code size of `v` and of all that hangs on it; returns the last of them."""
    codesize[v] += 1
    while others[v] >= 0:
        v = others[v]
        codesize[v] += 1
    return v


def histogram(pairs: dict[int, int]) -> Histogram:
    return [pairs.get(v, 0) for v in range(256)]


def checked(counts: Histogram) -> HuffTable:
    """Our table, after: it equals the standard's procedure, is a prefix code with the all-ones code left free."""
    table = optimal(counts, 1, 2)
    assert (table.Tc, table.Th) == (1, 2)
    assert (table.counts, table.symbols) == annex_k2(counts)
    assert set(table.symbols) == {v for v, n in enumerate(counts) if n}
    assert sum(table.counts) == len(table.symbols)
    made = codes(table)
    assert all(0 <= code < (1 << length) - 1 for _, code, length in made), "the all-ones code is reserved (T.81 C)"
    words = sorted(f"{code:0{length}b}" for _, code, length in made)
    assert not any(b.startswith(a) for a, b in pairwise(words))
    return table


FIBONACCI = [1, 1]
while len(FIBONACCI) < 40:
    FIBONACCI.append(FIBONACCI[-1] + FIBONACCI[-2])

HISTOGRAMS = {
    "one symbol": {7: 1000},
    "one symbol once": {0: 1},
    "the last symbol": {255: 3},
    "two symbols": {1: 5, 2: 5},
    "all equal": dict.fromkeys(range(256), 1),
    "all equal and many": dict.fromkeys(range(256), 999),
    "equal but one": {**dict.fromkeys(range(40), 4), 17: 5},
    "powers of two, 30 deep": {v: 1 << v for v in range(30)},
    "Fibonacci, 40 deep": dict(enumerate(FIBONACCI)),
    "Fibonacci, backwards": {200 - v: n for v, n in enumerate(FIBONACCI)},
    "deep and wide": {**dict(enumerate(FIBONACCI[:30])), **dict.fromkeys(range(100, 256), 1)},
    "beyond 32 bits": {0: 1 << 40, 1: 1, 2: 1 << 33},
}


@pytest.mark.parametrize("pairs", HISTOGRAMS.values(), ids=HISTOGRAMS)
def test_named_histograms(pairs: dict[int, int]) -> None:
    table = checked(histogram(pairs))
    if len(pairs) == 1:
        assert table.counts == (1, *[0] * 15)


def test_deep_histograms_are_shortened_to_16_bits() -> None:
    table = checked(histogram(dict(enumerate(FIBONACCI))))
    assert table.counts[15] > 0
    assert max(length for _, _, length in codes(table)) == 16


def test_no_symbols_no_codes() -> None:
    table = optimal([0] * 256, 0, 0)
    assert (table.counts, table.symbols) == ((0,) * 16, b"")


@settings(max_examples=300)
@given(st.dictionaries(st.integers(0, 255), st.one_of(st.integers(1, 4), st.integers(1, 10**9)), min_size=1))
def test_any_histogram(pairs: dict[int, int]) -> None:
    checked(histogram(pairs))


@settings(max_examples=100)
@given(st.dictionaries(st.integers(0, 255), st.integers(1, 50), min_size=2), st.integers(0, 255))
def test_no_other_table_is_shorter_than_the_optimal_one(pairs: dict[int, int], seed: int) -> None:
    """Against tables for other histograms of the same symbols; the reserved code may cost one symbol a bit."""
    counts = histogram(pairs)
    rng = np.random.default_rng(seed)
    other = optimal([int(rng.integers(1, 1000)) if n else 0 for n in counts], 0, 0)
    best, rival = total_bits(optimal(counts, 0, 0), counts), total_bits(other, counts)
    assert best is not None
    assert rival is not None
    assert best <= rival + max(counts)


def written_by_libjpeg() -> dict[str, bytes]:
    noise = np.random.default_rng(1).integers(0, 256, (65, 57, 3), dtype=np.uint8)
    files = {f"cjpeg, quality {q}": cjpeg(scene(65, 57), "-quality", str(q), "-optimize") for q in (5, 50, 95, 100)}
    files |= {f"Pillow, quality {q}": pillow(noise, quality=q, optimize=True, subsampling=0) for q in (1, 30, 100)}
    files["progressive"] = cjpeg(scene(130, 120), "-quality", "95", "-progressive")
    files["one colour"] = cjpeg(np.full((16, 16, 3), 128, np.uint8), "-optimize")
    files["four components"] = cmyk_jpeg(40, 40, optimize=True)
    return files


@pytest.mark.parametrize("name", written_by_libjpeg())
def test_libjpegs_own_optimised_tables(name: str) -> None:
    found = histograms(list(tokenized(parse(written_by_libjpeg()[name]))))
    assert len(found) >= 2
    for table, counts in found:
        assert optimal(counts, table.Tc, table.Th) == table
        assert (table.counts, table.symbols) == annex_k2(counts)


def test_the_standard_tables_are_pillows() -> None:
    segments = [e for e in parse(pillow(scene(16, 16))).elements if isinstance(e, Dht)]
    assert {t.name: t for e in segments for t in e.tables} == STANDARD


@pytest.mark.parametrize("table", STANDARD.values(), ids=STANDARD)
def test_the_standard_tables_are_whole(table: HuffTable) -> None:
    """T.81 K.3.3: 12 DC and 162 AC codes, none of ones only; Kraft's sum is short by the reserved ones."""
    assert len(codes(table)) == (162 if table.Tc else 12)
    assert not table.overfull


OVERFULL = {
    "three codes of one bit": (3, *[0] * 15),
    "a full tree and one more": (0, 4, 1, *[0] * 13),
    "255 codes of 7 bits": (*[0] * 6, 255, *[0] * 9),
}


@pytest.mark.parametrize("counts", OVERFULL.values(), ids=OVERFULL)
def test_overfull_tables_are_refused(counts: tuple[int, ...]) -> None:
    table = HuffTable(0, 1, counts, bytes(sum(counts)))
    assert table.overfull
    with pytest.raises(JpegError, match=r"Huffman table DC 1: more codes than the lengths allow.*T\.81 C\.2"):
        codes(table)


def test_a_full_tree_is_not_overfull() -> None:
    """The all-ones code is used: T.81 forbids it, decoders take it (libjpeg only refuses what does not fit)."""
    table = HuffTable(0, 0, (2, *[0] * 15), bytes([0, 1]))
    assert codes(table) == [(0, 0, 1), (1, 1, 1)]


def test_bits_of_a_symbol_without_a_code() -> None:
    counts = histogram({0: 3, 15: 1})
    assert total_bits(STANDARD["DC 0"], counts) is None
    assert total_bits(STANDARD["DC 0"], histogram({0: 3, 1: 2})) == 3 * 2 + 2 * 3
