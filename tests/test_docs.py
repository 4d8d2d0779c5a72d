"""The documentation is true: its examples run and print what they show, its links lead somewhere, it names everything,
and the site asks nobody."""

from __future__ import annotations

import doctest
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

import understudy
from shared_folder import shared, shared_root

ROOT = Path(__file__).resolve().parents[1]
PHOTOGRAPH = ROOT / ".cache" / "photograph" / "china.jpg"
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    *sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("docs/**/*.md")),
)
WITH_EXAMPLES = (
    "README.md", "docs/tutorial.md", "docs/howto/read-inspect.md", "docs/howto/learn-your-platform.md",
    "docs/channel.md", "docs/howto/survey-a-corpus.md",
)  # fmt: skip
REAL_PAIRS = "<!-- real pairs -->"
"""Stands before a block that needs `pairs/`, the golden Facebook pairs."""

sys.path.insert(0, str(ROOT / "scripts"))


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A folder with the photograph as photo.jpg, and delivered.jpg as the README's first example makes it."""
    if not PHOTOGRAPH.is_file():
        if os.environ.get("CI"):
            pytest.fail("CI is set, and there is no photograph; python scripts/photograph.py fetches it")
        pytest.skip("no photograph; python scripts/photograph.py fetches it")
    (tmp_path / "photo.jpg").write_bytes(PHOTOGRAPH.read_bytes())
    delivery = understudy.mimic(PHOTOGRAPH, "facebook/classic-2014")
    (tmp_path / "delivered.jpg").write_bytes(delivery.data)
    return tmp_path


def blocks(page: str) -> Iterator[tuple[int, str, str, bool]]:
    """(line, language, text, whether it needs real pairs) of each fenced block of a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    for found in re.finditer(r"^```(\w+)\n(.*?)^```$", text, re.M | re.S):
        line = text.count("\n", 0, found.start()) + 1
        yield line, found[1], found[2], text[: found.start()].rstrip().endswith(REAL_PAIRS)


def shell(command: str, folder: Path) -> str:
    """What a command prints, both streams together, as on a terminal of 80 columns without colours."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {
        **os.environ,
        "PATH": path,
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "PYTHONIOENCODING": "utf-8",
        "LC_ALL": "C.UTF-8",
    }
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, timeout=300, check=False,
    )  # fmt: skip
    return done.stdout.decode()


def assert_shown(shown: str, printed: str, where: str) -> None:
    """`shown` is `printed`, trailing spaces aside; … stands for anything, a line of … for any lines."""
    shown_lines, printed_lines = (
        [line.rstrip() for line in text.strip("\n").splitlines()] for text in (shown, printed)
    )
    pattern = "\n".join(re.escape(line).replace("…", ".*") if line != "…" else "(?s:.*)" for line in shown_lines)
    assert re.fullmatch(pattern, "\n".join(printed_lines)), f"{where} prints\n{printed}\nand shows\n{shown}"


@pytest.mark.parametrize("page", WITH_EXAMPLES)
def test_the_examples_print_what_is_shown(page: str, desk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk)
    names: dict[str, object] = {}
    for line, language, text, needs_pairs in blocks(page):
        where = f"{page}:{line}"
        if needs_pairs:
            continue
        if language == "console":
            for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", text, re.M):
                assert_shown(shown, shell(command, desk), f"{where}: {command}")
        elif language == "pycon":
            example = doctest.DocTestParser().get_doctest(text, names, page, page, line)
            told: list[str] = []
            doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=told.append, clear_globs=False)
            names |= example.globs
            assert not told, "".join(told)


@pytest.mark.shared
def test_the_readme_shows_what_verify_says_of_the_real_pairs(tmp_path: Path) -> None:
    (tmp_path / "pairs").mkdir()
    for folder in sorted(shared("golden").glob("facebook-*")):
        (tmp_path / "pairs" / folder.name).symlink_to(folder)
    (text,) = [text for _, _, text, needs_pairs in blocks("README.md") if needs_pairs]
    command, _, shown = text.partition("\n")
    assert_shown(shown, shell(command.removeprefix("$ "), tmp_path), "README.md, verify")


def test_the_readme_shows_what_the_demo_says(desk: Path) -> None:
    demo = pytest.importorskip("demo")
    from rich.console import Console

    with (desk / "said.txt").open("w+") as file:
        code = demo.main(desk / "photo.jpg", desk / "demo-out", Console(file=file, width=100, highlight=False))
        file.seek(0)
        said = file.read()
    assert code == 0
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"<!-- demo:begin -->\n```text\n(.*?)```\n<!-- demo:end -->", readme, re.S)
    said_lines = [line.rstrip() for line in said.splitlines()]
    missing = [line for line in shown.splitlines() if line.rstrip() not in said_lines]
    assert not missing, said
    for name in ("sheet.png", "facebook.jpg", "pillow.jpg", "trace/05-encode-difference.png"):
        assert (desk / "demo-out" / name).stat().st_size > 1000
    assert (desk / "demo-out" / "facebook.jpg").read_bytes() == (desk / "delivered.jpg").read_bytes()


def test_the_figures_are_what_the_code_gives() -> None:
    if not PHOTOGRAPH.is_file() and not os.environ.get("CI"):
        pytest.skip("no photograph; python scripts/photograph.py fetches it")
    import ingredients

    assert ingredients.main(check=True) == 0


def test_the_toml_of_the_how_to_loads_and_plays(desk: Path) -> None:
    from understudy.profile import loads

    (text,) = [text for _, language, text, _ in blocks("docs/howto/write-a-profile.md") if language == "toml"]
    assert understudy.mimic(desk / "photo.jpg", loads(text)).data[:2] == b"\xff\xd8"


def test_the_step_of_the_how_to_mirrors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import numpy as np

    from understudy.steps import Context, Raster

    (text,) = [text for _, language, text, _ in blocks("docs/howto/add-a-step.md") if language == "python"]
    (tmp_path / "mirror_of_the_how_to.py").write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    kind = import_module("mirror_of_the_how_to").Mirror
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    mirrored = kind().exact(Raster(pixels), Context())
    assert (mirrored.pixels == pixels[:, ::-1]).all()


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Relative links of a page, in the checkout (mkdocs --strict looks after those of the site)."""
    text = re.sub(r"```.*?```", "", (ROOT / page).read_text(encoding="utf-8"), flags=re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if "://" in target:
            continue
        path, _, anchor = target.partition("#")
        place = (ROOT / page).parent / path if path else ROOT / page
        if place.parent.name == "reference":
            assert place.stem in import_module("reference").PAGES, f"{page}: {target}"
            continue
        assert place.exists(), f"{page}: {target}"
        assert not anchor or f"# {anchor.replace('-', ' ')}" in place.read_text(encoding="utf-8").lower(), (
            f"{page}: {target}"
        )


def test_every_command_and_public_name_is_in_the_reference() -> None:
    import reference

    line = reference.command_line()
    for words in reference.commands():
        assert f"## {' '.join(('understudy', *words))}\n" in line
    python = reference.python()
    for name in (n for n in understudy.__all__ if not n.startswith("__")):
        assert f"## us.{name}\n" in python
    steps = reference.steps()
    for name in understudy.steps.registry():  # type: ignore[attr-defined]
        assert f"## {name}\n" in steps
    for name, profile in understudy.profile.shipped_profiles().items():  # type: ignore[attr-defined]
        told = reference.profiles()
        assert f"## {name}\n" in told
        assert all(text in told for text in profile.unproven), name


def test_the_readme_names_every_command_and_profile() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for command in ("inspect", "mimic", "verify", "profiles show", *understudy.profile.shipped_profiles()):  # type: ignore[attr-defined]
        assert command in readme


def test_no_page_names_a_place_of_one_machine() -> None:
    for page in (
        *PAGES,
        "demo",
        "check",
        ".ci/run",
        "mkdocs.yml",
        *(str(p.relative_to(ROOT)) for p in ROOT.glob("scripts/*")),
    ):
        path = ROOT / page
        if path.is_file():
            assert not re.search(r"/(work|root|home|opt)/", path.read_text(encoding="utf-8")), page


def test_the_site_builds_and_asks_nobody(tmp_path: Path) -> None:
    """No script, style, font or picture from another host in any page."""
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(tmp_path / "site")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) > 10
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<(?:script|img|link|iframe)[^>]+(?:src|href)=[\"']?(?:https?:)?//", text), page
    for style in (tmp_path / "site").rglob("*.css"):
        assert not re.search(r"url\([\"']?(?:https?:)?//", style.read_text(encoding="utf-8")), style


def test_the_shared_folder_is_the_one_of_this_checkout() -> None:
    """What CONTRIBUTING says of where tests look."""
    named = os.environ.get("UNDERSTUDY_SHARED")
    assert shared_root() in (None, Path(named) if named else None, ROOT / "shared", ROOT.parent / "shared")
