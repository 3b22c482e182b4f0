"""The page Feedback in a real browser: decided by keyboard alone, two moderators, accessible, fit for a phone."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from core.access.actor import Actor
from core.rules import Rules
from core.store import Store
from tests.browser.conftest import ROOT, App, running, settle, violations, watched
from tests.builders import make_app

HOSTILE = "<img src=x onerror=alert(1)> **bold** :red[x] [a](https://evil.example) \u202ertl =cmd() knife I hate you"
DECIDED = re.compile(r"([\d,]+) decided in this window")
ITEMS = 50
COUNTED = "Escalated 15 · Mine 0 · Done 33"
"""Of 50 decided in turn as right, as no flag and as somebody else's, three taken back and one of these corrected."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("feedback")
    store = Store(folder / "affectra.duckdb")
    app = make_app(store, rules=Rules.read(ROOT / "data" / "rules.toml"))
    hostile = app.predictor.predict(HOSTILE)
    app.intake.record(hostile, Actor("eve"))
    app.feedback.give(hostile.id, "down", Actor(HOSTILE[:30]), ("joy",), HOSTILE)
    for number in range(ITEMS + 12):
        app.intake.record(app.predictor.predict(f"I am going to kill you tonight, number {number}"), Actor("eve"))
    store.close()
    with running(folder) as started:
        yield started


def open_desk(page: Page, app: App, query: str = "") -> None:
    page.goto(f"{app.url}/feedback?period=everything&{query}")
    expect(page.get_by_text(DECIDED).first).to_be_visible(timeout=60_000)
    settle(page)


def tweet(page: Page) -> str:
    return page.locator("blockquote").first.inner_text()


def press(page: Page, key: str, said: str) -> None:
    """Press a key and wait until it is told what came of it."""
    page.keyboard.press(key)
    expect(page.get_by_role("status").filter(has_text=said)).to_be_visible()


def test_fifty_items_by_keyboard_alone(desk: App, browser: Browser) -> None:
    decided = []
    with watched(desk, browser) as page:
        open_desk(page, desk, "reviewer=ana&queue=flagged")
        for number in range(ITEMS):
            now = tweet(page)
            decided.append(now)
            page.keyboard.press(("a", "d", "e")[number % 3])
            expect(page.get_by_text(f"{number + 1} decided in this window")).to_be_visible()
            expect(page.locator("blockquote").first).not_to_have_text(now)
        assert len(set(decided)) == ITEMS, "none came twice"
        # Undo is exact: the last three come back, the latest first.
        for number in range(3):
            press(page, "u", f"Taken back · {ITEMS - 1 - number} decided")
            expect(page.locator("blockquote").first).to_have_text(decided[-1 - number])
        # A correction by keys alone: choose the second emotion, then say so.
        page.keyboard.press("2")
        expect(page.locator(".st-key-review_emotion_2 button")).to_contain_text("☑")
        press(page, "w", f"Corrected · {ITEMS - 2} decided")
        page.get_by_role("radio", name="Done").click()
        settle(page)
        expect(page.get_by_text(COUNTED).first).to_be_visible()


def test_the_log_holds_what_was_decided(desk: App, browser: Browser) -> None:
    """After the one above: nothing was lost, nothing is there twice."""
    with watched(desk, browser) as page:
        open_desk(page, desk, "reviewer=ana&queue=done")
        assert page.get_by_text("ana").count() > 0
        expect(page.get_by_text(COUNTED).first).to_be_visible()
        # Reopened, it waits again, with its history.
        now = tweet(page)
        press(page, "o", "Reopened")
        expect(page.locator("blockquote").first).to_have_text(now)
        page.get_by_text(re.compile(r"^History")).click()
        expect(page.get_by_text(re.compile(r"ana reopened it"))).to_be_visible()


def test_two_moderators_on_one_item(desk: App, browser: Browser) -> None:
    with watched(desk, browser) as hers, watched(desk, browser) as his:
        open_desk(hers, desk, "reviewer=ana&queue=flagged")
        first = tweet(hers)
        open_desk(his, desk, "reviewer=bo&queue=flagged")
        assert tweet(his) != first, "what she looks at is not offered to him"
        # By a link he gets to hers, and is told.
        his_item = tweet(his)
        hers.get_by_role("tab", name="List").click()
        settle(hers)
        hers.get_by_role("tab", name="Desk").click()
        expect(hers.locator("blockquote").first).to_have_text(first)
        store_id = _linked(his, desk, first)
        open_desk(his, desk, f"reviewer=bo&item={store_id}")
        expect(his.get_by_text("ana is looking at this one in another window")).to_be_visible()
        expect(his.get_by_role("button", name="Confirm")).to_be_disabled()
        assert his_item != first
        press(hers, "a", "Confirmed")
        open_desk(his, desk, f"reviewer=bo&item={store_id}")
        expect(his.get_by_text(re.compile("ana confirmed it")).first).to_be_visible()


def _linked(page: Page, app: App, text: str) -> str:
    """The id of a tweet, as the explorer's link to the desk has it."""
    other = page.context.new_page()
    number = re.search(r"\d+", text)
    assert number
    other.goto(f"{app.url}/audit?period=everything&audit_tab=tweets&q=%22number+{number[0]}%22")
    expect(other.get_by_text("1 tweets of ").first).to_be_visible(timeout=60_000)
    settle(other)
    box = other.locator("[class*=st-key-rows_] [data-testid=stDataFrame] canvas").first.bounding_box()
    assert box
    other.mouse.click(box["x"] + 18, box["y"] + 52)
    link = other.get_by_role("link", name="Review it")
    expect(link).to_be_visible()
    found = re.search(r"item=([0-9a-f-]{36})", link.get_attribute("href") or "")
    assert found
    other.close()
    return found[1]


def test_hostile_words_are_drawn_as_text(desk: App, browser: Browser) -> None:
    with watched(desk, browser) as page:
        page.on("dialog", lambda dialog: pytest.fail(dialog.message))
        open_desk(page, desk, "queue=feedback&reviewer=%3Cb%3Ebo%3C%2Fb%3E")
        assert "<img src=x onerror=alert(1)> **bold** :red[x]" in tweet(page)
        expect(page.get_by_text("should be joy", exact=False).first).to_contain_text("**bold**")
        assert page.locator("[data-testid=stMain] img[src=x]").count() == 0
        # A row of the list gets to the desk.
        page.get_by_role("tab", name="List").click()
        settle(page)
        box = page.locator("[class*=st-key-review_rows_] [data-testid=stDataFrame] canvas").first.bounding_box()
        assert box
        page.mouse.click(box["x"] + 18, box["y"] + 52)
        page.get_by_role("button", name="Open on the desk").click()
        expect(page.get_by_role("tab", name="Desk")).to_have_attribute("aria-selected", "true")
        expect(page).to_have_url(re.compile("item="))
        assert "<img src=x onerror=alert(1)> **bold** :red[x]" in tweet(page)


def test_the_desk_is_accessible_and_fits_a_phone(desk: App, browser: Browser, theme: str) -> None:
    with watched(desk, browser, theme) as page:
        open_desk(page, desk, "reviewer=cleo")
        assert violations(page) == []
        headings = [one.inner_text() for one in page.get_by_role("heading").all()]
        assert headings == ["Feedback", "The tweet", "Your decision"]
        named = [
            page.get_by_role("button", name=name) for name in ("Confirm", "Correct", "Dismiss flag", "Escalate", "Skip")
        ]
        assert all(one.count() == 1 for one in named)
        for tab in ("List", "People", "Agreement", "Retrain"):
            page.get_by_role("tab", name=tab).click()
            settle(page)
            assert violations(page) == [], tab
        page.set_viewport_size({"width": 400, "height": 900})
        for tab in ("Desk", "List", "People", "Agreement", "Retrain"):
            page.get_by_role("tab", name=tab).click()
            settle(page)
            assert page.evaluate("() => document.documentElement.scrollWidth <= innerWidth"), tab
