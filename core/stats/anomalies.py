"""Days that stand out, and the words that stand out on them. Pure functions over counts."""

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

BASELINE_DAYS: Final = 28
"""How many days before a day say what is usual: four weeks, so that every weekday counts alike."""
HISTORY_DAYS: Final = 14
"""With fewer days of history than this nothing is called usual."""
SPIKE: Final = 5.0
"""From this robust z-score on a day is a spike: on steady traffic that happens by chance less than once in 1,000."""
LEAST: Final = 10
"""Fewer texts than this are no spike, whatever was usual."""


def robust_scores(counts: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Compare each day with the four weeks before it.

    The score is (count - median) / spread. The spread is 1.4826 times the median absolute deviation, which estimates
    the standard deviation of a normal distribution (Leys et al., "Detecting outliers", 2013), but at least the square
    root of the median, the noise of counting (Poisson), and at least 1.

    Args:
        counts: float64 [n_days, n_series], consecutive days.

    Returns:
        what is usual (the median) and the score, both float64 [n_days, n_series]; NaN for days with less than
        `HISTORY_DAYS` before them.
    """
    usual = np.full(counts.shape, np.nan)
    scores = np.full(counts.shape, np.nan)
    for day in range(HISTORY_DAYS, len(counts)):
        before = counts[max(0, day - BASELINE_DAYS) : day]
        median = np.median(before, axis=0)
        deviation = 1.4826 * np.median(np.abs(before - median), axis=0)
        spread = np.maximum(np.maximum(deviation, np.sqrt(median)), 1.0)
        usual[day], scores[day] = median, (counts[day] - median) / spread
    return usual, scores


def distinctive(here: pd.DataFrame, there: pd.DataFrame, most: int = 8, least: int = 3) -> pd.DataFrame:
    """Return the words that are more frequent here than there, the most telling first.

    Words are ordered by the z-score of their log-odds ratio with a prior of both corpora together (Monroe, Colaresi and
    Quinn, "Fightin' Words", Political Analysis 2008, equations 16 and 22), over texts that hold a word rather than over
    its occurrences.

    Args:
        here, there: columns word, texts, of: how many of `of` texts hold the word.
        most: words that are returned at most.
        least: texts that must hold a word here.

    Returns:
        columns word, share, usual (shares of texts with the word, 0..1) and z, where z > 1.96.
    """
    joined = here.merge(there, how="left", on="word", suffixes=("", "_there"))
    if joined.empty:
        return pd.DataFrame({"word": [], "share": [], "usual": [], "z": []})
    n_here = float(here["of"].iloc[0])
    n_there = float(there["of"].iloc[0]) if len(there) else 0.0
    y_here = joined["texts"].to_numpy(np.float64)
    y_there = joined["texts_there"].fillna(0).to_numpy(np.float64)
    # The prior weighs as much as ten texts, spread as the words are in both together.
    rate = (y_here + y_there + 0.5) / (n_here + n_there + 1)
    prior, weight = 10 * rate, 10.0
    odds_here = np.log((y_here + prior) / (n_here + weight - y_here - prior))
    odds_there = np.log((y_there + prior) / (n_there + weight - y_there - prior))
    z = (odds_here - odds_there) / np.sqrt(1 / (y_here + prior) + 1 / (y_there + prior))
    found = pd.DataFrame(
        {"word": joined["word"], "share": y_here / n_here, "usual": y_there / max(n_there, 1.0), "z": z}
    )
    telling: pd.DataFrame = found[(y_here >= least) & (z > 1.96)]
    return telling.sort_values("z", ascending=False, kind="stable").head(most).reset_index(drop=True)
