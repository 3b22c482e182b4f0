"""Feedback: what waits for a person's decision, what people said, and what comes of it."""

import streamlit as st

from core.emotions import Level
from pages import runtime
from pages.components.frame import guarded, plain
from pages.components.levels import level_switch
from pages.feedback.agreement import draw_agreement
from pages.feedback.desk import QUEUES, draw_desk
from pages.feedback.list import draw_list
from pages.feedback.people import draw_people
from pages.feedback.reviewer import draw_reviewer
from pages.feedback.teach import draw_teach
from pages.shared.background import draw_upkeep
from pages.shared.filters import View, draw_filters


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
    for (name, draw), tab in zip(TABS.items(), tabs, strict=True):
        # Only the tab that is open is drawn: each asks the store for what it shows.
        if tab.open:
            with tab:
                draw(name, view)


@guarded
def _reviewing(tab: str, view: View) -> None:
    reviewing = runtime.reviewing()
    reviewing.refresh()
    with st.container(horizontal=True, vertical_alignment="bottom", key="review_bar"):
        reviewer = draw_reviewer()
        named = {name: queue for queue, name in QUEUES.items()}
        chosen = st.segmented_control(
            "Queue", list(named), default="All", key="queue", bind="query-params", required=True
        )
    counts = reviewing.counts(view.selection, reviewer)
    st.caption(" · ".join(f"{name} {counts[queue]:,}" for queue, name in QUEUES.items()))
    queue = named[chosen]
    if tab == "Desk":
        draw_desk(view, queue, reviewer, counts[queue])
    else:
        draw_list(view, queue, reviewer, counts[queue])


@guarded
def _people(tab: str, view: View) -> None:
    del tab
    level: Level = level_switch("feedback_level")
    draw_people(view, level)


@guarded
def _agreement(tab: str, view: View) -> None:
    del tab
    draw_agreement(view)


@guarded
def _teach(tab: str, view: View) -> None:
    del tab, view
    draw_teach()


TABS = {"Desk": _reviewing, "List": _reviewing, "People": _people, "Agreement": _agreement, "Teach": _teach}

main()
