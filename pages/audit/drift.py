"""Whether the model's scores are distributed as they were."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

import streamlit as st

from core.charts import distributions as charts
from core.emotions import Level
from core.explore.selection import Selection
from core.services.explorer import SAMPLE, Facets
from core.stats.drift import LEAST
from pages import runtime
from pages.components.charts import clicks, draw_chart
from pages.components.frame import plain
from pages.shared.filters import View, show_label

_BEFORE: Final = "the period before"
_EARLIER: Final = "everything before"
_FIRST: Final = "the first 28 days of the store"
_BY: Final = "all that was read by "


def draw(view: View, level: Level) -> None:
    """Draw the tab."""
    exploring = runtime.app().explorer
    facets = exploring.facets()
    st.header("Are scores distributed as they were?")
    options = [_BEFORE, _EARLIER, _FIRST, *(f"{_BY}{model}" for model in facets.models)]
    chosen = st.selectbox("Compared with", options, key="reference", bind="query-params", width=340)
    reference = _reference(chosen, view.selection, facets)
    if reference is None:
        st.info("All of the store has no period before it. Choose a period above, or another reference.")
        return
    found = exploring.drift(view.selection, reference, level)
    if min(found.n, found.n_reference) < LEAST:
        st.info(
            f"{found.n:,} tweets here and {found.n_reference:,} in the reference: the index needs {LEAST} on both "
            f"sides, with fewer it is mostly chance.",
            icon=":material/info:",
        )
        return
    draw_chart(
        charts.drift(found.frame),
        f"drift_{level}",
        charts.describe_drift(found.frame),
        on_select=lambda key: _take(key, level),
    )
    sampled = (
        f" Each side was looked at through about {SAMPLE:,} of its tweets."
        if max(found.n, found.n_reference) > SAMPLE
        else ""
    )
    st.caption(
        f"Population stability index of each label's probability, {found.n:,} tweets of {view.period} against "
        f"{found.n_reference:,} of {plain(chosen)}, both with the filters above, in ten bins of equal share of the "
        f"reference. By the usual bands, below 0.1 is stable, from 0.25 on the change is large.{sampled}"
    )


def _take(key: str, level: Level) -> None:
    for data in clicks(key):
        show_label(data[0], level)


def _reference(chosen: str, selection: Selection, facets: Facets) -> Selection | None:
    if chosen == _BEFORE:
        return selection.before
    if chosen == _EARLIER:
        return selection.within(None, selection.since) if selection.since else None
    if chosen == _FIRST and facets.first:
        return selection.within(None, facets.first + timedelta(days=28))
    return replace(selection.within(None, None), models=(chosen.removeprefix(_BY),))
