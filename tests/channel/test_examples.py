"""The examples do what they say, in small: their pieces here, their figures in docs/channel-comparison.md."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import understudy as us

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
sys.path.insert(0, str(EXAMPLES))

import lattice  # noqa: E402
import plot  # noqa: E402
import steganography  # noqa: E402
from comparison import ARMS, StraightThrough, arm  # noqa: E402


def scene(height: int, width: int) -> np.ndarray:
    """Slopes, edges, saturated colours, and corners that are black and white."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    planes = [128 + 100 * np.sin(x / (7 + 5 * c) + y / 19) + 50 * ((x + 2 * y) % 37 > 20) for c in range(3)]
    pixels = np.clip(np.stack(planes, -1), 0, 255).astype(np.uint8)
    pixels[: height // 4, : width // 4] = 0
    pixels[-(height // 4) :, -(width // 4) :] = 255
    return pixels


@pytest.mark.parametrize(("qualities", "count"), [((71,), 8), ((92,), 6), ((71, 80, 92), 6)], ids=str)
def test_lattice_bits_survive(qualities: tuple[int, ...], count: int) -> None:
    """Every bit, from the delivered bytes alone, after one upload and after three; the change stays small."""
    picture = scene(64, 80)
    bits = np.random.default_rng(5).integers(0, 2, (8, 10, count), np.uint8)
    sent, _ = lattice.embed(picture, bits, qualities)
    assert lattice.psnr(picture, sent) > 33
    space = lattice.spacing(qualities, lattice.PROFILE)
    for quality in qualities:
        data: bytes | np.ndarray = sent
        for _ in range(3):
            data = us.mimic(data, lattice.PROFILE, quality=quality).data
            assert np.array_equal(lattice.read(data, space, count), bits)
    # The bits are the embedding's doing: the photograph itself reads as other bits.
    bare = us.mimic(picture, lattice.PROFILE, quality=qualities[0]).data
    assert 0.3 < (lattice.read(bare, space, count) == bits).mean() < 0.7


def test_lattice_messages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The command line, there and back."""
    Image.fromarray(scene(64, 80)).save(tmp_path / "photo.png")
    told = ["lattice.py", "embed", str(tmp_path / "photo.png"), str(tmp_path / "sent.png"), "--message", "hidden: ö"]
    monkeypatch.setattr(sys, "argv", told)
    lattice.main()
    delivered = us.mimic(tmp_path / "sent.png", lattice.PROFILE, quality=71).data
    (tmp_path / "received.jpg").write_bytes(delivered)
    monkeypatch.setattr(sys, "argv", ["lattice.py", "extract", str(tmp_path / "received.jpg")])
    capsys.readouterr()
    lattice.main()
    assert capsys.readouterr().out.strip() == "hidden: ö"


def test_tiles_there_and_back() -> None:
    picture = torch.rand(3, 96, 64)
    tiles = steganography.tiles_of(picture)
    assert torch.equal(tiles[3], picture[:, 32:64, 32:64])
    assert torch.equal(steganography.whole(tiles, 96, 64), picture)


def test_encoder_keeps_its_strength() -> None:
    """42 dB, whatever the weights."""
    encoder = steganography.Encoder()
    tiles = torch.rand(5, 3, 32, 32)
    change = encoder(tiles, torch.randint(0, 2, (5, steganography.BITS)).float() * 2 - 1) - tiles
    assert torch.allclose(10 * torch.log10(1 / change.square().mean((1, 2, 3))), torch.tensor(42.0), atol=1e-3)


def test_every_arm_gives_gradients() -> None:
    """All but kornia's, which is only installed for benchmarks."""
    for name in ARMS:
        if name == "kornia":
            continue
        channel, anneal = arm(name, 0)
        anneal(0.5)
        x = torch.rand(2, 3, 32, 32, requires_grad=True)
        y = channel(x)
        assert y.shape == x.shape
        y.square().sum().backward()
        assert x.grad.abs().sum() > 0, name


def test_straight_through_arm_is_jpeg() -> None:
    """The rival is not a straw man: as near to libjpeg as layers of its kind are (44 dB at 71 on photographs)."""
    torch.manual_seed(0)
    y, x = np.mgrid[:64, :64]
    calm = np.stack([128 + 60 * np.sin(x / 9 + y / (13 + c)) for c in range(3)], -1).round().astype(np.uint8)
    layer = StraightThrough(0)
    made = (layer(torch.from_numpy(calm).permute(2, 0, 1)[None] / 255) * 255).round()[0].permute(1, 2, 0).numpy()
    best = max(
        lattice.psnr(us.mimic(calm, "generic/libjpeg-turbo", quality=q).pixels(), made.astype(np.uint8))
        for q in range(71, 93)
    )
    assert best > 43


def test_committed_checkpoint_reads_the_delivery() -> None:
    """A photograph that it never saw, after the byte-exact platform; as many bits as its own table says, or nearly."""
    photograph = ROOT / ".cache" / "photograph" / "china.jpg"
    if not photograph.is_file():
        (pytest.fail if os.environ.get("CI") else pytest.skip)("no photograph; scripts/photograph.py fetches it")
    checkpoint = EXAMPLES / "steganography" / "checkpoint.pt"
    assert checkpoint.stat().st_size < 1_000_000
    encoder, decoder = steganography.load(checkpoint)
    with Image.open(photograph) as image:
        picture = np.asarray(image.convert("RGB").reduce(2))[:192, :320]
    sent, bits = steganography.hidden(encoder, picture, 1)
    assert lattice.psnr(picture, sent) > 41.5
    table = {row["quality"]: row["bits"] for row in json.loads((checkpoint.parent / "test.json").read_text())}
    seen = torch.from_numpy(steganography.platform(85)(sent).copy()).permute(2, 0, 1).float() / 255
    right = ((decoder(steganography.tiles_of(seen)) > 0) == (bits > 0.5)).float().mean()
    assert right > table[85] - 0.05


def test_chart_is_well_formed() -> None:
    from xml.etree import ElementTree

    lines = {"a & b": [(0.0, 1.0, 0.5, 1.5), (1.0, 2.0, 2.0, 2.0)]}
    text = plot.chart(lines, title="<t>", x="x", y="y", low=0, high=2, ticks=(0, 1, 2), marks=((0.5, "half"),))
    root = ElementTree.fromstring(text)
    assert root.tag.endswith("svg")
    assert "a & b" in "".join(root.itertext())
