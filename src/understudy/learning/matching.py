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
from typing import Any, Literal

from ..errors import PairsError, UnderstudyError
from ..evidence import fbmd
from ..jpeg.syntax import JpegStream, Sos
from ..pairs import Gathered, Pair, gather, read
from ..steps import Context, Source
from ..steps.decode import Decode
from . import clusters as clustering
from . import likeness as alike
from .observed import Observed

Kind = Literal[
    "unreadable", "damaged", "not a jpeg", "unsupported", "untouched", "rewritten", "resaved", "other picture", "cropped",
    "turned", "swapped", "no partner", "ambiguous", "other platform",
]  # fmt: skip
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class SetAside:
    """A pair, or a file without a partner, that is not learned from."""

    name: str
    reason: str
    kind: Kind


@dataclass(frozen=True, eq=False)
class Matched:
    """What can be learned from, and what cannot."""

    observed: tuple[Observed, ...]
    set_aside: tuple[SetAside, ...]
    notes: tuple[str, ...]
    lossless: tuple[Observed, ...] = ()
    """Pairs whose received file has the sent JPEG's coefficients, written anew: nothing but `transcode` made them."""


@dataclass(frozen=True, eq=False)
class _Found:
    """A pair that may be learned from, with what was seen of it."""

    pair: Observed
    note: str = ""


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
    aside: list[SetAside] = []
    for i, item in enumerate(listed):
        progress(f"reading {names[i]}", i / len(listed) / 2)
        result = _pair(names[i], item)
        (found if isinstance(result, _Found) else aside).append(result)  # type: ignore[arg-type]
    if left.sent or left.received:
        progress("pairing by content", 0.5)
        by_name = [p for p in listed if isinstance(p, Pair) and any(s.kind == "other picture" and s.name == p.name for s in aside)]
        more, unpaired = _by_content((*left.sent, *(p.sent for p in by_name)), (*left.received, *(p.received for p in by_name)))
        paired = {f.pair.name for f in more}
        aside = [s for s in aside if not (s.kind == "other picture" and s.name in paired)]
        found += more
        aside += unpaired
    return _of_one_platform(found, aside)


def _names(listed: Sequence[Pair | tuple[Any, bytes]]) -> list[str]:
    """A name for each pair, made unique."""
    out: list[str] = []
    for i, item in enumerate(listed):
        name = item.name if isinstance(item, Pair) else f"pair {i + 1}"
        same = sum(n == name or n.startswith(f"{name} (") for n in out)
        out.append(f"{name} ({same + 1})" if same else name)
    return out


def _pair(name: str, item: Pair | tuple[Any, bytes]) -> _Found | SetAside:
    """One pair looked at by itself."""
    try:
        sent, received = item.read() if isinstance(item, Pair) else (as_bytes(item[0]), bytes(item[1]))
    except UnderstudyError as error:
        return SetAside(name, str(error), "unreadable")
    return examine(name, sent, received)


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


def examine(name: str, sent: bytes, received: bytes) -> _Found | SetAside:
    """Whether a pair can be learned from, by its two files alone."""
    pair = Observed(name, sent, received)
    refused = _refused(pair)
    if refused is not None:
        return refused
    try:
        raster = Decode().exact(Source(sent), Context(sent))
    except UnderstudyError as error:
        return SetAside(name, f"the sent file cannot be decoded: {error}", "damaged")
    seen = alike.look_at(raster)
    del raster
    return _same_picture(pair, seen)


def _refused(pair: Observed) -> SetAside | None:
    """Why the received file, or the two files beside each other, are nothing to learn from, before pixels are looked
    at; None where they may be."""
    name, sent, received = pair.name, pair.sent, pair.received
    if not received or not sent:
        return SetAside(name, f"the {'received' if not received else 'sent'} file is empty", "unreadable")
    if sent == received:
        return SetAside(name, "the received file is the sent one, byte for byte", "untouched")
    if received[:2] != b"\xff\xd8":
        kind = _kind_of(received)
        asked = "; if the columns are swapped, swap them" if sent[:2] == b"\xff\xd8" else ""
        return SetAside(name, f"the received file is {kind}, no JPEG{asked}", "not a jpeg")
    try:
        c = pair.coefficients
    except UnderstudyError as error:
        return SetAside(name, f"the received file cannot be read: {error}", "unsupported")
    if c.anomalies:
        return SetAside(name, f"the received file is damaged: {c.anomalies[0].text}", "damaged")
    if len(c.components) not in (1, 3):
        return SetAside(name, f"the received file has {len(c.components)} components, not 1 or 3", "unsupported")
    if not all(part.steps.all() for part in c.components):
        return SetAside(name, "a component of the received file has no quantisation table", "damaged")
    if told := _resaved(pair):
        return SetAside(name, told, "resaved")
    if pair.is_jpeg and (told := _swapped_marks(pair)):
        return SetAside(name, told, "swapped")
    if pair.is_jpeg and _same_coefficients(pair):
        return SetAside(name, "the coefficients are those of the sent JPEG: written anew without loss", "rewritten")
    return None


def _kind_of(data: bytes) -> str:
    heads = {b"\x89PNG": "a PNG", b"RIFF": "a WebP or another RIFF file", b"GIF8": "a GIF", b"BM": "a BMP",
             b"II*\0": "a TIFF", b"MM\0*": "a TIFF", b"<": "text, HTML perhaps", b"{": "text, JSON perhaps"}  # fmt: skip
    if data[4:12] in (b"ftypavif", b"ftypheic", b"ftypmif1"):
        return "an AVIF or HEIC"
    return next((what for head, what in heads.items() if data.startswith(head)), "of an unknown kind")


def _resaved(pair: Observed) -> str:
    """Why FBMD says that the file is not as Facebook delivered it; "" if it does not, or was sent already."""
    notes = list(fbmd.find(pair.stream))
    if not notes:
        return ""
    sent = list(fbmd.find(pair.context.sent_stream)) if pair.context.sent_stream is not None else []
    if any(n.numbers == notes[0].numbers for n in sent):
        return ""  # the platform kept what was sent
    positions = [offset for offset, e in pair.stream.located() if isinstance(e, Sos)]
    verdict, told, _ = fbmd.judge(notes[0], positions, len(pair.received))
    return f"re-saved since Facebook delivered it: {told}" if verdict in ("no", "stale") else ""


def _swapped_marks(pair: Observed) -> str:
    """Marks that tell which of two JPEGs came first: a camera's Exif, Facebook's note; "" where there are none."""
    sent = pair.context.sent_stream
    if sent is None:
        return ""
    ask = "; if the columns are swapped, swap them"
    if _has_exif_camera(pair.stream) and not _has_exif_camera(sent):
        return f"the received file has a camera's Exif that the sent one lacks{ask}"
    noted, ours = list(fbmd.find(sent)), list(fbmd.find(pair.stream))
    positions = [offset for offset, e in sent.located() if isinstance(e, Sos)]
    if noted and not ours and fbmd.judge(noted[0], positions, len(pair.sent))[0] == "yes":
        larger = pair.size[0] * pair.size[1] > pair.sent_size[0] * pair.sent_size[1]
        if larger:
            return f"the sent file is as Facebook delivered it, and smaller than the received one{ask}"
    return ""


def _has_exif_camera(stream: JpegStream) -> bool:
    """Whether an Exif segment names a camera's maker and exposure: TIFF tags 010F and 829A (Exif 2.32)."""
    for payload in stream.app(1):
        if payload.startswith(b"Exif\0\0"):
            order = "little" if payload[6:8] == b"II" else "big"
            tags = [n.to_bytes(2, order) for n in (0x010F, 0x829A)]  # type: ignore[arg-type]
            if all(tag in payload for tag in tags):
                return True
    return False


def _same_coefficients(pair: Observed) -> bool:
    from ..jpeg.entropy_decode import read_coefficients

    assert pair.context.sent_stream is not None, "asked of sent JPEGs only"
    try:
        sent = read_coefficients(pair.context.sent_stream)
    except UnderstudyError:
        return False
    theirs = pair.coefficients
    tables = zip(sent.components, theirs.components, strict=False)
    return sent.equal_share(theirs) == 1.0 and all((a.steps == b.steps).all() for a, b in tables)


def _same_picture(pair: Observed, seen: alike.Look) -> _Found | SetAside:
    """Whether the two files show the same picture, whole and not turned by more than Exif asks."""
    theirs = alike.look_through(pair.coefficients)
    found = alike.likeness(seen, theirs)
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


def _by_content(sent: Sequence[Path], received: Sequence[Path]) -> tuple[list[_Found], list[SetAside]]:
    """Pairs of files whose names do not tell, each taken where it and its partner fit each other best, and clearly."""
    ours, aside = _looks(sent, _look_at_sent)
    theirs, refused = _looks(received, _look_at_received)
    aside += refused
    found: list[_Found] = []
    scores = {(i, j): alike.likeness(a, b) for i, (_, _, a) in enumerate(ours) for j, (_, _, b) in enumerate(theirs)}
    taken: dict[int, int] = {}
    for j, (path, data, look) in enumerate(theirs):
        rivals = sorted(((s, i) for (i, k), s in scores.items() if k == j), key=lambda row: -row[0].score)
        partner, why = _clear(rivals, [ours[i][2] for _, i in rivals], look)
        if partner is None:
            kind: Kind = "ambiguous" if rivals and rivals[0][0].score >= alike.SAME else "no partner"
            aside.append(SetAside(path.name, why, kind))
        elif partner in taken:
            aside.append(SetAside(path.name, f"another received file resembles {ours[partner][0].name} too", "ambiguous"))
        else:
            taken[partner] = j
            result = examine(ours[partner][0].stem, ours[partner][1], data)
            if isinstance(result, _Found):
                note = f"{path.name} is paired with {ours[partner][0].name} by content"
                found.append(replace(result, note="; ".join(n for n in (note, result.note) if n)))
            else:
                aside.append(result)
    for i, (path, _, _) in enumerate(ours):
        if i not in taken:
            aside.append(SetAside(path.name, "no received file shows this picture", "no partner"))
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
) -> tuple[list[tuple[Path, bytes, alike.Look]], list[SetAside]]:
    out, aside = [], []
    for path in paths:
        try:
            data = read(path)
            out.append((path, data, look(data)))
        except UnderstudyError as error:
            aside.append(SetAside(path.name, str(error), "unreadable"))
    return out, aside


def _look_at_sent(data: bytes) -> alike.Look:
    return alike.look_at(Decode().exact(Source(data), Context(data)))


def _look_at_received(data: bytes) -> alike.Look:
    return alike.look_through(Observed("", b"", data).coefficients)


def _of_one_platform(found: Sequence[_Found], aside: list[SetAside]) -> Matched:
    """The pairs of the largest cluster of headers; the others are set aside."""
    pairs = [f.pair for f in found]
    notes = [f.note for f in found if f.note]
    groups, traits = clustering.clusters(pairs)
    if not groups:
        return Matched((), tuple(aside), (*notes, *_summary(aside)))
    main = groups[0]
    for group in groups[1:]:
        why = clustering.contrast(group.traits, main.traits)
        rule = clustering.explained_by_size(pairs, group, main)
        many = f"as {len(main.members)} other{'s' if len(main.members) > 1 else ''}"
        for i in group.members:
            aside.append(_elsewhere(pairs[i], main, f"not written {many}: {why}" + (f" ({rule})" if rule else "")))
    if len(groups) > 1 and len(groups[1].members) == len(main.members):
        notes.append(f"two ways of writing have {len(main.members)} files each: the one of {pairs[main.members[0]].name} "
                     "is learned; learn the other apart")  # fmt: skip
    elif len(groups) > 1:
        notes.append(f"{len(groups)} ways of writing files, of {', '.join(str(len(g.members)) for g in groups)} files: "
                     "the largest is learned")  # fmt: skip
    aside = [_maybe_swapped(s, found, main) for s in aside]
    if len(main.members) == 1:
        notes.append("one pair alone: no rule for sizes or quality can be told, nor what varies between files")
    return Matched(tuple(pairs[i] for i in main.members), tuple(aside), (*notes, *_summary(aside)))


def _elsewhere(pair: Observed, main: clustering.Cluster, reason: str) -> SetAside:
    """A pair of another cluster: of another platform, or swapped where its sent file is written as the others' received
    ones."""
    if pair.is_jpeg:
        swapped = Observed(pair.name, pair.received, pair.sent)
        try:
            if clustering.agree(clustering.traits_of(swapped), main.traits):
                return SetAside(pair.name, "swapped: it is the sent file that is written as the others were received",
                                "swapped")  # fmt: skip
        except UnderstudyError:
            pass
    return SetAside(pair.name, reason, "other platform")


def _maybe_swapped(s: SetAside, found: Sequence[_Found], main: clustering.Cluster) -> SetAside:
    return s


def _summary(aside: Sequence[SetAside]) -> list[str]:
    """What several pairs that were set aside have in common."""
    out = []
    untouched = [s.name for s in aside if s.kind == "untouched"]
    rewritten = [s.name for s in aside if s.kind == "rewritten"]
    if untouched:
        out.append(f"{len(untouched)} received files are the sent ones untouched: {', '.join(untouched[:6])}")
    if rewritten:
        out.append(f"{len(rewritten)} received files keep the sent JPEG's coefficients: {', '.join(rewritten[:6])}")
    return out
