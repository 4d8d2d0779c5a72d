"""A message that survives a platform that you learned yourself: train through its profile, send, read what came back.

    python examples/own_platform.py train P.toml [--steps 3000]   a network for what `understudy learn` found
    python examples/own_platform.py hide P.toml DIR               photographs with a message, in DIR/sent/
    understudy collect DIR --via ...                              the platform has its way with them
    python examples/own_platform.py read P.toml DIR               what is read from DIR/received/

The network is that of `steganography.py`: 16 bits in each tile of 32 x 32 pixels, at 42 dB. Photographs that the
platform makes smaller lose their tiles: send them below its limit.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from photographs import TEST, photographs
from PIL import Image
from steganography import SIGMA, hidden, load, save, tiles_of, train

import understudy as us
from understudy.channel import Channel


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(dest="what", required=True)
    for name in ("train", "hide", "read"):
        command = commands.add_parser(name)
        command.add_argument("profile", type=Path, metavar="P.toml")
        if name == "train":
            command.add_argument("--steps", type=int, default=3000)
        else:
            command.add_argument("folder", type=Path, metavar="DIR")
    chosen = parser.parse_args()
    weights = chosen.profile.with_suffix(".pt")
    if chosen.what != "train" and not weights.is_file():
        sys.exit(f"{weights}: no such file; train first")
    if chosen.what == "train":
        _train(chosen.profile, chosen.steps, weights)
    elif chosen.what == "hide":
        _hide(weights, chosen.folder)
    else:
        _read(chosen.profile, weights, chosen.folder)


def _train(profile: Path, steps: int, weights: Path) -> None:
    channel = Channel(us.load_profile(profile), sigma=SIGMA[0])

    def anneal(progress: float) -> None:
        channel.sigma = SIGMA[0] + (SIGMA[1] - SIGMA[0]) * progress

    def log(row: dict[str, float]) -> None:
        if row["step"] % 500 == 0:
            print(f"{row['step']:.0f} steps, {row['seconds']:.0f} s: {row['right']:.4f} of the bits right", flush=True)

    encoder, decoder = train(channel, steps=steps, seed=0, anneal=anneal, log=log, varied=True)
    save(encoder, decoder, weights)


def _hide(weights: Path, folder: Path) -> None:
    encoder, _ = load(weights)
    (folder / "sent").mkdir(parents=True, exist_ok=True)
    for seed, (name, picture) in enumerate(photographs(TEST).items()):
        sent, _ = hidden(encoder, picture, seed)
        path = folder / "sent" / f"{Path(name).stem}.png"
        Image.fromarray(sent).save(path)
        print(f"{path}: {picture.shape[1]} x {picture.shape[0]}, {_psnr(sent, picture):.1f} dB")


def _read(profile: Path, weights: Path, folder: Path) -> None:
    encoder, decoder = load(weights)
    for seed, (name, picture) in enumerate(photographs(TEST).items()):
        sent, bits = hidden(encoder, picture, seed)  # the message again, to count against
        (came,) = (folder / "received").glob(f"{Path(name).stem}.*")
        with Image.open(came) as image:
            received = np.asarray(image.convert("RGB"))
        if received.shape != picture.shape:
            sys.exit(f"{came}: {received.shape[1]} x {received.shape[0]}; the tiles are lost with the size")
        foretold = us.mimic(sent, us.load_profile(profile)).pixels()
        right = _share(decoder, received, bits)
        print(
            f"{came}: {right:.2%} of {bits.numel():,} bits; as foretold from the profile: "
            f"{_share(decoder, foretold, bits):.2%}, pixels equal: {(received == foretold).all()}"
        )


@torch.no_grad()
def _share(decoder: torch.nn.Module, picture: np.ndarray, bits: torch.Tensor) -> float:
    tiles = tiles_of(torch.from_numpy(picture.copy()).permute(2, 0, 1).float() / 255)
    return float(((decoder(tiles) > 0) == (bits > 0.5)).float().mean())


def _psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / ((a.astype(np.float64) - b) ** 2).mean()))


if __name__ == "__main__":
    main()
