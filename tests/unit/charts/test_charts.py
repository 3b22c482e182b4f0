import json
import re

import numpy as np
import pandas as pd
import pytest

from core.charts import distributions, over_time, probabilities, risk
from tests.unit.charts.frames import HOSTILE, days, flags, labels, line, pairs, periods, readings, shifts

CHARTS = {
    "volume": (over_time.volume, over_time.describe_volume, periods),
    "emotions_over_time": (over_time.emotions_over_time, over_time.describe_emotions_over_time, line),
    "distribution": (distributions.distribution, distributions.describe_distribution, labels),
    "co_occurrence": (distributions.co_occurrence, distributions.describe_co_occurrence, pairs),
    "severity_by_category": (risk.severity_by_category, risk.describe_severity_by_category, flags),
    "calendar": (risk.calendar, risk.describe_calendar, days),
    "drift": (distributions.drift, distributions.describe_drift, shifts),
    "rescored": (probabilities.rescored, probabilities.describe_rescored, readings),
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
    assert layout.dragmode == ("select" if draw is over_time.volume else False)
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
    if draw is risk.severity_by_category:
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
    if draw not in (over_time.volume, probabilities.rescored):
        assert repr(HOSTILE) in carried


def test_a_second_reading_joins_what_was_and_what_is():
    lines, before, after, values = probabilities.rescored(readings()).data
    assert lines.x == (0.2, 0.3, None, 0.9, 0.1, None)
    assert list(before.x) == [0.2, 0.9]
    assert list(after.x) == [0.3, 0.1]
    assert before.marker.symbol == "circle-open"
    assert after.marker.symbol == "circle"
    assert list(values.text) == [" 20 % → 30 %", " 90 % → 10 %"]
    assert "anger from 90.0 % to 10.0 %, joy from 20.0 % to 30.0 %" in probabilities.describe_rescored(readings())
