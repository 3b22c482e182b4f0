from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core.access.actor import Actor
from core.errors import InputError, ModelError, TrackingError
from core.experiments import evidence
from core.inference import serving
from tests.fakes import fake_model_folder
from tests.unit.services.models import OWNER, by_label, desk_at


def test_promotion_moves_the_champion_and_says_who_when_and_why(desk):
    desk.promotion.promote(by_label(desk.board.board(), "tfidf 1"), "  small enough for the phone ", OWNER)
    board = desk.board.board()
    assert board.champion.label == "tfidf 1"
    move = board.moves[0]
    assert (move.by, move.why, move.came_from, move.to) == ("Ada", "small enough for the phone", "electra 1", "tfidf 1")
    assert abs(move.at - datetime(2026, 5, 1, 12)) < timedelta(minutes=1)
    assert serving.read(desk.tracker.serving_file).champions[-1].label == "tfidf 1"
    assert board.previous.label == "electra 1"
    desk.promotion.promote(board.previous, "it misses too much", OWNER)
    assert desk.board.board().champion.label == "electra 1"
    assert len(desk.board.board().moves) == 3


def test_a_promotion_is_not_undone_by_what_was_read_before_it(desk):
    target = by_label(desk.board.board(), "tfidf 1")
    other = desk_at(desk.tracker.models_dir.parent)
    stale = other.board.board()
    assert stale.champion.label == "electra 1"
    desk.promotion.promote(target, "better", OWNER)
    assert other.board.board().champion.label == "tfidf 1"
    assert serving.read(desk.tracker.serving_file).champions[-1].label == "tfidf 1"
    with pytest.raises(InputError, match="serves already"):
        other.promotion.promote(by_label(stale, "tfidf 1"), "the same again, from an old page", OWNER)


def test_whoever_decided_on_an_old_page_is_told(desk):
    seen = desk.board.board()
    fake_model_folder(desk.tracker.models_dir / "electra_model_v2", "electra", "2")
    desk.promotion.promote(by_label(desk.board.board(), "electra 2"), "newer", Actor("Ben"))
    with pytest.raises(InputError, match="Somebody was faster: electra 2 was promoted"):
        desk.promotion.promote(by_label(seen, "tfidf 1"), "smaller", OWNER, instead_of=seen.registry.champion)
    assert desk.board.board().champion.label == "electra 2"


def test_what_cannot_be_loaded_is_not_promoted(desk):
    def refuse(folder):
        raise ModelError(f"{folder.name} was trained for another normaliser.")

    desk.promotion.try_out = refuse
    with pytest.raises(ModelError, match="another normaliser"):
        desk.promotion.promote(by_label(desk.board.board(), "tfidf 1"), "hope", OWNER)
    assert desk.board.board().champion.label == "electra 1"


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_a_promotion_without_a_reason_is_refused(desk, reason):
    with pytest.raises(InputError, match="Say why"):
        desk.promotion.promote(by_label(desk.board.board(), "tfidf 1"), reason, OWNER)


def test_what_serves_is_not_promoted_again(desk):
    board = desk.board.board()
    with pytest.raises(InputError, match="serves already"):
        desk.promotion.promote(board.champion, "again", OWNER)


def test_a_pinned_model_stays(desk):
    desk.tracker.pinned = Path("models/x")
    with pytest.raises(InputError, match="AFFECTRA_MODEL pins"):
        desk.promotion.promote(by_label(desk.board.board(), "tfidf 1"), "why not", OWNER)


def test_a_damaged_artefact_is_named(desk):
    electra, tfidf = desk.board.board().trainings
    path = Path(electra.artefacts.removeprefix("file://")) / evidence.DECISIONS_FILE
    whole = path.read_bytes()
    try:
        path.write_bytes(b"\xff\xfe\x00")
        with pytest.raises(TrackingError, match=r"decisions_test\.csv cannot be read"):
            desk.board.compare_runs(electra, tfidf)
    finally:
        path.write_bytes(whole)
