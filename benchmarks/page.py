"""Runs the benchmarks and writes what they print into docs/benchmarks.md.

    python benchmarks/page.py [SECTION...]      all sections, or these: their old text is replaced, the others stay

For figures worth keeping, run it while nothing else does: each section tells the machine's load.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
TITLE = """# Benchmarks

*Made by `python benchmarks/page.py`: each section is what its script printed, with day, command and machine.* CPU time
is user and system time of all threads; tasks that are compared take turns, the figure is the median over the rounds,
the ratio the median of the rounds' ratios. Rows that claim the same work stop the script where the results differ.
"""
SECTIONS: dict[str, tuple[str, list[str], str]] = {
    "codec": ("Reading coefficients, encoding, memory, start", ["--rounds", "9"], """
The peers: libjpeg-turbo's own C (`jpeg_read_coefficients`), jpeglib, and Pillow's `save`. A first `mimic` compiles its
kernels, once a machine; every process then loads them."""),
    "resample": ("Resizing", ["--rounds", "9"], """
Target: Pillow's filters no slower than Pillow. The other libraries are told. libvips encodes and resizes with
several threads, whose time counts."""),
    "mozjpeg": ("Trellis, deringing, scan optimisation", ["--rounds", "5"], """
Target: no slower than mozjpeg in C."""),
    "parallel": ("Many pictures on two cores", ["--rounds", "2", "--wait", "120"], """
Target: 1.8 times one core's speed. Pictures are made on threads; the kernels run without Python's lock. Starting the
command takes one core only, so a batch of small pictures gains less: the whole command misses the target here, what
comes after its start meets it."""),
    "battery_profiles": ("The sixteen channels of the battery", [], """
Third-party software played by hand-written profiles (`tests/battery/*.toml`). Nothing is taken from the received files.
Target: at least 12 of the 16 byte-identical."""),
    "channel": ("The channel", ["--rounds", "9"], """
Exactness: 0 samples different over at least 50 million a profile; the reference is `mimic`'s file, decoded by
libjpeg-turbo (simplejpeg). Targets: cosine at least 0.97 for sigma 2 and 4; 95 % and 45 % at quality 71, 96.5 % and
70 % at 85; at most 0.13 and 0.16 of kornia's time; at most a quarter of its memory."""),
    "survey": ("Surveying a corpus", [], """
Target: 400 files a second and core for header facts, 25 one-megapixel files a second and core with coefficients, and
memory that does not follow the number of rows."""),
    "learn_time": ("Learning", [], """
Target: eight pairs of two megapixels with a resize in at most 3 minutes on 2 cores and 3 GiB. How well learning does
is in [learn on real channels](battery.md)."""),
}  # fmt: skip
"""Script -> (heading, arguments, text above its output)."""


def section(name: str) -> str:
    title, arguments, text = SECTIONS[name]
    command = [sys.executable, str(HERE / f"{name}.py"), *arguments]
    printed = subprocess.run(command, capture_output=True, text=True)
    if printed.returncode:
        raise SystemExit(f"{name}: {printed.stderr[-2000:]}")
    return f"## {title}\n{text}\n\n{printed.stdout.strip()}\n"


def main() -> None:
    wanted = sys.argv[1:] or list(SECTIONS)
    if unknown := set(wanted) - set(SECTIONS):
        raise SystemExit(f"{sorted(unknown)[0]}; expected some of {', '.join(SECTIONS)}")
    before = PAGE.read_text(encoding="utf-8") if PAGE.is_file() else ""
    parts = [TITLE]
    for name, (title, *_) in SECTIONS.items():
        old = re.search(rf"^## {re.escape(title)}\n.*?(?=^## |\Z)", before, re.M | re.S)
        if name in wanted:
            parts.append(section(name))
        elif old:
            parts.append(old[0].rstrip() + "\n")
    PAGE.write_text("\n".join(parts), encoding="utf-8")


if __name__ == "__main__":
    main()
