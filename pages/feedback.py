"""Feedback: what waits for a person's decision, what people said, and what comes of it."""

import streamlit as st

from core import runtime
from pages.auditing.filters import View, draw_filters
from pages.auditing.runs import draw_upkeep
from pages.components.frame import guarded, plain
from pages.reviewing import desk, listing, teaching
from pages.reviewing.desk import QUEUES
from pages.reviewing.seat import draw_seat

TABS = ("Desk", "List", "Teach")


@guarded
def main() -> None:
    """Draw the page."""
    st.caption("**Affectra** · what people say of what the model said")
    st.title("Feedback")
    if notice := runtime.service().notice:
        st.warning(plain(notice), icon=":material/swap_horiz:")
    draw_upkeep()
    view = draw_filters(runtime.exploring())
    if "item" in st.query_params and "feedback_tab" not in st.session_state:
        st.session_state["feedback_tab"] = "Desk"  # a link to one item
    tabs = st.tabs(list(TABS), key="feedback_tab", bind="query-params")
    for name, tab in zip(TABS, tabs, strict=True):
        if tab.open:
            with tab:
                if name == "Teach":
                    teaching.draw_teaching()
                else:
                    _reviewing(name, view)


@guarded
def _reviewing(tab: str, view: View) -> None:
    reviewing = runtime.reviewing()
    reviewing.refresh()
    with st.container(horizontal=True, vertical_alignment="bottom", key="review_bar"):
        seat = draw_seat()
        named = {name: queue for queue, name in QUEUES.items()}
        chosen = st.segmented_control(
            "Queue", list(named), default="All", key="queue", bind="query-params", required=True
        )
    counts = reviewing.counts(view.selection, seat)
    st.caption(" · ".join(f"{name} {counts[queue]:,}" for queue, name in QUEUES.items()))
    queue = named[chosen]
    if tab == "Desk":
        desk.draw_desk(view, queue, seat, counts[queue])
    else:
        listing.draw_list(view, queue, seat, counts[queue])


main()
