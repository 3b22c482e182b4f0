"""The loop, closed once with the shipped ELECTRA: thumb, correction, refit, candidate, promotion, another reading."""

import shutil
from pathlib import Path

import pytest

from core.access.actor import Actor, Reviewer
from core.app import App
from core.clock import utc_now
from core.emotions import LABELS
from core.explore.selection import Selection
from core.inference.classifier import load
from core.services.model_board import ModelBoard
from core.services.model_tracker import ModelTracker
from core.services.promotion import ModelPromotion
from core.services.review_desk import ReviewDesk
from core.settings import ROOT, Settings
from core.store import Store
from core.store.explorer import ExplorerQueries
from models import refit
from tests.fakes import COST

ANA = Reviewer(Actor("ana"), "w1")
TEXT = "so proud of my little brother, he did it!"
OTHERS = ("so proud of her", "proud moment for all of us", "we did it and I am so proud", "my proudest day", "proud!")


@pytest.mark.slow
@pytest.mark.usefixtures("one_thread")
def test_a_thumb_becomes_another_reading(tmp_path: Path, corpus: Path) -> None:
    shutil.copytree(ROOT / "models" / "electra_model", tmp_path / "models" / "electra_model")
    house = Settings(
        models_dir=tmp_path / "models",
        database=tmp_path / "data" / "affectra.duckdb",
        MLFLOW_TRACKING_URI=f"sqlite:///{tmp_path / 'mlflow.db'}",
    )
    store = Store(house.database)
    app = App(house, open_store=lambda: store)

    # A tester says that it is wrong, and what it should be.
    read = {text: app.predictor.predict(text) for text in (TEXT, *OTHERS)}
    for one in read.values():
        app.intake.record(one, Actor("tess"))
        app.feedback.give(one.id, "down", Actor("tess"), ("pride", "caring"))
    # A moderator says so, too.
    reviewing = ReviewDesk(store, lambda: app.predictor.classifier, lambda: "none")
    reviewing.refresh()
    waiting = reviewing.queue("feedback", Selection(), ANA, limit=10)
    assert {one.text for one in waiting} == {TEXT, *OTHERS}
    for one in waiting:
        reviewing.decide(reviewing.open(one.id, ANA), "correct", ANA, reviewing.new_act(), emotions=["pride", "caring"])
    labelled = reviewing.labelled()
    assert len(labelled.rows) == 6
    labelled.write(tmp_path / "set.parquet")
    parent = app.predictor.classifier.info.version
    # It becomes a candidate, which serves nobody yet.
    refit.refit(
        tmp_path / "set.parquet",
        ["thresholds"],
        data=corpus,
        house=house,
        seed=0,
        epochs=1,
        now=utc_now(),
        say=print,
        report=lambda _share, _what: None,
        work=tmp_path / "build",
        measure_cost=lambda _folder: COST,
    )
    assert app.predictor.classifier.info.version == parent
    # A person promotes it.
    tracker = ModelTracker(house.tracking_uri, house.models_dir, house.serving_file, None)
    board = ModelBoard(tracker, tmp_path / "runs").board()
    (candidate,) = (one for one in board.candidates if one.label != f"electra {parent}")
    ModelPromotion(tracker, load).promote(candidate, "it knows pride", Actor("ana"))
    again = app.predictor.predict(TEXT)
    assert again.model_version == candidate.label.split()[1] != parent
    assert set(again.labels) != set(read[TEXT].labels)
    # What was read before is as it was, and the tester sees what came of the thumbs.
    kept = ExplorerQueries(store).detail(read[TEXT].id)
    assert kept
    assert (kept.listed.model_version, kept.listed.labels) == (
        parent,
        tuple(sorted(read[TEXT].labels, key=LABELS.index)),
    )
    mine = app.feedback_insights.mine(Actor("tess"))
    assert (mine.thumbs, mine.reviewed) == (6, 6)
    store.close()
