"""crop, pad, and resizes that cover, stretch and fill, in a channel: the steps' own samples, and gradients that are
nothing where a picture is cut off and nothing for its ground."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from channel_cases import delivered, pictures, samples, tensor

import understudy as us
from understudy.channel import Channel
from understudy.codec.framing import Offset
from understudy.codec.sizes import Derive, Fit, Rounding
from understudy.errors import PictureError, UnderstudyError
from understudy.nn.geometry import framed
from understudy.nn.ops import Ops
from understudy.nn.picture import Picture
from understudy.profile import Profile, When
from understudy.steps import Context, Raster, Step
from understudy.steps.crop import Crop
from understudy.steps.decode import Decode
from understudy.steps.encode import Encode
from understudy.steps.envelope import Envelope
from understudy.steps.flatten import Flatten
from understudy.steps.pad import Pad
from understudy.steps.resize import Resize

FRAMES: list[Step] = [
    Crop(12, 9), Crop(40, 7, offset_rounding=Offset.HALVES), Crop(aspect=(1, 1), offset_rounding=Offset.EDGES),
    Crop(aspect=(3, 1), aspect_by="thumbor", offset_rounding=Offset.MIDDLE), Crop(multiple=8, gravity=(0, 1)),
    Crop(inset=(1, 2, 3, 0)), Crop(), Pad(40, 35, color=(18, 52, 86)), Pad(aspect=(2, 1), gravity=(1, 0)), Pad(),
    Pad(border=(1, 0, 2, 3), color=(0, 7, 255)), Pad(multiple=16, offset_rounding=Offset.HALF_UP),
]  # fmt: skip


def box_of(step: Any, width: int, height: int) -> tuple[int, int, int, int]:
    left, top, right, bottom = step.box(width, height)
    return left, top, right, bottom


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
@pytest.mark.parametrize("step", FRAMES, ids=str)
def test_the_step_s_samples_and_gradient(step: Step, channels: int) -> None:
    batch = pictures(23, 17, channels)
    given = torch.from_numpy(batch.transpose(0, 3, 1, 2).copy()).double().requires_grad_()
    box = box_of(step, 17, 23)
    color = getattr(step, "color", (0, 0, 0))
    shown = framed(Picture(given), box, color).samples
    for picture, made in zip(batch, shown, strict=True):
        wanted = step.exact(Raster(picture), Context())
        assert isinstance(wanted, Raster)
        assert np.array_equal(made.detach().permute(1, 2, 0).numpy(), wanted.pixels)
    grad = torch.randn(shown.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    shown.backward(grad)
    left, top, right, bottom = box
    kept = torch.zeros_like(given)
    inside = slice(max(top, 0), min(bottom, 23)), slice(max(left, 0), min(right, 17))
    kept[:, :, inside[0], inside[1]] = grad[
        :, :, max(-top, 0) : max(-top, 0) + inside[0].stop - inside[0].start,
        max(-left, 0) : max(-left, 0) + inside[1].stop - inside[1].start,
    ]  # fmt: skip
    assert torch.equal(given.grad, kept)


def profile(*steps: Step) -> Profile:
    quality = Encode(quality=88, sampling="4:2:0")
    return Profile("test/framing", "Frames", When("test"), (Decode(), Flatten(), *steps, quality, Envelope()))


def cover(width: int, height: int, **more: Any) -> Resize:
    return Resize(fit=Fit.COVER, limit=width, limit_height=height, upscale=True, **more)


PROFILES = {
    "covered and cut, by libvips": (
        cover(24, 24, code="vips", kernel="lanczos3", geometry="common", derive=Derive.VIPS), Crop(24, 24),
    ),
    "covered and cut, by ImageMagick": (
        cover(24, 15, code="imagemagick", kernel="lanczos", derive=Derive.SCALE),
        Crop(24, 15, offset_rounding=Offset.HALVES),
    ),
    "contained and padded, by Pillow": (
        Resize(fit=Fit.BOX, limit=30, limit_height=20, derive=Derive.ASPECT, rounding=Rounding.HALF_EVEN),
        Pad(30, 20, offset_rounding=Offset.HALF_EVEN, color=(200, 10, 99)),
    ),
    "filled, by Pillow": (Resize(fit=Fit.FILL, limit=21, limit_height=16, kernel="bicubic", gravity=(0.3, 0.5)),),
    "cut, then stretched, by libgd": (
        Crop(aspect=(20, 20), aspect_by="wordpress"),
        Resize(fit=Fit.STRETCH, limit=20, limit_height=20, code="gd", kernel="resampled"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROFILES)
def test_the_forward_is_mimic(name: str) -> None:
    made = profile(*PROFILES[name])
    for height, width in ((33, 50), (50, 33), (31, 31), (16, 61)):
        batch = pictures(height, width)
        assert np.array_equal(samples(Channel(made)(tensor(batch))), delivered(batch, made)), (height, width)
    grey = pictures(33, 50, 1)
    assert np.array_equal(samples(Channel(made)(tensor(grey))), delivered(grey[..., 0], made))


@pytest.mark.parametrize("name", PROFILES)
def test_the_gradient_reaches_what_is_kept_alone(name: str) -> None:
    """What a profile cuts off gets none; what it keeps, of a picture that is no flat colour, gets some."""
    steps = PROFILES[name]
    batch = tensor(pictures(20, 61)[3:4], torch.float64).mul(0.5).add(0.25).requires_grad_()
    shown = Channel(profile(*steps))(batch)
    weights = torch.randn(shown.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(4))
    (shown * weights).sum().backward()
    reached = batch.grad.abs().sum((0, 1, 2)) > 0
    kept = reached.nonzero().flatten()
    if "padded" in name:
        assert reached.all()
    else:
        assert 10 <= len(kept) < 50, "a wide picture loses its sides"
        assert reached[kept[0] : kept[-1] + 1].all()
        first, last = int(kept[0]), int(kept[-1])
        lost, share = 61 - (last - first + 1), 0.3 if "filled" in name else 0.5
        assert abs(first - share * lost) <= 6, "where its gravity is, and chroma reaches a little further"


def test_gradcheck_of_a_frame() -> None:
    x = torch.rand(1, 3, 5, 7, dtype=torch.float64).mul(255).requires_grad_()
    for box in ((1, 0, 6, 3), (-2, -1, 7, 5), (-1, 2, 4, 9)):
        assert torch.autograd.gradcheck(lambda x, box=box: framed(Picture(x), box, (1, 2, 3)).samples, (x,))


def test_a_tensor_s_frame_has_the_size_of_mimics() -> None:
    made = profile(cover(24, 24), Crop(24, 24), Pad(border=(1, 2, 3, 4)))
    assert Channel(made)(torch.rand(2, 3, 40, 30)).shape == (2, 3, 30, 28)
    assert us.mimic(pictures(40, 30)[0], made).pixels().shape == (30, 28, 3)


def test_what_the_step_refuses() -> None:
    with pytest.raises(PictureError, match="grey or RGB"):
        Pad(9, 9).surrogate(Picture(torch.zeros(1, 3, 4, 4), space="ycbcr"), Ops)
    with pytest.raises(UnderstudyError, match="more than the inset"):
        Channel(profile(Crop(inset=(9, 0, 9, 0))))(torch.rand(1, 3, 18, 18))
