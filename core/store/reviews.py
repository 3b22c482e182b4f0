"""What moderators do, appended, and what holds now."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final, Literal
from uuid import UUID

import pandas as pd

from core.access.actor import Reviewer
from core.errors import GoneError, ReviewError
from core.predictions.masks import from_mask, to_mask
from core.review.events import CHOICES, CLAIM, UNDOABLE, Choice, Kind, ReviewEvent, Standing, holds, replay
from core.store.conditions import utc
from core.store.database import Database
from core.text import encodable

_EVENT: Final = (
    "number, id, prediction_id, made_at, actor, seat, kind, emotions, before, note, undoes, until, model, "
    "model_version, threshold_version, rule_version"
)
_CHOICES: Final = ", ".join(f"'{one}'" for one in CHOICES)
# Whatever is done with an item ends the claim on it.
_ENDS_CLAIM: Final = "kind NOT IN ('undo', 'second')"
CLAIMED: Final = f"""
    SELECT prediction_id FROM review_events AS claim
    WHERE kind = 'claim' AND until > $now AND until <= $now + $claim AND seat <> $seat AND NOT EXISTS (
        SELECT 1 FROM review_events AS later
        WHERE later.prediction_id = claim.prediction_id AND later.number > claim.number AND {_ENDS_CLAIM}
    )
"""


@dataclass(frozen=True, slots=True)
class Act:
    """What a reviewer wants to do with an item: an event before the store completes it.

    Attributes:
        seen: the number of the last decision that the person saw, see `Standing.seen`.
    """

    id: UUID
    prediction_id: UUID
    made_at: datetime
    reviewer: Reviewer
    kind: Choice | Literal["skip", "reopen", "second"]
    seen: int
    emotions: tuple[str, ...] | None = None
    note: str = ""


class Reviews:
    """The events of reviewing in one store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add_claim(
        self, event_id: UUID, prediction_id: UUID, reviewer: Reviewer, now: datetime
    ) -> tuple[Standing, bool]:
        """Claim an item for one window; return what holds of it, and whether it is claimed.

        It is not where another window's claim holds.

        Raises:
            StoreError: the prediction is not in the store (any more), or the store cannot be written.
        """
        with self._database.transaction() as cursor:
            read = _reading_of(cursor, prediction_id)
            standing = _standing(cursor, prediction_id)
            if _held_by_other(standing, reviewer, now):
                return standing, False
            _append(
                cursor, read, reviewer, now, "claim", id=event_id, prediction_id=prediction_id, until=utc(now + CLAIM)
            )
        return standing, True

    def release(self, event_id: UUID, prediction_id: UUID, reviewer: Reviewer, now: datetime) -> None:
        """End the claim on an item, if it is this window's.

        Raises:
            StoreError: the store cannot be written.
        """
        with self._database.transaction() as cursor:
            standing = _standing(cursor, prediction_id)
            if standing.claim is not None and standing.claim.seat == reviewer.window:
                read = _Read(standing.claim.before, *_versions(standing.claim))
                _append(cursor, read, reviewer, now, "release", id=event_id, prediction_id=prediction_id)

    def act(self, act: Act) -> None:
        """Append an act; the same act twice, as by a double click, is appended once.

        Raises:
            ReviewError: another decision was made since, or another window's claim holds.
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
                act.reviewer,
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
                    AND predictions.id NOT IN ({CLAIMED})
                    AND asked.id::UUID NOT IN (SELECT id FROM review_events)
                RETURNING id
                """,
                {
                    "made_at": utc(first.made_at),
                    "actor": first.reviewer.actor.name,
                    "seat": first.reviewer.window,
                    "kind": first.kind,
                    "note": encodable(first.note),
                    "now": utc(first.made_at),
                    "claim": CLAIM,
                },
            ).fetchall()
        return [row[0] for row in rows]

    def undo(self, events: Mapping[UUID, UUID], reviewer: Reviewer, now: datetime) -> list[UUID]:
        """Take back some acts, all of them or none; return the predictions.

        Args:
            events: the events to take back, each with the id of the one that does it.

        Raises:
            ReviewError: one is not of this window, was taken back already, or is followed by another decision.
            StoreError: the store cannot be written.
        """
        taken = []
        with self._database.transaction() as cursor:
            for undone, own_id in events.items():
                row = cursor.execute(f"SELECT {_EVENT} FROM review_events WHERE id = ?", [undone]).fetchone()
                event = _event(row) if row else None
                if event is None or event.kind not in UNDOABLE or event.seat != reviewer.window:
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
                _append(cursor, read, reviewer, now, "undo", id=own_id, prediction_id=own, undoes=undone)
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

    def current(self) -> dict[UUID, tuple[Choice, tuple[str, ...] | None]]:
        """Return the decision that holds of each decided prediction: its kind and its emotions.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._database.reading() as cursor:
            rows = cursor.execute("SELECT prediction_id, kind, emotions FROM current_reviews").fetchall()
        return {row[0]: (row[1], None if row[2] is None else from_mask(row[2])) for row in rows}

    def labelled(self) -> list[tuple[str, tuple[str, ...], str, datetime, str]]:
        """Return what persons said that texts carry, decisions and second looks: text, emotions, who, when, tweet's id.

        The id is that of the file the tweet came with, "" where it had none.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._database.reading() as cursor:
            rows = cursor.execute(
                """
                SELECT text, emotions, said.actor, said.made_at, coalesce(tweet_id, '') FROM (
                    SELECT * FROM current_reviews WHERE kind IN ('confirm', 'correct')
                    UNION ALL SELECT * FROM standing_events WHERE kind = 'second'
                ) AS said JOIN predictions ON predictions.id = said.prediction_id
                WHERE emotions IS NOT NULL ORDER BY said.number
                """
            ).fetchall()
        return [
            (text, from_mask(emotions), actor, at.replace(tzinfo=UTC), tweet_id)
            for text, emotions, actor, at, tweet_id in rows
        ]


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
        raise GoneError(
            "This tweet is no longer in the store: it was too old to keep. Nothing was decided; go on with the next."
        )
    return _Read(from_mask(row[0]), *row[1:])


def _versions(event: ReviewEvent) -> tuple[str, str, str, str | None]:
    return event.model, event.model_version, event.threshold_version, event.rule_version


def _append(cursor: Any, read: _Read, reviewer: Reviewer, now: datetime, kind: Kind, /, **values: Any) -> None:
    row = {
        "note": "",
        **values,
        "kind": kind,
        "actor": reviewer.actor.name,
        "seat": reviewer.window,
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


def _held_by_other(standing: Standing, reviewer: Reviewer, now: datetime) -> bool:
    claim = standing.claim
    return bool(claim and claim.until and claim.seat != reviewer.window and holds(claim.until, now))


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
    if act.kind != "second" and _held_by_other(standing, act.reviewer, act.made_at) and standing.claim is not None:
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
