"""Statistics of a file's quantised coefficients, in one pass: cheap enough for a corpus."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..jpeg.coefficients import Blocks, Coefficients
from ..jpeg.entropy_decode import read_coefficients
from ..jpeg.syntax import JpegStream
from ..traces import quick
from ._counting_kernels import count


def statistics(stream: JpegStream) -> dict[str, Any]:
    """The STATISTICS columns of a JPEG file. Raises JpegError and LimitError as `read_coefficients` does.

    Luma is the first component, chroma all others together, over the blocks that hold samples of the picture.
    """
    read = read_coefficients(stream)
    luma = _figures(read.components[0].real)
    row: dict[str, Any] = {
        "luma_zero_share": luma["zero"],
        "luma_one_share": luma["one"],
        "luma_nonzero_a_block": luma["nonzero"],
        "luma_dc_mean": luma["dc_mean"],
        "luma_dc_deviation": luma["dc_deviation"],
        "luma_mean_size": luma["mean_size"],
        "luma_odd_share": luma["odd"],
        "entropy_bytes": sum(len(scan.data) for scan in stream.scans),
    }
    row |= _traces(read, stream)
    if len(read.components) > 1:
        chroma = _figures(*(c.real for c in read.components[1:]))
        row |= {"chroma_zero_share": chroma["zero"], "chroma_one_share": chroma["one"],
                "chroma_nonzero_a_block": chroma["nonzero"]}  # fmt: skip
    return row


def _traces(read: Coefficients, stream: JpegStream) -> dict[str, Any]:
    """What the quick traces answer, as inspect's observations have it."""
    said = {(o.topic, o.name): o.value for o in quick(read, stream)}
    earlier = said.get(("generations", "aligned"), {})
    table = (earlier.get("table") or [{}])[0]
    return {
        "earlier": earlier.get("answer"),
        "earlier_law": table.get("law"),
        "earlier_quality": table.get("quality"),
        "dimples": said.get(("rounding", "dimples"), {}).get("answer"),
        "levels": said.get(("rounding", "levels"), {}).get("answer"),
    }


def _figures(*planes: Blocks) -> dict[str, Any]:
    """Figures of these blocks together."""
    counts = np.zeros((4, 64), np.int64)
    dc = np.zeros(2, np.float64)
    for blocks in planes:
        count(blocks, counts, dc)
    blocks_in_all = sum(p.shape[0] * p.shape[1] for p in planes)
    nonzero, ones, odd, size = counts
    ac, ac_nonzero = 63 * blocks_in_all, int(nonzero[1:].sum())
    mean = dc[0] / blocks_in_all
    return {
        "zero": 1 - ac_nonzero / ac,
        "one": int(ones[1:].sum()) / ac_nonzero if ac_nonzero else None,
        "nonzero": ac_nonzero / blocks_in_all,
        "dc_mean": float(mean),
        "dc_deviation": float(np.sqrt(max(0.0, dc[1] / blocks_in_all - mean * mean))),
        "mean_size": [float(s) / blocks_in_all for s in size],
        "odd": [float(o) / float(n) if n else None for o, n in zip(odd, nonzero, strict=True)],
    }
