"""The page Audit, headless: what its filters ask for, what its tabs draw, what its buttons do."""

import re
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.access.actor import Actor
from core.explore.selection import Selection
from core.files import open_table
from core.ids import new_id
from core.inference.classifier import load
from core.store import Store
from core.store.explorer import ExplorerQueries
from pages import runtime
from tests.builders import make_app

Open = Callable[..., AppTest]
ROOT = Path(__file__).resolve().parents[2]
TABS = ("overview", "together", "risk", "drift", "tweets", "audits")


def audit(open_app: Open, query: dict[str, str | list[str]] | None = None, **environment: str) -> AppTest:
    app = open_app(**environment)
    app.switch_page("audit/page.py")
    for name, value in (query or {}).items():
        app.query_params[name] = value
    return app.run()


def texts(app: AppTest) -> str:
    parts = [*app.caption, *app.markdown, *app.info, *app.warning, *app.success, *app.error]
    return "\n".join(part.value for part in parts)


def found(app: AppTest) -> int:
    said = re.search(r"([\d,]+) tweets of the ", texts(app))
    assert said
    return int(said[1].replace(",", ""))


def stored(database: Path, selection: Selection) -> int:
    st.cache_resource.clear()
    store = Store(database)
    try:
        return ExplorerQueries(store).count(selection)
    finally:
        store.close()


@pytest.mark.parametrize("tab", TABS)
def test_every_tab_draws_at_every_level(open_app: Open, tab: str) -> None:
    app = audit(open_app, {"audit_tab": tab})
    for level in ("emotion", "ekman", "sentiment"):
        next(one for one in app.get("segmented_control") if one.key == "audit_level").set_value(level).run()
        assert not app.exception
        assert not app.error
        assert "350 tweets of the last 30 days" in texts(app)


def test_filters_narrow_and_are_taken_back(open_app: Open) -> None:
    app = audit(open_app, {"period": "everything"})
    app.multiselect(key="emotion").set_value(["anger", "annoyance"]).run()
    angry = found(app)
    assert 0 < angry < 350
    app.multiselect(key="severity").set_value(["urgent"]).run()
    assert not app.exception
    assert found(app) < angry
    drop = next(button for button in app.button if button.key == "drop_severity")
    assert "urgent" in drop.label
    drop.click().run()
    assert found(app) == angry
    app.button(key="clear_all").click().run()
    assert "350 tweets of the last 30 days" in texts(app)
    assert app.button(key="clear_all").disabled


def test_a_link_restores_the_view(open_app: Open) -> None:
    app = audit(open_app, {"period": "everything", "emotion": ["joy", "love"], "match": "all", "q": "the"})
    assert (app.multiselect(key="emotion").value, app.text_input(key="q").value) == (["joy", "love"], "the")
    assert not app.exception


def test_nonsense_in_a_link_asks_for_nothing(open_app: Open) -> None:
    app = audit(
        open_app,
        {"period": "a fortnight", "emotion": "bliss", "order": "id; DROP", "page": "-3", "tweet": "x", "least": "9"},
    )
    assert not app.exception
    assert "350 tweets of the last 30 days" in texts(app)


def test_a_link_to_a_model_that_is_gone_holds_nothing(open_app: Open) -> None:
    app = audit(open_app, {"model": "electra 0", "audit_tab": "overview"})
    assert found(app) == 0
    app.button(key="clear_all").click().run()
    assert found(app) == 350
    app.session_state["model"] = ["electra 0"]
    assert found(app.run()) == 0, "as opening an old view has it"


def test_a_bad_id_of_a_file_is_named_with_the_mend(open_app: Open) -> None:
    app = audit(open_app, {"batch": "not-an-id"})
    assert not app.exception
    assert any("no id of a file or an audit" in one.value for one in app.error)


def test_nothing_found_says_so(open_app: Open) -> None:
    app = audit(open_app, {"audit_tab": "tweets", "q": "zyzzyva"})
    assert "No tweet matches these filters" in texts(app)
    assert not app.exception


def test_the_table_pages_and_orders(open_app: Open) -> None:
    app = audit(open_app, {"audit_tab": "tweets", "order": "gravest"})
    assert "1 to 100 of 350 tweets" in texts(app)
    assert app.dataframe[-1].value["Flag"].iloc[0].endswith("urgent")
    app.number_input(key="page").set_value(4).run()
    assert "301 to 350 of 350 tweets" in texts(app)
    app.selectbox(key="order").set_value("joy").run()
    assert "1 to 100 of 350 tweets" in texts(app), "another order begins at its first page"


def test_a_link_to_one_tweet_opens_it(open_app: Open, database: Path) -> None:
    app = open_app()
    st.cache_resource.clear()
    store = Store(database)
    flagged = ExplorerQueries(store).page(Selection(severities=("urgent",)), "newest", 1)[0]
    store.close()
    app = audit(open_app, {"tweet": str(flagged.id)})
    assert not app.exception
    html = "\n".join(element.value for element in app.html)
    assert "<mark" in html
    assert "(urgent)" in html
    next(one for one in app.toggle if one.key == f"again_{flagged.id}").set_value(True).run()
    assert "Its emotions are the same." in texts(app)
    app.button(key="close_detail").click().run()
    assert not app.exception


def test_the_thresholds_of_any_model_on_this_machine_are_known(open_app: Open, database: Path) -> None:
    open_app()
    st.cache_resource.clear()
    store = Store(database)
    baseline = load(ROOT / "models" / "tfidf_model")
    app_of_test = make_app(store, baseline)
    read = app_of_test.predictor.predict("I love this so much")
    app_of_test.intake.record(read, Actor("owner"))
    store.close()
    app = audit(open_app, {"tweet": str(read.id)})
    assert not app.exception
    assert "are not on this machine" not in texts(app)


def test_a_tweet_that_is_gone_is_said_to_be_gone(open_app: Open) -> None:
    app = audit(open_app, {"tweet": str(new_id(datetime.now(UTC)))})
    assert "not in the store (any more)" in texts(app)
    assert not app.exception


def test_views_are_saved_opened_and_deleted(open_app: Open) -> None:
    app = audit(open_app, {"period": "everything", "emotion": "grief"})
    app.text_input(key="view_name").set_value("sad **ones**").run()
    app.button(key="save_view").click().run()
    assert "sad" in app.success[0].value
    app.button(key="clear_all").click().run()
    app.selectbox(key="view_to_open").set_value("sad **ones**").run()
    app.button(key="open_view").click().run()
    assert (app.selectbox(key="period").value, app.multiselect(key="emotion").value) == ("everything", ["grief"])
    app.button(key="delete_view").click().run()
    assert "No view has been saved yet." in texts(app)
    app.button(key="save_view").click().run()
    assert "needs a name" in app.error[0].value
    assert not app.exception


def test_an_audit_of_the_typical_tweets(open_app: Open, database: Path) -> None:
    app = audit(open_app, {"audit_tab": "audits"})
    app.button(key="run_audit").click().run()
    app.session_state["audit_run"].job.wait(60)
    app.run()
    assert not app.exception
    assert "Done: 360 rows." in texts(app)
    assert "360" in app.text[0].value
    assert len(list((database.parent / "audits").glob("audit-*/report.html"))) == 1
    app.button(key="another_audit").click().run()
    app.button(key="run_audit").click().run()
    app.session_state["audit_run"].job.wait(60)
    app.run()
    assert "It was made before" in texts(app)
    assert stored(database, Selection(sources=("audit",))) == 350


def test_a_store_held_by_another_process_is_said_with_the_mend(open_app: Open, database: Path) -> None:
    database.parent.mkdir(parents=True, exist_ok=True)
    code = f"import duckdb, sys; c = duckdb.connect({str(database)!r}); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    try:
        app = audit(open_app)
        assert not app.exception
        assert any("held by another process" in one.value and "inbox" in one.value for one in app.error)
    finally:
        holder.communicate("")


def test_rules_that_cannot_be_read_are_named(open_app: Open, tmp_path: Path) -> None:
    broken = tmp_path / "rules.toml"
    broken.write_text("[[term]\n", encoding="utf-8")
    app = audit(open_app, AFFECTRA_RULES=str(broken))
    assert not app.exception
    assert any("Until then, nothing is flagged" in one.value for one in app.warning)
    assert "350 tweets of the last 30 days" in texts(app)


def test_an_unknown_batch_is_an_empty_view(open_app: Open) -> None:
    app = audit(open_app, {"batch": str(uuid4()), "period": "everything"})
    assert not app.exception
    assert "0 tweets of the whole store" in texts(app)
    assert "No tweet matches these filters" in texts(app)


def keep_undated(folder: Path) -> dict[str, str]:
    """Keep a file without times in the app's own store; return the id of each row by its tweet's id."""
    lines = [
        "tweet_id,user,url,lang,text,place",
        "1845000000000000001,@ana_b,https://a.example/1?a=1&b=2,en,I am so happy about the **library**,<b>Ulm</b>",
        "1845000000000000003,bob,javascript:alert(1),en,I hate how late this bus is,Bonn",
        "1845000000000000005,bob,https://a.example/3,en,I hate how slow this tram is,Bonn",
        "1845000000000000007,bob,https://a.example/4,en,I hate how full this train is,Bonn",
        "1845000000000000009,bob,https://a.example/5,es,Odio este autobús,Bonn",
        "1845000000000000011,bob,https://a.example/6,en,I hate how cold this hall is,Bonn",
    ]
    path = folder / "in.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    app = runtime.app()
    assert app.intake.keep_file(app.scorer.score_file(open_table(path), folder, "in.csv"), Actor("ana")) == 5
    rows = app.explorer.page(Selection(undated=True), "newest", 10, 0)
    origins = [(found.origin.tweet_id, row.id) for row in rows if (found := app.explorer.detail(row.id))]
    return {str(own): str(item) for own, item in origins}


def test_a_stored_tweet_shows_the_way_back_to_it(open_app: Open, tmp_path: Path) -> None:
    open_app()
    ids = keep_undated(tmp_path)
    app = audit(open_app, {"period": "undated", "audit_tab": "tweets", "tweet": ids["1845000000000000001"]})
    assert not app.exception
    said = texts(app)
    assert "ana\\_b · tweet 1845000000000000001 · in English" in said
    (link,) = app.get("link_button")
    assert link.proto.url == "https://a.example/1?a=1&b=2"
    assert any("Other columns of its file (1)" in one.label for one in app.expander)
    app = audit(open_app, {"period": "undated", "audit_tab": "tweets", "tweet": ids["1845000000000000003"]})
    assert "tweet 1845000000000000003" in texts(app)
    assert not app.get("link_button"), "what is no address of the web is no link"
    app.switch_page("feedback/page.py")
    app.query_params["item"] = ids["1845000000000000001"]
    app.run()
    assert not app.exception
    assert "tweet 1845000000000000001" in texts(app)
    assert [one.proto.url for one in app.get("link_button")] == ["https://a.example/1?a=1&b=2"]


def test_what_has_no_time_is_told_and_can_be_looked_at(open_app: Open, tmp_path: Path) -> None:
    open_app()
    keep_undated(tmp_path)
    app = audit(open_app)
    assert "350 tweets of the last 30 days" in texts(app)
    assert "5 more are undated" in texts(app)
    app = audit(open_app, {"period": "everything"})
    assert found(app) == 355
    assert "5 of them undated" in texts(app)
    for tab in TABS:
        app = audit(open_app, {"period": "undated", "audit_tab": tab})
        assert not app.exception, tab
        assert found(app) == 5, tab
    for query, n in (
        ({"author": "bob"}, 4),
        ({"author": "@ANA_B"}, 1),
        ({"language": "en"}, 5),
        ({"language": "es"}, 0),
    ):
        assert found(audit(open_app, {"period": "undated", **query})) == n, query
