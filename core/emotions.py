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
    Emotion("admiration", "👏", "#04877c", "joy", "positive"),
    Emotion("amusement", "😂", "#00a19e", "joy", "positive"),
    Emotion("anger", "😡", "#bc484b", "anger", "negative"),
    Emotion("annoyance", "😒", "#d86358", "anger", "negative"),
    Emotion("approval", "👍", "#009298", "joy", "positive"),
    Emotion("caring", "🤗", "#0b8490", "joy", "positive"),
    Emotion("confusion", "😕", "#8959ba", "surprise", "ambiguous"),
    Emotion("curiosity", "🤔", "#b26bc6", "surprise", "ambiguous"),
    Emotion("desire", "😍", "#119db5", "joy", "positive"),
    Emotion("disappointment", "😞", "#ca5842", "sadness", "negative"),
    Emotion("disapproval", "👎", "#bb4d2a", "anger", "negative"),
    Emotion("disgust", "🤢", "#d56938", "disgust", "negative"),
    Emotion("embarrassment", "😳", "#c55f1c", "sadness", "negative"),
    Emotion("excitement", "🤩", "#028eae", "joy", "positive"),
    Emotion("fear", "😨", "#b15908", "fear", "negative"),
    Emotion("gratitude", "🙏", "#0080a7", "joy", "positive"),
    Emotion("grief", "😭", "#cd7106", "sadness", "negative"),
    Emotion("joy", "😃", "#1297d2", "joy", "positive"),
    Emotion("love", "❤️", "#0e87cd", "joy", "positive"),
    Emotion("nervousness", "😬", "#b66c05", "fear", "negative"),
    Emotion("optimism", "🤞", "#1877c8", "joy", "positive"),
    Emotion("pride", "🏆", "#4d8ce6", "joy", "positive"),
    Emotion("realization", "💡", "#b25aa8", "surprise", "ambiguous"),
    Emotion("relief", "😌", "#537bd9", "joy", "positive"),
    Emotion("remorse", "😔", "#a16500", "sadness", "negative"),
    Emotion("sadness", "😢", "#bb7e05", "sadness", "negative"),
    Emotion("surprise", "😲", "#af4a88", "surprise", "ambiguous"),
    Emotion("neutral", "😐", "#7a7f87", "neutral", "neutral"),
)

EKMAN: Final[tuple[Emotion, ...]] = (
    Emotion("anger", "😡", "#bc484b", "anger", "negative"),
    Emotion("disgust", "🤢", "#d56938", "disgust", "negative"),
    Emotion("fear", "😨", "#b15908", "fear", "negative"),
    Emotion("joy", "😃", "#1297d2", "joy", "positive"),
    Emotion("sadness", "😢", "#bb7e05", "sadness", "negative"),
    Emotion("surprise", "😲", "#af4a88", "surprise", "ambiguous"),
    Emotion("neutral", "😐", "#7a7f87", "neutral", "neutral"),
)

SENTIMENTS: Final[tuple[Emotion, ...]] = (
    Emotion("positive", "🙂", "#1877c8", "", "positive"),
    Emotion("negative", "🙁", "#c55f1c", "", "negative"),
    Emotion("ambiguous", "🤷", "#b26bc6", "", "ambiguous"),
    Emotion("neutral", "😐", "#7a7f87", "", "neutral"),
)

AT_LEVEL: Final[dict[Level, tuple[Emotion, ...]]] = {"emotion": EMOTIONS, "ekman": EKMAN, "sentiment": SENTIMENTS}
"""The labels of each level, in the order of that level's columns."""

LABELS: Final[tuple[str, ...]] = tuple(emotion.name for emotion in EMOTIONS)
"""The 28 names in the corpus's order, which is the order of a score's columns."""

INDEX: Final[dict[str, int]] = {name: number for number, name in enumerate(LABELS)}


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
