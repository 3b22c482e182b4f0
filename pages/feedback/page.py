"""Feedback: what waits for a decision, what people say about predictions, and what models learn from it."""

import streamlit as st

from core.emotions import Level
from core.services.review_desk import Queue
from pages import runtime
from pages.components.address import in_address, open_tab
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

TITLES = {"desk": "Desk", "list": "List", "people": "People", "agreement": "Agreement", "teach": "Retrain"}


@guarded
def main() -> None:
    """Draw the page."""
    st.caption("**Affectra** · what people say about predictions")
    st.title("Feedback")
    if notice := runtime.app().predictor.notice:
        st.warning(plain(notice), icon=":material/swap_horiz:")
    draw_upkeep()
    view = draw_filters(runtime.app().explorer)
    if "item" in st.query_params and "feedback_tab" not in st.session_state:
        st.session_state["feedback_tab"] = "desk"  # a link to one item
    tab, container = open_tab("feedback_tab", TITLES)
    # Only the tab that is open is drawn: each asks the store for what it shows.
    with container:
        _draw(tab, view)


@guarded
def _draw(tab: str, view: View) -> None:
    if tab == "people":
        level: Level = level_switch("feedback_level")
        draw_people(view, level)
    elif tab == "agreement":
        draw_agreement(view)
    elif tab == "teach":
        draw_teach()
    else:
        _queue(tab, view)


def _queue(tab: str, view: View) -> None:
    reviewing = runtime.app().review_desk
    reviewing.refresh()
    with st.container(horizontal=True, vertical_alignment="bottom", key="review_bar"):
        reviewer = draw_reviewer()
        with in_address("queue", QUEUES, "all"):
            chosen = st.segmented_control(
                "Queue",
                list(QUEUES),
                key="queue",
                format_func=QUEUES.__getitem__,
                required=True,
                persist_state="session",
            )
    queue: Queue = chosen or "all"
    counts = reviewing.counts(view.selection, reviewer)
    st.caption(" · ".join(f"{title} {counts[one]:,}" for one, title in QUEUES.items()))
    draw = draw_list if tab == "list" else draw_desk
    draw(view, queue, reviewer, counts[queue])


main()
