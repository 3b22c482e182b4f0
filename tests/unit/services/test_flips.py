from pathlib import Path

import pytest

from core.access.actor import Actor
from core.app import App
from core.errors import StoreError
from core.store import Store
from tests.builders import make_app

ANA, BEN = Actor("ana"), Actor("ben")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a.duckdb")


@pytest.fixture
def app(store: Store) -> App:
    return make_app(store)


def test_flips_count_what_another_threshold_would_change(app: App) -> None:
    for text in ("love it", "love you", "hate it", "so sad", "what"):
        app.intake.record(app.predictor.predict(text), ANA)
    app.intake.record(app.predictor.predict("love"), ANA)
    # Love is 0.9 in three of six, 0.05 in the others.
    higher = app.explorer.flips("fake", "1", "love", "emotion", old=0.5, new=0.95)
    assert (higher.stored, higher.gain, higher.lose) == (6, 0, 3)
    lower = app.explorer.flips("fake", "1", "love", "emotion", old=0.5, new=0.01)
    assert (lower.stored, lower.gain, lower.lose) == (6, 3, 0)
    same = app.explorer.flips("fake", "1", "love", "emotion", old=0.9, new=0.9)
    assert (same.gain, same.lose) == (0, 0)
    assert app.explorer.flips("fake", "2", "love", "emotion", old=0.5, new=0.01).stored == 0


def test_a_group_flips_where_its_most_probable_member_does(app: App) -> None:
    for text in ("hate it", "so sad", "love it"):
        app.intake.record(app.predictor.predict(text), ANA)
    # Negative holds for hate (anger 0.9) and sad (sadness 0.9), each by a member of its own.
    found = app.explorer.flips("fake", "1", "negative", "sentiment", old=0.5, new=0.95)
    assert (found.stored, found.gain, found.lose) == (3, 0, 2)


def test_flips_at_the_threshold_itself(app: App, store: Store) -> None:
    app.intake.record(app.predictor.predict("love it"), ANA)
    # A score that equals a threshold reaches it, as everywhere: 0.9 as float32.
    assert store.flips("fake", "1", ["love"], 0.5, 0.9).lose == 0
    with pytest.raises(StoreError, match="No emotion named 'love; DROP TABLE predictions'"):
        store.flips("fake", "1", ["love; DROP TABLE predictions"], 0.5, 0.9)
