import numpy as np
import pandas as pd

from core.charts import risk
from core.rules.flags import CATEGORIES, SEVERITIES
from tests.unit.charts.frames import days, flags


def test_severities_are_stacked_from_the_gravest():
    figure = risk.severity_by_category(flags())
    *bars, words = figure.data
    assert [bar.name for bar in bars] == ["urgent", "watch", "info"]
    assert [list(bar.x) for bar in bars] == [[2, 0], [5, 0], [0, 1200]]
    assert bars[0].customdata == (["threat", "urgent"], ["profanity", "urgent"]), "in the order of the categories"
    assert len({bar.marker.pattern.shape for bar in bars}) == 3
    assert list(words.text) == ["<b>threat</b>  2 urgent, 5 watch", "<b>profanity</b>  1,200 info"]


def test_all_categories_in_words():
    told = risk.describe_severity_by_category(
        flags([(category, severity, 2) for severity in SEVERITIES for category in reversed(CATEGORIES)])
    )
    assert "16 urgent, 16 watch, 16 info in all. self-harm: 2 urgent, 2 watch, 2 info; threat" in told
    assert risk.describe_severity_by_category(flags([("hate", "info", 0)])).endswith("no flags.")


def test_the_calendar_puts_days_under_their_weekday_and_marks_spikes():
    figure = risk.calendar(days(9))
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
    figure = risk.calendar(days(500).sample(frac=1, random_state=1))
    assert len(figure.data[1].x) == risk.MOST_DAYS
    assert figure.data[1].customdata[-1][0] == "2027-07-14"
    assert min(np.diff(figure.layout.xaxis.tickvals)) >= 3
    assert "2027" in "".join(figure.layout.xaxis.ticktext)


def test_a_calendar_across_new_year_goes_on_in_the_next_column():
    frame = days(2).assign(day=pd.to_datetime(["2026-12-31", "2027-01-04"]))
    points = risk.calendar(frame).data[1]
    assert list(zip(points.x, points.y, strict=True)) == [(0, 3), (1, 0)]


def test_the_calendar_in_words():
    told = risk.describe_calendar(days(6, spikes=(2, 3)).assign(score=[np.nan, np.nan, 4, 9, np.nan, np.nan]), limit=1)
    assert "75 texts on 6 days, 2026-03-02 to 2026-03-07. Most on 2026-03-07: 15 texts." in told
    assert told.endswith("2 days with a spike, the strongest: 2026-03-05: anger, 42 where 11 are usual (score 9.0).")
    assert risk.describe_calendar(days(spikes=())).endswith("No spikes.")
