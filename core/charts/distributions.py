"""Charts of distributions: the share of each label, what occurs together, and how far scores have drifted.

Each chart's `customdata` carries the exact values, for the code that handles clicks; what is drawn is escaped.
"""

from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts import theme
from core.charts.theme import ROW_HEIGHT, as_text
from core.stats.drift import LARGE, MODERATE
from core.stats.metrics import RARE

_BAND_LOOK: Final = {
    "stable": (theme.BLUE, ""),
    "moderate": (theme.ORANGE, "/"),
    "large": (theme.RED, "x"),
    "": (theme.GREY, ""),
}

_FEW: Final = 7
"""Labels up to which the cells of a heat map have room for their numbers."""


def distribution(frame: pd.DataFrame) -> go.Figure:
    """Draw the share of texts that carry each label as a bar, and as a tick the share in the period before.

    Args:
        frame: drawn in the order of its rows. Columns name, emoji, colour, count (texts), share (0..1), previous (the
            share before, NaN if there is none).

    Returns:
        a figure whose bars and ticks carry [name, count] as `customdata`.
    """
    keys = [list(row) for row in theme.rows(frame, "name", "count")]
    told = [
        f"{as_text(name)}: {theme.percent(share)}, {theme.texts(count)}"
        + ("" if pd.isna(previous) else f"<br>before: {theme.percent(previous)}")
        for name, share, count, previous in theme.rows(frame, "name", "share", "count", "previous")
    ]
    figure = go.Figure()
    figure.add_bar(
        y=theme.places(frame),
        x=frame["share"],
        orientation="h",
        marker={"color": frame["colour"].tolist()},
        customdata=keys,
        hovertext=told,
        hoverinfo="text",
        name="share",
    )
    figure.add_scatter(
        y=theme.places(frame),
        x=frame["previous"],
        mode="markers",
        marker={"symbol": "line-ns", "size": ROW_HEIGHT * 0.55, "line": {"width": 2, "color": theme.GREY}},
        customdata=keys,
        hovertext=told,
        hoverinfo="text",
        name="share before",
    )
    top = theme.top(frame["share"], frame["previous"])
    theme.lay_rows(figure, frame, [theme.percent(share) for share in frame["share"]], top)
    figure.update_xaxes(tickformat=".0%" if top > 0.04 else ".1%")
    return figure


def describe_distribution(frame: pd.DataFrame, limit: int = 5) -> str:
    """Say in words what `distribution` shows: the text alternative of the chart."""
    what = f"Bar chart of the share of texts that carry each of {theme.number(len(frame), 'label')}"
    if not frame["count"].any():
        return f"{what}: no texts."
    listed = ", ".join(
        f"{name} {theme.percent(share)} ({theme.texts(count)}"
        f"{'' if pd.isna(previous) else f'; before {theme.percent(previous)}'})"
        for name, share, count, previous in theme.rows(
            theme.most(frame, "share", limit), "name", "share", "count", "previous"
        )
    )
    changes = [
        (share - previous, name)
        for name, share, previous in theme.rows(frame.dropna(subset=["share", "previous"]), "name", "share", "previous")
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
        zmax=theme.top(frame["share"].where(frame["row_count"] >= RARE)),
        colorscale=theme.SHADES,
        colorbar=theme.scale_below("share of the row's texts") | {"tickformat": ".0%"},
        text=[["" if np.isnan(share) else f"{share:.0%}" for share in line] for line in shares],
        texttemplate="%{text}" if few else None,
        xgap=1,
        ygap=1,
        hoverinfo="skip",
    )
    theme.add_cells(
        figure,
        columns,
        rows,
        customdata=[list(row) for row in theme.rows(frame, "row", "column", "count", "row_count")],
        hovertext=[
            as_text(_together(*row), 120) for row in theme.rows(frame, "row", "column", "count", "row_count", "share")
        ],
    )
    names = [as_text(label, 24) for label in labels]
    totals = dict(theme.rows(frame, "row", "row_count"))
    sizes = [f"{name} · {totals.get(label, 0):,.0f}" for name, label in zip(names, labels, strict=True)]
    figure.update_layout(
        height=(40 if few else 20) * len(labels) + 190,
        margin=theme.MARGIN
        | {"l": theme.room_for(sizes, 12 if few else 11), "t": 16 if few else theme.room_for(names, 10)},
        xaxis={
            **theme.BARE,
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
            **theme.BARE,
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
        f"{theme.percent(share)} of {theme.texts(row_count)} with {row}{' (rare)' if rare else ''} also carry {column}"
        for row, column, row_count, share, rare in theme.rows(
            ranked.head(limit), "row", "column", "row_count", "share", "rare"
        )
    )
    return (
        f"Heat map of how often {theme.number(frame['row'].nunique(), 'label')} occur together in a text. "
        f"Most often: {listed or 'no two'}."
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
        y=theme.places(frame),
        x=frame["psi"],
        orientation="h",
        marker={
            "color": [colour for colour, _ in looks],
            "pattern": theme.hatched([hatching for _, hatching in looks]),
        },
        customdata=[list(row) for row in theme.rows(frame, "name", "band")],
        hovertext=[
            f"{as_text(name)}: " + ("cannot be computed" if pd.isna(psi) else f"PSI {psi:.3f}, {band}")
            for name, psi, band in theme.rows(frame, "name", "psi", "band")
        ],
        hoverinfo="text",
    )
    theme.lay_rows(
        figure,
        frame,
        ["–" if pd.isna(psi) else f"{psi:.2f}" for psi in frame["psi"]],
        theme.top(frame["psi"], [0.3]),
        room=90,
    )
    # One name above the other: where a shift is very large, the lines are close together.
    for limit, name, line in ((MODERATE, "moderate", 1), (LARGE, "large", 0)):
        figure.add_vline(x=limit, line={"dash": "dot", "color": theme.GREY, "width": 2})
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
        own = theme.most(frame[frame["band"] == band], "psi", len(frame))
        listed = ", ".join(f"{name} {psi:.2f}" for name, psi in theme.rows(own, "name", "psi"))
        said.append(f"{len(own)} {band}{f' ({listed})' if listed else ''}")
    return (
        f"Bar chart of the shift of {theme.number(len(frame), 'label')}, as population stability index: "
        f"{', '.join(said)}, {(frame['band'] == 'stable').sum()} stable, {frame['psi'].isna().sum()} that "
        f"cannot be computed."
    )


def _together(row: str, column: str, count: float, row_count: float, share: float) -> str:
    of = f"{theme.texts(row_count)} with {row}{' (rare)' if 0 < row_count < RARE else ''}"
    return of if not row_count or row == column else f"{count:,.0f} of {of} also carry {column}: {theme.percent(share)}"
