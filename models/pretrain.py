"""ELECTRA's own pre-training: replaced-token detection (Clark et al., "ELECTRA", ICLR 2020), on tweets and comments.

A small generator guesses masked word pieces; the body says of every piece whether it is the writer's or a guess. Both
share one table of word pieces. The body starts as the packaged all-MiniLM-L6-v2 in the light form of `models.light`,
the generator as the lowest of its layers: on some hundred thousand short texts neither would get far from nothing.
"""

import json
import math
import time
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from tokenizers import Tokenizer
from torch import nn
from tqdm import tqdm
from transformers import ElectraForMaskedLM, ElectraForPreTraining

from models import checkpoints
from models.checkpoints import Checkpoint, Progress
from models.finetune import length_buckets, pad, pieces, warm_up_and_fall

DETECTION_WEIGHT: Final = 50.0
"""How much the discriminator's loss counts beside the generator's, as in the paper."""

_MEASURED_AT_ONCE: Final = 64


@dataclass(frozen=True)
class Pretraining:
    """What a pre-training may vary. Lengths are in word pieces, the special ones included.

    Attributes:
        vocabulary: pieces that stay at most, see `models.light`.
        width: of the table of pieces, ELECTRA's `embedding_size`.
        generator_layers: of the body's layers, from below, that the generator starts with.
        masked: 0..1, the share of a text's pieces that the generator guesses.
    """

    vocabulary: int = 12_000
    width: int = 192
    generator_layers: int = 2
    masked: float = 0.15
    epochs: int = 3
    batch_size: int = 64
    learning_rate: float = 2e-4
    warmup_share: float = 0.06
    weight_decay: float = 0.01
    max_gradient_norm: float = 1.0
    max_length: int = 64
    positions: int = 128
    precision: Literal["fp32", "bf16"] = "fp32"
    seed: int = 0


@dataclass(frozen=True)
class Replaced:
    """A batch as the discriminator reads it.

    Attributes:
        ids: int64 [n, length], with the generator's guesses in place of some pieces.
        mask: int64 [n, length], 1 where there is a piece.
        replaced: bool [n, length], where a guess is not what the writer wrote.
        generator_loss: of the guesses.
    """

    ids: torch.Tensor
    mask: torch.Tensor
    replaced: torch.Tensor
    generator_loss: torch.Tensor


def generator_of(body: ElectraForPreTraining, layers: int) -> ElectraForMaskedLM:
    """Return a generator that starts as the body's lowest layers and shares its embeddings."""
    config = deepcopy(body.config)
    config.num_hidden_layers = layers
    generator = ElectraForMaskedLM(config)
    lowest = {
        key: value
        for key, value in body.state_dict().items()
        if key.startswith("electra.") and key in generator.state_dict()
    }
    generator.load_state_dict(lowest, strict=False)
    generator.electra.embeddings = body.electra.embeddings
    if config.embedding_size != config.hidden_size:
        generator.electra.embeddings_project = body.electra.embeddings_project
    generator.generator_lm_head.weight = body.electra.embeddings.word_embeddings.weight
    return generator


@dataclass(frozen=True)
class Masking:
    """Which pieces of a text are masked.

    Attributes:
        never: bool [n_pieces], those that stand for no text.
        mask_id: the piece that says that one is masked.
        share: 0..1, how many of a text's pieces.
    """

    never: torch.Tensor
    mask_id: int
    share: float

    @classmethod
    def of(cls, tokenizer: Tokenizer, share: float) -> "Masking":
        """Return the masking for a tokenizer with BERT's special pieces."""
        pieces = tokenizer.get_vocab()
        never = torch.zeros(len(pieces), dtype=torch.bool)
        never[[pieces[special] for special in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")]] = True
        return cls(never, pieces["[MASK]"], share)

    def draw(self, ids: torch.Tensor) -> torch.Tensor:
        """Return bool [n, length]: the share of each row's pieces that is masked, at least one."""
        drawn = torch.rand(ids.shape).masked_fill_(self.never[ids], 2)
        count = ((drawn < 2).sum(dim=1, keepdim=True) * self.share).round().clamp(min=1)
        # The lowest of each row: a share drawn piece by piece would leave short texts without any.
        return (drawn.argsort(dim=1).argsort(dim=1) < count) & (drawn < 2)


def replace(generator: ElectraForMaskedLM, batch: dict[str, torch.Tensor], masking: Masking) -> Replaced:
    """Mask some pieces of a batch, and put what the generator draws for them in their place.

    Args:
        batch: `input_ids` and `attention_mask`, int64 [n, length].
    """
    ids, mask = batch["input_ids"], batch["attention_mask"]
    chosen = masking.draw(ids)
    hidden = generator.electra(ids.masked_fill(chosen, masking.mask_id), attention_mask=mask).last_hidden_state[chosen]
    logits = generator.generator_lm_head(generator.generator_predictions(hidden)).float()
    loss = nn.functional.cross_entropy(logits, ids[chosen])
    guesses = torch.multinomial(logits.detach().softmax(dim=1), 1)[:, 0]
    mixed = ids.masked_scatter(chosen, guesses)
    return Replaced(mixed, mask, mixed != ids, loss)


def pretrain(
    body: ElectraForPreTraining,
    tokenizer: Tokenizer,
    *,
    texts: Sequence[str],
    held_out: Sequence[str],
    settings: Pretraining,
    folder: Path,
    checkpoint_steps: int = checkpoints.STEPS,
) -> Path:
    """Train `body` to tell what was replaced, or go on from the last checkpoint in `folder`.

    Each epoch appends a line to `history.jsonl`, and the body is kept as the folder `body`.

    Args:
        body: with the embeddings it shall have.
        tokenizer: its own, BERT's special pieces among its pieces.
        texts: normalised.
        held_out: normalised; by them alone an epoch is measured.
        settings: of the training.
        folder: made if need be.
        checkpoint_steps: how many steps are done before they are kept.

    Returns:
        the folder of the trained body, a checkpoint from which an ELECTRA can be fine-tuned.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(settings.seed)
    generator = generator_of(body, settings.generator_layers)
    both = nn.ModuleDict({"body": body, "generator": generator})
    ids = pieces(tokenizer, texts, settings.max_length)
    lengths = np.array([len(row) for row in ids])
    masking = Masking.of(tokenizer, settings.masked)
    watched = pieces(tokenizer, held_out, settings.max_length)

    optimizer = torch.optim.AdamW(_groups(both, settings.weight_decay), lr=settings.learning_rate, fused=True)
    steps = math.ceil(len(ids) / settings.batch_size)
    schedule = warm_up_and_fall(optimizer, steps * settings.epochs, settings.warmup_share)
    kept = Checkpoint(folder / "checkpoint.pt", both=both, optimizer=optimizer, schedule=schedule)
    done = kept.load()

    for epoch in range(done.epoch, settings.epochs + 1):
        if not done.step:
            # One stream of randomness per epoch: a resumed run goes on exactly as an unbroken one.
            torch.manual_seed(settings.seed * 1000 + epoch)
            done = Progress(epoch)
        rng = np.random.default_rng([settings.seed, epoch])
        both.train()
        started, loss_sum, seen = time.monotonic() - done.seconds, done.total_loss, done.seen
        batches = list(length_buckets(lengths, settings.batch_size, rng))[done.step :]
        progress = tqdm(
            batches,
            total=steps,
            initial=done.step,
            desc=f"epoch {epoch}/{settings.epochs}",
            mininterval=20,
            unit="batch",
        )
        for step, rows in enumerate(progress, done.step + 1):
            batch = pad([ids[row] for row in rows])
            with torch.autocast("cpu", torch.bfloat16, enabled=settings.precision == "bf16"):
                replaced = replace(generator, batch, masking)
                found = _detection_loss(body, replaced)
            loss = replaced.generator_loss + DETECTION_WEIGHT * found
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(both.parameters(), settings.max_gradient_norm)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad(set_to_none=True)
            loss_sum, seen = loss_sum + loss.item() * len(rows), seen + len(rows)
            progress.set_postfix(loss=f"{loss_sum / seen:.3f}", refresh=False)
            if step % checkpoint_steps == 0 and step < steps:
                kept.save(Progress(epoch, step, loss_sum, seen, time.monotonic() - started))
        record = {"epoch": epoch, "train_loss": loss_sum / seen, "train_seconds": time.monotonic() - started}
        record |= measure(body, generator, watched, masking)
        with (folder / "history.jsonl").open("a", encoding="utf-8") as history:
            history.write(json.dumps(record | {"settings": asdict(settings)}) + "\n")
        tqdm.write(json.dumps(record))
        write_body(body, tokenizer, folder / "body")
        done = Progress(epoch + 1)
        kept.save(done)
    return folder / "body"


@torch.inference_mode()
def measure(
    body: ElectraForPreTraining, generator: ElectraForMaskedLM, ids: Sequence[list[int]], masking: Masking
) -> dict[str, float]:
    """Return, on texts that were not learned from, how well guesses are made and how well they are told.

    `held_out_told` is the average precision of telling replaced pieces from others, and `held_out_replaced` the share
    of these: what chance would have. Every call masks alike.
    """
    torch.manual_seed(0)
    body.eval()  # type: ignore[no-untyped-call]
    generator.eval()  # type: ignore[no-untyped-call]
    losses, logits, truths = [], [], []
    for start in range(0, len(ids), _MEASURED_AT_ONCE):
        replaced = replace(generator, pad(ids[start : start + _MEASURED_AT_ONCE]), masking)
        there = replaced.mask.bool()
        losses.append(replaced.generator_loss.item())
        logits.append(body(replaced.ids, attention_mask=replaced.mask).logits[there].numpy())
        truths.append(replaced.replaced[there].numpy())
    truth = np.concatenate(truths)
    return {
        "held_out_generator_loss": float(np.mean(losses)),
        "held_out_replaced": float(truth.mean()),
        "held_out_told": float(average_precision_score(truth, np.concatenate(logits))),
    }


def write_body(body: ElectraForPreTraining, tokenizer: Tokenizer, folder: Path) -> None:
    """Write the body and its tokenizer as a checkpoint, as `--base` reads one."""
    from models.export_onnx import write_tokenizer  # noqa: PLC0415  (onnx: only what is finished needs it)

    body.save_pretrained(folder)
    write_tokenizer(tokenizer, body, body.config.max_position_embeddings, folder)


def _detection_loss(body: ElectraForPreTraining, replaced: Replaced) -> torch.Tensor:
    logits = body(replaced.ids, attention_mask=replaced.mask).logits.float()
    there = replaced.mask.bool()
    return nn.functional.binary_cross_entropy_with_logits(logits[there], replaced.replaced[there].float())


def _groups(module: nn.Module, weight_decay: float) -> list[dict[str, Any]]:
    parameters = list(module.parameters())
    return [
        {"params": [p for p in parameters if p.ndim > 1], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim <= 1], "weight_decay": 0.0},
    ]
