"""jpegli's code lengths and merging, apart from files (those are in tests/codec/test_jpegli_files.py)."""

from __future__ import annotations

import heapq

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from understudy.jpeg.histogram_merge import SLOTS, code_lengths, cost, merge, table
from understudy.jpeg.huffman import codes

COUNTS = st.lists(st.integers(0, 5000), min_size=256, max_size=256).map(
    lambda counts: [n if n % 3 == 0 else 0 for n in counts]
)


def optimal_bits(counts: list[int]) -> int:
    """Bits of an optimal code for these counts and one symbol more of count 1, that one's bits counted too."""
    heap = [n for n in counts if n] + [1]
    heapq.heapify(heap)
    total = 0
    while len(heap) > 1:
        joined = heapq.heappop(heap) + heapq.heappop(heap)
        total += joined
        heapq.heappush(heap, joined)
    return total


@given(COUNTS)
def test_lengths_are_a_code_with_room_for_one_more(counts: list[int]) -> None:
    lengths = code_lengths(counts)
    assert sorted(lengths) == [s for s, n in enumerate(counts) if n]
    taken = sum(2 ** (16 - n) for n in lengths.values())
    reserved = 2**16 - taken  # symbol 256 has the rest, a code of its own
    assert lengths == {} or (reserved >= 1 and reserved & (reserved - 1) == 0)


@given(COUNTS)
def test_lengths_are_optimal_where_sixteen_bits_suffice(counts: list[int]) -> None:
    lengths = code_lengths(counts)
    if lengths and max(lengths.values()) < 16:
        reserved = 16 - (2**16 - sum(2 ** (16 - n) for n in lengths.values())).bit_length() + 1
        assert sum(counts[s] * n for s, n in lengths.items()) + reserved == optimal_bits(counts)


def test_counts_are_raised_until_codes_fit() -> None:
    fibonacci = [1, 1]
    while len(fibonacci) < 30:
        fibonacci.append(fibonacci[-1] + fibonacci[-2])
    counts = np.array([*fibonacci, *[0] * 226], np.int64)
    made = table(counts, 1, 2)
    assert (made.Tc, made.Th) == (1, 2)
    assert max(length for _, _, length in codes(made)) <= 16
    assert len(made.symbols) == 30


def histogram(**counts: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    out = np.zeros(256, np.int64)
    for symbol, n in counts.items():
        out[int(symbol[1:])] = n
    return out


def test_alike_histograms_share_a_table() -> None:
    one = histogram(s1=100, s2=50, s3=25)
    merged = merge([one, 2 * one, one], 0)
    assert len(merged.tables) == 1
    assert merged.table_of == (0, 0, 0)
    assert merged.of(2) is merged.tables[0] and merged.of(3) is None
    assert cost(one) == 8 * (17 + 3) + 100 * 1 + 50 * 2 + 25 * 3


def test_five_unlike_histograms_take_the_first_slot_again() -> None:
    unlike = [histogram(**{f"s{20 * i + j}": 10000 * (j == 0) + 3000 for j in range(20)}) for i in range(6)]
    merged = merge(unlike, 1)
    assert merged.table_of == (0, 1, 2, 3, 4, 5)
    assert [t.Th for t in merged.tables] == [0, 1, 2, 3, 0, 1]
    assert len(merge(unlike, 1, most=2).tables) == 2
    again = merge([*unlike, unlike[0], unlike[5]], 1)
    assert again.table_of[6:] == (6, 5)  # slot 0's first table is gone
    assert SLOTS == 4


def test_empty_histograms() -> None:
    empty = histogram()
    assert merge([empty, empty], 0).tables == ()
    assert merge([empty, empty], 0).of(0) is None
    assert merge([empty, histogram(s5=3)], 0).table_of == (0, 0)


@pytest.mark.parametrize("symbols", [1, 2, 256])
def test_few_and_many_symbols(symbols: int) -> None:
    lengths = code_lengths([7] * symbols + [0] * (256 - symbols))
    assert len(lengths) == symbols
    assert set(lengths.values()) <= {1, 2, 8, 9}
