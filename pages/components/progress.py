"""The progress of a job, with a way to stop it."""

from typing import TypeVar

import streamlit as st

from core.jobs import Job

T = TypeVar("T")


@st.fragment(run_every="400ms")
def show_progress(job: Job[T], what: str, key: str | None = None) -> None:
    """Draw how far a job over rows is, how fast and how long it takes still, until it ends.

    Args:
        what: what is worked on, as Markdown; it may be empty.
        key: of the button that stops it; None draws no button.
    """
    if not job.running:
        st.rerun()
    left = job.seconds_left
    eta = "" if left is None else f" · {job.rate:,.0f} per second · {left:,.0f} s left"
    named = f"{what}: " if what else ""
    st.progress(min(job.done / job.total, 1.0), text=f"{named}{job.done:,} of {job.total:,} rows{eta}")
    if key is None:
        return
    st.button(
        "Stopping after this batch …" if job.cancelling else "Cancel",
        key=key,
        disabled=job.cancelling,
        on_click=job.cancel,
        icon=":material/stop:",
    )
