"""Compare: which model, at what price, how sure, and which one serves."""

import streamlit as st

from core.errors import AffectraError
from core.services.model_board import Board
from pages import runtime
from pages.compare import emotions, leaderboard
from pages.compare import head_to_head as duels
from pages.compare import serving as promotion
from pages.components.frame import guarded, plain, show_problem, show_reported
from pages.components.levels import level_switch

# Each draws itself inside a frame of errors: what is wrong with one tab leaves the others.
TABS = {
    "Leaderboard": guarded(leaderboard.draw),
    "Emotions": guarded(emotions.draw),
    "Head to head": guarded(duels.draw),
    "What serves": guarded(promotion.draw),
}


@guarded
def main() -> None:
    """Draw the page."""
    st.caption("**Affectra** · which model, and why")
    st.title("Compare models")
    show_reported()
    try:
        with st.spinner("Reading the runs from MLflow …", show_time=True):
            board = runtime.app().model_board.board(at_once=True)
    except AffectraError as error:
        show_problem(error)
        st.info("What serves goes on serving: the live page does without MLflow.", icon=":material/info:")
        return
    if board.stale:
        _refreshing()
    for warning in board.warnings:
        st.warning(plain(warning), icon=":material/warning:")
    _champion(board)
    level = level_switch("compare_level")
    tabs = st.tabs(list(TABS), key="view", bind="query-params")
    for tab, draw in zip(tabs, TABS.values(), strict=True):
        # Only the tab that is open is drawn: the others read files of many runs.
        if tab.open:
            with tab:
                draw(board, level)


@st.fragment(run_every=0.5)
def _refreshing() -> None:
    if not runtime.app().model_board.refreshing:
        st.rerun()
    st.caption("The runs have changed since they were last read. This is how they were; they are being read anew …")


@guarded
def _champion(board: Board) -> None:
    serving = runtime.app().predictor
    if serving.notice:
        st.warning(plain(serving.notice), icon=":material/swap_horiz:")
    info = serving.classifier.info
    said = f"**{plain(info.label)}** ({plain(info.family)}) serves"
    move = board.last_move
    if move is not None and move.to == info.label:
        said += f" since {move.at:%Y-%m-%d %H:%M} UTC, by {plain(move.by)}: “{plain(_short(move.why))}”"
    st.markdown(said + ("" if said.endswith("”") else "."))


def _short(text: str, limit: int = 140) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


main()
