"""What comes into the store and what leaves it: predictions, scored files, samples, new judgements, what is too old."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from uuid import UUID

import numpy as np

from core.access.actor import Actor
from core.clock import utc_now
from core.emotions import LABELS
from core.errors import InputError, StoreError
from core.files import open_table, open_writer
from core.files.cells import Values, as_text, plain, texts
from core.files.origins import Origins
from core.files.reading import open_reader
from core.files.table import Reader
from core.predictions.columns import ORIGIN, ROWS_AT_ONCE, STORE_COLUMNS, flag_cells, in_order
from core.predictions.record import Prediction, Source
from core.privacy import mask
from core.services.predictor import Predictor
from core.services.scoring import ScoredFile, Scorer, origin_cells
from core.store import Store, StoredBatch

JUDGED_AT_ONCE: Final = 20_000
"""Stored predictions that the rules judge in one transaction."""


class Intake:
    """Records what the predictor said. The store is opened when first asked for: predicting needs none."""

    def __init__(
        self,
        predictor: Predictor,
        store: Callable[[], Store],
        *,
        private: bool = False,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Take what predicts, and the store.

        Args:
            private: whether handles, addresses, numbers and links are masked in what is kept.
        """
        self.private: Final = private
        self._predictor = predictor
        self._store = store
        self._now = now

    def record(self, prediction: Prediction, actor: Actor) -> None:
        """Keep a prediction.

        Raises:
            StoreError: the store cannot be written.
        """
        if self.private:
            text = mask(prediction.text)
            prediction = replace(prediction, text=text, flags=self._predictor.judge([text], prediction.scores)[0])
        self._store().add(prediction, actor.name)

    def keep_file(self, scored: ScoredFile, actor: Actor, source: Source = "batch") -> int:
        """Record the readable rows of a scored file, once; return how many were added.

        Raises:
            StoreError: the store cannot be written.
        """
        return self._keep(self._store(), scored, actor, source)

    def take_in(self, parquet: Path, batch: UUID, name: str, actor: Actor, source: Source = "batch") -> int:
        """Record the readable rows of a file that was scored elsewhere, once; return how many were added.

        It is written again before the store reads it. A damaged file can bring down the connection with which DuckDB
        reads it, and the open store with it; Arrow does no more than refuse it. And whoever scored the file need not
        have masked it: where the settings ask for that, its texts are masked and judged again on the way.

        Args:
            parquet: with the columns `STORE_COLUMNS`; those of `ORIGIN` may be missing.
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
        rewritten = (*ORIGIN, *(_MASKED_COLUMNS if self.private else ()))
        # All else keeps the type it has: whether that fits is for the store to say.
        columns = [column if column.name in rewritten else of_file[column.name] for column in STORE_COLUMNS]
        with open_writer(copy, columns) as writer:
            for values in reader.blocks(ROWS_AT_ONCE):
                cells = dict(zip(of_file, values, strict=True))
                cells |= self._origin_cells(cells)
                if self.private:
                    cells |= self._masked_cells(cells)
                writer.write(in_order({column.name: cells[column.name] for column in columns}, columns))

    def _origin_cells(self, cells: dict[str, Values]) -> dict[str, Values]:
        """Return what the rows came with as texts; a file that was scored before there were such columns has none."""
        rows = len(texts(cells["text"]))
        nothing: list[str | None] = [None] * rows
        ids, authors, links, languages, extras = (
            [None if cell is None else as_text(cell) for cell in plain(cells[name])] if name in cells else nothing
            for name in ORIGIN
        )
        return origin_cells(Origins(ids, authors, links, languages, extras), nothing, private=self.private)

    def _masked_cells(self, cells: dict[str, Values]) -> dict[str, Values]:
        kept = [mask(text) for text in texts(cells["text"])]
        scores = np.stack([np.asarray(cells[label], np.float32) for label in LABELS], axis=1)
        return {
            "text": kept,
            **flag_cells(self._predictor.judge(kept, scores)),
            "rule_version": [self._predictor.rule_version] * len(kept),
        }

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
            scorer = Scorer(self._predictor, private=self.private, now=self._now)
            scored = scorer.score_file(open_table(samples, "text"), Path(folder), samples.name)
            return self._keep(store, scored, Actor("affectra"), "sample", timedelta(days=28))

    def batches(self, source: Source) -> list[StoredBatch]:
        """Return the newest files or audits that were recorded, newest first.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store().batches(source)

    def judge_again(
        self,
        on_rows: Callable[[int], None] = lambda rows: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> int:
        """Let the present rules judge all stored predictions that other rules, or none, have judged; return how many.

        Raises:
            StoreError: the store cannot be read or written.
        """
        done = 0
        rules = self._predictor.rules
        if rules is None:
            return done
        thresholds = self._predictor.classifier.thresholds
        while not cancelled() and len(rows := self._store().to_judge(rules.version, JUDGED_AT_ONCE)):
            margins = (rows.scores - thresholds.values["emotion"]).max(axis=1)
            # Only where the same thresholds decided: with others the distance would be one that nothing hung on.
            known = np.array([version == thresholds.version for version in rows.threshold_versions])
            margins = np.where(known, margins, np.nan).astype(np.float32)
            self._store().set_judgement(rows, rules.judge_all(rows.texts, rows.scores), margins, rules.version)
            done += len(rows)
            on_rows(done)
        return done

    def count_to_judge(self) -> int:
        """Return how many stored predictions the present rules have not judged.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store().count_to_judge(self._predictor.rules.version) if self._predictor.rules else 0

    def forget(self, days: int) -> int:
        """Delete what was recorded more than so many days ago; return how much it was.

        Raises:
            StoreError: the store cannot be written.
        """
        return self._store().forget_before(self._now() - timedelta(days=days))


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
        if column.name not in kinds and column.name not in ORIGIN:
            raise _unfit(name, f"it has no column {column.name!r}")
        if column.name in _READ_COLUMNS and kinds[column.name] != column.kind:
            raise _unfit(name, f"its column {column.name!r} is not of the kind {column.kind}")
    return reader


def _unfit(name: str, why: str) -> InputError:
    return InputError(
        f"{name} is no file that the store can take in: {why}. Make it with python -m core score FILE --inbox."
    )
