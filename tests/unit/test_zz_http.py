import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest

from core import evidence, serving, tracking
from core.actor import Actor
from core.candidates import Candidates
from core.classifier import Thresholds, read_manifest, verify
from core.emotions import LABELS
from core.errors import InputError, ModelError, TrackingError
from core.run_facts import FINGERPRINT_TAG, MODEL_TAG, VERSION_TAG
from core.tracking import Measurement, Run, export_runs, log_run
from tests.fakes import COST, fake_model_folder, ticking

OWNER = Actor("Ada")


def training(folder: Path, f1: float, seed: int, texts: bool = True) -> Run:
    """A run that made the model in `folder`, and what it left."""
    manifest = read_manifest(folder)
    targets = np.random.default_rng(0).random((300, len(LABELS))) < 0.2
    noise = np.random.default_rng(seed).normal(0, 1 - f1, targets.shape)
    scores = np.clip(targets * 0.6 + 0.2 + noise, 0, 1).astype(np.float32)
    return Run(
        name=manifest.label,
        params=(("seed", str(seed)),),
        metrics=(
            Measurement("test_emotion_macro_f1", f1),
            Measurement("test_n", 300),
            Measurement("bytes", 1e6 * seed),
        ),
        tags=(
            ("family", manifest.family),
            ("machine", "another"),
            (MODEL_TAG, manifest.name),
            (VERSION_TAG, manifest.version),
            (FINGERPRINT_TAG, manifest.fingerprint),
        ),
        texts=(
            (evidence.DECISIONS_FILE, evidence.decisions_csv(targets, scores, Thresholds.flat())),
            (evidence.CURVES_FILE, evidence.curves_csv(targets, scores)),
        )
        if texts
        else (),
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A folder with models, exported runs, and a tracker that took them in. MLflow takes seconds to make its tables."""
    folder = tmp_path_factory.mktemp("prepared")
    models = folder / "models"
    electra = fake_model_folder(models / "electra_model", "electra", "1")
    tfidf = fake_model_folder(models / "tfidf_model", "tfidf", "1")
    elsewhere = f"sqlite:///{folder / 'elsewhere.db'}"
    log_run(training(electra, 0.9, 1), elsewhere)
    log_run(training(tfidf, 0.6, 2), elsewhere)
    export_runs(folder / "runs", elsewhere)
    candidates(folder).board()
    return folder


def candidates(folder: Path, pinned: Path | None = None, uri: str | None = None, measure=None) -> Candidates:
    return Candidates(
        uri or f"sqlite:///{folder / 'mlflow.db'}",
        folder / "runs",
        folder / "models",
        folder / "serving.json",
        pinned,
        measure_cost=measure or (lambda _folder, _cancelled: COST),
        try_out=lambda tried: verify(tried, read_manifest(tried)),
        now=ticking(),
    )


@pytest.fixture
def desk(prepared, tmp_path):
    """A copy of it all, to be changed."""
    shutil.copytree(prepared, tmp_path / "desk", ignore=shutil.ignore_patterns("mlflow_artefacts"))
    return candidates(tmp_path / "desk")


def by_label(board, label):
    return next(one for one in board.candidates if one.label == label)


def test_a_new_tracker_holds_the_exported_runs_the_models_and_a_champion(desk):
    board = desk.board()
    assert [run.name for run in board.trainings] == ["electra 1", "tfidf 1"]
    assert [(one.label, one.champion, one.folder) for one in board.candidates] == [
        ("electra 1", True, "electra_model"),
        ("tfidf 1", False, "tfidf_model"),
    ]
    electra = board.registry.versions[0]
    assert electra.facts["trained_at"] == "2026-05-01T12:00:00+00:00"
    assert electra.run_id == board.trainings[0].id, "a version leads to the run that made it"
    assert [(move.to, move.by) for move in board.moves] == [("electra 1", "affectra")]
    assert serving.read(desk.serving_file).champions[-1].label == "electra 1"
    assert board.warnings == ()
    assert board.previous is None


def test_taking_in_happens_once(desk):
    desk.board()
    again = candidates(desk.models_dir.parent).board(anew=True)
    assert len(again.runs) == 2
    assert len(again.registry.versions) == 2
    assert len(again.moves) == 1


def test_what_did_not_change_is_read_without_mlflow(desk, monkeypatch):
    board = desk.board()
    fresh = candidates(desk.models_dir.parent)
    monkeypatch.setitem(sys.modules, "mlflow", None)  # importing it fails from here on
    assert fresh.board() == board
    assert fresh.board() == board
    # A run that somebody else logs is seen at once: the file has changed.
    with sqlite3.connect(desk.models_dir.parent / "mlflow.db") as connection:
        connection.execute("UPDATE runs SET name = 'renamed' WHERE name = 'tfidf 1'")
    connection.close()
    with pytest.raises(ImportError):
        fresh.board()
    monkeypatch.undo()
    assert "renamed" in [run.name for run in fresh.board().runs]


def test_promotion_moves_the_champion_and_says_who_when_and_why(desk):
    desk.promote(by_label(desk.board(), "tfidf 1"), "  small enough for the phone ", OWNER)
    board = desk.board()
    assert board.champion.label == "tfidf 1"
    move = board.moves[0]
    assert (move.by, move.why, move.came_from, move.to) == ("Ada", "small enough for the phone", "electra 1", "tfidf 1")
    assert abs(move.at - datetime(2026, 5, 1, 12)) < timedelta(minutes=1)
    assert serving.read(desk.serving_file).champions[-1].label == "tfidf 1"
    assert board.previous.label == "electra 1"
    desk.promote(board.previous, "it misses too much", OWNER)
    assert desk.board().champion.label == "electra 1"
    assert len(desk.board().moves) == 3


def test_a_champion_chosen_in_mlflow_itself_is_followed(desk):
    board = desk.board()
    with tracking.connect(desk.uri) as client:
        client.set_registered_model_alias("affectra-emotions", "champion", str(by_label(board, "tfidf 1").number))
    followed = desk.board()
    assert followed.champion.label == "tfidf 1"
    assert followed.last_move is None, "nobody said who, when and why"
    assert serving.read(desk.serving_file).champions[-1].label == "tfidf 1"


def test_a_champion_that_is_not_ours_is_named(desk):
    desk.board()
    with tracking.connect(desk.uri) as client:
        made = client.create_model_version("affectra-emotions", "s3://elsewhere/model")
        client.set_registered_model_alias("affectra-emotions", "champion", made.version)
    board = desk.board()
    assert "which Affectra did not register" in board.warnings[0]
    assert board.champion is None
    assert serving.read(desk.serving_file).champions[-1].label == "electra 1", "what served goes on serving"


def test_a_promotion_is_not_undone_by_what_was_read_before_it(desk):
    target = by_label(desk.board(), "tfidf 1")
    other = candidates(desk.models_dir.parent)
    stale = other.board()
    assert stale.champion.label == "electra 1"
    desk.promote(target, "better", OWNER)
    assert other.board().champion.label == "tfidf 1"
    assert serving.read(desk.serving_file).champions[-1].label == "tfidf 1"
    with pytest.raises(InputError, match="serves already"):
        other.promote(by_label(stale, "tfidf 1"), "the same again, from an old page", OWNER)


def test_whoever_decided_on_an_old_page_is_told(desk):
    seen = desk.board()
    fake_model_folder(desk.models_dir / "electra_model_v2", "electra", "2")
    desk.promote(by_label(desk.board(), "electra 2"), "newer", Actor("Ben"))
    with pytest.raises(InputError, match="Somebody was faster: electra 2 was promoted"):
        desk.promote(by_label(seen, "tfidf 1"), "smaller", OWNER, instead_of=seen.registry.champion)
    assert desk.board().champion.label == "electra 2"


def test_what_cannot_be_loaded_is_not_promoted(desk):
    def refuse(folder):
        raise ModelError(f"{folder.name} was trained for another normaliser.")

    desk.try_out = refuse
    with pytest.raises(ModelError, match="another normaliser"):
        desk.promote(by_label(desk.board(), "tfidf 1"), "hope", OWNER)
    assert desk.board().champion.label == "electra 1"


def test_what_is_logged_while_it_reads_is_seen_next_time(desk, monkeypatch):
    """A write between the reading and the keeping must not be taken for read."""
    run = training(desk.models_dir / "tfidf_model", 0.5, 3, texts=False)
    read = tracking.read_registry

    def read_and_be_overtaken(client):
        found = read(client)
        log_run(run, desk.uri)
        return found

    monkeypatch.setattr(tracking, "read_registry", read_and_be_overtaken)
    before = len(desk.board().runs)
    monkeypatch.undo()
    assert len(desk.board().runs) > before


def test_tags_edited_by_hand_are_no_numbers(desk):
    desk.board()
    with tracking.connect(desk.uri) as client:
        for name in ("test_emotion_macro_f1", "bytes"):
            client.set_model_version_tag("affectra-emotions", "1", f"affectra.{name}", "about half")
        client.set_registered_model_tag(
            "affectra-emotions",
            "affectra.promotion.y",
            '{"at": "2026-05-01T12:00:00", "by": "", "why": "", "came_from": 0, "to": 1}',
        )
    board = desk.board()
    assert np.isnan(by_label(board, "electra 1").macro_f1)
    assert len(board.moves) == 1, "a moment without a zone is none"


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_promotion_without_a_reason_is_refused(desk, reason):
    with pytest.raises(InputError, match="Say why"):
        desk.promote(by_label(desk.board(), "tfidf 1"), reason, OWNER)


def test_what_serves_is_not_promoted_again(desk):
    board = desk.board()
    with pytest.raises(InputError, match="serves already"):
        desk.promote(board.champion, "again", OWNER)


def test_a_pinned_model_stays(desk):
    desk.pinned = Path("models/x")
    with pytest.raises(InputError, match="AFFECTRA_MODEL pins"):
        desk.promote(by_label(desk.board(), "tfidf 1"), "why not", OWNER)


@pytest.mark.parametrize(("damage", "said"), [("gone", "is missing"), ("cut", "bytes"), ("folder", "are not in")])
def test_what_cannot_serve_is_not_promoted(desk, damage, said):
    target = by_label(desk.board(), "tfidf 1")
    folder = desk.models_dir / "tfidf_model"
    if damage == "gone":
        (folder / "model.bin").unlink()
    elif damage == "cut":
        (folder / "model.bin").write_bytes(b"x")
    else:
        shutil.rmtree(folder)
    with pytest.raises((ModelError, InputError), match=said):
        desk.promote(target, "hope", OWNER)
    assert desk.board().champion.label == "electra 1"


def test_a_version_whose_files_are_gone_is_listed_and_has_no_folder(desk):
    desk.promote(by_label(desk.board(), "tfidf 1"), "for a moment", OWNER)
    shutil.rmtree(desk.models_dir / "tfidf_model")
    gone = by_label(desk.board(), "tfidf 1")
    assert gone.champion
    assert gone.folder is None


def test_a_model_trained_later_is_registered(desk):
    desk.board()
    fake_model_folder(desk.models_dir / "electra_model_v2", "electra", "2")
    newer = by_label(desk.board(), "electra 2")
    assert newer.number == 3
    assert not newer.champion


def test_an_edited_export_is_named_and_the_rest_goes_on(desk):
    board = desk.board()
    (path,) = desk.runs_dir.glob("tfidf*.json")
    path.write_text(path.read_text(encoding="utf-8").replace("0.6,", "0.9,"), encoding="utf-8")
    again = desk.board()
    (warning,) = again.warnings
    assert path.name in warning
    assert "its checksum does not fit" in warning
    assert again.runs == board.runs


def test_two_runs_are_compared_text_by_text(desk):
    electra, tfidf = desk.board().trainings
    found = desk.duel(electra, tfidf)
    assert found.n == 300
    assert found.sentence("emotion").startswith("electra 1 is better than tfidf 1")
    left = desk.evidence(electra)
    assert left.labels is None
    assert set(left.curves["label"]) >= set(LABELS)


def test_a_run_that_left_nothing_cannot_be_compared(desk):
    desk.board()
    log_run(training(desk.models_dir / "tfidf_model", 0.5, 3, texts=False), desk.uri)
    electra, _, bare = desk.board().trainings
    with pytest.raises(InputError, match=r"left no decisions on test.*evaluate tfidf --log"):
        desk.duel(electra, bare)


def test_a_damaged_artefact_is_named(desk):
    electra, tfidf = desk.board().trainings
    path = Path(electra.artefacts.removeprefix("file://")) / evidence.DECISIONS_FILE
    whole = path.read_bytes()
    try:
        path.write_bytes(b"\xff\xfe\x00")
        with pytest.raises(TrackingError, match=r"decisions_test\.csv cannot be read"):
            desk.duel(electra, tfidf)
    finally:
        path.write_bytes(whole)


def test_costs_are_measured_in_turn_and_logged(desk):
    board = desk.board()
    done = []
    found = desk.measure(OWNER, done.append)
    assert [label for label, _ in found] == desk.installed() == ["electra 1", "tfidf 1"]
    assert done == [1, 2]
    after = desk.board()
    assert len(after.runs) == len(board.runs) + 2
    assert len(after.trainings) == len(board.trainings)
    newest = after.runs[-1]
    assert newest.name == "cost of tfidf 1"
    assert newest.metrics["cost_median_ms"] == 2.5
    assert newest.tags["machine"] == "2 cores"


def test_a_measurement_that_is_stopped_keeps_what_is_done(desk):
    asked = []

    def measure(folder, cancelled):
        asked.append(folder.name)
        return COST if len(asked) == 1 else None

    desk.measure_cost = measure
    assert [label for label, _ in desk.measure(OWNER)] == ["electra 1"]
    assert desk.board().runs[-1].name == "cost of electra 1"


def test_one_measurement_at_a_time(desk):
    go_on = Event()

    def measure(folder, cancelled):
        go_on.wait(30)
        return

    desk.measure_cost = measure
    assert desk.measuring is None
    desk.start_measuring(OWNER)
    first = desk.measuring
    desk.start_measuring(OWNER)
    assert desk.measuring is first
    go_on.set()
    first.wait(30)
    assert first.result == []


def test_an_empty_tracker_without_exports_has_no_runs_and_a_champion(tmp_path, prepared):
    shutil.copytree(prepared / "models", tmp_path / "models")
    board = candidates(tmp_path).board()
    assert board.runs == ()
    assert board.champion.label == "electra 1"
    assert board.registry.versions[0].run_id == ""


def test_a_promotion_tag_written_by_hand_is_passed_over(desk):
    desk.board()
    with tracking.connect(desk.uri) as client:
        client.set_registered_model_tag("affectra-emotions", "affectra.promotion.x", "not json")
    assert len(desk.board().moves) == 1


@pytest.mark.parametrize("revision", ["ffffffffffff", "451aebb31d03"], ids=["unknown", "older"])
def test_a_store_of_another_mlflow_is_named(desk, revision):
    desk.board()
    path = desk.models_dir.parent / "mlflow.db"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
    connection.close()
    # Another name: MLflow looks at a file's schema once in a process.
    renamed = path.with_name(f"{revision}.db")
    path.rename(renamed)
    with pytest.raises(TrackingError, match=r"another version of MLflow than this one \(.*mlflow db upgrade"):
        candidates(desk.models_dir.parent, uri=f"sqlite:///{renamed}").board()


class Answer(BaseHTTPRequestHandler):
    """A server that is no MLflow of ours: it tells another version and knows nothing else."""

    def do_GET(self):
        found = self.path == "/version"
        self.send_response(200 if found else 404)
        self.end_headers()
        self.wfile.write(b"1.30.0" if found else b"{}")

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_):
        pass


@pytest.fixture
def server(request):
    server = ThreadingHTTPServer(("127.0.0.1", 0), getattr(request, "param", Answer))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_server_of_another_version_is_named(prepared, server):
    with pytest.raises(TrackingError, match=r'The server is MLflow "1\.30\.0", this program has'):
        candidates(prepared, uri=server).board()


class Silence(Answer):
    def do_GET(self):
        time.sleep(3)

    do_POST = do_GET  # noqa: N815


@pytest.mark.parametrize("server", [Silence], indirect=True)
def test_a_server_that_does_not_answer_in_time_is_named(prepared, server):
    slow = candidates(prepared, uri=server)
    slow.answer_seconds = 1
    with pytest.raises(TrackingError, match="takes the connection and does not answer within 1 seconds"):
        slow.board()


def test_a_server_that_is_down_is_named(prepared):
    with pytest.raises(TrackingError, match="No MLflow server answers"):
        candidates(prepared, uri="http://127.0.0.1:9").board()


@pytest.fixture(scope="module")
def mlflow_server(tmp_path_factory):
    """A real MLflow server, as a team would share one."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    store = [f"--backend-store-uri=sqlite:///{folder / 'server.db'}", f"--artifacts-destination={folder / 'artifacts'}"]
    process = subprocess.Popen(
        ["/root/venv/bin/python", "-m", "mlflow", "server", f"--port={port}", "--workers=1", *store],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    url = f"http://127.0.0.1:{port}"
    for _ in range(300):
        with suppress(OSError), urllib.request.urlopen(f"{url}/health", timeout=1):  # noqa: S310
            break
        time.sleep(0.2)
    yield url
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(20)


def test_a_server_is_read_promoted_on_and_never_written_by_looking(prepared, mlflow_server, tmp_path):
    shutil.copytree(prepared / "models", tmp_path / "models")
    shutil.copytree(prepared / "runs", tmp_path / "runs")
    desk = candidates(tmp_path, uri=mlflow_server)
    empty = desk.board()
    assert empty.runs == ()
    assert empty.registry.versions == []
    assert [one.label for one in empty.candidates] == ["electra 1", "tfidf 1"]
    with pytest.raises(InputError, match="runs import"):
        desk.promote(by_label(empty, "tfidf 1"), "no run of it is known there", OWNER)

    assert tracking.import_runs(tmp_path / "runs", mlflow_server) == 2
    board = desk.board(anew=True)
    electra, tfidf = board.trainings
    assert desk.duel(electra, tfidf).n == 300, "artefacts come over the wire"
    desk.promote(by_label(board, "tfidf 1"), "smaller", OWNER)
    after = desk.board()
    assert after.champion.label == "tfidf 1"
    assert after.last_move.why == "smaller"
    assert serving.read(desk.serving_file).champions[-1].label == "tfidf 1"
    assert candidates(tmp_path, uri=mlflow_server).board().champion.label == "tfidf 1"


def test_a_page_that_cannot_wait_sees_what_was_there_and_then_what_is(desk):
    desk.board()
    log_run(training(desk.models_dir / "tfidf_model", 0.5, 3, texts=False), desk.uri)
    fresh = candidates(desk.models_dir.parent)
    before = fresh.board(at_once=True)
    assert before.stale
    assert len(before.runs) == 2
    for _ in range(100):
        if not fresh.refreshing:
            break
        time.sleep(0.1)
    after = fresh.board(at_once=True)
    assert not after.stale
    assert len(after.runs) == 3


def test_a_stale_board_does_not_move_what_serves(desk):
    other = candidates(desk.models_dir.parent)
    target = by_label(other.board(), "tfidf 1")
    desk.board()
    desk.promote(target, "better", OWNER)
    assert not desk.board(at_once=True).stale, "what was changed here is never missing"
    assert other.board(at_once=True).stale
    assert serving.read(desk.serving_file).champions[-1].label == "tfidf 1"


def test_a_refresh_that_fails_is_said(desk):
    desk.board()
    path = desk.models_dir.parent / "mlflow.db"
    fresh = candidates(desk.models_dir.parent)
    path.write_bytes(b"no database any more" * 100)
    assert fresh.board(at_once=True).stale
    while fresh.refreshing:
        time.sleep(0.05)
    with pytest.raises(TrackingError, match="refused"):
        fresh.board(at_once=True)
