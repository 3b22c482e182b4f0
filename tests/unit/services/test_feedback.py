from pathlib import Path

import pytest

from core.access.actor import Actor
from core.app import App
from core.errors import InputError
from core.services.feedback import MAX_COMMENT
from core.store import Store
from tests.builders import make_app

ANA, BEN = Actor("ana"), Actor("ben")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a.duckdb")


@pytest.fixture
def app(store: Store) -> App:
    return make_app(store)


def test_recording_and_thumbs(app: App) -> None:
    read = app.predictor.predict("so happy")
    app.intake.record(read, ANA)
    app.feedback.give(read.id, "up", ANA)
    app.feedback.give(read.id, "down", BEN, ["love"], "x" * 5_000)
    said = app.feedback.current(read.id, BEN)
    assert said is not None
    assert (said.verdict, said.suggested, len(said.comment)) == ("down", ("love",), MAX_COMMENT)
    app.feedback.give(read.id, "retracted", BEN)
    assert app.feedback.current(read.id, BEN) is None
    assert app.feedback.current(read.id, ANA) is not None
    (row,) = app.explorer.recent()
    assert (row.text, row.ups, row.downs) == ("so happy", 1, 0)


def test_feedback_is_checked(app: App) -> None:
    read = app.predictor.predict("so happy")
    app.intake.record(read, ANA)
    with pytest.raises(InputError, match="'bliss'"):
        app.feedback.give(read.id, "down", ANA, ["bliss"])
    with pytest.raises(InputError, match="thumb down"):
        app.feedback.give(read.id, "up", ANA, ["joy"])
