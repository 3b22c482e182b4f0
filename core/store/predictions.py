"""Predictions: recorded one by one, judged by new rules, looked up, deleted when they are too old."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from core.emotions import LABELS, Scores
from core.errors import StoreError
from core.predictions.masks import from_mask, to_mask
from core.predictions.record import Prediction, StoredPrediction
from core.review.twins import TWIN_VERSION, twin_number
from core.rules.flags import Flag, category_mask, gravity
from core.store.conditions import utc
from core.store.database import Database
from core.store.migrations import SCORE_COLUMNS
from core.text import encodable

FLAG_SHAPE: Final = (
    '[{"category":"VARCHAR","severity":"VARCHAR","start":"INTEGER","stop":"INTEGER","reason":"VARCHAR"}]'
)


@dataclass(frozen=True, slots=True)
class Flips:
    """What another threshold would change: of `stored` predictions, some would gain the label, some lose it."""

    stored: int
    gain: int
    lose: int


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


class Predictions(Database):
    """The predictions in one open DuckDB file."""

    def add(self, prediction: Prediction, actor: str) -> None:
        """Record one prediction; one that is in the store already adds nothing.

        Raises:
            StoreError: the store cannot be written.
        """
        row = _prediction_row(prediction, actor)
        with self.transaction() as cursor:
            cursor.execute(
                f"INSERT INTO predictions ({', '.join(row)}, folded) SELECT {', '.join('?' * len(row))}, fold(?) "
                "WHERE NOT EXISTS (SELECT 1 FROM predictions WHERE id = ?)",
                [*row.values(), row["text"], prediction.id],
            )

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
                    categories = judged.categories, flags = from_json(judged.flags, '{FLAG_SHAPE}'),
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


def filled(values: Any) -> Any:
    """Return a column that DuckDB gave as an array, with NaT where a time is null."""
    if np.ma.isMaskedArray(values) and values.dtype.kind == "M":
        return values.filled(np.datetime64("NaT"))
    return np.asarray(values)


def rows_by_id(cursor: Any, columns: str, ids: Sequence[UUID]) -> dict[UUID, tuple[Any, ...]]:
    """Return some columns of the predictions of some ids, those that are stored: what a page of many shows.

    With ids that are written out, DuckDB passes by all of the table but the few pieces in which they can be.
    """
    if not ids:
        return {}
    rows = cursor.execute(
        f"SELECT id AS own, {columns} FROM predictions WHERE id IN ({', '.join('?' * len(ids))})", list(ids)
    ).fetchall()
    return {row[0]: row[1:] for row in rows}


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
        "twin": twin_number(prediction.text),
        "twin_version": TWIN_VERSION,
    }
