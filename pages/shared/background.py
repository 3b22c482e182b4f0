"""What the app does by itself, told while it does: its inbox, and rules that changed."""

import streamlit as st

from pages import runtime
from pages.components.frame import guarded, plain


def draw_upkeep() -> None:
    """Draw what the app does by itself, while it does: a line that looks again every few seconds."""
    _upkeep(st.session_state.setdefault("page_runs", 0))
    st.session_state["page_runs"] += 1


@st.fragment(run_every="4s")
@guarded
def _upkeep(page_run: int) -> None:
    upkeep = runtime.app().maintenance
    was_running = st.session_state.get("upkeep_ran", False)
    running = upkeep.poke()
    st.session_state["upkeep_ran"] = running
    if running and upkeep.job is not None:
        waiting = len(upkeep.inbox.waiting())
        files = "1 scored file" if waiting == 1 else f"{waiting} scored files"
        done = f"{upkeep.job.done:,} of {upkeep.job.total:,}"
        what = f"Importing {files} from the inbox" if waiting else f"Rules and baseline: {done} stored tweets"
        st.caption(f":material/sync: {what} …")
    elif was_running and page_run < st.session_state["page_runs"]:
        # There is more to look at now. A page that is just being drawn shows it anyway; another run would lose what it
        # has to say once.
        st.rerun(scope="app")
    for problem in upkeep.problems:
        st.warning(plain(problem), icon=":material/inbox:")
