"""Trackers that took in two models, made once and copied."""

import shutil

import pytest

from core.experiments.tracking import export_runs, log_run
from tests.fakes import fake_model_folder
from tests.unit.services.models import desk_at, training


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with models, exported runs, and a tracker that took them in. MLflow takes seconds to make its tables."""
    folder = tmp_path_factory.mktemp("prepared")
    models = folder / "models"
    electra = fake_model_folder(models / "electra_model", "electra", "1")
    tfidf = fake_model_folder(models / "tfidf_model", "tfidf", "1")
    elsewhere = f"sqlite:///{folder / 'elsewhere.db'}"
    log_run(training(electra, 0.9, 1), elsewhere)
    log_run(training(tfidf, 0.6, 2), elsewhere)
    export_runs(folder / "runs", elsewhere)
    desk_at(folder).board.board()
    return folder


@pytest.fixture
def desk(prepared, tmp_path):
    """A copy of it all, to be changed."""
    shutil.copytree(prepared, tmp_path / "desk", ignore=shutil.ignore_patterns("mlflow_artefacts"))
    return desk_at(tmp_path / "desk")
