"""The channel's resizing: each library's samples from its plan, and gradients that are the plan's transpose."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import understudy as us
import understudy.profile
from understudy.channel import Channel
from understudy.codec import resample as codec
from understudy.codec.sizes import Fit
from understudy.codec.stages import Plan
from understudy.nn.picture import Picture
from understudy.nn.plans import Linear
from understudy.nn.resample import play, resize, three_tap
from understudy.steps.resize import Resize

SIZES = [
    (64, 47, 31, 23),
    (31, 57, 12, 40),
    (200, 30, 50, 9),
    (16, 16, 23, 29),
    (48, 64, 24, 32),
    (33, 8, 1, 1),
    (1, 5, 3, 2),
]
"""(columns, rows, width, height): both smaller, one much more than the other, larger, half, and single samples."""
OPTIONS = {
    "pillow": [{}, {"release": 12}, {"reducing_gap": 1.5}, {"box": (1.25, 0.5, 15.0, 4.75)}],
    "vips": [{}, {"version": "8.14"}, {"version": "8.14-plain", "gap": 0.0}],
    "opencv": [{}, {"ipp": False}],
    "skia": [{"orientation": o} for o in (1, 4, 6, 7)],
    "facebook": [{}, {"horizontal_constant": 1040}],
}


def noisy(columns: int, rows: int, channels: int = 3, seed: int = 0) -> np.ndarray:
    """Noise in the upper half, black and white areas below: both ends of the range, and much overshoot."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (rows, columns, channels), dtype=np.uint8)
    pixels[rows // 2 :] = 255 * rng.integers(0, 2, pixels[rows // 2 :].shape, dtype=np.uint8)
    return pixels


def planes(pixels: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(pixels).permute(2, 0, 1)[None].double()


@pytest.mark.parametrize("code", codec.codes())
def test_plan_gives_the_librarys_samples(code: str) -> None:
    """Every library, kernel and option: equal in every sample, or the plan says why it is not, and is near."""
    compared = 0
    for kernel in codec.kernels(code):
        for options in OPTIONS.get(code, [{}]):
            for columns, rows, width, height in SIZES:
                if "box" in options and (columns < 16 or rows < 6):
                    continue
                if options.get("version", "8.18") != "8.18" and kernel.startswith("mks"):
                    continue
                pixels = noisy(columns, rows)
                wanted = codec.resize(code, pixels, width, height, kernel=kernel, **options)
                plan = codec.plan(code, columns, rows, width, height, kernel=kernel, **options)
                if plan.inexact:
                    made = Linear(plan)(planes(pixels)[0])[None].round()
                    off = (made - planes(wanted)).abs()
                    if kernel == "bilinear_fixed":  # cuts four weights and their sum; beyond the last sample, its own
                        off = off[..., : height - -(-height // rows), : width - -(-width // columns)]
                    if (code, kernel) == ("gd_scale", "bicubic"):  # the same, and of its upper and lower edge
                        down, along = (
                            [1 <= int(i * a / b) < a - 2 for i in range(b)]
                            for a, b in ((rows, height), (columns, width))
                        )
                        off = off[..., down, :][..., along]
                    assert not off.numel() or off.max() <= 2 + (kernel in ("bilinear_fixed", "bicubic")), (
                        kernel,
                        options,
                        columns,
                    )
                    continue
                made = play(planes(pixels), plan)
                assert torch.equal(made, planes(wanted)), (kernel, options, columns, rows, width, height)
                compared += wanted.size
    assert compared > 0 or code == "jimp"  # whose sums are rounded as they grow: no plan says that to the last bit


CASES = [
    ("pillow", "lanczos", {}),
    ("pillow", "bicubic", {"reducing_gap": 1.1}),
    ("vips", "lanczos3", {}),
    ("opencv", "area", {}),
    ("opencv", "cubic", {}),
    ("skia", "low", {}),
    ("skia", "low", {"orientation": 6}),
    ("imagemagick", "lanczos", {}),
    ("gd", "resampled", {}),
    ("facebook", "smooth-linear", {}),
    ("spectrum", "magic-kernel-sharp", {}),
    ("nfnt", "lanczos3", {}),
    ("imaging", "lanczos", {}),
    ("go_draw", "catmull_rom", {}),
]


class _Surrogate(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, linear):
        ctx.linear = linear
        ctx.save_for_backward(x)
        return linear(x)

    @staticmethod
    def backward(ctx, grad):
        return ctx.linear.transposed(*ctx.saved_tensors, grad), None


@pytest.mark.parametrize(("code", "kernel", "options"), CASES, ids=lambda v: str(v))
@pytest.mark.parametrize("size", [(23, 13, 9, 7), (9, 7, 14, 11), (45, 12, 11, 6)], ids=str)
def test_gradient_is_the_surrogates(
    code: str, kernel: str, options: dict[str, object], size: tuple[int, int, int, int]
) -> None:
    """gradcheck in float64, clipped samples among them; and the operation in the graph has that gradient."""
    columns, rows, width, height = size
    linear = Linear(codec.plan(code, columns, rows, width, height, kernel=kernel, **options))
    pixels = noisy(columns, rows, 1, seed=3)
    x = (planes(pixels)[0] + 0.1 * torch.rand(1, rows, columns, dtype=torch.float64)).requires_grad_()
    assert torch.autograd.gradcheck(_Surrogate.apply, (x, linear), eps=1e-4, atol=1e-6, fast_mode=True)

    samples = planes(pixels).requires_grad_()
    out = resize(Picture(samples), code, width, height, kernel=kernel, **options).samples
    grad = torch.randn(out.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    out.backward(grad)
    assert torch.equal(samples.grad[0], linear.transposed(samples.detach()[0], grad[0]))
    assert torch.equal(out, planes(codec.resize(code, pixels, width, height, kernel=kernel, **options)))


@pytest.mark.parametrize(("code", "kernel", "options"), CASES, ids=lambda v: str(v))
def test_surrogate_is_near_the_library(code: str, kernel: str, options: dict[str, object]) -> None:
    """What the gradient is taken of differs from the truth by its roundings: under 2.5 levels at most."""
    x = np.indices((40, 56)).sum(0)[:, :, None] * 2 + noisy(56, 40, 1) // 8
    pixels = np.clip(x, 0, 255).astype(np.uint8)
    plan = codec.plan(code, 56, 40, 33, 21, kernel=kernel, **options)
    made = Linear(plan)(planes(pixels)[0])[None]
    assert (made - planes(codec.resize(code, pixels, 33, 21, kernel=kernel, **options))).abs().max() < 2.5


def test_three_tap() -> None:
    """The step's samples, from the codec and from the plan; alpha alone; the gradient of the surrogate."""
    from understudy.codec.three_tap import three_tap as exact
    from understudy.codec.three_tap import three_tap_stages

    for columns, rows, channels in [(19, 11, 3), (1, 1, 3), (2, 5, 4), (7, 3, 1)]:
        pixels = noisy(columns, rows, channels)
        wanted = exact(exact(pixels, -506, axis=1), -506, axis=0)
        if channels == 4:
            wanted[:, :, 3] = pixels[:, :, 3]
        samples = planes(pixels).float().requires_grad_()
        out = three_tap(Picture(samples), -506).samples
        assert torch.equal(out, planes(wanted).float())
        out.sum().backward()
        assert samples.grad.shape == samples.shape
        plan = Plan(three_tap_stages(columns, -506, 1) + three_tap_stages(rows, -506, 0))
        colours = planes(pixels)[:, :3]
        assert torch.equal(play(colours, plan), planes(wanted)[:, :3])


def test_operation_is_sound() -> None:
    """PyTorch's own checks of the operation: schema, fake tensors, autograd registration, tracing."""
    samples = planes(noisy(12, 9)).float().requires_grad_()
    torch.library.opcheck(
        torch.ops.understudy.filter, (samples, "pillow", '["lanczos", {}]', 7, 5), raise_exception=True
    )


def test_grey_alpha_and_batches() -> None:
    """Other numbers of channels go through the codec; every picture of a batch by itself."""
    for channels in (1, 2, 4):
        pixels = np.stack([noisy(20, 14, channels, seed) for seed in range(3)])
        samples = torch.from_numpy(pixels).permute(0, 3, 1, 2).float().requires_grad_()
        out = resize(Picture(samples), "pillow", 9, 8, kernel="bicubic").samples
        wanted = np.stack([codec.resize("pillow", one, 9, 8, kernel="bicubic") for one in pixels])
        assert torch.equal(out, torch.from_numpy(wanted).permute(0, 3, 1, 2).float())
        out.sum().backward()
        assert torch.isfinite(samples.grad).all()


RESIZING = [
    "whatsapp/2021", "whatsapp/2024", "signal/android", "instagram/2023-resized", "linkedin/2023-feed",
    "mastodon/2019", "facebook/classic-2014-resized",
]  # fmt: skip


@pytest.mark.parametrize("name", RESIZING)
def test_profiles_that_resize(name: str) -> None:
    """The whole channel is the whole mimic where a picture is made smaller; and a gradient comes through."""
    profile = us.load_profile(name)
    limit = 1500 if profile.step("resize").fit is Fit.PIXELS else 40
    pixels = noisy(71, 53)
    wanted = us.mimic(pixels, name, **{"resize.limit": limit}).pixels()
    assert wanted.shape[:2] != pixels.shape[:2]
    x = (planes(pixels) / 255).requires_grad_()
    made = Channel(name, **{"resize.limit": limit})(x)
    assert torch.equal((made * 255).round(), planes(wanted))
    made.square().sum().backward()
    assert x.grad.abs().sum() > 0


def test_every_shipped_resize_has_a_form_in_torch() -> None:
    """No shipped profile's resize goes through main memory; those that would say why."""
    for name, profile in us.profile.shipped_profiles().items():
        for step in profile.steps:
            if step.name == "resize":
                assert not step.outside_torch(), name
    assert "float32" in Resize(code="gd", kernel="resampled").outside_torch()
    assert "vectors" in Resize(code="opencv", kernel="cubic", options={"ipp": False}).outside_torch()
    assert Resize(code="vips", kernel="linear", upscale=True).outside_torch()
    assert not Resize(code="vips", kernel="linear").outside_torch()


def test_compiles_whole() -> None:
    """A channel with a resize is one graph, with the same values and gradient (the tracing; no code is generated)."""
    channel = Channel("signal/android", **{"resize.limit": 40})
    compiled = torch.compile(channel, fullgraph=True, backend="aot_eager")
    a, b = ((planes(noisy(71, 53)).float() / 255).requires_grad_() for _ in range(2))
    ya, yb = channel(a), compiled(b)
    assert torch.equal(ya, yb)
    ya.sum().backward()
    yb.sum().backward()
    assert torch.allclose(a.grad, b.grad, atol=1e-6)
