"""Tweet normalisation, shared by training and serving.

A model only understands at serving time what it saw at training time: its manifest names the version of the normaliser
that its texts went through, `normaliser` gives that version, and every prediction carries it. Any change that can alter
an output is a new version, beside those that were.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from core.text import version_1, version_2
from core.text.emoji_senses import ambiguous_emoji
from core.text.shared import MAX_CHARS, PERSON_MASK, encodable
from core.text.version_2 import Traced, trace

__all__ = [
    "AMBIGUOUS_EMOJI",
    "MAX_CHARS",
    "NORMALISER_VERSION",
    "NORMALISER_VERSIONS",
    "PERSON_MASK",
    "CleanText",
    "Normaliser",
    "Traced",
    "encodable",
    "normaliser",
    "trace",
]

AMBIGUOUS_EMOJI: Final = ambiguous_emoji()
"""Emoji that are meant in two ways, and the token that normaliser 2 writes for each: one upper-case word in brackets.
A tokenizer that has them as added tokens leaves them to its model; to any other they are a word in brackets."""


@dataclass(frozen=True, slots=True)
class CleanText:
    """A normalised text.

    Attributes:
        text: what a model reads; empty when nothing was left (only links, only blanks).
        truncated: whether the original was longer than `MAX_CHARS` and only its beginning was read.
    """

    text: str
    truncated: bool


@dataclass(frozen=True, slots=True)
class Normaliser:
    """One version of the normalisation.

    Attributes:
        version: as manifests and predictions name it.
        normalise: any string, lone surrogates and control characters included, to what models of this version read.
    """

    version: str
    normalise: Callable[[str], str]

    def clean(self, raw: str) -> CleanText:
        """Normalise one tweet and say whether it was cut."""
        return CleanText(text=self.normalise(raw), truncated=len(raw) > MAX_CHARS)


_VERSIONS: Final = {
    one.version: one for one in (Normaliser("1", version_1.normalise), Normaliser("2", version_2.normalise))
}

NORMALISER_VERSIONS: Final = tuple(_VERSIONS)
"""The versions that this program can serve, the newest last."""

NORMALISER_VERSION: Final = NORMALISER_VERSIONS[-1]
"""What a model that is trained now reads."""


def normaliser(version: str = NORMALISER_VERSION) -> Normaliser:
    """Return a version of the normaliser.

    >>> normaliser("1").normalise("so late 😡"), normaliser("2").normalise("so late 😡")
    ('so late enraged face', 'so late (very angry)')

    Raises:
        KeyError: `version` is none of `NORMALISER_VERSIONS`.
    """
    return _VERSIONS[version]
