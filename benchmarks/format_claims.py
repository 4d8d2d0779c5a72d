"""On how many files what `inspect` says of WebP, GIF and HEIC was right: the counts that stand beside those claims.

    python benchmarks/format_claims.py

Needs the tests' encoders: Debian's webp, gifsicle, ffmpeg, imagemagick and libheif-examples, and wheels.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from generations_pictures import Picture, tuning
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "formats")]

import test_gif  # noqa: E402
import test_webp  # noqa: E402
from formats_made import by_tool, families, heic, inspected, smooth  # noqa: E402

from oracles import pillow, scene  # noqa: E402

QUALITIES = (5, 10, 20, 30, 40, 50, 60, 65, 70, 75, 80, 85, 90, 95, 98)


def pictures() -> list[Picture]:
    """Ten small photographs and two synthetic pictures."""
    small = [np.asarray(Image.fromarray(p).resize((168, 112))) for p in list(tuning().values())[:10]]
    return [*small, scene(120, 90), smooth(160, 120)]


def within(data: bytes, law: str, quality: int) -> bool:
    """Whether the quality is in the span that is told by this law."""
    span = (inspected(data).value("isobmff", "quality") or {}).get(law)
    return bool(span) and span[0] <= quality <= span[1]


def cwebp(sent: list[bytes]) -> Iterator[bool]:
    for picture in sent[:8]:
        for quality in ("10", "30", "50", "75", "80", "90", "97"):
            for more in ((), ("-preset", "photo")):
                yield families(inspected(test_webp.cwebp(picture, "-q", quality, *more))) == ["libwebp"]


def pillow_webp(made: list[Picture]) -> Iterator[bool]:
    for picture in made:
        for method in (0, 2, 4, 6):
            for quality in QUALITIES:
                seen = inspected(pillow(picture, "WEBP", quality=quality, method=method))
                told = seen.value("webp", "quality")
                yield families(seen) == ["libwebp"] and told["low"] <= quality <= told["high"]


def gif(made: list[Picture], sent: list[bytes]) -> Iterator[bool]:
    for test_gif.PICTURE, test_gif.SENT in zip(made, sent, strict=True):
        for family, data in test_gif.made().values():
            yield families(inspected(data)) == [family]


def main() -> None:
    made = pictures()
    sent = [pillow(p, "PNG") for p in made]
    libheif = (("-q", str(q)) for q in range(5, 96, 10))
    rows = {
        "WebP by cwebp: family": cwebp(sent),
        "WebP by Pillow: family, quality in the span": pillow_webp(made),
        "GIF by six encoders: family": gif(made, sent),
        "HEIC by pillow-heif: quality in the span": (
            within(heic(p, q), "libheif-x265", q) for p in made[:4] for q in range(5, 96, 7)
        ),
        "HEIC by heif-enc: quality in the span": (
            within(by_tool("heif-enc", *options, "-o", "OUT:.heic", "IN", sent=s), "libheif-x265", int(options[1]))
            for options in libheif
            for s in sent[:4]
        ),
    }
    for name, answers in rows.items():
        found = list(answers)
        print(f"{name}: {sum(found)} of {len(found)} files")


if __name__ == "__main__":
    main()
