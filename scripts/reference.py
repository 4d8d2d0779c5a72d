"""The reference pages of the documentation, made from the code: command line, steps, profiles, Python names.

The site's front page is the README; CONTRIBUTING and CHANGELOG are pages too.

mkdocs calls `on_files` (see mkdocs.yml), so the pages are never stored and never stale. `python scripts/reference.py`
prints them.
"""

from __future__ import annotations

import ast
import dataclasses
import enum
import inspect as inspection
import re
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import understudy
from understudy.codec import framing, sizes, variants
from understudy.jpeg.compose import DhtLayout, Selectors
from understudy.jpeg.compose import Huffman as HuffmanTables
from understudy.profile import Profile, dumps, shipped_profiles
from understudy.steps import Rule, registry

ROOT = Path(__file__).resolve().parents[1]
ROOT_PAGES = {"README.md": "index.md", "CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
MADE = "*Made from the code by `scripts/reference.py`.*\n"


def on_files(files: Any, config: Any) -> Any:
    """mkdocs' hook: adds the pages of PAGES and ROOT_PAGES to the site."""
    from mkdocs.structure.files import File

    for source, target in ROOT_PAGES.items():
        files.append(File.generated(config, target, content=root_page(source)))
    for name, make in PAGES.items():
        files.append(File.generated(config, f"reference/{name}.md", content=make()))
    return files


def root_page(name: str) -> str:
    """A page of the checkout's root, its links as they are within docs/."""
    text = (ROOT / name).read_text(encoding="utf-8").replace("](docs/", "](").replace("[LICENSE](LICENSE)", "LICENSE")
    for source, target in ROOT_PAGES.items():
        text = text.replace(f"]({source})", f"]({target})")
    return text


def command_line() -> str:
    """Each command's --help, as it is printed."""
    parts = [
        "# Command line",
        MADE,
        "Exit codes: 0 done; 1 the input's or the platform's fault, told in one line on standard error; 2 usage.",
    ]
    for words in commands():
        name = " ".join(("understudy", *words))
        parts += [f"## {name}", f"```text\n{help_page(words)}\n```"]
    return "\n\n".join(parts) + "\n"


def commands() -> list[tuple[str, ...]]:
    """The words of every command, groups included; () is `understudy` itself."""
    import typer.main

    from understudy.cli import app

    def walk(command: Any, words: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        yield words
        for name, inner in getattr(command, "commands", {}).items():
            yield from walk(inner, (*words, name))

    return list(walk(typer.main.get_command(app), ()))


def help_page(words: tuple[str, ...]) -> str:
    """What `understudy WORDS --help` prints, without trailing space."""
    from typer.testing import CliRunner

    from understudy.cli import app

    result = CliRunner().invoke(
        app, [*words, "--help"], prog_name="understudy", env={"COLUMNS": "100"}, terminal_width=96
    )
    return "\n".join(line.rstrip() for line in result.output.strip().splitlines())


def steps() -> str:
    """Every step: what it does, its parameters with types, defaults and meaning; then the named variants."""
    parts = [
        "# Steps",
        MADE,
        "A profile is a list of these, in order. `--set STEP.PARAMETER=VALUE` changes a parameter for one run.",
    ]
    for name, kind in sorted(registry().items()):
        parts += [
            f"## {name}",
            f"`{kind.takes.__name__}` → `{kind.gives.__name__}`",
            prose(kind),
            "**Result.** " + prose(kind.exact),
        ]
        parts.append(field_table(kind) or "No parameters.")
    parts += ["## Rules", prose(Rule), field_table(Rule)]
    parts += ["## Variants", "Names of arithmetic, each after the code that it equals, and rules for sizes and places."]
    kinds = {
        item: None
        for module in (variants, sizes, framing)
        for item in vars(module).values()
        if isinstance(item, type) and issubclass(item, enum.Enum) and list(item)
    }
    for kind in [*kinds, HuffmanTables, DhtLayout, Selectors]:
        told = notes(kind)
        parts += [f"### {kind.__name__}", prose(kind)]
        parts.append(
            "\n".join(
                f"- `{member.value}`" + (f": {told[member.name]}" if member.name in told else "") for member in kind
            )
        )
    return "\n\n".join(parts) + "\n"


def profiles() -> str:
    """Every shipped profile: when it holds, its proof, what is unproven, what is free, its file."""
    parts = ["# Profiles", MADE, "What each one claims, on which evidence, and what nobody has measured."]
    for profile in shipped_profiles().values():
        parts += profile_parts(profile)
    return "\n\n".join(parts) + "\n"


def profile_parts(profile: Profile) -> list[str]:
    """One profile's section, as paragraphs."""
    parts = [f"## {profile.name}", profile.title + ".", f"Holds for: {profile.when}."]
    if profile.proof:
        lines = ["| proof: what | result | source | date |", "| --- | --- | --- | --- |"]
        lines += [f"| {p.what} | {p.result} | {p.source} | {p.date} |" for p in profile.proof]
        parts.append("\n".join(lines))
    if profile.unproven:
        parts += ["Unproven:", "\n".join(f"- {text}" for text in profile.unproven)]
    if profile.free:
        parts += ["Free (`--set` gives it, `--like` takes it from a delivered file):"]
        parts.append("\n".join(f"- `{key}`: {why}" for key, why in profile.free.items()))
    toml = dumps(profile)
    toml = toml[toml.index("[[steps]]") :]
    parts.append(f'??? note "its steps as TOML"\n\n{textwrap.indent(f"```toml{chr(10)}{toml}```", "    ")}')
    return parts


def python() -> str:
    """Every public name with its signature and docstring."""
    parts = ["# Python", MADE, "```python\nimport understudy as us\n```"]
    names = [name for name in understudy.__all__ if not name.startswith("__")]
    for name in sorted(names, key=lambda n: (n[0].isupper(), n)):
        if not inspection.ismodule(getattr(understudy, name)):
            parts += documented(f"us.{name}", getattr(understudy, name))
    for module in (understudy.jpeg, understudy.nn):
        title = f"us.{module.__name__.rpartition('.')[2]}"
        parts += [f"## {title}", prose(module)]
        for name in sorted(module.__all__, key=lambda n: (n[0].isupper(), n)):
            parts += documented(f"{title}.{name}", getattr(module, name), "###")
    return "\n\n".join(parts) + "\n"


def documented(title: str, item: Any, level: str = "##") -> list[str]:
    """A section for a function or class, as paragraphs."""
    parts = [f"{level} {title}"]
    if inspection.isfunction(item):
        return [*parts, f"```python\n{signature(title, item)}\n```", prose(item)]
    if isinstance(item, type) and issubclass(item, enum.Enum):
        return [*parts, prose(item), "\n".join(f"- `{member.value}`" for member in item)]
    parts.append(prose(item))
    made = vars(item).get("__init__")
    if not dataclasses.is_dataclass(item) and getattr(made, "__doc__", None):
        parts += [f"```python\n{signature(title, made)}\n```", prose(made)]
    if dataclasses.is_dataclass(item):
        parts.append(field_table(item, "field"))
    rows = []
    for name, member in vars(item).items():
        if name.startswith("_"):
            continue
        if isinstance(member, property) and member.fget is not None:
            rows.append(f"- `{name}`: {first_line(member.fget)}".rstrip(": "))
        elif inspection.isfunction(member):
            rows.append(f"- `{signature(name, member)}`: {first_line(member)}")
    return [*parts, "\n".join(rows)] if rows else parts


def signature(title: str, function: Callable[..., Any]) -> str:
    """The call as it is written in the source, a parameter a line where it would be long; `self` left out."""
    (node,) = ast.parse(textwrap.dedent(inspection.getsource(function))).body
    assert isinstance(node, ast.FunctionDef)
    arguments = node.args
    arguments.args = [a for a in arguments.args if a.arg not in ("self", "cls")]
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    parts = re.split(r", (?=\*|[a-z_]+\b: )", ast.unparse(arguments))
    parts = [re.sub(r"(: [^=]*)=", r"\1 = ", part) for part in parts]
    line = f"{title}({', '.join(parts)}){returns}"
    if len(line) <= 88:
        return line
    return f"{title}(\n" + "".join(f"    {part},\n" for part in parts) + f"){returns}"


def first_line(item: Any) -> str:
    return (inspection.getdoc(item) or "").partition("\n\n")[0].replace("\n", " ")


def prose(item: Any) -> str:
    """A docstring as Markdown: `name: text` becomes a list, indented parts stay as they are typed."""
    text = inspection.getdoc(item) or ""
    if dataclasses.is_dataclass(item) and text.startswith(getattr(item, "__name__", "?") + "("):
        return ""  # made up by dataclass
    parts: list[str] = []
    for block in re.split(r"\n\s*\n", text):
        if all(line.startswith("    ") for line in block.splitlines()):
            parts.append(f"```text\n{textwrap.dedent(block)}\n```")
            continue
        block = re.sub(r"\n(?=Raises )", "\n\n", block)
        block = re.sub(r"(?m)^([a-z_][a-z_, ]{0,24}): ", r"\n- **\1**: ", block)
        for one in (" ".join(part.split()) for part in block.split("\n\n")):
            if one.startswith("- ") and parts and parts[-1].startswith("- "):
                parts[-1] += f"\n{one}"
            elif one:
                parts.append(one)
    return "\n\n".join(parts)


def field_table(kind: Any, title: str = "parameter") -> str:
    """A dataclass's fields: name, type as written, default, what its docstring says."""
    fields = dataclasses.fields(kind)
    if not fields:
        return ""
    told, types = notes(kind), annotations(kind)
    lines = [f"| {title} | type | default | |", "| --- | --- | --- | --- |"]
    for field in fields:
        default = "" if field.default is dataclasses.MISSING else f"`{_shown(field.default)}`"
        written = in_words(types.get(field.name, str(field.type))).replace("|", "\\|")
        lines.append(f"| `{field.name}` | `{written}` | {default} | {told.get(field.name, '')} |")
    return "\n".join(lines)


def in_words(written: str) -> str:
    """A type as it is written in the source, the helpers of pydantic told in words."""
    written = written.replace("Quality | Rule", "1 to 100, or a Rule").replace("tables.", "")
    for name, range_ in (("Side", "0 to 65535"), ("Share", "0 to 1"), ("Sample", "0 to 255")):
        written = re.sub(rf"\b{name}\b", range_, written)
    written = re.sub(r"Annotated\[int, Interval\(ge=(-?\d+), le=(\d+)\)\]", r"\1 to \2", written)
    written = re.sub(r"Annotated\[str, '([^']*)'\]", r"\1", written)
    return re.sub(r"Literal\[([^]]*)\]", lambda m: m[1].replace("'", "").replace(", ", " | "), written)


def _shown(value: Any) -> str:
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(list(value) if isinstance(value, tuple) else value).replace("'", '"')


def notes(kind: type) -> dict[str, str]:
    """The string below each field or enum member of a class, by its name."""
    body = _class(kind).body
    out = {}
    for statement, after in zip(body, [*body[1:], None], strict=True):
        if isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant) and isinstance(after.value.value, str):
            target = (
                statement.target if isinstance(statement, ast.AnnAssign) else getattr(statement, "targets", [None])[0]
            )
            if isinstance(target, ast.Name):
                out[target.id] = " ".join(after.value.value.split())
    return out


def annotations(kind: type) -> dict[str, str]:
    """The type of each field as it is written."""
    return {
        s.target.id: ast.unparse(s.annotation)
        for s in _class(kind).body
        if isinstance(s, ast.AnnAssign) and isinstance(s.target, ast.Name)
    }


def _class(kind: type) -> ast.ClassDef:
    (node,) = ast.parse(textwrap.dedent(inspection.getsource(kind))).body
    assert isinstance(node, ast.ClassDef)
    return node


PAGES: dict[str, Callable[[], str]] = {
    "command-line": command_line,
    "steps": steps,
    "profiles": profiles,
    "python": python,
}

if __name__ == "__main__":
    sys.stdout.write("\n".join(make() for make in PAGES.values()))
