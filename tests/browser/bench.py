"""How long the page Audit takes in a browser, over a million predictions beside the sample tweets alone."""

import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from core.machine import machine_kind
from core.service import utc_now
from core.settings import settings
from core.store.growing import grow
from core.store_bench import open_store
from tests.browser.conftest import running
from tests.browser.install import system_chromium

TABS = {
    "Overview": "[class*=st-key-distribution_] .main-svg",
    "Together": "[class*=st-key-pairs_] .main-svg",
    "Risk": "[class*=st-key-calendar_] .main-svg",
    "Drift": "[class*=st-key-drift_] .main-svg, [data-testid=stAlert]",
    "Tweets": "[class*=st-key-rows_] canvas",
}
"""Each with what is drawn last in it."""
ROUNDS = 7


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(f"\nThe page Audit in Chromium, {machine_kind()}: seconds from asking for the page to its last chart or row,")
    print(f"server and browser on the same cores; the first visit of a browser, and the median of {ROUNDS} later ones")
    few, many = measure(0), measure(rows)
    print(f"{'':12}{'first visit':>24}{'later visits':>26}")
    print(f"{'':12}{'360 rows':>12}{f'{rows:,}':>12}{'360 rows':>14}{f'{rows:,}':>12}{'ratio':>8}")
    for tab in TABS:
        (first, later), (first_many, later_many) = few[tab], many[tab]
        print(f"{tab:12}{first:12.2f}{first_many:12.2f}{later:14.2f}{later_many:12.2f}{later_many / later:7.1f}x")


def measure(rows: int) -> dict[str, tuple[float, float]]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        store, _ = open_store(settings(), folder / "affectra.duckdb")
        grow(store, rows, utc_now())
        store.close()
        with running(folder) as app, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=system_chromium(), args=["--no-sandbox"])
            try:
                return {tab: _visits(chromium, app.url, tab, last) for tab, last in TABS.items()}
            finally:
                chromium.close()


def _visits(chromium: Browser, url: str, tab: str, last: str) -> tuple[float, float]:
    # Not everything is asked twice alike: each visit searches for another word, so that nothing is remembered.
    words = ["", "the", "a", "i", "to", "my", "and", "of"]
    # Drift needs a period before.
    period = "90+days" if tab == "Drift" else "everything"
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    seconds = [
        _visit(page, f"{url}/audit?period={period}&audit_tab={tab}&q={word}", last) for word in words[: ROUNDS + 1]
    ]
    context.close()
    return seconds[0], statistics.median(seconds[1:])


def _visit(page: Page, address: str, last: str) -> float:
    started = time.perf_counter()
    page.goto(address)
    page.get_by_text(re.compile(r"^[\d,]+ tweets of ")).first.wait_for(timeout=120_000)
    page.locator(last).first.wait_for(state="attached", timeout=120_000)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=120_000)
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
