"""What reading tweets with a model costs on this machine: time, throughput and memory.

Each model is measured in a process of its own, so that the memory is its own, and no other model's threads hold the
cores: `python -m core.experiments.cost FOLDER` prints the cost as JSON.
"""

import csv
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from core.emotions import LABELS
from core.errors import AffectraError, InputError, ModelError
from core.inference.classifier import Classifier, load
from core.machine import machine_kind
from core.settings import ROOT, settings

SINGLES: Final = 200
"""Tweets that are read one by one, fewer where that takes longer than `_SECONDS`."""
_SECONDS: Final = 4.0
"""For at most so long tweets are read one by one, and for about so long as files."""
_FILE: Final = 512
"""Tweets in one of those files."""
_POLL: Final = 0.2


class Cost(BaseModel):
    """Raw text in, labels out, on one machine.

    Attributes:
        median_ms, p95_ms: for one tweet, over `singles` of them.
        tweets_per_second: in files of 512, over `in_files` tweets.
        peak_mib: the most memory that the process held, Python and all libraries included.
        machine: its kind.
    """

    model_config = ConfigDict(frozen=True)
    median_ms: float
    p95_ms: float
    singles: int
    tweets_per_second: float
    in_files: int
    peak_mib: float
    machine: str

    def metrics(self) -> list[tuple[str, float]]:
        """Return the numbers as (name, value) for a tracker: `cost_median_ms` and so on."""
        return [(f"cost_{name}", float(value)) for name, value in self.model_dump(exclude={"machine"}).items()]


def measure(folder: Path, cancelled: Callable[[], bool] = lambda: False) -> Cost | None:
    """Measure the model in `folder`; takes about ten seconds. None if it was cancelled.

    Raises:
        ModelError: the model cannot be loaded.
        InputError: the sample tweets are missing.
    """
    process = subprocess.Popen(  # noqa: S603  (this very Python)
        [sys.executable, "-m", "core.experiments.cost", str(folder.resolve())],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while True:
        try:
            # Reads all the while: a process whose output is not read would stop and wait.
            said, complaint = process.communicate(timeout=_POLL)
            break
        except subprocess.TimeoutExpired:
            if cancelled():
                process.kill()
                process.communicate()
                return None
    try:
        return Cost.model_validate_json(said)
    except ValidationError as error:
        last = (complaint or said or f"it ended with code {process.returncode}").strip().splitlines()[-1]
        raise ModelError(f"{folder.name} could not be measured. {last}") from error


def read_costs(model: Classifier, texts: list[str]) -> Cost:
    """Measure in this process.

    Args:
        texts: raw tweets, at least one.

    Raises:
        ModelError: the model fails on a text.
    """
    for text in texts[:8]:
        read_labels(model, [text])
    alone: list[float] = []
    while len(alone) < SINGLES and sum(alone) < _SECONDS:
        started = time.perf_counter()
        read_labels(model, [texts[len(alone) % len(texts)]])
        alone.append(time.perf_counter() - started)
    done, started = 0, time.perf_counter()
    while (seconds := time.perf_counter() - started) < _SECONDS:
        read_labels(model, [texts[(done + number) % len(texts)] for number in range(_FILE)])
        done += _FILE
    return Cost(
        median_ms=round(statistics.median(alone) * 1e3, 3),
        p95_ms=round(float(np.quantile(alone, 0.95)) * 1e3, 3),
        singles=len(alone),
        tweets_per_second=round(done / seconds, 1),
        in_files=done,
        peak_mib=round(_peak_mib(), 1),
        machine=machine_kind(),
    )


def sample_texts(path: Path) -> list[str]:
    """Return the sample tweets as they were written.

    Raises:
        InputError: the file is missing, has no column `text`, or no tweet.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            texts = [row["text"] for row in csv.DictReader(file)]
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"{path}: no sample tweets to measure with ({error!r}). Restore the file.") from error
    if not texts:
        raise InputError(f"{path} holds no tweets. Restore the file.")
    return texts


def read_labels(model: Classifier, texts: Sequence[str]) -> list[list[str]]:
    """Return the emotions of raw texts: all that is timed."""
    decided = model.decide(model.read(texts))
    return [[LABELS[number] for number in np.flatnonzero(row)] for row in decided]


def _peak_mib() -> float:
    status = Path("/proc/self/status")
    if status.exists():
        # Linux: this process's own; getrusage would tell the peak of the one it was forked from, if that was higher.
        line = next(line for line in status.read_text(encoding="utf-8").splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2  # macOS counts in bytes


def main(folder: str) -> int:
    """Measure the model in `folder`, print its cost, and return the exit code: 2 if a problem is named on stderr."""
    try:
        chosen = settings()
        model = load(Path(folder), chosen.threads)
        print(read_costs(model, sample_texts(chosen.sample_tweets)).model_dump_json())
    except AffectraError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
