"""Probes do their work: `learn` finds a platform from the kept ones of the compact set, and proves it on a scene."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageOps

import understudy as us
from understudy.probes import choosing, drawing
from understudy.probes.base import randomness
from understudy.probes.making import make


def platform(data: bytes) -> bytes:
    """Pillow alone: upright, on white, quality 81, progressive, the comment dropped."""
    with Image.open(io.BytesIO(data)) as opened:
        image = ImageOps.exif_transpose(opened)
        if image.mode == "RGBA":
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        image = image.convert("RGB")
        image.info.clear()
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=81, progressive=True)
        return buffer.getvalue()


def test_five_small_probes_teach_a_platform_that_keeps_sizes() -> None:
    rows = [(f, p) for f, p in choosing.named("compact") if p.reach == "kept"]
    sent = [file.data for file in make(rows, 0)]
    learned = us.learn([(data, platform(data)) for data in sent])
    answers = {d.question: d for d in learned.evidence}
    for question, answer in {
        "EXIF orientation": "applied", "transparency": "onto white, rounded nearest", "comment": "none",
        "JPEG decoder": "libjpeg-turbo", "edges": "libjpeg", "grey pictures": "widen",
    }.items():  # fmt: skip
        assert (answers[question].answer, answers[question].guess) == (answer, False), question
    scene = Image.fromarray(drawing.photograph(randomness(5, "held out"), 333, 251))
    wide = np.asarray(scene.resize((500, 201), Image.Resampling.BICUBIC))
    for pixels in (np.asarray(scene), wide):
        buffer = io.BytesIO()
        Image.fromarray(pixels).save(buffer, "PNG")
        assert us.mimic(buffer.getvalue(), learned.profile).data == platform(buffer.getvalue())
    open_ = {p.name for _, p in choosing.for_profile(learned.profile)}
    assert {"deep-rgb", "deep-grey"} <= open_  # no probe of 16 bits was sent
    assert not open_ & {"orient-6", "alpha-slope", "notes-all"}  # all of that is decided
