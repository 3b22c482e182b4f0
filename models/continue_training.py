"""ELECTRA trained further on reviewed texts, from the very artefact that serves.

An artefact holds int8 weights. Multiplied by their scales they are an fp32 model that exports to the same bytes again.
But each of them lies in the middle of its step of rounding, and a careful training moves it less than half a step: all
that was learned would be rounded away again. Weights that were never rounded lie anywhere within their steps, so that
of many a few are moved over an edge, and on average the rounded ones move as far as the exact ones. So before training
the weights are spread over their steps at random, as dithering does with sound and images; without training they would
still export to the same bytes.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import ElectraForSequenceClassification

from core.emotions import LABELS
from core.errors import ModelError
from core.experiments.tracking import Measurement
from core.inference.checkpoint import recover
from core.inference.classifier import Classifier, Manifest
from core.inference.engines.onnx_engine import MODEL_FILE, TOKENIZER_FILE
from models.export_onnx import EMBEDDING_STEPS, WEIGHT_STEPS, export
from models.finetune import Encoded, Hyperparameters, encode, finetune, predict
from models.goemotions import LabelledTexts, together
from models.recipes.transformer import read_history

REPLAY: Final = 4
"""Texts of the corpus that are learned again with each reviewed one, lest what they taught be forgotten."""
LEAST_REPLAY: Final = 1_000
CHECKED: Final = 256
"""Texts on which the fp32 weights are compared with the int8 file they come from."""
APART: Final = 0.02
"""The mean difference of probabilities that rounding activations explains, with room: a shipped model has 0.001."""

INT8: Final = "its int8 weights"
_WITHIN: Final = 0.98
"""The share of a step over which a weight is spread, so that no inexactness pushes it over an edge."""
_SHOWN: Final = 20
"""Texts of dev with each label by which an epoch is watched; nothing is chosen by them."""


@dataclass(frozen=True)
class Further:
    """What a training further left.

    Attributes:
        source: where its fp32 weights came from.
        replayed: how many texts of the corpus were learned again.
        measurements: by epoch, and how far the fp32 weights were from the int8 file.
    """

    source: str
    replayed: int
    measurements: tuple[Measurement, ...]


def train_further(
    parent: Classifier,
    manifest: Manifest,
    folder: Path,
    *,
    learn: LabelledTexts,
    train: LabelledTexts,
    dev: LabelledTexts,
    settings: Hyperparameters,
    into: Path,
    scratch: Path,
    work: Path,
    report: Callable[[float, str], None],
) -> Further:
    """Train the model in `folder` further, and write its `model.onnx` into `into`.

    Args:
        parent: the model in `folder`, loaded; what it says of replayed texts is learned beside the raters' labels.
        manifest: its manifest.
        folder: an ELECTRA that `models.export_onnx` wrote.
        learn: the reviewed texts.
        train: the corpus; a sample of it is replayed.
        dev: texts to check and to watch the training on.
        settings: of the training; the seed also draws the sample.
        into: takes the file; made if need be.
        scratch: an empty folder for what is not kept.
        work: where trainings on this machine keep their checkpoints.
        report: told how far it is, 0..1, and what is done.

    Raises:
        ModelError: the fp32 weights do not compute what the artefact does.
    """
    name = manifest.label
    report(0, f"reading the weights of {name}")
    checkpoint, source = _weights(folder, manifest, work, scratch)
    model = ElectraForSequenceClassification.from_pretrained(checkpoint)
    tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
    length = manifest.max_length or settings.max_length
    reads = manifest.normaliser_version

    checked = _rows(dev, np.arange(len(dev)) < CHECKED)
    probabilities = predict(model, encode(tokenizer, checked, length, reads).ids)[:, : len(LABELS)]
    gaps = np.abs(probabilities - np.nan_to_num(parent.read(checked.raw)))
    if gaps.mean() > APART:
        raise ModelError(
            f"{checkpoint} does not compute what {folder} does: probabilities differ by {gaps.mean():.3f} on average, "
            f"n = {len(checked)}. Restore the folder from the repository."
        )

    if source == INT8:
        spread(model, settings.seed)
    torch.manual_seed(settings.seed)
    sample = _sample(train, len(learn), settings.seed)
    # Reviews are learned as they are, replayed texts half as the raters and half as the parent has them.
    taught = np.concatenate([learn.targets.astype(np.float32), np.nan_to_num(parent.read(sample.raw))])
    learned = encode(tokenizer, together(learn, sample), min(settings.max_length, length), reads)
    # Nobody reviews risks: what the parent says of them is kept.
    risks = parent.outputs(together(learn, sample).read_by(reads)).risks
    if risks is not None:
        risks = np.nan_to_num(risks)
        learned = replace(learned, targets=np.hstack([learned.targets, risks]))
        taught = np.hstack([taught, risks])
    finetune(
        model,
        learned,
        _watched(encode(tokenizer, dev, length, reads)),
        settings,
        scratch / "epochs",
        taught=taught,
        report=lambda share: report(0.1 + 0.85 * share, f"training {name} further"),
    )
    report(0.95, "writing int8 weights")
    export(model, into)
    return Further(
        source=source,
        replayed=len(sample),
        measurements=(
            *read_history(scratch / "epochs" / "history.jsonl"),
            Measurement("fp32_apart_mean", float(gaps.mean())),
            Measurement("fp32_apart_max", float(gaps.max())),
        ),
    )


@torch.no_grad()
def spread(model: ElectraForSequenceClassification, seed: int) -> None:
    """Move weights that lie on the steps of an export at random within these, so that they are rounded to the same."""
    generator = torch.Generator().manual_seed(seed)
    for key, weight in model.named_parameters():
        if steps := int8_steps(key):
            largest = weight.abs().amax(dim=1, keepdim=True)
            noise = torch.rand(weight.shape, generator=generator).sub_(0.5).mul_(_WITHIN * largest / steps)
            # The largest of a row sets the size of the row's steps.
            weight.add_(noise.masked_fill_(weight.abs() >= largest * (1 - 0.5 / steps), 0))


def int8_steps(parameter: str) -> int:
    """Return how many steps an export has for the largest weight of a row of a parameter; 0 if it is kept in fp32."""
    if parameter in {f"electra.embeddings.{name}_embeddings.weight" for name in ("word", "position")}:
        return EMBEDDING_STEPS
    rounded = parameter.endswith(".weight") and not any(
        kept in parameter for kept in ("LayerNorm", "out_proj", "token_type_embeddings")
    )
    return WEIGHT_STEPS if rounded else 0


def _weights(folder: Path, manifest: Manifest, work: Path, scratch: Path) -> tuple[Path, str]:
    """Return a checkpoint of the model in `folder`: the one it was made of if that is here, else its int8 weights."""
    training = manifest.training
    weights = training.get("parameters", {}).get("weights", "")
    kept = work / f"{manifest.name}-seed{training.get('seed')}" / weights
    if weights and (kept / "model.safetensors").is_file():
        # Another run may have had the same seed: only one that exports to the same bytes is this model's.
        again = export(ElectraForSequenceClassification.from_pretrained(kept), scratch / "again")
        if hashlib.sha256(again.read_bytes()).hexdigest() == manifest.files[MODEL_FILE].sha256:
            return kept, "its fp32 checkpoint"
    return recover(folder, scratch / "fp32"), INT8


def _rows(texts: LabelledTexts, chosen: NDArray[np.bool_]) -> LabelledTexts:
    numbers = np.flatnonzero(chosen)
    return LabelledTexts(texts.split, [texts.raw[row] for row in numbers], texts.targets[numbers], md5="")


def _sample(train: LabelledTexts, reviews: int, seed: int) -> LabelledTexts:
    size = min(len(train), max(LEAST_REPLAY, REPLAY * reviews))
    chosen = np.zeros(len(train), dtype=np.bool_)
    chosen[np.random.default_rng(seed).choice(len(train), size, replace=False)] = True
    return _rows(train, chosen)


def _watched(dev: Encoded) -> Encoded:
    """Return the first few texts with each label: all of dev would take longer than the training."""
    chosen = np.flatnonzero((dev.targets & (dev.targets.cumsum(axis=0) <= _SHOWN)).any(axis=1))
    return Encoded([dev.ids[row] for row in chosen], dev.targets[chosen])
