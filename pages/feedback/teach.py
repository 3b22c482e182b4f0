"""The labelled set that reviews make, and candidates fitted on it."""

import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

import streamlit as st

from core.jobs import Cancelled, Job, Progress
from core.review.labelled_set import HELD_BACK, Conflict, LabelledSet
from core.services.retraining import PARTS, STEPS, Part, refit
from core.settings import settings
from pages import runtime
from pages.components.frame import guarded, in_cell, plain, show_reported

_RULES: Final = {
    "last word": "all last decisions agree",
    "most persons": "most reviewers chose it",
    "latest": "a tie, so the latest holds",
}


@dataclass
class Lesson:
    """One refit of this session. Stopped with the session."""

    part: Part
    version: str
    job: Job[str]

    def __post_init__(self) -> None:
        weakref.finalize(self, self.job.cancel)


@guarded
def draw_teach() -> None:
    """Draw the labelled set, its conflicts, and the ways to learn from it."""
    show_reported()
    st.header("Labelled set")
    made = runtime.app().review_desk.labelled()
    if not made.rows:
        st.info("Nothing was confirmed or corrected yet. Decide some items on the desk: they become the labelled set.")
        return
    learn, held = len(made.share("learn")), len(made.share("held back"))
    st.markdown(
        f"**{len(made.rows):,} texts** with the emotions that reviewers decided, version `{made.version}`: {learn:,} "
        f"to learn from, {held:,} held back to measure on. {HELD_BACK} of 100 texts are held back, chosen by their "
        f"words: no model learns from them."
    )
    _conflicts(made.conflicts)
    _teach(made)


def _conflicts(conflicts: tuple[Conflict, ...]) -> None:
    if not conflicts:
        st.caption("No conflicting decisions.")
        return
    with st.expander(f"Conflicts and their resolution ({len(conflicts)})", key="conflicts"):
        st.dataframe(
            {
                "Text": [in_cell(one.text)[:300] for one in conflicts],
                "Decisions": [
                    "; ".join(f"{in_cell(said.actor)}: {', '.join(said.labels) or 'none'}" for said in one.decisions)
                    for one in conflicts
                ],
                "Holds": [", ".join(one.held) or "none" for one in conflicts],
                "Because": [_RULES[one.rule] for one in conflicts],
            },
            key="conflict_rows",
            hide_index=True,
            alt=f"{len(conflicts)} texts on which decisions differ",
        )


@st.fragment
@guarded
def _teach(made: LabelledSet) -> None:
    st.header("Retrain a model")
    st.markdown(
        "Makes a candidate beside the serving model, and measures both on the untouched test texts and on the "
        "held-back reviews. A person decides on the page Compare whether it serves."
    )
    lesson: Lesson | None = st.session_state.get("lesson")
    if lesson is not None:
        _lesson(lesson)
        return
    if settings().goemotions_dir is None:
        st.warning(
            "The training corpus is not on this machine: set GOEMOTIONS\\_DIR to its folder and start the app again.",
            icon=":material/folder_off:",
        )
    part = st.radio("Method", list(PARTS), format_func=lambda one: PARTS[cast(Part, one)], key="lesson_part")
    st.button(
        "Make the candidate",
        key="teach",
        type="primary",
        icon=":material/school:",
        on_click=_start,
        args=(made, part),
        disabled=settings().goemotions_dir is None,
    )


def _start(made: LabelledSet, part: Part) -> None:
    path = settings().database.parent / "reviews" / f"labelled-{made.version}.parquet"
    st.session_state["lesson"] = Lesson(part, made.version, _job(made, path, part))


def _job(made: LabelledSet, path: Path, part: Part) -> Job[str]:
    def work(report: Progress, cancelled: Cancelled) -> str:
        made.write(path)
        return refit(path, part, report, cancelled)

    return Job(work, STEPS)


def _lesson(lesson: Lesson) -> None:
    job = lesson.job
    if job.running:
        _progress(lesson)
        return
    st.button("Make another", key="another_lesson", on_click=lambda: st.session_state.pop("lesson", None))
    if job.error is not None:
        raise job.error
    if not job.result:
        st.info("Stopped. No candidate was made; the serving model is unchanged.")
        return
    st.success("The candidate is on the page Compare, beside the serving model.", icon=":material/check:")
    st.code(job.result, language=None, wrap_lines=True)
    st.page_link("compare/page.py", label="Compare and promote", icon=":material/leaderboard:")


@st.fragment(run_every="1s")
def _progress(lesson: Lesson) -> None:
    job = lesson.job
    if not job.running:
        st.rerun()
    st.progress(min(job.done / STEPS, 1.0), text=plain(f"{PARTS[lesson.part]}, on {lesson.version}"))
    st.button("Cancel", key="cancel_lesson", icon=":material/stop:", disabled=job.cancelling, on_click=job.cancel)
