"""The app without a browser, on the shipped models, with a store of its own for each test."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from core import cost
from core.candidates import Candidates
from core.classifier import load
from core.settings import settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "store" / "affectra.duckdb"
    monkeypatch.setenv("AFFECTRA_DATABASE", str(path))
    return path


@pytest.fixture(scope="session")
def made_tracker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tracker as the page makes it on a fresh machine. MLflow takes seconds to make its tables."""
    folder = tmp_path_factory.mktemp("tracker")
    Candidates(
        f"sqlite:///{folder / 'mlflow.db'}",
        ROOT / "data" / "runs",
        ROOT / "models",
        folder / "serving.json",
        None,
        measure_cost=cost.measure,
        try_out=load,
    ).board()
    return folder


@pytest.fixture
def tracker(made_tracker: Path, tmp_path: Path) -> Path:
    """A copy of it for one test; the runs' files stay where they are."""
    shutil.copyfile(made_tracker / "mlflow.db", tmp_path / "mlflow.db")
    return tmp_path / "mlflow.db"


@pytest.fixture
def open_app(database: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AppTest]]:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.setenv("AFFECTRA_INBOX", str(tmp_path / "inbox"))

    def start(**environment: str) -> AppTest:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        return AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run()

    settings.cache_clear()
    yield start
    st.cache_resource.clear()
    settings.cache_clear()
