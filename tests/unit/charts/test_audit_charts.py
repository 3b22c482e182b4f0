import json
import re

import numpy as np
import pandas as pd
import pytest

from core.charts import distributions as audit
from core.charts import theme as parts
from core.emotions import AT_LEVEL, EMOTIONS, LEVEL_TITLES
from core.rules.flags import CATEGORIES, SEVERITIES

HOSTILE = '<a href="https://evil.example">x</a>\u202e\n=== 2026-01-01'
DAYS = pd.date_range("2026-03-02", periods=4)
NEXT = DAYS + pd.Timedelta(days=1)


def periods():
    return pd.DataFrame({"bucket": DAYS, "until": NEXT, "n": [10, 0, 1200, 40], "flagged": [1, 0, 30, 4]})


def line(name="anger", count=(1, 0, 600, 4)):
    n = np.array([10, 0, 1200, 40])
    share = [np.nan if not of else have / of for have, of in zip(count, n, strict=True)]
    look = {"name": name, "emoji": "😡", "colour": "#bf4922"}
    return pd.DataFrame({"bucket": DAYS, "until": NEXT, **look, "count": count, "n": n, "share": share})


def labels(level="emotion"):
    frame = pd.DataFrame([{"name": one.name, "emoji": one.emoji, "colour": one.colour} for one in AT_LEVEL[level]])
    share = np.linspace(0.3, 0.0, len(frame))
    return frame.assign(count=(share * 1000).round().astype(int), share=share, previous=share - 0.01)


def pairs(names=("joy", "love", "grief"), counts=((100, 40, 0), (40, 50, 1), (0, 0, 0))):
    return pd.DataFrame(
        [
            {
                "row": row,
                "column": column,
                "count": counts[i][j],
                "share": np.nan if i == j or not counts[i][i] else counts[i][j] / counts[i][i],
                "row_count": counts[i][i],
            }
            for i, row in enumerate(names)
            for j, column in enumerate(names)
        ]
    )


def flags(rows=(("profanity", "info", 1200), ("threat", "urgent", 2), ("threat", "watch", 5))):
    return pd.DataFrame(rows, columns=["category", "severity", "count"])


def days(n=4, spikes=(2,)):
    spike = np.isin(np.arange(n), spikes)
    return pd.DataFrame(
        {
            "day": pd.date_range("2026-03-02", periods=n),
            "n": np.arange(n) + 10,
            "spike": spike,
            "name": np.where(spike, "anger", ""),
            "score": np.where(spike, 5.25, np.nan),
            "count": np.where(spike, 42.0, np.nan),
            "usual": np.where(spike, 11.0, np.nan),
        }
    )


def shifts():
    names = {"name": ["joy", "anger", "fear", "grief"], "emoji": ["😃", "😡", "😨", "😭"]}
    return pd.DataFrame({**names, "psi": [0.02, 1.5, 0.12, np.nan], "band": ["stable", "large", "moderate", ""]})


def readings():
    return pd.DataFrame(
        {
            "name": ["joy", "anger"],
            "emoji": ["😃", "😡"],
            "colour": ["#2d90e8", "#bf4922"],
            "before": [0.2, 0.9],
            "after": [0.3, 0.1],
        }
    )


CHARTS = {
    "volume": (audit.volume, audit.describe_volume, periods),
    "emotions_over_time": (audit.emotions_over_time, audit.describe_emotions_over_time, line),
    "distribution": (audit.distribution, audit.describe_distribution, labels),
    "co_occurrence": (audit.co_occurrence, audit.describe_co_occurrence, pairs),
    "severity_by_category": (audit.severity_by_category, audit.describe_severity_by_category, flags),
    "calendar": (audit.calendar, audit.describe_calendar, days),
    "drift": (audit.drift, audit.describe_drift, shifts),
    "rescored": (audit.rescored, audit.describe_rescored, readings),
}
every_chart = pytest.mark.parametrize(("draw", "describe", "make"), CHARTS.values(), ids=CHARTS)


@every_chart
def test_charts_fit_any_width_and_keep_the_theme(draw, describe, make):
    figure = draw(make())
    layout = figure.layout
    assert layout.width is None
    assert layout.height >= 100
    assert layout.paper_bgcolor is None
    assert layout.plot_bgcolor is None
    assert layout.font.to_plotly_json() == {}
    assert layout.legend.orientation in (None, "h")
    assert layout.yaxis.fixedrange
    assert layout.dragmode == ("select" if draw is audit.volume else False)
    assert "NaN" not in figure.to_json(), "a browser's JSON knows no NaN"


@every_chart
def test_one_row_is_drawn_and_told(draw, describe, make):
    figure = draw(make().head(1))
    json.loads(figure.to_json())
    assert re.search(r"\b1\b", describe(make().head(1)))


@every_chart
def test_an_empty_frame_is_an_empty_chart(draw, describe, make):
    for empty in (make().head(0), pd.DataFrame(columns=make().columns)):
        figure = draw(empty)
        assert not any(len(trace.customdata or ()) for trace in figure.data)
        assert not any(np.isnan(end) for axis in (figure.layout.xaxis, figure.layout.yaxis) for end in axis.range or ())
        assert any(none in describe(empty) for none in ("no texts", "no two", "no flags", "0 labels"))


@every_chart
def test_what_is_drawn_is_harmless_and_what_is_carried_is_exact(draw, describe, make):
    frame = make()
    if draw is audit.severity_by_category:
        return  # Its words are the project's own.
    for column in {"name", "row", "column"} & set(frame.columns):
        frame[column] = HOSTILE
    figure = draw(frame)
    carried = str([trace.customdata for trace in figure.data])
    shown = figure.to_dict()
    for trace in shown["data"]:
        trace.pop("customdata", None)
    assert "<a " not in str(shown)
    assert "\u202e" not in str(shown)
    if draw not in (audit.volume, audit.rescored):
        assert repr(HOSTILE) in carried


def test_volume_stacks_the_flagged_below_the_others():
    figure = audit.volume(periods())
    flagged, others = figure.data
    assert list(flagged.y) == [1, 0, 30, 4]
    assert list(others.y) == [9, 0, 1170, 36]
    assert flagged.marker.pattern.shape != others.marker.pattern.shape
    assert figure.layout.barmode == "stack"
    assert figure.layout.selectdirection == "h"
    assert flagged.customdata[0] == others.customdata[0] == ["2026-03-02T00:00:00", "2026-03-03T00:00:00"]
    assert others.hovertext[2] == "2026-03-04: 1,200 texts<br>30 flagged (2.5 %)"


def test_a_bar_is_as_wide_as_its_period():
    frame = pd.DataFrame(
        {"bucket": DAYS[:2], "until": [NEXT[0], NEXT[0] + pd.Timedelta(hours=18)], "n": 3, "flagged": 0}
    )
    bar = audit.volume(frame).data[0]
    assert bar.width[1] / bar.width[0] == pytest.approx(18 / 24)
    many = pd.DataFrame({"bucket": pd.date_range("2026-01-01", periods=400, freq="h"), "n": 1, "flagged": 0})
    figure = audit.volume(many.assign(until=many["bucket"] + pd.Timedelta(hours=1)))
    assert set(figure.data[0].width) == {3_600_000}, "four hundred bars have no gaps"


def test_times_are_told_in_utc_whatever_zone_they_come_in():
    here = periods().assign(bucket=DAYS.tz_localize("UTC").tz_convert("Asia/Tokyo"))
    assert audit.volume(here).to_json() == audit.volume(periods()).to_json()


@pytest.mark.parametrize(
    ("since", "until", "told"),
    [
        ("2026-03-02", "2026-03-03", "2026-03-02"),
        ("2026-03-02", "2026-03-09", "2026-03-02 to 2026-03-08"),
        ("2026-03-02 13:00", "2026-03-02 14:00", "2026-03-02 13:00 to 14:00 UTC"),
        ("2026-03-02 23:00", "2026-03-03", "2026-03-02 23:00 to 2026-03-03 00:00 UTC"),
    ],
)
def test_periods_are_told_by_what_they_hold(since, until, told):
    frame = pd.DataFrame({"bucket": [pd.Timestamp(since)], "until": [pd.Timestamp(until)], "n": [1], "flagged": [0]})
    assert audit.volume(frame).data[1].hovertext == (f"{told}: 1 text<br>0 flagged (0.0 %)",)
    assert f"Most in {told}: 1 text, 0 of them" in audit.describe_volume(frame)


def test_volume_in_words():
    assert audit.describe_volume(periods()) == (
        "Bar chart of the texts in each period, flagged and not: 1,250 texts in 4 periods, 2026-03-02 to 2026-03-05; "
        "35 flagged (2.8 %). Most in 2026-03-04: 1,200 texts, 30 of them flagged."
    )


def test_a_period_without_texts_is_a_gap():
    figure = audit.emotions_over_time(line())
    curve, end = figure.data
    assert np.isnan(curve.y[1])
    assert not curve.connectgaps
    assert curve.x[0] == pd.Timestamp("2026-03-02 12:00"), "a share is of the whole period: it stands in its middle"
    assert curve.customdata[0] == ["anger", "2026-03-02T00:00:00", "2026-03-03T00:00:00"]
    assert curve.hovertext[2] == "anger: 50.0 %, 600 of 1,200 texts<br>2026-03-04"
    assert (end.x[0], end.y[0], end.text) == (curve.x[3], 0.1, " 😡")


def test_eight_lines_differ_by_more_than_colour():
    frame = pd.concat([line(emotion.name) for emotion in EMOTIONS[:8]])
    curves = [trace for trace in audit.emotions_over_time(frame).data if trace.mode == "lines+markers"]
    assert len({curve.marker.symbol for curve in curves}) == 8
    assert len({curve.line.dash for curve in curves}) == 8


def test_names_at_the_ends_of_lines_keep_apart():
    frame = pd.concat([line(emotion.name) for emotion in EMOTIONS[:8]])
    figure = audit.emotions_over_time(frame)
    heights = sorted(trace.y[0] for trace in figure.data if trace.mode == "text")
    assert min(np.diff(heights)) > 0.03
    assert heights[0] == 0.1
    assert heights[-1] < figure.layout.yaxis.range[1]


def test_a_long_line_has_few_markers_but_one_on_each_point_that_stands_alone():
    share = np.full(400, 0.2)
    share[[200, 202]] = np.nan
    hours = pd.date_range("2026-01-01", periods=400, freq="h")
    frame = pd.DataFrame({"bucket": hours, "until": hours + pd.Timedelta(hours=1), "n": 10, "count": 2, "share": share})
    curve = audit.emotions_over_time(frame.assign(name="joy", emoji="😃", colour="#2d90e8")).data[0]
    assert sum(curve.marker.opacity) <= audit._MOST_MARKERS + 1
    assert curve.marker.opacity[201] == 1


def test_lines_in_words():
    told = audit.describe_emotions_over_time(pd.concat([line(), line("joy", (5, 0, 12, 0))]))
    assert "3 periods with texts, 2026-03-02 to 2026-03-05" in told
    assert "anger: 10.0 % at first, 10.0 % at last, most 50.0 % (2026-03-04)" in told
    assert "joy: 50.0 % at first, 0.0 % at last, most 50.0 % (2026-03-02)" in told
    assert audit.describe_emotions_over_time(line().assign(share=np.nan, n=0)).endswith("no texts.")


@pytest.mark.parametrize("level", LEVEL_TITLES)
def test_distribution_keeps_the_order_and_marks_the_share_before(level):
    frame = labels(level).iloc[::-1]
    bars, before, values = audit.distribution(frame).data
    assert list(bars.x) == frame["share"].tolist()
    assert list(before.x) == frame["previous"].tolist()
    assert before.marker.symbol == "line-ns"
    assert values.text[-1] == " 30.0 %"
    first = frame.iloc[-1]
    assert bars.customdata[-1] == before.customdata[-1] == [first["name"], 300]


def test_names_are_no_places_on_an_axis():
    frame = labels().head(2).assign(name=["2026", "2026"])
    assert list(audit.distribution(frame).data[0].y) == [0, 1], "two of one name remain two"


def test_distribution_in_words():
    frame = labels("sentiment").assign(previous=[0.25, 0.2, np.nan, 0])
    told = audit.describe_distribution(frame, limit=2)
    assert (
        "Most frequent: positive 30.0 % (300 texts; before 25.0 %), negative 20.0 % (200 texts; before 20.0 %)." in told
    )
    assert told.endswith("Largest change: positive by +5.0 points.")
    assert "change" not in audit.describe_distribution(frame.assign(previous=np.nan))


def test_every_pair_has_a_cell_and_a_point_to_click():
    figure = audit.co_occurrence(pairs())
    heat, points = figure.data
    assert heat.z[0][1] == 0.4
    assert np.isnan(heat.z[0][0])
    assert np.isnan(heat.z[2]).all(), "of no texts there is no share"
    assert list(heat.text[0]) == ["", "40%", "0%"]
    place = points.customdata.index(["joy", "love", 40, 100])
    assert (points.x[place], points.y[place]) == (1, 0)
    assert points.hovertext[place] == "40 of 100 texts with joy also carry love: 40.0 %"
    assert points.hovertext[-1] == "0 texts with grief"
    assert list(figure.layout.yaxis.ticktext) == ["joy · 100", "love · 50", "grief · 0"]


def test_only_a_small_heat_map_has_numbers():
    names = [emotion.name for emotion in EMOTIONS]
    large = audit.co_occurrence(pairs(names, np.full((28, 28), 50)))
    assert large.data[0].texttemplate is None
    assert len(large.data[1].customdata) == 28 * 28
    assert large.layout.xaxis.tickangle == -90
    assert audit.co_occurrence(pairs(names[:7], np.full((7, 7), 50))).data[0].texttemplate == "%{text}"


def test_rare_labels_neither_take_the_shades_nor_come_first():
    frame = pairs(counts=((100, 40, 0), (40, 50, 1), (2, 0, 2)))
    assert audit.co_occurrence(frame).data[0].zmax == 0.8
    assert audit.describe_co_occurrence(frame).endswith(
        "Most often: 80.0 % of 50 texts with love also carry joy; 40.0 % of 100 texts with joy also carry love; "
        "2.0 % of 50 texts with love also carry grief."
    )
    assert "100.0 % of 2 texts with grief (rare) also carry joy" in audit.describe_co_occurrence(frame, limit=4)


def test_severities_are_stacked_from_the_gravest():
    figure = audit.severity_by_category(flags())
    *bars, words = figure.data
    assert [bar.name for bar in bars] == ["urgent", "watch", "info"]
    assert [list(bar.x) for bar in bars] == [[2, 0], [5, 0], [0, 1200]]
    assert bars[0].customdata == (["threat", "urgent"], ["profanity", "urgent"]), "in the order of the categories"
    assert len({bar.marker.pattern.shape for bar in bars}) == 3
    assert list(words.text) == ["<b>threat</b>  2 urgent, 5 watch", "<b>profanity</b>  1,200 info"]


def test_all_categories_in_words():
    told = audit.describe_severity_by_category(
        flags([(category, severity, 2) for severity in SEVERITIES for category in reversed(CATEGORIES)])
    )
    assert "16 urgent, 16 watch, 16 info in all. self-harm: 2 urgent, 2 watch, 2 info; threat" in told
    assert audit.describe_severity_by_category(flags([("hate", "info", 0)])).endswith("no flags.")


def test_the_calendar_puts_days_under_their_weekday_and_marks_spikes():
    figure = audit.calendar(days(9))
    heat, points = figure.data
    assert heat.z[0][:2].tolist() == [10, 17], "two Mondays side by side"
    assert np.isnan(heat.z[6][1])
    assert list(points.text) == ["", "", "▲", *[""] * 6]
    assert points.customdata[2] == ["2026-03-04", "anger"]
    assert points.customdata[8] == ["2026-03-10", ""]
    assert (points.x[8], points.y[8]) == (1, 1)
    assert points.hovertext[2] == "2026-03-04: anger, 42 where 11 are usual (score 5.2)<br>12 texts"
    assert points.hovertext[8] == "2026-03-10: 18 texts"


def test_a_long_calendar_keeps_the_last_days_and_names_few_months():
    figure = audit.calendar(days(500).sample(frac=1, random_state=1))
    assert len(figure.data[1].x) == audit.MOST_DAYS
    assert figure.data[1].customdata[-1][0] == "2027-07-14"
    assert min(np.diff(figure.layout.xaxis.tickvals)) >= 3
    assert "2027" in "".join(figure.layout.xaxis.ticktext)


def test_a_calendar_across_new_year_goes_on_in_the_next_column():
    frame = days(2).assign(day=pd.to_datetime(["2026-12-31", "2027-01-04"]))
    points = audit.calendar(frame).data[1]
    assert list(zip(points.x, points.y, strict=True)) == [(0, 3), (1, 0)]


def test_the_calendar_in_words():
    told = audit.describe_calendar(days(6, spikes=(2, 3)).assign(score=[np.nan, np.nan, 4, 9, np.nan, np.nan]), limit=1)
    assert "75 texts on 6 days, 2026-03-02 to 2026-03-07. Most on 2026-03-07: 15 texts." in told
    assert told.endswith("2 days with a spike, the strongest: 2026-03-05: anger, 42 where 11 are usual (score 9.0).")
    assert audit.describe_calendar(days(spikes=())).endswith("No spikes.")


def test_drift_shows_its_bands_without_colour():
    figure = audit.drift(shifts())
    bars, values = figure.data
    assert len(set(bars.marker.pattern.shape[:3])) == 3
    assert bars.customdata[1] == ["anger", "large"]
    assert list(values.text) == [" 0.02", " 1.50", " 0.12", " –"]
    assert [line.x0 for line in figure.layout.shapes] == [0.1, 0.25]
    assert [note.text for note in figure.layout.annotations] == ["moderate", "large"]
    assert figure.layout.xaxis.range[1] > 1.5
    for small in (shifts().head(1), shifts().tail(1), shifts().head(0)):
        assert audit.drift(small).layout.xaxis.range[1] == pytest.approx(0.3 * 1.03)
    assert "1 large (anger 1.50), 1 moderate (fear 0.12), 1 stable, 1 that cannot be" in audit.describe_drift(shifts())


def test_a_second_reading_joins_what_was_and_what_is():
    lines, before, after, values = audit.rescored(readings()).data
    assert lines.x == (0.2, 0.3, None, 0.9, 0.1, None)
    assert list(before.x) == [0.2, 0.9]
    assert list(after.x) == [0.3, 0.1]
    assert before.marker.symbol == "circle-open"
    assert after.marker.symbol == "circle"
    assert list(values.text) == [" 20 % → 30 %", " 90 % → 10 %"]
    assert "anger from 90.0 % to 10.0 %, joy from 20.0 % to 30.0 %" in audit.describe_rescored(readings())


def luminance(colour):
    parts = np.array([int(colour[at : at + 2], 16) for at in (1, 3, 5)]) / 255
    return np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ [0.2126, 0.7152, 0.0722]


@pytest.mark.parametrize("colour", [parts.BLUE, parts.ORANGE, parts.RED, parts.GREY])
def test_colours_stand_out_from_both_themes(colour):
    assert 1.05 / (luminance(colour) + 0.05) >= 3
    assert (luminance(colour) + 0.05) / (luminance("#10141c") + 0.05) >= 3
