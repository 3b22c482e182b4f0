"""Charts that compare runs: quality against size, F1 by emotion, curves of one emotion, two runs head to head.

Frames come from `core.experiments.leaderboard` and `core.experiments.evidence`.
"""

from typing import Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from numpy.typing import NDArray

from core.charts.theme import as_text
from core.emotions import LEVEL_TITLES
from core.experiments.head_to_head import HeadToHead
from core.experiments.leaderboard import pareto
from core.stats.metrics import RARE

_COLOURS: Final = ("#3a86d4", "#c9752b", "#8a6fd1", "#2f9e7a", "#c2557f", "#8d8f3a")
"""Apart from each other in lightness and for the common colour-vision deficiencies; on white and on black alike."""
_SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "pentagon", "star")
_GREY: Final = "#8b919c"
_BLUE: Final = "#3a86d4"
_TICKS: Final = [step * power for power in (0.1, 1, 10, 100, 1_000) for step in (1, 2, 5)]
_BARE: Final = {"showgrid": False, "zeroline": False, "ticks": ""}
_MANY: Final = 12
"""Runs from which on only those of the front are named in the chart."""


def trade_off(frame: pd.DataFrame) -> go.Figure:
    """Draw macro-F1 against size, each run a bubble as large as its latency; the runs no other one beats are joined.

    Runs that another beats in size and in F1 are grey and hollow.

    Args:
        frame: from `core.experiments.leaderboard.board_frame`; runs without size or F1 are left out.
    """
    known = frame.dropna(subset=["mb", "macro_f1"])
    front = _front(known)
    figure = go.Figure()
    joined = known[front].sort_values("mb")
    figure.add_scatter(
        x=joined["mb"],
        y=joined["macro_f1"],
        mode="lines",
        line={"dash": "dot", "color": _GREY, "width": 2, "shape": "hv"},
        name="best for their size",
        hoverinfo="skip",
    )
    families = sorted(known["family"].unique())
    for number, family in enumerate(families):
        own = known[known["family"] == family]
        best = front[(known["family"] == family).to_numpy()]
        colour = _COLOURS[number % len(_COLOURS)]
        named = best | own["champion"].to_numpy(bool) | (len(known) <= _MANY)
        figure.add_scatter(
            x=own["mb"],
            y=own["macro_f1"],
            mode="markers+text",
            name=as_text(family),
            text=[
                f"{'★ ' if champion else ''}{as_text(name, 24)}" if show else ""
                for name, champion, show in zip(own["name"], own["champion"], named, strict=True)
            ],
            textposition="top left",
            cliponaxis=False,
            error_y={
                "type": "data",
                "symmetric": False,
                # Of many runs only those that are named: the others' bars would hide one another.
                "array": (own["macro_f1_high"] - own["macro_f1"]).where(named, 0).fillna(0),
                "arrayminus": (own["macro_f1"] - own["macro_f1_low"]).where(named, 0).fillna(0),
                "color": _GREY,
                "thickness": 1,
                "width": 3,
            },
            marker={
                "symbol": [_SYMBOLS[number % len(_SYMBOLS)] + ("" if flag else "-open") for flag in best],
                "color": [colour if flag else _GREY for flag in best],
                "size": _bubbles(own["median_ms"]),
                "line": {"width": 2},
            },
            customdata=[
                [as_text(name), as_text(base), low, high, f"{ms:.1f} ms a tweet" if ms > 0 else "speed not measured"]
                for name, base, low, high, ms in own[
                    ["name", "base", "macro_f1_low", "macro_f1_high", "median_ms"]
                ].itertuples(index=False)
            ],
            hovertemplate=(
                "%{customdata[0]} (%{customdata[1]})<br>macro-F1 %{y:.3f} [%{customdata[2]:.3f}, %{customdata[3]:.3f}]"
                "<br>%{x:.1f} MB, %{customdata[4]}<extra></extra>"
            ),
        )
    figure.update_layout(
        height=440,
        margin={"l": 8, "r": 8, "t": 16, "b": 8},
        xaxis={"type": "log", "title": "MB on disk (log scale)", "range": _log_range(known["mb"]), "tickvals": _TICKS},
        yaxis={"title": "macro-F1 on test", "tickformat": ".2f"},
        legend={"orientation": "h", "yanchor": "top", "y": -0.2, "x": 0},
        hovermode="closest",
    )
    return figure


def _front(known: pd.DataFrame) -> NDArray[np.bool_]:
    # In steps of a tenth of a megabyte: by the few bytes between two trainings of one model nobody would choose.
    return pareto(known["mb"].round(1).to_numpy(float), known["macro_f1"].to_numpy(float))


def describe_trade_off(frame: pd.DataFrame) -> str:
    """Say in words what `trade_off` shows: the text alternative of the chart."""
    known = frame.dropna(subset=["mb", "macro_f1"])
    front = known[_front(known)].sort_values("mb")
    listed = ", ".join(
        f"{name} ({mb:.1f} MB, macro-F1 {f1:.3f})"
        for name, mb, f1 in zip(front["name"], front["mb"], front["macro_f1"], strict=True)
    )
    return (
        f"Chart of macro-F1 against size on disk for {len(known)} runs. Best for their size: {listed or 'none'}. "
        f"Each of the other {len(known) - len(front)} is beaten by one that is no larger and no worse."
    )


def heat_frame(labels: dict[str, pd.DataFrame], level: str) -> pd.DataFrame:
    """Return F1 by label and run, one row each, the most frequent label first.

    Args:
        labels: a run's title to its figures by label (`core.experiments.evidence.read_labels`); at least one.

    Returns:
        columns run, label, support, rare, f1.
    """
    joined = pd.concat(
        [
            frame.loc[frame["level"] == level, ["label", "support", "rare", "f1"]].assign(run=title)
            for title, frame in labels.items()
        ]
    )
    # Runs of one split agree on the support; of others the first one's orders the rows.
    order = joined.drop_duplicates("label").sort_values("support", ascending=False, kind="stable")["label"]
    place = {label: number for number, label in enumerate(order)}
    return joined.sort_values("label", key=lambda column: column.map(place), kind="stable").reset_index(drop=True)


def heat_map(frame: pd.DataFrame) -> go.Figure:
    """Draw F1 by label (rows) and run (columns), each cell with its number; rare labels are marked in words.

    Args:
        frame: from `heat_frame`. The points over the cells carry label and run as `customdata`.
    """
    runs = list(dict.fromkeys(frame["run"]))
    labels = frame.drop_duplicates("label")
    rows = [
        f"{label}{' (rare)' if rare else ''} · {int(support):,}"
        for label, rare, support in labels[["label", "rare", "support"]].itertuples(index=False)
    ]
    values = frame.pivot_table(index="label", columns="run", values="f1").reindex(index=labels["label"], columns=runs)
    figure = go.Figure()
    figure.add_heatmap(
        z=values.to_numpy(float),
        zmin=0,
        zmax=1,
        # One hue from clear to half clear: the theme's ink can be read on all of it, light or dark.
        colorscale=[[0, "rgba(58,134,212,0.02)"], [1, "rgba(58,134,212,0.62)"]],
        texttemplate="%{z:.2f}",
        xgap=2,
        ygap=2,
        showscale=False,
        hoverinfo="skip",
    )
    # A heat map itself cannot be clicked in Streamlit; invisible points over it can.
    places = [(column, row) for row in range(len(rows)) for column in range(len(runs))]
    figure.add_scatter(
        x=[column for column, _ in places],
        y=[row for _, row in places],
        mode="markers",
        marker={"size": 22, "symbol": "square", "opacity": 0},
        customdata=[[labels["label"].iloc[row], runs[column], as_text(runs[column])] for column, row in places],
        hovertemplate="%{customdata[0]}, %{customdata[2]}<extra>click for its curves</extra>",
        showlegend=False,
    )
    columns = {"tickvals": list(range(len(runs))), "ticktext": [as_text(run, 18) for run in runs]}
    figure.update_layout(
        height=24 * len(rows) + 60,
        margin={"l": 8, "r": 8, "t": 40, "b": 8},
        xaxis=columns | {"side": "top", "fixedrange": True, "range": [-0.5, len(runs) - 0.5]} | _BARE,
        yaxis={
            "tickvals": list(range(len(rows))),
            "ticktext": rows,
            "range": [len(rows) - 0.5, -0.5],
            "automargin": True,
            "fixedrange": True,
            **_BARE,
        },
    )
    return figure


def describe_heat_map(frame: pd.DataFrame) -> str:
    """Say in words what `heat_map` shows: the text alternative of the chart."""
    said = []
    for run, own in frame.dropna(subset=["f1"]).groupby("run", sort=False):
        ranked = own.sort_values("f1")
        low, high = (f"{row.label} {row.f1:.2f}" for row in ranked.iloc[[0, -1]].itertuples())
        said.append(f"{run}: highest {high}, lowest {low}")
    return f"Table of F1 for {frame['label'].nunique()} labels and {frame['run'].nunique()} runs. {'; '.join(said)}."


def precision_recall(curve: pd.DataFrame, threshold: float, at: pd.Series, n: int) -> go.Figure:
    """Draw one label's precision against its recall over all thresholds, and the point where it stands.

    Args:
        curve: one label's rows of `core.experiments.evidence.read_curves`.
        threshold: the one that is marked.
        at: a row of the curve with its precision and recall.
        n: texts of the split: by chance, precision is the share of them that has the label.
    """
    known = curve.dropna(subset=["precision"])
    base = curve["support"].iloc[0] / max(n, 1)
    figure = go.Figure()
    figure.add_scatter(
        x=known["recall"],
        y=known["precision"],
        mode="lines",
        line={"color": _BLUE, "width": 2.5},
        customdata=known[["threshold"]],
        hovertemplate="threshold %{customdata[0]:.3f}: precision %{y:.2f}, recall %{x:.2f}<extra></extra>",
        name="all thresholds",
    )
    figure.add_scatter(
        x=[at["recall"]],
        y=[at["precision"]],
        mode="markers",
        marker={"size": 14, "symbol": "diamond", "color": "#c9752b", "line": {"width": 2}},
        name=f"at {threshold:.2f}",
        hovertemplate="at this threshold: precision %{y:.2f}, recall %{x:.2f}<extra></extra>",
    )
    figure.add_hline(y=base, line={"dash": "dot", "color": _GREY, "width": 1})
    figure.update_layout(
        **_SQUARE,
        xaxis={"title": "recall", "range": [0, 1.02], "fixedrange": True},
        yaxis={"title": "precision", "range": [0, 1.05], "fixedrange": True},
    )
    return figure


def reliability(bins: pd.DataFrame) -> go.Figure:
    """Draw how often a label held against the probability that was given, the diagonal being perfect.

    Args:
        bins: one label's rows of `core.experiments.evidence.read_reliability`.
    """
    figure = go.Figure()
    figure.add_scatter(
        x=[0, 1],
        y=[0, 1],
        mode="lines",
        line={"dash": "dot", "color": _GREY, "width": 1},
        name="perfect",
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=bins["probability"],
        y=bins["frequency"],
        mode="lines+markers",
        line={"color": _BLUE, "width": 2.5},
        marker={"size": 6 + 14 * np.sqrt(bins["n"] / max(bins["n"].max(), 1)), "color": _BLUE},
        customdata=bins[["n"]],
        hovertemplate="said %{x:.0%}, held %{y:.0%} (%{customdata[0]:,} texts)<extra></extra>",
        name="measured",
    )
    figure.update_layout(
        **_SQUARE,
        xaxis={"title": "probability it gave", "range": [-0.03, 1.03], "fixedrange": True, "tickformat": ".0%"},
        yaxis={"title": "how often it held", "range": [-0.05, 1.05], "fixedrange": True, "tickformat": ".0%"},
    )
    return figure


def level_differences(found: HeadToHead) -> go.Figure:
    """Draw how far the first run lies above the second at each level, with paired intervals."""
    frame = found.frame()
    rows = [f"{LEVEL_TITLES[at]}, {measure}-F1" for at, measure in zip(frame["level"], frame["measure"], strict=True)]
    return _forest(frame, rows, found)


def label_differences(frame: pd.DataFrame, found: HeadToHead) -> go.Figure:
    """Draw the differences by label, as `core.experiments.head_to_head.LevelDifference.frame` has them."""
    rows = [
        f"{label}{' (rare)' if support < RARE else ''}"
        for label, support in zip(frame["label"], frame["support"], strict=True)
    ]
    return _forest(frame, rows, found)


def describe_label_differences(frame: pd.DataFrame, found: HeadToHead) -> str:
    """Say in words what `label_differences` shows: the text alternative of the chart."""
    wins = frame[frame["beyond_chance"] & (frame["difference"] > 0)]["label"].tolist()
    losses = frame[frame["beyond_chance"] & (frame["difference"] < 0)]["label"].tolist()
    return (
        f"Differences in F1 by label, {found.first} less {found.second}, with 95 % intervals. Beyond chance "
        f"{found.first} wins {', '.join(wins) or 'none'}; {found.second} wins {', '.join(losses) or 'none'}."
    )


def _forest(frame: pd.DataFrame, names: list[str], found: HeadToHead) -> go.Figure:
    values = frame[["difference", "low", "high"]].to_numpy(float) * 100
    sure = frame["beyond_chance"].tolist()
    figure = go.Figure()
    figure.add_vline(x=0, line={"color": _GREY, "width": 1.5})
    figure.add_scatter(
        x=values[:, 0],
        y=names,
        mode="markers",
        error_x={
            "type": "data",
            "symmetric": False,
            "array": values[:, 2] - values[:, 0],
            "arrayminus": values[:, 0] - values[:, 1],
            "color": _GREY,
            "thickness": 2,
            "width": 4,
        },
        marker={
            "size": 11,
            "color": [_BLUE if flag else _GREY for flag in sure],
            "symbol": ["circle" if flag else "circle-open" for flag in sure],
            "line": {"width": 2},
        },
        customdata=values[:, 1:],
        hovertemplate="%{y}: %{x:+.1f} points [%{customdata[0]:+.1f}, %{customdata[1]:+.1f}]<extra></extra>",
    )
    figure.update_layout(
        height=24 * len(names) + 80,
        margin={"l": 8, "r": 8, "t": 44, "b": 8},
        xaxis={
            "title": f"points of F1 by which {as_text(found.first)} is ahead",
            "side": "top",
            "fixedrange": True,
            "zeroline": False,
        },
        yaxis={"range": [len(names) - 0.4, -0.6], "automargin": True, "fixedrange": True},
        showlegend=False,
    )
    return figure


def _bubbles(latency: "pd.Series[float]") -> list[float]:
    """Return diameters in pixels whose area grows with milliseconds; runs without a measurement get a small one."""
    return [12.0 if np.isnan(one) else float(np.clip(8 * np.sqrt(one), 10, 60)) for one in latency]


def _log_range(sizes: "pd.Series[float]") -> list[float] | None:
    if sizes.empty:
        return None
    return [float(np.log10(sizes.min())) - 0.5, float(np.log10(sizes.max())) + 0.25]


_SQUARE: Final = {
    "height": 320,
    "margin": {"l": 8, "r": 8, "t": 40, "b": 8},
    "legend": {"orientation": "h", "y": 1.15, "x": 0},
    "hovermode": "closest",
}
