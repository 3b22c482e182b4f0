"""How long pages take in a browser, over a million predictions beside the sample tweets alone.

The tabs of Audit from asking for them to their last chart, and a moderator's key on the desk of Feedback to the next
item.
"""

import json
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from core.app import App
from core.clock import utc_now
from core.machine import machine_kind
from core.settings import settings
from core.store.synthetic import add_copies
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
WATCH = """(last) => {
    const look = () => {
        const rests = document.querySelector("[data-testid=stApp][data-test-script-state=notRunning]");
        if (!window.drawn && rests && document.querySelector(last) && document.querySelector("[data-testid=stMetric]"))
            window.drawn = performance.now() / 1000;
    };
    const asked = { subtree: true, childList: true, attributes: true, attributeFilter: ["data-test-script-state"] };
    new MutationObserver(look).observe(document, asked);
}"""
"""Notes in the page itself when all is drawn: to ask for it again and again from outside would slow it down."""

KEYS = 40
WATCH_DESK = """() => {
    const shown = () => document.querySelector("blockquote")?.innerText;
    window.keys = [];
    let pressed = 0, before;
    addEventListener("keydown", () => { pressed = performance.now(); before = shown(); }, true);
    const look = () => {
        if (pressed && shown() && shown() !== before) { window.keys.push(performance.now() - pressed); pressed = 0; }
    };
    new MutationObserver(look).observe(document, { subtree: true, childList: true, characterData: true });
}"""


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    print(f"\nThe page Audit in Chromium, {machine_kind()}: seconds from asking for the page to its last chart or row,")
    print(f"server and browser on the same cores; the first visit of a browser, and the median of {ROUNDS} later ones")
    (few, keys_few), (many, keys_many) = measure(0), measure(rows)
    print(f"{'':12}{'first visit':>24}{'later visits':>26}")
    print(f"{'':12}{'360 rows':>12}{f'{rows:,}':>12}{'360 rows':>14}{f'{rows:,}':>12}{'ratio':>8}")
    for tab in TABS:
        (first, later), (first_many, later_many) = few[tab], many[tab]
        print(f"{tab:12}{first:12.2f}{first_many:12.2f}{later:14.2f}{later_many:12.2f}{later_many / later:7.1f}x")
    print(f"\nOn the desk, from a key to the next item, milliseconds, {KEYS} decisions")
    for size, (waiting, took) in ((360, keys_few), (rows, keys_many)):
        ninetieth = statistics.quantiles(took, n=10)[-1]
        print(
            f"{size:,} rows, {waiting} waiting: median {statistics.median(took):.0f}, 90th percentile "
            f"{ninetieth:.0f}, longest {max(took):.0f}"
        )


def measure(rows: int) -> tuple[dict[str, tuple[float, float]], tuple[str, list[float]]]:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        app = App(settings().model_copy(update={"database": folder / "affectra.duckdb"}))
        # Else the app would ask the baseline about a million texts while it is measured.
        app.review_desk.ask_baseline()
        add_copies(app.store(), rows, utc_now())
        app.close()
        with running(folder) as server, sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=system_chromium(), args=["--no-sandbox"])
            try:
                keys = _keys(chromium, server.url)
                return {tab: _visits(chromium, server.url, tab, last) for tab, last in TABS.items()}, keys
            finally:
                chromium.close()


def _keys(chromium: Browser, url: str) -> tuple[str, list[float]]:
    """Confirm one item after the other by key; return how many were waiting, and milliseconds to each next item."""
    page = chromium.new_page(viewport={"width": 1280, "height": 900})
    page.add_init_script(f"({WATCH_DESK})()")
    page.goto(f"{url}/feedback?period=everything")
    page.locator("blockquote").wait_for(timeout=120_000)
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=120_000)
    waiting = re.search(r"([\d,]+) were waiting", page.locator("[role=status]").first.inner_text())
    assert waiting
    for done in range(1, KEYS + 1):
        page.keyboard.press("a")
        while page.evaluate("window.keys.length") < done:
            time.sleep(0.3)
        time.sleep(0.3)
    took = page.evaluate("window.keys")
    page.close()
    return waiting[1], took


def _visits(chromium: Browser, url: str, tab: str, last: str) -> tuple[float, float]:
    # Drift needs a period before.
    period = "90-days" if tab == "Drift" else "everything"
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.add_init_script(f"({WATCH})({json.dumps(last)})")
    # Not everything is asked twice alike: each visit filters otherwise, so that nothing is remembered.
    seconds = [
        _visit(page, f"{url}/audit?period={period}&audit_tab={tab.lower()}&least={number * 0.05:.2f}")
        for number in range(ROUNDS + 1)
    ]
    context.close()
    return seconds[0], statistics.median(seconds[1:])


def _visit(page: Page, address: str) -> float:
    page.goto(address)
    give_up = time.monotonic() + 120
    while not (drawn := page.evaluate("window.drawn")):
        if time.monotonic() > give_up:
            raise TimeoutError(address)
        time.sleep(0.5)
    return float(drawn)


if __name__ == "__main__":
    main()
