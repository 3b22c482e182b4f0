"""The pictures of README and docs, taken from the running app: `python -m tests.browser.pictures`."""

import tempfile
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import ROOT, running, settle
from tests.browser.install import system_chromium

PICTURES = ROOT / "docs" / "images"
WIDTH = 1280


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, running(Path(folder)) as app, sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=system_chromium(), args=["--no-sandbox"])

        def page(scheme: Literal["light", "dark"], path: str, height: int) -> Page:
            context = chromium.new_context(viewport={"width": WIDTH, "height": height}, color_scheme=scheme)
            opened = context.new_page()
            opened.goto(f"{app.url}/{path}")
            settle(opened)
            return opened

        live = page("light", "", 1340)
        read(live, "So proud of you! I can't believe we actually won, thank you all ❤️")
        live.keyboard.press("Enter")
        live.get_by_text("Recorded.").wait_for()
        take(live, "live-light")
        sarcasm = page("dark", "", 1340)
        read(sarcasm, "Thanks for nothing @airline, four hours on the tarmac and no water. Great job.")
        take(sarcasm, "live-dark")
        take(page("light", "audit?period=everything", 1180), "audit-light", ".main-svg")
        tweets = page("dark", "audit?audit_tab=tweets&flags=yes&order=gravest", 1250)
        open_first_row(tweets)
        take(tweets, "audit-tweet-dark")
        take(page("light", "feedback", 1080), "feedback-desk-light", "blockquote")
        take(page("light", "compare", 1250), "compare-light", ".main-svg")
        take(page("dark", "compare?view=emotions", 1760), "compare-emotions-dark", ".main-svg")
        scored = page("light", "", 1080)
        scored.get_by_role("tab", name="A file of tweets").click()
        scored.locator("input[type=file]").first.set_input_files(ROOT / "data" / "sample_tweets.csv")
        scored.get_by_role("button", name="Score 360 rows").click(timeout=60_000)
        scored.get_by_text("scored by").wait_for(timeout=120_000)
        take(scored, "file-light", ".main-svg")
        chromium.close()


def read(page: Page, text: str) -> None:
    page.get_by_role("textbox", name="Tweet").fill(text)
    page.get_by_text("ms on this machine").wait_for()


def open_first_row(page: Page) -> None:
    """Choose the first row of the table, whose cells are drawn on a canvas."""
    box: Any = page.locator("[class*=st-key-rows_] canvas").first.bounding_box()
    page.mouse.click(box["x"] + 15, box["y"] + 55)
    page.get_by_role("heading", name="One tweet").wait_for()


def take(page: Page, name: str, shown: str | None = None) -> None:
    if shown is not None:
        page.locator(shown).first.wait_for(timeout=60_000)
    settle(page)
    page.wait_for_timeout(1_000)  # charts are drawn once more when their width is known
    page.screenshot(path=PICTURES / f"{name}.png")


if __name__ == "__main__":
    main()
