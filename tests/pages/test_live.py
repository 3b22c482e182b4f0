import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.text import MAX_CHARS

Open = Callable[..., AppTest]
ROOT = Path(__file__).resolve().parents[2]


def html(app: AppTest) -> str:
    return "\n".join(element.value for element in app.html)


def read(app: AppTest, text: str) -> AppTest:
    return app.text_input(key="tweet").set_value(text).run()


def keyed(app: AppTest, what: str) -> Any:
    """The button about the upload, once it is there."""
    for _ in range(200):
        if found := [button for button in app.button if str(button.key).startswith(f"{what}_")]:
            return found[0]
        app.run()
    raise AssertionError(f"no button {what}")


def rows(database: Path, query: str) -> list[tuple[object, ...]]:
    st.cache_resource.clear()
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def test_a_new_store_starts_with_the_sample(open_app: Open) -> None:
    app = open_app(new_store=True)
    assert not app.exception
    assert "of 350 predictions" in app.caption[-1].value


def test_typing_shows_a_verdict_and_records_nothing(open_app: Open, database: Path) -> None:
    app = read(open_app(), "Thank you so much, this means the world to me")
    assert not app.exception
    assert "gratitude" in html(app)
    assert "ms on this machine" in html(app)
    assert rows(database, "SELECT count(*) FROM predictions WHERE source = 'live'") == [(0,)]


def test_recording_thumbs_correction_and_retraction(open_app: Open, database: Path) -> None:
    app = read(open_app(), "Thank you so much")
    app.button(key="record").click().run()
    assert not app.exception
    assert "Recorded." in [said.value for said in app.success]
    (thumb,) = app.get("feedback")
    thumb.set_value(0).run()
    key = thumb.key.removeprefix("thumb_")
    app.multiselect(key=f"suggested_{key}").set_value(["relief"])
    app.text_area(key=f"comment_{key}").set_value("it is relief")
    app.button(key=f"send_{key}").click().run()
    app.get("feedback")[0].set_value(1).run()
    app.get("feedback")[0].set_value(None).run()
    assert not app.exception
    said = rows(database, "SELECT verdict, suggested > 0, comment FROM feedback_events ORDER BY number")
    assert said == [("down", False, ""), ("down", True, "it is relief"), ("up", False, ""), ("retracted", False, "")]
    assert rows(database, "SELECT text, source, actor FROM predictions WHERE source = 'live'") == [
        ("Thank you so much", "live", "owner")
    ]


def test_what_is_recorded_is_the_prediction_that_was_drawn(open_app: Open, database: Path) -> None:
    app = read(open_app(), "I love this so much")
    drawn = app.session_state["drawn"]
    app.button(key="record").click().run()
    assert app.session_state["drawn"].id == drawn.id, "recording does not predict again"
    assert rows(database, "SELECT id, made_at FROM predictions WHERE source = 'live'") == [
        (drawn.id, drawn.made_at.replace(tzinfo=None))
    ]


def test_the_same_text_is_recorded_once(open_app: Open, database: Path) -> None:
    app = read(open_app(), "Thank you so much")
    app.button(key="record").click().run()
    app.button(key="record").click().run()
    assert "This tweet is recorded already." in [said.value for said in app.success]
    assert rows(database, "SELECT count(*) FROM predictions WHERE source = 'live'") == [(1,)]


@pytest.mark.parametrize("level", ["ekman", "sentiment"])
def test_levels_and_the_baseline(open_app: Open, level: str) -> None:
    app = read(open_app(), "I am so angry about this, unacceptable")
    app.get("segmented_control")[0].set_value(level).run()
    app.toggle(key="beside").set_value(True).run()
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2


def test_every_example_can_be_read(open_app: Open) -> None:
    app = open_app()
    for name in ("Joy", "Sarcasm", "Mixed", "French", "Emoji only", "Very long"):
        app.button(key=f"example_{name}").click().run()
        if name == "French":
            assert "Not read: this looks like French" in app.info[0].value
            assert "Sentiment" not in html(app)
            app.button(key="read_anyway").click().run()
        assert not app.exception
        assert not app.error
        assert "Sentiment" in html(app), name


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("https://example.com http://example.org", "only links"),
        ("\u200b\u200d", "only links"),
        ("x" * 100_000, None),
        ("😂😂😂", None),
        ("مرحبا كيف حالك", None),
        ("ki\u200bll me \u202etxet", None),
        ("NUL \x00 byte", None),
        ("<script>alert(1)</script> **x** :red[y] $z$", None),
    ],
)
def test_hard_texts_end_in_a_verdict_or_a_message(open_app: Open, text: str, said: str | None) -> None:
    app = read(open_app(), text)
    assert not app.exception
    if said:
        assert said in app.info[0].value
        return
    assert not app.error
    app.button(key="record").click().run()
    assert not app.exception
    assert not app.error
    assert "<script>" not in html(app)
    if len(text) > MAX_CHARS:
        assert "at most its first 4,000 characters" in app.warning[0].value


def test_blank_text_asks_for_one(open_app: Open) -> None:
    app = read(open_app(), "   \n ")
    assert "Type a tweet" in app.info[0].value


def test_a_store_held_by_another_process_leaves_reading_possible(open_app: Open, database: Path) -> None:
    database.parent.mkdir(parents=True)
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            f"import duckdb, sys; c = duckdb.connect({str(database)!r}); print(1, flush=True); sys.stdin.read()",
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    holder.stdout.readline()
    try:
        app = read(open_app(), "Thank you so much")
        assert not app.exception
        assert "gratitude" in html(app)
        assert "held by another process" in app.error[0].value
        app.button(key="record").click().run()
        assert not app.exception
        assert "held by another process" in app.error[0].value
    finally:
        holder.communicate("")
    # The other process is gone: the same session goes on.
    app.button(key="record").click().run()
    assert not app.error
    assert "Recorded." in [said.value for said in app.success]


def test_a_file_that_is_no_database_is_named(open_app: Open, database: Path) -> None:
    database.parent.mkdir(parents=True)
    database.write_text("notes")
    app = read(open_app(), "Thank you so much")
    assert "gratitude" in html(app)
    assert "not a usable DuckDB database" in app.error[0].value.replace("\\", "")


@pytest.mark.parametrize(("damage", "named"), [("gone", "missing"), ("cut", "bytes"), ("changed", "sha256")])
def test_a_damaged_model_is_named_and_not_served(open_app: Open, tmp_path: Path, damage: str, named: str) -> None:
    folder = tmp_path / "electra_model"
    shutil.copytree(ROOT / "models" / "electra_model", folder)
    (weights,) = folder.glob("*.onnx")
    if damage == "gone":
        weights.unlink()
    else:
        weights.write_bytes(weights.read_bytes()[:-100] + (bytes(100) if damage == "changed" else b""))
    app = open_app(AFFECTRA_MODEL=str(folder))
    assert not app.exception
    said = app.error[0].value.replace("\\", "")
    assert weights.name in said
    assert named in said
    assert "Restore it from the repository" in said


def test_a_text_longer_than_the_model_reads_says_so(open_app: Open) -> None:
    app = open_app()
    app.button(key="example_Very long").click().run()
    assert "128 word pieces" in app.warning[0].value
    assert not read(app, "short").warning


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.jsonl", b'{"my_text": "a\\ud800b", "x*y": null}\n{"my_text": "sad", "x*y": 1}\n'),
        ("a.csv", b'my_text,"<b>x*y</b> https://evil.example"\nsad,=1+1\nhappy,\x00\n'),
    ],
)
def test_hostile_cells_and_headers_are_previewed(open_app: Open, name: str, content: bytes) -> None:
    app = open_app()
    app.file_uploader(key="upload").upload(name, content).run()
    assert not app.exception
    assert not app.error
    (question,) = [one for one in app.radio if str(one.key).startswith("text_question_")]
    assert question.options == ["my\\_text", "Another column"], (
        "an option is Markdown, and shows its underscore as it is"
    )
    question.set_value(0).run()
    preview = app.dataframe[1].value
    assert next(iter(preview.columns)) == "my_text"
    if name == "a.jsonl":
        assert preview.to_numpy().tolist() == [["a\ufffdb", ""], ["sad", "1"]]
    keyed(app, "score").click().run()
    assert not app.exception


@pytest.mark.parametrize(("variable", "value"), [("AFFECTRA_THREADS", "many"), ("AFFECTRA_MEMORY_LIMIT", "lots")])
def test_a_bad_setting_is_a_message(open_app: Open, variable: str, value: str) -> None:
    app = open_app(**{variable: value})
    assert not app.exception
    assert f"{variable} is '{value}'" in app.error[0].value.replace("\\", "")


def test_a_missing_baseline_leaves_the_serving_model_on_the_page(open_app: Open) -> None:
    app = read(open_app(AFFECTRA_BASELINE="nothing"), "Thank you so much")
    app.toggle(key="beside").set_value(True).run()
    assert "No model folder" in app.error[0].value
    assert "gratitude" in html(app)
    assert len(app.get("plotly_chart")) == 1
    assert "predictions in the store" in app.caption[-1].value


def test_a_text_without_words_leaves_the_rest_of_the_page(open_app: Open) -> None:
    app = read(open_app(), "Thank you so much")
    app.button(key="record").click().run()
    read(app, "https://example.com")
    app.button(key="record").click().run()
    assert ["only links" in said.value for said in app.info] == [True]
    assert not app.error
    assert app.get("feedback"), "what was recorded before can still be judged"
    assert "predictions in the store" in app.caption[-1].value


def test_an_empty_tweet_and_an_empty_correction_say_so(open_app: Open, database: Path) -> None:
    app = open_app()
    app.button(key="record").click().run()
    assert "Type a tweet first." in [said.value for said in app.success]
    read(app, "Thank you so much")
    app.button(key="record").click().run()
    app.get("feedback")[0].set_value(0).run()
    next(button for button in app.button if str(button.key).startswith("send_")).click().run()
    assert any("Nothing was sent" in said.value for said in app.caption)
    assert rows(database, "SELECT count(*) FROM feedback_events") == [(1,)]


def test_a_store_that_is_removed_while_open_is_not_trusted(open_app: Open, database: Path) -> None:
    app = read(open_app(), "Thank you so much")
    database.unlink()
    app.button(key="record").click().run()
    assert "was removed or replaced" in app.error[0].value
    assert not app.success


def test_a_store_without_its_samples_can_be_used(open_app: Open, database: Path, tmp_path: Path) -> None:
    app = read(open_app(new_store=True, AFFECTRA_SAMPLE_TWEETS=str(tmp_path / "none.csv")), "Thank you so much")
    app.button(key="record").click().run()
    assert not app.error
    assert rows(database, "SELECT count(*) FROM predictions") == [(1,)]


def test_a_file_goes_through_preview_score_and_keep(open_app: Open, database: Path) -> None:
    app = open_app()
    app.file_uploader(key="upload").upload("tweets.tsv", b"id\ttweet\n1\tI love it\n2\t\n3\tso sad\n").run()
    assert not app.exception
    assert "3 rows" in keyed(app, "score").label
    keyed(app, "score").click().run()
    keyed(app, "keep").click().run()
    assert not app.exception
    assert "2 rows" in keyed(app, "keep").label
    assert rows(database, "SELECT text, actor FROM predictions WHERE source = 'batch' ORDER BY text") == [
        ("I love it", "owner"),
        ("so sad", "owner"),
    ]
