"""The real app in a real browser: one server for all tests, one browser, a fresh context per test."""

import os
import re
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.install import system_chromium

T = TypeVar("T")

ROOT = Path(__file__).resolve().parents[2]

# What counts is what is drawn in the end; on a busy machine it takes a while.
expect.set_options(timeout=20_000)

ALLOWED: dict[tuple[str, str], str] = {
    (
        "presentation-role-conflict",
        'data-testid="stFileUploaderDropzone"',
    ): "Streamlit labels the drop zone of st.file_uploader, a presentational element",
}
"""axe findings that are Streamlit's or Plotly's own: (rule, part of the tag) to the reason. It may only shrink."""
COMPLAINT = re.compile(r"Traceback|Stack \(most recent call last\)|warning|error", re.IGNORECASE)
"""What a server that is well never prints. Streamlit tells of some slips in a stack alone, once for a process."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker("browser")


@dataclass
class App:
    url: str
    database: Path
    log: Path

    def console(self) -> str:
        """What the server printed, without the lines it greets with."""
        return self.log.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running(tmp_path_factory.mktemp("app")) as started:
        yield started


@contextmanager
def running(folder: Path) -> Iterator[App]:
    """A server with a store and a tracker of its own in `folder`; in the end it may have complained of nothing."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    database, log = folder / "affectra.duckdb", folder / "console.log"
    own = {
        "AFFECTRA_DATABASE": str(database),
        "AFFECTRA_INBOX": str(folder / "inbox"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlflow.db'}",
    }
    with log.open("w", encoding="utf-8") as console:
        server = subprocess.Popen(
            [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.port", str(port)],
            cwd=ROOT,
            env=os.environ | own,
            stdout=console,
            stderr=subprocess.STDOUT,
        )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_until_up(f"{url}/_stcore/health", server)
        yield App(url, database, log)
    finally:
        server.terminate()
        server.wait(20)
    said = log.read_text(encoding="utf-8")
    assert not COMPLAINT.search(said), said


def _wait_until_up(url: str, server: subprocess.Popen[Any]) -> None:
    for _ in range(300):
        assert server.poll() is None, "the server ended"
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310
                return
        except OSError:
            time.sleep(0.2)
    pytest.fail(f"no answer from {url}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=system_chromium(), args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture(params=["light", "dark"])
def theme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def page(app: App, browser: Browser) -> Iterator[Page]:
    yield from open_page(app, browser, "light")


@pytest.fixture
def themed_page(app: App, browser: Browser, theme: str) -> Iterator[Page]:
    yield from open_page(app, browser, theme)


def open_page(app: App, browser: Browser, theme: Any) -> Iterator[Page]:
    with watched(app, browser, theme) as opened:
        opened.goto(app.url)
        opened.locator(".st-key-tweet input").wait_for(timeout=60_000)
        # The listener for Enter comes a moment after the input: a script is quicker than any person.
        opened.wait_for_function("() => window.affectraEnter !== undefined", timeout=30_000)
        yield opened


@contextmanager
def watched(app: App, browser: Browser, theme: Any = "light") -> Iterator[Page]:
    """An empty page; in the end neither the browser nor the server may have complained."""
    before = len(app.console())
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=theme, accept_downloads=True)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    yield opened
    context.close()
    assert problems == []
    said = app.console()[before:]
    assert not COMPLAINT.search(said), said


def settle(page: Page) -> None:
    """Wait until nothing runs and nothing fades: half-faded text has no contrast of its own."""
    page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=30_000)
    page.wait_for_function(
        "() => document.getAnimations().every((one) => one.playState !== 'running')"
        " && !document.querySelector('[data-stale=true]')",
        timeout=30_000,
    )


def eventually(ask: Callable[[], T], holds: Callable[[T], bool], seconds: float = 20) -> T:
    """Ask until the answer holds, and return it: an address changes before what it asks for is drawn."""
    give_up = time.monotonic() + seconds
    while not holds(answer := ask()) and time.monotonic() < give_up:
        time.sleep(0.2)
    assert holds(answer), f"still {answer} after {seconds:.0f} s"
    return answer


def violations(page: Page) -> list[str]:
    """What axe finds on the settled page, WCAG A and AA and best practices, outside the allow list."""
    settle(page)
    response = Axe().run(page).response["violations"]
    return [
        f"{found['id']} ({found['impact']}): {target}"
        for found in response
        for node in found["nodes"]
        for target in [" ".join(map(str, node["target"]))]
        if not any(found["id"] == rule and part in node["html"] for rule, part in ALLOWED)
    ]
