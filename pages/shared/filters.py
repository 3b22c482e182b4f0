"""The filters of the explorer. Each is a widget bound to the page's address, so that a view can be sent to a colleague.

Charts filter, too: they set the same widgets' values from their callbacks, so there is one truth and one way to clear.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, get_args
from urllib.parse import urlencode
from uuid import UUID

import streamlit as st

from core.emotions import LABELS, SENTIMENTS, Level, names
from core.explore.query_string import (
    CUSTOM,
    DEFAULTS,
    EITHER,
    EVERYTHING,
    MAX_SEARCH,
    PERIODS,
    UNDATED,
    query_of,
    selection_of,
    values_for,
    values_of,
)
from core.explore.selection import Match, Selection
from core.rules.flags import CATEGORIES, SEVERITIES
from core.services.explorer import Explorer, Facets, emotions_of
from pages import runtime
from pages.components.address import first_read, in_address
from pages.components.frame import plain, reporting, say

PERIOD_TITLES: Final = {
    "24-hours": "24 hours",
    "7-days": "7 days",
    "30-days": "30 days",
    "90-days": "90 days",
    "12-months": "12 months",
    EVERYTHING: "everything",
    UNDATED: "undated",
    CUSTOM: "from … to",
}
MATCH_TITLES: Final[dict[Match, str]] = {"any": "Any of the emotions", "all": "All of them"}
_LONGEST: Final = 100
"""Characters of a source or a model in the address that are heeded."""


@dataclass(frozen=True)
class View:
    """What the filters ask for.

    Attributes:
        period: in words, as captions say it.
    """

    selection: Selection
    period: str

    @property
    def asked(self) -> tuple[Selection, str]:
        """What tells this view from another: the last week asks for other tweets with each minute, and yet the same."""
        return self.selection.within(None, None), self.period


def draw_filters(exploring: Explorer) -> View:
    """Draw the bar of filters and return what they ask for."""
    _take_link_to_a_file()
    facets = exploring.facets()
    with st.container(horizontal=True, vertical_alignment="bottom", key="filter_bar"):
        with in_address("period", PERIODS, DEFAULTS["period"]):
            period = st.selectbox(
                "Period (UTC)",
                list(PERIODS),
                key="period",
                format_func=PERIOD_TITLES.__getitem__,
                persist_state="session",
                width=150,
            )
        st.text_input(
            "Words or “a phrase”",
            key="q",
            bind="query-params",
            placeholder='delay "on hold" refund*',
            max_chars=MAX_SEARCH,
            width=260,
            help="All words must occur, in any case and with any accents; a phrase in double quotes as it stands; "
            "refund* finds refunds and refunded.",
        )
        asked = [name for name in DEFAULTS if name not in {"period", "from", "to", "q"} and _is_set(name)]
        with st.popover(
            f"More filters ({len(asked)})" if asked else "More filters", icon=":material/tune:", key="more_filters"
        ):
            if period != CUSTOM:
                # Drawn always: what has not been drawn before cannot be put into the address by a chart's click.
                _dates(facets)
            _more(facets)
        with st.popover("Saved views", icon=":material/bookmark:", key="saved_views"):
            _saved_views()
        st.button(
            "Clear all",
            key="clear_all",
            icon=":material/filter_alt_off:",
            type="tertiary",
            on_click=clear,
            disabled=not any(map(_is_set, DEFAULTS)),
        )
    if period == CUSTOM:
        _dates(facets)
    _pills(exploring)
    return _view(period, facets)


def _more(facets: Facets) -> None:
    _several("emotion", "Emotions", LABELS, "Any emotion")
    with in_address("match", get_args(Match), DEFAULTS["match"]):
        st.segmented_control(
            "Match",
            get_args(Match),
            key="match",
            format_func=MATCH_TITLES.__getitem__,
            required=True,
            persist_state="session",
        )
    # Its value is left out: that is the least one, and a default would be at odds with what a saved view sets.
    st.slider(
        "Least probability (0: each emotion's own threshold)",
        min_value=0.0,
        max_value=1.0,
        step=0.05,
        key="least",
        bind="query-params",
    )
    _several("sentiment", "Sentiment", [one.name for one in SENTIMENTS], "Any")
    _several("severity", "Severity", SEVERITIES, "Any")
    _several("category", "Flagged for", CATEGORIES, "Anything")
    for key, label in (
        ("flagged", "Has a flag"),
        ("uncertain", "Near its thresholds (uncertain)"),
        ("feedback", "Has a thumb"),
    ):
        with in_address(key, EITHER, None):
            st.segmented_control(label, list(EITHER), key=key, persist_state="session")
    for key, label, there in (
        ("source", "Source", facets.sources),
        ("model", "Model", facets.models),
        ("language", "Language", facets.languages),
    ):
        st.multiselect(label, _with_asked(key, there), key=key, bind="query-params", placeholder="Any")
    st.text_input("Author", key="author", bind="query-params", max_chars=MAX_SEARCH, placeholder="@name")
    st.text_input("File or audit (its id)", key="batch", bind="query-params", max_chars=36)


def _several(key: str, label: str, options: Sequence[str], placeholder: str) -> None:
    with in_address(key, options, []):
        st.multiselect(label, options, key=key, placeholder=placeholder, persist_state="session")


def _with_asked(name: str, there: Sequence[str]) -> list[str]:
    """Return what there is to choose, and what is asked for beside it.

    An old view or link may name a model that retention has since emptied: it holds nothing then, and not everything.
    """
    asked = [*st.session_state.get(name, []), *(one[:_LONGEST] for one in st.query_params.get_all(name))]
    return list(dict.fromkeys([*there, *asked]))


def _dates(facets: Facets) -> None:
    with st.container(horizontal=True, key="custom_period"):
        for key, label, bound in (("from", "From", facets.first), ("to", "To", facets.last)):
            st.datetime_input(
                f"{label} (UTC)",
                value=None,
                key=key,
                bind="query-params",
                step=timedelta(minutes=1),
                on_change=_set,
                args=({"period": CUSTOM},),
                min_value=datetime(1970, 1, 1),
                max_value=datetime(2199, 12, 31),
                width=210,
                help=f"The store {'begins' if key == 'from' else 'ends'} {bound:%Y-%m-%d %H:%M}." if bound else None,
            )


def _view(period: str, facets: Facets) -> View:
    selection = selection_of(
        {name: st.session_state.get(name, default) for name, default in DEFAULTS.items()}, runtime.app().now()
    )
    if PERIODS[period] is not None:
        return View(selection, f"the last {PERIOD_TITLES[period]}")
    if period == UNDATED:
        return View(selection, "the undated ones")
    since, until = selection.since or facets.first, selection.until or facets.last
    if period == EVERYTHING or since is None or until is None:
        return View(selection, "the whole store")
    return View(selection, f"{since:%Y-%m-%d %H:%M} to {until:%Y-%m-%d %H:%M}")


def _is_set(name: str) -> bool:
    return name in st.session_state and st.session_state[name] != DEFAULTS[name]


_SAID: Final = {
    "q": "words",
    "least": "at least",
    "flagged": "flagged",
    "uncertain": "uncertain",
    "feedback": "thumbs",
    "category": "flagged for",
    "batch": "file or audit",
    "match": "match",
}


def _pills(exploring: Explorer) -> None:
    """Draw what is asked for, each with a way to take it back."""
    asked = [name for name in DEFAULTS if name not in {"from", "to"} and _is_set(name)]
    if not asked:
        return
    with st.container(horizontal=True, gap="small", key="asked"):
        for name in asked:
            value = st.session_state[name]
            if name == "period":
                value = PERIOD_TITLES[value]
            if name == "batch":
                value = _batch_name(exploring, value)
            said = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
            short = said if len(said) <= 40 else f"{said[:39]}…"
            st.button(
                f"{_SAID.get(name, name)}: {plain(short)}",
                key=f"drop_{name}",
                icon=":material/close:",
                on_click=_set,
                args=({name: DEFAULTS[name]},),
                help="Remove this filter",
            )


def _batch_name(exploring: Explorer, written: str) -> str:
    try:
        return exploring.batch_name(UUID(written.strip())) or written
    except ValueError:
        return written  # no id: the view says so


def _take_link_to_a_file() -> None:
    """Let an address that names a file ask for exactly what it says: filters that the session holds would hide rows."""
    asked = st.query_params
    if first_read("batch") and asked.get("batch"):
        _set(values_of(urlencode([(name, value) for name in asked for value in asked.get_all(name)])))


def clear() -> None:
    """Ask for nothing: a callback."""
    _set(DEFAULTS)


def _set(values: dict[str, Any]) -> None:
    for name, value in values.items():
        st.session_state[name] = list(value) if isinstance(value, list | tuple) else value


def show_period(since: datetime, until: datetime) -> None:
    """Let the filters ask for a period: a callback's work."""
    asked = values_for(Selection(since=since, until=until))
    _set({name: asked[name] for name in ("period", "from", "to")})


def show_label(label: str, level: Level) -> None:
    """Let the filters ask for a label of a level; for nothing, if they do so already: a callback's work."""
    if label not in names(level):
        return
    wanted = list(emotions_of(label, level))
    same = sorted(st.session_state["emotion"]) == sorted(wanted) and st.session_state["match"] == "any"
    _set({"emotion": [] if same else wanted, "match": "any"})


def show_pair(one: str, other: str, level: Level) -> None:
    """Let the filters ask for both labels at once: a callback's work."""
    if level == "emotion" and {one, other} <= set(LABELS):
        _set({"emotion": [one] if one == other else [one, other], "match": "any" if one == other else "all"})
    elif one in names(level):
        show_label(one, level)


def show_flags(category: str, severity: str) -> None:
    """Let the filters ask for a category and a severity: a callback's work."""
    if category in CATEGORIES and severity in SEVERITIES:
        _set({"category": [category], "severity": [severity]})


def show_selection(selection: Selection) -> None:
    """Let the filters ask for exactly a selection: a callback's work."""
    _set(values_for(selection))


def _saved_views() -> None:
    views = runtime.app().saved_views.all()
    if views:
        st.selectbox("Open a view", list(views), index=None, key="view_to_open", placeholder="Choose …")
        with st.container(horizontal=True):
            chosen = st.session_state.get("view_to_open")
            st.button(
                "Open", key="open_view", on_click=_open_view, args=(views,), disabled=chosen is None, type="primary"
            )
            st.button("Delete", key="delete_view", on_click=_delete_view, disabled=chosen is None)
    else:
        st.caption("No view has been saved yet.")
    st.text_input("Save these filters as", key="view_name", max_chars=80, placeholder="Monday's look")
    st.button("Save", key="save_view", on_click=_save_view)


def _open_view(views: dict[str, str]) -> None:
    name = st.session_state.get("view_to_open")
    if name in views:
        _set(values_of(views[name]))


@reporting
def _delete_view() -> None:
    name = st.session_state.get("view_to_open")
    if name:
        runtime.app().saved_views.save(name, None, runtime.app().actor)
        say(f"The view “{plain(name)}” is deleted.")


@reporting
def _save_view() -> None:
    name = st.session_state.get("view_name") or ""
    asked = {filter_: st.session_state[filter_] for filter_ in DEFAULTS if _is_set(filter_)}
    runtime.app().saved_views.save(name, query_of(asked), runtime.app().actor)
    st.session_state["view_name"] = ""
    say(f"Saved as “{plain(name)}”.")
