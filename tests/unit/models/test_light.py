"""The light body, made of a tiny wide one."""

import numpy as np
import pytest
import torch
from tokenizers import AddedToken, models
from transformers import ElectraForPreTraining

from models.light import lighten, prune
from tests.tiny import tiny_electra, tiny_tokenizer

pytestmark = pytest.mark.usefixtures("one_thread")

TEXTS = ["thanks so much", "love you so much", "what a day !", "sadder name", "hate you"] * 20


def wide() -> ElectraForPreTraining:
    torch.manual_seed(0)
    return ElectraForPreTraining(tiny_electra().config).eval()


def with_letters():
    """The tiny tokenizer with single letters, and a piece of its own after all others."""
    tokenizer = tiny_tokenizer()
    vocabulary = tokenizer.get_vocab() | {"z": 18, "##z": 19}
    tokenizer.model = models.WordPiece(vocabulary, unk_token="[UNK]")  # noqa: S106
    tokenizer.add_tokens([AddedToken("[SKULL]", normalized=False)])
    return tokenizer


def test_what_is_hardly_used_goes_and_is_spelt_in_smaller_pieces():
    tokenizer = with_letters()
    counts = np.zeros(tokenizer.get_vocab_size(), dtype=np.int64)
    ids = {piece: tokenizer.token_to_id(piece) for piece in ("thanks", "love", "so")}
    counts[[ids["thanks"], ids["love"], ids["so"]]] = 3, 9, 5
    always = {"[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[SKULL]", "a", "!", "z", "##z"}
    lighter, kept = prune(tokenizer, counts, len(always) + 2)
    assert set(lighter.get_vocab()) == always | {"love", "so"}
    assert [tokenizer.id_to_token(old) for old in kept] == [lighter.id_to_token(new) for new in range(len(kept))]
    assert lighter.encode("[SKULL] love so thanks zz").tokens == (
        ["[CLS]", "[SKULL]", "love", "so", "[UNK]", "z", "##z", "[SEP]"]
    )
    assert lighter.encode("love").ids == [lighter.token_to_id(piece) for piece in ("[CLS]", "love", "[SEP]")]
    assert lighter.token_to_id("[PAD]") == 0, "what fills rows up stays where models look for it"


def test_a_body_that_lost_nothing_but_width_reads_nearly_what_it_did():
    model, tokenizer = wide(), tiny_tokenizer()
    gaps = []
    for width in (16, 31):
        light, lighter, kept = lighten(model, tokenizer, TEXTS, vocabulary=99, width=width, positions=20)
        assert kept.pieces == 1
        assert lighter.get_vocab() == tokenizer.get_vocab()
        assert light.config.embedding_size == width
        ids = torch.tensor([lighter.encode("thanks so much").ids])
        with torch.inference_mode():
            before, after = (one.eval().electra.embeddings(ids) for one in (model, light))
            gaps.append(float((light.electra.embeddings_project(after) - before).square().mean() / before.var()))
        assert 1 - gaps[-1] == pytest.approx(kept.variance, abs=0.15)
    assert gaps[1] < gaps[0] < 0.3
    assert gaps[1] < 0.02


def test_the_layers_are_those_it_had():
    model = wide()
    light, _, _ = lighten(model, tiny_tokenizer(), TEXTS, vocabulary=99, width=16, positions=20)
    before, after = model.state_dict(), light.state_dict()
    for key in before:
        if "embeddings" not in key:
            assert torch.equal(before[key], after[key]), key
    assert after["electra.embeddings.position_embeddings.weight"].shape == (20, 16)
