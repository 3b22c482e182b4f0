"""Choices in the address of a page: written there by their ids, drawn by their titles.

Streamlit's own binding (`bind="query-params"`) writes what is drawn: a better title, or another language, would break
every link. It serves where what is chosen has no title of its own: words, numbers, moments, the names of models.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from core.explore.query_string import present_name


@contextmanager
def address_of(page: str) -> Iterator[None]:
    """Let a page's choices be read from its address: when it is first shown, and when the browser goes back to it.

    In between the session knows better: the address that a run is sent with may be older than what was chosen since.
    What is chosen is written when the page is drawn, at once: each writing is a step for the browser's way back.
    """
    context = get_script_run_ctx()
    went_back = context is not None and context.is_history_navigation
    if went_back or st.session_state.get("address_page") != page:
        st.session_state["address_page"] = page
        st.session_state["address_read"] = set()
    st.session_state["address_back"] = went_back
    written: dict[str, list[str]] = {}
    st.session_state["address_written"] = written
    try:
        yield
    finally:
        del st.session_state["address_written"]
    _write(written)


@contextmanager
def in_address(name: str, options: Collection[str], default: str | list[str] | None) -> Iterator[None]:
    """Keep what the widget with the key `name` chooses in the address; the widget is drawn within.

    It is drawn with neither a default nor a binding of its own, and with `persist_state="session"`: another page's
    address does not have it. What is none of the options is left out.

    Args:
        options: the ids that can be chosen.
        default: what holds where the address says nothing; a list where several can be chosen.
    """
    many = isinstance(default, list)
    state = st.session_state
    first = first_read(name)
    if first:
        asked = [one for one in (present_name(name, old) for old in st.query_params.get_all(name)) if one in options]
        if asked:
            state[name] = asked if many else asked[-1]
        elif state.get("address_back"):
            state[name] = default
    held = state.get(name, default)
    valid = [one for one in held if one in options] if many else held if held in options else default
    # Once on each page, though it may be held: what the widget of another page held is dropped when this one is drawn.
    if first or name not in state or held != valid:
        state[name] = valid
    yield
    chosen = state[name]
    wanted = [] if chosen == default else list(chosen) if many else [chosen]
    if "address_written" in state:
        state["address_written"][name] = wanted
    else:
        _write({name: wanted})  # a fragment by itself


def first_read(name: str) -> bool:
    """Tell whether a name of the address is asked for the first time since the page was opened, or gone back to."""
    read: set[str] = st.session_state.setdefault("address_read", set())
    first = name not in read
    read.add(name)
    return first


def _write(written: Mapping[str, list[str]]) -> None:
    changed = {name: values for name, values in written.items() if st.query_params.get_all(name) != values}
    if changed:
        st.query_params.update(changed)  # one without values is left out of the address


def open_tab(name: str, titles: Mapping[str, str]) -> tuple[str, AbstractContextManager[Any]]:
    """Draw tabs, and return the id of the one that is open, with the container to draw it in; the first is the default.

    Args:
        name: in the address, and the key under which the session holds the id: setting that opens a tab.
        titles: by id.
    """
    key = f"{name}_title"
    with in_address(name, titles, next(iter(titles))):
        chosen: str = st.session_state[name]
        if st.session_state.get(key) != titles[chosen]:
            st.session_state[key] = titles[chosen]
        tabs = st.tabs(list(titles.values()), key=key, on_change=_take_tab, args=(name, titles))
    return chosen, tabs[list(titles).index(chosen)]


def _take_tab(name: str, titles: Mapping[str, str]) -> None:
    title = st.session_state[f"{name}_title"]
    st.session_state[name] = next(one for one, drawn in titles.items() if drawn == title)
