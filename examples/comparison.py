"""The same network, budget and seeds trained through different channels; read after the byte-exact platform.

    python examples/comparison.py run --seeds 0 1 2      # adds to examples/comparison/runs.jsonl what is missing
    python examples/comparison.py page                   # docs/channel-comparison.md and its plot from that file

Every arm draws the quality of each picture from the same range, 71 to 92, and sees the same tiles, messages and initial
weights. What differs is what stands between encoder and decoder while training:

    none      nothing but clipping
    ste       Diff-JPEG's manner: libjpeg's steps in floats, rounding with a straight-through gradient
    kornia    kornia.enhance.jpeg_codec_differentiable
    exact-ste this library's channel, exact, with the straight-through gradient
    ours      this library's channel: exact, rounding's derivative smoothed, sigma from 8 to 3
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from plot import chart
from steganography import PROFILE, QUALITIES, SIGMA, accuracy, platform, train
from torch import Tensor, nn
from torch.nn import functional

import understudy as us
from understudy.channel import Channel

HERE = Path(__file__).resolve().parent / "comparison"
PAGE = Path(__file__).resolve().parents[1] / "docs" / "channel-comparison.md"
FIGURE = PAGE.parent / "figures" / "channel-comparison.svg"
SHORT, LONG, STRENGTH = 1200, 4000, 43.0
"""Steps of the two budgets; dB."""
SEEN, UNSEEN = (71, 78, 85, 92), (50, 55, 60, 65)
OTHER = "facebook/web-2024"
"""An encoder that no arm has seen: jpegli at quality 80, adaptive quantisation."""


# ------------------------------------------------------------------------------------------------------------- arms


class StraightThrough(nn.Module):
    """JPEG in floats, 4:2:0, as approximating layers do it: JFIF's equations, means of 2 x 2, and rounding whose
    gradient passes unchanged. Written from ITU-T T.81 and JFIF for this comparison; for sides of whole MCUs."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        k = torch.arange(8.0)
        basis = torch.cos((2 * k[None] + 1) * k[:, None] * torch.pi / 16) / 2
        basis[0] /= 2**0.5
        self.register_buffer("basis", torch.kron(basis, basis).T.contiguous())  # [samples, coefficients]
        encode = us.load_profile("generic/libjpeg-turbo")
        tables = [encode.with_values({"quality": q}).step("encode").tables_for(32, 32) for q in range(1, 101)]
        self.register_buffer("tables", torch.tensor(tables, dtype=torch.float32))  # [100, 2, 64]
        matrix = [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]]
        self.register_buffer("matrix", torch.tensor(matrix))
        self.register_buffer("inverse", torch.linalg.inv(torch.tensor(matrix)))
        self.draws = torch.Generator().manual_seed(seed)

    def forward(self, x: Tensor) -> Tensor:
        """`[B, 3, H, W]` in [0, 1] of such."""
        quality = torch.randint(QUALITIES[0], QUALITIES[1] + 1, (len(x),), generator=self.draws)
        ycc = torch.einsum("dc,bchw->bdhw", self.matrix, x.clamp(0, 1) * 255)
        luma = self._plane(ycc[:, :1] - 128, self.tables[quality - 1, 0]) + 128
        chroma = self._plane(functional.avg_pool2d(ycc[:, 1:], 2), self.tables[quality - 1, 1])
        both = torch.cat([luma, functional.interpolate(chroma, scale_factor=2, mode="bilinear")], 1)
        return torch.einsum("dc,bchw->bdhw", self.inverse, both).clamp(0, 255) / 255

    def _plane(self, plane: Tensor, steps: Tensor) -> Tensor:
        b, c, h, w = plane.shape
        blocks = functional.pixel_unshuffle(plane.reshape(b * c, 1, h, w), 8).flatten(2).transpose(1, 2)
        scaled = (blocks @ self.basis) / steps.repeat_interleave(c, 0)[:, None]
        level = scaled + (scaled.round() - scaled).detach()
        made = (level * steps.repeat_interleave(c, 0)[:, None]) @ self.basis.T
        return functional.pixel_shuffle(made.transpose(1, 2).reshape(b * c, 64, h // 8, w // 8), 8).view(b, c, h, w)


class Kornia(nn.Module):
    """kornia's layer with the same draws."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        from kornia.enhance import jpeg_codec_differentiable

        self.layer = jpeg_codec_differentiable
        self.draws = torch.Generator().manual_seed(seed)

    def forward(self, x: Tensor) -> Tensor:
        """`[B, 3, H, W]` in [0, 1] of such."""
        quality = torch.randint(QUALITIES[0], QUALITIES[1] + 1, (len(x),), generator=self.draws).float()
        out: Tensor = self.layer(x.clamp(0, 1), quality)
        return out


class Nothing(nn.Module):
    """What most papers call the clean setting."""

    def forward(self, x: Tensor) -> Tensor:
        """`x` between 0 and 1."""
        return x.clamp(0, 1)


def arm(name: str, seed: int) -> tuple[nn.Module, Callable[[float], None]]:
    """(the channel of an arm, what anneals it)."""
    if name in ("none", "ste", "kornia"):
        return {"none": lambda: Nothing(), "ste": lambda: StraightThrough(seed), "kornia": lambda: Kornia(seed)}[
            name
        ](), lambda progress: None
    rounding = "smoothed" if name == "ours" else "straight-through"
    channel = Channel(PROFILE, sigma=SIGMA[0], rounding=rounding, random={"encode.quality": QUALITIES}, seed=seed)

    def anneal(progress: float) -> None:
        channel.sigma = SIGMA[0] + (SIGMA[1] - SIGMA[0]) * progress

    return channel, anneal


ARMS = ("none", "ste", "kornia", "exact-ste", "ours")


# -------------------------------------------------------------------------------------------------------------- runs


def run(name: str, seed: int, steps: int) -> dict[str, Any]:
    """One training and all that is read afterwards. Of more than the short budget's steps, tiles are varied."""
    channel, anneal = arm(name, seed)
    told: list[dict[str, float]] = []
    started, cpu = time.time(), time.process_time()
    encoder, decoder = train(
        channel, steps=steps, seed=seed, anneal=anneal, log=told.append, psnr=STRENGTH, varied=steps > SHORT
    )
    row: dict[str, Any] = {
        "arm": name, "seed": seed, "steps": steps, "told": told[-1]["right"], "seconds": time.time() - started,
        "cpu_seconds": time.process_time() - cpu, "load": os.getloadavg()[0],
    }  # fmt: skip
    for quality in UNSEEN + SEEN:
        row[str(quality)] = accuracy(encoder, decoder, platform(quality))
    row[OTHER] = accuracy(encoder, decoder, lambda picture: us.mimic(picture, OTHER).pixels())
    return row


def rows(steps: int) -> list[dict[str, Any]]:
    """What was run with that budget."""
    path = HERE / "runs.jsonl"
    every = [json.loads(line) for line in path.read_text().splitlines()] if path.is_file() else []
    return [row for row in every if row["steps"] == steps]


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("what", choices=("run", "page"))
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--arms", nargs="+", choices=ARMS, default=ARMS)
    parser.add_argument("--steps", type=int, choices=(SHORT, LONG), default=SHORT)
    arguments = parser.parse_args()
    if arguments.what == "page":
        page()
    else:
        HERE.mkdir(exist_ok=True)
        done = {(row["arm"], row["seed"]) for row in rows(arguments.steps)}
        for seed in arguments.seeds:
            for name in arguments.arms:
                if (name, seed) not in done:
                    row = run(name, seed, arguments.steps)
                    with (HERE / "runs.jsonl").open("a") as lines:
                        lines.write(json.dumps(row) + "\n")
                    print(name, seed, f"{row['seconds']:.0f} s,", _mean(row, SEEN, "bits"), _mean(row, UNSEEN, "bits"))


# -------------------------------------------------------------------------------------------------------------- page


def _spread(values: Sequence[float]) -> str:
    """Mean and the distance of the farthest seed from it, in per cent."""
    mean = statistics.fmean(values)
    return f"{100 * mean:.2f} ± {100 * max(abs(v - mean) for v in values):.2f}"


def table(of: str, steps: int) -> list[str]:
    """Markdown rows: `bits` or `tiles`, each arm's seeds together."""
    columns = [*(str(q) for q in UNSEEN + SEEN), OTHER]
    lines = [
        f"| trained through | told in training | {' | '.join(columns)} | seeds |",
        f"| --- | {'--- | ' * len(columns)}--- | --- |",
    ]
    for name in ARMS:
        mine = [row for row in rows(steps) if row["arm"] == name]
        if mine:
            told = _spread([row["told"] for row in mine]) if of == "bits" else ""
            cells = [_spread([row[c][of] for row in mine]) for c in columns]
            lines.append(f"| {name} | {told} | {' | '.join(cells)} | {len(mine)} |")
    return lines


def page() -> None:
    """Writes the tables and the plot; the text around them stands in the page and is kept."""
    shown = {}
    for name in ARMS:
        mine = [row for row in rows(LONG) if row["arm"] == name]
        if not mine or name == "none":
            continue
        points = []
        for quality in UNSEEN + SEEN:
            values = [100 * row[str(quality)]["tiles"] for row in mine]
            points.append((quality, statistics.fmean(values), min(values), max(values)))
        shown[name] = points
    FIGURE.write_text(
        chart(
            shown, title="Tiles read without an error after the byte-exact platform", x="quality of the delivery",
            y="per cent of tiles", low=0, high=100, ticks=(0, 20, 40, 60, 80, 100), marks=((71, "seen in training"),),
        )
    )  # fmt: skip
    text = PAGE.read_text()
    for of, steps in ((of, steps) for of in ("bits", "tiles") for steps in (SHORT, LONG)):
        begin, end = f"<!-- {of} {steps} -->\n", f"<!-- end of {of} {steps} -->"
        before, rest = text.split(begin)
        text = before + begin + "\n".join([*table(of, steps), ""]) + end + rest.split(end)[1]
    PAGE.write_text(text)


def _mean(row: dict[str, Any], qualities: tuple[int, ...], what: str) -> float:
    return statistics.fmean(row[str(q)][what] for q in qualities)


if __name__ == "__main__":
    torch.set_num_threads(int(os.environ.get("OMP_NUM_THREADS", "1")))
    main()
