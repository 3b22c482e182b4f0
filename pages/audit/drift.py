"""Whether the model's scores are distributed as they were."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import streamlit as st

from core.charts import distributions
from core.emotions import Level
from core.explore.selection import Selection
from core.services.explorer import SAMPLE, Facets
from core.stats.drift import LEAST
from pages import runtime
from pages.components.address import in_address
from pages.components.charts import clicks, draw_chart
from pages.components.frame import plain
from pages.shared.filters import View, show_label

_TITLES: Final = {
    "before": "the period before",
    "earlier": "everything before",
    "first-28-days": "the first 28 days of the store",
}


def draw(view: View, level: Level) -> None:
    """Draw the tab."""
    exploring = runtime.app().explorer
    facets = exploring.facets()
    st.header("Drift of scores")
    titles = _TITLES | {model: f"all predictions by {model}" for model in facets.models}
    with in_address("reference", titles, "before"):
        chosen = st.selectbox(
            "Compared with",
            list(titles),
            key="reference",
            format_func=titles.__getitem__,
            persist_state="session",
            width=340,
        )
    reference = _reference(chosen, view.selection, facets)
    if reference is None:
        st.info("The whole store has no earlier period to compare with. Choose a period above, or another reference.")
        return
    found = exploring.drift(view.selection, reference, level)
    if min(found.n, found.n_reference) < LEAST:
        st.info(
            f"{found.n:,} tweets here and {found.n_reference:,} in the reference: the index needs {LEAST} on both "
            f"sides; with fewer it is mostly chance.",
            icon=":material/info:",
        )
        return
    draw_chart(
        distributions.drift(found.frame),
        f"drift_{level}",
        distributions.describe_drift(found.frame),
        on_select=lambda key: _take(key, level),
    )
    sampled = f" Each side is a sample of about {SAMPLE:,} tweets." if max(found.n, found.n_reference) > SAMPLE else ""
    st.caption(
        f"Population stability index of each label's probability, {found.n:,} tweets of {view.period} against "
        f"{found.n_reference:,} of {plain(titles[chosen])}, both with the filters above, in ten bins of equal share of "
        f"the reference. By the usual bands, below 0.1 is stable, from 0.25 on the change is large.{sampled}"
    )


def _take(key: str, level: Level) -> None:
    for data in clicks(key):
        show_label(data[0], level)


def _reference(chosen: str, selection: Selection, facets: Facets) -> Selection | None:
    if chosen == "before":
        return selection.before
    if chosen == "earlier":
        return selection.within(None, selection.since) if selection.since else None
    if chosen == "first-28-days":
        return selection.within(None, facets.first + timedelta(days=28)) if facets.first else None
    return replace(selection.within(None, None), models=(chosen,))
