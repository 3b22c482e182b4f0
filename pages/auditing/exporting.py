"""Export of what is filtered: made by DuckDB in the background, of any size, then fetched."""

import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from core import runtime
from core.exploring import EXPORTS
from core.jobs import Job
from core.selection import Selection
from pages.auditing.filters import View
from pages.components.downloads import download_link, offer
from pages.components.frame import guarded, reporting, show_reported
from pages.components.uploads import gone_with

_NAMES: Final = {".csv": "CSV", ".parquet": "Parquet", ".jsonl": "JSON lines"}


@dataclass
class Export:
    """One export of this session, and the folder it lies in. Gone with the session."""

    selection: Selection
    path: Path
    job: Job[int]
    address: str = ""

    def __post_init__(self) -> None:
        gone_with(self, self.path.parent)
        weakref.finalize(self, self.job.cancel)


@st.fragment
@guarded
def draw_export(view: View) -> None:
    """Draw the choice of a format, the progress, and the file."""
    st.header("Export what is filtered")
    show_reported()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        suffix = st.segmented_control(
            "Format", list(EXPORTS), default=".csv", key="export_format", format_func=_NAMES.__getitem__, required=True
        )
        st.button(
            "Prepare the file",
            key="prepare_export",
            icon=":material/inventory_2:",
            on_click=_prepare,
            args=(view.selection, suffix),
        )
    export: Export | None = st.session_state.get("export")
    if export is not None:
        _draw(export, view)
    st.caption(
        "All that the filters above hold, oldest first, with scores, flags and thumbs. In CSV, cells that a "
        "spreadsheet could take for a formula are made harmless with an apostrophe."
    )


@reporting
def _prepare(selection: Selection, suffix: str) -> None:
    path = Path(tempfile.mkdtemp(prefix="affectra-")) / f"affectra-tweets{suffix}"
    service = runtime.service()
    st.session_state["export"] = Export(
        selection, path, Job(lambda report, cancelled: service.export(selection, path, cancelled), 1)
    )


def _draw(export: Export, view: View) -> None:
    job = export.job
    if job.running:
        _progress(job)
        return
    if job.error is not None:
        raise job.error
    if job.cancelling and not export.path.exists():
        st.info("Stopped. Nothing was written.")
        return
    rows = job.result or 0
    said = f"{rows:,} {'row' if rows == 1 else 'rows'}, {export.path.stat().st_size / 1e6:,.1f} MB"
    if export.selection != view.selection:
        said += "; of the filters as they were when it was made"
    suffix = export.path.suffix
    export.address = export.address or offer(export.path, export.path.name, EXPORTS[suffix], export)
    download_link(f"Download {_NAMES[suffix]} ({said})", export.address, "download_export")


@st.fragment(run_every="500ms")
def _progress(job: Job[int]) -> None:
    if not job.running:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("DuckDB is writing the file …")
        st.button("Cancel", key="cancel_export", disabled=job.cancelling, on_click=job.cancel, icon=":material/stop:")
