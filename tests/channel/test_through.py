"""Black boxes as channels: their own forward, a surrogate's gradient or one estimated from deliveries."""

from __future__ import annotations

import io
import pickle
import subprocess
import sys

import numpy as np
import pytest
import torch
from PIL import Image

import understudy as us
from understudy.channel import Channel
from understudy.codec.three_tap import three_tap
from understudy.errors import PictureError
from understudy.nn.sending import shown
from understudy.nn.spsa import SPSA
from understudy.nn.through import through


def pillow(picture: np.ndarray) -> bytes:
    """A platform that nobody modelled: Pillow at quality 60."""
    out = io.BytesIO()
    Image.fromarray(picture).save(out, "JPEG", quality=60)
    return out.getvalue()


def blurred(picture: np.ndarray) -> np.ndarray:
    """A linear channel, but for its rounding."""
    return three_tap(three_tap(picture, 512, axis=1), 512, axis=0)


class Half(torch.nn.Module):
    """A surrogate whose gradient is easy to tell."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * 0.5


def pictures(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64])
@pytest.mark.parametrize("workers", [1, 3])
def test_forward_is_the_black_box(dtype: torch.dtype, workers: int) -> None:
    """The samples that Pillow decodes, in x's dtype; the gradient is the surrogate's."""
    x = pictures(4, 3, 17, 23).to(dtype).requires_grad_()
    module = through(pillow, Half(), workers=workers)
    y = module(x)
    sent = (x.detach().float() * 255).round().clamp(0, 255) if dtype != torch.float64 else (x.detach() * 255).round()
    for one, delivered in zip(sent.permute(0, 2, 3, 1).byte().numpy(), y.detach(), strict=True):
        wanted = torch.from_numpy(np.array(Image.open(io.BytesIO(pillow(one))))).permute(2, 0, 1)
        assert torch.equal(delivered, (wanted.to(sent.dtype) / 255).to(dtype))
    assert y.dtype == dtype
    y.backward(torch.ones_like(y))
    assert torch.equal(x.grad, torch.full_like(x, 0.5))
    assert not module(x.detach()).requires_grad


def test_channel_as_surrogate() -> None:
    """Through mimic with the same profile as surrogate: the channel's own values and gradient."""
    profile = "generic/libjpeg-turbo"
    channel = Channel(profile, quality=71)
    module = through(lambda picture: us.mimic(picture, profile, quality=71), Channel(profile, quality=71))
    a, b = (pictures(1, 3, 33, 47, seed=2).requires_grad_() for _ in range(2))
    ya, yb = channel(a), module(b)
    assert torch.equal(ya, yb)
    grad = torch.randn(ya.shape, generator=torch.Generator().manual_seed(3))
    ya.backward(grad)
    yb.backward(grad)
    assert torch.equal(a.grad, b.grad)


def test_png_form_and_grey() -> None:
    """`send` gets a file; a grey delivery fills the channels that were sent; one channel is sent as grey."""
    seen = []

    def send(data: bytes) -> np.ndarray:
        image = Image.open(io.BytesIO(data))
        seen.append(image.mode)
        return np.asarray(image.convert("L"))

    assert through(send, Half(), form="png")(pictures(1, 3, 5, 6)).shape == (1, 3, 5, 6)
    assert through(send, Half(), form="png")(pictures(1, 1, 5, 6)).shape == (1, 1, 5, 6)
    assert seen == ["RGB", "L"]
    with pytest.raises(ValueError, match="form"):
        through(send, Half(), form="bmp")


def test_what_does_not_fit_is_told() -> None:
    x = pictures(2, 3, 8, 8).requires_grad_()
    with pytest.raises(PictureError, match="by the surrogate"):
        through(lambda p: p[:4], Half())(x)
    calls = iter(range(2))
    with pytest.raises(PictureError, match="one size"):
        through(lambda p: p[: 4 + next(calls)], Half())(x)
    with pytest.raises(PictureError, match="file's bytes"):
        shown(3.0)
    with pytest.raises(PictureError, match="as they were sent"):
        through(lambda p: np.dstack([p, p])[:, :, :4], Half())(x)


def slope(block: int | None, channels: int, pairs: int) -> tuple[float, float]:
    """(regression of the estimate on the true gradient, cosine) for the blur."""
    x = (pictures(1, channels, 24, 20, seed=5) * 0.6 + 0.2).requires_grad_()
    w = torch.randn(1, channels, 24, 20, generator=torch.Generator().manual_seed(6))
    (SPSA(blurred, step=16, pairs=pairs, block=block, seed=1)(x) * w).sum().backward()
    z = torch.zeros_like(x).requires_grad_()
    wide = torch.nn.functional.pad(z, (1, 1, 1, 1), mode="replicate")
    kernel = torch.outer(torch.tensor([1.0, 2.0, 1.0]), torch.tensor([1.0, 2.0, 1.0])) / 16
    made = torch.nn.functional.conv2d(wide.flatten(0, 1)[:, None], kernel[None, None]).view_as(w)
    (made * w).sum().backward()
    dot = (x.grad * z.grad).sum()
    return float(dot / (z.grad**2).sum()), float(dot / x.grad.norm() / z.grad.norm())


def test_spsa_estimates_the_gradient() -> None:
    """On a known channel: unbiased (slope 1), and blocks make it far less noisy than Spall's sum over everything."""
    steep, near = slope(3, 1, 256)
    assert 0.9 < steep < 1.1
    assert near > 0.8
    _, far = slope(None, 1, 256)
    assert near > far + 0.1


def test_spsa_through_a_codec() -> None:
    """It trains: an unknown codec's output is brought nearer to a target than without it."""
    torch.manual_seed(0)
    target = pictures(1, 3, 16, 16, seed=8) * 0.5 + 0.25
    target = torch.nn.functional.avg_pool2d(target, 5, 1, 2)
    x = torch.full_like(target, 0.5).requires_grad_()
    module = SPSA(pillow, step=8, pairs=4, block=8)
    first = None
    for _ in range(80):
        loss = ((module(x) - target) ** 2).sum()
        first = first if first is not None else loss.item()
        x.grad = None
        loss.backward()
        with torch.no_grad():
            x -= 0.01 * x.grad.sign()
    assert loss.item() < 0.6 * first


def test_spsa_is_seeded_and_checks_its_arguments() -> None:
    x = pictures(1, 3, 8, 8)

    def grad(module: SPSA) -> torch.Tensor:
        y = x.clone().requires_grad_()
        module(y).sum().backward()
        return y.grad

    again = SPSA(blurred, pairs=2, seed=4)
    first = grad(again)
    assert torch.equal(first, grad(SPSA(blurred, pairs=2, seed=4)))
    assert not torch.equal(first, grad(again))
    assert pickle.loads(pickle.dumps(again)).pairs == 2
    with pytest.raises(ValueError, match="expected 1 or more"):
        SPSA(blurred, pairs=0)
    with pytest.raises(PictureError, match="the size that was sent"):
        grad(SPSA(lambda p: p[:4]))


def test_the_package_loads_no_torch_by_itself() -> None:
    code = "import understudy, understudy.nn, sys; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
