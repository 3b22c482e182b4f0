import dataclasses
import json
from datetime import UTC, datetime

import numpy as np
import pytest
import torch
from transformers import ElectraConfig, ElectraForSequenceClassification

from core.emotions import LABELS
from core.errors import ModelError
from models.finetune import Encoded, Hyperparameters, finetune, length_buckets, pad, predict, start_at_prior
from models.recipes import transformer

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = Hyperparameters(epochs=5, batch_size=4, learning_rate=3e-3, average_decay=0.9, seed=1)


def tiny():
    torch.manual_seed(0)
    return ElectraForSequenceClassification(
        ElectraConfig(
            vocab_size=24,
            embedding_size=32,
            hidden_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            intermediate_size=64,
            max_position_embeddings=16,
            initializer_range=0.1,
            num_labels=3,
        )
    )


def texts(n=60):
    """Texts of 3 to 10 pieces in which piece 10 + i says that label i holds."""
    rng = np.random.default_rng(0)
    targets = rng.random((n, 3)) < 0.4
    targets[0] = True
    ids = []
    for row in targets:
        words = [10 + label for label in np.flatnonzero(row)] + [20] * int(rng.integers(1, 6))
        ids.append([1, *map(int, rng.permutation(words)), 2])
    return Encoded(ids, targets)


class Stop(BaseException):
    """As Ctrl-C would."""


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    return folder, finetune(tiny(), texts(), texts(30), SETTINGS, folder)


def test_padding():
    batch = pad([[5, 6, 7], [8]])
    assert batch["input_ids"].tolist() == [[5, 6, 7], [8, 0, 0]]
    assert batch["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    assert pad([[5, 6, 7], [8]], 1)["input_ids"].tolist() == [[5, 6, 7], [8, 1, 1]]


def test_buckets_hold_every_row_once():
    lengths = np.random.default_rng(0).integers(3, 60, 1000)
    batches = list(length_buckets(lengths, 8, np.random.default_rng(1)))
    assert sorted(np.concatenate(batches)) == list(range(1000))
    assert max(map(len, batches)) == 8
    spread = np.mean([lengths[rows].max() - lengths[rows].min() for rows in batches])
    assert spread < 3


def test_prediction_keeps_the_order_of_the_texts():
    model, data = tiny(), texts(20)
    one_by_one = np.concatenate([predict(model, [row]) for row in data.ids])
    assert predict(model, data.ids, batch_size=7) == pytest.approx(one_by_one, abs=1e-5)


def test_starts_at_the_base_rates():
    output = torch.nn.Linear(4, 2)
    start_at_prior(output, np.array([[1, 0], [0, 0], [0, 0], [0, 1]], dtype=bool))
    assert output.bias.sigmoid().tolist() == pytest.approx([0.25, 0.25])


def test_learns_and_keeps_each_epoch(unbroken):
    folder, scores = unbroken
    assert set(scores) == {f"{kind}-{epoch}" for kind in ("epoch", "average") for epoch in range(1, 6)}
    assert all(array.shape == (30, 3) and array.dtype == np.float32 for array in scores.values())
    history = [json.loads(line) for line in (folder / "history.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in history] == [1, 2, 3, 4, 5]
    assert history[4]["train_loss"] < 0.9 * history[0]["train_loss"]
    assert history[4]["epoch_dev_macro_average_precision"] > 0.65
    assert history[0]["settings"] == dataclasses.asdict(SETTINGS)
    kept = ElectraForSequenceClassification.from_pretrained(folder / "average-5")
    assert predict(kept, texts(30).ids) == pytest.approx(scores["average-5"], abs=1e-5)


def test_half_precision_rounds_and_learns_as_well(unbroken, tmp_path):
    _, exact = unbroken
    rounded = finetune(tiny(), texts(), texts(30), dataclasses.replace(SETTINGS, precision="bf16"), tmp_path)
    difference = np.abs(rounded["average-5"] - exact["average-5"])
    assert 0 < difference.max() < 0.15, "rounded, yet the same model"
    weights = ElectraForSequenceClassification.from_pretrained(tmp_path / "average-5").state_dict()
    assert {value.dtype for value in weights.values()} == {torch.float32}


def test_a_teacher_is_learned_from(unbroken, tmp_path):
    data = texts()
    taught = np.where(data.targets, 0.85, 0.15).astype(np.float32)
    settings = dataclasses.replace(SETTINGS, teachers="x", teacher_weight=1.0)
    softened = finetune(tiny(), data, texts(30), settings, tmp_path, taught=taught)["average-5"]
    _, exact = unbroken
    # It becomes as unsure as its teacher, and ranks as the raters do.
    assert np.abs(softened - 0.5).mean() < 0.8 * np.abs(exact["average-5"] - 0.5).mean()
    held = texts(30).targets
    assert softened[held].mean() > softened[~held].mean() + 0.03


def test_teachers_are_read_once(tmp_path):
    texts_ = ["thank you so much", "i hate this"]
    kept = tmp_path / "taught.npy"
    two = Hyperparameters(teachers="electra_model, tfidf_model")
    taught = transformer.teach(two, texts_, kept)
    assert taught.shape == (2, 28)
    assert taught.argmax(axis=1).tolist() == [LABELS.index("gratitude"), LABELS.index("anger")]
    np.save(kept, np.zeros((2, 28), dtype=np.float32))
    assert not transformer.teach(two, texts_, kept).any()
    assert transformer.teach(Hyperparameters(), texts_, kept) is None
    with pytest.raises(ModelError, match="No model folder"):
        transformer.teach(Hyperparameters(teachers="nobody"), texts_, tmp_path / "other.npy")


def test_what_nobody_knows_is_left_out_of_the_loss(tmp_path):
    data = texts()
    known = np.zeros((60, 3), dtype=np.float32)
    known[:, 0] = known[::2, 1] = 1
    wrong = data.targets.astype(np.float32)
    wrong[known == 0] = 0.5
    settings = dataclasses.replace(SETTINGS, epochs=3)
    found = [
        finetune(tiny(), Encoded(data.ids, targets, known), texts(30), settings, tmp_path / name)["average-3"]
        for name, targets in (("right", data.targets), ("wrong", wrong))
    ]
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize("steps", [4, 1_000])
def test_goes_on_after_a_stop_as_if_there_had_been_none(unbroken, tmp_path, steps):
    _, expected = unbroken
    model, seen = tiny(), 0

    def stop_in_the_second_epoch(module, _):
        nonlocal seen
        seen += module.training
        if seen > 25:
            raise Stop

    model.register_forward_pre_hook(stop_in_the_second_epoch)
    with pytest.raises(Stop):
        finetune(model, texts(), texts(30), SETTINGS, tmp_path, checkpoint_steps=steps)
    assert not (tmp_path / "epoch-2").exists()
    kept = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["progress"]
    assert (kept["epoch"], kept["step"]) == (2, 8 if steps == 4 else 0)

    resumed = finetune(tiny(), texts(), texts(30), SETTINGS, tmp_path, checkpoint_steps=steps)
    for name, scores in expected.items():
        np.testing.assert_array_equal(resumed[name], scores, err_msg=name)
    losses = [
        [json.loads(line)["train_loss"] for line in (folder / "history.jsonl").read_text().splitlines()]
        for folder in (unbroken[0], tmp_path)
    ]
    assert losses[0] == losses[1]


def test_lower_layers_learn_more_slowly(tmp_path):
    before, model = tiny().state_dict(), tiny()
    finetune(model, texts(), texts(30), dataclasses.replace(SETTINGS, epochs=1, layer_decay=0.0), tmp_path)
    moved = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {name for name in before if name.startswith("classifier.")}, "a rate of 0 below the head"


def test_a_finished_run_is_not_trained_again(unbroken):
    folder, expected = unbroken
    before = (folder / "history.jsonl").read_text()
    again = finetune(tiny(), texts(), texts(30), SETTINGS, folder)
    assert (folder / "history.jsonl").read_text() == before
    for name, scores in expected.items():
        np.testing.assert_array_equal(again[name], scores)


def test_a_run_is_resumed_only_as_it_was_begun(tmp_path):
    base, now = transformer.PACKAGED_BASE, datetime(2026, 1, 2, tzinfo=UTC)
    revision = transformer.begin(tmp_path, base, SETTINGS, now)
    begun = json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))
    assert (begun["base"], begun["started_at"]) == (base, "2026-01-02T00:00:00+00:00")
    (tmp_path / "run.json").write_text(json.dumps(begun | {"code_revision": "abc"}), encoding="utf-8")
    assert transformer.begin(tmp_path, base, SETTINGS, now) == "abc" != revision
    del begun["settings"]["teachers"]
    (tmp_path / "run.json").write_text(json.dumps(begun), encoding="utf-8")
    assert transformer.begin(tmp_path, base, SETTINGS, now) == revision, "begun before there was such a setting"
    with pytest.raises(ModelError, match=r"holds a run with settings .*--seed"):
        transformer.begin(tmp_path, base, dataclasses.replace(SETTINGS, epochs=9), now)
    with pytest.raises(ModelError, match="holds a run with base all-MiniLM"):
        transformer.begin(tmp_path, "another", SETTINGS, now)


def test_chooses_the_weights_whose_decisions_hold_on_other_texts():
    rng = np.random.default_rng(0)
    targets = rng.random((600, 28)) < 0.2
    blurred, sharp = (
        np.clip(rng.normal(0.3 + 0.4 * targets, spread), 0.01, 0.99).astype(np.float32) for spread in (0.3, 0.1)
    )
    said = []
    assert transformer.choose(targets, {"epoch-1": blurred, "average-1": sharp, "epoch-2": blurred}, said.append) == (
        "average-1"
    )
    assert [line.split(":")[0] for line in said] == ["epoch-1", "average-1", "epoch-2"]


def test_the_history_is_read_by_epoch(unbroken):
    folder, _ = unbroken
    history = transformer.read_history(folder / "history.jsonl")
    losses = [measured.value for measured in history if measured.name == "train_loss"]
    assert [measured.step for measured in history if measured.name == "train_loss"] == [1, 2, 3, 4, 5]
    assert losses[0] > losses[-1]
    assert {measured.name for measured in history} >= {"average_dev_macro_average_precision", "train_seconds"}
