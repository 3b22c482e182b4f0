"""Two runs head to head: is one better, where, and which parameters differ."""

import streamlit as st

from core.charts import comparison
from core.emotions import Level
from core.experiments.head_to_head import differing, smallest_rival
from core.services.model_board import Board
from pages import runtime
from pages.components.frame import plain


def draw(board: Board, level: Level) -> None:
    """Draw the tab."""
    runs = {run.id: run for run in reversed(board.trainings) if "test_n" in run.metrics}
    if len(runs) < 2:
        st.info("Two runs with figures on test are needed for a comparison.", icon=":material/info:")
        return
    titles = {run.id: f"{run.name} · {run.started_at:%Y-%m-%d %H:%M} · {run.id[:6]}" for run in runs.values()}
    ids = list(runs)
    # At first what serves beside the smallest model of another family.
    pair = smallest_rival(list(runs.values())[::-1], board.champion.fingerprint) if board.champion else None
    first_id, second_id = (run.id for run in pair) if pair else ids[:2]
    left, right = st.columns(2)
    with left:
        first = runs[_choose("First run", titles, first_id, "first_run")]
    with right:
        second = runs[_choose("Second run", titles, second_id, "second_run")]
    if first.id == second.id:
        st.info("Choose two different runs.")
        return
    found = runtime.app().model_board.compare_runs(first, second)
    st.markdown(f"**{plain(found.sentence(level))}**")
    st.markdown(plain(found.sentence(level, "micro")))
    st.header("By level")
    st.plotly_chart(
        comparison.level_differences(found),
        key="head_to_head_levels",
        config={"displayModeBar": False},
        alt=" ".join(found.sentence(at.level) for at in found.levels),
    )
    st.header("Where each wins")
    frame = found.at(level).frame()
    st.plotly_chart(
        comparison.label_differences(frame, found),
        key=f"head_to_head_labels_{level}",
        config={"displayModeBar": False},
        alt=comparison.describe_label_differences(frame, found),
    )
    st.caption(
        f"Right of 0 {plain(first.name)} is better, left of it {plain(second.name)}. Filled: beyond chance. Hollow: "
        f"may be chance. Paired 95 % intervals over the same {found.n:,} test texts; one interval in twenty leaves out "
        f"0 by chance alone."
    )
    st.header("Parameters that differ")
    differences = differing(first, second).rename(
        columns={"what": "What", "first": f"{first.name} (first)", "second": f"{second.name} (second)"}
    )
    if differences.empty:
        st.markdown("No recorded parameter differs.")
    else:
        st.dataframe(
            differences, key="differing_parameters", hide_index=True, alt="Parameters in which the two runs differ"
        )


def _choose(label: str, titles: dict[str, str], default: str, key: str) -> str:
    ids = list(titles)
    chosen: str = st.selectbox(
        label, ids, index=ids.index(default), key=key, format_func=titles.__getitem__, persist_state="session"
    )
    return chosen
