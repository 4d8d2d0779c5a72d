"""The law of the received files' tables, their quality, the rule for it where it varies; or the steps as data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..codec.imagemagick_quality import DEFAULT
from ..codec.tables import Law
from ..steps import Rule
from ..steps.encode import Encode
from . import rules
from .observed import Observed
from .question import Decision
from .stated import Stated


@dataclass(frozen=True)
class Quant:
    """What a profile says of tables."""

    values: dict[str, Any]
    free: dict[str, str]
    decisions: tuple[Decision, ...]


def quant_of(files: Sequence[Stated]) -> Quant:
    """Law and quality, a rule for it, or the steps as data."""
    for role in ("tables", "luma"):
        laws = [law for law in Law if all(any(m[0] == law for m in f.options[role]) for f in files)]
        chroma = {f.options["chroma_steps"][0] for f in files if "chroma_steps" in f.options}
        if laws and (role == "tables" or len(chroma) == 1):
            more = {} if role == "tables" else {"chroma_steps": chroma.pop()}
            return _by_law(files, role, laws, more)
    luma = {f.options["luma_steps"][0] for f in files}
    both = {(f.options["luma_steps"][0], f.options.get("chroma_steps", ((),))[0]) for f in files}
    chroma = {c for _, c in both if c}
    if len(luma) == 1 and len(chroma) <= 1:
        values = {"luma_steps": luma.pop(), **({"chroma_steps": chroma.pop()} if chroma else {})}
        why = f"{len(files)} files have these tables, which no law known here gives"
        return Quant(values, {}, (Decision("quantisation tables", "encode", "tables as data", reason=why),))
    commonest = Counter(
        (f.options["luma_steps"][0], f.options.get("chroma_steps", f.options["luma_steps"])[0]) for f in files
    )
    first = commonest.most_common(1)[0][0]
    own = sum(_tables_of_sent(f.pair) == f.pair.tables for f in files)
    why = f"{len(commonest)} different pairs of tables in {len(files)} files, of no common law"
    why += f"; {own} have the tables of the JPEG that was sent" if own else ""
    free = {"encode.luma_steps": why, "encode.chroma_steps": why}
    decision = Decision("quantisation tables", "encode", "tables that vary", reason=why, guess=True)
    return Quant({"luma_steps": first[0], "chroma_steps": first[1]}, free, (decision,))


def _by_law(files: Sequence[Stated], role: str, laws: Sequence[Law], more: dict[str, Any]) -> Quant:
    law = laws[0]
    rows = [[q for found, q in f.options[role] if found == law] for f in files]
    others = tuple(str(other) for other in laws[1:])
    with_data = ", chroma's table as data" if more else ""
    if law == Law.CUSTOM_DIAG:
        why = f"{len(files)} of {len(files)} files"
        decision = Decision("quantisation tables", "encode", f"{law}{with_data}", tied=others, reason=why)
        return Quant({"law": law, **more}, {}, (decision,))
    common = [q for q in rows[0] if all(q in row for row in rows)]
    if common:
        why = f"{len(files)} of {len(files)} files; every step is the law's at this quality"
        tied = (*others, *(f"quality {q}" for q in common[1:]))
        kept = _kept_quality([f.pair for f in files], [common[0]] * len(files)) is not None
        if kept:
            tied = (*tied, "the sent JPEG's own quality")
        decision = Decision("quantisation tables", "encode", f"{law} {common[0]}{with_data}", tied=tied, reason=why,
                            guess=kept, evidence={"qualities": [common[0]] * len(files)},
                            would_tell="a JPEG of another quality" if kept else "")  # fmt: skip
        return Quant({"law": law, "quality": common[0], **more}, {}, (decision,))
    return _quality_rule(files, law, [row[0] for row in rows], more)


def _quality_rule(files: Sequence[Stated], law: Law, qualities: list[int], more: dict[str, Any]) -> Quant:
    """The rule by size, or by the sent file, that gives every file's quality; where the files are too few for one, free
    beside it."""
    pairs = [f.pair for f in files]
    found = rules.by_size([p.size for p in pairs], qualities, [p.is_resized for p in pairs])
    told = ", ".join(f"{q}: {n}" for q, n in sorted(Counter(qualities).items()))
    rows = [{"pair": p.name, "size": list(p.size), "bytes": len(p.received), "quality": q}
            for p, q in zip(pairs, qualities, strict=True)]  # fmt: skip
    own = _kept_quality(pairs, qualities)
    evidence: dict[str, object] = {"qualities": qualities, "files": rows}
    free: dict[str, str] = {}
    guess = False
    quality: int | Rule = Counter(qualities).most_common(1)[0][0]
    if own is not None:
        answer, reason = (
            f"{law}, the sent JPEG's own quality, else {own}",
            f"{len(files)} of {len(files)} files; {told}",
        )
        decision = Decision("quantisation tables", "encode", answer, reason=reason, evidence=evidence)
        return Quant({"law": law, "quality": own, "keep_quality": True, **more}, {}, (decision,))
    of_sent = rules.by_sent(_of_sent(pairs), qualities)
    if found is not None and of_sent is not None and len(of_sent.intervals) == len(found.intervals):
        found = replace(found, rivals=(*found.rivals, of_sent.rule, *of_sent.rivals))
    elif found is None or (of_sent is not None and len(of_sent.intervals) < len(found.intervals)):
        found = of_sent
    if found is not None:
        quality, guess = found.rule, not found.supported
        reason = str(found)
        evidence["rivals"] = [str(rule) for rule in found.rivals]
    else:
        reason, guess = f"no rule by size or by the sent file gives them: {told}", True
        if other := rules.explained({"the received file's bytes": [len(p.received) for p in pairs]}, qualities):
            reason += f"; {other}, which no profile can say"
    if guess:
        free["encode.quality"] = f"{told} files; {reason}"
    answer = f"{law}, {quality}"
    tell = "more pairs, of sizes between those of neighbouring qualities" if found else "more pairs"
    decision = Decision("quantisation tables", "encode", answer, reason=reason, guess=guess, evidence=evidence,
                        tied=tuple(str(r) for r in found.rivals) if found else (), would_tell=tell)  # fmt: skip
    return Quant({"law": law, "quality": quality, **more}, free, (decision,))


def _of_sent(pairs: Sequence[Observed]) -> dict[rules.By, list[int | None]]:
    """What a platform may look at beside the size of what it delivers, as a `Rule` can say it."""
    return {by: [p.context.sent_measure(by.removeprefix("sent_")) for p in pairs] for by in rules.OF_SENT}


def _kept_quality(pairs: Sequence[Observed], qualities: Sequence[int]) -> int | None:
    """The quality of files that state none, where every sent JPEG that states one came back with it; ImageMagick's
    where all state one. None where that does not explain the files."""
    own = [p.context.sent_quality for p in pairs]
    others = {q for q, sent in zip(qualities, own, strict=True) if sent is None}
    kept = [q == sent for q, sent in zip(qualities, own, strict=True) if sent is not None]
    return next(iter(others), DEFAULT) if kept and all(kept) and len(others) < 2 else None


def _tables_of_sent(pair: Observed) -> tuple[tuple[int, ...], tuple[int, ...]] | None:
    if pair.context.sent_stream is None:
        return None
    seen = Encode().observe(pair.context.sent_stream)
    return (seen["luma_steps"], seen["chroma_steps"]) if "luma_steps" in seen else None
