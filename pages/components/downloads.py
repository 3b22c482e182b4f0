"""Files of any size for the browser: streamed from the disk, and not, as a download button does, through memory.

A file is offered under an address that nobody can guess, and is gone with its owner.
"""

import secrets
import weakref
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

import streamlit as st
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route


@dataclass(frozen=True, slots=True)
class _Offer:
    path: Path
    name: str
    media_type: str


_OFFERS: Final[dict[str, _Offer]] = {}

# A file that no button of Streamlit's serves has a link that looks like one.
_LOOK: Final = (
    "display:inline-block;padding:.4rem .9rem;border-radius:8px;text-decoration:none;font-weight:600;"
    "background:light-dark(#1f5fae,#7aa9f7);color:light-dark(#ffffff,#10141c)"
)


def offer(path: Path, name: str, media_type: str, owner: object) -> str:
    """Offer a file for as long as `owner` lives, and return its address on this server."""
    token = secrets.token_urlsafe(32)
    _OFFERS[token] = _Offer(path, name, media_type)
    weakref.finalize(owner, _OFFERS.pop, token, None)
    return f"download/{token}"


def download_link(label: str, address: str, key: str) -> None:
    """Draw a link to an offered file that looks like a button."""
    with st.container(key=key):
        st.html(f'<a href="{escape(address)}" download style="{_LOOK}">{escape(label)}</a>')


async def _hand_out(request: Request) -> Response:
    found = _OFFERS.get(request.path_params["token"])
    if found is None or not found.path.is_file():
        return PlainTextResponse("This file is not offered (any more). Prepare it again on the page.", status_code=404)
    return FileResponse(found.path, media_type=found.media_type, filename=found.name)


ROUTES: Final = [Route("/download/{token}", _hand_out)]
