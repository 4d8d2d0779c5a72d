"""survey: one row a file that says what inspect says, whatever the file; going on after a kill; equal on any number of
processes; and questions that are answered right."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import duckdb
import dying
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

import understudy as us
from oracles import scene
from pages import read
from shared_folder import facts_rows, matching, measured_files
from understudy.cli import app
from understudy.errors import UnderstudyError
from understudy.jpeg import parse, read_coefficients
from understudy.report import survey_html
from understudy.survey import COLUMNS, ask, extra, questions, reading, survey, workers
from understudy.survey.statistics import statistics

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = "<script>alert(1)<b> & \x1b[31m.jpg"


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    """Eight files: five pictures of three qualities in two folders, one cut, one empty, one text."""
    folder = tmp_path / "corpus"
    (folder / "inner").mkdir(parents=True)
    for i, (quality, progressive) in enumerate([(75, False), (75, True), (90, False), (90, True)]):
        image = Image.fromarray(scene(48 + i, 40))
        image.save(folder / "inner" / f"{i}.jpg", quality=quality, progressive=progressive)
    Image.fromarray(scene(64, 64)[:, :, 0]).save(folder / "grey.jpg", quality=60, comment="<b>")
    (folder / "cut.jpg").write_bytes((folder / "grey.jpg").read_bytes()[:300])
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "read me.txt").write_text("no picture")
    (folder / ".hidden.jpg").write_bytes((folder / "grey.jpg").read_bytes())
    return folder


def table(path: Path) -> list[dict[str, Any]]:
    return pq.read_table(path).to_pylist()


def parts(out: Path) -> list[Path]:
    return list(out.with_name(out.name + ".parts").glob("part-*.parquet"))


def test_each_file_is_a_row_that_says_what_inspect_says(corpus: Path, tmp_path: Path) -> None:
    done = survey(corpus, tmp_path / "x.parquet", jobs=1)
    rows = {row["path"]: row for row in table(tmp_path / "x.parquet")}
    assert (done.rows, done.read, done.kept, done.errors) == (8, 8, 0, 2)
    assert list(rows) == ["cut.jpg", "empty.jpg", "grey.jpg", "read me.txt", *(f"inner/{i}.jpg" for i in range(4))]
    assert "an empty file" in rows["empty.jpg"]["error"] and str(tmp_path) not in rows["empty.jpg"]["error"]
    assert rows["read me.txt"]["format"] is None
    assert rows["cut.jpg"]["error"] is None and rows["cut.jpg"]["anomalies"] >= 1
    for path in [p for p in rows if rows[p]["error"] is None]:
        data = (corpus / path).read_bytes()
        seen, row = us.inspect(data), rows[path]
        assert row["sha256"] == seen.sha256 and row["bytes"] == len(data)
        assert row["verdict"] == " ".join(seen.verdict)
        assert row["scans"] == seen.value("scans", "count")
        assert row["markers"] == seen.value("markers", "order")
        assert row["huffman_standard"] == seen.value("huffman", "all_standard")
        tables = [o.value for o in seen.all("tables")]
        assert row["luma_steps"] == (tables[0]["steps_natural"] if tables else None)
    assert [rows[f"inner/{i}.jpg"]["luma_quality"] for i in range(4)] == [75, 75, 90, 90]
    assert rows["inner/1.jpg"]["script"].startswith("0 1 2: 0-0, 0, 1; 0: 1-5, 0, 2; ")
    assert rows["grey.jpg"]["chroma_law"] is None and rows["grey.jpg"]["comments"] == 1


def test_several_processes_give_the_same_rows(corpus: Path, tmp_path: Path) -> None:
    survey(corpus, tmp_path / "one.parquet", jobs=1, coefficients=True)
    survey(corpus, tmp_path / "two.parquet", jobs=2, coefficients=True)
    assert table(tmp_path / "one.parquet") == table(tmp_path / "two.parquet")


def test_what_was_read_is_not_read_again(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.parquet"
    survey(corpus, out, jobs=1)
    assert survey(corpus, out, jobs=1).read == 0
    Image.fromarray(scene(40, 40)).save(corpus / "grey.jpg", quality=33)
    (corpus / "cut.jpg").unlink()
    (corpus / "new.jpg").write_bytes((corpus / "inner" / "0.jpg").read_bytes())
    done = survey(corpus, out, jobs=1)
    assert (done.rows, done.read, done.kept) == (8, 2, 6)
    rows = {row["path"]: row for row in table(out)}
    assert len(rows) == 8 and rows["grey.jpg"]["luma_quality"] == 33 and "cut.jpg" not in rows
    assert survey(corpus, out, jobs=1, coefficients=True).read == 8
    assert survey(corpus, out, jobs=1).read == 0, "statistics are more than headers"
    assert all(row["depth"] == "coefficients" for row in table(out))
    assert not parts(out)


def test_ctrl_c_keeps_what_was_read(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.parquet"

    def stop(done: int, total: int) -> None:
        assert total == 8
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        survey(corpus, out, jobs=1, progress=stop)
    assert not out.exists() and len(parts(out)) == 1
    done = survey(corpus, out, jobs=1)
    assert (done.rows, done.read, done.kept) == (8, 5, 3)
    assert not out.with_name(out.name + ".parts").exists()


KILLED = """
import sys, time
from pathlib import Path
from understudy.survey import reading
if __name__ == "__main__":
    reading.CHUNK, reading.ROWS_A_PART = 1, 2
    def slowly(done, total):
        time.sleep(0.2)
    reading.survey(sys.argv[1], sys.argv[2], jobs=2, progress=slowly)
"""


def test_after_a_kill_it_goes_on_and_no_worker_stays(corpus: Path, tmp_path: Path) -> None:
    out, script = tmp_path / "x.parquet", tmp_path / "killed.py"
    script.write_text(KILLED)
    process = subprocess.Popen([sys.executable, script, corpus, out])
    patience = time.monotonic() + 30
    while not parts(out) and time.monotonic() < patience:
        time.sleep(0.02)
    children = _children(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = sum(len(table(part)) for part in parts(out))
    assert 0 < kept < 8 and not out.exists() and len(children) >= 2
    done = survey(corpus, out, jobs=1)
    assert (done.rows, done.kept, done.read) == (8, kept, 8 - kept)
    assert sorted(row["path"] for row in table(out)) == sorted({row["path"] for row in table(out)})
    patience = time.monotonic() + 10
    while any(_alive(pid) for pid in children) and time.monotonic() < patience:
        time.sleep(0.05)
    assert not any(_alive(pid) for pid in children)


def _children(pid: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(stat.parent.name))
    return found


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False


def test_a_file_that_kills_its_worker_becomes_a_row(corpus: Path) -> None:
    (corpus / "kills.jpg").write_bytes(b"\xff\xd8\xff\xd9")
    files = list(reading.files_of(corpus, corpus / "x.parquet"))
    rows: list[dict[str, Any]] = []
    with reading._Pool(2, False, dying.task) as pool:
        for i in range(0, len(files), 3):
            pool.give(files[i : i + 3])
        while not pool.idle:
            rows += pool.take()
    assert [row["path"] for row in rows] == [file.path for file in files]
    dead = [row["path"] for row in rows if row["error"] == "the process that read it died"]
    assert dead == ["kills.jpg"]
    assert next(row for row in rows if row["path"] == "grey.jpg")["format"] == "jpeg"


def test_a_fault_of_ours_is_told_as_the_files_error(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def faulty(data: bytes) -> None:
        raise TypeError("oops")

    monkeypatch.setattr(workers, "inspect", faulty)
    found = next(reading.files_of(corpus, corpus / "x.parquet"))
    assert workers.row(found, False)["error"] == "not expected: TypeError: oops"


def test_a_file_of_great_length_is_not_read(corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "MAX_BYTES", 100)
    found = next(reading.files_of(corpus, corpus / "x.parquet"))
    assert "up to 100" in workers.row(found, False)["error"]


def test_names_of_any_bytes_and_links_in_circles(tmp_path: Path) -> None:
    folder = tmp_path / "corpus"
    folder.mkdir()
    (folder / os.fsdecode(b"\xff\xfe.jpg")).write_bytes(b"")
    (folder / HOSTILE).write_bytes(b"")
    (folder / "around").symlink_to(folder)
    (folder / "nowhere.jpg").symlink_to(folder / "gone")
    out = folder / "x.parquet"
    for _ in range(2):
        survey(folder, out, jobs=1)
        assert {row["path"] for row in table(out)} == {r"\xff\xfe.jpg", HOSTILE}
    document = survey_html(out, HOSTILE)
    assert "<script>" not in document and "\x1b" not in document
    read(document)


def test_what_is_no_survey_is_left_alone(corpus: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.parquet"
    pq.write_table(pa.table({"a": [1]}), other)
    before = other.read_bytes()
    with pytest.raises(UnderstudyError, match="something else"):
        survey(corpus, other, jobs=1)
    assert other.read_bytes() == before
    (tmp_path / "text").write_text("x")
    with pytest.raises(UnderstudyError, match="expected a survey"):
        survey(corpus, tmp_path / "text", jobs=1)
    with pytest.raises(UnderstudyError, match="no folder"):
        survey(tmp_path / "none", other, jobs=1)


def test_without_the_extra_a_line_says_how_to_get_it(corpus: Path, tmp_path: Path, monkeypatch: Any) -> None:
    for name in ("pyarrow", "pyarrow.parquet", "duckdb"):
        monkeypatch.setitem(sys.modules, name, None)
    result = CliRunner().invoke(app, ["survey", str(corpus), "-o", str(tmp_path / "x.parquet"), "--jobs", "1"])
    assert isinstance(result.exception, UnderstudyError)
    assert str(result.exception) == "survey: pyarrow is not installed; pip install 'understudy[survey]'"
    with pytest.raises(UnderstudyError, match="duckdb is not installed"):
        extra.load("duckdb")


def test_statistics_are_those_of_the_coefficients(corpus: Path) -> None:
    stream = parse((corpus / "inner" / "3.jpg").read_bytes())
    found = statistics(stream)
    read_ = read_coefficients(stream)
    luma = read_.components[0].real.reshape(-1, 64).astype(int)
    chroma = np.concatenate([c.real.reshape(-1, 64) for c in read_.components[1:]]).astype(int)
    ac = luma[:, 1:]
    assert found["luma_zero_share"] == pytest.approx((ac == 0).mean())
    assert found["luma_one_share"] == pytest.approx((abs(ac) == 1).sum() / (ac != 0).sum())
    assert found["luma_nonzero_a_block"] == pytest.approx((ac != 0).sum(axis=1).mean())
    assert found["luma_dc_mean"] == pytest.approx(luma[:, 0].mean())
    assert found["luma_dc_deviation"] == pytest.approx(luma[:, 0].std())
    assert found["luma_mean_size"] == pytest.approx(abs(luma).mean(axis=0))
    odd = [(luma[:, k] % 2 == 1).sum() / n if (n := (luma[:, k] != 0).sum()) else None for k in range(64)]
    assert found["luma_odd_share"] == pytest.approx(odd)
    assert found["chroma_zero_share"] == pytest.approx((chroma[:, 1:] == 0).mean())
    assert found["entropy_bytes"] == sum(len(scan.data) for scan in stream.scans)
    flat = parse((corpus / "grey.jpg").read_bytes())
    assert "chroma_zero_share" not in statistics(flat)


# --- questions


def test_questions_are_answered_right(corpus: Path, tmp_path: Path) -> None:
    out = tmp_path / "x.parquet"
    survey(corpus, out, jobs=1)
    tables = ask(out, "tables-by-size-and-year")
    year = time.gmtime((corpus / "grey.jpg").stat().st_mtime).tm_year
    rows = [row for row in tables.rows if row[2].endswith(("75", "90"))]
    assert rows == [(year, 720, "annex-k 75", "annex-k 75", 2), (year, 720, "annex-k 90", "annex-k 90", 2)]
    scripts = {(row[0], row[2]): row[3] for row in ask(out, "scripts-and-icc").rows}
    assert scripts["none", "simple10"] == 2
    assert {row[0]: row[1] for row in ask(out, "overview").rows} == {"jpeg": 6, "not read": 2}
    assert sum(row[1] for row in ask(out, "errors").rows) == 2
    assert ask(out, "SELECT count(*) AS n FROM files WHERE progressive").rows == ((2,),)
    assert ask(out, "select version from files limit 1").to_dict()["columns"] == ["version"]


@pytest.mark.parametrize("name", questions())
def test_every_question_has_words_and_answers_the_empty_corpus(name: str, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    survey(tmp_path / "none", tmp_path / "x.parquet", jobs=1)
    assert ask(tmp_path / "x.parquet", name).rows == ()
    assert questions()[name].title and not questions()[name].title.startswith("SELECT")


@pytest.mark.parametrize(
    ("question", "words"),
    [("nonsense", "expected one of overview"), ("SELECT nothing FROM files", "nothing"),
     ("ATTACH 'http://e.x/a.db' AS a", "expected SQL"), ("INSTALL httpfs", "expected SQL")],
)  # fmt: skip
def test_a_question_that_cannot_be_answered_is_told(corpus: Path, tmp_path: Path, question: str, words: str) -> None:
    out = tmp_path / "x.parquet"
    survey(corpus, out, jobs=1)
    with pytest.raises(UnderstudyError, match=words):
        ask(out, question)


@pytest.mark.shared
def test_the_answers_on_real_deliveries(tmp_path: Path) -> None:
    """Tables, qualities, scripts and ICC profiles of the real files, as deliveries.csv has them."""
    survey(matching("real/*.jpg")[0].parent, tmp_path / "x.parquet", jobs=1)
    rows = {row["sha256"][:16]: row for row in table(tmp_path / "x.parquet") if row["sha256"]}
    checked = 0
    for _, truth in measured_files():
        row = rows.get(truth["sha256"])
        if row is None:
            continue
        checked += 1
        assert " ".join(map(str, row["luma_steps"])) == truth["luma_q_natural"]
        assert (row["width"], row["height"]) == (int(truth["width"]), int(truth["height"]))
        assert row["scans"] == int(truth["n_scans"]) and row["markers"] == truth["markers"]
        assert (row["icc_bytes"] or 0) == int(truth["icc_bytes"] or 0)
    assert checked >= 15


@pytest.mark.shared
def test_a_survey_joins_with_facts_that_one_has(tmp_path: Path) -> None:
    """The how-to's join: years that are known from elsewhere, by SHA-256."""
    folder = matching("real/*.jpg")[0].parent
    survey(folder, tmp_path / "x.parquet", jobs=1)
    years = {row["sha256"]: found[0] for row in facts_rows() if (found := re.match(r"20\d\d", row["year_est"]))}
    (tmp_path / "years.csv").write_text("sha256,year\n" + "".join(f"{k},{year}\n" for k, year in years.items()))
    text = (ROOT / "docs" / "howto" / "survey-a-corpus.md").read_text(encoding="utf-8")
    (join,) = [sql for sql in re.findall(r"^```sql\n(.*?)^```$", text, re.M | re.S) if "years.csv" in sql]
    with duckdb.connect() as connection:
        connection.read_parquet(str(tmp_path / "x.parquet")).create_view("files")
        found = connection.execute(join.replace("years.csv", str(tmp_path / "years.csv"))).fetchall()
    known = [years[row["sha256"]] for path, row in measured_files() if path.parent == folder and row["sha256"] in years]
    assert sum(row[-1] for row in found) == len(known) >= 10
    assert {row[0] for row in found} == {int(year) for year in known}


def test_the_sql_of_the_how_to_runs(corpus: Path, tmp_path: Path) -> None:
    survey(corpus, tmp_path / "x.parquet", jobs=1, coefficients=True)
    text = (ROOT / "docs" / "howto" / "survey-a-corpus.md").read_text(encoding="utf-8")
    queries = [sql for sql in re.findall(r"^```sql\n(.*?)^```$", text, re.M | re.S) if "years.csv" not in sql]
    assert len(queries) >= 3
    for sql in queries:
        assert ask(tmp_path / "x.parquet", sql).rows, sql


def test_the_how_to_names_every_column_and_question() -> None:
    text = (ROOT / "docs" / "howto" / "survey-a-corpus.md").read_text(encoding="utf-8")
    assert [c.name for c in COLUMNS if f"`{c.name}`" not in text] == []
    assert [name for name in questions() if f"`{name}`" not in text] == []


# --- shown


def test_the_page_of_a_corpus(corpus: Path, tmp_path: Path) -> None:
    survey(corpus, tmp_path / "x.parquet", jobs=1)
    page = read(survey_html(tmp_path / "x.parquet", "my <corpus>"))
    assert "8 files: 6 jpeg." in page.words and "my <corpus>" in page.words and "2 could not be read" in page.words
    assert page.links() <= set(page.ids())
    for question in questions().values():
        rows = ask(tmp_path / "x.parquet", question.name).rows
        assert (question.name in page.ids()) == bool(rows)
    assert any(name == "rect" for name, _ in page.seen)


def test_the_command_reads_asks_and_draws(corpus: Path, tmp_path: Path) -> None:
    out, page = str(tmp_path / "x.parquet"), str(tmp_path / "x.html")
    run = CliRunner().invoke(
        app, ["survey", str(corpus), "-o", out, "--jobs", "1", "--html", page, "--ask", "overview"]
    )
    assert run.exit_code == 0, run.output
    assert "jpeg" in run.output and Path(page).stat().st_size > 5000
    again = CliRunner().invoke(app, ["survey", out, "--ask", "sizes", "--ask", "select 1 as one", "--json"])
    assert again.exit_code == 0 and '"one"' in again.output
    assert "overview: " in CliRunner().invoke(app, ["survey", out, "--ask", "list"]).output
    assert CliRunner().invoke(app, ["survey", str(corpus)]).exit_code == 2
    assert isinstance(CliRunner().invoke(app, ["survey", "nowhere"]).exception, UnderstudyError)
