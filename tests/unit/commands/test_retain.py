import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from core.__main__ import main
from core.commands.retain import retain
from core.predictions.record import Feedback
from core.settings import settings
from core.store import Store
from tests.unit.store.test_store import NOON, prediction


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    path = tmp_path / "a.duckdb"
    monkeypatch.setenv("AFFECTRA_DATABASE", str(path))
    settings.cache_clear()
    yield path
    settings.cache_clear()


def fill(path: Path, now: datetime) -> None:
    """Three predictions: of now, of two days ago and of ten days ago; the oldest has a thumb."""
    store = Store(path)
    for days in (0, 2, 10):
        made = prediction(f"{days} days old", now - timedelta(days=days))
        store.add(made, "ana")
    store.add_feedback(Feedback(uuid4(), made.id, now, "ana", "up"))
    store.close()


def texts(path: Path) -> list[str]:
    store = Store(path)
    found = [row.text for row in store.recent(9)]
    store.close()
    return found


def test_what_is_older_is_deleted_and_its_feedback_stays(path: Path) -> None:
    fill(path, NOON)
    store = Store(path)
    (oldest,) = (row for row in store.recent(9) if row.text == "10 days old")
    said = retain(store, 2, NOON)
    # Made exactly two days ago is not more than two days ago.
    assert said.startswith("1 of 3 predictions were made more than 2 days ago and are deleted")
    assert "feedback that was given on them stays" in said
    assert len(store.feedback(oldest.id)) == 1
    assert retain(store, 1, NOON).startswith("1 of 2 predictions were made more than 1 day ago")
    store.close()
    assert texts(path) == ["0 days old"]


def test_a_dry_run_only_counts(path: Path) -> None:
    fill(path, NOON)
    store = Store(path)
    assert retain(store, 1, NOON, dry_run=True).startswith("2 of 3 predictions")
    assert store.count() == 3


def test_the_command(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(path, datetime.now(UTC))
    assert main(["retain", "--days", "5", "--dry-run"]) == 0
    assert "1 of 3 predictions" in capsys.readouterr().out
    assert main(["retain", "--days", "5"]) == 0
    assert "are deleted" in capsys.readouterr().out
    assert texts(path) == ["0 days old", "2 days old"]


def test_no_store_is_made_where_there_is_none(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["retain", "--days", "5"]) == 0
    assert f"no store at {path}" in capsys.readouterr().out
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("days", ["0", "-3", "2.5", "many", "1000000000"])
def test_an_impossible_number_of_days_is_named(path: Path, days: str, capsys: pytest.CaptureFixture[str]) -> None:
    fill(path, datetime.now(UTC))
    with pytest.raises(SystemExit) as stopped:
        main(["retain", f"--days={days}"])
    assert stopped.value.code == 2
    assert f"{days!r} is not a whole number of days" in capsys.readouterr().err
    assert len(texts(path)) == 3


def test_a_store_that_the_app_holds_says_how_to_go_on(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(path, datetime.now(UTC))
    holder = subprocess.Popen(
        [sys.executable, "-c", f"import duckdb; c = duckdb.connect({str(path)!r}); print('held', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        assert main(["retain", "--days", "5"]) == 2
    finally:
        holder.communicate("\n")
    said = capsys.readouterr().err
    assert "held by another process" in said
    assert "AFFECTRA_RETAIN_DAYS=5" in said
    assert len(texts(path)) == 3
