"""Plotly charts that can be clicked: each with a key, a text alternative, and a selection that is taken once."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, cast

import plotly.graph_objects as go
import streamlit as st

Mode = Literal["points", "box"]


def draw_chart(
    figure: go.Figure,
    key: str,
    alt: str,
    on_select: Callable[[str], None] | None = None,
    modes: Sequence[Mode] = ("points",),
) -> None:
    """Draw a chart.

    Args:
        alt: what it shows, in words.
        on_select: called with the key under which the session holds what was clicked or brushed.
    """
    if on_select is None:
        st.plotly_chart(figure, key=key, config={"displayModeBar": False}, alt=alt)
        return
    # A chart of a new key has nothing selected: the same point can be clicked again.
    round_ = st.session_state.get(f"{key}_round", 0)
    own = f"{key}_{round_}"

    def take() -> None:
        on_select(own)
        st.session_state[f"{key}_round"] = round_ + 1

    st.plotly_chart(
        figure, key=own, on_select=take, selection_mode=tuple(modes), config={"displayModeBar": False}, alt=alt
    )


def clicks(key: str) -> list[Any]:
    """Return the custom data of the first point that was clicked in a chart; nothing if it was a click beside all."""
    state = cast(Any, st.session_state.get(key))
    points = state.selection.points if state else []
    return [point["customdata"] for point in points[:1] if point.get("customdata")]
