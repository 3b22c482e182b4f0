"""Who reviews, and at which window."""

import secrets

import streamlit as st

from core.access.actor import Actor, Seat
from pages import runtime

_LONGEST = 40


def draw_seat() -> Seat:
    """Draw the field for the reviewer's name, and return who sits here."""
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
    return Seat(Actor(said, "moderator") if said else owner, window)
