"""The desk: one item after the other, one key for each decision."""

from collections import deque
from dataclasses import dataclass, field
from html import escape
from typing import Any, Final
from uuid import UUID

import streamlit as st

from core.access.actor import Seat
from core.emotions import EMOTIONS, INDEX, LABELS, SENTIMENTS, names, roll_up
from core.errors import AffectraError, ReviewError, StoreError
from core.review.events import Choice
from core.services.review_desk import SECOND_LOOK, Item, Queue
from pages import runtime
from pages.components.flagged import show_flagged
from pages.components.frame import guarded, plain, report, reporting, say, show_reported
from pages.components.prediction import Badge, show_verdict
from pages.shared.filters import View

_AHEAD: Final = 50
"""Items that are known ahead: the next is already there."""
_TOGGLES: Final = 9
"""Emotions that have a key of their own: the most probable ones."""
_UNDO: Final = 50

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
    "all": "Nothing waits for a look: no flag, no thumb down, no doubt within these filters.",
    "flagged": "No flag waits for a look within these filters.",
    "feedback": "No thumb down and no correction waits within these filters.",
    "uncertain": "Nothing the model was unsure of waits within these filters.",
    "escalated": "Nobody has escalated anything.",
    "mine": "You have put nothing aside (key S does).",
    "done": "Nothing has been decided yet.",
    "second": f"Nothing waits for a second look. {SECOND_LOOK} of 100 items that somebody else has decided come here.",
}
_DONE: Final[dict[str, str]] = {
    "confirm": "Confirmed",
    "correct": "Corrected",
    "dismiss": "Flag dismissed",
    "escalate": "Escalated",
    "skip": "Put aside",
    "reopen": "Reopened",
    "second": "Second look recorded",
}
_SAID: Final[dict[str, str]] = {
    "claim": "looked at it",
    "release": "gave it back",
    "confirm": "confirmed it",
    "correct": "corrected it",
    "dismiss": "dismissed its flag",
    "escalate": "escalated it",
    "skip": "put it aside",
    "reopen": "reopened it",
    "second": "gave a second look",
    "undo": "took the last decision back",
}


@dataclass
class Sitting:
    """What one window works through.

    Attributes:
        asked: queue, filters and person; with others, another line begins.
        line: the items ahead.
        item: the one on the desk; `act` is the id of whatever is decided of it, so that it is decided once.
        chosen: the emotions that a correction would give it.
        undo: what can be taken back, the last at the end: the acts, and their item.
        passed: items that were looked at in this line: they are not offered again.
    """

    asked: Any
    line: deque[UUID] = field(default_factory=deque)
    item: Item | None = None
    act: UUID | None = None
    chosen: set[str] = field(default_factory=set)
    undo: list[tuple[list[UUID], UUID]] = field(default_factory=list)
    passed: set[UUID] = field(default_factory=set)
    done: int = 0


def sitting(asked: Any, seat: Seat) -> Sitting:
    """Return this window's sitting; a new line where something else is asked for."""
    now: Sitting | None = st.session_state.get("sitting")
    if now is not None and now.asked == asked:
        return now
    if now is not None and now.item is not None:
        runtime.app().review_desk.release(now.item.id, seat)
    fresh = Sitting(asked, undo=now.undo if now else [], done=now.done if now else 0)
    st.session_state["sitting"] = fresh
    return fresh


def put_on_desk(chosen: list[UUID]) -> None:
    """Let the desk show a tweet: a callback of another tab, whose fragment goes there by `follow_to_desk`."""
    st.query_params["item"] = str(chosen[0])
    st.session_state["feedback_tab"] = "Desk"
    st.session_state["to_desk"] = True


def follow_to_desk() -> None:
    """Draw the whole page anew if a tweet was put on the desk: the button is in a fragment, the desk is not."""
    if st.session_state.pop("to_desk", False):
        st.rerun(scope="app")


@st.fragment
@guarded
def draw_desk(view: View, queue: Queue, seat: Seat, count: int) -> None:
    """Draw the item that comes next, and what can be decided of it.

    Args:
        count: how many items the queue held when the page was drawn.
    """
    now = sitting((queue, view.selection, seat), seat)
    show_reported()
    linked = st.query_params.get("item")
    if linked and (now.item is None or str(now.item.id) != linked):
        _take_linked(now, linked, seat)
    if now.item is None:
        _next(now, queue, view, seat)
    _announce(now, count)
    if now.item is None:
        st.info(_EMPTY[queue], icon=":material/check:")
        _undo_button(now, seat)
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        _item(now.item, queue)
    with right:
        _decisions(now, queue, seat)
    _history(now.item, queue)


def _take_linked(now: Sitting, linked: str, seat: Seat) -> None:
    """Put the item of the address on the desk."""
    try:
        _put(now, runtime.app().review_desk.open(UUID(linked), seat))
    except ValueError:
        st.query_params.pop("item", None)
        st.warning(f"{plain(linked[:40])} is no id of a tweet.")
    except StoreError:
        st.query_params.pop("item", None)
        raise


def _next(now: Sitting, queue: Queue, view: View, seat: Seat) -> None:
    """Put the next item on the desk that nobody else has decided or holds."""
    reviewing = runtime.app().review_desk
    while True:
        if not now.line:
            if queue not in {"done", "mine", "escalated", "second"}:
                reviewing.refresh()
            found = reviewing.queue(queue, view.selection, seat, limit=_AHEAD, without=now.passed)
            now.line.extend(one.id for one in found)
            if not found:
                return
        item_id = now.line.popleft()
        now.passed.add(item_id)
        try:
            item = reviewing.open(item_id, seat)
        except StoreError:
            continue  # retention was faster
        decided = item.standing.decision is not None and queue in {"all", "flagged", "feedback", "uncertain", "mine"}
        if item.mine and not decided:
            _put(now, item)
            return


def _put(now: Sitting, item: Item) -> None:
    decision = item.standing.decision
    now.item, now.act = item, runtime.app().review_desk.new_act()
    now.chosen = set(decision.emotions if decision and decision.emotions is not None else item.detail.listed.labels)
    now.passed.add(item.id)
    st.session_state.pop("review_more", None)
    st.session_state["review_note"] = ""


def _announce(now: Sitting, count: int) -> None:
    """Tell how far one is: read out when it changes."""
    told = st.session_state.pop("review_told", "")
    st.html(
        f'<p role="status" style="margin:0;font-size:.9rem">{escape(told)}{" · " if told else ""}'
        f"{now.done:,} decided in this window, {count:,} were waiting when it was opened.</p>"
    )


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
        f"What {listed.model} {listed.model_version} read",
        [_badge(item, label) for label in ranked],
        Badge(sentiment, by_sentiment),
        _badge(item, listed.top),
        f"{listed.model} {listed.model_version}, posted {listed.moment:%Y-%m-%d %H:%M} UTC, {listed.source}",
    )
    if item.reasons:
        st.markdown("It is here because " + "; ".join(reason.words for reason in item.reasons) + ".")
    elif item.standing.decision is None:
        st.caption("No reason to look was found; you came by a link, or the reason has gone.")
    if queue == "second":
        return
    for said in item.feedback:
        verdict = {"up": "👍 right", "down": "👎 wrong"}.get(said.verdict, said.verdict)
        wished = f", should be {', '.join(said.suggested)}" if said.suggested else ""
        comment = f": “{plain(said.comment)}”" if said.comment else ""
        st.markdown(f"{plain(said.actor)} · {verdict}{wished}{comment}")
    if item.second is not None:
        st.caption(f"{plain(item.second_model)} reads {', '.join(item.second) or 'no emotion above its threshold'}.")
    for twin in item.twins:
        st.caption(
            f"{plain(twin.decided_by)} decided of the same words: {', '.join(twin.labels) or 'no emotion'} "
            f"({twin.decided_at:%Y-%m-%d})."
        )


def _badge(item: Item, label: str) -> Badge:
    return Badge(EMOTIONS[INDEX[label]], float(item.detail.scores[0, INDEX[label]]))


def _decisions(now: Sitting, queue: Queue, seat: Seat) -> None:
    item = now.item
    assert item is not None  # noqa: S101
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
        _key("Confirm", "A", ":material/check:", "confirm", seat, primary=True, disabled=barred)
        _key("Correct", "W", ":material/edit:", "correct", seat, disabled=barred)
        if queue != "second":
            flagged = bool(item.detail.flags)
            _key("Dismiss flag", "D", ":material/flag:", "dismiss", seat, disabled=barred or not flagged)
            _key("Escalate", "E", ":material/north:", "escalate", seat, disabled=barred)
            if decision is not None:
                _key("Reopen", "O", ":material/restart_alt:", "reopen", seat, disabled=barred)
        _key("Skip", "S", ":material/skip_next:", "skip", seat)
        _undo_button(now, seat)
    _emotions(now, item)
    st.text_input("Note", key="review_note", max_chars=2_000, placeholder="Why, if it is worth saying")
    st.caption(
        "Keys: **A** confirm what the model read · **W** correct it to the emotions chosen · **1**–**9** choose "
        "emotions · **D** dismiss the flag · **E** escalate · **S** skip, put aside · **U** undo. In a field, "
        "keys write."
    )


def _key(
    label: str, key: str, icon: str, kind: str, seat: Seat, *, primary: bool = False, disabled: bool = False
) -> None:
    st.button(
        label,
        key=f"review_{kind}",
        icon=icon,
        shortcut=key,
        type="primary" if primary else "secondary",
        on_click=_decide,
        args=(kind, seat),
        disabled=disabled,
    )


def _undo_button(now: Sitting, seat: Seat) -> None:
    st.button(
        "Undo",
        key="review_undo",
        icon=":material/undo:",
        shortcut="U",
        type="tertiary",
        on_click=_undo,
        args=(seat,),
        disabled=not now.undo,
    )


def _emotions(now: Sitting, item: Item) -> None:
    """Draw the emotions of a correction: the most probable ones with a key each, the others in a list."""
    near = _near(item)
    st.markdown("It should carry:", help="Correct (W) records these in place of what the model read.")
    with st.container(horizontal=True, gap="xsmall", key="review_emotions"):
        for number, label in enumerate(near, start=1):
            chosen = label in now.chosen
            st.button(
                f"{'☑' if chosen else '☐'} {EMOTIONS[INDEX[label]].emoji} {label}",
                key=f"review_emotion_{number}",
                shortcut=str(number),
                type="primary" if chosen else "secondary",
                on_click=_toggle,
                args=(label,),
            )
    others = [label for label in LABELS if label not in near]
    st.multiselect(
        "Other emotions",
        others,
        default=[label for label in others if label in now.chosen],
        key="review_more",
        placeholder="None of the others",
    )


def _near(item: Item) -> list[str]:
    """Return the emotions that have a key of their own."""
    return sorted(LABELS, key=lambda label: -item.detail.scores[0, INDEX[label]])[:_TOGGLES]


def _toggle(label: str) -> None:
    now: Sitting = st.session_state["sitting"]
    now.chosen ^= {label}


def _decide(kind: str, seat: Seat) -> None:
    """Record a decision and go on: a callback."""
    now: Sitting = st.session_state["sitting"]
    item, act = now.item, now.act
    if item is None or act is None:
        return  # a key was pressed twice, and the first time has cleared the desk
    reviewing = runtime.app().review_desk
    note = st.session_state.get("review_note") or ""
    others = [label for label in st.session_state.get("review_more") or [] if label in LABELS]
    near = _near(item)
    chosen = [*(label for label in now.chosen if label in near), *others]
    try:
        if kind == "skip":
            if now.asked[0] == "done" or item.standing.decision is not None or not item.mine:
                _clear(now)  # nothing to put aside: only looked at
                return
            reviewing.skip(item, seat, act)
        elif kind == "reopen":
            reviewing.reopen(item, seat, act, note)
        elif now.asked[0] == "second":
            reviewing.look_again(item, seat, act, item.detail.listed.labels if kind == "confirm" else chosen)
            kind = "second"
        else:
            choice: Choice = kind  # type: ignore[assignment]
            reviewing.decide(item, choice, seat, act, emotions=chosen, note=note)
    except (ReviewError, StoreError) as error:
        # Somebody else was faster, or it is gone: there is nothing left to do here.
        report(error)
        _clear(now)
        return
    except AffectraError as error:
        report(error)
        return
    now.undo = [*now.undo, ([act], item.id)][-_UNDO:]
    now.done += kind not in {"skip", "reopen"}
    st.session_state["review_told"] = _DONE[kind]
    _clear(now)
    if kind == "reopen":
        _put(now, reviewing.open(item.id, seat))


def _clear(now: Sitting) -> None:
    now.item = now.act = None
    st.query_params.pop("item", None)


@reporting
def _undo(seat: Seat) -> None:
    """Take the last act back and put its item on the desk again: a callback."""
    now: Sitting = st.session_state["sitting"]
    if not now.undo:
        return
    acts, item_id = now.undo.pop()
    reviewing = runtime.app().review_desk
    reviewing.undo(acts, seat)
    if now.item is not None:
        reviewing.release(now.item.id, seat)
        now.line.appendleft(now.item.id)
    now.done = max(0, now.done - len(acts))
    st.session_state["review_told"] = "Taken back"
    _clear(now)
    if len(acts) == 1:
        _put(now, reviewing.open(item_id, seat))
    else:
        say(f"{len(acts)} decisions were taken back.")


def _history(item: Item, queue: Queue) -> None:
    if queue == "second":
        return
    events = [event for event in runtime.app().review_desk.history(item.id) if event.kind not in {"claim", "release"}]
    if not events:
        return
    with st.expander(f"What was done with it ({len(events)})", key="review_history"):
        for event in events:
            emotions = f": {', '.join(event.emotions) or 'no emotion'}" if event.emotions is not None else ""
            note = f" “{plain(event.note)}”" if event.note else ""
            st.markdown(f"{event.made_at:%Y-%m-%d %H:%M:%S} · {plain(event.actor)} {_SAID[event.kind]}{emotions}{note}")
