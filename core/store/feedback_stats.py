"""Feedback, counted: thumbs, corrections, comments, and what reviewers decided after them.

A thumb that was taken back does not count, and of a person who changed their mind, the last word does. What concerns
predictions that are no longer stored is left out, save in `mine`: whether a selection holds them is not known.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.explore.selection import Selection
from core.predictions.masks import from_mask
from core.predictions.record import Verdict
from core.review.events import Choice
from core.store.conditions import condition
from core.store.database import Database
from core.store.predictions import filled, rows_by_id

# The same rows as the view `current_feedback`, in half the time: nothing is sorted.
_CURRENT: Final = """
    SELECT * FROM feedback_events WHERE verdict <> 'retracted'
        AND number IN (SELECT max(number) FROM feedback_events GROUP BY prediction_id, actor)
"""
# For each thumb that holds, when its person first gave one: a later correction of it is no new thumb, one that was
# given after a retraction is.
_FIRST: Final = """
    SELECT event.prediction_id, event.actor, min(event.number) AS number, min(event.made_at) AS made_at,
        arg_max(event.verdict, event.number) AS verdict, arg_max(event.suggested, event.number) AS suggested
    FROM feedback_events AS event LEFT JOIN (
        SELECT prediction_id, actor, max(number) AS number FROM feedback_events
        WHERE verdict = 'retracted' GROUP BY ALL
    ) AS taken_back ON taken_back.prediction_id = event.prediction_id AND taken_back.actor = event.actor
    WHERE event.number > coalesce(taken_back.number, 0) AND {whose} GROUP BY event.prediction_id, event.actor
"""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment beside a thumb.

    Attributes:
        labels: the emotions that the model gave the text.
        verdict: `up` or `down`.
        suggested: the emotions it should have been, empty if none were named.
    """

    prediction_id: UUID
    made_at: datetime
    actor: str
    verdict: Verdict
    suggested: tuple[str, ...]
    comment: str
    text: str
    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Effect:
    """What came of thumbs, counted in predictions that have one.

    Attributes:
        ups, downs: predictions whose thumbs are all up, and those with at least one down.
        decided: columns thumb (`up` or `down`, as above), kind (of the decision that holds), n: those that are decided.
        after: predictions of `decided` whose decision was made after the first thumb.
        quartiles: the 25 %, 50 % and 75 % points of how long those decisions took since the first thumb; None
            where there are none.
    """

    ups: int
    downs: int
    decided: pd.DataFrame
    after: int
    quartiles: tuple[timedelta, timedelta, timedelta] | None

    @property
    def n(self) -> int:
        """Predictions with a thumb."""
        return self.ups + self.downs

    @property
    def n_decided(self) -> int:
        """Of these, how many are decided."""
        return int(self.decided["n"].sum())


@dataclass(frozen=True, slots=True)
class Answer:
    """What was decided after a person's thumb.

    Attributes:
        text, labels: of the prediction; empty where it is no longer stored.
        kind: the decision that holds: confirm, correct, dismiss or escalate.
        emotions: what the text carries by it; None where it says nothing of that.
    """

    prediction_id: UUID
    text: str
    labels: tuple[str, ...]
    verdict: Verdict
    suggested: tuple[str, ...]
    given_at: datetime
    kind: Choice
    emotions: tuple[str, ...] | None
    decided_by: str
    decided_at: datetime


@dataclass(frozen=True, slots=True)
class Mine:
    """What came of one person's thumbs.

    Attributes:
        thumbs: those that hold.
        reviewed: of these, how many were followed by a decision.
        answers: the newest of those decisions, newest first.
    """

    thumbs: int
    reviewed: int
    answers: tuple[Answer, ...]


class FeedbackStats:
    """Counts of feedback. Everything is read; nothing is ever written here.

    Every method raises `InputError` for a selection that names what does not exist, and `StoreError` where the store
    cannot be read or takes too long.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def thumbs(self, selection: Selection, bucket: timedelta) -> pd.DataFrame:
        """Count thumbs by what they are of; weeks begin on Mondays.

        Satisfaction over time, by emotion, by model and by source all follow from it, and to join thumbs to predictions
        once costs a quarter of doing so for each.

        Returns:
            columns bucket (datetime64, when the text was posted, NaT where that is not known), labels (uint32, bit j
            says that emotion j is in the set), model, model_version, source, ups and downs; only what occurs,
            buckets ascending.
        """
        where = condition(selection)
        return self._frame(
            f"""
            SELECT time_bucket($bucket, moment, TIMESTAMP '2001-01-01') AS bucket, labels, model, model_version, source,
                count(*) FILTER (verdict = 'up') AS ups, count(*) FILTER (verdict = 'down') AS downs
            FROM (SELECT id, moment, labels, model, model_version, source FROM predictions WHERE {where.sql}) AS read
            JOIN ({_CURRENT}) AS said ON said.prediction_id = read.id
            GROUP BY ALL ORDER BY bucket
            """,
            where.values | {"bucket": bucket},
        )

    def corrections(self, selection: Selection) -> pd.DataFrame:
        """Count thumbs down that say what it should have been, by what the model said and what people say.

        Returns:
            columns labels and suggested (uint32, bit j says that emotion j is in the set), n; only what occurs.
        """
        where = condition(selection)
        return self._frame(
            f"""
            SELECT labels, suggested, count(*) AS n
            FROM (SELECT id, labels FROM predictions WHERE {where.sql}) AS read
            JOIN ({_CURRENT} AND verdict = 'down' AND suggested <> 0) AS said ON said.prediction_id = read.id
            GROUP BY ALL
            """,
            where.values,
        )

    def count_comments(self, selection: Selection) -> int:
        """Return how many comments hold."""
        where = condition(selection)
        with self._database.reading() as cursor:
            row = cursor.execute(
                f"""
                SELECT count(*) FROM (SELECT id FROM predictions WHERE {where.sql}) AS read
                JOIN ({_CURRENT} AND comment <> '') AS said ON said.prediction_id = read.id
                """,
                where.values,
            ).fetchone()
        return int(row[0])

    def comments(self, selection: Selection, limit: int, offset: int = 0) -> list[Comment]:
        """Return some of the comments that hold, newest first."""
        where = condition(selection)
        # Texts are read for the rows of the page alone.
        with self._database.reading() as cursor:
            found = cursor.execute(
                f"""
                SELECT prediction_id, made_at, actor, verdict, suggested, comment
                FROM (SELECT id FROM predictions WHERE {where.sql}) AS read
                JOIN ({_CURRENT} AND comment <> '') AS said ON said.prediction_id = read.id
                ORDER BY number DESC LIMIT $limit OFFSET $offset
                """,
                where.values | {"limit": limit, "offset": offset},
            ).fetchall()
            read = _texts_of(cursor, [row[0] for row in found])
        return [
            Comment(item, at.replace(tzinfo=UTC), actor, verdict, from_mask(suggested), comment, *read[item])
            for item, at, actor, verdict, suggested, comment in found
            if item in read
        ]

    def effect(self, selection: Selection) -> Effect:
        """Return how many thumbs led to a decision, which, and how fast."""
        where = condition(selection)
        with self._database.reading() as cursor:
            rows = cursor.execute(
                f"""
                WITH thumbed AS (
                    SELECT prediction_id, min(number) AS number, min(made_at) AS made_at,
                        bool_or(verdict = 'down') AS down
                    FROM ({_FIRST.format(whose="TRUE")}) GROUP BY prediction_id
                ), followed AS (
                    SELECT down, kind, decided.number > thumbed.number AS after,
                        -- A clock may go backwards; the number says what came first.
                        greatest(0, epoch(decided.made_at) - epoch(thumbed.made_at)) AS seconds
                    FROM thumbed LEFT JOIN current_reviews AS decided
                        ON decided.prediction_id = thumbed.prediction_id
                    WHERE thumbed.prediction_id IN (SELECT id FROM predictions WHERE {where.sql})
                )
                SELECT down, kind, count(*), count(*) FILTER (after),
                    quantile_cont(seconds, [0.25, 0.5, 0.75]) FILTER (after)
                FROM followed GROUP BY GROUPING SETS ((down, kind), ())
                """,
                where.values,
            ).fetchall()
        after, quartiles = next(row[3:] for row in rows if row[0] is None)
        decided = sorted(("down" if down else "up", kind, n) for down, kind, n, *_ in rows if kind is not None)
        return Effect(
            ups=sum(row[2] for row in rows if row[0] is False),
            downs=sum(row[2] for row in rows if row[0] is True),
            decided=pd.DataFrame(decided, columns=["thumb", "kind", "n"]),
            after=int(after),
            quartiles=_quartiles(quartiles) if after else None,
        )

    def second_looks(self, selection: Selection) -> tuple[NDArray[np.uint32], NDArray[np.uint32]]:
        """Return what two persons said of the same texts, the second without having seen what the first had said.

        The first is the decision that held when the second looked: what was decided later may heed both. Of a text
        that was looked at again more than once, the first such look counts.

        Returns:
            uint32 [n] each, bit j says that emotion j is in the set; texts in the order of the second looks.
        """
        where = condition(selection)
        frame = self._frame(
            f"""
            WITH looks AS (
                SELECT * FROM standing_events WHERE kind = 'second' AND emotions IS NOT NULL
                    AND prediction_id IN (SELECT id FROM predictions WHERE {where.sql})
            ), paired AS (
                SELECT looks.prediction_id, looks.number, looks.actor, looks.emotions AS second,
                    max_by(earlier.kind, earlier.number) AS kind, max_by(earlier.actor, earlier.number) AS decided_by,
                    max_by(earlier.emotions, earlier.number) AS first
                FROM looks JOIN standing_events AS earlier
                    ON earlier.prediction_id = looks.prediction_id AND earlier.number < looks.number
                WHERE earlier.kind IN ('confirm', 'correct', 'dismiss', 'escalate', 'reopen')
                GROUP BY looks.prediction_id, looks.number, looks.actor, looks.emotions
            )
            SELECT first, second FROM paired
            WHERE kind IN ('confirm', 'correct') AND decided_by <> actor AND first IS NOT NULL
            QUALIFY row_number() OVER (PARTITION BY prediction_id ORDER BY number) = 1
            ORDER BY number
            """,
            where.values,
        )
        return frame["first"].to_numpy(np.uint32), frame["second"].to_numpy(np.uint32)

    def mine(self, actor: str, limit: int = 20) -> Mine:
        """Return what came of one person's thumbs, whichever tweets they are of.

        Args:
            limit: how many answers are named, at least 1.
        """
        first = _FIRST.format(whose="event.actor = $actor")
        with self._database.reading() as cursor:
            given = cursor.execute(f"SELECT count(*) FROM ({first})", {"actor": actor}).fetchone()[0]
            rows = cursor.execute(
                f"""
                SELECT given.prediction_id, given.verdict, given.suggested, given.made_at, decided.kind,
                    decided.emotions, decided.actor, decided.made_at, count(*) OVER () AS reviewed
                FROM ({first}) AS given JOIN current_reviews AS decided
                    ON decided.prediction_id = given.prediction_id AND decided.number > given.number
                ORDER BY decided.number DESC LIMIT $limit
                """,
                {"actor": actor, "limit": limit},
            ).fetchall()
            known = _texts_of(cursor, [row[0] for row in rows])
        return Mine(
            int(given),
            int(rows[0][-1]) if rows else 0,
            tuple(_answer(row, *known.get(row[0], ("", ()))) for row in rows),
        )

    def _frame(self, sql: str, values: dict[str, Any]) -> pd.DataFrame:
        with self._database.reading() as cursor:
            columns = cursor.execute(sql, values).fetchnumpy()
        return pd.DataFrame({name: filled(column) for name, column in columns.items()})


def _texts_of(cursor: Any, ids: Sequence[UUID]) -> dict[UUID, tuple[str, tuple[str, ...]]]:
    """Return the text and the emotions of each prediction that is still stored."""
    return {own: (text, from_mask(labels)) for own, (text, labels) in rows_by_id(cursor, "text, labels", ids).items()}


def _quartiles(seconds: list[float]) -> tuple[timedelta, timedelta, timedelta]:
    first, median, third = (timedelta(seconds=one) for one in seconds)
    return first, median, third


def _answer(row: tuple[Any, ...], text: str, labels: tuple[str, ...]) -> Answer:
    item, verdict, suggested, given_at, kind, emotions, decided_by, decided_at, _ = row
    return Answer(
        prediction_id=item,
        text=text,
        labels=labels,
        verdict=verdict,
        suggested=from_mask(suggested),
        given_at=given_at.replace(tzinfo=UTC),
        kind=kind,
        emotions=None if emotions is None else from_mask(emotions),
        decided_by=decided_by,
        decided_at=decided_at.replace(tzinfo=UTC),
    )
