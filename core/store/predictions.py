"""What is recorded and looked up: predictions, batches, feedback, saved views."""

import json
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import duckdb
import numpy as np
from numpy.typing import NDArray

from core.emotions import LABELS, SENTIMENTS, Scores
from core.errors import InputError, StoreError
from core.predictions.masks import from_mask, to_mask
from core.predictions.record import Feedback, Prediction, StoredPrediction
from core.rules.flags import CATEGORIES, SEVERITIES, Flag, category_mask, gravity
from core.store.conditions import utc
from core.store.database import Database
from core.store.migrations import SCORE_COLUMNS
from core.text import encodable


@dataclass(frozen=True, slots=True)
class Flips:
    """What another threshold would change: of `stored` predictions, some would gain the label, some lose it."""

    stored: int
    gain: int
    lose: int


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


@dataclass(frozen=True, slots=True)
class Unjudged:
    """Predictions that the present rules have not judged.

    Attributes:
        margins: float32 [n]; NaN where not known.
        scores: float32 [n, 28].
    """

    ids: list[str]
    texts: list[str]
    threshold_versions: list[str]
    margins: NDArray[np.float32]
    scores: Scores

    def __len__(self) -> int:
        return len(self.ids)


class Store(Database):
    """Predictions and feedback in one open DuckDB file."""

    def add(self, prediction: Prediction, actor: str) -> None:
        """Record one prediction; one that is in the store already adds nothing.

        Raises:
            StoreError: the store cannot be written.
        """
        row = _prediction_row(prediction, actor)
        with self.transaction() as cursor:
            cursor.execute(
                f"INSERT INTO predictions ({', '.join(row)}, folded, twin) "
                f"SELECT {', '.join('?' * len(row))}, fold(?), twin_of(fold(?)) "
                "WHERE NOT EXISTS (SELECT 1 FROM predictions WHERE id = ?)",
                [*row.values(), row["text"], row["text"], prediction.id],
            )

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

        Rows without a readable text are left out. A batch that is in the store already adds nothing.

        Args:
            parquet: with the columns `core.predictions.columns.STORE_COLUMNS`.
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
                        ({_BATCH_COLUMNS}, made_at, source, actor, batch, moment, folded, twin, flags)
                    SELECT {_BATCH_COLUMNS.replace("id,", "id::UUID,", 1)}, made_at::TIMESTAMP, $source, $actor,
                        $batch, coalesce(posted_at, made_at)::TIMESTAMP, fold(text), twin_of(fold(text)),
                        from_json(flags, '{_FLAG_SHAPE}')
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

    def to_judge(self, rule_version: str, limit: int) -> Unjudged:
        """Return predictions that other rules judged, or none: the newest `limit` of them.

        Raises:
            StoreError: the store cannot be read.
        """
        with self.reading() as cursor:
            found = cursor.execute(
                f"""
                SELECT id::VARCHAR AS id, text, threshold_version, margin, {SCORE_COLUMNS} FROM predictions
                WHERE rule_version IS DISTINCT FROM ? ORDER BY made_at DESC, id DESC LIMIT ?
                """,
                [rule_version, limit],
            ).fetchnumpy()
        return Unjudged(
            ids=found["id"].tolist(),
            texts=found["text"].tolist(),
            threshold_versions=found["threshold_version"].tolist(),
            margins=np.ma.filled(found["margin"].astype(np.float32), np.nan),
            scores=np.stack([np.asarray(found[label]) for label in LABELS], axis=1),
        )

    def count_to_judge(self, rule_version: str) -> int:
        """Return how many predictions were judged by other rules, or by none.

        Raises:
            StoreError: the store cannot be read.
        """
        with self.reading() as cursor:
            row = cursor.execute(
                "SELECT count(*) FROM predictions WHERE rule_version IS DISTINCT FROM ?", [rule_version]
            ).fetchone()
        return int(row[0])

    def set_judgement(
        self, unjudged: Unjudged, flags: Sequence[Sequence[Flag]], margins: NDArray[np.float32], rule_version: str
    ) -> None:
        """Replace what earlier rules said of some predictions; what a rule says follows from the text at any time.

        Args:
            margins: float32 [n]; NaN leaves what is not known.

        Raises:
            StoreError: the store cannot be written.
        """
        import pandas as pd  # noqa: PLC0415  (scoring a file on the command line does without it)

        judged = pd.DataFrame(
            {
                "id": unjudged.ids,
                "margin": margins,
                "severity": [gravity(one) for one in flags],
                "categories": [category_mask(one) for one in flags],
                "flags": [json.dumps([asdict(flag) for flag in one]) for one in flags],
            }
        )
        with self.transaction() as cursor:
            cursor.register("judged", judged)
            cursor.execute(
                f"""
                UPDATE predictions SET rule_version = $rules, severity = judged.severity,
                    categories = judged.categories, flags = from_json(judged.flags, '{_FLAG_SHAPE}'),
                    margin = CASE WHEN isnan(judged.margin) THEN predictions.margin ELSE judged.margin END
                FROM judged WHERE predictions.id = judged.id::UUID
                """,
                {"rules": rule_version},
            )

    def forget_before(self, moment: datetime) -> int:
        """Delete the predictions that were made before `moment`, their texts with them; return how many there were.

        What people said of them stays: it holds no tweet.

        Raises:
            StoreError: the store cannot be written.
        """
        with self.transaction() as cursor:
            row = cursor.execute("DELETE FROM predictions WHERE made_at < ?", [utc(moment)]).fetchone()
        return int(row[0])

    def save_view(self, name: str, query: str | None, actor: str, made_at: datetime) -> None:
        """Keep a view of the explorer by its name; the last one of a name holds, None takes it off the list.

        Raises:
            StoreError: the store cannot be written.
        """
        with self.transaction() as cursor:
            cursor.execute(
                "INSERT INTO view_events (made_at, actor, name, query) VALUES (?, ?, ?, ?)",
                [utc(made_at), actor, encodable(name), query],
            )

    def views(self) -> dict[str, str]:
        """Return the saved views: name to query, by name.

        Raises:
            StoreError: the store cannot be read.
        """
        with self.reading() as cursor:
            return dict(cursor.execute("SELECT name, query FROM saved_views ORDER BY lower(name)").fetchall())

    def count(self, before: datetime | None = None) -> int:
        """Return how many predictions are stored, or how many of them were made before a moment.

        Raises:
            StoreError: the store cannot be read.
        """
        where, values = ("WHERE made_at < ?", [utc(before)]) if before else ("", [])
        with self.reading() as cursor:
            row = cursor.execute(f"SELECT count(*) FROM predictions {where}", values).fetchone()
        return int(row[0])

    def recent(self, limit: int) -> list[StoredPrediction]:
        """Return the newest predictions, newest first.

        Raises:
            StoreError: the store cannot be read.
        """
        with self.reading() as cursor:
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
        with self.reading() as cursor:
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
        with self.transaction() as cursor:
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
                    utc(feedback.made_at),
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
        with self.reading() as cursor:
            rows = cursor.execute(
                f"SELECT id, prediction_id, made_at, actor, verdict, suggested, comment FROM {table} "
                "WHERE prediction_id = ? ORDER BY number",
                [prediction_id],
            ).fetchall()
        return [
            Feedback(row[0], row[1], row[2].replace(tzinfo=UTC), row[3], row[4], from_mask(row[5]), row[6])
            for row in rows
        ]


_BATCH_COLUMNS: Final = (
    f"id, text, truncated, labels, top, sentiment, {SCORE_COLUMNS}, margin, severity, categories, "
    "model, model_version, normaliser_version, threshold_version, rule_version"
)
"""What a scored file and the table have in common."""

_FLAG_SHAPE: Final = (
    '[{"category":"VARCHAR","severity":"VARCHAR","start":"INTEGER","stop":"INTEGER","reason":"VARCHAR"}]'
)


_SCORED: Final = "read_parquet($parquet, hive_partitioning => false)"
"""The rows of a scored file. A folder that is called `model=x` says nothing of what is in it."""


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


_POSSIBLE: Final = "try_cast({} AS TIMESTAMP) BETWEEN TIMESTAMP '1970-01-01' AND TIMESTAMP '2199-12-31 23:59:59'"
"""The times that the reader of files admits, too: one far beyond would stretch every chart over time."""


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
                AND len(list_filter(from_json(flags, '{_FLAG_SHAPE}'), lambda one: NOT coalesce(
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
        })
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
        bad, ("a probability", "labels", "top", "sentiment", "flags", "text or a time", "a version"), strict=True
    ):
        if wrong:
            raise InputError(
                f"{name}: {wrong:,} of {rows:,} rows have {what} that cannot be. Make the file anew with "
                f"python -m core score FILE --inbox."
            )
    if distinct < rows or known:
        raise InputError(
            f"{name}: {max(known, rows - distinct):,} of {rows:,} rows are in the store already, or twice in the "
            f"file. Nothing of it was taken in."
        )


def _prediction_row(prediction: Prediction, actor: str) -> dict[str, Any]:
    return {
        "id": prediction.id,
        "made_at": utc(prediction.made_at),
        "moment": utc(prediction.made_at),
        "source": prediction.source,
        "actor": actor,
        "text": encodable(prediction.text),
        "truncated": prediction.truncated,
        "labels": to_mask(prediction.labels),
        "top": prediction.top,
        "sentiment": prediction.sentiment,
        **dict(zip(LABELS, prediction.probabilities, strict=True)),
        "margin": prediction.margin,
        "severity": gravity(prediction.flags),
        "categories": category_mask(prediction.flags),
        "flags": [asdict(flag) for flag in prediction.flags],
        "model": prediction.model,
        "model_version": prediction.model_version,
        "normaliser_version": prediction.normaliser_version,
        "threshold_version": prediction.threshold_version,
        "rule_version": prediction.rule_version,
        "latency_ms": prediction.latency_ms,
    }
