"""Feedback on predictions: events that are appended, and what holds of them now."""

from datetime import UTC
from uuid import UUID

from core.errors import StoreError
from core.predictions.masks import from_mask, to_mask
from core.predictions.record import Feedback
from core.store.conditions import utc
from core.store.database import Database
from core.text import encodable


class FeedbackLog(Database):
    """The feedback in one open DuckDB file."""

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
