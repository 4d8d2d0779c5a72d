"""What a worker process does: one library call each, then files into the job's folder. No sockets, no names of clients.

A task gets plain data and gives plain data, as it passes between processes as JSON.
"""

from __future__ import annotations

import io
import json
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, cast

from PIL import Image

from ..delivery import Delivery
from ..errors import LimitError, PairsError, PictureError, UnderstudyError
from ..pairs import Gathered, Pair
from ..profile import Profile, load_profile, loads
from .limits import Limits

Progress = Callable[[str, float], None]
Document = dict[str, Any]


class Held:
    """An uploaded file that answers like a path: its name is what the user calls it, its bytes are in our own file.

    So `learn` pairs and reports by the user's names, and no such name ever reaches the file system.
    """

    def __init__(self, called: str, at: Path) -> None:
        self._at = at
        self.name = called.replace("\\", "/").rpartition("/")[2] or "file"
        self.stem = self.name.rpartition(".")[0] or self.name

    def read_bytes(self) -> bytes:
        """The file."""
        return self._at.read_bytes()

    @property
    def parent(self) -> Held:
        """Itself: a pair whose file is called `sent` is named after its folder, which an upload has not."""
        return self


def inspection(task: Document, folder: Path, limits: Limits, tell: Progress) -> Document:
    """The page of one file: `page.html`. Gives its verdict's first sentence."""
    from ..inspection import inspect
    from ..report import inspection_html

    data = Path(task["file"]).read_bytes()
    tell("reading the file", 0.1)
    seen = inspect(data, "coefficients")
    tell("drawing the page", 0.6)
    (folder / "page.html").write_text(inspection_html(seen, task["name"], data), encoding="utf-8")
    (folder / "inspection.json").write_text(json.dumps(seen.to_dict(), indent=2), encoding="utf-8")
    return {"headline": seen.verdict[0] if seen.verdict else f"{seen.format.upper()} file."}


def learning(task: Document, folder: Path, limits: Limits, tell: Progress) -> Document:
    """A profile from pairs: `page.html`, `profile.toml`, `scores.json`. Gives the verdict and the profile's name."""
    from ..learning.learned import learn
    from ..profile import dumps
    from ..report import html
    from ..report.page import verdict

    tell("unpacking", 0.0)
    pairs = _gathered(task, folder, limits)
    learned = learn(pairs, name=task["name"], progress=tell, hold_out=task["hold_out"])  # type: ignore[arg-type]
    tell("drawing the page", 1.0)
    (folder / "profile.toml").write_text(dumps(learned.profile), encoding="utf-8")
    (folder / "page.html").write_text(html(learned, learned.held_out), encoding="utf-8")
    (folder / "scores.json").write_text(json.dumps(learned.to_dict(), indent=2, allow_nan=False), encoding="utf-8")
    sentence, kind = verdict(learned, learned.held_out)
    return {
        "headline": sentence, "kind": kind, "interrupted": learned.interrupted, "profile": learned.profile.name,
        "pairs": len(learned.scores.per_pair), "set_aside": len(learned.set_aside),
    }  # fmt: skip


def comparing(task: Document, folder: Path, limits: Limits, tell: Progress) -> Document:
    """A picture beside what one or two profiles make of it. Gives the figures; pictures and files are in the folder."""
    from . import comparison

    data = Path(task["file"]).read_bytes()
    pixels_of(data, task["name"], limits)
    profiles = [_profile(choice) for choice in task["profiles"]]
    tell("reading the picture", 0.1)
    shown = comparison.as_sent(data)
    (folder / "original.png").write_bytes(comparison.png(shown))
    made = []
    for i, profile in enumerate(profiles):
        tell(f"being {profile.name}", 0.2 + 0.6 * i / len(profiles))
        one = comparison.deliver(data, shown, profile)
        made.append(one)
        (folder / f"delivered-{i}.jpg").write_bytes(one.delivery.data)
        if one.difference:
            (folder / f"difference-{i}.png").write_bytes(one.difference.picture)
    tell("comparing", 0.9)
    between = None
    if len(made) == 2:
        between = _between(made[0], made[1], folder)
    height, width = shown.shape[:2]
    return {
        "headline": f"{task['name']}, as {' and '.join(p.name for p in profiles)} would deliver it",
        "sent": {"name": task["name"], "bytes": len(data), "width": width, "height": height},
        "made": [one.facts(data) for one in made],
        "between": between,
        "differ": _differ(profiles, [one.delivery for one in made]),
    }


def load() -> None:
    """Loads what most tasks need, so that none waits for it."""
    from ..inspection import inspect  # noqa: F401
    from ..report import inspection_html  # noqa: F401
    from .comparison import deliver  # noqa: F401


TASKS: dict[str, Callable[[Document, Path, Limits, Progress], Document]] = {
    "inspect": inspection,
    "learn": learning,
    "compare": comparing,
}


def pixels_of(data: bytes, name: str, limits: Limits) -> int:
    """The pixels that a picture's header states. Raises LimitError above the limit, PictureError for no picture."""
    width, height = _stated(data, name)
    if width * height > limits.pixels:
        expected = f"up to {limits.pixels / 1e6:.0f} million pixels"
        raise LimitError(f"{width} x {height} pixels", place=name, expected=expected)
    return width * height


def _stated(data: bytes, name: str) -> tuple[int, int]:
    if data[:2] == b"\xff\xd8":
        from ..jpeg.parse import parse

        frame = parse(data).frame
        if frame is None:
            raise PictureError("a JPEG without a frame", place=name, expected="a whole picture")
        return frame.width, frame.height
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow warns of large pictures; ours is the limit here
            return Image.open(io.BytesIO(data)).size
    except Exception as error:  # Pillow's plugins raise many kinds on what strangers send
        got = "no picture that is known" if isinstance(error, OSError) else f"{error}"
        raise PictureError(got, place=name, expected="a JPEG, PNG, WebP, TIFF, BMP or GIF") from None


def _profile(choice: Document) -> Profile:
    """The profile that a visitor chose: a shipped one by name, or text that he sent or that was learned here."""
    if "toml" in choice:
        text = Path(choice["toml"]).read_bytes().decode("utf-8", "replace")
        return loads(text, choice["name"])
    return load_profile(choice["name"])


def _between(first: Any, second: Any, folder: Path) -> Document:
    from . import comparison

    words = {"coefficients": comparison.coefficients_between(first.delivery, second.delivery), "difference": None}
    if first.pixels.shape != second.pixels.shape:
        return words
    found = comparison.difference(first.pixels, second.pixels)
    (folder / "difference-2.png").write_bytes(found.picture)
    return words | {"difference": comparison.told(found), "identical": first.delivery.data == second.delivery.data}


def _differ(profiles: Sequence[Profile], made: Sequence[Delivery]) -> list[list[str]]:
    """What differs between two profiles: rows of (step, parameter, first, second)."""
    if len(profiles) < 2:
        return []
    from ..profile_diff import diff

    rows = []
    for step in diff(profiles[0], profiles[1]).steps:
        if step.only_in:
            has = ["yes" if step.only_in == p.name else "no such step" for p in profiles]
            rows.append([step.step, "", *has])
        rows += [[step.step, key, *("-" if v is None else _word(v) for v in both)]
                 for key, both in step.parameters.items()]  # fmt: skip
    return rows


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return f"{len(value)} entries" if len(value) > 8 else ", ".join(_word(v) for v in value) or "none"
    return str(value)[:200] or "none"


# --- pairs


def _gathered(task: Document, folder: Path, limits: Limits) -> Gathered:
    """The pairs of two lists of files, or of an archive. Raises PairsError, LimitError."""
    if task.get("archive"):
        sides = _unpacked(Path(task["archive"]), folder, limits)
        if isinstance(sides, Gathered):
            return sides
    else:
        sides = {side: [Held(f["name"], Path(f["at"])) for f in task[side]] for side in ("sent", "received")}
    for side, files in sides.items():
        if not files:
            raise PairsError("no files", place=side, expected=f"the pictures that were {side}")
    _check_pixels(sides["sent"], sides["received"], limits)
    return _by_name(sides["sent"], sides["received"])


def _unpacked(archive: Path, folder: Path, limits: Limits) -> dict[str, list[Held]] | Gathered:
    """The archive's files, by side; or its pairs, where a CSV names them."""
    from .archive import content, members

    inner = folder / "unpacked"
    inner.mkdir(mode=0o700)
    sides: dict[str, list[Held]] = {"sent": [], "received": []}
    listed: dict[int, dict[str, Held]] = {}
    opened, found = members(archive, limits)
    with opened:
        for number, member in enumerate(found):
            at = inner / f"{number}"
            at.write_bytes(content(opened, member.info, limits))
            held = Held(member.name, at)
            sides[member.side].append(held)
            if member.pair is not None:
                listed.setdefault(member.pair, {})[member.side] = held
    if not listed:
        return sides
    _check_pixels(sides["sent"], sides["received"], limits)
    return Gathered(tuple(_pair(p["sent"], p["received"]) for p in listed.values()))


def _check_pixels(sent: Sequence[Held], received: Sequence[Held], limits: Limits) -> None:
    """Raises LimitError where pictures are too large, one or together; what is no picture, `learn` sets aside."""
    total = 0
    for held in (*sent, *received):
        try:
            count = pixels_of(held.read_bytes(), held.name, limits)
        except LimitError:
            raise
        except UnderstudyError:
            continue
        total += count if held in sent else 0
    if total > limits.pixels_to_learn:
        raise LimitError(
            f"{total / 1e6:,.0f} million pixels sent", place="all pictures",
            expected=f"up to {limits.pixels_to_learn / 1e6:,.0f} million",
            remedy="learn from fewer, or with the command",
        )  # fmt: skip


def _by_name(sent: Sequence[Held], received: Sequence[Held]) -> Gathered:
    """As `pairs.gather` has it for folders: by stem, capitals ignored; what is left over is paired by content."""
    both: dict[str, tuple[list[Held], list[Held]]] = {}
    for i, files in enumerate((sent, received)):
        for held in files:
            both.setdefault(held.stem.casefold(), ([], []))[i].append(held)
    pairs, left = [], ([], [])  # type: tuple[list[Pair], tuple[list[Held], list[Held]]]
    for mine, theirs in both.values():
        if len(mine) == len(theirs) == 1:
            pairs.append(_pair(mine[0], theirs[0]))
        else:
            left[0].extend(mine)
            left[1].extend(theirs)
    return Gathered(tuple(pairs), cast(Any, tuple(left[0])), cast(Any, tuple(left[1])), loose=True)


def _pair(sent: Held, received: Held) -> Pair:
    """Two held files as a pair: they answer what a Pair asks its paths."""
    return Pair(cast(Path, sent), cast(Path, received))
