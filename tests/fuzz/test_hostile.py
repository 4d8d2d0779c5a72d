"""Small files that ask for much: a stream with anomalies or one clear error, in bounded time and memory."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
from hostile import cases

import understudy as us
from oracles import cjpeg, pillow, scene
from understudy.jpeg.syntax import Sos

ROOT = Path(__file__).resolve().parents[2]
CASES = cases()
PROFILES = [us.load_profile("generic"), us.load_profile("imgur")]
SECONDS = 5
"""Of processor time, for each thing that is done with a file; the slowest case (1.8 s) claims 268 megapixels."""


@pytest.fixture(scope="module", autouse=True)
def _compiled() -> None:
    """Kernels compile outside of the clock."""
    for profile in PROFILES:
        us.mimic(pillow(scene(16, 16), progressive=True), profile)


def spent(start: float) -> float:
    return time.process_time() - start


@pytest.mark.parametrize("name", CASES)
def test_hostile_files(name: str) -> None:
    data = CASES[name]
    assert len(data) < 20_000_000
    start = time.process_time()
    if data[:2] == b"\xff\xd8":
        stream = us.jpeg.parse(data)
        assert us.jpeg.write(stream) == data
        assert spent(start) < SECONDS
        start = time.process_time()
        try:
            read = us.jpeg.read_coefficients(stream)
        except us.UnderstudyError as error:
            assert "\n" not in str(error)
        else:
            assert len(read.anomalies) <= 1000
        assert spent(start) < SECONDS
        start = time.process_time()
        assert us.inspect(data).to_dict()["format"] == "jpeg"
        assert spent(start) < SECONDS
    for profile in PROFILES:
        start = time.process_time()
        try:
            us.mimic(data, profile)
        except us.UnderstudyError as error:
            assert "\n" not in str(error)
        assert spent(start) < SECONDS


MEMORY = """
import understudy as us
from tests.fuzz.hostile import cases
from tests.fuzz.run import peak_mib
profile = us.load_profile("generic")
files = {name: data for name, data in cases().items() if len(data) < 1000 or "restart" in name}
before = peak_mib()
worst, where = before, ""
for name, data in files.items():
    for use in (us.inspect, lambda d: us.mimic(d, profile)):
        try:
            use(data)
        except us.UnderstudyError:
            pass
        peak = peak_mib()
        if peak > worst:
            worst, where = peak, name
print(worst - before, where)
"""


def test_hostile_files_take_bounded_memory() -> None:
    """One process for all that claim much; what it grows by. Headers that claim gigabytes are not believed."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], cwd=ROOT, capture_output=True, text=True, timeout=300, check=True
    )
    grown, _, where = done.stdout.partition(" ")
    assert int(grown) < 700, f"{grown} MiB at {where}"


@pytest.mark.parametrize("pixels", [65535 * 65535, (1 << 28) + 1])
def test_a_header_beyond_the_limit_says_how_to_go_on(pixels: int) -> None:
    with pytest.raises(
        us.LimitError, match=r"65535 x 65535 pixels; expected at most 268435456 pixels; raise max_pixels"
    ):
        us.jpeg.read_coefficients(us.jpeg.parse(CASES["a header of 65535 x 65535"]))


def test_the_limit_can_be_raised_and_lowered() -> None:
    data = pillow(scene(100, 90))
    with pytest.raises(us.LimitError, match="100 x 90 pixels"):
        us.jpeg.read_coefficients(us.jpeg.parse(data), max_pixels=8999)
    assert us.jpeg.read_coefficients(us.jpeg.parse(data), max_pixels=9000).width == 100


@pytest.mark.parametrize("size", [(8, 8), (16, 16), (57, 65)], ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize(
    "options", [(), ("-progressive",), ("-progressive", "-restart", "2B")], ids=lambda o: "".join(o)
)
def test_missing_scan_data_are_told(size: tuple[int, int], options: tuple[str, ...]) -> None:
    """Each scan emptied, and cut by the 2 bytes that cannot be padding alone: an anomaly with the scan's place."""
    sent = cjpeg(scene(*size), "-quality", "95", *options)
    for offset, element in us.jpeg.parse(sent).located():
        if not isinstance(element, Sos):
            continue
        start = offset + element.size - len(element.data)
        end = offset + element.size
        for kept in {start, max(start, end - 2 - (sent[end - 1] == 0))}:
            read = us.jpeg.read_coefficients(us.jpeg.parse(sent[:kept] + sent[end:]))
            assert [a for a in read.anomalies if offset <= a.offset <= kept], (
                f"scan {element.Ss}-{element.Se} {element.Ah}"
            )


def test_the_restart_interval_bounds_what_damage_hides() -> None:
    """One wounded segment of many: the others are read, the wound is told with its MCU."""
    sent = pillow(scene(160, 16, 1), restart_marker_blocks=1)
    whole = us.jpeg.read_coefficients(us.jpeg.parse(sent))
    at = sent.index(b"\xff\xd3")
    wounded = us.jpeg.read_coefficients(us.jpeg.parse(sent[: at - 4] + sent[at:]))
    different = (whole.components[0].blocks != wounded.components[0].blocks).any(axis=(2, 3))
    assert different.sum() == 1
    assert different[0, 3]
    assert len(wounded.anomalies) == 1
    assert "at MCU 3" in wounded.anomalies[0].text
