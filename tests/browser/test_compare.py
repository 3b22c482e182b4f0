"""The comparison page in a real browser, on a server of its own: it changes what serves."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from core.inference.classifier import read_manifest
from tests.browser.conftest import ROOT, App, running, settle, violations, watched

SERVING = read_manifest(ROOT / "models" / "electra_model").label
IDS = {"Leaderboard": "leaderboard", "Emotions": "emotions", "Head to head": "head-to-head", "Serving": "serving"}
TABS = {
    "Leaderboard": "Quality and its cost",
    "Emotions": "One emotion by threshold",
    "Head to head": "Where each wins",
    "Serving": "Promote another model",
}
"""Each with a heading that it alone has."""


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running(tmp_path_factory.mktemp("compare")) as started:
        yield started


def view(page: Page, app: App, tab: str) -> None:
    page.goto(f"{app.url}/compare?view={IDS[tab]}")
    expect(page.get_by_role("tab", name=tab)).to_have_attribute("aria-selected", "true", timeout=60_000)
    settle(page)


def test_a_link_to_a_tab_opens_it_even_as_the_first_page_of_all(fresh: App, browser: Browser) -> None:
    with watched(fresh, browser) as page:
        view(page, fresh, "Serving")
        expect(page.get_by_role("heading", name="Promote another model")).to_be_visible()
        navigation = page.get_by_test_id("stSidebarNav")
        pages = [re.compile(name) for name in ("Live", "Audit", "Feedback", "Compare")]
        expect(navigation.get_by_role("link")).to_have_text(pages)


def test_the_page_is_walked_from_the_table_to_a_promotion_and_back(fresh: App, browser: Browser) -> None:
    with watched(fresh, browser) as page:
        page.goto(fresh.url)
        page.locator(".st-key-tweet input").wait_for(timeout=60_000)
        page.get_by_role("link", name="Compare").click()
        expect(page.get_by_text(re.compile(rf"At 28 emotions: {SERVING} is better than tfidf 1 by \d"))).to_be_visible()
        page.get_by_role("radio", name="Sentiment").or_(page.get_by_role("button", name="Sentiment")).first.click()
        expect(page.get_by_text(re.compile(rf"At Sentiment: {SERVING} is better than tfidf 1 by \d"))).to_be_visible()

        page.get_by_role("tab", name="Head to head").click()
        expect(page).to_have_url(re.compile("view=head-to-head"))
        second = page.locator(".st-key-second_run")
        second.get_by_role("combobox").click()
        page.get_by_role("option", name=re.compile("^tfidf 1")).click()
        micro = re.compile(
            rf"^{SERVING} is better than tfidf 1 by \d\.\d points of micro-F1, and that is beyond chance"
        )
        expect(page.get_by_text(micro)).to_be_visible()
        expect(page.locator(".st-key-head_to_head_levels .stPlotlyChart .point")).to_have_count(6)

        page.get_by_role("tab", name="Serving").click()
        model = page.locator(".st-key-promote_model")
        model.get_by_role("combobox").click()
        page.get_by_role("option", name=re.compile("^tfidf 1")).click()
        settle(page)
        page.get_by_role("button", name="Promote …").click()
        dialog = page.get_by_role("dialog")
        confirm = dialog.get_by_role("button", name="Promote tfidf 1")
        expect(confirm).to_be_disabled()
        dialog.get_by_label("Why?").fill("small enough for the phone")
        expect(confirm).to_be_enabled()
        assert violations(page) == []
        confirm.click()
        expect(page.get_by_text("tfidf 1 serves from now on")).to_be_visible()
        expect(dialog).to_have_count(0)

        with watched(fresh, browser) as other:
            other.goto(fresh.url)
            tweet = other.locator(".st-key-tweet input")
            tweet.fill("I am so happy for you")
            expect(other.get_by_text(re.compile(r"^tfidf 1 · [\d.]+ ms on this machine$"))).to_be_visible()

            settle(page)
            page.get_by_role("button", name=f"Roll back to {SERVING}").click()
            page.get_by_role("dialog").get_by_label("Why?").fill("it misses too much")
            page.get_by_role("dialog").get_by_role("button", name=f"Roll back to {SERVING}").click()
            expect(page.get_by_text(f"{SERVING} serves from now on")).to_be_visible()
            # The page that was open all the while follows with the next letter, without a reload.
            tweet.fill("I am so happy for you!")
            expect(other.get_by_text(re.compile(rf"^{SERVING} · [\d.]+ ms on this machine$"))).to_be_visible()


def test_a_promotion_can_be_thought_better_of(fresh: App, browser: Browser) -> None:
    with watched(fresh, browser) as page:
        view(page, fresh, "Serving")
        page.get_by_role("button", name="Promote …").click()
        expect(page.get_by_role("dialog")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        settle(page)
        page.get_by_role("tab", name="Leaderboard").click()
        page.get_by_role("tab", name="Serving").click()
        expect(page.get_by_role("heading", name="Promote another model")).to_be_visible()
        settle(page)
        expect(page.get_by_role("dialog")).to_have_count(0)
        expect(page.get_by_text(f"{SERVING} (ELECTRA) serves")).to_be_visible()


def test_a_cell_of_the_heat_map_leads_to_its_curves(fresh: App, browser: Browser) -> None:
    with watched(fresh, browser) as page:
        view(page, fresh, "Emotions")
        emotion = page.get_by_role("combobox", name="Emotion")
        expect(emotion).to_have_value("neutral")
        heat = page.locator("[class*=st-key-heat_emotion] .stPlotlyChart")
        heat.locator(".scatterlayer .point").first.wait_for(state="attached")
        # The last column of the third row: gratitude.
        columns = page.locator(".st-key-heat_runs [data-tag]").count()
        point = heat.locator(".scatterlayer .point").nth(3 * columns - 1).bounding_box()
        assert point is not None
        page.mouse.click(point["x"] + point["width"] / 2, point["y"] + point["height"] / 2)
        expect(emotion).to_have_value("gratitude")
        expect(page.get_by_role("combobox", name="Run", exact=True)).to_have_value("tfidf 1")
        expect(page.get_by_text("Threshold for gratitude")).to_be_visible()


def test_the_threshold_is_moved_by_keyboard(fresh: App, browser: Browser) -> None:
    with watched(fresh, browser) as page:
        view(page, fresh, "Emotions")
        stored = page.get_by_text(f"stored predictions by {SERVING}")
        expect(stored).to_contain_text("0 would flip")
        slider = page.get_by_role("slider").first
        slider.focus()
        for _ in range(8):
            page.keyboard.press("ArrowRight")
        expect(stored).not_to_contain_text("0 would flip: 0")


def test_every_tab_is_accessible_and_fits_a_phone(fresh: App, browser: Browser, theme: str) -> None:
    with watched(fresh, browser, theme) as page:
        view(page, fresh, "Leaderboard")
        for tab, heading in TABS.items():
            page.set_viewport_size({"width": 1280, "height": 900})
            page.get_by_role("tab", name=tab).click()
            expect(page.get_by_role("heading", name=heading)).to_be_visible()
            settle(page)
            for summary in page.locator("summary").all():
                summary.click()
            assert violations(page) == [], tab
            page.set_viewport_size({"width": 400, "height": 900})
            # Charts are drawn again for the width a moment later.
            page.wait_for_function("() => document.querySelector('[data-testid=stMain]').scrollWidth <= 400")
