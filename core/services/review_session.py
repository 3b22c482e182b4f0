"""What one reviewer works through at one window: an item on the desk, the line behind it, and what can be undone."""

from collections import deque
from collections.abc import Callable, Collection, Hashable, Sequence
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

from core.access.actor import Reviewer
from core.errors import GoneError, ReviewError
from core.explore.selection import Selection
from core.review.events import Deed, Triage
from core.services.review_desk import Item, Queue, ReviewDesk

AHEAD: Final = 50
"""Items that are known ahead: the next is already there."""
MAX_UNDO: Final = 50
"""Steps that can be taken back."""

_OPEN: Final[frozenset[Queue]] = frozenset({"all", "flagged", "feedback", "uncertain"})
"""Queues that follow from reasons: they are found out again before a new line is fetched."""


@dataclass(frozen=True, slots=True)
class News:
    """What was done last: said once.

    Attributes:
        count: of how many items.
    """

    kind: Deed | Literal["undo"]
    count: int = 1


@dataclass(frozen=True, slots=True)
class _Step:
    """What an undo takes back: the acts, the item they began with, and how many of them were decisions."""

    acts: list[UUID]
    item_id: UUID
    decided: int


class ReviewSession:
    """One for a window. It lives in one session of the app, which runs one thing at a time.

    Attributes:
        item: what is on the desk, None where nothing is.
        act: the id of whatever is decided of it next, so that it is decided once.
        chosen: the emotions that a correction would give it.
        decided: items decided at this window, less those taken back.
        lost: items of the line that others have decided or hold.
    """

    def __init__(self, desk: Callable[[], ReviewDesk]) -> None:
        """Begin with an empty desk.

        Args:
            desk: asked each time: the store may have been opened again meanwhile.
        """
        self.item: Item | None = None
        self.act: UUID | None = None
        self.chosen: set[str] = set()
        self.decided = 0
        self.lost = 0
        self._desk = desk
        self._asked: Hashable = None
        self._queue: Queue = "all"
        self._selection = Selection()
        self._reviewer: Reviewer | None = None
        self._line: deque[UUID] = deque()
        self._passed: set[UUID] = set()
        self._steps: list[_Step] = []
        self._news: News | None = None

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self._steps)

    def take_news(self) -> News | None:
        """Return what was done last, the first time that it is asked for."""
        news, self._news = self._news, None
        return news

    def work_through(self, queue: Queue, selection: Selection, reviewer: Reviewer, asked: Hashable = None) -> None:
        """Work through a queue; where another one is asked for, give back what is on the desk and begin a new line.

        Args:
            asked: what tells this selection from another; by default the selection itself. A period such as the last
                week is another one with each minute, and yet what was asked for.

        Raises:
            StoreError: the store cannot be written.
        """
        wanted = (queue, selection if asked is None else asked, reviewer)
        if wanted != self._asked:
            self._give_back()
            self._line.clear()
            self._passed.clear()
            self.lost = 0
        self._asked, self._queue, self._selection, self._reviewer = wanted, queue, selection, reviewer

    def take(self, prediction_id: UUID) -> None:
        """Put one item on the desk, whatever its queue.

        Raises:
            GoneError: it is not in the store (any more).
            StoreError: the store cannot be written.
        """
        self._put(self._desk().open(prediction_id, self._who))

    def take_next(self) -> None:
        """Put the next item on the desk that nobody else has decided or holds; none where the queue is through.

        Raises:
            InputError: the selection names what does not exist.
            StoreError: the store cannot be read or written; the line stays as it is.
        """
        desk = self._desk()
        while self._line or self._fetch(desk):
            item_id = self._line[0]
            try:
                item = desk.open(item_id, self._who)
            except GoneError:
                item = None  # retention was faster
            self._line.popleft()
            self._passed.add(item_id)
            if item is None:
                continue
            if item.mine and not (item.standing.decision is not None and self._queue in {*_OPEN, "mine"}):
                self._put(item)
                return
            self.lost += 1

    def toggle(self, label: str) -> None:
        """Choose an emotion for a correction, or let it go."""
        self.chosen ^= {label}

    def do(self, act: UUID, deed: Deed, *, emotions: Sequence[str] = (), note: str = "") -> None:
        """Record a decision on what is on the desk, and clear it; a second time, as by a bounced key, does nothing.

        Args:
            act: the id under which the decision was offered.
            deed: in the queue of second looks, `confirm` and `correct` say what this reviewer reads.
            emotions: what a correction gives it.

        Raises:
            InputError: the decision cannot be; the item stays.
            ReviewError: somebody was faster, or holds the item: it leaves the desk.
            GoneError: it is not in the store (any more): it leaves the desk.
            StoreError: the store cannot be written; the item stays.
        """
        item = self.item
        if item is None or act != self.act:
            return
        if deed == "skip" and (item.standing.decision is not None or not item.mine):
            self._clear()  # nothing to put aside: only looked at
            return
        try:
            deed = self._record(item, act, deed, emotions, note)
        except (ReviewError, GoneError):
            self.lost += 1
            self._clear()
            raise
        self._remember(_Step([act], item.id, int(deed not in {"skip", "reopen"})))
        self._news = News(deed)
        self._clear()
        if deed == "reopen":
            self.take(item.id)

    def do_many(self, ids: Sequence[UUID], deed: Triage, reviewer: Reviewer, note: str = "") -> int:
        """Record the same decision on many items of a list; return on how many it was recorded.

        Raises:
            InputError: there are none, or too many.
            StoreError: the store cannot be written; nothing was recorded.
        """
        acts = self._desk().decide_many(ids, deed, reviewer, note)
        if acts:
            self._remember(_Step(acts, ids[0], len(acts)))
            self._passed |= set(ids)
            self._line.clear()
            if self.item is not None and self.item.id in ids:
                self._clear()
        return len(acts)

    def undo(self) -> None:
        """Take the last step back; where it was of one item, put that on the desk again.

        Raises:
            ReviewError: it was taken back already, or somebody decided since: the step is no longer offered.
            StoreError: the store cannot be written; the step stays.
        """
        if not self._steps:
            return
        step = self._steps[-1]
        try:
            self._desk().undo(step.acts, self._who)
        except ReviewError:
            self._steps.pop()
            raise
        self._steps.pop()
        self.decided -= step.decided
        self._news = News("undo", len(step.acts))
        if self.item is not None:
            self._line.appendleft(self.item.id)
            self._give_back()
        if len(step.acts) == 1:
            self.take(step.item_id)

    @property
    def _who(self) -> Reviewer:
        if self._reviewer is None:
            raise RuntimeError("work_through says who reviews, and comes first")
        return self._reviewer

    def _fetch(self, desk: ReviewDesk) -> Collection[UUID]:
        """Refill the line; return it."""
        if self._queue in _OPEN:
            desk.refresh()
        found = desk.queue(self._queue, self._selection, self._who, limit=AHEAD, without=self._passed)
        self._line.extend(one.id for one in found)
        return self._line

    def _put(self, item: Item) -> None:
        decision = item.standing.decision
        self.item, self.act = item, self._desk().new_act()
        self.chosen = set(
            decision.emotions if decision and decision.emotions is not None else item.detail.listed.labels
        )
        self._passed.add(item.id)

    def _record(self, item: Item, act: UUID, deed: Deed, emotions: Sequence[str], note: str) -> Deed:
        """Record it; return what it was."""
        desk, who = self._desk(), self._who
        if deed == "skip":
            desk.skip(item, who, act)
        elif deed == "reopen":
            desk.reopen(item, who, act, note)
        elif deed == "second" or self._queue == "second":
            desk.look_again(item, who, act, item.detail.listed.labels if deed == "confirm" else emotions)
            return "second"
        else:
            desk.decide(item, deed, who, act, emotions=emotions, note=note)
        return deed

    def _remember(self, step: _Step) -> None:
        self._steps = [*self._steps, step][-MAX_UNDO:]
        self.decided += step.decided

    def _give_back(self) -> None:
        if self.item is not None and self._reviewer is not None:
            self._desk().release(self.item.id, self._reviewer)
        self._clear()

    def _clear(self) -> None:
        self.item = self.act = None
