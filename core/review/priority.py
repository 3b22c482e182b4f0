"""Why a prediction is worth a person's look: one reason, one class, each judging many predictions at once.

Items are ordered by the severity of their gravest flag, then by score: the sum of the weights of the reasons that hold.
What people say weighs more than a model's doubt: a suggested correction 4, a thumb down 3, a decision on the same words
that says otherwise 3, models that disagree 2, a rare emotion 2, a narrow margin 1. A flag has no weight of its own: its
severity comes first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from core.emotions import INDEX
from core.explore.selection import UNCERTAIN

RARE_EMOTIONS: Final = ("grief", "pride", "relief", "nervousness", "embarrassment")
"""The five emotions that fewer than 1 in 100 of the training texts carry: a model has seen little of them."""


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known of n predictions, a column each.

    Attributes:
        severity: uint8 [n]; 0 not flagged, 1 info, 2 watch, 3 urgent.
        margin: float32 [n]; how far the surest emotion is above its threshold, NaN where not known.
        labels: uint32 [n]; bit j says that the model gave emotion j.
        second: uint32 [n]; likewise what the baseline gave.
        has_second: bool [n]; whether the baseline was asked.
        downs: int64 [n]; thumbs down that hold.
        suggested: uint32 [n]; what those who gave them would have it carry.
        twin: uint32 [n]; what was decided of a text of the same words.
        has_twin: bool [n]; whether anything was.
    """

    severity: NDArray[np.uint8]
    margin: NDArray[np.float32]
    labels: NDArray[np.uint32]
    second: NDArray[np.uint32]
    has_second: NDArray[np.bool_]
    downs: NDArray[np.int64]
    suggested: NDArray[np.uint32]
    twin: NDArray[np.uint32]
    has_twin: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.severity)


class Reason(Protocol):
    """One reason to look."""

    @property
    def name(self) -> str:
        """What it is called, in a word or two."""

    @property
    def words(self) -> str:
        """The end of the sentence "It is here because ..."."""

    @property
    def weight(self) -> float:
        """How much it adds to the score."""

    def holds(self, of: Signals) -> NDArray[np.bool_]:
        """Tell of which predictions it holds, bool [n]."""


@dataclass(frozen=True, slots=True)
class FlagOf:
    """The gravest flag has a severity."""

    severity: int
    name: str
    words: str
    weight: float = 0.0

    def holds(self, of: Signals) -> NDArray[np.bool_]:
        """Tell of which predictions it holds, bool [n]."""
        return np.asarray(of.severity == self.severity)


@dataclass(frozen=True, slots=True)
class ThumbsDown:
    """It has a thumb down that holds."""

    name: str = "thumb down"
    words: str = "a tester gave it a thumb down"
    weight: float = 3.0

    def holds(self, of: Signals) -> NDArray[np.bool_]:
        """Tell of which predictions it holds, bool [n]."""
        return np.asarray(of.downs > 0)


@dataclass(frozen=True, slots=True)
class Suggested:
    """A correction was suggested, and it is something else than the model gave."""

    name: str = "correction"
    words: str = "a tester suggested other emotions"
    weight: float = 4.0

    def holds(self, of: Signals) -> NDArray[np.bool_]:
        """Tell of which predictions it holds, bool [n]."""
        return np.asarray((of.suggested != 0) & (of.suggested != of.labels))


@dataclass(frozen=True, slots=True)
class ModelsDisagree:
    """The model and the baseline each found something, and nothing in common."""

    name: str = "models disagree"
    words: str = "the baseline shares none of its emotions"
    weight: float = 2.0

    def holds(self, of: Signals) -> NDArray[np.bool_]:
        """Tell of which predictions it holds, bool [n]."""
        both = of.has_second & (of.labels != 0) & (of.second != 0)
        return np.asarray(both & (of.labels & of.second == 0))


@dataclass(frozen=True, slots=True)
class NarrowMargin:
    """No emotion reaches its threshold, or the surest exceeds it by little."""

    within: float = UNCERTAIN
    name: str = "uncertain"
    words: str = "it is near its thresholds"
    weight: float = 1.0

    def holds(self, of: Signals) -> NDArray[np.bool_]:
        """Tell of which predictions it holds, bool [n]."""
        return np.asarray(of.margin < np.float32(self.within))


@dataclass(frozen=True, slots=True)
class RareEmotion:
    """The model gave an emotion of which it has seen little."""

    emotions: tuple[str, ...] = RARE_EMOTIONS
    name: str = "rare emotion"
    words: str = "it carries an emotion of which the model has seen few examples"
    weight: float = 2.0

    def holds(self, of: Signals) -> NDArray[np.bool_]:
        """Tell of which predictions it holds, bool [n]."""
        return np.asarray(of.labels & np.uint32(sum(1 << INDEX[one] for one in self.emotions)) != 0)


@dataclass(frozen=True, slots=True)
class AgainstTwin:
    """A person decided otherwise of a text of the same words."""

    name: str = "against a review"
    words: str = "a text of the same words was reviewed, with other emotions"
    weight: float = 3.0

    def holds(self, of: Signals) -> NDArray[np.bool_]:
        """Tell of which predictions it holds, bool [n]."""
        return np.asarray(of.has_twin & (of.twin != of.labels))


REASONS: Final[tuple[Reason, ...]] = (
    FlagOf(3, "urgent flag", "it has an urgent flag"),
    FlagOf(2, "flag to watch", "it has a flag to watch"),
    ThumbsDown(),
    Suggested(),
    ModelsDisagree(),
    NarrowMargin(),
    RareEmotion(),
    AgainstTwin(),
)
"""All of them; the place of each is its bit."""


def judge(of: Signals, reasons: Sequence[Reason] = REASONS) -> tuple[NDArray[np.uint16], NDArray[np.float32]]:
    """Return which reasons hold, uint16 [n], bit k for `reasons[k]`, and the score, float32 [n]."""
    mask, score = np.zeros(len(of), np.uint16), np.zeros(len(of), np.float32)
    for place, reason in enumerate(reasons):
        held = reason.holds(of)
        mask |= held.astype(np.uint16) << np.uint16(place)
        score += held * np.float32(reason.weight)
    return mask, score


def reasons_of(mask: int) -> tuple[Reason, ...]:
    """Return the reasons behind the bits."""
    return tuple(reason for place, reason in enumerate(REASONS) if mask >> place & 1)


def bits(*names: str) -> int:
    """Return the bits of the reasons of some names."""
    return sum(1 << place for place, reason in enumerate(REASONS) if reason.name in names)
