"""A small steganography network, trained through the platform: 16 bits in each 32 x 32 tile of a photograph.

    python examples/steganography.py train      # minutes on two cores; writes examples/steganography/
    python examples/steganography.py test       # the committed checkpoint, after the byte-exact platform
    python examples/steganography.py page       # the table and the plot in docs/examples.md

The encoder sees the tile and the bits and makes a change of fixed strength (42 dB); the decoder sees the delivered
tile alone. Between them, while training, stands `us.Channel`: what is tested is the file that `us.mimic` makes of the
whole photograph, decoded, and the decoder's bits read from it.
"""

from __future__ import annotations

import argparse
import csv
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from photographs import TEST, TRAIN, Pixels, photographs
from plot import chart
from torch import Tensor, nn
from torch.nn import functional

import understudy as us
from understudy.channel import Channel

HERE = Path(__file__).resolve().parent / "steganography"
DOCS = HERE.parents[1] / "docs"
PROFILE = "facebook/classic-2014"
QUALITIES = (71, 92)
"""What its delivered files show, both ends included; drawn for each picture."""
SIDE, BITS, PSNR = 32, 16, 42.0
SIGMA = (8.0, 3.0)
"""At the start and at the end of training, in levels."""


class Encoder(nn.Module):
    """A tile and its bits -> the tile changed by exactly `psnr` dB, before clipping and rounding.

    It works on 8 x 8 blocks, as the platform does: each block is one place with 192 channels.
    """

    def __init__(self, bits: int = BITS, width: int = 96, psnr: float = PSNR) -> None:
        super().__init__()
        self.psnr = psnr
        self.spread = nn.Linear(bits, 32 * (SIDE // 8) ** 2)
        self.body = nn.Sequential(
            nn.Conv2d(192 + 32, width, 1), nn.GELU(), nn.Conv2d(width, width, 3, padding=1), nn.GELU(),
            nn.Conv2d(width, 192, 1),
        )  # fmt: skip

    def forward(self, tiles: Tensor, bits: Tensor) -> Tensor:
        """`[B, 3, 32, 32]` in [0, 1] (a little beyond) of such tiles and `[B, bits]` of -1 and 1."""
        places = functional.pixel_unshuffle(tiles - 0.5, 8)
        message = self.spread(bits).view(-1, 32, SIDE // 8, SIDE // 8)
        change = functional.pixel_shuffle(self.body(torch.cat([places, message], 1)), 8)
        strength = 10 ** (-self.psnr / 20)
        return tiles + change * (strength / change.square().mean((1, 2, 3), keepdim=True).add(1e-12).sqrt())


class Decoder(nn.Module):
    """A delivered tile -> a number for each bit, positive for 1."""

    def __init__(self, bits: int = BITS, width: int = 96) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(192, width, 1), nn.GELU(), nn.Conv2d(width, width, 3, padding=1), nn.GELU(),
            nn.Conv2d(width, 48, 1), nn.GELU(), nn.Flatten(), nn.Linear(48 * (SIDE // 8) ** 2, bits),
        )  # fmt: skip

    def forward(self, tiles: Tensor) -> Tensor:
        """`[B, bits]` of `[B, 3, 32, 32]` in [0, 1]."""
        logits: Tensor = self.body(functional.pixel_unshuffle(tiles - 0.5, 8))
        return logits


# ----------------------------------------------------------------------------------------------------------- training


def crops(pictures: list[Pixels], batch: int, seed: int, *, varied: bool = False) -> Iterator[Tensor]:
    """Batches `[batch, 3, 32, 32]` in [0, 1]: random places, mirrored or not, half of them from a halved picture.

    varied: also turned, with colours changed about, with other contrast and brightness: a few photographs go further.
    """
    rng = np.random.default_rng(seed)
    planes = [torch.from_numpy(p).permute(2, 0, 1).float() / 255 for p in pictures]
    planes += [functional.avg_pool2d(p, 2) for p in planes]
    while True:
        out = []
        for _ in range(batch):
            picture = planes[rng.integers(len(planes))]
            y, x = (int(rng.integers(0, side - SIDE + 1)) for side in picture.shape[1:])
            tile = picture[:, y : y + SIDE, x : x + SIDE]
            tile = tile.flip(2) if rng.random() < 0.5 else tile
            out.append(_varied(tile, rng) if varied else tile)
        yield torch.stack(out)


def _varied(tile: Tensor, rng: np.random.Generator) -> Tensor:
    tile = tile.transpose(1, 2) if rng.random() < 0.5 else tile
    tile = tile[torch.from_numpy(rng.permutation(3))]
    return ((tile - 0.5) * rng.uniform(0.5, 1.4) + 0.5 + rng.uniform(-0.25, 0.25)).clamp(0, 1)


def train(
    channel: Callable[[Tensor], Tensor],
    *,
    steps: int,
    seed: int,
    batch: int = 32,
    anneal: Callable[[float], None] = lambda progress: None,
    log: Callable[[dict[str, float]], None] = lambda row: None,
    psnr: float = PSNR,
    bits: int = BITS,
    varied: bool = False,
) -> tuple[Encoder, Decoder]:
    """Encoder and decoder trained through `channel`, `[B, 3, 32, 32]` in [0, 1] to the same.

    anneal: called with the progress, 0 to 1, before each step. log: called every 50 steps. varied: see `crops`.
    """
    torch.manual_seed(seed)
    encoder, decoder = Encoder(bits, psnr=psnr), Decoder(bits)
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.Adam(parameters, 2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=steps)
    tiles_of = crops(list(photographs(TRAIN).values()), batch, seed, varied=varied)
    started, right = time.time(), 0.5
    for step in range(steps):
        anneal(step / steps)
        message = torch.randint(0, 2, (batch, bits)).float()
        logits = decoder(channel(encoder(next(tiles_of), message * 2 - 1)))
        loss = functional.binary_cross_entropy_with_logits(logits, message)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        schedule.step()
        right += 0.05 * (float(((logits.detach() > 0) == (message > 0.5)).float().mean()) - right)
        if step % 50 == 49:
            log({"step": step + 1, "seconds": time.time() - started, "loss": loss.item(), "right": right})
    return encoder.eval(), decoder.eval()


# ------------------------------------------------------------------------------------------------------------ testing


def tiles_of(picture: Tensor) -> Tensor:
    """`[n, 3, 32, 32]` of `[3, H, W]`."""
    rows = functional.pixel_unshuffle(picture[:, None], SIDE)  # [3, 1024, H / 32, W / 32]
    return rows.flatten(2).permute(2, 0, 1).reshape(-1, 3, SIDE, SIDE)


def whole(tiles: Tensor, height: int, width: int) -> Tensor:
    """The inverse of `tiles_of`: `[3, height, width]`."""
    rows = tiles.reshape(-1, 3, SIDE * SIDE).permute(1, 2, 0)
    return functional.pixel_shuffle(rows.reshape(3, SIDE * SIDE, height // SIDE, width // SIDE), SIDE)[:, 0]


@torch.no_grad()
def hidden(encoder: Encoder, picture: Pixels, seed: int) -> tuple[Pixels, Tensor]:
    """(the photograph with bits in every tile, uint8; the bits `[tiles, bits]`)."""
    height, width, _ = picture.shape
    tiles = tiles_of(torch.from_numpy(picture).permute(2, 0, 1).float() / 255)
    bits = torch.randint(
        0, 2, (len(tiles), encoder.spread.in_features), generator=torch.Generator().manual_seed(seed)
    ).float()
    made = whole(encoder(tiles, bits * 2 - 1), height, width)
    return (made * 255).round().clamp(0, 255).byte().permute(1, 2, 0).numpy().copy(), bits


@torch.no_grad()
def accuracy(
    encoder: Encoder, decoder: Decoder, send: Callable[[Pixels], Pixels], names: tuple[str, ...] = TEST
) -> dict[str, float]:
    """What is read after `send` of each whole photograph: share of bits, share of tiles without an error, dB."""
    right, error, size = [], 0.0, 0
    for seed, picture in enumerate(photographs(names).values()):
        sent, bits = hidden(encoder, picture, seed)
        error += float(((sent.astype(np.float64) - picture) ** 2).sum())
        size += picture.size
        seen = torch.from_numpy(send(sent).copy()).permute(2, 0, 1).float() / 255
        right.append((decoder(tiles_of(seen)) > 0) == (bits > 0.5))
    every = torch.cat(right)
    return {
        "bits": float(every.float().mean()),
        "tiles": float(every.all(1).float().mean()),
        "psnr": float(10 * np.log10(255**2 * size / error)),
    }


def platform(quality: int, profile: str = PROFILE) -> Callable[[Pixels], Pixels]:
    """The byte-exact platform at one quality, and a decoder behind it."""
    return lambda picture: us.mimic(picture, profile, quality=quality).pixels()


# -------------------------------------------------------------------------------------------------------- the example


def save(encoder: Encoder, decoder: Decoder, path: Path) -> None:
    """Both networks' weights, as 16-bit floats."""
    halves = {
        name: {key: value.half() for key, value in module.state_dict().items()}
        for name, module in (("encoder", encoder), ("decoder", decoder))
    }
    torch.save(halves, path)


def load(path: Path) -> tuple[Encoder, Decoder]:
    """The networks of a checkpoint."""
    stored = torch.load(path, weights_only=True)
    encoder, decoder = Encoder(), Decoder()
    encoder.load_state_dict(stored["encoder"])
    decoder.load_state_dict(stored["decoder"])
    return encoder.eval(), decoder.eval()


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=("train", "test", "page"))
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    if arguments.what == "train":
        _train(arguments.steps, arguments.seed)
    if arguments.what != "page":
        _test()
    _page()


def _train(steps: int, seed: int) -> None:
    channel = Channel(PROFILE, sigma=SIGMA[0], random={"encode.quality": QUALITIES}, seed=seed)

    def anneal(progress: float) -> None:
        channel.sigma = SIGMA[0] + (SIGMA[1] - SIGMA[0]) * progress

    HERE.mkdir(exist_ok=True)
    with (HERE / "log.csv").open("w", newline="") as lines:
        table = csv.DictWriter(lines, ["step", "seconds", "loss", "right"])
        table.writeheader()

        def log(row: dict[str, float]) -> None:
            table.writerow({key: round(value, 4) for key, value in row.items()})
            lines.flush()
            if row["step"] % 500 == 0:
                print(f"{row['step']:.0f} steps, {row['seconds']:.0f} s: {row['right']:.4f} of the bits right")

        encoder, decoder = train(channel, steps=steps, seed=seed, anneal=anneal, log=log, varied=True)
    save(encoder, decoder, HERE / "checkpoint.pt")


def _test() -> None:
    encoder, decoder = load(HERE / "checkpoint.pt")
    rows = []
    print("after the byte-exact platform, photographs never trained on:")
    for quality in (50, 60, 71, 75, 80, 85, 92):
        row = {"quality": quality, **accuracy(encoder, decoder, platform(quality))}
        rows.append(row)
        print(
            f"quality {quality}: {row['bits']:.4f} of the bits, {row['tiles']:.3f} of the tiles whole,"
            f" {row['psnr']:.2f} dB as sent"
        )
    (HERE / "test.json").write_text(json.dumps(rows, indent=1) + "\n")


def _page() -> None:
    rows = json.loads((HERE / "test.json").read_text())
    lines = ["| quality | bits right, % | tiles without an error, % |", "| --- | --- | --- |"]
    for row in rows:
        seen = "" if row["quality"] >= QUALITIES[0] else " (not seen in training)"
        lines.append(f"| {row['quality']}{seen} | {100 * row['bits']:.2f} | {100 * row['tiles']:.1f} |")
    begin, end = "<!-- steganography -->\n", "<!-- end of steganography -->"
    before, rest = (DOCS / "examples.md").read_text().split(begin)
    (DOCS / "examples.md").write_text(before + begin + "\n".join([*lines, ""]) + end + rest.split(end)[1])
    with (HERE / "log.csv").open(newline="") as table:
        points = [(float(row["step"]), 100 * float(row["right"])) for row in csv.DictReader(table)]
    (DOCS / "figures" / "steganography.svg").write_text(
        chart(
            {"training": [(x, y, y, y) for x, y in points]}, title="Bits read rightly while training, moving mean",
            x="batches of 32 tiles", y="per cent", low=50, high=100, ticks=(50, 60, 70, 80, 90, 100),
        )
    )  # fmt: skip


if __name__ == "__main__":
    main()
