"""ONNX Runtime on plain CPU cores: int8 ELECTRA, read through the tokenizer in its folder.

Only NumPy, ONNX Runtime and tokenizers are imported, for this is the path to the first page.
"""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from core.emotions import LABELS, Scores
from core.errors import ModelError
from core.inference.classifier import Manifest
from core.inference.engines.word_pieces import WordPieces, batches_by_length

MODEL_FILE: Final = "model.onnx"
TOKENIZER_FILE: Final = "tokenizer.json"
FILES: Final = (MODEL_FILE, TOKENIZER_FILE)
"""What a model folder must hold, and its manifest vouch for."""
BATCH_PIECES: Final = 256
"""Word pieces in one batch, padding included: the activations of more than about 500 fall out of a core's cache."""
WINDOW: Final = 4_096
"""Texts that are tokenised and sorted by length at a time, so that memory stays flat on any file."""

_SILENT: Final = 4  # fatal; whatever goes wrong is raised as well


class OnnxEngine:
    """Scores with an ONNX model; all threads of the process may share it.

    A few texts are scored at once by all cores together, which answers soonest. Many are cut into batches of like
    length, one core each: no core waits for another, so more is done in all, and a busy neighbour slows only itself.
    A text's scores do not depend on which way it went, nor on its neighbours.
    """

    def __init__(self, together: Any, alone: Any, pieces: WordPieces, threads: int, outputs: int = len(LABELS)) -> None:
        """Take two sessions of one model, on `threads` cores and on one (the same if `threads` is 1)."""
        self._outputs = outputs
        self._together = together
        self._alone = alone
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="onnx")
        self.pieces: Final = pieces
        self.threads: Final = threads

    def score(self, texts: Sequence[str]) -> Scores:
        """Return float32 [n_texts, n_outputs] in the order of `texts`: the 28 emotions, and risks if it has them.

        What exceeds `max_length` word pieces is not read.
        """
        scores = np.empty((len(texts), self._outputs), dtype=np.float32)
        for start in range(0, len(texts), WINDOW):
            window = scores[start : start + WINDOW]
            ids = self.pieces.encode(texts[start : start + WINDOW])
            batches = list(batches_by_length(ids, BATCH_PIECES))
            if len(batches) == 1:
                window[batches[0]] = self._run(self._together, [ids[row] for row in batches[0]])
                continue
            # The longest first: the short ones at the end keep all cores busy until it is reached.
            parts = self._workers.map(lambda rows: self._run(self._alone, [ids[row] for row in rows]), batches)  # noqa: B023
            for rows, part in zip(batches, parts, strict=True):
                window[rows] = part
        return scores

    def exceed(self, texts: Sequence[str]) -> list[bool]:
        """Return for each text whether it is longer than what is read."""
        return self.pieces.exceed(texts)

    def tokens(self, text: str) -> list[str]:
        """Return the word pieces of a normalised text, as far as it is read."""
        return self.pieces.tokens(text)

    @staticmethod
    def _run(session: Any, ids: list[list[int]]) -> Scores:
        lengths = np.array([len(row) for row in ids])
        rows = np.zeros((len(ids), lengths.max()), dtype=np.int64)
        mask = np.arange(rows.shape[1]) < lengths[:, None]
        rows[mask] = np.concatenate(ids)
        scores: Scores = session.run(None, {"input_ids": rows, "attention_mask": mask.astype(np.int64)})[0]
        return scores


def load(folder: Path, manifest: Manifest, threads: int = 0) -> OnnxEngine:
    """Load `model.onnx` and `tokenizer.json` from a model folder whose files have been verified.

    Args:
        folder: the model's folder.
        manifest: its manifest; `max_length` is what the engine reads of a text.
        threads: cores to compute on; 0, or more than there are, takes all physical ones.

    Raises:
        ModelError: a file is missing, damaged, or not a classifier of 28 labels that this ONNX Runtime can run.
    """
    if manifest.max_length is None:
        raise ModelError(
            f"{folder / 'manifest.json'}: max_length is null; an ONNX model needs a number of word pieces."
        )
    cores = physical_cores()
    threads = min(threads, cores) if threads else cores
    pieces = WordPieces(_tokenizer(folder / TOKENIZER_FILE), manifest.max_length)
    outputs = len(LABELS) + len(manifest.risks)
    together = _session(folder / MODEL_FILE, threads, outputs)
    alone = together if threads == 1 else _session(folder / MODEL_FILE, 1, outputs)
    return OnnxEngine(together, alone, pieces, threads, outputs)


def physical_cores() -> int:
    """Return how many physical cores this process may compute on; hyper-threads only get in each other's way."""
    allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))
    siblings = set()
    for number in allowed:
        topology = Path(f"/sys/devices/system/cpu/cpu{number}/topology/thread_siblings_list")
        try:
            siblings.add(topology.read_text(encoding="ascii"))
        except OSError:
            siblings.add(str(number))
    return len(siblings)


def _tokenizer(path: Path) -> Tokenizer:
    if not path.is_file():
        raise ModelError(f"{path} is missing. Restore it from the repository.")
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing more special
        raise ModelError(f"{path} is damaged ({error}). Restore it from the repository.") from error


def _session(path: Path, threads: int, wanted: int) -> Any:
    if not path.is_file():
        raise ModelError(f"{path} is missing. Restore it from the repository, or train it again with `make train`.")
    onnxruntime.set_default_logger_severity(_SILENT)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _SILENT
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # The graph is written as it should run; further fusions (SkipLayerNormalization) make it slower.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    # Every batch has another shape, and a plan of memory kept for each would grow without end.
    options.enable_mem_pattern = False
    try:
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's errors have no common base
        raise ModelError(
            f"{path} cannot be run by ONNX Runtime {onnxruntime.__version__} ({str(error).strip()[:200]}). "
            f"Restore it from the repository, or install the version in requirements.txt."
        ) from error
    inputs, outputs = {value.name for value in session.get_inputs()}, session.get_outputs()
    if inputs != {"input_ids", "attention_mask"} or len(outputs) != 1 or outputs[0].shape[-1] != wanted:
        raise ModelError(
            f"{path} is not a classifier of {wanted} labels over input_ids and attention_mask: it takes "
            f"{', '.join(sorted(inputs))}. Restore it from the repository, or export it with `make train`."
        )
    return session
