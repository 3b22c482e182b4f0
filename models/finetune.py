"""Fine-tuning of a transformer encoder for 28 independent emotions: the loop shared by the transformer recipes.

It runs on a CPU, writes checkpoints within an epoch and after it, and goes on from the last one as if there had been no
stop.
"""

import json
import math
import re
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from tokenizers import Tokenizer
from torch import nn
from tqdm import tqdm
from transformers import PreTrainedModel

from core.text import NORMALISER_VERSION
from models import checkpoints
from models.checkpoints import Checkpoint, Progress
from models.goemotions import LabelledTexts

_LAYER: Final = re.compile(r"\.layer\.(\d+)\.")


@dataclass(frozen=True)
class Hyperparameters:
    """What a fine-tuning run may vary. Lengths are in word pieces, the special ones included.

    Attributes:
        layer_decay: how much slower each layer learns than the one above it: its rate is this share of that one's, and
            the embeddings' the lowest (Howard & Ruder, "Universal Language Model Fine-tuning", 2018); 1 is no slower.
        precision: of the products in training, and where its epochs are judged. `bf16` rounds them (weights, gradients'
            sums and the optimizer stay fp32), which is quicker on a CPU with AVX512-BF16 or AMX, and slower elsewhere.
        teachers: folders of models whose mean probabilities are learned beside the raters' labels, parted by commas.
        teacher_weight: 0..1, how much theirs count (Hinton et al., "Distilling the Knowledge in a Neural Network",
            2015).
    """

    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 1.5e-4
    layer_decay: float = 1.0
    warmup_share: float = 0.06
    weight_decay: float = 0.01
    max_gradient_norm: float = 1.0
    max_length: int = 64
    average_decay: float = 0.999
    precision: Literal["fp32", "bf16"] = "fp32"
    teachers: str = ""
    teacher_weight: float = 0.5
    seed: int = 0


@dataclass(frozen=True)
class Encoded:
    """Tokenised texts.

    Attributes:
        ids: word-piece ids of each text.
        targets: bool or float [n_texts, n_labels] in 0..1.
        known: float32 [n_texts, n_labels], how much each target counts, 0 where nothing is known; None if all count 1.
    """

    ids: list[list[int]]
    targets: NDArray[Any]
    known: NDArray[np.float32] | None = None


def encode(
    tokenizer: Tokenizer, data: LabelledTexts, max_length: int, normaliser_version: str = NORMALISER_VERSION
) -> Encoded:
    """Tokenise a split; texts longer than `max_length` word pieces are cut."""
    return Encoded(pieces(tokenizer, data.read_by(normaliser_version), max_length), data.targets)


def pieces(tokenizer: Tokenizer, texts: Sequence[str], max_length: int) -> list[list[int]]:
    """Return the word-piece ids of normalised texts, cut at `max_length`."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    return [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]


def pad(ids: Sequence[list[int]], padding: int = 0) -> dict[str, torch.Tensor]:
    """Pad to the longest with the id `padding`: `input_ids` and `attention_mask`, int64 [n_texts, longest]."""
    longest = max(map(len, ids))
    rows = torch.tensor([row + [padding] * (longest - len(row)) for row in ids])
    lengths = torch.tensor([len(row) for row in ids])
    return {"input_ids": rows, "attention_mask": (torch.arange(longest)[None, :] < lengths[:, None]).long()}


def length_buckets(
    lengths: NDArray[np.int64], batch_size: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int64]]:
    """Yield shuffled batches of row numbers whose texts are of like length, so that little is padded."""
    pool = batch_size * 50
    order = rng.permutation(len(lengths))
    batches = []
    for start in range(0, len(order), pool):
        rows = order[start : start + pool]
        rows = rows[np.argsort(lengths[rows], kind="stable")]
        batches += [rows[i : i + batch_size] for i in range(0, len(rows), batch_size)]
    for number in rng.permutation(len(batches)):
        yield batches[number]


@torch.inference_mode()
def predict(
    model: PreTrainedModel, ids: list[list[int]], batch_size: int = 64, precision: Literal["fp32", "bf16"] = "fp32"
) -> NDArray[np.float32]:
    """Return probabilities, float32 [n_texts, n_labels], in the order of `ids`."""
    model.eval()  # type: ignore[no-untyped-call]
    order = np.argsort([len(row) for row in ids], kind="stable")
    parts: list[NDArray[np.float32]] = []
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bf16"):
            logits = model(**pad([ids[row] for row in rows], padding_id(model))).logits
        parts.append(logits.float().sigmoid().numpy())
    return np.concatenate(parts)[np.argsort(order)]


def padding_id(model: PreTrainedModel) -> int:
    """Return the id that fills rows up: 0 as BERT has it, 1 in MPNet, which numbers positions by it."""
    return int(model.config.pad_token_id or 0)


def start_at_prior(output: nn.Linear, targets: NDArray[np.bool_]) -> None:
    """Set the last layer's bias to each label's log prior odds, so that training starts from the base rates."""
    prior = targets.mean(axis=0)
    with torch.no_grad():
        output.bias.copy_(torch.from_numpy(np.log(prior / (1 - prior))).float())


def finetune(
    model: PreTrainedModel,
    train: Encoded,
    dev: Encoded,
    settings: Hyperparameters,
    folder: Path,
    *,
    taught: NDArray[np.float32] | None = None,
    report: Callable[[float], None] = lambda share: None,
    checkpoint_steps: int = checkpoints.STEPS,
) -> dict[str, NDArray[np.float32]]:
    """Train `model` with binary cross-entropy, or go on from the last checkpoint in `folder`.

    Beside the weights of each epoch an exponential moving average of them is kept. Each epoch appends a line to
    `history.jsonl`; the choice between them is the caller's.

    Args:
        taught: float32 [n_train, n_labels], what teachers say of the training texts; mixed with the raters' labels by
            `settings.teacher_weight`.
        report: told after each batch what share of all is done, 0..1.
        checkpoint_steps: how many steps of an epoch are done before they are kept.

    Returns:
        probabilities on dev, float32 [n_dev, n_labels], by name of the weights (`epoch-3`, `average-3`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Fused, for half of the parameters are embeddings, which every step moves.
    optimizer = torch.optim.AdamW(_parameter_groups(model, settings), lr=settings.learning_rate, fused=True)
    steps_per_epoch = math.ceil(len(train.ids) / settings.batch_size)
    schedule = warm_up_and_fall(optimizer, steps_per_epoch * settings.epochs, settings.warmup_share)
    average = torch.optim.swa_utils.AveragedModel(
        model,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(settings.average_decay),  # type: ignore[no-untyped-call]
    )
    lengths = np.array([len(row) for row in train.ids])
    targets = torch.from_numpy(train.targets).float()
    known = None if train.known is None else torch.from_numpy(train.known)
    if taught is not None:
        targets = torch.lerp(targets, torch.from_numpy(taught), settings.teacher_weight)
    padding = padding_id(model)
    kept = Checkpoint(folder / "checkpoint.pt", model=model, optimizer=optimizer, schedule=schedule, average=average)
    done = kept.load()

    for epoch in range(done.epoch, settings.epochs + 1):
        # One stream of randomness per epoch: a resumed run goes on exactly as an unbroken one.
        if not done.step:
            torch.manual_seed(settings.seed * 1000 + epoch)
            done = Progress(epoch)
        rng = np.random.default_rng([settings.seed, epoch])
        model.train()
        started, total_loss, seen = time.monotonic() - done.seconds, done.total_loss, done.seen
        progress = tqdm(
            islice(length_buckets(lengths, settings.batch_size, rng), done.step, None),
            total=steps_per_epoch,
            initial=done.step,
            desc=f"epoch {epoch}/{settings.epochs}",
            mininterval=20,
            unit="batch",
        )
        for step, rows in enumerate(progress, done.step + 1):
            with torch.autocast("cpu", torch.bfloat16, enabled=settings.precision == "bf16"):
                logits = model(**pad([train.ids[row] for row in rows], padding)).logits.float()
            chosen = torch.from_numpy(rows)
            loss = _loss(logits, targets[chosen], None if known is None else known[chosen])
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), settings.max_gradient_norm)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            average.update_parameters(model)
            total_loss += loss.item() * len(rows)
            seen += len(rows)
            report((epoch - 1 + seen / len(lengths)) / settings.epochs)
            progress.set_postfix(loss=f"{total_loss / seen:.4f}", refresh=False)
            if step % checkpoint_steps == 0 and step < steps_per_epoch:
                kept.save(Progress(epoch, step, total_loss, seen, time.monotonic() - started))
        seconds = time.monotonic() - started
        averaged = cast(PreTrainedModel, average.module)
        record: dict[str, Any] = {"epoch": epoch, "train_loss": total_loss / seen, "train_seconds": seconds}
        for name, weights in (("epoch", model), ("average", averaged)):
            scores = predict(weights, dev.ids, precision=settings.precision)
            np.save(folder / f"{name}-{epoch}.dev.npy", scores)
            weights.save_pretrained(folder / f"{name}-{epoch}")
            record[f"{name}_dev_macro_average_precision"] = _average_precision(dev, scores)
        with (folder / "history.jsonl").open("a", encoding="utf-8") as history:
            history.write(json.dumps(record | {"settings": asdict(settings)}) + "\n")
        tqdm.write(json.dumps(record))
        done = Progress(epoch + 1)
        kept.save(done)
    return {path.name.removesuffix(".dev.npy"): np.load(path) for path in sorted(folder.glob("*.dev.npy"))}


def warm_up_and_fall(optimizer: torch.optim.Optimizer, steps: int, share: float) -> torch.optim.lr_scheduler.LambdaLR:
    """Return a schedule that raises the rate over the first `share` of all steps, and then lets it fall to 0."""
    warmup = max(1, round(steps * share))
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, (steps - step) / max(1, steps - warmup))
    )


def _loss(logits: torch.Tensor, targets: torch.Tensor, known: torch.Tensor | None) -> torch.Tensor:
    if known is None:
        return nn.functional.binary_cross_entropy_with_logits(logits, targets)
    every = nn.functional.binary_cross_entropy_with_logits(logits, targets, reduction="none")
    return (every * known).sum() / known.sum().clamp(min=1)


def _average_precision(dev: Encoded, scores: NDArray[np.float32]) -> float:
    """Return the mean over labels, each over the texts of which it is known."""
    known = np.ones(dev.targets.shape, dtype=bool) if dev.known is None else dev.known > 0
    return float(
        np.mean(
            [
                average_precision_score(dev.targets[rows, label], scores[rows, label])
                for label, rows in enumerate(known.T)
                if dev.targets[rows, label].any()
            ]
        )
    )


def _parameter_groups(model: PreTrainedModel, settings: Hyperparameters) -> list[dict[str, Any]]:
    layers = model.config.num_hidden_layers
    groups: dict[tuple[int, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if found := _LAYER.search(name):
            height = int(found[1]) + 1
        else:
            height = 0 if name.startswith(f"{model.base_model_prefix}.") else layers + 1
        # Biases and layer-norm gains are vectors; decaying them only harms (Loshchilov & Hutter's AdamW as BERT uses
        # it).
        weight_decay = settings.weight_decay if parameter.ndim > 1 else 0.0
        groups.setdefault((height, weight_decay), []).append(parameter)
    return [
        {
            "params": parameters,
            "weight_decay": weight_decay,
            "lr": settings.learning_rate * settings.layer_decay ** (layers + 1 - height),
        }
        for (height, weight_decay), parameters in groups.items()
    ]
