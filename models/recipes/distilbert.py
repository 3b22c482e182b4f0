"""DistilBERT: the heavy, unquantised transformer that the light one is compared with.

Where a model hub is reachable, `--base distilbert-base-uncased` starts from DistilBERT's own weights (66 million
parameters). Where none is, the packaged all-MiniLM-L6-v2 is laid into a DistilBERT body of its size: the same blocks
under other names, with the one type embedding that is ever used added to the position embeddings.
"""

from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from transformers import DistilBertConfig, DistilBertForSequenceClassification, PreTrainedModel

from models.finetune import start_at_prior
from models.goemotions import LabelledTexts
from models.recipes.transformer import (
    SERVING_LENGTH,
    Recipe,
    labels_config,
    lay_into,
    start_from,
)

_NAMES: Final = {
    "attention.self.query": "attention.q_lin",
    "attention.self.key": "attention.k_lin",
    "attention.self.value": "attention.v_lin",
    "attention.output.dense": "attention.out_lin",
    "attention.output.LayerNorm": "sa_layer_norm",
    "intermediate.dense": "ffn.lin1",
    "output.dense": "ffn.lin2",
    "output.LayerNorm": "output_layer_norm",
}
"""The parts of one of BERT's layers, and what DistilBERT calls them."""

_TYPE: Final = "embeddings.token_type_embeddings.weight"


def build(base: str, train: LabelledTexts) -> tuple[DistilBertForSequenceClassification, Tokenizer]:
    """Return an untrained classifier on the pre-trained `base`, and the tokenizer it reads through.

    Args:
        base: see `start_from`; a checkpoint must be a DistilBERT.
        train: the training split; its base rates start the last bias.

    Raises:
        ModelError: the packaged weights are asked for and not installed.
    """
    model, tokenizer = start_from(base, DistilBertForSequenceClassification, _from_packaged)
    start_at_prior(model.classifier, train.targets)
    return model, tokenizer


def _from_packaged(bert: dict[str, Any], weights: dict[str, torch.Tensor]) -> DistilBertForSequenceClassification:
    model = DistilBertForSequenceClassification(
        DistilBertConfig(
            vocab_size=bert["vocab_size"],
            dim=bert["hidden_size"],
            n_layers=bert["num_hidden_layers"],
            n_heads=bert["num_attention_heads"],
            hidden_dim=bert["intermediate_size"],
            max_position_embeddings=bert["max_position_embeddings"],
            **labels_config(),
        )
    )
    lay_into(model, as_distilbert(weights), "distilbert")
    return model


def as_distilbert(weights: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return a BERT encoder's weights under DistilBERT's names, the type embedding of all texts folded in."""
    laid: dict[str, torch.Tensor] = {}
    for key, value in weights.items():
        if key == _TYPE:
            continue
        if key.startswith("encoder.layer."):
            number, _, part = key.removeprefix("encoder.layer.").partition(".")
            name, _, kind = part.rpartition(".")
            laid[f"distilbert.transformer.layer.{number}.{_NAMES[name]}.{kind}"] = value
        elif key == "embeddings.position_embeddings.weight":
            laid[f"distilbert.{key}"] = value + weights[_TYPE][0]
        else:
            laid[f"distilbert.{key}"] = value
    return laid


def write(model: PreTrainedModel, tokenizer: Tokenizer, folder: Path) -> None:
    """Write the trained model as an fp32 checkpoint, as the torch engine reads it."""
    from models.export_onnx import write_tokenizer  # noqa: PLC0415  (onnx: only a finished training needs it)

    model.save_pretrained(folder)
    write_tokenizer(tokenizer, model, SERVING_LENGTH, folder)


RECIPE: Final = Recipe(
    name="distilbert",
    family="DistilBERT",
    engine="torch",
    summary=(
        "A DistilBERT encoder with a classification head, fine-tuned on 28 emotions with binary cross-entropy, kept in "
        "32-bit floats and run by PyTorch: what the lighter models are measured against."
    ),
    build=build,
    write=write,
)
