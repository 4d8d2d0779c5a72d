"""Bits that survive the platform, without training: luma coefficients on fixed points of its own quantiser.

    python examples/lattice.py embed photo.png sent.png --message "..."     # for one quality, or a range of them
    python examples/lattice.py extract received.jpg
    python examples/lattice.py prove                                        # the table in docs/examples.md

A quantiser keeps a coefficient that is a multiple of its step, so what stands on such points survives as often as it is
uploaded. A bit is the parity of one coefficient in units of a spacing: the platform's step for one known quality, more
for a range of qualities. `embed` moves a few coefficients of each block to the nearest point of the right parity, and
then asks the byte-exact platform what it would deliver, and deliver again. Blocks whose bits do not survive (they touch
black or white, where decoding clips, or are flat, where rounding is not) are kept some levels away from both, get a
little noise, and are embedded again, until every bit survives.
So the proof is the platform itself, for this picture: nothing is assumed about it.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from photographs import TEST, photographs
from PIL import Image
from scipy.fft import dctn, idctn
from scipy.ndimage import maximum_filter

import understudy as us

PROFILE = "facebook/classic-2014"
LEAST = 6
"""The smallest spacing: samples are whole numbers, and decoding and converting them moves a coefficient by about 1."""
GENERATIONS = 3
"""Times that a picture is uploaded in `embed`'s own check, each time what was delivered before."""
ROUNDS = 100

Pixels = NDArray[np.uint8]
Spacing = NDArray[np.float64]
WEIGHTS = np.array([0.299, 0.587, 0.114])
"""JFIF's luma. A platform's fixed-point form differs by rounding only, far less than a spacing."""


class Failed(Exception):
    """Some bits of this picture do not survive, whatever was tried."""


# --------------------------------------------------------------------------------------------------------- agreed on


def spacing(qualities: Sequence[int], profile: str) -> Spacing:
    """`[8, 8]`: what a coefficient is counted in. Sender and receiver both know profile and qualities.

    One quality: the least multiple of its step that is LEAST or more, so that all points are the quantiser's own. A
    range: its coarsest step and some more, so that no quantiser of it moves a point half way to the next, nor does the
    next upload from there.
    """
    steps = np.array([_luma(profile, quality) for quality in qualities])
    if len(qualities) == 1:
        return steps[0] * np.ceil(LEAST / steps[0])
    return np.ceil(steps.max(axis=0) * 1.25) + LEAST


def _luma(profile: str, quality: int) -> NDArray[np.float64]:
    encode = us.load_profile(profile).with_values({"encode.quality": quality}).step("encode")
    return np.array(encode.tables_for(1024, 768)[0], np.float64).reshape(8, 8)


def places(space: Spacing, count: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """(v, u) of the `count` coefficients with the smallest spacing, DC apart: they cost least."""
    order = np.argsort(space.ravel(), kind="stable")
    return np.unravel_index(order[order != 0][:count], (8, 8))


def read(delivered: bytes, space: Spacing, count: int) -> NDArray[np.uint8]:
    """`[v_blocks, h_blocks, count]`: the bits in a delivered JPEG: nothing but its luma coefficients is looked at."""
    luma = us.jpeg.read_coefficients(us.jpeg.parse(delivered)).components[0]
    at = places(space, count)
    values = luma.blocks[:, :, at[0], at[1]] * luma.steps[at].astype(np.float64)
    return (np.rint(values / space[at]).astype(np.int64) & 1).astype(np.uint8)


# ---------------------------------------------------------------------------------------------------------- embedding


def embed(
    picture: Pixels, bits: NDArray[np.uint8], qualities: Sequence[int], profile: str = PROFILE
) -> tuple[Pixels, dict[str, int]]:
    """(the picture that carries `bits` `[H // 8, W // 8, count]` through every quality; what it took).

    Raises Failed. Blocks that the picture's edge cuts carry nothing.
    """
    space = spacing(qualities, profile)
    rows, columns, count = bits.shape
    inside = picture[: 8 * rows, : 8 * columns].astype(np.float64)
    host = inside.reshape(rows, 8, columns, 8, 3).transpose(0, 2, 1, 3, 4)
    tries = np.zeros((rows, columns), np.intp)
    noises = np.random.default_rng(0).uniform(-0.5, 0.5, (8, *host.shape)).astype(np.float32)
    noises[0] = 0
    at = np.indices(tries.shape)
    sent = picture.copy()
    for turn in range(ROUNDS):
        noise = noises[np.where(tries > 0, 1 + tries % 7, 0), *at]  # another one at each try, for these blocks alone
        # A block that fails and fails has it from its neighbours: four blocks share one block of chroma.
        calm = np.maximum(tries, maximum_filter(tries, 3) - 20)
        carrying = _moved(_calmed(host, np.minimum(3.0 * calm, 96)), bits, space, noise)
        sent[: 8 * rows, : 8 * columns] = carrying.transpose(0, 2, 1, 3, 4).reshape(8 * rows, 8 * columns, 3)
        lost = np.zeros((rows, columns), bool)
        for quality in qualities:
            data: bytes | Pixels = sent
            for _ in range(GENERATIONS):
                data = us.mimic(data, profile, quality=quality).data
                lost |= (read(data, space, count)[:rows, :columns] != bits).any(axis=2)
        if not lost.any():
            return sent, {"rounds": turn + 1, "blocks calmed": int((tries > 0).sum())}
        tries[lost] += 1
    where = ", ".join(f"({8 * u}, {8 * v})" for v, u in np.argwhere(lost)[:5])
    raise Failed(f"{int(lost.sum())} of {lost.size} blocks lose bits after {ROUNDS} rounds: at {where}")


def _calmed(host: NDArray[np.float64], margin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Blocks `[v, h, 8, 8, 3]` kept `margin` levels away from black and white."""
    low = margin[:, :, None, None, None]
    return np.clip(host, low, 255 - low)


def _moved(blocks: NDArray[np.float64], bits: NDArray[np.uint8], space: Spacing, noise: NDArray[np.float32]) -> Pixels:
    """The blocks with each coefficient on the nearest point of its bit's parity; R, G and B change alike.

    Rounding samples moves coefficients again, so it is done three times over. In flat blocks all samples are rounded
    alike, which can move one coefficient by several levels; noise of half a level beforehand, where that happened,
    lets them be rounded apart.
    """
    v, u = places(space, bits.shape[2])
    unit = space[v, u]
    out = blocks
    wanted = None
    for _ in range(3):
        luma = dctn(out @ WEIGHTS - 128, axes=(2, 3), norm="ortho")
        seen = luma[:, :, v, u]
        if wanted is None:
            wanted = (2 * np.rint((seen / unit - bits) / 2) + bits) * unit
        change = np.zeros_like(luma)
        change[:, :, v, u] = wanted - seen
        out = np.clip(np.rint(out + idctn(change, axes=(2, 3), norm="ortho")[..., None] + noise), 0, 255)
    return out.astype(np.uint8)


# -------------------------------------------------------------------------------------------------------- the example


def psnr(a: Pixels, b: Pixels) -> float:
    """dB, over all samples."""
    return float(10 * np.log10(255**2 / np.mean((a.astype(np.float64) - b) ** 2)))


def prove(profile: str) -> None:
    """Prints a table: every bit of every photograph, for one quality and for a range; and two that knew less.

    `unchecked` puts the bits onto the same points and asks nobody; `libjpeg's` asks libjpeg-turbo's arithmetic instead
    of the platform's.
    """
    print("| photograph | qualities | bits | bits a pixel | sent, dB | uploads | lost | unchecked | libjpeg's |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    for name, picture in photographs(TEST).items():
        for qualities, count in (((71,), 8), ((71,), 16), ((92,), 8), (tuple(range(71, 93)), 8)):
            bits = np.random.default_rng(1).integers(0, 2, (*(s // 8 for s in picture.shape[:2]), count), np.uint8)
            sent, took = embed(picture, bits, qualities, profile)
            others = [_unchecked(picture, bits, qualities, profile)]
            if len(qualities) == 1:  # both have the same tables, so the same spacing
                others.append(embed(picture, bits, qualities, "generic/libjpeg-turbo")[0])
            losses = [" / ".join(str(n) for n in _lost(one, bits, qualities, profile)) for one in (sent, *others)]
            label = str(qualities[0]) if len(qualities) == 1 else f"{qualities[0]} to {qualities[-1]}"
            print(
                f"| {name} | {label} | {bits.size:,} | {bits.size / picture[:, :, 0].size:.3f} |"
                f" {psnr(picture, sent):.2f} | {len(qualities) * GENERATIONS} | {' | '.join([*losses, ''][:3])} |",
                flush=True,
            )
            print(f"{name}, {label}: {took}", file=sys.stderr)


def _unchecked(picture: Pixels, bits: NDArray[np.uint8], qualities: Sequence[int], profile: str) -> Pixels:
    """The first of `embed`'s rounds: points of the lattice, and no question asked."""
    rows, columns, _ = bits.shape
    host = picture.astype(np.float64).reshape(rows, 8, columns, 8, 3).transpose(0, 2, 1, 3, 4)
    moved = _moved(host, bits, spacing(qualities, profile), np.zeros_like(host, dtype=np.float32))
    return moved.transpose(0, 2, 1, 3, 4).reshape(picture.shape)


def _lost(sent: Pixels, bits: NDArray[np.uint8], qualities: Sequence[int], profile: str) -> list[int]:
    """Bits read wrongly after the first, second, third upload, all qualities together."""
    space, lost = spacing(qualities, profile), [0] * GENERATIONS
    for quality in qualities:
        data: bytes | Pixels = sent
        for i in range(GENERATIONS):
            data = us.mimic(data, profile, quality=quality).data
            lost[i] += int((read(data, space, bits.shape[2]) != bits).sum())
    return lost


def _with_length(message: bytes, room: tuple[int, int, int]) -> NDArray[np.uint8]:
    framed = len(message).to_bytes(4, "big") + message
    bits = np.random.default_rng(0).integers(0, 2, room, np.uint8)
    if 8 * len(framed) > bits.size:
        sys.exit(f"{len(message)} bytes, expected at most {bits.size // 8 - 4} in this picture")
    bits.ravel()[: 8 * len(framed)] = np.unpackbits(np.frombuffer(framed, np.uint8))
    return bits


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=("embed", "extract", "prove"))
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("--message", default="")
    parser.add_argument("--profile", default=PROFILE)
    parser.add_argument("--quality", default="71", help="one, or a range: 71-92")
    parser.add_argument("--bits", type=int, default=8, help="a block")
    arguments = parser.parse_args()
    low, _, high = arguments.quality.partition("-")
    qualities = range(int(low), int(high or low) + 1)
    if arguments.what == "prove":
        prove(arguments.profile)
    elif arguments.what == "embed":
        with Image.open(arguments.files[0]) as image:
            picture = np.array(image.convert("RGB"))
        room = (picture.shape[0] // 8, picture.shape[1] // 8, arguments.bits)
        sent, took = embed(picture, _with_length(arguments.message.encode(), room), qualities, arguments.profile)
        Image.fromarray(sent).save(arguments.files[1])
        print(f"{room[0] * room[1] * room[2]} bits, {psnr(picture, sent):.2f} dB, {took}")
    else:
        data = arguments.files[0].read_bytes()
        stream = np.packbits(read(data, spacing(qualities, arguments.profile), arguments.bits).ravel()).tobytes()
        length = int.from_bytes(stream[:4], "big")
        print(stream[4 : 4 + length].decode(errors="replace") if length <= len(stream) - 4 else "no message")


if __name__ == "__main__":
    main()
