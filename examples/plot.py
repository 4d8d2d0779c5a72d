"""Line charts as SVG text, for the examples' logs and tables: no plotting package is needed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 60, 150, 30, 46
COLOURS = ("#8a8a8a", "#d1802a", "#7a5cc0", "#2f8f6b", "#c23a4b", "#2d6fb8")

Line = Sequence[tuple[float, float, float, float]]
"""Points (x, y, lowest, highest); the last two are y where nothing spreads."""


def chart(
    lines: Mapping[str, Line],
    *,
    title: str,
    x: str,
    y: str,
    low: float,
    high: float,
    ticks: Sequence[float],
    marks: Sequence[tuple[float, str]] = (),
) -> str:
    """An SVG file: one line a name, with a band from lowest to highest.

    low, high: the range of y; ticks: where its lines stand. marks: vertical lines with a text.
    """
    every = [point[0] for line in lines.values() for point in line]
    first, last = min(every), max(every)

    def across(value: float) -> float:
        return LEFT + (value - first) / ((last - first) or 1) * (WIDTH - LEFT - RIGHT)

    def down(value: float) -> float:
        inside = min(max(value, low), high)
        return TOP + (high - inside) / (high - low) * (HEIGHT - TOP - BOTTOM)

    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        f' font-size="12" role="img" aria-label="{escape(title)}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="18" font-size="14">{escape(title)}</text>',
    ]
    for tick in ticks:
        out.append(f'<path d="M{LEFT} {down(tick):.1f}H{WIDTH - RIGHT}" stroke="#dddddd"/>')
        out.append(f'<text x="{LEFT - 6}" y="{down(tick) + 4:.1f}" text-anchor="end">{tick:g}</text>')
    for value, text in marks:
        out.append(
            f'<path d="M{across(value):.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="#aaaaaa" stroke-dasharray="4 3"/>'
            f'<text x="{across(value) + 4:.1f}" y="{TOP + 12}" fill="#666666">{escape(text)}</text>'
        )
    shown = sorted({first, last, *(v for v in every if len(set(every)) < 12)})
    out += [f'<text x="{across(v):.1f}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{v:g}</text>' for v in shown]
    middle = (LEFT + WIDTH - RIGHT) / 2
    out.append(f'<text x="{middle}" y="{HEIGHT - 8}" text-anchor="middle">{escape(x)}</text>')
    out.append(
        f'<text x="14" y="{HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 14 {HEIGHT / 2})">{escape(y)}</text>'
    )
    for i, (name, line) in enumerate(lines.items()):
        colour = COLOURS[i % len(COLOURS)]
        upper = [f"{across(p[0]):.1f} {down(p[3]):.1f}" for p in line]
        lower = [f"{across(p[0]):.1f} {down(p[2]):.1f}" for p in reversed(line)]
        out.append(f'<path d="M{" L".join(upper + lower)}Z" fill="{colour}" fill-opacity="0.15"/>')
        path = " L".join(f"{across(p[0]):.1f} {down(p[1]):.1f}" for p in line)
        out.append(f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        at = TOP + 16 + 20 * i
        out.append(f'<path d="M{WIDTH - RIGHT + 12} {at}h20" stroke="{colour}" stroke-width="3"/>')
        out.append(f'<text x="{WIDTH - RIGHT + 38}" y="{at + 4}">{escape(name)}</text>')
    return "\n".join([*out, "</svg>", ""])
