"""What is worth a look, in the order in which it is, and what the baseline says of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.access.actor import Reviewer
from core.explore.selection import Selection
from core.predictions.masks import from_mask
from core.review.events import CLAIM, Status
from core.review.priority import Signals, bits, judge
from core.review.twins import TWIN_VERSION
from core.store.conditions import condition, utc
from core.store.database import Database
from core.store.predictions import rows_by_id
from core.store.reviews import CLAIMED

Queue = Literal["all", "flagged", "feedback", "uncertain", "escalated", "mine", "done", "second"]
QUEUES: Final[dict[Queue, str]] = {
    "all": "reasons <> 0",
    "flagged": "severity >= 2",
    "feedback": f"reasons & {bits('thumb down', 'correction')} <> 0",
    "uncertain": f"reasons & {bits('uncertain', 'models disagree', 'rare emotion', 'against a review')} <> 0",
}
"""The queues of what is open, each with what tells its items."""
SECOND_LOOK: Final = 10
"""Of a hundred decided items, how many are looked at by a second person who does not see the first one's decision."""
_SKIPPED: Final = "SELECT prediction_id FROM standing_events WHERE kind = 'skip' AND actor = $actor"
_IN_SAMPLE: Final = f"md5_number_lower(prediction_id::VARCHAR) % 100 < {SECOND_LOOK}"


@dataclass(frozen=True, slots=True)
class Queued:
    """An item as a list of many shows it.

    Attributes:
        reasons: bit k says that reason k of `core.review.priority` holds.
        status: `open`, or the decision that holds.
    """

    id: UUID
    moment: datetime | None
    text: str
    labels: tuple[str, ...]
    severity: int
    reasons: int
    score: float
    status: Status
    decided_by: str
    decided_at: datetime | None


class ReviewQueue:
    """The queues that follow from what is recorded and what moderators did, in one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def refresh(self) -> int:
        """Judge which predictions are worth a look, and why; return how many there are.

        Raises:
            StoreError: the store cannot be written.
        """
        with self._database.transaction() as cursor:
            cursor.execute(
                """
                CREATE TEMP TABLE considered AS
                SELECT predictions.id, row_number() OVER () AS place, severity, margin, labels,
                    coalesce(second_labels, 0) AS second,
                    second_labels IS NOT NULL AS has_second, coalesce(downs, 0) AS downs,
                    coalesce(suggested, 0) AS suggested, coalesce(decided, 0) AS twin, decided IS NOT NULL AS has_twin
                FROM predictions
                LEFT JOIN (
                    SELECT prediction_id, count(*) FILTER (verdict = 'down') AS downs, bit_or(suggested) AS suggested
                    FROM current_feedback GROUP BY prediction_id
                ) AS said ON said.prediction_id = predictions.id
                LEFT JOIN (
                    SELECT twin, arg_max(emotions, number) AS decided
                    FROM current_reviews JOIN predictions ON predictions.id = prediction_id
                    WHERE emotions IS NOT NULL AND kind IN ('confirm', 'correct') GROUP BY twin
                ) AS twins ON twins.twin = predictions.twin
                """
            )
            items = _judged(cursor.execute("SELECT * EXCLUDE (id) FROM considered").fetchnumpy())
            cursor.execute("DELETE FROM review_items")
            cursor.register("judged", items)
            cursor.execute(
                "INSERT INTO review_items SELECT considered.id, judged.severity, judged.reasons, judged.score "
                "FROM judged JOIN considered USING (place)"
            )
            cursor.execute("DROP TABLE considered")
        return len(items)

    def signature(self) -> tuple[int, ...]:
        """Return numbers that change whenever `refresh` could find something else; decisions count by the dozen.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._database.reading() as cursor:
            row = cursor.execute(
                """
                SELECT (SELECT count(*) FROM predictions), (SELECT coalesce(max(number), 0) FROM feedback_events),
                    (SELECT count(second_labels) FROM predictions),
                    (SELECT count(*) FILTER (twin_version = ?) FROM predictions),
                    (SELECT coalesce(bit_xor(hash(rule_version)), 0) % 1000003 FROM
                        (SELECT DISTINCT rule_version FROM predictions)),
                    (SELECT count(*) // 12 FROM review_events WHERE kind <> 'claim')
                """,
                [TWIN_VERSION],
            ).fetchone()
        return tuple(map(int, row))

    def counts(self, selection: Selection, reviewer: Reviewer, now: datetime) -> dict[str, int]:
        """Return how many items each queue holds within a selection.

        Raises:
            InputError: the selection names what does not exist.
            StoreError: the store cannot be read.
        """
        open_, values = self._open(selection, reviewer, now)
        columns = ", ".join(f"count(*) FILTER ({told})" for told in QUEUES.values())
        with self._database.reading() as cursor:
            row = cursor.execute(f"SELECT {columns} FROM ({open_})", values).fetchone()
            counts = dict(zip(QUEUES, map(int, row), strict=True))
            for queue in ("escalated", "mine", "done", "second"):
                asked, more = _decided(queue, selection, reviewer)
                counts[queue] = int(cursor.execute(f"SELECT count(*) FROM ({asked})", more).fetchone()[0])
        return {str(name): count for name, count in counts.items()}

    def queue(
        self,
        queue: Queue,
        selection: Selection,
        reviewer: Reviewer,
        now: datetime,
        *,
        limit: int,
        offset: int = 0,
        without: Iterable[UUID] = (),
    ) -> list[Queued]:
        """Return the items of a queue, what matters most first; of what is decided, the latest first.

        Args:
            without: items that are left out.

        Raises:
            InputError: the selection names what does not exist.
            StoreError: the store cannot be read.
        """
        if queue in QUEUES:
            asked, values = self._open(selection, reviewer, now)
            told, order = QUEUES[queue], "severity DESC, score DESC, moment DESC, id DESC"
        else:
            asked, values = _decided(queue, selection, reviewer)
            told, order = "TRUE", "number DESC"
        with self._database.reading() as cursor:
            found = cursor.execute(
                f"""
                SELECT item.id, moment, severity, reasons, score, status, by_whom, item.at FROM ({asked}) AS item
                WHERE {told} AND NOT list_contains($without::UUID[], item.id)
                ORDER BY {order} LIMIT $limit OFFSET $offset
                """,
                values | {"limit": limit, "offset": offset, "without": [str(one) for one in without]},
            ).fetchall()
            known = rows_by_id(cursor, "text, labels", [row[0] for row in found])
        return [_queued((item, moment, *known[item], *rest)) for item, moment, *rest in found if item in known]

    def without_second(self, model: str, limit: int) -> tuple[list[UUID], list[str]]:
        """Return predictions that the baseline `model`, name and version, was not asked about, and their texts.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._database.reading() as cursor:
            rows = cursor.execute(
                "SELECT id, text FROM predictions WHERE second_model IS DISTINCT FROM ? "
                "ORDER BY made_at DESC, id DESC LIMIT ?",
                [model, limit],
            ).fetchall()
        return [row[0] for row in rows], [row[1] for row in rows]

    def count_without_second(self, model: str) -> int:
        """Return how many predictions the baseline `model`, name and version, was not asked about.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._database.reading() as cursor:
            row = cursor.execute(
                "SELECT count(*) FROM predictions WHERE second_model IS DISTINCT FROM ?", [model]
            ).fetchone()
        return int(row[0])

    def item(self, prediction_id: UUID) -> tuple[int, float, tuple[str, ...] | None, str]:
        """Return the reasons (bits) and the score of an item, and what the baseline said of it, if asked, and which.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._database.reading() as cursor:
            row = cursor.execute(
                "SELECT second_labels, second_model FROM predictions WHERE id = ? LIMIT 1", [prediction_id]
            ).fetchone()
            why = cursor.execute(
                "SELECT reasons, score FROM review_items WHERE prediction_id = ? LIMIT 1", [prediction_id]
            ).fetchone()
        second = None if row is None or row[0] is None else from_mask(row[0])
        return *(why or (0, 0.0)), second, row[1] or "" if row else ""

    def twins(self, prediction_id: UUID, limit: int = 3) -> list[Queued]:
        """Return what was decided of texts of the same words, the latest first.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._database.reading() as cursor:
            rows = cursor.execute(
                """
                SELECT other.id, other.moment, other.text, said.emotions, other.severity, 0, 0.0, said.kind,
                    said.actor, said.made_at
                FROM current_reviews AS said JOIN predictions AS other ON other.id = said.prediction_id
                WHERE said.emotions IS NOT NULL AND other.id <> $id
                    AND other.twin = (SELECT twin FROM predictions WHERE id = $id LIMIT 1)
                ORDER BY said.number DESC LIMIT $limit
                """,
                {"id": prediction_id, "limit": limit},
            ).fetchall()
        return [_queued(row) for row in rows]

    def set_second(self, ids: Sequence[UUID], labels: NDArray[np.uint32], model: str) -> None:
        """Keep what the baseline says of some predictions, uint32 [n]: bit j says that it gave emotion j.

        Raises:
            StoreError: the store cannot be written.
        """
        asked = pd.DataFrame({"item": [str(one) for one in ids], "labels": labels})
        with self._database.transaction() as cursor:
            cursor.register("asked", asked)
            cursor.execute(
                "UPDATE predictions SET second_labels = asked.labels, second_model = ? FROM asked "
                "WHERE predictions.id = asked.item::UUID",
                [model],
            )

    def without_twin(self, limit: int) -> tuple[list[UUID], list[str]]:
        """Return predictions whose number among twins is missing or of another version, and their texts.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._database.reading() as cursor:
            rows = cursor.execute(
                "SELECT id, text FROM predictions WHERE twin_version IS DISTINCT FROM ? "
                "ORDER BY made_at DESC, id DESC LIMIT ?",
                [TWIN_VERSION, limit],
            ).fetchall()
        return [row[0] for row in rows], [row[1] for row in rows]

    def count_without_twin(self) -> int:
        """Return how many predictions `without_twin` would return without a limit.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._database.reading() as cursor:
            row = cursor.execute(
                "SELECT count(*) FROM predictions WHERE twin_version IS DISTINCT FROM ?", [TWIN_VERSION]
            ).fetchone()
        return int(row[0])

    def set_twins(self, ids: Sequence[UUID], numbers: Sequence[int]) -> None:
        """Keep the numbers (`core.review.twins`) by which some predictions know their twins; until then they have none.

        Raises:
            StoreError: the store cannot be written.
        """
        known = pd.DataFrame({"item": [str(one) for one in ids], "number": np.array(numbers, np.uint64)})
        with self._database.transaction() as cursor:
            cursor.register("known", known)
            cursor.execute(
                "UPDATE predictions SET twin = known.number, twin_version = ? FROM known "
                "WHERE predictions.id = known.item::UUID",
                [TWIN_VERSION],
            )

    @staticmethod
    def _open(selection: Selection, reviewer: Reviewer, now: datetime) -> tuple[str, dict[str, Any]]:
        where = condition(selection)
        return (
            f"""
            SELECT item.id, moment, severity, reasons, score, 'open' AS status, '' AS by_whom,
                NULL::TIMESTAMP AS at, 0 AS number
            FROM review_items
            JOIN (SELECT id, moment FROM predictions WHERE {where.sql}) AS item
                ON item.id = review_items.prediction_id
            WHERE item.id NOT IN (SELECT prediction_id FROM current_reviews)
                AND item.id NOT IN ({CLAIMED}) AND item.id NOT IN ({_SKIPPED})
            """,
            where.values | {"actor": reviewer.actor.name, "seat": reviewer.window, "now": utc(now), "claim": CLAIM},
        )


def _decided(queue: Queue, selection: Selection, reviewer: Reviewer) -> tuple[str, dict[str, Any]]:
    """Return the items of a queue that is not of open items."""
    told = {
        "done": "SELECT * FROM current_reviews WHERE kind <> 'escalate'",
        "escalated": "SELECT * FROM current_reviews WHERE kind = 'escalate'",
        "mine": "SELECT * FROM standing_events WHERE kind = 'skip' AND actor = $actor "
        "AND prediction_id NOT IN (SELECT prediction_id FROM current_reviews)",
        "second": f"SELECT * FROM current_reviews WHERE kind IN ('confirm', 'correct') AND actor <> $actor "
        f"AND {_IN_SAMPLE} AND prediction_id NOT IN (SELECT prediction_id FROM standing_events WHERE kind = 'second')",
    }[queue]
    where = condition(selection)
    return (
        f"""
        SELECT item.id, moment, coalesce(severity, 0) AS severity, coalesce(reasons, 0) AS reasons,
            coalesce(score, 0) AS score, CASE WHEN said.kind = 'skip' THEN 'open' ELSE said.kind END AS status,
            said.actor AS by_whom, said.made_at AS at, said.number
        FROM ({told}) AS said
        JOIN (SELECT id, moment FROM predictions WHERE {where.sql}) AS item
            ON item.id = said.prediction_id
        LEFT JOIN review_items ON review_items.prediction_id = item.id
        """,
        where.values | ({"actor": reviewer.actor.name} if "$actor" in told else {}),
    )


def _judged(found: Mapping[str, Any]) -> pd.DataFrame:
    """Return a row for each prediction that is worth a look: columns place, severity, reasons, score."""
    severity = np.ma.filled(found["severity"], 0).astype(np.uint8)
    reasons, score = judge(
        Signals(
            severity=severity,
            margin=np.ma.filled(found["margin"].astype(np.float32), np.nan),
            labels=_bits(found["labels"]),
            second=_bits(found["second"]),
            has_second=np.asarray(found["has_second"], np.bool_),
            downs=np.asarray(found["downs"], np.int64),
            suggested=_bits(found["suggested"]),
            twin=_bits(found["twin"]),
            has_twin=np.asarray(found["has_twin"], np.bool_),
        )
    )
    chosen = reasons != 0
    return pd.DataFrame(
        {
            "place": np.asarray(found["place"])[chosen],
            "severity": severity[chosen],
            "reasons": reasons[chosen],
            "score": score[chosen],
        }
    )


def _bits(column: Any) -> NDArray[np.uint32]:
    return np.asarray(column, np.uint32)


def _queued(row: Sequence[Any]) -> Queued:
    item, moment, text, labels, severity, reasons, score, status, by_whom, at = row
    return Queued(
        item,
        moment and moment.replace(tzinfo=UTC),
        text,
        from_mask(labels),
        severity,
        reasons,
        score,
        status,
        by_whom,
        at.replace(tzinfo=UTC) if at else None,
    )
