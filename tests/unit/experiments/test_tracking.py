import dataclasses
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from core.emotions import LABELS
from core.errors import TrackingError
from core.experiments import evidence
from core.experiments.tracking import Dataset, Measurement, Run, export_runs, import_runs, log_run
from core.inference.classifier import load, read_manifest
from core.machine import code_revision, machine_kind
from core.settings import ROOT, settings
from core.stats.metrics import BOOTSTRAP_SEED, f1_intervals, resample
from models import goemotions
from models.artefact import Origin
from models.publish import log_again, publish
from models.recipes import tfidf
from tests.fakes import COST

RUN = Run(
    name="tfidf 1",
    params=(("C", "3.0"), ("seed", "0")),
    metrics=(
        Measurement("test_emotion_macro_f1", 0.46),
        Measurement("train_loss", 0.11, 1),
        Measurement("train_loss", 0.08, 2),
    ),
    tags=(("family", "TF-IDF"), ("test_n", "5427")),
    datasets=(Dataset("goemotions-test", "8c3482a12f52ff56429a5d178257be09", "goemotions/test.tsv", "test"),),
    texts=(("labels_test.csv", "label,f1\njoy,0.5\n"),),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """One store for the module: MLflow takes seconds to make its tables."""
    return tmp_path_factory.mktemp("tracking") / "not" / "yet" / "mlflow.db"


@pytest.fixture(scope="module")
def logged(store, tmp_path_factory):
    extra = tmp_path_factory.mktemp("extra") / "thresholds.json"
    extra.write_text("{}", encoding="utf-8")
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    before = Path.cwd()
    os.chdir(elsewhere)
    try:
        run_id = log_run(
            Run(**{name: getattr(RUN, name) for name in RUN.__slots__} | {"files": (extra,)}), f"sqlite:///{store}"
        )
    finally:
        os.chdir(before)
    assert list(elsewhere.iterdir()) == [], "the working directory is left as it was"
    return run_id


def rows(store, query, *values):
    with sqlite3.connect(store) as connection:
        found = connection.execute(query, values).fetchall()
    connection.close()
    return found


def test_keeps_numbers_settings_and_tags(store, logged):
    assert rows(store, "select status, name from runs where run_uuid = ?", logged) == [("FINISHED", "tfidf 1")]
    metrics = rows(store, "select key, value, step from metrics where run_uuid = ? order by key, step", logged)
    assert metrics == [("test_emotion_macro_f1", 0.46, 0), ("train_loss", 0.11, 1), ("train_loss", 0.08, 2)]
    assert dict(rows(store, "select key, value from params where run_uuid = ?", logged)) == dict(RUN.params)
    assert dict(RUN.tags).items() <= dict(rows(store, "select key, value from tags where run_uuid = ?", logged)).items()


def test_keeps_what_was_read(store, logged):
    read = "select name, digest, dataset_source from datasets join inputs on source_id = dataset_uuid"
    assert rows(store, read + " where destination_id = ?", logged) == [
        ("goemotions-test", "8c3482a12f52ff56429a5d178257be09", "goemotions/test.tsv")
    ]


def test_keeps_artefacts_beside_the_store(store, logged):
    folder = store.parent / "mlflow_artefacts" / logged / "artifacts"
    assert {path.name for path in folder.iterdir()} == {"labels_test.csv", "thresholds.json"}
    assert (folder / "labels_test.csv").read_text(encoding="utf-8") == "label,f1\njoy,0.5\n"


def test_runs_gather_in_one_experiment(store, logged):
    second = log_run(RUN, f"sqlite:///{store}")
    assert second != logged
    both = rows(
        store, "select count(distinct experiment_id), count(*) from runs where run_uuid in (?, ?)", logged, second
    )
    assert both == [(1, 2)]


def test_a_run_that_could_not_be_recorded_is_marked(store, logged, tmp_path):
    broken = Run("broken", (), (), (), files=(tmp_path / "missing.json",))
    with pytest.raises(TrackingError, match=r"missing\.json"):
        log_run(broken, f"sqlite:///{store}")
    assert rows(store, "select status from runs where name = 'broken'") == [("FAILED",)]


def test_nothing_is_reported_to_the_makers_of_mlflow(tmp_path):
    code = (
        "import os; os.environ.pop('CI', None); os.environ.pop('PYTEST_CURRENT_TEST', None)\n"
        "from core.experiments.tracking.client import connect\n"
        f"with connect('sqlite:///{tmp_path}/runs.db') as client:\n"
        "    from mlflow.telemetry import get_telemetry_client\n"
        "    print(get_telemetry_client())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["None"]


def test_a_server_that_does_not_answer_is_named_at_once():
    with pytest.raises(TrackingError, match=r"No MLflow server answers at MLFLOW_TRACKING_URI 'http://127\.0\.0\.1:9'"):
        log_run(RUN, "http://127.0.0.1:9")


def test_another_kind_of_store_is_refused(tmp_path):
    with pytest.raises(TrackingError, match="is no store to use here"):
        log_run(RUN, str(tmp_path / "mlruns"))


def test_a_file_that_is_no_store_is_refused(tmp_path):
    (tmp_path / "mlflow.db").write_text("no database at all, only text\n" * 50, encoding="utf-8")
    with pytest.raises(TrackingError, match="refused"):
        log_run(RUN, f"sqlite:///{tmp_path / 'mlflow.db'}")


def test_a_folder_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(TrackingError, match="cannot be made"):
        log_run(RUN, f"sqlite:///{tmp_path / 'file' / 'mlflow.db'}")


def test_runs_travel_as_files_and_are_taken_once(store, logged, tmp_path):
    files = export_runs(tmp_path / "runs", f"sqlite:///{store}")
    (path,) = [path for path in files if path.name == f"tfidf-1-{logged[:8]}.json"]
    there = f"sqlite:///{tmp_path / 'other.db'}"
    assert import_runs(tmp_path / "runs", there) == len(files)
    assert import_runs(tmp_path / "runs", there) == 0
    again = export_runs(tmp_path / "again", there)
    assert {one.name: one.read_bytes() for one in again} == {one.name: one.read_bytes() for one in files}
    assert json.loads(path.read_text())["texts"] == {"labels_test.csv": "label,f1\njoy,0.5\n", "thresholds.json": "{}"}
    steps = "select distinct value, step from metrics where key = 'train_loss' order by step"
    assert rows(tmp_path / "other.db", steps) == [(0.11, 1), (0.08, 2)]
    times = "select start_time, end_time from runs where name = 'tfidf 1' order by start_time"
    assert rows(tmp_path / "other.db", times) == rows(store, times)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[:-20], "is no exported run"),
        (lambda text: text.replace('"params"', '"parameters"'), "parameters: Extra inputs"),
        (lambda text: text.replace("0.46", '"high"'), "metrics"),
        (lambda text: re.sub(r'"id": "\w+"', '"id": "../../x"', text), "id"),
    ],
    ids=["cut", "renamed", "no number", "no id"],
)
def test_a_run_file_edited_by_hand_is_named_and_nothing_is_taken(store, logged, tmp_path, change, said):
    (path, *_) = [
        one for one in export_runs(tmp_path / "runs", f"sqlite:///{store}") if one.name.endswith(f"{logged[:8]}.json")
    ]
    path.write_text(change(path.read_text()))
    there = tmp_path / "other.db"
    with pytest.raises(TrackingError, match=rf"(?s){path.name}.*{said}.*Restore it"):
        import_runs(tmp_path / "runs", f"sqlite:///{there}")
    assert not there.exists()


def test_the_code_and_the_machine_are_named():
    assert re.fullmatch(r"[0-9a-f]{40}(-dirty)?|unknown", code_revision())
    assert re.match(r"\d+ cores \w+", machine_kind())


def test_a_trained_model_is_published_and_its_run_recorded(store, logged, corpus, tmp_path):
    said = []
    folder, origin = (
        tmp_path / "tfidf_model",
        Origin(
            name="tfidf",
            family="TF-IDF",
            engine="sklearn",
            base="",
            base_licence="",
            max_length=None,
            summary="A small one.",
            parameters=(("C", "3.0"),),
            seed=0,
            code_revision="unknown",
        ),
    )
    for version in ("1", "2"):
        staging = tmp_path / f"staging-{version}"
        staging.mkdir()
        tfidf.write(tfidf.fit(goemotions.load("train", corpus), seed=0), staging)
        found = publish(
            staging,
            origin,
            data=corpus,
            now=datetime(2026, 1, 2, tzinfo=UTC),
            say=said.append,
            folder=folder,
            tracking_uri=f"sqlite:///{store}",
            measure_cost=lambda _folder: COST,
        )
        assert not staging.exists()
        assert load(folder).info.version == version

    assert (found.split, found.n) == ("test", 56)
    assert found.at("emotion").tuned.macro_f1 > 0.9
    served = load(folder)
    assert served.info.metrics["test_emotion_macro_f1"] == pytest.approx(found.at("emotion").tuned.macro_f1, abs=1e-6)
    assert [LABELS[i] for i in served.top(served.scores(["so much joy", "grief here"]))] == ["joy", "grief"]
    assert "dev, n = 84" in said[0]
    assert "test, n = 56" in said[1]

    ((run_id,),) = rows(store, "select run_uuid from runs where name = 'tfidf 2'")
    metrics = dict(rows(store, "select key, value from metrics where run_uuid = ?", run_id))
    assert metrics["test_n"] == 56
    assert metrics["bytes"] == served.info.bytes
    assert {
        f"{split}_{level}_macro_f1" for split in ("dev", "test") for level in ("emotion", "ekman", "sentiment")
    } <= (metrics.keys())
    tags = dict(rows(store, "select key, value from tags where run_uuid = ?", run_id))
    assert tags["threshold_version"] == served.thresholds.version
    artefacts = store.parent / "mlflow_artefacts" / run_id / "artifacts"
    left = {path.name for path in artefacts.iterdir()}
    assert {"manifest.json", "thresholds.json", "README.md", "labels_test.csv", "labels_dev.csv"} <= left
    assert metrics["cost_median_ms"] == COST.median_ms
    assert metrics["n_parameters"] > 100
    assert tags["fingerprint"] == read_manifest(folder).fingerprint

    # What was recorded is enough to come to the same figures again, without the model and without the corpus.
    decisions = evidence.read_decisions((artefacts / evidence.DECISIONS_FILE).read_text(encoding="utf-8"))
    again, _ = f1_intervals(
        decisions.targets["emotion"],
        decisions.decided["emotion"],
        resample(56, np.random.default_rng(BOOTSTRAP_SEED)),
    )
    assert again.value == pytest.approx(metrics["test_emotion_macro_f1"])
    assert again.low == pytest.approx(metrics["test_emotion_macro_f1_low"])
    probabilities = pq.read_table(artefacts / "probabilities_test.parquet")
    assert probabilities.column_names == ["row", *LABELS]
    assert probabilities.num_rows == 56
    curves = evidence.read_curves((artefacts / evidence.CURVES_FILE).read_text(encoding="utf-8"))
    reliability = evidence.read_reliability((artefacts / evidence.RELIABILITY_FILE).read_text(encoding="utf-8"))
    assert set(curves["label"]) == set(reliability["label"])

    # The version of before is kept: it may have been promoted.
    assert load(folder.with_name("tfidf_model_v1")).info.version == "1"


def test_a_model_is_measured_anew_into_its_own_run(store, logged, corpus, tmp_path, monkeypatch):
    monkeypatch.setenv("AFFECTRA_MODELS_DIR", str(tmp_path))
    settings.cache_clear()
    try:
        shutil.copytree(ROOT / "models" / "tfidf_model", tmp_path / "tfidf_model")
        dev, test = goemotions.load("dev", corpus), goemotions.load("test", corpus)
        uri = f"sqlite:///{tmp_path / 'other.db'}"
        with pytest.raises(TrackingError, match="holds no run of 'tfidf 1', with these files"):
            log_again("tfidf", dev, test, uri, measure_cost=lambda _folder: COST)
        # Another model of the same name and version is not taken for it; one of before fingerprints is.
        log_run(dataclasses.replace(RUN, tags=(*RUN.tags, ("fingerprint", "another"))), uri)
        older = log_run(RUN, uri)
        assert log_again("tfidf", dev, test, uri, measure_cost=lambda _folder: COST) == older
        assert log_again("tfidf", dev, test, uri, measure_cost=lambda _folder: COST) == older
    finally:
        settings.cache_clear()
    run = "select value from latest_metrics where key = ? and run_uuid = ?"
    assert rows(tmp_path / "other.db", run, "test_n", older) == [(56.0,)]
    assert rows(tmp_path / "other.db", run, "train_loss", older) == [(0.08,)], "what was recorded before stays"
