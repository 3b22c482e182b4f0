"""A file of any size that is made in the background, then fetched: its format, its progress, its link."""

import tempfile
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import streamlit as st

from core.jobs import Job
from pages.components.downloads import download_link, offer
from pages.components.frame import reporting
from pages.components.uploads import gone_with

Write = Callable[[Path, Callable[[], bool]], int]
"""Writes a file, asking whether it was cancelled; returns how many rows it has."""

_NAMES: Final = {".csv": "CSV", ".parquet": "Parquet", ".jsonl": "JSON lines"}


@dataclass
class _Export:
    """One export of this session, and the folder it lies in. Gone with the session."""

    asked: Any
    path: Path
    job: Job[int]
    address: str = ""

    def __post_init__(self) -> None:
        gone_with(self, self.path.parent)
        weakref.finalize(self, self.job.cancel)


def draw_file(key: str, formats: Mapping[str, str], stem: str, asked: Any, writer: Callable[[], Write]) -> None:
    """Draw the choice of a format, the progress, and the link. Belongs into a fragment.

    Args:
        key: begins the keys of the widgets; the session holds the file under it.
        formats: suffixes that can be chosen, each with its media type.
        stem: the file's name before its suffix.
        asked: what the file would hold if it were made now; of another one, it is told.
        writer: called when the file is to be made, before the work goes into a thread of its own.
    """
    with st.container(horizontal=True, vertical_alignment="bottom"):
        suffix = st.segmented_control(
            "Format", list(formats), default=".csv", key=f"{key}_format", format_func=_NAMES.__getitem__, required=True
        )
        st.button(
            "Prepare the file",
            key=f"prepare_{key}",
            icon=":material/inventory_2:",
            on_click=_prepare,
            args=(key, f"{stem}{suffix}", asked, writer),
        )
    export: _Export | None = st.session_state.get(key)
    if export is not None:
        _draw(key, export, formats, asked)


@reporting
def _prepare(key: str, name: str, asked: Any, writer: Callable[[], Write]) -> None:
    write = writer()
    path = Path(tempfile.mkdtemp(prefix="affectra-")) / name
    st.session_state[key] = _Export(asked, path, Job(lambda report, cancelled: write(path, cancelled), 1))


def _draw(key: str, export: _Export, formats: Mapping[str, str], asked: Any) -> None:
    job = export.job
    if job.running:
        _progress(key, job)
        return
    if job.error is not None:
        raise job.error
    if job.cancelling and not export.path.exists():
        st.info("Stopped. Nothing was written.")
        return
    rows = job.result or 0
    said = f"{rows:,} {'row' if rows == 1 else 'rows'}, {export.path.stat().st_size / 1e6:,.1f} MB"
    if export.asked != asked:
        said += "; of the filters as they were when it was made"
    suffix = export.path.suffix
    export.address = export.address or offer(export.path, export.path.name, formats[suffix], export)
    download_link(f"Download {_NAMES[suffix]} ({said})", export.address, f"download_{key}")


@st.fragment(run_every="500ms")
def _progress(key: str, job: Job[int]) -> None:
    if not job.running:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("DuckDB is writing the file …")
        st.button("Cancel", key=f"cancel_{key}", disabled=job.cancelling, on_click=job.cancel, icon=":material/stop:")
