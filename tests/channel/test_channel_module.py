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
        ({"sigma": 0}, "expected more than 0"), ({"rounding": "hard"}, "expected smoothed or"),
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
    with pytest.raises(ProfileError, match="say what the pictures are sent as"):
        Channel("twitter/2023")
    with pytest.raises(ProfileError, match="one fixed pair"):
        Channel("messenger/ios")(torch.rand(1, 3, 8, 8), quality=80)
    with pytest.raises(PictureError, match="sizes"):
        mixed = Channel(["facebook/classic-2014-resized", "facebook/classic-2014"], seed=0, random={}).train()
        mixed(torch.rand(8, 3, 2100, 8))
