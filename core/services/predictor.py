"""The model that serves, asked about texts: predict, explain, judge by the rules. Nothing is recorded here."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.clock import utc_now
from core.emotions import LABELS, Level, Scores, names
from core.errors import InputError, ModelError
from core.ids import new_id
from core.inference.classifier import Classifier
from core.inference.explain import Explanation, explain
from core.language import is_read
from core.predictions.masks import to_masks
from core.predictions.record import Prediction, Source
from core.rules.flags import Flag, Judge


@dataclass(frozen=True)
class Decided:
    """What thresholds make of scores: one entry per text.

    Attributes:
        masks: uint32 [n_texts]; bit k says that emotion k reaches its threshold.
        labels: the names behind the bits, the most probable first.
        top: the most probable emotion among them, else among all; None where the text could not be read.
        sentiment: the strongest sentiment, likewise.
        margins: float32 [n_texts]; how far the surest emotion is above its own threshold, NaN where none was read.
    """

    masks: NDArray[np.uint32]
    labels: list[tuple[str, ...]]
    top: list[str | None]
    sentiment: list[str | None]
    margins: NDArray[np.float32]


def decide(classifier: Classifier, scores: Scores) -> Decided:
    """Apply the classifier's thresholds to `scores`, float32 [n_texts, 28]; a NaN row was not readable."""
    reached = classifier.decide(scores)
    order = np.argsort(-scores, axis=1, kind="stable")
    return Decided(
        masks=to_masks(reached),
        labels=[
            tuple(LABELS[label] for label in ranked if flags[label])
            for ranked, flags in zip(order.tolist(), reached, strict=True)
        ],
        top=_names(classifier.top(scores), "emotion"),
        sentiment=_names(classifier.top(scores, "sentiment"), "sentiment"),
        margins=(scores - classifier.thresholds.values["emotion"]).max(axis=1),
    )


def _names(numbers: NDArray[np.intp], level: Level) -> list[str | None]:
    of_level = names(level)
    return [of_level[number] if number >= 0 else None for number in numbers.tolist()]


@dataclass(frozen=True)
class PredictedBatch:
    """Some texts, predicted and judged together.

    Attributes:
        texts: as they were given.
        scores: float32 [n_texts, 28]; NaN where nothing was readable.
        truncated: whether the model read only the beginning of each.
        flags: what the rules say of each, the gravest first.
        languages: the code of each one's language, where it is known and heeded; empty where all were read.
    """

    texts: Sequence[str]
    scores: Scores
    decided: Decided
    truncated: list[bool]
    flags: list[tuple[Flag, ...]]
    languages: Sequence[str | None] = ()

    def __len__(self) -> int:
        return len(self.texts)


class Predictor:
    """One model that serves, an optional baseline beside it, and the rules that judge what is read.

    The baseline is loaded when first asked for: a page that shows none does not wait for it.
    """

    def __init__(
        self,
        classifier: Classifier,
        baseline: Callable[[], Classifier],
        *,
        rules: Judge | None = None,
        now: Callable[[], datetime] = utc_now,
        timer: Callable[[], float] = time.perf_counter,
        notice: str = "",
    ) -> None:
        """Take the model that serves.

        Args:
            rules: what judges texts in context; without them nothing is flagged.
            notice: why it is another model than the promoted one that serves, in words, if it is.
        """
        self.classifier: Final = classifier
        self.rules: Final = rules
        self.notice: Final = notice
        self._baseline = baseline
        self._now = now
        self._timer = timer

    @property
    def baseline(self) -> Classifier:
        """The model drawn beside the serving one.

        Raises:
            ModelError: it cannot be loaded.
        """
        return self._baseline()

    @property
    def rule_version(self) -> str | None:
        """Which rules judge; None where there are none."""
        return self.rules.version if self.rules else None

    def judge(self, texts: Sequence[str], scores: Scores) -> list[tuple[Flag, ...]]:
        """Return what the rules say of texts with `scores`, float32 [n_texts, 28]; nothing where there are none."""
        return self.rules.judge_all(texts, scores) if self.rules else [()] * len(texts)

    def predict_batch(self, texts: Sequence[str], languages: Sequence[str | None] = ()) -> PredictedBatch:
        """Predict and judge some texts together.

        Args:
            languages: the code of each text's language, where it is known; those in one that is not read are taken for
                texts with nothing to read. Without it all are read.

        Raises:
            ModelError: the model fails on a text.
        """
        given = read_alone(texts, languages)
        cleaned = [self.classifier.normaliser.clean(text) for text in given]
        scores = self.classifier.scores([text.text for text in cleaned])
        exceed = self.classifier.exceed([text.text for text in cleaned])
        return PredictedBatch(
            texts=texts,
            scores=scores,
            decided=decide(self.classifier, scores),
            truncated=[text.truncated or longer for text, longer in zip(cleaned, exceed, strict=True)],
            flags=self.judge(given, scores),
            languages=languages,
        )

    def would_say(self, prediction: Prediction) -> bool:
        """Tell whether a prediction is of the model, the thresholds and the rules that are asked here."""
        info = self.classifier.info
        return (info.name, info.version, info.threshold_version, self.rule_version) == (
            prediction.model,
            prediction.model_version,
            prediction.threshold_version,
            prediction.rule_version,
        )

    def predict(self, text: str, source: Source = "live", classifier: Classifier | None = None) -> Prediction:
        """Predict the emotions of one tweet.

        Raises:
            InputError: nothing readable is left of the text.
            ModelError: the model gave no number.
        """
        model = classifier or self.classifier
        started = self._timer()
        cleaned = model.normaliser.clean(text)
        if not cleaned.text:
            raise InputError(_unreadable(text))
        scores = model.scores([cleaned.text])
        decided = decide(model, scores)
        truncated = cleaned.truncated or model.exceed([cleaned.text])[0]
        latency_ms = (self._timer() - started) * 1000
        top, sentiment = decided.top[0], decided.sentiment[0]
        if top is None or sentiment is None:
            raise ModelError(
                f"{model.info.label} gave no number for a text it can read. Restore its folder from the repository, or "
                f"let another model serve (AFFECTRA_MODEL)."
            )
        now = self._now()
        return Prediction(
            id=new_id(now),
            made_at=now,
            source=source,
            text=text,
            clean=cleaned,
            truncated=truncated,
            probabilities=tuple(scores[0].tolist()),
            labels=decided.labels[0],
            top=top,
            sentiment=sentiment,
            model=model.info.name,
            model_version=model.info.version,
            normaliser_version=model.info.normaliser_version,
            threshold_version=model.info.threshold_version,
            margin=float(decided.margins[0]),
            latency_ms=latency_ms,
            flags=self.judge([text], scores)[0],
            rule_version=self.rule_version,
        )

    def explain(self, prediction: Prediction, label: str | None = None, level: Level = "emotion") -> Explanation:
        """Return what each word of a prediction's text contributes to `label`, by the serving model.

        Args:
            label: a label of `level`; None takes the one that leads there.

        Raises:
            ModelError: the model fails on it.
        """
        chosen = label or names(level)[int(self.classifier.top(prediction.scores, level)[0])]
        return explain(self.classifier.scores, self.classifier.normaliser.normalise(prediction.text), chosen, level)

    def counterfactual(self, text: str, flag: Flag) -> Scores:
        """Return the scores of a text with a flagged span masked, float32 [1, 28]; NaN where nothing else is readable.

        Raises:
            ModelError: the model fails on it.
        """
        masked = self.classifier.normaliser.normalise(f"{text[: flag.start]} … {text[flag.stop :]}")
        return self.classifier.scores([masked if any(sign.isalnum() for sign in masked) else ""])


def read_alone(texts: Sequence[str], languages: Sequence[str | None]) -> Sequence[str]:
    """Return the texts with "" for each in a language that is not read; all as they are where none is given."""
    if not languages:
        return texts
    return [text if is_read(code) else "" for text, code in zip(texts, languages, strict=True)]


def _unreadable(text: str) -> str:
    if not text.strip():
        return "There is no text to read. Type a tweet."
    return (
        "Nothing is left to read: the text holds only links, blanks or invisible characters. Add some words or emoji."
    )
