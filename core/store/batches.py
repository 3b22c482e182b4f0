"""Files and audits that are recorded as a whole, each in one statement."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import duckdb

from core.emotions import LABELS, SENTIMENTS
from core.errors import InputError
from core.files.origins import EXTRAS_BYTES
from core.predictions.columns import ORIGIN
from core.rules.flags import CATEGORIES, SEVERITIES
from core.store.conditions import utc
from core.store.database import Database
from core.store.migrations import SCORE_COLUMNS
from core.store.predictions import FLAG_SHAPE
from core.text import encodable

_BATCH_COLUMNS: Final = (
    f"id, text, truncated, labels, top, sentiment, {SCORE_COLUMNS}, margin, severity, categories, "
    f"model, model_version, normaliser_version, threshold_version, rule_version, {', '.join(ORIGIN)}"
)
"""What a scored file and the table have in common."""
_SCORED: Final = "read_parquet($parquet, hive_partitioning => false)"
"""The rows of a scored file. A folder that is called `model=x` says nothing of what is in it."""
_POSSIBLE: Final = "try_cast({} AS TIMESTAMP) BETWEEN TIMESTAMP '1970-01-01' AND TIMESTAMP '2199-12-31 23:59:59'"
"""The times that the reader of files admits, too: one far beyond would stretch every chart over time."""


@dataclass(frozen=True, slots=True)
class StoredBatch:
    """A file or an audit that was recorded.

    Attributes:
        rows: how many predictions came with it.
    """

    id: UUID
    made_at: datetime
    actor: str
    name: str
    rows: int


class Batches(Database):
    """The batches of one open DuckDB file."""

    def add_batch(
        self,
        parquet: Path,
        *,
        batch: UUID,
        name: str,
        source: str,
        actor: str,
        made_at: datetime,
        over: timedelta | None = None,
    ) -> int:
        """Record a scored file in one statement, and return how many rows were added.

        Rows without a readable text are left out, as are those in a language that is not read. What has no time of
        posting is undated: its `moment` is null. A batch that is in the store already adds nothing. Which texts are
        twins of others is found out later, see `ReviewQueue.set_twins`.

        Args:
            parquet: with the columns `core.services.predictor.STORE_COLUMNS`.
            made_at: when it is recorded; each row brings along when it was read.
            over: lets the rows count as posted at even distances over such a time before they were read.

        Raises:
            InputError: the file is not such a one, or holds what is in the store already.
            StoreError: the store cannot be written.
        """
        with self.transaction() as cursor:
            known = cursor.execute("SELECT 1 FROM batches WHERE id = ?", [batch]).fetchone()
            if known:
                return 0
            with _blaming(parquet, name):
                _check_scored(cursor, parquet, name)
                found = cursor.execute(
                    f"""
                    INSERT INTO predictions
                        ({_BATCH_COLUMNS}, made_at, source, actor, batch, moment, folded, flags)
                    SELECT {_BATCH_COLUMNS.replace("id,", "id::UUID,", 1)}, made_at::TIMESTAMP, $source, $actor,
                        $batch, posted_at::TIMESTAMP, fold(text),
                        from_json(flags, '{FLAG_SHAPE}')
                    FROM {_SCORED} WHERE top IS NOT NULL
                    """,
                    {"source": source, "actor": actor, "batch": batch, "parquet": _literal(parquet)},
                ).fetchone()
            added = int(found[0])
            if over is not None:
                cursor.execute(
                    """
                    WITH placed AS (
                        SELECT id, row_number() OVER (ORDER BY hash(text)) - 1 AS place, count(*) OVER () AS n
                        FROM predictions WHERE batch = $batch
                    )
                    UPDATE predictions SET moment = made_at - $over * (place / n) FROM placed
                    WHERE predictions.id = placed.id
                    """,
                    {"batch": batch, "over": over},
                )
            cursor.execute(
                "INSERT INTO batches (id, made_at, source, actor, name, n_rows) VALUES (?, ?, ?, ?, ?, ?)",
                [batch, utc(made_at), source, actor, encodable(name), added],
            )
        return added

    def has_batch(self, batch: UUID) -> bool:
        """Tell whether a scored file was recorded.

        Raises:
            StoreError: the store cannot be read.
        """
        with self.reading() as cursor:
            return cursor.execute("SELECT 1 FROM batches WHERE id = ?", [batch]).fetchone() is not None

    def used(self) -> bool:
        """Tell whether a file was ever recorded, also if nothing of it is left.

        Raises:
            StoreError: the store cannot be read.
        """
        with self.reading() as cursor:
            return cursor.execute("SELECT 1 FROM batches LIMIT 1").fetchone() is not None

    def batches(self, source: str, limit: int = 50) -> list[StoredBatch]:
        """Return the newest files or audits of a source, newest first.

        Raises:
            StoreError: the store cannot be read.
        """
        with self.reading() as cursor:
            rows = cursor.execute(
                "SELECT id, made_at, actor, name, n_rows FROM batches WHERE source = ? "
                "ORDER BY made_at DESC, id DESC LIMIT ?",
                [source, limit],
            ).fetchall()
        return [StoredBatch(row[0], row[1].replace(tzinfo=UTC), *row[2:]) for row in rows]


def _literal(path: Path) -> str:
    """Return a path as DuckDB reads it: what would be a wildcard stands for itself."""
    return re.sub(r"[*?\[]", r"[\g<0>]", str(path))


@contextmanager
def _blaming(parquet: Path, name: str) -> Iterator[None]:
    """Tell the faults of a scored file from those of the store, which are left as they are."""
    if not parquet.is_file():
        raise InputError(f"There is no file {parquet} (any more). Check the name and the folder.")
    try:
        yield
    except (duckdb.InternalError, duckdb.FatalException, duckdb.InterruptException):
        raise
    # A message that quotes what is in the file need not be UTF-8.
    except (duckdb.Error, UnicodeDecodeError) as error:
        if isinstance(error, duckdb.OperationalError) and str(parquet) not in str(error):
            raise  # memory, the disk of the store, another transaction
        raise InputError(
            f"{name} is no file that the store can take in: {str(error).splitlines()[0]}. Make it with "
            f"python -m core score FILE --inbox."
        ) from error


def _check_scored(cursor: Any, parquet: Path, name: str) -> None:
    """Refuse a file that is no scored one, and one whose rows are in the store: nothing is ever there twice."""
    scores = ", ".join(LABELS)
    rows, distinct, *bad = cursor.execute(
        f"""
        SELECT count(*), count(DISTINCT id),
            count(*) FILTER (NOT (least({scores}) >= 0 AND greatest({scores}) <= 1)),
            count(*) FILTER (labels IS NULL OR labels >= {1 << len(LABELS)}),
            count(*) FILTER (NOT list_contains($labels, top)),
            count(*) FILTER (NOT list_contains($sentiments, sentiment)),
            count(*) FILTER ((severity BETWEEN 0 AND 3 AND categories BETWEEN 0 AND 255
                AND len(list_filter(from_json(flags, '{FLAG_SHAPE}'), lambda one: NOT coalesce(
                    list_contains($categories, one.category) AND list_contains($severities, one.severity)
                    AND one.start >= 0 AND one.stop >= one.start AND one.reason IS NOT NULL, false))) = 0
                ) IS NOT TRUE),
            count(*) FILTER ((text IS NOT NULL AND {_POSSIBLE.format("made_at")}
                AND (posted_at IS NULL OR {_POSSIBLE.format("posted_at")})) IS NOT TRUE),
            count(*) FILTER ({
            " OR ".join(
                f"NOT regexp_full_match({one}, '[0-9A-Za-z_.+-]{{1,80}}')"
                for one in ("normaliser_version", "threshold_version", "rule_version")
            )
        }),
            count(*) FILTER (extras IS NOT NULL AND
                NOT (strlen(extras) <= {2 * EXTRAS_BYTES} AND json_valid(extras) AND extras[1] = '{{'))
        FROM (SELECT {_BATCH_COLUMNS}, made_at, posted_at, flags FROM {_SCORED} WHERE top IS NOT NULL)
        """,
        {
            "labels": list(LABELS),
            "sentiments": [one.name for one in SENTIMENTS],
            "categories": list(CATEGORIES),
            "severities": list(SEVERITIES),
            "parquet": _literal(parquet),
        },
    ).fetchone()
    known = cursor.execute(
        f"SELECT count(*) FROM predictions SEMI JOIN "
        f"(SELECT id::UUID AS id FROM {_SCORED} WHERE top IS NOT NULL) USING (id)",
        {"parquet": _literal(parquet)},
    ).fetchone()[0]
    for wrong, what in zip(
        bad,
        ("a probability", "labels", "top", "sentiment", "flags", "text or a time", "a version", "extras"),
        strict=True,
    ):
        if wrong:
            raise InputError(
                f"{name}: {wrong:,} of {rows:,} rows have {what} that cannot be. Make the file again with "
                f"python -m core score FILE --inbox."
            )
    if distinct < rows or known:
        raise InputError(
            f"{name}: {max(known, rows - distinct):,} of {rows:,} rows are in the store already, or twice in the "
            f"file. Nothing of it was taken in."
        )
