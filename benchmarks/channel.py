"""The channel: exactness, gradient, optimisation through it, speed and memory, beside kornia.

    python benchmarks/channel.py [PART...] [--samples 50e6] [--profiles NAME,...] [--rounds 7] [--seed 11]

Parts: exact, gradient, optimise, speed, memory; all if none is named. Needs torch, simplejpeg, and kornia 0.9 without
its dependencies (`pip install --no-deps kornia kornia-rs`) for optimise, speed and memory.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import simplejpeg
import torch
from common import head, photograph

import understudy as us
from understudy.channel import Channel
from understudy.codec.matrices import dct_basis
from understudy.nn import exact_jpeg, host
from understudy.nn.recipe import Recipe
from understudy.profile import Profile, shipped_profiles

PLAIN = "generic/libjpeg-turbo"
SENT = us.load_profile(PLAIN).with_values({"quality": 88})
"""What pictures are sent as where a platform takes files alone."""


def kornia_layer(quality: float) -> Callable[[torch.Tensor], torch.Tensor]:
    import kornia

    return lambda x: kornia.enhance.jpeg_codec_differentiable(x, torch.tensor([quality]))


# --- exactness


def batches(rng: np.random.Generator, largest: int) -> Iterator[np.ndarray]:
    """uint8 [B, H, W, 3] without end: photographs, noise, extreme values, flat colours; odd sizes and large ones."""
    photo = photograph(2048, 1536)
    turn = 0
    while True:
        turn += 1
        side = largest if turn % 4 == 0 else int(rng.integers(1, 70))
        height, width = (int(n) for n in rng.integers(max(1, side // 2), side + 1, 2))
        count = 1 if side > 300 else 8
        made = []
        for i in range(count):
            kind = (turn + i) % 5
            if kind < 2:
                y, x = int(rng.integers(0, 1536 - height + 1)), int(rng.integers(0, 2048 - width + 1))
                made.append(photo[y : y + height, x : x + width])
            elif kind == 2:
                made.append(rng.integers(0, 256, (height, width, 3), np.uint8))
            elif kind == 3:
                made.append(rng.choice(np.array([0, 255], np.uint8), (height, width, 3)))
            else:
                colour = rng.integers(0, 256, 3)
                made.append((colour + rng.normal(0, 2, (height, width, 3))).round().clip(0, 255).astype(np.uint8))
        yield np.stack(made)


def decoded(data: bytes, channels: int) -> np.ndarray:
    """uint8 [H, W, C] by libjpeg-turbo itself."""
    gray = simplejpeg.decode_jpeg_header(data)[2] == "Gray"
    shown = simplejpeg.decode_jpeg(data, "GRAY" if gray else "RGB", fastdct=False, fastupsample=False)
    return np.broadcast_to(shown, (*shown.shape[:2], channels))


def compared(profile: Profile, samples: float, seed: int) -> tuple[int, int, int, int]:
    """(samples compared, samples that differ, the same of the form for GPUs against the kernels)."""
    rng = np.random.default_rng(seed)
    resized = any(step.name == "resize" for step in profile.steps)
    free_quality = "encode.quality" in profile.free
    sent = SENT if profile.steps[0].name == "transcode" else None
    step = (sent or profile).step("encode")
    total = wrong = torch_total = torch_wrong = 0
    for batch in batches(rng, 1024):
        overrides = {"resize.limit": int(rng.integers(1, 400))} if resized and max(batch.shape[1:3]) < 1400 else {}
        channel = Channel(profile, sent=sent, **overrides)
        x = torch.from_numpy(batch.transpose(0, 3, 1, 2).copy()).float() / 255
        qualities = rng.integers(1, 101, len(batch)) if free_quality else None
        shown = channel(x) if qualities is None else channel(x, quality=torch.from_numpy(qualities))
        out = (shown * 255).round().to(torch.uint8).permute(0, 2, 3, 1).numpy()
        for i, picture in enumerate(batch):
            values = overrides | ({} if qualities is None else {"encode.quality": int(qualities[i])})
            given = picture if sent is None else us.mimic(picture, sent).data
            wanted = decoded(us.mimic(given, profile, **values).data, out.shape[3])
            wrong += int((out[i] != wanted).sum()) if wanted.shape == out[i].shape else out[i].size
            total += out[i].size
        if not channel.outside_torch.get("encode") and torch_total < samples / 10:
            whole, steps = (x * 255).round(), torch.from_numpy(rng.integers(1, 100, (1, 2, 64))).float()
            recipe = Recipe(step)  # type: ignore[arg-type]
            a, b = exact_jpeg.generation(whole, steps, recipe)[0], host.generation(whole, steps, recipe)[0]
            torch_total, torch_wrong = torch_total + a.numel(), torch_wrong + int((a != b).sum())
        if total >= samples:
            return total, wrong, torch_total, torch_wrong
    raise AssertionError("batches never end")


def exact(samples: float, names: list[str], seed: int) -> Iterator[str]:
    yield "| profile | samples compared | different | torch's form: compared | different | torch cannot |"
    yield "| --- | ---: | ---: | ---: | ---: | --- |"
    for name in names:
        profile = shipped_profiles()[name]
        figures = " | ".join(f"{n:,}" for n in compared(profile, samples, seed))
        sent = SENT if profile.steps[0].name == "transcode" else None
        told = "; ".join(f"{k}: {v}" for k, v in Channel(profile, sent=sent).outside_torch.items())
        yield f"| {name} | {figures} | {told} |"


# --- gradient


def tiles(count: int, side: int, rng: np.random.Generator) -> torch.Tensor:
    """[count, 3, side, side] of whole samples: places of the photograph."""
    photo = photograph(2304, 1536)
    places = [(int(rng.integers(0, 1536 - side)), int(rng.integers(0, photo.shape[1] - side))) for _ in range(count)]
    return (
        torch.from_numpy(np.stack([photo[y : y + side, x : x + side] for y, x in places])).permute(0, 3, 1, 2).float()
    )


def response(real: Channel, x: torch.Tensor, w: torch.Tensor, sigma: float, pairs: int, rng: np.random.Generator):
    """The slope of <w, codec(x + n)> in n, block by block, by regression on antithetic pairs; two halves."""
    side, halves = x.shape[-1], [torch.zeros_like(x), torch.zeros_like(x)]
    for i in range(pairs // 50):
        n = torch.from_numpy(np.rint(rng.normal(0, sigma, (50, *x.shape)))).float()
        with torch.no_grad():
            moved = real((x + n).clamp(0, 255) / 255) - real((x - n).clamp(0, 255) / 255)
        share = (moved * w).reshape(50, 3, side // 16, 16, side // 16, 16).sum((1, 3, 5))
        halves[i % 2] += (n * share.repeat_interleave(16, 1).repeat_interleave(16, 2)[:, None]).sum(0)
    return halves


def gradient(seed: int) -> Iterator[str]:
    """facts/channel-anchors.md's estimator: 6 tiles of 128 x 128, 1,000 pairs, each 16 x 16 without rim."""
    rng = np.random.default_rng(seed)
    inner = torch.zeros(16, 16)
    inner[1:-1, 1:-1] = 1
    yield "| cosine with the real codec's smoothed response, 4:2:0 | sigma 1 | 2 | 4 | straight-through at 4 |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for quality in (50, 71, 85, 95):
        found: dict[str, list[float]] = {}
        for sigma in (1.0, 2.0, 4.0):
            for x in tiles(6, 128, rng):
                w = torch.from_numpy(rng.standard_normal((3, 128, 128))).float() * inner.repeat(8, 8)
                first, second = response(Channel(PLAIN, quality=quality), x, w, sigma, 1000, rng)
                for rounding in ("smoothed", "straight-through"):
                    at = (x / 255)[None].requires_grad_(True)
                    (Channel(PLAIN, quality=quality, sigma=sigma, rounding=rounding)(at) * w).sum().backward()
                    assert at.grad is not None
                    mean = (at.grad[0] * (first + second)).sum() / 2
                    value = mean / (at.grad[0].norm() * torch.sqrt((first * second).sum()))
                    found.setdefault(f"{rounding} {sigma:g}", []).append(float(value))
        keys = ["smoothed 1", "smoothed 2", "smoothed 4", "straight-through 4"]
        cells = [f"{statistics.mean(found[k]):.3f} (least {min(found[k]):.3f})" for k in keys]
        yield f"| quality {quality} | {' | '.join(cells)} |"


# --- optimisation


class Reader:
    """64 bits of a 32 x 32 picture: signs of fixed random sums of luma DCT coefficients on diagonals 4 to 8."""

    def __init__(self, seed: int) -> None:
        self.basis = torch.from_numpy(dct_basis(8)).float()
        self.used = torch.tensor([[4 <= u + v <= 8 for v in range(8)] for u in range(8)])
        count = 16 * int(self.used.sum())
        self.sums = (
            torch.randint(0, 2, (count, 64), generator=torch.Generator().manual_seed(seed)) * 2.0 - 1
        ) / count**0.5

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        luma = (255 * x * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(1)
        blocks = luma.reshape(-1, 4, 8, 4, 8).transpose(2, 3)
        return (self.basis @ blocks @ self.basis.T)[..., self.used].flatten(1) @ self.sums


def optimised(layer: Callable[[torch.Tensor], torch.Tensor], x, bits, read: Reader, at: Callable[[float], None]):
    """40 sign steps from 2/255 down, L-infinity 4/255, softplus(-margin / 8)."""
    change = torch.zeros_like(x)
    for i in range(40):
        at(i / 39)
        change.requires_grad_(True)
        loss = torch.nn.functional.softplus(-read(layer((x + change).clamp(0, 1))) * bits / 8).sum()
        (slope,) = torch.autograd.grad(loss, change)
        step = (2 * (1 - i / 39) + 0.1) / 255
        change = (change.detach() - step * slope.sign()).clamp(-4 / 255, 4 / 255)
        change = (x + change).clamp(0, 1) - x
    return ((x + change) * 255).round() / 255


def optimise(seed: int) -> Iterator[str]:
    """facts/channel-anchors.md's test, its decoder and bound; loss and step sizes are ours, for every layer alike."""
    yield "| 64 bits, 40 steps, n = 96: bits right / messages whole, % after the real codec | quality 71 | 85 |"
    yield "| --- | ---: | ---: |"
    rows: dict[str, list[str]] = {}
    for quality in (71, 85):
        x = tiles(96, 32, np.random.default_rng(seed)) / 255
        bits = torch.randint(0, 2, (96, 64), generator=torch.Generator().manual_seed(seed)) * 2.0 - 1
        read, real = Reader(seed), Channel(PLAIN, quality=quality)

        def annealed(first: float, last: float, quality: int = quality):
            channel = Channel(PLAIN, quality=quality, sigma=first)
            return channel, lambda t: setattr(channel, "sigma", first * (last / first) ** t if last else first)

        def linear(first: float, last: float, quality: int = quality):
            channel = Channel(PLAIN, quality=quality, sigma=first)
            return channel, lambda t: setattr(channel, "sigma", first + (last - first) * t)

        layers = {
            "no layer": (lambda x: x, None), "kornia 0.9": (kornia_layer(float(quality)), None),
            "exact, straight-through": (Channel(PLAIN, quality=quality, rounding="straight-through"), None),
            "exact, cubic": (Channel(PLAIN, quality=quality, rounding="cubic"), None),
            "exact, sigma 6": (Channel(PLAIN, quality=quality, sigma=6.0), None),
            "exact, sigma 8 to 3": linear(8.0, 3.0), "exact, sigma 8 to 1": linear(8.0, 1.0),
            "exact, sigma 16 to 1, geometric": annealed(16.0, 1.0),
        }  # fmt: skip
        for name, (layer, schedule) in layers.items():
            sent = optimised(layer, x, bits, read, schedule or (lambda t: None))
            with torch.no_grad():
                right = read(real(sent)) * bits > 0
            rows.setdefault(name, []).append(
                f"{100 * right.float().mean():.1f} / {100 * right.all(1).float().mean():.0f}"
            )
    yield from (f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items())


# --- speed and memory

SHAPES = ((8, 3, 256, 256), (1, 3, 1024, 1024))


def step(layer: Callable[[torch.Tensor], torch.Tensor], x: torch.Tensor) -> None:
    at = x.detach().requires_grad_(True)
    out = layer(at)
    out.backward(torch.full_like(out, 0.01))


def pictures(shape: tuple[int, ...]) -> torch.Tensor:
    count, _, height, width = shape
    photo = photograph(2048, 1365)
    made = [photo[64 * i : 64 * i + height, 128 * i : 128 * i + width] for i in range(count)]
    return torch.from_numpy(np.stack(made)).permute(0, 3, 1, 2).float() / 255


def layers() -> dict[str, Callable[[torch.Tensor], torch.Tensor]]:
    return {
        "kornia 0.9": kornia_layer(71.0), "ours, libjpeg-turbo": Channel(PLAIN, quality=71),
        "ours, Facebook classic": Channel("facebook/classic-2014", quality=71),
        "ours, Facebook 2024 (jpegli)": Channel("facebook/web-2024"),
    }  # fmt: skip


def speed(rounds: int) -> Iterator[str]:
    yield (
        "| forward and backward, one thread | "
        + " | ".join(f"{'x'.join(map(str, s))}, CPU ms | ratio" for s in SHAPES)
        + " |"
    )
    yield "| --- |" + " ---: | ---: |" * len(SHAPES)
    torch.set_num_threads(1)
    cells: dict[str, list[str]] = {}
    for shape in SHAPES:
        x, made = pictures(shape), layers()
        for layer in made.values():
            step(layer, x)
        times: dict[str, list[float]] = {name: [] for name in made}
        for _ in range(rounds):
            for name, layer in made.items():
                start = time.process_time()
                step(layer, x)
                times[name].append(1000 * (time.process_time() - start))
        for name, values in times.items():
            ratio = statistics.median(a / b for a, b in zip(values, times["kornia 0.9"], strict=True))
            cells.setdefault(name, []).append(f"{statistics.median(values):.0f} | {ratio:.3f}")
    yield from (f"| {name} | {' | '.join(row)} |" for name, row in cells.items())


_PEAK = """
import sys
sys.path.insert(0, {here!r})
from channel import SHAPES, layers, pictures, step
import torch
from pathlib import Path
torch.set_num_threads(1)
shape = SHAPES[int(sys.argv[1])]
layer = layers()[sys.argv[2]]
step(layer, pictures((1, 3, 64, 64)))
x = pictures(shape)
def resident(key):
    line = next(x for x in Path("/proc/self/status").read_text().splitlines() if x.startswith(key))
    return int(line.split()[1]) / 1024
Path("/proc/self/clear_refs").write_text("5")
before = resident("VmRSS")
step(layer, x)
print(resident("VmHWM") - before)
"""


def memory() -> Iterator[str]:
    yield (
        "| peak memory of a forward and backward, beside the input | "
        + " | ".join("x".join(map(str, s)) for s in SHAPES)
        + " |"
    )
    yield "| --- |" + " ---: |" * len(SHAPES)
    code = _PEAK.format(here=str(Path(__file__).resolve().parent))
    for name in layers():
        peaks = []
        for which in range(len(SHAPES)):
            done = subprocess.run([sys.executable, "-c", code, str(which), name], capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(done.stderr[-2000:])
            peaks.append(f"{float(done.stdout):.0f} MiB")
        yield f"| {name} | {' | '.join(peaks)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*")
    parser.add_argument("--samples", type=float, default=50e6)
    parser.add_argument("--profiles", default="")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seed", type=int, default=11)
    given = parser.parse_args()
    names = given.profiles.split(",") if given.profiles else list(shipped_profiles())
    parts: dict[str, Callable[[], Iterator[str]]] = {
        "exact": lambda: exact(given.samples, names, given.seed), "gradient": lambda: gradient(given.seed),
        "optimise": lambda: optimise(given.seed), "speed": lambda: speed(given.rounds), "memory": memory,
    }  # fmt: skip
    print(head("channel", f"torch {torch.__version__}, seed {given.seed}"))
    for name in given.parts or parts:
        for line in parts[name]():
            print(line, flush=True)
        print()


if __name__ == "__main__":
    main()
