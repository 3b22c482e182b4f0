"""The serving model: promote another, roll back, see who did it and why, and measure what each costs here."""

import pandas as pd
import streamlit as st

from core.emotions import Level
from core.errors import AffectraError
from core.experiments.leaderboard import Candidate
from core.services.model_board import Board
from core.services.promotion import MAX_REASON
from pages import runtime
from pages.components.frame import guarded, in_cell, plain, report, reporting, say, show_problem, show_reported


def draw(board: Board, level: Level) -> None:
    """Draw the tab."""
    del level  # what serves, serves at all levels
    _models(board)
    _promote(board)
    _history(board)
    _measuring()


def _models(board: Board) -> None:
    rows = board.candidates
    st.dataframe(
        pd.DataFrame(
            {
                "Model": [("★ " if one.champion else "") + one.label for one in rows],
                "Family": [one.family for one in rows],
                "Base": [one.base for one in rows],
                "Macro-F1 on test": [one.macro_f1 for one in rows],
                "MB": [one.mb for one in rows],
                "Trained": [one.facts.get("trained_at", "")[:10] for one in rows],
                "Files": ["here" if one.folder else "gone" for one in rows],
                "Registry": [f"version {one.number}" if one.number else "not yet" for one in rows],
            }
        ),
        key="candidates",
        hide_index=True,
        placeholder="–",
        column_config={
            "Macro-F1 on test": st.column_config.NumberColumn(format="%.3f", help="28 emotions, tuned thresholds"),
            "MB": st.column_config.NumberColumn(format="%.1f"),
        },
        alt=f"{len(rows)} models that serve, could serve, or did",
    )
    st.caption(
        "★ the champion. A model whose files are gone can be restored or trained again; until then it cannot serve."
    )


def _promote(board: Board) -> None:
    st.header("Promote another model")
    possible = {one.fingerprint: one for one in board.candidates if one.folder and not one.champion}
    if not possible:
        st.markdown("There is no other model on this machine. `python -m models train tfidf --data DIR` makes one.")
        return
    pinned = runtime.app().promotion.tracker.pinned
    if pinned is not None:
        st.info(
            f"AFFECTRA_MODEL pins {plain(pinned.name)}. Unset it and start Affectra again to promote another model.",
            icon=":material/keep:",
        )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.selectbox(
            "Model",
            list(possible),
            key="promote_model",
            format_func=lambda fingerprint: f"{possible[fingerprint].label} · {possible[fingerprint].family}",
            width=320,
        )
        st.button(
            "Promote …",
            key="promote",
            icon=":material/upgrade:",
            type="primary",
            disabled=pinned is not None,
            on_click=_ask,
            args=(possible[chosen], "Promote", board.registry.champion),
        )
        previous = board.previous
        st.button(
            f"Roll back to {plain(previous.label)} …" if previous else "Roll back …",
            key="roll_back",
            icon=":material/undo:",
            disabled=previous is None or previous.folder is None or pinned is not None,
            help="Brings back what served before." if previous else "What served before is not on record.",
            on_click=_ask,
            args=(previous, "Roll back to", board.registry.champion),
        )
    # Kept until it is answered: whatever else runs meanwhile, the question stays.
    if asked := st.session_state.get("promoting"):
        _confirm(*asked)


def _ask(candidate: Candidate, verb: str, shown: int | None) -> None:
    st.session_state["promoting"] = (candidate, verb, shown)


def _forget() -> None:
    st.session_state.pop("promoting", None)


@st.dialog("Change the serving model", on_dismiss=_forget)
@guarded
def _confirm(candidate: Candidate, verb: str, shown: int | None) -> None:
    st.markdown(
        f"**{plain(candidate.label)}** ({plain(candidate.family)}) is to serve. Live predictions on this machine "
        f"follow with the next letter, without a restart; another machine follows when its comparison page is opened. "
        f"Stored predictions keep the version that made them."
    )
    reason = st.text_input(
        "Why?", key="promote_reason", max_chars=MAX_REASON, placeholder="For the record", live="200ms"
    )
    if st.button(
        f"{verb} {plain(candidate.label)}", key="promote_confirm", type="primary", disabled=not (reason or "").strip()
    ):
        try:
            with st.spinner("Trying the model and telling MLflow …"):
                runtime.app().promotion.promote(candidate, reason or "", runtime.app().actor, instead_of=shown)
        except AffectraError as error:
            report(error)
        else:
            say(f"{plain(candidate.label)} serves from now on.")
        _forget()
        st.rerun()


def _history(board: Board) -> None:
    st.header("History of promotions")
    if not board.moves:
        st.markdown("Nothing was promoted yet.")
        return
    st.dataframe(
        pd.DataFrame(
            {
                "When (UTC)": [one.at for one in board.moves],
                "Who": [in_cell(one.by) for one in board.moves],
                "From": [one.came_from for one in board.moves],
                "To": [one.to for one in board.moves],
                "Why": [in_cell(one.why) for one in board.moves],
            }
        ),
        key="moves",
        hide_index=True,
        column_config={
            "When (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss"),
            "Why": st.column_config.TextColumn(width="large"),
        },
        alt=f"{len(board.moves)} promotions, the newest first",
    )


@st.fragment
@guarded
def _measuring() -> None:
    st.header("Cost on this machine")
    show_reported()
    cost_runs = runtime.app().cost_runs
    job = cost_runs.measuring
    if job is not None and job.running:
        _progress()
        return
    st.markdown(
        "Each installed model scores up to 200 tweets one by one and then files of 512, in a process of its own, for "
        "about ten seconds. The leaderboard shows the newest measurement. While it runs, predictions are slower."
    )
    st.button("Measure on this machine", key="measure", icon=":material/speed:", on_click=_start)
    if job is None:
        return
    if job.error is not None:
        if not isinstance(job.error, AffectraError):
            raise job.error
        show_problem(job.error)
    elif job.result is not None:
        st.dataframe(
            pd.DataFrame(
                {
                    "Model": [label for label, _ in job.result],
                    "ms a tweet": [cost.median_ms for _, cost in job.result],
                    "ms, p95": [cost.p95_ms for _, cost in job.result],
                    "Tweets/s": [cost.tweets_per_second for _, cost in job.result],
                    "Peak MiB": [cost.peak_mib for _, cost in job.result],
                }
            ),
            key="costs",
            hide_index=True,
            alt=f"The cost of {len(job.result)} models on this machine",
        )
        st.caption(
            f"The last measurement by this server{', stopped early' if job.cancelling else ''}; logged to MLflow."
        )


@reporting
def _start() -> None:
    runtime.app().cost_runs.start_measuring(runtime.app().actor)


@st.fragment(run_every=1.0)
@guarded
def _progress() -> None:
    job = runtime.app().cost_runs.measuring
    if job is None or not job.running:
        st.rerun()  # the whole page: the leaderboard has new figures
        return
    waiting = runtime.app().cost_runs.installed()[job.done :]
    at_work = f" {plain(waiting[0])} is at work …" if waiting else ""
    st.progress(job.done / max(job.total, 1), text=f"{job.done} of {job.total} models are measured.{at_work}")
    st.button("Stop", key="stop_measuring", icon=":material/stop:", on_click=job.cancel)
