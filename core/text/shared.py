"""What both versions of the normaliser hold to."""

import re
from typing import Final

MAX_CHARS: Final = 4_000
"""Characters of a text that are read; a tweet has at most 280, a long post is cut here (and the reader told)."""

PERSON_MASK: Final = "[NAME]"
"""What a handle becomes: the mask that the training corpus uses for a person."""

HASHTAG: Final = re.compile(r"(?<![\w&])#(\w*[^\W\d]\w*)")
_WORD_EDGE = re.compile(
    r"(?<=[^\W\d_A-Z])(?=[A-Z])"  # lovelyDay -> lovely Day
    r"|(?<=[A-Z])(?=[A-Z][a-z])"  # USARocks -> USA Rocks
    r"|(?<=[^\W\d_])(?=\d)"  # goals2026 -> goals 2026
    r"|(?<=\d)(?=[^\W\d_])"
    r"|_+"
)


def split_at_capitals(tag: str) -> str:
    """Return a hashtag's words as its capitals, digits and underscores part them.

    >>> split_at_capitals("USARocks_goals2026")
    'USA Rocks goals 2026'
    """
    return _WORD_EDGE.sub(" ", tag)


def encodable(text: str) -> str:
    """Return `text` as it can be written in UTF-8: paired surrogates become one character, a lone one U+FFFD."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
