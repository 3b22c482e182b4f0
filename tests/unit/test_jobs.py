import threading
from pathlib import Path

import pytest

from core.access.actor import Actor
from core.app import App
from core.errors import InputError
from core.files import open_table
from core.jobs import Job
from core.predictions.columns import ROWS_AT_ONCE
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


def test_a_job_reports_cancels_and_ends(store: Store, tmp_path: Path) -> None:
    engine = WordEngine()
    app = make_app(store, fake_classifier(engine=engine))
    source = write_csv(tmp_path / "in.csv", ["love"] * (4 * ROWS_AT_ONCE))
    table = open_table(source)
    first_batch = threading.Event()

    def work(report, cancelled):  # type: ignore[no-untyped-def]
        def noted(rows: int) -> None:
            report(rows)
            engine.pause.clear()
            first_batch.set()

        return app.scorer.score_file(table, tmp_path, "in.csv", noted, cancelled)

    job = Job(work, table.rows)
    assert first_batch.wait(30)
    assert job.running
    assert job.done == ROWS_AT_ONCE
    assert job.seconds_left is not None
    job.cancel()
    engine.pause.set()
    job.wait(30)
    assert not job.running
    assert job.error is None
    assert job.result is not None
    assert job.result.summary.stopped
    assert job.result.summary.rows < table.rows


def test_a_job_that_fails_says_why() -> None:
    def work(report, cancelled):  # type: ignore[no-untyped-def]
        raise InputError("bad row")

    job = Job(work, 1)
    job.wait(10)
    assert isinstance(job.error, InputError)
