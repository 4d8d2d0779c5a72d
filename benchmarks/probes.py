"""The compact set of probes on real channels, beside photographs; and marks, read after everything that is done to them.

    python benchmarks/probes.py [CHANNEL...] [--out FOLDER [--keep]] [--marks] [--write]

Third-party software (`channels.py`) delivers the compact set, six photographs chosen for `learn` (those of `unseen.py`)
and the test photographs; `learn` sees the one or the other, and its profile is played on the test photographs, from the
sent files alone. --marks: only the table of marks. --write: docs/probes.md.
Needs the shared folder's photographs, scikit-image for three more, and the software of `unseen.py`.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import trial
from channels import CHANNELS, Channel, NoDelivery
from common import SHARED

PAGE = Path(__file__).resolve().parents[1] / "docs" / "probes.md"
CHOSEN = (
    "pil_q92_444", "pil_q60_422_white", "pil_thumb900", "pil_srgb_bilinear1080", "cv_cubic1000", "vips_thumb800",
    "vips_moz_q82", "im_resize900", "cjpeg_fast_q90", "cjpeg_two_qualities", "php_resampled900",
)  # fmt: skip
TRAIN = ("m4_q92_420.jpg", "m8_q75.jpg", "p01_kodim01.png", "p10_displayp3.jpg", "p15_orient6.jpg", "s06_alpha800.png")
MORE = ("astronaut.png", "coffee.png", "rocket.jpg")


def photographs() -> list[Path]:
    """The test photographs: all shared ones that nothing is learned from, and three of scikit-image."""
    import skimage

    shared = [p for p in sorted((SHARED / "photos").iterdir()) if p.suffix in (".png", ".jpg") and p.name not in TRAIN]
    return shared + [Path(skimage.__file__).parent / "data" / name for name in MORE]


def deliver(channel: Channel, files: Iterable[Path], folder: Path, name: str) -> list[str]:
    """Delivers the files and lists them in `folder/name.csv`; what failed, a line each. What is there stays."""
    rows, told = [], []
    (folder / "received").mkdir(parents=True, exist_ok=True)
    for sent in files:
        out = folder / "received" / f"{sent.stem}.jpg"
        try:
            if not out.is_file():
                channel.deliver(sent, out)
        except NoDelivery:
            continue
        except (OSError, ValueError, ImportError, subprocess.CalledProcessError) as error:
            told.append(f"{channel.name}: {sent.name}: {type(error).__name__}: {error}"[:200])
            out.unlink(missing_ok=True)
            continue
        rows.append((str(sent), str(out.relative_to(folder))))
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("sent", "received"), *rows])
    return told


def learned(channel: Channel, sent: Sequence[Path], folder: Path, minutes: float, keep: bool) -> dict[str, Any]:
    """What `learn` makes of the channel's deliveries of `sent`, verified on the test photographs."""
    for trouble in (*deliver(channel, sent, folder, "train"), *deliver(channel, photographs(), folder, "test")):
        print(f"not made: {trouble}", file=sys.stderr)
    return trial.run(folder, folder, minutes, keep)


def cells(result: dict[str, Any]) -> str:
    """Of one table row: byte-identical, coefficients equal, guesses, seconds."""
    if "error" in result:
        return f"failed: {result['error'][:60]} | | |"
    test = result["test"]
    guesses = [g for g in result["guesses"] if not g.startswith("software:")]
    return (
        f"{test['bytes_identical']}/{test['pairs']} | {test['coefficients_equal']:.6f} | {len(guesses)} | "
        f"{result['seconds']:.0f}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("channels", nargs="*", metavar="CHANNEL")
    parser.add_argument("--out", type=Path, help="where probes, pairs, profiles and evidence stay")
    parser.add_argument("--keep", action="store_true", help="take results that lie in --out already")
    parser.add_argument("--minutes", type=float, default=10.0, help="after which a channel is interrupted")
    parser.add_argument("--no-photographs", action="store_true", help="only the probes")
    asked = parser.parse_args()
    chosen = [c for c in CHANNELS if c.name in (asked.channels or CHOSEN)]
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.out or Path(temporary)
        probes = sorted((folder / "compact" / "sent").iterdir())
        for channel in chosen:
            result = learned(channel, probes, folder / "probes" / channel.name, asked.minutes, asked.keep)
            line = f"| {channel.name}: {channel.what} | {cells(result)} |"
            if not asked.no_photographs:
                names = [SHARED / "photos" / n for n in TRAIN]
                line += f" {cells(learned(channel, names, folder / 'photographs' / channel.name, asked.minutes, asked.keep))} |"
            print(line, flush=True)
            for guess in result.get("guesses", ()):
                print(f"    guess: {guess}", flush=True)


if __name__ == "__main__":
    main()
