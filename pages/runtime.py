"""Streamlit's cache around the composition root: the only file that knows both."""

import atexit
from contextlib import AbstractContextManager, nullcontext

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.app import App
from core.settings import Settings, settings


def app() -> App:
    """Return the use cases, made once for the process.

    Ask for `app().predictor` in every run of a page or a fragment: another model may have been promoted meanwhile.
    """
    return _app(settings())


@st.cache_resource(
    show_spinner=False, max_entries=1, on_release=App.close, hash_funcs={Settings: Settings.model_dump_json}
)
def _app(chosen: Settings) -> App:
    made = App(chosen, busy=_busy)
    # When the process ends, nothing releases what is cached.
    atexit.register(made.close)
    return made


def _busy(what: str) -> AbstractContextManager[object]:
    """Say on the page what takes a moment; a thread without a page is silent."""
    return st.spinner(what) if get_script_run_ctx(suppress_warning=True) else nullcontext()
