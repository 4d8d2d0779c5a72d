"""One contract for every step in the registry: a new step is held to it by being there."""

from __future__ import annotations

import ast
import collections.abc
import dataclasses
import enum
import inspect
import random
import textwrap
import types
import typing
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest
from annotated_types import Interval

from oracles import cjpeg, cmyk_jpeg, pillow, scene
from shared_folder import battery_files, real_files
from understudy.errors import ProfileError, UnderstudyError
from understudy.jpeg import ScanSpec, parse
from understudy.jpeg.compose import Encoded
from understudy.jpeg.parse import write
from understudy.profile import Profile, When, dumps, loads
from understudy.steps import Context, Delivered, Raster, Rule, Source, Step, Value, registry

SIZES = [(1, 1), (7, 11), (257, 265)]
BRIDGES: dict[type, tuple[type, str]] = {
    Source: (Raster, "decode"),
    Raster: (Encoded, "encode"),
    Encoded: (Delivered, "envelope"),
}
"""What flows -> (what comes next, the step that makes it): to build a profile around any step."""


def profile_with(step: Step) -> Profile:
    """A profile that leads from a sent file to a delivered one through `step`."""
    before: list[Step] = []
    flow: type = Source
    while flow is not step.takes:
        flow, name = BRIDGES[flow]
        before.append(registry()[name]())
    after: list[Step] = []
    flow = step.gives
    while flow is not Delivered:
        flow, name = BRIDGES[flow]
        after.append(registry()[name]())
    return Profile("test/contract", "A test", When("test"), (*before, step, *after))


def inputs(kind: type, size: tuple[int, int]) -> Iterator[Value]:
    """Values of a type that flows between steps, of a picture of this size (width, height)."""
    width, height = size
    if kind is Source:
        yield Source(pillow(scene(width, height), "PNG"))
        yield Source(pillow(scene(width, height)))
        yield Source(pillow(scene(width, height, 1), progressive=True))
    elif kind is Raster:
        for channels in (1, 2, 3, 4):
            pixels = scene(width, height, channels)
            pixels.flags.writeable = False
            yield Raster(pixels, None, 6)
    elif kind is Encoded:
        for channels in (1, 3):
            value = registry()["encode"]().exact(Raster(scene(width, height, channels)), Context())
            assert isinstance(value, Encoded)
            yield value
    else:
        raise AssertionError(f"no inputs for {kind.__name__}; a new type that flows between steps needs some here")


def content(value: Value) -> Any:
    """All that a value says, comparable."""
    if isinstance(value, Source):
        return value.data
    if isinstance(value, Raster):
        return value.pixels.shape, value.pixels.tobytes(), value.icc, value.orientation
    if isinstance(value, Delivered):
        return value.data, value.stream
    return (
        value.width, value.height, value.progressive, value.components, value.quant_tables,
        [(s.spec, dict(s.tables), s.data, s.restart_interval) for s in value.scans],
        [b.tobytes() for b in value.blocks],
    )  # fmt: skip


SCRIPT = (ScanSpec((0, 1, 2), 0, 0), ScanSpec((0,), 1, 63), ScanSpec((1,), 1, 63), ScanSpec((2,), 1, 63))
TEXTS = {"script": "simple10", "icc": "base64:AAAA", "fbmd_type": "0f", "token": "abc", "comment": "a comment"}


def others(name: str, hint: Any, default: Any) -> Iterator[Any]:
    """Values of a field's type that are not its default."""
    origin, args = get_origin(hint), get_args(hint)
    if origin is typing.Annotated:
        bounds = next((a for a in args[1:] if isinstance(a, Interval)), None)
        yield from (numbers(bounds, default) if bounds is not None else others(name, args[0], default))
    elif origin is Literal:
        yield from (a for a in args if a != default)
    elif origin in (typing.Union, types.UnionType):
        for arg in args:
            yield from others(name, arg, default)
    elif origin is tuple:
        yield from tuples(name, args, default)
    elif hint is Rule:
        yield Rule("longest_side", ((960, 71), (2048, 85)), 60)
    elif hint is bool:
        yield not default
    elif hint is str:
        yield TEXTS.get(name, "text")
    elif hint is int:
        yield 3
    elif hint is float:
        yield 2.5
    elif origin is collections.abc.Mapping:
        yield {"release": 12, "reducing_gap": 1.5, "premultiply": False, "box": "text"}
    elif hint is ScanSpec:
        yield SCRIPT[0]
    elif isinstance(hint, type) and issubclass(hint, enum.Enum):
        yield from (member for member in hint if member != default)
    else:
        raise AssertionError(f"field {name}: no other value for {hint}; teach this function")


def numbers(bounds: Interval, default: Any) -> Iterator[int]:
    low, high = bounds.ge, bounds.le
    assert low is not None
    assert high is not None, "bound it on both sides"
    yield from sorted({int(low), int(low) + 1, int(high)} - {default})  # type: ignore[call-overload]


def tuples(name: str, args: tuple[Any, ...], default: Any) -> Iterator[tuple[Any, ...]]:
    if args[-1] is not Ellipsis:
        yield tuple(next(others(name, a, d)) for a, d in zip(args, default, strict=True))
    elif args[0] is ScanSpec:
        yield SCRIPT
    elif "steps" in name:
        yield tuple(range(1, 65))
        yield (300,) * 64
    elif name == "component_ids":
        yield (0, 1, 2, 3)
        yield (82, 71, 66, 255)
    else:
        values = list(dict.fromkeys(others(name, args[0], None)))
        yield tuple(values)
        yield tuple(reversed(values))


def fields(kind: type[Step]) -> list[tuple[str, Any, Any]]:
    """(name, type, default) of each parameter."""
    hints = get_type_hints(kind, include_extras=True)
    return [(f.name, hints[f.name], f.default) for f in dataclasses.fields(kind)]  # type: ignore[arg-type]


MAY_GIVE: dict[str, Any] = {"passthrough": (Source, Delivered)}
"""The one step that may end a delivery early."""


@pytest.mark.parametrize("kind", registry().values(), ids=registry())
class TestContract:
    def test_form(self, kind: type[Step]) -> None:
        assert dataclasses.is_dataclass(kind)
        assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
        assert kind().name == kind.name
        assert kind.__module__ == f"understudy.steps.{kind.name}", "a step lives in the file of its name"
        assert kind.takes in BRIDGES
        assert kind.gives in {Delivered, *BRIDGES}
        assert not inspect.iscoroutinefunction(kind.exact)

    def test_docstrings(self, kind: type[Step]) -> None:
        assert len(kind.__doc__ or "") > 40
        assert "(" not in (kind.__doc__ or "").partition("\n")[0][:12], "not the signature that dataclass writes"
        assert kind.exact.__doc__
        assert kind.exact.__doc__ != Step.exact.__doc__
        body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0]
        assert isinstance(body, ast.ClassDef)
        wanted = {f.name for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
        told = {
            node.target.id
            for node, then in zip(body.body, body.body[1:], strict=False)
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name)
            and isinstance(then, ast.Expr) and isinstance(then.value, ast.Constant)
        }  # fmt: skip
        assert wanted - told == set(), "fields without a docstring"

    def test_defaults_and_every_other_value_survive_toml(self, kind: type[Step]) -> None:
        steps = [kind()]
        for name, hint, default in fields(kind):
            values = list(others(name, hint, default))
            assert values, name
            steps += [dataclasses.replace(kind(), **{name: value}) for value in values]  # type: ignore[type-var]
        for step in steps:
            profile = profile_with(step)
            assert loads(dumps(profile)) == profile

    def test_wrong_keys_and_types_are_named(self, kind: type[Step]) -> None:
        text = dumps(profile_with(kind()))
        head = f'step = "{kind.name}"'
        number = text.split("[[steps]]").index(next(p for p in text.split("[[steps]]") if head in p)) - 1
        with pytest.raises(ProfileError) as caught:
            loads(text.replace(head, f"{head}\nno_such_parameter = 1"), "my.toml")
        line = str(caught.value)
        assert line.startswith(f"my.toml: steps[{number}] ({kind.name}): no_such_parameter = 1"), line
        assert "\n" not in line
        for name, _, _ in fields(kind):
            with pytest.raises(ProfileError, match=rf"my\.toml: steps\[{number}\] \({kind.name}\): {name}"):
                loads(text.replace(head, f"{head}\n{name} = 1979-05-27"), "my.toml")

    @pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
    def test_exact_is_a_function(self, kind: type[Step], size: tuple[int, int]) -> None:
        """It changes nothing that it is given, gives its type, and gives it again."""
        done = 0
        for value in inputs(kind.takes, size):
            before = content(value)
            try:
                first = kind().exact(value, Context())
            except UnderstudyError as error:
                assert "\n" not in str(error)
                continue
            assert content(value) == before
            assert isinstance(first, MAY_GIVE.get(kind.name, kind.gives))
            assert content(kind().exact(value, Context())) == content(first)
            assert content(value) == before
            done += 1
        assert done, "no input of this size was accepted"

    def test_every_value_gives_a_result_or_one_clear_line(self, kind: type[Step]) -> None:
        for name, hint, default in fields(kind):
            for other in others(name, hint, default):
                step = dataclasses.replace(kind(), **{name: other})  # type: ignore[type-var]
                for value in inputs(kind.takes, (7, 11)):
                    try:
                        made = step.exact(value, Context())
                    except UnderstudyError as error:
                        assert "\n" not in str(error)
                    else:
                        assert isinstance(made, MAY_GIVE.get(kind.name, kind.gives))
                        if isinstance(made, Delivered):
                            assert parse(made.data).anomalies == ()

    def test_what_it_observes_is_valid(self, kind: type[Step]) -> None:
        files = [path.read_bytes() for path in real_files()] + [p.read_bytes() for p in battery_files()[::12]]
        files += [
            cjpeg(scene(16, 16), "-quality", "1"),
            cmyk_jpeg(8, 8),
            pillow(scene(9, 9, 1)),
            b"\xff\xd8",
            b"\xff\xd8\xff\xd9",
        ]
        files += [pillow(scene(9, 9), dpi=(72, 72), comment="ü", progressive=True, restart_marker_blocks=1)]
        for data in files:
            self.check_observed(kind, data)

    def test_what_it_observes_in_mutated_files_is_valid(self, kind: type[Step]) -> None:
        rng = random.Random(7)
        files = [path.read_bytes()[:8000] for path in real_files()]
        files += [cjpeg(scene(16, 16), "-quality", "1"), pillow(scene(9, 9), comment="x", dpi=(3, 4)), cmyk_jpeg(8, 8)]
        for data in files:
            for _ in range(60):
                out = bytearray(data)
                for _ in range(rng.choice((1, 3, 20))):
                    out[rng.randrange(2, min(len(out), 2000))] = rng.choice((0, 1, 0xFF, rng.randrange(256)))
                self.check_observed(kind, bytes(out))

    @staticmethod
    def check_observed(kind: type[Step], data: bytes) -> None:
        stream = parse(data)
        observed = kind().observe(stream)
        assert set(observed) <= {f.name for f in dataclasses.fields(kind)}  # type: ignore[arg-type]
        profile_with(kind()).with_values({f"{kind.name}.{key}": value for key, value in observed.items()})
        assert write(stream) == data


def test_the_registry_is_complete() -> None:
    assert list(registry()) == sorted(registry())
    assert {"color", "decode", "encode", "envelope", "flatten", "orient", "transcode"} <= set(registry())


def test_a_profile_around_every_step_delivers() -> None:
    sent = pillow(scene(33, 17))
    import understudy as us

    for kind in registry().values():
        profile = profile_with(kind())
        delivered = us.mimic(sent, profile, trace=True)
        assert kind.name in [stage.step for stage in delivered.stages]
        assert us.jpeg.parse(delivered.data).anomalies == ()


def test_rasters_of_the_wrong_form_are_refused() -> None:
    for wrong in (
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 5), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
    ):
        with pytest.raises(UnderstudyError, match="expected uint8"):
            Raster(wrong)
