"""What was just kept in the store: the way to exactly its rows, and a word where a period hides them."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

import streamlit as st

from core.explore.query_string import DEFAULTS, EVERYTHING, selection_of
from core.explore.selection import Selection
from pages import runtime
from pages.components.frame import plain
from pages.shared.filters import PERIOD_TITLES, View, show_selection

_LAST: Final = "last_kept"


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file of which this session kept the rows.

    Attributes:
        batch: the id under which the store has them.
    """

    batch: UUID
    name: str
    rows: int


def keep_in_mind(kept: KeptFile) -> None:
    """Let Audit say where a period hides these rows, until they were shown: a callback's work."""
    st.session_state[_LAST] = kept


def draw_kept(kept: KeptFile) -> None:
    """Draw the link to exactly the rows of a kept file, and what the period of Audit hides of them without it."""
    if not kept.rows:
        st.info("No row of this file has a text to keep.")
        return
    if hidden := _hidden(kept.batch):
        period = PERIOD_TITLES[st.session_state.get("period", DEFAULTS["period"])]
        st.info(
            f"{hidden:,} of {kept.rows:,} rows lie outside the period of the page Audit "
            f"({period}), by when they were posted. The link shows them all."
        )
    st.page_link(
        "audit/page.py",
        label="Show these rows on Audit",
        icon=":material/policy:",
        query_params={"audit_tab": "tweets", "period": EVERYTHING, "batch": str(kept.batch)},
    )


def draw_hidden(view: View) -> None:
    """Say what the period hides of the file that is asked for, or else of the one that was just kept here."""
    last: KeptFile | None = st.session_state.get(_LAST)
    batch = view.selection.batch or (None if last is None else last.batch)
    if batch is None:
        return
    hidden = _hidden(batch)
    if not hidden:
        if view.selection.batch is not None:
            st.session_state.pop(_LAST, None)  # they were shown
        return
    name = runtime.app().explorer.batch_name(batch) or "this file"
    with st.container(horizontal=True, vertical_alignment="center", key="hidden_rows"):
        st.info(f"The period hides {hidden:,} rows of {plain(name)}.", icon=":material/history:")
        st.button(
            "Show them all",
            key=f"show_batch_{batch}",
            on_click=show_selection,
            args=(Selection(batch=batch),),
        )


def _hidden(batch: UUID) -> int:
    """Return how many rows of a file lie outside the period that the filters ask for."""
    explorer = runtime.app().explorer
    asked = {name: st.session_state.get(name, DEFAULTS[name]) for name in ("period", "from", "to")}
    shown = selection_of(asked | {"batch": str(batch)}, runtime.app().now())
    return explorer.count(Selection(batch=batch)) - explorer.count(shown)
