"""Thumbs: what testers say of a prediction."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from core.access.actor import Actor
from core.clock import utc_now
from core.emotions import LABELS
from core.errors import InputError
from core.ids import new_id
from core.predictions.record import Feedback, Verdict
from core.store import Store

MAX_COMMENT: Final = 2_000
"""Characters of a comment that are kept."""


class FeedbackBook:
    """Thumbs on stored predictions. What people say is appended; the last word of each person holds."""

    def __init__(self, store: Callable[[], Store], now: Callable[[], datetime] = utc_now) -> None:
        self._store = store
        self._now = now

    def give(
        self,
        prediction_id: UUID,
        verdict: Verdict,
        actor: Actor,
        suggested: Sequence[str] = (),
        comment: str = "",
    ) -> None:
        """Append what `actor` says of a stored prediction; the last word of each actor holds.

        Raises:
            InputError: an emotion is named that does not exist, or one is suggested with a thumb up.
            StoreError: the prediction is not in the store, or the store cannot be written.
        """
        unknown = [label for label in suggested if label not in LABELS]
        if unknown:
            raise InputError(f"No emotion named {unknown[0]!r}. Choose among the 28 labels.")
        if suggested and verdict != "down":
            raise InputError(
                "A correction belongs to a thumb down. Give a thumb down, then say what it should have been."
            )
        now = self._now()
        self._store().add_feedback(
            Feedback(
                id=new_id(now),
                prediction_id=prediction_id,
                made_at=now,
                actor=actor.name,
                verdict=verdict,
                suggested=tuple(suggested),
                comment=comment.strip()[:MAX_COMMENT],
            )
        )

    def current(self, prediction_id: UUID, actor: Actor) -> Feedback | None:
        """Return what `actor` says of a prediction now, None if nothing."""
        said = [event for event in self._store().feedback(prediction_id) if event.actor == actor.name]
        return said[-1] if said else None

    def history(self, prediction_id: UUID) -> list[Feedback]:
        """Return all that was ever said of a prediction, oldest first, what was taken back included.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store().feedback(prediction_id, current=False)
