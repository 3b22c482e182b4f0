"""What a rule says of a text: a category, a severity, a span, a reason. Flags say; they never block."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from core.emotions import Scores

CATEGORIES: Final[tuple[str, ...]] = (
    "self-harm",
    "threat",
    "harassment",
    "hate",
    "sexual",
    "drugs",
    "crisis",
    "profanity",
)
SEVERITIES: Final[tuple[str, ...]] = ("info", "watch", "urgent")
"""Ascending. As a number, 0 is no flag and 3 is urgent."""


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing to look at in a text.

    Attributes:
        category: one of `CATEGORIES`.
        severity: one of `SEVERITIES`.
        start, stop: the span in the original text, in code points.
        reason: why, in plain words.
    """

    category: str
    severity: str
    start: int
    stop: int
    reason: str


class Judge(Protocol):
    """What flags texts. Shared by all threads of the process."""

    @property
    def version(self) -> str:
        """Stamped on every prediction: other terms or another engine, another version."""
        ...

    def judge_all(self, texts: Sequence[str], scores: Scores) -> list[tuple[Flag, ...]]:
        """Return the flags of each text, the gravest first, at most one for each category.

        Args:
            scores: float32 [n_texts, 28]; a row of NaN where nothing was readable.
        """
        ...


def gravity(flags: Iterable[Flag]) -> int:
    """Return the highest severity as a number, 0..3; 0 where nothing is flagged."""
    return max((SEVERITIES.index(flag.severity) + 1 for flag in flags), default=0)


def category_mask(flags: Iterable[Flag]) -> int:
    """Pack the categories into 8 bits; bit k is `CATEGORIES[k]`."""
    return sum({1 << CATEGORIES.index(flag.category) for flag in flags})


def categories_of(mask: int) -> tuple[str, ...]:
    """Unpack what `category_mask` packed."""
    return tuple(name for number, name in enumerate(CATEGORIES) if mask >> number & 1)
