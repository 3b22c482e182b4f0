"""The use cases: read a tweet and record it, explain it, score a file, keep a file, give feedback.

Everything that changes the store goes through here, with the actor who asked for it.
"""

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core.actor import Actor
from core.classifier import Classifier
from core.emotions import AT_LEVEL, LABELS, Level, Scores, members, names
from core.errors import InputError, ModelError, StoreError
from core.explain import Explanation, explain
from core.files import Batch, Column, Table, Writer, append, copy_table, open_table, open_writer
from core.files.cells import Values, texts
from core.files.reading import open_reader
from core.files.table import Reader
from core.flags import SEVERITIES, Flag, Judge, category_mask, gravity
from core.ids import batch_ids, new_id
from core.prediction import Feedback, Prediction, Source, StoredPrediction, Verdict
from core.privacy import mask
from core.selection import Selection
from core.store import Flips, Store, StoredBatch, export
from core.times import parse_moment

MAX_COMMENT: Final = 2_000
"""Characters of a comment that are kept."""

MAX_VIEW_NAME: Final = 80
"""Characters of a saved view's name."""

JUDGED_AT_ONCE: Final = 20_000
"""Stored predictions that the rules judge in one transaction."""

ROWS_AT_ONCE: Final = 2_048
"""Rows of a file that are scored together: enough to sort by length, few enough to answer a cancel at once."""

RESULT_COLUMNS: Final = (
    Column("emotions"),
    Column("top_emotion"),
    Column("top_probability", "number"),
    Column("sentiment"),
    *(Column(label, "number") for label in LABELS),
    Column("severity"),
    Column("flagged_for"),
    Column("flag_reasons"),
    Column("model"),
    Column("normaliser_version"),
    Column("threshold_version"),
    Column("rule_version"),
)
"""What scoring appends to a file's own columns. `emotions` are those above their threshold, parted by `|`,
as are the categories in `flagged_for` and their reasons; `severity` is that of the gravest flag."""

STORE_COLUMNS: Final = (
    Column("id"),
    Column("text"),
    Column("truncated", "boolean"),
    Column("made_at"),
    Column("posted_at"),
    Column("labels", "integer"),
    Column("top"),
    Column("sentiment"),
    *(Column(label, "number") for label in LABELS),
    Column("margin", "number"),
    Column("severity", "integer"),
    Column("categories", "integer"),
    Column("flags", "json"),
    Column("model"),
    Column("model_version"),
    Column("normaliser_version"),
    Column("threshold_version"),
    Column("rule_version"),
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
        undated: rows whose time of posting could not be read; they count as of now.
        flagged: rows by the severity of their gravest flag.
        counts: int64 [n_labels] for each level: rows in which the label reaches its threshold.
        stopped: whether it was cancelled before the last row.
    """

    rows: int = 0
    unreadable: int = 0
    truncated: int = 0
    undated: int = 0
    stopped: bool = False
    flagged: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SEVERITIES, 0))
    counts: dict[Level, NDArray[np.int64]] = field(
        default_factory=lambda: {level: np.zeros(len(labels), np.int64) for level, labels in AT_LEVEL.items()}
    )

    def add(self, classifier: Classifier, read: "ReadBatch", undated: int) -> None:
        """Count some more rows."""
        self.rows += len(read)
        self.unreadable += sum(top is None for top in read.judged.top)
        self.truncated += sum(read.truncated)
        self.undated += undated
        for flags in read.flags:
            if flags:
                self.flagged[flags[0].severity] += 1
        for level in AT_LEVEL:
            self.counts[level] += classifier.decide(read.scores, level).sum(axis=0)


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
        margins: float32 [n_texts]; how far the surest emotion is above its own threshold, NaN where none was read.
    """

    masks: NDArray[np.uint32]
    labels: list[tuple[str, ...]]
    top: list[str | None]
    sentiment: list[str | None]
    margins: NDArray[np.float32]


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
        margins=(scores - classifier.thresholds.values["emotion"]).max(axis=1),
    )


def _names(numbers: NDArray[np.intp], level: Level) -> list[str | None]:
    of_level = names(level)
    return [of_level[number] if number >= 0 else None for number in numbers.tolist()]


@dataclass(frozen=True)
class ReadBatch:
    """Some texts, read and judged together.

    Attributes:
        texts: as they were given.
        scores: float32 [n_texts, 28]; NaN where nothing was readable.
        truncated: whether the model read only the beginning of each.
        flags: what the rules say of each, the gravest first.
    """

    texts: Sequence[str]
    scores: Scores
    judged: Judged
    truncated: list[bool]
    flags: list[tuple[Flag, ...]]

    def __len__(self) -> int:
        return len(self.texts)


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
        rules: Judge | None = None,
        private: bool = False,
        now: Callable[[], datetime] = utc_now,
        timer: Callable[[], float] = time.perf_counter,
        notice: str = "",
    ) -> None:
        """Take the model that serves.

        Args:
            rules: what judges texts in context; without them nothing is flagged.
            private: whether handles, addresses, numbers and links are masked in what is kept.
            notice: why it is another model than the promoted one that serves, in words, if it is.
        """
        self.classifier: Final = classifier
        self.rules: Final = rules
        self.private: Final = private
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

    @property
    def rule_version(self) -> str | None:
        """Which rules judge; None where there are none."""
        return self.rules.version if self.rules else None

    def _judge(self, texts: Sequence[str], scores: Scores) -> list[tuple[Flag, ...]]:
        return self.rules.judge_all(texts, scores) if self.rules else [()] * len(texts)

    def read_batch(self, texts: Sequence[str]) -> ReadBatch:
        """Read and judge some texts together. Nothing is recorded.

        Raises:
            ModelError: the model fails on a text.
        """
        cleaned = [self.classifier.normaliser.clean(text) for text in texts]
        scores = self.classifier.scores([text.text for text in cleaned])
        exceed = self.classifier.exceed([text.text for text in cleaned])
        return ReadBatch(
            texts=texts,
            scores=scores,
            judged=judge(self.classifier, scores),
            truncated=[text.truncated or longer for text, longer in zip(cleaned, exceed, strict=True)],
            flags=self._judge(texts, scores),
        )

    def read(self, text: str, source: Source = "live", classifier: Classifier | None = None) -> Prediction:
        """Read one tweet. Nothing is recorded.

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
            margin=float(judged.margins[0]),
            latency_ms=latency_ms,
            flags=self._judge([text], scores)[0],
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

    def score_table(
        self,
        table: Table,
        results: Writer | None,
        for_store: Writer | None = None,
        on_rows: Callable[[int], None] = lambda rows: None,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        posted: str | None = None,
    ) -> FileSummary:
        """Score a file of any size, row by row in its order, in bounded memory.

        Args:
            results: takes the file's own columns and `RESULT_COLUMNS`.
            for_store: takes the columns that `keep_file` reads.
            on_rows: told after each batch how many rows are done.
            cancelled: asked before each batch.
            posted: the column that says when each text was posted; without it the store counts it as of now.

        Raises:
            InputError: the file changed meanwhile, or the disk refused.
            ModelError: the model fails on a text.
        """
        summary, now = FileSummary(), self._now()
        for batch in table.batches(ROWS_AT_ONCE):
            if cancelled():
                summary.stopped = True
                break
            read = self.read_batch(batch.texts)
            if results is not None:
                results.write([*batch.values, *self._result_cells(read)])
            moments = _moments(table, batch, posted)
            if for_store is not None:
                self.write_for_store(for_store, read, summary.rows, now, moments)
            summary.add(self.classifier, read, undated=moments.count(None) if posted else 0)
            on_rows(summary.rows)
        return summary

    def _result_cells(self, read: ReadBatch) -> list[Values]:
        info, rows, scores, judged = self.classifier.info, len(read), read.scores, read.judged
        readable = ~np.isnan(scores[:, 0])
        top = np.where(readable, scores[np.arange(rows), self.classifier.top(scores)], np.nan).astype(np.float32)
        return [
            ["|".join(labels) for labels in judged.labels],
            judged.top,
            top,
            judged.sentiment,
            *scores.T,
            [flags[0].severity if flags else "" for flags in read.flags],
            ["|".join(flag.category for flag in flags) for flags in read.flags],
            [" | ".join(flag.reason for flag in flags) for flags in read.flags],
            [info.label] * rows,
            [info.normaliser_version] * rows,
            [info.threshold_version] * rows,
            [self.rule_version] * rows,
        ]

    def write_for_store(
        self, writer: Writer, read: ReadBatch, first: int, made_at: datetime, moments: Sequence[datetime | None]
    ) -> None:
        """Write texts that were read as the store takes them in (`STORE_COLUMNS`), masked if the settings ask for it.

        Args:
            first: the number of the first of them in its file, from 0.
            made_at: when the file was read, the same for all its rows.
            moments: when each text was posted, where that is known.

        Raises:
            InputError: the disk refused.
        """
        kept, flags = read.texts, read.flags
        if self.private:
            kept = [mask(text) for text in kept]
            flags = self._judge(kept, read.scores)  # the spans are of the text that is kept
        info, rows, judged = self.classifier.info, len(read), read.judged
        writer.write(
            [
                batch_ids(made_at, first, rows),
                kept,
                read.truncated,
                [_stamp(made_at)] * rows,
                [moment and _stamp(moment) for moment in moments],
                judged.masks,
                judged.top,
                judged.sentiment,
                *read.scores.T,
                judged.margins,
                *_flag_cells(flags),
                [info.name] * rows,
                [info.version] * rows,
                [info.normaliser_version] * rows,
                [info.threshold_version] * rows,
                [self.rule_version] * rows,
            ]
        )

    def score_file(
        self,
        table: Table,
        folder: Path,
        name: str,
        on_rows: Callable[[int], None] = lambda rows: None,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        posted: str | None = None,
    ) -> ScoredFile:
        """Score a file into `folder`, ready to download and to keep. Cancelled, it holds the rows done by then.

        Args:
            name: what the file is called in the store's list of batches.
            posted: as `score_table` has it.

        Raises:
            InputError, ModelError: as `score_table` has it.
        """
        results, for_store = folder / "results.parquet", folder / "for_store.parquet"
        with (
            open_writer(results, append(table.columns, RESULT_COLUMNS), source=table.path) as result_writer,
            open_writer(for_store, STORE_COLUMNS) as store_writer,
        ):
            summary = self.score_table(table, result_writer, store_writer, on_rows, cancelled, posted=posted)
        return ScoredFile(new_id(self._now()), name, self.classifier.info.label, summary, results, for_store)

    def keep_file(self, scored: ScoredFile, actor: Actor, source: Source = "batch") -> int:
        """Record the readable rows of a scored file, once; return how many were added.

        Raises:
            StoreError: the store cannot be written.
        """
        return self._keep(self._store(), scored, actor, source)

    def take_in(self, parquet: Path, batch: UUID, name: str, actor: Actor, source: Source = "batch") -> int:
        """Record the readable rows of a file that was scored elsewhere, once; return how many were added.

        It is written anew before the store reads it. A damaged file can bring down the connection with which DuckDB
        reads it, and the open store with it; Arrow does no more than refuse it. And whoever scored the file need not
        have masked it: where the settings ask for that, its texts are masked and judged anew on the way.

        Args:
            parquet: with the columns `STORE_COLUMNS`.
            batch: the id by which it is known.
            name: what it is called in the store's list of batches.
            source: as what its rows are recorded.

        Raises:
            InputError: the file is not such a one, or holds what is in the store already.
            StoreError: the store cannot be written, or the disk has no room for the copy.
        """
        store = self._store()
        if store.has_batch(batch):
            return 0
        reader = _open_scored(parquet, name)
        with ExitStack() as scratch:
            try:
                copy = Path(scratch.enter_context(TemporaryDirectory())) / "copy.parquet"
                self._copy_scored(reader, copy)
            except (InputError, OSError) as error:
                # The file was read to its end before: it is the copy that fails.
                raise StoreError(f"{name} cannot be copied, and waits: {error}") from error
            return store.add_batch(copy, batch=batch, name=name, source=source, actor=actor.name, made_at=self._now())

    def _copy_scored(self, reader: Reader, copy: Path) -> None:
        of_file = {column.name: column for column in reader.columns}
        anew = _MASKED_COLUMNS if self.private else ()
        # All else keeps the type it has: whether that fits is for the store to say.
        columns = [column if column.name in anew else of_file[column.name] for column in STORE_COLUMNS]
        with open_writer(copy, columns) as writer:
            for values in reader.blocks(ROWS_AT_ONCE):
                cells = dict(zip(of_file, values, strict=True))
                if self.private:
                    cells |= self._masked_cells(cells)
                writer.write([cells[column.name] for column in columns])

    def _masked_cells(self, cells: dict[str, Values]) -> dict[str, Values]:
        kept = [mask(text) for text in texts(cells["text"])]
        scores = np.stack([np.asarray(cells[label], np.float32) for label in LABELS], axis=1)
        judged = _flag_cells(self._judge(kept, scores))
        return dict(zip(_MASKED_COLUMNS, [kept, *judged, [self.rule_version] * len(kept)], strict=True))

    def _keep(
        self, store: Store, scored: ScoredFile, actor: Actor, source: Source, over: timedelta | None = None
    ) -> int:
        return store.add_batch(
            scored.for_store,
            batch=scored.id,
            name=scored.name,
            source=source,
            actor=actor.name,
            made_at=self._now(),
            over=over,
        )

    def add_samples(self, store: Store, samples: Path) -> int:
        """Fill an empty store with the sample tweets; return how many were added, 0 if it was ever used.

        Nobody posted them: they are spread over the four weeks before, so that charts over time have something to show.

        Raises:
            InputError: the file of samples is missing or damaged.
            StoreError: the store cannot be written.
        """
        if store.count() or store.used():
            return 0
        with TemporaryDirectory() as folder:
            scored = self.score_file(open_table(samples, "text"), Path(folder), samples.name)
            return self._keep(store, scored, Actor("affectra"), "sample", timedelta(days=28))

    def counterfactual(self, text: str, flag: Flag) -> Scores:
        """Return the scores of a text with a flagged span masked, float32 [1, 28]; NaN where nothing else is readable.

        Raises:
            ModelError: the model fails on it.
        """
        masked = self.classifier.normaliser.normalise(f"{text[: flag.start]} … {text[flag.stop :]}")
        return self.classifier.scores([masked if any(sign.isalnum() for sign in masked) else ""])

    def judge_anew(
        self,
        on_rows: Callable[[int], None] = lambda rows: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> int:
        """Let the present rules judge all stored predictions that other rules, or none, have judged; return how many.

        Raises:
            StoreError: the store cannot be read or written.
        """
        done = 0
        if self.rules is None:
            return done
        thresholds = self.classifier.thresholds
        while not cancelled() and len(rows := self._store().to_judge(self.rules.version, JUDGED_AT_ONCE)):
            margins = (rows.scores - thresholds.values["emotion"]).max(axis=1)
            # Only where the same thresholds decided: with others the distance would be one that nothing hung on.
            known = np.array([version == thresholds.version for version in rows.threshold_versions])
            margins = np.where(known, margins, np.nan).astype(np.float32)
            self._store().set_judgement(
                rows, self.rules.judge_all(rows.texts, rows.scores), margins, self.rules.version
            )
            done += len(rows)
            on_rows(done)
        return done

    def to_judge(self) -> int:
        """Return how many stored predictions the present rules have not judged.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store().count_to_judge(self.rules.version) if self.rules else 0

    def save_view(self, name: str, query: str | None, actor: Actor) -> None:
        """Keep a view of the explorer under a name, or take it off the list (None).

        Args:
            query: the part of the page's address behind the question mark.

        Raises:
            InputError: the name is empty or too long.
            StoreError: the store cannot be written.
        """
        name = " ".join(name.split())
        if not 1 <= len(name) <= MAX_VIEW_NAME:
            raise InputError(f"A view needs a name of 1 to {MAX_VIEW_NAME} characters, this one has {len(name)}.")
        self._store().save_view(name, query, actor.name, self._now())

    def views(self) -> dict[str, str]:
        """Return the saved views: name to query, by name.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store().views()

    def export(
        self,
        selection: Selection,
        target: Path,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        overwrite: bool = False,
    ) -> int:
        """Write what a selection holds into a file of any size; return how many rows, 0 if it was cancelled.

        Raises:
            InputError, StoreError: as `core.store.export` has it.
        """
        return export(self._store(), selection, target, cancelled, overwrite=overwrite)

    def feedback_history(self, prediction_id: UUID) -> list[Feedback]:
        """Return all that was ever said of a prediction, oldest first, what was taken back included.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store().feedback(prediction_id, current=False)

    def batches(self, source: Source) -> list[StoredBatch]:
        """Return the newest files or audits that were recorded, newest first.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store().batches(source)

    def forget(self, days: int) -> int:
        """Delete what was recorded more than so many days ago; return how much it was.

        Raises:
            StoreError: the store cannot be written.
        """
        return self._store().forget_before(self._now() - timedelta(days=days))

    def record(self, prediction: Prediction, actor: Actor) -> None:
        """Keep a prediction.

        Raises:
            StoreError: the store cannot be written.
        """
        if self.private:
            text = mask(prediction.text)
            prediction = replace(prediction, text=text, flags=self._judge([text], prediction.scores)[0])
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


_MASKED_COLUMNS: Final = ("text", "severity", "categories", "flags", "rule_version")
"""What depends on a text as it is kept, and not only as it was read."""


_READ_COLUMNS: Final = frozenset(("text", *LABELS))
"""What is read of a file from elsewhere before the store is given it."""


def _open_scored(parquet: Path, name: str) -> Reader:
    """Open a file from elsewhere that should have `STORE_COLUMNS`.

    Raises:
        InputError: it is damaged, lacks one of them, or has texts or scores of another kind.
    """
    try:
        reader = open_reader(parquet)
    except UnicodeError as error:
        raise _unfit(name, "its name, or that of a column, is not UTF-8") from error
    kinds = {column.name: column.kind for column in reader.columns}
    for column in STORE_COLUMNS:
        if column.name not in kinds:
            raise _unfit(name, f"it has no column {column.name!r}")
        if column.name in _READ_COLUMNS and kinds[column.name] != column.kind:
            raise _unfit(name, f"its column {column.name!r} is not of the kind {column.kind}")
    return reader


def _unfit(name: str, why: str) -> InputError:
    return InputError(
        f"{name} is no file that the store can take in: {why}. Make it with python -m core score FILE --inbox."
    )


def _flag_cells(flags: Sequence[Sequence[Flag]]) -> list[Values]:
    """Return the cells of `severity`, `categories` and `flags`, as `STORE_COLUMNS` has them."""
    return [
        [gravity(of_text) for of_text in flags],
        [category_mask(of_text) for of_text in flags],
        [[asdict(flag) for flag in of_text] for of_text in flags],
    ]


def _moments(table: Table, batch: Batch, posted: str | None) -> list[datetime | None]:
    if posted is None:
        return [None] * len(batch)
    return [parse_moment(cell) for cell in texts(batch.values[table.names.index(posted)])]


def _stamp(moment: datetime) -> str:
    """Return a moment as the store's files spell it: in UTC, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()


def _unreadable(text: str) -> str:
    if not text.strip():
        return "There is no text to read. Type a tweet."
    return (
        "Nothing is left to read: the text holds only links, blanks or invisible characters. Add some words or emoji."
    )
