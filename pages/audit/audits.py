"""Audits of files: run one, see those on this machine, and what waits in the inbox."""

import weakref
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import streamlit as st

from core.audit import Audit, AuditSource, audit, guess_expected_column, read_audit
from core.emotions import Level
from core.errors import InputError
from core.explore.selection import Selection
from core.files import open_table, printable
from core.files.times import guess_time_column
from core.jobs import Job
from core.settings import settings
from pages import runtime
from pages.components.file_choices import choose_file, rows_said
from pages.components.frame import guarded, plain, reporting, show_problem, show_reported
from pages.components.progress import show_progress
from pages.components.uploads import Upload, named_as_given, to_disk
from pages.shared.filters import View, show_selection

_OF: Final = {"typical": "Sample tweets", "own": "My own file"}
_LISTED: Final = 20
_NONE: Final = "(none)"
_JUST_MADE: Final = "now"
_MEDIA: Final = {
    "emotion_stats.csv": "text/csv",
    "emotion_errors_flagged.csv": "text/csv",
    "summary.txt": "text/plain",
    "report.html": "text/html",
}


@dataclass
class Run:
    """An audit of this session: its source, the job that makes it, and the file that it reads, if it was uploaded."""

    job: Job[Audit]
    name: str
    upload: Upload | None = None

    def __post_init__(self) -> None:
        weakref.finalize(self, self.job.cancel)


def draw(view: View, level: Level) -> None:
    """Draw the tab."""
    del view, level
    _new()
    _finished()
    _inbox()


@st.fragment
@guarded
def _new() -> None:
    if st.session_state.pop("audit_shown", False):
        st.rerun(scope="app")  # the button is in this fragment, the filters are not
    st.header("Audit a file")
    st.markdown(
        "Scores a file, applies the context rules, and writes a folder: figures by emotion, the rows to look at, a "
        "summary in words, and a report with charts that opens without a network. The same file, model and rules give "
        "the same audit, so it is not made twice. Its rows join the store as the source “audit”, with their own times "
        "or, where none is known, the present one; choose sources under *More filters* to leave them out."
    )
    show_reported()
    run: Run | None = st.session_state.get("audit_run")
    if run is not None:
        _follow(run)
        return
    of = st.segmented_control(
        "Tweets of", list(_OF), default="typical", key="audit_of", format_func=_OF.__getitem__, required=True
    )
    if of == "typical":
        name = settings().sample_tweets.name
        st.caption(f"{name}: tweets written for this project, with the emotions their writer intended.")
        st.button(
            "Run the audit", key="run_audit", type="primary", icon=":material/play_arrow:", on_click=_start_typical
        )
        return
    # Every file is taken: what cannot be read gets core's own message, which says how to mend it.
    given = st.file_uploader("File with tweets", key="audit_file", max_upload_size=settings().max_upload_mb)
    uploads: dict[str, Upload] = st.session_state.setdefault("audit_uploads", {})
    for file_id in [one for one in uploads if given is None or one != given.file_id]:
        del uploads[file_id]
    if given is None:
        return
    if given.file_id not in uploads:
        uploads[given.file_id] = Upload(given.name, to_disk(given.name, given), given.file_id)
    upload = uploads[given.file_id]
    with named_as_given(upload.path, upload.name):
        _choose(upload)


def _choose(upload: Upload) -> None:
    chosen = choose_file(upload)
    if chosen is None:
        return
    table = chosen.table
    names = [printable(name) for name in table.names]
    guess = guess_expected_column(table)
    expected = st.selectbox(
        "Expected emotions",
        [_NONE, *names],
        index=1 + table.names.index(guess) if guess else 0,
        key=upload.column_key("audit_expected"),
        persist_state="session",
    )
    real = dict(zip(names, table.names, strict=True))
    posted = None if chosen.times is None else chosen.times.name
    source = AuditSource(table, upload.name, real.get(expected), posted, chosen.times)
    st.button(
        f"Audit {rows_said(table.rows)}",
        key=upload.key("run_audit"),
        type="primary",
        icon=":material/play_arrow:",
        on_click=_start,
        args=(source, upload),
    )


@reporting
def _start_typical() -> None:
    path = settings().sample_tweets
    table = open_table(path, "text")
    _start(AuditSource(table, path.name, guess_expected_column(table), guess_time_column(table)), None)


@reporting
def _start(source: AuditSource, upload: Upload | None) -> None:
    app, out = runtime.app(), settings().audits
    scorer, intake, actor = app.scorer, app.intake, app.actor
    rows = source.table.rows

    def work(report: Callable[[int], None], cancelled: Callable[[], bool]) -> Audit:
        made = audit(scorer, source, out, report, cancelled)
        if not made.stopped:
            intake.take_in(made.predictions, made.id, made.source, actor, "audit")
        return made

    st.session_state["audit_run"] = Run(Job(work, rows), source.name, upload)


def _follow(run: Run) -> None:
    job = run.job
    if job.running:
        show_progress(job, plain(run.name), "cancel_audit")
        return
    st.button("Audit another file", key="another_audit", on_click=_forget)
    if job.error is not None:
        with named_as_given(run.upload.path, run.name) if run.upload else nullcontext():
            raise job.error
    made = job.result
    if made is None:
        return
    if made.stopped:
        st.warning(f"Stopped. {made.rows:,} rows are kept: the next run of this audit goes on from there.")
        return
    st.success(
        "It was made before: here it is." if made.reused else f"Done: {made.rows:,} rows.", icon=":material/check:"
    )
    _outcome(made, _JUST_MADE)


def _forget() -> None:
    st.session_state.pop("audit_run", None)


def _outcome(made: Audit, key: str) -> None:
    gone = [name for name in _MEDIA if not made.files[name].is_file()]
    if gone:
        raise InputError(f"{gone[0]} is no longer in {made.folder}. Remove that folder and run the audit again.")
    st.text(made.summary)
    with st.container(horizontal=True):
        for name, mime in _MEDIA.items():
            path = made.files[name]
            st.download_button(
                name,
                path.read_bytes,
                file_name=name,
                mime=mime,
                key=f"audit_{key}_{name}",
                on_click="ignore",
                icon=":material/download:",
            )
        st.button(
            "Show its tweets",
            key=f"audit_{key}_show",
            icon=":material/policy:",
            on_click=_show,
            args=(made, key),
        )


def _show(made: Audit, key: str) -> None:
    show_selection(Selection(batch=made.id))
    st.session_state["audit_tab"] = "overview"
    st.session_state["audit_shown"] = key == _JUST_MADE


def _stamp(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0  # it went just now; reading it says so


@st.cache_resource(show_spinner=False, max_entries=2 * _LISTED)
def _read(folder: Path, stamp: int) -> Audit:
    """Read an audit; its files are checked once for as long as its manifest stays as it is."""
    del stamp
    return read_audit(folder)


@guarded
def _finished() -> None:
    st.header("Audits on this machine")
    folders = sorted(settings().audits.glob("audit-*/audit.json"), key=_stamp, reverse=True)[:_LISTED]
    if not folders:
        st.caption("None yet. `python -m core audit FILE` makes them too, and the app imports their rows.")
    for path in folders:
        try:
            made = _read(path.parent, _stamp(path))
        except InputError as error:
            show_problem(error)
            continue
        flagged = sum(made.flagged.values())
        label = f"{made.made_at:%Y-%m-%d %H:%M} · {made.source} · {made.rows:,} rows, {flagged:,} flagged"
        with st.expander(plain(label), key=f"audit_{made.id}", on_change="rerun") as opened:
            if opened.open:
                st.caption(f"{plain(str(made.folder))}, by {plain(made.basis.model_label)}")
                _outcome(made, made.id.hex)


@guarded
def _inbox() -> None:
    upkeep = runtime.app().maintenance
    st.header("Inbox")
    waiting, aside = upkeep.inbox.waiting(), upkeep.inbox.aside()
    st.markdown(
        f"`python -m core score FILE --inbox`, on this or another machine, puts scored files into "
        f"{plain(str(upkeep.inbox.folder))}. The app imports each once: {len(waiting)} waiting, "
        f"{len(aside)} set aside."
    )
    for one in aside:
        st.warning(f"**{plain(one.name)}** was set aside: {plain(one.reason)}", icon=":material/report:")
