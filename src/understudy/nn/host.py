"""A JPEG generation of a batch in main memory, by the kernels of `codec`: the work of `mimic` without its bytes.

The fast path on a CPU, where exact_jpeg.py gives the same; and on every device what has no form in torch (jpegli,
mozjpeg's trellis, decoders other than libjpeg-turbo's at full size).
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..codec import go_jpeg
from ..codec.decode import to_rgb
from ..codec.jpegli import encode as jpegli
from ..codec.variants import Engine
from ..jpeg.coefficients import Blocks
from ..steps import Context, Raster
from .recipe import Recipe


def each(count: int, work: Callable[[int], None]) -> None:
    """`work(0)` to `work(count - 1)`, on as many threads as torch may use; the kernels run without Python's lock."""
    threads = min(count, torch.get_num_threads())
    if threads <= 1:
        for i in range(count):
            work(i)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, range(count)))


def generation(samples: Tensor, steps: Tensor, recipe: Recipe) -> tuple[Tensor, Tensor]:
    """As `exact_jpeg.generation`, of tensors on the CPU; any recipe."""
    count, channels, height, width = samples.shape
    whole = samples.detach().to(torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    tables = steps.detach().to(torch.int64).numpy()
    components = recipe.components(channels)
    shown_height, shown_width = recipe.size(height, width)
    out = torch.empty((count, components, shown_height, shown_width), dtype=samples.dtype)
    total = sum(x.count for x in recipe.layouts(components, height, width))
    levels = torch.empty((count, total), dtype=torch.int16)

    def one(i: int) -> None:
        blocks, shown = _one(whole[i], tables[i % len(tables)], recipe, components)
        levels[i] = torch.from_numpy(np.concatenate([b.reshape(-1) for b in blocks]))
        out[i] = torch.from_numpy(shown).permute(2, 0, 1)

    each(count, one)
    return out, levels


def zero_below(samples: Tensor, steps: Tensor, recipe: Recipe) -> list[NDArray[np.float32]]:
    """For each component, float32 [B, v_blocks, h_blocks, 64]: magnitudes, in steps, below which a coefficient becomes
    0 where rounding would not make it so: jpegli's. An empty list for encoders that only round."""
    e = recipe.encode
    if e.engine is not Engine.JPEGLI:
        return []
    count, channels = samples.shape[:2]
    whole = samples.detach().to("cpu", torch.uint8).permute(0, 2, 3, 1).contiguous().numpy()
    tables = steps.detach().to("cpu", torch.int64).numpy()
    components = recipe.components(channels)
    if components > channels:
        whole = np.repeat(whole, 3, axis=3)
    made = []
    for i in range(count):
        luma, chroma = tables[i % len(tables)].tolist()
        made.append(jpegli.zero_below(
            whole[i] if components == 3 else whole[i][:, :, 0], list(recipe.factors(components)), luma, chroma,
            adaptive=e.adaptive_quantization, force_baseline=e.force_baseline,
        ))  # fmt: skip
    return [np.stack(parts) for parts in zip(*made, strict=True)]


def _one(
    pixels: NDArray[np.uint8], tables: NDArray[np.int64], recipe: Recipe, components: int
) -> tuple[list[Blocks], NDArray[Any]]:
    """(levels of the blocks that hold a sample of the picture; samples [H, W, components] as shown) of one picture."""
    height, width = pixels.shape[:2]
    luma, chroma = (tuple(t.tolist()) for t in tables)
    blocks, _ = replace(recipe.encode, luma_steps=luma, chroma_steps=chroma).levels(Raster(pixels), Context())
    layouts = recipe.layouts(components, height, width)
    real = [b[: x.v_blocks, : x.h_blocks] for b, x in zip(blocks, layouts, strict=False)]
    # A grey picture that was coded as one component looks as with empty chroma.
    real += [np.zeros((x.v_blocks, x.h_blocks, 8, 8), np.int16) for x in layouts[len(real) :]]
    steps = [tables[x.table].astype(np.uint16) for x in layouts]
    factors = recipe.factors(components)
    if recipe.shows_ycbcr:
        return real, np.stack(go_jpeg.to_planes(real, steps, factors, width, height), -1)
    shown = to_rgb(
        real, steps, factors, width, height, upsampling=recipe.upsampling, eighths=recipe.eighths,
        decoder=recipe.decoder, dct=recipe.inverse,
    )  # fmt: skip
    return real, shown if shown.ndim == 3 else shown[:, :, None]
