"""Risk: flags by category and severity, unusual days, and the words that are typical of them."""

from datetime import datetime, timedelta
from typing import Final

import pandas as pd
import streamlit as st

from core.charts import risk
from core.emotions import Level
from core.services.explorer import Spike
from core.stats.anomalies import BASELINE_DAYS, HISTORY_DAYS, LEAST, SPIKE
from pages import runtime
from pages.components.charts import clicks, draw_chart
from pages.components.frame import plain
from pages.shared.filters import View, show_flags, show_period, show_selection

_SHOWN: Final = 5
"""Spikes whose words are looked for at once."""


def draw(view: View, level: Level) -> None:
    """Draw the tab."""
    exploring = runtime.app().explorer
    st.header("Flags by category and severity")
    severities = exploring.severities(view.selection)
    if severities.empty:
        st.info("Nothing is flagged in this selection.", icon=":material/check:")
    else:
        draw_chart(
            risk.severity_by_category(severities),
            "severities",
            risk.describe_severity_by_category(severities),
            on_select=_flagged,
        )
        st.caption("Flags, not tweets: a tweet can have several. Click a segment to filter by it.")
    st.header("Unusual days")
    frame, spikes = exploring.calendar(view.selection, level)
    if frame.empty:
        st.info("None of these tweets has a time.")
        return
    draw_chart(risk.calendar(frame), f"calendar_{level}", risk.describe_calendar(frame), on_select=_clicked)
    st.caption(
        f"The stronger the shade, the more tweets. ▲: a label, or the number of all tweets, is at least {LEAST} and "
        f"lies {SPIKE:.0f} robust standard deviations above the median of the {BASELINE_DAYS} days before (spread "
        f"from the median absolute deviation; known after {HISTORY_DAYS} days). Click a day to filter by it."
    )
    if not spikes:
        st.info("No day of this period is unusual.", icon=":material/check:")
        return
    shown = spikes if st.session_state.get("all_spikes") else spikes[:_SHOWN]
    for number, spike in enumerate(shown):
        _spike(number, spike)
    if len(spikes) > _SHOWN:
        st.toggle(f"Show all {len(spikes)}", key="all_spikes")


def _spike(number: int, spike: Spike) -> None:
    words = runtime.app().explorer.distinctive(spike)
    with st.container(border=True, key=f"spike_{number}"):
        st.markdown(
            f"**{spike.day:%A, %Y-%m-%d}: {spike.name}**: {spike.count:,} tweets against {spike.usual:,.0f} usually "
            f"(robust z = {spike.score:.1f})"
        )
        if words.empty:
            st.caption("No word stands out in these tweets.")
        else:
            told = zip(words["word"], words["share"], words["usual"], strict=True)
            st.caption("Typical words: " + ", ".join(f"**{plain(word)}** {_often(*shares)}" for word, *shares in told))
        st.button("Show these tweets", key=f"show_spike_{number}", on_click=_show, args=(spike,))


def _often(share: float, usual: float) -> str:
    return f"in {share:.0%} (usually {usual:.1%})"


def _show(spike: Spike) -> None:
    show_selection(spike.selection)
    st.session_state["audit_tab"] = "tweets"


def _flagged(key: str) -> None:
    for data in clicks(key):
        show_flags(data[0], data[1])


def _clicked(key: str) -> None:
    for data in clicks(key):
        day: datetime = pd.Timestamp(data[0], tz="UTC").to_pydatetime()
        show_period(day, day + timedelta(days=1))
