"""Who reviews, at which window, and what they work through there."""

import secrets

import streamlit as st

from core.access.actor import Actor, Reviewer
from core.services.review_session import ReviewSession
from pages import runtime

_LONGEST = 40


def draw_reviewer() -> Reviewer:
    """Draw the field for the reviewer's name, and return who reviews here."""
    owner = runtime.app().actor
    name = st.text_input(
        "You are",
        key="reviewer",
        bind="query-params",
        max_chars=_LONGEST,
        placeholder=owner.name,
        width=150,
        help="Stands beside each of your decisions. Keep the address of this page, and you need not say it again.",
    )
    window = st.session_state.setdefault("review_window", secrets.token_hex(8))
    said = " ".join((name or "").split())
    return Reviewer(Actor(said) if said else owner, window)


def review_session() -> ReviewSession:
    """Return what this window works through."""
    session: ReviewSession = st.session_state.setdefault(
        "review_session", ReviewSession(lambda: runtime.app().review_desk)
    )
    return session
