"""The comparison as tables: runs and versions to tidy frames, ready to be drawn. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.emotions import Level
from core.experiments.run import RunFacts, positive, share, trainings
from core.experiments.tracking import Registry

_FIGURES: Final = (
    "macro_f1",
    "macro_f1_low",
    "macro_f1_high",
    "micro_f1",
    "micro_f1_low",
    "micro_f1_high",
    "weighted_f1",
    "macro_precision",
    "macro_recall",
    "subset_accuracy",
    "hamming_loss",
    "macro_f1_flat",
    "average_precision",
    "roc_auc",
    "calibration_error",
)
_COSTS: Final = ("median_ms", "p95_ms", "tweets_per_second", "peak_mib")


def board_frame(runs: Sequence[RunFacts], registry: Registry, level: Level) -> pd.DataFrame:
    """Return one row a training run, the best macro-F1 first; what a run did not measure is NaN.

    Speed is that of the newest measurement of the same model files, wherever it was made; `machine` says on what.

    Returns:
        columns run_id, name, family, base, model, version, started_at (UTC), champion, n, the level's figures on the
        test split (0..1), mb (10^6 bytes on disk), parameters, median_ms, p95_ms, tweets_per_second, peak_mib, machine.
    """
    champion = registry.version(registry.champion)
    newest = {run.fingerprint: run for run in runs if run.fingerprint and "cost_median_ms" in run.metrics}
    rows = []
    for run in trainings(runs):
        measured = newest.get(run.fingerprint, run)
        rows.append(
            {
                "run_id": run.id,
                "name": run.name,
                "family": run.family,
                "base": run.base,
                "model": run.model,
                "version": run.version,
                "started_at": run.started_at.astimezone(UTC).replace(tzinfo=None),
                "champion": champion is not None and champion.fingerprint == run.fingerprint,
                "n": positive(run.metrics.get("test_n", np.nan)),
                **{name: share(run.metrics.get(f"test_{level}_{name}", np.nan)) for name in _FIGURES},
                "mb": positive(run.metrics.get("bytes", np.nan)) / 1e6,
                "parameters": positive(run.metrics.get("n_parameters", np.nan)),
                **{name: positive(measured.metrics.get(f"cost_{name}", np.nan)) for name in _COSTS},
                "machine": measured.tags.get("machine", "") if "cost_median_ms" in measured.metrics else "",
            }
        )
    frame = pd.DataFrame(rows, columns=_BOARD_COLUMNS)
    return frame.sort_values(["macro_f1", "started_at"], ascending=False, na_position="last").reset_index(drop=True)


_BOARD_COLUMNS: Final = [
    *("run_id", "name", "family", "base", "model", "version", "started_at", "champion", "n"),
    *_FIGURES,
    *("mb", "parameters", *_COSTS, "machine"),
]


def pareto(size: NDArray[np.float64], quality: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which points no other one beats: none is at most as large and at least as good, and better in one.

    Args:
        size: float [n], smaller is better.
        quality: float [n], larger is better. A point with a NaN is never on the front.
    """
    front = np.zeros(len(size), dtype=bool)
    for place, (own_size, own_quality) in enumerate(zip(size, quality, strict=True)):
        if np.isnan(own_size) or np.isnan(own_quality):
            continue
        beats = (size <= own_size) & (quality >= own_quality) & ((size < own_size) | (quality > own_quality))
        front[place] = not beats.any()
    return front


@dataclass(frozen=True)
class Candidate:
    """A model that serves, could serve, or did: a version of the registry, a folder on this machine, or both.

    Attributes:
        number: the registry's, None if it is not registered.
        folder: its name under the models' folder, None if the files are not on this machine.
    """

    model: str
    version: str
    fingerprint: str
    family: str
    base: str
    number: int | None
    folder: str | None
    champion: bool
    macro_f1: float
    mb: float
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def label(self) -> str:
        """Name and version, as pages show them."""
        return f"{self.model} {self.version}"


@dataclass(frozen=True)
class Move:
    """One promotion, with the names of the versions it is about; `at` is UTC without a zone."""

    at: datetime
    by: str
    why: str
    came_from: str
    to: str
    to_number: int
