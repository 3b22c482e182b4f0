"""What people say about predictions: how satisfied they are, what they correct, and the decisions that followed."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pandas as pd
import streamlit as st

from core.charts import feedback
from core.emotions import Level
from core.explore.selection import Selection
from core.services.explorer import EXPORTS
from core.services.feedback_insights import LOG_NAME, Comment, Effect, Satisfaction
from core.stats.metrics import RARE
from pages import runtime
from pages.components.charts import draw_chart
from pages.components.decisions import DECIDED
from pages.components.exports import Write, draw_file
from pages.components.frame import guarded, in_cell, show_reported
from pages.feedback.navigation import follow_to_desk, put_on_desk
from pages.shared.filters import View

_CARD: Final = 150
"""Pixels of a key figure."""
_PAGE: Final = 20
"""Comments that are shown at once."""
_THUMBS: Final = {"up": "👍 right", "down": "👎 wrong"}
_SCOPES: Final = {"whole": "The whole log", "filtered": "Within the filters"}
_NO_THUMB: Final = (
    "There are no thumbs within these filters. Remove a filter above, choose a longer period, or give a thumb "
    "yourself: the page Live asks after each tweet that is recorded."
)


@guarded
def draw_people(view: View, level: Level) -> None:
    """Draw how satisfied people are, what they correct and write, and the decisions that followed."""
    listening = runtime.app().feedback_insights
    found = listening.satisfaction(view.selection, level)
    show_reported()
    if not found.n:
        st.info(_NO_THUMB, icon=":material/thumbs_up_down:")
    else:
        effect = listening.effect(view.selection)
        _figures(found, effect, view)
        _satisfaction(found, level)
        _contested(view)
        _effect(effect)
        _comments(view)
    _export(view)


def _figures(found: Satisfaction, effect: Effect, view: View) -> None:
    with st.container(horizontal=True, gap="xsmall", key="said_totals"):
        st.metric("Thumbs", f"{found.n:,}", border=True, width=_CARD, help="Without those that were retracted.")
        st.metric(
            "Thumbs up",
            f"{found.share:.0%}",
            border=True,
            width=_CARD,
            help=f"95 % interval {found.low:.0%} to {found.high:.0%} (Wilson).",
        )
        st.metric(
            "Decided",
            f"{effect.n_decided / effect.n:.0%}",
            border=True,
            width=_CARD,
            help="Of the tweets with a thumb, how many a reviewer has decided.",
        )
        st.metric(
            "Answered in",
            _length(effect.quartiles[1]) if effect.quartiles else "–",
            border=True,
            width=_CARD,
            help="Median time from a tweet's first thumb to the decision that was made after it.",
        )
    st.caption(
        f"{found.ups:,} thumbs up and {found.downs:,} down on {effect.n:,} tweets of {view.period}, with the filters "
        f"above; {found.low:.0%} to {found.high:.0%} up at 95 %."
    )


def _satisfaction(found: Satisfaction, level: Level) -> None:
    st.header("Satisfaction over time")
    if found.over_time.empty:
        st.info("None of the tweets with a thumb has a time.")
    else:
        draw_chart(
            feedback.satisfaction_over_time(found.over_time),
            "satisfaction_time",
            feedback.describe_satisfaction_over_time(found.over_time),
        )
        st.caption(
            f"By the time of posting (UTC), in steps of {_length(found.stretch)}. Hollow: fewer than {RARE} "
            f"thumbs. The band is where the share lies at 95 % (Wilson's interval)."
        )
    st.header("Satisfaction by emotion")
    if found.labels.empty:
        st.caption("No tweet with a thumb has a predicted emotion.")
    else:
        draw_chart(
            feedback.satisfaction(found.labels),
            f"satisfaction_{level}",
            feedback.describe_satisfaction(found.labels, "label"),
        )
    st.caption(
        f"Thumbs on tweets with the predicted label, the least satisfying first; those with fewer than {RARE} "
        f"(hollow, rare) come last."
    )
    st.header("Satisfaction by model")
    draw_chart(
        feedback.satisfaction(found.models), "satisfaction_model", feedback.describe_satisfaction(found.models, "model")
    )
    st.header("Satisfaction by source")
    draw_chart(
        feedback.satisfaction(found.sources),
        "satisfaction_source",
        feedback.describe_satisfaction(found.sources, "source"),
    )


def _contested(view: View) -> None:
    st.header("Contested emotions")
    found = runtime.app().feedback_insights.contested(view.selection)
    if found.labels.empty:
        st.info(
            "There are no corrections yet. After a thumb down, the page Live asks what it should have been; only such "
            "corrections count here.",
            icon=":material/edit:",
        )
        return
    draw_chart(feedback.contested(found.labels), "contested", feedback.describe_contested(found.labels))
    st.caption(
        f"Of {found.n:,} {_plural(found.n, 'thumb')} down that say what it should have been: how often the model gave "
        f"an emotion and people did not (left, hatched) | the reverse (right)."
    )
    draw_chart(feedback.confusions(found.pairs), "confusions", feedback.describe_confusions(found.pairs))
    st.caption("Predicted → corrected, the most frequent pairs; “nothing” where one side has no emotion of its own.")


def _effect(effect: Effect) -> None:
    st.header("Decisions after feedback")
    if not effect.n_decided:
        st.info(
            f"None of the {effect.n:,} {_plural(effect.n, 'tweet')} with a thumb has been decided yet. The queue "
            f"Feedback of the desk holds those with a thumb down.",
            icon=":material/inbox:",
        )
        return
    parts = [
        _decided(effect.decided[effect.decided["thumb"] == thumb], of, words)
        for thumb, of, words in (
            ("down", effect.downs, "with a thumb down"),
            ("up", effect.ups, "with thumbs up alone"),
        )
        if of
    ]
    st.markdown("  \n".join(parts))
    if effect.quartiles:
        first, median, third = map(_length, effect.quartiles)
        st.markdown(
            f"Half of the {effect.after:,} {_plural(effect.after, 'decision')} made after a thumb came within "
            f"**{median}** of the first one, the quickest quarter within {first}, three quarters within {third}."
        )


def _decided(decided: pd.DataFrame, of: int, words: str) -> str:
    n = int(decided["n"].sum())
    told = ", ".join(
        f"{count:,} {DECIDED[kind]}"
        for kind, count in sorted(zip(decided["kind"], decided["n"], strict=True), key=lambda one: -one[1])
    )
    said = f"Of {of:,} {_plural(of, 'tweet')} {words}, **{n:,}** {'is' if n == 1 else 'are'} decided"
    return f"{said}: {told}." if told else f"{said}."


@st.fragment
@guarded
def _comments(view: View) -> None:
    follow_to_desk()
    st.header("Comments")
    listening = runtime.app().feedback_insights
    total = listening.count_comments(view.selection)
    if not total:
        st.caption("There are no comments.")
        return
    pages, page = -(-total // _PAGE), 1
    if pages > 1:
        # What was the tenth page of other filters may be none of these.
        if st.session_state.get("comments_page", 1) > pages:
            st.session_state["comments_page"] = pages
        page = int(
            st.number_input(
                f"Comments, page of {pages:,}", min_value=1, max_value=pages, step=1, key="comments_page", width=190
            )
        )
    first = (page - 1) * _PAGE
    rows = listening.comments(view.selection, _PAGE, first)
    # A selection is a place in the table: under other rows it would mean another tweet.
    key = f"comments_{listening.revision}_{hash((view.selection, page)) & 0xFFFFFFFF:x}"
    table: Any = st.dataframe(
        _cells(rows),
        key=key,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "When (UTC)": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm", width=130),
            "Comment": st.column_config.TextColumn(width=300),
            "Text": st.column_config.TextColumn(width=300),
        },
        alt=f"Comments {first + 1:,} to {first + len(rows):,} of {total:,}, the newest first",
    )
    chosen = [rows[place].prediction_id for place in table.selection.rows if place < len(rows)]
    st.button(
        "Open its tweet on the desk",
        key="comment_open",
        icon=":material/desk:",
        on_click=put_on_desk,
        args=(chosen,),
        disabled=not chosen,
        type="tertiary",
    )
    st.caption(
        f"{first + 1:,} to {first + len(rows):,} of {total:,} {_plural(total, 'comment')}, the newest first. Select "
        f"one with the box on its left."
    )


def _cells(rows: Sequence[Comment]) -> dict[str, list[Any]]:
    return {
        "When (UTC)": [row.made_at.replace(tzinfo=None) for row in rows],
        "Who": [in_cell(row.actor) for row in rows],
        "Thumb": [_THUMBS[row.verdict] for row in rows],
        "Comment": [in_cell(row.comment) for row in rows],
        "Should be": [", ".join(row.suggested) for row in rows],
        "Text": [in_cell(row.text)[:400] for row in rows],
        "Predicted": [", ".join(row.labels) or "no emotion" for row in rows],
    }


@st.fragment
@guarded
def _export(view: View) -> None:
    st.header("Export the feedback log")
    show_reported()
    chosen = st.segmented_control(
        "Which events",
        list(_SCOPES),
        default="whole",
        key="log_scope",
        format_func=_SCOPES.__getitem__,
        required=True,
    )
    asked = view.selection if chosen == "filtered" else None
    draw_file("log", EXPORTS, LOG_NAME, asked, lambda: _writer(asked))
    st.caption(
        "Every thumb, correction and retraction, oldest first, with the text, the prediction, whether it still holds, "
        "and the present decision. Texts that were deleted because of their age are empty, and only in the whole log. "
        "In CSV, cells that a spreadsheet could take for a formula begin with an apostrophe."
    )


def _writer(asked: Selection | None) -> Write:
    listening = runtime.app().feedback_insights

    def write(path: Path, cancelled: Callable[[], bool]) -> int:
        return listening.export_log(asked, path, cancelled)

    return write


def _length(time: timedelta) -> str:
    """Say how long something took, in the unit that suits it."""
    seconds = time.total_seconds()
    for unit, name in ((86_400, "days"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * unit:
            return f"{seconds / unit:.0f} {name}"
    return f"{seconds:.0f} s"


def _plural(count: int, noun: str) -> str:
    return noun if count == 1 else f"{noun}s"
