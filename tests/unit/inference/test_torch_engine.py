import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from core.emotions import LABELS
from core.errors import ModelError
from core.inference import classifier
from core.inference.classifier import Thresholds
from core.inference.engines import torch_engine
from tests.tiny import MAX_LENGTH, TEXTS, checkpoint, tiny_electra, tiny_manifest

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return checkpoint(tiny_electra(), tmp_path_factory.mktemp("checkpoint"))


def change(folder, **changes):
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))
    return folder


def test_agrees_with_transformers_itself(folder):
    engine = torch_engine.load_checkpoint(folder)
    ids = [2, 5, 9, 10, 3]  # [CLS] thanks so much [SEP]
    with torch.inference_mode():
        logits = tiny_electra()(input_ids=torch.tensor([ids])).logits
    np.testing.assert_allclose(engine.score(["thanks so much"]), logits.sigmoid().numpy(), atol=1e-6)


def test_order_length_and_neighbours_do_not_matter(folder):
    engine = torch_engine.load_checkpoint(folder)
    alone = np.concatenate([engine.score([text]) for text in TEXTS])
    np.testing.assert_allclose(engine.score(TEXTS * 60)[-len(TEXTS) :], alone, atol=1e-5)
    fitting = "love " * (MAX_LENGTH - 2)
    np.testing.assert_allclose(engine.score([fitting + "hate"]), engine.score([fitting]), atol=1e-6)
    assert engine.exceed([fitting + "hate", fitting]) == [True, False]
    assert engine.score([]).shape == (0, 28)


def test_special_pieces_in_a_text_are_plain_text(folder):
    pieces = torch_engine.load_checkpoint(folder).pieces
    assert 3 not in pieces.encode(["love [SEP] hate"])[0][:-1]


def test_labels_are_found_by_name_in_any_order(folder, tmp_path):
    turned = list(reversed(LABELS))
    other = checkpoint(
        tiny_electra(id2label=dict(enumerate(turned)), label2id={label: n for n, label in enumerate(turned)}), tmp_path
    )
    straight, reversed_ = (torch_engine.load_checkpoint(one).score(TEXTS[:3]) for one in (folder, other))
    np.testing.assert_allclose(straight, reversed_[:, ::-1], atol=1e-6)


def test_a_model_trained_for_one_label_gives_a_softmax(tmp_path):
    folder = checkpoint(tiny_electra(problem_type="single_label_classification"), tmp_path)
    np.testing.assert_allclose(torch_engine.load_checkpoint(folder).score(TEXTS).sum(axis=1), 1, atol=1e-5)


def test_a_dropped_in_folder_serves_with_flat_or_its_own_thresholds(tmp_path):
    folder = checkpoint(tiny_electra(), tmp_path / "my-model")
    model = classifier.load(folder)
    assert (model.info.name, model.info.engine, model.info.family) == ("my-model", "torch", "electra")
    assert model.info.max_length == MAX_LENGTH
    assert len(model.info.version) == 12
    assert model.thresholds.values["emotion"].tolist() == [0.5] * 28
    assert model.scores(["love", ""]).shape == (2, 28)
    Thresholds.flat(0.25).write(folder / "thresholds.json")
    assert classifier.load(folder).thresholds.values["emotion"].tolist() == [0.25] * 28


def test_the_version_follows_the_weights(folder, tmp_path):
    other = checkpoint(tiny_electra(), tmp_path)
    weights = load_file(other / "model.safetensors")
    weights["classifier.out_proj.bias"] += 1
    save_file(weights, other / "model.safetensors", metadata={"format": "pt"})
    assert torch_engine.load_checkpoint(other).version != torch_engine.load_checkpoint(folder).version


def test_a_pickle_is_not_read(tmp_path):
    folder = checkpoint(tiny_electra(), tmp_path)
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"no \*\.safetensors.*pickle.*save_pretrained"):
        classifier.load(folder)


def test_other_labels_are_named(tmp_path):
    labels = ["happy", *LABELS[1:]]
    folder = change(checkpoint(tiny_electra(), tmp_path), id2label=dict(enumerate(labels)))
    with pytest.raises(ModelError, match=r"Missing: admiration\. Unknown: happy"):
        classifier.load(folder)


def test_a_body_without_a_trained_head_is_refused(tmp_path):
    folder = checkpoint(tiny_electra(), tmp_path)
    weights = {name: value for name, value in load_file(folder / "model.safetensors").items() if "out_proj" not in name}
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lack classifier\.out_proj.*fine-tuned first"):
        classifier.load(folder)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("model.safetensors", b"cut", "not a usable checkpoint"),
        ("config.json", b"{", "not a usable checkpoint"),
        ("config.json", b'{"model_type": "made-up"}', "not a usable checkpoint"),
        ("tokenizer.json", b"{", "not a usable checkpoint"),
        ("tokenizer.json", None, "no tokenizer"),
    ],
)
def test_a_damaged_checkpoint_is_named(tmp_path, name, content, said):
    folder = checkpoint(tiny_electra(), tmp_path)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=said):
        classifier.load(folder)


def test_a_manifest_that_says_another_length_is_refused(folder):
    assert torch_engine.load(folder, tiny_manifest("torch")).pieces.max_length == MAX_LENGTH
    with pytest.raises(ModelError, match="max_length is 25, the checkpoint reads 24"):
        torch_engine.load(folder, tiny_manifest("torch").model_copy(update={"max_length": 25}))
