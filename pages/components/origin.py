"""What a tweet came with: who wrote it, its id, its language, the way back to it, the file's other columns."""

import json
from typing import Final
from urllib.parse import urlsplit

import streamlit as st

from core.language import language_code, language_name
from core.predictions.record import Origin
from pages.components.frame import in_cell, plain

_LONGEST: Final = 2_000


def show_origin(found: Origin, key: str) -> None:
    """Draw where a prediction's text comes from; nothing where that is not known."""
    parts = [
        f"{name} {plain(in_cell(value))}"
        for name, value in (("by", found.author), ("tweet", found.tweet_id), ("in", _language(found.language)))
        if value
    ]
    link = web_address(found.link)
    if parts or link:
        with st.container(horizontal=True, vertical_alignment="center", gap="small", key=f"{key}_origin"):
            if parts:
                st.markdown(" · ".join(parts), width="content")
            if link:
                st.link_button("Open the tweet", link, icon=":material/open_in_new:", type="tertiary", help=plain(link))
    if found.extras:
        others = _others(found.extras)
        with st.expander(f"Other columns of its file ({len(others)})", key=f"{key}_others"):
            st.table(
                {plain(in_cell(name)): plain(in_cell(value)) for name, value in others.items()},
                border="horizontal",
                alt="The other columns of the file",
            )


def web_address(link: str | None) -> str | None:
    """Return a link if it leads to the web, None if it is anything else, such as `javascript:`.

    >>> web_address("https://x.com/ana/status/1"), web_address("javascript:alert(1)"), web_address("www.x.com")
    ('https://x.com/ana/status/1', None, None)
    """
    if not link or len(link) > _LONGEST or not link.isprintable() or " " in link:
        return None
    try:
        parts = urlsplit(link)
    except ValueError:
        return None
    return link if parts.scheme in {"http", "https"} and parts.netloc else None


def _language(written: str | None) -> str | None:
    code = language_code(written) if written else None
    return language_name(code) if code else written


def _others(extras: str) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in json.loads(extras).items()
    }
