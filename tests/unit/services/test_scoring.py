import csv
from pathlib import Path

import duckdb
import pytest

from core.access.actor import Actor
from core.app import App
from core.files import open_table, open_writer
from core.predictions.columns import RESULT_COLUMNS, ROWS_AT_ONCE
from core.store import Store
from tests.builders import make_app, write_csv
from tests.fakes import WordEngine, fake_classifier

ANA, BEN = Actor("ana"), Actor("ben")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a.duckdb")


@pytest.fixture
def app(store: Store) -> App:
    return make_app(store)


def test_a_long_text_is_said_to_be_read_in_part(store: Store, tmp_path: Path) -> None:
    engine = WordEngine()
    engine.max_words = 4
    app = make_app(store, fake_classifier(engine=engine))
    assert not app.predictor.predict("i love it").truncated
    assert app.predictor.predict("i love it very much").truncated
    scored = app.scorer.score_file(open_table(write_csv(tmp_path / "i.csv", ["one two", "a b c d e"])), tmp_path, "i")
    assert scored.summary.truncated == 1
    app.intake.keep_file(scored, ANA)
    store.close()
    with duckdb.connect(str(store.path)) as connection:
        assert connection.execute("SELECT text FROM predictions WHERE truncated").fetchall() == [("a b c d e",)]


def test_a_scored_file_has_the_rows_of_its_source_in_their_order(app: App, tmp_path: Path) -> None:
    texts = [
        f"{'love' if number % 3 else 'sad'} {number} {'word ' * (number % 17)}" for number in range(ROWS_AT_ONCE + 10)
    ]
    texts[5] = "https://example.com"
    texts[6] = "long " * 2_000
    source = write_csv(tmp_path / "in.csv", texts)
    table = open_table(source)
    with open_writer(tmp_path / "out.csv", [*table.columns, *RESULT_COLUMNS], source=source) as writer:
        seen: list[int] = []
        summary = app.scorer.score_table(table, writer, on_rows=seen.append)
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["text"] for row in rows] == texts
    assert [row["id"] for row in rows] == [str(number) for number in range(len(texts))]
    assert rows[0]["emotions"] == rows[0]["top_emotion"] == "sadness"
    assert float(rows[1]["top_probability"]) == pytest.approx(0.9)
    assert (rows[5]["emotions"], rows[5]["top_emotion"], rows[5]["joy"]) == ("", "", "")
    assert seen == [ROWS_AT_ONCE, len(texts)]
    assert (summary.rows, summary.unreadable, summary.truncated, summary.stopped) == (len(texts), 1, 1, False)
    assert summary.counts["sentiment"].sum() == len(texts) - 1


def test_cancelling_keeps_whole_batches(app: App, tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", ["love"] * (3 * ROWS_AT_ONCE))
    asked = iter([False, True])
    scored = app.scorer.score_file(open_table(source), tmp_path, "in.csv", cancelled=lambda: next(asked))
    assert (scored.summary.rows, scored.summary.stopped) == (ROWS_AT_ONCE, True)
    assert open_table(scored.results, "text").rows == ROWS_AT_ONCE
