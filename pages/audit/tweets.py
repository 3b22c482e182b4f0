"""The tweets themselves: a table that the database sorts and pages, one in full, and the export of all."""

from typing import Any, Final, cast
from uuid import UUID

import streamlit as st

from core.emotions import LABELS, Level
from core.rules.flags import SEVERITIES
from core.services.explorer import ORDERS, Listed
from pages import runtime
from pages.audit.exporting import draw_export
from pages.audit.tweet import draw_detail
from pages.components.frame import guarded, in_cell
from pages.shared.filters import View

PAGE: Final = 100
"""Rows that go to the browser at once."""
SEVERITY_SIGNS: Final = ("", "ℹ️ info", "⚠️ watch", "🚨 urgent")


def draw(view: View, level: Level) -> None:
    """Draw the tab."""
    _table(view, level)
    draw_export(view)


@st.fragment
@guarded
def _table(view: View, level: Level) -> None:
    exploring = runtime.app().explorer
    total = exploring.count(view.selection)
    st.header("Tweets")
    opened = _opened()
    if opened is not None:
        draw_detail(opened, level)
    if not total:
        if opened is None:
            st.info("No tweet fits these filters. Take some of them back above, or choose a longer period.")
        return
    pages = -(-total // PAGE)
    with st.container(horizontal=True, vertical_alignment="bottom", key="paging"):
        order = st.selectbox("First the …", [*ORDERS, *LABELS], key="order", bind="query-params", width=220)
        # What was the tenth page of other filters, or of another order, is no page of these.
        if st.session_state.get("paged") != (view.selection.within(None, None), view.period, order):
            if "paged" in st.session_state:
                st.session_state["page"] = 1
            st.session_state["paged"] = (view.selection.within(None, None), view.period, order)
        if st.session_state.get("page", 1) > pages:
            st.session_state["page"] = pages
        page = int(
            st.number_input(
                f"Page of {pages:,}",
                min_value=1,
                max_value=max(pages, 1),
                step=1,
                key="page",
                bind="query-params",
                width=150,
            )
        )
    first = (page - 1) * PAGE
    rows = exploring.page(view.selection, order, PAGE, first)
    # A selection is a place in the table: under other rows it would mean another tweet.
    key = f"rows_{exploring.revision}_{hash((view.selection, order, page)) & 0xFFFFFFFF:x}"
    st.dataframe(
        _cells(rows, order),
        key=key,
        hide_index=True,
        on_select=lambda: _select(key, [row.id for row in rows]),
        selection_mode="single-row",
        column_config={
            "When (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", width=130),
            "Text": st.column_config.TextColumn(width=380),
            "Emotions": st.column_config.TextColumn(width=140),
            "Flag": st.column_config.TextColumn(width=95),
            "For": st.column_config.TextColumn(width=110),
            "Margin": st.column_config.NumberColumn(
                format="%.2f", help="How far the surest emotion is above its threshold; below 0 where none reaches one."
            ),
        },
        height=420,
        alt=f"Tweets {first + 1:,} to {first + len(rows):,} of {total:,}, first the {_order_name(order)}",
    )
    st.caption(
        f"{first + 1:,} to {first + len(rows):,} of {total:,} tweets of {view.period}. Select a row (the box at its "
        f"left) to see all that is known of it."
    )


def _order_name(order: str) -> str:
    return f"most probable for {order}" if order in LABELS else order


def _cells(rows: list[Listed], order: str) -> dict[str, list[Any]]:
    cells: dict[str, list[Any]] = {
        "When (UTC)": [row.moment.replace(tzinfo=None) for row in rows],
        "Text": [in_cell(row.text)[:400] for row in rows],
        "Emotions": [", ".join(row.labels) or f"none (closest: {row.top})" for row in rows],
        "Flag": [SEVERITY_SIGNS[row.severity] for row in rows],
        "For": [", ".join(row.categories) for row in rows],
        "Margin": [row.margin for row in rows],
        "Sentiment": [row.sentiment for row in rows],
        "Source": [row.source for row in rows],
        "Model": [f"{row.model} {row.model_version}" for row in rows],
    }
    return cells


def _select(key: str, ids: list[UUID]) -> None:
    chosen = cast(Any, st.session_state[key]).selection.rows
    if chosen and chosen[0] < len(ids):
        st.query_params["tweet"] = str(ids[chosen[0]])
    else:
        st.query_params.pop("tweet", None)


def _opened() -> UUID | None:
    try:
        return UUID(st.query_params["tweet"])
    except (KeyError, ValueError):
        return None


assert len(SEVERITY_SIGNS) == len(SEVERITIES) + 1  # noqa: S101
