"""How fast, how big, how soon ready: one run on one machine, the contenders taking turns so that drift is shared.

Speeds depend on the machine and on what else it does; they are printed, and never tested.
"""

import csv
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
import transformers

from core.bench import board as board_bench
from core.emotions import LABELS
from core.errors import ModelError
from core.experiments import cost
from core.inference import classifier, serving
from core.inference.checkpoint import recover
from core.inference.classifier import Classifier
from core.inference.engines import onnx_engine, torch_engine
from core.machine import run_python
from core.settings import settings
from core.text import normaliser

_BLOCK: Final = 20
"""Single tweets that a contender reads before the next has its turn."""
_REST: Final = 0.3
"""Seconds before each turn: the threads of the contender before go on spinning for a while, and hold the cores."""
_FLAGS: Final = ("avx2", "avx512f", "avx_vnni", "avx512_vnni", "amx_int8")
_PACKAGES: Final = ("onnxruntime", "tokenizers", "torch", "transformers", "numpy")
_FIRST_PREDICTION: Final = """
import sys
from core.inference import classifier, serving
from core.settings import settings
chosen = settings()
model = classifier.load(serving.choices(chosen)[0].folder, chosen.threads)
model.top(model.read(["I can't believe we won, thank you all!"]))
print("ready", *sorted({"torch", "transformers", "mlflow", "sklearn", "streamlit"} & sys.modules.keys()))
"""
# Linux remembers the peak of the process that was forked, too: a small one in between keeps the bench's own out of it.
_PEAK: Final = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


@dataclass
class Contender:
    """One way from raw texts to labels, and the seconds it took.

    Attributes:
        read: texts in, one answer each out.
        per_round: texts of the file that it reads in one round; slow ones get fewer, of the same lengths.
        alone: seconds for one text, one entry each.
        rates: texts a second over a file, one entry a round.
    """

    name: str
    read: Callable[[Sequence[str]], object]
    per_round: int
    alone: list[float] = field(default_factory=list)
    rates: list[float] = field(default_factory=list)


def run(*, quick: bool = False) -> None:
    """Measure the serving model against PyTorch and the transformers pipeline, and print it.

    Args:
        quick: fewer rounds; a look, not a figure to quote.

    Raises:
        ModelError: the serving model is not an ONNX one.
        InputError: the sample tweets are missing.
    """
    transformers.logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers.logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    chosen = settings()
    folder = serving.choices(chosen)[0].folder
    texts = sample_texts(chosen.sample_tweets, 400 if quick else 4_000)
    ours = classifier.load(folder, chosen.threads)
    if ours.info.engine != "onnx":
        raise ModelError(f"{folder} holds a {ours.info.engine} model; the bench compares an ONNX one.")
    threads = min(chosen.threads or onnx_engine.physical_cores(), onnx_engine.physical_cores())
    torch.set_num_threads(threads)
    _print_machine(threads, texts)
    with tempfile.TemporaryDirectory() as scratch:
        checkpoint = recover(folder, Path(scratch))
        in_torch = torch_engine.load_checkpoint(checkpoint, threads)
        contenders, reference = _contenders(ours, in_torch, checkpoint, quick)
        _print_agreement(ours, in_torch, texts[:500])
        for _ in range(2 if quick else 10):
            _take_turns_alone(contenders, texts)
        for number in range(2 if quick else 5):
            _take_turns_on_a_file(contenders, texts, number)
    _print_table(contenders, reference)
    _print_arithmetic(folder, contenders[0], texts)
    _print_cold_start(2 if quick else 5)
    board_bench.run(20 if quick else 200, 1 if quick else 5)
    for rows in (2_000, 8_000) if quick else (20_000, 200_000):
        _print_command_line(sample_texts(chosen.sample_tweets, rows))


def sample_texts(path: Path, count: int) -> list[str]:
    """Return `count` raw texts: the sample tweets, then again with a number put after each.

    Raises:
        InputError: the file is missing or has no column `text`.
    """
    texts = cost.sample_texts(path)
    return [texts[number % len(texts)] + (f" {number}" if number >= len(texts) else "") for number in range(count)]


def _contenders(
    ours: Classifier, in_torch: torch_engine.TorchEngine, checkpoint: Path, quick: bool
) -> tuple[list[Contender], Contender]:
    """Return all contenders, ours first, and the one that the others are compared with."""
    theirs = _pipeline(str(checkpoint), None)
    tokenizer = theirs.tokenizer
    labels: dict[str, Any] = {"num_labels": len(LABELS)}
    distilbert = transformers.DistilBertConfig(**labels)
    roberta = transformers.RobertaConfig(max_position_embeddings=514, type_vocab_size=1, **labels)
    distilbert_model = transformers.DistilBertForSequenceClassification(distilbert).eval()  # type: ignore[no-untyped-call]
    roberta_model = transformers.RobertaForSequenceClassification(roberta).eval()  # type: ignore[no-untyped-call]
    thresholds = ours.thresholds.values["emotion"]
    share = 1 if quick else 5
    reference = Contender("transformers pipeline, this model", theirs, 40 * share)
    return [
        Contender("Affectra", lambda texts: cost.read_labels(ours, texts), 200 * share),
        Contender(
            "PyTorch engine, this model",
            lambda texts: in_torch.score([ours.normaliser.normalise(text) for text in texts]) >= thresholds,
            60 * share,
        ),
        reference,
        Contender("  the same, batch_size=32", lambda texts: theirs(list(texts), batch_size=32), 64 * share),
        Contender(
            f"  DistilBERT-base size ({_millions(distilbert_model)} M)",
            _pipeline(distilbert_model, tokenizer),
            20 * share,
        ),
        Contender(
            f"  RoBERTa-base size ({_millions(roberta_model)} M)", _pipeline(roberta_model, tokenizer), 10 * share
        ),
    ], reference


def _pipeline(model: Any, tokenizer: Any) -> Any:
    return transformers.pipeline(
        "text-classification",
        model=model,
        tokenizer=tokenizer,
        top_k=None,
        function_to_apply="sigmoid",
        device="cpu",
        truncation=True,
        max_length=torch_engine.MAX_LENGTH,
    )


def _millions(model: torch.nn.Module) -> int:
    return round(sum(parameter.numel() for parameter in model.parameters()) / 1e6)


def _take_turns_alone(contenders: Sequence[Contender], texts: Sequence[str]) -> None:
    block = texts[:: max(1, len(texts) // _BLOCK)][:_BLOCK]
    for contender in contenders:
        time.sleep(_REST)
        contender.read([block[0]])
        for text in block:
            started = time.perf_counter()
            contender.read([text])
            contender.alone.append(time.perf_counter() - started)


def _take_turns_on_a_file(contenders: Sequence[Contender], texts: Sequence[str], number: int) -> None:
    for contender in contenders:
        step = max(1, len(texts) // contender.per_round)
        file = [*texts[number % step :: step]][: contender.per_round]
        time.sleep(_REST)
        contender.read(file[:1])
        started = time.perf_counter()
        contender.read(file)
        contender.rates.append(len(file) / (time.perf_counter() - started))


def _print_machine(threads: int, texts: Sequence[str]) -> None:
    model, flags = platform.processor() or platform.machine(), ""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = (line.partition(":") for line in cpuinfo.read_text(encoding="utf-8").splitlines())
        facts = {key.strip(): value.strip() for key, _, value in lines}
        model = facts.get("model name", model)
        found = facts.get("flags", "").split()
        flags = ", " + " ".join(flag if flag in found else f"no {flag}" for flag in _FLAGS)
    print(f"Machine: {model}, {onnx_engine.physical_cores()} cores, {threads} used{flags}")
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    print(f"Versions: Python {platform.python_version()}, {packages}")
    print(f"Texts: {len(texts)} (the sample tweets, repeated with a number behind each)\n")


def _print_agreement(ours: Classifier, in_torch: torch_engine.TorchEngine, texts: Sequence[str]) -> None:
    clean = [text for text in map(ours.normaliser.normalise, texts) if text]
    apart = np.abs(ours.scores(clean) - in_torch.score(clean))
    print(
        f"ONNX int8 against its own weights in PyTorch fp32, {len(clean)} texts: probabilities differ by "
        f"{apart.mean():.5f} on average, {apart.max():.4f} at most\n"
    )


def _print_table(contenders: Sequence[Contender], reference: Contender) -> None:
    print(f"{'raw text in, labels out':36}{'one tweet, ms':>22}{'':>9}{'a file, tweets/s':>20}{'':>9}")
    print(f"{'':36}{'median':>11}{'p95':>11}{'ratio':>9}{'median':>11}{'n':>9}{'ratio':>9}")
    for one in contenders:
        alone, rate = statistics.median(one.alone), statistics.median(one.rates)
        quicker = statistics.median(reference.alone) / alone
        more = rate / statistics.median(reference.rates)
        print(
            f"{one.name:36}{alone * 1e3:11.2f}{np.quantile(one.alone, 0.95) * 1e3:11.2f}{quicker:8.1f}x"
            f"{rate:11.0f}{one.per_round * len(one.rates):9}{more:8.1f}x"
        )
    print(
        f"n = {len(contenders[0].alone)} single tweets each; ratios to {reference.name!r}, above 1 is better. "
        f"The two larger models have random weights: only their speed counts.\n"
    )


def _print_arithmetic(folder: Path, ours: Contender, texts: Sequence[str]) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    manifest = classifier.read_manifest(folder)
    engine = onnx_engine.load(folder, manifest)
    pieces = engine.pieces.lengths(list(map(normaliser(manifest.normaliser_version).normalise, texts)))
    mean = statistics.fmean(min(one, torch_engine.MAX_LENGTH) for one in pieces)
    work = 2 * _products(config, mean) / 1e9
    rate = statistics.median(ours.rates)
    print(
        f"Affectra: {mean:.1f} word pieces a tweet, {work:.2f} GFLOP (linear layers alone) x {rate:.0f}/s = "
        f"{work * rate:.0f} GFLOP/s in int8; fp32 matrix products peak at {_gemm_peak():.0f} GFLOP/s here\n"
    )


def _products(config: dict[str, Any], pieces: float) -> float:
    """Return the multiplications of one text's linear layers; in the last layer only [CLS] goes past the keys."""
    hidden, inner = config["hidden_size"], config["intermediate_size"]
    block = 4 * hidden**2 + 2 * hidden * inner
    last = pieces * 2 * hidden**2 + block - 2 * hidden**2
    head = hidden**2 + hidden * len(LABELS)
    embedded = config["embedding_size"]
    project = pieces * embedded * hidden if embedded != hidden else 0
    return float(project + (config["num_hidden_layers"] - 1) * pieces * block + last + head)


def _gemm_peak(size: int = 1_536, rounds: int = 10) -> float:
    """Return the best of some fp32 matrix products, in GFLOP/s."""
    left, right = torch.rand(size, size), torch.rand(size, size)
    best = float("inf")
    for _ in range(rounds):
        started = time.perf_counter()
        torch.mm(left, right)
        best = min(best, time.perf_counter() - started)
    return 2 * size**3 / best / 1e9


def _print_cold_start(rounds: int) -> None:
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        said = run_python("-c", _FIRST_PREDICTION)
        seconds.append(time.perf_counter() - started)
    print(
        f"Fresh process: started, one prediction and ended in {statistics.median(seconds):.2f} s (median of {rounds}); "
        f"heavy modules imported: {' '.join(said.split()[1:]) or 'none'}"
    )


def _print_command_line(texts: Sequence[str]) -> None:
    """Score a CSV in a process of its own, as a user does, and see that the rows came back whole and in order."""
    with tempfile.TemporaryDirectory() as scratch:
        source, target = Path(scratch) / "tweets.csv", Path(scratch) / "scored.csv"
        with source.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "text"])
            writer.writerows(enumerate(texts))
        started = time.perf_counter()
        peak = int(run_python("-c", _PEAK, sys.executable, "-m", "core", "score", str(source), "-o", str(target)))
        seconds = time.perf_counter() - started
        with target.open(encoding="utf-8", newline="") as file:
            in_order = [int(row["id"]) for row in csv.DictReader(file)] == list(range(len(texts)))
    # Linux counts in KiB, macOS in bytes.
    mebibytes = peak / (1024**2 if sys.platform == "darwin" else 1024)
    print(
        f"python -m core score, {len(texts):,} rows of CSV: {seconds:.1f} s, {len(texts) / seconds:.0f} rows/s, at "
        f"most {mebibytes:.0f} MiB resident, rows {'in order' if in_order else 'OUT OF ORDER'}"
    )
