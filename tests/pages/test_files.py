"""Files on the page: what is asked, what is said, and how what was kept is found again."""

import gzip
import io
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

Open = Callable[..., AppTest]

TWO_TEXTS = (
    "id,headline,summary\n"
    "1,I love this so much today,The people of the town were very happy about it\n"
    "2,This makes me so angry now,Nobody in the office could believe what they had read\n"
    "3,What a sad day for us all,She said that she would rather not come back again\n"
    "4,Thank you all for coming here,They were thanked for their help by the whole team\n"
    "5,I am scared of the dark room,He does not like it when the lights are switched off\n"
    "6,Wow that is a great surprise,The news came as a shock to all who were in the room\n"
)
OPEN_DAYS = "text,created_at\nI love it,03/04/2015 10:00\nso sad today,05/06/2015 11:00\n"


def upload(app: AppTest, name: str, content: bytes | str, key: str = "upload") -> AppTest:
    data = content.encode() if isinstance(content, str) else content
    return app.file_uploader(key=key).upload(name, data).run()


def keyed(app: AppTest, kind: str, what: str) -> Any:
    """The widget about the upload whose key begins with `what`; None if there is none."""
    found = [one for one in app.get(kind) if str(one.key).startswith(f"{what}_")]
    assert len(found) <= 1
    return found[0] if found else None


def until(app: AppTest, kind: str, what: str) -> Any:
    give_up = time.monotonic() + 30
    while (found := keyed(app, kind, what)) is None and time.monotonic() < give_up and not app.exception:
        app.run()
    assert not app.exception
    assert found is not None, [one.value for one in (*app.error, *app.markdown)]
    return found


def said(app: AppTest) -> str:
    drawn = (*app.markdown, *app.info, *app.error, *app.caption, *app.warning)
    return "\n".join(one.value for one in drawn).replace("\\", "").replace("\u2060", "")


def keep(app: AppTest) -> AppTest:
    until(app, "button", "score").click().run()
    return until(app, "button", "keep").click().run()


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("page.html", b"<!DOCTYPE html><html><body>hi</body></html>", "is a web page (HTML)"),
        ("notes.docx", b"not a document", "'.docx' of notes.docx is unknown"),
        ("README", b"a few words", "README has no suffix"),
        ("t.xlsx", b"id,text\n1,so sad\n", "t.xlsx is that of a workbook, which it is not"),
        ("t.csv.gz", b"\x1f\x8bnothing", "t.csv.gz cannot be unpacked"),
    ],
)
def test_every_file_is_taken_and_core_says_what_is_wrong(
    open_app: Open, name: str, content: bytes, sentence: str
) -> None:
    app = upload(open_app(), name, content)
    assert not app.exception
    assert sentence in said(app)
    assert "affectra-" not in said(app), "the server's own path"
    assert keyed(app, "button", "score") is None


def test_a_packed_file_is_known_by_both_its_suffixes(open_app: Open) -> None:
    app = upload(open_app(), "t.csv.gz", gzip.compress(b"id,text\n1,I love it\n2,so sad\n"))
    assert until(app, "button", "score").label == "Score 2 rows"


def test_the_summary_stands_before_scoring(open_app: Open) -> None:
    app = upload(open_app(), "t.csv", "id,text,created_at\n1,I love it,2015-02-24 11:35\n2,nan,soon\n3,,\n")
    until(app, "button", "score")
    assert "2 of 3 rows with nothing to read, 1 of them a placeholder" in said(app)
    assert "Column 'created_at'" in said(app)


def test_two_close_columns_are_asked_and_nothing_is_scored_before(open_app: Open) -> None:
    app = upload(open_app(), "t.csv", TWO_TEXTS)
    question = keyed(app, "radio", "text_question")
    assert question.value is None
    assert "Several columns may hold the texts" in question.label
    assert len(question.options) == 3
    assert "I love this so much today" in " ".join(question.proto.captions)
    assert "This makes me so angry now" in " ".join(question.proto.captions), "two cells of each"
    assert keyed(app, "button", "score") is None
    question.set_value(1).run()
    assert until(app, "button", "score").label == "Score 6 rows"
    assert "column 'headline', because it was asked for" in said(app)


def test_a_column_that_is_no_candidate_can_be_named(open_app: Open) -> None:
    app = upload(open_app(), "t.csv", TWO_TEXTS)
    keyed(app, "radio", "text_question").set_value(-1).run()
    assert keyed(app, "button", "score") is None
    keyed(app, "selectbox", "text_column").set_value("id").run()
    until(app, "button", "score")
    assert "column 'id', because it was asked for" in said(app)


def test_days_that_may_be_months_are_asked(open_app: Open) -> None:
    app = upload(open_app(), "t.csv", OPEN_DAYS)
    question = until(app, "radio", "day_order")
    assert question.value is None
    assert "3 April 2015" in question.proto.captions[0]
    assert "4 March 2015" in question.proto.captions[1]
    assert keyed(app, "button", "score") is None
    question.set_value("month").run()
    until(app, "button", "score")
    assert "without a time that can be read" not in said(app)
    assert keyed(app, "radio", "day_order").value == "month", "the answer can still be changed"
    keyed(app, "selectbox", "posted_column").set_value("(not known)").run()
    until(app, "button", "score")
    assert "they are undated" in said(app)


def test_the_order_of_days_reaches_the_store(open_app: Open, stored: Callable[[str], list[Any]]) -> None:
    app = upload(open_app(), "t.csv", OPEN_DAYS)
    until(app, "radio", "day_order").set_value("day").run()
    keep(app)
    assert stored("SELECT moment::VARCHAR FROM predictions WHERE source = 'batch' ORDER BY 1") == [
        ("2015-04-03 10:00:00",),
        ("2015-06-05 11:00:00",),
    ]


def test_a_second_file_does_not_inherit_the_choices_of_the_first(open_app: Open) -> None:
    app = upload(
        open_app(), "one.csv", "source,text,created_at\nthe web,I love it,2015-02-24\nmy phone,so sad,2015-02-25\n"
    )
    keyed(app, "selectbox", "text_column").set_value("source").run()
    keyed(app, "selectbox", "posted_column").set_value("(not known)").run()
    until(app, "button", "score").click().run()
    until(app, "button", "keep")
    upload(app, "two.csv", "source,text,created_at\nthe web,I hate it,2015-02-24\nmy phone,so happy,2015-02-25\n")
    assert keyed(app, "button", "keep") is None, "the outcome is of the first file"
    assert keyed(app, "selectbox", "text_column").value == "text"
    assert keyed(app, "selectbox", "posted_column").value == "created_at"


def test_what_was_chosen_stands_when_a_file_is_scored_again(open_app: Open) -> None:
    app = upload(open_app(), "one.csv", "source,text\nthe web,I love it\nmy phone,so sad\n")
    keyed(app, "selectbox", "text_column").set_value("source").run()
    until(app, "button", "score").click().run()
    until(app, "button", "keep")
    keyed(app, "button", "again").click().run()
    assert keyed(app, "selectbox", "text_column").value == "source"


def test_texts_of_the_wrong_codec_are_mended_on_request(open_app: Open, stored: Callable[[str], list[Any]]) -> None:
    app = upload(open_app(), "t.csv", "id,text\n1,Iâ€™m so happy\n2,so sad\n")
    until(app, "button", "score")
    assert "decoded by the wrong codec" in said(app)
    assert "--" not in said(app).replace("python -m core score FILE -o RESULT", ""), "no options of the command line"
    keyed(app, "checkbox", "mend").check().run()
    until(app, "button", "score")
    assert "they were mended" in said(app)
    keep(app)
    assert ("I’m so happy",) in stored("SELECT text FROM predictions WHERE source = 'batch'")


def test_of_an_archive_one_file_is_chosen(open_app: Open) -> None:
    app = upload(open_app(), "a.zip", zipped(**{"May.csv": "text\nI love it\n", "June.csv": "body\nso sad\nso mad\n"}))
    choice = keyed(app, "selectbox", "part")
    assert (choice.value, choice.options) == (None, ["May.csv", "June.csv"])
    assert keyed(app, "button", "score") is None
    choice.set_value("June.csv").run()
    assert until(app, "button", "score").label == "Score 2 rows"
    keyed(app, "selectbox", "part").set_value("May.csv").run()
    assert until(app, "button", "score").label == "Score 1 row"
    assert keyed(app, "selectbox", "text_column").value == "text"


def test_of_an_archive_of_x_the_tweets_are_taken(open_app: Open) -> None:
    part = 'window.YTD.tweets.part0 = [{"tweet": {"id_str": "20", "full_text": "I love it", "lang": "en"}}]'
    app = upload(open_app(), "x.zip", zipped(**{"data/tweets.js": part, "data/like.js": "window.YTD.like.part0 = []"}))
    assert until(app, "button", "score").label == "Score 1 row"
    assert keyed(app, "selectbox", "part") is None
    assert keyed(app, "selectbox", "text_column").value == "tweet.full_text"


def test_downloads_are_for_spreadsheets_or_plain(open_app: Open) -> None:
    app = upload(open_app(), "t.csv", "id,text\n1,=I love it\n2,so sad\n")
    until(app, "button", "score").click().run()
    until(app, "button", "keep")
    assert [one.label for one in app.get("download_button")] == ["CSV for spreadsheets", "Plain CSV", "Parquet"]


def test_what_was_kept_is_found_whatever_its_age(open_app: Open) -> None:
    app = upload(open_app(), "old.csv", "text,created_at\nI love it,2015-02-24 11:35\nso sad,2015-02-25 09:00\n")
    keep(app)
    assert "2 of 2 rows lie outside the period of the page Audit (30 days)" in said(app)
    (link,) = app.get("page_link")
    assert link.proto.label == "Show these rows on Audit"
    query = dict(part.split("=") for part in link.proto.query_string.split("&"))
    assert (query["period"], query["audit_tab"]) == ("everything", "tweets")

    app.switch_page("audit/page.py").run()
    assert not app.exception
    assert "The period hides 2 rows of old.csv" in said(app)
    app.button(key=f"show_batch_{query['batch']}").click().run()
    assert "2 tweets of the whole store" in said(app)
    assert app.button(key="drop_batch").label == "file or audit: old\\.csv"
    app.button(key="drop_batch").click().run()
    assert "362 tweets of the whole store" in said(app)


def test_a_link_to_a_file_is_not_narrowed_by_filters_that_the_session_holds(open_app: Open) -> None:
    app = upload(open_app(), "old.csv", "text,created_at\nI love it,2015-02-24 11:35\nso sad,2015-02-25 09:00\n")
    keep(app)
    (link,) = app.get("page_link")
    app.switch_page("audit/page.py").run()
    app.multiselect(key="emotion").set_value(["joy"]).run()
    app.multiselect(key="severity").set_value(["urgent"]).run()
    app.query_params.clear()
    app.switch_page("live/page.py").run()
    app.switch_page("audit/page.py")
    for part in link.proto.query_string.split("&"):
        name, value = part.split("=")
        app.query_params[name] = value
    app.run()
    assert not app.exception
    assert "2 tweets of the whole store" in said(app)
    app.multiselect(key="emotion").set_value(["love"]).run()
    assert "1 tweets of the whole store" in said(app), "the link asks once; what is chosen after it holds"


def test_an_audit_asks_the_same_of_a_file(open_app: Open) -> None:
    app = open_app()
    app.switch_page("audit/page.py")
    app.query_params["audit_tab"] = "audits"
    app.run()
    app.get("segmented_control")[-1].set_value("own").run()
    upload(app, "t.csv", OPEN_DAYS, key="audit_file")
    question = until(app, "radio", "day_order")
    assert keyed(app, "button", "run_audit") is None
    question.set_value("day").run()
    assert until(app, "button", "run_audit").label == "Audit 2 rows"


@pytest.fixture
def stored(database: Path) -> Callable[[str], list[Any]]:
    def ask(query: str) -> list[Any]:
        st.cache_resource.clear()
        with duckdb.connect(str(database), read_only=True) as connection:
            return connection.execute(query).fetchall()

    return ask
