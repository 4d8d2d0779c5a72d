"""learn on the battery's sixteen channels: learned from train.csv alone, proved on test.csv.

    python benchmarks/battery.py [CHANNEL...] [--out FOLDER [--keep]] [--write]

Nothing of a test file is taken (`free="predicted"`): sizes, tables, scans, headers and every coefficient are predicted.
truth.yaml is read after learning, to find claims that it denies; where it and the data disagree, the data decide, and
the line says so. --write: the page docs/battery.md. --out keeps profiles, evidence and reports.
Needs the shared folder.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

import trial
from common import SHARED, head

PAGE = Path(__file__).resolve().parents[1] / "docs" / "battery.md"

OTHERS = "## Channels outside the battery"
"""The heading of the page's other part, which `unseen.py` writes."""

ABOVE = """# learn on sixteen real channels

*Made by `python benchmarks/battery.py --write`.* Sixteen pieces of third-party software (servers, libraries, a browser)
made other files of photographs. `learn` saw the pairs of `train.csv`, four to nine a channel, and nothing else; the
profile that it wrote was then played on the pictures of `test.csv`, nothing taken from their deliveries. "Denied" are
parameters that the software's documented settings contradict; those that `learn` itself called a guess are told apart.
"""

_KERNELS = {
    r"^LANCZOS \(Pillow|^Pillow LANCZOS": ("pillow", "lanczos"),
    r"^INTER_AREA": ("opencv", "area"),
    r"(?i)^(gdI|i)mageCopyResampled": ("gd", "resampled"),
    r"^nfnt Lanczos3": ("nfnt", "lanczos3"),
    r"^Lanczos3 \(IM": ("imagemagick", {"lanczos", "default"}),
    r"drawImage imageSmoothingQuality=high": ("skia", "high"),
    r"^lanczos3": ("vips", "lanczos3"),
}  # fmt: skip
"""How truth.yaml names a kernel -> code and kernel of `resize`."""


def settings(text: str) -> trial.Truth:
    """What truth.yaml says, in the parameters of steps; what has no counterpart is left out. The files are of lines
    `key: value`, which need no YAML library."""
    said = dict(re.findall(r"^\s*([\w ]+): *(.*?)\s*$", text, re.M))
    said = {key: value.strip("'\"") for key, value in said.items()}
    truth: dict[str, object] = {}
    if said.get("rule") == "none":
        truth["resize"] = False
    elif found := re.match(r"fit (longest|width) <= (\d+)", said.get("rule", "")):
        truth["resize.limit"] = int(found[2])
        # a box of equal sides is the longest side's limit by another name, and so is a width's on landscape pictures
        truth["resize.fit"] = {"longest": {"longest_side", "box", "box_in_turn"}, "width": "width"}[found[1]]
    for pattern, (code, kernel) in _KERNELS.items():
        if re.search(pattern, said.get("kernel", "")):
            truth |= {"resize.code": code, "resize.kernel": kernel}
            break
    if re.fullmatch(r"0?\.?\d+", said.get("quality", "")):
        quality = float(said["quality"])
        truth["encode.quality"] = round(100 * quality) if quality < 1 else int(quality)
    elif found := re.match(r"(\d+) \(", said.get("quality", "")):
        truth["encode.quality"] = int(found[1])
    if found := re.match(r"4:\d:\d", said.get("subsampling", "")):
        truth["encode.sampling"] = found[0]
    if said.get("dct") in ("islow", "ifast", "float"):
        truth["encode.dct"] = said["dct"]
    if said.get("trellis") in ("true", "Squoosh defaults"):
        truth["encode.quantizer"] = "mozjpeg-trellis"
    elif said.get("trellis") == "false":
        truth["encode.quantizer"] = "plain"
    truth["encode.engine"] = "jpegli" if "jpegli" in said.get("encoder", "") else "libjpeg"
    if said.get("quant_table") == "3":
        truth["encode.law"] = "mozjpeg-3"
    return truth | _pixels(said)


def _pixels(said: dict[str, str]) -> dict[str, object]:
    """What it says of alpha, orientation and ICC."""
    truth: dict[str, object] = {}
    alpha = said.get("alpha", "")
    if "dropped" in alpha:
        truth["flatten.alpha"] = "drop"
    elif "white" in alpha:
        truth |= {"flatten.alpha": "blend", "flatten.background": (255, 255, 255)}
    told = f"{said.get('orientation', '')} {said.get('metadata', '')}"
    if "not applied" in told:
        truth["orient.apply"] = False
    elif re.search(r"applied|auto-rotated|auto-orient", told):
        truth["orient.apply"] = True
    icc = said.get("icc", "")
    if "not converted" in icc:
        truth["color.icc"] = {"drop", "keep"}
    elif "converted" in icc:
        truth["color.icc"] = "srgb"
    return truth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("channels", nargs="*", metavar="CHANNEL")
    parser.add_argument("--out", type=Path, help="where profiles, evidence and reports stay")
    parser.add_argument("--minutes", type=float, default=10.0, help="after which a channel is interrupted")
    parser.add_argument("--keep", action="store_true", help="take results that lie in --out already")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    asked = parser.parse_args()
    folders = sorted(path.parent for path in (SHARED / "battery").glob("*/train.csv"))
    if asked.channels:
        folders = [f for f in folders if f.name in asked.channels]
    with tempfile.TemporaryDirectory() as temporary:
        out = asked.out or Path(temporary)
        results, wrong, lines = {}, {}, [trial.HEAD]
        for folder in folders:
            result = results[folder.name] = trial.run(folder, out / folder.name, asked.minutes, asked.keep)
            if "error" not in result:
                truth = settings((folder / "truth.yaml").read_text(encoding="utf-8"))
                found = trial.denied(
                    out / folder.name / "profile.toml", truth, result["decided"], trial.all_identical(result)
                )
                wrong[folder.name] = found
                for one in found:
                    print(f"!!! {folder.name}: {one}", file=sys.stderr)
            lines.append(trial.row(folder.name, result, wrong.get(folder.name, ())))
            print(lines[-1], file=sys.stderr, flush=True)
    sums = trial.summary(results, wrong)
    top = head("battery", "learned from train pairs, proved on test pairs")
    text = "\n".join([top, *sums, "", *lines, "", "## Seconds by step", "", *trial.by_step(results)]) + "\n"
    if asked.write:
        before = PAGE.read_text(encoding="utf-8").partition(OTHERS)[1:] if PAGE.is_file() else ()
        PAGE.write_text("\n".join([ABOVE, text, "".join(before)]).rstrip() + "\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
