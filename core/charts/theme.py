"""What charts have in common: colours that suit both themes, rooms for axes, words for numbers and for times."""

import html
from collections.abc import Iterable, Iterator
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

# Each has at least 3:1 on white and on #10141c.
BLUE: Final = "#3a86d4"
ORANGE: Final = "#c9752b"
RED: Final = "#cc4b3c"
GREY: Final = "#7a7f87"
BARE: Final = {"showgrid": False, "zeroline": False, "ticks": "", "fixedrange": True}
LEGEND_BELOW: Final = {"orientation": "h", "yref": "container", "yanchor": "bottom", "y": 0, "x": 0}
MARGIN: Final = {"l": 8, "r": 8, "t": 16, "b": 8}
MARGIN_OF_TIME: Final = {"l": 72, "r": 8, "t": 16, "b": 64}
"""Room for the axes and the legend of a chart over time: to let Plotly find it takes as long as to draw the chart."""


def rows(frame: pd.DataFrame, *columns: str) -> Iterator[tuple[Any, ...]]:
    """Return the values of some columns, row by row."""
    return iter(frame[list(columns)].itertuples(index=False, name=None))


def most(frame: pd.DataFrame, column: str, limit: int = 1) -> pd.DataFrame:
    """Return the `limit` rows with the largest values of a column, the largest first."""
    return frame.sort_values(column, ascending=False, kind="stable").head(limit)


def top(*columns: Iterable[float]) -> float:
    """Return the largest value of all columns as the end of an axis; 1 where there is none above 0."""
    return max((float(value) for column in columns for value in column if value > 0), default=1.0)


def number(count: float, noun: str) -> str:
    """Say a number of things: `1 text`, `1,200 texts`."""
    return f"{count:,.0f} {noun}{'' if count == 1 else 's'}"


def percent(share: float, digits: int = 1) -> str:
    """Say a share, 0..1, in percent; a dash where there is none."""
    return "–" if pd.isna(share) else f"{share * 100:.{digits}f} %"


def in_utc(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with its periods in UTC and without a zone, which Plotly would not heed."""
    return frame.assign(
        **{name: pd.to_datetime(frame[name], utc=True).dt.tz_localize(None) for name in ("bucket", "until")}
    )


def time_axis(frame: pd.DataFrame) -> dict[str, Any]:
    """Return the axis of periods, columns bucket and until."""
    # With its ends given: around a single point, Plotly would show a millisecond.
    ends = None if frame.empty else [frame["bucket"].min(), frame["until"].max()]
    return {"type": "date", "range": ends, "automargin": False}


def period(since: pd.Timestamp, until: pd.Timestamp) -> str:
    """Say a period in words: by its first and last day where it is made of whole days."""
    if since == since.normalize() and until == until.normalize():
        last = until - pd.Timedelta(days=1)
        return f"{since:%Y-%m-%d}" if last <= since else f"{since:%Y-%m-%d} to {last:%Y-%m-%d}"
    return f"{since:%Y-%m-%d %H:%M} to {until:{'%H:%M' if since.date() == until.date() else '%Y-%m-%d %H:%M'}} UTC"


def span(frame: pd.DataFrame) -> str:
    """Say in words from when to when a frame of periods, columns bucket and until, runs."""
    return period(frame["bucket"].min(), frame["until"].max())


def hatched(shape: str | list[str]) -> dict[str, Any]:
    """Return the pattern of a bar, or of each bar: `/`, `x`, or none where it is empty."""
    return {"shape": shape, "size": 7, "solidity": 0.3, "fillmode": "overlay", "fgcolor": "rgba(255,255,255,0.75)"}


def room_for(names: Iterable[str], size: int) -> float:
    """Return the pixels that the longest of some names needs: to let Plotly measure takes as long as to draw."""
    return 16 + 0.58 * size * max(map(len, names), default=0)


def places(frame: pd.DataFrame) -> list[int]:
    """Return the places of rows on an axis."""
    # By number, not by name: a name that is a number or a date would be taken for a place on the axis.
    return list(range(len(frame)))


def lay_rows(
    figure: go.Figure, frame: pd.DataFrame, values: list[str], top: float, *, right: int = 64, room: int = 40
) -> None:
    """Name the rows of a horizontal chart, write their values at the right, and give it the height it needs.

    Args:
        frame: its emoji and name are the rows' titles.
        top: the largest value that is drawn; the axis begins at 0.
        right: pixels for the values. Beside the bars they would lie under ticks and lines.
        room: pixels for what is above and below the rows.
    """
    # What is as long as the axis keeps off its value.
    end = 1.03 * top
    figure.add_scatter(
        y=places(frame),
        x=[end] * len(frame),
        mode="text",
        text=[f" {value}" for value in values],
        textposition="middle right",
        cliponaxis=False,
        hoverinfo="skip",
        showlegend=False,
    )
    figure.update_layout(
        height=ROW_HEIGHT * len(frame) + room,
        margin={"l": 28 + room_for((as_text(name) for name in frame["name"]), 13), "r": right, "t": 32, "b": 8},
        xaxis={"range": [0, end], "side": "top", "fixedrange": True, "zeroline": False, "automargin": False},
        yaxis={
            "tickvals": places(frame),
            "ticktext": [f"{emoji} {as_text(name)}" for emoji, name in rows(frame, "emoji", "name")],
            "tickfont": {"size": 13},
            "range": [len(frame) - 0.4, -0.6],
            "automargin": False,
            **BARE,
        },
        bargap=0.25,
        showlegend=False,
        hovermode="closest",
        dragmode=False,
    )


def as_text(name: str, limit: int = 40) -> str:
    """Return a run's or a family's name so that Plotly, which draws some HTML, shows it as it is and on one line.

    Names come from a tracker into which others may write.
    """
    shown = "".join(sign for sign in " ".join(name.split()) if sign.isprintable())
    return html.escape(shown if len(shown) <= limit else f"{shown[: limit - 1]}…", quote=False)


ROW_HEIGHT: Final = 22
"""Pixels for one bar of a horizontal bar chart."""

SHADES: Final = [[0, "rgba(58,134,212,0.06)"], [1, "rgba(58,134,212,0.75)"]]
"""One hue from nearly clear to three quarters: the theme's ink keeps 4.5:1 on all of it, light or dark."""


def texts(count: float) -> str:
    """Say a number of texts: `1 text`, `1,200 texts`."""
    return number(count, "text")


def iso(since: pd.Timestamp, until: pd.Timestamp) -> tuple[str, str]:
    """Return both ends of a period in ISO 8601."""
    return since.isoformat(), until.isoformat()


def add_cells(figure: go.Figure, columns: list[int], rows: list[int], **more: Any) -> None:
    """Add a point over each cell of a heat map, which itself cannot be clicked in Streamlit; a chosen one is framed."""
    figure.add_scatter(
        x=columns,
        y=rows,
        mode="markers+text",
        marker={"symbol": "square-open", "size": 16, "opacity": 0, "color": GREY, "line": {"width": 2}},
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 0}, "textfont": {"color": GREY}},
        hoverinfo="text",
        showlegend=False,
        **more,
    )


def scale_below(title: str) -> dict[str, Any]:
    """Return the colour scale of a heat map, lying below it."""
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
