"""Feedback: what waits for a person's decision, what people said, and what comes of it."""

import streamlit as st

from core.emotions import Level
from pages import runtime
from pages.audit.audits import draw_upkeep
from pages.components.frame import guarded, plain
from pages.components.levels import level_switch
from pages.feedback import desk
from pages.feedback import list as listing
from pages.feedback import people as said
from pages.feedback import teach as teaching
from pages.feedback.desk import QUEUES
from pages.feedback.reviewer import draw_seat
from pages.shared.filters import View, draw_filters


@guarded
def main() -> None:
    """Draw the page."""
    st.caption("**Affectra** · what people say of what the model said")
    st.title("Feedback")
    if notice := runtime.app().predictor.notice:
        st.warning(plain(notice), icon=":material/swap_horiz:")
    draw_upkeep()
    view = draw_filters(runtime.app().explorer)
    if "item" in st.query_params and "feedback_tab" not in st.session_state:
        st.session_state["feedback_tab"] = "Desk"  # a link to one item
    tabs = st.tabs(list(TABS), key="feedback_tab", bind="query-params")
    for (name, draw), tab in zip(TABS.items(), tabs, strict=True):
        # Only the tab that is open is drawn: each asks the store for what it shows.
        if tab.open:
            with tab:
                draw(name, view)


@guarded
def _reviewing(tab: str, view: View) -> None:
    reviewing = runtime.app().review_desk
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


@guarded
def _people(tab: str, view: View) -> None:
    del tab
    level: Level = level_switch("feedback_level")
    said.draw_said(view, level)


@guarded
def _agreement(tab: str, view: View) -> None:
    del tab
    said.draw_agreement(view)


@guarded
def _teach(tab: str, view: View) -> None:
    del tab, view
    teaching.draw_teaching()


TABS = {"Desk": _reviewing, "List": _reviewing, "People": _people, "Agreement": _agreement, "Teach": _teach}

main()
