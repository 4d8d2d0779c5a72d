"""Files that ask for much, and 20 MB at once: told in a line or shown, and the page goes on."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from visitors import Visitor, jpeg, saved

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "fuzz"))
from hostile import cases

CASES = cases()
TRIED = ["a header of 65535 x 65535", "overfull DHT", "5 million restart markers", "10 MB of stuffed bytes",
         "no components", "255 components", "values of 15 bits", "PNG of 2^31 x 2^31",
         "PNG whose zlib data is 200 MB of zeros",
         "BMP of 60,000 x 60,000", "GIF of 65,535 x 65,535", "a DNL of 65535"]  # fmt: skip
"""Those of which each takes less than a second on two busy cores; all 61 were tried by hand, the slowest 55 seconds."""


@pytest.mark.parametrize("name", TRIED)
def test_hostile_files_are_inspected_compared_and_learned_from(visitor: Visitor, name: str) -> None:
    lane = visitor.page.desk._lanes["quick"]
    visitor.done(visitor.give("/inspect", {"file": ("a.jpg", jpeg(16, 16))}))
    worker = lane._worker
    data = CASES[name]
    jobs = [
        visitor.done(visitor.give("/inspect", {"file": ("a", data)})),
        visitor.done(visitor.give("/compare", {"picture": ("a", data)}, profile="generic/libjpeg-turbo")),
        visitor.done(visitor.give("/learn", [("sent", ("a", data)), ("received", ("a", data))])),
    ]
    for job in jobs:
        assert job.state in ("done", "failed")
        assert "not expected" not in job.text and "\n" not in job.text
        assert visitor.get(f"/job/{job.id}").status_code == 200
    assert jobs[2].state == "failed"
    assert lane._worker is worker and worker is not None and worker.alive


def test_twenty_megabytes(visitor: Visitor) -> None:
    """A photograph-like file of 20 MB in, its page out."""
    noise = np.random.default_rng(0).integers(0, 256, (2200, 3100, 3), np.uint8)
    data = saved(Image.fromarray(noise), "PNG", compress_level=0)
    assert 20_000_000 < len(data) < 22_000_000
    job = visitor.done(visitor.give("/inspect", {"file": ("large.png", data)}), 60)
    assert job.state == "done", job.text
    assert visitor.get("/").status_code == 200
