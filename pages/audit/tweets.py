"""The tweets themselves: a table that the database sorts and pages, one in full, and the export of all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, cast
from uuid import UUID

import streamlit as st

from core.emotions import LABELS, Level
from core.explore.selection import Selection
from core.explore.time_buckets import naive_or_none
from core.services.explorer import EXPORTS, ORDERS, Listed
from pages import runtime
from pages.audit.tweet import draw_detail
from pages.components.address import in_address
from pages.components.exports import Write, draw_file
from pages.components.flagged import SEVERITY_SIGNS
from pages.components.frame import guarded, in_cell, show_reported
from pages.shared.filters import View

PAGE: Final = 100
"""Rows that go to the browser at once."""
_ORDER_TITLES: Final = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "gravest": "Most severe flag first",
    "least-certain": "Least certain first",
    "most-certain": "Most certain first",
    "longest": "Longest first",
    **{label: f"Most {label} first" for label in LABELS},
}
assert list(_ORDER_TITLES) == [*ORDERS, *LABELS]  # noqa: S101


def draw(view: View, level: Level) -> None:
    """Draw the tab."""
    _table(view, level)
    _export(view)


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
            st.info("No tweet matches these filters. Remove some of them above, or choose a longer period.")
        return
    pages = -(-total // PAGE)
    with st.container(horizontal=True, vertical_alignment="bottom", key="paging"):
        with in_address("order", _ORDER_TITLES, "newest"):
            order = st.selectbox(
                "Order",
                list(_ORDER_TITLES),
                key="order",
                format_func=_ORDER_TITLES.__getitem__,
                persist_state="session",
                width=220,
            )
        # What was the tenth page of other filters, or of another order, is no page of these.
        if st.session_state.get("paged") != (view.asked, order):
            if "paged" in st.session_state:
                st.session_state["page"] = 1
            st.session_state["paged"] = (view.asked, order)
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
            "Flagged for": st.column_config.TextColumn(width=110),
            "Margin": st.column_config.NumberColumn(
                format="%.2f",
                help="How far the most certain emotion is above its threshold; negative where none reaches it.",
            ),
        },
        height=420,
        alt=f"Tweets {first + 1:,} to {first + len(rows):,} of {total:,}, {_ORDER_TITLES[order].lower()}",
    )
    st.caption(
        f"{first + 1:,} to {first + len(rows):,} of {total:,} tweets of {view.period}. Select a row (the box on its "
        f"left) to open the tweet."
    )


def _cells(rows: list[Listed], order: str) -> dict[str, list[Any]]:
    cells: dict[str, list[Any]] = {
        "When (UTC)": [naive_or_none(row.moment) for row in rows],
        "Text": [in_cell(row.text)[:400] for row in rows],
        "Emotions": [", ".join(row.labels) or f"none (closest: {row.top})" for row in rows],
        "Flag": [SEVERITY_SIGNS[row.severity] for row in rows],
        "Flagged for": [", ".join(row.categories) for row in rows],
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


@st.fragment
@guarded
def _export(view: View) -> None:
    """Draw the choice of a format, the progress, and the file."""
    st.header("Export these tweets")
    show_reported()
    draw_file("export", EXPORTS, "affectra-tweets", view.selection, lambda: _writer(view.selection))
    st.caption(
        "All tweets that match the filters above, oldest first, with scores, flags and thumbs. In CSV, cells that a "
        "spreadsheet could take for a formula begin with an apostrophe."
    )


def _writer(selection: Selection) -> Write:
    explorer = runtime.app().explorer

    def write(path: Path, cancelled: Callable[[], bool]) -> int:
        return explorer.export(selection, path, cancelled)

    return write
