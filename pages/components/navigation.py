"""The app's pages, and the frame around whichever was chosen."""

import streamlit as st
from streamlit.navigation.page import Page

from pages.components.address import address_of
from pages.components.frame import guarded, raise_contrast


@guarded
def run_app() -> None:
    """Draw the frame, and in it the page that was chosen."""
    st.set_page_config(page_title="Affectra", page_icon="💬", layout="wide")
    raise_contrast()
    page = st.navigation(_pages())
    with address_of(page.url_path):
        page.run()


def _pages() -> list[Page]:
    return [
        st.Page(
            "live/page.py",
            title="Live",
            icon=":material/bolt:",
            url_path="live",
            default=True,
            help="Type a tweet, see its emotions.",
        ),
        st.Page(
            "audit/page.py",
            title="Audit",
            url_path="audit",
            icon=":material/policy:",
            help="Predictions over time, and where they are risky.",
        ),
        st.Page(
            "feedback/page.py",
            title="Feedback",
            url_path="feedback",
            icon=":material/rate_review:",
            help="What waits for a review, and what people say about predictions.",
        ),
        st.Page(
            "compare/page.py",
            title="Compare",
            icon=":material/leaderboard:",
            url_path="compare",
            help="Which model, and why.",
        ),
    ]
