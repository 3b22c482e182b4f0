"""The live page's second tab: score a whole file, look at it, download it, keep it."""

import shutil
import tempfile
import weakref
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.access.actor import Actor
from core.charts import probabilities
from core.emotions import Level
from core.files import FileFacts, copy_table
from core.jobs import Job
from core.services.predictor import Predictor
from core.services.scoring import ScoredFile
from core.settings import settings
from pages import runtime
from pages.components.file_choices import ChosenFile, choose_file, rows_said, show_facts
from pages.components.frame import guarded, plain, reporting, show_reported
from pages.components.levels import level_switch
from pages.components.progress import show_progress
from pages.components.uploads import Upload, named_as_given, to_disk
from pages.shared.kept import KeptFile, draw_kept, keep_in_mind


@dataclass
class FileToScore(Upload):
    """An uploaded file, the job that scores it, and what came of it.

    Attributes:
        facts: what was found in it, as it was scored.
    """

    job: Job[ScoredFile] | None = None
    facts: FileFacts | None = None
    results: Path | None = None
    kept: KeptFile | None = None

    def forget(self) -> None:
        """Let go of the last scoring; one that still runs is cancelled."""
        if self.job is not None:
            self.job.cancel()
        if self.results is not None:
            shutil.rmtree(self.results, ignore_errors=True)
        self.job = self.facts = self.results = self.kept = None


def file_tab() -> None:
    """Draw the tab."""
    st.markdown(
        "CSV, TSV, TXT (one text per line), JSON of any shape, a workbook (.xlsx, .xls, .ods), Parquet, or the archive "
        f"that X sends; each may be packed (.zip, .gz, .zst). Up to {settings().max_upload_mb} MB: for larger files "
        "use the command line, which takes any size: `python -m core score FILE -o RESULT`."
    )
    # Every file is taken: what cannot be read gets core's own message, which says how to mend it.
    given = st.file_uploader("File with tweets", key="upload", max_upload_size=settings().max_upload_mb)
    uploads: dict[str, FileToScore] = st.session_state.setdefault("uploads", {})
    for file_id in [file_id for file_id in uploads if given is None or file_id != given.file_id]:
        uploads.pop(file_id).forget()
    if given is None:
        return
    if given.file_id not in uploads:
        uploads[given.file_id] = FileToScore(given.name, to_disk(given.name, given), given.file_id)
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
        chosen = choose_file(upload)
        if chosen is not None:
            st.button(
                f"Score {rows_said(chosen.table.rows)}",
                key=upload.key("score"),
                type="primary",
                icon=":material/play_arrow:",
                on_click=_start,
                args=(predictor, upload, chosen),
            )
    elif job.running:
        show_progress(job, "", upload.key("cancel"))
    elif job.error is not None:
        st.button("Back to the file", key=upload.key("again"), on_click=upload.forget)
        raise job.error
    elif job.result is not None:
        _outcome(predictor, actor, upload, job.result)


@reporting
def _start(predictor: Predictor, upload: FileToScore, chosen: ChosenFile) -> None:
    if upload.job is not None and upload.job.running:
        return
    upload.facts = chosen.facts
    table, name = chosen.table, upload.name
    posted: Any = chosen.times  # with the order of its days, and the clock beside it
    results = upload.results = Path(tempfile.mkdtemp(dir=upload.path.parent))
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
        st.warning(f"Stopped. What was scored by then ({rows_said(summary.rows)}) can be downloaded.")
    if summary.rows == 0:
        st.button("Back to the file", key=upload.key("again"), on_click=upload.forget)
        return
    said = [f"**{rows_said(summary.rows)}** scored by {plain(scored.model)}."]
    if summary.unreadable:
        said.append(f"{summary.unreadable:,} had no text (blank, a placeholder, or only links).")
    if summary.truncated:
        said.append(f"{summary.truncated:,} were longer than the model's input: only their beginning counts.")
    if summary.undated:
        said.append(f"{summary.undated:,} have no time of posting that can be read.")
    if flagged := sum(summary.flagged.values()):
        by_severity = ", ".join(f"{count:,} {severity}" for severity, count in summary.flagged.items() if count)
        said.append(f"{flagged:,} {'is' if flagged == 1 else 'are'} flagged ({by_severity}).")
    st.markdown(" ".join(said))
    if upload.facts is not None:
        with st.expander("What was found in the file", key=upload.key("facts")):
            show_facts(upload.facts)
    level: Level = level_switch("file_level")
    frame = probabilities.counts_frame(summary.counts[level], summary.rows, level)
    st.plotly_chart(
        probabilities.share_bars(frame),
        key=upload.key(f"shares_{level}"),
        config={"displayModeBar": False},
        alt=probabilities.describe_shares(frame, summary.rows),
    )
    st.caption(f"Share of {summary.rows:,} rows in which the label reaches its threshold. A row may carry several.")
    _downloads(upload, scored)
    with st.container(horizontal=True):
        st.button(
            "Keep in the store" if upload.kept is None else f"Kept: {rows_said(upload.kept.rows)}",
            key=upload.key("keep"),
            disabled=upload.kept is not None,
            on_click=_keep,
            args=(actor, upload, scored),
            icon=":material/database:",
        )
        st.button("Score it again", key=upload.key("again"), on_click=upload.forget, type="tertiary")
    if upload.kept is not None:
        draw_kept(upload.kept)


def _downloads(upload: FileToScore, scored: ScoredFile) -> None:
    stem = Path(upload.name).stem or "tweets"
    with st.container(horizontal=True):
        st.download_button(
            "CSV for spreadsheets",
            lambda: scored.as_csv().read_bytes(),
            file_name=f"{stem}-emotions.csv",
            mime="text/csv",
            key=upload.key("download_csv"),
            on_click="ignore",
            icon=":material/download:",
            help="Cells that a spreadsheet could take for a formula begin with an apostrophe.",
        )
        st.download_button(
            "Plain CSV",
            lambda: _plain_csv(scored).read_bytes(),
            file_name=f"{stem}-emotions.csv",
            mime="text/csv",
            key=upload.key("download_plain"),
            on_click="ignore",
            icon=":material/download:",
            help="For programs: every cell exactly as it was.",
        )
        st.download_button(
            "Parquet",
            scored.results.read_bytes,
            file_name=f"{stem}-emotions.parquet",
            mime="application/vnd.apache.parquet",
            key=upload.key("download_parquet"),
            on_click="ignore",
            icon=":material/download:",
        )


def _plain_csv(scored: ScoredFile) -> Path:
    target = scored.results.with_name("plain.csv")
    if not target.exists():
        copy_table(scored.results, target, overwrite=True, plain=True)
    return target


@reporting
def _keep(actor: Actor, upload: FileToScore, scored: ScoredFile) -> None:
    upload.kept = KeptFile(scored.id, upload.name, runtime.app().intake.keep_file(scored, actor))
    keep_in_mind(upload.kept)
    st.session_state["kept_now"] = True
