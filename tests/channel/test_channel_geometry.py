"""The channel's turning, flattening and ICC conversion: the steps' own samples, and gradients."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from shared_folder import shared
from understudy.codec import go_jpeg
from understudy.errors import ProfileError
from understudy.nn.color import icc_to_srgb, look_up, slopes, table
from understudy.nn.geometry import flatten, shown, upright
from understudy.nn.picture import Picture
from understudy.steps.base import Context, Raster
from understudy.steps.color import Color
from understudy.steps.flatten import Flatten
from understudy.steps.orient import Orient


def noisy(height: int, width: int, channels: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), dtype=np.uint8)


def planes(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].float()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_upright(orientation: int) -> None:
    """The step's permutation, and its inverse as gradient."""
    pixels = noisy(5, 7, 3)
    samples = planes(pixels).requires_grad_()
    made = upright(Picture(samples, orientation=orientation))
    wanted = Orient().exact(Raster(pixels, None, orientation), Context()).pixels
    assert torch.equal(made.samples, planes(wanted))
    assert made.orientation == 1
    grad = torch.randn(made.samples.shape)
    made.samples.backward(grad)
    assert torch.isclose((samples.grad * samples).sum(), (grad * made.samples).sum(), rtol=1e-4)


@pytest.mark.parametrize("step", [
    Flatten(), Flatten(background=(13, 200, 77)), Flatten(rounding="down"), Flatten(alpha="drop"),
    Flatten(background=(0, 0, 0), rounding="16-bit"),
], ids=str)  # fmt: skip
def test_flatten(step: Flatten) -> None:
    """All pairs of colour and alpha, grey and RGB, against the step; gradcheck of what it rounds."""
    both = np.stack(np.meshgrid(np.arange(256), np.arange(256)), -1).astype(np.uint8)
    for pixels in (both, np.dstack([both[:, :, 0], 255 - both[:, :, 0], noisy(256, 256, 1), both[:, :, 1]])):
        made = flatten(Picture(planes(pixels)), step.alpha, step.background, step.rounding).samples
        assert torch.equal(made, planes(step.exact(Raster(pixels), Context()).pixels))

    samples = (planes(noisy(3, 4, 4))).double().requires_grad_()
    grad = torch.randn(1, 3, 3, 4, dtype=torch.float64)
    flatten(Picture(samples), step.alpha, step.background, step.rounding).samples.backward(grad)

    def smooth(x: torch.Tensor) -> torch.Tensor:
        ground = torch.tensor(step.background, dtype=x.dtype).view(1, 3, 1, 1)
        return x[:, :3] if step.alpha == "drop" else (x[:, 3:] * x[:, :3] + (255 - x[:, 3:]) * ground) / 255

    x = samples.detach().clone().requires_grad_()
    smooth(x).backward(grad)
    assert torch.allclose(samples.grad, x.grad, atol=1e-12)


def test_ycbcr_shown_by_go() -> None:
    """The codec's samples, clipped ones among them; the gradient is the mean slope over 16 levels, where none clips."""
    pixels = noisy(30, 40, 3)
    made = shown(Picture(planes(pixels), space="ycbcr"))
    assert made.space == "rgb"
    assert torch.equal(made.samples, planes(go_jpeg.to_rgb(pixels)))
    assert shown(made) is made

    samples = planes(pixels // 8 + 112).double().requires_grad_()  # 112 to 143: nothing is clipped
    grad = torch.randn(samples.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    shown(Picture(samples, space="ycbcr")).samples.backward(grad)
    for channel in range(3):
        step = torch.zeros_like(samples)
        step[:, channel] = 8
        high, low = (shown(Picture(samples.detach() + s, space="ycbcr")).samples for s in (step, -step))
        off = ((high - low) / 16 - _slope(samples, channel)).abs().max()
        assert off < 0.1  # the cuts at both ends
        assert torch.allclose(samples.grad[:, channel], (grad * _slope(samples, channel)).sum(1), atol=1e-3)

    black = torch.zeros(1, 3, 1, 1).requires_grad_()  # red and blue below 0, green above
    shown(Picture(black, space="ycbcr")).samples.sum().backward()
    assert black.grad.flatten().tolist() == pytest.approx([65793 / 65536, -22554 / 65536, -46802 / 65536])


def _slope(like: torch.Tensor, channel: int) -> torch.Tensor:
    """`[1, 3, 1, 1]`: d(R, G, B) / d of one of Y, Cb, Cr: JFIF's weights, Y's byte being repeated below it."""
    weights = [[1 + 1 / 255, 1 + 1 / 255, 1 + 1 / 255], [0, -0.34414, 1.772], [1.402, -0.71414, 0]][channel]
    return torch.tensor(weights, dtype=like.dtype).view(1, 3, 1, 1)


def test_flatten_refuses_what_the_step_refuses() -> None:
    with pytest.raises(ProfileError, match="onto black"):
        flatten(Picture(torch.zeros(1, 4, 2, 2)), "blend", (1, 0, 0), "16-bit")
    opaque = Picture(torch.zeros(1, 3, 2, 2))
    assert flatten(opaque, "blend", (1, 0, 0), "nearest") is opaque


def icc_of(photo: str) -> bytes:
    """The profile of one of the shared photographs."""
    with Image.open(shared(f"photos/{photo}")) as image:
        icc: bytes = image.info["icc_profile"]
    return icc


@pytest.mark.shared
@pytest.mark.parametrize("photo", ["p10_displayp3.jpg", "p11_adobergb.jpg"])
@pytest.mark.parametrize(
    "step", [Color(), Color(intent="relative", black_point_compensation=True), Color(srgb="skia")], ids=str
)
def test_icc_conversion(photo: str, step: Color) -> None:
    """Samples as the step makes them; slopes as the conversion's own differences over wider distances."""
    icc = icc_of(photo)
    pixels = noisy(40, 50, 3)
    wanted = step.exact(Raster(pixels, icc), Context()).pixels
    samples = planes(pixels).requires_grad_()
    made = icc_to_srgb(Picture(samples, icc), step)
    assert torch.equal(made.samples, planes(wanted))
    assert made.icc is None

    calm = np.random.default_rng(1).integers(100, 160, (16, 16, 3), dtype=np.uint8)  # nothing leaves the gamut
    grad = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(2))
    samples = planes(calm).requires_grad_()
    icc_to_srgb(Picture(samples, icc), step).samples.backward(grad)
    for c in range(3):
        low, high = calm.copy(), calm.copy()
        low[:, :, c] -= 12
        high[:, :, c] += 12
        ends = [planes(step.exact(Raster(p, icc), Context()).pixels) for p in (low, high)]
        measured = ((ends[1] - ends[0]) / 24 * grad).sum(1).flatten()
        ours = samples.grad[0, c].flatten()
        assert torch.nn.functional.cosine_similarity(measured, ours, dim=0) > 0.99


@pytest.mark.shared
def test_icc_table_is_the_conversion() -> None:
    """What runs on a device: the table of all colours, looked up, gives what the step makes of a picture."""
    icc = icc_of("p10_displayp3.jpg")
    options = json.dumps({"icc": "srgb"})
    pixels = noisy(64, 64, 3)
    made = look_up(planes(pixels), torch.from_numpy(table(icc.decode("latin-1"), options, 3)))
    assert np.array_equal(made[0].numpy(), Color().exact(Raster(pixels, icc), Context()).pixels)
    assert slopes(icc.decode("latin-1"), options, 3).shape == (16, 16, 16, 3, 3)
