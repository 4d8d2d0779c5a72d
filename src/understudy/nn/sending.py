"""Tensors through something that takes a picture and gives back a file: a platform, a program, a function."""

from __future__ import annotations

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..errors import PictureError
from ..steps.base import Context, Raster, Source
from ..steps.decode import Decode
from .gradient import leave

Send = Callable[[Any], Any]
"""Takes uint8 `[H, W, 3]` or a PNG file's bytes; gives the delivered file's bytes, a `Delivery`, or uint8 samples."""
Form = Literal["array", "png"]


class Sender:
    """`send` for batches of tensors."""

    def __init__(self, send: Send, form: Form = "array", workers: int = 1) -> None:
        if form not in ("array", "png"):
            raise ValueError(f"form {form!r}, expected 'array' or 'png'")
        self.send = send
        self.form: Form = form
        self.workers = workers

    @torch.compiler.disable  # type: ignore[untyped-decorator]
    def __call__(self, samples: Tensor, dtype: torch.dtype) -> Tensor:
        """What is delivered for whole samples 0..255, `[B, C, H, W]`, C 1 or 3: a picture in [0, 1], of `dtype`.

        Raises PictureError where pictures of one batch come back in different sizes, or not as pictures.
        """
        pictures = samples.detach().permute(0, 2, 3, 1).to("cpu", torch.uint8).contiguous().numpy()
        if self.workers > 1:
            with ThreadPoolExecutor(self.workers) as pool:
                delivered = list(pool.map(self._one, pictures))
        else:
            delivered = [self._one(picture) for picture in pictures]
        sizes = sorted({picture.shape[:2] for picture in delivered})
        if len(sizes) > 1:
            raise PictureError(f"deliveries of {sizes[0]} and {sizes[-1]}", place="batch", expected="one size")
        channels = samples.shape[1]
        stacked = np.stack([_with_channels(picture, channels) for picture in delivered])
        whole = torch.from_numpy(stacked).permute(0, 3, 1, 2).to(samples.device, samples.dtype)
        return leave(whole.contiguous(), dtype)

    def _one(self, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
        return shown(self.send(_as_png(picture) if self.form == "png" else picture))


def shown(delivered: Any) -> NDArray[np.uint8]:
    """uint8 `[H, W, 1 to 4]`: the samples of a delivery, neither turned nor converted.

    delivered: a file's bytes (JPEG as libjpeg-turbo decodes it), something whose `data` they are, or the samples.
    Raises PictureError for anything else.
    """
    data = getattr(delivered, "data", delivered) if not isinstance(delivered, np.ndarray) else delivered
    if isinstance(data, np.ndarray) and data.dtype == np.uint8 and data.ndim in (2, 3):
        return data if data.ndim == 3 else data[:, :, None]
    if isinstance(data, (bytes, bytearray, memoryview)):
        raster = Decode().exact(Source(bytes(data)), Context())
        assert isinstance(raster, Raster), "decode makes rasters"
        return raster.pixels
    raise PictureError(type(delivered).__name__, place="what was delivered", expected="a file's bytes or uint8 samples")


def _with_channels(picture: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    if picture.shape[2] == channels:
        return picture
    if picture.shape[2] == 1:
        return np.repeat(picture, channels, axis=2)
    raise PictureError(
        f"{picture.shape[2]} channels", place="what was delivered", expected=f"{channels}, as they were sent"
    )


def _as_png(picture: NDArray[np.uint8]) -> bytes:
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(picture[:, :, 0] if picture.shape[2] == 1 else picture).save(out, "PNG", compress_level=1)
    return out.getvalue()
