"""Compare: which model, at what price, how sure, and which one serves."""

import streamlit as st

from core.errors import AffectraError
from core.services.model_board import Board
from pages import runtime
from pages.compare import emotions, head_to_head, leaderboard, serving
from pages.components.address import open_tab
from pages.components.frame import guarded, plain, show_problem, show_reported
from pages.components.levels import level_switch

TITLES = {
    "leaderboard": "Leaderboard",
    "emotions": "Emotions",
    "head-to-head": "Head to head",
    "serving": "Serving",
}
# Each draws itself inside a frame of errors: what is wrong with one tab leaves the others.
DRAW = {
    "leaderboard": guarded(leaderboard.draw),
    "emotions": guarded(emotions.draw),
    "head-to-head": guarded(head_to_head.draw),
    "serving": guarded(serving.draw),
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
        st.info("The serving model goes on serving: the live page does not need MLflow.", icon=":material/info:")
        return
    if board.stale:
        _refreshing()
    for warning in board.warnings:
        st.warning(plain(warning), icon=":material/warning:")
    _champion(board)
    level = level_switch("compare_level")
    tab, container = open_tab("view", TITLES)
    # Only the tab that is open is drawn: the others read files of many runs.
    with container:
        DRAW[tab](board, level)


@st.fragment(run_every=0.5)
def _refreshing() -> None:
    if not runtime.app().model_board.refreshing:
        st.rerun()
    st.caption("The runs have changed. This is their earlier state; they are being read again …")


@guarded
def _champion(board: Board) -> None:
    predictor = runtime.app().predictor
    if predictor.notice:
        st.warning(plain(predictor.notice), icon=":material/swap_horiz:")
    info = predictor.classifier.info
    said = f"**{plain(info.label)}** ({plain(info.family)}) serves"
    move = board.last_move
    if move is not None and move.to == info.label:
        said += f" since {move.at:%Y-%m-%d %H:%M} UTC, by {plain(move.by)}: “{plain(_short(move.why))}”"
    st.markdown(said + ("" if said.endswith("”") else "."))


def _short(text: str, limit: int = 140) -> str:
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


main()
