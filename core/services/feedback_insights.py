"""The use cases of learning from feedback: what people say of predictions, as tidy frames, and what came of it.

Answers are memoised until the store changes, in the memo of `core.services.explorer`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from core.access.actor import Actor
from core.emotions import AT_LEVEL, EMOTIONS, LABELS, Level
from core.explore.selection import Selection
from core.explore.time_buckets import bucket_for
from core.memo import Memo, memoised
from core.services.explorer import Explorer, carried_by
from core.stats.agreement import Agreement, agreement, wilson
from core.stats.metrics import RARE
from core.store import Store
from core.store.feedback_export import LOG_NAME, export_feedback
from core.store.feedback_stats import Answer, Comment, Effect, FeedbackStats, Mine

__all__ = [
    "LOG_NAME",
    "NOTHING",
    "Answer",
    "Comment",
    "Contested",
    "Effect",
    "FeedbackInsights",
    "Mine",
    "Satisfaction",
    "SecondLooks",
]

NOTHING: Final = "nothing"
"""Stands for no emotion: where the model said none too many, or people want none instead."""
_STRETCHES: Final = (timedelta(days=1), timedelta(days=7), timedelta(days=28))
"""Each is made of whole ones of those before it."""
_SOME: Final = 10
"""Thumbs of a period on average below which longer ones are tried."""
_LEAST_PERIODS: Final = 4
_MONDAY: Final = np.datetime64("2001-01-01", "us")
"""All stretches of time are counted from it, as the store does."""


@dataclass(frozen=True)
class Satisfaction:
    """How many thumbs are up.

    All frames have the columns ups, downs, n, share (of ups, 0..1) and its interval, low and high.

    Attributes:
        over_time: besides bucket and until (datetime64 in UTC), without gaps; shares are NaN where there are no thumbs.
        stretch: how long each of its periods is: where thumbs are few, long enough for some to be in each.
        labels: besides name and emoji, of the level; those with a thumb, the least satisfying first, rare ones last.
        models, sources: likewise, their emoji empty; the model's name is that of name and version.
    """

    ups: int
    downs: int
    low: float
    high: float
    over_time: pd.DataFrame
    stretch: timedelta
    labels: pd.DataFrame
    models: pd.DataFrame
    sources: pd.DataFrame

    @property
    def n(self) -> int:
        """Thumbs that hold."""
        return self.ups + self.downs

    @property
    def share(self) -> float:
        """The share of ups, 0..1; NaN without thumbs."""
        return self.ups / self.n if self.n else float("nan")


@dataclass(frozen=True)
class Contested:
    """What people correct: thumbs down that say what it should have been.

    Attributes:
        n: how many there are.
        labels: columns name, emoji, colour, wrongly (the model gave it, people do not), missed (the reverse), agreed
            (both gave it); those that are wrong or missed, the most often so first.
        pairs: columns said (by the model and not by people), wanted (the reverse), count, the most frequent first;
            `NOTHING` stands where there is none. A correction of two emotions to two others counts in four pairs.
    """

    n: int
    labels: pd.DataFrame
    pairs: pd.DataFrame


@dataclass(frozen=True)
class SecondLooks:
    """How far a decision and a second look, which did not know it, agree.

    Attributes:
        labels: columns name, emoji, kappa, low, high, n (texts in which either gave it), first, second, both; of the
            28, the least agreed first, then those with fewer than 30 such texts, then those that neither gave.
    """

    found: Agreement
    labels: pd.DataFrame


class FeedbackInsights:
    """Questions about feedback. Shared by all sessions; every method raises as `FeedbackStats` has it."""

    def __init__(self, store: Store, explorer: Explorer) -> None:
        self._store = store
        self._stats = FeedbackStats(store)
        self._explorer = explorer

    @property
    def memo(self) -> Memo:
        """Where answers are kept until the store changes."""
        return self._explorer.memo

    @property
    def revision(self) -> int:
        """A number that changes whenever the store does."""
        return self._explorer.revision

    @memoised
    def satisfaction(self, selection: Selection, level: Level) -> Satisfaction:
        """Return how many thumbs are up: over time, by label of a level, by model and by source."""
        bucket = self._bucket(selection)
        thumbs = self._thumbs(selection, bucket)
        ups, downs = int(thumbs["ups"].sum()), int(thumbs["downs"].sum())
        low, high = wilson(ups, ups + downs)
        dated = thumbs[thumbs["bucket"].notna()]
        stretch = _readable(dated, bucket)
        models = thumbs["model"].astype(str) + " " + thumbs["model_version"].astype(str)
        return Satisfaction(
            ups=ups,
            downs=downs,
            low=float(low),
            high=float(high),
            over_time=_over_time(dated, stretch),
            stretch=stretch,
            labels=_by_label(thumbs, level),
            models=_by_name(thumbs, models),
            sources=_by_name(thumbs, thumbs["source"].astype(str)),
        )

    @memoised
    def _thumbs(self, selection: Selection, bucket: timedelta) -> pd.DataFrame:
        return self._stats.thumbs(selection, bucket)

    @memoised
    def contested(self, selection: Selection) -> Contested:
        """Return which emotions people correct, and to what."""
        found = self._stats.corrections(selection)
        n = found["n"].to_numpy(np.int64)
        said, wanted = _unpacked(found["labels"].to_numpy(np.uint32)), _unpacked(found["suggested"].to_numpy(np.uint32))
        wrongly, missed = said & ~wanted, wanted & ~said
        labels = _labels(EMOTIONS).assign(wrongly=n @ wrongly, missed=n @ missed, agreed=n @ (said & wanted))
        labels["colour"] = [emotion.colour for emotion in EMOTIONS]
        order = (labels["wrongly"] + labels["missed"]).sort_values(ascending=False, kind="stable")
        return Contested(
            n=int(n.sum()),
            labels=labels.loc[order[order > 0].index].reset_index(drop=True),
            pairs=_pairs(_or_nothing(wrongly), _or_nothing(missed), n),
        )

    @memoised
    def count_comments(self, selection: Selection) -> int:
        """Return how many comments hold."""
        return self._stats.count_comments(selection)

    @memoised
    def comments(self, selection: Selection, limit: int, offset: int = 0) -> Sequence[Comment]:
        """Return some of the comments that hold, newest first."""
        return self._stats.comments(selection, limit, offset)

    @memoised
    def effect(self, selection: Selection) -> Effect:
        """Return how many thumbs led to a decision, which, and how fast."""
        return self._stats.effect(selection)

    @memoised
    def second_looks(self, selection: Selection) -> SecondLooks:
        """Return how far first decisions and second looks agree."""
        first, second = self._stats.second_looks(selection)
        found = agreement(_unpacked(first), _unpacked(second))
        of = found.labels
        frame = _labels(EMOTIONS).assign(
            kappa=of.value,
            low=of.low,
            high=of.high,
            n=of.first + of.second - of.both,
            first=of.first,
            second=of.second,
            both=of.both,
        )
        ordered = frame.assign(rare=frame["n"] < RARE, none=frame["n"] == 0).sort_values(
            ["none", "rare", "kappa"], kind="stable"
        )
        return SecondLooks(found, ordered.drop(columns=["rare", "none"]).reset_index(drop=True))

    @memoised
    def mine(self, actor: Actor, limit: int = 3) -> Mine:
        """Return what came of one person's thumbs, the newest `limit` answers among it."""
        return self._stats.mine(actor.name, limit)

    def export_log(
        self, selection: Selection | None, target: Path, cancelled: Callable[[], bool] = lambda: False
    ) -> int:
        """Write the log of feedback into a file of any size; return how many events, 0 if it was cancelled.

        Args:
            selection: what the events are of; None writes the whole log.

        Raises:
            InputError, StoreError: as `core.store.feedback_export` has it.
        """
        return export_feedback(self._store, selection, target, cancelled)

    def _bucket(self, selection: Selection) -> timedelta:
        facets = self._explorer.facets()
        begins = [moment for moment in (selection.since, facets.first) if moment]
        ends = [moment for moment in (selection.until, facets.last) if moment]
        # An empty store, and a period that is all before it or after it, have no thumbs to part.
        return bucket_for(max(begins), min(ends)) if begins and ends else timedelta(days=1)


def _rated(frame: pd.DataFrame) -> pd.DataFrame:
    """Add to ups and downs: n, share, low, high."""
    ups, n = frame["ups"].to_numpy(np.int64), (frame["ups"] + frame["downs"]).to_numpy(np.int64)
    low, high = wilson(ups, n)
    share = np.divide(ups, n, out=np.full(len(n), np.nan), where=n > 0)
    return frame.assign(n=n, share=share, low=low, high=high)


def _ranked(frame: pd.DataFrame) -> pd.DataFrame:
    """Return those with thumbs, the least satisfying first; the rare ones come last: among them, shares are chance."""
    rated = _rated(frame)
    rated = rated[rated["n"] > 0]
    ordered = rated.assign(rare=rated["n"] < RARE).sort_values(["rare", "share"], kind="stable")
    return ordered.drop(columns="rare").reset_index(drop=True)


def _readable(thumbs: pd.DataFrame, bucket: timedelta) -> timedelta:
    """Return a stretch of time, no shorter than `bucket`, that has some thumbs on average where it can be had."""
    total = int((thumbs["ups"] + thumbs["downs"]).sum())
    chosen = bucket
    for longer in _STRETCHES:
        if total >= _SOME * len(np.unique(_floored(thumbs, chosen))):
            break
        if longer > chosen and len(np.unique(_floored(thumbs, longer))) >= _LEAST_PERIODS:
            chosen = longer
    return chosen


def _floored(thumbs: pd.DataFrame, stretch: timedelta) -> NDArray[np.datetime64]:
    """Return when the stretch begins in which each row lies, datetime64[us] [n]."""
    begun = thumbs["bucket"].to_numpy("datetime64[us]")
    return np.asarray(begun - (begun - _MONDAY) % np.timedelta64(stretch), "datetime64[us]")


def _over_time(thumbs: pd.DataFrame, stretch: timedelta) -> pd.DataFrame:
    counts = thumbs.assign(bucket=_floored(thumbs, stretch)).groupby("bucket")[["ups", "downs"]].sum()
    if counts.empty:
        axis = pd.DatetimeIndex([], dtype="datetime64[us]")
    else:
        axis = pd.date_range(counts.index[0], counts.index[-1], freq=stretch, unit="us")
    frame = counts.reindex(axis, fill_value=0).astype(np.int64).rename_axis("bucket").reset_index()
    frame.insert(1, "until", frame["bucket"] + stretch)
    return _rated(frame)


def _by_label(thumbs: pd.DataFrame, level: Level) -> pd.DataFrame:
    carried = carried_by(thumbs, level)
    ups, downs = (thumbs[column].to_numpy(np.int64) @ carried for column in ("ups", "downs"))
    return _ranked(_labels(AT_LEVEL[level]).assign(ups=ups, downs=downs))


def _by_name(thumbs: pd.DataFrame, names: "pd.Series[str]") -> pd.DataFrame:
    counts = thumbs.assign(name=names).groupby("name", as_index=False)[["ups", "downs"]].sum()
    return _ranked(counts.assign(emoji=""))


def _labels(labels: Sequence[Any]) -> pd.DataFrame:
    return pd.DataFrame({"name": [one.name for one in labels], "emoji": [one.emoji for one in labels]})


def _unpacked(masks: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """Return which of the 28 emotions each set holds, bool [n, 28]."""
    return (masks[:, None] >> np.arange(len(LABELS), dtype=np.uint32) & 1).astype(np.bool_)


def _or_nothing(sets: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Add a column for those sets that are empty, bool [n, 29]."""
    return np.column_stack([sets, ~sets.any(axis=1)])


def _pairs(said: NDArray[np.bool_], wanted: NDArray[np.bool_], n: NDArray[np.int64]) -> pd.DataFrame:
    counts = said.T.astype(np.int64) @ (wanted * n[:, None])
    counts[-1, -1] = 0  # a thumb down that wants what the model said is no correction
    names = np.array([*LABELS, NOTHING], dtype=object)
    rows, columns = np.nonzero(counts)
    frame = pd.DataFrame({"said": names[rows], "wanted": names[columns], "count": counts[rows, columns]})
    return frame.sort_values("count", ascending=False, kind="stable").reset_index(drop=True)
