"""What the pairs left open, filled by the habits of the software that was recognised; never against a pair.

Each answer that pairs did not decide is looked at again once the search is over: of the answers that agree with every
pair alike, the one that the recognised software gives by default is taken, if the whole pipeline then agrees with every
pair as well as before. It stays a guess, and its decision says whose habit it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from ..steps import Delivered, Source
from ..steps.decode import Decode
from ..steps.encode import Encode
from ..steps.passthrough import Passthrough
from ..steps.resize import Resize
from . import habits, telling
from .headers import Headers
from .pipeline import Pipeline
from .question import Decision
from .questions import questions
from .search import Search
from .settling import label as in_words
from .size_limits import oddity
from .size_rules import COSTS, SizeRule, SizeRules

SIZE_RULE = "size rule"
SOFTWARE = "software"
LARGE = "large reductions"
HABIT = "a guess: "
"""What a reason says before whose habit an answer is."""
SIZE_FIELDS = ("fit", "limit", "limit_height", "derive", "rounding", "multiple", "upscale")
AGAINST = 1.5
"""What a size rule costs (in `size_rules.COSTS`) for a part that the software does otherwise by default."""

ODD = 2.0
"""`size_limits.oddity` of a number that nobody would choose."""

OF_GREY_FILES = {
    "encode.grey_factors": "factors of grey pictures",
    "encode.unused_tables": "unused tables of grey pictures",
}
"""Parameters that nothing but a grey file shows -> what is asked."""

WOULD_TELL = {
    "decode": "a detailed 4:2:0 JPEG at least four times larger than what is delivered, and a PNG of the same picture",
    "orient": "JPEGs whose EXIF orientation is 6, 3 and 2",
    "color": "a picture of strong colours with a Display P3 or Adobe RGB profile",
    "flatten": "an RGBA picture with clear and half clear places over colours that differ, larger than the limit",
    "resize": "detailed pictures whose ratio to the limit is no simple fraction, some with alpha, some turned by EXIF",
    "sharpen": "a picture of sharp edges, larger than the limit",
    "generation": "a picture with strong colour edges, in PNG",
    "encode": "a grey picture, and PNGs with noise and with sharp colour edges whose sides are no multiples of 16",
    "envelope": "JPEGs with a comment, a density of 300 dots an inch and an ICC profile",
}
"""Step -> a picture that tells most answers to its questions apart; decisions that know a better one say so."""


@dataclass(frozen=True)
class _Option:
    label: str
    pipeline: Pipeline


def settle(search: Search, headers: Headers, sizes: SizeRules) -> Headers:
    """Fills what pairs left open: changes `search.pipeline` and `search.decisions`, returns the headers with the values
    that were guessed. sizes: the rules that give all sizes. An interrupted search is settled as far as it got."""
    options = {name: found for name, d in search.decisions.items() if d.guess and (found := _options(search, d))}
    for name in [name for name, found in options.items() if not _varying(found)]:
        search.decisions[name] = _the_same(search.decisions[name])
        del options[name]
    unknown = {key for found in options.values() for key in _varying(found)} | _open_in_headers(headers)
    unknown |= {f"resize.{name}" for name in SIZE_FIELDS}
    boxes = search.decisions.get(LARGE)
    if boxes is not None and boxes.trials and habits.BOXES not in _varying(options.get(LARGE, ())):
        unknown.discard(habits.BOXES)  # a resampling that small factors leave open is decided there
    known = {k: v for k, v in habits.facts(search.pipeline, headers.envelope).items() if k not in unknown}
    names = _recognise(habits.matches(known), sizes.rules, known)
    search.decisions[SOFTWARE] = _recognised(names, known)
    if names:
        for name, found in options.items():
            _by_habit(search, search.decisions[name], found, names, known)
        headers = _headers_by_habit(search, headers, names)
        headers = _of_grey_files(search, headers, names, known)
    search.decisions[SIZE_RULE] = _size_rule(search, sizes, names, known)
    headers = _passed_through(search, headers, names)
    for name, decision in search.decisions.items():
        if decision.guess:
            tell = _sized(search, options.get(name, ())) or decision.would_tell or WOULD_TELL.get(decision.step, "")
            search.decisions[name] = replace(decision, would_tell=tell)
    return headers


def _sized(search: Search, options: Sequence[_Option]) -> str:
    """The JPEG that tells answers apart which decode a large one, or size it, differently; "" where none does."""
    pipelines = telling.with_sizes_of([o.pipeline for o in options], search.pipeline, SIZE_FIELDS)
    size = telling.jpeg_size(pipelines) if len(pipelines) > 1 else None
    return f"a detailed 4:2:0 JPEG of {size[0]} x {size[1]}" if size else ""


def _recognise(matches: Sequence[habits.Match], rules: Sequence[SizeRule], known: Mapping[str, Any]) -> tuple[str, ...]:
    """The software that is not told apart, best first: what it shows, and how usual for it a rule for the sizes is."""

    def odd(name: str) -> float:
        usual = habits.usual(name, known)
        return min((unusual(rule, usual) for rule in rules), default=0.0)

    weights = {m.software.name: m.weight - odd(m.software.name) for m in matches if m.supports}
    best = max(weights.values(), default=0.0)
    return tuple(sorted((n for n, w in weights.items() if w >= best - habits.CLASS), key=lambda n: -weights[n]))


def _recognised(names: Sequence[str], known: Mapping[str, Any]) -> Decision:
    if not names:
        return Decision(SOFTWARE, "encode", "not recognised", guess=True, reason="no software known here does all this")
    match = next(m for m in habits.matches(known) if m.software.name == names[0])
    reason = f"fits in {', '.join(match.supports)}"
    if match.contradicts:
        reason += f"; not as it usually is: {', '.join(match.contradicts)}"
    evidence: dict[str, object] = {
        "class": list(names), "source": match.software.source, "note": match.software.note,
    }  # fmt: skip
    return Decision(SOFTWARE, "encode", match.software.title, tied=tuple(habits.by_name(n).title for n in names[1:]),
                    guess=True, reason=reason, evidence=evidence)  # fmt: skip


# --- questions -------------------------------------------------------------------------------------------------------


def _options(search: Search, decision: Decision) -> list[_Option]:
    """The answers that agree with every pair alike, as pipelines; the present one first. Empty where there is none."""
    labels = (decision.answer, *decision.tied)
    made = {t.candidate.label: t.candidate.pipeline for t in decision.trials}
    if decision.answer not in made:
        question = next((q for q in questions() if q.name == decision.question), None)
        if question is None:
            return []
        made = {c.label: c.pipeline for c in question.candidates(search.pipeline, (), search.rendering)}
    found = [_Option(name, made[name]) for name in labels if name in made]
    return found if len(found) > 1 and found[0].label == decision.answer else []


def _varying(options: Sequence[_Option]) -> set[str]:
    """The facts in which the options differ."""
    rows = [habits.facts(o.pipeline) for o in options]
    return {key for row in rows for key in row if any(other.get(key) != row[key] for other in rows)}


def _by_habit(
    search: Search,
    decision: Decision,
    options: Sequence[_Option],
    names: Sequence[str],
    known: Mapping[str, Any],
) -> None:
    """Takes the option that has most of the software's habits, if that is another one and as good on every pair."""
    keys = _varying(options)
    scores = [habits.agreement(names, habits.facts(o.pipeline), keys, known) for o in options]
    best = max(range(len(options)), key=lambda i: (scores[i], -i))
    whose = _whose(names, keys)
    if not whose:
        return  # the software has no habit in this
    chosen = options[0]
    if best:
        made = transplanted(search.pipeline, options[0].pipeline, options[best].pipeline)
        if made is not None and as_good(search, made):
            search.pipeline, chosen = made, options[best]
    verdict = f"{whose} {'does it so' if chosen is options[best] else 'does otherwise, which the pairs contradict'}"
    search.decisions[decision.question] = _guessed(decision, chosen.label, verdict)


def _the_same(decision: Decision) -> Decision:
    """A decision whose answers differ in nothing that shows: where a step that does nothing stands, say."""
    reason = "; ".join(part for part in (decision.reason, "the others come to the same") if part)
    return replace(decision, tied=(), guess=False, reason=reason)


def _guessed(decision: Decision, answer: str, why: str) -> Decision:
    others = tuple(name for name in (decision.answer, *decision.tied) if name != answer)
    reason = "; ".join(part for part in (decision.reason, HABIT + why) if part)
    return replace(decision, answer=answer, tied=others, guess=True, reason=reason)


def _whose(names: Sequence[str], keys: Collection[str]) -> str:
    """Whose habits bear on these facts, in words; empty where none of the software has any."""
    with_habit = [n for n in names if any(habits.value(n, key) is not None for key in keys)]
    if not with_habit:
        return ""
    told = habits.by_name(with_habit[0]).title
    others = [habits.by_name(n).title for n in names if n != with_habit[0]]
    return f"{told} by default" + (f" (not told apart from {', '.join(others)})" if others else "")


def transplanted(current: Pipeline, old: Pipeline, new: Pipeline) -> Pipeline | None:
    """`current` with what makes `new` of `old`: parameters, order of steps; None where they have other steps."""
    if sorted(old.names) != sorted(new.names) or not set(old.names) <= set(current.names):
        return None
    made = current
    for before in old.steps:
        after = next(s for s in new.steps if s.name == before.name)
        changes = {
            f.name: getattr(after, f.name)
            for f in dataclasses.fields(before)  # type: ignore[arg-type]
            if getattr(after, f.name) != getattr(before, f.name)
        }
        if changes:
            present = next(s for s in made.steps if s.name == before.name)
            made = made.having(replace(present, **changes))  # type: ignore[type-var]
    if old.names != new.names:
        if sorted(current.names) != sorted(new.names):
            return None
        made = made.ordered(new.names)
    return made


def as_good(search: Search, made: Pipeline) -> bool:
    """Whether a pipeline agrees with every pair, whole files, at least as well as the search's own."""
    for pair in search.pairs:
        was = search.agreement(pair, search.pipeline)
        if search.agreement(pair, made).unequal > was.unequal:
            return False
    return True


# --- headers ---------------------------------------------------------------------------------------------------------


def _open_in_headers(headers: Headers) -> set[str]:
    """Facts that headers left open."""
    named = {str(d.evidence.get("parameter", "")) for d in headers.decisions if d.guess}
    return named | ({"encode.keep_sampling"} if "encode.sampling" in named else set())


def _headers_by_habit(search: Search, headers: Headers, names: Sequence[str]) -> Headers:
    """Parameters that several values of which agree with every file: the habit's, if it is one of them."""
    decisions = []
    for decision in headers.decisions:
        key = str(decision.evidence.get("parameter", ""))
        given = decision.evidence.get("options")
        possible = [str(o) for o in given] if isinstance(given, list) else []
        if decision.guess and key not in headers.free and len(possible) > 1:
            fact, option = _header_habit(key, possible, names)
            if option:
                if option != decision.answer:
                    headers = _with_header(search, headers, fact, habits.majority(names, fact)[0])
                decision = _guessed(decision, option, f"{_whose(names, {fact})} does it so")
        decisions.append(decision)
    return replace(headers, decisions=tuple(decisions))


def _of_grey_files(search: Search, headers: Headers, names: Sequence[str], known: Mapping[str, Any]) -> Headers:
    """Parameters that show in grey files alone, by habit where no received file is grey."""
    if any(len(p.coefficients.components) == 1 for p in search.pairs):
        return headers
    for fact, what in OF_GREY_FILES.items():
        habit, _ = habits.majority(names, fact, known)
        if habit is not None and habit != getattr(headers.encode, fact.split(".")[1]):
            headers = _with_header(search, headers, fact, habit)
            told = Decision(what, "encode", in_words(habit), tied=(in_words(not habit),), guess=True,
                            reason=f"no received file is grey; {HABIT}{_whose(names, {fact})} does it so",
                            would_tell="a grey picture")  # fmt: skip
            headers = replace(headers, decisions=(*headers.decisions, told))
    return headers


def _header_habit(key: str, possible: Sequence[str], names: Sequence[str]) -> tuple[str, str]:
    """(fact, the option's label) that the software's habit is; an empty label where it has none of these."""
    if key == "encode.sampling" and "sent" in possible:
        keeps, _ = habits.majority(names, "encode.keep_sampling")
        others = [o for o in possible if o != "sent"]
        return "encode.keep_sampling", "" if keeps is None else "sent" if keeps else others[0] if others else ""
    habit, _ = habits.majority(names, key)
    told = in_words(tuple(habit) if isinstance(habit, list) else habit) if habit is not None else ""
    return key, told if told in possible else ""


def _with_header(search: Search, headers: Headers, fact: str, habit: Any) -> Headers:
    """The headers, and the search's pipeline, with the habit's value, if it is as good on every pair."""
    step, parameter = fact.split(".")
    if step == "envelope":
        return replace(headers, envelope=_changed(headers.envelope, parameter, habit))
    made = search.pipeline.having(_changed(search.pipeline.get(Encode), parameter, habit))
    if not as_good(search, made):
        return headers
    search.pipeline = made
    return replace(headers, encode=_changed(headers.encode, parameter, habit))


def _changed(step: Any, parameter: str, value: Any) -> Any:
    present = getattr(step, parameter)
    typed = type(present)(value) if isinstance(present, Enum) else tuple(value) if isinstance(value, list) else value
    return replace(step, **{parameter: typed})


def _passed_through(search: Search, headers: Headers, names: Sequence[str]) -> Headers:
    """A first step that hands out JPEGs which need no resize, where that is the software's habit and no pair could show
    it: all JPEGs that were sent were too large."""
    resize = search.pipeline.find(Resize)
    habit, who = habits.majority(names, "passthrough.limit")
    if habit is None or who != tuple(names) or headers.first or resize is None or not isinstance(resize.limit, int):
        return headers
    step = Passthrough(fit=resize.fit, limit=resize.limit, limit_height=resize.limit_height)
    if any(isinstance(step.exact(Source(p.sent), p.context), Delivered) for p in search.pairs):
        return headers
    decision = Decision(
        "files passed through", "passthrough", "JPEGs that need no resize", tied=("none",), guess=True,
        reason=f"no JPEG that fits was sent; {HABIT}{_whose(names, {'passthrough.limit'})} does it so",
        would_tell="a JPEG smaller than the limit",
    )  # fmt: skip
    return replace(headers, first=(step,), decisions=(*headers.decisions, decision))


# --- sizes -----------------------------------------------------------------------------------------------------------


def _size_rule(search: Search, sizes: SizeRules, names: Sequence[str], known: Mapping[str, Any]) -> Decision:
    """Of the size rules that give every received size, the software's own goes into the pipeline."""
    decision = sizes.decision
    present = search.pipeline.find(Resize)
    if present is None or not sizes.rules or not decision.guess or not names:
        return decision
    usual = habits.usual(names[0], known)
    for rule in sorted((r for r in sizes.rules if r.by == sizes.rules[0].by), key=lambda r: unusual(r, usual))[:3]:
        made = _with_rule(search.pipeline, present, rule)
        if made != search.pipeline and not as_good(search, made):
            continue
        search.pipeline = made
        if str(rule) == decision.answer:
            return decision
        told = _whose(names, {f"resize.{name}" for name in SIZE_FIELDS})
        return _guessed(decision, str(rule), f"nearest to what {told} does" if told else "the simplest")
    return decision


def unusual(rule: SizeRule, usual: Mapping[str, Any]) -> float:
    """The rule's cost (`size_rules.COSTS`) where the software's habits are not known; nothing for a part that is its
    habit, and AGAINST more for one that is another. A box with a side that nobody would choose is no habit: a limit of
    one side alone gives the same sizes, and the tallest picture its number."""
    step = Resize(**rule.resize)
    cost = rule.cost
    if oddity(step.limit_height) >= ODD:
        usual = {key: value for key, value in usual.items() if key != "resize.fit"}
    for name in ("fit", "derive", "rounding", "upscale", "multiple"):
        own = getattr(step, name)
        part = COSTS.get(own, 0.0) if name in ("fit", "derive", "rounding") else COSTS[name] * (name in rule.resize)
        habit = usual.get(f"resize.{name}")
        if habit is not None:
            cost += -part if habits.plain(own) == habit else AGAINST
    return cost


def _with_rule(pipeline: Pipeline, present: Resize, rule: SizeRule) -> Pipeline:
    """The pipeline with another size rule; the decoder that shrinks aims at the same size."""
    fresh = Resize(**rule.resize)
    made = pipeline.having(replace(present, **{name: getattr(fresh, name) for name in SIZE_FIELDS}))
    decode = made.find(Decode)
    if decode is None or decode.draft == "none" or not isinstance(fresh.limit, int):
        return made
    times = decode.draft_limit // present.limit if isinstance(present.limit, int) else 1
    return made.having(
        replace(
            decode, draft=fresh.fit, draft_limit=max(1, times) * fresh.limit,
            draft_limit_height=max(1, times) * fresh.limit_height, draft_derive=fresh.derive,
            draft_rounding=fresh.rounding,
        )
    )  # fmt: skip
