import hashlib
import json
from pathlib import Path

import numpy as np
import pytest

from core.emotions import INDEX, LABELS
from core.errors import ModelError
from core.inference.classifier import FileFact, Manifest, Thresholds, load, read_manifest, verify
from core.settings import ROOT
from core.text import NORMALISER_VERSION
from tests.fakes import fake_classifier


def test_scores_are_nan_where_nothing_can_be_read() -> None:
    scores = fake_classifier().scores(["i love it", "", "wow"])
    assert scores.dtype == np.float32
    assert np.isnan(scores[1]).all()
    assert scores[0, INDEX["love"]] == pytest.approx(0.9)
    assert fake_classifier().scores([]).shape == (0, 28)


def test_decide_and_top_prefer_what_reaches_its_threshold() -> None:
    model = fake_classifier()
    scores = np.full((3, 28), 0.1, dtype=np.float32)
    scores[0, INDEX["joy"]] = 0.5
    scores[1, INDEX["fear"]] = 0.4
    scores[2] = np.nan
    assert model.decide(scores).sum(axis=1).tolist() == [1, 0, 0]
    assert model.top(scores).tolist() == [INDEX["joy"], INDEX["fear"], -1]


def test_top_is_a_decided_label_even_if_another_is_more_probable() -> None:
    values = {level: row.copy() for level, row in Thresholds.flat(0.9).values.items()}
    values["emotion"][INDEX["grief"]] = 0.2
    model = fake_classifier()
    model.thresholds.values.update(values)
    scores = np.zeros((1, 28), dtype=np.float32)
    scores[0, INDEX["grief"]] = 0.3
    scores[0, INDEX["sadness"]] = 0.6
    assert model.top(scores).tolist() == [INDEX["grief"]]


def test_thresholds_round_trip_and_their_version_follows_the_values(tmp_path: Path) -> None:
    flat = Thresholds.flat(0.3)
    flat.write(tmp_path / "thresholds.json")
    again = Thresholds.read(tmp_path / "thresholds.json")
    assert again.version == flat.version
    assert again.version != Thresholds.flat(0.31).version


@pytest.mark.parametrize("content", ["{}", "not json", '{"emotion": {"joy": "high"}}'])
def test_damaged_thresholds_name_the_file(tmp_path: Path, content: str) -> None:
    path = tmp_path / "thresholds.json"
    path.write_text(content)
    with pytest.raises(ModelError, match=r"thresholds\.json"):
        Thresholds.read(path)


def test_a_threshold_outside_0_to_1_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "thresholds.json"
    Thresholds.flat(0.3).write(path)
    path.write_text(path.read_text().replace("0.3", "1.3", 1))
    with pytest.raises(ModelError, match="outside"):
        Thresholds.read(path)


def _folder(path: Path, **changes: object) -> Path:
    Thresholds.flat(0.5).write(path / "thresholds.json")
    content = (path / "thresholds.json").read_bytes()
    manifest = Manifest(
        name="m",
        version="1",
        family="electra",
        engine="onnx",
        base="",
        normaliser_version=NORMALISER_VERSION,
        max_length=8,
        labels=LABELS,
        files={"thresholds.json": FileFact(sha256=hashlib.sha256(content).hexdigest(), bytes=len(content))},
        training={},
        metrics={},
    )
    stored = json.loads(manifest.model_dump_json()) | changes
    (path / "manifest.json").write_text(json.dumps(stored))
    return path


def test_a_changed_file_is_named(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    verify(folder, read_manifest(folder))
    path = folder / "thresholds.json"
    path.write_text(path.read_text().replace("0.5", "0.4", 1))
    with pytest.raises(ModelError, match=r"thresholds\.json is damaged.*sha256"):
        load(folder)


def test_a_file_of_another_size_is_named(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    manifest = read_manifest(folder)
    fact = manifest.files["thresholds.json"].model_copy(update={"bytes": 1})
    with pytest.raises(ModelError, match=r"thresholds\.json is damaged.*the manifest says 1\."):
        verify(folder, manifest.model_copy(update={"files": {"thresholds.json": fact}}))


def test_a_manifest_must_vouch_for_every_file_that_is_loaded(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "model.onnx").write_bytes(b"not vouched for")
    with pytest.raises(ModelError, match=r"does not vouch for model\.onnx"):
        load(folder)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    (folder / "thresholds.json").unlink()
    with pytest.raises(ModelError, match=r"thresholds\.json is missing"):
        load(folder)


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"normaliser_version": "0"}, "normaliser version 0"), ({"labels": ["joy"]}, "other labels")],
)
def test_a_model_for_another_program_is_refused(tmp_path: Path, changes: dict[str, object], said: str) -> None:
    with pytest.raises(ModelError, match=said):
        load(_folder(tmp_path, **changes))


def test_a_model_of_an_older_normaliser_is_read_by_it() -> None:
    shipped = load(ROOT / "models" / "tfidf_model")
    assert shipped.normaliser.version == read_manifest(ROOT / "models" / "tfidf_model").normaliser_version


def test_a_missing_folder_or_manifest_says_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="make train"):
        load(tmp_path / "nowhere")
    with pytest.raises(ModelError, match=r"manifest\.json is missing"):
        load(tmp_path)
    (tmp_path / "manifest.json").write_text("{")
    with pytest.raises(ModelError, match=r"manifest\.json is damaged"):
        load(tmp_path)
