"""Texts that were decoded by the wrong codec: "Iâ€™m so happy". Loads ftfy: imported where it is needed."""

import re
from typing import Final

import ftfy
import ftfy.badness

_CONFIG: Final = ftfy.TextFixerConfig(
    unescape_html=False,
    remove_terminal_escapes=False,
    fix_latin_ligatures=False,
    fix_character_width=False,
    uncurl_quotes=False,
    fix_line_breaks=False,
    fix_surrogates=False,
    fix_c1_controls=False,
    remove_control_chars=False,
    normalization=None,
)
# What Mac Roman makes of a curly apostrophe once Windows-1252 has read it, in a corpus that is passed on much.
_MAC: Final = {"‰Ûª": "’", "‰Û÷": "‘", "‰Ûï": "“", "‰Û\x9d": "”", "‰Ûò": "“", "‰ÛÓ": "—", "‰Û_": "…", "‰Û¢": "•"}
_MAC_SIGN: Final = re.compile("|".join(map(re.escape, _MAC)))
_SUSPECT: Final = re.compile(
    "[\x80-\x9f\u00c2\u00c3\u00e2\u00e3\u00f0\u0152\u00ce\u00cf\u00d0\u00d1\u00d8\u00d9\u0420\u0421]|‰Û"
)


def is_mojibake(text: str) -> bool:
    """Tell whether a text looks decoded by the wrong codec.

    >>> is_mojibake("Iâ€™m so happy"), is_mojibake("I’m so happy, très bien")
    (True, False)
    """
    return _SUSPECT.search(text) is not None and mended(text) != text


def mended(text: str) -> str:
    """Return a text as it was before it was decoded by the wrong codec; others come back as they are.

    >>> mended("Iâ€™m so happy")
    'I’m so happy'
    """
    if text.isascii() or not _SUSPECT.search(text):
        return text
    text = _MAC_SIGN.sub(lambda match: _MAC[match[0]], text)
    return ftfy.fix_encoding(text, _CONFIG)
