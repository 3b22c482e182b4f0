"""The use cases of exploring predictions: what charts and tables ask of the store, as tidy frames at each level.

A group (Ekman's, or a sentiment) counts where any of its emotions reaches its threshold, and is as probable as its most
probable emotion. Answers are memoised until the store changes.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.emotions import AT_LEVEL, LABELS, Level, members, names, roll_up
from core.explore.selection import Selection
from core.explore.time_buckets import DAY, bucket_for, floor, naive
from core.memo import Memo, memoised
from core.predictions.record import StoredPrediction
from core.stats import anomalies, drift
from core.store import EXPORTS, Flips, Store, export
from core.store.explorer import ORDERS, Detail, ExplorerQueries, Facets, Listed, Near, Totals

__all__ = ["EXPORTS", "ORDERS", "Detail", "Drift", "Explorer", "Facets", "Listed", "Near", "Spike", "Totals"]


SAMPLE: Final = 20_000
"""Texts of each side from which drift is computed."""
ALL: Final = "all tweets"
"""What a spike in volume is called, beside those of emotions."""
MOST_SPIKES: Final = 50
CALENDAR: Final = timedelta(days=379)
"""What the calendar shows of a longer period: its end."""


@dataclass(frozen=True, slots=True)
class Spike:
    """A day on which something was far more frequent than in the four weeks before.

    Attributes:
        name: a label of the level, or `ALL`.
        usual: the median of the four weeks before.
        score: the robust z-score, see `core.stats.anomalies`.
        selection: the tweets of that day that carry it.
    """

    day: datetime
    name: str
    count: int
    usual: float
    score: float
    selection: Selection


@dataclass(frozen=True)
class Drift:
    """How far scores moved from a reference.

    Attributes:
        frame: columns name, emoji, psi, band.
        n, n_reference: how many predictions each side holds; at most about `SAMPLE` of each were looked at.
    """

    frame: pd.DataFrame
    n: int
    n_reference: int


class Explorer:
    """Questions about many predictions. Shared by all sessions; every method raises as `ExplorerQueries` has it.

    Attributes:
        memo: where answers are kept until the store changes.
    """

    def __init__(self, queries: ExplorerQueries, store: Store) -> None:
        self._queries = queries
        self._store = store
        self.memo: Final = Memo(queries.revision)

    @property
    def revision(self) -> int:
        """A number that changes whenever the store does."""
        return self._queries.revision()

    def export(
        self,
        selection: Selection,
        target: Path,
        cancelled: Callable[[], bool] = lambda: False,
        *,
        overwrite: bool = False,
    ) -> int:
        """Write what a selection holds into a file of any size; return how many rows, 0 if it was cancelled.

        Raises:
            InputError, StoreError: as `core.store.export` has it.
        """
        return export(self._store, selection, target, cancelled, overwrite=overwrite)

    def recent(self, limit: int = 20) -> list[StoredPrediction]:
        """Return the newest predictions in the store, newest first.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store.recent(limit)

    def stored(self) -> int:
        """Return how many predictions the store holds.

        Raises:
            StoreError: the store cannot be read.
        """
        return self._store.count()

    def flips(self, model: str, version: str, label: str, level: Level, *, old: float, new: float) -> Flips:
        """Count what another threshold of a label would change among the stored predictions of a model.

        Raises:
            StoreError: the store cannot be read.
        """
        (group,) = (numbers for name, numbers in zip(names(level), members(level), strict=True) if name == label)
        return self._store.flips(model, version, [LABELS[number] for number in group], old, new)

    @memoised
    def facets(self) -> Facets:
        """Return what the whole store has to choose from."""
        return self._queries.facets()

    @memoised
    def totals(self, selection: Selection) -> Totals:
        """Count a selection."""
        return self._queries.totals(selection)

    def before(self, selection: Selection) -> Selection | None:
        """Return the period before, with which a selection can be compared; None where the store began later."""
        before, first = selection.before, self.facets().first
        return before if before and before.since and first and first <= before.since else None

    @memoised
    def distribution(self, selection: Selection, level: Level) -> pd.DataFrame:
        """Return how many texts carry each label, the most frequent first.

        Returns:
            columns name, emoji, colour, count, share and previous (the share in the period before, NaN without one);
            shares in 0..1, NaN in an empty selection.
        """
        counts, n = self._counts(selection, level)
        before = self.before(selection)
        previous = np.full(len(counts), np.nan)
        if before is not None:
            counts_before, n_before = self._counts(before, level)
            previous = counts_before / n_before if n_before else previous
        frame = _labels(level).assign(count=counts, share=counts / n if n else np.nan, previous=previous)
        return frame.sort_values("count", ascending=False, kind="stable").reset_index(drop=True)

    @memoised
    def pairs(self, selection: Selection, level: Level) -> pd.DataFrame:
        """Return which labels occur together.

        Returns:
            columns row, column, count, share (of the texts with `row`, 0..1; NaN on the diagonal and where there are
            none) and row_count.
        """
        sets = self._all_sets(selection)
        carried = carried_by(sets, level)
        together = carried.T @ (carried * sets["n"].to_numpy()[:, None])
        own = np.diag(together)
        share = np.divide(together, own[:, None], out=np.full(together.shape, np.nan), where=own[:, None] > 0)
        np.fill_diagonal(share, np.nan)
        of = names(level)
        return pd.DataFrame(
            {
                "row": np.repeat(of, len(of)),
                "column": np.tile(of, len(of)),
                "count": together.ravel(),
                "share": share.ravel(),
                "row_count": np.repeat(own, len(of)),
            }
        )

    @memoised
    def over_time(self, selection: Selection, level: Level) -> pd.DataFrame:
        """Return counts by stretch of time, without gaps, of a length that suits the period.

        Returns:
            columns bucket, until (datetime64 in UTC), n, flagged, and one for each label of the level: its count.
        """
        period = self._covered(selection)
        if period is None:
            return pd.DataFrame(columns=["bucket", "until", "n", "flagged", *names(level)])
        bucket = bucket_for(*period)
        frame = self._every(bucket, *period, counted(_dated(self._sets(selection, bucket)), level))
        frame.insert(1, "until", frame["bucket"] + bucket)
        return frame

    def _all_sets(self, selection: Selection) -> pd.DataFrame:
        """Return how often each set of emotions occurs, in whatever stretch of time, and without a time."""
        period = self._covered(selection)
        return self._sets(selection, bucket_for(*period) if period else DAY)

    @memoised
    def _sets(self, selection: Selection, bucket: timedelta) -> pd.DataFrame:
        return self._queries.over_time(selection, bucket)

    @memoised
    def severities(self, selection: Selection) -> pd.DataFrame:
        """Count flags: columns category, severity, count."""
        return self._queries.severities(selection)

    @memoised
    def calendar(self, selection: Selection, level: Level) -> tuple[pd.DataFrame, tuple[Spike, ...]]:
        """Return the days of a selection, and its spikes, the most striking first.

        Returns:
            a frame with columns day (datetime64), n, score and name (of the most striking label that day, NaN and ""
            where unknown), count, usual and spike (bool); and at most `MOST_SPIKES` spikes.
        """
        period = self._covered(selection)
        if period is None:
            return pd.DataFrame(columns=["day", "n", "score", "name", "count", "usual", "spike"]), ()
        start = floor(max(period[0], period[1] - CALENDAR), DAY)
        history = selection.within(start - anomalies.BASELINE_DAYS * DAY, selection.until)
        since = self._covered(history) or period
        found = self._every(DAY, since[0], period[1], counted(_dated(self._sets(history, DAY)), level))
        counts = found.drop(columns=["bucket", "flagged"]).to_numpy(np.float64)
        usual, scores = anomalies.robust_scores(counts)
        spiking = (scores >= anomalies.SPIKE) & (counts >= anomalies.LEAST)
        labels = np.array([ALL, *names(level)])
        strongest = np.where(np.isnan(scores), -np.inf, scores).argmax(axis=1)
        at = np.arange(len(found)), strongest
        frame = pd.DataFrame(
            {
                "day": found["bucket"],
                "n": found["n"],
                "score": scores[at],
                "name": np.where(np.isnan(scores[:, 0]), "", labels[strongest]),
                "count": counts[at].astype(np.int64),
                "usual": usual[at],
                "spike": spiking.any(axis=1),
            }
        )
        shown = (found["bucket"] >= pd.Timestamp(naive(start))).to_numpy(np.bool_)
        stands_out = [
            Spike(
                day=(day := found["bucket"].iloc[row].to_pydatetime().replace(tzinfo=UTC)),
                name=str(labels[column]),
                count=int(counts[row, column]),
                usual=float(usual[row, column]),
                score=float(scores[row, column]),
                selection=_carrying(selection.within(day, day + DAY), str(labels[column]), level),
            )
            for row, column in zip(*np.nonzero(spiking & shown[:, None]), strict=True)
        ]
        stands_out.sort(key=lambda spike: spike.score, reverse=True)
        return frame[shown].reset_index(drop=True), tuple(stands_out[:MOST_SPIKES])

    @memoised
    def distinctive(self, spike: Spike) -> pd.DataFrame:
        """Return the words that tell a spike's tweets from the four weeks before: see `core.stats.anomalies`."""
        here = self._queries.words(spike.selection)
        earlier = spike.selection.within(spike.day - timedelta(days=anomalies.BASELINE_DAYS), spike.day)
        return anomalies.distinctive(here, self._queries.words(earlier))

    @memoised
    def drift(self, selection: Selection, reference: Selection, level: Level) -> Drift:
        """Compare how scores are distributed in two selections, label by label."""
        n, scores = self._queries.sample(selection, SAMPLE)
        n_reference, earlier = self._queries.sample(reference, SAMPLE)
        now, then = roll_up(scores, level), roll_up(earlier, level)
        indices = [drift.psi(then[:, column], now[:, column]) for column in range(now.shape[1])]
        frame = _labels(level).assign(psi=indices, band=[drift.band(index) for index in indices])
        ordered = frame.sort_values("psi", ascending=False, na_position="last", kind="stable").reset_index(drop=True)
        return Drift(ordered, n, n_reference)

    @memoised
    def count(self, selection: Selection) -> int:
        """Return how many predictions a selection holds."""
        return self._queries.count(selection)

    @memoised
    def undated(self, selection: Selection) -> int:
        """Return how many predictions fulfil all but the period, and have no time: no period holds them."""
        return self._queries.count(selection.without_time)

    @memoised
    def page(self, selection: Selection, order: str, limit: int, offset: int) -> list[Listed]:
        """Return some rows of a selection, ordered by the database."""
        return self._queries.page(selection, order, limit, offset)

    @memoised
    def detail(self, prediction_id: UUID) -> Detail | None:
        """Return all that is known of a prediction; None where it is not in the store (any more)."""
        return self._queries.detail(prediction_id)

    @memoised
    def batch_name(self, batch: UUID) -> str:
        """Return the name of the file or audit that rows came with, "" where the store holds none of them."""
        first = self.page(Selection(batch=batch), "newest", 1, 0)
        found = self.detail(first[0].id) if first else None
        return found.batch if found else ""

    @memoised
    def near(self, prediction_id: UUID) -> list[Near]:
        """Return the texts most similar to a prediction's."""
        found = self.detail(prediction_id)
        return self._queries.near(found) if found else []

    def _counts(self, selection: Selection, level: Level) -> tuple[NDArray[np.int64], int]:
        """Return how many texts carry each label, int64 [n_labels], and how many there are."""
        sets = self._all_sets(selection)
        n = sets["n"].to_numpy(np.int64)
        return (carried_by(sets, level) * n[:, None]).sum(axis=0), int(n.sum())

    def _covered(self, selection: Selection) -> tuple[datetime, datetime] | None:
        """Return the part of a selection's period in which the store holds anything; None where there is none."""
        facets = self.facets()
        if selection.undated or facets.first is None or facets.last is None:
            return None
        since = max(selection.since or facets.first, facets.first)
        # The end of a period is no part of it.
        last = min(selection.until - timedelta(microseconds=1) if selection.until else facets.last, facets.last)
        return (since, last) if since <= last else None

    @staticmethod
    def _every(bucket: timedelta, since: datetime, last: datetime, found: pd.DataFrame) -> pd.DataFrame:
        """Return counts with a row for every bucket of a period, those without texts included."""
        axis = pd.date_range(naive(floor(since, bucket)), naive(floor(last, bucket)), freq=bucket, unit="us")
        counts = found.assign(bucket=found["bucket"].astype("datetime64[us]")).set_index("bucket")
        return counts.reindex(axis, fill_value=0).astype(np.int64).rename_axis("bucket").reset_index()


def _dated(sets: pd.DataFrame) -> pd.DataFrame:
    """Return the sets of emotions that lie in a stretch of time."""
    return sets[sets["bucket"].notna()]


def carried_by(sets: pd.DataFrame, level: Level) -> NDArray[np.int64]:
    """Return which labels of a level each set of emotions carries, as 0 and 1, int64 [n_sets, n_labels]."""
    groups = np.array([sum(1 << one for one in group) for group in members(level)], np.uint32)
    carried: NDArray[np.bool_] = (sets["labels"].to_numpy()[:, None] & groups[None, :]) != 0
    return carried.astype(np.int64)


def counted(sets: pd.DataFrame, level: Level) -> pd.DataFrame:
    """Count labels by stretch of time: columns bucket, n, flagged and one for each label; only stretches with texts."""
    n = sets["n"].to_numpy(np.int64)
    counts = np.column_stack([n, sets["flagged"].to_numpy(np.int64), carried_by(sets, level) * n[:, None]])
    buckets, first = np.unique(sets["bucket"].to_numpy(), return_index=True)
    summed = np.add.reduceat(counts, first) if len(first) else counts
    frame = pd.DataFrame(summed, columns=["n", "flagged", *names(level)])
    frame.insert(0, "bucket", buckets)
    return frame


def _carrying(selection: Selection, name: str, level: Level) -> Selection:
    return selection if name == ALL else replace(selection, emotions=emotions_of(name, level), match="any", minimum=0.0)


def emotions_of(name: str, level: Level) -> tuple[str, ...]:
    """Return the emotions behind a label of a level."""
    group = members(level)[names(level).index(name)]
    return tuple(names("emotion")[number] for number in group)


def _labels(level: Level) -> pd.DataFrame:
    labels = AT_LEVEL[level]
    return pd.DataFrame(
        {
            "name": [label.name for label in labels],
            "emoji": [label.emoji for label in labels],
            "colour": [label.colour for label in labels],
        }
    )
