"""The comparison as tables: runs and versions to tidy frames, ready to be drawn. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.emotions import AT_LEVEL, Level, names
from core.experiments.evidence import Decisions
from core.experiments.run import RunFacts
from core.experiments.tracking import Registry
from core.stats.metrics import BOOTSTRAP_SEED, Differences, Interval, f1_differences, resample

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


def trainings(runs: Sequence[RunFacts]) -> list[RunFacts]:
    """Return the runs that trained a model, not those that only measured a speed."""
    return [run for run in runs if run.trained]


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
                "n": _positive(run.metrics.get("test_n", np.nan)),
                **{name: _share(run.metrics.get(f"test_{level}_{name}", np.nan)) for name in _FIGURES},
                "mb": _positive(run.metrics.get("bytes", np.nan)) / 1e6,
                "parameters": _positive(run.metrics.get("n_parameters", np.nan)),
                **{name: _positive(measured.metrics.get(f"cost_{name}", np.nan)) for name in _COSTS},
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


def _positive(value: float) -> float:
    """Take what nothing here can be for unknown; MLflow keeps an infinite metric as the largest number there is."""
    return value if 0 < value < 1e15 else np.nan


def _share(value: float) -> float:
    return value if 0 <= value <= 1 else np.nan


def _newest_of(trained: Sequence[RunFacts], fingerprint: str) -> RunFacts | None:
    return next((run for run in reversed(trained) if run.fingerprint == fingerprint), None)


def smallest_rival(runs: Sequence[RunFacts], fingerprint: str) -> tuple[RunFacts, RunFacts] | None:
    """Return the run of a model and that of the smallest model of another family, None if either is missing."""
    trained = trainings(runs)
    ours = _newest_of(trained, fingerprint)
    if ours is None:
        return None
    rivals = [run for run in trained if run.family != ours.family and _positive(run.metrics.get("bytes", np.nan)) > 0]
    return (ours, min(rivals, key=lambda run: run.metrics["bytes"])) if rivals else None


def leading_rival(runs: Sequence[RunFacts], fingerprint: str, level: Level) -> tuple[RunFacts, RunFacts] | None:
    """Return the run of a model and the one with the highest macro-F1; None if that is the same, or one is missing."""
    trained = trainings(runs)
    ours = _newest_of(trained, fingerprint)
    known = [run for run in trained if not np.isnan(_share(run.metrics.get(f"test_{level}_macro_f1", np.nan)))]
    if ours is None or not known:
        return None
    best = max(known, key=lambda run: run.metrics[f"test_{level}_macro_f1"])
    return None if best.id == ours.id else (ours, best)


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


@dataclass(frozen=True, slots=True)
class LevelDuel:
    """Two runs at one level: `differences` are the first's F1 less the second's, paired over the same texts."""

    level: Level
    differences: Differences
    support: tuple[int, ...]

    def frame(self) -> pd.DataFrame:
        """Return one row a label, the largest gain of the first run first: label, support, difference, low, high."""
        labels = self.differences.labels
        frame = pd.DataFrame(
            {
                "label": names(self.level),
                "support": self.support,
                "difference": [one.value for one in labels],
                "low": [one.low for one in labels],
                "high": [one.high for one in labels],
                "beyond_chance": [one.beyond_chance for one in labels],
            }
        )
        return frame.sort_values("difference", ascending=False, kind="stable").reset_index(drop=True)


@dataclass(frozen=True, slots=True)
class Duel:
    """Two runs head to head on the same `n` texts."""

    first: str
    second: str
    n: int
    levels: tuple[LevelDuel, ...]

    def at(self, level: Level) -> LevelDuel:
        """Return the duel at one level."""
        return next(one for one in self.levels if one.level == level)

    def frame(self) -> pd.DataFrame:
        """Return one row a level and measure: level, measure, difference, low, high, beyond_chance."""
        rows = [
            (at.level, measure, found.value, found.low, found.high, found.beyond_chance)
            for at in self.levels
            for measure, found in (("macro", at.differences.macro), ("micro", at.differences.micro))
        ]
        return pd.DataFrame(rows, columns=["level", "measure", "difference", "low", "high", "beyond_chance"])

    def sentence(self, level: Level, measure: Literal["macro", "micro"] = "macro") -> str:
        """Say plainly which run is better at a level, by how much, and whether that is beyond chance."""
        found: Interval = getattr(self.at(level).differences, measure)
        better, worse = (self.first, self.second) if found.value >= 0 else (self.second, self.first)
        span = sorted(abs(end) * 100 for end in (found.low, found.high))
        if found.beyond_chance:
            return (
                f"{better} is better than {worse} by {abs(found.value) * 100:.1f} points of {measure}-F1, and that is "
                f"beyond chance: the 95 % interval goes from {span[0]:.1f} to {span[1]:.1f}."
            )
        if found.low == found.high == 0:
            return f"{self.first} and {self.second} decide alike: there is no difference at all."
        ends = f"{found.low * 100:+.1f} to {found.high * 100:+.1f}"
        return (
            f"No winner: {better} is ahead by {abs(found.value) * 100:.1f} points of {measure}-F1, but that may be "
            f"chance: the 95 % interval of {self.first} less {self.second} goes from {ends}."
        )


def duel(first: str, second: str, ours: Decisions, theirs: Decisions) -> Duel | None:
    """Compare two runs on the texts that both decided; None if those are not the same texts.

    Args:
        first, second: what the runs are called.
    """
    if not ours.same_texts(theirs):
        return None
    n = len(ours.targets["emotion"])
    weights = resample(n, np.random.default_rng(BOOTSTRAP_SEED))
    return Duel(
        first,
        second,
        n,
        tuple(
            LevelDuel(
                level,
                f1_differences(ours.targets[level], ours.decided[level], theirs.decided[level], weights),
                tuple(int(count) for count in ours.targets[level].sum(axis=0)),
            )
            for level in AT_LEVEL
        ),
    )


def differing(first: RunFacts, second: RunFacts) -> pd.DataFrame:
    """Return the parameters and facts in which two runs differ: columns what, first, second."""
    facts = ("family", "base", "code_revision", "machine")
    sides = [run.params | {name: run.tags[name] for name in facts if name in run.tags} for run in (first, second)]
    rows = [
        (name, sides[0].get(name, "–"), sides[1].get(name, "–"))
        for name in sorted(sides[0].keys() | sides[1].keys())
        if sides[0].get(name) != sides[1].get(name)
    ]
    return pd.DataFrame(rows, columns=["what", "first", "second"])


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
