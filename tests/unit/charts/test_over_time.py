import numpy as np
import pandas as pd
import pytest

from core.charts import over_time
from core.emotions import EMOTIONS
from tests.unit.charts.frames import DAYS, NEXT, line, periods


def test_volume_stacks_the_flagged_below_the_others():
    figure = over_time.volume(periods())
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
    bar = over_time.volume(frame).data[0]
    assert bar.width[1] / bar.width[0] == pytest.approx(18 / 24)
    many = pd.DataFrame({"bucket": pd.date_range("2026-01-01", periods=400, freq="h"), "n": 1, "flagged": 0})
    figure = over_time.volume(many.assign(until=many["bucket"] + pd.Timedelta(hours=1)))
    assert set(figure.data[0].width) == {3_600_000}, "four hundred bars have no gaps"


def test_times_are_told_in_utc_whatever_zone_they_come_in():
    here = periods().assign(bucket=DAYS.tz_localize("UTC").tz_convert("Asia/Tokyo"))
    assert over_time.volume(here).to_json() == over_time.volume(periods()).to_json()


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
    assert over_time.volume(frame).data[1].hovertext == (f"{told}: 1 text<br>0 flagged (0.0 %)",)
    assert f"Most in {told}: 1 text, 0 of them" in over_time.describe_volume(frame)


def test_volume_in_words():
    assert over_time.describe_volume(periods()) == (
        "Bar chart of the texts in each period, flagged and not: 1,250 texts in 4 periods, 2026-03-02 to 2026-03-05; "
        "35 flagged (2.8 %). Most in 2026-03-04: 1,200 texts, 30 of them flagged."
    )


def test_a_period_without_texts_is_a_gap():
    figure = over_time.emotions_over_time(line())
    curve, end = figure.data
    assert np.isnan(curve.y[1])
    assert not curve.connectgaps
    assert curve.x[0] == pd.Timestamp("2026-03-02 12:00"), "a share is of the whole period: it stands in its middle"
    assert curve.customdata[0] == ["anger", "2026-03-02T00:00:00", "2026-03-03T00:00:00"]
    assert curve.hovertext[2] == "anger: 50.0 %, 600 of 1,200 texts<br>2026-03-04"
    assert (end.x[0], end.y[0], end.text) == (curve.x[3], 0.1, " 😡")


def test_eight_lines_differ_by_more_than_colour():
    frame = pd.concat([line(emotion.name) for emotion in EMOTIONS[:8]])
    curves = [trace for trace in over_time.emotions_over_time(frame).data if trace.mode == "lines+markers"]
    assert len({curve.marker.symbol for curve in curves}) == 8
    assert len({curve.line.dash for curve in curves}) == 8


def test_names_at_the_ends_of_lines_keep_apart():
    frame = pd.concat([line(emotion.name) for emotion in EMOTIONS[:8]])
    figure = over_time.emotions_over_time(frame)
    heights = sorted(trace.y[0] for trace in figure.data if trace.mode == "text")
    assert min(np.diff(heights)) > 0.03
    assert heights[0] == 0.1
    assert heights[-1] < figure.layout.yaxis.range[1]


def test_a_long_line_has_few_markers_but_one_on_each_point_that_stands_alone():
    share = np.full(400, 0.2)
    share[[200, 202]] = np.nan
    hours = pd.date_range("2026-01-01", periods=400, freq="h")
    frame = pd.DataFrame({"bucket": hours, "until": hours + pd.Timedelta(hours=1), "n": 10, "count": 2, "share": share})
    curve = over_time.emotions_over_time(frame.assign(name="joy", emoji="😃", colour="#2d90e8")).data[0]
    assert sum(curve.marker.opacity) <= over_time._MOST_MARKERS + 1
    assert curve.marker.opacity[201] == 1


def test_lines_in_words():
    told = over_time.describe_emotions_over_time(pd.concat([line(), line("joy", (5, 0, 12, 0))]))
    assert "3 periods with texts, 2026-03-02 to 2026-03-05" in told
    assert "anger: 10.0 % at first, 10.0 % at last, most 50.0 % (2026-03-04)" in told
    assert "joy: 50.0 % at first, 0.0 % at last, most 50.0 % (2026-03-02)" in told
    assert over_time.describe_emotions_over_time(line().assign(share=np.nan, n=0)).endswith("no texts.")
