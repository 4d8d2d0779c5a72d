"""The house rules that a machine can check: who may import whom, what is public, what is told, how long things are."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import understudy as us

PACKAGE = Path(us.__file__).parent
ROOT = PACKAGE.parents[1]
FLOORS = [
    ["errors", "_version", "_text"],
    ["_jit", "files"],
    ["jpeg"],
    ["codec"],
    ["evidence"],
    ["traces"],
    ["formats"],
    ["steps"],
    ["profile", "inspection"],
    ["delivery", "profile_diff"],
    ["pairs"],
    ["verification", "tracing", "rewriting"],
    ["learning"],
    ["nn"],
    ["channel"],
    ["survey", "probes"],
    ["connectors"],
    ["report", "collecting"],
    ["emulators"],
    ["web"],
    ["terminal"],
    ["cli"],
    ["__main__"],
]
"""Modules and packages from the ground up: each imports from itself and from floors below."""

MAY_TOUCH_FILES = {
    "files",
    "pairs",
    "verification",
    "delivery",
    "profile",
    "report",
    "survey",
    "collecting",
    "connectors",
    "emulators",
    "web",
    "cli",
    "__main__",
}
"""`delivery` reads a picture given as a path, `verification` and `pairs` the pairs, `profile` TOML files, `report` its
own style sheet."""
NEVER_LOADED = ("torch", "cv2", "jpeglib", "pyvips", "matplotlib")
"""Except torch, by `channel` and what is in `nn`."""
LONGEST_FUNCTION, LONGEST_FILE = 62, 470
"""Lines, a function's docstring apart. Kernels are exempt: each is one loop, and cutting it up costs speed."""


def modules() -> dict[str, Path]:
    """Dotted name below the package -> file."""
    out = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        out[".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)] = path
    return out


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: Path) -> Iterator[tuple[str, int]]:
    """(absolute dotted name, line) of all that a file imports when it runs: TYPE_CHECKING blocks are left out."""
    package = ["understudy", *path.relative_to(PACKAGE).parts[:-1]]

    def walk(node: ast.AST) -> Iterator[tuple[str, int]]:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                yield from walk(other)
            return
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*base, *([node.module] if node.module else [])])
            yield from ((f"{stem}.{alias.name}", node.lineno) for alias in node.names)
        for child in ast.iter_child_nodes(node):
            yield from walk(child)

    yield from walk(tree(path))


def test_every_module_has_its_floor() -> None:
    homes = {name.split(".")[0] for name in modules()} - {"__init__"}
    assert homes == {name for floor in FLOORS for name in floor}


def test_imports_run_one_way() -> None:
    floor_of = {name: i for i, floor in enumerate(FLOORS) for name in floor}
    wrong = []
    for name, path in modules().items():
        home = name.split(".")[0]
        if home == "__init__":
            continue
        for imported, line in imports(path):
            if not imported.startswith("understudy."):
                continue
            other = imported.split(".")[1]
            if other == home or other not in floor_of:
                continue
            if floor_of[other] >= floor_of[home]:
                wrong.append(f"{path.relative_to(ROOT)}:{line} imports {other}, which stands beside or above {home}")
    assert wrong == []


def test_packages_have_no_circles_inside() -> None:
    """Within a package, modules import each other without going round (at the top of a file, where it would break)."""
    names = modules()
    uses = {
        name: {f".{'.'.join(i.split('.')[1:])}" for i, _ in imports(path) if i.startswith("understudy.")}
        for name, path in names.items()
    }
    below = {
        name: {other for other in names if other != name and any(u.startswith(f".{other}.") for u in used)}
        for name, used in uses.items()
        if not name.endswith("__init__")
    }
    packages = {name for name, path in names.items() if path.name == "__init__.py"}
    done: set[str] = set()
    while True:
        ready = {n for n in below if n not in done and below[n] - packages <= done}
        if not ready:
            break
        done |= ready
    assert set(below) - done == set()


@pytest.mark.parametrize(
    "statement",
    ["import understudy", "import understudy.cli", "import understudy as us; us.inspect(b'\\xff\\xd8\\xff\\xd9')",
     "import sys; sys.argv = ['understudy', 'inspect', sys.argv[1], '--json']; import understudy.cli as c\n"
     "try:\n    c.main()\nexcept SystemExit as stop:\n    assert not stop.code"],
    ids=["import", "cli", "inspect", "command line"],
)  # fmt: skip
def test_light_things_load_nothing_heavy(statement: str, tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(b"\xff\xd8\xff\xd9")
    heavy = ("numba", "numpy", "torch", "PIL", "scipy")
    code = f"{statement}\nimport sys\nprint('|', *[m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.jpg")], capture_output=True, text=True, check=True
    )
    loaded = done.stdout.rpartition("|")[2].split()
    assert loaded == []


def test_nothing_loads_what_is_only_an_oracle_or_an_extra() -> None:
    code = f"""
import importlib, pkgutil, sys, understudy
for info in pkgutil.walk_packages(understudy.__path__, "understudy."):
    if not info.name.endswith("__main__") and not info.name.startswith(("understudy.nn.", "understudy.channel")):
        importlib.import_module(info.name)
print(*[m for m in {NEVER_LOADED!r} if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


PUBLIC = [
    "Channel", "Collected", "Delivery", "Inspection", "JpegError", "Learned", "LimitError", "Pair", "PairsError",
    "PictureError", "Probes", "Profile", "ProfileError", "Rewritten", "Scores", "UnderstudyError", "__version__",
    "collect", "find_pairs", "inspect", "jpeg", "learn", "load_profile", "mimic", "nn", "probe", "rewrite",
    "through", "verify",
]  # fmt: skip
PUBLIC_JPEG = [
    "Coefficients", "Encoded", "Huffman", "JpegStream", "Layout", "ScanSpec", "encode", "layout", "parse",
    "read_coefficients", "write",
]  # fmt: skip


def test_public_names() -> None:
    assert us.__all__ == PUBLIC
    assert us.jpeg.__all__ == PUBLIC_JPEG
    assert dir(us) == sorted(PUBLIC)
    for module in (us, us.jpeg):
        assert all(getattr(module, name) is not None for name in module.__all__)
        with pytest.raises(AttributeError, match="no_such_name"):
            _ = module.no_such_name


@pytest.mark.parametrize("name", [n for n in PUBLIC if not n.startswith("__")] + [f"jpeg.{n}" for n in PUBLIC_JPEG])
def test_public_things_are_documented(name: str) -> None:
    item = us
    for part in name.split("."):
        item = getattr(item, part)
    text = inspect.getdoc(item) or ""
    assert len(text) > 15
    assert not text.startswith(f"{name.split('.')[-1]}("), "dataclass wrote this one"
    if inspect.isclass(item):
        for member, value in vars(item).items():
            if member.startswith("_") or (
                not callable(getattr(value, "__func__", value)) and not isinstance(value, property)
            ):
                continue
            if isinstance(value, property) or inspect.isfunction(value):
                assert member in MEMBERS_THAT_SAY_ENOUGH or inspect.getdoc(value), f"{name}.{member}"


MEMBERS_THAT_SAY_ENOUGH = {"pairs", "bytes_identical", "headers_equal", "scans"}
"""Names of figures that the class explains."""


def walked() -> Iterator[tuple[Path, ast.AST]]:
    for path in modules().values():
        for node in ast.walk(tree(path)):
            yield path, node


TOLD_BY_ITS_MODULE = {"detect"}
"""Each module of `evidence` has one: the module's docstring says what it looks for."""


def test_every_public_function_and_class_says_what_it_is() -> None:
    silent = []
    for name, path in modules().items():
        if any(part.startswith("_") for part in name.split(".")):
            continue
        told = [node for node in tree(path).body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
        told = [n for n in told if not n.name.startswith("_") and n.name not in TOLD_BY_ITS_MODULE]
        silent += [f"{name}.{n.name}" for n in told if not ast.get_docstring(n)]
        silent += [name] if not ast.get_docstring(tree(path)) else []
    assert silent == []


def test_functions_and_files_stay_short() -> None:
    long = []
    for path, node in walked():
        kernel = path.stem.endswith("_kernels")
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and not kernel:
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (node.end_lineno or 0) - body[0].lineno + 1 if body else 0
            if lines > LONGEST_FUNCTION:
                long.append(f"{path.relative_to(ROOT)}: {node.name} has {lines} lines")
    for path in modules().values():
        lines = len(path.read_text(encoding="utf-8").splitlines())
        if lines > LONGEST_FILE:
            long.append(f"{path.relative_to(ROOT)} has {lines} lines")
    assert long == []


def test_nothing_but_the_command_line_prints() -> None:
    said = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path, node in walked()
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("print", "input", "breakpoint")
        and path.parent.name not in ("cli", "terminal")
    ]  # fmt: skip
    assert said == []


FILE_CALLS = {
    "open",
    "read_bytes",
    "write_bytes",
    "read_text",
    "write_text",
    "mkdir",
    "unlink",
    "iterdir",
    "mkstemp",
    "urlopen",
}


def test_only_these_modules_touch_files() -> None:
    touching: dict[str, list[str]] = {}
    for path, node in walked():
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        in_memory = called == "open" and "BytesIO" in ast.unparse(node)
        if called in FILE_CALLS and not in_memory:
            home = path.relative_to(PACKAGE).with_suffix("").parts[0]
            touching.setdefault(home, []).append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert {home: places for home, places in touching.items() if home not in MAY_TOUCH_FILES} == {}


def test_no_mutable_module_state() -> None:
    """No `global`, and no list or dict at a module's top that some function of it appends to."""
    assert [f"{p.name}:{n.lineno}" for p, n in walked() if isinstance(n, ast.Global) and p.name != "__init__.py"] == []


def test_the_project_names_no_path_of_a_machine() -> None:
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    told = [
        f"{name}: {word}"
        for name in files
        for word in (b"/work" + b"/", b"/home" + b"/", b"/Users" + b"/", b"/root" + b"/")
        if (ROOT / name).is_file() and word in (ROOT / name).read_bytes()
    ]
    assert told == []


def test_every_package_is_importable_and_private_things_stay_private() -> None:
    """What a module offers in `__all__` exists; nobody imports another package's underscore names."""
    for info in pkgutil.walk_packages(us.__path__, "understudy."):
        if info.name.endswith("__main__"):
            continue
        module = importlib.import_module(info.name)
        assert all(hasattr(module, name) for name in getattr(module, "__all__", ()))
    for name, path in modules().items():
        for imported, line in imports(path):
            parts = imported.split(".")
            if (
                parts[0] == "understudy"
                and parts[-1].startswith("_")
                and parts[-1] not in ("_jit", "_version", "__version__")
            ):
                assert parts[1] == name.split(".")[0], f"{path.relative_to(ROOT)}:{line} imports {imported}"
