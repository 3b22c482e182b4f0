"""What is said of a text: a model's prediction, and a person's feedback on it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

import numpy as np

from core.emotions import Scores
from core.rules.flags import Flag
from core.text import CleanText

Source = Literal["live", "batch", "audit", "sample"]
Verdict = Literal["up", "down", "retracted"]


@dataclass(frozen=True, slots=True)
class Origin:
    """What a stored text came with.

    Attributes:
        tweet_id, author, link, language: as its file has them, None where it does not; `link` may be any text.
        extras: the file's other columns as a JSON object, see `core.files.origins`; None where there are none.
    """

    tweet_id: str | None = None
    author: str | None = None
    link: str | None = None
    language: str | None = None
    extras: str | None = None


@dataclass(frozen=True, slots=True)
class Prediction:
    """One text, read once by one model.

    Attributes:
        made_at: when, in UTC.
        text: as it was given.
        clean: as the model was given it.
        truncated: whether the model read only the beginning of it.
        probabilities: 28 values in 0..1, in the order of `LABELS`.
        labels: the emotions that reach their threshold, the most probable first; may be empty.
        top: the most probable of `labels`, or of all emotions where there is none.
        sentiment: the strongest sentiment, decided likewise.
        margin: how far the surest emotion is above its own threshold; below 0 where none reaches one.
        latency_ms: what the model took, normalisation included, in milliseconds.
        flags: what the rules say of it, the gravest first.
        rule_version: which rules; None where none judged it.
    """

    id: UUID
    made_at: datetime
    source: Source
    text: str
    clean: CleanText
    truncated: bool
    probabilities: tuple[float, ...]
    labels: tuple[str, ...]
    top: str
    sentiment: str
    model: str
    model_version: str
    normaliser_version: str
    threshold_version: str
    margin: float
    latency_ms: float
    flags: tuple[Flag, ...] = ()
    rule_version: str | None = None

    @property
    def scores(self) -> Scores:
        """The probabilities as float32 [1, 28]."""
        return np.array([self.probabilities], dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Feedback:
    """One thing that one person said of one prediction. Events are only ever added.

    Attributes:
        verdict: `retracted` takes back what the same person said before.
        suggested: the emotions it should have been, empty if none were named.
    """

    id: UUID
    prediction_id: UUID
    made_at: datetime
    actor: str
    verdict: Verdict
    suggested: tuple[str, ...] = ()
    comment: str = ""


@dataclass(frozen=True, slots=True)
class StoredPrediction:
    """A prediction as a list shows it, with what people say of it now."""

    id: UUID
    made_at: datetime
    source: str
    text: str
    labels: tuple[str, ...]
    top: str
    sentiment: str
    model: str
    model_version: str
    ups: int
    downs: int
