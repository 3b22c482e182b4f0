"""Charts of what was read over time: volume, emotions, what occurs together, flags, spikes, drift, a second reading.

Each chart's `customdata` carries the values themselves, for whoever acts on a click; what is drawn is made harmless.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.charts import theme as parts
from core.charts.comparison import as_text
from core.charts.probabilities import ROW_HEIGHT
from core.rules.flags import CATEGORIES, SEVERITIES
from core.stats.drift import LARGE, MODERATE
from core.stats.metrics import RARE

MOST_DAYS: Final = 380
"""Days that `calendar` has room for."""

_SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "cross", "star", "triangle-down", "pentagon")
_DASHES: Final = ("solid", "dot", "dash", "longdash", "dashdot", "longdashdot", "12px 3px", "2px 6px")
_SEVERITY_LOOK: Final = {"info": (parts.GREY, ""), "watch": (parts.ORANGE, "/"), "urgent": (parts.RED, "x")}
_BAND_LOOK: Final = {
    "stable": (parts.BLUE, ""),
    "moderate": (parts.ORANGE, "/"),
    "large": (parts.RED, "x"),
    "": (parts.GREY, ""),
}

_SHADES: Final = [[0, "rgba(58,134,212,0.06)"], [1, "rgba(58,134,212,0.75)"]]
"""One hue from nearly clear to three quarters: the theme's ink keeps 4.5:1 on all of it, light or dark."""
_MOST_APART: Final = 100
"""Bars up to which there is room for a gap between them."""
_MOST_MARKERS: Final = 40
"""Markers drawn on one line; between them the line alone shows."""
_FEW: Final = 7
"""Labels up to which the cells of a heat map have room for their numbers."""
_WEEKS: Final = 20
"""Weeks for which a calendar leaves room at least: with fewer, its days would be broad beams."""


def volume(frame: pd.DataFrame) -> go.Figure:
    """Draw how many texts there were in each period and how many of them are flagged; dragging selects a period.

    The flagged ones stand on the base line, hatched, so that they can be compared as well as the whole bars.

    Args:
        frame: columns bucket and until (the period in UTC, its end not included), n and flagged (texts).

    Returns:
        a figure whose bars carry [bucket, until] as `customdata`, in ISO 8601, in UTC and without a zone.
    """
    frame = parts.in_utc(frame)
    length = (frame["until"] - frame["bucket"]).dt.total_seconds() * 1000
    filled = 0.9 if len(frame) <= _MOST_APART else 1.0
    bounds = [list(_iso(since, until)) for since, until in parts.rows(frame, "bucket", "until")]
    figure = go.Figure()
    for name, count, colour, hatching in (
        ("flagged", frame["flagged"], parts.ORANGE, "/"),
        ("not flagged", frame["n"] - frame["flagged"], parts.BLUE, ""),
    ):
        figure.add_bar(
            x=frame["bucket"],
            y=count,
            width=filled * length,
            offset=(1 - filled) / 2 * length,
            name=name,
            marker={"color": colour, "line": {"width": 0}, "pattern": parts.hatched(hatching)},
            customdata=bounds,
            # Both parts can be clicked; one of them speaks for the whole bar.
            hoverinfo="none",
        )
    figure.data[-1].update(
        hovertext=[
            f"{parts.period(since, until)}: {_texts(n)}<br>{flagged:,.0f} flagged "
            f"({parts.percent(flagged / n if n else 0)})"
            for since, until, n, flagged in parts.rows(frame, "bucket", "until", "n", "flagged")
        ],
        hoverinfo="text",
    )
    figure.update_layout(
        height=260,
        barmode="stack",
        margin=parts.MARGIN_OF_TIME,
        xaxis=parts.time_axis(frame),
        yaxis={
            "title": "texts",
            "fixedrange": True,
            "automargin": False,
            "rangemode": "tozero",
            # Between whole texts there is nothing to tick.
            "dtick": 1 if frame["n"].max() <= 5 else None,
        },
        legend=parts.LEGEND_BELOW | {"traceorder": "normal"},
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
    frame = parts.in_utc(frame)
    since, until, n, of_them = next(parts.rows(parts.most(frame, "n"), "bucket", "until", "n", "flagged"))
    return (
        f"{what}: {_texts(total)} in {parts.number(len(frame), 'period')}, {parts.span(frame)}; {flagged:,} flagged "
        f"({parts.percent(flagged / total)}). Most in {parts.period(since, until)}: {_texts(n)}, {of_them:,.0f} of "
        f"them flagged."
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
    frame = parts.in_utc(frame)
    frame = frame.assign(middle=frame["bucket"] + (frame["until"] - frame["bucket"]) / 2)
    ends = frame.dropna(subset=["share"]).drop_duplicates("name", keep="last").set_index("name")
    top = parts.top(frame["share"])
    heights = dict(zip(ends.index, _apart(ends["share"].tolist(), top / 14), strict=True))
    # All labels have the same periods: each is put into words once.
    periods = {
        since: (*_iso(since, until), parts.period(since, until))
        for since, until in parts.rows(frame.drop_duplicates("bucket"), "bucket", "until")
    }
    figure = go.Figure()
    for number, (name, own) in enumerate(frame.groupby("name", sort=False)):
        title = str(name)
        emoji, colour = next(parts.rows(own, "emoji", "colour"))
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
                f"{as_text(title)}: {parts.percent(share)}, {count:,.0f} of {_texts(n)}<br>{periods[since][2]}"
                for share, count, n, since in parts.rows(own, "share", "count", "n", "bucket")
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
        margin=parts.MARGIN_OF_TIME | {"r": 32},
        xaxis=parts.time_axis(frame) | {"fixedrange": True},
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
    known = parts.in_utc(frame.dropna(subset=["share"]))
    if known.empty:
        return f"{what}: no texts."
    said = []
    for name, own in known.groupby("name", sort=False):
        since, until, most = next(parts.rows(parts.most(own, "share"), "bucket", "until", "share"))
        first, last = own["share"].iloc[[0, -1]]
        said.append(
            f"{name}: {parts.percent(first)} at first, {parts.percent(last)} at last, most {parts.percent(most)} "
            f"({parts.period(since, until)})"
        )
    periods = known.drop_duplicates("bucket").sort_values("bucket")
    return f"{what}, {parts.number(len(periods), 'period')} with texts, {parts.span(periods)}. {'; '.join(said)}."


def distribution(frame: pd.DataFrame) -> go.Figure:
    """Draw the share of texts that carry each label as a bar, and as a tick the share in the period before.

    Args:
        frame: drawn in the order of its rows. Columns name, emoji, colour, count (texts), share (0..1), previous (the
            share before, NaN if there is none).

    Returns:
        a figure whose bars and ticks carry [name, count] as `customdata`.
    """
    keys = [list(row) for row in parts.rows(frame, "name", "count")]
    told = [
        f"{as_text(name)}: {parts.percent(share)}, {_texts(count)}"
        + ("" if pd.isna(previous) else f"<br>before: {parts.percent(previous)}")
        for name, share, count, previous in parts.rows(frame, "name", "share", "count", "previous")
    ]
    figure = go.Figure()
    figure.add_bar(
        y=parts.places(frame),
        x=frame["share"],
        orientation="h",
        marker={"color": frame["colour"].tolist()},
        customdata=keys,
        hovertext=told,
        hoverinfo="text",
        name="share",
    )
    figure.add_scatter(
        y=parts.places(frame),
        x=frame["previous"],
        mode="markers",
        marker={"symbol": "line-ns", "size": ROW_HEIGHT * 0.55, "line": {"width": 2, "color": parts.GREY}},
        customdata=keys,
        hovertext=told,
        hoverinfo="text",
        name="share before",
    )
    top = parts.top(frame["share"], frame["previous"])
    parts.lay_rows(figure, frame, [parts.percent(share) for share in frame["share"]], top)
    figure.update_xaxes(tickformat=".0%" if top > 0.04 else ".1%")
    return figure


def describe_distribution(frame: pd.DataFrame, limit: int = 5) -> str:
    """Say in words what `distribution` shows: the text alternative of the chart."""
    what = f"Bar chart of the share of texts that carry each of {parts.number(len(frame), 'label')}"
    if not frame["count"].any():
        return f"{what}: no texts."
    listed = ", ".join(
        f"{name} {parts.percent(share)} ({_texts(count)}"
        f"{'' if pd.isna(previous) else f'; before {parts.percent(previous)}'})"
        for name, share, count, previous in parts.rows(
            parts.most(frame, "share", limit), "name", "share", "count", "previous"
        )
    )
    changes = [
        (share - previous, name)
        for name, share, previous in parts.rows(frame.dropna(subset=["share", "previous"]), "name", "share", "previous")
    ]
    if not changes:
        return f"{what}. Most frequent: {listed}."
    change, changed = max(changes, key=lambda one: abs(one[0]))
    return (
        f"{what}, with the period before. Most frequent: {listed}. "
        f"Largest change: {changed} by {change * 100:+.1f} points."
    )


def co_occurrence(frame: pd.DataFrame) -> go.Figure:
    """Draw how often texts that carry the label of a row also carry that of a column; few labels have it in numbers.

    A row is headed by its label and the number of its texts: of few, the shares say little.

    Args:
        frame: a row per pair of labels, up to 28 by 28. Columns row, column, count (texts with both), share (of the
            texts with `row`, 0..1; NaN for a label with itself and where no text has `row`), row_count (texts with it).

    Returns:
        a figure whose cells carry [row, column, count, row_count] as `customdata`.
    """
    labels = list(dict.fromkeys([*frame["row"], *frame["column"]]))
    place = {label: number for number, label in enumerate(labels)}
    rows, columns = frame["row"].map(place).tolist(), frame["column"].map(place).tolist()
    shares = np.full((len(labels), len(labels)), np.nan)
    shares[rows, columns] = frame["share"].to_numpy(float)
    few = len(labels) <= _FEW
    figure = go.Figure()
    figure.add_heatmap(
        z=shares,
        zmin=0,
        # One of two texts is half of them: rare labels would take the shades from the others.
        zmax=parts.top(frame["share"].where(frame["row_count"] >= RARE)),
        colorscale=_SHADES,
        colorbar=_scale_below("share of the row's texts") | {"tickformat": ".0%"},
        text=[["" if np.isnan(share) else f"{share:.0%}" for share in line] for line in shares],
        texttemplate="%{text}" if few else None,
        xgap=1,
        ygap=1,
        hoverinfo="skip",
    )
    _add_cells(
        figure,
        columns,
        rows,
        customdata=[list(row) for row in parts.rows(frame, "row", "column", "count", "row_count")],
        hovertext=[
            as_text(_together(*row), 120) for row in parts.rows(frame, "row", "column", "count", "row_count", "share")
        ],
    )
    names = [as_text(label, 24) for label in labels]
    totals = dict(parts.rows(frame, "row", "row_count"))
    sizes = [f"{name} · {totals.get(label, 0):,.0f}" for name, label in zip(names, labels, strict=True)]
    figure.update_layout(
        height=(40 if few else 20) * len(labels) + 190,
        margin=parts.MARGIN
        | {"l": parts.room_for(sizes, 12 if few else 11), "t": 16 if few else parts.room_for(names, 10)},
        xaxis={
            **parts.BARE,
            "tickvals": list(range(len(labels))),
            "ticktext": names,
            "range": [-0.5, len(labels) - 0.5],
            "side": "top",
            # A few names lie flat where there is room, and turn on a phone.
            "automargin": few,
            "tickangle": None if few else -90,
            "tickfont": {"size": 12 if few else 10},
        },
        yaxis={
            **parts.BARE,
            "tickvals": list(range(len(labels))),
            "ticktext": sizes,
            "range": [len(labels) - 0.5, -0.5],
            "automargin": False,
            "tickfont": {"size": 12 if few else 11},
        },
        hovermode="closest",
        dragmode=False,
    )
    return figure


def describe_co_occurrence(frame: pd.DataFrame, limit: int = 3) -> str:
    """Say in words what `co_occurrence` shows: the text alternative of the chart."""
    pairs = frame[(frame["row"] != frame["column"]) & (frame["count"] > 0)]
    # The rare ones come last: among them, shares are high by chance.
    ranked = pairs.assign(rare=pairs["row_count"] < RARE).sort_values(["rare", "share"], ascending=[True, False])
    listed = "; ".join(
        f"{parts.percent(share)} of {_texts(row_count)} with {row}{' (rare)' if rare else ''} also carry {column}"
        for row, column, row_count, share, rare in parts.rows(
            ranked.head(limit), "row", "column", "row_count", "share", "rare"
        )
    )
    return (
        f"Heat map of how often {parts.number(frame['row'].nunique(), 'label')} occur together in a text. "
        f"Most often: {listed or 'no two'}."
    )


def severity_by_category(frame: pd.DataFrame) -> go.Figure:
    """Draw how many flags of each severity there are in each category, the urgent ones first and next to the base line.

    Counts stand above each bar: inside it, small ones would find no room and none would be legible on the hatching.

    Args:
        frame: columns category, severity (info, watch or urgent), count. Categories are drawn in the order of
            `core.rules.flags.CATEGORIES`, those with a row.

    Returns:
        a figure whose bars carry [category, severity] as `customdata`.
    """
    counts = _by_severity(frame)
    places = parts.places(counts)
    figure = go.Figure()
    for severity in reversed(SEVERITIES):
        colour, hatching = _SEVERITY_LOOK[severity]
        figure.add_bar(
            y=places,
            x=counts[severity],
            orientation="h",
            width=0.4,
            name=severity,
            marker={"color": colour, "pattern": parts.hatched(hatching)},
            customdata=[[category, severity] for category in counts.index],
            hovertext=[f"{category}: {count:,} {severity}" for category, count in counts[severity].items()],
            hoverinfo="text",
        )
    figure.add_scatter(
        y=[place - 0.36 for place in places],
        x=[0] * len(places),
        mode="text",
        text=[f"<b>{category}</b>  {_severities(count)}" for category, count in counts.iterrows()],
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_layout(
        height=48 * len(counts) + 90,
        barmode="stack",
        margin=parts.MARGIN | {"b": 72},
        xaxis={
            "title": "flags",
            "range": [0, 1.02 * parts.top(counts.sum(axis=1))],
            "showgrid": False,
            "fixedrange": True,
            "automargin": False,
        },
        yaxis={"automargin": False, "range": [len(counts) - 0.6, -0.6], "showticklabels": False, **parts.BARE},
        legend=parts.LEGEND_BELOW | {"traceorder": "normal"},
        hovermode="closest",
        dragmode=False,
    )
    return figure


def describe_severity_by_category(frame: pd.DataFrame) -> str:
    """Say in words what `severity_by_category` shows: the text alternative of the chart."""
    counts = _by_severity(frame)
    what = "Bar chart of flags by category and severity"
    if not counts.to_numpy().sum():
        return f"{what}: no flags."
    listed = "; ".join(f"{category}: {_severities(count)}" for category, count in counts.iterrows())
    return f"{what}, {_severities(counts.sum())} in all. {listed}."


def calendar(frame: pd.DataFrame) -> go.Figure:
    """Draw the days as a calendar: a column per ISO week, a row per weekday, darker for more texts, ▲ for a spike.

    Args:
        frame: a row per day, of which the last `MOST_DAYS` are drawn. Columns day (its date), n (texts), spike (whether
            a label was unusually frequent) and, for the strongest spike of the day, name (its label, or ""), score
            (robust z, NaN if unknown), count (texts with the label) and usual (how many are usual).

    Returns:
        a figure whose days carry [day, name] as `customdata`, the day as YYYY-MM-DD.
    """
    frame = _last_days(frame)
    monday = frame["day"] - pd.to_timedelta(frame["day"].dt.day_of_week, unit="D")
    weeks = ((monday - monday.min()).dt.days // 7).tolist()
    weekdays = frame["day"].dt.day_of_week.tolist()
    width = max([_WEEKS, *(week + 1 for week in weeks)])
    counts = np.full((7, width), np.nan)
    counts[weekdays, weeks] = frame["n"].to_numpy(float)
    spikes = frame["spike"].to_numpy(bool)
    figure = go.Figure()
    figure.add_heatmap(
        z=counts,
        zmin=0,
        zmax=parts.top(frame["n"]),
        colorscale=_SHADES,
        colorbar=_scale_below("texts a day"),
        xgap=1,
        ygap=2,
        hoverinfo="skip",
    )
    _add_cells(
        figure,
        weeks,
        weekdays,
        customdata=[[f"{day:%Y-%m-%d}", name] for day, name in parts.rows(frame, "day", "name")],
        hovertext=[
            f"{as_text(_spike(day, name, count, usual, score), 120)}<br>{_texts(n)}"
            if spike
            else f"{day:%Y-%m-%d}: {_texts(n)}"
            for day, spike, n, name, count, usual, score in parts.rows(
                frame, "day", "spike", "n", "name", "count", "usual", "score"
            )
        ],
        # As a text, the mark has the ink of the theme, which stands out from every shade.
        text=["▲" if spike else "" for spike in spikes],
    )
    if spikes.any():
        figure.add_annotation(
            x=1,
            xref="paper",
            xanchor="right",
            y=0,
            yref="paper",
            yanchor="top",
            yshift=-8,
            text="▲ spike",
            showarrow=False,
        )
    figure.update_layout(
        height=7 * 24 + 110,
        margin=parts.MARGIN | {"l": 40, "t": 36},
        xaxis={
            "automargin": False,
            **parts.BARE,
            **_months(frame["day"], weeks),
            "side": "top",
            "range": [-0.5, width - 0.5],
            "tickangle": 0,
        },
        yaxis={
            **parts.BARE,
            "tickvals": list(range(7)),
            "ticktext": ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
            "range": [6.5, -0.5],
            "automargin": False,
        },
        hovermode="closest",
        dragmode=False,
    )
    return figure


def describe_calendar(frame: pd.DataFrame, limit: int = 5) -> str:
    """Say in words what `calendar` shows: the text alternative of the chart."""
    frame = _last_days(frame)
    total = int(frame["n"].sum())
    if not total:
        return "Calendar of texts by day: no texts."
    day, n = next(parts.rows(parts.most(frame, "n"), "day", "n"))
    spikes = frame[frame["spike"].astype(bool)]
    strongest = parts.rows(parts.most(spikes, "score", limit), "day", "name", "count", "usual", "score")
    listed = "; ".join(_spike(*row) for row in strongest)
    return (
        f"Calendar of {_texts(total)} on {parts.number(len(frame), 'day')}, {frame['day'].min():%Y-%m-%d} to "
        f"{frame['day'].max():%Y-%m-%d}. Most on {day:%Y-%m-%d}: {_texts(n)}. "
        + (f"{parts.number(len(spikes), 'day')} with a spike, the strongest: {listed}." if listed else "No spikes.")
    )


def drift(frame: pd.DataFrame) -> go.Figure:
    """Draw how far each label's probabilities have shifted, with lines where a shift counts as moderate and as large.

    Args:
        frame: drawn in the order of its rows. Columns name, emoji, psi (population stability index, at least 0; NaN
            where it cannot be computed), band (stable, moderate, large, or "" where it cannot).

    Returns:
        a figure whose bars carry [name, band] as `customdata`.
    """
    looks = [_BAND_LOOK[band] for band in frame["band"]]
    figure = go.Figure()
    figure.add_bar(
        y=parts.places(frame),
        x=frame["psi"],
        orientation="h",
        marker={
            "color": [colour for colour, _ in looks],
            "pattern": parts.hatched([hatching for _, hatching in looks]),
        },
        customdata=[list(row) for row in parts.rows(frame, "name", "band")],
        hovertext=[
            f"{as_text(name)}: " + ("cannot be computed" if pd.isna(psi) else f"PSI {psi:.3f}, {band}")
            for name, psi, band in parts.rows(frame, "name", "psi", "band")
        ],
        hoverinfo="text",
    )
    parts.lay_rows(
        figure,
        frame,
        ["–" if pd.isna(psi) else f"{psi:.2f}" for psi in frame["psi"]],
        parts.top(frame["psi"], [0.3]),
        room=90,
    )
    # One name above the other: where a shift is very large, the lines are close together.
    for limit, name, line in ((MODERATE, "moderate", 1), (LARGE, "large", 0)):
        figure.add_vline(x=limit, line={"dash": "dot", "color": parts.GREY, "width": 2})
        figure.add_annotation(
            x=limit,
            y=1,
            yref="paper",
            yshift=15 * line,
            xanchor="left",
            yanchor="bottom",
            xshift=-4,
            text=name,
            showarrow=False,
        )
    figure.update_layout(margin={"t": 40, "b": 48}, xaxis={"side": "bottom", "title": "population stability index"})
    return figure


def describe_drift(frame: pd.DataFrame) -> str:
    """Say in words what `drift` shows: the text alternative of the chart."""
    said = []
    for band in ("large", "moderate"):
        own = parts.most(frame[frame["band"] == band], "psi", len(frame))
        listed = ", ".join(f"{name} {psi:.2f}" for name, psi in parts.rows(own, "name", "psi"))
        said.append(f"{len(own)} {band}{f' ({listed})' if listed else ''}")
    return (
        f"Bar chart of the shift of {parts.number(len(frame), 'label')}, as population stability index: "
        f"{', '.join(said)}, {(frame['band'] == 'stable').sum()} stable, {frame['psi'].isna().sum()} that "
        f"cannot be computed."
    )


def rescored(frame: pd.DataFrame, readings: tuple[str, str] = ("stored", "now")) -> go.Figure:
    """Draw two readings of a text: a hollow and a filled point, joined, per label.

    Args:
        frame: drawn in the order of its rows. Columns name, emoji, colour, before and after (probabilities, 0..1).
        readings: what the legend calls them.
    """
    figure = go.Figure()
    joined = [
        (place, x)
        for place, before, after in zip(parts.places(frame), frame["before"], frame["after"], strict=True)
        for x in (before, after, None)
    ]
    figure.add_scatter(
        y=[place for place, _ in joined],
        x=[x for _, x in joined],
        mode="lines",
        line={"color": parts.GREY, "width": 3},
        hoverinfo="skip",
        showlegend=False,
    )
    looks = (("before", readings[0], "circle-open", 13), ("after", readings[1], "circle", 10))
    for column, name, symbol, size in looks:
        figure.add_scatter(
            y=parts.places(frame),
            x=frame[column],
            mode="markers",
            cliponaxis=False,
            name=name,
            marker={"symbol": symbol, "size": size, "color": frame["colour"].tolist(), "line": {"width": 2}},
            hovertext=[
                f"{as_text(label)}, {name}: {parts.percent(value)}"
                for label, value in parts.rows(frame, "name", column)
            ],
            hoverinfo="text",
        )
    changes = [
        f"{parts.percent(before, 0)} → {parts.percent(after, 0)}"
        for before, after in parts.rows(frame, "before", "after")
    ]
    parts.lay_rows(figure, frame, changes, 1.0, right=108, room=80)
    figure.update_layout(xaxis_tickformat=".0%", showlegend=True, legend=parts.LEGEND_BELOW)
    return figure


def describe_rescored(frame: pd.DataFrame, readings: tuple[str, str] = ("stored", "now")) -> str:
    """Say in words what `rescored` shows: the text alternative of the chart."""
    changed = frame.assign(change=(frame["after"] - frame["before"]).abs())
    listed = ", ".join(
        f"{name} from {parts.percent(before)} to {parts.percent(after)}"
        for name, before, after in parts.rows(parts.most(changed, "change", len(frame)), "name", "before", "after")
    )
    return (
        f"Chart of the probability of {parts.number(len(frame), 'label')}, {readings[0]} and {readings[1]}: "
        f"{listed or 'none'}."
    )


def _texts(count: float) -> str:
    return parts.number(count, "text")


def _iso(since: pd.Timestamp, until: pd.Timestamp) -> tuple[str, str]:
    return since.isoformat(), until.isoformat()


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


def _add_cells(figure: go.Figure, columns: list[int], rows: list[int], **more: Any) -> None:
    """Add a point over each cell of a heat map, which itself cannot be clicked in Streamlit; a chosen one is framed."""
    figure.add_scatter(
        x=columns,
        y=rows,
        mode="markers+text",
        marker={"symbol": "square-open", "size": 16, "opacity": 0, "color": parts.GREY, "line": {"width": 2}},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 0}, "textfont": {"color": parts.GREY}},
        hoverinfo="text",
        showlegend=False,
        **more,
    )


def _scale_below(title: str) -> dict[str, Any]:
    return {
        "orientation": "h",
        "title": {"text": title, "side": "top"},
        "thickness": 10,
        "x": 0,
        "xanchor": "left",
        "len": 0.6,
        "y": 0,
        "yanchor": "top",
    }


def _together(row: str, column: str, count: float, row_count: float, share: float) -> str:
    of = f"{_texts(row_count)} with {row}{' (rare)' if 0 < row_count < RARE else ''}"
    return of if not row_count or row == column else f"{count:,.0f} of {of} also carry {column}: {parts.percent(share)}"


def _by_severity(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the flags by category (rows) and severity (columns)."""
    counts = frame.pivot_table(index="category", columns="severity", values="count", aggfunc="sum")
    present = [category for category in CATEGORIES if category in counts.index]
    return counts.reindex(index=present, columns=list(SEVERITIES)).fillna(0).astype(int)


def _severities(counts: "pd.Series[int]") -> str:
    return ", ".join(f"{counts[name]:,} {name}" for name in reversed(SEVERITIES) if counts[name]) or "no flags"


def _last_days(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(day=pd.to_datetime(frame["day"])).sort_values("day").tail(MOST_DAYS)


def _spike(day: pd.Timestamp, name: str, count: float, usual: float, score: float) -> str:
    said = f"{day:%Y-%m-%d}: {name or 'a spike'}"
    if not (pd.isna(count) or pd.isna(usual)):
        said += f", {count:,.0f} where {f'{usual:,.1f}'.removesuffix('.0')} are usual"
    return said if pd.isna(score) else f"{said} (score {score:.1f})"


def _months(days: "pd.Series[pd.Timestamp]", weeks: list[int]) -> dict[str, list[Any]]:
    """Return ticks at the weeks in which months begin, no closer to each other than their names are wide."""
    firsts = [
        (week, day) for week, day, new in zip(weeks, days, ~days.dt.to_period("M").duplicated(), strict=True) if new
    ]
    if len(firsts) > 1 and firsts[1][0] - firsts[0][0] < 3:
        firsts = firsts[1:]
    shown = firsts[:: 1 + len(firsts) // 8]
    years = [day.year for _, day in shown]
    new_year = [one != before for one, before in zip(years, [0, *years], strict=False)]
    return {
        "tickvals": [week for week, _ in shown],
        "ticktext": [
            f"{day:%b}{f'<br>{day.year}' if new else ''}" for (_, day), new in zip(shown, new_year, strict=True)
        ],
    }
