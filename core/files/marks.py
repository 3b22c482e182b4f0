"""Single cells: what has nothing to read, what is cut, what is HTML, and how the tags come off."""

import html
import re
from typing import Final

_PLACEHOLDERS: Final = frozenset(
    (
        *(
            "nan",
            "none",
            "null",
            "nil",
            "n/a",
            "#n/a",
            "<na>",
            "nat",
            "undefined",
            "(null)",
            "<null>",
            "\\n",
        ),
        *("#name?", "#value!", "#ref!", "#div/0!", "#num!", "#null!", "#error!", "#spill!", "[deleted]", "[removed]"),
        *("[deleted by user]", "[ removed by reddit ]", "deleted comment", "this tweet is unavailable."),
    )
)
_LINK: Final = re.compile(r"(?:https?://|www\.)\S+|\b(?:t\.co|pic\.twitter\.com)/\w+", re.IGNORECASE)
# The end of a text that its exporter cut: an ellipsis, and often the link to the whole.
_CUT: Final = re.compile(r"(?:…|\.\.\.(?=\s*https://t\.co/))\s*(?:https?://t\.co/?\w*…?)?\s*\Z")
_RETWEET: Final = re.compile(r"RT @\w{1,50}:? ")
_TAG: Final = re.compile(
    r"</?(?:p|br|a|span|em|strong|b|i|u|s|div|ul|ol|li|blockquote|code|pre|del|h[1-6]|img)\b[^<>]*>", re.I
)
# What networks write into texts themselves; other tags may be what somebody typed.
_NETWORK_TAG: Final = re.compile(
    r"</p>|<p>|<br\s?/?>|<a\s[^<>]*href=[^<>]*>|<span\s[^<>]*>|</(?:em|strong|b|i|u)>", re.IGNORECASE
)
_BREAK: Final = re.compile(r"<br\b[^<>]*>|</(?:p|div|li|blockquote|h[1-6])\s*>", re.I)
_INVISIBLE: Final = re.compile(r"<span class=\"(?:invisible|ellipsis invisible)\">[^<]*</span>", re.I)
_BLANKS: Final = re.compile(r"[^\S\n]+")


def is_placeholder(cell: str) -> bool:
    """Tell whether a cell holds what a tool leaves in a text's place: "nan", "None", "#N/A", "[deleted]".

    >>> is_placeholder("NaN"), is_placeholder("NA"), is_placeholder("na na na")
    (True, True, False)
    """
    cell = cell.strip()
    return len(cell) <= 26 and (cell == "NA" or cell.casefold() in _PLACEHOLDERS)


def has_nothing(cell: str) -> bool:
    """Tell whether a cell has nothing to read: blank, a placeholder, or only links."""
    return not cell.strip() or is_placeholder(cell) or not without_links(cell).strip()


def without_links(cell: str) -> str:
    """Return the cell with a blank in the place of each link."""
    return _LINK.sub(" ", cell) if "/" in cell or "www" in cell else cell


def is_cut(cell: str) -> bool:
    """Tell whether a text ends where its exporter cut it.

    >>> is_cut("put me straight back in… https://t.co/abc"), is_cut("so happy")
    (True, False)
    """
    return _CUT.search(cell[-60:]) is not None


def whole(cut: str, candidate: str) -> str | None:
    """Return the whole of a cut text if `candidate` goes on where it stops, else None; "RT @name: " is kept."""
    match = _RETWEET.match(cut)
    start = match.end() if match else 0
    stem = _CUT.sub("", cut[start:]).rstrip()
    if candidate.startswith(cut[:start]) and start:
        candidate = candidate[start:]
    if len(candidate) <= len(stem) or len(stem) < 8 or not candidate.startswith(stem):
        return None
    return cut[:start] + candidate


def is_retweet(cell: str) -> bool:
    """Tell whether a text repeats another's, as "RT @name: …" does."""
    return _RETWEET.match(cell) is not None


def has_markup(cell: str) -> bool:
    """Tell whether a cell holds an HTML tag as social networks write them into texts."""
    return "<" in cell and _NETWORK_TAG.search(cell) is not None


def stripped(cell: str) -> str:
    r"""Return a text without its HTML: tags off, breaks as line breaks, entities resolved.

    >>> stripped("<p>Oh no<br />so <em>annoyed</em> &lt;3</p>")
    'Oh no\nso annoyed <3'
    """
    if "<" in cell:
        cell = _TAG.sub("", _BREAK.sub("\n", _INVISIBLE.sub("", cell)))
    return _BLANKS.sub(" ", html.unescape(cell)).strip()
