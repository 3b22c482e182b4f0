"""The page Feedback, headless: queues, decisions, links, and what happens when somebody else was faster."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import streamlit as st
from streamlit.testing.v1 import AppTest

from core.access.actor import Actor, Reviewer
from core.explore.selection import Selection
from core.services.review_desk import ReviewDesk
from core.store import Store
from core.store.reviews import Reviews
from pages import runtime

Open = Callable[..., AppTest]
BO = Reviewer(Actor("bo"), "elsewhere")


def feedback(open_app: Open, query: dict[str, str] | None = None, **environment: str) -> AppTest:
    app = open_app(**environment)
    app.switch_page("feedback/page.py")
    for name, value in {"period": "everything", **(query or {})}.items():
        app.query_params[name] = value
    return app.run()


def texts(app: AppTest) -> str:
    parts = [*app.caption, *app.markdown, *app.info, *app.warning, *app.success, *app.error]
    return "\n".join(part.value for part in parts)


def count(app: AppTest, queue: str) -> int:
    found = re.search(rf"{queue} ([\d,]+)", texts(app))
    assert found
    return int(found[1].replace(",", ""))


def reviewing() -> ReviewDesk:
    """What the page itself works with."""
    return runtime.app().review_desk


def test_decisions_move_items_from_queue_to_queue(open_app: Open) -> None:
    app = feedback(open_app, {"reviewer": "ana"})
    waiting = count(app, "All")
    assert waiting > 40
    for key in ("confirm", "escalate", "skip"):
        app.button(key=f"review_{key}").click().run()
        assert not app.exception
        assert not app.error
    app.run()
    assert [count(app, queue) for queue in ("All", "Escalated", "Mine", "Done")] == [waiting - 3, 1, 1, 1]
    app.button(key="review_undo").click().run()
    app.button(key="review_undo").click().run()
    app.run()
    assert [count(app, queue) for queue in ("All", "Escalated", "Mine", "Done")] == [waiting - 1, 0, 0, 1]


def test_a_correction_needs_a_change(open_app: Open) -> None:
    app = feedback(open_app, {"reviewer": "ana"})
    app.button(key="review_correct").click().run()
    assert any("that the model gave" in one.value for one in app.error)
    app.button(key="review_emotion_9").click().run()
    app.button(key="review_correct").click().run()
    assert not app.error
    app.run()
    assert count(app, "Done") == 1


def test_somebody_was_faster(open_app: Open) -> None:
    app = feedback(open_app, {"reviewer": "ana"})
    item_id = app.session_state["review_session"].item.id
    # Her claim has run out, he decides, and then she does.
    his = ReviewDesk(reviewing()._store, lambda: None, lambda: "", _later)  # type: ignore[arg-type,return-value]
    his.decide(his.open(item_id, BO), "escalate", BO, uuid4())
    app.button(key="review_confirm").click().run()
    assert any("bo escalated it" in one.value for one in app.error)
    assert app.session_state["review_session"].item.id != item_id, "the next one is there already"
    assert [event.kind for event in reviewing().history(item_id)].count("confirm") == 0


def _later() -> datetime:
    return datetime.now(UTC) + timedelta(minutes=6)


def test_a_store_that_is_lost_is_said_and_is_no_empty_queue(open_app: Open, database: Path) -> None:
    app = feedback(open_app, {"reviewer": "ana"})
    session = app.session_state["review_session"]
    item_id = session.item.id
    away = database.rename(database.with_suffix(".away"))
    app.button(key="review_confirm").click().run()
    assert app.error, "the fault is shown"
    assert "Nothing waits for a review" not in texts(app)
    assert (session.item.id, session.decided) == (item_id, 0), "nothing was decided, and nothing is passed over"
    away.rename(database)
    app.button(key="review_confirm").click().run()
    assert not app.error
    assert session.decided == 1


def test_links_to_items(open_app: Open) -> None:
    app = feedback(open_app, {"item": "nonsense"})
    assert "is no id of a tweet" in texts(app)
    assert not app.exception
    app = feedback(open_app, {"item": str(uuid4())})
    assert any("no longer in the store" in one.value for one in app.error)
    (last,) = reviewing().queue("all", Selection(), BO, limit=1, offset=30)
    app = feedback(open_app, {"item": str(last.id)})
    assert app.session_state["review_session"].item.id == last.id


def test_empty_queues_say_so(open_app: Open) -> None:
    for queue, said in (("done", "Nothing has been decided yet"), ("second", "Nothing waits for a second look")):
        app = feedback(open_app, {"queue": queue})
        assert said in texts(app)
        assert not app.exception
    app = feedback(open_app, {"feedback_tab": "teach"})
    assert "Nothing was confirmed or corrected yet" in texts(app)
    app = feedback(open_app, {"feedback_tab": "list", "q": "zyzzyva"})
    assert "This queue is empty" in texts(app)


def test_what_was_reviewed_becomes_a_labelled_set(open_app: Open) -> None:
    app = feedback(open_app, {"reviewer": "ana"})
    for _ in range(6):
        app.button(key="review_confirm").click().run()
    app.session_state["feedback_tab"] = "teach"
    app.run()
    assert "6 texts" in texts(app)
    assert "No conflicting decisions" in texts(app)
    assert not app.exception


def test_the_choice_of_queue_is_in_the_address(open_app: Open, database: Path) -> None:
    app = feedback(open_app, {"queue": "flagged", "reviewer": "ana"})
    flagged = count(app, "Flagged")
    assert 0 < flagged < count(app, "All")
    assert "flag" in texts(app)
    st.cache_resource.clear()
    store = Store(database)
    claimed = [event.actor for event in Reviews(store).events()]
    store.close()
    assert claimed == ["ana"]
