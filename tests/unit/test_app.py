"""The composition root: what is made once, what is made again, and what goes on when a part fails."""

import os
from pathlib import Path
from typing import Any

import pytest

from core.app import App
from core.errors import InputError, ModelError, StoreError
from core.inference.classifier import Classifier, read_manifest
from core.inference.serving import Champion, remember
from core.settings import Settings
from core.store import Store
from tests.builders import make_app
from tests.fakes import WordRules, fake_classifier, fake_model_folder


def test_predicting_opens_no_store() -> None:
    app = make_app()
    assert app.predictor.predict("so happy").labels == ("joy",)
    with pytest.raises(StoreError):
        app.store()


def test_the_store_is_opened_once_and_every_use_case_has_it(tmp_path: Path) -> None:
    opened: list[Store] = []

    def open_store() -> Store:
        opened.append(Store(tmp_path / "a.duckdb"))
        return opened[-1]

    app = App(Settings(model="a/b"), load_model=lambda *_: fake_classifier(), open_store=open_store)
    app.intake.record(app.predictor.predict("so happy"), app.actor)
    assert app.explorer.stored() == 1
    assert len(opened) == 1
    app.close()
    app.close()


def test_a_store_that_cannot_be_opened_is_tried_again(tmp_path: Path) -> None:
    answers: list[Any] = [StoreError("held by another process"), Store(tmp_path / "a.duckdb")]

    def open_store() -> Store:
        answer = answers.pop(0)
        if isinstance(answer, StoreError):
            raise answer
        return answer  # type: ignore[no-any-return]

    app = App(Settings(model="a/b"), load_model=lambda *_: fake_classifier(), open_store=open_store)
    with pytest.raises(StoreError, match="held"):
        app.explorer  # noqa: B018
    assert app.explorer.stored() == 0


def models(folder: Path) -> list[str]:
    return [path.name for path in sorted(folder.iterdir())]


class Loader:
    """Loads a stand-in with the name and version of the manifest, and remembers what was asked for."""

    def __init__(self, *broken: str) -> None:
        self.broken = broken
        self.loaded: list[str] = []

    def __call__(self, folder: Path, _threads: int) -> Classifier:
        manifest = read_manifest(folder)
        if manifest.label in self.broken:
            raise ModelError(f"{manifest.label} is damaged.")
        self.loaded.append(manifest.label)
        return fake_classifier(manifest.name, version=manifest.version)


def test_a_model_is_loaded_once_and_again_where_its_files_have_changed(tmp_path: Path) -> None:
    folder = fake_model_folder(tmp_path / "electra_model", "electra", "1")
    loader = Loader()
    app = App(Settings(models_dir=tmp_path, database=tmp_path / "a.duckdb"), load_model=loader)
    assert app.predictor.classifier is app.predictor.classifier
    fake_model_folder(folder, "electra", "2")
    os.utime(folder / "manifest.json", ns=(1, 1))
    assert app.predictor.classifier.info.label == "electra 2"
    assert loader.loaded == ["electra 1", "electra 2"]


def test_where_the_champion_is_damaged_the_last_good_one_serves_and_it_is_said(tmp_path: Path) -> None:
    fake_model_folder(tmp_path / "electra_model", "electra", "1")
    champion = read_manifest(fake_model_folder(tmp_path / "tfidf_model", "tfidf", "1"))
    chosen = Settings(models_dir=tmp_path, database=tmp_path / "a.duckdb")
    remember(chosen.serving_file, Champion(model="tfidf", version="1", fingerprint=champion.fingerprint))
    assert App(chosen, load_model=Loader()).predictor.classifier.info.label == "tfidf 1"
    fallen = App(chosen, load_model=Loader("tfidf 1")).predictor
    assert fallen.classifier.info.label == "electra 1"
    assert fallen.notice == "tfidf 1 is damaged. Until then, electra 1 serves."
    with pytest.raises(ModelError, match="tfidf 1 is damaged"):
        App(chosen, load_model=Loader("tfidf 1", "electra 1")).predictor  # noqa: B018


def test_rules_that_fail_to_load_leave_the_last_good_ones_in_force(tmp_path: Path) -> None:
    path = tmp_path / "rules.toml"

    def read(path: Path) -> WordRules:
        if "[" in path.read_text(encoding="utf-8"):
            raise InputError("rules.toml, line 1: a stray bracket.")
        return WordRules(path.read_text(encoding="utf-8"))

    def write(text: str, at: int) -> None:
        path.write_text(text, encoding="utf-8")
        os.utime(path, ns=(at, at))

    app = App(Settings(model="a/b", rules=path), load_model=lambda *_: fake_classifier(), read_rules=read)
    write("one", 1)
    assert (app.predictor.rule_version, app.predictor.notice) == ("one", "")
    write("[", 2)
    for _ in range(2):
        assert app.predictor.rule_version == "one"
        assert app.predictor.notice == "rules.toml, line 1: a stray bracket. Until then, the rules of before go on."
        assert app.predictor.predict("damn").flags
    write("two", 3)
    assert (app.predictor.rule_version, app.predictor.notice) == ("two", "")


def test_without_rules_from_the_start_nothing_is_flagged_and_it_is_said(tmp_path: Path) -> None:
    app = App(Settings(model="a/b", rules=tmp_path / "none.toml"), load_model=lambda *_: fake_classifier())
    assert app.predictor.predict("damn").flags == ()
    assert "Until then, nothing is flagged." in app.predictor.notice
