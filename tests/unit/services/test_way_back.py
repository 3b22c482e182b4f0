"""From a file through the store and back to the tweet: what a row came with is kept, shown and exported unchanged."""

import csv
import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pyarrow.parquet as pq
import pytest

from core.access.actor import Actor, Reviewer
from core.app import App
from core.explore.selection import Selection
from core.files import open_table
from core.ids import new_id
from core.maintenance.inbox import open_inbox_writer
from core.predictions.columns import ORIGIN
from core.predictions.record import Origin
from core.services.scoring import ScoredFile
from core.store import Store
from core.store.database import Database
from core.store.feedback_export import export_feedback
from core.store.migrations import MIGRATIONS
from core.store.reviews import Act, Reviews
from tests.builders import make_app

ANA = Actor("ana")
EVERYTHING = Selection()
ROWS = [
    {"tweet_id": "1845000000000000001", "user": "@ana", "url": "https://a.example/1", "lang": "en", "text": "so happy"},
    {"tweet_id": "1845000000000000003", "user": "bob", "url": "https://a.example/2", "lang": "en", "text": "i hate it"},
    {"tweet_id": "1845000000000000005", "user": "eva", "url": "https://a.example/3", "lang": "es", "text": "qué bien"},
]
KEPT = [row["tweet_id"] for row in ROWS if row["lang"] == "en"]


@pytest.fixture
def app(tmp_path: Path) -> App:
    return make_app(Store(tmp_path / "a.duckdb"))


def write(path: Path, rows: list[dict[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def score(app: App, path: Path, **more: object) -> ScoredFile:
    return app.scorer.score_file(open_table(path), path.parent, path.name, **more)  # type: ignore[arg-type]


def exported(app: App, target: Path) -> list[dict[str, object]]:
    app.explorer.export(EVERYTHING, target, overwrite=True)
    if target.suffix == ".jsonl":
        return [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    if target.suffix == ".parquet":
        return list(pq.read_table(target).to_pylist())
    table = open_table(target, "text")  # our own reader takes our own apostrophes off
    (batch,) = table.batches(100)
    return [dict(zip(table.names, row, strict=True)) for row in zip(*batch.values, strict=True)]


@pytest.mark.parametrize("by_inbox", [False, True])
@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_what_goes_in_comes_out_unchanged(app: App, tmp_path: Path, suffix: str, by_inbox: bool) -> None:
    source = write(tmp_path / "in.csv", [row | {"likes": "3", "place": "=Ulm, am Main"} for row in ROWS])
    if by_inbox:
        with open_inbox_writer(tmp_path / "inbox" / "in.parquet") as writer:
            app.scorer.score_table(open_table(source), None, writer)
        app.intake.take_in(tmp_path / "inbox" / "in.parquet", uuid4(), "in", ANA)
    else:
        app.intake.keep_file(score(app, source), ANA)
    found = exported(app, tmp_path / f"out{suffix}")
    assert [tuple(row[name] for name in ORIGIN[:4]) for row in found] == [
        (row["tweet_id"], row["user"], row["url"], row["lang"]) for row in ROWS[:2]
    ]
    assert [json.loads(str(row["extras"])) for row in found] == [{"likes": "3", "place": "=Ulm, am Main"}] * 2


def test_a_file_that_was_scored_before_is_taken_in_without_them(app: App, tmp_path: Path) -> None:
    scored = score(app, write(tmp_path / "in.csv", ROWS))
    pq.write_table(pq.read_table(scored.for_store).drop_columns(list(ORIGIN)), tmp_path / "old.parquet")
    assert app.intake.take_in(tmp_path / "old.parquet", uuid4(), "old", ANA) == 2
    assert [row["tweet_id"] for row in exported(app, tmp_path / "out.jsonl")] == [None, None]


def test_where_texts_are_masked_the_language_alone_is_kept(tmp_path: Path) -> None:
    source = write(tmp_path / "in.csv", ROWS)
    private = make_app(Store(tmp_path / "a.duckdb"), private=True)
    private.intake.keep_file(score(private, source), ANA)
    with open_inbox_writer(tmp_path / "in.parquet") as writer:
        make_app().scorer.score_table(open_table(source), None, writer)
    private.intake.take_in(tmp_path / "in.parquet", uuid4(), "in", ANA)
    found = exported(private, tmp_path / "out.jsonl")
    assert len(found) == 4
    assert {tuple(row[name] for name in ORIGIN) for row in found} == {(None, None, None, "en", None)}


def test_another_language_has_no_emotions_and_is_counted_apart(app: App, tmp_path: Path) -> None:
    scored = score(app, write(tmp_path / "in.csv", [*ROWS, ROWS[0] | {"lang": "es", "text": ""}]))
    assert (scored.summary.not_read, scored.summary.unreadable) == ({"Spanish": 1}, 1)
    assert scored.summary.counts["emotion"].sum() == 2
    rows = pq.read_table(scored.results).to_pylist()
    assert [row["note"] for row in rows] == ["", "", "not read: Spanish", "nothing to read"]
    assert [row["top_emotion"] for row in rows] == ["joy", "anger", None, None]
    assert app.intake.keep_file(scored, ANA) == 2
    (tmp_path / "again").mkdir()
    every = score(app, (tmp_path / "in.csv").rename(tmp_path / "again" / "in.csv"), every_language=True)
    assert (every.summary.not_read, every.summary.unreadable) == ({}, 1)


def test_a_language_is_recognised_where_the_file_says_none(app: App, tmp_path: Path) -> None:
    texts = ["I am so happy about this today", "Gracias a la señora que me prestó el paraguas esta mañana"]
    scored = score(app, write(tmp_path / "in.csv", [{"text": text} for text in texts]))
    assert scored.summary.languages == "Spanish 1"
    assert [row["language"] for row in pq.read_table(scored.results).to_pylist()] == ["en", "es"]


def test_what_has_no_time_is_in_no_period_and_can_be_found(app: App, tmp_path: Path) -> None:
    times = ["2026-04-30 10:00", "2026-04-30 11:00", "2026-04-30 12:00", "2026-04-30 13:00", "soon"]
    source = write(tmp_path / "in.csv", [{"text": f"so happy {n}", "posted_at": at} for n, at in enumerate(times)])
    scored = score(app, source, posted="posted_at")
    assert scored.summary.undated == 1
    app.intake.keep_file(scored, ANA)
    exploring = app.explorer
    recent = Selection(since=datetime(2026, 4, 1, tzinfo=UTC), until=datetime(2027, 1, 1, tzinfo=UTC))
    assert [exploring.count(one) for one in (EVERYTHING, recent, EVERYTHING.without_time)] == [5, 4, 1]
    assert exploring.undated(recent) == 1
    for selection, all_of_them, dated in ((EVERYTHING, 5, 4), (recent, 4, 4), (EVERYTHING.without_time, 1, 0)):
        by_label = exploring.distribution(selection, "emotion").set_index("name")["count"]
        assert by_label["joy"] == all_of_them
        assert exploring.over_time(selection, "emotion")["joy"].sum() == dated
        pairs = exploring.pairs(selection, "emotion")
        assert pairs.loc[(pairs["row"] == "joy") & (pairs["column"] == "joy"), "count"].item() == all_of_them
        assert len(exploring.calendar(selection, "emotion")[0]) == (1 if dated else 0)
    rows = exploring.page(EVERYTHING, "newest", 10, 0)
    assert [row.moment is None for row in rows] == [False] * 4 + [True]
    (undated,) = [row for row in exported(app, tmp_path / "out.jsonl") if row["moment"] is None]
    assert undated["text"] == "so happy 4"


def test_a_file_without_times_is_undated_as_a_whole(app: App, tmp_path: Path) -> None:
    scored = score(app, write(tmp_path / "in.csv", ROWS))
    assert scored.summary.undated == 3
    app.intake.keep_file(scored, ANA)
    facets = app.explorer.facets()
    assert (facets.n, facets.first, facets.languages) == (2, None, ("en",))
    assert app.explorer.distribution(EVERYTHING, "sentiment")["count"].sum() == 2


def test_authors_and_languages_can_be_asked_for(app: App, tmp_path: Path) -> None:
    app.intake.keep_file(score(app, write(tmp_path / "in.csv", ROWS)), ANA)
    for selection, n in (
        (Selection(author="ANA"), 1),
        (Selection(author="@bob"), 1),
        (Selection(author="nobody"), 0),
        (Selection(languages=("en", "es")), 2),
        (Selection(languages=("es",)), 0),
    ):
        assert app.explorer.count(selection) == n, selection


def test_a_store_of_before_has_rows_that_came_with_nothing(tmp_path: Path) -> None:
    path = tmp_path / "old.duckdb"
    Database(path, migrations=MIGRATIONS[:4]).close()
    store = Store(path)
    assert store.version() == len(MIGRATIONS)
    with store.reading() as cursor:
        names = {row[0] for row in cursor.execute("DESCRIBE predictions").fetchall()}
    assert set(ORIGIN) < names
    store.close()


def test_from_an_archive_of_x_to_a_decision_its_id_is_the_one_that_x_gave_it(app: App, tmp_path: Path) -> None:
    tweets = [
        {
            "tweet": {
                "id": str(number),
                "id_str": str(number),
                "full_text": text,
                "created_at": f"Fri May 01 {hour}:00:00 +0000 2026",
                "lang": "en",
                "retweet_count": "2",
                "favorited": False,
                "entities": {"hashtags": []},
            }
        }
        for number, text, hour in (
            (1845000000000000001, "I am so happy about the new library", 10),
            (1845000000000000003, "I hate how late the bus is again", 11),
        )
    ]
    archive = tmp_path / "twitter-archive.zip"
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("data/tweets.js", f"window.YTD.tweets.part0 = {json.dumps(tweets)}")
        file.writestr("data/account.js", "window.YTD.account.part0 = []")
    app.intake.keep_file(score(app, archive, posted="tweet.created_at"), ANA)
    (listed,) = app.explorer.page(Selection(text="bus"), "newest", 10, 0)
    detail = app.explorer.detail(listed.id)
    assert detail is not None
    wanted = "1845000000000000003"
    assert (detail.origin.tweet_id, detail.origin.language) == (wanted, "en")
    assert detail.origin.link == f"https://x.com/i/web/status/{wanted}"
    assert detail.listed.moment == datetime(2026, 5, 1, 11, tzinfo=UTC)
    assert json.loads(detail.origin.extras or "")["tweet.retweet_count"] == "2"
    store = app.store()
    app.feedback.give(listed.id, "down", ANA)
    reviews, at = Reviews(store), app.now()
    seen = reviews.standing(listed.id).seen
    act = Act(new_id(at), listed.id, at, Reviewer(ANA, "desk"), "correct", seen, ("anger",), "")
    reviews.act(act)
    (row,) = app.review_desk.labelled().rows
    assert (row.tweet_id, row.labels) == (wanted, ("anger",))
    export_feedback(store, None, tmp_path / "log.jsonl")
    (event,) = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    assert (event["tweet_id"], event["decision"]) == (wanted, "correct")


def test_what_nothing_is_known_of_came_with_nothing(app: App) -> None:
    prediction = app.predictor.predict("so happy")
    app.intake.record(prediction, ANA)
    detail = app.explorer.detail(prediction.id)
    assert detail is not None
    assert (detail.origin, detail.listed.moment) == (Origin(), prediction.made_at)
