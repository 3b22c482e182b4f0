"""The frame around pages and fragments: what goes wrong becomes a message a person can act on."""

import functools
import logging
import re
from collections.abc import Callable
from typing import ParamSpec

import streamlit as st

from core.errors import AffectraError

P = ParamSpec("P")

_LOG = logging.getLogger("affectra")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!|~:<>$&])")


def plain(text: str) -> str:
    """Return `text` so that Markdown draws it literally, directives and HTML included."""
    return _MARKDOWN.sub(r"\\\1", text)


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
            _LOG.warning("%s: %s", type(error).__name__, error)
            show_problem(error)

    return framed
