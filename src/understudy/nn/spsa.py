"""A gradient without a surrogate: simultaneous perturbation, from deliveries alone."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..errors import PictureError
from .gradient import enter
from .sending import Form, Send, Sender

__all__ = ["SPSA"]


class SPSA(nn.Module):
    """A channel of which only the forward is known: the gradient is estimated by sending changed pictures.

    Every backward pass sends `2 * pairs` more batches: the picture plus and minus a pattern of random signs, `step`
    levels high. The difference of the deliveries, weighed by the loss's gradient, says how the pattern changes the
    loss.

    Summed over the whole picture that is Spall's estimator, whose noise grows with the number of samples. But what
    happens to a sample of a JPEG depends on its surroundings only; so with `block` the differences are summed over
    each sample's block and its eight neighbours: the same expectation as long as nothing reaches further, and a noise
    that does not grow with the picture. It needs a delivery of the sent size.

    Source: J. C. Spall, Multivariate stochastic approximation using a simultaneous perturbation gradient approximation,
    IEEE Transactions on Automatic Control 37 (1992). The sums by blocks are ours.
    """

    def __init__(
        self,
        send: Send,
        *,
        step: int = 4,
        pairs: int = 8,
        block: int | None = 16,
        seed: int = 0,
        form: Form = "array",
        workers: int = 1,
    ) -> None:
        """send, form, workers: as `through` takes them. step: levels of 255. block: samples a side; None for no blocks.

        seed: of the signs; they differ from call to call, and a module made anew repeats them.
        """
        super().__init__()
        if step < 1 or pairs < 1 or (block is not None and block < 1):
            raise ValueError(f"step {step}, pairs {pairs}, block {block}, expected 1 or more")
        self.step, self.pairs, self.block, self.seed = step, pairs, block, seed
        self._calls = 0
        self._sender = Sender(send, form, workers)

    def forward(self, x: Tensor) -> Tensor:
        """What `send` delivers, `[B, C, h, w]` in [0, 1], of `[B, C, H, W]` in [0, 1]; x's dtype and device."""
        self._calls += 1
        out: Tensor = _Estimated.apply(x, self, self.seed * 1_000_003 + self._calls)  # type: ignore[no-untyped-call]
        return out

    def extra_repr(self) -> str:
        return f"step={self.step}, pairs={self.pairs}, block={self.block}, seed={self.seed}"

    def estimate(self, samples: Tensor, grad: Tensor, seed: int) -> Tensor:
        """The gradient with regard to whole samples `[B, C, H, W]`, given that with regard to what is delivered."""
        generator = torch.Generator().manual_seed(seed)
        total = torch.zeros_like(samples, dtype=torch.float32)
        for _ in range(self.pairs):
            signs = (torch.randint(0, 2, samples.shape, generator=generator) * 2 - 1).to(samples)
            up, down = (samples + self.step * signs).clamp(0, 255), (samples - self.step * signs).clamp(0, 255)
            apart = (self._sender(up, torch.float32) - self._sender(down, torch.float32)) * grad
            # At the ends of the range the two pictures lie less than 2 step apart: the secant is still the slope.
            total += self._gathered(apart, samples) * signs / (up - down).abs().clamp(min=1)
        return total / self.pairs

    def _gathered(self, apart: Tensor, samples: Tensor) -> Tensor:
        """The differences that each sample may have made, summed; broadcasts to `samples`."""
        if self.block is None:
            return apart.sum((1, 2, 3), keepdim=True)
        height, width = samples.shape[2:]
        if apart.shape[2:] != samples.shape[2:]:
            raise PictureError(
                f"{tuple(apart.shape[2:])} for {(height, width)} sent", place="SPSA", expected="the size that was sent",
                remedy="block=None sums over whole pictures",
            )  # fmt: skip
        size = self.block
        padded = functional.pad(apart.sum(1, keepdim=True), (0, -width % size, 0, -height % size))
        sums = functional.avg_pool2d(padded, size) * size**2
        around = functional.avg_pool2d(sums, 3, 1, padding=1, divisor_override=1)
        wide: Any = around.repeat_interleave(size, 2).repeat_interleave(size, 3)
        gathered: Tensor = wide[:, :, :height, :width]
        return gathered


class _Estimated(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, module: SPSA, seed: int) -> Tensor:
        samples = enter(x)
        ctx.save_for_backward(samples)
        ctx.module, ctx.seed, ctx.dtype = module, seed, x.dtype
        out: Tensor = module._sender(samples, x.dtype)
        return out

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:
        (samples,) = ctx.saved_tensors
        made = ctx.module.estimate(samples, grad.float(), ctx.seed)
        return (made * 255).to(ctx.dtype), None, None
