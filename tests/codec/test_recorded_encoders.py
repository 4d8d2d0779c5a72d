"""Encoders in other languages, against goldens that they themselves made: Java's ImageIO, jpeg-js.

The goldens are SHA-256 sums of their files (recorded_encoders.json), by the job that made each; the pictures are made
of integers only. `python tests/codec/test_recorded_encoders.py TOOL...` asks a tool again and writes its part anew:

    java       OpenJDK 17 (Debian's openjdk-17-jdk-headless)
    jpeg-js    jpeg-js 0.4.4 under Node 20; NODE_PATH names the folder that it is in
"""

from __future__ import annotations

import base64
import json
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_resample_go import picture

import understudy as us
from understudy.codec import tables
from understudy.codec.tables import Law

HERE = Path(__file__).parent
GOLDENS = HERE / "recorded_encoders.json"
SIZES = [(1, 1), (7, 11), (8, 8), (17, 33), (65, 57), (131, 97)]
QUALITIES = (1, 20, 50, 77, 95, 100)

Job = tuple[int, int, int, int, str]
"""Width, height, channels, quality, `baseline` or `progressive`."""


def jobs(tool: str) -> list[Job]:
    """What a tool is asked."""
    grey, codings = ((1, 3), ("baseline", "progressive")) if tool == "java" else ((3,), ("baseline",))
    return [
        (*size, channels, q, coding) for size in SIZES for channels in grey for q in QUALITIES for coding in codings
    ]


def ours(tool: str, job: Job) -> bytes:
    """Our answer to a job."""
    width, height, channels, quality, coding = job
    if tool == "java":
        given: dict[str, Any] = {"law": "java-imageio", "jfif": "1.02"}
        given |= {"script": "simple10", "huffman": "optimal"} if coding == "progressive" else {}
    else:
        given = {"sampling": "4:4:4", "dct": "jpeg-js", "always_pad": True, "merge_dqt": True, "dht": "merged"}
    return us.mimic(picture(width, height, channels), "generic/libjpeg-turbo", quality=quality, **given).data


def by_java(wanted: Sequence[Job]) -> list[bytes]:
    """ImageIO's files: a writer's defaults, compression mode explicit, 4:2:0."""
    asked = b""
    for width, height, channels, quality, coding in wanted:
        asked += struct.pack(">Biiii", channels, width, height, quality, coding == "progressive")
        asked += picture(width, height, channels).tobytes()
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(["javac", "-d", folder, str(HERE / "java" / "WriteJpeg.java")], check=True)
        run = ["java", "-Djava.awt.headless=true", "-cp", folder, "WriteJpeg"]
        told = subprocess.run(run, input=asked, capture_output=True, check=True).stdout
    out = []
    while told:
        size = int.from_bytes(told[:4], "big")
        out.append(told[4 : 4 + size])
        told = told[4 + size :]
    return out


ASK_JPEG_JS = """
const {encode} = require('jpeg-js');
const jobs = JSON.parse(require('fs').readFileSync(0));
const coded = j => encode({data: Buffer.from(j.rgba, 'base64'), width: j.width, height: j.height}, j.quality).data;
console.log(JSON.stringify(jobs.map(j => coded(j).toString('base64'))));
"""


def by_jpeg_js(wanted: Sequence[Job]) -> list[bytes]:
    """jpeg-js's files; its alpha is not looked at."""
    asked = []
    for width, height, _, quality, _ in wanted:
        rgba = np.dstack([picture(width, height, 3), np.full((height, width), 255, np.uint8)])
        text = base64.b64encode(rgba.tobytes()).decode()
        asked.append({"rgba": text, "width": width, "height": height, "quality": quality})
    run = ["node", "-e", ASK_JPEG_JS]
    told = subprocess.run(run, input=json.dumps(asked), capture_output=True, text=True, check=True).stdout
    return [base64.b64decode(text) for text in json.loads(told)]


TOOLS: dict[str, Callable[[Sequence[Job]], list[bytes]]] = {"java": by_java, "jpeg-js": by_jpeg_js}


def digest(data: bytes) -> str:
    return sha256(data).hexdigest()[:16]


@pytest.mark.parametrize("tool", TOOLS)
def test_equals_the_recorded_files(tool: str) -> None:
    goldens = json.loads(GOLDENS.read_text(encoding="ascii"))[tool]
    assert len(goldens) == len(jobs(tool))
    assert [job for job in jobs(tool) if digest(ours(tool, job)) != goldens[" ".join(map(str, job))]] == []


def test_javas_law_is_not_libjpegs() -> None:
    """35 of 100 qualities give other tables; no quality at all is 75 of both."""
    unlike = [q for q in range(1, 101) if tables.quant_tables(Law.JAVA_IMAGEIO, q) != tables.quant_tables("annex-k", q)]
    assert len(unlike) == 35
    assert 75 not in unlike
    luma, chroma = tables.quant_tables(Law.JAVA_IMAGEIO, unlike[0])
    both = [
        {(m.law, m.quality) for m in tables.candidates(t) if m.role == r}
        for t, r in ((luma, "luma"), (chroma, "chroma"))
    ]
    assert (Law.JAVA_IMAGEIO, unlike[0]) in both[0] & both[1]


def test_a_scan_that_ends_with_a_whole_byte_gets_one_more() -> None:
    """In jpeg-js; the quirk is rare enough that goldens could miss it."""
    longer = 0
    for width in range(8, 40):
        with_byte, without = (
            us.mimic(picture(width, 9, 3), "generic/libjpeg-turbo", quality=60, always_pad=always).data
            for always in (True, False)
        )
        assert with_byte in (without, without[:-2] + b"\xff\x00" + without[-2:])
        longer += with_byte != without
        assert (np.asarray(us.jpeg.read_coefficients(us.jpeg.parse(with_byte)).components[0].blocks)
                == us.jpeg.read_coefficients(us.jpeg.parse(without)).components[0].blocks).all()  # fmt: skip
    assert 0 < longer < 16


def main() -> None:
    goldens = json.loads(GOLDENS.read_text(encoding="ascii")) if GOLDENS.exists() else {}
    for tool in sys.argv[1:]:
        made = TOOLS[tool](jobs(tool))
        goldens[tool] = {" ".join(map(str, j)): digest(f) for j, f in zip(jobs(tool), made, strict=True)}
    GOLDENS.write_text(json.dumps(goldens, indent=0) + "\n", encoding="ascii")


if __name__ == "__main__":
    main()
