"""The channel as people use it: compiled, in loaders' workers, under autocast, saved, copied, drawn at random."""

from __future__ import annotations

import copy
import io
import pickle
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from channel_cases import delivered, pictures, samples, tensor
from torch import nn
from torch.utils.data import DataLoader, Dataset

import understudy as us
from understudy.channel import Channel
from understudy.errors import PictureError, ProfileError, UnderstudyError


@pytest.fixture
def fresh_compiler() -> Iterator[None]:
    torch.compiler.reset()
    torch._dynamo.utils.counters.clear()
    yield
    torch.compiler.reset()


@pytest.mark.parametrize(
    ("name", "overrides"),
    [("facebook/classic-2014", {}), ("facebook/web-2024", {}), ("facebook/classic-2014-resized", {"resize.limit": 24})],
    ids=lambda v: v if isinstance(v, str) else "",
)
@pytest.mark.usefixtures("fresh_compiler")
def test_it_compiles_as_one_graph(name: str, overrides: dict[str, int]) -> None:
    """No graph break (fullgraph raises), two sizes, a sigma that moves without another compilation."""
    channel = Channel(name, sigma=5.0, **overrides)
    compiled = torch.compile(channel, fullgraph=True, backend="aot_eager")
    for size in ((32, 40), (33, 47)):
        for sigma in (5.0, 2.0):
            channel.sigma = sigma  # type: ignore[assignment]
            a, b = (tensor(pictures(*size)).requires_grad_(True) for _ in range(2))
            out, wanted = compiled(a), channel(b)
            assert torch.equal(out, wanted)
            out.square().sum().backward()
            wanted.square().sum().backward()
            assert torch.allclose(a.grad, b.grad)
    counted = torch._dynamo.utils.counters
    assert not counted["graph_break"]
    assert counted["stats"]["unique_graphs"] == 2


@pytest.mark.usefixtures("fresh_compiler")
def test_code_compiled_for_one_channel_is_not_taken_for_another() -> None:
    x = tensor(pictures(16, 16))
    for quality in (30, 90):
        channel = Channel("generic/libjpeg-turbo", quality=quality)
        assert torch.equal(torch.compile(channel, fullgraph=True, backend="aot_eager")(x), channel(x))


@pytest.mark.usefixtures("fresh_compiler")
def test_qualities_of_a_batch_compile() -> None:
    channel = Channel("facebook/classic-2014")
    compiled = torch.compile(channel, fullgraph=True, backend="aot_eager")
    quality = torch.tensor([30.0, 50, 71, 85, 95], requires_grad=True)
    x = tensor(pictures(24, 24))
    out = compiled(x, quality=quality)
    assert torch.equal(out, channel(x, quality=quality))
    out.sum().backward()
    assert quality.grad.abs().sum() > 0


class _Delivered(Dataset[torch.Tensor]):
    def __init__(self, channel: Channel) -> None:
        self.channel = channel

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> torch.Tensor:
        with torch.no_grad():
            return self.channel(tensor(pictures(24, 24, seed=index)[:1]))[0]


def test_in_the_workers_of_a_loader() -> None:
    channel = Channel("facebook/classic-2014")
    data = _Delivered(channel)
    wanted = torch.stack([data[i] for i in range(6)])  # here threads and kernels have been in use before the fork
    got = torch.cat(list(DataLoader(data, batch_size=3, num_workers=2)))
    assert torch.equal(got, wanted)


def test_under_autocast() -> None:
    channel = Channel("facebook/classic-2014", sigma=3.0)
    net = nn.Conv2d(3, 3, 3, padding=1)
    x = tensor(pictures(24, 31))
    with torch.autocast("cpu", dtype=torch.bfloat16):
        made = torch.sigmoid(net(x))
        assert made.dtype == torch.bfloat16
        out = channel(made)
        out.float().square().sum().backward()
    assert out.dtype == torch.bfloat16
    assert np.array_equal(samples(out), delivered(samples(channel_free(made)), "facebook/classic-2014"))
    assert net.weight.grad.abs().sum() > 0


def channel_free(x: torch.Tensor) -> torch.Tensor:
    """What the channel takes `x` for."""
    return (x.detach().double() * 255).round() / 255


def test_saved_copied_and_moved() -> None:
    x = tensor(pictures(17, 18))
    channel = Channel("facebook/classic-2014", sigma=6.0)
    first = channel(x)
    assert list(channel.state_dict()) == ["sigma"]
    assert list(channel.parameters()) == []
    other = Channel("facebook/classic-2014")
    other.load_state_dict(channel.state_dict())
    assert float(other.sigma) == 6.0
    file = io.BytesIO()
    torch.save(channel, file)
    file.seek(0)
    for again in (pickle.loads(pickle.dumps(channel)), copy.deepcopy(channel), torch.load(file, weights_only=False)):
        assert torch.equal(again(x), first)
        assert repr(again) == repr(channel)
        again.sigma = 2.0
        assert float(channel.sigma) == 6.0
    assert torch.equal(channel.to(torch.bfloat16)(x), first), "its own type is no picture's"
    assert torch.equal(nn.Sequential(channel, nn.Identity()).double()(x.double()).float(), first)


def test_distributed_data_parallel(tmp_path: Path) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{tmp_path}/rendezvous", rank=0, world_size=1)
    try:
        net = nn.Sequential(nn.Conv2d(3, 3, 1), nn.Sigmoid(), Channel("facebook/classic-2014"))
        both = nn.parallel.DistributedDataParallel(net)
        for _ in range(2):
            both(tensor(pictures(16, 24))).square().mean().backward()
        assert net[0].weight.grad.abs().sum() > 0
    finally:
        torch.distributed.destroy_process_group()


def test_one_draw_a_picture_while_training() -> None:
    batch = np.repeat(pictures(24, 24)[:1], 40, axis=0)
    ranges = {"quality": (60, 90), "sampling": ["4:2:0", "4:4:4"]}
    profiles = ["facebook/classic-2014", "generic/libjpeg-turbo"]
    with pytest.raises(UnderstudyError, match="never seen"):
        Channel(profiles, random={"sampling": ["4:2:2"]}, seed=3).train()(tensor(batch))
    channel = Channel(profiles, random=ranges, seed=3)
    x = tensor(batch).requires_grad_(True)
    first = channel(x)
    first.sum().backward()
    assert (x.grad.flatten(1).abs().sum(1) > 0).all()
    variants = {
        us.mimic(batch[0], p, quality=q, sampling=s).pixels().tobytes(): (p, q, s)
        for p in profiles for q in range(60, 91) for s in ranges["sampling"]
    }  # fmt: skip
    drawn = [variants[shown.tobytes()] for shown in samples(first)]
    for position in (0, 2):
        assert len({d[position] for d in drawn}) == 2
    assert len({d[1] for d in drawn}) > 8
    assert not torch.equal(channel(x), first), "drawn anew"
    assert torch.equal(Channel(profiles, random=ranges, seed=3)(x), first), "the seed decides"
    channel.eval()
    assert np.array_equal(samples(channel(x)), delivered(batch, profiles[0]))


def test_workers_draw_apart() -> None:
    channel = Channel("generic/libjpeg-turbo", random={"quality": (1, 100)}, seed=1)

    class Same(_Delivered):
        def __getitem__(self, index: int) -> torch.Tensor:
            with torch.no_grad():
                return self.channel(tensor(pictures(24, 24)[:1]))[0]

    loader = DataLoader(Same(channel), batch_size=3, num_workers=2, multiprocessing_context="fork")
    first, second = list(loader)
    assert not torch.equal(first, second)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sigma": 0}, "a finite number above 0"), ({"sigma": float("inf")}, "above 0"), ({"sigma": "3"}, "above 0"),
        ({"rounding": "hard"}, "expected smoothed or"),
        ({"no_such": 1}, "no parameter"), ({"random": {"quality": (90, 60)}}, "expected .low, high."),
        ({"random": {"qualities": (60, 90)}}, "no parameter"), ({"random": {"quality": (60, 190)}}, "190"),
    ],
)  # fmt: skip
def test_wrong_arguments_are_told(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ProfileError, match=message):
        Channel("facebook/classic-2014", **arguments)  # type: ignore[arg-type]


def test_wrong_pictures_are_told() -> None:
    channel = Channel("facebook/classic-2014")
    for x in (torch.zeros(3, 8, 8), torch.zeros(1, 5, 8, 8), torch.zeros(1, 3, 8, 8, dtype=torch.uint8)):
        with pytest.raises(PictureError, match="expected floats"):
            channel(x)
    for x, remedy in (
        (torch.zeros(1, 3, 8, 8, dtype=torch.uint8), "x / 255"), (torch.zeros(1, 8, 8, 3), "permute"),
        (torch.zeros(3, 8, 8), "batch of one"), (np.zeros((1, 3, 8, 8)), "ndarray; expected a tensor"),
    ):  # fmt: skip
        with pytest.raises(PictureError, match=remedy):
            channel(x)
    with pytest.raises(PictureError, match="orientation 9"):
        channel(torch.zeros(1, 3, 8, 8), orientation=9)
    with pytest.raises(ProfileError, match="say what the pictures are sent as"):
        Channel("twitter/2023")
    with pytest.raises(ProfileError, match="one fixed pair"):
        Channel("messenger/ios")(torch.rand(1, 3, 8, 8), quality=80)
    with pytest.raises(PictureError, match="sizes"):
        mixed = Channel(["facebook/classic-2014-resized", "facebook/classic-2014"], seed=0, random={}).train()
        mixed(torch.rand(8, 3, 2100, 8))


@pytest.mark.parametrize("given", [71, 71.0, np.int64(71), [71], [71, 71], torch.tensor(71), torch.tensor([71.0])])
def test_a_quality_may_be_a_number_or_one_a_picture(given: object) -> None:
    x = tensor(pictures(16, 24))[:1].repeat(2, 1, 1, 1)
    channel = Channel("facebook/classic-2014")
    assert torch.equal(channel(x, quality=given), Channel("facebook/classic-2014", quality=71)(x))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "given", "message"),
    [
        ("quality", torch.tensor([71, 85]), "for 4 pictures"), ("quality", torch.tensor([71] * 5), "for 4 pictures"),
        ("quality", 0, "0 to 0"), ("quality", torch.tensor([50, 101, 50, 50]), "50 to 101"), ("quality", "85", "85"),
        ("quality", float("nan"), "NaN"), ("quality", True, "bool"), ("quality", [[71]], "shape"),
        ("steps", torch.ones(64), "shape"), ("steps", torch.ones(2, 2, 64), "for 4 pictures"), ("steps", [8], "list"),
        ("steps", torch.zeros(1, 2, 64), "0 to"), ("steps", torch.full((1, 2, 64), float("nan")), "nan"),
    ],
)  # fmt: skip
def test_wrong_qualities_and_steps_are_told(name: str, given: object, message: str) -> None:
    """Two qualities for four pictures were once taken in turn, and 0 for 1."""
    with pytest.raises(ProfileError, match=message):
        Channel("facebook/classic-2014")(torch.rand(4, 3, 8, 8), **{name: given})


def test_a_learned_quality_may_leave_its_range() -> None:
    x = tensor(pictures(16, 24))
    channel = Channel("facebook/classic-2014")
    beyond = torch.tensor([100.4], requires_grad=True)
    out = channel(x, quality=beyond)
    assert torch.equal(out, channel(x, quality=100))
    out.square().sum().backward()
    assert beyond.grad is not None
    assert bool(beyond.grad.isfinite().all())


@pytest.mark.parametrize("name", ["facebook/classic-2014", "facebook/web-2024", "telegram/2025"])
def test_a_picture_with_a_nan_comes_out_as_nan_and_no_other(name: str) -> None:
    channel = Channel(name)
    x = torch.rand(3, 3, 16, 24)
    wanted = channel(x)
    x[1, 0, 3, 5] = float("nan")
    x.requires_grad_(True)
    out = channel(x)
    assert bool(out[1].isnan().all())
    assert torch.equal(out[[0, 2]], wanted[[0, 2]])
    out[[0, 2]].square().sum().backward()
    assert x.grad is not None
    assert bool(x.grad[[0, 2]].isfinite().all())


@pytest.mark.usefixtures("fresh_compiler")
def test_a_nan_is_kept_when_compiled() -> None:
    x = torch.rand(2, 3, 16, 16)
    x[0, 0, 0, 0] = float("nan")
    out = torch.compile(Channel("facebook/classic-2014"), fullgraph=True, backend="aot_eager")(x)
    assert bool(out[0].isnan().all())
    assert bool(out[1].isfinite().all())


def test_pictures_in_another_range_are_warned_of_once(recwarn: pytest.WarningsRecorder) -> None:
    channel = Channel("facebook/classic-2014")
    x = tensor(pictures(16, 16))
    with pytest.warns(UserWarning, match=r"outside of \[0, 1\], from 0 to 2"):
        channel(255 * x)
    recwarn.clear()
    channel(255 * x)
    Channel("facebook/classic-2014")(1.1 * x[:1] - 0.05)  # a residual's excess is ordinary
    assert not recwarn.list


def test_sigma_takes_any_number() -> None:
    channel = Channel("facebook/classic-2014")
    for value in (3, 3.0, np.float32(3), torch.tensor(3.0)):
        channel.sigma = 1.0  # type: ignore[assignment]
        channel.sigma = value  # type: ignore[assignment]
        assert float(channel.sigma) == 3
        assert "sigma" in channel.state_dict()
    for value in ("3", 0, float("nan"), None):
        with pytest.raises(ProfileError, match="a finite number above 0"):
            channel.sigma = value  # type: ignore[assignment]
