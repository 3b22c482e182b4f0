"""The desk: one item after the other, one key for each decision."""

from datetime import datetime
from html import escape
from typing import Final
from uuid import UUID

import streamlit as st

from core.access.actor import Reviewer
from core.emotions import EMOTIONS, INDEX, LABELS, SENTIMENTS, names, roll_up
from core.errors import GoneError
from core.review.events import MAX_NOTE, Deed, Kind
from core.services.review_desk import SECOND_LOOK, Item, Queue
from core.services.review_session import ReviewSession
from pages import runtime
from pages.components.flagged import show_flagged
from pages.components.frame import guarded, plain, reporting, show_reported
from pages.components.origin import show_origin
from pages.components.prediction import Badge, show_verdict
from pages.feedback.reviewer import review_session
from pages.shared.filters import View

_TOGGLES: Final = 9
"""Emotions that have a key of their own: the most probable ones."""

QUEUES: Final[dict[Queue, str]] = {
    "all": "All",
    "flagged": "Flagged",
    "feedback": "Feedback",
    "uncertain": "Uncertain",
    "escalated": "Escalated",
    "mine": "Mine",
    "done": "Done",
    "second": "Second look",
}
_EMPTY: Final[dict[Queue, str]] = {
    "all": "Nothing waits for a review: no flag, no thumb down and no uncertain prediction within these filters.",
    "flagged": "No flag waits for a review within these filters.",
    "feedback": "No thumb down and no correction waits within these filters.",
    "uncertain": "No uncertain prediction waits within these filters.",
    "escalated": "Nothing is escalated.",
    "mine": "You have skipped nothing (key S does).",
    "done": "Nothing has been decided yet.",
    "second": f"Nothing waits for a second look. {SECOND_LOOK} of 100 items that others have decided come here.",
}
_DONE: Final[dict[Kind, str]] = {
    "confirm": "Confirmed",
    "correct": "Corrected",
    "dismiss": "Flag dismissed",
    "escalate": "Escalated",
    "skip": "Skipped",
    "reopen": "Reopened",
    "second": "Second look recorded",
    "undo": "Taken back",
}
_SAID: Final[dict[Kind, str]] = {
    "claim": "looked at it",
    "release": "gave it back",
    "confirm": "confirmed it",
    "correct": "corrected it",
    "dismiss": "dismissed its flag",
    "escalate": "escalated it",
    "skip": "skipped it",
    "reopen": "reopened it",
    "second": "gave a second look",
    "undo": "took the last decision back",
}


@st.fragment
@guarded
def draw_desk(view: View, queue: Queue, reviewer: Reviewer, count: int) -> None:
    """Draw the item that comes next, and what can be decided of it.

    Args:
        count: how many items the queue held when the page was drawn.
    """
    session = review_session()
    session.work_through(queue, view.selection, reviewer, view.asked)
    show_reported()
    linked = st.query_params.get("item")
    if linked and (session.item is None or str(session.item.id) != linked):
        _take_linked(session, linked)
    if session.item is None:
        session.take_next()
    _announce(session, count)
    if session.item is None or session.act is None:
        st.info(_EMPTY[queue], icon=":material/check:")
        _undo_button(session)
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        _item(session.item, queue)
    with right:
        _decisions(session, session.item, session.act, queue)
    _history(session.item, queue)


def _take_linked(session: ReviewSession, linked: str) -> None:
    """Put the item of the address on the desk."""
    try:
        session.take(UUID(linked))
    except ValueError:
        st.query_params.pop("item", None)
        st.warning(f"{plain(linked[:40])} is no id of a tweet.")
    except GoneError:
        st.query_params.pop("item", None)
        raise


def _announce(session: ReviewSession, count: int) -> None:
    """Tell how far one is: read out when it changes."""
    parts = [f"{session.decided:,} decided in this window, {count:,} were waiting when it was opened."]
    if news := session.take_news():
        parts.insert(0, f"{_DONE[news.kind]}" if news.count == 1 else f"{_DONE[news.kind]}: {news.count:,} decisions")
    if session.lost:
        parts.append(f"{session.lost:,} went to others.")
    st.html(f'<p role="status" style="margin:0;font-size:.9rem">{escape(" · ".join(parts))}</p>')


def _item(item: Item, queue: Queue) -> None:
    listed, scores = item.detail.listed, item.detail.scores
    st.header("The tweet")
    if not item.mine and item.standing.claim is not None:
        st.warning(
            f"{plain(item.standing.claim.actor)} is looking at this one in another window. You can read it; decide "
            f"another, or wait a few minutes.",
            icon=":material/lock:",
        )
    show_flagged(listed.text, item.detail.flags)
    sentiment = next(one for one in SENTIMENTS if one.name == listed.sentiment)
    by_sentiment = float(roll_up(scores, "sentiment")[0, names("sentiment").index(listed.sentiment)])
    ranked = sorted(listed.labels, key=lambda label: -scores[0, INDEX[label]])
    show_verdict(
        f"Prediction by {listed.model} {listed.model_version}",
        [_badge(item, label) for label in ranked],
        Badge(sentiment, by_sentiment),
        _badge(item, listed.top),
        f"{listed.model} {listed.model_version}, {_posted(listed.moment)}, {listed.source}",
    )
    show_origin(item.detail.origin, "desk")
    if item.reasons:
        st.markdown("It is here because " + "; ".join(reason.words for reason in item.reasons) + ".")
    elif item.standing.decision is None:
        st.caption("There is no reason to review it: you came by a link, or the reason no longer holds.")
    if queue == "second":
        return
    for said in item.feedback:
        verdict = {"up": "👍 right", "down": "👎 wrong"}.get(said.verdict, said.verdict)
        wished = f", should be {', '.join(said.suggested)}" if said.suggested else ""
        comment = f": “{plain(said.comment)}”" if said.comment else ""
        st.markdown(f"{plain(said.actor)} · {verdict}{wished}{comment}")
    if item.second is not None:
        st.caption(f"{plain(item.second_model)} predicts {', '.join(item.second) or 'no emotion above its threshold'}.")
    for twin in item.twins:
        st.caption(
            f"{plain(twin.decided_by)} decided on the same words: {', '.join(twin.labels) or 'no emotion'} "
            f"({twin.decided_at:%Y-%m-%d})."
        )


def _posted(moment: datetime | None) -> str:
    return f"posted {moment:%Y-%m-%d %H:%M} UTC" if moment else "undated"


def _badge(item: Item, label: str) -> Badge:
    return Badge(EMOTIONS[INDEX[label]], float(item.detail.scores[0, INDEX[label]]))


def _decisions(session: ReviewSession, item: Item, act: UUID, queue: Queue) -> None:
    st.header("Your decision")
    if queue == "second":
        st.caption("The first decision is hidden until you have given yours.")
    decision = item.standing.decision if queue != "second" else None
    if decision is not None:
        emotions = f": {', '.join(decision.emotions) or 'no emotion'}" if decision.emotions is not None else ""
        st.markdown(
            f"{plain(decision.actor)} **{_SAID[decision.kind]}**{emotions} ({decision.made_at:%Y-%m-%d %H:%M})."
        )
    barred = not item.mine
    with st.container(horizontal=True, gap="small", key="review_keys"):
        _key("Confirm", "A", ":material/check:", "confirm", act, primary=True, disabled=barred)
        _key("Correct", "W", ":material/edit:", "correct", act, disabled=barred)
        if queue != "second":
            flagged = bool(item.detail.flags)
            _key("Dismiss flag", "D", ":material/flag:", "dismiss", act, disabled=barred or not flagged)
            _key("Escalate", "E", ":material/north:", "escalate", act, disabled=barred)
            if decision is not None:
                _key("Reopen", "O", ":material/restart_alt:", "reopen", act, disabled=barred)
        _key("Skip", "S", ":material/skip_next:", "skip", act)
        _undo_button(session)
    _emotions(session, item, act)
    st.text_input("Note", key=f"review_note_{act}", max_chars=MAX_NOTE, placeholder="Why, if it is worth saying")
    st.caption(
        "Keys: **A** confirm the prediction · **W** correct it to the chosen emotions · **1**–**9** choose emotions · "
        "**D** dismiss the flag · **E** escalate · **S** skip · **U** undo. In a field, keys write."
    )


def _key(
    label: str, key: str, icon: str, deed: Deed, act: UUID, *, primary: bool = False, disabled: bool = False
) -> None:
    st.button(
        label,
        key=f"review_{deed}",
        icon=icon,
        shortcut=key,
        type="primary" if primary else "secondary",
        on_click=_do,
        args=(deed, act),
        disabled=disabled,
    )


def _undo_button(session: ReviewSession) -> None:
    st.button(
        "Undo",
        key="review_undo",
        icon=":material/undo:",
        shortcut="U",
        type="tertiary",
        on_click=_undo,
        disabled=not session.can_undo,
    )


def _emotions(session: ReviewSession, item: Item, act: UUID) -> None:
    """Draw the emotions of a correction: the most probable ones with a key each, the others in a list."""
    near = _near(item)
    st.markdown("Emotions of a correction:", help="Correct (W) records these in place of the prediction.")
    with st.container(horizontal=True, gap="xsmall", key="review_emotions"):
        for number, label in enumerate(near, start=1):
            chosen = label in session.chosen
            st.button(
                f"{'☑' if chosen else '☐'} {EMOTIONS[INDEX[label]].emoji} {label}",
                key=f"review_emotion_{number}",
                shortcut=str(number),
                type="primary" if chosen else "secondary",
                on_click=session.toggle,
                args=(label,),
            )
    others = [label for label in LABELS if label not in near]
    st.multiselect(
        "Other emotions",
        others,
        default=[label for label in others if label in session.chosen],
        key=f"review_more_{act}",
        placeholder="None of the others",
    )


def _near(item: Item) -> list[str]:
    """Return the emotions that have a key of their own."""
    return sorted(LABELS, key=lambda label: -item.detail.scores[0, INDEX[label]])[:_TOGGLES]


@reporting
def _do(deed: Deed, act: UUID) -> None:
    """Record a decision and go on: a callback."""
    session = review_session()
    near = _near(session.item) if session.item is not None else []
    others: list[str] = st.session_state.get(f"review_more_{act}") or []
    try:
        session.do(
            act,
            deed,
            emotions=[*(label for label in near if label in session.chosen), *others],
            note=st.session_state.get(f"review_note_{act}") or "",
        )
    finally:
        _follow(session)


@reporting
def _undo() -> None:
    """Take the last act back and put its item on the desk again: a callback."""
    session = review_session()
    session.undo()
    _follow(session)


def _follow(session: ReviewSession) -> None:
    """Let the address forget an item that has left the desk: it would be put there again."""
    if session.item is None or str(session.item.id) != st.query_params.get("item"):
        st.query_params.pop("item", None)


def _history(item: Item, queue: Queue) -> None:
    if queue == "second":
        return
    events = [event for event in runtime.app().review_desk.history(item.id) if event.kind not in {"claim", "release"}]
    if not events:
        return
    with st.expander(f"History ({len(events)})", key="review_history"):
        for event in events:
            emotions = f": {', '.join(event.emotions) or 'no emotion'}" if event.emotions is not None else ""
            note = f" “{plain(event.note)}”" if event.note else ""
            st.markdown(f"{event.made_at:%Y-%m-%d %H:%M:%S} · {plain(event.actor)} {_SAID[event.kind]}{emotions}{note}")
