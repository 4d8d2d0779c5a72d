"""What the emulators' tests share: pictures to send, a client that knows nothing of ours."""

from __future__ import annotations

import io
from typing import Any

import httpx
import numpy as np
from PIL import Image


def picture(width: int = 96, height: int = 64, kind: str = "PNG", seed: int = 1) -> bytes:
    """A small smooth picture, another for every seed."""
    y, x = np.mgrid[0:height, 0:width]
    noise = np.random.default_rng(seed).integers(0, 32, (height, width, 3))
    pixels = np.stack([x * 255 // width, y * 255 // height, (x + y) % 256], axis=2) * 7 // 8 + noise
    out = io.BytesIO()
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(out, kind)
    return out.getvalue()


def size(data: bytes) -> tuple[int, int]:
    """(width, height) as Pillow reads them."""
    with Image.open(io.BytesIO(data)) as image:
        return image.size


def client(**more: Any) -> httpx.Client:
    """As anyone's: no proxies of this machine."""
    return httpx.Client(trust_env=False, verify=False, timeout=30, **more)  # no certificates to load


NO_PICTURE = b"this is no picture\n" * 20
