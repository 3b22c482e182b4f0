"""The list of a queue: many items at once, for decisions that need no look at each."""

from typing import Any, Final
from uuid import UUID

import streamlit as st

from core.access.actor import Reviewer
from core.explore.time_buckets import naive_or_none
from core.review.events import Triage
from core.review.priority import reasons_of
from core.services.review_desk import Queue, Queued
from pages import runtime
from pages.components.flagged import SEVERITY_SIGNS
from pages.components.frame import guarded, in_cell, reporting, say, show_reported
from pages.feedback.navigation import follow_to_desk, put_on_desk
from pages.feedback.reviewer import review_session
from pages.shared.filters import View

_ROWS: Final = 100
_MANY: Final[dict[Triage, tuple[str, str]]] = {
    "confirm": ("Confirm", ":material/check:"),
    "dismiss": ("Dismiss flags", ":material/flag:"),
    "escalate": ("Escalate", ":material/north:"),
}


@st.fragment
@guarded
def draw_list(view: View, queue: Queue, reviewer: Reviewer, count: int) -> None:
    """Draw a page of a queue, and decisions on the rows that are chosen.

    Args:
        count: how many items the queue holds.
    """
    follow_to_desk()
    show_reported()
    if not count:
        st.info("This queue is empty within these filters.", icon=":material/check:")
        return
    pages = -(-count // _ROWS)
    page = 1
    if pages > 1:
        # What was the tenth page of other filters may be none of these.
        if st.session_state.get("review_page", 1) > pages:
            st.session_state["review_page"] = pages
        page = int(st.number_input(f"Page of {pages:,}", 1, pages, step=1, key="review_page", width=150))
    reviewing = runtime.app().review_desk
    rows = reviewing.queue(queue, view.selection, reviewer, limit=_ROWS, offset=(page - 1) * _ROWS)
    # A selection is a place in the table: under other rows it would mean another tweet.
    key = f"review_rows_{reviewing.revision}_{hash((queue, view.selection, page)) & 0xFFFFFFFF:x}"
    table: Any = st.dataframe(
        _cells(rows),
        key=key,
        hide_index=True,
        on_select="rerun",
        selection_mode="multi-row",
        column_config={
            "Text": st.column_config.TextColumn(width=380),
            "Why": st.column_config.TextColumn(width=200),
            "When (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
            "Score": st.column_config.NumberColumn(
                format="%.0f", help="The sum of the weights of its reasons. More severe flags come first."
            ),
        },
        height=420,
        alt=f"{len(rows)} of {count:,} items of the queue, the most important first",
    )
    chosen = [rows[place].id for place in table.selection.rows if place < len(rows)]
    st.caption(
        f"{(page - 1) * _ROWS + 1:,} to {(page - 1) * _ROWS + len(rows):,} of {count:,}. Select rows with the boxes on "
        f"their left."
    )
    st.text_input("Note for all of them", key="review_many_note", max_chars=2_000)
    with st.container(horizontal=True, key="review_many"):
        for kind, (label, icon) in _MANY.items():
            st.button(
                f"{label} ({len(chosen)})",
                key=f"many_{kind}",
                icon=icon,
                on_click=_decide_many,
                args=(chosen, kind, reviewer),
                disabled=not chosen or queue in {"done", "second"},
            )
        st.button(
            "Open on the desk",
            key="many_open",
            icon=":material/desk:",
            on_click=put_on_desk,
            args=(chosen,),
            disabled=len(chosen) != 1,
            type="tertiary",
        )


def _cells(rows: list[Queued]) -> dict[str, list[Any]]:
    return {
        "Text": [in_cell(row.text)[:400] for row in rows],
        "Emotions": [", ".join(row.labels) or "none" for row in rows],
        "Flag": [SEVERITY_SIGNS[row.severity] for row in rows],
        "Why": [", ".join(reason.name for reason in reasons_of(row.reasons)) for row in rows],
        "Score": [row.score for row in rows],
        "State": [row.status + (f" by {in_cell(row.decided_by)}" if row.decided_by else "") for row in rows],
        "When (UTC)": [naive_or_none(row.moment) for row in rows],
    }


@reporting
def _decide_many(ids: list[UUID], kind: Triage, reviewer: Reviewer) -> None:
    done = review_session().do_many(ids, kind, reviewer, st.session_state.get("review_many_note") or "")
    left = len(ids) - done
    others = f" {left} were left out: others have decided or hold them." if left else ""
    say(f"{done} decided.{others} Undo on the desk takes all of them back.")
    st.session_state["review_many_note"] = ""
