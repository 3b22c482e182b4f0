"""PyTorch: any Hugging Face sequence classifier of the 28 emotions that a user drops in as a folder.

Only safetensors are read, never a pickle; no code that comes with a checkpoint is run; nothing is fetched.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import transformers

from core.emotions import INDEX, LABELS, Scores
from core.errors import ModelError
from core.inference.classifier import Manifest
from core.inference.engines.word_pieces import WordPieces, batches_by_length
from core.risks import RISKS

FILES: Final = ("config.json", "model.safetensors", "tokenizer.json")
"""What a model folder must hold, and its manifest vouch for."""
MAX_LENGTH: Final = 128
"""Word pieces that are read at most; a tweet has far fewer."""
BATCH_PIECES: Final = 1_024
"""Word pieces in one batch, padding included."""

_UNLIMITED: Final = 1_000_000
"""A tokenizer without a limit of its own states an astronomical one."""


class TorchEngine:
    """Scores with a PyTorch model; all threads of the process may share it.

    Attributes:
        version: the first twelve hex digits of the sha256 of the weights.
        family: the architecture, as `model_type` in config.json names it.
        risks: what it gives beside the emotions.
        pieces: its tokenizer; `pieces.max_length` is what is read of a text.
    """

    def __init__(self, model: Any, tokenizer: Any, columns: Sequence[int], max_length: int, version: str) -> None:
        """Take a model whose output `columns[i]` is the score of `LABELS[i]`, or after these of `RISKS[i - 28]`."""
        self._model = model
        # The Rust tokenizer itself: the wrapper around it sets truncation on a shared object, which no lock guards.
        self.pieces: Final = WordPieces(tokenizer.backend_tokenizer, max_length)
        self._padding = tokenizer.pad_token_id or 0
        self._columns = torch.tensor(columns)
        self.risks: Final = RISKS if len(columns) > len(LABELS) else ()
        self._softmax = model.config.problem_type == "single_label_classification"
        self.version: Final = version
        self.family: Final[str] = model.config.model_type

    def score(self, texts: Sequence[str]) -> Scores:
        """Return float32 [n_texts, n_outputs] in the order of `texts`: the 28 emotions, and risks if it has them.

        They are sigmoids, or a softmax if the checkpoint was trained for one label a text. What exceeds `max_length`
        word pieces is not read.
        """
        ids = self.pieces.encode(texts)
        scores = np.empty((len(texts), len(self._columns)), dtype=np.float32)
        for rows in batches_by_length(ids, BATCH_PIECES):
            scores[rows] = self._run([ids[row] for row in rows])
        return scores

    def exceed(self, texts: Sequence[str]) -> list[bool]:
        """Return for each text whether it is longer than what is read."""
        return self.pieces.exceed(texts)

    def tokens(self, text: str) -> list[str]:
        """Return the word pieces of a normalised text, as far as it is read."""
        return self.pieces.tokens(text)

    @torch.inference_mode()
    def _run(self, ids: list[list[int]]) -> Scores:
        longest = max(map(len, ids))
        rows = torch.tensor([row + [self._padding] * (longest - len(row)) for row in ids])
        lengths = torch.tensor([len(row) for row in ids])
        mask = (torch.arange(longest) < lengths[:, None]).long()
        logits = self._model(input_ids=rows, attention_mask=mask).logits.float()
        scores: Scores = (logits.softmax(dim=1) if self._softmax else logits.sigmoid())[:, self._columns].numpy()
        return scores


def load(folder: Path, manifest: Manifest, threads: int = 0) -> TorchEngine:
    """Load the checkpoint in a model folder whose files have been verified; see `load_checkpoint`."""
    engine = load_checkpoint(folder, threads)
    if manifest.risks != engine.risks:
        raise ModelError(
            f"{folder / 'manifest.json'}: the checkpoint gives {len(engine.risks)} risks, the manifest names "
            f"{len(manifest.risks)}. Restore the folder from the repository."
        )
    if manifest.max_length != engine.pieces.max_length:
        raise ModelError(
            f"{folder / 'manifest.json'}: max_length is {manifest.max_length}, the checkpoint reads "
            f"{engine.pieces.max_length} word pieces. Restore the folder from the repository."
        )
    return engine


def load_checkpoint(folder: Path, threads: int = 0) -> TorchEngine:
    """Load a Hugging Face checkpoint: config, safetensors and tokenizer, with GoEmotions' 28 labels in any order.

    Args:
        folder: the checkpoint.
        threads: cores for PyTorch, in all of this process; 0 leaves its own choice, the physical cores.

    Raises:
        ModelError: a file is missing or damaged, or its labels are not the 28 emotions; the message names them.
    """
    weights = sorted(folder.glob("*.safetensors"))
    if not weights:
        raise ModelError(
            f"{folder} holds no *.safetensors. Weights in another format (pytorch_model.bin) are not read, because a "
            f"pickle can run code; save the model again with save_pretrained(folder)."
        )
    # tokenizer_config.json alone would let transformers make up an empty vocabulary.
    if not any((folder / name).is_file() for name in ("tokenizer.json", "vocab.txt", "vocab.json", "spiece.model")):
        raise ModelError(
            f"{folder} holds no tokenizer (tokenizer.json). Save it with tokenizer.save_pretrained(folder)."
        )
    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    offline: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        config = transformers.AutoConfig.from_pretrained(folder, **offline)
        columns = _columns(config.id2label, folder)
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, use_fast=True, **offline)
        model, report = transformers.AutoModelForSequenceClassification.from_pretrained(
            folder, config=config, use_safetensors=True, output_loading_info=True, dtype=torch.float32, **offline
        )
    except ModelError:
        raise
    except Exception as error:  # transformers lets errors of every library below it through
        raise ModelError(
            f"{folder} is not a usable checkpoint ({str(error).strip()[:300]}). Save it again with save_pretrained."
        ) from error
    if report["missing_keys"]:
        raise ModelError(
            f"{folder}: the weights lack {', '.join(sorted(report['missing_keys'])[:3])}. Is it a sequence classifier? "
            f"A pre-trained body has to be fine-tuned first."
        )
    if not hasattr(tokenizer, "backend_tokenizer"):
        raise ModelError(f"{folder}: its tokenizer has no tokenizer.json. Convert it to a fast one and save it again.")
    if threads:
        torch.set_num_threads(threads)
    return TorchEngine(model.eval(), tokenizer, columns, _max_length(config, tokenizer), _version(weights))


def _columns(id2label: Mapping[int, str], folder: Path) -> list[int]:
    """Return for each of `LABELS`, and of `RISKS` if they are there, its column, found by name whatever its case."""
    found = {str(name).strip().lower(): int(number) for number, name in id2label.items()}
    missing = [name for name in LABELS if name not in found]
    risks = RISKS if all(name in found for name in RISKS) else ()
    unknown = [name for name in found if name not in INDEX and name not in risks]
    if missing or unknown or len(found) != len(id2label):
        raise ModelError(
            f"{folder / 'config.json'}: id2label must name GoEmotions' {len(LABELS)} emotions, each once. "
            f"Missing: {', '.join(missing) or 'none'}. Unknown: {', '.join(unknown) or 'none'}."
        )
    return [found[name] for name in (*LABELS, *risks)]


def _max_length(config: Any, tokenizer: Any) -> int:
    limits = [MAX_LENGTH]
    if 0 < tokenizer.model_max_length < _UNLIMITED:
        limits.append(int(tokenizer.model_max_length))
    positions = getattr(config, "max_position_embeddings", None) or 0
    if positions > 0:
        # RoBERTa, MPNet and their kin number positions from pad_token_id + 1, and so have that many fewer.
        offset = (config.pad_token_id or 0) + 1 if config.model_type.endswith(("roberta", "mpnet")) else 0
        limits.append(positions - offset)
    return min(limits)


def _version(weights: Sequence[Path]) -> str:
    digest = hashlib.sha256()
    for path in weights:
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
    return digest.hexdigest()[:12]
