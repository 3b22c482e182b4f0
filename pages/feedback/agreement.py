"""How far second looks agree with first decisions."""

from typing import Final

import pandas as pd
import streamlit as st

from core.charts import feedback
from core.services.review_desk import SECOND_LOOK
from core.stats.metrics import RARE
from pages import runtime
from pages.components.charts import draw_chart
from pages.components.frame import guarded
from pages.shared.filters import View

_CARD: Final = 150
"""Pixels of a key figure."""


@guarded
def draw_agreement(view: View) -> None:
    """Draw how far second looks agree with first decisions."""
    st.header("Agreement between reviewers")
    found = runtime.app().feedback_insights.second_looks(view.selection)
    of = found.found
    if not of.n:
        st.info(
            f"No tweet within these filters has had a second look yet. The queue “Second look” of the desk offers "
            f"{SECOND_LOOK} of 100 decided tweets to another reviewer, who does not see the first decision: take that "
            f"queue under another name than the one that decided.",
            icon=":material/group:",
        )
        return
    with st.container(horizontal=True, gap="xsmall", key="agreement_totals"):
        st.metric(
            "Seen by two", f"{of.n:,}", border=True, width=_CARD, help="Tweets with a decision and a second look."
        )
        st.metric(
            "Decided alike",
            f"{of.same / of.n:.0%}",
            border=True,
            width=_CARD,
            help=f"{of.same:,} of {of.n:,}: every one of the 28 decided alike.",
        )
        undefined = pd.isna(of.overall.value)
        st.metric(
            "Kappa",
            "–" if undefined else f"{of.overall.value:.2f}",
            border=True,
            width=_CARD,
            help="Undefined: neither gave any emotion."
            if undefined
            else f"95 % interval {of.overall.low:.2f} to {of.overall.high:.2f}, by resampling whole tweets.",
        )
    interval = "" if undefined else f" ({of.overall.low:.2f} to {of.overall.high:.2f} at 95 %)"
    st.caption(
        f"Cohen's kappa over all 28 emotions of {of.n:,} {'tweet' if of.n == 1 else 'tweets'} of "
        f"{view.period}{interval}: 1 where two always agree, 0 where they agree as often as by chance."
        + (f" With fewer than {RARE} tweets it says little." if of.n < RARE else "")
    )
    shown = found.labels[found.labels["n"] > 0]
    if shown.empty:
        st.caption("Neither of the two gave any emotion to any of them.")
        return
    st.header("Agreement by emotion")
    draw_chart(feedback.agreement(shown), "agreement", feedback.describe_agreement(shown))
    st.caption(
        f"Kappa by emotion with its 95 % interval (Fleiss, Cohen & Everitt, 1969), of the tweets to which either gave "
        f"it; the least agreed first, those with fewer than {RARE} such tweets (hollow, rare) last. The "
        f"interval has no width where the two always agreed, or one of them never gave it: with few tweets, that "
        f"proves nothing. An emotion on which reviewers do not agree is one that no model can learn from them."
    )
