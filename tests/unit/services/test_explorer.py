from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from core.emotions import LABELS, members, names
from core.explore.selection import Selection
from core.ids import new_id
from core.predictions.record import Prediction
from core.services.explorer import ALL, Explorer, emotions_of
from core.store import Store
from core.store.explorer import ExplorerQueries
from tests.builders import make_prediction

MIDNIGHT = datetime(2026, 5, 4, tzinfo=UTC)
"""A Monday."""


def tweet(at: datetime, *labels: str, text: str = "so it goes", **more: object) -> Prediction:
    return make_prediction(text, *labels, at=at, **more)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a.duckdb")


class CountingQueries(ExplorerQueries):
    """Counts how often it is asked for counts over time."""

    asked = 0

    def over_time(self, selection: Selection, bucket: timedelta) -> pd.DataFrame:
        self.asked += 1
        return super().over_time(selection, bucket)


def fill(store: Store, tweets: list[Prediction]) -> Explorer:
    for one in tweets:
        store.add(one, "ana")
    return Explorer(CountingQueries(store), store)


def test_a_file_that_is_not_in_the_store_has_no_name(store: Store) -> None:
    assert fill(store, [tweet(MIDNIGHT, "joy")]).batch_name(new_id(MIDNIGHT)) == ""


def test_levels_count_a_text_once_for_a_group(store: Store) -> None:
    exploring = fill(store, [tweet(MIDNIGHT, "joy", "love"), tweet(MIDNIGHT, "anger"), tweet(MIDNIGHT)])
    emotion = exploring.distribution(Selection(), "emotion").set_index("name")
    ekman = exploring.distribution(Selection(), "ekman").set_index("name")
    assert emotion.loc[["joy", "love", "anger"], "count"].tolist() == [1, 1, 1]
    assert ekman.loc["joy", ["count", "share"]].tolist() == [1, 1 / 3]
    assert exploring.distribution(Selection(), "sentiment")["name"].tolist()[:2] == ["positive", "negative"]


def test_the_period_before_stands_beside(store: Store) -> None:
    day = timedelta(days=1)
    exploring = fill(store, [tweet(MIDNIGHT - day, "joy"), tweet(MIDNIGHT - day), tweet(MIDNIGHT, "joy")])
    today = Selection(since=MIDNIGHT, until=MIDNIGHT + day)
    # The store began within the two days before: what it lacks of them is no change.
    assert exploring.before(Selection(since=MIDNIGHT - day / 2, until=MIDNIGHT + 2 * day)) is None
    joy = exploring.distribution(today, "emotion").set_index("name").loc["joy"]
    assert (joy["share"], joy["previous"]) == (1.0, 0.5)
    assert exploring.distribution(Selection(), "emotion")["previous"].isna().all()
    empty = exploring.distribution(today.within(MIDNIGHT + day, MIDNIGHT + 2 * day), "emotion")
    assert empty["count"].sum() == 0
    assert empty["share"].isna().all()


@pytest.mark.parametrize("level", ["emotion", "ekman", "sentiment"])
def test_pairs_agree_with_a_count_by_hand(store: Store, level: str) -> None:
    tweets = [
        tweet(MIDNIGHT, "joy", "love"),
        tweet(MIDNIGHT, "joy", "anger"),
        tweet(MIDNIGHT, "joy"),
        tweet(MIDNIGHT, "sadness", "grief"),
    ]
    frame = fill(store, tweets).pairs(Selection(), level)  # type: ignore[arg-type]
    groups = dict(zip(names(level), members(level), strict=True))  # type: ignore[arg-type]

    def carries(one: Prediction, label: str) -> bool:
        return any(LABELS[number] in one.labels for number in groups[label])

    for row, column, count, share, row_count in frame.itertuples(index=False):
        assert count == sum(carries(one, row) and carries(one, column) for one in tweets)
        assert row_count == sum(carries(one, row) for one in tweets)
        expected = np.nan if row == column or not row_count else count / row_count
        assert share == pytest.approx(expected, nan_ok=True)


def test_time_has_no_gaps_and_keeps_to_what_the_store_covers(store: Store) -> None:
    day = timedelta(days=1)
    exploring = fill(store, [tweet(MIDNIGHT, "joy"), tweet(MIDNIGHT + 40 * day)])
    frame = exploring.over_time(Selection(since=MIDNIGHT - 400 * day, until=MIDNIGHT + 90 * day), "emotion")
    assert frame["bucket"].iloc[[0, -1]].tolist() == [pd.Timestamp("2026-05-04"), pd.Timestamp("2026-06-13")]
    assert frame["n"].tolist() == [1, *[0] * 39, 1]
    assert frame["joy"].sum() == 1
    assert (frame["until"] - frame["bucket"] == day).all()
    nothing = exploring.over_time(Selection(since=MIDNIGHT + 60 * day), "emotion")
    assert nothing.empty
    assert {"bucket", "until", "n", "flagged", "joy"} <= set(nothing.columns)


def test_the_end_of_a_period_is_no_part_of_it(store: Store) -> None:
    day = timedelta(days=1)
    exploring = fill(store, [tweet(MIDNIGHT + hours * timedelta(hours=1), "joy") for hours in range(60)])
    today = Selection(since=MIDNIGHT, until=MIDNIGHT + day)
    assert exploring.over_time(today, "emotion")["n"].tolist() == [1] * 24
    assert len(exploring.calendar(today, "emotion")[0]) == 1


def test_one_tweet_of_long_ago_does_not_stretch_the_calendar(store: Store) -> None:
    exploring = fill(store, [tweet(MIDNIGHT - timedelta(days=20_000)), tweet(MIDNIGHT)])
    assert len(exploring.calendar(Selection(), "emotion")[0]) == 380


def spiking() -> list[Prediction]:
    """Sixty days of three tweets each, one of them angry; on day 50 twenty angry ones about a strike."""
    tweets = []
    for number in range(60):
        at = MIDNIGHT + timedelta(days=number, hours=3)
        tweets += [tweet(at, "anger", text=f"the bus is late {number}"), tweet(at, "joy"), tweet(at)]
        if number == 50:
            tweets += [tweet(at, "anger", text=f"the strike again {more}") for more in range(20)]
    return tweets


def test_a_spike_is_found_with_its_words_and_its_tweets(store: Store) -> None:
    exploring = fill(store, spiking())
    frame, spikes = exploring.calendar(Selection(), "emotion")
    assert len(frame) == 60
    assert {(spike.name, spike.day.date().isoformat()) for spike in spikes} == {
        ("anger", "2026-06-23"),
        (ALL, "2026-06-23"),
    }
    anger = next(spike for spike in spikes if spike.name == "anger")
    assert (anger.count, anger.usual) == (21, 1)
    assert exploring.count(anger.selection) == 21
    assert exploring.distinctive(anger)["word"].tolist()[0] in {"strike", "again"}
    day = frame[frame["spike"]].iloc[0]
    assert (day["name"], day["count"], day["usual"]) == ("anger", 21, 1)
    assert frame["score"].isna().sum() == 14


def test_a_period_is_judged_by_the_weeks_before_it(store: Store) -> None:
    exploring = fill(store, spiking())
    since = MIDNIGHT + timedelta(days=48)
    frame, spikes = exploring.calendar(Selection(since=since, until=since + timedelta(days=5)), "ekman")
    assert len(frame) == 5
    assert frame["score"].notna().all()
    assert {spike.name for spike in spikes} == {"anger", ALL}
    assert exploring.calendar(Selection(since=MIDNIGHT + timedelta(days=400)), "ekman")[1] == ()


class Samples(ExplorerQueries):
    """Answers with scores in which, in the later half, fear is far more probable."""

    def __init__(self, store: Store, size: int) -> None:
        super().__init__(store)
        self.size = size

    def sample(self, selection: Selection, size: int) -> tuple[int, np.ndarray]:
        rng = np.random.default_rng(1 if selection.since else 2)
        scores = rng.beta(2, 8, (self.size, len(LABELS))).astype(np.float32)
        if selection.since:
            scores[:, LABELS.index("fear")] = rng.beta(5, 5, self.size)
        return 50_000, scores


@pytest.mark.parametrize(("level", "label"), [("emotion", "fear"), ("ekman", "fear"), ("sentiment", "negative")])
def test_drift_names_what_moved_first(store: Store, level: str, label: str) -> None:
    exploring = Explorer(Samples(store, 2_000), store)
    found = exploring.drift(Selection(since=MIDNIGHT), Selection(), level)  # type: ignore[arg-type]
    assert (found.n, found.n_reference) == (50_000, 50_000)
    assert found.frame.loc[0, ["name", "band"]].tolist() == [label, "large"]
    assert set(found.frame["band"].iloc[1:]) == {"stable"}


def test_drift_of_few_is_not_known(store: Store) -> None:
    found = Explorer(Samples(store, 999), store).drift(Selection(since=MIDNIGHT), Selection(), "emotion")
    assert found.frame["psi"].isna().all()


def test_the_same_question_is_computed_once_until_the_store_changes(store: Store) -> None:
    exploring = fill(store, [tweet(MIDNIGHT, "joy")])
    explorer = exploring._queries
    assert isinstance(explorer, CountingQueries)
    for level in ("emotion", "ekman", "emotion"):
        exploring.pairs(Selection(), level)  # type: ignore[arg-type]
    assert explorer.asked == 1
    store.add(tweet(MIDNIGHT, "joy"), "ana")
    assert exploring.pairs(Selection(), "emotion")["count"].max() == 2
    assert explorer.asked == 2


def test_the_emotions_behind_a_label() -> None:
    assert emotions_of("joy", "emotion") == ("joy",)
    assert emotions_of("anger", "ekman") == ("anger", "annoyance", "disapproval")
    assert len(emotions_of("positive", "sentiment")) == 12
