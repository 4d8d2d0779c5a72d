"""Questions to a survey: SQL that comes with understudy, or one's own, answered by DuckDB over the view `files`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from ..errors import UnderstudyError
from .extra import load
from .store import check

MAX_ROWS = 100_000
"""Rows of one answer that are fetched."""


@dataclass(frozen=True, slots=True)
class Question:
    """A question with a name, as `queries/NAME.sql` has it: the first comment line is the question in words."""

    name: str
    title: str
    sql: str


@dataclass(frozen=True, slots=True)
class Answer:
    """The table that answers a question."""

    title: str
    sql: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    @property
    def numbers(self) -> set[int]:
        """The columns that hold nothing but numbers and nulls."""
        kinds = (int, float, type(None))
        return {i for i in range(len(self.columns)) if all(isinstance(row[i], kinds) for row in self.rows)}

    def to_dict(self) -> dict[str, Any]:
        """For `json.dumps`: {"title", "sql", "columns", "rows"}; what JSON has no word for is its text."""
        rows = [[v if isinstance(v, (str, int, float, bool, type(None), list)) else str(v) for v in r]
                for r in self.rows]  # fmt: skip
        return {"title": self.title, "sql": self.sql, "columns": list(self.columns), "rows": rows}


@cache
def questions() -> dict[str, Question]:
    """The questions that come with understudy, by name, in order of file name."""
    return {question.name: question for question in _shipped()}


def _shipped() -> Iterator[Question]:
    folder = resources.files(__package__).joinpath("queries")
    for file in sorted(folder.iterdir(), key=lambda f: f.name):
        if file.name.endswith(".sql"):
            text = file.read_text(encoding="utf-8")
            name = file.name.removesuffix(".sql").partition("-")[2]
            yield Question(name, text.partition("\n")[0].removeprefix("--").strip(), text)


def ask(survey: Path | str, question: str) -> Answer:
    """The answer to a question by its name (`questions()`), or to a SELECT of one's own over the view `files`.

    survey: the Parquet file. Raises UnderstudyError: no such question, no survey, or DuckDB's own words.
    """
    path = Path(survey)
    known = questions().get(question)
    if known is None and len(question.split()) < 2:
        raise UnderstudyError(
            f"no question {question!r}",
            place="survey",
            expected=f"one of {', '.join(questions())}, or SQL over `files`",
        )
    check(path)
    duckdb = load("duckdb")
    sql = known.sql if known else question
    offline = {"autoinstall_known_extensions": False, "autoload_known_extensions": False}
    connection = duckdb.connect(":memory:", config=offline)
    try:
        connection.read_parquet(str(path)).create_view("files")
        answer = connection.execute(sql)
        columns = tuple(str(c[0]) for c in answer.description or ())
        rows = tuple(answer.fetchmany(MAX_ROWS))
    except duckdb.Error as error:
        words = str(error).splitlines()[0]
        raise UnderstudyError(words, place=str(path), expected="SQL over the view `files`") from None
    finally:
        connection.close()
    return Answer(known.title if known else "", sql.strip(), columns, rows)
