"""One channel on trial: learned from its train pairs alone, then verified on its test pairs, in a process of its own.

    python benchmarks/trial.py CHANNEL OUT      CHANNEL: a folder with train.csv and test.csv

writes OUT/profile.toml, OUT/learned.json, OUT/report.html and OUT/result.json. `battery.py` and `unseen.py` call it,
and put what it claims beside what is known of the channel, after learning; nothing of that is handed to it.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from understudy._text import percent

HERE = Path(__file__).resolve().parent

Truth = Mapping[str, object]
"""`step.parameter` -> the value that is known, or a set of values of which any is right. `resize` -> False: no resize
step. A parameter of a step that the profile lacks is denied, but for DOING_NOTHING."""


DOING_NOTHING: Truth = {"orient.apply": False, "color.icc": "keep"}
"""Values that a profile without the step has in effect."""


@dataclass(frozen=True)
class Denied:
    """A parameter of the learned profile that what is known of the channel denies."""

    parameter: str
    learned: object
    known: object
    guess: bool
    """Whether `learn` itself said that the pairs did not decide it."""
    data_agree: bool = False
    """Whether the pairs decided it and every test file came out byte for byte with it: then the settings are wrong."""

    def __str__(self) -> str:
        kind = "wrong guess" if self.guess else "data against settings" if self.data_agree else "DENIED"
        return f"{kind}: {self.parameter} = {self.learned}, known: {_text(self.known)}"


def run(channel: Path, out: Path, minutes: float = 10.0, keep: bool = False) -> dict[str, Any]:
    """The result of the trial, `error` in it where it failed. After `minutes` it is interrupted as by Ctrl-C, and what
    it knows by then counts. keep: a result that lies in `out` already is taken, so that a long run can be resumed."""
    out.mkdir(parents=True, exist_ok=True)
    found = out / "result.json"
    if keep and found.is_file():
        kept: dict[str, Any] = json.loads(found.read_text())
        return kept
    found.unlink(missing_ok=True)
    command = [sys.executable, str(HERE / "trial.py"), str(channel), str(out)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as child:
        try:
            told = child.communicate(timeout=60 * minutes)[1]
        except subprocess.TimeoutExpired:
            child.send_signal(signal.SIGINT)
            try:
                told = child.communicate(timeout=120)[1]
            except subprocess.TimeoutExpired:
                child.kill()
                told = f"did not stop at Ctrl-C after {minutes:g} minutes"
    if not (out / "result.json").is_file():
        last = [line for line in told.splitlines() if line.strip()]
        return {"error": last[-1][:300] if last else f"exit code {child.returncode}"}
    result: dict[str, Any] = json.loads((out / "result.json").read_text())
    return result


def _learn(channel: Path, out: Path) -> dict[str, Any]:
    import understudy as us
    from understudy.learning.words import brief
    from understudy.profile import dumps

    start, cpu = time.perf_counter(), time.process_time()
    learned = us.learn(channel / "train.csv", name=f"learned/{channel.name.replace('_', '-')}")
    seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    (out / "profile.toml").write_text(dumps(learned.profile), encoding="utf-8")
    (out / "learned.json").write_text(json.dumps(learned.to_dict(), indent=1, allow_nan=False), encoding="utf-8")
    result = {
        "said": brief(learned.profile),
        "interrupted": learned.interrupted,
        "train": _scores(learned.scores),
        "seconds": seconds,
        "cpu_seconds": cpu,
        "peak_mib": peak,
        "steps": {step: round(spent, 2) for step, spent in learned.seconds.items()},
        "guesses": [f"{d.question}: {d.answer}" for d in learned.evidence if d.guess],
        "decided": _decided(learned),
    }
    test = us.verify(us.load_profile(out / "profile.toml"), channel / "test.csv", free="predicted")
    result["test"] = _scores(test)
    try:
        from understudy.report import html

        (out / "report.html").write_text(html(learned), encoding="utf-8")
    except ImportError:
        pass
    return result


def _scores(scores: Any) -> dict[str, Any]:
    document: dict[str, Any] = scores.to_dict()
    document["errors"] = [f"{p.name}: {p.error}" for p in scores.per_pair if p.error]
    return document


def _decided(learned: Any) -> dict[str, bool]:
    """`step.parameter` -> whether the pairs decided it: some question about it is settled and no guess. A question is
    about what its candidates do not have in common."""
    settled: dict[str, bool] = {}
    for decision in learned.evidence:
        for key in _about(decision):
            settled[key] = settled.get(key, True) and not decision.guess
    return settled


def _about(decision: Any) -> set[str]:
    import dataclasses

    seen: dict[str, set[str]] = {}
    for trial in decision.trials:
        for step in trial.candidate.pipeline.steps:
            for field in dataclasses.fields(step):
                seen.setdefault(f"{step.name}.{field.name}", set()).add(repr(getattr(step, field.name)))
    several = {key for key, values in seen.items() if len(values) > 1}
    return several or {f"{decision.step}.*"}


def denied(profile: Path, truth: Truth, decided: Mapping[str, bool], all_identical: bool = False) -> list[Denied]:
    """What of the profile the known settings deny. all_identical: of the test files, with the profile's own."""
    import understudy as us

    steps = {step.name: step for step in us.load_profile(profile).steps}
    out = []
    for key, known in truth.items():
        name, _, parameter = key.partition(".")
        step = steps.get(name)
        if not parameter:  # whether there is such a step at all
            if (step is not None) != bool(known):
                out.append(Denied(key, step is not None, known, False))
            continue
        learned = getattr(step, parameter, None) if step is not None else DOING_NOTHING.get(key, "no such step")
        learned = "rule" if hasattr(learned, "up_to") else learned
        allowed = known if isinstance(known, (set, frozenset)) else {known}
        if not any(learned == value or str(learned) == str(value) for value in allowed):
            asked = decided.get(key, decided.get(f"{name}.*"))
            out.append(Denied(key, learned, known, asked is False, all_identical and asked is True))
    return out


def all_identical(result: Mapping[str, Any]) -> bool:
    """Whether every test file came out byte for byte."""
    test = result["test"]
    return bool(test["pairs"] and test["bytes_identical"] == test["pairs"])


def row(name: str, result: Mapping[str, Any], wrong: Iterable[Denied] = ()) -> str:
    """A line of the table: channel, what was learned, train, test, coefficients, PSNR, seconds, memory, wrong."""
    if "error" in result:
        return f"| {name} | failed: {_cell(result['error'])} | | | | | | | |"
    train, test = result["train"], result["test"]
    partial = "interrupted; " if result["interrupted"] else ""
    told = "; ".join(str(w) for w in wrong) or "nothing"
    failed = f" ({len(test['errors'])} failed)" if test["errors"] else ""
    return (
        f"| {name} | {partial}{_cell(result['said'])} | {train['bytes_identical']} of {train['pairs']} "
        f"| {test['bytes_identical']} of {test['pairs']}{failed} | {percent(test['coefficients_equal'])} "
        f"| {decibels(test)} | {result['seconds']:.0f} | {result['peak_mib']:,.0f} | {_cell(told)} |"
    )


HEAD = """\
| channel | learned | train: bytes identical | test: bytes identical | test: coefficients equal | lowest PSNR | s \
| MiB | denied by what is known |
| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |"""


def decibels(scores: Mapping[str, Any]) -> str:
    """The lowest PSNR among pairs that differ."""
    low = scores["psnr_db"]["min"]
    return f"{low:.1f} dB" if low is not None else "equal" if scores["coefficients_equal"] == 1 else "-"


def by_step(results: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Lines of a table: seconds by step for each channel."""
    names = list(dict.fromkeys(step for r in results.values() for step in r.get("steps", {})))
    lines = [f"| channel | {' | '.join(names)} |", f"| --- |{' ---: |' * len(names)}"]
    for channel, result in results.items():
        if "error" not in result:
            cells = (f"{result['steps'].get(step, 0):.1f}" for step in names)
            lines.append(f"| {channel} | {' | '.join(cells)} |")
    return lines


def summary(results: Mapping[str, Mapping[str, Any]], wrong: Mapping[str, list[Denied]]) -> list[str]:
    """The sums that the targets ask for, and how many claims and guesses were wrong."""
    done = [r for r in results.values() if "error" not in r]
    files = sum(r["test"]["bytes_identical"] for r in done)
    pairs = sum(r["test"]["pairs"] for r in done)
    whole = sum(r["test"]["bytes_identical"] == r["test"]["pairs"] for r in done)
    near = sum(r["test"]["coefficients_equal"] >= 0.99 for r in done)
    claims = sum(not w.guess and not w.data_agree for ws in wrong.values() for w in ws)
    guesses = sum(w.guess for ws in wrong.values() for w in ws)
    return [
        f"- byte-identical on all test files: {whole} of {len(results)} channels ({files} of {pairs} files)",
        f"- at least 99 % of the test files' coefficients equal: {near} of {len(results)} channels",
        f"- claims that are denied by what is known: {claims}; guesses, marked as such, that are wrong: {guesses}",
        f"- channels on which it failed: {len(results) - len(done)}",
    ]


def _cell(text: str) -> str:
    return text.replace("|", "/").replace("\n", " ")


def _text(known: object) -> str:
    return " or ".join(sorted(str(k) for k in known)) if isinstance(known, (set, frozenset)) else str(known)


def main() -> None:
    channel, out = Path(sys.argv[1]), Path(sys.argv[2])
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    try:
        result = _learn(channel, out)
    except Exception as error:  # the table tells which channels fail, and the others go on
        import traceback

        traceback.print_exc()
        result = {"error": f"{type(error).__name__}: {error}"}
    (out / "result.json").write_text(json.dumps(result, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
