"""What a call of a channel is given, checked: pictures, qualities, tables, sigma.

Shapes and types are checked always. Values are looked at only where that costs nothing: in integers, and on a CPU
outside of a compiler, since a look at a tensor on another device waits for it, and a compiler cannot follow it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from numbers import Real
from typing import Any

import torch
from torch import Tensor

from ..errors import PictureError, ProfileError

Quality = Tensor | Sequence[int] | Sequence[float] | float
"""What `quality` may be: one or one a picture."""

MOSTLY_WITHIN = 0.25
"""Above this share of samples outside of [0, 1] a batch is no picture in [0, 1]: 0 to 255, or mean and deviation
taken out. A residual that a network adds to a picture moves fewer out; the figure is a choice, not a measurement."""


def checked_pictures(x: Any) -> None:
    """Raises PictureError for what is no batch of pictures, and says what to do with it."""
    if not isinstance(x, Tensor):
        raise PictureError(
            f"{type(x).__name__}", place="Channel", expected="a tensor, floats [B, 1 to 4, H, W] in [0, 1]"
        )
    if x.ndim == 4 and x.is_floating_point() and x.shape[1] <= 4 and 0 not in x.shape:
        return
    remedy = ""
    if x.dtype == torch.uint8:
        remedy = "x / 255"
    elif x.ndim == 3 and x.shape[0] <= 4:
        remedy = "x[None] is a batch of one"
    elif x.ndim == 4 and x.shape[3] <= 4:
        remedy = "x.permute(0, 3, 1, 2) puts the channels first"
    raise PictureError(
        f"{x.dtype} tensor of shape {tuple(x.shape)}", place="Channel", expected="floats [B, 1 to 4, H, W] in [0, 1]",
        remedy=remedy,
    )  # fmt: skip


def warn_of_other_ranges(x: Tensor) -> None:
    """Warns where more than `MOSTLY_WITHIN` of the samples lie outside of [0, 1], and would be clamped."""
    seen = x.detach()
    outside = float(((seen < 0) | (seen > 1)).float().mean())
    if outside > MOSTLY_WITHIN:
        warnings.warn(
            f"Channel: {outside:.0%} of the samples lie outside of [0, 1], from {float(seen.min()):.4g} to "
            f"{float(seen.max()):.4g}, and are clamped; pictures are in [0, 1]",
            stacklevel=4,
        )


def keep_nan(out: Tensor, x: Tensor) -> Tensor:
    """`out`, NaN in every sample of a picture that has a NaN in `x`: a network that diverged must not look sound."""
    bad = x.detach().isnan()
    if _can_look(bad) and not bool(bad.any()):
        return out
    return out.masked_fill(bad.flatten(1).any(1).view(-1, 1, 1, 1), math.nan)


def qualities(quality: Quality | None, count: int, device: torch.device) -> Tensor | None:
    """[`count` or 1] of what was given as `quality`. Raises ProfileError.

    Integers must be 1 to 100. Floats, which may be learned, are clamped to that later; NaN is an error.
    """
    if quality is None:
        return None
    given: Tensor
    if isinstance(quality, Tensor):
        given = quality
    else:
        try:
            given = torch.as_tensor(quality, device=device)
        except (TypeError, ValueError, RuntimeError):
            raise _not_quality(repr(quality)) from None
    if given.ndim == 0:
        given = given[None]
    if given.ndim != 1 or len(given) not in (1, count) or given.is_complex() or given.dtype == torch.bool:
        raise _not_quality(f"{given.dtype} of shape {tuple(given.shape)} for {count} pictures")
    if _can_look(given):
        if given.is_floating_point():
            if bool(given.detach().isnan().any()):
                raise _not_quality("NaN")
        elif int(given.min()) < 1 or int(given.max()) > 100:
            raise _not_quality(f"{int(given.min())} to {int(given.max())}")
    return given if given.is_floating_point() else given.float()


def _not_quality(got: str) -> ProfileError:
    return ProfileError(got, place="Channel, quality", expected="1 to 100, one or one a picture")


def checked_steps(steps: Any, count: int) -> None:
    """Raises ProfileError for what is no tensor of quantisation tables."""
    expected = "a tensor [B or 1, 2, 64], 1 to 65535, luma's and chroma's steps in natural order"
    if not isinstance(steps, Tensor):
        raise ProfileError(type(steps).__name__, place="Channel, steps", expected=expected)
    if steps.ndim != 3 or steps.shape[0] not in (1, count) or tuple(steps.shape[1:]) != (2, 64):
        raise ProfileError(
            f"shape {tuple(steps.shape)} for {count} pictures", place="Channel, steps", expected=expected
        )
    if _can_look(steps):
        low, high = (float(v) for v in steps.detach().aminmax())
        if not (low >= 1 and high <= 65535):  # NaN too
            raise ProfileError(f"{low:g} to {high:g}", place="Channel, steps", expected=expected)


def positive(sigma: Any) -> float:
    """`sigma` as a float. Raises ProfileError for what is no finite number above 0."""
    if not isinstance(sigma, Real) or not 0 < float(sigma) < math.inf:
        raise ProfileError(f"sigma {sigma!r}", place="Channel", expected="a finite number above 0")
    return float(sigma)


def _can_look(values: Tensor) -> bool:
    return values.device.type == "cpu" and not torch.compiler.is_compiling()
