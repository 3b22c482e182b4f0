import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest

from core.access.actor import Actor
from core.app import App
from core.emotions import Scores
from core.errors import ModelError, StoreError
from core.explore.selection import Selection
from core.inference.classifier import Classifier
from core.maintenance.inbox import Inbox, inbox_path, open_inbox_writer
from core.maintenance.worker import Maintenance
from core.rules.flags import Flag
from core.services.intake import Intake
from core.services.review_desk import ReviewDesk
from core.store import Store
from core.store.explorer import ExplorerQueries
from tests.builders import make_app
from tests.fakes import WordRules, ticking

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)


def app_over(store: Store, rules: WordRules | None = None) -> App:
    return make_app(store, rules=rules, now=ticking(NOW))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "a.duckdb")


def leave(folder: Path, app: App, *texts: str) -> Path:
    with open_inbox_writer(inbox_path(folder, Path("some tweets.csv"))) as writer:
        app.scorer.write_scored(writer, app.predictor.predict_batch(list(texts)), 0, NOW, [None] * len(texts))
    return writer.path


def done(maintenance: Maintenance) -> Maintenance:
    assert maintenance.poke()
    assert maintenance.job is not None
    maintenance.job.wait(30)
    assert maintenance.job.error is None
    return maintenance


def test_what_lies_in_the_inbox_is_taken_in_once(tmp_path: Path, store: Store) -> None:
    app = app_over(store)
    maintenance = Maintenance(lambda: app.intake, Inbox(tmp_path / "inbox"))
    assert not maintenance.poke(), "nothing to do"
    leave(tmp_path / "inbox", app, "I love it", "a knife, I hate you")
    (tmp_path / "inbox" / "broken.parquet").write_bytes(b"no parquet")
    done(maintenance)
    assert maintenance.job is not None
    assert maintenance.job.result is not None
    assert [(one.rows, bool(one.problem)) for one in maintenance.job.result] == [(2, False), (0, True)]
    assert store.count() == 2
    assert not maintenance.poke()
    assert [one.name for one in maintenance.inbox.aside()] == ["broken.parquet"]


def test_an_audit_in_the_inbox_keeps_its_id(tmp_path: Path, store: Store) -> None:
    app, audit = app_over(store), UUID("0190a000-0000-7000-8000-000000000001")
    path = leave(tmp_path / "inbox", app, "I love it")
    twin = tmp_path / "kept.parquet"
    shutil.copy(path, twin)
    path.rename(path.with_name(f"audit-{audit}.parquet"))
    done(Maintenance(lambda: app.intake, Inbox(tmp_path / "inbox")))
    assert [row.source for row in ExplorerQueries(store).page(Selection(batch=audit), "newest", 5)] == ["audit"]
    assert app.intake.take_in(twin, audit, "again", Actor("ana"), "audit") == 0


class NoRules(WordRules):
    """Flags nothing."""

    def judge_all(self, texts: Sequence[str], scores: Scores) -> list[tuple[Flag, ...]]:
        return [()] * len(texts)


def test_new_rules_judge_what_old_ones_have_judged(tmp_path: Path, store: Store) -> None:
    old = app_over(store, NoRules("rules1"))
    for text in ("a knife, I hate you", "damn", "so happy"):
        old.intake.record(old.predictor.predict(text), Actor("ana"))
    assert ExplorerQueries(store).totals(Selection()).flagged == 0
    new = app_over(store, WordRules("rules2"))
    done(Maintenance(lambda: new.intake, Inbox(tmp_path / "inbox")))
    assert ExplorerQueries(store).totals(Selection()).flagged == 2
    (urgent,) = ExplorerQueries(store).page(Selection(severities=("urgent",)), "newest", 5)
    assert (urgent.categories, urgent.rule_version) == (("threat",), "rules2")
    found = ExplorerQueries(store).detail(urgent.id)
    assert found is not None
    assert found.listed.text[found.flags[0].start : found.flags[0].stop] == "knife"
    assert new.intake.count_to_judge() == 0


def test_margins_of_other_thresholds_are_not_made_up(store: Store) -> None:
    app = app_over(store)
    app.intake.record(app.predictor.predict("I love it"), Actor("ana"))
    with store.transaction() as cursor:
        cursor.execute("UPDATE predictions SET margin = NULL, rule_version = NULL")
    assert app.intake.judge_again() == 1
    assert ExplorerQueries(store).page(Selection(), "newest", 1)[0].margin == pytest.approx(0.4)
    with store.transaction() as cursor:
        cursor.execute("UPDATE predictions SET margin = NULL, rule_version = NULL, threshold_version = 'other'")
    assert app.intake.judge_again() == 1
    assert ExplorerQueries(store).page(Selection(), "newest", 1)[0].margin is None


def test_what_is_too_old_is_forgotten_now_and_then(tmp_path: Path, store: Store) -> None:
    app = app_over(store)
    app.intake.record(app.predictor.predict("I love it"), Actor("ana"))
    moments = iter([NOW, NOW, NOW, NOW + timedelta(hours=1), NOW + timedelta(hours=7), NOW + timedelta(hours=7)])
    late = make_app(store, now=lambda: NOW + timedelta(days=40))
    maintenance = Maintenance(
        lambda: late.intake, Inbox(tmp_path / "inbox"), 30, now=lambda: next(moments, NOW + timedelta(hours=8))
    )
    done(maintenance)
    assert store.count() == 0
    assert not maintenance.poke(), "not again within the hour"


def test_the_counterfactual_is_the_text_without_the_span(store: Store) -> None:
    app = app_over(store)
    read = app.predictor.predict("damn I love you")
    (flag,) = read.flags
    assert app.predictor.counterfactual("damn I love you", flag)[0] == pytest.approx(read.scores[0])
    alone = app.predictor.predict("damn")
    assert np.isnan(app.predictor.counterfactual("damn", alone.flags[0])).all()


class FullIntake(Intake):
    """Over a disk that is full."""

    def take_in(self, *args: object, **more: object) -> int:  # type: ignore[override]
        raise StoreError("the disk is full")


def test_after_a_problem_it_rests_and_says_so_and_the_rest_goes_on(tmp_path: Path, store: Store) -> None:
    first = app_over(store)
    first.intake.record(first.predictor.predict("damn"), Actor("ana"))
    leave(tmp_path / "inbox", first, "I love it")
    app, clock = app_over(store, WordRules("rules2")), [NOW]
    full = FullIntake(app.predictor, lambda: store)
    maintenance = Maintenance(lambda: full, Inbox(tmp_path / "inbox"), now=lambda: clock[0])
    assert maintenance.poke()
    assert maintenance.job is not None
    maintenance.job.wait(30)
    assert maintenance.problems == ["the disk is full"]
    assert full.count_to_judge() == 0, "what is stored does not wait for the file"
    assert not maintenance.poke()
    assert maintenance.problems == ["the disk is full"]
    clock[0] += timedelta(minutes=2)
    assert maintenance.poke(), "it is tried again"
    maintenance.job.wait(30)


def test_a_name_that_only_looks_like_an_audits_is_a_file_like_others(tmp_path: Path, store: Store) -> None:
    app = app_over(store)
    path = leave(tmp_path / "inbox", app, "I love it")
    path.rename(path.with_name(f"audit-{'-' * 36}.parquet"))
    done(Maintenance(lambda: app.intake, Inbox(tmp_path / "inbox")))
    assert [row.source for row in ExplorerQueries(store).page(Selection(), "newest", 5)] == ["batch"]


def test_samples_do_not_come_back_into_a_store_that_was_emptied(tmp_path: Path, store: Store) -> None:
    samples = tmp_path / "samples.csv"
    samples.write_text("text\nI love it\n", encoding="utf-8")
    app = app_over(store)
    assert app.intake.add_samples(store, samples) == 1
    store.forget_before(NOW + timedelta(days=1))
    assert store.count() == 0
    assert app.intake.add_samples(store, samples) == 0


def test_which_texts_are_twins_is_found_out_beside_the_pages(tmp_path: Path, store: Store) -> None:
    app = app_over(store)

    def no_baseline() -> Classifier:
        raise ModelError("There is no baseline.")

    def no_label() -> str:
        raise ModelError("There is no baseline.")

    desk = ReviewDesk(store, no_baseline, no_label)
    maintenance = Maintenance(lambda: app.intake, Inbox(tmp_path / "inbox"), review_desk=lambda: desk)
    leave(tmp_path / "inbox", app, "@ana so happy", "@bob so happy", "so sad")
    done(maintenance)
    assert desk.without_twin() == 0
    with store.reading() as cursor:
        assert cursor.execute("SELECT count(DISTINCT twin) FROM predictions").fetchone() == (2,)
    assert not maintenance.poke(), "nothing more to do"
