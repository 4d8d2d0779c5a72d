"""Charts as inline SVG, coloured by the page's style sheet, so that they follow light and dark."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from .marks import Markup, tag

WIDTH, HEIGHT = 640, 280
_LEFT, _RIGHT, _TOP, _BOTTOM = 76, 14, 12, 44

Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A curve through points, with a name for the legend."""

    name: str
    points: Sequence[Point]
    kind: str = "rival"
    """`best`, `rival` or `guide`: how it is drawn."""


@dataclass(frozen=True)
class Dot:
    """A measured point; `title` is what a pointer that rests on it is told."""

    at: Point
    title: str = ""
    kind: str = "dot"


@dataclass(frozen=True)
class Chart:
    """A chart with one pair of axes."""

    label: str
    """What it shows, for those who do not see it."""
    x: str
    y: str
    lines: Sequence[Line] = ()
    dots: Sequence[Dot] = ()
    marks: Sequence[tuple[float, str]] = field(default=())
    """Vertical guides: (x, text)."""
    y_from: float | None = None
    y_to: float | None = None

    def svg(self) -> Markup:
        """The chart with its legend. Empty where it has no finite point."""
        points = [p for line in self.lines for p in line.points] + [d.at for d in self.dots]
        points = [p for p in points if math.isfinite(p[0]) and math.isfinite(p[1])]
        if not points:
            return Markup("")
        xs, ys = [p[0] for p in points], [p[1] for p in points]
        x0, x1 = _room(min(xs), max(xs), 0.02)
        y0, y1 = _room(min(ys), max(ys), 0.06)
        y0, y1 = y0 if self.y_from is None else self.y_from, y1 if self.y_to is None else self.y_to
        frame = _Frame(x0, x1, y0, y1)
        inside = [_axes(frame, self.x, self.y)]
        for x, text in self.marks:
            at = f"{frame.x(x):.1f}"
            inside.append(tag("line", x1=at, x2=at, y1=_TOP, y2=HEIGHT - _BOTTOM, class_="mark"))
            inside.append(tag("text", text, x=f"{frame.x(x) + 4:.1f}", y=_TOP + 10, class_="quiet"))
        for number, line in reversed(list(enumerate(self.lines))):
            path = " ".join(f"{frame.x(x):.1f},{frame.y(y):.1f}" for x, y in line.points if math.isfinite(y))
            inside.append(tag("polyline", tag("title", line.name), points=path, class_=f"line {_hue(line, number)}"))
        for dot in self.dots:
            x, y = dot.at
            circle = tag("circle", tag("title", dot.title), cx=f"{frame.x(x):.1f}", cy=f"{frame.y(y):.1f}", r="3.5")
            inside.append(tag("g", circle, class_=dot.kind))
        drawn = tag("svg", *inside, viewBox=f"0 0 {WIDTH} {HEIGHT}", role="img", aria_label=self.label)
        named = [tag("span", line.name, class_=f"key {_hue(line, i)}") for i, line in enumerate(self.lines)]
        legend = tag("p", *named, class_="legend") if len(named) > 1 else None
        return tag("figure", drawn, legend, tag("figcaption", self.label))


@dataclass(frozen=True)
class _Frame:
    x0: float
    x1: float
    y0: float
    y1: float

    def x(self, value: float) -> float:
        return _LEFT + (value - self.x0) / (self.x1 - self.x0) * (WIDTH - _LEFT - _RIGHT)

    def y(self, value: float) -> float:
        return HEIGHT - _BOTTOM - (value - self.y0) / (self.y1 - self.y0) * (HEIGHT - _TOP - _BOTTOM)


def _hue(line: Line, number: int) -> str:
    return line.kind if line.kind != "rival" else f"rival r{number % 6}"


def _room(low: float, high: float, share: float) -> tuple[float, float]:
    more = share * (high - low) or max(1.0, abs(high)) * 0.1
    return low - more, high + more


def _axes(frame: _Frame, x: str, y: str) -> Markup:
    parts: list[Markup] = []
    for value in ticks(frame.x0, frame.x1, 7):
        at = f"{frame.x(value):.1f}"
        parts.append(tag("line", x1=at, x2=at, y1=_TOP, y2=HEIGHT - _BOTTOM, class_="grid"))
        parts.append(tag("text", _number(value), x=at, y=HEIGHT - _BOTTOM + 17, text_anchor="middle"))
    for value in ticks(frame.y0, frame.y1, 5):
        at = f"{frame.y(value):.1f}"
        parts.append(tag("line", x1=_LEFT, x2=WIDTH - _RIGHT, y1=at, y2=at, class_="grid"))
        parts.append(tag("text", _number(value), x=_LEFT - 6, y=f"{frame.y(value) + 4:.1f}", text_anchor="end"))
    parts.append(tag("text", x, x=(WIDTH + _LEFT) / 2, y=HEIGHT - 6, text_anchor="middle", class_="axis"))
    middle = (HEIGHT - _BOTTOM + _TOP) / 2
    turned = f"translate(15 {middle}) rotate(-90)"
    parts.append(tag("text", y, transform=turned, text_anchor="middle", class_="axis"))
    return Markup("".join(parts))


def ticks(low: float, high: float, about: int) -> list[float]:
    """Round values from `low` to `high`, some `about` of them: multiples of 1, 2 or 5 times a power of ten."""
    raw = (high - low) / max(1, about)
    power = 10 ** math.floor(math.log10(raw))
    step = next(power * m for m in (1, 2, 5, 10) if power * m >= raw * 0.999)
    first = math.ceil(low / step - 1e-9)
    return [round(i * step, 12) for i in range(first, math.floor(high / step + 1e-9) + 1)]


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:g}"


def bar(share: float, kind: str = "best") -> Markup:
    """A small bar of `share`, 0 to 1, for a table's cell."""
    width = max(0.0, min(1.0, share)) * 100
    inner = tag("rect", width=f"{max(width, 0.8) if share > 0 else 0:.1f}", height="8", class_=kind)
    back = tag("rect", width="100", height="8", class_="back")
    return tag("svg", back, inner, viewBox="0 0 100 8", class_="bar", aria_hidden="true", preserveAspectRatio="none")


def heat(values: Sequence[float | None], label: str) -> Markup:
    """64 values in natural order as 8 x 8 cells; None for a cell that is not known. 0.5 is neutral."""
    cell, parts = 40, []
    for i, value in enumerate(values):
        x, y = i % 8 * cell, i // 8 * cell
        kind = "none" if value is None else _warmth(value)
        parts.append(tag("rect", x=x + 1, y=y + 1, width=cell - 2, height=cell - 2, class_=f"cell {kind}"))
        if value is not None:
            shown = f"{value:.2f}".replace("0.", ".")
            parts.append(tag("text", shown, x=x + cell / 2, y=y + cell / 2 + 4, text_anchor="middle"))
    drawn = tag("svg", *parts, viewBox=f"0 0 {8 * cell} {8 * cell}", role="img", aria_label=label, class_="heat")
    return tag("figure", drawn, tag("figcaption", label))


def _warmth(value: float) -> str:
    off = value - 0.5
    return "even" if abs(off) < 0.02 else f"{'late' if off > 0 else 'early'}{1 if abs(off) < 0.1 else 2}"
