"""The app without a browser, on the shipped models, with a store of its own for each test."""

import shutil
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from core.app import App, load_warm
from core.services.model_board import ModelBoard
from core.services.model_tracker import ModelTracker
from core.settings import Settings, settings
from pages import runtime

loaded_once = lru_cache(load_warm)
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
    models = ModelTracker(f"sqlite:///{folder / 'mlflow.db'}", ROOT / "models", folder / "serving.json", None)
    ModelBoard(models, ROOT / "data" / "runs").board()
    return folder


@pytest.fixture
def tracker(made_tracker: Path, tmp_path: Path) -> Path:
    """A copy of it for one test; the runs' files stay where they are."""
    shutil.copyfile(made_tracker / "mlflow.db", tmp_path / "mlflow.db")
    return tmp_path / "mlflow.db"


@pytest.fixture(scope="session")
def made_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store as the app makes it on a fresh machine, with the sample tweets read once for all tests."""
    path = tmp_path_factory.mktemp("store") / "affectra.duckdb"
    app = App(Settings().model_copy(update={"database": path}))
    # What the app would do by itself, in the midst of a test.
    app.review_desk.ask_baseline()
    app.close()
    return path


@pytest.fixture
def open_app(
    database: Path, made_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., AppTest]]:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.setenv("AFFECTRA_INBOX", str(tmp_path / "inbox"))

    def start(*, new_store: bool = False, **environment: str) -> AppTest:
        if not new_store and not database.parent.exists():
            database.parent.mkdir()
            shutil.copyfile(made_store, database)
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        return AppTest.from_file(str(ROOT / "pages" / "entry.py"), default_timeout=60).run()

    settings.cache_clear()
    # Models stay loaded: no test changes one in its place.
    monkeypatch.setattr(runtime, "App", partial(App, load_model=loaded_once))
    yield start
    runtime._app.clear()
    settings.cache_clear()
