import numpy as np
import pytest

from core.charts import distributions
from core.emotions import EMOTIONS, LEVEL_TITLES
from tests.unit.charts.frames import labels, pairs, shifts


@pytest.mark.parametrize("level", LEVEL_TITLES)
def test_distribution_keeps_the_order_and_marks_the_share_before(level):
    frame = labels(level).iloc[::-1]
    bars, before, values = distributions.distribution(frame).data
    assert list(bars.x) == frame["share"].tolist()
    assert list(before.x) == frame["previous"].tolist()
    assert before.marker.symbol == "line-ns"
    assert values.text[-1] == " 30.0 %"
    first = frame.iloc[-1]
    assert bars.customdata[-1] == before.customdata[-1] == [first["name"], 300]


def test_names_are_no_places_on_an_axis():
    frame = labels().head(2).assign(name=["2026", "2026"])
    assert list(distributions.distribution(frame).data[0].y) == [0, 1], "two of one name remain two"


def test_distribution_in_words():
    frame = labels("sentiment").assign(previous=[0.25, 0.2, np.nan, 0])
    told = distributions.describe_distribution(frame, limit=2)
    assert (
        "Most frequent: positive 30.0 % (300 texts; before 25.0 %), negative 20.0 % (200 texts; before 20.0 %)." in told
    )
    assert told.endswith("Largest change: positive by +5.0 points.")
    assert "change" not in distributions.describe_distribution(frame.assign(previous=np.nan))


def test_every_pair_has_a_cell_and_a_point_to_click():
    figure = distributions.co_occurrence(pairs())
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
    large = distributions.co_occurrence(pairs(names, np.full((28, 28), 50)))
    assert large.data[0].texttemplate is None
    assert len(large.data[1].customdata) == 28 * 28
    assert large.layout.xaxis.tickangle == -90
    assert distributions.co_occurrence(pairs(names[:7], np.full((7, 7), 50))).data[0].texttemplate == "%{text}"


def test_rare_labels_neither_take_the_shades_nor_come_first():
    frame = pairs(counts=((100, 40, 0), (40, 50, 1), (2, 0, 2)))
    assert distributions.co_occurrence(frame).data[0].zmax == 0.8
    assert distributions.describe_co_occurrence(frame).endswith(
        "Most often: 80.0 % of 50 texts with love also carry joy; 40.0 % of 100 texts with joy also carry love; "
        "2.0 % of 50 texts with love also carry grief."
    )
    assert "100.0 % of 2 texts with grief (rare) also carry joy" in distributions.describe_co_occurrence(frame, limit=4)


def test_drift_shows_its_bands_without_colour():
    figure = distributions.drift(shifts())
    bars, values = figure.data
    assert len(set(bars.marker.pattern.shape[:3])) == 3
    assert bars.customdata[1] == ["anger", "large"]
    assert list(values.text) == [" 0.02", " 1.50", " 0.12", " –"]
    assert [line.x0 for line in figure.layout.shapes] == [0.1, 0.25]
    assert [note.text for note in figure.layout.annotations] == ["moderate", "large"]
    assert figure.layout.xaxis.range[1] > 1.5
    for small in (shifts().head(1), shifts().tail(1), shifts().head(0)):
        assert distributions.drift(small).layout.xaxis.range[1] == pytest.approx(0.3 * 1.03)
    assert "1 large (anger 1.50), 1 moderate (fear 0.12), 1 stable, 1 that cannot be" in distributions.describe_drift(
        shifts()
    )
