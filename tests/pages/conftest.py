"""The app without a browser, on the shipped models, with a store of its own for each test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core.settings import settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "store" / "affectra.duckdb"
    monkeypatch.setenv("AFFECTRA_DATABASE", str(path))
    return path


@pytest.fixture
def open_app(database: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AppTest]]:
    def start(**environment: str) -> AppTest:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        return AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()

    settings.cache_clear()
    yield start
    st.cache_resource.clear()
    settings.cache_clear()
