"""The page of a corpus: each question that comes with understudy, its answer drawn and as a table, and its SQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..survey import Answer, ask, questions
from .charts import bar
from .marks import Markup, details, table, tag
from .skeleton import document

MOST_ROWS = 60
"""Rows of one answer that are shown; DuckDB gives the rest."""
MEASURE = "files"
"""The column that is drawn as bars: how many files."""


def survey_html(survey: Path | str, name: str = "") -> str:
    """The page as one HTML document, UTF-8. survey: the Parquet file. Raises UnderstudyError as `ask` does."""
    path = Path(survey)
    answers = {question: ask(path, question) for question in questions()}
    sections = [(question, answer.title, _section(answer)) for question, answer in answers.items()]
    return document(f"{name or path.name}: a corpus", _header(path, name, answers["overview"]), sections)


def _header(path: Path, name: str, overview: Answer) -> list[Markup]:
    formats, files, errors = (overview.columns.index(c) for c in ("format", "files", "errors"))
    total = sum(row[files] for row in overview.rows)
    failed = sum(row[errors] for row in overview.rows)
    read = [f"{row[files]:,} {row[formats]}" for row in overview.rows if row[files] > row[errors]]
    sentence = f"{total:,} files" + (f": {', '.join(read[:6])}" if read else "")
    out = [tag("h1", name or path.name), tag("p", f"{sentence}.", class_="verdict plain")]
    if failed:
        out.append(tag("p", tag("a", f"{failed:,} could not be read", href="#errors"), "."))
    told = "Years are those of the files' last change on the disk that was surveyed, unless the copy kept older ones."
    out.append(tag("p", told, class_="quiet"))
    return out


def _section(answer: Answer) -> Markup:
    """The first rows with bars for the number of files, then the SQL."""
    if not answer.rows:
        return Markup("")
    measure = answer.columns.index(MEASURE) if MEASURE in answer.columns else -1
    top = max((row[measure] for row in answer.rows), default=0) if measure >= 0 else 0
    rows: list[tuple[object, ...]] = []
    for row in answer.rows[:MOST_ROWS]:
        drawn = (bar(row[measure] / top),) if top else ()
        rows.append((*(_cell(value) for value in row), *drawn))
    head = [c.replace("_", " ") for c in answer.columns] + ([""] if top else [])
    left = len(answer.rows) - MOST_ROWS
    more = tag("p", f"and {left:,} rows more", class_="quiet") if left > 0 else ""
    lines = Markup("\n".join(tag("span", line) for line in answer.sql.splitlines()))
    sql = details("The question in SQL", tag("pre", lines, tabindex="0"))
    return Markup(table(head, rows, answer.numbers) + more + sql)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:,}" if isinstance(value, int) and abs(value) >= 10_000 else str(value)
