"""The gradient: each part against its definition in float64, the whole against autograd, the kernels against torch, and
all of it against what noise does to the real codec."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from channel_cases import pictures, tensor
from torch import Tensor
from torch.autograd import gradcheck

from understudy.channel import Channel
from understudy.codec.tables import ANNEX_K_CHROMA_NATURAL, ANNEX_K_LUMA_NATURAL, quant_tables
from understudy.codec.variants import Color, Dct, Downsampling, Edge, Engine, Quantizer, Upsampling
from understudy.nn import exact_jpeg, host, host_gradient, jpeg_gradient, linear
from understudy.nn.gradient import clip, enter, exactly, leave
from understudy.nn.recipe import Recipe
from understudy.nn.rounding import ROUNDINGS, derivative, of_thresholds, of_zone, smooth_round
from understudy.steps.encode import SAMPLINGS, Encode


def test_the_smoothed_derivative_is_that_of_the_mean_of_rounding() -> None:
    u = torch.linspace(-1.2, 1.3, 41, dtype=torch.float64, requires_grad=True)
    for r in (0.05, 0.2, 0.49, 0.51, 1.3, 4.0):
        noise = torch.tensor(r, dtype=torch.float64)
        assert gradcheck(lambda u, noise=noise: smooth_round(u, noise), (u,), eps=1e-6, atol=1e-7)
    draws = torch.randn(200_000, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for at, r in ((0.4, 0.3), (-1.7, 0.8), (12.5, 0.05), (-0.5, 0.02)):
        mean = torch.round(at + r * draws).mean().item()
        smooth = smooth_round(torch.tensor([at], dtype=torch.float64), torch.tensor(r, dtype=torch.float64))
        assert smooth.item() == pytest.approx(mean, abs=0.006)


def test_the_derivative_s_two_forms_meet_and_average_to_one() -> None:
    u = torch.linspace(-0.5, 0.5, 20_001, dtype=torch.float64)[:-1]
    below, above = (derivative(u, torch.tensor(r, dtype=torch.float64), "smoothed") for r in (0.5 - 1e-12, 0.5))
    assert torch.allclose(below, above, atol=1e-6)
    for r in (0.01, 0.2, 0.7, 3.0):
        assert derivative(u, torch.tensor(r, dtype=torch.float64), "smoothed").mean().item() == pytest.approx(
            1, abs=1e-6
        )
    x = u.clone().requires_grad_(True)
    (torch.round(x.detach()) + (x - torch.round(x.detach())) ** 3).sum().backward()
    assert torch.allclose(derivative(u, torch.tensor(1.0), "cubic"), x.grad)
    assert (derivative(u, torch.tensor(1.0), "straight-through") == 1).all()


def test_maps_and_their_transposes() -> None:
    """<A x, y> = <x, A' y>, and both by gradcheck."""
    g = torch.Generator().manual_seed(2)
    for (h, v), triangle in itertools.product(((1, 1), (2, 1), (2, 2), (1, 2), (4, 1)), (False, True)):
        if triangle and (h == 4 or h * v == 1):
            continue
        for rows, columns in ((1, 1), (3, 4), (5, 2)):
            x = torch.randn(2, rows, columns, generator=g, dtype=torch.float64, requires_grad=True)
            up = linear.upsampled(x, h, v, triangle)
            y = torch.randn(up.shape, generator=g, dtype=torch.float64)
            back = linear.upsampled_transposed(y, h, v, triangle)
            assert torch.allclose(torch.autograd.grad((up * y).sum(), x)[0], back)
            whole = exact_jpeg.upsample((x.detach() * 40 + 128).int(), h, v, triangle)
            smooth = linear.upsampled((x.detach() * 40 + 128).int().double(), h, v, triangle)
            assert (whole - smooth).abs().max() <= 0.75


def test_entry_and_exit() -> None:
    x = torch.tensor([-0.1, 0.0, 0.3, 0.4999, 1.0, 1.2], requires_grad=True)
    out = leave(enter(x), torch.float32)
    assert torch.equal(out, torch.tensor([0, 0, 76, 127, 255, 255]) / 255)
    out.sum().backward()
    assert torch.allclose(x.grad, torch.tensor([0.0, 1, 1, 1, 1, 0]))
    y = torch.tensor([-1.0, 0, 5, 255, 256], requires_grad=True)
    clip(y).sum().backward()
    assert y.grad.tolist() == [0, 1, 1, 1, 0]
    smooth = torch.randn(50, dtype=torch.float32, requires_grad=True)
    exact = torch.randn(50, dtype=torch.float32)
    both = exactly(exact, smooth)
    assert torch.equal(both, exact)
    both.backward(torch.arange(50.0))
    assert torch.equal(smooth.grad, torch.arange(50.0))


def relaxed(
    samples: Tensor, steps: Tensor, sigma: Tensor, recipe: Recipe, levels: list[Tensor] | None = None
) -> Tensor:
    """The generation with nothing rounded but the mean of rounding, for pictures that clip nowhere. float64, autograd.

    levels: the true ones; then the steps' gradient sees them."""
    height, width = samples.shape[2:]
    count = recipe.components(samples.shape[1])
    layouts = recipe.layouts(count, height, width)
    noise = jpeg_gradient.noise(sigma, recipe, count)
    a = linear.analysis(8, samples.dtype, samples.device)
    shown = []
    for i, (plane, x) in enumerate(zip(linear.planes(samples, recipe), layouts, strict=True)):
        q = steps[:, x.table].reshape(-1, 1, 1, 8, 8)
        u = (a @ exact_jpeg.blocks_of(plane, 8, 8) @ a.T) / q
        soft = smooth_round(u, noise[i] / q.detach())
        soft = soft if levels is None else exactly(levels[i].to(soft), soft)
        back = exact_jpeg.plane_of(a.T @ (soft * q) @ a)[:, : x.rows, : x.columns]
        triangle = recipe.triangle(x.h, x.v, x.columns)
        shown.append(linear.upsampled(back + (0 if i else 128), x.h, x.v, triangle)[:, :height, :width])
    return torch.stack(linear.mixed(shown, linear.rgb_weights(recipe.decoder)) if count == 3 else shown, 1)


RECIPES = [
    Recipe(Encode(color=color, downsampling=down, edge=edge, sampling=sampling), up)
    for color, down, edge, sampling, up in itertools.product(
        (Color.LIBJPEG, Color.FACEBOOK_CLASSIC), (Downsampling.LIBJPEG, Downsampling.GO), Edge, SAMPLINGS, Upsampling
    )
]
SMOOTHED = [Recipe(Encode(sampling=sampling, smoothing=60)) for sampling in SAMPLINGS]  # type: ignore[arg-type]


def mid_grey(channels: int, height: int, width: int, seed: int) -> Tensor:
    g = torch.Generator().manual_seed(seed)
    return (128 + 12 * torch.randn(2, channels, height, width, generator=g, dtype=torch.float64)).round().clamp(80, 176)


@pytest.mark.parametrize("recipe", [*RECIPES[:: len(RECIPES) // 20], *SMOOTHED], ids=lambda r: r.encode.sampling)
def test_the_backward_is_the_gradient_of_the_relaxed_generation(recipe: Recipe) -> None:
    for channels, (height, width) in ((3, (19, 21)), (1, (9, 16))):
        samples = mid_grey(channels, height, width, 3).requires_grad_(True)
        table = torch.tensor([[8.0] * 64, [11.0] * 64], dtype=torch.float64)[None].requires_grad_(True)
        sigma = torch.tensor(2.5, dtype=torch.float64)
        shown, levels = exact_jpeg.generation(samples.detach(), table.detach(), recipe)
        grad = torch.randn(shown.shape, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
        true = exact_jpeg.encoded(samples.detach(), table.detach(), recipe)
        soft = relaxed(samples, table, sigma, recipe, true)
        wanted = torch.autograd.grad((soft * grad).sum(), (samples, table))
        got = jpeg_gradient.backward(grad, samples.detach(), levels, table.detach(), sigma, recipe, "smoothed", True)
        assert torch.allclose(got[0], wanted[0], atol=1e-6)
        assert got[1] is not None
        assert torch.allclose(got[1].sum(0, keepdim=True), wanted[1], atol=1e-5)


def test_gradcheck_of_the_relaxed_generation() -> None:
    recipe = Recipe(Encode())
    samples = mid_grey(3, 6, 7, 5)[:1].requires_grad_(True)
    steps = torch.full((1, 2, 64), 9.0, dtype=torch.float64)
    sigma = torch.tensor(2.0, dtype=torch.float64)
    assert gradcheck(lambda s: relaxed(s, steps, sigma, recipe), (samples,), eps=1e-5, atol=1e-6)


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_the_kernels_and_torch_agree(rounding: str) -> None:
    rng = np.random.default_rng(6)
    for index in rng.choice(len(RECIPES), 24, replace=False):
        height, width = (int(n) for n in rng.integers(2, 40, 2))
        batch = pictures(height, width, int(rng.choice([1, 3])), seed=int(index))
        samples = torch.from_numpy(batch.transpose(0, 3, 1, 2).copy()).float()
        steps = torch.from_numpy(rng.integers(1, rng.choice([3, 30, 256]), (5, 2, 64))).float()
        shown, levels = host.generation(samples, steps, RECIPES[index])
        grad = torch.from_numpy(rng.standard_normal(shown.shape)).float()
        sigma = torch.tensor(float(rng.uniform(0.3, 8)))
        fast = host_gradient.backward(grad, samples, levels, steps, sigma, RECIPES[index], rounding, True)
        slow = jpeg_gradient.backward(
            grad.double(), samples.double(), levels, steps.double(), sigma.double(), RECIPES[index], rounding, True
        )
        for a, b in zip(fast, slow, strict=True):
            assert a is not None
            assert b is not None
            assert (a - b).norm() <= 2e-4 * b.norm() + 1e-3, RECIPES[index].key


def test_the_zone_of_zeros_that_jpegli_widens() -> None:
    """Of E[round(u + n) or 0 below a limit]: against its mean over noise, and the kernels against torch."""
    draws = 0.3 * torch.randn(400_000, generator=torch.Generator().manual_seed(5), dtype=torch.float64)
    r, step = torch.tensor(0.3, dtype=torch.float64), 0.05

    def mean(u: float, limit: float) -> float:
        noisy = u + draws
        return float(torch.where(noisy.abs() < limit, 0.0, torch.round(noisy)).mean())

    for limit in (0.3, 0.62, 0.95, 1.4, 1.7):
        for u in (0.0, 0.4, -0.7, 1.1, 1.6):
            at, zone = torch.tensor(u, dtype=torch.float64), torch.tensor(limit, dtype=torch.float64)
            own = derivative(at, r, "smoothed") + of_zone(at, zone, r)
            assert float(own) == pytest.approx((mean(u + step, limit) - mean(u - step, limit)) / (2 * step), abs=0.03)
    for first in (0.4, 0.625, 0.7):
        for u in (0.0, 0.5, -0.8, 1.7):
            own = float(of_thresholds(torch.tensor(u, dtype=torch.float64), first, r))
            noisy = [u + d + draws for d in (step, -step)]
            up, down = (float(((n.abs() + 1 - first).floor() * n.sign()).mean()) for n in noisy)
            assert own == pytest.approx((up - down) / (2 * step), abs=0.03)


@pytest.mark.parametrize(
    "encode",
    [Encode(engine=Engine.JPEGLI), Encode(quantizer=Quantizer.ROUNDING_OFFSET, rounding_offset=90),
     Encode(quantizer=Quantizer.FFMPEG, dct=Dct.FFMPEG)],
    ids=["jpegli", "rounding offset", "ffmpeg"],
)  # fmt: skip
def test_kernels_and_torch_agree_on_other_quantisers(encode: Encode) -> None:
    recipe = Recipe(encode)
    batch = pictures(33, 41)
    samples = torch.from_numpy(batch.transpose(0, 3, 1, 2).copy()).float()
    steps = torch.tensor(quant_tables("jpegli", 80, False)).float()[None]
    shown, levels = host.generation(samples, steps, recipe)
    grad = torch.randn(shown.shape, generator=torch.Generator().manual_seed(6))
    fast, slow = (
        module.backward(grad, samples, levels, steps, torch.tensor(2.0), recipe, "smoothed")[0]
        for module in (host_gradient, jpeg_gradient)
    )
    assert (fast - slow).norm() < 1e-3 * slow.norm()


def test_quality_and_tables_get_gradients() -> None:
    batch = tensor(pictures(32, 32)[:1]).repeat(3, 1, 1, 1)
    channel = Channel("generic/libjpeg-turbo", sigma=3)
    quality = torch.tensor([40.0, 71.0, 90.0], requires_grad=True)
    loss = (channel(batch, quality=quality) - batch).square().mean()
    loss.backward()
    assert (quality.grad < 0).all(), "a better quality costs less"
    tables = torch.tensor([ANNEX_K_LUMA_NATURAL, ANNEX_K_CHROMA_NATURAL]).float()[None].requires_grad_(True)
    (channel(batch, steps=tables) - batch).square().mean().backward()
    assert tables.grad.shape == tables.shape
    assert tables.grad.abs().max() > 0
    integers = channel(batch, quality=torch.tensor([40, 71, 90]))
    assert torch.equal(integers, channel(batch, quality=quality).detach())


def test_gradients_reach_through_every_kind_of_step() -> None:
    for name, overrides in (
        ("facebook/classic-2014-resized", {"resize.limit": 24}), ("facebook/web-2024", {}), ("mastodon/2019", {}),
        ("instagram/2023-resized", {"resize.limit": 24}),
    ):  # fmt: skip
        x = tensor(pictures(40, 44)[[0, 3]]).requires_grad_(True)
        out = Channel(name, **overrides)(x)
        out.square().sum().backward()
        assert torch.isfinite(x.grad).all()
        assert x.grad.abs().mean() > 1e-3, name


def cosine(name: str, quality: int, sigma: float, pairs: int) -> float:
    """With the slope of <w, codec(x + n)> in n, by regression on antithetic pairs, its own noise taken out."""
    rng = np.random.default_rng(7)
    side, cell = 64, 16
    x = torch.from_numpy(pictures(side, side)[0].transpose(2, 0, 1).copy()).float()
    inner = np.zeros((cell, cell))
    inner[1:-1, 1:-1] = 1
    w = torch.from_numpy(rng.standard_normal((3, side, side)) * np.tile(inner, (side // cell, side // cell))).float()
    channel = Channel(name, quality=quality, sigma=sigma)
    halves = [torch.zeros_like(x), torch.zeros_like(x)]
    for i in range(pairs // 50):
        n = torch.from_numpy(np.rint(rng.normal(0, sigma, (50, *x.shape)))).float()
        with torch.no_grad():
            moved = channel((x + n).clamp(0, 255) / 255) - channel((x - n).clamp(0, 255) / 255)
        share = (moved * w).unflatten(2, (-1, cell)).unflatten(4, (-1, cell)).sum((1, 3, 5))
        halves[i % 2] += (n * share.repeat_interleave(cell, 1).repeat_interleave(cell, 2)[:, None]).sum(0)
    at = (x / 255)[None].requires_grad_(True)
    (channel(at) * w).sum().backward()
    own = at.grad[0]
    signal = torch.sqrt((halves[0] * halves[1]).sum())
    return float((own * (halves[0] + halves[1]) / 2).sum() / (own.norm() * signal))


def test_the_gradient_is_the_real_codec_s_smoothed_response() -> None:
    """A small form of benchmarks/channel.py: there 0.97 and more is asked for."""
    assert cosine("generic/libjpeg-turbo", 75, 3.0, 600) > 0.95
    assert cosine("facebook/web-2024", 80, 3.0, 300) > 0.9, "jpegli's zone of zeros counts: 0.3 without"
