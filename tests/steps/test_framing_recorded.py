"""Covers, cuts and borders as sharp, Jimp, nginx, thumbor, Synapse, WordPress, imaging (Go) and Pillow 12 make them.

framing_goldens.json holds what the programs themselves answered (record_framing.py asks them again), with their
versions: the size and a SHA-256 of every picture's samples, and of WordPress the rectangles.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from framing_cases import CALLS, jobs, ours

GOLDENS = json.loads(Path(__file__).with_name("framing_goldens.json").read_text(encoding="ascii"))


def test_every_call_was_asked() -> None:
    assert set(GOLDENS["answers"]) == set(CALLS)
    assert {call.split()[0] for call in CALLS} == set(GOLDENS["made_with"])
    for call, answers in GOLDENS["answers"].items():
        assert list(answers) == [" ".join(map(str, job)) for job in jobs(call)], call
        assert sum(answer != "none" for answer in answers.values()) >= 20, call


@pytest.mark.parametrize("call", CALLS)
def test_equals(call: str) -> None:
    different = []
    for job in jobs(call):
        theirs, answer = GOLDENS["answers"][call][" ".join(map(str, job))], ours(call, job)
        if theirs == "none":  # WordPress makes no picture where its size would change by a pixel or not at all
            width, height = map(int, answer.split()[4:6])
            assert max(abs(width - job[0]), abs(height - job[1])) <= 1
        elif answer != theirs:
            different.append(job)
    assert different == []
