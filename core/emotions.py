"""The taxonomy: GoEmotions' 28 labels, their Ekman and sentiment groupings, an emoji and a colour each.

Groupings: Demszky et al., "GoEmotions", ACL 2020, appendix. Colours are ours: one hue family per sentiment (blue,
orange to red, purple, grey: apart for the common colour-vision deficiencies), lightness stepped within the family,
and a relative luminance between 0.15 and 0.28, which keeps 3:1 contrast on the light and on the dark background (WCAG
1.4.11).
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Level = Literal["emotion", "ekman", "sentiment"]
Scores = NDArray[np.float32]
"""Probabilities, float32 [n_texts, n_labels], each in 0..1 and independent of the others."""


@dataclass(frozen=True, slots=True)
class Emotion:
    """A label at some level: its name, the emoji and colour it is drawn with, and the groups it belongs to."""

    name: str
    emoji: str
    colour: str
    ekman: str
    sentiment: str


EMOTIONS: Final[tuple[Emotion, ...]] = (
    Emotion("admiration", "👏", "#098395", "joy", "positive"),
    Emotion("amusement", "😂", "#119cb9", "joy", "positive"),
    Emotion("anger", "😡", "#bf4922", "anger", "negative"),
    Emotion("annoyance", "😒", "#d96533", "anger", "negative"),
    Emotion("approval", "👍", "#138eaf", "joy", "positive"),
    Emotion("caring", "🤗", "#0880a6", "joy", "positive"),
    Emotion("confusion", "😕", "#8b57be", "surprise", "ambiguous"),
    Emotion("curiosity", "🤔", "#b468ca", "surprise", "ambiguous"),
    Emotion("desire", "😍", "#0998cf", "joy", "positive"),
    Emotion("disappointment", "😞", "#ca5a15", "sadness", "negative"),
    Emotion("disapproval", "👎", "#b65400", "anger", "negative"),
    Emotion("disgust", "🤢", "#d46b01", "disgust", "negative"),
    Emotion("embarrassment", "😳", "#be6600", "sadness", "negative"),
    Emotion("excitement", "🤩", "#0089c8", "joy", "positive"),
    Emotion("fear", "😨", "#a86003", "fear", "negative"),
    Emotion("gratitude", "🙏", "#017ac0", "joy", "positive"),
    Emotion("grief", "😭", "#c4780b", "sadness", "negative"),
    Emotion("joy", "😃", "#2d90e8", "joy", "positive"),
    Emotion("love", "❤️", "#3580dd", "joy", "positive"),
    Emotion("nervousness", "😬", "#b07008", "fear", "negative"),
    Emotion("optimism", "🤞", "#3a70d1", "joy", "positive"),
    Emotion("pride", "🏆", "#5f86ed", "joy", "positive"),
    Emotion("realization", "💡", "#b557aa", "surprise", "ambiguous"),
    Emotion("relief", "😌", "#6076de", "joy", "positive"),
    Emotion("remorse", "😔", "#9c6809", "sadness", "negative"),
    Emotion("sadness", "😢", "#b78006", "sadness", "negative"),
    Emotion("surprise", "😲", "#b2468a", "surprise", "ambiguous"),
    Emotion("neutral", "😐", "#7a7f87", "neutral", "neutral"),
)

EKMAN: Final[tuple[Emotion, ...]] = tuple(
    next(emotion for emotion in EMOTIONS if emotion.name == name)
    for name in ("anger", "disgust", "fear", "joy", "sadness", "surprise", "neutral")
)
"""Each group bears the name, the emoji and the colour of the emotion it is named after."""

SENTIMENTS: Final[tuple[Emotion, ...]] = (
    Emotion("positive", "🙂", "#3a70d1", "", "positive"),
    Emotion("negative", "🙁", "#be6600", "", "negative"),
    Emotion("ambiguous", "🤷", "#b468ca", "", "ambiguous"),
    Emotion("neutral", "😐", "#7a7f87", "", "neutral"),
)

AT_LEVEL: Final[dict[Level, tuple[Emotion, ...]]] = {"emotion": EMOTIONS, "ekman": EKMAN, "sentiment": SENTIMENTS}
"""The labels of each level, in the order of that level's columns."""

LABELS: Final[tuple[str, ...]] = tuple(emotion.name for emotion in EMOTIONS)
"""The 28 names in the corpus's order, which is the order of a score's columns."""

INDEX: Final[dict[str, int]] = {name: number for number, name in enumerate(LABELS)}


LEVEL_TITLES: Final[dict[Level, str]] = {
    "emotion": "28 emotions",
    "ekman": "7 Ekman groups",
    "sentiment": "4 sentiments",
}


def names(level: Level) -> tuple[str, ...]:
    """Return the label names of a level, in the order of its columns."""
    return tuple(label.name for label in AT_LEVEL[level])


def members(level: Level) -> list[list[int]]:
    """Return, for each label of `level`, the columns of the 28 emotions that belong to it."""
    if level == "emotion":
        return [[number] for number in range(len(LABELS))]
    return [
        [number for number, emotion in enumerate(EMOTIONS) if getattr(emotion, level) == group.name]
        for group in AT_LEVEL[level]
    ]


def roll_up(scores: Scores, level: Level) -> Scores:
    """Return the scores at `level`: a group is as probable as the most probable of its members.

    The labels are not exclusive, so members' probabilities cannot be added; their maximum is a lower bound of the
    probability that any of them holds, and a text's strongest emotion always lies in its strongest group.

    Args:
        scores: float32 [n_texts, 28].
        level: `emotion` returns `scores` as they are.

    Returns:
        float32 [n_texts, n_labels of the level].
    """
    if level == "emotion":
        return scores
    return np.stack([scores[:, columns].max(axis=1) for columns in members(level)], axis=1)


def roll_up_targets(targets: NDArray[np.bool_], level: Level) -> NDArray[np.bool_]:
    """Return bool targets [n_texts, n_labels of the level]: a group holds where any of its members does."""
    return np.stack([targets[:, columns].any(axis=1) for columns in members(level)], axis=1)
