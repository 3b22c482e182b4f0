"""A tiny ELECTRA with random weights, for what an engine must do whatever the weights are."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import ElectraConfig, ElectraForSequenceClassification

from core.emotions import LABELS
from core.inference.classifier import Manifest
from core.text import NORMALISER_VERSION
from models.export_onnx import export, write_tokenizer

MAX_LENGTH = 24
WORDS = ["thanks", "love", "hate", "you", "so", "much", "name", "what", "a", "day", "sad", "##der", "!"]
TEXTS = [
    "thanks so much",
    "hate",
    "sadder day",
    "",
    "you love you love what a day !",
    "unheard-of words only",
    "love " * 60,
]


def tiny_tokenizer() -> Tokenizer:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = {word: number for number, word in enumerate([*special, *WORDS])}
    tokenizer = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))  # noqa: S106
    tokenizer.add_special_tokens(special)
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return tokenizer


def tiny_electra(**changes: object) -> ElectraForSequenceClassification:
    torch.manual_seed(0)
    facts: dict[str, object] = {
        "vocab_size": tiny_tokenizer().get_vocab_size(),
        "embedding_size": 32,
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "intermediate_size": 64,
        "max_position_embeddings": 32,
        "initializer_range": 0.3,
        "problem_type": "multi_label_classification",
        "id2label": dict(enumerate(LABELS)),
        "label2id": {label: number for number, label in enumerate(LABELS)},
    }
    return ElectraForSequenceClassification(ElectraConfig(**(facts | changes))).eval()


def tiny_manifest(engine: str = "onnx") -> Manifest:
    return Manifest(
        name="tiny",
        version="1",
        family="electra",
        engine=engine,
        base="",
        normaliser_version=NORMALISER_VERSION,
        max_length=MAX_LENGTH,
        labels=LABELS,
        files={},
        training={},
        metrics={},
    )


def exported(model: ElectraForSequenceClassification, folder: Path) -> Path:
    """Write the model as an ONNX artefact without a manifest."""
    export(model, folder)
    write_tokenizer(tiny_tokenizer(), model, MAX_LENGTH, folder)
    return folder


def checkpoint(model: ElectraForSequenceClassification, folder: Path) -> Path:
    """Write the model as a Hugging Face checkpoint."""
    model.save_pretrained(folder)
    write_tokenizer(tiny_tokenizer(), model, MAX_LENGTH, folder)
    return folder
