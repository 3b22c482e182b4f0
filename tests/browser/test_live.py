import csv
import io
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import ALLOWED, App, eventually, settle, violations


def bar_texts(page: Page) -> list[str]:
    """The probabilities beside the bars, top to bottom."""
    return page.locator(".stPlotlyChart .textpoint").all_text_contents()


def type_tweet(page: Page, text: str) -> None:
    page.locator(".st-key-tweet input").press_sequentially(text, delay=15)
    expect(page.get_by_role("status").filter(has_text="Sentiment")).to_be_visible(timeout=20_000)


def test_bars_move_while_typing_and_nothing_is_kept_until_enter(page: Page) -> None:
    expect(page.get_by_text(re.compile(r"of \d+ predictions in the store"))).to_be_visible(timeout=30_000)
    before = page.get_by_text(re.compile(r"of \d+ predictions in the store")).text_content()
    type_tweet(page, "Thank you so much")
    expect(page.get_by_role("status").filter(has_text="gratitude")).to_be_visible()
    first = eventually(lambda: bar_texts(page), bool)
    page.locator(".st-key-tweet input").press_sequentially(", I love it", delay=15)
    expect(page.get_by_role("status").filter(has_text="love")).to_be_visible()
    eventually(lambda: bar_texts(page), lambda now: bool(now) and now != first)
    assert page.get_by_text(re.compile(r"of \d+ predictions in the store")).text_content() == before


def test_enter_records_and_a_thumb_down_takes_a_correction(page: Page) -> None:
    type_tweet(page, "Best day of my life, I am over the moon!")
    page.locator(".st-key-tweet input").press("Enter")
    expect(page.get_by_text("Was this right?")).to_be_visible()
    expect(page.get_by_text("Recorded.", exact=True)).to_be_visible()
    page.get_by_role("button", name="thumb_down").or_(
        page.locator("[class*=st-key-thumb_] button").nth(1)
    ).first.click()
    expect(page.get_by_text("Kept as wrong.")).to_be_visible()
    settle(page)
    choice = page.get_by_role("combobox", name=re.compile("What should it have been"))
    choice.fill("reli")
    page.get_by_role("option", name=re.compile("relief")).click()
    page.keyboard.press("Escape")
    page.get_by_label(re.compile("Why")).fill("it is *relief*, <b>really</b>")
    page.get_by_role("button", name="Send the correction").click()
    expect(page.get_by_text("your correction is kept")).to_be_visible()
    # Enter again on the same text records nothing twice.
    page.locator(".st-key-tweet input").press("Enter")
    expect(page.get_by_text("recorded already")).to_be_visible()


def test_enter_right_after_a_paste_records_what_is_seen(page: Page) -> None:
    box = page.locator(".st-key-tweet input")
    box.focus()
    page.keyboard.insert_text("I love what I just pasted")
    box.press("Enter")
    expect(page.get_by_text("Recorded.", exact=True)).to_be_visible()
    expect(page.get_by_text("“I love what I just pasted” was read as")).to_be_visible()


def test_a_screen_reader_hears_of_new_labels_only(page: Page) -> None:
    type_tweet(page, "Thank you so much")
    status = page.get_by_role("status").filter(has_text="Sentiment")
    expect(status).to_have_text(re.compile("gratitude"))
    page.evaluate(
        """() => {
        window.said = [];
        const seen = new MutationObserver((all) => all.forEach((one) => one.addedNodes.forEach((node) => {
            if (node.nodeType !== 1) return;
            const live = node.matches("[role=status]") ? node : node.querySelector("[role=status]");
            if (live) window.said.push(live.textContent);
        })));
        seen.observe(document.body, {childList: true, subtree: true});
    }"""
    )
    page.locator(".st-key-tweet input").press_sequentially(", thank you, thank you", delay=120)
    expect(page.get_by_role("heading", name="Words that moved it")).to_be_visible()
    page.wait_for_timeout(1_000)
    heard = [text for text in page.evaluate("window.said") if "Sentiment" in text]
    assert all("%" not in text and " ms" not in text for text in heard)
    assert len(heard) == len(set(heard)), heard


def test_an_example_fills_the_input_and_the_baseline_stands_beside(page: Page) -> None:
    page.get_by_role("button", name="Mixed").click()
    expect(page.get_by_role("status").filter(has_text="Sentiment")).to_have_count(1)
    page.get_by_text("Beside the baseline").click()
    expect(page.get_by_role("status").filter(has_text="Sentiment")).to_have_count(2, timeout=30_000)
    expect(page.get_by_role("heading", name=re.compile("tfidf"))).to_be_visible()
    page.get_by_role("radio", name="Ekman").or_(page.get_by_role("button", name="Ekman")).first.click()
    expect(page.locator(".stPlotlyChart").first.locator(".barlayer .point")).to_have_count(7)


def test_hostile_text_is_drawn_as_text(page: Page) -> None:
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    hostile = (
        "<img src=x onerror=alert(1)> **bold** :red[x] $x$ [a](javascript:alert(1)) hate this "
        "https://evil.example/x www.evil.example bob@evil.example"
    )
    type_tweet(page, hostile)
    page.locator(".st-key-tweet input").press("Enter")
    expect(page.get_by_text("Was this right?")).to_be_visible()
    expect(page.get_by_text("<img src=x onerror=alert(1)> **bold** :red[x] $x$", exact=False).first).to_be_visible()
    assert page.locator("img[src='x'], a[href*='evil.example'], a[href^='javascript']").count() == 0
    assert dialogs == []


def upload(page: Page, path: Path) -> None:
    page.get_by_role("tab", name="A file of tweets").click()
    page.locator(".st-key-upload input[type=file]").set_input_files(path)


def test_a_file_is_uploaded_scored_looked_at_downloaded_and_kept(page: Page, tmp_path: Path) -> None:
    texts = ["I love this so much", "=HYPERLINK(1) makes me angry", "Servus, schöne Grüße 😂", "https://example.com"]
    source = tmp_path / "tweets.csv"
    with source.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "comment"], *[[str(number), text] for number, text in enumerate(texts)]])
    stored = page.get_by_text(re.compile(r"of \d+ predictions in the store"))
    expect(stored).to_be_visible(timeout=30_000)
    before = stored.text_content()
    upload(page, source)
    expect(page.get_by_text("The first 4 of 4 rows.")).to_be_visible(timeout=30_000)
    page.get_by_role("button", name="Score 4 rows").click()
    expect(page.get_by_text("4 rows scored by")).to_be_visible(timeout=30_000)
    expect(page.get_by_text("1 had no text")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV for spreadsheets").click()
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8-sig"))))
    assert [row["comment"].removeprefix("'") for row in rows] == texts
    assert rows[1]["comment"].startswith("'=")
    assert rows[0]["top_emotion"] == "love"
    assert (rows[2]["top_emotion"], rows[2]["note"]) == ("", "not read: German")
    assert rows[3]["top_emotion"] == ""
    page.get_by_role("button", name="Keep in the store").click()
    expect(page.get_by_role("button", name="Kept: 2 rows")).to_be_disabled()
    page.get_by_role("tab", name="One tweet").click()
    expect(page.get_by_text(re.compile(r"of \d+ predictions in the store"))).not_to_have_text(before or "")


def test_a_running_file_can_be_cancelled(page: Page, tmp_path: Path) -> None:
    source = tmp_path / "many.txt"
    source.write_text("".join(f"I can't believe number {number} won the cup, amazing\n" for number in range(40_000)))
    upload(page, source)
    page.get_by_role("button", name="Score 40,000 rows").click(timeout=30_000)
    expect(page.get_by_text(re.compile(r"of 40,000 rows · "))).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Cancel").click()
    expect(page.get_by_text(re.compile(r"Stopped\. What was scored by then \([\d,]+ rows\)"))).to_be_visible(
        timeout=60_000
    )


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("ragged.csv", b"id,text\n1,fine\n2,too,many,fields\n", "line 3"),
        ("empty.csv", b"", "empty"),
        ("header.csv", b"id,text\n", "no rows"),
        ("ragged.tsv", b"id\ttext\n1\tfine\n2\ttoo\tmany\n", "ragged.tsv, line 3"),
        ("picture.csv", b"\x89PNG\r\n\x1a\n" + b"\x00" * 500, "does not look like text"),
    ],
)
def test_a_bad_file_gets_a_message_that_names_the_mend(
    page: Page, tmp_path: Path, name: str, content: bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content)
    upload(page, tmp_path / name)
    expect(page.get_by_role("alert").filter(has_text=said)).to_be_visible(timeout=30_000)


def test_a_file_over_the_limit_is_refused_with_the_limit(page: Page, tmp_path: Path) -> None:
    with (tmp_path / "huge.csv").open("wb") as file:
        file.truncate(500 * 1024 * 1024)
    upload(page, tmp_path / "huge.csv")
    expect(page.get_by_text(re.compile(r"File must be 200(\.0)?MB or smaller"))).to_be_visible(timeout=60_000)
    expect(page.get_by_text("python -m core score")).to_be_visible()


def test_the_allow_list_only_shrinks(page: Page) -> None:
    assert len(ALLOWED) <= 1
    page.get_by_role("tab", name="A file of tweets").click()
    expect(page.locator(".st-key-upload")).to_be_visible()
    settle(page)
    found = {found["id"] for found in Axe().run(page).response["violations"]}
    assert found == {rule for rule, _ in ALLOWED}, "a rule on the list is mended: take it off"


def test_axe_finds_nothing_and_it_fits_a_phone(themed_page: Page, app: App, tmp_path: Path) -> None:
    page = themed_page
    expect(page.get_by_text("Recently recorded")).to_be_visible(timeout=30_000)
    assert violations(page) == []
    type_tweet(page, "So proud of her, but the house is too quiet tonight 💔")
    page.locator(".st-key-tweet input").press("Enter")
    expect(page.get_by_text("Was this right?")).to_be_visible()
    assert violations(page) == []
    (tmp_path / "few.txt").write_text("I love it\nso sad\n")
    upload(page, tmp_path / "few.txt")
    page.get_by_role("button", name="Score 2 rows").click(timeout=30_000)
    expect(page.get_by_text("2 rows scored by")).to_be_visible(timeout=30_000)
    assert violations(page) == []
    page.set_viewport_size({"width": 400, "height": 800})
    page.get_by_role("tab", name="One tweet").click()
    expect(page.locator(".st-key-tweet input")).to_be_visible()
    main = page.get_by_test_id("stMain")
    assert main.evaluate("element => element.scrollWidth <= element.clientWidth")
