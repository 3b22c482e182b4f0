"""Which words moved an emotion: occlusion, in one batch.

Each word (of a long text: each run of words) is left out once; how far the label's log-odds fall without it is its
contribution. (Occlusion after Zeiler & Fergus, "Visualizing and Understanding Convolutional Networks", 2014, section
4.2; log-odds, because probabilities near 0 and 1 hide differences.) It asks only for scores, so it explains any engine.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.emotions import Level, Scores, names, roll_up

MAX_PARTS: Final = 64
"""Parts a text is cut into at most: bounds the batch, and with it the time."""


@dataclass(frozen=True, slots=True)
class Part:
    """A word, or a run of words, of a normalised text.

    Attributes:
        contribution: how far the label's log-odds fall when the part is left out; negative where it held them down.
        without: the label's probability when the part is left out, 0..1.
    """

    text: str
    contribution: float
    without: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """The parts of a text in their order, for one label."""

    label: str
    probability: float
    parts: tuple[Part, ...]


def explain(
    score: Callable[[Sequence[str]], Scores], clean_text: str, label: str, level: Level = "emotion"
) -> Explanation:
    """Return the contribution of each word of `clean_text` to `label`.

    Args:
        score: normalised texts to float32 [n_texts, 28].
        clean_text: normalised and not empty.
        label: a label of `level`.
    """
    words = clean_text.split()
    size = -(-len(words) // MAX_PARTS)
    parts = [words[start : start + size] for start in range(0, len(words), size)]
    occluded = [
        # A text of one word leaves nothing; a full stop is as little as a model can be given.
        " ".join(word for other, part in enumerate(parts) if other != left_out for word in part) or "."
        for left_out in range(len(parts))
    ]
    column = names(level).index(label)
    probabilities = roll_up(score([clean_text, *occluded]), level)[:, column].astype(np.float64)
    odds = np.clip(probabilities, 1e-6, 1 - 1e-6)
    log_odds = np.log(odds / (1 - odds))
    return Explanation(
        label=label,
        probability=float(probabilities[0]),
        parts=tuple(
            Part(" ".join(part), float(log_odds[0] - log_odds[row]), float(probabilities[row]))
            for row, part in enumerate(parts, start=1)
        ),
    )
