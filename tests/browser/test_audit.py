"""The page Audit in a real browser: filter, brush, share, open a row, export; accessible, and fit for a phone."""

import csv
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from core.access.actor import Actor
from core.store import Store
from tests.browser.conftest import App, eventually, running, settle, violations, watched
from tests.builders import make_app

HOSTILE = "<img src=x onerror=alert(1)> **bold** :red[x] [a](https://evil.example) \u202ertl =cmd() knife I hate you"
FOUND = re.compile(r"^[\d,]+ tweets of ")
TABS = ("Overview", "Together", "Risk", "Drift", "Tweets", "Audits")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    folder = tmp_path_factory.mktemp("audit")
    # A tweet that means harm to whoever draws it, recorded before the app opens its store.
    store = Store(folder / "affectra.duckdb")
    app = make_app(store)
    app.intake.record(app.predictor.predict(HOSTILE), Actor("eve"))
    store.close()
    with running(folder) as started:
        yield started


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running(tmp_path_factory.mktemp("samples")) as started:
        yield started


def view(page: Page, app: App, query: str = "") -> None:
    page.goto(f"{app.url}/audit?{query}")
    expect(page.get_by_text(FOUND).first).to_be_visible(timeout=60_000)
    settle(page)


def found(page: Page) -> int:
    settle(page)
    said = page.get_by_text(FOUND).first.text_content()
    match = re.match(r"([\d,]+) tweets", said or "")
    assert match
    return int(match[1].replace(",", ""))


def open_row(page: Page, number: int) -> None:
    """Tick the box of a row; the table is a canvas."""
    table = page.locator("[class*=st-key-rows_] [data-testid=stDataFrame] canvas").first
    table.scroll_into_view_if_needed()
    box = table.bounding_box()
    assert box
    page.mouse.click(box["x"] + 18, box["y"] + 35 * (number + 1) + 17)


def chart(page: Page, key: str) -> Locator:
    return page.locator(f"[class*=st-key-{key}] .stPlotlyChart").first


def click_mark(page: Page, mark: Locator) -> None:
    """Click a bar as a hand does: Plotly lays a surface of its own over its marks."""
    mark.wait_for(state="attached", timeout=30_000)
    mark.scroll_into_view_if_needed()
    box = mark.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def test_filter_brush_share_open_and_export(samples: App, browser: Browser, tmp_path: Path) -> None:
    with watched(samples, browser) as page:
        view(page, samples)
        everything = found(page)
        assert everything == 350
        # Brush a stretch of time.
        plot = chart(page, "volume_").locator(".nsewdrag").first.bounding_box()
        assert plot
        middle = plot["y"] + plot["height"] / 2
        page.mouse.move(plot["x"] + plot["width"] * 0.3, middle)
        page.mouse.down()
        page.mouse.move(plot["x"] + plot["width"] * 0.6, middle, steps=8)
        page.mouse.up()
        expect(page).to_have_url(re.compile("from="))
        brushed = eventually(lambda: found(page), lambda n: 0 < n < everything)
        # Filter by an emotion, by the widget.
        page.get_by_role("button", name=re.compile("More filters")).click()
        page.get_by_role("combobox", name="Emotions").fill("annoy")
        page.get_by_role("option", name="annoyance").click()
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        expect(page).to_have_url(re.compile("emotion=annoyance"))
        both = eventually(lambda: found(page), lambda n: 0 < n < brushed)
        # A colleague opens the address in a browser of their own.
        with watched(samples, browser) as other:
            other.goto(page.url)
            expect(other.get_by_text(re.compile(rf"^{both} tweets of "))).to_be_visible(timeout=60_000)
        # One row in full.
        page.get_by_role("tab", name="Tweets").click()
        expect(page.get_by_text(re.compile(rf"1 to {both} of {both} tweets"))).to_be_visible()
        open_row(page, 0)
        expect(page.get_by_role("heading", name="One tweet")).to_be_visible()
        expect(page.get_by_text("Thresholds", exact=True)).to_be_visible()
        expect(page).to_have_url(re.compile("tweet="))
        # Export, and read the file back.
        page.get_by_role("button", name="Prepare the file").click()
        with page.expect_download(timeout=60_000) as download:
            page.get_by_role("link", name=re.compile("Download CSV")).click()
        assert page.request.get(f"{samples.url}/download/guessed").status == 404
        rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text(encoding="utf-8"))))
        assert len(rows) == both
        assert all("annoyance" in row["emotions"] for row in rows)
        page.get_by_role("button", name="Clear all").click()
        expect(page.get_by_text(re.compile(rf"^{everything} tweets of "))).to_be_visible()
        expect(page).not_to_have_url(re.compile("emotion=|from="))


def test_a_click_in_a_chart_filters_the_others(samples: App, browser: Browser) -> None:
    with watched(samples, browser) as page:
        view(page, samples, "period=everything&audit_tab=risk")
        click_mark(page, chart(page, "severities_").locator(".barlayer .point path").first)
        expect(page).to_have_url(re.compile("severity=urgent"))
        eventually(lambda: found(page), lambda n: 0 < n < 40)
        page.get_by_role("button", name=re.compile("flagged for:")).click()
        expect(page).not_to_have_url(re.compile("category="))
        page.get_by_role("button", name="Clear all").click()
        page.get_by_role("tab", name="Overview").click()
        settle(page)
        click_mark(page, chart(page, "distribution_").locator(".barlayer .point path").nth(2))
        expect(page).to_have_url(re.compile("emotion="))


def test_the_browser_walks_back_through_what_was_looked_at(samples: App, browser: Browser) -> None:
    with watched(samples, browser) as page:
        view(page, samples, "period=everything")
        for tab in ("Risk", "Drift"):
            page.get_by_role("tab", name=tab).click()
            expect(page).to_have_url(re.compile(f"audit_tab={tab.lower()}"))
            settle(page)
        page.go_back()
        expect(page.get_by_role("tab", name="Risk")).to_have_attribute("aria-selected", "true")
        expect(page.get_by_role("heading", name="Flags by category and severity")).to_be_visible()
        settle(page)
        page.go_back()
        expect(page.get_by_role("tab", name="Overview")).to_have_attribute("aria-selected", "true")
        eventually(lambda: found(page), lambda n: n == 350)


def test_an_address_of_titles_opens_what_it_opened(samples: App, browser: Browser) -> None:
    with watched(samples, browser) as page:
        view(page, samples, "period=90+days&audit_tab=Tweets&order=least+certain")
        expect(page.get_by_role("tab", name="Tweets")).to_have_attribute("aria-selected", "true")
        expect(page).to_have_url(re.compile(r"(?=.*period=90-days)(?=.*audit_tab=tweets)(?=.*order=least-certain)"))


def test_views_are_kept_for_colleagues(samples: App, browser: Browser) -> None:
    with watched(samples, browser) as page:
        view(page, samples, "period=everything&sentiment=negative&flagged=yes")
        wanted = found(page)
        page.get_by_role("button", name="Saved views").click()
        page.get_by_label("Save these filters as").fill("What hurts")
        page.get_by_role("button", name="Save", exact=True).click()
        expect(page.get_by_text("Saved as “What hurts”.")).to_be_visible()
    with watched(samples, browser) as other:
        view(other, samples)
        other.get_by_role("button", name="Saved views").click()
        other.get_by_role("combobox", name="Open a view").click()
        other.get_by_role("option", name="What hurts").click()
        settle(other)
        other.locator(".st-key-open_view button").click()
        expect(other).to_have_url(re.compile("flagged=yes"))
        eventually(lambda: found(other), lambda n: n == wanted)


def test_hostile_tweets_are_drawn_as_text_everywhere(desk: App, browser: Browser) -> None:
    with watched(desk, browser) as page:
        dialogs: list[str] = []
        page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
        view(page, desk, "period=everything&q=knife&audit_tab=tweets")
        assert found(page) == 1
        open_row(page, 0)
        expect(page.get_by_role("heading", name="One tweet")).to_be_visible()
        expect(page.locator("blockquote")).to_contain_text("<img src=x onerror=alert(1)> **bold** :red[x]")
        assert "\u202e" not in (page.locator("blockquote").text_content() or "")
        page.get_by_text("Predict again with").click()
        expect(page.get_by_text(re.compile("Its emotions"))).to_be_visible()
        page.get_by_text("Feedback and history").click()
        for tab in TABS:
            page.get_by_role("tab", name=tab).click()
            settle(page)
            assert page.locator("img[src='x'], a[href*='evil.example']").count() == 0
        assert dialogs == []


def test_an_audit_is_run_and_its_report_opens(samples: App, browser: Browser, tmp_path: Path) -> None:
    with watched(samples, browser) as page:
        view(page, samples, "audit_tab=audits")
        page.get_by_role("button", name="Run the audit").click()
        expect(page.get_by_text("Done: 360 rows.").or_(page.get_by_text("It was made before"))).to_be_visible(
            timeout=60_000
        )
        with page.expect_download() as download:
            page.get_by_role("button", name="report.html").first.click()
        page.locator(".st-key-audit_now_show button").click()
        expect(page).to_have_url(re.compile("batch="))
        expect(page.get_by_text("None of these tweets has a time")).to_be_visible()
        expect(page.get_by_role("heading", name="Frequency")).to_be_visible()
        eventually(lambda: found(page), lambda n: n == 350)
        report = tmp_path / "report.html"
        download.value.save_as(report)
    context = browser.new_context(offline=True)
    opened = context.new_page()
    asked: list[str] = []
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto(report.as_uri())
    opened.locator(".js-plotly-plot .main-svg").first.wait_for(timeout=60_000)
    assert [url for url in asked if not url.startswith(("file:", "blob:", "data:"))] == []
    context.close()


def test_every_tab_is_accessible_and_fits_a_phone(samples: App, browser: Browser, theme: str) -> None:
    with watched(samples, browser, theme) as page:
        view(page, samples, "period=everything&order=gravest")
        for tab in TABS:
            page.set_viewport_size({"width": 1280, "height": 900})
            page.get_by_role("tab", name=tab).click()
            settle(page)
            if tab == "Tweets":
                open_row(page, 0)
                expect(page.get_by_role("heading", name="One tweet")).to_be_visible()
                settle(page)
                for summary in page.locator("[class*=st-key-detail] summary").all():
                    summary.click()
                settle(page)
            assert violations(page) == [], tab
            page.set_viewport_size({"width": 400, "height": 900})
            page.wait_for_function("() => document.querySelector('[data-testid=stMain]').scrollWidth <= 400")
        page.set_viewport_size({"width": 1280, "height": 900})
        page.get_by_role("button", name=re.compile("More filters")).click()
        expect(page.get_by_role("combobox", name="Emotions")).to_be_visible()
        assert violations(page) == []


def test_the_filters_work_by_keyboard(samples: App, browser: Browser) -> None:
    with watched(samples, browser) as page:
        view(page, samples, "period=everything")
        search = page.locator(".st-key-q input")
        search.focus()
        page.keyboard.type("the")
        page.keyboard.press("Enter")
        expect(page).to_have_url(re.compile("q=the"))
        eventually(lambda: found(page), lambda n: 0 < n < 350)
        clear = page.get_by_role("button", name="Clear all")
        expect(clear).to_be_enabled()
        settle(page)
        clear.focus()
        page.keyboard.press("Enter")
        expect(page).not_to_have_url(re.compile("q=the"))
