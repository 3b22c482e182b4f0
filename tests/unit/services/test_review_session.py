"""A review session without a screen: what comes next, what is decided, what is taken back, and what goes wrong."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from core.access.actor import Actor, Reviewer
from core.errors import GoneError, InputError, ReviewError, StoreError
from core.explore.selection import Selection
from core.review.events import CLAIM, Deed
from core.services.review_desk import Item, Queue, ReviewDesk
from core.services.review_session import News, ReviewSession
from tests.unit.services.test_review_desk import NOON, URGENT, Desk, tweet

ANA, BO = Reviewer(Actor("ana"), "w1"), Reviewer(Actor("bo"), "w2")
ALL = Selection()


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """Four tweets with an urgent flag: the newest comes first, they end with the fourth."""
    return Desk(tmp_path / "a.duckdb", *(tweet(f"number {place}", "anger", flags=(URGENT,)) for place in (4, 3, 2, 1)))


def session(desk: Desk, reviewer: Reviewer = ANA, queue: Queue = "all") -> ReviewSession:
    made = ReviewSession(lambda: desk.reviewing)
    made.work_through(queue, ALL, reviewer)
    made.take_next()
    return made


def text(of: ReviewSession) -> str:
    assert of.item is not None
    return of.item.detail.listed.text


def do(of: ReviewSession, deed: Deed, *emotions: str) -> None:
    assert of.act is not None
    of.do(of.act, deed, emotions=emotions)


def kinds(desk: Desk, item: UUID) -> list[str]:
    return [event.kind for event in desk.reviewing.history(item) if event.kind not in {"claim", "release"}]


def test_one_item_after_the_other_until_none_is_left(desk: Desk) -> None:
    ana = session(desk)
    seen = []
    for deed in ("confirm", "dismiss", "escalate", "skip"):
        seen.append(text(ana))
        do(ana, deed)
        assert ana.item is None, "decided: it has left the desk"
        ana.take_next()
    assert seen == ["number 1", "number 2", "number 3", "number 4"]
    assert ana.item is None
    assert ana.decided == 3, "to put aside is no decision"


def test_what_was_done_is_said_once(desk: Desk) -> None:
    ana = session(desk)
    assert ana.take_news() is None
    do(ana, "confirm")
    assert (ana.take_news(), ana.take_news()) == (News("confirm"), None)
    ana.undo()
    assert (ana.take_news(), ana.take_news()) == (News("undo"), None)


def test_a_bounced_key_decides_one_item_and_not_the_next(desk: Desk) -> None:
    ana = session(desk)
    act = ana.act
    assert act is not None
    ana.do(act, "confirm")
    ana.do(act, "confirm")
    ana.take_next()
    ana.do(act, "confirm")
    assert text(ana) == "number 2"
    assert ana.decided == 1


def test_a_correction_that_changes_nothing_leaves_the_item_where_it_is(desk: Desk) -> None:
    ana = session(desk)
    with pytest.raises(InputError, match="that the model gave"):
        do(ana, "correct", "anger")
    assert (text(ana), ana.can_undo) == ("number 1", False)
    ana.toggle("anger")
    ana.toggle("joy")
    do(ana, "correct", *ana.chosen)
    assert desk.reviewing.labelled().rows[0].labels == ("joy",)


def test_undo_is_exact_and_the_latest_comes_back_first(desk: Desk) -> None:
    ana = session(desk)
    for deed in ("confirm", "skip"):
        do(ana, deed)
        ana.take_next()
    ana.undo()
    assert (text(ana), ana.decided) == ("number 2", 1)
    ana.undo()
    assert (text(ana), ana.decided, ana.can_undo) == ("number 1", 0, False)
    ana.undo()
    assert text(ana) == "number 1", "there was nothing left to take back"
    assert desk.queue("all", BO) != []


def test_what_was_on_the_desk_comes_next_after_an_undo(desk: Desk) -> None:
    ana = session(desk)
    do(ana, "confirm")
    ana.take_next()
    ana.undo()
    do(ana, "dismiss")
    ana.take_next()
    assert text(ana) == "number 2"


def test_somebody_else_was_faster(desk: Desk) -> None:
    ana = session(desk)
    assert ana.item is not None
    item = ana.item.id
    desk.clock.now = NOON + CLAIM + timedelta(seconds=1)
    bo = session(desk, BO)
    assert text(bo) == "number 1", "her claim has run out"
    do(bo, "escalate")
    with pytest.raises(ReviewError, match="bo escalated it"):
        do(ana, "confirm")
    assert (ana.item, ana.decided, ana.lost, ana.can_undo) == (None, 0, 1, False)
    assert kinds(desk, item) == ["escalate"]
    ana.take_next()
    assert text(ana) == "number 2"


def test_what_others_hold_or_have_decided_is_passed_over_and_counted(desk: Desk) -> None:
    ana = session(desk)
    bo = session(desk, BO)
    assert text(bo) == "number 2", "what she looks at is not offered to him"
    do(bo, "confirm")
    bo.take_next()
    do(ana, "confirm")
    ana.take_next()
    assert text(ana) == "number 4", "2 is decided, 3 is on his desk"
    assert ana.lost == 2


def test_an_item_that_retention_has_deleted_is_passed_over(desk: Desk) -> None:
    ana = session(desk)
    assert ana.item is not None
    assert desk.store.forget_before(ana.item.detail.made_at) == 3
    do(ana, "confirm")
    ana.take_next()
    assert (ana.item, ana.lost) == (None, 0)


def test_a_link_to_what_is_gone_is_said_and_leaves_the_desk_as_it_is(desk: Desk) -> None:
    ana = session(desk)
    with pytest.raises(GoneError, match="no longer in the store"):
        ana.take(uuid4())
    assert text(ana) == "number 1"


class Broken(ReviewDesk):
    """Over a store that fails while `failing` is set."""

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk.store, desk.reviewing._baseline, lambda: "tfidf 1", desk.clock)
        self.failing = False
        self.opened = 0

    def open(self, prediction_id: UUID, reviewer: Reviewer) -> Item:
        self.opened += 1
        if self.failing:
            raise StoreError("The store cannot be read: its file is gone. Put it back, then try again.")
        return super().open(prediction_id, reviewer)

    def decide(self, *args: object, **kwargs: object) -> None:
        if self.failing:
            raise StoreError("The store cannot be written: its file is gone. Put it back, then try again.")
        super().decide(*args, **kwargs)  # type: ignore[arg-type]


def test_a_store_that_fails_is_not_an_empty_queue(desk: Desk) -> None:
    broken = Broken(desk)
    ana = ReviewSession(lambda: broken)
    ana.work_through("all", ALL, ANA)
    broken.failing = True
    with pytest.raises(StoreError, match="its file is gone"):
        ana.take_next()
    assert broken.opened == 1, "it does not run through the other items"
    broken.failing = False
    ana.take_next()
    assert text(ana) == "number 1", "none was lost"


def test_a_decision_that_could_not_be_written_can_be_made_again(desk: Desk) -> None:
    broken = Broken(desk)
    ana = ReviewSession(lambda: broken)
    ana.work_through("all", ALL, ANA)
    ana.take_next()
    broken.failing = True
    with pytest.raises(StoreError, match="its file is gone"):
        do(ana, "confirm")
    assert (text(ana), ana.decided, ana.lost) == ("number 1", 0, 0)
    broken.failing = False
    do(ana, "confirm")
    assert ana.decided == 1


def test_another_queue_gives_back_what_is_on_the_desk_and_keeps_what_can_be_undone(desk: Desk) -> None:
    ana = session(desk)
    do(ana, "escalate")
    ana.take_next()
    assert len(desk.queue("all", BO)) == 2
    ana.work_through("escalated", ALL, ANA)
    assert ana.item is None
    assert len(desk.queue("all", BO)) == 3, "the item on her desk is free again"
    ana.take_next()
    assert text(ana) == "number 1"
    ana.undo()
    assert text(ana) == "number 1"
    assert len(desk.queue("all", BO)) == 3


def test_a_period_that_moves_on_with_the_clock_is_the_same_question(desk: Desk) -> None:
    ana = ReviewSession(lambda: desk.reviewing)
    for minute in range(3):
        until = NOON + timedelta(minutes=minute)
        week = Selection(since=until - timedelta(days=7), until=until)
        ana.work_through("all", week, ANA, asked="the last 7 days")
        if minute == 0:
            ana.take_next()
        assert text(ana) == "number 1"


def test_many_at_once_are_undone_at_once(desk: Desk) -> None:
    ana = session(desk)
    ids = desk.queue("all", ANA)
    assert ana.do_many(ids, "dismiss", ANA) == 4
    assert ana.item is None, "it was among them"
    assert ana.decided == 4
    ana.undo()
    assert (ana.take_news(), ana.decided) == (News("undo", 4), 0)
    assert set(desk.queue("all", ANA)) == set(ids)


def test_what_was_put_aside_waits_for_its_reviewer_alone(desk: Desk) -> None:
    ana = session(desk)
    do(ana, "skip")
    ana.work_through("mine", ALL, ANA)
    ana.take_next()
    assert text(ana) == "number 1"
    assert desk.queue("mine", BO) == []


def test_a_decided_item_is_only_looked_at_by_a_skip(desk: Desk) -> None:
    ana = session(desk)
    do(ana, "confirm")
    ana.work_through("done", ALL, ANA)
    ana.take_next()
    do(ana, "skip")
    assert (ana.item, ana.take_news()) == (None, News("confirm"))
    ana.take_next()
    assert ana.item is None, "it is not offered again"


def test_a_reopened_item_stays_on_the_desk(desk: Desk) -> None:
    ana = session(desk)
    do(ana, "confirm")
    ana.work_through("done", ALL, ANA)
    ana.take_next()
    do(ana, "reopen")
    assert ana.item is not None
    assert (text(ana), ana.item.standing.status) == ("number 1", "open")


@pytest.mark.parametrize(("deed", "emotions"), [("confirm", ("anger",)), ("correct", ("joy",))])
def test_a_second_look_says_what_its_reviewer_reads(tmp_path: Path, deed: Deed, emotions: tuple[str, ...]) -> None:
    many = Desk(tmp_path / "b.duckdb", *(tweet(f"number {place}", "anger", flags=(URGENT,)) for place in range(60)))
    many.reviewing.decide_many(many.queue("all", ANA), "confirm", ANA)
    bo = session(many, BO, "second")
    assert bo.item is not None, "about one in ten of the decided items"
    item = bo.item.id
    do(bo, deed, "joy")
    assert bo.take_news() == News("second")
    (second,) = [event for event in many.reviewing.history(item) if event.kind == "second"]
    assert (second.actor, second.emotions) == ("bo", emotions)


def test_nobody_reviews_before_it_is_said_who_does(desk: Desk) -> None:
    unnamed: Callable[[], None] = ReviewSession(lambda: desk.reviewing).take_next
    with pytest.raises(RuntimeError, match="work_through"):
        unnamed()
