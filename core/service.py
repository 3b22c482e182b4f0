"""The use cases: read a tweet and record it, explain it, score a file, keep a file, give feedback.

Everything that changes the store goes through here, with the actor who asked for it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core.actor import Actor
from core.classifier import Classifier
from core.emotions import LABELS, Level, Scores, names
from core.errors import InputError
from core.explain import Explanation, explain
from core.ids import new_id
from core.prediction import Feedback, Prediction, Source, StoredPrediction, Verdict
from core.store import Store
from core.text import CleanText, clean

MAX_COMMENT: Final = 2_000
"""Characters of a comment that are kept."""


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Judged:
    """What thresholds make of scores: one entry per text.

    Attributes:
        masks: uint32 [n_texts]; bit k says that emotion k reaches its threshold.
        labels: the names behind the bits, the most probable first.
        top: the most probable emotion among them, else among all; None where the text could not be read.
        sentiment: the strongest sentiment, likewise.
    """

    masks: NDArray[np.uint32]
    labels: list[tuple[str, ...]]
    top: list[str | None]
    sentiment: list[str | None]


def judge(classifier: Classifier, scores: Scores) -> Judged:
    """Apply the classifier's thresholds to `scores`, float32 [n_texts, 28]; a NaN row was not readable."""
    decided = classifier.decide(scores)
    order = np.argsort(-scores, axis=1, kind="stable")
    return Judged(
        masks=(decided.astype(np.uint32) << np.arange(len(LABELS), dtype=np.uint32)).sum(axis=1, dtype=np.uint32),
        labels=[
            tuple(LABELS[label] for label in ranked if flags[label])
            for ranked, flags in zip(order.tolist(), decided, strict=True)
        ],
        top=_names(classifier.top(scores), "emotion"),
        sentiment=_names(classifier.top(scores, "sentiment"), "sentiment"),
    )


def _names(numbers: NDArray[np.intp], level: Level) -> list[str | None]:
    of_level = names(level)
    return [of_level[number] if number >= 0 else None for number in numbers.tolist()]


class Service:
    """The use cases over one model, an optional baseline and one store.

    The baseline and the store are opened when first asked for: a page that shows neither does not wait for them, and
    a store that another process holds leaves reading possible.
    """

    def __init__(
        self,
        classifier: Classifier,
        baseline: Callable[[], Classifier],
        store: Callable[[], Store],
        now: Callable[[], datetime] = utc_now,
        timer: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.classifier: Final = classifier
        self._baseline = baseline
        self._store = store
        self._now = now
        self._timer = timer

    @property
    def baseline(self) -> Classifier:
        """The model drawn beside the serving one.

        Raises:
            ModelError: it cannot be loaded.
        """
        return self._baseline()

    def read(self, text: str, source: Source = "live", classifier: Classifier | None = None) -> Prediction:
        """Read one tweet. Nothing is recorded.

        Raises:
            InputError: nothing readable is left of the text.
        """
        model = classifier or self.classifier
        started = self._timer()
        cleaned = clean(text)
        if not cleaned.text:
            raise InputError(_unreadable(text))
        scores = model.scores([cleaned.text])
        judged = judge(model, scores)
        latency_ms = (self._timer() - started) * 1000
        return self._prediction(model, text, cleaned, scores[0], judged, source, latency_ms)

    def _prediction(  # noqa: PLR0917
        self,
        model: Classifier,
        text: str,
        cleaned: CleanText,
        scores: Scores,
        judged: Judged,
        source: Source,
        latency_ms: float,
    ) -> Prediction:
        top, sentiment = judged.top[0], judged.sentiment[0]
        if top is None or sentiment is None:
            raise InputError(_unreadable(text))
        now = self._now()
        return Prediction(
            id=new_id(now),
            made_at=now,
            source=source,
            text=text,
            clean=cleaned,
            probabilities=tuple(scores.tolist()),
            labels=judged.labels[0],
            top=top,
            sentiment=sentiment,
            model=model.info.name,
            model_version=model.info.version,
            normaliser_version=model.info.normaliser_version,
            threshold_version=model.info.threshold_version,
            latency_ms=latency_ms,
        )

    def explain(self, prediction: Prediction, label: str, level: Level = "emotion") -> Explanation:
        """Return what each word of a prediction's text contributes to `label`, by the serving model."""
        return explain(self.classifier.scores, prediction.clean.text, label, level)

    def record(self, prediction: Prediction, actor: Actor) -> None:
        """Keep a prediction.

        Raises:
            StoreError: the store cannot be written.
        """
        self._store().add(prediction, actor.name)

    def recent(self, limit: int = 20) -> list[StoredPrediction]:
        """Return the newest predictions in the store, newest first."""
        return self._store().recent(limit)

    def count(self) -> int:
        """Return how many predictions the store holds."""
        return self._store().count()

    def give_feedback(
        self,
        prediction_id: UUID,
        verdict: Verdict,
        actor: Actor,
        suggested: Sequence[str] = (),
        comment: str = "",
    ) -> None:
        """Append what `actor` says of a stored prediction; the last word of each actor holds.

        Raises:
            InputError: an emotion is named that does not exist, or one is suggested with a thumb up.
            StoreError: the prediction is not in the store, or the store cannot be written.
        """
        unknown = [label for label in suggested if label not in LABELS]
        if unknown:
            raise InputError(f"No emotion named {unknown[0]!r}. Choose among the 28 labels.")
        if suggested and verdict != "down":
            raise InputError(
                "A correction belongs to a thumb down. Give a thumb down, then say what it should have been."
            )
        now = self._now()
        self._store().add_feedback(
            Feedback(
                id=new_id(now),
                prediction_id=prediction_id,
                made_at=now,
                actor=actor.name,
                verdict=verdict,
                suggested=tuple(suggested),
                comment=comment.strip()[:MAX_COMMENT],
            )
        )

    def feedback(self, prediction_id: UUID, actor: Actor) -> Feedback | None:
        """Return what `actor` says of a prediction now, None if nothing."""
        said = [event for event in self._store().feedback(prediction_id) if event.actor == actor.name]
        return said[-1] if said else None


def _unreadable(text: str) -> str:
    if not text.strip():
        return "There is no text to read. Type a tweet."
    return (
        "Nothing is left to read: the text holds only links, blanks or invisible characters. Add some words or emoji."
    )
