"""Platforms that write a sent JPEG's coefficients anew: what their files state, as `transcode` and `envelope`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..errors import UnderstudyError
from ..rewriting import differences
from ..steps import Source
from ..steps.envelope import Envelope
from ..steps.transcode import Transcode
from .headers import Headers, headers
from .observed import Observed
from .question import Decision


@dataclass(frozen=True, eq=False)
class Lossless:
    """How such files are written."""

    headers: Headers
    """What the received files state, as of files that were encoded."""
    transcode: Transcode
    envelope: Envelope
    free: dict[str, str]
    decisions: tuple[Decision, ...]
    reproduced: int
    """Pairs whose received file comes out byte for byte from the sent one."""
    differences: tuple[tuple[str, str], ...] = ()
    """(pair, what its file has otherwise) of the others."""


def lossless(pairs: Sequence[Observed]) -> Lossless:
    """The two steps that make the received files of `pairs` of the sent ones; each pair's coefficients are equal."""
    stated: Headers = headers(pairs)
    transcode = Transcode(
        script=stated.encode.script,
        huffman=stated.encode.huffman,
        restart_interval=stated.encode.restart_interval,
        restart_rows=stated.encode.restart_rows,
    )
    told = [(pair.name, d) for pair in pairs for d in _unlike(pair, transcode, stated.envelope, stated.free)]
    kept = [d for d in stated.decisions if d.step == "envelope" and d.question != "bytes from coefficients"]
    coding = [
        replace(d, step="transcode")
        for d in stated.decisions
        if d.question in ("scan script", "Huffman tables", "restart interval")
    ]
    free = {name: why for name, why in stated.free.items() if name.startswith("envelope.")}
    good = len(pairs) - len({name for name, _ in told})
    why = f"{len(pairs)} received files have the sent JPEGs' coefficients; {good} come out byte for byte"
    if told:
        why += "; " + "; ".join(f"{name}: {what}" for name, what in told[:3])
    first = Decision("what is done", "transcode", "written anew, without loss", reason=why, guess=good < len(pairs))
    return Lossless(stated, transcode, stated.envelope, free, (first, *coding, *kept), good, tuple(told))


def _unlike(pair: Observed, transcode: Transcode, envelope: Envelope, free: dict[str, str]) -> list[str]:
    own = envelope.observe(pair.stream)
    given = {key: own[key] for key in (name.split(".")[1] for name in free) if key in own}
    try:
        made = replace(envelope, **given).exact(transcode.exact(Source(pair.sent), pair.context), pair.context)
    except UnderstudyError as error:
        return [str(error)]
    if made.data == pair.received:
        return []
    return [str(d) for d in differences(pair.stream, made.stream)] or ["other bytes between segments"]
