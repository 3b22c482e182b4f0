"""The app's pages, and the frame around whichever was chosen."""

import streamlit as st
from streamlit.navigation.page import Page

from pages.components.frame import guarded, raise_contrast


@guarded
def run_app() -> None:
    """Draw the frame, and in it the page that was chosen."""
    st.set_page_config(page_title="Affectra", page_icon="💬", layout="wide")
    raise_contrast()
    st.navigation(_pages()).run()


def _pages() -> list[Page]:
    return [
        st.Page("live.py", title="Live", icon=":material/bolt:", default=True, help="Type a tweet, see its emotions."),
        st.Page(
            "audit.py",
            title="Audit",
            icon=":material/policy:",
            help="What was said, where it is risky, over all that is stored.",
        ),
        st.Page(
            "feedback.py",
            title="Feedback",
            icon=":material/rate_review:",
            help="What waits for a person's decision, and what people said.",
        ),
        st.Page("compare.py", title="Compare", icon=":material/leaderboard:", help="Which model, and why."),
    ]
