"""What people said, counted by the database, against the same counts made naively in Python over the raw events."""

import itertools
import random
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.access.actor import Actor
from core.emotions import INDEX, LABELS, names
from core.errors import InputError, ReviewError
from core.explore.selection import Selection
from core.predictions.masks import from_mask, to_mask
from core.predictions.record import Prediction
from core.review.events import ReviewEvent, replay
from core.services.explorer import Explorer
from core.services.feedback_insights import NOTHING, FeedbackInsights
from core.stats.agreement import wilson
from core.store import Store
from core.store.explorer import ExplorerQueries
from core.store.feedback_stats import FeedbackStats
from core.store.reviews import Reviews
from tests.unit.store.test_feedback_export import Log

PEOPLE = ("ana", "bo", "eve")
FEW = ("anger", "joy", "love", "grief", "neutral")
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Said:
    """A row of `feedback_events`, as it stands there."""

    number: int
    prediction_id: UUID
    made_at: datetime
    actor: str
    verdict: str
    suggested: int
    comment: str


@dataclass
class World:
    """A store, and all that was written into it."""

    store: Store
    tweets: list[Prediction]
    events: list[Said]
    reviews: list[ReviewEvent]

    @property
    def sayings(self) -> FeedbackStats:
        return FeedbackStats(self.store)

    def holding(self) -> list[Said]:
        """The last word of each person on each tweet, where it is no retraction."""
        last = {(event.prediction_id, event.actor): event for event in self.events}
        return [event for event in last.values() if event.verdict != "retracted"]

    def first(self, thumb: Said) -> Said:
        """The event with which a thumb that holds was first given."""
        own = [one for one in self.events if (one.prediction_id, one.actor) == (thumb.prediction_id, thumb.actor)]
        run = list(itertools.takewhile(lambda one: one.verdict != "retracted", reversed(own)))
        return run[-1]

    def decisions(self) -> dict[UUID, ReviewEvent]:
        return {own: held.decision for own, held in replay(self.reviews).items() if held.decision is not None}


def read(store: Store, tweets: list[Prediction]) -> World:
    with store.reading() as cursor:
        rows = cursor.execute(
            "SELECT number, prediction_id, made_at, actor, verdict, suggested, comment FROM feedback_events "
            "ORDER BY number"
        ).fetchall()
    return World(store, tweets, [Said(*row) for row in rows], Reviews(store).events())


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    rng = random.Random(8)  # noqa: S311
    log = Log(tmp_path_factory.mktemp("said"))
    tweets = []
    for number in range(50):
        labels = tuple(rng.sample(FEW, rng.choice((0, 1, 1, 2))))
        tweets.append(
            log.tweet(
                *labels,
                text=f"text {number}",
                model=rng.choice(("electra", "tfidf")),
                model_version=rng.choice(("1", "2")),
                source=rng.choice(("live", "batch")),
            )
        )
        log.now += timedelta(hours=rng.choice((1, 5, 20)))
    decided: list[tuple[UUID, str]] = []
    for number in range(260):
        of, log.now = rng.choice(tweets[:40]), log.now + timedelta(minutes=rng.randrange(90))
        what = rng.random()
        if what < 0.55:
            verdict = rng.choice(("up", "down", "down", "retracted"))
            suggested = tuple(rng.sample(FEW, rng.choice((0, 1, 2)))) if verdict == "down" else ()
            log.thumb(of, verdict, rng.choice(PEOPLE), suggested, rng.choice(("", "", f"so I say {number}")))  # type: ignore[arg-type]
        elif what < 0.8:
            kind = rng.choice(("confirm", "correct", "correct", "dismiss", "escalate", "reopen"))
            emotions = tuple(rng.sample(FEW, rng.choice((0, 1, 2)))) if kind == "correct" else None
            by = rng.choice(("mod", "ana"))
            decided.append((log.decide(of, kind, emotions, by), by))
        elif what < 0.95:
            log.decide(of, "second", tuple(rng.sample(FEW, rng.choice((0, 1, 2)))), rng.choice(("mod", "ana", "bo")))
        elif decided:
            act, by = decided.pop()
            with suppress(ReviewError):  # somebody decided since
                log.undo(act, by)
    return read(log.store, tweets)


SELECTIONS = st.builds(
    Selection,
    sources=st.sampled_from(((), ("live",), ("audit",))),
    models=st.sampled_from(((), ("electra 1", "tfidf 2"))),
    emotions=st.sampled_from(((), ("anger",), ("joy", "love"))),
    feedback=st.sampled_from((None, True)),
)


def held(world: World, asked: Selection) -> dict[UUID, Prediction]:
    """The tweets that a selection of `SELECTIONS` holds."""
    thumbed = {event.prediction_id for event in world.holding()}
    return {
        one.id: one
        for one in world.tweets
        if (not asked.sources or one.source in asked.sources)
        and (not asked.models or f"{one.model} {one.model_version}" in asked.models)
        and (not asked.emotions or set(asked.emotions) & set(one.labels))
        and (asked.feedback is None or one.id in thumbed)
    }


@given(asked=SELECTIONS)
@settings(max_examples=30, deadline=None)
def test_thumbs_are_counted_as_they_hold(world: World, asked: Selection) -> None:
    of = held(world, asked)
    expected: Counter[Any] = Counter()
    for said in world.holding():
        if said.prediction_id in of:
            tweet = of[said.prediction_id]
            day = tweet.made_at.replace(hour=0, minute=0, second=0, tzinfo=None)
            kind = (day, to_mask(tweet.labels), tweet.model, tweet.model_version, tweet.source)
            expected[*kind, said.verdict] += 1
    frame = world.sayings.thumbs(asked, DAY)
    found = {
        (row.bucket.to_pydatetime(), row.labels, row.model, row.model_version, row.source, verdict): n
        for row in frame.itertuples(index=False)
        for verdict, n in (("up", row.ups), ("down", row.downs))
        if n
    }
    assert found == expected
    assert frame["bucket"].is_monotonic_increasing
    with world.store.reading() as cursor:
        (current,) = cursor.execute("SELECT count(*) FROM current_feedback").fetchone()
    assert current == len(world.holding()), "as the view has it"


@given(asked=SELECTIONS)
@settings(max_examples=20, deadline=None)
def test_corrections_are_counted_as_they_hold(world: World, asked: Selection) -> None:
    of = held(world, asked)
    expected = Counter(
        (to_mask(of[said.prediction_id].labels), said.suggested)
        for said in world.holding()
        if said.prediction_id in of and said.verdict == "down" and said.suggested
    )
    frame = world.sayings.corrections(asked)
    assert {(labels, suggested): n for labels, suggested, n in frame.itertuples(index=False)} == expected


@given(asked=SELECTIONS)
@settings(max_examples=20, deadline=None)
def test_comments_come_newest_first_and_page_by_page(world: World, asked: Selection) -> None:
    of = held(world, asked)
    expected = [
        (said.prediction_id, said.actor, said.verdict, from_mask(said.suggested), said.comment)
        for said in sorted(world.holding(), key=lambda said: -said.number)
        if said.prediction_id in of and said.comment
    ]
    assert world.sayings.count_comments(asked) == len(expected)
    found = [one for start in range(0, 60, 7) for one in world.sayings.comments(asked, 7, start)]
    assert [(one.prediction_id, one.actor, one.verdict, one.suggested, one.comment) for one in found] == expected
    for one in found:
        assert (one.text, set(one.labels)) == (of[one.prediction_id].text, set(of[one.prediction_id].labels))


@given(asked=SELECTIONS)
@settings(max_examples=20, deadline=None)
def test_what_came_of_thumbs(world: World, asked: Selection) -> None:
    of, decisions = held(world, asked), world.decisions()
    thumbs: dict[UUID, list[Said]] = defaultdict(list)
    for said in world.holding():
        if said.prediction_id in of:
            thumbs[said.prediction_id].append(said)
    down = {own: any(one.verdict == "down" for one in of_it) for own, of_it in thumbs.items()}
    decided = Counter(("down" if down[own] else "up", decisions[own].kind) for own in thumbs if own in decisions)
    took = []
    for own, of_it in thumbs.items():
        first = min(map(world.first, of_it), key=lambda one: one.number)
        if own in decisions and decisions[own].number > first.number:
            took.append((decisions[own].made_at.replace(tzinfo=None) - first.made_at).total_seconds())
    found = world.sayings.effect(asked)
    assert (found.ups, found.downs) == (len(down) - sum(down.values()), sum(down.values()))
    assert {(thumb, kind): n for thumb, kind, n in found.decided.itertuples(index=False)} == decided
    assert (found.n, found.n_decided, found.after) == (len(thumbs), decided.total(), len(took))
    if took:
        assert found.quartiles is not None
        assert [one.total_seconds() for one in found.quartiles] == pytest.approx(np.quantile(took, [0.25, 0.5, 0.75]))
        assert found.quartiles[1].total_seconds() == pytest.approx(statistics.median(took))
    else:
        assert found.quartiles is None


def test_second_looks_are_paired_with_the_decision_they_did_not_know(world: World) -> None:
    undone = {event.undoes for event in world.reviews if event.kind == "undo"}
    standing: dict[UUID, ReviewEvent] = {}
    expected: dict[UUID, tuple[Any, Any]] = {}
    for event in world.reviews:
        if event.id in undone:
            continue
        if event.kind in ("confirm", "correct", "dismiss", "escalate", "reopen"):
            standing[event.prediction_id] = event
        before = standing.get(event.prediction_id)
        if (
            event.kind == "second"
            and before is not None
            and before.kind in ("confirm", "correct")
            and before.actor != event.actor
            and event.prediction_id not in expected
        ):
            expected[event.prediction_id] = (set(before.emotions or ()), set(event.emotions or ()))
    first, second = world.sayings.second_looks(Selection())
    assert len(expected) >= 3, "else the test says nothing"
    assert [(set(from_mask(a)), set(from_mask(b))) for a, b in zip(first, second, strict=True)] == list(
        expected.values()
    )
    assert (first.dtype, second.dtype) == (np.uint32, np.uint32)


@pytest.mark.parametrize("actor", [*PEOPLE, "nobody"])
def test_what_came_of_ones_own_thumbs(world: World, actor: str) -> None:
    decisions, of = world.decisions(), {one.id: one for one in world.tweets}
    own = [said for said in world.holding() if said.actor == actor]
    answered = [
        (decisions[said.prediction_id], said)
        for said in own
        if said.prediction_id in decisions and decisions[said.prediction_id].number > world.first(said).number
    ]
    answered.sort(key=lambda one: -one[0].number)
    found = world.sayings.mine(actor, 5)
    assert (found.thumbs, found.reviewed) == (len(own), len(answered))
    assert len(found.answers) == min(5, len(answered))
    for one, (decision, said) in zip(found.answers, answered, strict=False):
        assert (one.prediction_id, one.verdict, to_mask(one.suggested)) == (
            said.prediction_id,
            said.verdict,
            said.suggested,
        )
        assert (one.kind, one.decided_by, one.decided_at) == (decision.kind, decision.actor, decision.made_at)
        assert one.emotions == decision.emotions
        assert (one.text, set(one.labels)) == (of[one.prediction_id].text, set(of[one.prediction_id].labels))
        assert one.given_at.replace(tzinfo=None) == world.first(said).made_at


@pytest.fixture
def log(tmp_path: Path) -> Log:
    return Log(tmp_path)


@pytest.fixture
def listening() -> Callable[[Log], FeedbackInsights]:
    return lambda log: FeedbackInsights(log.store, Explorer(ExplorerQueries(log.store), log.store))


def test_a_thumb_is_given_again_after_a_retraction(log: Log) -> None:
    made = log.tweet("joy")
    log.thumb(made, "down")
    log.decide(made, "confirm")
    assert FeedbackStats(log.store).mine("ana").reviewed == 1
    log.thumb(made, "down", comment="still", suggested=("love",))
    assert FeedbackStats(log.store).mine("ana").reviewed == 1, "a correction of a thumb is no new one"
    log.thumb(made, "retracted")
    assert FeedbackStats(log.store).mine("ana").thumbs == 0
    log.thumb(made, "down")
    found = FeedbackStats(log.store)
    assert (found.mine("ana").thumbs, found.mine("ana").reviewed) == (1, 0), "nobody has looked since"
    assert (found.effect(Selection()).n_decided, found.effect(Selection()).after) == (1, 0)


def test_a_clock_that_went_backwards_makes_no_negative_time(log: Log) -> None:
    made = log.tweet("joy")
    log.thumb(made, "down")
    log.now -= DAY
    log.decide(made, "confirm")
    assert FeedbackStats(log.store).effect(Selection()).quartiles == (timedelta(),) * 3


def test_what_is_no_longer_stored_is_left_to_its_person(log: Log) -> None:
    made = log.tweet("joy", text="old")
    log.thumb(made, "down", comment="wrong", suggested=("love",))
    log.decide(made, "confirm")
    log.store.forget_before(log.now + DAY)
    sayings = FeedbackStats(log.store)
    assert sayings.thumbs(Selection(), DAY).empty
    assert sayings.corrections(Selection()).empty
    assert sayings.count_comments(Selection()) == sayings.effect(Selection()).n == 0
    (answer,) = sayings.mine("ana").answers
    assert (answer.text, answer.labels, answer.kind, answer.emotions) == ("", (), "confirm", ("joy",))


def test_an_empty_store_answers_everything(log: Log, listening: Callable[[Log], FeedbackInsights]) -> None:
    found = listening(log)
    satisfaction = found.satisfaction(Selection(), "emotion")
    assert satisfaction.n == 0
    assert np.isnan([satisfaction.share, satisfaction.low, satisfaction.high]).all()
    for frame in (satisfaction.over_time, satisfaction.labels, satisfaction.models, satisfaction.sources):
        assert frame.empty
        assert {"ups", "downs", "n", "share", "low", "high"} <= set(frame.columns)
    contested = found.contested(Selection())
    assert (contested.n, len(contested.labels), len(contested.pairs)) == (0, 0, 0)
    assert found.comments(Selection(), 10) == []
    effect = found.effect(Selection())
    assert (effect.n, effect.n_decided, effect.after, effect.quartiles) == (0, 0, 0, None)
    assert found.second_looks(Selection()).found.n == 0
    assert found.mine(Actor("ana")).thumbs == 0
    with pytest.raises(InputError, match="No emotion named 'bliss'"):
        found.satisfaction(Selection(emotions=("bliss",)), "emotion")


def test_satisfaction_by_label_model_and_source(log: Log, listening: Callable[[Log], FeedbackInsights]) -> None:
    happy, angry, mixed = log.tweet("joy"), log.tweet("anger", model="tfidf"), log.tweet("joy", "love", source="batch")
    for of, verdict, actor in (
        (happy, "up", "ana"),
        (happy, "down", "bo"),
        (angry, "down", "ana"),
        (mixed, "up", "ana"),
        (mixed, "up", "bo"),
        (mixed, "retracted", "bo"),
    ):
        log.thumb(of, verdict, actor)  # type: ignore[arg-type]
    found = listening(log).satisfaction(Selection(), "emotion")
    assert (found.ups, found.downs, found.share) == (2, 2, 0.5)
    assert (found.low, found.high) == pytest.approx(tuple(map(float, wilson(2, 4))))
    assert found.labels[["name", "ups", "n"]].to_numpy().tolist() == [["anger", 0, 1], ["joy", 2, 3], ["love", 1, 1]]
    assert found.models[["name", "ups", "n"]].to_numpy().tolist() == [["tfidf 1", 0, 1], ["fake 1", 2, 3]]
    assert found.sources[["name", "share"]].to_numpy().tolist() == [["live", 1 / 3], ["batch", 1.0]]
    groups = listening(log).satisfaction(Selection(), "ekman").labels
    assert groups[["name", "ups", "n"]].to_numpy().tolist() == [["anger", 0, 1], ["joy", 2, 3]], "each text once"
    assert set(groups["name"]) <= set(names("ekman"))


def test_time_has_no_gaps_and_rare_ones_come_last(log: Log, listening: Callable[[Log], FeedbackInsights]) -> None:
    first = log.tweet("joy")
    log.now += 3 * DAY
    last = log.tweet("grief")
    for number in range(40):
        log.thumb(first, "up" if number % 2 else "down", f"p{number}")
    log.thumb(last, "down")
    log.now += 20 * DAY
    log.tweet("anger")
    frame = listening(log).satisfaction(Selection(), "emotion").over_time
    assert frame["n"].tolist() == [40, 0, 0, 1]
    assert (frame["until"] - frame["bucket"]).eq(DAY).all()
    assert np.isnan(frame["share"]).tolist() == [False, True, True, False]
    labels = listening(log).satisfaction(Selection(), "emotion").labels
    assert labels["name"].tolist() == ["joy", "grief"], "one thumb is not the least satisfying emotion"


@pytest.mark.parametrize(("each", "days"), [(1, 7), (2, 7), (10, 1)])
def test_few_thumbs_are_counted_over_longer_stretches(
    log: Log, listening: Callable[[Log], FeedbackInsights], each: int, days: int
) -> None:
    for _ in range(28):
        made = log.tweet("joy")
        for number in range(each):
            log.thumb(made, "down" if number else "up", f"p{number}")
        log.now += DAY
    found = listening(log).satisfaction(Selection(), "emotion")
    assert found.stretch == timedelta(days=days)
    assert found.over_time["n"].sum() == 28 * each
    assert (found.over_time["until"] - found.over_time["bucket"]).eq(found.stretch).all()
    assert days == 1 or found.over_time["bucket"].dt.day_of_week.eq(0).all(), "weeks begin on Mondays"
    assert len(found.over_time) >= 4


def test_contested_emotions(log: Log, listening: Callable[[Log], FeedbackInsights]) -> None:
    for labels, suggested, times in (
        (("anger",), ("annoyance",), 3),
        (("anger", "joy"), ("joy", "fear"), 1),
        ((), ("love",), 2),
        (("grief", "joy"), ("joy",), 1),
    ):
        for _ in range(times):
            log.thumb(log.tweet(*labels), "down", suggested=suggested)
    log.thumb(log.tweet("pride"), "down")
    found = listening(log).contested(Selection())
    assert found.n == 7
    table = found.labels.set_index("name")[["wrongly", "missed", "agreed"]]
    assert table.loc["anger"].tolist() == [4, 0, 0]
    assert table.loc["annoyance"].tolist() == [0, 3, 0]
    assert table.loc["love"].tolist() == [0, 2, 0]
    assert "joy" not in table.index, "both gave it"
    assert "pride" not in table.index, "nobody said what it should have been"
    assert found.labels["name"].iloc[0] == "anger"
    assert found.pairs.to_numpy().tolist()[:2] == [["anger", "annoyance", 3], [NOTHING, "love", 2]]
    assert sorted(found.pairs.to_numpy().tolist()[2:]) == [["anger", "fear", 1], ["grief", NOTHING, 1]]


def test_second_looks_by_emotion(log: Log, listening: Callable[[Log], FeedbackInsights]) -> None:
    for number in range(40):
        made = log.tweet("joy" if number % 2 else "anger")
        log.decide(made, "confirm")
        log.decide(made, "second", ("joy",) if number % 2 or number < 6 else ("anger",), "bo")
    found = listening(log).second_looks(Selection())
    assert (found.found.n, found.found.same) == (40, 37)
    joy = found.labels.set_index("name").loc["joy"]
    assert joy[["n", "first", "second", "both"]].tolist() == [23, 20, 23, 20]
    assert joy["kappa"] == pytest.approx(found.found.labels.value[INDEX["joy"]])
    assert found.labels["name"].tolist()[:2] == ["anger", "joy"]
    assert found.labels["n"].tolist()[2:] == [0] * (len(LABELS) - 2), "what nobody gave comes last"


def test_answers_are_remembered_until_the_store_changes(log: Log, listening: Callable[[Log], FeedbackInsights]) -> None:
    found, made = listening(log), log.tweet("joy")
    log.thumb(made, "up")
    assert found.effect(Selection()).ups == 1
    before = found.revision
    log.thumb(made, "down")
    assert found.revision > before
    assert found.effect(Selection()).downs == 1
    assert found.satisfaction(Selection(), "emotion").downs == 1


def test_the_log_is_written_through_the_use_case(
    log: Log, tmp_path: Path, listening: Callable[[Log], FeedbackInsights]
) -> None:
    log.thumb(log.tweet("joy"), "up")
    assert listening(log).export_log(None, tmp_path / "a.csv") == 1
    assert listening(log).export_log(Selection(emotions=("love",)), tmp_path / "b.csv") == 0
