import numpy as np
import pandas as pd
import pytest

from core.charts import comparison
from core.emotions import AT_LEVEL
from core.experiments.evidence import GRID
from core.experiments.head_to_head import HeadToHead, LevelDifference
from core.stats.metrics import Differences, Interval


def board(n=3):
    frame = pd.DataFrame(
        {
            "name": ["tfidf 1", "electra 1", "worse", *(f"run {i}" for i in range(n - 3))],
            "family": ["TF-IDF", "ELECTRA", "ELECTRA", *["ELECTRA"] * (n - 3)],
            "base": "none",
            "champion": [False, True, False, *[False] * (n - 3)],
            "macro_f1": [0.47, 0.50, 0.46, *np.linspace(0.3, 0.4, n - 3)],
            # The last is two bytes smaller than the one that beats it: that is no choice.
            "mb": [2.2, 23.567059, 23.567057, *np.linspace(30, 90, n - 3)],
            "median_ms": [1.0, 2.5, np.nan, *[3.0] * (n - 3)],
        }
    )
    return frame.assign(macro_f1_low=frame["macro_f1"] - 0.02, macro_f1_high=frame["macro_f1"] + 0.02)


def test_dominated_runs_are_grey_and_hollow():
    figure = comparison.trade_off(board())
    line, electra, tfidf = figure.data
    assert list(line.x) == [2.2, 23.567059]
    assert list(electra.marker.symbol) == ["circle", "circle-open"]
    assert electra.marker.color[0] != electra.marker.color[1] == comparison._GREY
    assert list(electra.text) == ["★ electra 1", "worse"]
    assert list(tfidf.marker.symbol) == ["square"]
    assert figure.layout.xaxis.type == "log"
    assert "tfidf 1 (2.2 MB, macro-F1 0.470), electra 1 (23.6 MB" in comparison.describe_trade_off(board())


def test_of_many_runs_only_the_best_and_the_champion_are_named():
    figure = comparison.trade_off(board(200))
    named = [text for trace in figure.data[1:] for text in trace.text if text]
    assert named == ["★ electra 1", "tfidf 1"]


def test_a_board_without_sizes_is_an_empty_chart():
    figure = comparison.trade_off(board().assign(mb=np.nan))
    assert len(figure.data) == 1
    assert "0 runs" in comparison.describe_trade_off(board().assign(mb=np.nan))


def labels(f1):
    return pd.DataFrame(
        {
            "level": ["emotion", "emotion", "ekman"],
            "label": ["joy", "grief", "joy"],
            "support": [100, 6, 200],
            "rare": [False, True, False],
            "f1": f1,
        }
    )


def test_the_heat_map_has_a_clickable_point_for_each_number():
    frame = comparison.heat_frame({"a": labels([0.5, 0.1, 0.9]), "b": labels([0.6, 0.2, 0.8])}, "emotion")
    assert frame["label"].tolist() == ["joy", "joy", "grief", "grief"]
    figure = comparison.heat_map(frame)
    heat, points = figure.data
    assert heat.z.tolist() == [[0.5, 0.6], [0.1, 0.2]]
    assert list(figure.layout.yaxis.ticktext) == ["joy · 100", "grief (rare) · 6"]
    assert [one[:2] for one in points.customdata] == [["joy", "a"], ["joy", "b"], ["grief", "a"], ["grief", "b"]]
    assert "a: highest joy 0.50, lowest grief 0.10" in comparison.describe_heat_map(frame)


HOSTILE = '<a href="https://evil.example">x</a>\u202e\n=== 2026-01-01'


def test_names_of_runs_are_drawn_as_they_are():
    assert comparison.as_text(HOSTILE) == '&lt;a href="https://evil.example"&gt;x&lt;/a&gt; ==…'
    assert comparison.as_text("x" * 100) == "x" * 39 + "…"
    drawn = [
        comparison.trade_off(board().assign(name=[HOSTILE, "support", "rare"], family=HOSTILE)),
        comparison.heat_map(
            comparison.heat_frame({HOSTILE: labels([0.5, 0.1, 0.9]), "2026": labels([0, 0, 0])}, "emotion")
        ),
    ]
    for figure in drawn:
        shown = figure.to_dict()
        for trace in shown["data"]:
            trace.pop("customdata", None)
        assert "<a " not in str(shown)
    assert list(drawn[1].layout.xaxis.tickvals) == [0, 1], "a name that is a number is no place on the axis"


def test_odd_sizes_and_speeds_leave_a_chart():
    frame = board().assign(median_ms=np.nan)
    hover = [row[4] for trace in comparison.trade_off(frame).data[1:] for row in trace.customdata]
    assert set(hover) == {"speed not measured"}


def test_the_curve_marks_where_it_stands():
    curve = pd.DataFrame(
        {
            "threshold": GRID,
            "support": 50,
            "decided": np.linspace(200, 0, len(GRID)).round(),
            "precision": [*np.linspace(0.2, 0.9, len(GRID) - 1), np.nan],
            "recall": np.linspace(1, 0, len(GRID)),
        }
    )
    figure = comparison.precision_recall(curve, 0.3, curve.iloc[40], 1000)
    assert len(figure.data[0].x) == len(GRID) - 1, "where nothing is decided there is no precision"
    assert figure.data[1].x[0] == curve.iloc[40]["recall"]
    assert figure.layout.shapes[0].y0 == pytest.approx(50 / 1000)


def test_reliability_has_larger_points_for_more_texts():
    bins = pd.DataFrame({"probability": [0.05, 0.9], "frequency": [0.1, 0.8], "n": [5000, 10]})
    _, measured = comparison.reliability(bins).data
    assert measured.marker.size[0] > measured.marker.size[1]


def test_only_what_is_beyond_chance_is_filled():
    one, other = Interval(0.02, 0.01, 0.03), Interval(-0.01, -0.03, 0.02)
    levels = tuple(
        LevelDifference(level, Differences(one, other, (one,) * (len(names) - 1) + (other,)), (40,) * len(names))
        for level, names in AT_LEVEL.items()
    )
    found = HeadToHead("a", "b", 100, levels)
    points = comparison.level_differences(found).data[-1]
    assert list(points.marker.symbol) == ["circle", "circle-open"] * 3
    assert list(points.x) == pytest.approx([2, -1] * 3)
    frame = found.at("sentiment").frame()
    by_label = comparison.label_differences(frame, found)
    assert list(by_label.data[-1].marker.symbol) == ["circle"] * 3 + ["circle-open"]
    assert "b wins none" in comparison.describe_label_differences(frame, found)
