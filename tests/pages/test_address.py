"""Choices in the address: written by id, drawn by title; what old links and old saved views named still opens."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.explore.query_string import OLD_NAMES
from core.store import Store

Open = Callable[..., AppTest]
PAGE_OF = {
    "audit_tab": ("audit", {}),
    "period": ("audit", {}),
    "order": ("audit", {"audit_tab": "tweets"}),
    "reference": ("audit", {"audit_tab": "drift", "period": "7-days"}),
    "feedback_tab": ("feedback", {}),
    "queue": ("feedback", {}),
    "view": ("compare", {}),
}
OLD = [(name, title, id_) for name, titles in OLD_NAMES.items() for title, id_ in titles.items()]


def open_page(app: AppTest, page: str, **query: str) -> AppTest:
    app.switch_page(f"{page}/page.py")
    for name, value in query.items():
        app.query_params[name] = value
    return app.run()


def widget(app: AppTest, key: str) -> object:
    return next(one for kind in ("selectbox", "segmented_control") for one in app.get(kind) if one.key == key).value


@pytest.mark.parametrize(("name", "title", "id_"), OLD)
def test_an_old_link_opens_what_it_opened(open_app: Open, name: str, title: str, id_: str) -> None:
    page, beside = PAGE_OF[name]
    app = open_page(open_app(), page, **beside, **{name: title})
    assert not app.exception
    assert not app.error
    assert app.session_state[name] == id_
    if not name.endswith("_tab") and name != "view":
        assert widget(app, name) == id_
    assert app.query_params.get(name) in (None, id_), "the address is written again"


def test_an_old_link_to_a_model_as_a_reference_opens_it(open_app: Open) -> None:
    app = open_page(open_app(), "audit")
    (model,) = [one for one in app.multiselect(key="model").options if one.startswith("electra")]
    app = open_page(open_app(), "audit", audit_tab="Drift", reference=f"all that was read by {model}")
    assert widget(app, "reference") == model


def test_an_old_saved_view_opens_what_it_was_saved_as(open_app: Open, database: Path) -> None:
    open_app()
    st.cache_resource.clear()
    store = Store(database)
    store.save_view("last week", "period=7+days&emotion=joy&match=all", "ana", datetime.now(UTC))
    store.close()
    app = open_page(open_app(), "audit")
    app.selectbox(key="view_to_open").set_value("last week").run()
    app.button(key="open_view").click().run()
    assert not app.exception
    assert (widget(app, "period"), widget(app, "match")) == ("7-days", "all")
    assert app.query_params["period"] == "7-days"


def test_every_choice_is_written_by_an_id(open_app: Open) -> None:
    app = open_page(open_app(), "audit", audit_tab="tweets")
    app.selectbox(key="period").set_value("12-months").run()
    app.selectbox(key="order").set_value("least-certain").run()
    app.multiselect(key="severity").set_value(["urgent", "watch"]).run()
    assert not app.exception
    assert app.query_params == {
        "audit_tab": "tweets",
        "period": "12-months",
        "order": "least-certain",
        "severity": ["urgent", "watch"],
    }
    app.button(key="clear_all").click().run()
    assert app.query_params == {"audit_tab": "tweets", "order": "least-certain"}


def test_what_was_chosen_stays_on_another_page_and_is_in_its_address(open_app: Open) -> None:
    app = open_page(open_app(), "audit", period="7-days")
    app.query_params.clear()
    app = open_page(app, "feedback")
    assert widget(app, "period") == "7-days"
    assert app.query_params["period"] == "7-days"


def test_a_link_on_the_way_to_another_page_is_heeded(open_app: Open) -> None:
    app = open_page(open_app(), "feedback", queue="done")
    app = open_page(app, "audit")
    app = open_page(app, "feedback", queue="flagged")
    assert widget(app, "queue") == "flagged"


def test_what_there_is_not_to_choose_is_left_out(open_app: Open) -> None:
    app = open_page(open_app(), "audit", audit_tab="cellar", severity="dire", match="most", flagged="perhaps")
    assert not app.exception
    assert not app.error
    assert app.query_params == {}
