"""What can be hidden of a text before it is kept: handles, e-mail addresses, phone numbers, links.

A masked text reads to the models as the original does, as far as it can: the normaliser turns handles into `[NAME]`
itself and drops whatever begins with `https://`.

Every pattern is linear in the length of a text: its repeats are bounded, or take a run to its end.
"""

import re
from typing import Final

from core.text import PERSON_MASK

EMAIL_MASK: Final = "[EMAIL]"
PHONE_MASK: Final = "[PHONE]"
LINK_MASK: Final = "https://…"

_EMAIL = re.compile(r"[@＠]?\w(?:[\w.+'%-]{0,62}[\w+%-])?[@＠][\w-]{1,63}(?:\.[\w-]{1,63}){1,8}")
# Less than the normaliser drops: "awww.so cute" and "www...well" are words to those who read the text.
_LINK = re.compile(r"(?:https?://|\bwww\.(?=\w))\S+", re.IGNORECASE)
_SHORT_LINK = re.compile(r"\b(?:t\.co|pic\.twitter\.com)/\w+(?P<more>(?=\S))?", re.IGNORECASE)
_HANDLE = re.compile(r"(?<![\w@＠﹫])[@＠﹫](?!https?://)\w+")

_BLANK: Final = r"[ \u00a0\u202f]"
_DASH: Final = r"[-\u2010-\u2015]"
_CURRENCY: Final = r"[$€£¥₹₽₩₺₫]"
_AMOUNT: Final = rf"\d{{1,15}}(?:(?:[.,'’]|{_BLANK})\d{{3}}){{0,5}}(?:[.,]\d{{1,9}})?"
_YEAR: Final = r"(?:1[5-9]|20)\d\d"
_DAY: Final = r"(?:0?[1-9]|[12]\d|3[01])"
_MONTH: Final = r"(?:0?[1-9]|1[0-2])"
_HOUR: Final = r"(?:[01]?\d|2[0-3])"

# Long enough for a phone number, and none.
_OTHERS: Final = (
    # $1000000, $300-1000, 1 000 000 €
    rf"{_CURRENCY}{_BLANK}?{_AMOUNT}(?:{_BLANK}?{_DASH}{_BLANK}?{_CURRENCY}?{_AMOUNT})?(?!\d)",
    rf"{_AMOUNT}(?={_BLANK}?(?:{_CURRENCY}|%|(?:USD|EUR|GBP|JPY|CHF|dollars?|euros?|pounds?|bucks)\b))",
    # 1914-1918, 2019 2020 2021, 2026 300 people
    rf"{_YEAR}(?:(?:{_BLANK}?(?:{_DASH}|[/,&]){_BLANK}?|{_BLANK}){_YEAR})+(?!\w)",
    rf"{_YEAR}(?={_BLANK}\d{{1,3}}(?!{_BLANK}?\d))",
    # 2026-05-01, 1.5.2026, 12/31/2026, 20260501
    rf"{_YEAR}(?P<ymd>[-/.]){_MONTH}(?P=ymd){_DAY}(?!\w)",
    rf"{_DAY}(?P<dmy>[-/.]){_MONTH}(?P=dmy){_YEAR}(?!\w)",
    rf"{_MONTH}(?P<mdy>[-/.]){_DAY}(?P=mdy){_YEAR}(?!\w)",
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?!\w)",
    # 12:30:00, 10.30-11.45, 0900-1730
    rf"{_HOUR}:[0-5]\d(?::[0-5]\d)?(?!\w)",
    rf"{_HOUR}\.[0-5]\d{_BLANK}?{_DASH}{_BLANK}?{_HOUR}\.[0-5]\d(?!\w)",
    rf"(?:[01]\d|2[0-3])[0-5][05]{_BLANK}?{_DASH}{_BLANK}?(?:[01]\d|2[0-3])[0-5][05](?!\w)",
    # 3-2 1-0 2-2 4-1, and what a word ends in: covid-19
    rf"\d{{1,3}}{_DASH}\d{{1,3}}(?:{_BLANK}\d{{1,3}}{_DASH}\d{{1,3}})+(?!\w)",
    r"(?<=[^\W\d_]-)\d{1,3}(?![\w-])",
    # 1,234,567 and 12 345 678, 100 000 000, 5000000, 3.14159265
    rf"\d{{1,3}}(?:,\d{{3}}){{2,5}}(?![\w,])|[1-9]\d?(?:(?:\.|{_BLANK})\d{{3}}){{2,4}}(?![.-]?\w|{_BLANK}\d)",
    rf"[1-9]\d{{0,14}}000(?!\w)|[1-9]\d{{0,2}}(?:{_BLANK}000){{2,4}}(?!\w|{_BLANK}\d)",
    r"\d{1,6}[.,]\d{1,30}(?![./()-]?\w|,\d)",
)
# Groups of digits and the signs that part them, to their end; what comes before a colon is a time's hour.
_GROUP: Final = r"\d++"
_SIGN: Final = rf"(?:{_BLANK}?[-\u2010-\u2015./()]{{1,2}}{_BLANK}?|{_BLANK})"
_RUN: Final = (
    rf"(?:\((?=[+＋]?\d{{1,5}}\)))?[+＋]?(?:\((?=\d{{1,5}}\)))?{_GROUP}(?:{_SIGN}(?!\d{{1,2}}:\d){_GROUP})*(?!\w)"
)
_NUMBER = re.compile(rf"(?<!\w)(?:{'|'.join(_OTHERS)}|(?P<run>{_RUN}))")


def mask(text: str) -> str:
    """Return `text` with handles, e-mail addresses, phone numbers and links replaced.

    A number is taken for a phone's if it has 7 digits or more and is no price, date, time, score or round number:
    where it could be either, it is hidden.

    >>> mask("ask @ana at ana@example.com or +44 20 7946 0000, see https://example.com/x")
    'ask [NAME] at [EMAIL] or [PHONE], see https://…'
    """
    text = _EMAIL.sub(EMAIL_MASK, text)
    text = _LINK.sub(LINK_MASK, text)
    text = _SHORT_LINK.sub(_hide_short_link, text)
    text = _HANDLE.sub(PERSON_MASK, text)
    return _NUMBER.sub(_hide_phone, text)


def _hide_short_link(match: re.Match[str]) -> str:
    # The normaliser lets a short link end here: what follows must not become a part of the mask.
    return LINK_MASK if match["more"] is None else f"{LINK_MASK} "


def _hide_phone(match: re.Match[str]) -> str:
    if match["run"] is None:
        return match[0]
    groups = re.findall(r"\d+", match[0])
    digits = sum(map(len, groups))
    counted = all(len(group) == 1 for group in groups)  # 1 2 3 4 5 6 7
    # E.164 allows 15 digits: what is longer without a gap is the id of a tweet, say.
    longer = digits > 15 and len(groups) == 1
    return match[0] if digits < 7 or counted or longer else PHONE_MASK
