"""mozjpeg's trellis quantisation: levels chosen for rate and distortion together.

For each component in turn: its levels are counted as a scan of this component alone, optimal Huffman tables are made
of the counts, and the levels are chosen again with these tables as the price list.

    distortion of a level    lambda (8 step level - raw)^2 / step^2, raw and 8 step in the integer DCT's scale
    lambda                   2^14.75 / (2^16.5 + mean square of the block's 63 raw AC coefficients); see Tune
    rate                     bits of the run and size codes, of the level's own bits, and of the end-of-block code

Source: mozjpeg's jcdctmgr.c, jccoefct.c, jcmaster.c and jcphuff.c (4.0.3) read for these facts; proved on the bytes
of libvips' mozjpeg and of jpeglib's 4.0.3 (tests/codec/test_mozjpeg*.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ...jpeg.coefficients import grids
from ...jpeg.entropy_encode import Slot, Tokenizer
from ...jpeg.huffman import STANDARD, codes, optimal
from ...jpeg.syntax import NATURAL_OF_ZIGZAG, HuffTable, ScanSpec
from ..sampling import Factors
from . import _trellis_kernels as kernels

__all__ = ["Trellis", "Tune", "requantise"]


class Tune(StrEnum):
    """What mozjpeg tunes lambda for, as its cjpeg calls it (there the first and third choose flat tables too)."""

    PSNR = "psnr"
    HVS_PSNR = "hvs-psnr"
    SSIM = "ssim"
    MS_SSIM = "ms-ssim"


_LAMBDA: dict[Tune, tuple[float, float]] = {
    Tune.PSNR: (2.0 ** (9 - 12), 0),
    Tune.HVS_PSNR: (2.0**14.75, 2.0**16.5),
    Tune.SSIM: (2.0**11.5, 2.0**12.75),
    Tune.MS_SSIM: (2.0**12, 2.0**13),
}
"""(numerator, offset) of lambda; without an offset it is the numerator. mozjpeg: lambda_log_scale1, 2."""
FREQ_SPLIT = 8


@dataclass(frozen=True)
class Trellis:
    """mozjpeg's parameters, by the names of its API less `TRELLIS_`, and its defaults."""

    quant_dc: bool = True
    """Choose DC levels too."""
    use_scans: bool = False
    """Choose positions 1 to 8 and 9 to 63 apart, each with its own counts; Squoosh calls it multipass."""
    num_loops: int = 1
    """Times that levels are counted and chosen again."""
    eob_opt: bool = False
    """Empty whole blocks where that makes runs of end-of-blocks cheaper."""
    tune: Tune = Tune.HVS_PSNR


def requantise(
    raw: Sequence[NDArray[np.int16]],
    blocks: Sequence[NDArray[np.int16]],
    steps_natural: Sequence[NDArray[np.int64]],
    *,
    width: int,
    height: int,
    factors: Factors,
    progressive: bool,
    restart_interval: int,
    trellis: Trellis,
) -> None:
    """Replaces the levels in `blocks`, plainly rounded ones, of all blocks that hold samples.

    raw: what `dct.forward` gave for ISLOW, int16 `[v_blocks, h_blocks, 8, 8]` a component, natural order.
    blocks: the same shape.
    steps_natural: 64 steps a component.
    progressive, restart_interval: of the file; they decide what is counted.
    """
    bands = [(1, FREQ_SPLIT), (FREQ_SPLIT + 1, 63)] if trellis.use_scans else [(1, 63)]
    layout = grids(width, height, factors)
    for index, (source, levels) in enumerate(zip(raw, blocks, strict=True)):
        grid = layout[index]
        real = levels[: grid.v_real, : grid.h_real]
        steps = steps_natural[index][list(NATURAL_OF_ZIGZAG)]
        steps8, weights = (8 * steps).astype(np.int32), (1.0 / (steps * steps)).astype(np.float32)
        candidates = _dc_candidates(int(steps[0])) if trellis.quant_dc else 0
        for Ss, Se in bands * trellis.num_loops:
            dc, ac = _tables(real, min(index, 1), Ss, Se, progressive, restart_interval)
            kernels.requantise(
                source.reshape(-1), levels.reshape(-1), grid.v_real, grid.h_real, levels.shape[1], factors[index][1],
                steps8, weights, _ac_rates(ac), np.float32(_sizes(ac)[0]), _run_rates(ac), _dc_rates(dc),
                *_LAMBDA[trellis.tune], Ss, Se, candidates, trellis.eob_opt,
            )  # fmt: skip


def _dc_candidates(step: int) -> int:
    """How many DC levels are tried: the finer the step, the more; 3 to 9, odd."""
    return min(kernels.MOST_DC_CANDIDATES, (2 + 60 // step) | 1)


def _tables(
    levels: NDArray[np.int16], number: int, Ss: int, Se: int, progressive: bool, restart_interval: int
) -> tuple[HuffTable, HuffTable]:
    """The DC and AC tables that mozjpeg has when it chooses the levels of a component.

    In a progressive file the counts are those of an AC scan over the band, on top of one for every symbol with a size
    up to 11, and no DC is counted: the standard table is still in its place. In a sequential file both are counted.
    """
    counts = _count(levels, Ss, Se, progressive, restart_interval)
    if not progressive:
        return optimal(counts[0, 0].tolist(), 0, number), optimal(counts[1, 0].tolist(), 1, number)
    ac = counts[1, 0].reshape(16, 16)
    ac[:, :12] += 1
    return STANDARD[f"DC {number}"], optimal(ac.reshape(256).tolist(), 1, number)


def _count(
    levels: NDArray[np.int16], Ss: int, Se: int, progressive: bool, restart_interval: int
) -> dict[Slot, NDArray[np.int64]]:
    v_blocks, h_blocks = levels.shape[:2]
    tokenizer = Tokenizer([levels], width=8 * h_blocks, height=8 * v_blocks, factors=[(1, 1)], progressive=progressive)
    spec = ScanSpec((0,), Ss, Se, 0, 0) if progressive else ScanSpec((0,), 0, 63, 0, 0)
    return tokenizer.scan(spec, [(0, 0)], restart_interval=restart_interval).counts


def _sizes(table: HuffTable) -> NDArray[np.int64]:
    """Length of each symbol's code, 0 where it has none."""
    out = np.zeros(256, np.int64)
    for symbol, _, length in codes(table):
        out[symbol] = length
    return out


def _ac_rates(table: HuffTable) -> NDArray[np.float32]:
    """`[64 * 16]`, zeros skipped * 16 + size -> bits of ZRL codes, the run and size code and the level itself."""
    sizes = _sizes(table).reshape(16, 16)
    run, size = np.arange(64)[:, None], np.arange(16)[None, :]
    code = sizes[run & 15, size]
    bits = (code + size + (run >> 4) * sizes[15, 0]).astype(np.float32)
    bits[(code == 0) | ((run >> 4 > 0) & (sizes[15, 0] == 0))] = np.inf
    return np.ascontiguousarray(bits.reshape(-1), np.float32)


def _run_rates(table: HuffTable) -> NDArray[np.float32]:
    """`[17]`, bit length of a run of empty blocks -> bits, as mozjpeg estimates them: one more than EOBn has."""
    sizes = np.append(_sizes(table).reshape(16, 16)[:, 0], 0)
    return np.asarray(sizes + np.arange(17), np.float32)


def _dc_rates(table: HuffTable) -> NDArray[np.float32]:
    """Bits of each difference; a size without a code costs its bits alone, as in mozjpeg."""
    sizes = _sizes(table)
    magnitudes = np.abs(np.arange(-kernels.DC_REACH, kernels.DC_REACH + 1))
    bits = np.array([int(m).bit_length() for m in range(kernels.DC_REACH + 1)])
    return np.asarray((bits + sizes[bits])[magnitudes], np.float32)
