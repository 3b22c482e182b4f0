"""Affectra: the entry of the app. Page config, navigation, and one frame for errors."""

import streamlit as st

from pages.components.frame import guarded, raise_contrast

st.set_page_config(page_title="Affectra", page_icon="💬", layout="wide")

PAGES = [
    st.Page(
        "pages/live.py", title="Live", icon=":material/bolt:", default=True, help="Type a tweet, see its emotions."
    ),
]


@guarded
def main() -> None:
    """Run the page that was chosen."""
    raise_contrast()
    st.navigation(PAGES).run()


main()
