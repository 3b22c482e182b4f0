import csv
import io
from datetime import UTC, datetime

import numpy as np
import pytest

from core.emotions import LABELS
from core.errors import ModelError
from core.experiments.tracking import Dataset
from core.inference.classifier import Thresholds, read_manifest, verify
from core.stats.metrics import RARE
from core.text import NORMALISER_VERSION
from models.artefact import Origin, labels_csv, next_version, write_card, write_manifest
from models.evaluate import evaluate

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
DATASETS = (Dataset("goemotions-test", "8c34", "goemotions/test.tsv", "test"),)
ORIGIN = Origin(
    name="electra",
    family="ELECTRA",
    engine="onnx",
    base="all-MiniLM-L6-v2",
    base_licence="Apache-2.0",
    max_length=128,
    summary="A small encoder.",
    parameters=(("epochs", "5"),),
    seed=3,
    code_revision="abc123",
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model.onnx").write_bytes(b"weights")
    Thresholds.flat().write(tmp_path / "thresholds.json")
    (tmp_path / "README.md").write_text("an old card", encoding="utf-8")
    return tmp_path


@pytest.fixture(scope="module")
def evaluation():
    rng = np.random.default_rng(0)
    targets = rng.random((400, 28)) < np.where(np.arange(28) == LABELS.index("grief"), 0.01, 0.3)
    scores = np.clip(rng.normal(0.3 + 0.3 * targets, 0.2), 0, 1).astype(np.float32)
    return evaluate("test", targets, scores, Thresholds.flat(0.45), rng)


def written(folder, evaluation):
    return write_manifest(folder, ORIGIN, version="7", datasets=DATASETS, now=NOW, metrics=evaluation.metrics())


def test_the_manifest_reads_back_and_holds_the_files(folder, evaluation):
    manifest = written(folder, evaluation)
    assert read_manifest(folder) == manifest
    verify(folder, manifest)
    assert set(manifest.files) == {"model.onnx", "thresholds.json"}
    assert manifest.files["model.onnx"].bytes == 7
    assert (manifest.name, manifest.version, manifest.max_length) == ("electra", "7", 128)
    assert (manifest.labels, manifest.normaliser_version) == (LABELS, NORMALISER_VERSION)
    assert manifest.metrics["test_emotion_macro_f1"] == pytest.approx(evaluation.at("emotion").tuned.macro_f1, abs=1e-6)
    training = manifest.training
    assert training["trained_at"] == "2026-01-02T03:04:05+00:00"
    assert (training["seed"], training["code_revision"], training["parameters"]) == (3, "abc123", {"epochs": "5"})
    assert training["datasets"] == {"test": {"name": "goemotions-test", "md5": "8c34"}}
    assert "numpy" in training["libraries"]


def test_a_file_changed_afterwards_is_found(folder, evaluation):
    manifest = written(folder, evaluation)
    (folder / "model.onnx").write_bytes(b"weighty")
    with pytest.raises(ModelError, match=r"model\.onnx is damaged"):
        verify(folder, manifest)


def test_versions_count_up_over_what_is_kept_beside(folder, evaluation):
    assert next_version(folder.with_name("nothing_model")) == "1"
    written(folder, evaluation)
    assert next_version(folder) == "8"
    (folder / "manifest.json").rename(folder / "kept.json")
    older = folder.with_name(f"{folder.name}_v9")
    older.mkdir()
    manifest = (folder / "kept.json").read_text(encoding="utf-8")
    (older / "manifest.json").write_text(manifest.replace('"version": "7"', '"version": "9"'), encoding="utf-8")
    (folder / "kept.json").rename(folder / "manifest.json")
    assert next_version(folder) == "10"


def test_a_folder_in_the_way_is_named_before_the_training(folder):
    with pytest.raises(ModelError, match=r"holds no manifest\.json"):
        next_version(folder)


def test_the_card_says_what_was_measured(folder, evaluation):
    write_card(folder, ORIGIN, written(folder, evaluation), evaluation)
    card = (folder / "README.md").read_text(encoding="utf-8")
    emotion = evaluation.at("emotion")
    assert card.startswith("# electra, version 7\n\nA small encoder.\n")
    assert "n = 400" in card
    assert f"{emotion.macro_f1.value:.3f} [{emotion.macro_f1.low:.3f}, {emotion.macro_f1.high:.3f}]" in card
    for said in (
        "all-MiniLM-L6-v2 (Apache-2.0)",
        "CC BY 4.0",
        "128 word pieces",
        "--seed 3",
        "`8c34`",
        "| epochs | 5 |",
    ):
        assert said in card
    rows = {line.split(" | ")[0].removeprefix("| "): line for line in card.splitlines() if line.startswith("| ")}
    assert all(name in rows or f"{name} (rare)" in rows for name in LABELS)
    assert "grief (rare)" in rows
    joy = next(label for label in emotion.labels if label.name == "joy")
    assert f"| joy | {joy.support} | {joy.threshold:.3f} | {joy.precision:.2f} |" in card


def test_the_table_of_labels_reads_as_csv(evaluation):
    rows = list(csv.DictReader(io.StringIO(labels_csv(evaluation))))
    assert len(rows) == 28 + 7 + 4
    assert {(row["split"], row["n"]) for row in rows} == {("test", "400")}
    grief = next(row for row in rows if row["label"] == "grief")
    assert int(grief["support"]) < RARE
    assert (grief["level"], grief["rare"]) == ("emotion", "true")
    assert float(rows[0]["f1"]) == pytest.approx(evaluation.levels[0].labels[0].f1, abs=1e-4)
