import numpy as np
import pytest

from core.emotions import AT_LEVEL, EKMAN, EMOTIONS, LABELS, SENTIMENTS, members, names, roll_up, roll_up_targets


def test_there_are_28_labels_in_the_corpus_order() -> None:
    assert len(LABELS) == len(set(LABELS)) == 28
    assert list(LABELS[:-1]) == sorted(LABELS[:-1])
    assert LABELS[-1] == "neutral"


@pytest.mark.parametrize(("level", "sizes"), [("ekman", [3, 1, 2, 12, 5, 4, 1]), ("sentiment", [12, 11, 4, 1])])
def test_groups_share_out_all_emotions(level: str, sizes: list[int]) -> None:
    groups = members(level)  # type: ignore[arg-type]
    assert [len(group) for group in groups] == sizes
    assert sorted(column for group in groups for column in group) == list(range(28))


def test_roll_up_takes_the_most_probable_member() -> None:
    scores = np.zeros((1, 28), dtype=np.float32)
    scores[0, LABELS.index("grief")] = 0.4
    scores[0, LABELS.index("sadness")] = 0.7
    scores[0, LABELS.index("joy")] = 0.2
    assert roll_up(scores, "emotion") is scores
    by_ekman = dict(zip(names("ekman"), roll_up(scores, "ekman")[0], strict=True))
    assert by_ekman["sadness"] == pytest.approx(0.7)
    assert by_ekman["joy"] == pytest.approx(0.2)
    by_sentiment = dict(zip(names("sentiment"), roll_up(scores, "sentiment")[0], strict=True))
    assert by_sentiment["negative"] == pytest.approx(0.7)


def test_roll_up_targets_holds_where_any_member_does() -> None:
    targets = np.zeros((2, 28), dtype=np.bool_)
    targets[0, LABELS.index("remorse")] = True
    assert roll_up_targets(targets, "sentiment").tolist() == [[False, True, False, False], [False] * 4]


def _luminance(colour: str) -> float:
    channels = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("background", ["#ffffff", "#10141c"])
def test_colours_stand_out_on_both_backgrounds(background: str) -> None:
    other = _luminance(background)
    for emotion in (*EMOTIONS, *EKMAN, *SENTIMENTS):
        own = _luminance(emotion.colour)
        contrast = (max(own, other) + 0.05) / (min(own, other) + 0.05)
        assert contrast >= 3, (emotion.name, contrast)


# Machado, Oliveira & Fernandes 2009, severity 1.0: how red- and green-blind eyes see linear RGB.
_BLIND = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
}


@pytest.mark.parametrize("kind", _BLIND)
def test_positive_and_negative_stay_apart_for_colour_blind_eyes(kind: str) -> None:
    def seen(colour: str) -> np.ndarray:
        channels = np.array([int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return np.array(_BLIND[kind]) @ linear

    blueness = {e.name: seen(e.colour)[2] - seen(e.colour)[0] for e in EMOTIONS}
    positive = [blueness[e.name] for e in EMOTIONS if e.sentiment == "positive"]
    negative = [blueness[e.name] for e in EMOTIONS if e.sentiment == "negative"]
    assert min(positive) > max(negative) + 0.1


def test_every_label_has_an_emoji_and_its_own_colour() -> None:
    for labels in AT_LEVEL.values():
        assert all(label.emoji for label in labels)
        assert len({label.colour for label in labels}) == len(labels)
