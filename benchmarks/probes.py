"""The compact set of probes on real channels, beside photographs; and marks, read after all that is done to them.

    python benchmarks/probes.py [CHANNEL...] [--out FOLDER [--keep]] [--marks] [--write]

Third-party software (`channels.py`) delivers the compact set, six photographs chosen for `learn` (those of `unseen.py`)
and the test photographs; `learn` sees the one or the other, and its profile is played on the test photographs, from the
sent files alone. --marks: only the table of marks. --write: docs/probes.md.
Needs the shared folder's photographs, scikit-image for three more, and the software of `unseen.py`.
"""

from __future__ import annotations

import argparse
import csv
import io
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import trial
from channels import CHANNELS, Channel, NoDelivery
from common import SHARED, head
from PIL import Image, ImageOps

import understudy as us
from understudy._text import percent
from understudy.files import write_file
from understudy.probes import manifest
from understudy.probes.mark import read_mark
from understudy.profile import shipped_profiles

PAGE = Path(__file__).resolve().parents[1] / "docs" / "probes.md"
CHOSEN = (
    "pil_q92_444", "pil_q60_422_white", "pil_thumb900", "pil_srgb_bilinear1080", "cv_cubic1000", "vips_thumb800",
    "vips_moz_q82", "im_resize900", "cjpeg_fast_q90", "cjpeg_two_qualities", "php_resampled900",
)  # fmt: skip
TRAIN = ("m4_q92_420.jpg", "m8_q75.jpg", "p01_kodim01.png", "p10_displayp3.jpg", "p15_orient6.jpg", "s06_alpha800.png")
PLAYED = ("facebook/web-2024", "telegram/2025", "linkedin/2023-feed")
"""Shipped profiles that `mimic` plays, as further channels."""
MORE = ("astronaut.png", "coffee.png", "rocket.jpg")


def photographs() -> list[Path]:
    """The test photographs: all shared ones that nothing is learned from, and three of scikit-image."""
    import skimage

    shared = [p for p in sorted((SHARED / "photos").iterdir()) if p.suffix in (".png", ".jpg") and p.name not in TRAIN]
    return shared + [Path(skimage.__file__).parent / "data" / name for name in MORE]


def draw(folder: Path, which: Literal["compact", "full"]) -> Path:
    """The folder with a set of probes as the command writes it; what lies there already stays."""
    if not (folder / manifest.NAME).is_file():
        made = us.probe(set=which)
        for name, data in made.by_name.items():
            write_file(folder / "sent" / name, data)
        write_file(folder / manifest.NAME, manifest.to_bytes(made.manifest))
    return folder


def played(profile: str) -> Channel:
    """A shipped profile as a channel."""

    def play(sent: Path, out: Path) -> None:
        out.write_bytes(us.mimic(sent, profile).data)

    return Channel(profile, f"the profile {profile}, played by mimic", play)


def deliver(channel: Channel, files: Iterable[Path], folder: Path, name: str) -> list[str]:
    """Delivers the files and lists them in `folder/name.csv`; what failed, a line each. What is there stays."""
    rows, told = [], []
    (folder / "received").mkdir(parents=True, exist_ok=True)
    for sent in files:
        out = folder / "received" / f"{sent.stem}.jpg"
        try:
            if not out.is_file():
                channel.deliver(sent, out)
        except NoDelivery:
            continue
        except (OSError, ValueError, ImportError, us.UnderstudyError, subprocess.CalledProcessError) as error:
            told.append(f"{channel.name}: {sent.name}: {type(error).__name__}: {error}"[:200])
            out.unlink(missing_ok=True)
            continue
        rows.append((str(sent), str(out.relative_to(folder))))
    with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("sent", "received"), *rows])
    return told


def learned(channel: Channel, sent: Sequence[Path], folder: Path, minutes: float, keep: bool) -> dict[str, Any]:
    """What `learn` makes of the channel's deliveries of `sent`, verified on the test photographs."""
    for trouble in (*deliver(channel, sent, folder, "train"), *deliver(channel, photographs(), folder, "test")):
        print(f"not made: {trouble}", file=sys.stderr)
    return trial.run(folder, folder, minutes, keep)


def cells(result: dict[str, Any]) -> str:
    """Of one table row: byte-identical, coefficients equal, guesses, seconds."""
    if "error" in result:
        return f"failed: {result['error'][:60]} | | |"
    test = result["test"]
    guesses = [g for g in result["guesses"] if not g.startswith("software:")]
    return (
        f"{test['bytes_identical']}/{test['pairs']} | {percent(test['coefficients_equal'])} | {len(guesses)} | "
        f"{result['seconds']:.0f}"
    )


SAMPLED = ("ramps-fine", "chroma-rings", "alpha-hidden", "noise-white", "size-641x479", "size-720x480",
           "size-1080x1350", "size-3000x1000", "orient-7", "format-gif-animated")  # fmt: skip
"""Beside the compact set, probes that are sent through every profile: one of each kind of surroundings of a mark."""


def ways() -> dict[str, Callable[[Image.Image], Image.Image]]:
    """What is done to every probe, then saved as JPEG of quality 60 in 4:2:0."""

    def smaller(by: float, how: Image.Resampling) -> Callable[[Image.Image], Image.Image]:
        return lambda i: i.resize((max(1, round(i.width / by)), max(1, round(i.height / by))), how)

    r = Image.Resampling
    return {
        "as it is": lambda i: i,
        "a quarter, bicubic": smaller(4, r.BICUBIC),
        "a quarter, box": smaller(4, r.BOX),
        "a quarter, nearest": smaller(4, r.NEAREST),
        "a third, Lanczos": smaller(3, r.LANCZOS),
        "1/3.7, bilinear": smaller(3.7, r.BILINEAR),
        "a quarter, turned": lambda i: smaller(4, r.BICUBIC)(i).transpose(Image.Transpose.ROTATE_90),
        "a quarter, mirrored": lambda i: ImageOps.mirror(smaller(4, r.BICUBIC)(i)),
        "a quarter, grey": lambda i: smaller(4, r.BICUBIC)(i).convert("L"),
        "with a border of 40": lambda i: ImageOps.expand(i, 40, "white"),
        "cropped at the right and below": lambda i: i.crop((0, 0, i.width * 3 // 4, i.height * 3 // 4)),
    }


def reads(data: bytes, row: dict[str, Any], own: int) -> bool | None:
    """Whether the mark is read right; None where none is read. A wrong one ends the benchmark."""
    found = read_mark(data)
    if found is None:
        return None
    if (found.set_id, found.number) != (own, row["number"]):
        raise SystemExit(f"{row['name']}: read as {found}")
    return True


def seen(data: bytes) -> Image.Image:
    """A picture as a viewer shows it on white, in RGB, not turned."""
    with Image.open(io.BytesIO(data)) as image:
        if image.mode.startswith("I"):
            return image.point(lambda v: v / 257).convert("L").convert("RGB")
        if image.mode in ("RGBA", "LA", "PA", "P"):
            return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image.convert("RGBA")).convert("RGB")
        return image.convert("RGB")


def marks(folder: Path) -> list[str]:
    """Two tables: marks after resizes of every marked probe in a folder, and after every shipped profile of some."""
    document = manifest.read((folder / manifest.NAME).read_bytes())
    rows = [r for r in document["files"] if r["marked"]]
    files = {r["name"]: (folder / "sent" / r["name"]).read_bytes() for r in rows}
    lines = ["| done to all marked probes, then JPEG 60, 4:2:0 | read right | not read |", "| --- | ---: | --- |"]
    for way, change in ways().items():
        missed = []
        for row in rows:
            buffer = io.BytesIO()
            change(seen(files[row["name"]])).save(buffer, "JPEG", quality=60, subsampling="4:2:0")
            if not reads(buffer.getvalue(), row, document["id"]):
                missed.append(row["name"])
        lines.append(f"| {way} | {len(rows) - len(missed)} of {len(rows)} | {', '.join(missed[:5])} |")
        print(lines[-1], flush=True)
    some = [r for r in rows if r["family"] == "compact" or r["name"].rpartition(".")[0] in SAMPLED]
    lines += ["", "| profile | delivered, read right | then a quarter | not taken |", "| --- | ---: | ---: | ---: |"]
    for name in shipped_profiles():
        lines.append(f"| {name} | {' | '.join(_through(name, some, files, document['id']))} |")
        print(lines[-1], flush=True)
    return lines


def _through(profile: str, rows: Sequence[dict[str, Any]], files: dict[str, bytes], own: int) -> tuple[str, str, str]:
    right, small, refused, missed = 0, 0, 0, []
    for row in rows:
        try:
            data = us.mimic(files[row["name"]], profile).data
        except us.UnderstudyError:
            refused += 1
            continue
        if reads(data, row, own):
            right += 1
        else:
            missed.append(row["name"])
        buffer = io.BytesIO()
        with Image.open(io.BytesIO(data)) as image:
            image.resize((image.width // 4, image.height // 4), Image.Resampling.BICUBIC).save(
                buffer, "JPEG", quality=75
            )
        small += bool(reads(buffer.getvalue(), row, own))
    taken = len(rows) - refused
    return f"{right} of {taken}{' not: ' + ', '.join(missed) if missed else ''}", f"{small} of {taken}", str(refused)


ABOUT = """Nine pictures that understudy draws itself (`understudy probe -o DIR`) beside six photographs that were
picked for `learn` because they show much (4:2:0, a PNG, Display P3, an orientation, opacity: those of `unseen.py`).
Each channel delivers both; `learn` sees the one or the other, and its profile is played on the same 12 test
photographs, from the sent files alone. A guess is an answer that the pairs did not decide; the software's name is not
counted. Seconds are of a busy machine. Where probes do worse it is told why below the table.
"""
ABOUT_MARKS = """Every picture large enough carries a mark (`src/understudy/probes/mark.py`). Never was a mark read as
another, here or in the tests: that ends the benchmark.
"""
KNOWN = """What stands behind rows that are not 12 of 12, looked into on 2026-11-22:

- OpenCV, INTER_CUBIC: a few coefficients in a million of the release at hand, with probes and photographs alike.
- Pillow, ICC to sRGB: the conversion drops the sent comment, which a picture without a profile keeps; no profile can
  say that, and the nine pictures have no comment on one with a profile.
- ImageMagick 6: two files differ in headers only, one in a few coefficients. It takes Mitchell's filter for pictures
  with alpha and for grey PNGs, Lanczos for others; photographs without either never show it.
- PHP GD, a limit of the width: every one of the nine comes out byte for byte, but a box of 900 x 1337 gives the same
  sizes, and `learn` says that the size rule is a guess. `probe --for` then makes `size-600x2400.jpg`, among
  others; learned with it and its wide partner, 10 of 12 are byte-identical and all coefficients equal.
"""
TITLE = "| channel | probes: bytes | coefficients | guesses | s | photographs: bytes | coefficients | guesses | s |"


def page(rows: Sequence[str], lines: Sequence[str]) -> str:
    """docs/probes.md."""
    told = head("probes", f"{len(rows)} channels")
    made = "Made by `python benchmarks/probes.py`; how to use them: [Make probes](howto/make-probes.md)."
    table = [TITLE, f"| --- |{' ---: |' * 8}", *rows, ""]
    parts = ["# What probes tell", "", made, "", "## learn from the compact set", "", ABOUT, told, *table, KNOWN]
    parts += ["## Marks", "", ABOUT_MARKS, *lines, ""]
    return "\n".join(parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("channels", nargs="*", metavar="CHANNEL")
    parser.add_argument("--out", type=Path, help="where probes, pairs, profiles and evidence stay")
    parser.add_argument("--keep", action="store_true", help="take results that lie in --out already")
    parser.add_argument("--minutes", type=float, default=10.0, help="after which a channel is interrupted")
    parser.add_argument("--marks", action="store_true", help="only the tables of marks")
    parser.add_argument("--write", action="store_true", help=f"write docs/{PAGE.name}")
    asked = parser.parse_args()
    channels = [*CHANNELS, *(played(name) for name in PLAYED)]
    chosen = [c for c in channels if c.name in (asked.channels or (*CHOSEN, *PLAYED))]
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.out or Path(temporary)
        table = folder / "marks.md"
        if asked.marks or (asked.write and not table.is_file()):
            table.parent.mkdir(parents=True, exist_ok=True)
            table.write_text("\n".join(marks(draw(folder / "full", "full"))), encoding="utf-8")
        if asked.marks:
            return
        probes = sorted((draw(folder / "compact", "compact") / "sent").iterdir())
        named = [SHARED / "photos" / n for n in TRAIN]
        rows = []
        for channel in chosen:
            sides = []
            for kind, sent in (("probes", probes), ("photographs", named)):
                result = learned(channel, sent, folder / kind / channel.name, asked.minutes, asked.keep)
                sides.append(cells(result))
                print(f"{channel.name}, {kind}: {'; '.join(result.get('guesses', ()))}", file=sys.stderr, flush=True)
            rows.append(f"| {channel.what.replace('|', 'and')} | {' | '.join(sides)} |")
            print(rows[-1], flush=True)
        if asked.write:
            PAGE.write_text(page(rows, table.read_text(encoding="utf-8").splitlines()), encoding="utf-8")


if __name__ == "__main__":
    main()
