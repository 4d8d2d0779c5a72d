"""On how many files what `inspect` says of WebP, PNG, GIF and HEIC was right: the counts beside those claims.

    python benchmarks/format_claims.py

Needs the tests' encoders: Debian's webp, gifsicle, ffmpeg, imagemagick, optipng, zopfli and libheif-examples; wheels.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from generations_pictures import Picture, tuning
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "formats")]

import test_gif  # noqa: E402
import test_png  # noqa: E402
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


def png(made: list[Picture]) -> Counter[str]:
    """The encoders of the tests, on each picture: how many are told as they should be, not at all, or as another."""
    out: Counter[str] = Counter()
    for picture in made:
        for family, data in test_png.made(picture):
            told = families(inspected(data))
            out["told" if told == [family] else f"{family} told as {' or '.join(told)}" if told else "not told"] += 1
    return out


def dithering(made: list[Picture]) -> tuple[Counter[str], dict[str, tuple[float, float, float, float]]]:
    """(what was done and told -> files, what was done -> least and most share of single pixels, and unevenness)."""
    told: Counter[str] = Counter()
    spans: dict[str, list[tuple[float, float]]] = {}
    for picture in made:
        for how, data in test_gif.dithered(picture):
            seen = inspected(data).value("gif", "dithering")
            told[f"{how}, told {seen['verdict']}"] += 1
            spans.setdefault(how, []).append((seen["single_pixels"], seen["unevenness"]))
    return told, {how: (*_span([s for s, _ in of]), *_span([u for _, u in of])) for how, of in spans.items()}


def _span(values: list[float]) -> tuple[float, float]:
    return min(values), max(values)


def large() -> list[Picture]:
    """Nine pictures of 300 x 200: six photographs, a ramp, noise on a ramp, noise."""
    photos = [np.asarray(Image.fromarray(p).resize((300, 200))) for p in list(tuning().values())[:6]]
    y, x = np.mgrid[:200, :300]
    ramp = np.stack([x * 255 / 299, y * 255 / 199, (x + y) * 255 / 498], -1)
    noise = np.random.default_rng(9).normal(0, 20, ramp.shape)
    return [*photos, *(np.clip(p, 0, 255).astype(np.uint8) for p in (ramp, ramp + noise, 128 + noise))]


def main() -> None:
    nine = large()
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
    for words, files in png(nine).items():
        print(f"PNG by ten encoders, family {words}: {files} files")
    told, spans = dithering(nine)
    for words, files in sorted(told.items()):
        print(f"GIF {words}: {files} files")
    for how, (low, high, even, uneven) in spans.items():
        print(f"GIF {how}: single pixels {100 * low:.1f} to {100 * high:.1f} %, unevenness {even:.2f} to {uneven:.2f}")


if __name__ == "__main__":
    main()
