"""The whole loop on real servers, through the command line alone: probe, collect, learn, collect photographs, verify.

    python tests/servers/loop.py --programs DIR [--work DIR] [--json OUT] [--only NAME] PHOTOGRAPH...

For nginx's image filter, thumbor and Synapse on loopback, each from an empty folder. What is learned from probes is
verified on photographs that it has not seen, with nothing taken from the received files. Ends with exit code 1 where a
server is learned below what it must be: 99 % of coefficients equal, and every byte, as all three write with
libjpeg-turbo.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from real_servers import Server, nginx, synapse, thumbor

JPEG_ONLY = ("nginx", "synapse")
"""Servers that deliver a JPEG only for a JPEG: photographs in other formats say nothing about how they write one."""


@dataclass(frozen=True)
class Outcome:
    """What one server's loop gave."""

    server: str
    probes: int
    """Pictures sent to learn from."""
    photographs: int
    bytes_identical: int
    """Of the photographs."""
    coefficients_equal: float
    """Share, of all of them."""
    seconds: float
    pipeline: list[str]
    guesses: list[str]

    @property
    def fine(self) -> bool:
        return self.photographs > 0 and self.bytes_identical == self.photographs and self.coefficients_equal >= 0.99


class Commands:
    """`understudy ...`, each call shown with what it took; raises RuntimeError with its last words where it fails."""

    def __init__(self, secrets: dict[str, str]) -> None:
        self.environment = os.environ | secrets

    def __call__(self, *arguments: str | Path) -> str:
        command = [sys.executable, "-m", "understudy", *(str(a) for a in arguments)]
        start = time.monotonic()
        done = subprocess.run(command, capture_output=True, text=True, env=self.environment, check=False)
        shown = " ".join(str(a) for a in arguments)
        print(f"  understudy {shown:.150} ({time.monotonic() - start:.1f} s)", flush=True)
        if done.returncode:
            raise RuntimeError(f"exit code {done.returncode}:\n{done.stderr[-2000:]}")
        return done.stdout


def loop(server: Server, folder: Path, photographs: Sequence[Path]) -> Outcome:
    """Probe, collect, learn, collect the photographs, verify."""
    start = time.monotonic()
    understudy = Commands(dict(server.secrets))
    pairs, unseen, profile = folder / "pairs", folder / "photographs", folder / "learned.toml"
    via = ["--via", server.via]
    for name, value in server.settings.items():
        via += ["--set", f"{name}={value}"]
    understudy("probe", "-o", pairs)
    understudy("collect", pairs, *via)
    learned = json.loads(understudy("learn", pairs, "-o", profile, "--report", folder / "report.html", "--json"))
    (unseen / "sent").mkdir(parents=True)
    for path in photographs:
        if server.name not in JPEG_ONLY or path.suffix.lower() in (".jpg", ".jpeg"):
            shutil.copy(path, unseen / "sent" / path.name)
    understudy("collect", unseen, *via)
    scores = json.loads(understudy("verify", profile, unseen, "--free", "predicted", "--json"))
    return Outcome(
        server.name,
        len(list((pairs / "sent").iterdir())),
        int(scores["pairs"]),
        int(scores["bytes_identical"]),
        float(scores["coefficients_equal"]),
        time.monotonic() - start,
        **_told(learned),
    )


def _told(learned: dict[str, Any]) -> dict[str, list[str]]:
    decisions = learned["decisions"]
    return {
        "pipeline": [f"{d['question']}: {d['answer']}" for d in decisions if not d["guess"]],
        "guesses": [f"{d['question']}: {d['answer']}" for d in decisions if d["guess"]],
    }


def main() -> None:
    """Runs the loops and prints what came of each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--programs", type=Path, required=True, help="where thumbor and Synapse's Python are")
    parser.add_argument("--work", type=Path, help="an empty folder that is kept; else a temporary one")
    parser.add_argument("--json", type=Path, help="write the outcomes here")
    parser.add_argument("--only", choices=["nginx", "thumbor", "synapse"], action="append", default=[])
    parser.add_argument("photographs", type=Path, nargs="+")
    chosen = parser.parse_args()
    servers: dict[str, Callable[[Path], AbstractContextManager[Server]]] = {
        "nginx": nginx,
        "thumbor": lambda folder: thumbor(folder, chosen.programs),
        "synapse": lambda folder: synapse(folder, chosen.programs),
    }
    outcomes = []
    with tempfile.TemporaryDirectory() as temporary:
        work = (chosen.work or Path(temporary)).resolve()
        for name in chosen.only or list(servers):
            print(f"{name}", flush=True)
            with servers[name](work / name / "server") as server:
                outcome = loop(server, work / name, chosen.photographs)
            outcomes.append(outcome)
            print(
                f"  {outcome.bytes_identical} of {outcome.photographs} photographs byte-identical, "
                f"{outcome.coefficients_equal:.4%} of coefficients, learned from {outcome.probes} probes; "
                f"{outcome.seconds:.0f} s; {len(outcome.guesses)} guesses: {'; '.join(outcome.guesses)}",
                flush=True,
            )
    if chosen.json:
        chosen.json.write_text(json.dumps([asdict(o) for o in outcomes], indent=2) + "\n")
    missed = [o.server for o in outcomes if not o.fine]
    if missed:
        sys.exit(f"not learned as they must be: {', '.join(missed)}")


if __name__ == "__main__":
    main()
