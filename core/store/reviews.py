"""What moderators do, appended; what holds now; and what is worth a look, in the order in which it is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.access.actor import Seat
from core.errors import ReviewError, StoreError
from core.explore.selection import Selection
from core.predictions.masks import from_mask, to_mask
from core.review.events import CHOICES, CLAIM, UNDOABLE, Choice, ReviewEvent, Standing, holds, replay
from core.review.priority import Candidates, bits, judge
from core.store.conditions import condition, utc
from core.store.database import Database
from core.text import encodable

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

_EVENT: Final = (
    "number, id, prediction_id, made_at, actor, seat, kind, emotions, before, note, undoes, until, model, "
    "model_version, threshold_version, rule_version"
)
_CHOICES: Final = ", ".join(f"'{one}'" for one in CHOICES)
# Whatever is done with an item ends the claim on it.
_ENDS_CLAIM: Final = "kind NOT IN ('undo', 'second')"
_CLAIMED: Final = f"""
    SELECT prediction_id FROM review_events AS claim
    WHERE kind = 'claim' AND until > $now AND until <= $now + $claim AND seat <> $seat AND NOT EXISTS (
        SELECT 1 FROM review_events AS later
        WHERE later.prediction_id = claim.prediction_id AND later.number > claim.number AND {_ENDS_CLAIM}
    )
"""
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
    moment: datetime
    text: str
    labels: tuple[str, ...]
    severity: int
    reasons: int
    score: float
    status: str
    decided_by: str
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody wants to do with an item: an event before the store completes it.

    Attributes:
        seen: the number of the last decision that the person saw, see `Standing.seen`.
    """

    id: UUID
    prediction_id: UUID
    made_at: datetime
    seat: Seat
    kind: Choice | Literal["skip", "reopen", "second"]
    seen: int
    emotions: tuple[str, ...] | None = None
    note: str = ""


class Reviews:
    """The events of reviewing, and the queues that follow from them, in one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def refresh(self) -> int:
        """Find out anew what is worth a look, and why; return how many items there are.

        Raises:
            StoreError: the store cannot be written.
        """
        with self._database.transaction() as cursor:
            found = cursor.execute(
                """
                SELECT predictions.rowid AS place, severity, margin, labels, coalesce(second_labels, 0) AS second,
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
            ).fetchnumpy()
            items = _judged(found)
            cursor.execute("DELETE FROM review_items")
            cursor.register("judged", items)
            cursor.execute(
                "INSERT INTO review_items SELECT predictions.id, judged.severity, judged.reasons, judged.score "
                "FROM judged JOIN predictions ON predictions.rowid = judged.place"
            )
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
                    (SELECT coalesce(bit_xor(hash(rule_version)), 0) % 1000003 FROM
                        (SELECT DISTINCT rule_version FROM predictions)),
                    (SELECT count(*) // 12 FROM review_events WHERE kind <> 'claim')
                """
            ).fetchone()
        return tuple(map(int, row))

    def add_claim(self, event_id: UUID, prediction_id: UUID, seat: Seat, now: datetime) -> tuple[Standing, bool]:
        """Let an item be looked at by one seat alone for a while; return what holds of it, and whether it is theirs.

        It is theirs unless somebody else's claim holds.

        Raises:
            StoreError: the prediction is not in the store (any more), or the store cannot be written.
        """
        with self._database.transaction() as cursor:
            read = _reading_of(cursor, prediction_id)
            standing = _standing(cursor, prediction_id)
            if _held_by_other(standing, seat, now):
                return standing, False
            _append(cursor, read, seat, now, "claim", id=event_id, prediction_id=prediction_id, until=utc(now + CLAIM))
        return standing, True

    def release(self, event_id: UUID, prediction_id: UUID, seat: Seat, now: datetime) -> None:
        """Give an item back, if it is this seat's.

        Raises:
            StoreError: the store cannot be written.
        """
        with self._database.transaction() as cursor:
            standing = _standing(cursor, prediction_id)
            if standing.claim is not None and standing.claim.seat == seat.window:
                read = _Read(standing.claim.before, *_versions(standing.claim))
                _append(cursor, read, seat, now, "release", id=event_id, prediction_id=prediction_id)

    def act(self, act: Act) -> None:
        """Append what somebody decided; the same act twice, as by a double click, is appended once.

        Raises:
            ReviewError: somebody was faster: another decision was made since, or another's claim holds.
            StoreError: the prediction is not in the store (any more), or the store cannot be written.
        """
        with self._database.transaction() as cursor:
            if cursor.execute("SELECT 1 FROM review_events WHERE id = ?", [act.id]).fetchone():
                return
            read = _reading_of(cursor, act.prediction_id)
            standing = _standing(cursor, act.prediction_id)
            _refuse_if_late(act, standing)
            emotions = read.before if act.kind == "confirm" else act.emotions
            _append(
                cursor,
                read,
                act.seat,
                act.made_at,
                act.kind,
                id=act.id,
                prediction_id=act.prediction_id,
                emotions=None if emotions is None else to_mask(emotions),
                note=encodable(act.note),
            )

    def act_on_many(self, acts: Sequence[Act]) -> list[UUID]:
        """Append one decision on each of many items, all or nothing; return the ids of the events.

        Items that are decided already, held by another, or no longer stored are left out.

        Raises:
            StoreError: the store cannot be written.
        """
        if not acts:
            return []
        first = acts[0]
        asked = pd.DataFrame({"id": [str(one.id) for one in acts], "item": [str(one.prediction_id) for one in acts]})
        with self._database.transaction() as cursor:
            cursor.register("asked", asked)
            rows = cursor.execute(
                f"""
                INSERT INTO review_events (id, prediction_id, made_at, actor, seat, kind, emotions, before, note,
                    model, model_version, threshold_version, rule_version)
                SELECT asked.id::UUID, predictions.id, $made_at, $actor, $seat, $kind,
                    CASE WHEN $kind = 'confirm' THEN labels END, labels, $note,
                    model, model_version, threshold_version, rule_version
                FROM asked JOIN predictions ON predictions.id = asked.item::UUID
                WHERE predictions.id NOT IN (SELECT prediction_id FROM current_reviews)
                    AND predictions.id NOT IN ({_CLAIMED})
                    AND asked.id::UUID NOT IN (SELECT id FROM review_events)
                RETURNING id
                """,
                {
                    "made_at": utc(first.made_at),
                    "actor": first.seat.actor.name,
                    "seat": first.seat.window,
                    "kind": first.kind,
                    "note": encodable(first.note),
                    "now": utc(first.made_at),
                    "claim": CLAIM,
                },
            ).fetchall()
        return [row[0] for row in rows]

    def undo(self, events: Mapping[UUID, UUID], seat: Seat, now: datetime) -> list[UUID]:
        """Take back what somebody did, all of it or nothing; return the predictions.

        Args:
            events: the events to take back, each with the id of the one that does it.

        Raises:
            ReviewError: it is not that person's, was taken back already, or somebody decided since.
            StoreError: the store cannot be written.
        """
        taken = []
        with self._database.transaction() as cursor:
            for undone, own_id in events.items():
                row = cursor.execute(f"SELECT {_EVENT} FROM review_events WHERE id = ?", [undone]).fetchone()
                event = _event(row) if row else None
                if event is None or event.kind not in UNDOABLE or event.seat != seat.window:
                    raise ReviewError("That is not yours to take back. Reopen the item in the queue “done” instead.")
                if cursor.execute("SELECT 1 FROM review_events WHERE undoes = ?", [undone]).fetchone():
                    raise ReviewError("That was taken back already.")
                later = cursor.execute(
                    f"SELECT {_EVENT} FROM standing_events WHERE prediction_id = ? AND number > ? "
                    f"AND kind IN ({_CHOICES}, 'reopen') ORDER BY number DESC LIMIT 1",
                    [event.prediction_id, event.number],
                ).fetchone()
                if later:
                    raise ReviewError(
                        f"It cannot be taken back: {_said(_event(later), now)}. Reopen the item in the queue “done” "
                        f"instead."
                    )
                read = _Read(event.before, *_versions(event))
                own = event.prediction_id
                _append(cursor, read, seat, now, "undo", id=own_id, prediction_id=own, undoes=undone)
                taken.append(event.prediction_id)
        return taken

    def standing(self, prediction_id: UUID) -> Standing:
        """Return what holds of a prediction.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._database.reading() as cursor:
            return _standing(cursor, prediction_id)

    def history(self, prediction_id: UUID) -> list[ReviewEvent]:
        """Return all that was done with a prediction, oldest first.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._database.reading() as cursor:
            return _history(cursor, prediction_id)

    def events(self) -> list[ReviewEvent]:
        """Return the whole log, oldest first.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._database.reading() as cursor:
            return [
                _event(row) for row in cursor.execute(f"SELECT {_EVENT} FROM review_events ORDER BY number").fetchall()
            ]

    def current(self) -> dict[UUID, tuple[str, tuple[str, ...] | None]]:
        """Return the decision that holds of each decided prediction: its kind and its emotions.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._database.reading() as cursor:
            rows = cursor.execute("SELECT prediction_id, kind, emotions FROM current_reviews").fetchall()
        return {row[0]: (row[1], None if row[2] is None else from_mask(row[2])) for row in rows}

    def counts(self, selection: Selection, seat: Seat, now: datetime) -> dict[str, int]:
        """Return how many items each queue holds within a selection.

        Raises:
            InputError: the selection names what does not exist.
            StoreError: the store cannot be read.
        """
        open_, values = self._open(selection, seat, now)
        columns = ", ".join(f"count(*) FILTER ({told})" for told in QUEUES.values())
        with self._database.reading() as cursor:
            row = cursor.execute(f"SELECT {columns} FROM ({open_})", values).fetchone()
            counts = dict(zip(QUEUES, map(int, row), strict=True))
            for queue in ("escalated", "mine", "done", "second"):
                asked, more = _decided(queue, selection, seat)
                counts[queue] = int(cursor.execute(f"SELECT count(*) FROM ({asked})", more).fetchone()[0])
        return {str(name): count for name, count in counts.items()}

    def queue(
        self,
        queue: Queue,
        selection: Selection,
        seat: Seat,
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
            asked, values = self._open(selection, seat, now)
            told, order = QUEUES[queue], "severity DESC, score DESC, moment DESC, id DESC"
        else:
            asked, values = _decided(queue, selection, seat)
            told, order = "TRUE", "number DESC"
        with self._database.reading() as cursor:
            # The order needs a few columns; texts are read for the rows of the page alone.
            rows = cursor.execute(
                f"""
                WITH page AS (
                    SELECT *, row_number() OVER (ORDER BY {order}) AS place_in_line FROM (
                        SELECT * FROM ({asked}) WHERE {told} AND NOT list_contains($without::UUID[], id)
                        ORDER BY {order} LIMIT $limit OFFSET $offset
                    )
                )
                SELECT page.id, page.moment, predictions.text, predictions.labels, page.severity, page.reasons,
                    page.score, page.status, page.by_whom, page.at
                FROM page JOIN predictions ON predictions.rowid = page.place ORDER BY place_in_line
                """,
                values | {"limit": limit, "offset": offset, "without": [str(one) for one in without]},
            ).fetchall()
        return [_queued(row) for row in rows]

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

    def labelled(self) -> list[tuple[str, tuple[str, ...], str, datetime]]:
        """Return what persons said that texts carry, decisions and second looks: text, emotions, who, when.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._database.reading() as cursor:
            rows = cursor.execute(
                """
                SELECT text, emotions, said.actor, said.made_at FROM (
                    SELECT * FROM current_reviews WHERE kind IN ('confirm', 'correct')
                    UNION ALL SELECT * FROM standing_events WHERE kind = 'second'
                ) AS said JOIN predictions ON predictions.id = said.prediction_id
                WHERE emotions IS NOT NULL ORDER BY said.number
                """
            ).fetchall()
        return [(text, from_mask(emotions), actor, at.replace(tzinfo=UTC)) for text, emotions, actor, at in rows]

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

    @staticmethod
    def _open(selection: Selection, seat: Seat, now: datetime) -> tuple[str, dict[str, Any]]:
        where = condition(selection)
        return (
            f"""
            SELECT place, item.id, moment, severity, reasons, score, 'open' AS status, '' AS by_whom,
                NULL::TIMESTAMP AS at, 0 AS number
            FROM review_items
            JOIN (SELECT rowid AS place, id, moment FROM predictions WHERE {where.sql}) AS item
                ON item.id = review_items.prediction_id
            WHERE item.id NOT IN (SELECT prediction_id FROM current_reviews)
                AND item.id NOT IN ({_CLAIMED}) AND item.id NOT IN ({_SKIPPED})
            """,
            where.values | {"actor": seat.actor.name, "seat": seat.window, "now": utc(now), "claim": CLAIM},
        )


def _decided(queue: Queue, selection: Selection, seat: Seat) -> tuple[str, dict[str, Any]]:
    """Return the items of a queue of what somebody has done with."""
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
        SELECT place, item.id, moment, coalesce(severity, 0) AS severity, coalesce(reasons, 0) AS reasons,
            coalesce(score, 0) AS score, CASE WHEN said.kind = 'skip' THEN 'open' ELSE said.kind END AS status,
            said.actor AS by_whom, said.made_at AS at, said.number
        FROM ({told}) AS said
        JOIN (SELECT rowid AS place, id, moment FROM predictions WHERE {where.sql}) AS item
            ON item.id = said.prediction_id
        LEFT JOIN review_items ON review_items.prediction_id = item.id
        """,
        where.values | ({"actor": seat.actor.name} if "$actor" in told else {}),
    )


def _judged(found: Mapping[str, Any]) -> pd.DataFrame:
    """Return a row for each prediction that is worth a look: columns place, severity, reasons, score."""
    severity = np.ma.filled(found["severity"], 0).astype(np.uint8)
    reasons, score = judge(
        Candidates(
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


@dataclass(frozen=True, slots=True)
class _Read:
    """What the model said of a prediction, as it stands beside each event."""

    before: tuple[str, ...]
    model: str
    model_version: str
    threshold_version: str
    rule_version: str | None


def _reading_of(cursor: Any, prediction_id: UUID) -> _Read:
    row = cursor.execute(
        "SELECT labels, model, model_version, threshold_version, rule_version FROM predictions WHERE id = ? LIMIT 1",
        [prediction_id],
    ).fetchone()
    if row is None:
        raise StoreError(
            "This tweet is no longer in the store: it was too old to keep. Nothing was decided; go on with the next."
        )
    return _Read(from_mask(row[0]), *row[1:])


def _versions(event: ReviewEvent) -> tuple[str, str, str, str | None]:
    return event.model, event.model_version, event.threshold_version, event.rule_version


def _append(cursor: Any, read: _Read, seat: Seat, now: datetime, kind: str, /, **values: Any) -> None:
    row = {
        "note": "",
        **values,
        "kind": kind,
        "actor": seat.actor.name,
        "seat": seat.window,
        "made_at": utc(now),
        "before": to_mask(read.before),
        "model": read.model,
        "model_version": read.model_version,
        "threshold_version": read.threshold_version,
        "rule_version": read.rule_version,
    }
    cursor.execute(
        f"INSERT INTO review_events ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})", list(row.values())
    )


def _history(cursor: Any, prediction_id: UUID) -> list[ReviewEvent]:
    rows = cursor.execute(
        f"SELECT {_EVENT} FROM review_events WHERE prediction_id = ? ORDER BY number", [prediction_id]
    ).fetchall()
    return [_event(row) for row in rows]


def _standing(cursor: Any, prediction_id: UUID) -> Standing:
    return replay(_history(cursor, prediction_id)).get(prediction_id, Standing())


def _held_by_other(standing: Standing, seat: Seat, now: datetime) -> bool:
    claim = standing.claim
    return bool(claim and claim.until and claim.seat != seat.window and holds(claim.until, now))


def _refuse_if_late(act: Act, standing: Standing) -> None:
    if standing.decision is not None and standing.seen != act.seen:
        raise ReviewError(
            f"Somebody was faster: {_said(standing.decision, act.made_at)}. Your decision was not recorded; reopen "
            f"the item in the queue “done” if it should be another."
        )
    if standing.seen != act.seen:
        raise ReviewError(
            "The item was changed since you saw it: a decision on it was taken back. Yours was not recorded; look at "
            "it again."
        )
    if act.kind != "second" and _held_by_other(standing, act.seat, act.made_at) and standing.claim is not None:
        raise ReviewError(
            f"{standing.claim.actor} is looking at this item in another window. Your decision was not recorded; go "
            f"on with the next, or wait {CLAIM.seconds // 60} minutes."
        )


_PAST: Final = {
    "confirm": "confirmed it",
    "correct": "corrected it",
    "dismiss": "dismissed its flag",
    "escalate": "escalated it",
    "reopen": "reopened it",
    "undo": "took a decision back",
}


def _said(event: ReviewEvent, now: datetime) -> str:
    seconds = max(0, int((now - event.made_at).total_seconds()))
    ago = f"{seconds} s ago" if seconds < 120 else f"on {event.made_at:%Y-%m-%d %H:%M} UTC"
    return f"{event.actor} {_PAST.get(event.kind, event.kind)} {ago}"


def _event(row: Sequence[Any]) -> ReviewEvent:
    number, event_id, prediction_id, made_at, actor, seat, kind, emotions, before, note, undoes, until, *versions = row
    return ReviewEvent(
        number,
        event_id,
        prediction_id,
        made_at.replace(tzinfo=UTC),
        actor,
        seat,
        kind,
        None if emotions is None else from_mask(emotions),
        from_mask(before),
        note,
        undoes,
        until.replace(tzinfo=UTC) if until else None,
        *versions,
    )


def _queued(row: Sequence[Any]) -> Queued:
    item, moment, text, labels, severity, reasons, score, status, by_whom, at = row
    return Queued(
        item,
        moment.replace(tzinfo=UTC),
        text,
        from_mask(labels),
        severity,
        reasons,
        score,
        status,
        by_whom,
        at.replace(tzinfo=UTC) if at else None,
    )
