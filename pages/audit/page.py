"""Audit: what did the model say, where is it risky, over everything that is stored."""

import streamlit as st

from core.emotions import Level
from pages import runtime
from pages.audit import audits as runs
from pages.audit import drift as drifting
from pages.audit import overview, risk
from pages.audit import tweets as rows
from pages.components.frame import guarded, plain, show_reported
from pages.components.levels import level_switch
from pages.shared.filters import View, draw_filters

# Each draws itself inside a frame of errors: what is wrong with one tab leaves the others.
TABS = {
    "Overview": guarded(overview.draw),
    "Together": guarded(overview.draw_together),
    "Risk": guarded(risk.draw),
    "Drift": guarded(drifting.draw),
    "Tweets": guarded(rows.draw),
    "Audits": guarded(runs.draw),
}


@guarded
def main() -> None:
    """Draw the page."""
    st.caption("**Affectra** · what the model said, and where it is risky")
    st.title("Audit")
    show_reported()
    if notice := runtime.app().predictor.notice:
        st.warning(plain(notice), icon=":material/swap_horiz:")
    runs.draw_upkeep()
    view = draw_filters(runtime.app().explorer)
    _figures(view)
    level: Level = level_switch("audit_level")
    if "tweet" in st.query_params and "audit_tab" not in st.session_state:
        st.session_state["audit_tab"] = "Tweets"  # a link to one tweet
    tabs = st.tabs(list(TABS), key="audit_tab", bind="query-params")
    for tab, draw in zip(tabs, TABS.values(), strict=True):
        # Only the tab that is open is drawn: each asks the store for what it shows.
        if tab.open:
            with tab:
                draw(view, level)


@guarded
def _figures(view: View) -> None:
    overview.draw_totals(view)


main()
