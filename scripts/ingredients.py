"""Which part of Facebook's arithmetic makes its files differ from libjpeg's: the figures of docs/why-quality-85.md.

    python scripts/ingredients.py            writes the table into the page, and docs/figures/ingredients.svg
    python scripts/ingredients.py --check    fails if they are not what the code gives

Each row is facebook/classic-2014 on the demo's photograph with one ingredient replaced by libjpeg's.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np
from photograph import PLACE

import understudy as us
from understudy.codec import dct, tables
from understudy.codec.color import rgb_to_ycbcr
from understudy.codec.quantize import quantize
from understudy.codec.sampling import component_planes
from understudy.codec.variants import Color, Dct, Downsampling, Edge, Quantizer

PROFILE = "facebook/classic-2014"
QUALITIES = (71, 85, 92)
IN_TABLE = 85
INGREDIENTS: dict[str, dict[str, str]] = {
    "colour constants": {"color": "libjpeg"},
    "forward DCT": {"dct": "islow"},
    "quantiser": {"quantizer": "plain"},
    "chroma downsampling": {"downsampling": "libjpeg"},
    "edges and dummy blocks": {"edge": "libjpeg", "dummy_blocks": "libjpeg"},
}
ALL = {name: value for changed in INGREDIENTS.values() for name, value in changed.items()}

DOCS = Path(__file__).resolve().parents[1] / "docs"
PAGE, PLOT = DOCS / "why-quality-85.md", DOCS / "figures" / "ingredients.svg"
BEGIN, END = "<!-- ingredients:begin -->", "<!-- ingredients:end -->"


@dataclass(frozen=True)
class Row:
    """One replacement, beside Facebook's own arithmetic."""

    name: str
    different: int
    """Coefficients that differ."""
    coefficients: int
    nonzero: float
    """Share that differs among those that are not zero in both."""
    pixels: float
    """Share of pixels that differ after decoding."""
    psnr_db: float | None
    size: int
    """Bytes more than Facebook's."""
    largest: int
    """Levels, the largest difference of a coefficient."""

    @property
    def share(self) -> float:
        return self.different / self.coefficients


def rows(data: bytes, quality: int) -> list[Row]:
    """One row an ingredient, then all of them together."""
    facebook = us.mimic(data, PROFILE, quality=quality)
    theirs = np.concatenate([c.real.ravel() for c in facebook.coefficients().components]).astype(np.int32)
    out = []
    for name, changed in {**INGREDIENTS, "all of them": ALL}.items():
        overrides = {f"encode.{key}": value for key, value in changed.items()}
        ours = us.mimic(data, PROFILE, quality=quality, **overrides)
        levels = np.concatenate([c.real.ravel() for c in ours.coefficients().components]).astype(np.int32)
        pairs = [(data, facebook.data)]
        changes = {"encode.quality": quality, **overrides}
        (score,) = us.verify(PROFILE, pairs, free="predicted", **changes).per_pair
        differ = levels != theirs
        used = (levels != 0) | (theirs != 0)
        out.append(
            Row(
                name, int(differ.sum()), differ.size, float(differ[used].mean()), 1 - score.pixels_equal, score.psnr_db,
                len(ours.data) - len(facebook.data), int(np.abs(levels - theirs).max()),
            )
        )  # fmt: skip
    return out


def ties(data: bytes, quality: int) -> tuple[int, int]:
    """(coefficients that the quantiser alone changes, those of them that lie exactly between two levels)."""
    stages = us.mimic(data, PROFILE, quality=quality, trace=True).stages
    pixels = next(s.value.pixels for s in stages if s.step == "flatten")  # type: ignore[union-attr]
    factors = [(2, 2), (1, 1), (1, 1)]
    planes = rgb_to_ycbcr(pixels, Color.FACEBOOK_CLASSIC)
    luma, chroma = tables.quant_tables(tables.Law.ANNEX_K, quality)
    changed = halves = 0
    for index, plane in enumerate(
        component_planes(planes, factors, Downsampling.FACEBOOK_CLASSIC, Edge.FACEBOOK_CLASSIC)
    ):
        steps = np.array(chroma if index else luma).reshape(8, 8)
        raw = dct.forward(plane, Dct.AP922)
        differ = quantize(raw, steps, Dct.AP922, Quantizer.PLAIN) != quantize(
            raw, steps, Dct.AP922, Quantizer.RECIPROCAL15_HALF_EVEN
        )
        changed += int(differ.sum())
        halves += int((differ & (2 * np.abs(raw.astype(np.int32)) % (2 * steps) == steps)).sum())
    return changed, halves


def table(data: bytes) -> str:
    """The table and the sentences below it, Markdown."""
    found = rows(data, IN_TABLE)
    lines = [
        f"| replaced by libjpeg's, at quality {IN_TABLE} | coefficients that differ | of the non-zero ones "
        "| pixels that differ | PSNR | bytes |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for row in found:
        share = f"{row.different:,} ({100 * row.share:.3f} %)" if row.different else "none"
        nonzero = f"{100 * row.nonzero:.2f} %" if row.different else "none"
        pixels = f"{100 * row.pixels:.1f} %" if row.pixels else "none"
        psnr = "equal" if row.psnr_db is None else f"{row.psnr_db:.1f} dB"
        name = f"**{row.name}**" if row.name.startswith("all") else row.name
        lines.append(f"| {name} | {share} | {nonzero} | {pixels} | {psnr} | {row.size:+,} |")
    counted = ", ".join("{:,} of {:,} at {}".format(*reversed(ties(data, q)), q) for q in QUALITIES)
    largest = max(row.largest for row in found)
    lines += [
        "",
        f"No coefficient differs by more than {largest} level{'s' * (largest > 1)}. Of the coefficients that the "
        f"quantiser alone changes, these lie exactly between two levels: {counted}.",
    ]  # fmt: skip
    return "\n".join(lines)


def plot(data: bytes) -> str:
    """Bars of the share of coefficients that differ, an ingredient a group and a quality a bar: plain SVG."""
    found = {quality: rows(data, quality) for quality in QUALITIES}
    names = [row.name for row in found[QUALITIES[0]]]
    colours = dict(zip(QUALITIES, ("#9fb8d8", "#5b86bd", "#2f4f7f"), strict=True))
    left, width, bar, group = 190, 700, 14, 62
    most = max(row.share for each in found.values() for row in each)
    scale = (width - left - 90) / most
    height = 40 + group * len(names)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
        'font-size="13" fill="#777" role="img" '
        'aria-label="Share of coefficients that differ, by ingredient and quality">'
    ]
    for index, quality in enumerate(QUALITIES):
        x = left + 110 * index
        parts.append(f'<rect x="{x}" y="8" width="12" height="12" fill="{colours[quality]}"/>')
        parts.append(f'<text x="{x + 18}" y="18">quality {quality}</text>')
    for i, name in enumerate(names):
        top = 40 + group * i
        parts.append(f'<text x="{left - 12}" y="{top + 26}" text-anchor="end">{escape(name)}</text>')
        for j, quality in enumerate(QUALITIES):
            row, y = found[quality][i], top + j * (bar + 2)
            length = max(1.0 if row.different else 0.0, row.share * scale)
            told = f"{100 * row.share:.3f} %" if row.different else "none"
            parts.append(f'<rect x="{left}" y="{y}" width="{length:.1f}" height="{bar}" fill="{colours[quality]}"/>')
            parts.append(f'<text x="{left + length + 6:.1f}" y="{y + 11}" font-size="11">{told}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def main(check: bool) -> int:
    """Writes or checks both files; the exit code."""
    if not PLACE.is_file():
        sys.exit("no photograph; python scripts/photograph.py fetches it")
    data = PLACE.read_bytes()
    text = PAGE.read_text(encoding="utf-8")
    head, _, rest = text.partition(BEGIN)
    _, _, tail = rest.partition(END)
    made = {PAGE: f"{head}{BEGIN}\n\n{table(data)}\n\n{END}{tail}", PLOT: plot(data)}
    stale = [
        path.name for path, content in made.items() if not path.is_file() or path.read_text(encoding="utf-8") != content
    ]
    if check:
        print(f"stale: {', '.join(stale)}; run python scripts/ingredients.py" if stale else "up to date")
        return 1 if stale else 0
    PLOT.parent.mkdir(exist_ok=True)
    for path, content in made.items():
        path.write_text(content, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
