"""Replaced-token detection on invented sentences of a tiny language."""

import dataclasses
import gzip
import json
from datetime import UTC, datetime

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from transformers import ElectraForPreTraining

from core.errors import DatasetError, ModelError
from models import tweets
from models.pretrain import Masking, Pretraining, generator_of, pretrain, replace
from models.recipes import body as recipe
from models.recipes import electra
from tests.tiny import WORDS, tiny_electra, tiny_tokenizer
from tests.unit.models.test_recipes import bert, packaged  # noqa: F401  (fixtures)

pytestmark = pytest.mark.usefixtures("one_thread")

SETTINGS = Pretraining(epochs=6, batch_size=8, learning_rate=3e-3, max_length=16, seed=1)


def tiny_body() -> ElectraForPreTraining:
    torch.manual_seed(0)
    return ElectraForPreTraining(tiny_electra(embedding_size=16, initializer_range=0.1).config)


def sentences(n: int, seed: int = 0) -> list[str]:
    """Sentences in which each word is followed by the next of the list: a guess out of place can be told."""
    rng = np.random.default_rng(seed)
    words = [word for word in WORDS if not word.startswith("##")]
    return [
        " ".join(words[(start + step) % len(words)] for step in range(length))
        for start, length in zip(rng.integers(0, len(words), n), rng.integers(4, 9, n), strict=True)
    ]


class Stop(BaseException):
    """As Ctrl-C would."""


@pytest.fixture(scope="module")
def unbroken(tmp_path_factory):
    folder = tmp_path_factory.mktemp("unbroken")
    return pretrain(
        tiny_body(), tiny_tokenizer(), texts=sentences(160), held_out=sentences(60, 1), settings=SETTINGS, folder=folder
    )


def test_no_special_piece_is_masked_and_no_text_goes_without():
    masking = Masking.of(tiny_tokenizer(), 0.3)
    ids = torch.tensor([[2, 5, 6, 7, 8, 9, 10, 11, 12, 13, 3], [2, 5, 3, 0, 0, 0, 0, 0, 0, 0, 0]])
    torch.manual_seed(0)
    drawn = torch.stack([masking.draw(ids) for _ in range(200)]).float()
    assert drawn.sum(dim=2).unique(dim=0).tolist() == [[3, 1]]
    assert not drawn[:, masking.never[ids]].any()
    assert drawn[:, 0, 1:-1].mean(dim=0).tolist() == pytest.approx([1 / 3] * 9, abs=0.12)


def test_a_guess_that_is_right_counts_as_the_writers():
    body = tiny_body()
    batch = {
        "input_ids": torch.tensor([[2, 5, 6, 7, 8, 3]] * 50),
        "attention_mask": torch.ones(50, 6, dtype=torch.long),
    }
    torch.manual_seed(0)
    found = replace(generator_of(body, 1), batch, Masking.of(tiny_tokenizer(), 0.5))
    assert torch.equal(found.replaced, found.ids != batch["input_ids"])
    assert 0 < found.replaced.sum() < 100
    assert found.generator_loss.item() > 0


def test_both_share_one_table():
    body = tiny_body()
    generator = generator_of(body, 1)
    table = body.electra.embeddings.word_embeddings.weight
    assert generator.electra.embeddings.word_embeddings.weight is table
    assert generator.generator_lm_head.weight is table
    assert len(generator.electra.encoder.layer) == 1
    torch.testing.assert_close(
        generator.electra.encoder.layer[0].output.dense.weight, body.electra.encoder.layer[0].output.dense.weight
    )


def test_it_learns_to_tell_what_was_replaced(unbroken):
    history = [json.loads(line) for line in (unbroken.parent / "history.jsonl").read_text().splitlines()]
    assert [record["epoch"] for record in history] == [1, 2, 3, 4, 5, 6]
    assert history[-1]["held_out_told"] > 2 * history[-1]["held_out_replaced"]
    assert history[-1]["held_out_generator_loss"] < history[0]["held_out_generator_loss"]
    assert history[0]["settings"] == dataclasses.asdict(SETTINGS)


def test_goes_on_after_a_stop_as_if_there_had_been_none(unbroken, tmp_path):
    body, seen = tiny_body(), 0

    def stop_in_the_second_epoch(module, _):
        nonlocal seen
        seen += module.training
        if seen > 35:
            raise Stop

    body.register_forward_pre_hook(stop_in_the_second_epoch)
    given = {"texts": sentences(160), "held_out": sentences(60, 1), "settings": SETTINGS, "folder": tmp_path}
    with pytest.raises(Stop):
        pretrain(body, tiny_tokenizer(), **given, checkpoint_steps=6)
    kept = torch.load(tmp_path / "checkpoint.pt", weights_only=True)["progress"]
    assert (kept["epoch"], kept["step"]) == (2, 12)
    resumed = pretrain(tiny_body(), tiny_tokenizer(), **given, checkpoint_steps=6)
    assert (resumed / "model.safetensors").read_bytes() == (unbroken / "model.safetensors").read_bytes()


def test_a_body_is_a_base_for_the_recipe(packaged, corpus, tmp_path):  # noqa: F811
    file = tmp_path / "tweets.tsv.gz"
    file.write_bytes(gzip.compress("\n".join(f"{text}\tnone\t🔥" for text in sentences(100)).encode()))
    said = []
    settings = Pretraining(vocabulary=99, width=16, generator_layers=1, epochs=1, batch_size=64)
    tracker = f"sqlite:///{tmp_path / 'mlflow.db'}"
    now = datetime(2026, 1, 2, tzinfo=UTC)
    folder = recipe.train(file, corpus, settings, now, said.append, work=tmp_path / "work", tracking_uri=tracker)
    assert folder == tmp_path / "work" / "pretrain-seed0" / "body"
    assert said[-1].startswith(f"the body is in {folder}, tracked as run ")
    assert Tokenizer.from_file(str(folder / "tokenizer.json")).encode("so [FIRE]").tokens[2] == "[FIRE]"

    class Train:
        targets = np.full((2, 28), 0.5)

    model, tokenizer = electra.RECIPE.build(str(folder), Train())
    assert model.config.embedding_size == 16
    assert model.config.num_labels == 28
    assert len(model.electra.embeddings.word_embeddings.weight) == tokenizer.get_vocab_size()
    with pytest.raises(ModelError, match="holds a run with settings"):
        recipe.train(file, corpus, dataclasses.replace(settings, width=8), now, said.append, work=tmp_path / "work")


def test_tweets_are_read_with_and_without_what_was_taken_out(tmp_path):
    file = tmp_path / "tweets.tsv"
    file.write_text('so "late\tirony\t\nlate again\temoji\t🔥\nhttps://t.co/x\nlate\temoji\t🔥\n', encoding="utf-8")
    assert tweets.load(file).texts == ['so "late', "late again [FIRE]", "late [FIRE]"]
    with pytest.raises(DatasetError, match=r"nowhere\.txt: no tweets"):
        tweets.load(tmp_path / "nowhere.txt")
