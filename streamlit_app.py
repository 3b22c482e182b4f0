"""Affectra: the entry of the app. Page config, navigation, and one frame for errors."""

import streamlit as st

from pages.components.frame import guarded, raise_contrast
from pages.components.navigation import run_chosen_page

st.set_page_config(page_title="Affectra", page_icon="💬", layout="wide")


@guarded
def main() -> None:
    """Run the page that was chosen."""
    raise_contrast()
    run_chosen_page()


main()
