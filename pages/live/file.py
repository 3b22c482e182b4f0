"""The live page's second tab: score a whole file, look at it, download it, keep it."""

import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pandas as pd
import streamlit as st

from core.access.actor import Actor
from core.charts import probabilities
from core.emotions import Level
from core.files import FORMATS, open_table, printable
from core.files.times import guess_time_column
from core.jobs import Job
from core.services.predictor import Predictor
from core.services.scoring import ScoredFile
from core.settings import settings
from pages import runtime
from pages.components.frame import guarded, plain, reporting, show_reported
from pages.components.levels import level_switch
from pages.components.progress import show_progress
from pages.components.uploads import Upload, named_as_given, to_disk

PREVIEW_ROWS: Final = 8
_NO_TIME: Final = "(not known)"


@dataclass
class FileToScore(Upload):
    """An uploaded file, the job that scores it, and what came of it."""

    job: Job[ScoredFile] | None = None
    results: Path | None = None
    kept: int | None = None

    def forget(self) -> None:
        """Let go of the last scoring; one that still runs is cancelled."""
        if self.job is not None:
            self.job.cancel()
        if self.results is not None:
            shutil.rmtree(self.results, ignore_errors=True)
        self.job = self.results = self.kept = None


def file_tab() -> None:
    """Draw the tab."""
    st.markdown(
        f"CSV, TSV, TXT (one text per line), JSONL or Parquet, up to {settings().max_upload_mb} MB. For larger files "
        "use the command line, which takes any size: `python -m core score FILE -o RESULT`."
    )
    given = st.file_uploader(
        "File with tweets",
        type=[suffix.lstrip(".") for suffix in FORMATS],
        key="upload",
        max_upload_size=settings().max_upload_mb,
    )
    uploads: dict[str, FileToScore] = st.session_state.setdefault("uploads", {})
    for file_id in [file_id for file_id in uploads if given is None or file_id != given.file_id]:
        uploads.pop(file_id).forget()
    if given is None:
        return
    if given.file_id not in uploads:
        uploads[given.file_id] = FileToScore(given.name, to_disk(given.name, given))
    _scoring(uploads[given.file_id])


@st.fragment
@guarded
def _scoring(upload: FileToScore) -> None:
    show_reported()
    if st.session_state.pop("kept_now", False):
        st.rerun(scope="app")  # the other tab lists what the store holds
    with named_as_given(upload.path, upload.name):
        _stage(runtime.app().predictor, runtime.app().actor, upload)


def _stage(predictor: Predictor, actor: Actor, upload: FileToScore) -> None:
    job = upload.job
    if job is None:
        _choose(predictor, upload)
    elif job.running:
        show_progress(job, "", "cancel")
    elif job.error is not None:
        st.button("Choose another column", key="again", on_click=upload.forget)
        raise job.error
    elif job.result is not None:
        _outcome(predictor, actor, upload, job.result)


def _choose(predictor: Predictor, upload: FileToScore) -> None:
    # Opening reads the whole file, so it is done once for an upload.
    table = upload.table = upload.table or open_table(upload.path)
    for notice in table.notices:
        st.info(plain(notice), icon=":material/info:")
    names = [printable(name) for name in table.names]
    column = st.selectbox(
        "Column with the texts",
        names,
        index=table.names.index(table.text_column),
        key="text_column",
        format_func=_named,
    )
    guess = guess_time_column(table)
    posted = st.selectbox(
        "When posted (for charts over time)",
        [_NO_TIME, *names],
        index=1 + table.names.index(guess) if guess else 0,
        key="posted_column",
        format_func=_named,
    )
    preview = table.preview(PREVIEW_ROWS)
    st.dataframe(
        pd.DataFrame({name: list(map(printable, cells)) for name, cells in zip(names, preview.values, strict=True)}),
        key="preview",
        hide_index=True,
        column_config={column: st.column_config.TextColumn(f"▸ {column}", width="large", pinned=True)},
        alt=f"The first {len(preview)} of {_rows(table.rows)}",
    )
    st.caption(f"The first {len(preview)} of {_rows(table.rows)}.")
    st.button(
        f"Score {_rows(table.rows)}",
        key="score",
        type="primary",
        icon=":material/play_arrow:",
        on_click=_start,
        args=(
            predictor,
            upload,
            table.names[names.index(column)],
            None if posted == _NO_TIME else table.names[names.index(posted)],
        ),
    )


def _named(column: str) -> str:
    return column or "(no name)"


def _rows(count: int) -> str:
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


@reporting
def _start(predictor: Predictor, upload: FileToScore, column: str, posted: str | None) -> None:
    if upload.table is None or (upload.job is not None and upload.job.running):
        return
    table, name = upload.table.of(column), upload.name
    results = upload.results = Path(tempfile.mkdtemp(dir=upload.path.parent))
    scorer = runtime.app().scorer_of(predictor)
    scorer = runtime.app().scorer_of(predictor)
    # Were the upload itself bound here, it would live as long as the job, and its end could not cancel it.
    job = upload.job = Job(
        lambda report, cancelled: scorer.score_file(table, results, name, report, cancelled, posted=posted),
        table.rows,
    )
    weakref.finalize(upload, job.cancel)


def _outcome(predictor: Predictor, actor: Actor, upload: FileToScore, scored: ScoredFile) -> None:
    summary = scored.summary
    if summary.stopped:
        st.warning(f"Stopped. What was scored by then ({_rows(summary.rows)}) can be downloaded.")
    if summary.rows == 0:
        st.button("Back to the file", key="again", on_click=upload.forget)
        return
    said = [f"**{_rows(summary.rows)}** scored by {plain(scored.model)}."]
    if summary.unreadable:
        said.append(f"{summary.unreadable:,} had no text (blank, or only links).")
    if summary.truncated:
        said.append(f"{summary.truncated:,} were longer than the model's input: only their beginning counts.")
    if summary.undated:
        said.append(f"{summary.undated:,} have no readable time of posting: they count as of now.")
    if flagged := sum(summary.flagged.values()):
        by_severity = ", ".join(f"{count:,} {severity}" for severity, count in summary.flagged.items() if count)
        said.append(f"{flagged:,} {'is' if flagged == 1 else 'are'} flagged ({by_severity}).")
    st.markdown(" ".join(said))
    level: Level = level_switch("file_level")
    frame = probabilities.counts_frame(summary.counts[level], summary.rows, level)
    st.plotly_chart(
        probabilities.share_bars(frame),
        key=f"shares_{level}",
        config={"displayModeBar": False},
        alt=probabilities.describe_shares(frame, summary.rows),
    )
    st.caption(f"Share of {summary.rows:,} rows in which the label reaches its threshold. A row may carry several.")
    stem = Path(upload.name).stem or "tweets"
    with st.container(horizontal=True):
        st.download_button(
            "Download CSV",
            lambda: scored.as_csv().read_bytes(),
            file_name=f"{stem}-emotions.csv",
            mime="text/csv",
            key="download_csv",
            on_click="ignore",
            icon=":material/download:",
            help="Cells that a spreadsheet could take for a formula begin with an apostrophe.",
        )
        st.download_button(
            "Download Parquet",
            scored.results.read_bytes,
            file_name=f"{stem}-emotions.parquet",
            mime="application/vnd.apache.parquet",
            key="download_parquet",
            on_click="ignore",
            icon=":material/download:",
        )
        st.button(
            "Keep in the store" if upload.kept is None else f"Kept: {_rows(upload.kept)}",
            key="keep",
            disabled=upload.kept is not None,
            on_click=_keep,
            args=(predictor, actor, upload, scored),
            icon=":material/database:",
        )
        st.button("Score it again", key="again", on_click=upload.forget, type="tertiary")


@reporting
def _keep(predictor: Predictor, actor: Actor, upload: FileToScore, scored: ScoredFile) -> None:
    upload.kept = runtime.app().intake.keep_file(scored, actor)
    st.session_state["kept_now"] = True
