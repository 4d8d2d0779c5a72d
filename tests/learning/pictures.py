"""Small pictures, and platforms that Pillow plays, for the tests of learning."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image

from understudy.learning.observed import Observed

Platform = Callable[[Image.Image], bytes]


def picture(seed: int, width: int = 160, height: int = 120) -> Image.Image:
    """A picture in colour with large forms and fine detail, the same for the same seed."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    out = np.zeros((height, width, 3))
    for _ in range(12):
        cx, cy, r = random.uniform(0, 1, 3)
        form = np.exp(-((x - cx) ** 2 + (y - cy) ** 2) / (0.02 + 0.1 * r) ** 2)
        out += form[:, :, None] * random.uniform(-160, 160, 3)
    out += random.normal(0, 14, (height, width, 1)) + 128
    return Image.fromarray(out.clip(0, 255).astype(np.uint8))


def grey(seed: int, width: int = 160, height: int = 120) -> Image.Image:
    return picture(seed, width, height).convert("L")


def png(image: Image.Image, **options: Any) -> bytes:
    return saved(image, "PNG", **options)


def jpeg(image: Image.Image, **options: Any) -> bytes:
    return saved(image, "JPEG", **options)


def saved(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def pairs_of(sent: dict[str, bytes], platform: Callable[[bytes], bytes]) -> list[Observed]:
    return [Observed(name, data, platform(data)) for name, data in sent.items()]
