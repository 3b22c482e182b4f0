"""From a row of another tab to the desk."""

from uuid import UUID

import streamlit as st


def put_on_desk(chosen: list[UUID]) -> None:
    """Let the desk show a tweet: a callback of another tab, whose fragment goes there by `follow_to_desk`."""
    st.query_params["item"] = str(chosen[0])
    st.session_state["feedback_tab"] = "desk"
    st.session_state["to_desk"] = True


def follow_to_desk() -> None:
    """Draw the whole page again if a tweet was put on the desk: the button is in a fragment, the desk is not."""
    if st.session_state.pop("to_desk", False):
        st.rerun(scope="app")
