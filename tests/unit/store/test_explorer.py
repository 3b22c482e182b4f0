"""The explorer's counts against the same counts made naively in Python, over a store of handwritten predictions."""

import random
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.emotions import LABELS
from core.errors import InputError, StoreError
from core.explore.selection import UNCERTAIN, Selection
from core.ids import new_id
from core.predictions.record import Feedback, Prediction
from core.rules.flags import CATEGORIES, SEVERITIES, Flag, gravity
from core.store import Store
from core.store.explorer import ORDERS, ExplorerQueries
from tests.builders import make_prediction

NOON = datetime(2026, 5, 6, 12, tzinfo=UTC)
TEXTS = (
    "Café au lait, I DON'T mind",
    "on hold again, on and on",
    "the line holds on",
    "refunded at last 💀",
    "'; DROP TABLE predictions; --",
    "100% <b>great</b> _really_",
)


def made(number: int, rng: random.Random) -> Prediction:
    probabilities = tuple(rng.random() ** 3 for _ in LABELS)
    labels = tuple(label for label, score in zip(LABELS, probabilities, strict=True) if score >= 0.5)
    at = NOON - timedelta(hours=7 * number)
    flags = tuple(
        Flag(category, rng.choice(SEVERITIES), 0, 3, "because")
        for category in rng.sample(CATEGORIES, rng.choice((0, 0, 0, 1, 2)))
    )
    return make_prediction(
        f"{TEXTS[number % len(TEXTS)]} {number}",
        *labels,
        at=at,
        source=rng.choice(("live", "batch")),
        probabilities=probabilities,
        top=max(labels or LABELS, key=lambda label: probabilities[LABELS.index(label)]),
        sentiment=rng.choice(("positive", "negative", "ambiguous", "neutral")),
        model_version=rng.choice(("1", "2")),
        margin=max(probabilities) - 0.5,
        flags=tuple(sorted(flags, key=lambda flag: -SEVERITIES.index(flag.severity))),
        rule_version="r1",
    )


@pytest.fixture(scope="module")
def rows() -> list[Prediction]:
    rng = random.Random(4)  # noqa: S311
    return [made(number, rng) for number in range(120)]


@pytest.fixture(scope="module")
def store(rows: list[Prediction], tmp_path_factory: pytest.TempPathFactory) -> Store:
    opened = Store(tmp_path_factory.mktemp("explorer") / "a.duckdb")
    for row in rows:
        opened.add(row, "ana")
    for number, row in enumerate(rows[:30]):
        verdict = "up" if number % 3 else "down"
        opened.add_feedback(Feedback(uuid4(), row.id, NOON, "ana", verdict))  # type: ignore[arg-type]
        if number % 5 == 0:
            opened.add_feedback(Feedback(uuid4(), row.id, NOON, "ana", "retracted"))
    return opened


@pytest.fixture(scope="module")
def explorer(store: Store) -> ExplorerQueries:
    return ExplorerQueries(store)


def thumbed(rows: list[Prediction]) -> set[object]:
    return {row.id for number, row in enumerate(rows[:30]) if number % 5}


def fits(row: Prediction, asked: Selection, rows: list[Prediction]) -> bool:
    """What `Selection` promises, word by word."""
    scores = dict(zip(LABELS, row.probabilities, strict=True))
    has = [
        np.float32(scores[one]) >= np.float32(asked.minimum) if asked.minimum else one in row.labels
        for one in asked.emotions
    ]
    conditions = (
        asked.since is None or row.made_at >= asked.since,
        asked.until is None or row.made_at < asked.until,
        not asked.sources or row.source in asked.sources,
        not asked.models or f"{row.model} {row.model_version}" in asked.models,
        not asked.emotions or (all(has) if asked.match == "all" else any(has)),
        not asked.sentiments or row.sentiment in asked.sentiments,
        not asked.severities or (gravity(row.flags) and SEVERITIES[gravity(row.flags) - 1] in asked.severities),
        not asked.categories or bool({flag.category for flag in row.flags} & set(asked.categories)),
        asked.flagged is None or asked.flagged == bool(row.flags),
        asked.uncertain is None or asked.uncertain == (np.float32(row.margin) < np.float32(UNCERTAIN)),
        asked.feedback is None or asked.feedback == (row.id in thumbed(rows)),
    )
    return all(conditions)


def some(values: tuple[str, ...], most: int = 2) -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(st.sampled_from(values), unique=True, max_size=most).map(tuple)


SELECTIONS = st.builds(
    Selection,
    since=st.none() | st.integers(0, 60).map(lambda days: NOON - timedelta(days=days)),
    until=st.none() | st.integers(0, 60).map(lambda days: NOON - timedelta(days=days)),
    sources=some(("live", "batch", "audit")),
    models=some(("fake 1", "fake 2")),
    emotions=some(LABELS, 3),
    match=st.sampled_from(("any", "all")),
    minimum=st.sampled_from((0.0, 0.2, 0.9)),
    sentiments=some(("positive", "negative", "ambiguous", "neutral")),
    severities=some(SEVERITIES),
    categories=some(CATEGORIES),
    flagged=st.sampled_from((None, None, True, False)),
    uncertain=st.sampled_from((None, None, True, False)),
    feedback=st.sampled_from((None, None, True, False)),
)


@pytest.mark.slow
@given(asked=SELECTIONS)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_selection_holds_exactly_what_it_promises(
    explorer: ExplorerQueries, rows: list[Prediction], asked: Selection
) -> None:
    expected = [row for row in rows if fits(row, asked, rows)]
    assert explorer.count(asked) == len(expected)
    assert [row.id for row in explorer.page(asked, "newest", 200)] == [row.id for row in expected]
    totals = explorer.totals(asked)
    assert (totals.n, totals.flagged) == (len(expected), sum(bool(row.flags) for row in expected))
    assert totals.urgent == sum(gravity(row.flags) == 3 for row in expected)
    assert totals.positive == sum(row.sentiment == "positive" for row in expected)
    assert totals.ups + totals.downs == sum(row.id in thumbed(rows) for row in expected)


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("hold", {1}),
        ("HOLD", {1}),
        ('"on hold"', {1}),
        ('"hold on"', set()),
        ('"holds on"', {2}),
        ("hold*", {1, 2}),
        ("on line", {2}),
        ("cafe", {0}),
        ("CAFÉ don't", {0}),
        ("refund", set()),
        ("refund*", {3}),
        ("💀", {3}),
        ("'; DROP TABLE", {4}),
        ("100%", {5}),
        ("<b>great</b>", {5}),
        ("_", {5}),
        ('"', set(range(6))),
        ("  ", set(range(6))),
        ("*", set()),
    ],
)
def test_words_and_phrases_are_found_blind_to_case_and_accents(
    explorer: ExplorerQueries, rows: list[Prediction], text: str, places: set[int]
) -> None:
    found = explorer.page(Selection(text=text), "newest", 200)
    # The number behind each text is a word of its own ("100" is one, too).
    at = {row.id: number % len(TEXTS) for number, row in enumerate(rows)}
    assert {at[row.id] for row in found} - ({4} if text == "100%" else set()) == places


def test_counts_over_time_begin_weeks_on_mondays(explorer: ExplorerQueries, rows: list[Prediction]) -> None:
    frame = explorer.over_time(Selection(), timedelta(days=7))
    expected: Counter[tuple[datetime, int]] = Counter()
    for row in rows:
        day = row.made_at.replace(hour=0, tzinfo=None)
        monday = day - timedelta(days=day.weekday(), hours=day.hour, minutes=day.minute)
        expected[monday, sum(1 << LABELS.index(label) for label in row.labels)] += 1
    found = zip(frame["bucket"].dt.to_pydatetime(), frame["labels"], strict=True)
    assert dict(zip(found, frame["n"], strict=True)) == expected
    assert frame["bucket"].is_monotonic_increasing
    assert frame["flagged"].sum() == sum(bool(row.flags) for row in rows)


def test_severities_count_flags_not_texts(explorer: ExplorerQueries, rows: list[Prediction]) -> None:
    frame = explorer.severities(Selection())
    expected = Counter((flag.category, flag.severity) for row in rows for flag in row.flags)
    assert {(a, b): n for a, b, n in frame[["category", "severity", "count"]].itertuples(index=False)} == expected
    assert explorer.severities(Selection(flagged=False)).empty


def test_a_sample_is_of_the_selection_and_the_same_each_time(explorer: ExplorerQueries, rows: list[Prediction]) -> None:
    n, scores = explorer.sample(Selection(), 1_000)
    assert (n, scores.shape, scores.dtype) == (len(rows), (len(rows), 28), np.float32)
    _, few = explorer.sample(Selection(), 30)
    assert 10 < len(few) < 70
    assert (few == explorer.sample(Selection(), 30)[1]).all()
    assert explorer.sample(Selection(sources=("audit",)), 30)[1].shape == (0, 28)


def test_words_are_counted_once_a_text(explorer: ExplorerQueries) -> None:
    frame = explorer.words(Selection(text="hold"))
    texts = dict(zip(frame["word"], frame["texts"], strict=True))
    assert texts["on"] == texts["hold"] == 20
    assert set(frame["of"]) == {20}


ASCENDING: dict[str, Callable[[Prediction], object]] = {
    "oldest": lambda row: row.made_at,
    "least-certain": lambda row: np.float32(row.margin),
}
DESCENDING: dict[str, Callable[[Prediction], object]] = {
    "newest": lambda row: row.made_at,
    "gravest": lambda row: (gravity(row.flags), row.made_at),
    "most-certain": lambda row: np.float32(row.margin),
    "longest": lambda row: len(row.text),
    "anger": lambda row: np.float32(row.probabilities[2]),
}


@pytest.mark.parametrize("order", [*ORDERS, "anger"])
def test_the_database_orders_and_pages(explorer: ExplorerQueries, rows: list[Prediction], order: str) -> None:
    whole = [row.id for row in explorer.page(Selection(), order, 500)]
    by = {row.id: row for row in rows}
    keys = [(ASCENDING.get(order) or DESCENDING[order])(by[one]) for one in whole]
    assert keys == sorted(keys, reverse=order in DESCENDING)  # type: ignore[type-var]
    paged = [row.id for start in range(0, 120, 50) for row in explorer.page(Selection(), order, 50, start)]
    assert paged == whole


def test_an_unknown_order_or_name_is_refused_with_the_choice(explorer: ExplorerQueries) -> None:
    with pytest.raises(InputError, match=r"ordered by 'id; DROP TABLE predictions'.*newest"):
        explorer.page(Selection(), "id; DROP TABLE predictions", 1)
    for wrong, kind in (
        (Selection(emotions=("bliss",)), "emotion"),
        (Selection(sentiments=("glad",)), "sentiment"),
        (Selection(severities=("fatal",)), "severity"),
        (Selection(categories=("spam",)), "category"),
    ):
        with pytest.raises(InputError, match=f"No {kind} named"):
            explorer.count(wrong)


def test_one_tweet_in_full(explorer: ExplorerQueries, rows: list[Prediction]) -> None:
    row = next(row for row in rows if len(row.flags) == 2)
    found = explorer.detail(row.id)
    assert found is not None
    assert found.flags == row.flags
    assert found.scores[0].tolist() == pytest.approx(row.probabilities)
    assert (found.listed.text, found.listed.moment, found.made_at) == (row.text, row.made_at, row.made_at)
    assert (found.actor, found.threshold_version, found.listed.rule_version, found.batch) == ("ana", "abc", "r1", "")
    assert set(found.listed.categories) == {flag.category for flag in row.flags}
    assert explorer.detail(uuid4()) is None


def test_texts_like_another_come_with_their_exact_likeness(tmp_path: Path, rows: list[Prediction]) -> None:
    store = Store(tmp_path / "near.duckdb")
    texts = (
        "the parcel never arrived and nobody answers",
        "The PARCEL never arrived, and nobody answers!",
        "the parcel never arrived and nobody cares",
        "the parcel arrived",
        "answers nobody wants",
    )
    stored = [
        replace(rows[number], id=new_id(NOON + timedelta(seconds=number)), text=text)
        for number, text in enumerate(texts)
    ]
    for one in stored:
        store.add(one, "ana")
    explorer = ExplorerQueries(store)
    found = explorer.detail(stored[0].id)
    assert found is not None
    near = [(one.listed.text, one.likeness) for one in explorer.near(found)]
    assert near == [(texts[1], 1.0), (texts[2], pytest.approx(6 / 8))]
    only_signs = explorer.detail(stored[0].id)
    assert only_signs is not None
    assert explorer.near(replace(only_signs, listed=replace(only_signs.listed, text="💀 !!"))) == []
    store.close()


def test_an_empty_store_answers_everything(tmp_path: Path) -> None:
    store = Store(tmp_path / "empty.duckdb")
    explorer = ExplorerQueries(store)
    assert explorer.facets().first is None
    assert explorer.totals(Selection()).n == 0
    assert explorer.over_time(Selection(), timedelta(days=1)).empty
    assert explorer.severities(Selection()).empty
    assert explorer.sample(Selection(), 10)[1].shape == (0, 28)
    assert explorer.words(Selection()).empty
    assert explorer.page(Selection(), "newest", 10) == []
    store.close()


def test_facets_name_what_is_there(explorer: ExplorerQueries, rows: list[Prediction]) -> None:
    facets = explorer.facets()
    assert (facets.n, facets.first, facets.last) == (120, rows[-1].made_at, rows[0].made_at)
    assert facets.sources == ("batch", "live")
    assert facets.models == ("fake 1", "fake 2")


def test_the_revision_follows_what_is_written(tmp_path: Path, rows: list[Prediction]) -> None:
    store = Store(tmp_path / "v.duckdb")
    explorer = ExplorerQueries(store)
    before = explorer.revision()
    explorer.count(Selection())
    assert explorer.revision() == before
    store.add(rows[0], "ana")
    assert explorer.revision() > before
    store.close()


def test_what_runs_too_long_is_stopped_and_the_store_goes_on(tmp_path: Path) -> None:
    store = Store(tmp_path / "slow.duckdb", query_seconds=0.2)
    with pytest.raises(StoreError, match=r"took too long.*shorter period"), store.reading() as cursor:
        cursor.execute(
            "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 3"
        ).fetchall()
    assert ExplorerQueries(store).count(Selection()) == 0
    cancelled = threading.Event()
    cancelled.set()
    with pytest.raises(StoreError), store.reading(60, cancelled.is_set) as cursor:
        cursor.execute(
            "SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 3"
        ).fetchall()
    store.close()
