"""The report: one well-formed page that asks nobody, shows the evidence, and takes hostile text for text."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import understudy as us
from oracles import scene
from pages import read
from understudy._text import percent
from understudy.learning.learned import Learned, score
from understudy.report import html
from understudy.report.charts import Chart, Dot, Line, heat, ticks
from understudy.report.marks import Markup, safe, table, tag
from understudy.report.page import verdict
from understudy.verification import PairScore, Scores

HOSTILE = "<img src=x onerror=alert(1)> & 'a' \"b\""


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Learned:
    """A channel made here: pictures over 160 pixels made smaller by Pillow, quality 80; hostile names and a comment."""
    folder = tmp_path_factory.mktemp("pairs")
    for side in ("sent", "received"):
        (folder / side).mkdir()
    for name, size in {HOSTILE.replace("/", ""): (150, 117), "b": (301, 203), "c": (160, 96)}.items():
        image = Image.fromarray(scene(*size))
        image.save(folder / "sent" / f"{name}.png")
        if image.width > 160:
            image = image.resize((160, round(160 * image.height / image.width)), Image.Resampling.LANCZOS)
        image.save(folder / "received" / f"{name}.jpg", quality=80, comment="<script>alert(2)</script>")
    return us.learn(folder, name="made/here")


def test_the_page_is_whole_and_asks_nobody(learned: Learned) -> None:
    document = html(learned)
    page = read(document)
    text = "".join(page.text)
    assert verdict(learned)[0] in text
    assert "Content-Security-Policy" in document
    for step in learned.profile.steps:
        assert any(name == "span" and attrs.get("class") == "step" for name, attrs in page.seen)
        assert step.name in text
    for decision in learned.evidence:
        assert decision.question in text
    anchors = {attrs["href"] for name, attrs in page.seen if name == "a"}
    targets = {f"#{attrs['id']}" for name, attrs in page.seen if "id" in attrs}
    assert anchors and anchors <= targets


def test_what_files_say_is_text(learned: Learned) -> None:
    """The first pair's name and the received files' comment are markup."""
    document = html(learned)
    assert any(pair.name == HOSTILE for pair in learned.search.pairs)
    assert "<img src=x" not in document and "<script>" not in document
    text = "".join(read(document).text)
    assert HOSTILE in text
    assert "<script>alert(2)</script>" in text


def test_each_step_shows_its_figures(learned: Learned) -> None:
    labels = [attrs.get("aria-label") or "" for name, attrs in read(html(learned)).seen if name == "svg"]
    for start in ("Sizes of 3 pairs", "Weight of each input pixel", "Share of luma coefficients"):
        assert any(label.startswith(start) for label in labels), start


def test_pictures_show_where_ours_differs(learned: Learned) -> None:
    def crops(document: str) -> int:
        return sum(attrs.get("class") == "crop" for name, attrs in read(document).seen if name == "img")

    worse = learned.profile.with_values({"encode.quality": 40})
    other = dataclasses.replace(learned, profile=worse, scores=score(worse, learned.search.pairs))
    same = sum(p.pixels_equal == 1 for p in learned.scores.per_pair)
    assert crops(html(learned)) == 3 - same
    assert crops(html(other)) == 3
    assert "Not reproduced" in "".join(read(html(other)).text)


def test_pairs_not_learned_from_stand_first(learned: Learned) -> None:
    unseen = Scores(
        "made/here", "predicted", (PairScore("elsewhere", "made/here", True, True, 64, 1.0, None, 1.0, 1.0),)
    )
    text = "".join(read(html(learned, unseen)).text)
    assert "the one delivery that it was not learned from" in text
    proof = text[text.index("Pairs that it was not learned from (1)") :]
    assert proof.index("elsewhere") < proof.index("Pairs that it was learned from (3)") < proof.index(HOSTILE)


@pytest.mark.parametrize(
    ("identical", "equal", "words", "kind"),
    [
        (2, 1.0, "byte for byte: all 2", "good"),
        (0, 1.0, "Every coefficient of 2", "good"),
        (1, 0.9999999, "99.99999 % of coefficients", "unsure"),
        (0, 0.5, "Not reproduced: 50.00 %", "bad"),
    ],
)
def test_the_verdict_says_no_more_than_the_scores(
    learned: Learned, identical: int, equal: float, words: str, kind: str
) -> None:
    rows = tuple(PairScore(str(i), "p", i < identical, True, 1000, equal) for i in range(2))
    sentence, said = verdict(dataclasses.replace(learned, scores=Scores("p", "predicted", rows)))
    assert words in sentence
    assert said == kind


def test_text_is_escaped_once_and_controls_are_seen() -> None:
    assert safe("<a&\x1b") == "&lt;a&amp;\\x1b"
    assert safe(tag("b", "<")) == "<b>&lt;</b>"
    assert tag("p", x='"<', class_="k") == '<p x="&quot;&lt;" class="k"></p>'
    assert isinstance(table(("<",), [("&",)]), Markup)
    assert "<td>&amp;</td>" in table(("<",), [("&",)])


@pytest.mark.parametrize(
    ("share", "text"),
    [(1, "100 %"), (0, "0 %"), (0.99999, "99.999 %"), (0.999999999, "99.9999999 %"), (1e-9, "0.0000001 %"),
     (0.25, "25.00 %")],
)  # fmt: skip
def test_only_all_is_called_all(share: float, text: str) -> None:
    assert percent(share) == text


@pytest.mark.parametrize("span", [(0.0, 1.0), (-3.2, 4.9), (0.001, 0.0042), (1000.0, 987654.0)])
def test_ticks_are_few_round_and_inside(span: tuple[float, float]) -> None:
    found = ticks(*span, 6)
    assert 2 <= len(found) <= 8
    assert all(span[0] - 1e-9 <= t <= span[1] + 1e-9 for t in found)
    steps = np.diff(found)
    assert np.allclose(steps, steps[0])
    assert f"{steps[0]:e}"[0] in "125"


def test_a_chart_draws_in_its_frame_and_nothing_of_nothing() -> None:
    chart = Chart("label <", "x", "y", [Line("a", [(0, 0), (1, float("nan")), (2, 5)], "best")], [Dot((1, 1), "here")])
    drawn = chart.svg()
    read(f"<style>p</style>{drawn}".replace("<style>p</style>", "<html><style>a</style>") + "</html>")
    numbers = [float(n) for pair in re.findall(r'points="([^"]*)"', drawn) for n in re.split("[ ,]", pair)]
    assert len(numbers) == 4
    assert all(0 <= n <= 640 for n in numbers)
    assert Chart("nothing", "x", "y").svg() == ""
    assert heat([None] * 63 + [0.5], "h").count("<text") == 1


def test_the_style_sheet_is_part_of_the_package() -> None:
    import understudy.report

    text = (Path(understudy.report.__file__).parent / "style.css").read_text(encoding="utf-8")
    assert "prefers-color-scheme:dark" in text
