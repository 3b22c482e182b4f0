"""One trunk, two questions: a model that gives ten risks beside the 28 emotions, and those that do not."""

import json

import numpy as np
import pytest
from transformers import ElectraForSequenceClassification

from core.emotions import LABELS
from core.errors import ModelError
from core.inference import classifier
from core.inference.checkpoint import recover
from core.inference.classifier import Classifier, ModelInfo, Thresholds
from core.inference.engines import onnx_engine, torch_engine
from core.risks import RISKS
from tests.fakes import fake_classifier
from tests.tiny import TEXTS, checkpoint, exported, tiny_electra, tiny_manifest

pytestmark = pytest.mark.usefixtures("one_thread")

OUTPUTS = (*LABELS, *RISKS)


def two_headed(labels: tuple[str, ...] = OUTPUTS) -> ElectraForSequenceClassification:
    return tiny_electra(id2label=dict(enumerate(labels)), label2id={name: place for place, name in enumerate(labels)})


def info(risks: tuple[str, ...] = RISKS) -> ModelInfo:
    return ModelInfo("two", "1", "electra", "onnx", "", "2", "", None, 0, {}, risks)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return exported(two_headed(), tmp_path_factory.mktemp("two"))


@pytest.fixture(scope="module")
def engine(folder):
    return onnx_engine.load(folder, tiny_manifest().model_copy(update={"risks": RISKS}), threads=2)


def test_both_come_in_one_pass(engine):
    model = Classifier(engine, info(), Thresholds.flat())
    outputs = model.outputs(TEXTS)
    assert outputs.emotions.shape == (len(TEXTS), 28)
    assert outputs.risks is not None
    assert outputs.risks.shape == (len(TEXTS), 10)
    np.testing.assert_array_equal(model.scores(TEXTS), outputs.emotions)
    empty = TEXTS.index("")
    assert np.isnan(outputs.risks[empty]).all()
    readable = [row for row in range(len(TEXTS)) if row != empty]
    np.testing.assert_array_equal(
        np.hstack([outputs.emotions, outputs.risks])[readable], engine.score([TEXTS[row] for row in readable])
    )


def test_they_are_what_pytorch_computes_of_the_same_weights(folder, engine, tmp_path):
    same = torch_engine.load_checkpoint(recover(folder, tmp_path / "fp32"))
    assert same.risks == RISKS
    assert np.abs(engine.score(TEXTS) - same.score(TEXTS)).mean() < 0.01, "but for rounding"


def test_in_a_checkpoint_they_are_found_by_name_in_any_order(tmp_path):
    straight = torch_engine.load_checkpoint(checkpoint(two_headed(), tmp_path / "straight"))
    turned = torch_engine.load_checkpoint(checkpoint(two_headed(OUTPUTS[::-1]), tmp_path / "turned"))
    np.testing.assert_allclose(straight.score(TEXTS), turned.score(TEXTS)[:, ::-1], atol=1e-6)
    dropped_in = classifier.load(tmp_path / "straight")
    assert dropped_in.info.risks == RISKS
    assert dropped_in.outputs(["love"]).risks is not None


def test_a_model_without_them_says_none():
    model = fake_classifier()
    assert model.info.risks == ()
    assert model.outputs(["i love it"]).risks is None
    assert model.outputs(["i love it"]).emotions.shape == (1, 28)


def test_a_manifest_that_names_none_of_them_is_no_manifest_of_this_file(folder, tmp_path):
    with pytest.raises(ModelError, match="not a classifier of 28 labels"):
        onnx_engine.load(folder, tiny_manifest())
    fp32 = checkpoint(two_headed(), tmp_path)
    with pytest.raises(ModelError, match="gives 10 risks, the manifest names 0"):
        torch_engine.load(fp32, tiny_manifest("torch"))


def test_other_risks_are_refused(folder):
    manifest = tiny_manifest().model_copy(update={"risks": ("gambling",)})
    (folder / "manifest.json").write_text(manifest.model_dump_json(), encoding="utf-8")
    with pytest.raises(ModelError, match="knows other risks than self-harm, threat"):
        classifier.load(folder)


def test_their_thresholds_stand_beside_those_of_the_emotions(tmp_path):
    path = tmp_path / "thresholds.json"
    flat = Thresholds.flat()
    both = Thresholds.from_values(flat.values, np.linspace(0.1, 0.9, 10, dtype=np.float32))
    both.write(path)
    again = Thresholds.read(path)
    assert again.version == both.version != flat.version
    np.testing.assert_array_equal(again.risks, both.risks)
    assert list(json.loads(path.read_text())["risk"]) == list(RISKS)
    flat.write(path)
    assert Thresholds.read(path).risks is None
    both.write(path)
    path.write_text(path.read_text().replace('"fraud": 0.9', '"fraud": 1.9'))
    with pytest.raises(ModelError, match="level 'risk' lies outside"):
        Thresholds.read(path)
