"""What learning costs: eight pairs of two megapixels with a resize, time by step and peak memory.

    python benchmarks/learn_time.py

Target: at most 3 minutes on 2 cores and 3 GiB. The platform is Pillow: upright, longest side 1280, Lanczos, quality 82,
progressive. Needs the shared folder's photographs.
"""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path

import trial
from channels import pillow, to_longest
from common import SHARED, head
from PIL import Image

PICTURES = {
    "m1_2304x1536.png": ((0, 0), (504, 336)),
    "m4_q92_420.jpg": ((0, 0), (504, 300)),
    "m6_q85_prog.jpg": ((0, 0), (1190, 790)),
    "m7_q90_422.jpg": ((300, 900), (640, 17)),
}
"""Photograph -> left and top corners of two crops each of 1800 x 1200."""


def make(folder: Path) -> None:
    """Eight pairs in train.csv, half of them sent as JPEG; two other pictures in test.csv."""
    deliver = pillow(to_longest(1280, Image.Resampling.LANCZOS), upright=True, quality=82, progressive=True)
    rows: dict[str, list[tuple[str, str]]] = {"train": [], "test": []}
    for i, (name, corners) in enumerate(PICTURES.items()):
        for j, (left, top) in enumerate(corners):
            with Image.open(SHARED / "photos" / name) as photo:
                picture = photo.convert("RGB").crop((left, top, left + 1800 - 7 * i, top + 1200 - 11 * j))
            kind = "jpg" if j else "png"
            sent, received = folder / f"sent-{i}{j}.{kind}", folder / f"received-{i}{j}.jpg"
            picture.save(sent, **({"quality": 90} if j else {}))
            deliver(sent, received)
            rows["train"].append((sent.name, received.name))
    for name in ("p03_kodim05.png", "m3_1536x1024.png"):
        received = folder / f"{Path(name).stem}.jpg"
        deliver(SHARED / "photos" / name, received)
        rows["test"].append((str(SHARED / "photos" / name), received.name))
    for split, pairs in rows.items():
        with (folder / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("sent", "received"), *pairs])


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "eight_of_2mp"
        folder.mkdir()
        make(folder)
        result = trial.run(folder, folder)
    if "error" in result:
        raise SystemExit(result["error"])
    print(head("learn_time", "eight pairs of 1800 x 1200, made smaller by Pillow"))
    print(f"{result['seconds']:.0f} s, {result['cpu_seconds']:.0f} s of CPU, at most {result['peak_mib']:,.0f} MiB.\n")
    print("\n".join([trial.HEAD, trial.row(folder.name, result)]), end="\n\n")
    print("\n".join(trial.by_step({folder.name: result})))


if __name__ == "__main__":
    main()
