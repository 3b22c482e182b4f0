import numpy as np
import pytest

from core.charts import probabilities as charts
from core.emotions import AT_LEVEL, INDEX, Level
from core.inference.classifier import Thresholds


@pytest.fixture
def scores() -> np.ndarray:
    values = np.full((1, 28), 0.02, dtype=np.float32)
    values[0, INDEX["joy"]] = 0.9
    values[0, INDEX["grief"]] = 0.4
    return values


@pytest.mark.parametrize("level", ["emotion", "ekman", "sentiment"])
def test_bars_show_every_label_with_its_threshold(scores: np.ndarray, level: Level) -> None:
    frame = charts.bars_frame(scores, Thresholds.flat(0.5), level)
    assert sorted(frame["name"]) == sorted(label.name for label in AT_LEVEL[level])
    figure = charts.emotion_bars(frame)
    bars, ticks, _ = figure.data
    assert list(bars.x) == frame["probability"].tolist()
    assert set(ticks.x) == {0.5}


def test_a_label_that_reaches_its_threshold_differs_by_more_than_colour(scores: np.ndarray) -> None:
    frame = charts.bars_frame(scores, Thresholds.flat(0.5), "emotion")
    bars, _, values = charts.emotion_bars(frame).data
    texts = dict(zip(frame["name"], values.text, strict=True))
    opacity = dict(zip(frame["name"], bars.marker.opacity, strict=True))
    assert texts["joy"] == "<b>90% ✓</b>"
    assert texts["grief"] == "40%"
    assert opacity["joy"] > opacity["grief"]


def test_bars_keep_their_place_while_the_text_changes(scores: np.ndarray) -> None:
    other = scores[:, ::-1].copy()
    flat = Thresholds.flat(0.5)
    assert list(charts.bars_frame(scores, flat, "emotion")["name"]) == list(
        charts.bars_frame(other, flat, "emotion")["name"]
    )


def test_descriptions_say_what_the_charts_show(scores: np.ndarray) -> None:
    frame = charts.bars_frame(scores, Thresholds.flat(0.5), "emotion")
    assert "Strongest: joy 90% (above its threshold), grief 40%" in charts.describe_bars(frame)
    counts = charts.counts_frame(np.array([5, 0, 1, 10]), 20, "sentiment")
    assert list(counts["name"]) == ["neutral", "positive", "ambiguous", "negative"]
    assert counts["share"].tolist() == [0.5, 0.25, 0.05, 0.0]
    assert "Most frequent: neutral 50.0%, positive 25.0%" in charts.describe_shares(counts, 20)
    assert list(charts.share_bars(counts).data[0].customdata) == [10, 5, 1, 0]
