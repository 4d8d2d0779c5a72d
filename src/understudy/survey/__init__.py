"""survey: a whole corpus into one Parquet file, one row a file, asked with DuckDB.

`survey(folder, out)` reads; `ask(out, question)` answers. pyarrow and duckdb are the extra `survey`; they are loaded
when they are needed, with a line that says how to get them where they are missing.
"""

from __future__ import annotations

from .asking import Answer, ask, questions
from .columns import COLUMNS, Column
from .reading import Surveyed, survey

__all__ = ["COLUMNS", "Answer", "Column", "Surveyed", "ask", "questions", "survey"]
