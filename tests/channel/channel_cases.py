"""What the channel's tests share: pictures of every kind, and what `mimic` delivers for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

import understudy as us
from oracles import scene
from understudy.profile import Profile

Batch = NDArray[np.uint8]


def pictures(height: int, width: int, channels: int = 3, seed: int = 0) -> Batch:
    """uint8 [5, H, W, C]: a scene, noise, noise of extreme values, soft noise with a ramp, one colour."""
    rng = np.random.default_rng(seed)
    shape = (height, width, channels)
    ramp = np.linspace(0, 255, width)[None, :, None] + rng.normal(0, 6, shape)
    return np.stack([
        scene(width, height, channels), rng.integers(0, 256, shape, np.uint8),
        rng.choice(np.array([0, 255], np.uint8), shape), ramp.round().clip(0, 255).astype(np.uint8),
        np.broadcast_to(rng.integers(0, 256, channels, np.uint8), shape),
    ])  # fmt: skip


def tensor(batch: Batch, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """[B, C, H, W] in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(batch.transpose(0, 3, 1, 2))).to(torch.float64).div(255).to(dtype)


def samples(shown: torch.Tensor) -> Batch:
    """uint8 [B, H, W, C] of a channel's output; fails where that is not k / 255 in its type."""
    whole = (shown.detach().double() * 255).round()
    assert torch.equal((whole / 255).to(shown.dtype), shown.detach())
    return whole.to(torch.uint8).permute(0, 2, 3, 1).numpy()


def delivered(batch: Batch, profile: str | Profile, **overrides: Any) -> Batch:
    """uint8 [B, H, W, C]: what libjpeg-turbo's decoder shows of each delivery."""
    return np.stack([us.mimic(picture, profile, **overrides).pixels() for picture in batch])
