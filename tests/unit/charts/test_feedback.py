"""Charts of what people said: what is drawn, what is told, and that nothing written by a person runs in either."""

import json
import re

import numpy as np
import pandas as pd
import pytest

from core.charts import feedback, theme
from core.emotions import EMOTIONS
from core.stats.agreement import wilson

HOSTILE = '<a href="https://evil.example">x</a>\u202e\n=== 2026-01-01'


def rated(frame, ups, n):
    ups, n = np.array(ups), np.array(n)
    low, high = wilson(ups, n)
    share = np.divide(ups, n, out=np.full(len(n), np.nan), where=n > 0)
    return frame.assign(ups=ups, downs=n - ups, n=n, share=share, low=low, high=high)


def periods():
    days = pd.date_range("2026-03-02", periods=4)
    frame = pd.DataFrame({"bucket": days, "until": days + pd.Timedelta(days=1)})
    return rated(frame, [40, 0, 0, 5], [50, 0, 29, 5])


def shares():
    return rated(
        pd.DataFrame({"name": ["anger", "joy", "grief"], "emoji": ["😡", "😃", "😭"]}), [10, 300, 1], [40, 400, 2]
    )


def corrections():
    frame = pd.DataFrame([{"name": one.name, "emoji": one.emoji, "colour": one.colour} for one in EMOTIONS[:4]])
    return frame.assign(wrongly=[1200, 3, 0, 1], missed=[7, 900, 2, 0], agreed=[10, 0, 1, 0])


def pairs():
    return pd.DataFrame({"said": ["anger", "nothing"], "wanted": ["annoyance", "fear"], "count": [1200, 1]})


def kappas():
    return pd.DataFrame(
        {
            "name": ["anger", "joy", "grief"],
            "emoji": ["😡", "😃", "😭"],
            "kappa": [0.41, -0.2, np.nan],
            "low": [0.3, -0.5, np.nan],
            "high": [0.52, 0.1, np.nan],
            "n": [120, 12, 0],
            "first": [80, 10, 0],
            "second": [90, 5, 0],
            "both": [50, 3, 0],
        }
    )


def describe_satisfaction(frame):
    return feedback.describe_satisfaction(frame, "emotion")


CHARTS = {
    "satisfaction_over_time": (feedback.satisfaction_over_time, feedback.describe_satisfaction_over_time, periods),
    "satisfaction": (feedback.satisfaction, describe_satisfaction, shares),
    "contested": (feedback.contested, feedback.describe_contested, corrections),
    "confusions": (feedback.confusions, feedback.describe_confusions, pairs),
    "agreement": (feedback.agreement, feedback.describe_agreement, kappas),
}
every_chart = pytest.mark.parametrize(("draw", "describe", "make"), CHARTS.values(), ids=CHARTS)


@every_chart
def test_charts_fit_any_width_and_keep_the_theme(draw, describe, make):
    figure = draw(make())
    layout = figure.layout
    assert layout.width is None
    assert layout.height >= 80
    assert layout.paper_bgcolor is None
    assert layout.plot_bgcolor is None
    assert layout.font.to_plotly_json() == {}
    assert layout.xaxis.fixedrange
    assert layout.yaxis.fixedrange
    assert not layout.xaxis.automargin
    assert not layout.yaxis.automargin, "to let Plotly measure takes as long as to draw"
    assert layout.dragmode is False
    assert "NaN" not in figure.to_json(), "a browser's JSON knows no NaN"


@every_chart
def test_one_row_is_drawn_and_told(draw, describe, make):
    json.loads(draw(make().head(1)).to_json())
    assert re.search(r"\b1\b", describe(make().head(1)))


@every_chart
def test_an_empty_frame_is_an_empty_chart(draw, describe, make):
    for empty in (make().head(0), pd.DataFrame(columns=make().columns)):
        figure = draw(empty)
        assert not any(len(trace.customdata or ()) for trace in figure.data)
        assert not any(np.isnan(end) for axis in (figure.layout.xaxis, figure.layout.yaxis) for end in axis.range or ())
        assert any(none in describe(empty) for none in ("no thumbs", "no corrections", "no second looks"))


@every_chart
def test_what_is_drawn_is_harmless_and_what_is_carried_is_exact(draw, describe, make):
    frame = make()
    for column in {"name", "said", "wanted"} & set(frame.columns):
        frame[column] = HOSTILE
    figure = draw(frame)
    if "bucket" not in frame:
        assert HOSTILE in [one for trace in figure.data for row in trace.customdata or () for one in row]
    for trace in figure.data:
        trace.customdata = None
    assert "<a" not in figure.to_json()
    assert "\\u202e" not in figure.to_json()


def test_a_period_without_thumbs_is_a_gap():
    figure = feedback.satisfaction_over_time(periods())
    band, line = figure.data
    assert len(band.x) == 3
    assert list(band.base) == pytest.approx([float(low) for low in periods()["low"].dropna()])
    assert [float(end) for end in band.base + band.y] == pytest.approx(periods()["high"].dropna().tolist())
    assert np.isnan(line.y).tolist() == [False, True, False, False]
    assert line.hovertext[1].endswith("no thumbs")
    assert "80 % up, 40 of 50 thumbs, interval 67 % to 89 %" in line.hovertext[0]
    assert list(line.customdata[0]) == ["2026-03-02T00:00:00", "2026-03-03T00:00:00"]


def test_what_stands_on_few_is_hollow_and_says_so():
    assert list(feedback.satisfaction_over_time(periods()).data[1].marker.symbol) == [
        "circle",
        "circle-open",
        "circle-open",
        "circle-open",
    ]
    dots, values = feedback.satisfaction(shares()).data
    assert list(dots.marker.symbol) == ["circle", "circle", "circle-open"]
    assert list(values.text) == [" 25 % of 40", " 75 % of 400", " 50 % of 2 (rare)"]
    assert "(rare)" in describe_satisfaction(shares())
    dots, values = feedback.agreement(kappas()).data
    assert list(dots.marker.symbol) == ["circle", "circle-open", "circle-open"]
    assert list(values.text) == [" 0.41 of 120", " -0.20 of 12 (rare)", " – of 0 (rare)"]


def test_intervals_reach_as_far_as_they_say():
    frame = shares()
    dots = feedback.satisfaction(frame).data[0]
    assert [float(at - length) for at, length in zip(dots.x, dots.error_x.arrayminus, strict=True)] == pytest.approx(
        frame["low"].tolist()
    )
    assert [float(at + length) for at, length in zip(dots.x, dots.error_x.array, strict=True)] == pytest.approx(
        frame["high"].tolist()
    )
    figure = feedback.agreement(kappas())
    assert figure.layout.xaxis.range[0] < -0.5, "what is worse than chance is drawn, too"


def test_the_two_ways_of_being_wrong_differ_by_side_and_hatching():
    figure = feedback.contested(corrections())
    wrongly, missed, values = figure.data
    assert list(wrongly.x) == [-1200, -3, 0, -1]
    assert list(missed.x) == [7, 900, 2, 0]
    assert wrongly.marker.pattern.shape != missed.marker.pattern.shape
    assert wrongly.name != missed.name
    assert values.text[0] == " 1,200 | 7"
    assert list(figure.layout.xaxis.ticktext) == ["1,000", "500", "0", "500", "1,000"]


@pytest.mark.parametrize(("most", "ticks"), [(1, [-1, 0, 1]), (3, [-3, 3]), (40, [-40, 40]), (1_000_000, [-1e6, 1e6])])
def test_ticks_are_whole_and_few(most, ticks):
    figure = feedback.contested(corrections().assign(wrongly=most, missed=0))
    shown = list(figure.layout.xaxis.tickvals)
    assert shown[0] == ticks[0]
    assert shown[-1] == ticks[-1]
    assert len(shown) <= 7
    assert all(tick == int(tick) for tick in shown)


def test_only_the_most_frequent_pairs_are_drawn():
    many = pd.DataFrame({"said": "joy", "wanted": [f"w{n}" for n in range(40)], "count": range(40, 0, -1)})
    figure = feedback.confusions(many)
    assert len(figure.data[0].x) == 15
    assert figure.layout.yaxis.ticktext[0] == " joy → w0"
    assert "15 pairs" in feedback.describe_confusions(many)


def test_words_say_what_is_drawn():
    assert feedback.describe_satisfaction_over_time(periods()) == (
        "Line chart of the share of thumbs that are up by period, 3 periods with thumbs, 2026-03-02 to 2026-03-05; "
        "first 2026-03-02: 80 % up, 40 of 50 thumbs, interval 67 % to 89 %; "
        "last 2026-03-05: 100 % up, 5 of 5 thumbs (rare), interval 57 % to 100 %."
    )
    assert "anger: 25 % up, 10 of 40 thumbs, interval 14 % to 40 %" in describe_satisfaction(shares())
    assert "admiration: 1,200 times the model gave it and people did not, 7 times the reverse" in (
        feedback.describe_contested(corrections())
    )
    assert feedback.describe_confusions(pairs()).endswith(
        "anger → annoyance: 1,200 corrections; nothing → fear: 1 correction."
    )
    assert "anger: kappa 0.41, interval 0.30 to 0.52, 120 texts in which either gave it" in (
        feedback.describe_agreement(kappas())
    )


def test_long_names_leave_room_for_the_chart():
    frame = shares().assign(name="a model with a very long name " * 4)
    assert theme.room_for(["x" * 40], 13) + 28 >= feedback.satisfaction(frame).layout.margin.l
