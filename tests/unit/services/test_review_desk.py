"""Reviewing: reasons on handwritten arrays, acts and what refuses them, and the log replayed against the views."""

import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.__main__ import main
from core.access.actor import Actor, Reviewer
from core.emotions import INDEX, LABELS
from core.errors import InputError, ReviewError, StoreError
from core.explore.selection import Selection
from core.ids import new_id
from core.predictions.record import Feedback, Prediction
from core.review.events import CLAIM, Standing, replay
from core.review.labelled_set import LabelledSet
from core.review.priority import RARE_EMOTIONS, REASONS, Signals, bits, judge, reasons_of
from core.review.twins import twin_key
from core.rules.flags import Flag
from core.services.review_desk import ReviewDesk
from core.settings import settings as read_settings
from core.store import Store
from core.store.review_queue import ReviewQueue
from core.store.reviews import Reviews
from tests.builders import make_prediction

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ANA, BO = Reviewer(Actor("ana"), "w1"), Reviewer(Actor("bo"), "w2")
URGENT = Flag("threat", "urgent", 0, 4, "a threat")


SECONDS = itertools.count()


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, now: datetime = NOON) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


def tweet(text: str, *labels: str, flags: tuple[Flag, ...] = (), margin: float = 0.3) -> Prediction:
    at = NOON - timedelta(days=1) + timedelta(seconds=next(SECONDS))  # each later than the one before
    probabilities = tuple(0.8 if label in labels else 0.02 for label in LABELS)
    return make_prediction(
        text, *labels, at=at, probabilities=probabilities, flags=flags, margin=margin,
        model="electra", model_version="2", threshold_version="t", rule_version="r",
    )  # fmt: skip


def bit(*labels: str) -> int:
    return sum(1 << INDEX[label] for label in labels)


class Desk:
    """A store with a few tweets, and the use cases over it."""

    def __init__(self, path: Path, *tweets: Prediction) -> None:
        self.clock = Clock()
        self.store = Store(path)
        for one in tweets:
            self.store.add(one, "ana")
        self.reviewing = ReviewDesk(self.store, _no_baseline, lambda: "tfidf 1", self.clock)
        self.reviewing.refresh()

    def queue(self, name: str, seat: Reviewer = ANA, selection: Selection | None = None) -> list[UUID]:
        found = self.reviewing.queue(name, selection or Selection(), seat, limit=50)  # type: ignore[arg-type]
        return [one.id for one in found]

    def status(self, item: UUID) -> str:
        return Reviews(self.store).standing(item).status


def _no_baseline() -> None:
    raise AssertionError("nobody asked for a second opinion")


@pytest.fixture
def desk(tmp_path: Path) -> Callable[..., Desk]:
    return lambda *tweets: Desk(tmp_path / "a.duckdb", *tweets)


def signals(**columns: list[float]) -> Signals:
    n = len(next(iter(columns.values())))
    kinds = {
        "severity": np.uint8,
        "margin": np.float32,
        "downs": np.int64,
        "has_second": np.bool_,
        "has_twin": np.bool_,
    }
    names = ("severity", "margin", "labels", "second", "has_second", "downs", "suggested", "twin", "has_twin")
    given = {"margin": [0.3] * n, "labels": [bit("joy")] * n} | columns
    return Signals(**{name: np.array(given.get(name, [0] * n), kinds.get(name, np.uint32)) for name in names})


@pytest.mark.parametrize(
    ("reason", "columns", "held"),
    [
        ("urgent flag", {"severity": [3, 2, 0]}, [True, False, False]),
        ("flag to watch", {"severity": [3, 2, 1]}, [False, True, False]),
        ("thumb down", {"downs": [0, 1, 3]}, [False, True, True]),
        ("correction", {"suggested": [0, bit("joy"), bit("love")]}, [False, False, True]),
        ("models disagree", {"second": [bit("joy"), bit("love"), 0], "has_second": [1, 1, 1]}, [False, True, False]),
        ("models disagree", {"second": [bit("love")], "has_second": [0]}, [False]),
        ("uncertain", {"margin": [0.05, 0.049, -0.2, np.nan]}, [False, True, True, False]),
        ("rare emotion", {"labels": [bit("grief", "joy"), bit("joy"), 0]}, [True, False, False]),
        ("against a review", {"twin": [bit("joy"), bit("love"), 0], "has_twin": [1, 1, 1]}, [False, True, True]),
    ],
)
def test_each_reason_holds_where_it_should(reason: str, columns: dict[str, list[float]], held: list[bool]) -> None:
    (chosen,) = (one for one in REASONS if one.name == reason)
    assert chosen.holds(signals(**columns)).tolist() == held


def test_the_score_is_the_sum_of_what_holds() -> None:
    mask, score = judge(signals(severity=[3, 0], downs=[1, 0], suggested=[bit("love"), 0], margin=[0.0, 0.3]))
    assert [one.name for one in reasons_of(int(mask[0]))] == ["urgent flag", "thumb down", "correction", "uncertain"]
    assert score.tolist() == [8.0, 0.0]
    assert mask[1] == 0
    assert reasons_of(bits(*(one.name for one in REASONS))) == REASONS
    assert set(RARE_EMOTIONS) <= set(LABELS)


def test_what_matters_most_comes_first_and_the_rest_does_not_come(desk: Callable[..., Desk]) -> None:
    urgent, doubtful = tweet("hurt you", "anger", flags=(URGENT,)), tweet("hm", "joy", margin=0.01)
    rare, fine = tweet("gone", "grief"), tweet("ok", "joy")
    made = desk(fine, rare, doubtful, urgent)
    assert made.queue("all") == [urgent.id, rare.id, doubtful.id]
    assert (made.queue("flagged"), made.queue("uncertain")) == ([urgent.id], [rare.id, doubtful.id])
    made.store.add_feedback(Feedback(new_id(NOON), fine.id, NOON, "tess", "down", ("love",), "no"))
    assert made.reviewing.refresh()
    assert not made.reviewing.refresh(), "nothing changed since"
    assert made.queue("feedback") == [fine.id]
    assert made.queue("all", selection=Selection(emotions=("grief",))) == [rare.id]
    counts = made.reviewing.counts(Selection(), ANA)
    assert {name: count for name, count in counts.items() if count} == {
        "all": 4,
        "flagged": 1,
        "feedback": 1,
        "uncertain": 2,
    }
    item = made.reviewing.open(fine.id, ANA)
    assert [reason.name for reason in item.reasons] == ["thumb down", "correction"]
    assert item.feedback[0].comment == "no"


def test_decisions_leave_the_queue_and_come_back_when_taken_back(desk: Callable[..., Desk]) -> None:
    one, two = tweet("a", "grief"), tweet("b", "grief", "joy")
    made = desk(one, two)
    reviewing = made.reviewing
    item, act = reviewing.open(one.id, ANA), reviewing.new_act()
    reviewing.decide(item, "correct", ANA, act, emotions=["joy", "sadness"], note="  hm ")
    assert (made.queue("all"), made.queue("done"), made.status(one.id)) == ([two.id], [one.id], "correct")
    event = reviewing.history(one.id)[-1]
    assert (event.before, event.emotions, event.note, event.actor) == (("grief",), ("joy", "sadness"), "hm", "ana")
    assert (event.model, event.model_version, event.rule_version) == ("electra", "2", "r")
    assert reviewing.undo([act], ANA) == [one.id]
    assert (made.queue("all"), made.queue("done"), made.status(one.id)) == ([two.id, one.id], [], "open")
    assert len(reviewing.history(one.id)) == 3, "nothing is ever overwritten"
    with pytest.raises(ReviewError, match="taken back already"):
        reviewing.undo([act], ANA)
    # Two decisions on one item are taken back one after the other.
    acts = [reviewing.new_act(), reviewing.new_act()]
    reviewing.decide(reviewing.open(one.id, ANA), "confirm", ANA, acts[0])
    reviewing.decide(reviewing.open(one.id, ANA), "escalate", ANA, acts[1])
    assert made.queue("escalated") == [one.id]
    reviewing.undo([acts[1]], ANA)
    assert made.status(one.id) == "confirm"
    reviewing.undo([acts[0]], ANA)
    assert made.status(one.id) == "open"


def test_a_double_click_is_one_decision(desk: Callable[..., Desk]) -> None:
    one = tweet("a", "grief")
    made = desk(one)
    item, act = made.reviewing.open(one.id, ANA), made.reviewing.new_act()
    made.reviewing.decide(item, "confirm", ANA, act)
    made.reviewing.decide(item, "confirm", ANA, act)
    assert [event.kind for event in made.reviewing.history(one.id)] == ["claim", "confirm"]


def test_two_moderators_never_decide_the_same_unknowingly(desk: Callable[..., Desk]) -> None:
    one = tweet("a", "grief")
    made = desk(one)
    reviewing = made.reviewing
    first = reviewing.open(one.id, ANA)
    assert first.mine
    assert made.queue("all", BO) == [], "it is hers for now"
    late = reviewing.open(one.id, BO)
    assert not late.mine
    assert late.standing.claim
    assert late.standing.claim.actor == "ana"
    with pytest.raises(ReviewError, match="ana is looking at this item"):
        reviewing.decide(late, "confirm", BO, reviewing.new_act())
    made.clock.now += CLAIM
    assert made.queue("all", BO) == [one.id], "she left it"
    his = reviewing.open(one.id, BO)
    reviewing.decide(his, "confirm", BO, reviewing.new_act())
    made.clock.now += timedelta(seconds=5)
    with pytest.raises(ReviewError, match="bo confirmed it 5 s ago"):
        reviewing.decide(first, "dismiss" if first.detail.flags else "escalate", ANA, reviewing.new_act())
    assert made.status(one.id) == "confirm"


def test_a_stale_tab_cannot_undo_what_was_decided_since(desk: Callable[..., Desk]) -> None:
    one = tweet("a", "grief")
    made = desk(one)
    act = made.reviewing.new_act()
    made.reviewing.decide(made.reviewing.open(one.id, ANA), "confirm", ANA, act)
    again = made.reviewing.open(one.id, BO)
    made.reviewing.reopen(again, BO, made.reviewing.new_act())
    with pytest.raises(ReviewError, match="bo reopened it"):
        made.reviewing.undo([act], ANA)
    other = made.reviewing.new_act()
    made.reviewing.decide(made.reviewing.open(one.id, BO), "confirm", BO, other)
    with pytest.raises(ReviewError, match="not yours"):
        made.reviewing.undo([other], ANA)


def test_a_clock_that_goes_backwards_locks_nobody_out(desk: Callable[..., Desk]) -> None:
    one = tweet("a", "grief")
    made = desk(one)
    made.reviewing.open(one.id, ANA)
    made.clock.now = NOON - timedelta(hours=2)
    assert made.queue("all", BO) == [one.id], "a claim that would last two hours is none"
    item, act = made.reviewing.open(one.id, BO), made.reviewing.new_act()
    made.reviewing.decide(item, "confirm", BO, act)
    made.clock.now = NOON - timedelta(hours=9)
    made.reviewing.decide(made.reviewing.open(one.id, BO), "escalate", BO, made.reviewing.new_act())
    assert made.status(one.id) == "escalate", "the later one by number, though the earlier by the clock"


def test_a_prediction_that_retention_removed(desk: Callable[..., Desk]) -> None:
    one, two = tweet("a", "grief"), tweet("b", "grief")
    made = desk(one, two)
    act = made.reviewing.new_act()
    made.reviewing.decide(made.reviewing.open(two.id, ANA), "confirm", ANA, act)
    item = made.reviewing.open(one.id, ANA)
    made.store.forget_before(NOON + timedelta(days=1))
    with pytest.raises(StoreError, match="too old to keep"):
        made.reviewing.decide(item, "confirm", ANA, made.reviewing.new_act())
    assert made.queue("all") == made.queue("done") == []
    assert made.reviewing.undo([act], ANA) == [two.id], "its history is still there"
    made.reviewing.refresh()
    assert Reviews(made.store).labelled() == []


@pytest.mark.parametrize(
    ("kind", "more", "said"),
    [
        ("correct", {"emotions": ["grief"]}, "that the model gave"),
        ("correct", {"emotions": ["bliss"]}, "No emotion named 'bliss'"),
        ("dismiss", {}, "no flag to dismiss"),
    ],
)
def test_decisions_that_cannot_be(desk: Callable[..., Desk], kind: str, more: dict[str, list[str]], said: str) -> None:
    one = tweet("a", "grief")
    made = desk(one)
    item = made.reviewing.open(one.id, ANA)
    with pytest.raises(InputError, match=said):
        made.reviewing.decide(item, kind, ANA, made.reviewing.new_act(), **more)  # type: ignore[arg-type]
    assert made.status(one.id) == "open"


def test_many_at_once_leaves_out_what_others_decided_or_hold(desk: Callable[..., Desk]) -> None:
    tweets = [tweet(f"t {number}", "grief", flags=(URGENT,)) for number in range(6)]
    made = desk(*tweets)
    reviewing = made.reviewing
    reviewing.decide(reviewing.open(tweets[0].id, BO), "confirm", BO, reviewing.new_act())
    reviewing.open(tweets[1].id, BO)
    acts = reviewing.decide_many([one.id for one in tweets], "dismiss", ANA, "all a joke")
    assert len(acts) == 4
    assert [made.status(one.id) for one in tweets] == ["confirm", "open", *["dismiss"] * 4]
    assert len(reviewing.undo(acts, ANA)) == 4
    assert [made.status(one.id) for one in tweets] == ["confirm", *["open"] * 5]
    with pytest.raises(InputError, match="one by one"):
        reviewing.decide_many([tweets[2].id], "correct", ANA)
    with pytest.raises(InputError, match="Choose 1 to"):
        reviewing.decide_many([], "confirm", ANA)


def test_what_is_put_aside_waits_for_that_person(desk: Callable[..., Desk]) -> None:
    one, two = tweet("a", "grief"), tweet("b", "grief")
    made = desk(one, two)
    act = made.reviewing.new_act()
    made.reviewing.skip(made.reviewing.open(two.id, ANA), ANA, act)
    assert (made.queue("all"), made.queue("mine")) == ([one.id], [two.id])
    assert two.id in made.queue("all", BO)
    made.reviewing.undo([act], ANA)
    assert (made.queue("all"), made.queue("mine")) == ([two.id, one.id], [])


def test_a_second_look_is_somebody_elses_and_changes_nothing(desk: Callable[..., Desk]) -> None:
    tweets = [tweet(f"t {number}", "grief") for number in range(60)]
    made = desk(*tweets)
    made.reviewing.decide_many([one.id for one in tweets], "confirm", ANA)
    chosen = made.queue("second", BO)
    assert 0 < len(chosen) < 25, "about one in ten"
    assert made.queue("second", ANA) == []
    item = made.reviewing.open(chosen[0], BO)
    made.reviewing.look_again(item, BO, made.reviewing.new_act(), ["sadness"])
    assert made.status(chosen[0]) == "confirm"
    assert chosen[0] not in made.queue("second", BO)
    with pytest.raises(InputError, match="decided this one yourself"):
        made.reviewing.look_again(made.reviewing.open(chosen[1], ANA), ANA, made.reviewing.new_act(), ["joy"])
    said = {
        (emotions, actor)
        for text, emotions, actor, *_ in Reviews(made.store).labelled()
        if text == item.detail.listed.text
    }
    assert said == {(("grief",), "ana"), (("sadness",), "bo")}


def test_a_text_of_the_same_words_reviewed_otherwise_is_a_reason(desk: Callable[..., Desk]) -> None:
    one, twin = tweet("So SAD today", "joy"), tweet("today: so sad!", "joy")
    made = desk(one, twin, tweet("unlike", "grief"))
    assert made.queue("all") != []
    item = made.reviewing.open(one.id, ANA)
    made.reviewing.decide(item, "correct", ANA, made.reviewing.new_act(), emotions=["sadness"])
    ReviewQueue(made.store).refresh()
    assert twin.id in made.queue("uncertain")
    found = made.reviewing.open(twin.id, ANA)
    assert [reason.name for reason in found.reasons] == ["against a review"]
    assert found.twins[0].labels == ("sadness",)


SAME_WORDS = [
    ("@ana so happy", "@bob so happy"),
    ("so happy https://t.co/x", "so happy"),
    ("so happy 😀", "so happy grinning face"),
    ("#SoHappy", "so happy"),
    ("so &amp; so", "so & so"),
    ("déjà vu", "Vu, DEJA"),
]


@pytest.mark.parametrize(("one", "other"), [*SAME_WORDS, ("😀 😂", "😂😀"), ("😀", "😡"), ("💙🔴", "❤️🔵"), ("a", "b")])
@pytest.mark.parametrize("as_file", [False, True])
def test_queue_desk_and_labelled_set_agree_which_texts_are_twins(
    desk: Callable[..., Desk], one: str, other: str, as_file: bool
) -> None:
    """One definition: what the store compares by number is what the labelled set compares by words."""
    first, second = tweet(one, "joy"), tweet(other, "joy")
    made = desk(first, second)
    if as_file:  # rows of a file, and of an older store, come without the number; it is found out in the background
        with made.store.transaction() as cursor:
            cursor.execute("UPDATE predictions SET twin = NULL, twin_version = NULL")
        assert made.reviewing.without_twin() == 2
        assert made.reviewing.find_twins() == 2
    assert made.reviewing.without_twin() == 0
    made.reviewing.decide(
        made.reviewing.open(first.id, ANA), "correct", ANA, made.reviewing.new_act(), emotions=["grief"]
    )
    ReviewQueue(made.store).refresh()
    twins = twin_key(one) == twin_key(other)
    assert (one, other) not in SAME_WORDS or twins
    assert ("against a review" in [why.name for why in made.reviewing.open(second.id, ANA).reasons]) == twins
    made.reviewing.decide(made.reviewing.open(second.id, ANA), "confirm", ANA, made.reviewing.new_act())
    assert len(made.reviewing.labelled().rows) == (1 if twins else 2)


class Baseline:
    """Reads anger in everything."""

    class info:  # noqa: N801
        label = "tfidf 1"

    def read(self, texts: list[str]) -> np.ndarray:
        return np.tile(np.eye(len(LABELS), dtype=np.float32)[INDEX["anger"]], (len(texts), 1))

    def decide(self, scores: np.ndarray) -> np.ndarray:
        return scores > 0.5


def test_the_baseline_is_asked_once(desk: Callable[..., Desk]) -> None:
    one = tweet("a", "joy")
    made = desk(one)
    reviewing = ReviewDesk(made.store, Baseline, lambda: Baseline.info.label, made.clock)  # type: ignore[arg-type]
    assert reviewing.to_ask() == 1
    assert (reviewing.ask_baseline(), reviewing.ask_baseline(), reviewing.to_ask()) == (1, 0, 0)
    reviewing.refresh()
    item = reviewing.open(one.id, ANA)
    assert [reason.name for reason in item.reasons] == ["models disagree"]
    assert (item.second, item.second_model) == (("anger",), "tfidf 1")


KINDS = (
    *("open", "confirm", "correct", "dismiss", "escalate", "skip", "reopen", "second", "undo", "bulk"),
    *("thumb up", "thumb down", "retract", "release", "wait", "back"),
)
STEPS = st.lists(st.tuples(st.sampled_from(KINDS), st.integers(0, 2), st.integers(0, 2)), max_size=25)


@pytest.mark.slow
@given(steps=STEPS)
@settings(max_examples=40, deadline=None)
def test_replaying_the_log_gives_what_the_views_say(
    steps: list[tuple[str, int, int]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    tweets = [tweet(f"t {number}", "grief", flags=(URGENT,)) for number in range(3)]
    made = Desk(tmp_path_factory.mktemp("log") / "a.duckdb", *tweets)
    seats = [ANA, BO, Reviewer(Actor("ana"), "w3")]
    acts: dict[Reviewer, list[UUID]] = {}
    said: dict[tuple[UUID, str], str] = {}
    for step, number, who in steps:
        _do(made, step, tweets[number].id, seats[who], acts, said)
        made.clock.now += timedelta(seconds=7)
    reviews = Reviews(made.store)
    events = reviews.events()
    replayed = replay(events)
    decided = {one: state for one, state in replayed.items() if state.decision is not None}
    assert {one: (state.decision.kind, state.decision.emotions) for one, state in decided.items()} == reviews.current()  # type: ignore[union-attr]
    for one in tweets:
        assert reviews.standing(one.id) == replayed.get(one.id, Standing())
    for seat in seats:
        open_ = set(made.queue("all", seat))
        for one in tweets:
            state = replayed.get(one.id, Standing())
            claim = state.claim
            theirs = claim and claim.seat != seat.window and made.clock.now < claim.until <= made.clock.now + CLAIM  # type: ignore[operator]
            assert (one.id in open_) == (state.status == "open" and not theirs and seat.actor.name not in state.skipped)
    thumbs = {(one.prediction_id, one.actor): one.verdict for item in tweets for one in made.store.feedback(item.id)}
    assert thumbs == said
    # Ids and numbers are unique, and numbers only grow.
    assert len({event.id for event in events}) == len(events) == len({event.number for event in events})
    made.store.close()


def _do(
    made: Desk,
    step: str,
    item: UUID,
    seat: Reviewer,
    acts: dict[Reviewer, list[UUID]],
    said: dict[tuple[UUID, str], str],
) -> None:
    reviewing, act = made.reviewing, made.reviewing.new_act()
    mine = acts.setdefault(seat, [])
    try:
        if step == "wait":
            made.clock.now += timedelta(minutes=6)
        elif step == "back":
            made.clock.now -= timedelta(minutes=9)
        elif step == "undo":
            if mine:
                reviewing.undo([mine.pop()], seat)
        elif step == "bulk":
            mine += reviewing.decide_many([item], "confirm", seat)
        elif step == "release":
            reviewing.release(item, seat)
        elif step in ("thumb up", "thumb down", "retract"):
            verdict = {"thumb up": "up", "thumb down": "down", "retract": "retracted"}[step]
            made.store.add_feedback(Feedback(uuid4(), item, made.clock.now, seat.actor.name, verdict))  # type: ignore[arg-type]
            said[item, seat.actor.name] = verdict
            if verdict == "retracted":
                del said[item, seat.actor.name]
        else:
            opened = reviewing.open(item, seat)
            if step == "skip":
                reviewing.skip(opened, seat, act)
            elif step == "reopen":
                reviewing.reopen(opened, seat, act)
            elif step == "second":
                reviewing.look_again(opened, seat, act, ["joy"])
            elif step != "open":
                reviewing.decide(opened, step, seat, act, emotions=["joy"])  # type: ignore[arg-type]
            if step != "open":
                mine.append(act)
    except (ReviewError, InputError):
        pass


def test_the_command_writes_the_labelled_set(
    desk: Callable[..., Desk], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    one = tweet("so sad today", "joy")
    made = desk(one, tweet("today so SAD", "joy"))
    made.reviewing.decide_many([one.id], "confirm", ANA)
    made.store.close()
    monkeypatch.setenv("AFFECTRA_DATABASE", str(tmp_path / "a.duckdb"))
    read_settings.cache_clear()
    try:
        assert main(["labelled", "-o", str(tmp_path / "out.parquet")]) == 0
    finally:
        read_settings.cache_clear()
    assert "1 texts in" in capsys.readouterr().out
    assert LabelledSet.read(tmp_path / "out.parquet").rows[0].labels == ("joy",)
