"""Charts of risk: flags by category and severity, and a calendar of days with their spikes.

Each chart's `customdata` carries the exact values, for the code that handles clicks; what is drawn is escaped.
"""

from typing import Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.charts import theme
from core.charts.theme import as_text
from core.rules.flags import CATEGORIES, SEVERITIES

MOST_DAYS: Final = 380
"""Days that `calendar` has room for."""

_SEVERITY_LOOK: Final = {"info": (theme.GREY, ""), "watch": (theme.ORANGE, "/"), "urgent": (theme.RED, "x")}

_WEEKS: Final = 20
"""Weeks for which a calendar leaves room at least: with fewer, its days would be broad beams."""


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
    places = theme.places(counts)
    figure = go.Figure()
    for severity in reversed(SEVERITIES):
        colour, hatching = _SEVERITY_LOOK[severity]
        figure.add_bar(
            y=places,
            x=counts[severity],
            orientation="h",
            width=0.4,
            name=severity,
            marker={"color": colour, "pattern": theme.hatched(hatching)},
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
        margin=theme.MARGIN | {"b": 72},
        xaxis={
            "title": "flags",
            "range": [0, 1.02 * theme.top(counts.sum(axis=1))],
            "showgrid": False,
            "fixedrange": True,
            "automargin": False,
        },
        yaxis={"automargin": False, "range": [len(counts) - 0.6, -0.6], "showticklabels": False, **theme.BARE},
        legend=theme.LEGEND_BELOW | {"traceorder": "normal"},
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
        zmax=theme.top(frame["n"]),
        colorscale=theme.SHADES,
        colorbar=theme.scale_below("texts a day"),
        xgap=1,
        ygap=2,
        hoverinfo="skip",
    )
    theme.add_cells(
        figure,
        weeks,
        weekdays,
        customdata=[[f"{day:%Y-%m-%d}", name] for day, name in theme.rows(frame, "day", "name")],
        hovertext=[
            f"{as_text(_spike(day, name, count, usual, score), 120)}<br>{theme.texts(n)}"
            if spike
            else f"{day:%Y-%m-%d}: {theme.texts(n)}"
            for day, spike, n, name, count, usual, score in theme.rows(
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
        margin=theme.MARGIN | {"l": 40, "t": 36},
        xaxis={
            "automargin": False,
            **theme.BARE,
            **_months(frame["day"], weeks),
            "side": "top",
            "range": [-0.5, width - 0.5],
            "tickangle": 0,
        },
        yaxis={
            **theme.BARE,
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
    day, n = next(theme.rows(theme.most(frame, "n"), "day", "n"))
    spikes = frame[frame["spike"].astype(bool)]
    strongest = theme.rows(theme.most(spikes, "score", limit), "day", "name", "count", "usual", "score")
    listed = "; ".join(_spike(*row) for row in strongest)
    return (
        f"Calendar of {theme.texts(total)} on {theme.number(len(frame), 'day')}, {frame['day'].min():%Y-%m-%d} to "
        f"{frame['day'].max():%Y-%m-%d}. Most on {day:%Y-%m-%d}: {theme.texts(n)}. "
        + (f"{theme.number(len(spikes), 'day')} with a spike, the strongest: {listed}." if listed else "No spikes.")
    )


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
