"""Which files belong together and can be learned from; the others are set aside, each with its reason.

Names first; what names do not pair is paired by content, if one partner fits far better than any other. Nothing is
guessed over: two pictures that look alike, a crop, a file that was passed through, re-saved, damaged or written by
another platform are told, and left out.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..errors import PairsError, UnderstudyError
from ..pairs import Gathered, Pair, gather, read
from ..steps import Context, Source
from ..steps.decode import Decode, is_rgb
from . import clusters as clustering
from . import likeness as alike
from .observed import Observed
from .refusals import Kind, SetAside, refusal
from .rules import intervals

__all__ = ["Kind", "Matched", "SetAside", "examine", "match"]

Progress = Callable[[str, float], None]
ONE_PAIR = "one pair alone: it cannot tell a rule for sizes or quality, nor what varies between files"


@dataclass(frozen=True, eq=False)
class Matched:
    """What can be learned from, and what cannot."""

    observed: tuple[Observed, ...]
    set_aside: tuple[SetAside, ...]
    notes: tuple[str, ...]
    lossless: tuple[Observed, ...] = ()
    """Pairs whose received file has the sent JPEG's coefficients, written anew: nothing but `transcode` made them."""
    untouched: tuple[Observed, ...] = ()
    """Pairs whose received file is the sent one, byte for byte."""
    framed: tuple[Observed, ...] = ()
    """Pairs that are set aside since the received picture is a part of the sent one, or has borders: one framing may
    explain them all (see `framing_fit`)."""


@dataclass(frozen=True, eq=False)
class _Found:
    """A pair that may be learned from, with what was seen of it."""

    pair: Observed
    note: str = ""


@dataclass(frozen=True, eq=False)
class _Left:
    """What is set aside, with its pair where both files could be read."""

    aside: SetAside
    pair: Observed | None = None


def match(
    pairs: str | Path | Gathered | Iterable[Pair | tuple[Any, bytes]],
    progress: Progress = lambda text, share: None,
) -> Matched:
    """The pairs that can be learned from, those that cannot, and what is worth knowing of either.

    pairs: a place (see `pairs.gather`), what it gathered, or pairs of (sent picture: bytes, path, Pillow image or uint8
    array; received bytes). Raises PairsError where there is nothing at the place, or no pair at all.
    """
    place = gather(pairs) if isinstance(pairs, (str, Path)) else pairs
    listed = list(place.pairs) if isinstance(place, Gathered) else list(place)
    left = place if isinstance(place, Gathered) else Gathered(())
    if not listed and not left.received:
        raise PairsError("no pairs", place="learn", expected="at least one sent picture with what was received")
    names = _names(listed)
    found: list[_Found] = []
    aside: list[_Left] = []
    for i, item in enumerate(listed):
        progress(f"reading {names[i]}", i / len(listed) / 2)
        result = _pair(names[i], item)
        if isinstance(result, _Found):
            found.append(result)
        else:
            aside.append(result)
    misnamed = left.loose and any(a.aside.kind == "other picture" for a in aside)
    if left.sent or left.received or misnamed:
        progress("pairing by content", 0.5)
        found, aside = _with_left_over(left, listed, found, aside)
    progress("comparing headers", 0.75)
    return _of_one_platform(found, aside)


def _with_left_over(
    left: Gathered, listed: Sequence[Any], found: list[_Found], aside: list[_Left]
) -> tuple[list[_Found], list[_Left]]:
    """The files that names do not pair, and those that names pair wrongly, paired by content."""
    wrong = {a.aside.name for a in aside if a.aside.kind == "other picture"}
    misnamed = [p for p in listed if isinstance(p, Pair) and p.name in wrong]
    more, unpaired = _by_content(
        (*left.sent, *(p.sent for p in misnamed)), (*left.received, *(p.received for p in misnamed))
    )
    paired = {f.pair.name for f in more}
    kept = [a for a in aside if not (a.aside.kind == "other picture" and a.aside.name in paired)]
    told = {p.sent.name for p in misnamed} | {p.received.name for p in misnamed}
    return [*found, *more], [
        *kept,
        *(u for u in unpaired if not (u.aside.kind == "no partner" and u.aside.name in told)),
    ]


def _names(listed: Sequence[Pair | tuple[Any, bytes]]) -> list[str]:
    """A name for each pair, made unique."""
    out: list[str] = []
    for i, item in enumerate(listed):
        name = item.name if isinstance(item, Pair) else f"pair {i + 1}"
        same = sum(n == name or n.startswith(f"{name} (") for n in out)
        out.append(f"{name} ({same + 1})" if same else name)
    return out


def _pair(name: str, item: Pair | tuple[Any, bytes]) -> _Found | _Left:
    """One pair looked at by itself."""
    try:
        sent, received = item.read() if isinstance(item, Pair) else (as_bytes(item[0]), bytes(item[1]))
    except UnderstudyError as error:
        return _Left(SetAside(name, str(error), "unreadable"))
    except TypeError:
        return _Left(SetAside(name, "what was received is not bytes", "unreadable"))
    return _examined(Observed(name, sent, received))


def as_bytes(picture: Any) -> bytes:
    """A sent picture as a file's bytes; an array or a Pillow image becomes a PNG, which loses nothing.

    Raises PairsError for what cannot be read.
    """
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return bytes(picture)
    if isinstance(picture, (str, Path)):
        return read(Path(picture))
    from PIL import Image

    try:
        image = picture if isinstance(picture, Image.Image) else Image.fromarray(picture)
        buffer = io.BytesIO()
        image.save(buffer, "PNG", icc_profile=image.info.get("icc_profile"))
    except Exception as error:  # whatever Pillow says of modes and shapes that it does not take
        raise PairsError(f"{error}", place="sent picture", expected="a file, a Pillow image or a uint8 array") from None
    return buffer.getvalue()


def _examined(pair: Observed) -> _Found | _Left:
    result = examine(pair)
    return _Left(result, pair) if isinstance(result, SetAside) else result


def examine(pair: Observed) -> _Found | SetAside:
    """Whether a pair can be learned from, by its two files alone."""
    refused = refusal(pair)
    if refused is not None:
        return refused
    try:
        seen = alike.look_at(Decode().exact(Source(pair.sent), Context(pair.sent)))
    except UnderstudyError as error:
        return SetAside(pair.name, f"the sent file cannot be decoded: {error}", "damaged")
    return _same_picture(pair, seen)


def _same_picture(pair: Observed, seen: alike.Look) -> _Found | SetAside:
    """Whether the two files show the same picture, whole and not turned by more than Exif asks."""
    theirs = alike.look_through(pair.coefficients, rgb=is_rgb(pair.stream))
    found = alike.likeness(seen, theirs)
    borders = alike.framed(seen, theirs) if _stretch((seen.width, seen.height), pair.size) > 1.03 else ""
    if borders:
        told = f"the received picture is the sent one with a border of one colour at its {borders}"
        return SetAside(pair.name, told, "padded")
    if found.score < alike.MAYBE:
        return _another(pair, seen, theirs, found)
    allowed = (1, seen.orientation)
    if found.turn not in allowed:
        told = f"the received picture is the sent one turned as Exif orientation {found.turn} asks, which it has not"
        return SetAside(pair.name, told, "turned")
    sides = (seen.height, seen.width) if found.turn >= 5 else (seen.width, seen.height)
    if _stretch(sides, pair.size) > 1.03:
        part = alike.crop(seen, theirs)
        if part.score > found.score:
            return SetAside(pair.name, f"the received picture is a part of the sent one: about {part}", "cropped")
    note = ""
    if found.score < alike.SAME and not found.flat:
        note = f"{pair.name}: the received picture resembles the sent one by {found.score:.2f} only"
    return _Found(pair, note)


def _another(pair: Observed, seen: alike.Look, theirs: alike.Look, found: alike.Likeness) -> SetAside:
    part = alike.crop(seen, theirs)
    if part.score >= alike.SAME:
        return SetAside(pair.name, f"the received picture is a part of the sent one: about {part}", "cropped")
    return SetAside(
        pair.name, f"the received picture is another one: they correlate by {found.score:.2f}", "other picture"
    )


def _stretch(sent: tuple[int, int], received: tuple[int, int]) -> float:
    """How far the aspect ratios differ beyond what rounding a side by one pixel explains; 1 for not at all."""
    w, h = received
    ratios = [((w + d) * sent[1]) / ((h + e) * sent[0]) for d in (-1, 0, 1) for e in (-1, 0, 1) if h + e and w + d]
    return min(max(r, 1 / r) for r in ratios)


def _by_content(sent: Sequence[Path], received: Sequence[Path]) -> tuple[list[_Found], list[_Left]]:
    """Pairs of files whose names do not tell, each taken where it and its partner fit each other best, and clearly."""
    ours, aside = _looks(sent, _look_at_sent)
    theirs, refused = _looks(received, _look_at_received)
    aside += refused
    scores = [[alike.likeness(a, b) for _, _, a in ours] for _, _, b in theirs]
    chosen: dict[int, list[int]] = {}
    for j, (path, _, look) in enumerate(theirs):
        rivals = sorted(zip(scores[j], range(len(ours)), strict=True), key=lambda row: -row[0].score)
        partner, why = _clear(rivals, [ours[i][2] for _, i in rivals], look)
        if partner is None:
            kind: Kind = "ambiguous" if rivals and rivals[0][0].score >= alike.SAME else "no partner"
            aside.append(_Left(SetAside(path.name, why, kind)))
        else:
            chosen.setdefault(partner, []).append(j)
    found: list[_Found] = []
    for i, (path, data, _) in enumerate(ours):
        mine = chosen.get(i, [])
        if len(mine) == 1:
            result = _examined(Observed(path.stem, data, theirs[mine[0]][1]))
            if isinstance(result, _Found):
                note = f"{theirs[mine[0]][0].name} is paired with {path.name} by content"
                found.append(replace(result, note="; ".join(n for n in (note, result.note) if n)))
            else:
                aside.append(result)
        elif mine:
            names = " and ".join(theirs[j][0].name for j in mine)
            aside += [_Left(SetAside(theirs[j][0].name, f"{names} all show {path.name}", "ambiguous")) for j in mine]
        else:
            aside.append(_Left(SetAside(path.name, "no received file clearly shows this picture", "no partner")))
    return found, aside


def _clear(
    rivals: Sequence[tuple[alike.Likeness, int]], looks: Sequence[alike.Look], theirs: alike.Look
) -> tuple[int | None, str]:
    """(the one sent picture that a received one shows, or None; why)."""
    if not rivals or rivals[0][0].score < alike.SAME or rivals[0][0].flat:
        best = f"the nearest correlates by {rivals[0][0].score:.2f}" if rivals else "there is none left"
        return None, f"no sent picture is like this one: {best}"
    near = [(s, i, look) for (s, i), look in zip(rivals, looks, strict=True) if s.score > rivals[0][0].score - 0.1]
    if len(near) == 1:
        return near[0][1], ""
    detailed = sorted(((alike.detail(look, theirs, s.turn), i) for s, i, look in near), reverse=True)
    if detailed[0][0] >= 0.5 and detailed[0][0] - detailed[1][0] >= 0.1:
        return detailed[0][1], ""
    return None, f"{len(near)} sent pictures are like this one, and none clearly more than the others"


def _looks(
    paths: Sequence[Path], look: Callable[[bytes], alike.Look]
) -> tuple[list[tuple[Path, bytes, alike.Look]], list[_Left]]:
    out, aside = [], []
    for path in paths:
        try:
            data = read(path)
            out.append((path, data, look(data)))
        except UnderstudyError as error:
            aside.append(_Left(SetAside(path.name, str(error), "unreadable")))
    return out, aside


def _look_at_sent(data: bytes) -> alike.Look:
    return alike.look_at(Decode().exact(Source(data), Context(data)))


def _look_at_received(data: bytes) -> alike.Look:
    seen = Observed("", b"", data)
    return alike.look_through(seen.coefficients, rgb=is_rgb(seen.stream))


def _of_one_platform(found: Sequence[_Found], left: Sequence[_Left]) -> Matched:
    """The pairs of the largest cluster of headers; the others are set aside."""
    pairs = [f.pair for f in found]
    notes = [f.note for f in found if f.note]
    lossless, untouched, cropped, padded = (
        tuple(a.pair for a in left if a.aside.kind == kind and a.pair is not None)
        for kind in ("rewritten", "untouched", "cropped", "padded")
    )
    framed = (*cropped, *padded)
    groups, _ = clustering.clusters(pairs)
    notes += told_of(pairs, left)
    if not groups:
        return Matched((), tuple(a.aside for a in left), tuple(notes), lossless, untouched, framed)
    main = groups[0]
    learned = [pairs[i] for i in main.members]
    aside = [_maybe_swapped(a, learned, main) for a in left]
    for group in groups[1:]:
        rule = clustering.explained_by_size(pairs, group, main)
        many = f"as {len(learned)} other{'s' if len(learned) > 1 else ''}"
        why = f"not written {many}: {clustering.contrast(group.traits, main.traits)}" + (f" ({rule})" if rule else "")
        strangers = (_Left(SetAside(pairs[i].name, why, "other platform"), pairs[i]) for i in group.members)
        aside += [_maybe_swapped(a, learned, main) for a in strangers]
    if len(groups) > 1 and len(groups[1].members) == len(learned):
        notes.append(f"two ways of writing have {len(learned)} files each: the one of {learned[0].name} is learned; "
                     "learn the other apart")  # fmt: skip
    elif len(groups) > 1:
        sizes = ", ".join(str(len(g.members)) for g in groups)
        notes.append(f"{len(groups)} ways of writing files, of {sizes} files: the largest is learned")
    if len(learned) == 1:
        notes.append(ONE_PAIR)
    return Matched(tuple(learned), tuple(aside), tuple(notes), lossless, untouched, framed)


def _maybe_swapped(left: _Left, learned: Sequence[Observed], main: clustering.Cluster) -> SetAside:
    """What was set aside, said to be swapped where its sent file is written as the others' received ones, tables and
    all, and its received file is none of those."""
    pair, aside = left.pair, left.aside
    if pair is None or not pair.is_jpeg or aside.kind not in ("other platform", "not a jpeg"):
        return aside
    other_way = Observed(pair.name, pair.received, pair.sent)
    try:
        fits = other_way.tables in {p.tables for p in learned}
        fits = fits and clustering.agree(clustering.traits_of(other_way), main.traits)
    except UnderstudyError:
        return aside
    told = "swapped: it is the sent file that is written as the others were received; swap the two"
    return SetAside(pair.name, told, "swapped") if fits else aside


def told_of(pairs: Sequence[Observed], left: Sequence[_Left]) -> list[str]:
    """What pairs that were set aside have in common, and what parts them from the others."""
    out = []
    for kind, what in (("untouched", "came back byte for byte"), ("rewritten", "kept the sent JPEG's coefficients")):
        theirs = [a.pair for a in left if a.aside.kind == kind and a.pair is not None]
        if not theirs:
            continue
        names = ", ".join(p.name for p in theirs[:6]) + (", ..." if len(theirs) > 6 else "")
        limit = _limit([p for p in pairs if p not in theirs], theirs)
        out.append(f"{len(theirs)} of {len(theirs) + len(pairs)} files {what}: {names}{limit}")
    return out


def _limit(others: Sequence[Observed], theirs: Sequence[Observed]) -> str:
    """A limit of the sent file that parts `theirs` from `others`, in words; "" for none, or fewer than two of each."""
    if min(len(others), len(theirs)) < 2:
        return ""
    measures: dict[str, Callable[[Observed], int]] = {
        "longest side": lambda p: max(p.sent_size),
        "bytes": lambda p: len(p.sent),
        "pixels": lambda p: p.sent_size[0] * p.sent_size[1],
    }
    both = [*others, *theirs]
    for name, measure in measures.items():
        runs = intervals([measure(p) for p in both], [p in theirs for p in both])
        if len(runs) == 2 and runs[0].value is True:
            return f"; all others have a {name} above {runs[0].highest:g}"
    return ""
