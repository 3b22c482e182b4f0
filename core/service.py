"""The use cases: read a tweet and record it, explain it, score a file, keep a file, give feedback.

Everything that changes the store goes through here, with the actor who asked for it.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core.actor import Actor
from core.classifier import Classifier
from core.emotions import AT_LEVEL, LABELS, Level, Scores, members, names
from core.errors import InputError, ModelError
from core.explain import Explanation, explain
from core.files import Batch, Column, Table, Writer, append, copy_table, open_table, open_writer
from core.ids import batch_ids, new_id
from core.prediction import Feedback, Prediction, Source, StoredPrediction, Verdict
from core.store import Flips, Store
from core.text import clean

MAX_COMMENT: Final = 2_000
"""Characters of a comment that are kept."""

ROWS_AT_ONCE: Final = 2_048
"""Rows of a file that are scored together: enough to sort by length, few enough to answer a cancel at once."""

RESULT_COLUMNS: Final = (
    Column("emotions"),
    Column("top_emotion"),
    Column("top_probability", "number"),
    Column("sentiment"),
    *(Column(label, "number") for label in LABELS),
    Column("model"),
    Column("normaliser_version"),
    Column("threshold_version"),
)
"""What scoring appends to a file's own columns. `emotions` are those above their threshold, parted by `|`."""

_STORE_COLUMNS: Final = (
    Column("id"),
    Column("text"),
    Column("truncated", "boolean"),
    Column("labels", "integer"),
    Column("top"),
    Column("sentiment"),
    *(Column(label, "number") for label in LABELS),
    Column("model"),
    Column("model_version"),
    Column("normaliser_version"),
    Column("threshold_version"),
)


def utc_now() -> datetime:
    """Return the present moment in UTC."""
    return datetime.now(UTC)


@dataclass
class FileSummary:
    """What was found in a file, counted while it was scored.

    Attributes:
        rows: rows scored so far.
        unreadable: rows with nothing to read (blank, only links); their results are empty.
        truncated: rows of which the model read only the beginning.
        counts: int64 [n_labels] for each level: rows in which the label reaches its threshold.
        stopped: whether it was cancelled before the last row.
    """

    rows: int = 0
    unreadable: int = 0
    truncated: int = 0
    stopped: bool = False
    counts: dict[Level, NDArray[np.int64]] = field(
        default_factory=lambda: {level: np.zeros(len(labels), np.int64) for level, labels in AT_LEVEL.items()}
    )


@dataclass(frozen=True)
class ScoredFile:
    """The outcome of scoring a file for the app: what to download and what to keep.

    Attributes:
        id: the batch's, by which keeping it twice adds nothing.
        model: name and version of what read it.
        results: Parquet with the file's own columns and `RESULT_COLUMNS`.
        for_store: Parquet as the store takes it.
    """

    id: UUID
    name: str
    model: str
    summary: FileSummary
    results: Path
    for_store: Path

    def as_csv(self) -> Path:
        """Return the results as CSV beside the Parquet file, made when first asked for.

        Raises:
            InputError: the disk refused.
        """
        target = self.results.with_suffix(".csv")
        if not target.exists():
            # The mark lets Excel, where this is opened, show accents and emoji.
            copy_table(self.results, target, overwrite=True, bom=True)
        return target


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
        *,
        now: Callable[[], datetime] = utc_now,
        timer: Callable[[], float] = time.perf_counter,
        notice: str = "",
    ) -> None:
        """Take the model that serves; `notice` says in words why it is another than the promoted one, if it is."""
        self.classifier: Final = classifier
        self.notice: Final = notice
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
            ModelError: the model gave no number.
        """
        model = classifier or self.classifier
        started = self._timer()
        cleaned = clean(text)
        if not cleaned.text:
            raise InputError(_unreadable(text))
        scores = model.scores([cleaned.text])
        judged = judge(model, scores)
        truncated = cleaned.truncated or model.exceed([cleaned.text])[0]
        latency_ms = (self._timer() - started) * 1000
        top, sentiment = judged.top[0], judged.sentiment[0]
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
            labels=judged.labels[0],
            top=top,
            sentiment=sentiment,
            model=model.info.name,
            model_version=model.info.version,
            normaliser_version=model.info.normaliser_version,
            threshold_version=model.info.threshold_version,
            latency_ms=latency_ms,
        )

    def explain(self, prediction: Prediction, label: str | None = None, level: Level = "emotion") -> Explanation:
        """Return what each word of a prediction's text contributes to `label`, by the serving model.

        Args:
            label: a label of `level`; None takes the one that leads there.

        Raises:
            ModelError: the model fails on it.
        """
        chosen = label or names(level)[int(self.classifier.top(prediction.scores, level)[0])]
        return explain(self.classifier.scores, prediction.clean.text, chosen, level)

    def score_table(
        self,
        table: Table,
        results: Writer | None,
        for_store: Writer | None = None,
        on_rows: Callable[[int], None] = lambda rows: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> FileSummary:
        """Score a file of any size, row by row in its order, in bounded memory.

        Args:
            results: takes the file's own columns and `RESULT_COLUMNS`.
            for_store: takes the columns that `keep_file` reads.
            on_rows: told after each batch how many rows are done.
            cancelled: asked before each batch.

        Raises:
            InputError: the file changed meanwhile, or the disk refused.
            ModelError: the model fails on a text.
        """
        summary, now = FileSummary(), self._now()
        for batch in table.batches(ROWS_AT_ONCE):
            if cancelled():
                summary.stopped = True
                break
            self._score_batch(batch, results, for_store, summary, now)
            on_rows(summary.rows)
        return summary

    def _score_batch(
        self, batch: Batch, results: Writer | None, for_store: Writer | None, summary: FileSummary, now: datetime
    ) -> None:
        model = self.classifier
        cleaned = [clean(text) for text in batch.texts]
        scores = model.scores([text.text for text in cleaned])
        judged = judge(model, scores)
        rows = len(batch)
        exceed = model.exceed([text.text for text in cleaned])
        truncated = [text.truncated or longer for text, longer in zip(cleaned, exceed, strict=True)]
        columns = list(scores.T)
        if results is not None:
            readable = ~np.isnan(scores[:, 0])
            top = np.where(readable, scores[np.arange(rows), model.top(scores)], np.nan).astype(np.float32)
            results.write(
                [
                    *batch.values,
                    ["|".join(labels) for labels in judged.labels],
                    judged.top,
                    top,
                    judged.sentiment,
                    *columns,
                    [model.info.label] * rows,
                    [model.info.normaliser_version] * rows,
                    [model.info.threshold_version] * rows,
                ]
            )
        if for_store is not None:
            for_store.write(
                [
                    batch_ids(now, summary.rows, rows),
                    batch.texts,
                    truncated,
                    judged.masks,
                    judged.top,
                    judged.sentiment,
                    *columns,
                    [model.info.name] * rows,
                    [model.info.version] * rows,
                    [model.info.normaliser_version] * rows,
                    [model.info.threshold_version] * rows,
                ]
            )
        summary.rows += rows
        summary.unreadable += sum(top is None for top in judged.top)
        summary.truncated += sum(truncated)
        for level in AT_LEVEL:
            summary.counts[level] += model.decide(scores, level).sum(axis=0)

    def score_file(
        self,
        table: Table,
        folder: Path,
        name: str,
        on_rows: Callable[[int], None] = lambda rows: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> ScoredFile:
        """Score a file into `folder`, ready to download and to keep. Cancelled, it holds the rows done by then.

        Args:
            name: what the file is called in the store's list of batches.

        Raises:
            InputError, ModelError: as `score_table` has it.
        """
        results, for_store = folder / "results.parquet", folder / "for_store.parquet"
        with (
            open_writer(results, append(table.columns, RESULT_COLUMNS), source=table.path) as result_writer,
            open_writer(for_store, _STORE_COLUMNS) as store_writer,
        ):
            summary = self.score_table(table, result_writer, store_writer, on_rows, cancelled)
        return ScoredFile(new_id(self._now()), name, self.classifier.info.label, summary, results, for_store)

    def keep_file(self, scored: ScoredFile, actor: Actor, source: Source = "batch") -> int:
        """Record the readable rows of a scored file, once; return how many were added.

        Raises:
            StoreError: the store cannot be written.
        """
        return self._keep(self._store(), scored, actor, source)

    def _keep(self, store: Store, scored: ScoredFile, actor: Actor, source: Source) -> int:
        return store.add_batch(
            scored.for_store,
            batch=scored.id,
            name=scored.name,
            source=source,
            actor=actor.name,
            made_at=self._now(),
        )

    def add_samples(self, store: Store, samples: Path) -> int:
        """Fill an empty store with the sample tweets; return how many were added, 0 if the store holds anything.

        Raises:
            InputError: the file of samples is missing or damaged.
            StoreError: the store cannot be written.
        """
        if store.count():
            return 0
        with TemporaryDirectory() as folder:
            scored = self.score_file(open_table(samples, "text"), Path(folder), samples.name)
            return self._keep(store, scored, Actor("affectra"), "sample")

    def record(self, prediction: Prediction, actor: Actor) -> None:
        """Keep a prediction.

        Raises:
            StoreError: the store cannot be written.
        """
        self._store().add(prediction, actor.name)

    def recent(self, limit: int = 20) -> list[StoredPrediction]:
        """Return the newest predictions in the store, newest first.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store().recent(limit)

    def count(self) -> int:
        """Return how many predictions the store holds.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store().count()

    def flips(self, model: str, version: str, label: str, level: Level, *, old: float, new: float) -> Flips:
        """Count what another threshold of a label would change among the stored predictions of a model.

        Raises:
            StoreError: the store cannot be read.
        """
        (group,) = (numbers for name, numbers in zip(names(level), members(level), strict=True) if name == label)
        return self._store().flips(model, version, [LABELS[number] for number in group], old, new)

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
