"""Tweet normalisation, shared by training and serving.

A model only understands at serving time what it saw at training time, so both sides call `normalise`, and every
prediction carries `NORMALISER_VERSION`. Raise the version with any change that can alter an output.
"""

import html
import re
import unicodedata
from dataclasses import dataclass
from typing import Final

import emoji

NORMALISER_VERSION: Final = "1"

MAX_CHARS: Final = 4_000
"""Characters of a text that are read; a tweet has at most 280, a long post is cut here (and the reader told)."""

PERSON_MASK: Final = "[NAME]"
"""What a handle becomes: the mask that the training corpus uses for a person."""

_URL = re.compile(r"(?:https?://|www\.)\S+|\b(?:t\.co|pic\.twitter\.com)/\w+", re.IGNORECASE)
# A handle does not follow a word character, or an e-mail address would lose its domain.
_HANDLE = re.compile(r"(?<![\w@])@\w{1,50}")
_HASHTAG = re.compile(r"(?<![\w&])#(\w*[^\W\d]\w*)")
_WORD_EDGE = re.compile(
    r"(?<=[^\W\d_A-Z])(?=[A-Z])"  # lovelyDay -> lovely Day
    r"|(?<=[A-Z])(?=[A-Z][a-z])"  # USARocks -> USA Rocks
    r"|(?<=[^\W\d_])(?=\d)"  # goals2026 -> goals 2026
    r"|(?<=\d)(?=[^\W\d_])"
    r"|_+"
)
_LONG_RUN = re.compile(r"(\S{1,8}?)\1{3,}")
_SKIN_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
_SPACE = re.compile(r"\s+")
# Wider than the emoji themselves: it only spares texts that can hold none the search for one, character by character.
_MAY_BE_EMOJI = re.compile("[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff\U000e0000-\U000e007f]")
# Variation selectors and the mark of what could not be decoded.
_DROPPED = dict.fromkeys(map(ord, "\ufe0e\ufe0f\ufffd"))


@dataclass(frozen=True, slots=True)
class CleanText:
    """A normalised text.

    Attributes:
        text: what a model reads; empty when nothing was left (only links, only blanks).
        truncated: whether the original was longer than `MAX_CHARS` and only its beginning was read.
    """

    text: str
    truncated: bool


def clean(raw: str) -> CleanText:
    """Normalise one tweet and say whether it was cut.

    Args:
        raw: any string, lone surrogates and control characters included.
    """
    return CleanText(text=normalise(raw), truncated=len(raw) > MAX_CHARS)


def normalise(raw: str) -> str:
    """Return the text that models read for the tweet `raw`.

    HTML entities are resolved, emoji become words, links go, handles become `[NAME]`, hashtags are split at their
    capitals, Unicode look-alikes are folded (NFKC), invisible and control characters go, what is repeated more than
    three times in a row ("sooooo", "hahahaha", a wall of one emoji) is repeated three times, and white space is
    folded. Only the first `MAX_CHARS` characters are read.

    >>> normalise("@ana I LOVED it 😂😂 #BestDayEver https://t.co/xyz")
    '[NAME] I LOVED it face with tears of joy face with tears of joy Best Day Ever'
    """
    text = raw[:MAX_CHARS]
    if "&" in text:
        text = html.unescape(text)
    text = _URL.sub(" ", text)
    # Before emoji become words: three of one emoji are emphasis, fifty would crowd out the text.
    text = _LONG_RUN.sub(r"\1\1\1", text)
    if not text.isascii():
        text = _fold_unicode(text)
    text = _HANDLE.sub(f" {PERSON_MASK} ", text)
    text = _HASHTAG.sub(lambda match: f" {_WORD_EDGE.sub(' ', match[1])} ", text)
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return _SPACE.sub(" ", text).strip()


def encodable(text: str) -> str:
    """Return `text` as it can be written in UTF-8: paired surrogates become one character, a lone one U+FFFD."""
    return text if text.isascii() else text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _fold_unicode(text: str) -> str:
    text = encodable(text)
    if _MAY_BE_EMOJI.search(text):
        text = emoji.replace_emoji(_SKIN_TONE.sub("", text), replace=_emoji_words)
    text = unicodedata.normalize("NFKC", text).replace("’", "'")
    # Cf: zero-width and bidirectional marks, soft hyphens; they split words for a tokenizer and hide text from people.
    text = text.translate(_DROPPED)
    if text.isprintable():
        return text
    return "".join(char for char in text if unicodedata.category(char) != "Cf")


def _emoji_words(_: str, data: dict[str, str]) -> str:
    name = data["en"].strip(":").replace("_", " ").replace("’", "'")
    return f" {name} "
