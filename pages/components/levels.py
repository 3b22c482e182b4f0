"""The switch between 28 emotions, Ekman's groups and sentiment."""

from typing import Final

import streamlit as st

from core.emotions import Level

LEVELS: Final[dict[Level, str]] = {"emotion": "28 emotions", "ekman": "Ekman", "sentiment": "Sentiment"}


def level_switch(key: str) -> Level:
    """Draw the switch and return the chosen level."""
    chosen: Level = st.segmented_control(
        "Level",
        list(LEVELS),
        default="emotion",
        format_func=LEVELS.__getitem__,
        key=key,
        required=True,
        persist_state="session",
    )
    return chosen
