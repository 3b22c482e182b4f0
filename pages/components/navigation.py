"""The app's pages, and the guard that lets none of them run outside its frame.

Streamlit takes a folder called `pages` for a list of pages of its own until `st.navigation` is first called. Whoever
opens a link to a page in a process that has just started would get that page without the frame, so each page asks here
first.
"""

from contextvars import ContextVar
from typing import Final

import streamlit as st
from streamlit.navigation.page import Page

from pages.components.frame import guarded, raise_contrast

_INSIDE: Final[ContextVar[bool]] = ContextVar("affectra_inside", default=False)


@guarded
def run_app() -> None:
    """Draw the frame, and in it the page that was chosen."""
    st.set_page_config(page_title="Affectra", page_icon="💬", layout="wide")
    raise_contrast()
    chosen = st.navigation(_pages())
    token = _INSIDE.set(True)
    try:
        chosen.run()
    finally:
        _INSIDE.reset(token)


def stay_in_frame() -> None:
    """Draw the whole app, and end, if this page was run without its frame."""
    if not _INSIDE.get():
        run_app()
        st.stop()


def _pages() -> list[Page]:
    return [
        st.Page(
            "pages/live.py", title="Live", icon=":material/bolt:", default=True, help="Type a tweet, see its emotions."
        ),
        st.Page(
            "pages/audit.py",
            title="Audit",
            icon=":material/policy:",
            help="What was said, where it is risky, over all that is stored.",
        ),
        st.Page("pages/compare.py", title="Compare", icon=":material/leaderboard:", help="Which model, and why."),
    ]
