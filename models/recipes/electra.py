"""ELECTRA: the light transformer that Affectra serves.

Where a model hub is reachable, `--base google/electra-small-discriminator` starts from ELECTRA's own weights. Where
none is, the packaged all-MiniLM-L6-v2 (a MiniLM-L6-H384) is laid into an ELECTRA body: with `embedding_size` equal to
`hidden_size` ELECTRA's encoder has BERT's blocks, so the weights fit key for key.
"""

from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import torch
from tokenizers import Tokenizer
from transformers import ElectraConfig, ElectraForSequenceClassification, PreTrainedModel

from models.finetune import start_at_prior
from models.goemotions import LabelledTexts
from models.recipes.transformer import (
    SERVING_LENGTH,
    Model,
    Recipe,
    labels_config,
    lay_into,
    start_from,
)


def build(base: str, train: LabelledTexts) -> tuple[ElectraForSequenceClassification, Tokenizer]:
    """Return an untrained classifier on the pre-trained `base`, and the tokenizer it reads through.

    Args:
        base: see `start_from`; a checkpoint must be an ELECTRA.
        train: the training split; its base rates start the last bias.

    Raises:
        ModelError: the packaged weights are asked for and not installed.
    """
    model, tokenizer = start_from(
        base, ElectraForSequenceClassification, partial(from_packaged, ElectraForSequenceClassification)
    )
    start_at_prior(model.classifier.out_proj, train.targets)
    return model, tokenizer


def from_packaged(kind: type[Model], bert: dict[str, Any], weights: dict[str, torch.Tensor]) -> Model:
    """Return an ELECTRA of some kind with a BERT encoder's weights in its body; its head is untrained."""
    model = kind(
        ElectraConfig(
            vocab_size=bert["vocab_size"],
            embedding_size=bert["hidden_size"],
            hidden_size=bert["hidden_size"],
            num_hidden_layers=bert["num_hidden_layers"],
            num_attention_heads=bert["num_attention_heads"],
            intermediate_size=bert["intermediate_size"],
            max_position_embeddings=bert["max_position_embeddings"],
            type_vocab_size=bert["type_vocab_size"],
            layer_norm_eps=bert["layer_norm_eps"],
            **labels_config(),
        )
    )
    lay_into(model, {f"electra.{key}": value for key, value in weights.items()}, "electra")
    return model


def write(model: PreTrainedModel, tokenizer: Tokenizer, folder: Path) -> None:
    """Write the trained model as int8 ONNX, as the ONNX engine reads it."""
    from models.export_onnx import export, write_tokenizer  # noqa: PLC0415  (onnx: only a finished training needs it)

    export(cast(ElectraForSequenceClassification, model), folder)
    write_tokenizer(tokenizer, model, SERVING_LENGTH, folder)


RECIPE: Final = Recipe(
    name="electra",
    family="ELECTRA",
    engine="onnx",
    summary=(
        "A small ELECTRA encoder with a classification head, fine-tuned on 28 emotions with binary cross-entropy, "
        "and rounded to 8-bit integers for ONNX Runtime on a plain CPU."
    ),
    build=build,
    write=write,
)
