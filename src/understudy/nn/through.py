"""Any black box as a channel: its own forward, another channel's backward."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..errors import PictureError
from .gradient import enter, exactly
from .sending import Form, Send, Sender

__all__ = ["Through", "through"]


class Through(nn.Module):
    """A channel whose forward is a callable and whose gradient is a surrogate's; see `through`."""

    def __init__(self, send: Send, surrogate: nn.Module, *, form: Form = "array", workers: int = 1) -> None:
        super().__init__()
        self.surrogate = surrogate
        self._sender = Sender(send, form, workers)

    def forward(self, x: Tensor) -> Tensor:
        """What `send` delivers, `[B, C, h, w]` in [0, 1], of `[B, C, H, W]` in [0, 1]; x's dtype and device.

        Raises PictureError where the surrogate delivers another size.
        """
        with torch.no_grad():
            real: Tensor = self._sender(enter(x), x.dtype)
        if not (torch.is_grad_enabled() and (x.requires_grad or any(p.requires_grad for p in self.parameters()))):
            return real
        smooth = self.surrogate(x)
        if smooth.shape != real.shape:
            raise PictureError(
                f"{tuple(real.shape)} delivered, {tuple(smooth.shape)} by the surrogate", place="through",
                expected="one size", remedy="give a surrogate whose profile resizes as the real channel does",
            )  # fmt: skip
        return exactly(real, smooth)

    def extra_repr(self) -> str:
        return f"send={getattr(self._sender.send, '__qualname__', self._sender.send)}, form={self._sender.form!r}"


def through(send: Send, surrogate: nn.Module, *, form: Form = "array", workers: int = 1) -> Through:
    """A module whose forward is a black box and whose backward is the surrogate's.

    send: a callable that takes one picture, uint8 `[H, W, 3]`, and gives what is delivered for it: a file's bytes (a
    JPEG is decoded as libjpeg-turbo does), a `Delivery`, or uint8 samples. A real platform through a connector, another
    program, `lambda picture: us.mimic(picture, "facebook")`. It must not keep or change the array.
    surrogate: a module, `[B, 3, H, W]` in [0, 1] to the same, which delivers the same size: `us.Channel(...)`.
    form: `png` hands `send` the bytes of a PNG file instead.
    workers: pictures of a batch that are sent at the same time, each in a thread.

    The gradient is as good as the surrogate: nothing of what `send` does enters it but through the loss.
    """
    return Through(send, surrogate, form=form, workers=workers)
