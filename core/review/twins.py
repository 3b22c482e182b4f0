"""Which texts are twins: the same words, in whatever order and writing. What was decided of one says something of all.

This is the only definition: the store keeps the number of each prediction's key with the version that made it, the
desk and the queues compare these numbers, the labelled set and a refit compare the keys.
"""

import functools
import hashlib
import html
import re
import unicodedata
from collections import Counter
from typing import Final

import emoji

from core.text import normaliser

# Whatever version the models read: twins stay twins, and a text stays on its side of the labelled set.
_NORMALISER: Final = normaliser("1")
TWIN_VERSION: Final = f"2-{_NORMALISER.version}"
"""Raise its first number with any change that can alter a key; version 1 was an SQL macro."""

_WORD: Final = re.compile(r"[^\W_]+")


def twin_key(text: str) -> str:
    """Return what a text has in common with its twins, and with no other text.

    Words count without case and accents, each once, in any order; links, and whom a tweet is addressed to, do not
    count. A text without a word is the twin of texts of the same signs, one of nothing but emoji of texts of the same
    emoji.

    Args:
        text: as it was posted or kept, not normalised.

    >>> twin_key("@ana Déjà vu, again! https://t.co/xyz") == twin_key("again: deja VU @bob")
    True
    """
    clean = _NORMALISER.normalise(text)
    if not text.isascii() or "&" in text:
        names = _only_emoji(text)
        if names:
            shared = _shared_words()
            return " | ".join(sorted(name.casefold() if name in shared else words_key(name) for name in names))
    return words_key(clean)


def twin_number(text: str) -> int:
    """Return a text's key as a number of 64 bits, as the store keeps it."""
    return _number(twin_key(text))


def side_number(key: str) -> int:
    """Return a number of 64 bits that follows from the words of a key alone, the same everywhere and for ever."""
    return _number(_joined(key) or key)


def words_key(clean_text: str) -> str:
    """Return the words of a normalised text without case and accents, each once, in one order; without any, itself.

    Texts that this tells apart are no twins; it takes a few that are not for twins, as emoji are words here.
    """
    plain = clean_text
    if not plain.isascii():
        plain = "".join(sign for sign in unicodedata.normalize("NFKD", plain) if unicodedata.category(sign) != "Mn")
    return _joined(plain.casefold()) or clean_text


def _joined(text: str) -> str:
    return " ".join(sorted(set(_WORD.findall(text))))


def _number(key: str) -> int:
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8], "big")


def _only_emoji(text: str) -> set[str]:
    """Return the names of a text's emoji if it has no words beside them, else nothing."""
    plain = html.unescape(text)
    found = emoji.emoji_list(plain)
    if not found or _WORD.search(_NORMALISER.normalise(emoji.replace_emoji(plain, " "))):
        return set()
    return {name for one in found if (name := _NORMALISER.normalise(one["emoji"]))}


@functools.cache
def _shared_words() -> frozenset[str]:
    """Return the names of emoji whose words are another one's, too, such as the arrows that curve left and right."""
    names = {data["en"].strip(":").replace("_", " ") for data in emoji.EMOJI_DATA.values()}
    counts = Counter(words_key(name) for name in names)
    return frozenset(name for name in names if counts[words_key(name)] > 1)
