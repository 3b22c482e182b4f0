"""What moderators do, as events that are only ever added, and what holds after any sequence of them.

The store's views say the same in SQL; a test replays any sequence of events by both and compares.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, TypeGuard, get_args
from uuid import UUID

from core.emotions import LABELS
from core.errors import InputError

Kind = Literal["claim", "release", "confirm", "correct", "dismiss", "escalate", "skip", "reopen", "second", "undo"]
Choice = Literal["confirm", "correct", "dismiss", "escalate"]
Triage = Literal["confirm", "dismiss", "escalate"]
"""What can be decided of many at once: it needs no look at each."""
Deed = Literal["confirm", "correct", "dismiss", "escalate", "skip", "reopen", "second"]
"""What a person does with one item; the other kinds follow from showing it and from taking back."""
Status = Literal["open", "confirm", "correct", "dismiss", "escalate"]

CHOICES: Final[tuple[Choice, ...]] = get_args(Choice)
CLAIM: Final = timedelta(minutes=5)
"""How long an item stays with whoever looks at it."""
MAX_NOTE: Final = 2_000
"""Characters of a note that are kept."""
UNDOABLE: Final[tuple[Deed, ...]] = get_args(Deed)
"""What can be taken back."""


@dataclass(frozen=True, slots=True)
class ReviewEvent:
    """One thing that one person did with one prediction.

    Attributes:
        number: its place among all events; what came first is told by it, and not by a clock that may go backwards.
        seat: the window in which it was done: one person may have two.
        emotions: what the text carries, by who decided; None where nothing was said of that.
        before: the emotions that the model gave.
        undoes: the event that an `undo` takes back.
        until: when a `claim` ends.
    """

    number: int
    id: UUID
    prediction_id: UUID
    made_at: datetime
    actor: str
    seat: str
    kind: Kind
    emotions: tuple[str, ...] | None
    before: tuple[str, ...]
    note: str
    undoes: UUID | None
    until: datetime | None
    model: str
    model_version: str
    threshold_version: str
    rule_version: str | None


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds of one prediction.

    Attributes:
        decision: the decision that holds, None where the item is open.
        claim: the last claim that nothing ended; whether it has run out is for `holds` to say.
        skipped: who put it aside.
        seen: the number of the last event that changed the decision; 0 where none did.
    """

    decision: ReviewEvent | None = None
    claim: ReviewEvent | None = None
    skipped: frozenset[str] = field(default_factory=frozenset)
    seen: int = 0

    @property
    def status(self) -> Status:
        """`open`, or the kind of the decision that holds."""
        return self.decision.kind if self.decision and is_choice(self.decision.kind) else "open"


def is_choice(kind: Kind) -> TypeGuard[Choice]:
    """Tell whether an event of this kind decides an item."""
    return kind in CHOICES


def holds(until: datetime, now: datetime) -> bool:
    """Tell whether a claim still holds; one that ends later than any can is of a clock that went backwards since."""
    return timedelta() < until - now <= CLAIM


def replay(events: Iterable[ReviewEvent]) -> dict[UUID, Standing]:
    """Return what holds of each prediction after some events, in the order of their numbers."""
    ordered = sorted(events, key=lambda event: event.number)
    undone = {event.undoes for event in ordered if event.kind == "undo"}
    decisions: dict[UUID, ReviewEvent | None] = {}
    claims: dict[UUID, ReviewEvent | None] = {}
    skipped: dict[UUID, set[str]] = {}
    seen: dict[UUID, int] = {}
    for event in ordered:
        own = event.prediction_id
        if event.kind in (*CHOICES, "reopen", "undo"):
            seen[own] = event.number
        if event.kind not in ("undo", "second"):
            # Whatever is done with an item ends the claim on it, also if it is taken back later.
            claims[own] = event if event.kind == "claim" else None
        if event.id in undone:
            continue
        if event.kind in (*CHOICES, "reopen"):
            decisions[own] = event if event.kind != "reopen" else None
        elif event.kind == "skip":
            skipped.setdefault(own, set()).add(event.actor)
    return {
        own: Standing(decisions.get(own), claims.get(own), frozenset(skipped.get(own, ())), seen.get(own, 0))
        for own in dict.fromkeys(event.prediction_id for event in ordered)
    }


def check_emotions(emotions: Iterable[str]) -> tuple[str, ...]:
    """Return emotions in the order of the 28, each once.

    Raises:
        InputError: one is named that does not exist.
    """
    asked = set(emotions)
    if unknown := sorted(asked - set(LABELS)):
        raise InputError(f"No emotion named {unknown[0]!r}. Choose among the 28 labels.")
    return tuple(label for label in LABELS if label in asked)
