"""What was just kept in the store: the way to exactly its rows, and a word where a period hides them."""

from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

import streamlit as st

from core.explore.query_string import DEFAULTS, EVERYTHING, selection_of
from core.explore.selection import Selection
from core.services.explorer import Explorer
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
    asked = {name: st.session_state.get(name, DEFAULTS[name]) for name in ("period", "from", "to")}
    hidden = _hidden(runtime.app().explorer, kept.batch, selection_of(asked, runtime.app().now()))
    if hidden:
        st.info(
            f"{hidden:,} of {kept.rows:,} rows lie outside the period of the page Audit "
            f"({PERIOD_TITLES[asked['period']]}), by when they were posted. The link shows them all."
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
    explorer = runtime.app().explorer
    batch = view.selection.batch or (None if last is None else last.batch)
    if batch is None:
        return
    hidden = _hidden(explorer, batch, view.selection)
    if not hidden:
        if view.selection.batch is not None:
            st.session_state.pop(_LAST, None)  # they were shown
        return
    name = explorer.batch_name(batch) or "this file"
    with st.container(horizontal=True, vertical_alignment="center", key="hidden_rows"):
        st.info(f"The period hides {hidden:,} rows of {plain(name)}.", icon=":material/history:")
        st.button(
            "Show them all",
            key=f"show_batch_{batch}",
            on_click=show_selection,
            args=(Selection(batch=batch),),
        )


def _hidden(explorer: Explorer, batch: UUID, period: Selection) -> int:
    """Return how many rows of a file lie outside a selection's period."""
    rows = Selection(batch=batch)
    return explorer.count(rows) - explorer.count(replace(rows, since=period.since, until=period.until))
