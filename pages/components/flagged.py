"""A text with its flagged spans marked, and why."""

from collections.abc import Sequence
from html import escape
from typing import Final

import streamlit as st

from core.rules.flags import SEVERITIES, Flag
from pages.components.frame import in_cell

_COLOURS: Final = {"info": "#3a86d4", "watch": "#c9752b", "urgent": "#d0433b"}
_SIGNS: Final = {"info": "ℹ️", "watch": "⚠️", "urgent": "🚨"}
SEVERITY_SIGNS: Final = ("", *(f"{_SIGNS[severity]} {severity}" for severity in SEVERITIES))
"""For each severity as a number, its sign and its name; nothing for 0."""
_MARK: Final = (
    "background:{colour}33;color:inherit;border-bottom:3px {line} {colour};border-radius:3px;padding:.05rem .15rem"
)
_LINES: Final = {"info": "dotted", "watch": "dashed", "urgent": "solid"}
MAX_SHOWN: Final = 4_000
"""Characters of a text that are drawn."""


def show_flagged(text: str, flags: Sequence[Flag]) -> None:
    """Draw a text with what was flagged underlined, solid where urgent, dashed to watch, dotted for information."""
    st.html(
        f'<blockquote dir="auto" style="margin:.2rem 0;padding:.4rem .9rem;border-left:3px solid #8a93a6;'
        f'overflow-wrap:anywhere;white-space:pre-wrap">{_marked(text[:MAX_SHOWN], flags)}</blockquote>'
    )
    show_flags(flags)


def show_flags(flags: Sequence[Flag]) -> None:
    """Draw what was flagged, how gravely and why; nothing where nothing was."""
    if flags:
        items = "".join(
            f"<li>{_SIGNS[flag.severity]} <b>{escape(flag.category)}</b> ({escape(flag.severity)}): "
            f"{escape(in_cell(flag.reason))}</li>"
            for flag in flags
        )
        st.html(f'<ul aria-label="Flags" style="margin:.2rem 0;padding-left:1.2rem">{items}</ul>')


def _marked(text: str, flags: Sequence[Flag]) -> str:
    """Return HTML; where spans overlap, the one that begins first is marked, the others are named in the list."""
    parts, place = [], 0
    for flag in sorted(flags, key=lambda flag: flag.start):
        if flag.start < place or flag.start >= len(text):
            continue
        style = _MARK.format(colour=_COLOURS[flag.severity], line=_LINES[flag.severity])
        parts += [
            _shown(text[place : flag.start]),
            f'<mark style="{style}" title="{escape(flag.category)}, {escape(flag.severity)}">'
            f"{_shown(text[flag.start : flag.stop])}</mark>",
        ]
        place = flag.stop
    return "".join([*parts, _shown(text[place:])])


def _shown(text: str) -> str:
    return escape("".join(sign for sign in text if sign.isprintable() or sign == "\n"))
