"""The use cases of reviewing: what waits for a person, one item in full, and what is decided of it."""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, get_args
from uuid import UUID

from core.access.actor import Reviewer
from core.errors import GoneError, InputError, ModelError
from core.explore.selection import Selection
from core.ids import batch_ids, new_id
from core.inference.classifier import Classifier
from core.predictions.masks import to_masks
from core.predictions.record import Feedback
from core.review.events import MAX_NOTE, Choice, Deed, ReviewEvent, Standing, Triage, check_emotions
from core.review.labelled_set import Decision, LabelledSet, resolve
from core.review.priority import Reason, reasons_of
from core.review.twins import twin_number
from core.store import Store
from core.store.explorer import Detail, ExplorerQueries
from core.store.review_queue import SECOND_LOOK, Queue, Queued, ReviewQueue
from core.store.reviews import Act, Reviews

__all__ = ["SECOND_LOOK", "Item", "Queue", "Queued", "ReviewDesk"]

AT_ONCE: Final = 10_000
"""Texts that the baseline reads between two writes."""
MOST_AT_ONCE: Final = 200
"""Items that are decided together at most: more than anybody has looked at."""


@dataclass(frozen=True, slots=True)
class Item:
    """One prediction with everything said about it, as a moderator sees it.

    Attributes:
        standing: what held when it was opened; a decision is refused if it holds no longer.
        mine: whether it is this reviewer's to decide for now; else `standing.claim` says whose it is.
        reasons: why it is worth a look.
        second: what the baseline read, None if it was not asked; `second_model` says which it was.
        twins: what was decided of texts of the same words.
    """

    detail: Detail
    standing: Standing
    mine: bool
    reasons: tuple[Reason, ...]
    score: float
    second: tuple[str, ...] | None
    second_model: str
    feedback: tuple[Feedback, ...]
    twins: tuple[Queued, ...]

    @property
    def id(self) -> UUID:
        """The prediction's id."""
        return self.detail.listed.id


class ReviewDesk:
    """One for the process, shared by all sessions. What a reviewer claims at one window is decided there alone."""

    def __init__(
        self,
        store: Store,
        baseline: Callable[[], Classifier],
        baseline_label: Callable[[], str],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store = store
        self._reviews = Reviews(store)
        self._queue = ReviewQueue(store)
        self._explorer = ExplorerQueries(store)
        self._baseline = baseline
        self._baseline_label = baseline_label
        self._now = now
        self._seen: tuple[int, ...] | None = None
        self._refreshing = threading.Lock()

    def refresh(self) -> bool:
        """Find out what is worth a look, if something has changed; return whether it had.

        Raises:
            StoreError: the store cannot be read or written.
        """
        with self._refreshing:
            signature = self._queue.signature()
            if signature == self._seen:
                return False
            self._queue.refresh()
            self._seen = signature
            return True

    @property
    def revision(self) -> int:
        """A number that changes whenever the store does."""
        return self._store.revision()

    def without_twin(self) -> int:
        """Return of how many stored texts it is not known which others are of the same words.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._queue.count_without_twin()

    def find_twins(
        self,
        on_rows: Callable[[int], None] = lambda rows: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> int:
        """Find out of all such texts which others are of the same words; return how many texts that were.

        Raises:
            StoreError: the store cannot be read or written.
        """
        done = 0
        while not cancelled():
            ids, texts = self._queue.without_twin(AT_ONCE)
            if not ids:
                break
            self._queue.set_twins(ids, [twin_number(text) for text in texts])
            done += len(ids)
            on_rows(done)
        return done

    def to_ask(self) -> int:
        """Return how many stored texts the baseline has not read; 0 where there is no baseline to ask.

        Raises:
            StoreError: the store cannot be read.
        """
        try:
            label = self._baseline_label()
        except ModelError:
            return 0
        return self._queue.count_without_second(label)

    def ask_baseline(
        self,
        on_rows: Callable[[int], None] = lambda rows: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> int:
        """Let the baseline read all stored texts that it has not read; return how many.

        Raises:
            ModelError: the baseline cannot be loaded.
            StoreError: the store cannot be read or written.
        """
        baseline, done = self._baseline(), 0
        while not cancelled():
            ids, texts = self._queue.without_second(baseline.info.label, AT_ONCE)
            if not ids:
                break
            decided = baseline.decide(baseline.read(texts))
            self._queue.set_second(ids, to_masks(decided), baseline.info.label)
            done += len(ids)
            on_rows(done)
        return done

    def counts(self, selection: Selection, reviewer: Reviewer) -> dict[str, int]:
        """Return how many items each queue holds within a selection.

        Raises:
            InputError: the selection names what does not exist.
            StoreError: the store cannot be read.
        """
        return self._queue.counts(selection, reviewer, self._now())

    def queue(
        self,
        queue: Queue,
        selection: Selection,
        reviewer: Reviewer,
        *,
        limit: int,
        offset: int = 0,
        without: Iterable[UUID] = (),
    ) -> list[Queued]:
        """Return some items of a queue, what matters most first; of what is decided, the latest first.

        Raises:
            InputError: the selection names what does not exist.
            StoreError: the store cannot be read.
        """
        return self._queue.queue(queue, selection, reviewer, self._now(), limit=limit, offset=offset, without=without)

    def open(self, prediction_id: UUID, reviewer: Reviewer) -> Item:
        """Return one item in full, and let this reviewer alone decide it for a while.

        Raises:
            GoneError: the prediction is not in the store (any more).
            StoreError: the store cannot be written.
        """
        now = self._now()
        standing, mine = self._reviews.add_claim(new_id(now), prediction_id, reviewer, now)
        detail = self._explorer.detail(prediction_id)
        if detail is None:
            raise GoneError("This tweet has just left the store: it was too old to keep. Go on with the next.")
        reasons, score, second, second_model = self._queue.item(prediction_id)
        why = reasons_of(reasons)
        twins = self._queue.twins(prediction_id) if any(one.name == "against a review" for one in why) else []
        return Item(
            detail,
            standing,
            mine,
            why,
            score,
            second,
            second_model,
            tuple(self._store.feedback(prediction_id)),
            tuple(twins),
        )

    def release(self, prediction_id: UUID, reviewer: Reviewer) -> None:
        """Give an item back that this reviewer had opened.

        Raises:
            StoreError: the store cannot be written.
        """
        now = self._now()
        self._reviews.release(new_id(now), prediction_id, reviewer, now)

    def new_act(self) -> UUID:
        """Return the id of an act that is about to be offered: doing it twice, as by a double click, does it once."""
        return new_id(self._now())

    def decide(
        self,
        item: Item,
        kind: Choice,
        reviewer: Reviewer,
        act: UUID,
        *,
        emotions: Sequence[str] | None = None,
        note: str = "",
    ) -> None:
        """Record a decision on an item.

        Args:
            act: the id of the act, see `new_act`.
            emotions: what the text carries; for `correct` alone.

        Raises:
            InputError: an emotion is named that does not exist, or a correction changes nothing.
            ReviewError: somebody was faster, or holds the item.
            GoneError: the prediction is not in the store (any more).
            StoreError: the store cannot be written.
        """
        asked = None
        if kind == "correct":
            asked = check_emotions(emotions or ())
            if set(asked) == set(item.detail.listed.labels):
                raise InputError("These are the emotions that the model gave. Confirm it, or choose others.")
        if kind == "dismiss" and not item.detail.flags:
            raise InputError("There is no flag to dismiss. Confirm, correct or skip it.")
        self._act(item, kind, reviewer, act, asked, note=note)

    def skip(self, item: Item, reviewer: Reviewer, act: UUID) -> None:
        """Put an item aside for this person: it waits in the queue “mine”.

        Raises:
            ReviewError, StoreError: as `decide`.
        """
        self._act(item, "skip", reviewer, act)

    def reopen(self, item: Item, reviewer: Reviewer, act: UUID, note: str = "") -> None:
        """Open an item again that was decided; the decision stays in its history.

        Raises:
            InputError: it is open.
            ReviewError, StoreError: as `decide`.
        """
        if item.standing.decision is None:
            raise InputError("This item is open already.")
        self._act(item, "reopen", reviewer, act, note=note)

    def look_again(self, item: Item, reviewer: Reviewer, act: UUID, emotions: Sequence[str]) -> None:
        """Record a second opinion, given without having seen the first.

        Raises:
            InputError: an emotion is named that does not exist, or it is that person's own decision.
            ReviewError, StoreError: as `decide`.
        """
        if item.standing.decision is not None and item.standing.decision.actor == reviewer.actor.name:
            raise InputError("You decided this one yourself: the second look is somebody else's.")
        self._act(item, "second", reviewer, act, check_emotions(emotions))

    def _act(
        self,
        item: Item,
        kind: Deed,
        reviewer: Reviewer,
        act: UUID,
        emotions: tuple[str, ...] | None = None,
        *,
        note: str = "",
    ) -> None:
        self._reviews.act(
            Act(
                id=act,
                prediction_id=item.id,
                made_at=self._now(),
                reviewer=reviewer,
                kind=kind,
                seen=item.standing.seen,
                emotions=emotions,
                note=note.strip()[:MAX_NOTE],
            )
        )

    def decide_many(self, ids: Sequence[UUID], kind: Triage, reviewer: Reviewer, note: str = "") -> list[UUID]:
        """Record the same decision on many open items, all or nothing; return the ids of what was recorded.

        Items that somebody decided or holds meanwhile are left out.

        Raises:
            InputError: there are none, too many, or it is a decision that needs a look at each.
            StoreError: the store cannot be written.
        """
        if kind not in get_args(Triage):
            raise InputError("Many items at once can be confirmed, dismissed or escalated. Correct them one by one.")
        if not 1 <= len(ids) <= MOST_AT_ONCE:
            raise InputError(f"Choose 1 to {MOST_AT_ONCE:,} items; these are {len(ids):,}.")
        now = self._now()
        return self._reviews.act_on_many(
            [
                Act(act, item, now, reviewer, kind, 0, None, note.strip()[:MAX_NOTE])
                for act, item in zip(batch_ids(now, 0, len(ids)), ids, strict=True)
            ]
        )

    def undo(self, acts: Sequence[UUID], reviewer: Reviewer) -> list[UUID]:
        """Take back acts of this reviewer, all of them or none; return the predictions.

        Raises:
            ReviewError: one was taken back already, is not this reviewer's, or somebody decided since.
            StoreError: the store cannot be written.
        """
        now = self._now()
        return self._reviews.undo(dict(zip(acts, batch_ids(now, 0, len(acts)), strict=True)), reviewer, now)

    def history(self, prediction_id: UUID) -> list[ReviewEvent]:
        """Return all that was done with an item, oldest first.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._reviews.history(prediction_id)

    def labelled(self) -> LabelledSet:
        """Return the labelled set that the decisions make, conflicts resolved.

        Raises:
            StoreError: the store cannot be read.
        """
        return resolve([Decision(*row) for row in self._reviews.labelled()])
