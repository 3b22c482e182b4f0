"""The log of feedback, retractions included, streamed into a file of any size."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from core.explore.selection import Selection
from core.predictions.columns import ORIGIN
from core.store.conditions import condition
from core.store.database import Database
from core.store.export import label_names, origin, stamp, text_cell, write

LOG_NAME: Final = "feedback_log_emotions"
"""What the file is called, before its suffix."""

_TEXTS: Final = (
    *ORIGIN,
    "actor",
    "verdict",
    "text",
    "emotions",
    "suggested",
    "comment",
    "decision",
    "decided_emotions",
    "decided_by",
    "decision_note",
    "model",
    "model_version",
    "source",
)


def export_feedback(
    database: Database,
    selection: Selection | None,
    target: Path,
    cancelled: Callable[[], bool] = lambda: False,
    *,
    overwrite: bool = False,
) -> int:
    """Write the log of feedback, one row for each event in the order in which they came; return how many there are.

    A row holds the event (when, who, `up`, `down` or `retracted`, the suggestion, the comment), whether it holds (it is
    no retraction, and its person has not said anything of that text since), what it is of (what leads back to the
    tweet, its text, the model's emotions, model, version, source), and the decision that holds of that prediction now,
    if there is one: its kind, the emotions that the text carries by it (of what confirms or corrects), by whom, when,
    and the note. Sets of emotions have `|` between their names. Of a prediction that is no longer stored, the text and
    the rest are empty.

    Args:
        selection: what the events are of; None writes all of them. What concerns predictions that are no longer stored
            is in the whole log alone: whether a selection held them is not known.
        target, cancelled, overwrite: as `core.store.export` has them, formulas in CSV included.

    Raises:
        InputError, StoreError: as `core.store.export` has it.
    """
    where = condition(selection or Selection())
    joined = f"{'LEFT ' if selection is None else ''}JOIN (SELECT * FROM predictions WHERE {where.sql}) AS read"
    return write(
        database,
        lambda suffix: _rows(suffix, joined),
        where.values,
        target,
        texts=_TEXTS,
        cancelled=cancelled,
        overwrite=overwrite,
    )


def _rows(suffix: str, joined: str) -> str:
    def text(expression: str, name: str) -> str:
        return text_cell(suffix, f"coalesce({expression}, '')", name)

    return f"""
        SELECT said.id::VARCHAR AS event_id, said.prediction_id::VARCHAR AS prediction_id,
            {stamp("said.made_at")} AS made_at, {text("said.actor", "actor")}, verdict,
            verdict <> 'retracted' AND said.number IN
                (SELECT max(number) FROM feedback_events GROUP BY prediction_id, actor) AS holds,
            {origin(suffix, "read.")}, {text("read.text", "text")}, {label_names("read.labels")} AS emotions,
            {label_names("suggested")} AS suggested, {text("comment", "comment")},
            coalesce(decided.kind, '') AS decision, {label_names("decided.emotions")} AS decided_emotions,
            {text("decided.actor", "decided_by")}, {stamp("decided.made_at")} AS decided_at,
            {text("decided.note", "decision_note")},
            {text("read.model", "model")}, {text("read.model_version", "model_version")},
            {text("read.source", "source")}
        FROM feedback_events AS said
        {joined} ON read.id = said.prediction_id
        LEFT JOIN current_reviews AS decided ON decided.prediction_id = said.prediction_id
        ORDER BY said.number
    """
