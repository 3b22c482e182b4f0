from pathlib import Path

import duckdb
import pytest

from core.access.actor import Actor
from core.app import App
from core.files import open_table
from core.predictions.columns import ROWS_AT_ONCE
from core.store import Store
from tests.builders import make_app, write_csv

ANA, BEN = Actor("ana"), Actor("ben")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a.duckdb")


@pytest.fixture
def app(store: Store) -> App:
    return make_app(store)


def test_recording_twice_keeps_one(app: App) -> None:
    read = app.predictor.predict("so happy")
    app.intake.record(read, ANA)
    app.intake.record(read, ANA)
    app.feedback.give(read.id, "up", ANA)
    assert [(row.id, row.ups) for row in app.explorer.recent()] == [(read.id, 1)]


def test_a_kept_file_lies_in_its_order(app: App, tmp_path: Path) -> None:
    texts = [f"love {number}" for number in range(ROWS_AT_ONCE + 50)]
    app.intake.keep_file(app.scorer.score_file(open_table(write_csv(tmp_path / "i.csv", texts)), tmp_path, "i"), ANA)
    assert [row.text for row in app.explorer.recent(len(texts))] == texts[::-1]


def test_a_file_is_kept_once_without_what_could_not_be_read(app: App, store: Store, tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", ["I love it", "www.example.com", "so sad \x00 '; DROP"])
    scored = app.scorer.score_file(open_table(source), tmp_path, "in.csv")
    assert app.intake.keep_file(scored, ANA) == 2
    assert app.intake.keep_file(scored, ANA) == 0
    kept = {row.text: row for row in app.explorer.recent()}
    assert set(kept) == {"I love it", "so sad \x00 '; DROP"}
    assert kept["I love it"].labels == ("love",)
    assert kept["I love it"].source == "batch"
    app.feedback.give(kept["I love it"].id, "up", ANA)


def test_scores_survive_the_way_into_the_store(app: App, store: Store, tmp_path: Path) -> None:
    read = app.predictor.predict("I love it")
    app.intake.record(read, ANA)
    app.intake.keep_file(
        app.scorer.score_file(open_table(write_csv(tmp_path / "i.csv", ["I love it"])), tmp_path, "i"), ANA
    )
    store.close()
    with duckdb.connect(str(store.path)) as connection:
        one, other = connection.execute(
            "SELECT love, neutral, labels, top, sentiment, model, threshold_version FROM predictions"
        ).fetchall()
    assert one == other


def test_the_samples_fill_an_empty_store_once(app: App, store: Store, tmp_path: Path) -> None:
    samples = write_csv(tmp_path / "samples.csv", ["I love it", "so sad"])
    assert app.intake.add_samples(store, samples) == 2
    assert app.intake.add_samples(store, samples) == 0
    assert {row.source for row in app.explorer.recent()} == {"sample"}
