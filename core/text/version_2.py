"""Normaliser 2: what a tweet's signs say, in words that a model knows.

The work is a list of steps, each of which replaces what a pattern finds. So one list serves both `normalise`, which is
fast, and `trace`, which also says where in the original each character comes from.
"""

import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from core.text.emoji_senses import (
    EMOTICON,
    FACE,
    emoji_table,
    emoticon_sense,
    face_sense,
    may_hold_emoji,
    may_hold_emoticon,
    may_hold_face,
)
from core.text.shared import HASHTAG, MAX_CHARS, PERSON_MASK, encodable, split_at_capitals
from core.text.words import Words

WORDS_FILE: Final = Path(__file__).resolve().parents[2] / "data" / "words.txt"

# How exports spell what their own encoding cannot hold.
_BACKSLASHED = re.compile(r"(?:\\x[0-9a-fA-F]{2}){2,}|(?:\\u[0-9a-fA-F]{4})+|\\U000[0-9a-fA-F]{5}")
_ANGLED = re.compile(r"<[uU]\+([0-9a-fA-F]{4,8})>|(?:<[0-9a-f]{2}>){2,}")
_ENTITY = re.compile(r"(?:&#(?:[xX][0-9a-fA-F]+|\d+);?)+|&[A-Za-z][A-Za-z0-9]*;?")
_NUMBER = re.compile(r"&#(?:[xX]([0-9a-fA-F]+)|(\d+));?")
_SURROGATE = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")

# Only elements that exports of posts hold, and only with attributes that have values: "a <b and c> d" is none.
_ATTRIBUTES = r"(?:\s+[\w:-]+\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s\"'<>]+))*\s*/?>"
_BLOCK = re.compile(rf"</?(?:p|br|div|img|li|ul|ol|blockquote|pre|h[1-6]){_ATTRIBUTES}", re.IGNORECASE)
_INLINE = re.compile(rf"</?(?:a|abbr|b|code|del|em|i|s|small|span|strong|sub|sup|u){_ATTRIBUTES}", re.IGNORECASE)

# A link ends where an emoji begins that somebody hung on it.
_URL = re.compile(
    r"(?:https?://|www\.)[^\s\u2190-\u2bff\U0001f000-\U0001faff]+|\b(?:t\.co|pic\.twitter\.com)/\w+", re.IGNORECASE
)
_HANDLE = re.compile(r"(?<![\w@])@\w{1,50}(?:@\w[\w.-]*\w|(?:\.\w+)*\.bsky\.social\b)?")
_SHORTCODE = re.compile(r"(?<!\d):(?:[A-Za-z_+][\w+-]*|100|1234|-1):")
_WIDE = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")
_ODD = re.compile(r"[^\x20-\x7e]")

# Variation selectors and the mark of what could not be decoded.
_SILENT = re.compile("[\ufe0e\ufe0f\ufffd]")

_LAUGHTER = re.compile(
    r"\b(?:(?P<haha>(?:mwa|mua|bwa|ba|a+)?(?:h+a+){2,}h*|(?:j+[ae]+){3,}j*|k{4,}|(?:wk){2,}w?)"
    r"|(?P<hehe>(?:h+e+){2,}h*|(?:h+i+){3,}h*)|(?P<lol>l+(?:o+l+)+))\b",
    re.IGNORECASE,
)
_STRETCHED = re.compile(r"\b[^\W\d_]*([^\W\d_])\1\1[^\W\d_]*\b", re.IGNORECASE)
_THRICE = re.compile(r"([^\W\d_])\1\1", re.IGNORECASE)
_LONG_RUN = re.compile(r"(\S{1,8}?)\1{3,}")
# Other white space is a blank by then.
_EDGE = re.compile("^ +| +$")
_SPACE = re.compile(" {2,}")
_LAUGHING: Final = ("ah", "eh", "ih", "aj", "ej", "kkkk", "wkwk", "lolo", "ool", "loll", "llol")


@dataclass(frozen=True, slots=True)
class _Step:
    """Replace what `pattern` finds; `may` says cheaply whether a text can hold it."""

    may: Callable[[str], object]
    pattern: re.Pattern[str]
    replace: Callable[[re.Match[str]], str]


@dataclass(frozen=True, slots=True)
class Traced:
    """A normalised text and where it comes from.

    Attributes:
        text: as `normalise` returns it.
        spans: for each of its characters, start and end of what it was made of in the original.
    """

    text: str
    spans: tuple[tuple[int, int], ...]


def normalise(raw: str) -> str:
    """Return the text that models of normaliser version 2 read for the tweet `raw`.

    Escapes and entities of exports are resolved, markup and links go, emoji, shortcodes and emoticons become words of
    sense in round brackets, handles become `[NAME]`, Unicode look-alikes are folded (NFKC), invisible and control
    characters go, stretched words and laughter get a form that is known, what is else repeated more than three times
    in a row is repeated three times, hashtags are split into words, and white space is folded. Only the first
    `MAX_CHARS` characters are read.

    >>> normalise("@ana I LOOOVED it 😍😍 #bestdayever :) https://t.co/xyz")
    '[NAME] I LOVED it (I love it I love it) best day ever (happy)'
    """
    text = raw[:MAX_CHARS]
    for step in _steps():
        if step.may(text):
            text = step.pattern.sub(step.replace, text)
    return text


def trace(raw: str) -> Traced:
    """Return the normalised text of `raw`, and for each of its characters where in `raw` it comes from.

    >>> traced = trace("so 😡!")
    >>> traced.text, traced.spans[traced.text.index("a")]
    ('so (very angry) !', (3, 4))
    """
    text = raw[:MAX_CHARS]
    spans = [(at, at + 1) for at in range(len(text))]
    for step in _steps():
        if not step.may(text):
            continue
        pieces: list[str] = []
        kept: list[tuple[int, int]] = []
        at = 0
        for match in step.pattern.finditer(text):
            start, end = match.span()
            new = step.replace(match)
            pieces += text[at:start], new
            kept += spans[at:start]
            kept += spans[start:end] if new == match[0] else [(spans[start][0], spans[end - 1][1])] * len(new)
            at = end
        text = "".join([*pieces, text[at:]])
        spans = kept + spans[at:]
    return Traced(text, tuple(spans))


@cache
def _steps() -> tuple[_Step, ...]:
    signs = emoji_table()
    words = common_words()
    return (
        _Step(_has("\\"), _BACKSLASHED, _unescape),
        _Step(_has("<"), _ANGLED, _unangle),
        # Twice: exports escape what was escaped.
        _Step(_has("&"), _ENTITY, _resolve),
        _Step(_has("&"), _ENTITY, _resolve),
        _Step(_wide, _SURROGATE, lambda match: encodable(match[0])),
        _Step(_has("<"), _BLOCK, _blank),
        _Step(_has("<"), _INLINE, lambda _: ""),
        _Step(_may_link, _URL, _blank),
        _Step(may_hold_face, FACE, face_sense),
        # Before the folding, which takes some emoji apart.
        _Step(may_hold_emoji, signs.row, signs.read),
        _Step(_wide, _WIDE, lambda match: unicodedata.normalize("NFKC", match[0]).replace("’", "'")),
        _Step(_may_hide, _ODD, _printable),
        _Step(_has(":"), _SHORTCODE, signs.shortcode),
        _Step(_has("@"), _HANDLE, lambda _: f" {PERSON_MASK} "),
        _Step(may_hold_emoticon, EMOTICON, emoticon_sense),
        _Step(_may_laugh, _LAUGHTER, lambda match: match.lastgroup or ""),
        _Step(_THRICE.search, _STRETCHED, lambda match: words.unstretch(match[0])),
        _Step(_always, _LONG_RUN, lambda match: match[1] * 3),
        _Step(_has("#"), HASHTAG, lambda match: f" {' '.join(map(words.split, split_at_capitals(match[1]).split()))} "),
        _Step(lambda text: text != text.strip(), _EDGE, lambda _: ""),
        _Step(_has("  "), _SPACE, _blank),
    )


@cache
def common_words() -> Words:
    """Return the words of `data/words.txt`, read once."""
    return Words(WORDS_FILE.read_text(encoding="utf-8").split())


def _has(sign: str) -> Callable[[str], bool]:
    return lambda text: sign in text


def _wide(text: str) -> bool:
    return not text.isascii()


def _may_link(text: str) -> bool:
    return "/" in text or "ww" in text or "WW" in text


def _may_laugh(text: str) -> bool:
    small = text.lower()
    return any(part in small for part in _LAUGHING)


def _may_hide(text: str) -> bool:
    return not text.isprintable() or _SILENT.search(text) is not None


def _always(_: str) -> bool:
    return True


def _blank(_: re.Match[str]) -> str:
    return " "


def _printable(match: re.Match[str]) -> str:
    char = match[0]
    # Cf: zero-width and bidirectional marks, soft hyphens; they split words for a tokenizer and hide text from people.
    if _SILENT.match(char) or unicodedata.category(char) == "Cf":
        return ""
    return char if char.isprintable() else " "


def _unescape(match: re.Match[str]) -> str:
    r"""Resolve escapes, but those of control characters: `\ud83d\ude02`, `\U0001f602`, `\xf0\x9f\x98\x82`."""
    codes = match[0].split("\\")[1:]
    if codes[0].startswith("x"):
        return _bytes("".join(code[1:] for code in codes), match[0])
    chars = [int(code[1:], 16) for code in codes]
    if min(chars) < 0x20 or max(chars) > 0x10FFFF:
        return match[0]
    text = encodable("".join(map(chr, chars)))
    return match[0] if "\ufffd" in text else text


def _unangle(match: re.Match[str]) -> str:
    """Resolve what R writes for characters that it cannot show: `<U+0001F602>`, `<f0><9f><98><82>`."""
    if not match[1]:
        return _bytes(match[0].replace("<", "").replace(">", ""), match[0])
    code = int(match[1], 16)
    return chr(code) if code <= 0x10FFFF else match[0]


def _bytes(digits: str, found: str) -> str:
    try:
        text = bytes.fromhex(digits).decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return found
    return found if text.isascii() else encodable(text)


def _resolve(match: re.Match[str]) -> str:
    """Resolve an entity, or a row of numbered ones: two of them may be one emoji."""
    if not match[0].startswith("&#"):
        return html.unescape(match[0])
    codes = [int(hexa, 16) if hexa else int(decimal) for hexa, decimal in _NUMBER.findall(match[0])]
    if any(0xD800 <= code <= 0xDFFF for code in codes) and max(codes) <= 0x10FFFF:
        return encodable("".join(map(chr, codes)))
    return html.unescape(match[0])
