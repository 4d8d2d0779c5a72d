"""Pictures for the tests of traces: a scene whose coefficients spread as a photograph's, and JPEG files of it."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import understudy as us
from understudy.jpeg import Coefficients, JpegStream

Picture = NDArray[np.uint8]


def photograph(width: int = 512, height: int = 512, seed: int = 0) -> Picture:
    """Noise whose amplitude falls with frequency as a photograph's, and edges. uint8 [H, W, 3]."""
    rng = np.random.default_rng([width, height, seed])
    v, h = np.fft.fftfreq(height)[:, None], np.fft.rfftfreq(width)[None]
    fall = 1 / np.maximum(np.hypot(v, h), 1 / 64) ** 1.4
    planes = []
    for strength in (1.0, 0.25, 0.25):
        plane = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(height, width))) * fall, (height, width))
        planes.append(strength * plane / max(plane.std(), 1e-9))
    y, x = np.mgrid[:height, :width]
    luma = 125 + 34 * planes[0] * (1 + np.sin(x / 71) * np.cos(y / 53)) + 25 * ((x + y // 3) % 190 > 120)
    rgb = np.stack([luma + 30 * planes[1], luma, luma + 30 * planes[2]], -1)
    return np.clip(np.rint(rgb), 0, 255).astype(np.uint8)


def jpeg(picture: Picture, quality: int, **options: object) -> bytes:
    """By Pillow, so libjpeg-turbo; 4:2:0 unless said."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=quality, **options)
    return buffer.getvalue()


def pixels(data: bytes) -> Picture:
    """As Pillow decodes it."""
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def read(data: bytes) -> tuple[Coefficients, JpegStream]:
    """What `traces.observe` takes."""
    stream = us.jpeg.parse(data)
    return us.jpeg.read_coefficients(stream), stream
