"""learn on every shipped profile: played on probes and photographs, learned from those alone, tested on others.

    python benchmarks/relearn.py [PROFILE...] [--out FOLDER [--keep]] [--write]

`mimic` plays a profile, each free value at its default, on the compact probe set and three photographs; `learn` sees
the pairs and nothing else; what it wrote is played on three other photographs, nothing taken from their deliveries.
The profile's own parameters are held beside the learned ones afterwards: a parameter that the pairs are said to have
decided, that is another, and with which not all test files come out byte for byte, is a false claim.
--write: the page docs/relearn.md. --out keeps pairs, profiles, evidence and reports; with --keep results that lie there
are taken. Needs the shared folder's photographs and scikit-image's.
"""

from __future__ import annotations

import argparse
import csv
import dataclasses
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import skimage
import trial
from common import SHARED, head
from PIL import Image

import understudy as us
from understudy.errors import UnderstudyError
from understudy.probes import probe
from understudy.profile import Profile, shipped_profiles

PAGE = Path(__file__).resolve().parents[1] / "docs" / "relearn.md"

_SCENES = Path(skimage.__file__).parent / "data"
TRAIN = (SHARED / "photos" / "m3_1536x1024.png", _SCENES / "coffee.png", _SCENES / "hubble_deep_field.jpg")
TEST = (SHARED / "photos" / "p01_kodim01.png", _SCENES / "chelsea.png", SHARED / "photos" / "m8_q75.jpg")
TEST_RESIZED = (
    SHARED / "photos" / "p01_kodim01.png",
    SHARED / "photos" / "m4_q92_420.jpg",
    SHARED / "photos" / "p15_orient6.jpg",
)
"""Where a profile makes pictures smaller: two above all limits but one, one of them sideways."""
LARGE = 1_600_000
"""Pixels above which a picture is not sent where a profile never resizes: it would show nothing that smaller ones do
not."""

ADDED = ("resize", "generation", "tone", "sharpen", "convolve", "unsharp")
"""Steps that a pipeline may do without; where the profile has none of a kind, a learned one is false."""

ABOUT_ABSENT = ("envelope.order", "envelope.iptc", "envelope.token")
"""Parameters that also speak of segments that no delivery here has; what the files have is compared byte for byte."""

ABOVE = """# learn on every shipped profile

*Made by `python benchmarks/relearn.py --write`.* Can `learn` find out again what the shipped profiles say? Each was
played by `mimic`, every free value at its default, on the compact probe set (`understudy probe`) and three
photographs; `learn` saw those pairs and nothing else, and what it wrote was then played on three other photographs,
nothing taken from their deliveries. This is a test of `learn`, not of the platforms: that a profile is what a platform
does is told, with its proof and its doubts, in the profile. Where a profile resizes nothing, only pictures of up to 1.6
million pixels were learned from.

Coefficients and bytes are those of the test photographs. "Guessed" are questions that `learn` said the pairs had not
decided. "False" are parameters that it did not mark so, that differ from the profile's, and with which not every test
file came out byte for byte.
"""
HEAD = """\
| profile | pairs | train: bytes identical | test: bytes identical | test: coefficients equal | guessed \
| false claims | s |
| --- | ---: | ---: | ---: | ---: | --- | --- | ---: |"""


def make(profile: Profile, probes: Sequence[Path], folder: Path) -> list[str]:
    """The pairs of a profile with train.csv and test.csv; a line for each picture that it refuses."""
    told = []
    received = folder / "received"
    received.mkdir(parents=True, exist_ok=True)
    resizes = any(s.name == "resize" for s in profile.steps)
    test = TEST_RESIZED if resizes else TEST
    for split, pictures in (("train", [*probes, *TRAIN]), ("test", test)):
        rows = []
        for sent in pictures:
            if not resizes and _pixels(sent) > LARGE * (2 if split == "test" else 1):
                continue
            out = received / f"{sent.stem}.jpg"
            try:
                if not out.is_file() or out.stat().st_mtime_ns < sent.stat().st_mtime_ns:
                    out.write_bytes(us.mimic(sent, profile).data)
            except UnderstudyError as error:
                told.append(f"{profile.name}: {sent.name}: {error}"[:200])
                continue
            rows.append((str(sent), str(out.relative_to(folder))))
        with (folder / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("sent", "received"), *rows])
    return told


def _probes(folder: Path) -> list[Path]:
    """The compact set; a file that is there already stays untouched, so that what was made of it stays good."""
    folder.mkdir(parents=True, exist_ok=True)
    made = {folder / name: data for name, data in probe().by_name.items()}
    for path, data in made.items():
        if not path.is_file() or path.read_bytes() != data:
            path.write_bytes(data)
    return sorted(made)


def _pixels(path: Path) -> int:
    with Image.open(path) as image:
        return image.width * image.height


def truth(profile: Profile) -> trial.Truth:
    """Its steps' parameters, as `trial.denied` wants them; what a rule gives on some pictures is left to the bytes."""
    known: dict[str, object] = dict.fromkeys(ADDED, False)
    for step in profile.steps:
        known.pop(step.name, None)
        for field in dataclasses.fields(step):
            value = getattr(step, field.name)
            if not hasattr(value, "up_to") and not isinstance(value, dict) and not field.name.endswith("_steps"):
                known[f"{step.name}.{field.name}"] = value
    return {key: value for key, value in known.items() if key not in ABOUT_ABSENT}


def row(name: str, result: Mapping[str, Any], wrong: Sequence[trial.Denied]) -> str:
    """A line of the table."""
    if "error" in result:
        return f"| {name} | failed: {result['error'].replace('|', '/')} | | | | | | |"
    train, test = result["train"], result["test"]
    false = "; ".join(str(w).removeprefix("DENIED: ") for w in wrong if not w.guess and not w.data_agree) or "none"
    guessed = ", ".join(g.partition(":")[0] for g in result["guesses"]) or "nothing"
    return (
        f"| {name} | {train['pairs']} | {train['bytes_identical']} of {train['pairs']} "
        f"| {test['bytes_identical']} of {test['pairs']} | {trial.percent(test['coefficients_equal'])} "
        f"| {guessed} | {false.replace('|', '/')} | {result['seconds']:.0f} |"
    )


def main() -> None:
    shipped = shipped_profiles()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("profiles", nargs="*", metavar="PROFILE")
    parser.add_argument("--out", type=Path, help="where pairs, profiles, evidence and reports stay")
    parser.add_argument("--minutes", type=float, default=10.0, help="after which a profile's search is interrupted")
    parser.add_argument("--keep", action="store_true", help="take results that lie in --out already")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    asked = parser.parse_args()
    if unknown := set(asked.profiles) - set(shipped):
        raise SystemExit(f"{sorted(unknown)[0]}: no such profile; `understudy profiles list` names them")
    chosen = [shipped[name] for name in asked.profiles or shipped]
    with tempfile.TemporaryDirectory() as temporary:
        out = asked.out or Path(temporary)
        probes = _probes(out / "probes")
        results, wrong, lines, troubles = {}, {}, [HEAD], []
        for profile in chosen:
            folder = out / profile.name.replace("/", "__")
            troubles += make(profile, probes, folder)
            result = results[profile.name] = trial.run(folder, folder, asked.minutes, asked.keep)
            found: list[trial.Denied] = []
            if "error" not in result:
                whole = trial.all_identical(result)
                found = trial.denied(folder / "profile.toml", truth(profile), result["decided"], whole)
                found = [dataclasses.replace(w, data_agree=whole and not w.guess) for w in found]
            wrong[profile.name] = found
            lines.append(row(profile.name, result, found))
            print(lines[-1], file=sys.stderr, flush=True)
    summary = trial.summary(results, wrong)
    refused = ["", "Pictures that a profile does not take:", "", *(f"- {t}" for t in troubles)] if troubles else []
    top = head("relearn", f"{len(results)} of {len(shipped)} profiles")
    text = "\n".join([top, *summary, "", *lines, *refused]) + "\n"
    if asked.write:
        PAGE.write_text(f"{ABOVE}\n{text}", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
