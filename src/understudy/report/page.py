"""The page: verdict, pipeline, pairs, what was not told apart, where it comes from."""

from __future__ import annotations

import json

from .._text import percent
from ..learning.learned import Learned
from ..learning.observed import Observed
from ..learning.question import Decision, Trial
from ..learning.words import in_words
from ..profile import dumps
from ..steps import Step
from ..verification import PairScore, Scores
from .charts import bar
from .evidence import figures
from .marks import Markup, badge, details, safe, table, tag
from .pictures import Difference, difference
from .skeleton import document

MOST_PICTURES = 12
"""Pairs that are shown with pictures."""
MOST_LINES = 400
"""Lines of figures that are shown of one decision."""
MOST_TIED = 3
"""Answers that fit as well which are listed in a line."""
MOST_RIVALS = 12
"""Rows of a rival table."""


def html(learned: Learned, test: Scores | None = None) -> str:
    """The page as one HTML document, UTF-8.

    test: scores of the profile on pairs that it was not learned from, if there are any.
    """
    sections = [
        ("pipeline", "What happens to a picture", _pipeline(learned)),
        ("pairs", "Put to the proof", _pairs(learned, test)),
        ("open", "What the pairs do not tell", _open(learned)),
        ("aside", "Set aside", _aside(learned)),
        ("source", "Where this comes from", _provenance(learned)),
        ("profile", "The profile", _profile(learned)),
    ]
    return document(f"{learned.profile.name}: what was learned", _verdict(learned, test), sections)


def verdict(learned: Learned, test: Scores | None = None) -> tuple[str, str]:
    """(the verdict in a sentence, `good`, `unsure` or `bad`). Scores on pairs not learned from weigh more."""
    scores = test or learned.scores
    which = "that it was not learned from" if test else "that it was learned from"
    same, total, share = scores.bytes_identical, scores.pairs, scores.coefficients_equal
    if not total:
        return "Not proved: no pair was played.", "unsure"
    if same == total:
        all_ = "the one delivery" if total == 1 else f"all {total} deliveries"
        return f"Reproduced byte for byte: {all_} {which}.", "good"
    if share == 1:
        return f"Every coefficient of {total} deliveries {which} is reproduced, {same} of them byte for byte.", "good"
    if share >= 0.99:
        return f"{same} of {total} deliveries {which} byte for byte; {percent(share)} of coefficients equal.", "unsure"
    return f"Not reproduced: {percent(share)} of the coefficients of {total} deliveries {which} are equal.", "bad"


def _verdict(learned: Learned, test: Scores | None) -> list[Markup]:
    sentence, kind = verdict(learned, test)
    out = [tag("h1", f"Learned: {learned.profile.name}"), tag("p", sentence, class_=f"verdict {kind}")]
    if learned.interrupted:
        stopped = " It was stopped before every question was settled, or every pair played."
        out.append(tag("p", badge("interrupted", "bad"), stopped))
    guesses = [d for d in learned.evidence if d.guess]
    told = f"{len(learned.scores.per_pair)} pairs were learned from"
    if learned.set_aside:
        told += f", {len(learned.set_aside)} set aside"
    told += f". {len(guesses)} answers are guesses, listed below." if guesses else ". No answer had to be guessed."
    if test is not None:
        own = learned.scores
        told += f" On the pairs that it was learned from, {own.bytes_identical} of {own.pairs} are byte-identical."
    if learned.profile.title:
        out.append(tag("p", learned.profile.title))
    out.append(tag("p", told, class_="quiet"))
    return out


# --- the pipeline


def _pipeline(learned: Learned) -> Markup:
    items = [tag("li", _step(learned, step)) for step in learned.profile.steps]
    return tag("ol", *items, class_="steps")


def _step(learned: Learned, step: Step) -> Markup:
    decisions = [d for d in learned.evidence if d.step == step.name]
    guess = [d for d in decisions if d.guess]
    if not decisions:
        mark = badge("as usual", "quiet")
    elif guess:
        mark = badge("partly guessed" if len(guess) < len(decisions) else "guessed", "unsure")
    else:
        mark = badge("decided by the pairs", "good")
    summary = [tag("span", step.name, class_="step"), f"{in_words(step)}.", mark]
    drawn = figures(learned, step)
    read = [d for d in decisions if _is_plain(d)]
    body = [drawn, *(_decision(d) for d in decisions if d not in read), _read(read)]
    return details(summary, *body, is_open=bool(drawn)) if any(body) else safe(summary)


def _is_plain(decision: Decision) -> bool:
    """Whether an answer was read off files, or had no rival: a line says all."""
    return not (decision.guess or decision.trials or decision.tied)


def _read(decisions: list[Decision]) -> Markup:
    if not decisions:
        return Markup("")
    rows = [(d.question, tag("strong", d.answer), d.reason) for d in decisions]
    return safe([tag("h3", "Without rivals"), table(("question", "answer", "why"), rows)])


def _decision(decision: Decision) -> Markup:
    mark = badge("a guess", "unsure") if decision.guess else badge("decided", "good")
    parts: list[object] = [tag("h3", f"{decision.question}: {decision.answer} ", mark)]
    if decision.reason:
        parts.append(tag("p", f"{decision.reason}."))
    if decision.tied:
        parts.append(_tied(decision))
    if decision.decided_by:
        parts.append(tag("p", "Decided by: ", ", ".join(decision.decided_by), ".", class_="quiet"))
    if decision.would_tell:
        parts.append(tag("p", "What would tell: ", decision.would_tell, "."))
    if len(decision.trials) > 1:
        parts.append(_rivals(decision))
    if decision.evidence:
        lines = json.dumps(decision.evidence, indent=1, default=str).splitlines()
        more = [f"and {len(lines) - MOST_LINES:,} lines more"] if len(lines) > MOST_LINES else []
        text = Markup("\n".join(safe(line) for line in [*lines[:MOST_LINES], *more]))
        parts.append(details("Figures", tag("pre", text, tabindex="0")))
    return safe(parts)


def _tied(decision: Decision) -> Markup:
    if len(decision.tied) <= MOST_TIED:
        return tag("p", "Not told apart from: ", "; ".join(decision.tied), ".")
    items = tag("ul", *(tag("li", label) for label in decision.tied))
    return details(f"Not told apart from {len(decision.tied)} others", items)


def _rivals(decision: Decision) -> Markup:
    rows = [_rival(t, t.candidate.label == decision.answer) for t in decision.trials[:MOST_RIVALS]]
    more = len(decision.trials) - len(rows)
    left = tag("p", f"and {more} more", class_="quiet") if more > 0 else None
    head = ("answer tried", "coefficients that differ", "", "of", "on")
    return details(f"{len(decision.trials)} answers were tried", table(head, rows, {1, 3}), left)


def _rival(trial: Trial, won: bool) -> tuple[object, ...]:
    total = trial.total
    if total.error and not total.equal:
        return trial.candidate.label, "failed", "", f"{total.compared:,}", total.error
    where = f"{'whole files' if trial.on_whole_files else 'parts'} of {len(trial.agreements)} pairs"
    label = tag("strong", trial.candidate.label) if won else trial.candidate.label
    share = 1 - total.share if total.compared else 0.0
    return label, f"{total.unequal:,}", bar(share, "best" if won else "rival"), f"{total.compared:,}", where


# --- pairs


def _pairs(learned: Learned, test: Scores | None) -> Markup:
    parts = [
        tag(
            "p",
            "The profile was played on each sent picture, nothing taken from the received file: sizes, tables, scans, "
            "headers and every coefficient are its own prediction.",
        )
    ]
    if test is not None:
        parts += [tag("h3", f"Pairs that it was not learned from ({test.pairs})"), _scores(test)]
        parts.append(tag("h3", f"Pairs that it was learned from ({learned.scores.pairs})"))
    parts.append(_scores(learned.scores))
    by_name = {p.name: p for p in learned.search.pairs}
    worst = sorted(learned.scores.per_pair, key=lambda s: (s.bytes_identical, s.coefficients_equal))
    cards = [_card(s, by_name[s.name], learned) for s in worst[:MOST_PICTURES] if s.name in by_name]
    return Markup(safe(parts) + tag("ul", *cards, class_="pairs"))


def _scores(scores: Scores) -> Markup:
    rows = [_score(s) for s in scores.per_pair]
    return table(("pair", "bytes", "headers", "coefficients equal", "PSNR", "size"), rows, {3, 4, 5})


def _score(score: PairScore) -> tuple[object, ...]:
    if score.error:
        return score.name, badge("failed", "bad"), "", "", "", score.error
    same = badge("identical", "good") if score.bytes_identical else badge("differ", "unsure")
    headers = "equal" if score.headers_equal else "differ"
    psnr = "equal" if score.pixels_equal == 1 else f"{score.psnr_db:.2f} dB" if score.psnr_db is not None else "-"
    return score.name, same, headers, percent(score.coefficients_equal), psnr, f"{score.size_ratio:.3f}"


def _card(score: PairScore, pair: Observed, learned: Learned) -> Markup:
    shown: Difference = difference(pair, learned.profile)
    width, height = pair.size
    told = f"{width} x {height}, {len(pair.received):,} bytes"
    parts: list[object] = [
        tag("strong", pair.name), tag("br"), tag("small", told, class_="quiet"),
        tag("img", src=shown.delivered, alt=f"{pair.name} as delivered", loading="lazy"),
    ]  # fmt: skip
    if shown.crop:
        left, top = shown.at
        parts += [
            tag("small", f"Where ours differs, at most by {shown.largest} of 255 (darker: more):"),
            tag("img", src=shown.overview, alt="Where the pictures differ", loading="lazy"),
            tag("small", f"At {left}, {top}, eight times amplified:"),
            tag("img", src=shown.crop, alt="Difference, amplified", class_="crop", loading="lazy"),
        ]
    elif score.error:
        parts.append(tag("small", score.error))
    else:
        told = "Byte for byte the same." if score.bytes_identical else "The same picture; the files differ."
        parts.append(tag("small", told if score.pixels_equal == 1 else "Cannot be compared."))
    return tag("li", *parts)


# --- the rest


def shortened(labels: tuple[str, ...], most: int = 3) -> str:
    """The first labels, and how many there are more."""
    more = f"; {len(labels) - most} more" if len(labels) > most else ""
    return "; ".join(labels[:most]) + more


def _open(learned: Learned) -> Markup:
    guesses = [d for d in learned.evidence if d.guess]
    items = [
        tag("li", tag("strong", f"{d.question}: {d.answer}"), f". {d.reason}." if d.reason else ".",
            f" Could as well be: {shortened(d.tied)}." if d.tied else "",
            f" What would tell: {d.would_tell}." if d.would_tell else "")
        for d in guesses
    ]  # fmt: skip
    unproven = [tag("li", text) for text in learned.profile.unproven]
    free = [tag("li", tag("strong", key), f": {why}") for key, why in learned.profile.free.items()]
    parts: list[Markup] = []
    if items:
        parts += [tag("p", "Filled in by what the identified software usually does, not by these pairs:")]
        parts.append(tag("ul", *items))
    if free:
        parts += [tag("p", "Varies from file to file, for reasons that the pairs do not show:"), tag("ul", *free)]
    if unproven:
        parts.append(details(f"As the profile says it ({len(unproven)})", tag("ul", *unproven)))
    return safe(parts)


def _aside(learned: Learned) -> Markup:
    rows = [(s.name, s.kind, s.reason) for s in learned.set_aside]
    notes = [tag("p", note) for note in learned.notes]
    return Markup((table(("pair", "kind", "why"), rows) if rows else "") + safe(notes))


def _provenance(learned: Learned) -> Markup:
    proofs = [tag("li", tag("strong", p.result), f" {p.what}", tag("br"),
                  tag("small", ", ".join(x for x in (p.source, p.date) if x), class_="quiet"))
              for p in learned.profile.proof]  # fmt: skip
    total = sum(learned.seconds.values()) or 1.0
    times = [(step, f"{spent:.1f}", bar(spent / total)) for step, spent in learned.seconds.items() if spent >= 0.05]
    return safe([
        tag("ul", *proofs) if proofs else None,
        details(f"Time: {total:.0f} seconds", table(("asked about", "seconds", ""), times, {1})),
    ])  # fmt: skip


def _profile(learned: Learned) -> Markup:
    lines = [safe(line[:2000]) for line in dumps(learned.profile).splitlines()]
    text = tag("pre", Markup("\n".join(lines)), tabindex="0")
    told = tag("p", "A TOML file; mimic and verify take it as it is.", class_="quiet")
    return Markup(told + details("Show it", text))
