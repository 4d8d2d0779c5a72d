"""Pillow at the same quality against understudy, on real deliveries of Facebook.

    python benchmarks/comparison.py [--write README.md]

For each golden pair: the picture that was sent goes through `Image.save(quality=Q, progressive=True, optimize=True)`,
Q being the quality that the delivered file's tables have, and through `us.mimic(..., "facebook/classic-2014")`; both
are compared with the file that Facebook delivered. Coefficients: quantised, of blocks inside the picture, all three
components. Pixels: all samples of a pixel equal, decoded by libjpeg-turbo's default decoder. `--write` puts the
table between the comparison marks of a Markdown file.
"""

from __future__ import annotations

import argparse
import io
import math
import re
from pathlib import Path

import numpy as np
from common import SHARED
from PIL import Image

import understudy as us

PAIRS = ("facebook-2021", "facebook-2015-image", "facebook-2015-black", "facebook-2015-white")


def pillow(sent: bytes, quality: int) -> bytes:
    out = io.BytesIO()
    Image.open(io.BytesIO(sent)).convert("RGB").save(out, "jpeg", quality=quality, progressive=True, optimize=True)
    return out.getvalue()


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def row(made: bytes, received: bytes) -> str:
    """bytes, equal coefficients, PSNR, equal pixels of `made` beside `received`."""
    ours, theirs = (us.jpeg.read_coefficients(us.jpeg.parse(data)) for data in (made, received))
    a, b = decoded(made).astype(np.int64), decoded(received)
    squared = float(np.mean((a - b) ** 2))
    psnr = f"{10 * math.log10(255**2 / squared):.2f} dB" if squared else "equal"
    share = ours.equal_share(theirs)
    pixels = float(np.mean((a == b).all(axis=2)))
    identical = "identical" if made == received else f"{len(made):,} ({len(made) / len(received):.3f}x)"
    return f"{identical} | {percent(share)} | {psnr} | {percent(pixels)}"


def percent(share: float) -> str:
    return "100 %" if share == 1 else f"{100 * share:.2f} %"


def table() -> list[str]:
    lines = [
        "| picture, delivered by Facebook | made by | bytes | coefficients equal | PSNR | pixels equal |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for name in PAIRS:
        folder = SHARED / "golden" / name
        sent = next(folder.glob("sent.*")).read_bytes()
        received = (folder / "received.jpg").read_bytes()
        delivery = us.mimic(sent, "facebook/classic-2014", like=received)
        quality = delivery.profile.step("encode").quality
        title = f"{name.removeprefix('facebook-')}, quality {quality}, {len(received):,} bytes"
        made = pillow(sent, quality)
        lines.append(f"| {title} | Pillow `quality={quality}, progressive, optimize` | {row(made, received)} |")
        lines.append(f"| | understudy | {row(delivery.data, received)} |")
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", type=Path, help="Markdown file with the comparison marks")
    target = parser.parse_args().write
    text = "\n".join(table())
    print(text)
    if target:
        page = target.read_text()
        begin, end = "<!-- comparison:begin -->", "<!-- comparison:end -->"
        changed, count = re.subn(f"{begin}.*?{end}", lambda _: f"{begin}\n\n{text}\n\n{end}", page, flags=re.S)
        if count != 1:
            raise SystemExit(f"{target}: {count} pairs of comparison marks, expected one")
        target.write_text(changed)


if __name__ == "__main__":
    main()
