"""What `learn` asks, and the step that each question is about: what probes are chosen by."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from ..learning.headers import PARAMETERS
from ..learning.questions import questions

OTHERS: Mapping[str, str] = {
    "size rule": "resize",
    "quantisation tables": "encode",
    "files passed through": "passthrough",
    "sent metadata": "envelope",
    "bytes from coefficients": "envelope",
    "software": "encode",
    "what is done": "transcode",
    "sent format": "decode",
}
"""Questions that are no module of `learning.questions` and no parameter of a header. `sent format` is asked by people:
which formats are taken at all."""

WITHOUT_PROBE = frozenset({
    "software", "bytes from coefficients", "what is done", "padding of the last byte", "8-bit steps", "JFIF",
    "IPTC records", "FBMD type", "IPTC token", "one DQT for all tables", "DHT segments", "table selectors",
    "place of the comment", "restart interval", "table of the second and third component",
    "frame header before the tables",
})  # fmt: skip
"""Questions that any delivery answers, or that no picture does: nothing is made for them."""


@cache
def asked() -> Mapping[str, str]:
    """Question -> the step that it is about."""
    of_headers = {what: name.split(".")[0] for name, what in PARAMETERS.items()}
    return {q.name: q.step for q in questions()} | of_headers | dict(OTHERS)


def known_as(question: str) -> str:
    """The name that probes know a question by: `sent APP1 segments` is one of `sent metadata`."""
    return "sent metadata" if question.startswith("sent ") and question.endswith(" segments") else question
