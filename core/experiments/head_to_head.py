"""Two runs head to head: what differs between them, and whether one is better beyond chance. Pure functions."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from core.emotions import AT_LEVEL, Level, names
from core.experiments.evidence import Decisions
from core.experiments.run import RunFacts, positive, share, trainings
from core.stats.metrics import BOOTSTRAP_SEED, Differences, Interval, f1_differences, resample


def _newest_of(trained: Sequence[RunFacts], fingerprint: str) -> RunFacts | None:
    return next((run for run in reversed(trained) if run.fingerprint == fingerprint), None)


def smallest_rival(runs: Sequence[RunFacts], fingerprint: str) -> tuple[RunFacts, RunFacts] | None:
    """Return the run of a model and that of the smallest model of another family, None if either is missing."""
    trained = trainings(runs)
    ours = _newest_of(trained, fingerprint)
    if ours is None:
        return None
    rivals = [run for run in trained if run.family != ours.family and positive(run.metrics.get("bytes", np.nan)) > 0]
    return (ours, min(rivals, key=lambda run: run.metrics["bytes"])) if rivals else None


def leading_rival(runs: Sequence[RunFacts], fingerprint: str, level: Level) -> tuple[RunFacts, RunFacts] | None:
    """Return the run of a model and the one with the highest macro-F1; None if that is the same, or one is missing."""
    trained = trainings(runs)
    ours = _newest_of(trained, fingerprint)
    known = [run for run in trained if not np.isnan(share(run.metrics.get(f"test_{level}_macro_f1", np.nan)))]
    if ours is None or not known:
        return None
    best = max(known, key=lambda run: run.metrics[f"test_{level}_macro_f1"])
    return None if best.id == ours.id else (ours, best)


@dataclass(frozen=True, slots=True)
class LevelDifference:
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
class HeadToHead:
    """Two runs head to head on the same `n` texts."""

    first: str
    second: str
    n: int
    levels: tuple[LevelDifference, ...]

    def at(self, level: Level) -> LevelDifference:
        """Return the differences at one level."""
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


def compare_runs(first: str, second: str, ours: Decisions, theirs: Decisions) -> HeadToHead | None:
    """Compare two runs on the texts that both decided; None if those are not the same texts.

    Args:
        first, second: what the runs are called.
    """
    if not ours.same_texts(theirs):
        return None
    n = len(ours.targets["emotion"])
    weights = resample(n, np.random.default_rng(BOOTSTRAP_SEED))
    return HeadToHead(
        first,
        second,
        n,
        tuple(
            LevelDifference(
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
