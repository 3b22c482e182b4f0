"""Audit: predictions over time and where they are risky, over everything that is stored."""

import streamlit as st

from core.emotions import Level
from pages import runtime
from pages.audit import audits, drift, overview, risk, tweets
from pages.components.address import open_tab
from pages.components.frame import guarded, plain, show_reported
from pages.components.levels import level_switch
from pages.shared.background import draw_upkeep
from pages.shared.filters import View, draw_filters
from pages.shared.kept import draw_hidden

TITLES = {
    "overview": "Overview",
    "together": "Together",
    "risk": "Risk",
    "drift": "Drift",
    "tweets": "Tweets",
    "audits": "Audits",
}
# Each draws itself inside a frame of errors: what is wrong with one tab leaves the others.
DRAW = {
    "overview": guarded(overview.draw),
    "together": guarded(overview.draw_together),
    "risk": guarded(risk.draw),
    "drift": guarded(drift.draw),
    "tweets": guarded(tweets.draw),
    "audits": guarded(audits.draw),
}


@guarded
def main() -> None:
    """Draw the page."""
    st.caption("**Affectra** · predictions over time, and where they are risky")
    st.title("Audit")
    show_reported()
    if notice := runtime.app().predictor.notice:
        st.warning(plain(notice), icon=":material/swap_horiz:")
    draw_upkeep()
    view = draw_filters(runtime.app().explorer)
    _hidden(view)
    _figures(view)
    level: Level = level_switch("audit_level")
    if "tweet" in st.query_params and "audit_tab" not in st.session_state:
        st.session_state["audit_tab"] = "tweets"  # a link to one tweet
    tab, container = open_tab("audit_tab", TITLES)
    # Only the tab that is open is drawn: each asks the store for what it shows.
    with container:
        DRAW[tab](view, level)


@guarded
def _hidden(view: View) -> None:
    draw_hidden(view)


@guarded
def _figures(view: View) -> None:
    overview.draw_totals(view)


main()
