"""Fine-tuning of a transformer encoder for 28 independent emotions: the loop shared by the transformer recipes.

It runs on a CPU, writes a checkpoint after each epoch, resumes from the last one, and stops cleanly on Ctrl-C.
"""

import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score
from tokenizers import Tokenizer
from torch import nn
from tqdm import tqdm
from transformers import PreTrainedModel

from core.text import NORMALISER_VERSION
from models.goemotions import LabelledTexts


@dataclass(frozen=True)
class Hyperparameters:
    """What a fine-tuning run may vary. Lengths are in word pieces, the special ones included.

    Attributes:
        precision: of the products in training. `bf16` rounds them (weights, gradients' sums and the optimizer stay
            fp32), which is quicker on a CPU with AVX512-BF16 or AMX, and slower elsewhere.
        teachers: folders of models whose mean probabilities are learned beside the raters' labels, parted by commas.
        teacher_weight: 0..1, how much theirs count (Hinton et al., "Distilling the Knowledge in a Neural Network",
            2015).
    """

    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 1.5e-4
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
    """Tokenised texts: a list of word-piece ids each, and bool targets [n_texts, n_labels]."""

    ids: list[list[int]]
    targets: NDArray[np.bool_]


def encode(
    tokenizer: Tokenizer, data: LabelledTexts, max_length: int, normaliser_version: str = NORMALISER_VERSION
) -> Encoded:
    """Tokenise a split; texts longer than `max_length` word pieces are cut."""
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_length)
    texts = data.read_by(normaliser_version)
    return Encoded([encoding.ids for encoding in tokenizer.encode_batch(texts)], data.targets)


def pad(ids: Sequence[list[int]]) -> dict[str, torch.Tensor]:
    """Pad to the longest: `input_ids` and `attention_mask`, int64 [n_texts, longest]. The padding id is 0."""
    longest = max(map(len, ids))
    rows = torch.tensor([row + [0] * (longest - len(row)) for row in ids])
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
def predict(model: nn.Module, ids: list[list[int]], batch_size: int = 64) -> NDArray[np.float32]:
    """Return probabilities, float32 [n_texts, n_labels], in the order of `ids`."""
    model.eval()
    order = np.argsort([len(row) for row in ids], kind="stable")
    parts: list[NDArray[np.float32]] = []
    for start in range(0, len(order), batch_size):
        rows = order[start : start + batch_size]
        parts.append(model(**pad([ids[row] for row in rows])).logits.sigmoid().numpy())
    return np.concatenate(parts)[np.argsort(order)]


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
) -> dict[str, NDArray[np.float32]]:
    """Train `model` with binary cross-entropy, or go on from the last checkpoint in `folder`.

    Beside the weights of each epoch an exponential moving average of them is kept. Each epoch appends a line to
    `history.jsonl`; the choice between them is the caller's.

    Args:
        taught: float32 [n_train, n_labels], what teachers say of the training texts; mixed with the raters' labels by
            `settings.teacher_weight`.
        report: told after each batch what share of all is done, 0..1.

    Returns:
        probabilities on dev, float32 [n_dev, n_labels], by name of the weights (`epoch-3`, `average-3`).
    """
    folder.mkdir(parents=True, exist_ok=True)
    # Fused, for half of the parameters are embeddings, which every step moves.
    groups = _parameter_groups(model, settings.weight_decay)
    optimizer = torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True)
    steps_per_epoch = math.ceil(len(train.ids) / settings.batch_size)
    total_steps = steps_per_epoch * settings.epochs
    warmup = max(1, round(total_steps * settings.warmup_share))
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / warmup, (total_steps - step) / max(1, total_steps - warmup))
    )
    average = torch.optim.swa_utils.AveragedModel(
        model,
        multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(settings.average_decay),  # type: ignore[no-untyped-call]
    )
    lengths = np.array([len(row) for row in train.ids])
    targets = torch.from_numpy(train.targets).float()
    if taught is not None:
        targets = torch.lerp(targets, torch.from_numpy(taught), settings.teacher_weight)
    first = _resume(folder, model, optimizer, schedule, average)

    for epoch in range(first, settings.epochs + 1):
        # One stream of randomness per epoch: a resumed run goes on exactly as an unbroken one.
        torch.manual_seed(settings.seed * 1000 + epoch)
        rng = np.random.default_rng([settings.seed, epoch])
        model.train()
        started, total_loss, seen = time.monotonic(), 0.0, 0
        batches = length_buckets(lengths, settings.batch_size, rng)
        progress = tqdm(
            batches, total=steps_per_epoch, desc=f"epoch {epoch}/{settings.epochs}", mininterval=20, unit="batch"
        )
        for rows in progress:
            with torch.autocast("cpu", torch.bfloat16, enabled=settings.precision == "bf16"):
                logits = model(**pad([train.ids[row] for row in rows])).logits.float()
            loss = nn.functional.binary_cross_entropy_with_logits(logits, targets[torch.from_numpy(rows)])
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
        seconds = time.monotonic() - started
        averaged = cast(PreTrainedModel, average.module)
        record: dict[str, Any] = {"epoch": epoch, "train_loss": total_loss / seen, "train_seconds": seconds}
        for name, weights in (("epoch", model), ("average", averaged)):
            scores = predict(weights, dev.ids)
            np.save(folder / f"{name}-{epoch}.dev.npy", scores)
            weights.save_pretrained(folder / f"{name}-{epoch}")
            record[f"{name}_dev_macro_average_precision"] = float(
                average_precision_score(dev.targets, scores, average="macro")
            )
        _checkpoint(folder, epoch, optimizer, schedule, average)
        with (folder / "history.jsonl").open("a", encoding="utf-8") as history:
            history.write(json.dumps(record | {"settings": asdict(settings)}) + "\n")
        tqdm.write(json.dumps(record))
    return {path.name.removesuffix(".dev.npy"): np.load(path) for path in sorted(folder.glob("*.dev.npy"))}


def _parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    # Biases and layer-norm gains are vectors; decaying them only harms (Loshchilov & Hutter's AdamW as BERT uses it).
    parameters = list(model.parameters())
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]


def _checkpoint(folder: Path, epoch: int, optimizer: Any, schedule: Any, average: Any) -> None:
    state = {
        "epoch": epoch,
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "n_averaged": average.n_averaged,
    }
    partial = folder / "checkpoint.pt.partial"
    torch.save(state, partial)
    partial.replace(folder / "checkpoint.pt")


def _resume(folder: Path, model: PreTrainedModel, optimizer: Any, schedule: Any, average: Any) -> int:
    """Load the last finished epoch, if there is one; return the number of the next."""
    if not (folder / "checkpoint.pt").exists():
        return 1
    state = torch.load(folder / "checkpoint.pt", weights_only=True)
    epoch = int(state["epoch"])
    kind = type(model)
    model.load_state_dict(kind.from_pretrained(folder / f"epoch-{epoch}").state_dict())
    average.module.load_state_dict(kind.from_pretrained(folder / f"average-{epoch}").state_dict())
    average.n_averaged.copy_(state["n_averaged"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    return epoch + 1
