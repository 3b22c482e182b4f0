"""Normaliser 1, as the models that were trained on its texts know it. It never changes."""

import html
import re
import unicodedata

import emoji

from core.text.shared import HASHTAG, MAX_CHARS, PERSON_MASK, encodable, split_at_capitals

_URL = re.compile(r"(?:https?://|www\.)\S+|\b(?:t\.co|pic\.twitter\.com)/\w+", re.IGNORECASE)
# A handle does not follow a word character, or an e-mail address would lose its domain.
_HANDLE = re.compile(r"(?<![\w@])@\w{1,50}")
_LONG_RUN = re.compile(r"(\S{1,8}?)\1{3,}")
_SKIN_TONE = re.compile("[\U0001f3fb-\U0001f3ff]")
_SPACE = re.compile(r"\s+")
# Wider than the emoji themselves: it only spares texts that can hold none the search for one, character by character.
_MAY_BE_EMOJI = re.compile("[\u00a9\u00ae\u203c-\u3299\U0001f000-\U0001faff\U000e0000-\U000e007f]")
# Variation selectors and the mark of what could not be decoded.
_DROPPED = dict.fromkeys(map(ord, "\ufe0e\ufe0f\ufffd"))


def normalise(raw: str) -> str:
    """Return the text that models of normaliser version 1 read for the tweet `raw`.

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
    text = HASHTAG.sub(lambda match: f" {split_at_capitals(match[1])} ", text)
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return _SPACE.sub(" ", text).strip()


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
