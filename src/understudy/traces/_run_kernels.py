"""The loop behind trellis.py: what stands before each small level in a block's zigzag order."""

from __future__ import annotations

from typing import Any

from .._jit import kernel


@kernel
def runs(blocks: Any, zigzag: Any, out: Any) -> None:
    """Counts levels of blocks, int16 [n, 64] natural order, into int64 `out[2, 2, 4]`.

    First index: whether the level is the last other than 0 of its block; second: whether its size is 1; third: zeros
    before it, 0, 1 to 2, 3 to 6, 7 and more. `zigzag`: natural index of each place.
    """
    for i in range(blocks.shape[0]):
        run, size, kind = 0, 0, 0  # size and kind: of the level before, which is no block's last if another follows
        for place in range(1, 64):
            level = int(blocks[i, zigzag[place]])
            if level == 0:
                run += 1
                continue
            if size:
                out[0, 1 if size == 1 else 0, kind] += 1
            size = abs(level)
            kind = 0 if run == 0 else (1 if run < 3 else (2 if run < 7 else 3))
            run = 0
        if size:
            out[1, 1 if size == 1 else 0, kind] += 1
