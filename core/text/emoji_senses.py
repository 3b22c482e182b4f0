"""Emoji and emoticons to words of sense.

`data/emoji.csv` holds the sense of each emoji that says a feeling, or a short plain name; what is not in it keeps its
CLDR name. Both stand in round brackets. An emoji that is meant in two ways, and is read rightly only in its context,
has a token for its sense.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import groupby
from pathlib import Path
from typing import Final

import emoji

EMOJI_FILE: Final = Path(__file__).resolve().parents[2] / "data" / "emoji.csv"

MOST: Final = 2
"""How often one emoji is read in a row of emoji: two are emphasis, fifty would crowd out the text."""

_WORDS = re.compile(r"[^\W\d]")
_TOKEN = re.compile(r"\[[A-Z]+\]")
# What changes how an emoji looks and not what it says: presentation, skin.
_LOOK = re.compile("[\ufe0e\ufe0f\U0001f3fb-\U0001f3ff]")
# Gender, and the way somebody walks.
_VARIANT = re.compile("\u200d[♀♂➡]")

# The first pattern that fits wins. Where an emoticon may stand is said in `EMOTICON`.
_SENSES: Final = (
    ("love", r"(?<!\d)(?<!(?<!<)\d )<3+(?![.,]\d)"),
    ("heartbroken", r"</3+|<\\+3+"),
    ("so angry", r">[:=;]-?[(\[|/\\]+|D:<|:-?@"),
    ("mischievous", r">[:;]-?[)\]D]+"),
    ("happy tears, so touched", r"[:=][,'*]+-?[)\]D]+"),
    ("sad, crying", r"[:=][,'*]+-?[(\[]+|;[-_]+;|T[_.]+T|Q[_.]+Q|D'+:"),
    ("annoyed", r"-_+-|-\.-|=_+=|>\.<|>_+<|>_+>"),
    ("happy", r"\^[_.-]+\^|(?<=\s)\^\^|\\[oO]/|[:=]-?[)\]}]+|(?<!\S)\(-?[:=](?!\S)"),
    ("love", r"\*[_.-]\*|:-?\*+"),
    ("lol", r"[xX]D+|x[dD]+"),
    ("so happy", r"[:=;]-?D+"),
    ("just kidding", r";-?[)\]]+|;-?[pP]|(?<!\S)\(;(?!\S)"),
    ("sad", r"[:=]-?[(\[{]+|:-?[cC]|(?<!\S)\)-?[:=](?!\S)"),
    ("being silly, haha", r"[:=]-?[pP]+"),
    ("so cool", r"[8B]-\)+"),
    ("cute", r":-?3+"),
    ("shocked", r"[oO0]_+[oO0]|[oO]\.[oO]|:-?[oO]|(?<!\S)D:(?=\s*$)"),
    ("meh, disappointed", r"[:=]-?[/\\]+|:-?[sS]"),
    ("meh, unimpressed", r"[:=]-?\|+|\._+\."),
)
_ATTACHED = r"(?<=[^\W\d_]{2})(?:[:;=]['-]?[)(]+|:D+|:/|<3+)"
EMOTICON: Final = re.compile(
    # Code keeps its signs, and so does what follows or precedes a word character: a time, a ratio, a path.
    r"`[^`\n]+`|(?:(?=[\\:;=<>^*()xXTQDoO08B.-])(?<![\w:;=/\\@#&\"^|])(?:"
    + "|".join(f"(?:{pattern})" for _, pattern in _SENSES)
    + f")|{_ATTACHED})"
    r"(?![\w\]()\[{}/\\<>=@^|])"
)
# A bracket that is no mouth and that nothing has closed.
_OPEN = re.compile(r"(?<![:;='-])\([^()]*(?:[:;='-][()]+[^()]*)*$")
_EMOTICON_SIGN = re.compile(r"[:;=<>^*_`\\]")
_LETTERED: Final = ("xD", "XD", "xd", "-.-", "T.T", "Q.Q", "o.", "O.", "8-", "B-")
_READ: Final = tuple((sense, re.compile(pattern)) for sense, pattern in _SENSES)

_FACES: Final = (
    ("shrug, I don't know", r"[¯‾]?\\*_*[(（][^()（）\n]{0,3}ツ[^()（）\n]{0,3}[)）]_*/*[¯‾]?"),
    ("so angry", r"[(（]\s?[╯ノ][^()（）\n]{1,8}[)）][╯ノ]\s*[︵彡]\s*[┻┸][━─]+[┻┸]"),
    ("annoyed, disapproving", "ಠ_+ಠ"),
    ("sad, crying", r"[(（]?(?:ಥ[^\w\s]?.ಥ|╥.╥|;﹏;|｡•́︿•̀｡)[)）]?"),
    ("smirk", r"[(（]\s?͡°\s?͜ʖ\s?͡°\s?[)）]"),
    ("love", r"[(（]?｡?♥‿♥｡?[)）]?"),
    ("happy", r"[(（]?｡?[◕ʘ]‿+[◕ʘ]｡?[)）]?|ʕ•ᴥ•ʔ"),
)
FACE: Final = re.compile("|".join(f"({pattern})" for _, pattern in _FACES))
_FACE_SIGN = re.compile("[ツ╯ノಠಥ╥﹏︿͡‿•]")
# Wider than the emoji themselves: it only spares texts that can hold none the search for one.
_EMOJI_SIGN = re.compile("[\u00a9\u00ae\u10e6\u203c-\u3299\U0001f000-\U0001faff]")


def may_hold_emoji(text: str) -> bool:
    """Whether it is worth looking for emoji in `text`."""
    return not text.isascii() and _EMOJI_SIGN.search(text) is not None


def may_hold_face(text: str) -> bool:
    """Whether it is worth looking for a `FACE` in `text`."""
    return not text.isascii() and _FACE_SIGN.search(text) is not None


def may_hold_emoticon(text: str) -> bool:
    """Whether it is worth looking for an `EMOTICON` in `text`."""
    return _EMOTICON_SIGN.search(text) is not None or any(sign in text for sign in _LETTERED)


def face_sense(match: re.Match[str]) -> str:
    """Return the sense of a face that is drawn with letters of other scripts, as `FACE` found it."""
    return _spelt([_FACES[(match.lastindex or 1) - 1][0]])


def emoticon_sense(match: re.Match[str]) -> str:
    """Return the sense of an emoticon that `EMOTICON` found; code and a bracket that closes another stay."""
    found, before = match[0], match.string[: match.start()]
    bracket = found.startswith(")") or (found.endswith(")") and before[-1:].isalpha())
    if found.startswith("`") or (bracket and _OPEN.search(before)):
        return found
    return next((_spelt([sense]) for sense, pattern in _READ if _fits(pattern, match)), found)


def _spelt(senses: Sequence[str]) -> str:
    """Return senses as they stand in a text: words in round brackets, tokens and punctuation as they are.

    The brackets tell a model a sign from the writer's own words: whoever writes ":)" seldom says "I am happy".

    >>> _spelt(["haha", "haha", "[FIRE]", "!"])
    ' (haha haha) [FIRE] ! '
    """
    parts = ((words, " ".join(some)) for words, some in groupby(senses, lambda one: _WORDS.match(one) is not None))
    return f" {' '.join(f'({part})' if words else part for words, part in parts)} "


def _fits(pattern: re.Pattern[str], match: re.Match[str]) -> bool:
    found = pattern.match(match.string, match.start())
    return found is not None and found.end() == match.end()


class Emoji:
    """The table of senses, and where emoji stand in a text.

    Args:
        senses: from an emoji without presentation and skin to words, a token or nothing.
    """

    def __init__(self, senses: Mapping[str, str]) -> None:
        self._senses = senses
        self._names: dict[str, str] = {
            _LOOK.sub("", sign): data["en"] for sign, data in reversed(emoji.EMOJI_DATA.items())
        }
        self._shortcodes = {
            name: sign
            for sign, data in emoji.EMOJI_DATA.items()
            for name in (data["en"].lower(), *data.get("alias", ()))
        }
        bases = {sign for sign in (*self._senses, *self._names) if len(sign) == 1}
        one = (
            (
                "[\U0001f1e6-\U0001f1ff]{2}|[0-9#*]\ufe0f?\u20e3|\U0001f3f4[\U000e0020-\U000e007f]+"
                "|[BASES][LOOK]*(?:\u200d[BASES][LOOK]*){0,4}|[\U0001f3fb-\U0001f3ff]"
            )
            .replace("BASES", "".join(map(re.escape, sorted(bases))))
            .replace("LOOK", "\ufe0e\ufe0f\U0001f3fb-\U0001f3ff")
        )
        self._one = re.compile(one)
        # The look ahead only spares other characters the many ways in which an emoji can begin.
        self.row = re.compile(rf"(?=[^\x00-\x7f]|[0-9#*]\ufe0f?\u20e3)(?:{one})(?:[\s\u200d]*(?:{one}))*")
        self._sense: Callable[[str], str] = lru_cache(4096)(self._find)

    def read(self, match: re.Match[str]) -> str:
        """Return the senses of a row of emoji that `row` found, each at most `MOST` times."""
        said: list[str] = []
        for sign in self._one.findall(match[0]):
            sense = self._sense(sign)
            if sense and said.count(sense) < MOST:
                said.append(sense)
        return _spelt(said)

    def shortcode(self, match: re.Match[str]) -> str:
        """Return the sense of a shortcode such as ":joy:", what was found if it is none."""
        sign = self._shortcodes.get(match[0].lower())
        return match[0] if sign is None else _spelt([self._sense(sign)])

    def _find(self, sign: str) -> str:
        plain = _LOOK.sub("", sign)
        for spelt in (plain, _VARIANT.sub("", plain)):
            if spelt in self._senses:
                return self._senses[spelt]
        if plain.endswith("\u20e3"):
            return plain[0]
        if plain in self._names:
            return self._names[plain].strip(":").replace("_", " ").replace("’", "'")
        # Two that nobody has joined yet: each by itself.
        first, joined, rest = plain.partition("\u200d")
        return f"{self._sense(first)} {self._sense(rest)}".strip() if joined else ""


@cache
def emoji_table() -> Emoji:
    """Return the table of `data/emoji.csv`, read once."""
    with EMOJI_FILE.open(encoding="utf-8", newline="") as file:
        return Emoji({row["emoji"]: row["sense"] for row in csv.DictReader(file)})


def ambiguous_emoji() -> dict[str, str]:
    """Return emoji to token for those that are meant in two ways."""
    with EMOJI_FILE.open(encoding="utf-8", newline="") as file:
        return {row["emoji"]: row["sense"] for row in csv.DictReader(file) if _TOKEN.fullmatch(row["sense"])}
