"""Files of tweets to files of predictions, in bounded memory. Nothing is recorded here."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core.clock import utc_now
from core.emotions import AT_LEVEL, LABELS, Level
from core.files import Table, Writer, append, copy_table, open_writer
from core.files.cells import Values
from core.files.marks import has_nothing
from core.files.origins import OriginColumns, Origins
from core.files.times import TimeColumn, read_times
from core.ids import batch_ids, new_id
from core.inference.classifier import Classifier
from core.language import detect, is_read, language_code, language_name
from core.predictions.columns import RESULT_COLUMNS, ROWS_AT_ONCE, STORE_COLUMNS, flag_cells, in_order
from core.privacy import mask
from core.rules.flags import SEVERITIES
from core.services.predictor import PredictedBatch, Predictor, read_alone


@dataclass
class FileSummary:
    """What was found in a file, counted while it was scored.

    Attributes:
        rows: rows scored so far.
        unreadable: rows with nothing to read (blank, only links); their results are empty.
        truncated: rows of which the model read only the beginning.
        undated: rows whose time of posting is not known; all where no column says it.
        not_read: rows in each language that is not read, by its English name; they have no emotions, and the store
            leaves them out.
        cut_extras: rows whose other columns are more than is kept of them.
        flagged: rows by the severity of their gravest flag.
        counts: int64 [n_labels] for each level: rows in which the label reaches its threshold.
        stopped: whether it was cancelled before the last row.
    """

    rows: int = 0
    unreadable: int = 0
    truncated: int = 0
    undated: int = 0
    cut_extras: int = 0
    stopped: bool = False
    not_read: Counter[str] = field(default_factory=Counter)
    flagged: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SEVERITIES, 0))
    counts: dict[Level, NDArray[np.int64]] = field(
        default_factory=lambda: {level: np.zeros(len(labels), np.int64) for level, labels in AT_LEVEL.items()}
    )

    @property
    def languages(self) -> str:
        """What is not read, in words: `Spanish 3, French 1`."""
        return ", ".join(f"{name} {count:,}" for name, count in self.not_read.most_common(8))

    def add(self, classifier: Classifier, predicted: PredictedBatch, undated: int) -> None:
        """Count some more rows."""
        self.rows += len(predicted)
        unread = [language_name(code) for code in predicted.languages if code is not None and not is_read(code)]
        self.not_read.update(unread)
        self.unreadable += sum(top is None for top in predicted.decided.top) - len(unread)
        self.truncated += sum(predicted.truncated)
        self.undated += undated
        for flags in predicted.flags:
            if flags:
                self.flagged[flags[0].severity] += 1
        for level in AT_LEVEL:
            self.counts[level] += classifier.decide(predicted.scores, level).sum(axis=0)


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


class Scorer:
    """Scores files with one predictor."""

    def __init__(self, predictor: Predictor, *, private: bool = False, now: Callable[[], datetime] = utc_now) -> None:
        """Take what predicts.

        Args:
            private: whether handles, addresses, numbers and links are masked in what is to be kept.
        """
        self.predictor: Final = predictor
        self.private: Final = private
        self._now = now

    def score_table(
        self,
        table: Table,
        results: Writer | None,
        for_store: Writer | None = None,
        on_rows: Callable[[int], None] = lambda rows: None,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        posted: TimeColumn | str | None = None,
        every_language: bool = False,
    ) -> FileSummary:
        """Score a file of any size, row by row in its order, in bounded memory.

        Args:
            results: takes the file's own columns and `RESULT_COLUMNS`.
            for_store: takes the columns that `keep_file` reads.
            on_rows: told after each batch how many rows are done.
            cancelled: asked before each batch.
            posted: the column that says when each text was posted; without it all are undated.
            every_language: whether texts in languages that the model was not made for are read, too.

        Raises:
            InputError: the file changed meanwhile, or the disk refused.
            ModelError: the model fails on a text.
        """
        summary, now = FileSummary(), self._now()
        times = read_times(table, posted)
        columns = OriginColumns(table, times)
        for batch in table.batches(ROWS_AT_ONCE):
            if cancelled():
                summary.stopped = True
                break
            origins = columns.of(batch)
            found = languages_of(batch.texts, origins)
            predicted = self.predictor.predict_batch(batch.texts, () if every_language else found)
            if results is not None:
                results.write([*batch.values, *self._result_cells(predicted, found)])
            moments = [None] * len(batch) if times is None else times.moments(table, batch)
            if for_store is not None:
                self.write_scored(for_store, predicted, summary.rows, now, moments, origins=origins, found=found)
            summary.add(self.predictor.classifier, predicted, moments.count(None))
            summary.cut_extras += origins.cut
            on_rows(summary.rows)
        return summary

    def _result_cells(self, predicted: PredictedBatch, found: Sequence[str | None]) -> list[Values]:
        info, rows, scores, decided = (
            self.predictor.classifier.info,
            len(predicted),
            predicted.scores,
            predicted.decided,
        )
        readable = ~np.isnan(scores[:, 0])
        top = self.predictor.classifier.top(scores)
        return in_order(
            {
                "emotions": ["|".join(labels) for labels in decided.labels],
                "top_emotion": decided.top,
                "top_probability": np.where(readable, scores[np.arange(rows), top], np.nan).astype(np.float32),
                "sentiment": decided.sentiment,
                **dict(zip(LABELS, scores.T, strict=True)),
                "severity": [flags[0].severity if flags else "" for flags in predicted.flags],
                "flagged_for": ["|".join(flag.category for flag in flags) for flags in predicted.flags],
                "flag_reasons": [" | ".join(flag.reason for flag in flags) for flags in predicted.flags],
                "truncated": predicted.truncated,
                "language": found,
                "note": list(map(_note, decided.top, predicted.languages or [None] * rows)),
                "model": [info.label] * rows,
                "normaliser_version": [info.normaliser_version] * rows,
                "threshold_version": [info.threshold_version] * rows,
                "rule_version": [self.predictor.rule_version] * rows,
            },
            RESULT_COLUMNS,
        )

    def write_scored(
        self,
        writer: Writer,
        predicted: PredictedBatch,
        first: int,
        made_at: datetime,
        moments: Sequence[datetime | None],
        *,
        origins: Origins | None = None,
        found: Sequence[str | None] = (),
    ) -> None:
        """Write texts that were read as the store takes them in (`STORE_COLUMNS`), masked if the settings ask for it.

        Args:
            first: the number of the first of them in its file, from 0.
            made_at: when the file was read, the same for all its rows.
            moments: when each text was posted, where that is known.
            origins: what each came with. Where the settings ask for masks, its language alone is kept of it.
            found: the language of each text, kept where the file says none.

        Raises:
            InputError: the disk refused.
        """
        kept, flags = predicted.texts, predicted.flags
        if self.private:
            kept = [mask(text) for text in kept]
            # The spans are of the text that is kept.
            flags = self.predictor.judge(read_alone(kept, predicted.languages), predicted.scores)
        info, rows, decided = self.predictor.classifier.info, len(predicted), predicted.decided
        of = origins or Origins.unknown(rows)
        cells: dict[str, Values] = {
            "id": batch_ids(made_at, first, rows),
            "text": kept,
            "truncated": predicted.truncated,
            "made_at": [_stamp(made_at)] * rows,
            "posted_at": [moment and _stamp(moment) for moment in moments],
            "labels": decided.masks,
            "top": decided.top,
            "sentiment": decided.sentiment,
            **dict(zip(LABELS, predicted.scores.T, strict=True)),
            "margin": decided.margins,
            **flag_cells(flags),
            "model": [info.name] * rows,
            "model_version": [info.version] * rows,
            "normaliser_version": [info.normaliser_version] * rows,
            "threshold_version": [info.threshold_version] * rows,
            "rule_version": [self.predictor.rule_version] * rows,
            **origin_cells(of, found or [None] * rows, private=self.private),
        }
        writer.write(in_order(cells, STORE_COLUMNS))

    def score_file(
        self,
        table: Table,
        folder: Path,
        name: str,
        on_rows: Callable[[int], None] = lambda rows: None,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        posted: str | None = None,
        every_language: bool = False,
    ) -> ScoredFile:
        """Score a file into `folder`, ready to download and to keep. Cancelled, it holds the rows done by then.

        Args:
            name: what the file is called in the store's list of batches.
            posted, every_language: as `score_table` has them.

        Raises:
            InputError, ModelError: as `score_table` has it.
        """
        results, for_store = folder / "results.parquet", folder / "for_store.parquet"
        with (
            open_writer(results, append(table.columns, RESULT_COLUMNS), source=table.path) as result_writer,
            open_writer(for_store, STORE_COLUMNS) as store_writer,
        ):
            summary = self.score_table(
                table, result_writer, store_writer, on_rows, cancelled, posted=posted, every_language=every_language
            )
        return ScoredFile(new_id(self._now()), name, self.predictor.classifier.info.label, summary, results, for_store)


def languages_of(texts: Sequence[str], origins: Origins) -> list[str | None]:
    """Return the language of each text as a code, by what the file says, else as it is recognised; None if unknown."""
    found = detect(texts, [said or "" for said in origins.languages])
    return [None if has_nothing(text) else code for text, code in zip(texts, found, strict=True)]


def origin_cells(of: Origins, found: Sequence[str | None], *, private: bool) -> dict[str, Values]:
    """Return the cells of `ORIGIN`.

    Args:
        found: the language of each text as a code, kept where the file says none.
        private: whether what leads to a person is left out: of all that a row came with, the language alone is kept.
    """
    said = [language_code(cell) if private and cell else cell for cell in of.languages]
    nothing = [None] * len(of)
    return {
        "tweet_id": nothing if private else of.ids,
        "author": nothing if private else of.authors,
        "link": nothing if private else of.links,
        "language": [cell or code for cell, code in zip(said, found, strict=True)],
        "extras": nothing if private else of.extras,
    }


def _note(top: str | None, code: str | None) -> str:
    """Return why a row has no emotions, "" where it has."""
    if top is not None:
        return ""
    return "nothing to read" if code is None or is_read(code) else f"not read: {language_name(code)}"


def _stamp(moment: datetime) -> str:
    """Return a moment as the store's files spell it: in UTC, without a zone."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat()
