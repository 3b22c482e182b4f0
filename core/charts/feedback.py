"""Charts of feedback: how many thumbs are up, what people correct, how far two reviewers agree.

Shares and kappas are drawn with their 95 % intervals, and hollow where they stand on fewer than 30 cases.
"""

from collections.abc import Iterable
from typing import Any, Final

import pandas as pd
import plotly.graph_objects as go

from core.charts import theme
from core.charts.theme import as_text
from core.stats.metrics import RARE

_BAND: Final = "rgba(58,134,212,0.28)"
"""The blue of the line, so clear that a line over it keeps 3:1 in both themes."""
_MOST_PAIRS: Final = 15
"""Pairs that are drawn: those that come after them are rare."""
_BESIDE: Final = 1.06
"""Where an axis up to 1 ends, so that a dot at 1 keeps off its value on a phone, too."""
_AXIS: Final = {"fixedrange": True, "automargin": False, "zeroline": False}


def satisfaction_over_time(frame: pd.DataFrame) -> go.Figure:
    """Draw the share of thumbs that are up, period by period, over a band of its interval; a gap where there are none.

    Args:
        frame: periods in order. Columns bucket and until (the period in UTC, its end not included), ups, n (thumbs),
            share, low and high (0..1, NaN where n is 0).

    Returns:
        a figure whose points carry [bucket, until] as `customdata`, in ISO 8601, in UTC and without a zone.
    """
    frame = theme.in_utc(frame)
    known = frame.dropna(subset=["share"])
    length = known["until"] - known["bucket"]
    figure = go.Figure()
    # A bar for each period: its interval holds for all of it, and for no other one.
    figure.add_bar(
        x=known["bucket"],
        y=known["high"] - known["low"],
        base=known["low"],
        width=length.dt.total_seconds() * 1000,
        offset=0,
        name="95 % interval",
        marker={"color": _BAND, "line": {"width": 0}},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=frame["bucket"] + (frame["until"] - frame["bucket"]) / 2,
        y=frame["share"],
        mode="lines+markers",
        name="share of thumbs up",
        line={"color": theme.BLUE, "width": 2},
        marker={"symbol": _symbols(frame["n"]), "size": 9, "color": theme.BLUE, "line": {"width": 2}},
        customdata=[[since.isoformat(), until.isoformat()] for since, until in theme.rows(frame, "bucket", "until")],
        hovertext=[
            f"{theme.period(since, until)}<br>{_share(ups, n, share, low, high)}"
            for since, until, ups, n, share, low, high in theme.rows(
                frame, "bucket", "until", "ups", "n", "share", "low", "high"
            )
        ],
        hoverinfo="text",
    )
    figure.update_layout(
        height=280,
        # Dates of few periods have the year below them.
        margin=theme.MARGIN_OF_TIME | {"b": 80},
        xaxis=theme.time_axis(frame) | {"fixedrange": True},
        yaxis={**_AXIS, "title": "thumbs up", "tickformat": ".0%", "range": [-0.03, 1.03]},
        legend=theme.LEGEND_BELOW | {"traceorder": "reversed"},
        hovermode="closest",
        dragmode=False,
    )
    return figure


def describe_satisfaction_over_time(frame: pd.DataFrame) -> str:
    """Say in words what `satisfaction_over_time` shows: the text alternative of the chart."""
    what = "Line chart of the share of thumbs that are up by period"
    known = theme.in_utc(frame.dropna(subset=["share"]))
    if known.empty:
        return f"{what}: no thumbs."
    told = "; ".join(
        f"{name} {theme.period(since, until)}: {_share(*values)}"
        for name, (since, until, *values) in zip(
            ("first", "last") if len(known) > 1 else ("in",),
            theme.rows(
                known.iloc[[0, -1] if len(known) > 1 else [0]], "bucket", "until", "ups", "n", "share", "low", "high"
            ),
            strict=True,
        )
    )
    return f"{what}, {theme.number(len(known), 'period')} with thumbs, {theme.span(known)}; {told}."


def satisfaction(frame: pd.DataFrame) -> go.Figure:
    """Draw the share of thumbs that are up as a dot with its interval, for each emotion, model or source.

    Args:
        frame: drawn in the order of its rows. Columns name, emoji, ups, n (thumbs), share, low and high (0..1).

    Returns:
        a figure whose dots carry [name, n] as `customdata`.
    """
    figure = go.Figure()
    _add_dots(
        figure,
        frame["share"],
        frame,
        customdata=[list(row) for row in theme.rows(frame, "name", "n")],
        hovertext=[
            f"{as_text(name)}: {_share(*values)}"
            for name, *values in theme.rows(frame, "name", "ups", "n", "share", "low", "high")
        ],
    )
    values = [
        f"{theme.percent(share, 0)} of {n:,}{' (rare)' if n < RARE else ''}"
        for share, n in theme.rows(frame, "share", "n")
    ]
    theme.lay_rows(figure, frame, values, _BESIDE, right=_right(values), room=48)
    figure.update_xaxes(tickformat=".0%", tickvals=[0, 0.25, 0.5, 0.75, 1], range=[-0.02, 1.03 * _BESIDE])
    return figure


def describe_satisfaction(frame: pd.DataFrame, of: str) -> str:
    """Say in words what `satisfaction` shows: the text alternative of the chart.

    Args:
        of: what a row is: emotion, model, source.
    """
    what = f"Chart of the share of thumbs that are up, with intervals, for {theme.number(len(frame), of)}"
    listed = "; ".join(
        f"{name}: {_share(*values)}" for name, *values in theme.rows(frame, "name", "ups", "n", "share", "low", "high")
    )
    return f"{what}: {listed or 'no thumbs'}."


def contested(frame: pd.DataFrame) -> go.Figure:
    """Draw how often the model gave an emotion that people did not (to the left), and the reverse (to the right).

    Args:
        frame: drawn in the order of its rows. Columns name, emoji, wrongly, missed, agreed (texts, of those that people
            corrected).

    Returns:
        a figure whose bars carry [name, count] as `customdata`.
    """
    figure = go.Figure()
    for column, sign, name, colour, hatching in (
        ("wrongly", -1, "the model gave it, people did not", theme.ORANGE, "/"),
        ("missed", 1, "people gave it, the model did not", theme.BLUE, ""),
    ):
        figure.add_bar(
            y=theme.places(frame),
            x=sign * frame[column],
            orientation="h",
            name=name,
            marker={"color": colour, "line": {"width": 0}, "pattern": theme.hatched(hatching)},
            customdata=[list(row) for row in theme.rows(frame, "name", column)],
            hovertext=[
                f"{as_text(label)}: {name}, {_corrected(count)}<br>both gave it: {_corrected(agreed)}"
                for label, count, agreed in theme.rows(frame, "name", column, "agreed")
            ],
            hoverinfo="text",
        )
    values = [f"{wrongly:,} | {missed:,}" for wrongly, missed in theme.rows(frame, "wrongly", "missed")]
    top = theme.top(frame["wrongly"], frame["missed"])
    theme.lay_rows(figure, frame, values, top, right=_right(values), room=110)
    ticks = _ticks(top)
    figure.update_layout(
        barmode="relative",
        showlegend=True,
        legend=theme.LEGEND_BELOW,
        margin={"t": 32, "b": 64},
        xaxis={
            "range": [-1.03 * top, 1.03 * top],
            "tickvals": ticks,
            "ticktext": [f"{abs(tick):,}" for tick in ticks],
            "zeroline": True,
        },
    )
    return figure


def describe_contested(frame: pd.DataFrame, limit: int = 5) -> str:
    """Say in words what `contested` shows: the text alternative of the chart."""
    what = f"Bar chart of what people correct, for {theme.number(len(frame), 'emotion')}"
    listed = "; ".join(
        f"{name}: {wrongly:,} times the model gave it and people did not, {missed:,} times the reverse"
        for name, wrongly, missed in theme.rows(frame.head(limit), "name", "wrongly", "missed")
    )
    return f"{what}. Most contested: {listed or 'no corrections'}."


def confusions(frame: pd.DataFrame) -> go.Figure:
    """Draw which emotion people want where the model said which other one: a bar for each of the most frequent pairs.

    Args:
        frame: drawn in the order of its rows, the first 15. Columns said, wanted, count (corrections).

    Returns:
        a figure whose bars carry [said, wanted, count] as `customdata`.
    """
    shown = frame.head(_MOST_PAIRS)
    pairs = shown.assign(name=[f"{said} → {wanted}" for said, wanted in theme.rows(shown, "said", "wanted")], emoji="")
    figure = go.Figure()
    figure.add_bar(
        y=theme.places(pairs),
        x=pairs["count"],
        orientation="h",
        marker={"color": theme.BLUE},
        customdata=[list(row) for row in theme.rows(pairs, "said", "wanted", "count")],
        hovertext=[
            f"The model said {as_text(said)}, people {as_text(wanted)}: {_corrected(count)}"
            for said, wanted, count in theme.rows(pairs, "said", "wanted", "count")
        ],
        hoverinfo="text",
    )
    top = theme.top(pairs["count"])
    theme.lay_rows(figure, pairs, [f"{count:,}" for count in pairs["count"]], top, room=48)
    figure.update_xaxes(tickvals=[tick for tick in _ticks(top) if tick >= 0])
    return figure


def describe_confusions(frame: pd.DataFrame, limit: int = 5) -> str:
    """Say in words what `confusions` shows: the text alternative of the chart."""
    shown = min(len(frame), _MOST_PAIRS)
    what = f"Bar chart of the {theme.number(shown, 'pair')} of what the model said and what people want instead"
    listed = "; ".join(
        f"{said} → {wanted}: {_corrected(count)}"
        for said, wanted, count in theme.rows(frame.head(limit), "said", "wanted", "count")
    )
    return f"{what}. Most often: {listed or 'no corrections'}."


def agreement(frame: pd.DataFrame) -> go.Figure:
    """Draw Cohen's kappa of two reviewers as a dot with its interval, for each emotion.

    Args:
        frame: drawn in the order of its rows. Columns name, emoji, kappa, low and high (-1..1, NaN where undefined),
            n (texts in which either gave it), first, second and both (texts in which the first, the second, both did).

    Returns:
        a figure whose dots carry [name, n] as `customdata`.
    """
    figure = go.Figure()
    _add_dots(
        figure,
        frame["kappa"],
        frame,
        customdata=[list(row) for row in theme.rows(frame, "name", "n")],
        hovertext=[
            f"{as_text(name)}: {_kappa(*values)}<br>first {first:,}, second {second:,}, both {both:,}"
            for name, *values, first, second, both in theme.rows(
                frame, "name", "kappa", "low", "high", "n", "first", "second", "both"
            )
        ],
    )
    values = [
        f"{'–' if pd.isna(kappa) else f'{kappa:.2f}'} of {n:,}{' (rare)' if n < RARE else ''}"
        for kappa, n in theme.rows(frame, "kappa", "n")
    ]
    theme.lay_rows(figure, frame, values, _BESIDE, right=_right(values), room=56)
    lowest = min([0.0, *frame["low"].dropna()])
    figure.add_vline(x=0, line={"dash": "dot", "color": theme.GREY, "width": 2})
    figure.update_xaxes(range=[lowest - 0.03, 1.03 * _BESIDE], title={"text": "kappa", "standoff": 4})
    figure.update_layout(margin={"t": 48})
    return figure


def describe_agreement(frame: pd.DataFrame) -> str:
    """Say in words what `agreement` shows: the text alternative of the chart."""
    known = frame.dropna(subset=["kappa"])
    what = f"Chart of Cohen's kappa of two reviewers, with intervals, for {theme.number(len(known), 'emotion')}"
    listed = "; ".join(
        f"{name}: {_kappa(*values)}" for name, *values in theme.rows(known, "name", "kappa", "low", "high", "n")
    )
    return f"{what}: {listed or 'no second looks'}."


def _add_dots(figure: go.Figure, values: "pd.Series[float]", frame: pd.DataFrame, **more: Any) -> None:
    """Add a dot with the interval of columns low and high for each row, hollow where column n is small."""
    figure.add_scatter(
        y=theme.places(frame),
        x=values,
        mode="markers",
        error_x={
            "type": "data",
            "symmetric": False,
            "array": _bars(frame["high"] - values),
            "arrayminus": _bars(values - frame["low"]),
            "color": theme.GREY,
            "thickness": 2,
            "width": 4,
        },
        marker={"symbol": _symbols(frame["n"]), "size": 11, "color": theme.BLUE, "line": {"width": 2}},
        cliponaxis=False,
        hoverinfo="text",
        showlegend=False,
        **more,
    )


def _bars(lengths: "pd.Series[float]") -> list[float]:
    # Rounding may leave an end on the wrong side of its value; a browser's JSON knows no NaN.
    return [max(float(length), 0.0) for length in lengths.fillna(0)]


def _symbols(counts: Iterable[float]) -> list[str]:
    return ["circle" if count >= RARE else "circle-open" for count in counts]


def _ticks(top: float) -> list[int]:
    """Return whole numbers to both sides of 0, few enough for a phone."""
    steps = (factor * 10**exponent for exponent in range(10) for factor in (1, 2, 5))
    step = next(one for one in steps if top / one <= 3)
    most = int(top // step)
    return [number * step for number in range(-most, most + 1)]


def _right(values: list[str]) -> int:
    return round(theme.room_for(values, 10))


def _share(ups: float, n: float, share: float, low: float, high: float) -> str:
    if not n:
        return "no thumbs"
    return (
        f"{theme.percent(share, 0)} up, {ups:,.0f} of {theme.number(n, 'thumb')}{' (rare)' if n < RARE else ''}, "
        f"interval {theme.percent(low, 0)} to {theme.percent(high, 0)}"
    )


def _kappa(kappa: float, low: float, high: float, n: float) -> str:
    of = f"{theme.number(n, 'text')} in which either gave it{' (rare)' if n < RARE else ''}"
    return f"undefined, {of}" if pd.isna(kappa) else f"kappa {kappa:.2f}, interval {low:.2f} to {high:.2f}, {of}"


def _corrected(count: float) -> str:
    return theme.number(count, "correction")
