"""Profiles: what a platform does, as data. Load, dump, validate; find the shipped ones by name.

A profile is a TOML file:

    schema = 1
    name = "facebook/classic-2014"       platform/era
    title = "..."                        one line for people
    unproven = ["...", ...]              what nobody has measured yet

    [when]                               where and when it holds
    platform = "facebook"
    since = 2014                         years, both ends included; `until` may be missing
    until = 2021
    surface = "..."
    pictures = "..."

    [[proof]]                            what was reproduced, and how exactly
    what = "..."
    result = "..."

    [free]                               values that the platform varies and --like takes from a delivered file
    "encode.quality" = "why it is free"

    [learned]                            of a profile that `learn` made: from which pairs, with which rivals
    by = "understudy 0.1.0"

    [[steps]]                            in order; the parameters are the step's fields
    step = "decode"
"""

from __future__ import annotations

import dataclasses
import re
import tomllib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, ClassVar

from pydantic import TypeAdapter, ValidationError

from ._text import meant, of_pydantic
from .errors import ProfileError
from .jpeg.syntax import JpegStream
from .steps import Delivered, Rule, Source, Step, find, names

SCHEMA = 1


@dataclass(frozen=True)
class When:
    """Where and when a profile holds."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    platform: str
    since: int | None = None
    """First year."""
    until: int | None = None
    """Last year, included; None while it goes on or is not known."""
    surface: str = ""
    pictures: str = ""
    """Which pictures: sizes, formats."""
    max_longest_side: int | None = None
    """Pixels; a larger picture is not what the profile was measured on."""
    min_longest_side: int | None = None
    """Pixels; a smaller picture is not what the profile was measured on."""
    width: int | None = None
    """Pixels; a picture of another width is not what the profile was measured on."""
    by_name_only: bool = False
    """A special case beside the platform's main path: `facebook` and `facebook@2015` do not mean it."""

    def misfit(self, width: int, height: int) -> str:
        """Why a picture of this size, as it is sent, lies outside of what the profile holds for; "" if it does not."""
        if self.max_longest_side is not None and max(width, height) > self.max_longest_side:
            return f"{width} x {height} as sent; the profile holds up to {self.max_longest_side} pixels"
        if self.min_longest_side is not None and max(width, height) < self.min_longest_side:
            return f"{width} x {height} as sent; the profile holds from {self.min_longest_side} pixels"
        if self.width is not None and width != self.width:
            return f"{width} x {height} as sent; the profile holds for a width of {self.width} pixels"
        return ""

    def __str__(self) -> str:
        years = "any year" if self.since is None else f"{self.since} to {self.until if self.until else 'now'}"
        return ", ".join(part for part in (self.platform, years, self.surface, self.pictures) if part)


@dataclass(frozen=True)
class Proof:
    """One thing that was reproduced."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    what: str
    result: str
    source: str = ""
    date: str = ""


@dataclass(frozen=True)
class LearnedPair:
    """A pair that a profile was learned from."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    name: str
    sent: str
    """SHA-256 of the file, 64 hex digits."""
    received: str
    """SHA-256 of the file, 64 hex digits."""
    result: str = ""
    """How the profile does on it."""


@dataclass(frozen=True)
class Answer:
    """An answer that `learn` gave, and how sure it is."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    question: str
    answer: str
    reason: str = ""
    """In words: what differs, what the next rival would leave, or whose habit it is."""
    rivals: tuple[str, ...] = ()
    """Answers that were rejected, with what they left unexplained."""
    tied: tuple[str, ...] = ()
    """Answers that fit the pairs as well."""
    decided_by: tuple[str, ...] = ()
    """Pairs without which it would be open."""
    guess: bool = False
    """Whether no pair decided it."""


@dataclass(frozen=True)
class Learning:
    """Where a learned profile comes from."""

    __pydantic_config__: ClassVar[dict[str, str]] = {"extra": "forbid"}

    by: str
    """Tool and version."""
    date: str
    pairs: tuple[LearnedPair, ...]
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True)
class Profile:
    """An ordered list of steps, when it holds, and its proof."""

    name: str
    title: str
    when: When
    steps: tuple[Step, ...]
    proof: tuple[Proof, ...] = ()
    unproven: tuple[str, ...] = ()
    free: Mapping[str, str] = field(default_factory=dict)
    """`step.parameter` -> why it is free."""
    learned: Learning | None = None
    """Of a profile that `learn` made."""

    def step(self, name: str) -> Step:
        """The step of that name. Raises ProfileError if the profile has none."""
        for step in self.steps:
            if step.name == name:
                return step
        raise ProfileError(
            f"no step {name!r}", place=self.name, expected=f"one of {', '.join(s.name for s in self.steps)}"
        )

    def with_values(self, values: Mapping[str, Any]) -> Profile:
        """The same profile with other parameter values.

        values: `step.parameter`, or a parameter's name alone where only one step has it -> a value of its type (text,
        as a command line gives it, is read as TOML).
        Raises ProfileError for names and values that do not fit.
        """
        by_step: dict[str, dict[str, Any]] = {}
        for key, value in values.items():
            step_name, parameter = self._find(key)
            by_step.setdefault(step_name, {})[parameter] = value
        return replace(self, steps=tuple(_changed(self.name, s, by_step.get(s.name, {})) for s in self.steps))

    def _find(self, key: str) -> tuple[str, str]:
        """(step, parameter) that `key` names."""
        owners = {s.name: [f.name for f in dataclasses.fields(s)] for s in self.steps}  # type: ignore[arg-type]
        if "." in key:
            step_name, parameter = key.split(".", 1)
            if parameter in owners.get(step_name, ()):
                return step_name, parameter
        else:
            having = [name for name, parameters in owners.items() if key in parameters]
            if len(having) == 1:
                return having[0], key
            if having:
                raise ProfileError(
                    f"{key!r} is ambiguous", place=self.name, expected=" or ".join(f"{n}.{key}" for n in having)
                )
        step_name, dot, _ = key.partition(".")
        known = {f"{n}.{p}": p for n, parameters in owners.items() for p in parameters}
        mine = [name for name in known if dot and name.startswith(f"{step_name}.")]
        raise ProfileError(
            f"no parameter {key!r}", place=self.name,
            expected=f"one of {', '.join(mine)}" if mine else f"a parameter of {', '.join(owners)}",
            remedy=meant(key, known if dot else known.values()) or "`understudy profiles show NAME --all` lists them",
        )  # fmt: skip

    def like(self, delivered: JpegStream, given: Collection[str] = ()) -> Profile:
        """The same profile with every free value taken from a delivered file.

        given: names of values that are not to be taken (see `with_values`).
        Raises ProfileError where the file does not show one (its tables follow another law, say).
        """
        settled = {".".join(self._find(key)) for key in given}
        wanted = [key for key in self.free if key not in settled]
        observed = self._observed(delivered)
        missing = [key for key in wanted if key not in observed]
        if missing:
            raise ProfileError(
                f"the delivered file does not show {', '.join(missing)}",
                place=self.name,
                expected="a file of this platform and era",
                remedy="inspect it; for a quality, see whether its tables follow the profile's law",
            )
        return self.with_values({key: observed[key] for key in wanted})

    def contradictions(self, delivered: JpegStream) -> list[str]:
        """`step.parameter`s whose fixed value a delivered file contradicts; none for one of its own."""
        out = []
        for key, seen in self._observed(delivered).items():
            step_name, parameter = key.split(".", 1)
            own = getattr(self.step(step_name), parameter)
            if key in self.free or isinstance(own, Rule) or own in ((), "sent", "sent-or-72"):
                continue
            if isinstance(own, tuple) and isinstance(seen, tuple):
                own = own[: len(seen)]  # ids are listed for four components
            if own != seen:
                out.append(key)
        return out

    def _observed(self, delivered: JpegStream) -> dict[str, Any]:
        """`step.parameter` -> what a delivered file shows of it."""
        return {f"{s.name}.{key}": value for s in self.steps for key, value in s.observe(delivered).items()}


def load_profile(name: str | Path | Profile, like: JpegStream | None = None, given: Collection[str] = ()) -> Profile:
    """A shipped profile by name, or the profile in a TOML file.

    name: `facebook` (the platform's newest), `facebook@2016` (the newest that holds in that year),
    `facebook/classic-2014` (that one), or a path that ends in .toml.
    like: a delivered file; its values replace the free ones (see `Profile.like`, also for `given`). Of the eras and
    special cases that the name leaves open, the one that the file contradicts least is taken; of equal ones the
    platform's main path, then the newest.
    Raises ProfileError with the known names, or where the file fits none.
    """
    candidates = _candidates(name, special=like is not None)
    if like is None:
        return candidates[0]
    fitting: list[tuple[int, Profile]] = []
    failure: ProfileError | None = None
    for candidate in candidates:
        try:
            fitting.append((len(candidate.contradictions(like)), candidate.like(like, given)))
        except ProfileError as error:
            failure = failure or error
    if not fitting:
        assert failure is not None, "there is a candidate, and it failed"
        raise failure
    return min(fitting, key=lambda pair: pair[0])[1]


def _candidates(name: str | Path | Profile, special: bool) -> list[Profile]:
    """The profiles that `name` may mean, the newest first, and behind them, if `special`, those meant by name only."""
    if isinstance(name, Profile):
        return [name]
    if str(name).endswith(".toml"):
        path = Path(name)
        try:
            return [loads(path.read_text(encoding="utf-8"), str(path))]
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or f"{error}"
            raise ProfileError(why, place=str(path), expected="a readable TOML file") from None
    name = str(name)
    if "/" in name and (one := _one_shipped(name)) is not None:
        return [one]
    shipped = shipped_profiles()
    platform, _, year = name.partition("@")
    fitting = [p for p in shipped.values() if p.when.platform == platform and (special or not p.when.by_name_only)]
    if year:
        wanted = int(year) if re.fullmatch(r"\d{4}", year) else -1
        fitting = [p for p in fitting if (p.when.since or 0) <= wanted <= (p.when.until or 9999)]
    if not fitting:
        known = [*shipped, *dict.fromkeys(p.when.platform for p in shipped.values())]
        own = ", ".join(n for n in shipped if n.startswith(platform.partition("/")[0] + "/"))
        expected = f"one of {own or ', '.join(shipped)}, or a path to a .toml"
        raise ProfileError(f"{name!r}", place="profile", expected=expected, remedy="" if own else meant(name, known))
    return sorted(fitting, key=lambda p: (not p.when.by_name_only, p.when.since or 0, p.name), reverse=True)


def shipped_profiles() -> dict[str, Profile]:
    """All profiles that come with the package, by name, in alphabetical order."""
    return dict(_shipped())


@cache
def _one_shipped(name: str) -> Profile | None:
    """The shipped profile `platform/era`, which stands in platform-era.toml, without reading the others."""
    entry = resources.files(__package__) / "profiles" / f"{name.replace('/', '-')}.toml"
    profile = loads(entry.read_text(encoding="utf-8"), entry.name) if entry.is_file() else None
    return profile if profile is not None and profile.name == name else None


@cache
def _shipped() -> tuple[tuple[str, Profile], ...]:
    folder = resources.files(__package__) / "profiles"
    texts = (
        (entry.name, entry.read_text(encoding="utf-8")) for entry in folder.iterdir() if entry.name.endswith(".toml")
    )
    loaded = [loads(text, place) for place, text in texts]
    return tuple((p.name, p) for p in sorted(loaded, key=lambda p: p.name))


def loads(text: str, place: str = "profile") -> Profile:
    """A profile from TOML text. Raises ProfileError with `place` and the key that is wrong."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:  # tomllib follows nesting without a limit of its own
        raise ProfileError(f"{error}", place=place, expected="TOML") from None
    if data.get("schema") != SCHEMA:
        raise ProfileError(f"schema {data.get('schema')!r}", place=place, expected=f"schema = {SCHEMA}")
    rows = data.get("steps", [])
    known = {"schema", "name", "title", "when", "proof", "unproven", "free", "learned", "steps"}
    if set(data) - known:
        raise ProfileError(
            f"unknown key {sorted(set(data) - known)[0]!r}", place=place, expected=", ".join(sorted(known))
        )
    if not isinstance(rows, list) or not rows:
        raise ProfileError("no steps", place=place, expected="[[steps]] tables")
    steps = tuple(_step(row, f"{place}: steps[{i}]") for i, row in enumerate(rows))
    try:
        profile = Profile(
            name=_validated(str, data.get("name"), f"{place}: name"),
            title=_validated(str, data.get("title", ""), f"{place}: title"),
            when=_validated(When, data.get("when", {}), f"{place}: when"),
            steps=steps,
            proof=_validated(tuple[Proof, ...], data.get("proof", []), f"{place}: proof"),
            unproven=_validated(tuple[str, ...], data.get("unproven", []), f"{place}: unproven"),
            free=_validated(dict[str, str], data.get("free", {}), f"{place}: free"),
            learned=_validated(Learning | None, data.get("learned"), f"{place}: learned"),
        )
        _check_order(profile)
        for key in profile.free:
            profile._find(key)
    except ProfileError as error:
        raise error if error.place.startswith(place) else error.at(place) from None
    return profile


def _check_order(profile: Profile) -> None:
    """Each step takes what the one before gives, from a sent file to a delivered one."""
    flows: type = Source
    for step in profile.steps:
        if step.takes is not flows:
            raise ProfileError(
                f"step {step.name} takes a {step.takes.__name__}", place=profile.name,
                expected=f"a step that takes the {flows.__name__} before it",
            )  # fmt: skip
        flows = step.gives
    if flows is not Delivered:
        raise ProfileError(
            f"the last step gives a {flows.__name__}", place=profile.name, expected="envelope at the end"
        )


def _step(row: Any, place: str) -> Step:
    if not isinstance(row, dict) or row.get("step") not in names():
        got = row.get("step") if isinstance(row, dict) else row
        raise ProfileError(f"step {got!r}", place=place, expected=f"one of {', '.join(names())}")
    kind = find(row["step"])
    step: Step = _validated(kind, {k: v for k, v in row.items() if k != "step"}, f"{place} ({kind.name})")
    return step


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _validated(kind: Any, value: Any, place: str) -> Any:
    """`value` as `kind`, checked and converted by pydantic; ProfileError names the first thing wrong."""
    try:
        return _adapter(kind).validate_python(value)
    except ValidationError as error:
        # Where several types are allowed, pydantic tells what is wrong for each: the deepest is the one that was meant.
        first = max(error.errors(include_url=False), key=lambda e: len(e["loc"]))
        got, expected = of_pydantic(first)
        raise ProfileError(got, place=place, expected=expected) from None


def _changed(profile: str, step: Step, values: Mapping[str, Any]) -> Step:
    if not values:
        return step
    old = {f.name: getattr(step, f.name) for f in dataclasses.fields(step)}  # type: ignore[arg-type]
    read = {k: _from_text(v) if isinstance(v, str) and not isinstance(old[k], str) else v for k, v in values.items()}
    changed: Step = _validated(type(step), {**old, **read}, f"{profile}: {step.name}")
    return changed


def _from_text(text: str) -> Any:
    """A value as a command line gives it: TOML where it is TOML (`92`, `true`, `[1, 2]`), plain text otherwise."""
    try:
        return tomllib.loads(f"v = {text}")["v"]
    except (tomllib.TOMLDecodeError, RecursionError):
        return text


def dumps(profile: Profile) -> str:
    """The profile as TOML that `loads` reads back as an equal profile; parameters at their defaults are left out."""
    lines = [f"schema = {SCHEMA}", f"name = {_toml(profile.name)}", f"title = {_toml(profile.title)}"]
    if profile.unproven:
        lines += ["unproven = [", *(f"  {_toml(text)}," for text in profile.unproven), "]"]
    lines += ["", "[when]", *_fields(profile.when)]
    for proof in profile.proof:
        lines += ["", "[[proof]]", *_fields(proof)]
    if profile.free:
        lines += ["", "[free]", *(f"{_toml(k)} = {_toml(v)}" for k, v in profile.free.items())]
    for step in profile.steps:
        lines += ["", "[[steps]]", f"step = {_toml(step.name)}", *_fields(step)]
    if profile.learned:
        lines += ["", "[learned]", f"by = {_toml(profile.learned.by)}", f"date = {_toml(profile.learned.date)}"]
        lines += ["pairs = []"] if not profile.learned.pairs else []  # no table of them would say so
        for title, rows in (("pairs", profile.learned.pairs), ("answers", profile.learned.answers)):
            lines += [line for row in rows for line in ("", f"[[learned.{title}]]", *_fields(row))]
    return "\n".join(lines) + "\n"


def _fields(item: Any) -> Iterable[str]:
    """`key = value` lines of a dataclass's fields that differ from their defaults."""
    for f in dataclasses.fields(item):
        value = getattr(item, f.name)
        default = f.default_factory() if f.default is dataclasses.MISSING and callable(f.default_factory) else f.default
        if value != default and value is not None:
            yield f"{f.name} = {_toml(value)}"


def _toml(value: Any) -> str:
    if isinstance(value, Enum):
        return _toml(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c >= " " and c != "\x7f" else f"\\u{ord(c):04x}" for c in escaped) + '"'
    if isinstance(value, (tuple, list)):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, float):
        return repr(value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        pairs = ((f.name, getattr(value, f.name)) for f in dataclasses.fields(value))
        return "{ " + ", ".join(f"{k} = {_toml(v)}" for k, v in pairs) + " }"
    raise TypeError(f"no TOML for {type(value).__name__}")
