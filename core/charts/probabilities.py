"""Charts of probabilities: one text's with its thresholds, two readings of one text, and the labels of a file."""

from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.charts import theme
from core.charts.theme import ROW_HEIGHT, as_text
from core.emotions import AT_LEVEL, Level, Scores, roll_up
from core.inference.classifier import Thresholds

_SENTIMENT_ORDER: Final = {"positive": 0, "negative": 1, "ambiguous": 2, "neutral": 3}


def bars_frame(scores: Scores, thresholds: Thresholds, level: Level) -> pd.DataFrame:
    """Return one row per label of `level`, grouped by sentiment: what `emotion_bars` draws.

    Args:
        scores: float32 [1, 28], one text.

    Returns:
        columns name, emoji, colour, sentiment, probability, threshold, decided.
    """
    labels = AT_LEVEL[level]
    frame = pd.DataFrame(
        {
            "name": [label.name for label in labels],
            "emoji": [label.emoji for label in labels],
            "colour": [label.colour for label in labels],
            "sentiment": [label.sentiment for label in labels],
            "probability": roll_up(scores, level)[0].astype(float),
            "threshold": thresholds.values[level].astype(float),
        }
    )
    frame["decided"] = frame["probability"] >= frame["threshold"]
    return frame.sort_values("sentiment", key=lambda column: column.map(_SENTIMENT_ORDER), kind="stable").reset_index(
        drop=True
    )


def emotion_bars(frame: pd.DataFrame) -> go.Figure:
    """Draw a label's probability as a bar and its threshold as a tick.

    A label that reaches its threshold has a filled bar and a check mark; one below has a pale, outlined bar: the
    difference does not depend on colour. The order of the rows is kept, so that bars move in place during typing.
    """
    names = [f"{row.emoji} {row.name}" for row in frame[["emoji", "name"]].itertuples(index=False)]
    colours = frame["colour"].tolist()
    decided = frame["decided"].to_numpy()
    figure = go.Figure()
    figure.add_bar(
        y=names,
        x=frame["probability"],
        orientation="h",
        marker={"color": colours, "opacity": np.where(decided, 1.0, 0.45), "line": {"color": colours, "width": 1}},
        hovertemplate="%{y}: %{x:.1%}<extra></extra>",
        name="probability",
    )
    figure.add_scatter(
        y=names,
        x=frame["threshold"],
        mode="markers",
        marker={"symbol": "line-ns", "size": ROW_HEIGHT * 0.55, "line": {"width": 2, "color": "#7a7f87"}},
        hovertemplate="%{y}: threshold %{x:.2f}<extra></extra>",
        name="threshold",
    )
    # A column of their own at the right: beside the bars they would lie under the thresholds.
    figure.add_scatter(
        y=names,
        x=[1.0] * len(frame),
        mode="text",
        text=[
            f"<b>{value:.0%} ✓</b>" if flag else (f"{value:.0%}" if value >= 0.01 else "")
            for value, flag in zip(frame["probability"], decided, strict=True)
        ],
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
        name="value",
    )
    figure.update_layout(
        height=ROW_HEIGHT * len(frame) + 40,
        margin={"l": 8, "r": 64, "t": 32, "b": 8},
        xaxis={"range": [0, 1], "tickformat": ".0%", "side": "top", "fixedrange": True},
        yaxis={"range": [len(frame) - 0.4, -0.6], "fixedrange": True, "automargin": True, "tickfont": {"size": 13}},
        bargap=0.25,
        showlegend=False,
        transition={"duration": 180, "easing": "cubic-out"},
        hovermode="closest",
    )
    return figure


def counts_frame(counts: NDArray[np.int64], rows: int, level: Level) -> pd.DataFrame:
    """Return one row per label of `level`, the most frequent first: what `share_bars` draws.

    Args:
        counts: int64 [n_labels of the level], texts that carry the label.
        rows: texts in all, at least 1.
    """
    labels = AT_LEVEL[level]
    frame = pd.DataFrame(
        {
            "name": [label.name for label in labels],
            "emoji": [label.emoji for label in labels],
            "colour": [label.colour for label in labels],
            "count": counts,
            "share": counts / rows,
        }
    )
    return frame.sort_values("count", ascending=False, kind="stable").reset_index(drop=True)


def share_bars(frame: pd.DataFrame) -> go.Figure:
    """Draw how many texts carry each label.

    Args:
        frame: columns name, emoji, colour, count and share (0..1), drawn in the order of its rows.
    """
    names = [f"{row.emoji} {row.name}" for row in frame[["emoji", "name"]].itertuples(index=False)]
    figure = go.Figure()
    figure.add_bar(
        y=names,
        x=frame["share"],
        orientation="h",
        marker={"color": frame["colour"].tolist()},
        text=[f"{share:.1%}" for share in frame["share"]],
        customdata=frame["count"],
        textposition="outside",
        cliponaxis=False,
        hovertemplate="%{y}: %{customdata:,} texts (%{x:.1%})<extra></extra>",
    )
    figure.update_layout(
        height=ROW_HEIGHT * len(frame) + 40,
        margin={"l": 8, "r": 60, "t": 32, "b": 8},
        xaxis={"tickformat": ".0%", "side": "top", "fixedrange": True, "rangemode": "tozero"},
        yaxis={"range": [len(frame) - 0.4, -0.6], "fixedrange": True, "automargin": True, "tickfont": {"size": 13}},
        bargap=0.25,
        showlegend=False,
    )
    return figure


def describe_shares(frame: pd.DataFrame, rows: int, limit: int = 5) -> str:
    """Say in words what `share_bars` shows: the text alternative of the chart."""
    listed = ", ".join(
        f"{row.name} {row.share:.1%}" for row in frame.head(limit)[["name", "share"]].itertuples(index=False)
    )
    return f"Bar chart of how many of {rows:,} texts carry each of {len(frame)} labels. Most frequent: {listed}."


def describe_bars(frame: pd.DataFrame, limit: int = 5) -> str:
    """Say in words what `emotion_bars` shows: the text alternative of the chart."""
    strongest = frame.sort_values("probability", ascending=False).head(limit)
    listed = ", ".join(
        f"{row.name} {row.probability:.0%}{' (above its threshold)' if row.decided else ''}"
        for row in strongest[["name", "probability", "decided"]].itertuples(index=False)
    )
    return f"Bar chart of the probabilities of {len(frame)} labels, with each label's threshold. Strongest: {listed}."


def rescored(frame: pd.DataFrame, readings: tuple[str, str] = ("stored", "now")) -> go.Figure:
    """Draw two readings of a text: a hollow and a filled point, joined, per label.

    Args:
        frame: drawn in the order of its rows. Columns name, emoji, colour, before and after (probabilities, 0..1).
        readings: what the legend calls them.
    """
    figure = go.Figure()
    joined = [
        (place, x)
        for place, before, after in zip(theme.places(frame), frame["before"], frame["after"], strict=True)
        for x in (before, after, None)
    ]
    figure.add_scatter(
        y=[place for place, _ in joined],
        x=[x for _, x in joined],
        mode="lines",
        line={"color": theme.GREY, "width": 3},
        hoverinfo="skip",
        showlegend=False,
    )
    looks = (("before", readings[0], "circle-open", 13), ("after", readings[1], "circle", 10))
    for column, name, symbol, size in looks:
        figure.add_scatter(
            y=theme.places(frame),
            x=frame[column],
            mode="markers",
            cliponaxis=False,
            name=name,
            marker={"symbol": symbol, "size": size, "color": frame["colour"].tolist(), "line": {"width": 2}},
            hovertext=[
                f"{as_text(label)}, {name}: {theme.percent(value)}"
                for label, value in theme.rows(frame, "name", column)
            ],
            hoverinfo="text",
        )
    changes = [
        f"{theme.percent(before, 0)} → {theme.percent(after, 0)}"
        for before, after in theme.rows(frame, "before", "after")
    ]
    theme.lay_rows(figure, frame, changes, 1.0, right=108, room=80)
    figure.update_layout(xaxis_tickformat=".0%", showlegend=True, legend=theme.LEGEND_BELOW)
    return figure


def describe_rescored(frame: pd.DataFrame, readings: tuple[str, str] = ("stored", "now")) -> str:
    """Say in words what `rescored` shows: the text alternative of the chart."""
    changed = frame.assign(change=(frame["after"] - frame["before"]).abs())
    listed = ", ".join(
        f"{name} from {theme.percent(before)} to {theme.percent(after)}"
        for name, before, after in theme.rows(theme.most(changed, "change", len(frame)), "name", "before", "after")
    )
    return (
        f"Chart of the probability of {theme.number(len(frame), 'label')}, {readings[0]} and {readings[1]}: "
        f"{listed or 'none'}."
    )
