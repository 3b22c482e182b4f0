from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from core.access.actor import Actor
from core.app import App
from core.emotions import Scores
from core.errors import InputError, ModelError
from core.store import Store
from tests.builders import make_app
from tests.fakes import WordEngine, WordRules, fake_classifier

ANA, BEN = Actor("ana"), Actor("ben")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a.duckdb")


@pytest.fixture
def app(store: Store) -> App:
    return make_app(store, timer=Timer())


class Timer:
    """Goes on by 2 ms each time it is read."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        self.seconds += 0.002
        return self.seconds


def test_reading_says_everything_and_records_nothing(app: App) -> None:
    read = app.predictor.predict("I love this, thanks @bob")
    assert read.clean.text == "I love this, thanks [NAME]"
    assert read.labels == ("gratitude", "love")
    assert (read.top, read.sentiment) == ("gratitude", "positive")
    assert (read.model, read.model_version, read.normaliser_version) == ("fake", "1", "1")
    assert read.latency_ms == pytest.approx(2)
    assert len(read.probabilities) == 28
    assert app.explorer.stored() == 0


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "no text"), ("  \n", "no text"), ("https://example.com", "only links"), ("\u200b", "only links")],
)
def test_nothing_to_read_is_said(app: App, text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        app.predictor.predict(text)


def test_a_model_that_gives_no_number_is_named(store: Store) -> None:
    class Broken(WordEngine):
        def score(self, texts: Sequence[str]) -> Scores:
            return np.full((len(texts), 28), np.nan, np.float32)

    with pytest.raises(ModelError, match="fake 1 gave no number"):
        make_app(store, fake_classifier(engine=Broken())).predictor.predict("fine")


def test_a_prediction_can_be_read_by_the_baseline(app: App) -> None:
    assert app.predictor.predict("wow", classifier=app.predictor.baseline).model == "base"


def test_explaining(app: App) -> None:
    explanation = app.predictor.explain(app.predictor.predict("i love mondays"), "love")
    assert max(explanation.parts, key=lambda part: part.contribution).text == "love"


@pytest.mark.parametrize(("version", "reads"), [("1", "bus is late frowning face"), ("2", "bus is late (sad)")])
def test_each_model_reads_by_its_own_normaliser(version: str, reads: str) -> None:
    engine = WordEngine()
    predictor = make_app(None, fake_classifier(engine=engine, normaliser_version=version)).predictor
    read = predictor.predict("bus is late ☹")
    assert (read.clean.text, read.normaliser_version) == (reads, version)
    predictor.predict_batch(["bus is late ☹"])
    predictor.explain(read)
    predictor.classifier.read(["bus is late ☹"])
    assert engine.seen.count(reads) == 4


def test_a_prediction_is_explained_as_the_serving_model_reads_it() -> None:
    older = fake_classifier()
    predictor = make_app(None, fake_classifier(normaliser_version="2")).predictor
    read = predictor.predict("sad ☹", classifier=older)
    assert read.clean.text == "sad frowning face"
    assert [part.text for part in predictor.explain(read).parts] == ["sad", "(sad)"]


def test_a_prediction_holds_for_as_long_as_model_and_rules_stay() -> None:
    drawn = make_app().predictor.predict("so happy")
    assert make_app().predictor.would_say(drawn)
    assert not make_app(None, fake_classifier(version="2")).predictor.would_say(drawn)
    assert not make_app(rules=WordRules("rules2")).predictor.would_say(drawn)
