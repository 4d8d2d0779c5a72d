"""Tones, square filters and unsharp masks in torch: mimic's samples to the last bit, and gradients that are right."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from channel_cases import delivered, pictures, samples, tensor

import understudy as us
from understudy.nn.ops import Call, Run, performed
from understudy.profile import Profile, When, load_profile
from understudy.steps import Context, Raster, Step
from understudy.steps.convolve import Convolve
from understudy.steps.lab_sharpen import LabSharpen
from understudy.steps.passthrough import Passthrough
from understudy.steps.tone import Tone
from understudy.steps.unsharp import Unsharp

SEPIA = (0.393, 0.769, 0.189, 0.349, 0.686, 0.168, 0.272, 0.534, 0.131)
MIXED = (1.1, -0.1, 0.0, 0.0, 1.0, 0.0, 0.0, 0.2, 0.8)
STEPS: dict[str, Step] = {
    "brightness": Tone(enhance="brightness", factor=1.2),
    "contrast": Tone(enhance="contrast", factor=1.3),
    "saturation": Tone(enhance="color", factor=1.4),
    "gamma": Tone(gamma=1.25),
    "dark": Tone(gamma=0.4545, rounding="down"),
    "curves": Tone(curve=(3.0, 90.5, 200.0, 251.0), curve_green=(255.0, 0.0), rounding="half_even"),
    "sepia": Tone(matrix=SEPIA),
    "sepia in float32": Tone(matrix=SEPIA, arithmetic="float32", rounding="half_even"),
    "offset": Tone(offset=(-3.0, 4.5, 0.0), rounding="half_even"),
    "everything": Tone("color", 1.7, 1.1, (0.0, 90.0, 255.0), (), (), MIXED, (3.0, -2.0, 1.0)),
    "SHARPEN": Convolve(),
    "cut off": Convolve(edge="repeat", rounding="down"),
    "four neighbours": Convolve((0.0, -1.0, 0.0, -1.0, 5.0, -1.0, 0.0, -1.0, 0.0), 1.0, edge="repeat"),
    "5 x 5": Convolve(tuple(float(v) for v in np.random.default_rng(0).normal(0.3, 1, 25)), 7.3),
    "unsharp": Unsharp(),
    "mild": Unsharp(0.5, 80, 0),
    "wide": Unsharp(12.3, 200, 5),
    "no blur": Unsharp(0.0, 100, 0),
    "libvips": LabSharpen(),
    "sharp": LabSharpen(1.3, m1=1.0, m2=2.0),
}


def profile(*steps: Step, first: tuple[Step, ...] = ()) -> Profile:
    base = load_profile("generic/libjpeg-turbo").steps
    at = [s.name for s in base].index("encode")
    return Profile("test/filters", "A test", When("test"), (*first, *base[:at], *steps, *base[at:]))


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_channel_is_mimic(name: str, channels: int) -> None:
    made = profile(STEPS[name])
    channel = us.Channel(made)
    assert channel.exact_in_torch == (not isinstance(STEPS[name], LabSharpen))
    for height, width in ((1, 1), (3, 4), (33, 18)):
        batch = pictures(height, width, channels)
        wanted = delivered(batch, made)
        for dtype in (torch.float32, torch.float64):
            np.testing.assert_array_equal(samples(channel(tensor(batch, dtype))), wanted)


def of_step(step: Step, batch: torch.Tensor) -> torch.Tensor:
    """The step alone, on whole samples."""
    arguments: tuple[Any, ...] = (step,)
    if isinstance(step, Unsharp):
        arguments = (step.radius, step.percent, step.threshold)
    elif isinstance(step, LabSharpen):
        arguments = (tuple(step.values.items()),)
    call = Call(step.name, None, 1, "rgb", arguments)
    return performed(call, batch, Run(torch.ones(()), "smoothed"))


SMOOTH: dict[str, Step] = {
    **{k: v for k, v in STEPS.items() if k not in ("unsharp", "wide", "curves", "everything")},
    "curve": Tone(curve=(3.0, 90.5, 200.0, 251.0)),
}


@pytest.mark.parametrize("name", SMOOTH)
def test_the_gradient_is_the_change(name: str) -> None:
    """A step of many levels in each of a few samples, so that roundings are small beside it, changes the result as the
    gradient says: compared on smooth pictures away from black and white, within 4 % and two levels."""
    step = SMOOTH[name]
    random = np.random.default_rng(1)
    y, x = np.mgrid[:17, :13]
    base = 120 + 20 * np.sin(x / 4)[None] + 15 * np.cos(y / 5 + np.arange(3)[:, None, None])
    start = torch.from_numpy(base.round()[None]).double().requires_grad_()
    wanted = torch.from_numpy(random.normal(0, 1, (1, 3, 17, 13)))
    (of_step(step, start) * wanted).sum().backward()  # type: ignore[no-untyped-call]
    assert start.grad is not None
    change = torch.from_numpy(random.integers(-9, 10, start.shape)).double()
    with torch.no_grad():
        moved = float(((of_step(step, start + change) - of_step(step, start - change)) * wanted).sum())
        told = 2 * float((start.grad * change).sum())
        size = float(((of_step(step, start + change) - of_step(step, start - change)) * wanted).abs().sum())
    assert abs(moved - told) < 0.04 * size + 2 * wanted.numel() ** 0.5, (moved, told, size)


@pytest.mark.parametrize("edge", ["repeat", "keep"])
def test_a_filters_gradient_is_its_transpose(edge: Any) -> None:
    step = Convolve(tuple(float(v) for v in np.random.default_rng(0).normal(0.3, 1, 25)), 30.0, edge=edge)
    start = torch.full((1, 1, 9, 7), 128.0, dtype=torch.float64, requires_grad=True)
    (of_step(step, start)[0, 0] * torch.arange(63.0, dtype=torch.float64).view(9, 7)).sum().backward()  # type: ignore[no-untyped-call]
    dense = np.zeros((9, 7))
    for i in range(63):
        one = np.zeros((9, 7, 1), np.uint8)
        one.flat[i] = 1
        wide = np.pad(one[:, :, 0].astype(float), 2, mode="edge")
        parts = [w * wide[k // 5 : k // 5 + 9, k % 5 : k % 5 + 7] for k, w in enumerate(step.weights)]
        full = np.sum(parts, axis=0) / 30.0
        if edge == "keep":
            kept = one[:, :, 0].astype(float)
            kept[2:-2, 2:-2] = full[2:-2, 2:-2]
            full = kept
        dense.flat[i] = float((np.arange(63.0).reshape(9, 7) * full).sum())
    assert start.grad is not None
    np.testing.assert_allclose(start.grad[0, 0].numpy(), dense, rtol=1e-6, atol=1e-6)


def test_clipping_stops_the_gradient() -> None:
    start = torch.full((1, 3, 4, 4), 250.0, dtype=torch.float64, requires_grad=True)
    of_step(Tone(enhance="brightness", factor=1.2), start).sum().backward()  # type: ignore[no-untyped-call]
    assert start.grad is not None
    assert not start.grad.any()


def test_a_profile_that_begins_with_passthrough() -> None:
    """A tensor has no bytes: the step is left out, which the layer says, and the others are mimic's."""
    made = profile(STEPS["brightness"], first=(Passthrough(limit=4000),))
    channel = us.Channel(made)
    batch = pictures(16, 24)
    assert channel.left_out == {"passthrough": "a tensor has no bytes to hand out"}
    assert "passthrough left out" in repr(channel)
    np.testing.assert_array_equal(samples(channel(tensor(batch))), delivered(batch, profile(STEPS["brightness"])))
    sent = us.Channel(made, sent="generic/libjpeg-turbo")
    plain = us.Channel(profile(STEPS["brightness"]), sent="generic/libjpeg-turbo")
    assert torch.equal(sent(tensor(batch)), plain(tensor(batch)))
    quality = torch.tensor([50.0] * len(batch))
    assert torch.equal(sent(tensor(batch), quality=quality), plain(tensor(batch), quality=quality))


def test_the_operation_is_the_step() -> None:
    step = Tone("contrast", 1.3, matrix=SEPIA)
    raster = Raster(pictures(16, 24)[0])
    made = step.exact(raster, Context())
    assert isinstance(made, Raster)
    x = torch.from_numpy(raster.pixels.transpose(2, 0, 1)[None].astype(np.float32))
    np.testing.assert_array_equal(of_step(step, x)[0].numpy().transpose(1, 2, 0), made.pixels)


def test_whole_numbers_as_weights_do_not_wrap() -> None:
    """Weights that Python gives as whole numbers are what they are as floats; 8-bit products would wrap at 256."""
    raster = Raster(pictures(16, 24)[0])
    whole = Convolve((1, 2, 1, 2, 4, 2, 1, 2, 1), 16).exact(raster, Context())
    floats = Convolve((1.0, 2.0, 1.0, 2.0, 4.0, 2.0, 1.0, 2.0, 1.0), 16.0).exact(raster, Context())
    np.testing.assert_array_equal(whole.pixels, floats.pixels)
