"""What tests build over and over: a prediction with what matters to the test said, and the app over stand-ins."""

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from core.app import App
from core.emotions import LABELS
from core.errors import StoreError
from core.ids import new_id
from core.inference.classifier import Classifier
from core.predictions.record import Prediction
from core.rules.flags import Judge
from core.settings import Settings
from core.store import Store
from core.text import normaliser
from tests.fakes import WordRules, fake_classifier, ticking

NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)


def make_prediction(text: str = "I love it", *labels: str, at: datetime = NOON, **more: Any) -> Prediction:
    """A prediction of `labels` with 0.9 each and 0.1 for all others; `more` are fields of `Prediction`."""
    fields: dict[str, Any] = {
        "id": new_id(at),
        "made_at": at,
        "source": "live",
        "text": text,
        "clean": normaliser("1").clean(text),
        "truncated": False,
        "probabilities": tuple(0.9 if label in labels else 0.1 for label in LABELS),
        "labels": labels,
        "top": labels[0] if labels else "neutral",
        "sentiment": "neutral",
        "model": "fake",
        "model_version": "1",
        "normaliser_version": "1",
        "threshold_version": "abc",
        "margin": 0.4,
        "latency_ms": 1.0,
    }
    return Prediction(**(fields | more))


def make_app(
    store: Store | None = None,
    classifier: Classifier | None = None,
    *,
    baseline: Classifier | None = None,
    rules: Judge | None = None,
    now: Callable[[], datetime] | None = None,
    timer: Callable[[], float] | None = None,
    **settings: Any,
) -> App:
    """The app as it is wired everywhere, over a fake model, fake rules, a clock that ticks, and a given store.

    Without a store, asking for one is an error. `settings` are fields of `Settings`.
    """
    serving = classifier or fake_classifier()
    second = baseline or fake_classifier("base")

    def opened() -> Store:
        if store is None:
            raise StoreError("This test has no store.")
        return store

    return App(
        Settings(model="fakes/serving", baseline="fakes/baseline", **settings),
        load_model=lambda folder, _threads: serving if folder == Path("fakes/serving") else second,
        open_store=opened,
        read_rules=lambda _path: rules or WordRules(),
        now=now or ticking(),
        **({"timer": timer} if timer else {}),
    )


def write_csv(path: Path, texts: list[str]) -> Path:
    """A file of texts, each with its number as its id."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "text"])
        writer.writerows([[str(number), text] for number, text in enumerate(texts)])
    return path
