"""Export of what is filtered: made by DuckDB in the background, of any size, then fetched."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from core.explore.selection import Selection
from core.services.explorer import EXPORTS
from pages import runtime
from pages.components.exports import Write, draw_file
from pages.components.frame import guarded, show_reported
from pages.shared.filters import View


@st.fragment
@guarded
def draw_export(view: View) -> None:
    """Draw the choice of a format, the progress, and the file."""
    st.header("Export what is filtered")
    show_reported()
    draw_file("export", EXPORTS, "affectra-tweets", view.selection, lambda: _writer(view.selection))
    st.caption(
        "All that the filters above hold, oldest first, with scores, flags and thumbs. In CSV, cells that a "
        "spreadsheet could take for a formula are made harmless with an apostrophe."
    )


def _writer(selection: Selection) -> Write:
    explorer = runtime.app().explorer

    def write(path: Path, cancelled: Callable[[], bool]) -> int:
        return explorer.export(selection, path, cancelled)

    return write
