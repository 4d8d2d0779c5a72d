"""Everything that received files state, as parameters of `encode` and `envelope`, proved by writing each file again.

Each file gives, for each parameter, the values that agree with it (`stated`, `coding`). A value that agrees with all
files is taken; of several the simplest, and the decision says that the others were not told apart. Where no value
agrees with all, a rule by size is looked for (`rules`); what is left is declared free: `--like` takes it from a file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..errors import PairsError, UnderstudyError
from ..evidence import observe
from ..jpeg.compose import Encoded, Huffman
from ..jpeg.syntax import Opaque
from ..rewriting import differences
from ..steps import Step
from ..steps.encode import Encode
from ..steps.envelope import Envelope
from .coding import Options, coded, codings, hypotheses, restarts, searches
from .observed import Observed
from .qualities import quant_of
from .question import Decision
from .settling import Settled, label, settle
from .stated import Stated, sent_sampling, stated

PARAMETERS = {
    "encode.force_baseline": "8-bit steps",
    "encode.sampling": "chroma sampling",
    "encode.grey": "grey pictures",
    "encode.grey_factors": "factors of grey pictures",
    "encode.unused_tables": "unused tables of grey pictures",
    "encode.script": "scan script",
    "encode.huffman": "Huffman tables",
    "encode.always_pad": "padding of the last byte",
    "encode.restarts": "restart interval",
    "encode.color": "colour space",
    "encode.chroma_tbl_no": "table of the second and third component",
    "envelope.jfif": "JFIF",
    "envelope.density": "density",
    "envelope.adobe_transform": "Adobe segment",
    "envelope.iptc": "IPTC records",
    "envelope.fbmd_type": "FBMD type",
    "envelope.token": "IPTC token",
    "envelope.icc": "embedded ICC profile",
    "envelope.comment": "comment",
    "envelope.comment_at": "place of the comment",
    "envelope.merge_dqt": "one DQT for all tables",
    "envelope.frame_first": "frame header before the tables",
    "envelope.dht": "DHT segments",
    "envelope.selectors": "table selectors",
}
"""Parameters that files state outright -> what is asked. Tables, ids, kept segments and their order have rules of their
own."""

WOULD_TELL = {
    "encode.sampling": "a sent JPEG in 4:4:4, or one in 4:2:0 where these are not",
    "encode.grey": "a grey picture of one channel, and one in RGB of which every pixel is grey",
    "envelope.density": "a sent JPEG whose JFIF segment states 300 dots an inch",
    "envelope.icc": "a picture with an ICC profile of its own",
    "envelope.comment": "a sent JPEG with a comment, or without one",
    "envelope.adobe_transform": "a sent JPEG with Adobe's segment, or without one",
    "encode.force_baseline": "nothing at this quality: no step is above 255",
    "envelope.selectors": "",
}

SILENT = frozenset({"encode.always_pad", "encode.force_baseline", "envelope.selectors"})
"""Parameters whose ties change no byte of files like these; they are told as settled, not as guesses."""


SENT_PARTS = {"COM": ("comments", "envelope.comment"), "APP14": ("Adobe's segment", "envelope.adobe_transform")}
"""Markers that are kept where a parameter comes out as `sent` -> what they hold, the parameter."""


@dataclass(frozen=True, eq=False)
class Headers:
    """What the received files state."""

    encode: Encode
    """With every parameter that headers show; colour, DCT and quantiser at their defaults."""
    envelope: Envelope
    free: dict[str, str]
    """`step.parameter` -> why it is free: its values, and that no rule gives them."""
    decisions: tuple[Decision, ...]
    family: tuple[str, ...]
    """Container layouts (`evidence.family`) that no file contradicts, those with most support first."""
    reproduced: int
    """Pairs whose files come out byte for byte from their own coefficients, free values given."""
    differences: tuple[tuple[str, str], ...] = ()
    """(pair, what its file has otherwise) of the others."""
    first: tuple[Step, ...] = ()
    """Steps before all others: `passthrough`, where some files came back untouched."""


def headers(pairs: Sequence[Observed]) -> Headers:
    """What the received files of `pairs` state. Each has one or three components and undamaged scans.

    Raises PairsError for no pairs.
    """
    if not pairs:
        raise PairsError("no pairs", place="headers", expected="at least one")
    files = [stated(pair) for pair in pairs]
    options = [{**file.options, **found} for file, found in zip(files, codings(files), strict=True)]
    searched = searches(files)
    for file, row in zip(files, options, strict=True):
        row["encode.script"] = (*searched, *file.options["encode.script"])
    _told_apart(files, options)
    _factors_of_grey(files, options)
    rows = {name: _rows(files, options, name) for name in PARAMETERS}
    settled = {name: found for name, row in rows.items() if (found := settle(row)) is not None}
    _unknown_coding(files, settled)
    quant = quant_of(files)
    encode = _with(Encode(), "encode", settled, quant.values)
    keep, kept_decisions = _kept(files, options)
    made = _with(Envelope(), "envelope", settled, {"keep": keep})
    made = replace(
        made, keep=(*made.keep, *(m for m, (_, name) in SENT_PARTS.items() if settled[name].value == "sent"))
    )
    if made.icc == "sent" and any(f.parts.count("kept") > 1 for f in files):
        made = replace(made, icc="none", keep=(*made.keep, "APP2"))  # the profile stands among the segments kept
    envelope = replace(made, **_ids(files), order=_order(files, made.keep))
    encode, free = _own_sampling(encode, files)
    free |= {name: s.why_free(PARAMETERS[name]) for name, s in settled.items() if s.free} | quant.free
    if "encode.restarts" in free:
        free["encode.restart_interval"] = free.pop("encode.restarts")
    stated_ones = (_of_jpegs_alone(_decision(name, s), files) for name, s in settled.items())
    decisions = [*quant.decisions, *stated_ones, *kept_decisions]
    told = [(f.pair.name, d) for f in files for d in unlike(f, encode, envelope, free)]
    failed = {name for name, _ in told}
    decisions.append(_proved(files, told))
    return Headers(
        encode, envelope, free, tuple(decisions), _families(pairs), len(files) - len(failed), tuple(told)
    )  # fmt: skip


def _unknown_coding(files: Sequence[Stated], settled: dict[str, Settled]) -> None:
    """Where no hypothesis gave any file's scans: optimal tables, unless the file's are the standard ones."""
    if "encode.huffman" in settled:
        return
    kind = Huffman.OPTIMAL if Huffman.OPTIMAL in hypotheses(files[0].pair.stream) else Huffman.STANDARD
    reason = (
        "no origin of tables known here gives the scans' bytes of any file; their coefficients are read all the same"
    )
    settled["encode.huffman"] = Settled(kind, (), reason, unknown=True)


def _rows(files: Sequence[Stated], options: Sequence[Options], name: str) -> list[tuple[str, tuple[Any, ...]]]:
    return [(f.pair.name, row[name]) for f, row in zip(files, options, strict=True) if row.get(name)]


def _with(step: Any, prefix: str, settled: dict[str, Settled], more: dict[str, Any]) -> Any:
    values = {name.split(".")[1]: s.value for name, s in settled.items() if name.startswith(f"{prefix}.")}
    if "restarts" in values:
        values |= restarts(values.pop("restarts"))
    if values.get("sampling") == "sent":
        values |= {"sampling": "4:2:0", "keep_sampling": True}
    values = {name: value for name, value in values.items() if value != "sent" or name in ("density", "icc")}
    return replace(step, **values, **more)


def _own_sampling(encode: Encode, files: Sequence[Stated]) -> tuple[Encode, dict[str, str]]:
    """With `keep_sampling`: the sampling of pictures that were sent without one, and why it is free if it varies."""
    rows = [f.options["encode.sampling"][0] for f in files
            if "encode.sampling" in f.options and sent_sampling(f.pair) is None]  # fmt: skip
    if not encode.keep_sampling or not rows:
        return encode, {}
    counts = Counter(rows).most_common()
    told = ", ".join(f"{name} in {n}" for name, n in counts)
    free = {"encode.sampling": f"of pictures sent without a sampling: {told}"} if len(counts) > 1 else {}
    return replace(encode, sampling=counts[0][0]), free


def _ids(files: Sequence[Stated]) -> dict[str, Any]:
    """Component ids, left at their default where they agree with it."""
    longest: tuple[int, ...] = max((f.options["envelope.component_ids"][0] for f in files), key=len)
    default: tuple[int, ...] = Envelope().component_ids
    return {} if longest == default[: len(longest)] else {"component_ids": longest}


def _order(files: Sequence[Stated], keep: Sequence[str]) -> tuple[Any, ...]:
    """The default order where all files agree with it, else one that agrees with all, the default deciding the rest."""
    default = Envelope().order
    renamed = {part: "kept" for part, marker in (("comment", "COM"), ("adobe", "APP14"), ("icc", "APP2"))
               if marker in keep}  # fmt: skip
    seen = [tuple(dict.fromkeys(renamed.get(part, part) for part in f.parts)) for f in files]
    if all(list(parts) == sorted(parts, key=default.index) for parts in seen):
        return default
    after = {part: {q for parts in seen if part in parts for q in parts[: parts.index(part)]} for part in default}
    # What no file has comes last: where it would stand is not known.
    left = sorted(default, key=lambda part: not any(part in parts for parts in seen))
    out: list[Any] = []
    while left:
        ready = [part for part in left if not after[part] & set(left)]
        out.append((ready or left)[0])
        left.remove(out[-1])
    return tuple(out)


def _kept(files: Sequence[Stated], options: Sequence[Options]) -> tuple[tuple[str, ...], list[Decision]]:
    """(markers of the sent JPEG that are copied, the decisions)."""
    names = sorted({name for row in options for name in row if name.startswith("sent ")})
    keep: list[str] = []
    decisions = []
    for name in names:
        found = settle(_rows(files, options, name))
        assert found is not None, "a file has that marker"
        if found.value == "kept":
            keep.append(name.removeprefix("sent "))
        decisions.append(
            Decision(f"{name} segments", "envelope", str(found.value), reason=found.reason, guess=found.free)
        )
    if not names:
        settled = ((what, settle(_rows(files, options, name))) for what, name in SENT_PARTS.values())
        known = [what for what, found in settled if found is not None and found.value == "sent"]
        reason = "no sent file has segments such as Exif, XMP or IPTC"
        reason += f"; {' and '.join(known)} came back as sent" if known else ""
        answers = ("kept", "dropped") if known else ("dropped", "kept")
        keep += ["APP1", "APP13"] if known else []
        tell = "a camera's JPEG with Exif and XMP"
        decisions.append(
            Decision(
                "sent metadata", "envelope", answers[0], tied=answers[1:], reason=reason, guess=True, would_tell=tell
            )
        )
    return tuple(keep), decisions


def _told_apart(files: Sequence[Stated], options: Sequence[Options]) -> None:
    """Takes `sent` out of the options where no sent file has such a segment: nothing could tell, and `sent metadata`
    says so once for all."""
    for name, code in (("envelope.comment", 0xFE), ("envelope.adobe_transform", 0xEE)):
        streams = [f.pair.context.sent_stream for f in files]
        if not any(isinstance(e, Opaque) and e.code == code for s in streams if s is not None for e in s.elements):
            for row in options:
                row[name] = tuple(v for v in row[name] if v != "sent")


def _factors_of_grey(files: Sequence[Stated], options: Sequence[Options]) -> None:
    """Takes `grey_factors` out of the options where a grey file states 1x1 and those in colour are not 4:4:4."""
    if any(f.options.get("encode.sampling", ("4:4:4",))[0] != "4:4:4" for f in files):
        for row in options:
            if len(row.get("encode.grey_factors", ())) == 2:
                row["encode.grey_factors"] = (False,)


def _decision(name: str, s: Settled) -> Decision:
    step = name.split(".")[0]
    guess = s.free or s.unknown or (bool(s.tied) and name not in SILENT)
    evidence: dict[str, object] = {"parameter": name, "options": [label(v) for v in (s.value, *s.tied)]}
    return Decision(
        PARAMETERS[name], step, label(s.value), tied=tuple(label(v) for v in s.tied), reason=s.reason, guess=guess,
        decided_by=s.decided_by, would_tell=WOULD_TELL.get(name, "") if guess else "", evidence=evidence,
    )  # fmt: skip


def _of_jpegs_alone(decision: Decision, files: Sequence[Stated]) -> Decision:
    """A profile that came back of JPEGs alone may be their segment, kept as it was: what is done to another file's is
    not told."""
    if decision.question != PARAMETERS["envelope.icc"] or decision.answer != "sent":
        return decision
    if any(f.pair.icc is not None and not f.pair.is_jpeg for f in files):
        return decision
    return replace(
        decision, guess=True, tied=(*decision.tied, "sent, of JPEGs alone"),
        reason=f"{decision.reason}; every picture with a profile was a JPEG",
        would_tell="a PNG with an ICC profile of its own",
    )  # fmt: skip


def unlike(file: Stated, encode: Encode, envelope: Envelope, free: Iterable[str]) -> list[str]:
    """How the pair's received file differs from what these steps write of its coefficients; empty where it does not."""
    pair = file.pair
    own = {**encode.observe(pair.stream), **envelope.observe(pair.stream)}
    given = {name.split(".")[1]: own[name.split(".")[1]] for name in free if name.split(".")[1] in own}
    fields = Encode.__dataclass_fields__
    encode = replace(encode, **{k: v for k, v in given.items() if k in fields})
    envelope = replace(envelope, **{k: v for k, v in given.items() if k not in fields})
    try:
        made = envelope.exact(_coded(pair, encode), pair.context)
    except UnderstudyError as error:
        return [*file.problems, str(error)]
    found = [str(d) for d in differences(pair.stream, made.stream)]
    if not found and made.data != pair.received:
        found = ["fill bytes or other bytes between segments"]
    return [*file.problems, *found] if found else []


def _coded(pair: Observed, encode: Encode) -> Encoded:
    return coded(pair, encode.given(pair.context) if hasattr(encode, "given") else encode)


def _proved(files: Sequence[Stated], told: Sequence[tuple[str, str]]) -> Decision:
    failed = dict.fromkeys(name for name, _ in told)
    good = len(files) - len(failed)
    reason = f"{good} of {len(files)} files come out byte for byte from their own coefficients"
    if told:
        reason += "; " + "; ".join(f"{name}: {what}" for name, what in told[:3])
    answer = "proved" if not failed else f"{len(failed)} files differ"
    evidence: dict[str, object] = {"reproduced": good, "files": len(files)}
    evidence["differences"] = [list(t) for t in told[:50]]
    return Decision("bytes from coefficients", "envelope", answer, reason=reason, guess=bool(failed), evidence=evidence)


def _families(pairs: Sequence[Observed]) -> tuple[str, ...]:
    """Layouts consistent with every file, most support first."""
    support: Counter[str] = Counter()
    seen: Counter[str] = Counter()
    for pair in pairs:
        for o in observe(pair.stream):
            if (o.topic, o.name) == ("family", "consistent_with"):
                for row in o.value:
                    seen[row["family"]] += 1
                    support[row["family"]] += len(row["supports"])
    return tuple(name for name, _ in support.most_common() if seen[name] == len(pairs))
