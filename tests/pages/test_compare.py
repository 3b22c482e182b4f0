"""The comparison page without a browser: on the shipped runs and models, and with whatever may be wrong."""

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.inference.classifier import read_manifest
from pages import runtime
from tests.pages.conftest import ROOT

SERVING = read_manifest(ROOT / "models" / "electra_model").label
Open = Callable[..., AppTest]


def compare(open_app: Open, view: str = "leaderboard", **environment: str) -> AppTest:
    app = open_app(**environment)
    app.switch_page("compare/page.py")
    app.query_params["view"] = view
    return app.run()


def said(app: AppTest) -> str:
    elements = [*app.markdown, *app.caption, *app.info, *app.warning, *app.error, *app.success]
    return "\n".join(str(element.value).replace("\\", "") for element in elements)


@pytest.fixture
def two_models(tmp_path: Path) -> str:
    """The shipped models alone, copied: whatever else lies in `models/` stays out, and they may be damaged."""
    for name in ("electra_model", "tfidf_model"):
        shutil.copytree(ROOT / "models" / name, tmp_path / "models" / name)
    return str(tmp_path / "models")


def test_the_leaderboard_shows_the_manifests_figures(open_app: Open, tracker: Path) -> None:
    app = compare(open_app)
    assert not app.exception
    assert not app.error
    table = app.dataframe[0].value
    assert set(table["Run"]) >= {f"★ {SERVING}", "tfidf 1", "distilbert 1"}
    rows = table.set_index("Run")
    for name, run in (("electra", f"★ {SERVING}"), ("tfidf", "tfidf 1")):
        manifest = json.loads((ROOT / "models" / f"{name}_model" / "manifest.json").read_text(encoding="utf-8"))
        for column, metric in (("Macro-F1", "macro_f1"), ("Micro-F1", "micro_f1"), ("ROC AUC", "roc_auc")):
            assert rows.loc[run, column] == pytest.approx(manifest["metrics"][f"test_emotion_{metric}"], abs=5e-7)
        assert rows.loc[run, "MB"] == pytest.approx(sum(f["bytes"] for f in manifest["files"].values()) / 1e6)
    assert "beyond chance" in said(app)
    assert "n = 5,427" in said(app)


def test_the_level_changes_every_figure(open_app: Open, tracker: Path) -> None:
    app = compare(open_app)
    before = app.dataframe[0].value.set_index("Run")["Macro-F1"]
    app.segmented_control(key="compare_level").set_value("sentiment").run()
    after = app.dataframe[0].value.set_index("Run")["Macro-F1"]
    assert (after.sort_index() > before.sort_index() + 0.1).all()
    assert "At **Sentiment**" in said(app)


def test_a_family_can_be_left_out(open_app: Open, tracker: Path) -> None:
    app = compare(open_app)
    app.pills(key="families").set_value(["ELECTRA"]).run()
    shown = app.dataframe[0].value
    assert set(shown["Family"]) == {"ELECTRA"}
    assert f"★ {SERVING}" in shown["Run"].tolist()
    app.pills(key="families").set_value([]).run()
    assert len(set(app.dataframe[0].value["Family"])) == 3, "none chosen means all"


def test_published_results_stand_apart_with_their_sources(open_app: Open, tracker: Path) -> None:
    app = compare(open_app)
    published = app.dataframe[1].value
    assert (published["Link"].str.startswith("https://")).all()
    assert not set(published["Model"]) & set(app.dataframe[0].value["Run"])


def test_a_threshold_shows_what_it_would_change(open_app: Open, tracker: Path) -> None:
    app = compare(open_app, "Emotions")
    assert not app.exception
    app.selectbox(key="curve_label_emotion").set_value("joy").run()
    (slider,) = app.select_slider
    assert "Of **350** stored predictions by electra" in said(app)
    assert "**0** would flip: 0 would become joy, 0 would no longer be." in said(app)
    at_tuned = [metric.value for metric in app.metric]
    slider.set_value(0.02).run()
    precision, recall, _ = (float(metric.value) for metric in app.metric)
    assert precision < float(at_tuned[0])
    assert recall > float(at_tuned[1])
    (gained,) = re.findall(r"\*\*(\d+)\*\* would flip: \1 would become joy, 0 would no longer be\.", said(app))
    assert int(gained) > 0


def test_a_run_without_stored_tweets_says_so(open_app: Open, tracker: Path) -> None:
    app = compare(open_app, "Emotions")
    app.selectbox(key="curve_run").set_value("tfidf 1").run()
    assert "The store holds no prediction by tfidf 1" in said(app)


def test_two_runs_head_to_head(open_app: Open, tracker: Path) -> None:
    app = compare(open_app, "head-to-head")
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2
    first = app.selectbox(key="first_run")
    app.selectbox(key="second_run").set_value(first.value).run()
    assert "Choose two different runs" in said(app)


def promote(app: AppTest, model: str, why: str) -> AppTest:
    box = app.selectbox(key="promote_model")
    (choice,) = [option for option in box.options if option.startswith(model)]
    box.select(choice).run()
    app.button(key="promote").click().run()
    assert app.button(key="promote_confirm").disabled, "a reason is asked for first"
    app.text_input(key="promote_reason").set_value(why).run()
    return app.button(key="promote_confirm").click().run()


def test_promotion_reaches_the_live_page_and_is_rolled_back(
    open_app: Open, database: Path, tracker: Path, two_models: str
) -> None:
    app = compare(open_app, "serving", AFFECTRA_MODELS_DIR=two_models)
    assert app.button(key="roll_back").disabled
    promote(app, "tfidf 1", "*small* <b>enough</b>")
    assert not app.exception
    assert "tfidf 1 serves from now on" in said(app)
    assert "tfidf 1" in app.markdown[0].value.replace("\\", "")
    history = next(one.value for one in app.dataframe if "Why" in one.value)
    assert history.iloc[0][["Who", "From", "To", "Why"]].tolist() == [
        "owner",
        SERVING,
        "tfidf 1",
        "*small* <b>enough</b>",
    ]

    app.switch_page("live/page.py").run()
    app.text_input(key="tweet").set_value("Thank you so much").run()
    app.button(key="record").click().run()
    assert any("tfidf 1" in str(element.proto.body) for element in app.get("html"))
    recent = next(one.value for one in app.dataframe if "Thumbs" in one.value)["Model"]
    assert recent.iloc[0] == "tfidf 1"
    assert set(recent.iloc[1:]) == {SERVING}, "what is stored keeps the version that made it"

    app.switch_page("compare/page.py")
    app.session_state["view"] = "serving"
    app.run()
    assert SERVING in app.button(key="roll_back").label
    app.button(key="roll_back").click().run()
    app.text_input(key="promote_reason").set_value("back").run()
    app.button(key="promote_confirm").click().run()
    assert f"{SERVING} serves from now on" in said(app)


def test_a_promoted_model_whose_files_go_gives_way_and_both_pages_say_so(
    open_app: Open, tracker: Path, two_models: str
) -> None:
    app = compare(open_app, "serving", AFFECTRA_MODELS_DIR=two_models)
    promote(app, "tfidf 1", "to see")
    (Path(two_models) / "tfidf_model" / "manifest.json").unlink()
    app.run()
    assert not app.exception
    assert "tfidf 1 was promoted, but its files are not in" in said(app)
    assert f"{SERVING} serves" in said(app)
    assert "gone" in app.dataframe[0].value["Files"].tolist()
    app.switch_page("live/page.py").run()
    app.text_input(key="tweet").set_value("Thank you so much").run()
    assert f"Until then, {SERVING} serves" in said(app)
    assert not app.error


def test_a_pinned_model_cannot_be_promoted_away(open_app: Open, tracker: Path, two_models: str) -> None:
    app = compare(open_app, "serving", AFFECTRA_MODELS_DIR=two_models, AFFECTRA_MODEL="electra_model")
    assert "AFFECTRA_MODEL pins" in said(app)
    assert app.button(key="promote").disabled
    assert app.button(key="roll_back").disabled


def test_costs_are_measured_with_progress_and_logged(open_app: Open, tracker: Path, two_models: str) -> None:
    shutil.rmtree(Path(two_models) / "electra_model")
    app = compare(open_app, "serving", AFFECTRA_MODELS_DIR=two_models, AFFECTRA_MODEL="tfidf_model")
    app.button(key="measure").click().run()
    assert not app.exception
    job = runtime.app().cost_runs.measuring
    assert job is not None
    job.wait(60)
    app.run()
    assert "The last measurement by this server" in said(app)
    (costs,) = [one.value for one in app.dataframe if "Tweets/s" in one.value]
    assert costs["Model"].tolist() == ["tfidf 1"]
    with sqlite3.connect(tracker) as connection:
        assert connection.execute("SELECT name FROM runs WHERE name LIKE 'cost%'").fetchall() == [("cost of tfidf 1",)]
    connection.close()


def test_a_tracker_that_is_down_leaves_the_rest_of_the_app(open_app: Open) -> None:
    app = compare(open_app, MLFLOW_TRACKING_URI="http://127.0.0.1:9")
    assert not app.exception
    assert "No MLflow server answers" in said(app)
    assert "goes on serving" in said(app)
    app.switch_page("live/page.py").run()
    app.text_input(key="tweet").set_value("Thank you so much").run()
    assert not app.error


def test_a_file_that_is_no_tracker_is_named(open_app: Open, tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("notes, not tables\n" * 100, encoding="utf-8")
    app = compare(open_app)
    assert not app.exception
    assert "refused" in said(app)


def test_an_empty_tracker_says_how_to_fill_it(open_app: Open, tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    app = compare(open_app, AFFECTRA_RUNS_DIR=str(tmp_path / "none"))
    assert not app.exception
    assert "No run is recorded yet" in said(app)
    for view in ("emotions", "head-to-head", "serving"):
        app.session_state["view"] = view
        app.run()
        assert not app.exception
        assert not app.error


def test_an_export_edited_by_hand_is_named(open_app: Open, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data" / "runs", tmp_path / "runs")
    (path, *_) = sorted((tmp_path / "runs").glob("tfidf*.json"))
    record = json.loads(path.read_text(encoding="utf-8"))
    record["metrics"] = [[name, 0.99 if "macro_f1" in name else value, step] for name, value, step in record["metrics"]]
    path.write_text(json.dumps(record), encoding="utf-8")
    app = compare(open_app, AFFECTRA_RUNS_DIR=str(tmp_path / "runs"))
    assert not app.exception
    assert "was changed after it was exported" in said(app)


def test_runs_without_figures_are_listed_apart(open_app: Open, tracker: Path) -> None:
    with sqlite3.connect(tracker) as connection:
        connection.execute("UPDATE latest_metrics SET key = 'other_' || key WHERE key LIKE 'test_%'")
    connection.close()
    app = compare(open_app)
    assert not app.exception
    assert "have no figures on test" in said(app)
    for view in ("emotions", "head-to-head", "serving"):
        app.session_state["view"] = view
        app.run()
        assert not app.exception
