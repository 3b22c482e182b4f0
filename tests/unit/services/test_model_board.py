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
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import numpy as np
import pytest

from core.emotions import LABELS
from core.errors import InputError, ModelError, TrackingError
from core.experiments import tracking
from core.experiments.tracking import log_run
from core.inference import serving
from tests.fakes import fake_model_folder
from tests.unit.services.models import OWNER, by_label, desk_at, training


def test_a_new_tracker_holds_the_exported_runs_the_models_and_a_champion(desk):
    board = desk.board.board()
    assert [run.name for run in board.trainings] == ["electra 1", "tfidf 1"]
    assert [(one.label, one.champion, one.folder) for one in board.candidates] == [
        ("electra 1", True, "electra_model"),
        ("tfidf 1", False, "tfidf_model"),
    ]
    electra = board.registry.versions[0]
    assert electra.facts["trained_at"] == "2026-05-01T12:00:00+00:00"
    assert electra.run_id == board.trainings[0].id, "a version leads to the run that made it"
    assert [(move.to, move.by) for move in board.moves] == [("electra 1", "affectra")]
    assert serving.read(desk.tracker.serving_file).champions[-1].label == "electra 1"
    assert board.warnings == ()
    assert board.previous is None


def test_taking_in_happens_once(desk):
    desk.board.board()
    again = desk_at(desk.tracker.models_dir.parent).board.board(again=True)
    assert len(again.runs) == 2
    assert len(again.registry.versions) == 2
    assert len(again.moves) == 1


def test_what_did_not_change_is_read_without_mlflow(desk, monkeypatch):
    board = desk.board.board()
    fresh = desk_at(desk.tracker.models_dir.parent)
    monkeypatch.setitem(sys.modules, "mlflow", None)  # importing it fails from here on
    assert fresh.board.board() == board
    assert fresh.board.board() == board
    # A run that somebody else logs is seen at once: the file has changed.
    with sqlite3.connect(desk.tracker.models_dir.parent / "mlflow.db") as connection:
        connection.execute("UPDATE runs SET name = 'renamed' WHERE name = 'tfidf 1'")
    connection.close()
    with pytest.raises(TrackingError, match="package mlflow is not installed"):
        fresh.board.board()
    monkeypatch.undo()
    assert "renamed" in [run.name for run in fresh.board.board().runs]


def test_a_champion_chosen_in_mlflow_itself_is_followed(desk):
    board = desk.board.board()
    with tracking.connect(desk.tracker.uri) as client:
        client.set_registered_model_alias("affectra-emotions", "champion", str(by_label(board, "tfidf 1").number))
    followed = desk.board.board()
    assert followed.champion.label == "tfidf 1"
    assert followed.last_move is None, "nobody said who, when and why"
    assert serving.read(desk.tracker.serving_file).champions[-1].label == "tfidf 1"


def test_a_champion_that_is_not_ours_is_named(desk):
    desk.board.board()
    with tracking.connect(desk.tracker.uri) as client:
        made = client.create_model_version("affectra-emotions", "s3://elsewhere/model")
        client.set_registered_model_alias("affectra-emotions", "champion", made.version)
    board = desk.board.board()
    assert "which Affectra did not register" in board.warnings[0]
    assert board.champion is None
    assert serving.read(desk.tracker.serving_file).champions[-1].label == "electra 1", "what served goes on serving"


def test_what_is_logged_while_it_reads_is_seen_next_time(desk, monkeypatch):
    """A write between the reading and the keeping must not be taken for read."""
    run = training(desk.tracker.models_dir / "tfidf_model", 0.5, 3, texts=False)
    read = tracking.read_registry

    def read_and_be_overtaken(client):
        found = read(client)
        log_run(run, desk.tracker.uri)
        return found

    monkeypatch.setattr(tracking, "read_registry", read_and_be_overtaken)
    before = len(desk.board.board().runs)
    monkeypatch.undo()
    assert len(desk.board.board().runs) > before


def test_tags_edited_by_hand_are_no_numbers(desk):
    desk.board.board()
    with tracking.connect(desk.tracker.uri) as client:
        for name in ("test_emotion_macro_f1", "bytes"):
            client.set_model_version_tag("affectra-emotions", "1", f"affectra.{name}", "about half")
        client.set_registered_model_tag(
            "affectra-emotions",
            "affectra.promotion.y",
            '{"at": "2026-05-01T12:00:00", "by": "", "why": "", "came_from": 0, "to": 1}',
        )
    board = desk.board.board()
    assert np.isnan(by_label(board, "electra 1").macro_f1)
    assert len(board.moves) == 1, "a moment without a zone is none"


@pytest.mark.parametrize(("damage", "said"), [("gone", "is missing"), ("cut", "bytes"), ("folder", "are not in")])
def test_what_cannot_serve_is_not_promoted(desk, damage, said):
    target = by_label(desk.board.board(), "tfidf 1")
    folder = desk.tracker.models_dir / "tfidf_model"
    if damage == "gone":
        (folder / "model.bin").unlink()
    elif damage == "cut":
        (folder / "model.bin").write_bytes(b"x")
    else:
        shutil.rmtree(folder)
    with pytest.raises((ModelError, InputError), match=said):
        desk.promotion.promote(target, "hope", OWNER)
    assert desk.board.board().champion.label == "electra 1"


def test_a_version_whose_files_are_gone_is_listed_and_has_no_folder(desk):
    desk.promotion.promote(by_label(desk.board.board(), "tfidf 1"), "for a moment", OWNER)
    shutil.rmtree(desk.tracker.models_dir / "tfidf_model")
    gone = by_label(desk.board.board(), "tfidf 1")
    assert gone.champion
    assert gone.folder is None


def test_a_model_trained_later_is_registered(desk):
    desk.board.board()
    fake_model_folder(desk.tracker.models_dir / "electra_model_v2", "electra", "2")
    newer = by_label(desk.board.board(), "electra 2")
    assert newer.number == 3
    assert not newer.champion


def test_an_edited_export_is_named_and_the_rest_goes_on(desk):
    board = desk.board.board()
    (path,) = desk.board.runs_dir.glob("tfidf*.json")
    path.write_text(path.read_text(encoding="utf-8").replace("0.6,", "0.9,"), encoding="utf-8")
    again = desk.board.board()
    (warning,) = again.warnings
    assert path.name in warning
    assert "its checksum does not fit" in warning
    assert again.runs == board.runs


def test_two_runs_are_compared_text_by_text(desk):
    electra, tfidf = desk.board.board().trainings
    found = desk.board.compare_runs(electra, tfidf)
    assert found.n == 300
    assert found.sentence("emotion").startswith("electra 1 is better than tfidf 1")
    left = desk.board.evidence(electra)
    assert left.labels is None
    assert set(left.curves["label"]) >= set(LABELS)


def test_a_run_that_left_nothing_cannot_be_compared(desk):
    desk.board.board()
    log_run(training(desk.tracker.models_dir / "tfidf_model", 0.5, 3, texts=False), desk.tracker.uri)
    electra, _, bare = desk.board.board().trainings
    with pytest.raises(InputError, match=r"left no decisions on test.*evaluate tfidf --log"):
        desk.board.compare_runs(electra, bare)


def test_an_empty_tracker_without_exports_has_no_runs_and_a_champion(tmp_path, prepared):
    shutil.copytree(prepared / "models", tmp_path / "models")
    board = desk_at(tmp_path).board.board()
    assert board.runs == ()
    assert board.champion.label == "electra 1"
    assert board.registry.versions[0].run_id == ""


def test_a_promotion_tag_written_by_hand_is_passed_over(desk):
    desk.board.board()
    with tracking.connect(desk.tracker.uri) as client:
        client.set_registered_model_tag("affectra-emotions", "affectra.promotion.x", "not json")
    assert len(desk.board.board().moves) == 1


@pytest.mark.parametrize("revision", ["ffffffffffff", "451aebb31d03"], ids=["unknown", "older"])
def test_a_store_of_another_mlflow_is_named(desk, revision):
    desk.board.board()
    path = desk.tracker.models_dir.parent / "mlflow.db"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = ?", [revision])
    connection.close()
    # Another name: MLflow looks at a file's schema once in a process.
    renamed = path.with_name(f"{revision}.db")
    path.rename(renamed)
    with pytest.raises(TrackingError, match=r"another version of MLflow than this one \(.*mlflow db upgrade"):
        desk_at(desk.tracker.models_dir.parent, uri=f"sqlite:///{renamed}").board.board()


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
        desk_at(prepared, uri=server).board.board()


class Silence(Answer):
    def do_GET(self):
        time.sleep(3)

    do_POST = do_GET  # noqa: N815


@pytest.mark.parametrize("server", [Silence], indirect=True)
def test_a_server_that_does_not_answer_in_time_is_named(prepared, server):
    slow = desk_at(prepared, uri=server)
    slow.tracker.answer_seconds = 1
    with pytest.raises(TrackingError, match="takes the connection and does not answer within 1 seconds"):
        slow.board.board()


def test_a_server_that_is_down_is_named(prepared):
    with pytest.raises(TrackingError, match="No MLflow server answers"):
        desk_at(prepared, uri="http://127.0.0.1:9").board.board()


@pytest.fixture(scope="module")
def mlflow_server(tmp_path_factory):
    """A real MLflow server, as a team would share one."""
    folder = tmp_path_factory.mktemp("server")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    store = [f"--backend-store-uri=sqlite:///{folder / 'server.db'}", f"--artifacts-destination={folder / 'artifacts'}"]
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", f"--port={port}", "--workers=1", *store],
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


@pytest.mark.slow
def test_a_server_is_read_promoted_on_and_never_written_by_looking(prepared, mlflow_server, tmp_path):
    shutil.copytree(prepared / "models", tmp_path / "models")
    shutil.copytree(prepared / "runs", tmp_path / "runs")
    desk = desk_at(tmp_path, uri=mlflow_server)
    empty = desk.board.board()
    assert empty.runs == ()
    assert empty.registry.versions == []
    assert [one.label for one in empty.candidates] == ["electra 1", "tfidf 1"]
    with pytest.raises(InputError, match="runs import"):
        desk.promotion.promote(by_label(empty, "tfidf 1"), "no run of it is known there", OWNER)

    assert tracking.import_runs(tmp_path / "runs", mlflow_server) == 2
    board = desk.board.board(again=True)
    electra, tfidf = board.trainings
    assert desk.board.compare_runs(electra, tfidf).n == 300, "artefacts come over the wire"
    desk.promotion.promote(by_label(board, "tfidf 1"), "smaller", OWNER)
    after = desk.board.board()
    assert after.champion.label == "tfidf 1"
    assert after.last_move.why == "smaller"
    assert serving.read(desk.tracker.serving_file).champions[-1].label == "tfidf 1"
    assert desk_at(tmp_path, uri=mlflow_server).board.board().champion.label == "tfidf 1"


def test_a_page_that_cannot_wait_sees_what_was_there_and_then_what_is(desk):
    desk.board.board()
    log_run(training(desk.tracker.models_dir / "tfidf_model", 0.5, 3, texts=False), desk.tracker.uri)
    fresh = desk_at(desk.tracker.models_dir.parent)
    before = fresh.board.board(at_once=True)
    assert before.stale
    assert len(before.runs) == 2
    for _ in range(100):
        if not fresh.board.refreshing:
            break
        time.sleep(0.1)
    after = fresh.board.board(at_once=True)
    assert not after.stale
    assert len(after.runs) == 3


def test_a_stale_board_does_not_move_what_serves(desk):
    other = desk_at(desk.tracker.models_dir.parent)
    target = by_label(other.board.board(), "tfidf 1")
    desk.board.board()
    desk.promotion.promote(target, "better", OWNER)
    assert not desk.board.board(at_once=True).stale, "what was changed here is never missing"
    assert other.board.board(at_once=True).stale
    assert serving.read(desk.tracker.serving_file).champions[-1].label == "tfidf 1"


def test_a_refresh_that_fails_is_said(desk):
    desk.board.board()
    path = desk.tracker.models_dir.parent / "mlflow.db"
    fresh = desk_at(desk.tracker.models_dir.parent)
    path.write_bytes(b"no database any more" * 100)
    assert fresh.board.board(at_once=True).stale
    while fresh.board.refreshing:
        time.sleep(0.05)
    with pytest.raises(TrackingError, match="refused"):
        fresh.board.board(at_once=True)
