"""Which framing the pictures themselves show, of those that sizes allow; and what is learned from pairs that have one.

Each framing is tried with a few common kernels on luma windows of a few pairs: one that is a pixel off leaves an error
of several pixel values, a wrong kernel in the right place one or two (`fit.sigma`). Roundings that move a picture by
less are left to `questions.framing`, which renders them exactly.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import UnderstudyError
from ..steps import Context, Source
from ..steps.color import Color
from ..steps.crop import Crop
from ..steps.decode import Decode
from ..steps.encode import Encode
from ..steps.flatten import Flatten
from ..steps.orient import Orient
from ..steps.pad import Pad
from ..steps.resize import Resize
from . import fit, framing, framing_words, resampling
from .clusters import clusters
from .framing import Framing
from .framing_words import place
from .matching import ONE_PAIR, Matched
from .observed import Observed, boxes
from .pipeline import Pipeline
from .question import Decision
from .refusals import SetAside
from .rendering import Rendering
from .size_rules import SizeRules, Sizes, size_rules

ROOM = 200 << 20
"""Bytes of rasters that are kept while framings are tried."""
LOOKS = 3
"""Pairs on which framings are tried."""
EXPLAINED = 4.0
"""Pixels of error of the best kernel up to which a framing explains a pair: more is a missing step (see `fit`)."""
IDENTIFIED = 1.3
"""Pixels of error up to which a framing is told as found by looking, before it is rendered exactly. Measured on 16
made channels of Pillow, libvips and ImageMagick, qualities 80 to 90: the right one leaves 0.31 to 1.21, the nearest of
another kind or place 1.37."""
EXPLAINED_BESIDE = 1.5
"""The same where a size rule without any framing gives the sizes, too."""
ODD = 4.0
"""What a size rule costs (`size_rules.COSTS`) from which it is thought odd."""
NEAR = 0.6
"""Pixels of error above the best from which another framing is told as one that was ruled out."""
REFINED = 4
"""Kinds and places of which every rounding is tried: one that is a pixel off leaves as much as another kind."""
FEW = tuple(
    resampling.Hypothesis(code, kernel)
    for code, kernel in (
        ("pillow", "lanczos"), ("pillow", "bicubic"), ("pillow", "bilinear"), ("pillow", "box"), ("pillow", "nearest"),
        ("opencv", "area"), ("opencv", "linear"), ("opencv", "cubic"), ("vips", "lanczos3"), ("gd", "resampled"),
        ("imagemagick", "lanczos"), ("imagemagick", "mitchell"),
    )
)  # fmt: skip
"""Kernels that are tried: nearly every library's are like one of these."""


@dataclass(frozen=True, eq=False)
class Shape:
    """What gives the pictures of some pairs their shape."""

    framing: Framing
    kernel: resampling.Hypothesis | None
    """The kernel that did best beside it; None where nothing is resized."""
    sigma: float
    """Pixels of error that are left, the mean over the pairs that were looked at."""
    others: tuple[tuple[str, float], ...] = ()
    """Other kinds and places, and what they leave."""

    def within(self, pipeline: Pipeline) -> Pipeline:
        """The pipeline with the framing, and with the kernel that did best beside it to begin with."""
        made = self.framing.within(pipeline)
        resize = made.find(Resize)
        return made if resize is None or self.kernel is None else made.having(self.kernel.within(resize))


def as_sizes(shape: Shape, pairs: Sequence[Observed]) -> SizeRules:
    """What is said of sizes where a framing gives them."""
    chosen = shape.framing
    given = sorted({p.size for p in pairs})
    told = " and ".join(f"{w} x {h}" for w, h in given[:3]) + (f" and {len(given) - 3} more" if given[3:] else "")
    left = f"{shape.sigma:.2f} pixel values of error"
    worse = [f"{what}: {sigma:.2f}" for what, sigma in shape.others if sigma > shape.sigma + NEAR]
    rest = "; ".join(worse[:3])
    decision = Decision(
        "size rule", "resize" if chosen.resize is not None else "crop", in_few_words(chosen),
        reason=f"gives all {len(pairs)} sizes ({told}) and leaves {left}" + (f"; the next {rest}" if rest else ""),
        evidence={"framings": [[what, round(sigma, 3)] for what, sigma in shape.others if sigma < math.inf]},
    )  # fmt: skip
    return SizeRules(False, (), decision)


def settled(sizes: SizeRules, shape: Shape, pipeline: Pipeline, asked: Decision | None) -> SizeRules:
    """What is said of sizes once the search is through: of the framing that it ended with, which is a guess where the
    pairs did not settle it, and the nearest that is known where looking alone did not single it out."""
    final = framing.of(pipeline)
    answer = sizes.decision.answer if final is None else in_few_words(final)
    guess = shape.sigma > IDENTIFIED or (asked is not None and asked.guess)
    told = "; the nearest that is known, not identified" if shape.sigma > IDENTIFIED else ""
    decision = replace(sizes.decision, answer=answer, guess=guess, reason=sizes.decision.reason + told)
    return replace(sizes, decision=decision)


def in_few_words(one: Framing) -> str:
    """The framing's kind and what it makes."""
    parts = [framing_words.crop(s) if isinstance(s, Crop) else framing_words.pad(s)
             for s in (*one.before, *one.after) if isinstance(s, (Crop, Pad))]  # fmt: skip
    return f"{one.kind}: {'; '.join(parts)}" if parts else one.kind


def adopt(matched: Matched, progress: Callable[[str, float], None]) -> tuple[Matched, Shape | None]:
    """The pairs with those among them that one framing explains, where there is one; else as they were."""
    pairs = (*matched.observed, *matched.framed)
    if not pairs or not _is_asked(matched):
        return matched, None
    groups, _ = clusters(pairs)
    pairs = tuple(pairs[i] for i in groups[0].members)
    progress("looking for crops and borders", 0.9)
    rendering = Rendering(ROOM)
    shape = find(pairs, rendering) or find(_of_the_commonest_size(pairs), rendering)
    if shape is None or shape.sigma > (EXPLAINED if matched.framed else EXPLAINED_BESIDE):
        return matched, None
    explained = [p for p in pairs if _error(shape, p, rendering) <= EXPLAINED]
    if len(explained) < max(1, len(matched.observed)):
        return matched, None
    return _with(matched, explained, shape), shape


def _is_asked(matched: Matched) -> bool:
    """Whether pairs were cut or have borders, or have sizes that no size rule gives, or an odd one; or a few pixels
    less or more, which is seldom a resize."""
    if matched.framed:
        return True
    resized = [p for p in matched.observed if p.is_resized]
    plain = [p for p in resized if p.orientation < 5] or resized
    off = [max(abs(a - b) for a, b in zip(p.sent_size, p.size, strict=True)) for p in plain]
    if not resized or max(off) <= framing.MOST_INSET:
        return bool(resized)
    rules = size_rules(matched.observed).rules
    return not rules or bool(rules[0].but) or rules[0].cost >= ODD


def _of_the_commonest_size(pairs: Sequence[Observed]) -> tuple[Observed, ...]:
    """The pairs that came back in the size that most of them have; none where that is no more than half."""
    size, count = Counter(p.size for p in pairs).most_common(1)[0]
    return tuple(p for p in pairs if p.size == size) if 2 * count > len(pairs) > count else ()


def _with(matched: Matched, explained: Sequence[Observed], shape: Shape) -> Matched:
    """With these pairs as those that are learned from; the others set aside."""
    names = {p.name for p in explained}
    told = tuple(s for s in matched.set_aside if s.name not in names)
    known = {s.name for s in told}
    lost = tuple(
        SetAside(p.name, f"not {shape.framing.kind} as the others are", "cropped")
        for p in matched.observed if p.name not in names and p.name not in known
    )  # fmt: skip
    pairs = sorted(explained, key=lambda p: p.name)
    notes = tuple(n for n in matched.notes if n != ONE_PAIR or len(pairs) == 1)
    return replace(
        matched, observed=tuple(_scaled(p, shape.framing) for p in pairs), set_aside=(*told, *lost), framed=(),
        notes=notes,
    )  # fmt: skip


def _scaled(pair: Observed, chosen: Framing) -> Observed:
    """The pair, which knows whether it was resized; what was read of it already is kept."""
    made = replace(pair, scaled=chosen.scales(*pair.shown_size))
    vars(made).update({name: value for name, value in vars(pair).items() if name not in vars(made)})
    return made


def find(pairs: Sequence[Observed], rendering: Rendering) -> Shape | None:
    """The framing that explains most of the pairs best, with the kernel that does; None where none does."""
    if not pairs:
        return None
    sizes = [_sizes(p) for p in pairs]
    color = _color(pairs)
    candidates = [framing.painted(f, color) for f in framing.framings(sizes)]
    looks = _telling(pairs, candidates)
    if not looks or not candidates:
        return None
    first: dict[tuple[object, ...], Framing] = {}
    for candidate in candidates:  # kinds and places first, roundings afterwards
        first.setdefault(_rough(candidate), candidate)
    tried = [_tried(one, looks, rendering) for one in first.values()]
    tried = sorted((t for t in tried if t.sigma < math.inf), key=lambda t: (t.sigma, t.framing.cost))
    if not tried:
        return None
    near = tried[:1]
    for rough in dict.fromkeys(_rough(t.framing) for t in tried[:REFINED]):
        same = [c for c in candidates if _rough(c) == rough]
        near += [t for t in tried if _rough(t.framing) == rough]
        near += [_tried(c, looks, rendering) for c in same[1:25]]
    best = min(near, key=lambda t: (t.sigma, t.framing.cost))
    if best.sigma > EXPLAINED:
        return None
    alike = [t for t in near if t.sigma <= best.sigma + 0.02]
    chosen = min(alike, key=lambda t: (t.framing.cost, t.sigma))
    others = tuple((f"{t.framing.kind}, {place(framing.gravity(t.framing))}", t.sigma) for t in tried[:12])
    return replace(chosen, others=others)


def _rough(one: Framing) -> tuple[object, ...]:
    """What of a framing shows without a look at roundings: its kind, its place, whether pictures are made larger."""
    return one.kind, framing.gravity(one), one.resize is not None and one.resize.upscale


def _sizes(pair: Observed) -> Sizes:
    return Sizes(pair.name, pair.sent_size, pair.orientation, pair.size)


def _telling(pairs: Sequence[Observed], candidates: Sequence[Framing]) -> list[Observed]:
    """A few pairs, those first that the framings treat most differently, that are upright, opaque and without a
    profile; wide and high ones in turn."""

    def rank(pair: Observed) -> tuple[bool, bool, bool, int, int]:
        layouts = {repr(c.layout(*pair.shown_size)) for c in candidates[:200]}
        area = pair.sent_size[0] * pair.sent_size[1]
        return pair.orientation != 1, pair.has_alpha, pair.icc is not None, -len(layouts), area

    ordered = sorted(pairs, key=rank)
    wide = [p for p in ordered if p.shown_size[0] * p.size[1] >= p.shown_size[1] * p.size[0]]
    high = [p for p in ordered if p not in wide]
    mixed = [p for two in zip(wide, high, strict=False) for p in two]
    chosen = [*mixed, *(p for p in ordered if p not in mixed)]
    plain = [p for p in chosen if p.orientation == 1 and not p.has_alpha]
    return (plain or chosen)[:LOOKS]


def _tried(one: Framing, pairs: Sequence[Observed], rendering: Rendering) -> Shape:
    """The framing with its best kernel, over some pairs."""
    pipeline = _pipeline(one)
    if one.resize is None:
        sigmas = [_unscaled(p, pipeline, rendering) for p in pairs]
        return Shape(one, None, sum(sigmas) / len(sigmas))
    scaled = [p for p in pairs if one.scales(*p.shown_size)]
    witnesses = [w for p in scaled if (w := resampling.witness(p, pipeline, rendering)) is not None]
    kept = [_unscaled(p, pipeline, rendering) for p in pairs if p not in scaled]
    if len(witnesses) < len(scaled):
        return Shape(one, None, math.inf)
    if not witnesses:
        return Shape(one, FEW[0], sum(kept) / len(kept))
    ranked = resampling.scored(witnesses, FEW)
    if not ranked:
        return Shape(one, None, math.inf)
    sigma = (ranked[0].sigma * len(witnesses) + sum(kept)) / len(pairs)
    return Shape(one, ranked[0].hypothesis, sigma)


def _error(shape: Shape, pair: Observed, rendering: Rendering) -> float:
    """What the shape leaves of one pair, in pixels; nothing is said of pictures that are turned or transparent, which
    depends on more."""
    if pair.orientation != 1 or pair.has_alpha:
        return 0.0
    pipeline = _pipeline(shape.framing)
    if shape.kernel is None or not shape.framing.scales(*pair.shown_size):
        return _unscaled(pair, pipeline, rendering)
    one = resampling.witness(pair, pipeline, rendering)
    if one is None:
        return math.inf
    found = resampling.scored([one], [shape.kernel])
    return found[0].sigma if found else math.inf


def _pipeline(one: Framing) -> Pipeline:
    """What is tried: everything else at its default."""
    return one.within(Pipeline((Decode(), Orient(), Color(), Flatten(), Encode())))


def _unscaled(pair: Observed, pipeline: Pipeline, rendering: Rendering) -> float:
    """What is left of a pair that is cut or has borders and is not resized."""
    try:
        raster = rendering.raster(pair, pipeline)
    except UnderstudyError:
        return math.inf
    if (raster.width, raster.height) != pair.size:
        return math.inf
    return fit.fit(fit.plane_of(raster.pixels, pair, raster.space), pair, boxes(pair, resampling.WINDOW)).sigma


def _color(pairs: Sequence[Observed]) -> tuple[int, int, int]:
    """The commonest colour of the delivered pictures' corners, black or white where it is near: that of their borders,
    if they have any."""
    found: Counter[tuple[int, int, int]] = Counter()
    for pair in pairs:
        pixels = Decode().exact(Source(pair.received), Context(pair.received)).pixels
        colors = np.broadcast_to(pixels[:, :, :3], (*pixels.shape[:2], 3)).astype(np.float32)
        for corner in (colors[:4, :4], colors[:4, -4:], colors[-4:, :4], colors[-4:, -4:]):
            middle = np.median(corner.reshape(-1, 3), axis=0)
            red, green, blue = (255 if v >= 253 else 0 if v <= 2 else round(float(v)) for v in middle)
            found[red, green, blue] += 1
    return found.most_common(1)[0][0]
