"""The app's pages, and the guard that lets none of them run outside its frame.

Streamlit takes a folder called `pages` for a list of pages of its own until `st.navigation` is first called. Whoever
opens a link to a page in a process that has just started would get that page without the frame, so each page asks here
first.
"""

from contextvars import ContextVar
from typing import Final

import streamlit as st
from streamlit.navigation.page import Page

_INSIDE: Final[ContextVar[bool]] = ContextVar("affectra_inside", default=False)


def run_chosen_page() -> None:
    """Draw the navigation, and run the page that was chosen."""
    chosen = st.navigation(_pages())
    token = _INSIDE.set(True)
    try:
        chosen.run()
    finally:
        _INSIDE.reset(token)


def stay_in_frame() -> None:
    """Start again from the entry if this page runs without its frame; the link that was opened stays."""
    if not _INSIDE.get():
        st.navigation(_pages())
        st.rerun()


def _pages() -> list[Page]:
    return [
        st.Page(
            "pages/live.py", title="Live", icon=":material/bolt:", default=True, help="Type a tweet, see its emotions."
        ),
        st.Page("pages/compare.py", title="Compare", icon=":material/leaderboard:", help="Which model, and why."),
    ]
