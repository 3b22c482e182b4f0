"""The store: the only SQL. Predictions and feedback in one DuckDB file that one process owns.

Times are stored in UTC without a zone. Feedback is appended; the view `current_feedback` says what holds now.
"""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import duckdb

from core.emotions import LABELS
from core.errors import StoreError
from core.prediction import Feedback, Prediction, StoredPrediction, from_mask, to_mask
from core.text import encodable

_SCORE_COLUMNS: Final = ", ".join(LABELS)

# There is no primary key on predictions.id on purpose: ids are UUIDv7s, rows lie nearly in their order, so a look-up
# prunes to a few row groups, while an index would slow down every append and has to fit in memory.
MIGRATIONS: Final[tuple[tuple[str, str], ...]] = (
    (
        "predictions and feedback",
        f"""
        CREATE TABLE predictions (
            id UUID NOT NULL, made_at TIMESTAMP NOT NULL, source VARCHAR NOT NULL, batch UUID, actor VARCHAR NOT NULL,
            text VARCHAR NOT NULL, truncated BOOLEAN NOT NULL,
            labels UINTEGER NOT NULL, top VARCHAR NOT NULL, sentiment VARCHAR NOT NULL,
            {", ".join(f"{label} FLOAT NOT NULL" for label in LABELS)},
            model VARCHAR NOT NULL, model_version VARCHAR NOT NULL, normaliser_version VARCHAR NOT NULL,
            threshold_version VARCHAR NOT NULL, rule_version VARCHAR, latency_ms FLOAT
        );
        CREATE TABLE batches (
            id UUID NOT NULL, made_at TIMESTAMP NOT NULL, source VARCHAR NOT NULL, actor VARCHAR NOT NULL,
            name VARCHAR NOT NULL, n_rows BIGINT NOT NULL
        );
        CREATE SEQUENCE event_number;
        CREATE TABLE feedback_events (
            number BIGINT NOT NULL DEFAULT nextval('event_number'),
            id UUID NOT NULL, prediction_id UUID NOT NULL, made_at TIMESTAMP NOT NULL, actor VARCHAR NOT NULL,
            verdict VARCHAR NOT NULL CHECK (verdict IN ('up', 'down', 'retracted')),
            suggested UINTEGER NOT NULL, comment VARCHAR NOT NULL
        );
        CREATE VIEW current_feedback AS
            SELECT * EXCLUDE (place) FROM (
                SELECT *, row_number() OVER (PARTITION BY prediction_id, actor ORDER BY number DESC) AS place
                FROM feedback_events
            ) WHERE place = 1 AND verdict <> 'retracted';
        """,
    ),
)
"""Name and statements of each migration; its number is its place, from 1. Only ever append."""


@dataclass(frozen=True, slots=True)
class Flips:
    """What another threshold would change: of `stored` predictions, some would gain the label, some lose it."""

    stored: int
    gain: int
    lose: int


class Store:
    """One open DuckDB file. Safe to share between threads: each call works on its own cursor."""

    def __init__(self, path: Path, memory_limit: str = "2GB") -> None:
        """Open `path`, made if it is not there, and bring it to the newest schema.

        Raises:
            StoreError: the file is held by another process, not writable, damaged, of a newer program, or none of
                DuckDB's.
        """
        self.path: Final = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _check_magic(path)
            self._connection = duckdb.connect(
                str(path),
                config={
                    "memory_limit": memory_limit,
                    "temp_directory": str(path.parent / "spill"),
                    # The store never loads code from the network.
                    "autoinstall_known_extensions": "false",
                },
            )
        except (duckdb.Error, OSError) as error:
            raise _explain(path, error) from error
        self._file = _identity(path)
        # Appends from two threads need not wait for each other in DuckDB, but migrations and checks do.
        self._writing = threading.Lock()
        try:
            self._migrate()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file; what was recorded is on disk."""
        self._connection.close()

    def version(self) -> int:
        """Return the number of the last migration that was applied."""
        with self._reading() as cursor:
            row = cursor.execute("SELECT coalesce(max(number), 0) FROM schema_migrations").fetchone()
        return int(row[0])

    def add(self, prediction: Prediction, actor: str) -> None:
        """Record one prediction; one that is in the store already adds nothing.

        Raises:
            StoreError: the store cannot be written.
        """
        with self._transaction() as cursor:
            cursor.execute(
                f"INSERT INTO predictions ({_PREDICTION_COLUMNS}) SELECT {_places(_PREDICTION_COLUMNS)} "
                "WHERE NOT EXISTS (SELECT 1 FROM predictions WHERE id = ?)",
                [*_prediction_row(prediction, actor), prediction.id],
            )

    def add_batch(self, parquet: Path, *, batch: UUID, name: str, source: str, actor: str, made_at: datetime) -> int:
        """Record a scored file in one statement, and return how many rows were added.

        Rows without a readable text are left out. A batch that is in the store already adds nothing.

        Args:
            parquet: with the columns that `core.service.score_table` writes for the store.

        Raises:
            StoreError: the store cannot be written, or the file is not such a one.
        """
        with self._transaction() as cursor:
            known = cursor.execute("SELECT 1 FROM batches WHERE id = ?", [batch]).fetchone()
            if known:
                return 0
            found = cursor.execute(
                f"""
                INSERT INTO predictions ({_PREDICTION_COLUMNS}, batch)
                SELECT id::UUID, $made_at, $source, $actor, text, truncated, labels, top, sentiment, {_SCORE_COLUMNS},
                    model, model_version, normaliser_version, threshold_version, NULL, $batch
                FROM read_parquet($parquet) WHERE top IS NOT NULL
                """,
                {
                    "made_at": _utc(made_at),
                    "source": source,
                    "actor": actor,
                    "batch": batch,
                    "parquet": str(parquet),
                },
            ).fetchone()
            added = int(found[0])
            cursor.execute(
                "INSERT INTO batches (id, made_at, source, actor, name, n_rows) VALUES (?, ?, ?, ?, ?, ?)",
                [batch, _utc(made_at), source, actor, encodable(name), added],
            )
        return added

    def count(self) -> int:
        """Return how many predictions are stored.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._reading() as cursor:
            row = cursor.execute("SELECT count(*) FROM predictions").fetchone()
        return int(row[0])

    def recent(self, limit: int) -> list[StoredPrediction]:
        """Return the newest predictions, newest first.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._reading() as cursor:
            rows = cursor.execute(
                """
                WITH newest AS (SELECT * FROM predictions ORDER BY made_at DESC, id DESC LIMIT ?)
                SELECT n.id, n.made_at, n.source, n.text, n.labels, n.top, n.sentiment, n.model, n.model_version,
                    count(*) FILTER (f.verdict = 'up'), count(*) FILTER (f.verdict = 'down')
                FROM newest n LEFT JOIN current_feedback f ON f.prediction_id = n.id
                GROUP BY ALL ORDER BY n.made_at DESC, n.id DESC
                """,
                [limit],
            ).fetchall()
        return [
            StoredPrediction(
                id=row[0],
                made_at=row[1].replace(tzinfo=UTC),
                source=row[2],
                text=row[3],
                labels=from_mask(row[4]),
                top=row[5],
                sentiment=row[6],
                model=row[7],
                model_version=row[8],
                ups=row[9],
                downs=row[10],
            )
            for row in rows
        ]

    def flips(self, model: str, version: str, labels: Sequence[str], old: float, new: float) -> Flips:
        """Count the predictions of a model that another threshold would decide otherwise.

        Args:
            labels: the members of a group, whose highest probability counts; one emotion for itself.
            old, new: thresholds, 0..1.

        Raises:
            StoreError: the store cannot be read.
        """
        unknown = set(labels) - set(LABELS)
        if unknown:
            raise StoreError(f"No emotion named {sorted(unknown)[0]!r}. Choose among the 28 labels.")
        with self._reading() as cursor:
            row = cursor.execute(
                f"""
                WITH scored AS (
                    SELECT greatest({", ".join(labels)}) AS score FROM predictions
                    WHERE model = $model AND model_version = $version
                )
                SELECT count(*),
                    count(*) FILTER (score < $old::FLOAT AND score >= $new::FLOAT),
                    count(*) FILTER (score >= $old::FLOAT AND score < $new::FLOAT)
                FROM scored
                """,
                {"model": model, "version": version, "old": old, "new": new},
            ).fetchone()
        return Flips(*map(int, row))

    def add_feedback(self, feedback: Feedback) -> None:
        """Append one event.

        Raises:
            StoreError: the prediction is not in the store (any more).
        """
        with self._transaction() as cursor:
            known = cursor.execute("SELECT 1 FROM predictions WHERE id = ?", [feedback.prediction_id]).fetchone()
            if not known:
                raise StoreError(
                    f"Prediction {feedback.prediction_id} is not in the store, so feedback on it cannot be kept. "
                    f"Read the tweet again and give the thumb to the new prediction."
                )
            cursor.execute(
                "INSERT INTO feedback_events (id, prediction_id, made_at, actor, verdict, suggested, comment) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    feedback.id,
                    feedback.prediction_id,
                    _utc(feedback.made_at),
                    feedback.actor,
                    feedback.verdict,
                    to_mask(feedback.suggested),
                    encodable(feedback.comment),
                ],
            )

    def feedback(self, prediction_id: UUID, *, current: bool = True) -> list[Feedback]:
        """Return what was said of a prediction, oldest first: what holds now, or the whole history.

        Raises:
            StoreError: the store cannot be read.
        """
        table = "current_feedback" if current else "feedback_events"
        with self._reading() as cursor:
            rows = cursor.execute(
                f"SELECT id, prediction_id, made_at, actor, verdict, suggested, comment FROM {table} "
                "WHERE prediction_id = ? ORDER BY number",
                [prediction_id],
            ).fetchall()
        return [
            Feedback(row[0], row[1], row[2].replace(tzinfo=UTC), row[3], row[4], from_mask(row[5]), row[6])
            for row in rows
        ]

    def _migrate(self) -> None:
        with self._transaction() as cursor:
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER, name VARCHAR, applied_at TIMESTAMP)"
            )
        applied = self.version()
        if applied > len(MIGRATIONS):
            raise StoreError(
                f"{self.path} has schema version {applied}, this program knows {len(MIGRATIONS)}: a newer Affectra "
                f"wrote it. Update the program, or set AFFECTRA_DATABASE to another file."
            )
        for number, (name, statements) in enumerate(MIGRATIONS[applied:], start=applied + 1):
            with self._transaction() as cursor:
                cursor.execute(statements)
                cursor.execute(
                    "INSERT INTO schema_migrations VALUES (?, ?, now()::TIMESTAMPTZ AT TIME ZONE 'UTC')", [number, name]
                )

    @contextmanager
    def _reading(self) -> Iterator[Any]:
        try:
            with self._connection.cursor() as cursor:
                yield cursor
        except duckdb.Error as error:
            raise _explain(self.path, error) from error

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._writing, self._reading() as cursor:
            if _identity(self.path) != self._file:
                # The open connection would go on into a file that no one can find any more.
                raise StoreError(
                    f"{self.path} was removed or replaced while Affectra has it open. Nothing can be kept. Put the "
                    f"file back, or restart Affectra to begin a new one."
                )
            cursor.begin()
            try:
                yield cursor
            except BaseException:
                cursor.rollback()
                raise
            cursor.commit()


_PREDICTION_COLUMNS: Final = (
    f"id, made_at, source, actor, text, truncated, labels, top, sentiment, {_SCORE_COLUMNS}, "
    "model, model_version, normaliser_version, threshold_version, latency_ms"
)


def _prediction_row(prediction: Prediction, actor: str) -> list[Any]:
    return [
        prediction.id,
        _utc(prediction.made_at),
        prediction.source,
        actor,
        encodable(prediction.text),
        prediction.truncated,
        to_mask(prediction.labels),
        prediction.top,
        prediction.sentiment,
        *prediction.probabilities,
        prediction.model,
        prediction.model_version,
        prediction.normaliser_version,
        prediction.threshold_version,
        prediction.latency_ms,
    ]


def _places(columns: str) -> str:
    return ", ".join("?" * (columns.count(",") + 1))


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC).replace(tzinfo=None)


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _check_magic(path: Path) -> None:
    """Refuse another program's file before DuckDB looks for an extension that could read it."""
    if path.is_file():
        with path.open("rb") as file:
            # "DUCK" follows the checksum of the first block (DuckDB's storage format).
            if file.read(12)[8:] != b"DUCK":
                raise _unusable(path)


def _unusable(path: Path) -> StoreError:
    return StoreError(
        f"{path} is not a usable DuckDB database. Nothing was changed. Move the file away (a new one is made), "
        f"restore a backup, or set AFFECTRA_DATABASE to another file."
    )


def _explain(path: Path, error: Exception) -> StoreError:
    """Translate what DuckDB or the operating system said into what a person can do."""
    said = str(error)
    if "Conflicting lock" in said or "Could not set lock" in said:
        return StoreError(
            f"{path} is held by another process. Close the other Affectra (or the program that has the file open) and "
            f"reload this page, or set AFFECTRA_DATABASE to another file."
        )
    if "not a valid DuckDB database" in said or "Corrupt" in said or "checksum" in said:
        return _unusable(path)
    if "Is a directory" in said or isinstance(error, (FileExistsError, NotADirectoryError)):
        return StoreError(f"{path} is not a file. Set AFFECTRA_DATABASE to a file's path.")
    if isinstance(error, OSError) or "Permission denied" in said or "read-only" in said:
        return StoreError(
            f"{path} cannot be written. Give this user write access to the file and its folder, or set "
            f"AFFECTRA_DATABASE to a place that can be written."
        )
    first_line = said.splitlines()[0] if said else type(error).__name__
    return StoreError(f"The store {path} failed: {first_line}")
