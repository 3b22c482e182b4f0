"""Predictions in numbers: volume and emotions over time, how often each occurs, and which occur together."""

from dataclasses import replace
from typing import Any, Final, cast

import pandas as pd
import streamlit as st

from core.charts import distributions
from core.charts import over_time as charts_over_time
from core.emotions import AT_LEVEL, Level
from pages import runtime
from pages.components.charts import clicks, draw_chart
from pages.shared.filters import View, show_label, show_pair, show_period

_CARD: Final = 128
"""Pixels of a key figure."""
_LINES: Final = 6
"""Labels that are drawn over time when none are asked for."""


def draw_totals(view: View) -> None:
    """Draw the row of key figures, each with its change against the period before."""
    exploring = runtime.app().explorer
    now = exploring.totals(view.selection)
    before = exploring.before(view.selection)
    earlier = exploring.totals(before) if before else None
    if earlier is not None and not earlier.n:
        earlier = None
    with st.container(horizontal=True, gap="xsmall", key="totals"):
        st.metric(
            "Tweets",
            now.n,
            _change(now.n, earlier.n) if earlier else None,
            delta_color="off",  # more is neither better nor worse
            format="compact",
            border=True,
            width=_CARD,
            help=f"{now.n:,} tweets.",
        )
        for label, of, colour, help_ in _SHARES:
            share, was = of(now), of(earlier) if earlier else None
            st.metric(
                label,
                "–" if share is None else f"{share:.1%}" if share < 0.1 else f"{share:.0%}",
                _points(share, was),
                delta_color=colour,
                border=True,
                width=_CARD,
                help=help_,
            )
    undated = exploring.undated(view.selection)
    without = ""
    if undated and view.selection.undated:
        without = " No time chart shows them."
    elif undated:
        where = "of them undated" if not (view.selection.since or view.selection.until) else "more are undated"
        without = f" {undated:,} {where}: in no chart over time; choose the period “undated” to see them."
    compared = " Changes are against the period of the same length before it." if earlier else ""
    st.caption(
        f"{now.n:,} tweets of {view.period}, with the filters above; thumbs: {now.ups:,} up, {now.downs:,} down."
        f"{compared}{without}"
    )


def _points(share: float | None, was: float | None) -> str | None:
    """Return a change in points; none where it rounds to nothing: an arrow would say that there is one."""
    if share is None or was is None or round(100 * (share - was), 1) == 0:
        return None
    return f"{(share - was) * 100:+.1f} pts"


def _share(part: int, of: int) -> float | None:
    return part / of if of else None


_SHARES: Final[tuple[tuple[str, Any, Any, str], ...]] = (
    (
        "Flagged",
        lambda one: _share(one.flagged, one.n),
        "inverse",
        "Tweets with at least one flag of the context rules.",
    ),
    ("Urgent", lambda one: _share(one.urgent, one.n), "inverse", "Tweets with an urgent flag."),
    (
        "Uncertain",
        lambda one: _share(one.uncertain, one.judged),
        "inverse",
        "No emotion reaches its threshold, or the most certain one exceeds it by less than 0.05.",
    ),
    ("Positive", lambda one: _share(one.positive, one.n), "normal", "Tweets whose strongest sentiment is positive."),
    ("Negative", lambda one: _share(one.negative, one.n), "inverse", "Tweets whose strongest sentiment is negative."),
)


def _change(now: int, before: int) -> str:
    return f"{(now - before) / before:+.1%}"


def draw(view: View, level: Level) -> None:
    """Draw the tab."""
    exploring = runtime.app().explorer
    if not exploring.totals(view.selection).n:
        st.info("No tweet matches these filters. Remove some of them above, or choose a longer period.")
        return
    distribution = exploring.distribution(view.selection, level)
    over_time = exploring.over_time(view.selection, level)
    if over_time["n"].sum():
        _draw_times(view, level, over_time, distribution)
    else:
        st.info("None of these tweets has a time, so there are no charts over time.")
    st.header("Frequency")
    draw_chart(
        distributions.distribution(distribution),
        f"distribution_{level}",
        distributions.describe_distribution(distribution),
        on_select=lambda key: _labelled(key, level),
    )
    st.caption(
        "Share of tweets in which the label reaches its threshold; a tweet can have several. Tick: the period before. "
        "Click a bar to filter by its label, again to clear that filter."
    )


def _draw_times(view: View, level: Level, over_time: pd.DataFrame, distribution: pd.DataFrame) -> None:
    exploring = runtime.app().explorer
    st.header("Volume over time")
    draw_chart(
        charts_over_time.volume(over_time),
        "volume",
        charts_over_time.describe_volume(over_time),
        on_select=_brushed,
        modes=("box", "points"),
    )
    st.caption(
        f"Tweets per {_bucket(over_time)}; flagged ones are hatched. Drag over the chart or click a bar to choose that "
        f"time. Times are UTC."
    )
    st.header("Emotions over time")
    # Shares are of all tweets that the other filters hold: of those with an emotion, all carry it.
    others = replace(view.selection, emotions=(), minimum=0.0)
    lines = _lines(exploring.over_time(others, level), distribution, level, view)
    draw_chart(
        charts_over_time.emotions_over_time(lines),
        f"lines_{level}",
        charts_over_time.describe_emotions_over_time(lines),
        on_select=_pointed,
    )
    st.caption(
        f"Share of the tweets per {_bucket(over_time)}: "
        + (
            "the chosen emotions, among the tweets that match the other filters."
            if view.selection.emotions
            else f"the {_LINES} most frequent besides neutral."
        )
    )


def draw_together(view: View, level: Level) -> None:
    """Draw the tab of what occurs together."""
    st.header("Emotions that occur together")
    pairs = runtime.app().explorer.pairs(view.selection, level)
    draw_chart(
        distributions.co_occurrence(pairs),
        f"pairs_{level}",
        distributions.describe_co_occurrence(pairs),
        on_select=lambda key: _paired(key, level),
    )
    st.caption(
        "Of the tweets with the label on the left, the share that also has the one above. Click to filter by both."
    )


def _bucket(frame: pd.DataFrame) -> str:
    if frame.empty:
        return "day"
    length = frame["until"].iloc[0] - frame["bucket"].iloc[0]
    units = ((pd.Timedelta(days=7), "week"), (pd.Timedelta(days=1), "day"), (pd.Timedelta(hours=1), "hour"))
    for unit, name in units:
        if length >= unit:
            times = length // unit
            return name if times == 1 else f"{times} {name}s"
    minutes = length // pd.Timedelta(minutes=1)
    return "minute" if minutes == 1 else f"{minutes} minutes"


def _lines(over_time: pd.DataFrame, distribution: pd.DataFrame, level: Level, view: View) -> pd.DataFrame:
    """Return one row for each bucket and label that is drawn, as `distributions.emotions_over_time` takes it."""
    ranked = [name for name in distribution["name"] if name != "neutral"]
    asked = set(view.selection.emotions)
    chosen = [name for name in ranked if name in asked][:8] if level == "emotion" and asked else ranked[:_LINES]
    labels = {label.name: label for label in AT_LEVEL[level]}
    parts = [
        over_time[["bucket", "until", "n"]].assign(
            name=name,
            emoji=labels[name].emoji,
            colour=labels[name].colour,
            count=over_time[name],
            share=(over_time[name] / over_time["n"].where(over_time["n"] > 0)).astype(float),
        )
        for name in chosen or ranked[:1]
    ]
    return pd.concat(parts, ignore_index=True)


def _brushed(key: str) -> None:
    state = cast(Any, st.session_state.get(key))
    if not state:
        return
    if points := state.selection.points:
        bounds = [point["customdata"][:2] for point in points]
        show_period(min(_time(since) for since, _ in bounds), max(_time(until) for _, until in bounds))
    elif boxes := state.selection.box:
        since, until = sorted(map(_time, boxes[0]["x"]))
        show_period(since, until)


def _time(written: str) -> Any:
    return pd.Timestamp(written, tz="UTC" if pd.Timestamp(written).tzinfo is None else None).to_pydatetime()


def _labelled(key: str, level: Level) -> None:
    for data in clicks(key):
        show_label(data[0], level)


def _pointed(key: str) -> None:
    for data in clicks(key):
        show_period(_time(data[1]), _time(data[2]))


def _paired(key: str, level: Level) -> None:
    for data in clicks(key):
        show_pair(data[0], data[1], level)
