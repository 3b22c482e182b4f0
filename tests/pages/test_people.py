"""What people said, headless: each part drawn by a script of its own, over a store with thumbs and decisions."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from streamlit.testing.v1 import AppTest

from core.access.actor import Actor, Reviewer
from core.explore.selection import Selection
from core.ids import new_id
from core.predictions.record import Feedback, Verdict
from core.review.events import Deed
from core.settings import settings
from core.store import Store
from core.store.explorer import ExplorerQueries, Listed
from core.store.reviews import Act, Reviews
from pages import runtime

HOSTILE = "<b>bold</b> [link](https://evil.example) :red[x] $x$"
ONE, TWO = Reviewer(Actor("mod"), "w1"), Reviewer(Actor("bo"), "w2")


def draw_people(level: str = "emotion") -> None:
    from core.explore.selection import Selection  # noqa: PLC0415
    from pages.feedback.people import draw_people  # noqa: PLC0415
    from pages.shared.filters import View  # noqa: PLC0415

    draw_people(View(Selection(), "the whole store"), level)  # type: ignore[arg-type]


def draw_agreement() -> None:
    from core.explore.selection import Selection  # noqa: PLC0415
    from pages.feedback.agreement import draw_agreement  # noqa: PLC0415
    from pages.shared.filters import View  # noqa: PLC0415

    draw_agreement(View(Selection(), "the whole store"))


class Pen:
    """Writes into a store, each time a minute later."""

    def __init__(self, store: Store) -> None:
        self.store, self.reviews = store, Reviews(store)
        self.tweets: list[Listed] = ExplorerQueries(store).page(Selection(), "newest", 100)
        self.now = datetime.now(UTC)

    def later(self) -> datetime:
        self.now += timedelta(minutes=1)
        return self.now

    def thumb(self, place: int, verdict: Verdict, actor: str = "owner", comment: str = "", *suggested: str) -> None:
        event = Feedback(uuid4(), self.tweets[place].id, self.later(), actor, verdict, suggested, comment)
        self.store.add_feedback(event)

    def decide(self, place: int, kind: Deed, reviewer: Reviewer = ONE, *emotions: str) -> None:
        item, now = self.tweets[place].id, self.later()
        asked = emotions if kind in ("correct", "second") else None
        self.reviews.act(Act(new_id(now), item, now, reviewer, kind, self.reviews.standing(item).seen, asked))


@pytest.fixture
def written(database: Path, made_store: Path) -> Iterator[Callable[[Callable[[Pen], None]], None]]:
    """Let a test write into the store before the page opens it."""

    def write(what: Callable[[Pen], None]) -> None:
        database.parent.mkdir()
        shutil.copyfile(made_store, database)
        store = Store(database)
        what(Pen(store))
        store.close()

    settings.cache_clear()
    yield write
    runtime._app.clear()
    settings.cache_clear()


def run(script: Callable[..., None], **arguments: object) -> AppTest:
    app = AppTest.from_function(script, default_timeout=60, kwargs=arguments).run()
    assert not app.exception
    assert not app.error
    return app


def texts(app: AppTest) -> str:
    return "\n".join(part.value for part in [*app.caption, *app.markdown, *app.info, *app.warning])


def metrics(app: AppTest) -> dict[str, str]:
    return {one.label: one.value for one in app.metric}


def charts(app: AppTest) -> int:
    return len(app.get("plotly_chart"))


def some_feedback(pen: Pen) -> None:
    for place in range(10):
        pen.thumb(place, "up" if place % 2 else "down")
    pen.thumb(0, "down", "owner", HOSTILE, "grief")
    pen.thumb(1, "retracted")
    pen.decide(0, "correct", ONE, "grief", "love")
    pen.decide(3, "confirm")
    pen.decide(4, "dismiss")


def test_a_store_without_thumbs_says_what_to_do(written: Callable[[Callable[[Pen], None]], None]) -> None:
    written(lambda pen: None)
    app = run(draw_people)
    assert "There are no thumbs" in texts(app)
    assert "the page Live asks" in texts(app)
    assert charts(app) == 0
    assert app.button(key="prepare_log"), "the log may hold what these filters do not"


@pytest.mark.parametrize("level", ["emotion", "ekman", "sentiment"])
def test_what_people_said_is_drawn_at_every_level(written: Callable[[Callable[[Pen], None]], None], level: str) -> None:
    written(some_feedback)
    app = run(draw_people, level=level)
    assert metrics(app)["Thumbs"] == "9"
    assert metrics(app)["Thumbs up"] == "44%"
    assert metrics(app)["Decided"] == "33%"
    assert metrics(app)["Answered in"].endswith(" min")
    assert charts(app) == 6
    assert "4 thumbs up and 5 down on 9 tweets of the whole store" in texts(app)
    assert "Of 5 tweets with a thumb down, **2** are decided: 1 corrected, 1 its flag dismissed." in texts(app)
    assert "Of 4 tweets with thumbs up alone, **1** is decided: 1 the model was right." in texts(app)
    assert "Half of the 3 decisions made after a thumb" in texts(app)


def test_comments_are_cells_and_not_markdown(written: Callable[[Callable[[Pen], None]], None]) -> None:
    written(some_feedback)
    app = run(draw_people)
    (row,) = app.dataframe[0].value.to_dict("records")
    assert (row["Comment"], row["Should be"], row["Thumb"], row["Who"]) == (HOSTILE, "grief", "👎 wrong", "owner")
    assert "1 to 1 of 1 comment, the newest first" in texts(app)
    assert app.button(key="comment_open").disabled


def test_many_comments_come_page_by_page(written: Callable[[Callable[[Pen], None]], None]) -> None:
    def many(pen: Pen) -> None:
        for place in range(45):
            pen.thumb(place, "up", "owner", f"comment {place}")

    written(many)
    app = run(draw_people)
    assert app.dataframe[0].value["Comment"].iloc[0] == "comment 44"
    assert len(app.dataframe[0].value) == 20
    app.number_input(key="comments_page").set_value(3).run()
    assert app.dataframe[0].value["Comment"].tolist() == [f"comment {place}" for place in range(4, -1, -1)]
    assert "41 to 45 of 45 comments" in texts(app)
    assert "There are no corrections yet" in texts(app)
    assert "None of the 45 tweets with a thumb has been decided yet" in texts(app)


@pytest.mark.parametrize("scope", ["whole", "filtered"])
def test_the_log_is_prepared_and_offered(written: Callable[[Callable[[Pen], None]], None], scope: str) -> None:
    written(some_feedback)
    app = run(draw_people)
    next(one for one in app.get("segmented_control") if one.key == "log_scope").set_value(scope).run()
    app.button(key="prepare_log").click().run()
    export = app.session_state["log"]
    export.job.wait(60)
    app.run()
    assert not app.exception
    assert export.path.name == "feedback_log_emotions.csv"
    assert export.path.read_text(encoding="utf-8").count("\n") == 13, "a header, and 12 events"
    assert any("Download CSV (12 rows" in one.value for one in app.html)


def test_no_second_looks_says_what_to_do(written: Callable[[Callable[[Pen], None]], None]) -> None:
    written(lambda pen: pen.decide(0, "confirm"))
    app = run(draw_agreement)
    assert "No tweet within these filters has had a second look yet" in texts(app)
    assert "under another name" in texts(app)
    assert charts(app) == 0


def test_agreement_is_drawn(written: Callable[[Callable[[Pen], None]], None]) -> None:
    def looked_twice(pen: Pen) -> None:
        for place in range(8):
            pen.decide(place, "correct", ONE, "joy" if place % 2 else "anger")
            pen.decide(place, "second", TWO, "joy" if place % 2 or place == 0 else "anger")

    written(looked_twice)
    app = run(draw_agreement)
    assert metrics(app)["Seen by two"] == "8"
    assert metrics(app)["Decided alike"] == "88%"
    assert 0.8 < float(metrics(app)["Kappa"]) < 0.95
    assert charts(app) == 1
    assert "With fewer than 30 tweets it says little" in texts(app)


def test_agreement_in_nothing_is_undefined(written: Callable[[Callable[[Pen], None]], None]) -> None:
    def nothing(pen: Pen) -> None:
        pen.decide(0, "correct", ONE)
        pen.decide(0, "second", TWO)

    written(nothing)
    app = run(draw_agreement)
    assert metrics(app)["Kappa"] == "–"
    assert "Neither of the two gave any emotion" in texts(app)
    assert charts(app) == 0


def test_a_tester_is_told_what_came_of_their_thumbs(
    open_app: Callable[..., AppTest], database: Path, made_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AFFECTRA_ACTOR", "owner")
    database.parent.mkdir()
    shutil.copyfile(made_store, database)
    store = Store(database)
    pen = Pen(store)
    some_feedback(pen)
    store.close()
    app = open_app()
    assert not app.exception
    (line,) = [one.value for one in app.caption if "have been reviewed" in one.value]
    assert line.startswith("3 of your 9 thumbs have been reviewed. The last: “")
    assert "corrected to grief, love (mod)" in line


def test_a_tester_without_reviewed_thumbs_is_told_nothing(open_app: Callable[..., AppTest]) -> None:
    assert not [one for one in open_app().caption if "reviewed" in one.value]
