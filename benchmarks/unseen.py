"""learn on channels outside the battery: made on the spot by third-party software at hand.

    python benchmarks/unseen.py [CHANNEL...] [--out FOLDER [--keep]] [--make] [--list] [--write]

Each channel of `channels.py`, `channels_after.py` and `channels_third.py` delivers the same pictures; `learn` sees the
train pairs, its profile is played on the test pictures, nothing taken from their deliveries. What the channel's
settings say is held beside the profile afterwards.
--make: only make the pairs. --write: the section of docs/battery.md. Software that is missing is told, not skipped in
silence. Needs the shared folder's photographs, and Debian's imagemagick, graphicsmagick, php-cli with php-gd, ffmpeg,
jpegoptim, libvips-tools, libjpeg-turbo-progs, golang-go, golang-golang-x-image-dev, golang-github-disintegration-
imaging-dev; opencv-python-headless, pyvips with pyvips-binary, pyjpegli, simplejpeg, imagecodecs.
"""

from __future__ import annotations

import argparse
import csv
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import trial
from channels import CHANNELS as BEFORE
from channels import Channel, NoDelivery
from channels_after import AFTER
from channels_after import STORY as OF_AFTER
from channels_framed import FRAMED
from channels_framed import STORY as OF_FRAMED
from channels_third import STORY as OF_THIRD
from channels_third import THIRD
from common import SHARED, head

from battery import OTHERS, PAGE

TRAIN = ("m4_q92_420.jpg", "m8_q75.jpg", "p01_kodim01.png", "p10_displayp3.jpg", "p15_orient6.jpg", "s06_alpha800.png")
TEST = ("m3_1536x1024.png", "m7_q90_422.jpg", "p03_kodim05.png", "p11_adobergb.jpg", "p16_orient8.jpg")

CHANNELS = (*BEFORE, *AFTER, *FRAMED, *THIRD)
ABOUT = """Made on the spot by other software, or by the same with other settings (`benchmarks/channels.py`), to see
whether learning holds beyond the battery. Whoever worked on `learn` was told of early failures here, so these are not
blind trials; nothing in it knows them. A channel that no profile can express is meant to be refused.
"""
SECTIONS = {
    "known": "### Software whose arithmetic understudy has",
    "unknown": "### Software that did something understudy did not have when they were made",
    "after": "### Thought up afterwards (`benchmarks/channels_after.py`)",
    "framed": "### Cut, stretched, given borders (`benchmarks/channels_framed.py`)",
    "third": "### Software that had never been met (`benchmarks/channels_third.py`)",
    "refused": "### Refused",
}
STORIES = {"after": OF_AFTER, "framed": OF_FRAMED, "third": OF_THIRD}


def make(channel: Channel, folder: Path) -> list[str]:
    """Delivers the pictures and lists them in train.csv and test.csv; what failed, a line each. What is there stays."""
    told = []
    received = folder / "received"
    received.mkdir(parents=True, exist_ok=True)
    for split, names in (("train", TRAIN), ("test", TEST)):
        rows = []
        for name in names:
            sent, out = SHARED / "photos" / name, received / f"{Path(name).stem}.jpg"
            try:
                if not out.is_file():
                    channel.deliver(sent, out)
            except NoDelivery:
                continue
            except (OSError, ValueError, ImportError, subprocess.CalledProcessError) as error:
                detail = getattr(error, "stderr", None) or b""
                last = detail.decode(errors="replace").strip().splitlines()[-1:] or [str(error)]
                told.append(f"{channel.name}: {name}: {type(error).__name__}: {last[0]}"[:200])
                out.unlink(missing_ok=True)
                continue
            rows.append((str(sent), str(out.relative_to(folder))))
        with (folder / f"{split}.csv").open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("sent", "received"), *rows])
    return told


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("channels", nargs="*", metavar="CHANNEL")
    parser.add_argument("--out", type=Path, help="where pairs, profiles, evidence and reports stay")
    parser.add_argument("--minutes", type=float, default=10.0, help="after which a channel is interrupted")
    parser.add_argument("--make", action="store_true", help="only make the pairs")
    parser.add_argument("--list", action="store_true", help="only list the channels")
    parser.add_argument("--keep", action="store_true", help="take results that lie in --out already")
    parser.add_argument("--write", action="store_true", help=f"put the section into {PAGE.name}")
    asked = parser.parse_args()
    if unknown := set(asked.channels) - {c.name for c in CHANNELS}:
        raise SystemExit(f"{sorted(unknown)[0]}; --list tells the channels")
    chosen = [c for c in CHANNELS if not asked.channels or c.name in asked.channels]
    if asked.list:
        print("\n".join(f"{c.name:24} {c.what}" for c in chosen))
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.out or Path(temporary)
        troubles, results, wrong = [], {}, {}
        for channel in chosen:
            told = make(channel, folder / channel.name)
            if not any((folder / channel.name / "received").iterdir()):
                troubles.append(
                    f"{told[0]} (and so left out)" if told else f"{channel.name}: takes none of the pictures"
                )
                continue
            troubles += told
            if asked.make:
                continue
            result = results[channel.name] = trial.run(
                folder / channel.name, folder / channel.name, asked.minutes, asked.keep
            )
            if "error" not in result:
                profile = folder / channel.name / "profile.toml"
                wrong[channel.name] = trial.denied(
                    profile, channel.truth, result["decided"], trial.all_identical(result)
                )
            print(_row(channel, result, wrong.get(channel.name, ())), file=sys.stderr, flush=True)
            for one in wrong.get(channel.name, ()):
                print(f"!!! {channel.name}: {one}", file=sys.stderr)
    for trouble in troubles:
        print(f"not made: {trouble}", file=sys.stderr)
    if asked.make:
        return
    text = _page(results, wrong, troubles)
    if asked.write:
        before = PAGE.read_text(encoding="utf-8").split(OTHERS)[0].rstrip() if PAGE.is_file() else ""
        PAGE.write_text(f"{before}\n\n{text}", encoding="utf-8")
    print(text)


def _refused(channel: Channel, result: Mapping[str, object]) -> bool:
    """Whether a channel that has no profile was refused for the right reason."""
    return bool(channel.refuses) and channel.refuses in str(result.get("error", ""))


def _row(channel: Channel, result: Mapping[str, Any], wrong: Sequence[trial.Denied]) -> str:
    if _refused(channel, result):
        return f"| {channel.name}: {channel.what} | {str(result['error']).replace('|', '/')} |"
    return trial.row(f"{channel.name}: {channel.what}", result, wrong)


def _section(channel: Channel, result: Mapping[str, object]) -> str:
    if _refused(channel, result):
        return "refused"
    if channel in THIRD:
        return "third"
    if channel in FRAMED:
        return "framed"
    return "after" if channel in AFTER else "known" if channel.known else "unknown"


def _page(results: dict[str, dict[str, object]], wrong: dict[str, list[trial.Denied]], troubles: Sequence[str]) -> str:
    parts = [OTHERS, "", ABOUT, head("unseen", f"{len(results)} of {len(CHANNELS)} channels"), ""]
    ran = [c for c in CHANNELS if c.name in results]
    for section, title in SECTIONS.items():
        own = [c for c in ran if _section(c, results[c.name]) == section]
        if own or section in STORIES:
            parts += [title, "", *([STORIES[section]] if section in STORIES else [])]
        if not own:
            continue
        rows = [_row(c, results[c.name], wrong.get(c.name, ())) for c in own]
        if section == "refused":
            parts += ["| channel | the answer |", "| --- | --- |", *rows, ""]
            continue
        of = {c.name: results[c.name] for c in own}
        parts += [*trial.summary(of, {n: w for n, w in wrong.items() if n in of}), "", trial.HEAD, *rows, ""]
    if troubles:
        parts += ["Not made:", "", *(f"- {t}" for t in troubles), ""]
    return "\n".join(parts)


if __name__ == "__main__":
    main()
