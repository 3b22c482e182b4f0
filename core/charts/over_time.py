"""Charts over time: how many texts in each period, and the share of them that carries each label.

Each chart's `customdata` carries the exact values, for the code that handles clicks; what is drawn is escaped.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.charts import theme
from core.charts.theme import as_text

_SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "cross", "star", "triangle-down", "pentagon")

_DASHES: Final = ("solid", "dot", "dash", "longdash", "dashdot", "longdashdot", "12px 3px", "2px 6px")

_MOST_APART: Final = 100
"""Bars up to which there is room for a gap between them."""

_MOST_MARKERS: Final = 40
"""Markers drawn on one line; between them the line alone shows."""


def volume(frame: pd.DataFrame) -> go.Figure:
    """Draw how many texts there were in each period and how many of them are flagged; dragging selects a period.

    The flagged ones stand on the base line, hatched, so that they can be compared as well as the whole bars.

    Args:
        frame: columns bucket and until (the period in UTC, its end not included), n and flagged (texts).

    Returns:
        a figure whose bars carry [bucket, until] as `customdata`, in ISO 8601, in UTC and without a zone.
    """
    frame = theme.in_utc(frame)
    length = (frame["until"] - frame["bucket"]).dt.total_seconds() * 1000
    filled = 0.9 if len(frame) <= _MOST_APART else 1.0
    bounds = [list(theme.iso(since, until)) for since, until in theme.rows(frame, "bucket", "until")]
    figure = go.Figure()
    for name, count, colour, hatching in (
        ("flagged", frame["flagged"], theme.ORANGE, "/"),
        ("not flagged", frame["n"] - frame["flagged"], theme.BLUE, ""),
    ):
        figure.add_bar(
            x=frame["bucket"],
            y=count,
            width=filled * length,
            offset=(1 - filled) / 2 * length,
            name=name,
            marker={"color": colour, "line": {"width": 0}, "pattern": theme.hatched(hatching)},
            customdata=bounds,
            # Both parts can be clicked; one of them speaks for the whole bar.
            hoverinfo="none",
        )
    figure.data[-1].update(
        hovertext=[
            f"{theme.period(since, until)}: {theme.texts(n)}<br>{flagged:,.0f} flagged "
            f"({theme.percent(flagged / n if n else 0)})"
            for since, until, n, flagged in theme.rows(frame, "bucket", "until", "n", "flagged")
        ],
        hoverinfo="text",
    )
    figure.update_layout(
        height=260,
        barmode="stack",
        margin=theme.MARGIN_OF_TIME,
        xaxis=theme.time_axis(frame),
        yaxis={
            "title": "texts",
            "fixedrange": True,
            "automargin": False,
            "rangemode": "tozero",
            # Between whole texts there is nothing to tick.
            "dtick": 1 if frame["n"].max() <= 5 else None,
        },
        legend=theme.LEGEND_BELOW | {"traceorder": "normal"},
        hovermode="x",
        dragmode="select",
        selectdirection="h",
    )
    return figure


def describe_volume(frame: pd.DataFrame) -> str:
    """Say in words what `volume` shows: the text alternative of the chart."""
    what = "Bar chart of the texts in each period, flagged and not"
    total, flagged = int(frame["n"].sum()), int(frame["flagged"].sum())
    if not total:
        return f"{what}: no texts."
    frame = theme.in_utc(frame)
    since, until, n, of_them = next(theme.rows(theme.most(frame, "n"), "bucket", "until", "n", "flagged"))
    return (
        f"{what}: {theme.texts(total)} in {theme.number(len(frame), 'period')}, {theme.span(frame)}; {flagged:,} "
        f"flagged ({theme.percent(flagged / total)}). Most in {theme.period(since, until)}: {theme.texts(n)}, "
        f"{of_them:,.0f} of them flagged."
    )


def emotions_over_time(frame: pd.DataFrame) -> go.Figure:
    """Draw the share of texts that carry each label, period by period: a line per label, a gap where there is no text.

    Lines differ in symbol and dash as well as in colour; at its end each has its emoji, which the legend names.

    Args:
        frame: a row per label and period, periods in order, at most eight labels. Columns bucket and until (the period
            in UTC, its end not included), name, emoji, colour, count (texts with the label), n (texts in the period),
            share (count / n in 0..1, NaN where n is 0).

    Returns:
        a figure whose points carry [name, bucket, until] as `customdata`, in ISO 8601, in UTC and without a zone.
    """
    frame = theme.in_utc(frame)
    frame = frame.assign(middle=frame["bucket"] + (frame["until"] - frame["bucket"]) / 2)
    ends = frame.dropna(subset=["share"]).drop_duplicates("name", keep="last").set_index("name")
    top = theme.top(frame["share"])
    heights = dict(zip(ends.index, _apart(ends["share"].tolist(), top / 14), strict=True))
    # All labels have the same periods: each is put into words once.
    periods = {
        since: (*theme.iso(since, until), theme.period(since, until))
        for since, until in theme.rows(frame.drop_duplicates("bucket"), "bucket", "until")
    }
    figure = go.Figure()
    for number, (name, own) in enumerate(frame.groupby("name", sort=False)):
        title = str(name)
        emoji, colour = next(theme.rows(own, "emoji", "colour"))
        figure.add_scatter(
            x=own["middle"],
            y=own["share"],
            mode="lines+markers",
            name=f"{emoji} {as_text(title)}",
            legendgroup=str(number),
            line={"color": colour, "width": 2, "dash": _DASHES[number % len(_DASHES)]},
            marker={
                "symbol": _SYMBOLS[number % len(_SYMBOLS)],
                "size": 8,
                "opacity": _marked(own["share"].to_numpy(float), number),
                "line": {"width": 0},
            },
            customdata=[[title, *periods[since][:2]] for since in own["bucket"]],
            hovertext=[
                f"{as_text(title)}: {theme.percent(share)}, {count:,.0f} of {theme.texts(n)}<br>{periods[since][2]}"
                for share, count, n, since in theme.rows(own, "share", "count", "n", "bucket")
            ],
            hoverinfo="text",
        )
        if name in heights:
            figure.add_scatter(
                x=[ends["middle"][name]],
                y=[heights[name]],
                mode="text",
                text=f" {emoji}",
                textposition="middle right",
                cliponaxis=False,
                legendgroup=str(number),
                showlegend=False,
                hoverinfo="skip",
            )
    figure.update_layout(
        height=380,
        margin=theme.MARGIN_OF_TIME | {"r": 32},
        xaxis=theme.time_axis(frame) | {"fixedrange": True},
        yaxis={
            "title": "share of texts",
            "tickformat": ".0%" if top > 0.04 else ".1%",
            "range": [0, 1.06 * max([top, *heights.values()])],
            "fixedrange": True,
            "automargin": False,
        },
        # On a phone it has several lines; hung below the dates, it never covers them.
        legend={"orientation": "h", "yanchor": "top", "y": -0.13, "x": 0},
        hovermode="closest",
        dragmode=False,
    )
    return figure


def describe_emotions_over_time(frame: pd.DataFrame) -> str:
    """Say in words what `emotions_over_time` shows: the text alternative of the chart."""
    what = "Line chart of the share of texts with each label by period"
    known = theme.in_utc(frame.dropna(subset=["share"]))
    if known.empty:
        return f"{what}: no texts."
    said = []
    for name, own in known.groupby("name", sort=False):
        since, until, most = next(theme.rows(theme.most(own, "share"), "bucket", "until", "share"))
        first, last = own["share"].iloc[[0, -1]]
        said.append(
            f"{name}: {theme.percent(first)} at first, {theme.percent(last)} at last, most {theme.percent(most)} "
            f"({theme.period(since, until)})"
        )
    periods = known.drop_duplicates("bucket").sort_values("bucket")
    return f"{what}, {theme.number(len(periods), 'period')} with texts, {theme.span(periods)}. {'; '.join(said)}."


def _apart(values: Sequence[float], gap: float) -> list[float]:
    """Return the values, in their places, pushed up where one is closer than `gap` to the one below it."""
    apart = list(values)
    for lower, upper in pairwise(sorted(range(len(apart)), key=apart.__getitem__)):
        apart[upper] = max(apart[upper], apart[lower] + gap)
    return apart


def _marked(shares: NDArray[np.float64], number: int) -> list[float]:
    """Return the opacity of a line's markers: some, at other places than its neighbours', and all that stand alone."""
    known = np.pad(~np.isnan(shares), 1)
    alone = ~known[:-2] & ~known[2:]
    step = -(-len(shares) // _MOST_MARKERS)
    chosen = (np.arange(len(shares)) + number * step // len(_SYMBOLS)) % step == 0
    return [float(flag) for flag in alone | chosen]
