"""The frame around pages and fragments: what goes wrong becomes a message a person can act on."""

import functools
import logging
import re
from collections.abc import Callable
from typing import ParamSpec

import streamlit as st

from core.errors import AffectraError, InputError

P = ParamSpec("P")

_LOG = logging.getLogger("affectra")
_ADDRESS = re.compile(r"https?(?=\\:)|www|@", re.IGNORECASE)
_TURNS = re.compile("[\u202a-\u202e\u2066-\u2069]")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~:<>$&])")


def _log(error: AffectraError) -> None:
    # What a person typed wrongly is for that person; the log is for who runs the program.
    if not isinstance(error, InputError):
        _LOG.warning("%s: %s", type(error).__name__, error)


def plain(text: str) -> str:
    """Return `text` so that Markdown draws it literally and on one line: directives, HTML and links included.

    Bare addresses become links even where every sign is escaped; an invisible word joiner keeps them apart. Signs that
    turn the direction of the text around are left out.
    """
    return _ADDRESS.sub("\\g<0>\u2060", _MARKDOWN.sub(r"\\\1", in_cell(text)))


def in_cell(text: str) -> str:
    """Return `text` for a cell of a table, which draws it literally: on one line, and in the direction it is read."""
    return _TURNS.sub("", " ".join(text.split()))


_CONTRAST = """
<style>
/* Chart texts are a grey too faint to read; they take the ink of the theme. */
.stPlotlyChart svg text { fill: currentColor !important; }
/* So do the thresholds: a grey tick would vanish on a filled bar. */
.stPlotlyChart svg .scatterlayer .point { stroke: currentColor !important; stroke-opacity: 0.65 !important; }
/* The dark theme's primary colour is light, so that it can be read as text; on it, white cannot. */
button[data-testid="stBaseButton-primary"]:not(:disabled),
.stMultiSelect [data-tag], .stMultiSelect [data-tag] * { color: light-dark(#ffffff, #10141c); }
</style>
"""


def raise_contrast() -> None:
    """Mend the places where Streamlit's own colours fall below 4.5:1 (WCAG 1.4.3)."""
    st.html(_CONTRAST)


def show_problem(error: AffectraError) -> None:
    """Draw an error's message."""
    st.error(plain(str(error)), icon=":material/error:")


def guarded(draw: Callable[P, None]) -> Callable[P, None]:
    """Let `draw` end in a message instead of a traceback when an `AffectraError` is raised.

    Fragments rerun outside the script that first called them, so each needs the frame itself.
    """

    @functools.wraps(draw)
    def framed(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            draw(*args, **kwargs)
        except AffectraError as error:
            _log(error)
            if st.session_state.pop("shown_problem", None) != str(error):
                show_problem(error)

    return framed


def reporting(callback: Callable[P, None]) -> Callable[P, None]:
    """Let a widget's callback end in a message, which `show_reported` draws where the page wants it."""

    @functools.wraps(callback)
    def framed(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            callback(*args, **kwargs)
        except AffectraError as error:
            report(error)

    return framed


def report(error: AffectraError) -> None:
    """Let `show_reported` draw an error, in the next run."""
    _log(error)
    st.session_state["reported_problem"] = error


def say(message: str) -> None:
    """Let `show_reported` draw a short confirmation (callbacks must not draw)."""
    st.session_state["reported_message"] = message


def show_reported() -> None:
    """Draw, once, what callbacks left to say."""
    st.session_state.pop("shown_problem", None)
    if problem := st.session_state.pop("reported_problem", None):
        show_problem(problem)
        # What failed in a callback often fails again in the drawing; once is enough.
        st.session_state["shown_problem"] = str(problem)
    if message := st.session_state.pop("reported_message", None):
        st.success(message, icon=":material/check:")
