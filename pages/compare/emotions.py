"""F1 by emotion and run, and one emotion's curves with a threshold to try."""

from typing import Any, Final, cast

import pandas as pd
import streamlit as st

from core.charts import comparison
from core.emotions import Level, names
from core.errors import StoreError
from core.experiments.evidence import GRID
from core.experiments.leaderboard import board_frame
from core.experiments.run import RunFacts
from core.services.model_board import Board, Evidence
from core.stats.metrics import RARE
from pages import runtime
from pages.components.frame import guarded, plain, show_problem

_AT_ONCE: Final = 8
"""Runs in one heat map."""
_HUNDREDTHS: Final = [float(one) for one in GRID if one >= 0.01]


def draw(board: Board, level: Level) -> None:
    """Draw the tab."""
    frame = board_frame(board.runs, board.registry, level).dropna(subset=["macro_f1"])
    if frame.empty:
        st.info("No run has figures on test yet.", icon=":material/info:")
        return
    by_id = {run.id: run for run in board.trainings}
    titles = _titles(frame)
    best = frame.drop_duplicates("family")["run_id"].tolist()
    default = list(dict.fromkeys([*frame[frame["champion"]]["run_id"].tolist()[:1], *best]))[:4]
    chosen = st.multiselect(
        f"Runs (up to {_AT_ONCE})",
        frame["run_id"].tolist(),
        default=default,
        key="heat_runs",
        format_func=titles.__getitem__,
        max_selections=_AT_ONCE,
    )
    found = {run_id: runtime.app().model_board.evidence(by_id[run_id]) for run_id in chosen}
    labels = {titles[run_id]: one.labels for run_id, one in found.items() if one.labels is not None}
    for run_id, one in found.items():
        if one.labels is None:
            st.info(f"{plain(titles[run_id])} left no figures by label.", icon=":material/info:")
    if not labels:
        if not chosen:
            st.info("Choose at least one run above.")
        return
    heat = comparison.heat_frame(labels, level)
    st.plotly_chart(
        comparison.heat_map(heat),
        key=_heat_key(level, chosen),
        on_select=lambda: _take(level, chosen, titles),
        selection_mode="points",
        config={"displayModeBar": False},
        alt=comparison.describe_heat_map(heat),
    )
    st.caption(
        f"F1 at tuned thresholds on test; beside each emotion its number of test examples, and *rare* below {RARE}. "
        f"Click a cell for its curves, or choose below."
    )
    _one_emotion(
        level, {titles[run_id]: (by_id[run_id], found[run_id]) for run_id in chosen}, heat["label"].unique().tolist()
    )


def _titles(frame: pd.DataFrame) -> dict[str, str]:
    """Return a title for each run that no other one has: its name, and its day or its id where names repeat."""
    repeated = frame["name"].duplicated(keep=False)
    return {
        run_id: f"{name} ({run_id[:6]})" if again else name
        for run_id, name, again in zip(frame["run_id"], frame["name"], repeated, strict=True)
    }


def _heat_key(level: Level, chosen: list[str]) -> str:
    return f"heat_{level}_{'_'.join(chosen)}_{st.session_state.get('heat_clicks', 0)}"


def _take(level: Level, chosen: list[str], titles: dict[str, str]) -> None:
    state = cast(Any, st.session_state.get(_heat_key(level, chosen)))
    points = state.selection.points if state else []
    if points:
        label, run = points[0]["customdata"][:2]
        if label in names(level) and run in titles.values():
            st.session_state[f"curve_label_{level}"] = label
            st.session_state["curve_run"] = run
    # A chart of a new key has nothing selected: the same cell can be clicked again.
    st.session_state["heat_clicks"] = st.session_state.get("heat_clicks", 0) + 1


@st.fragment
@guarded
def _one_emotion(level: Level, runs: dict[str, tuple[RunFacts, Evidence]], labels: list[str]) -> None:
    st.header("One emotion by threshold")
    left, right = st.columns(2)
    with left:
        label = st.selectbox("Emotion", labels, key=f"curve_label_{level}")
    with right:
        title = st.selectbox("Run", list(runs), key="curve_run")
    run, evidence = runs[title]
    if evidence.curves is None or evidence.reliability is None or evidence.labels is None:
        st.info(
            f"{plain(title)} left no curves. Measure it again with `python -m models evaluate MODEL --log`.",
            icon=":material/info:",
        )
        return
    curve = _of(evidence.curves, level, label)
    figures = _of(evidence.labels, level, label).iloc[0]
    tuned = float(figures["threshold"])
    threshold = st.select_slider(
        f"Threshold for {label} (tuned on dev: {tuned:.2f})",
        sorted({*_HUNDREDTHS, tuned}),
        value=tuned,
        key=f"threshold_{level}_{label}_{run.id}",
        format_func=lambda one: f"{one:.2f}",
    )
    # The curve knows hundredths; where it stood when it was measured is known exactly.
    at = figures if threshold == tuned else curve.iloc[(curve["threshold"] - threshold).abs().argmin()]
    with st.container(horizontal=True):
        for name, value, before in (
            ("Precision", at["precision"], figures["precision"]),
            ("Recall", at["recall"], figures["recall"]),
            ("F1", at["f1"], figures["f1"]),
        ):
            known = not pd.isna(value)
            st.metric(
                name,
                f"{value:.2f}" if known else "–",
                delta=f"{value - before:+.2f}" if known and abs(value - before) >= 0.005 else None,
                border=True,
                width=116,
            )
    st.caption("On test, at this threshold; below, the change against the tuned one.")
    _flips(run, level, label, tuned, threshold)
    first, second = st.columns(2)
    with first:
        st.subheader("Precision and recall")
        st.plotly_chart(
            comparison.precision_recall(curve, threshold, at, int(figures["n"])),
            key=f"pr_{level}",
            config={"displayModeBar": False},
            alt=f"Precision-recall curve of {label} by {title}; average precision {figures['average_precision']:.2f}",
        )
        st.caption(
            f"Average precision {figures['average_precision']:.2f}. Dotted: the share of {label} in the texts, the "
            f"level of chance."
        )
    with second:
        st.subheader("Calibration")
        error = figures["calibration_error"]
        st.plotly_chart(
            comparison.reliability(_of(evidence.reliability, level, label)),
            key=f"reliability_{level}",
            config={"displayModeBar": False},
            alt=f"Reliability curve of {label} by {title}; expected calibration error {error:.3f}",
        )
        st.caption(f"Expected calibration error {error:.3f}. On the diagonal 30 % means 3 in 10. Larger: more texts.")
    rare = f" It is rare: {figures['support']} examples say little." if figures["support"] < RARE else ""
    st.caption(f"Test split, n = {int(figures['n']):,}, {int(figures['support']):,} examples of {label}.{rare}")


def _of(frame: pd.DataFrame, level: Level, label: str) -> pd.DataFrame:
    return frame[(frame["level"] == level) & (frame["label"] == label)]


def _flips(run: RunFacts, level: Level, label: str, tuned: float, threshold: float) -> None:
    try:
        flips = runtime.app().explorer.flips(run.model, run.version, label, level, old=tuned, new=threshold)
    except StoreError as error:
        show_problem(error)
        return
    if not flips.stored:
        st.markdown(f"The store holds no prediction by {plain(run.name)}, so none would change.")
        return
    changed = flips.gain + flips.lose
    st.markdown(
        f"Of **{flips.stored:,}** stored predictions by {plain(run.name)}, **{changed:,}** would flip: "
        f"{flips.gain:,} would become {label}, {flips.lose:,} would no longer be."
    )
