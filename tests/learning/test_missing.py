"""The sentence that says where something is still missing."""

from __future__ import annotations

from pictures import jpeg, picture, png

from understudy.learning.missing import missing
from understudy.learning.observed import Observed
from understudy.verification import PairScore, Scores


def pair(name: str, side: int = 64, received: int = 64, kind: str = "png") -> Observed:
    sent = png(picture(1, side, side)) if kind == "png" else jpeg(picture(1, side, side), subsampling=2)
    return Observed(name, sent, jpeg(picture(1, received, received)))


def scores(**equal: float) -> Scores:
    return Scores(
        "x", "predicted", tuple(PairScore(n, coefficients=100, coefficients_equal=e) for n, e in equal.items())
    )


def test_what_sets_them_apart() -> None:
    pairs = [pair("a"), pair("b", 128), pair("c", 128)]
    assert missing(pairs, scores(a=1, b=1, c=1)) == ""
    told = missing(pairs, scores(a=1, b=0.9999, c=0.9999))
    assert told == (
        "1 of 3 pairs come out with every coefficient; in b, c 99.99 % of their coefficients are equal: something small"
        " is missing where pictures were resized"
    )
    pairs = [pair("a", 128), pair("b", 128, kind="jpeg"), pair("c")]
    assert missing(pairs, scores(a=1, b=0.8, c=1)).endswith(
        "in b 80.00 % of its coefficients are equal: something is missing where pictures were sent as JPEG or were sent"
        " as JPEG with smaller chroma"
    )


def test_what_no_single_trait_explains_is_told_so() -> None:
    pairs = [pair("a", 128), pair("b", 128), pair("c")]
    assert "perhaps where pictures were resized, though 1 of those that do so comes out" in missing(
        pairs, scores(a=1, b=0.9, c=1)
    )
    assert missing(pairs[:2], scores(a=1, b=0.9)).endswith("nothing that is known of them sets them apart")
    assert missing(pairs, scores(a=0.5, b=0.5, c=0.5)).startswith("no pair comes out with every coefficient (50.00 %")


def test_a_pair_that_failed_counts_as_nothing_equal() -> None:
    found = Scores("x", "predicted", (PairScore("a", coefficients=9, coefficients_equal=1), PairScore("b", error="no")))
    assert "in b 0 % of its coefficients" in missing([pair("a"), pair("b", 128)], found)
