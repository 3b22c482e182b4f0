from pathlib import Path

import pytest

from core.errors import ModelError
from core.inference import serving
from core.inference.classifier import read_manifest
from core.inference.serving import Champion, Choice, choices, installed, remember
from core.settings import Settings
from tests.fakes import fake_model_folder


@pytest.fixture
def models(tmp_path):
    for name, version in (("electra", "1"), ("electra", "2"), ("electra", "10"), ("tfidf", "1")):
        folder = "electra_model" if (name, version) == ("electra", "1") else f"{name}_model_v{version}"
        fake_model_folder(tmp_path / "models" / folder, name, version)
    return tmp_path / "models"


@pytest.fixture
def settings(tmp_path, models):
    return Settings(models_dir=models, database=tmp_path / "data" / "affectra.duckdb")


def champion(models: Path, folder: str) -> Champion:
    manifest = read_manifest(models / folder)
    return Champion(model=manifest.name, version=manifest.version, fingerprint=manifest.fingerprint)


def test_models_are_listed_by_name_and_version(models):
    (models / "broken_model").mkdir()
    (models / "broken_model" / "manifest.json").write_text("{", encoding="utf-8")
    assert [one.manifest.label for one in installed(models)] == ["electra 1", "electra 2", "electra 10", "tfidf 1"]
    assert installed(models / "nowhere") == []


def test_before_a_promotion_the_default_serves(settings, models):
    assert choices(settings) == [Choice(models / "electra_model")]


def test_the_champion_serves_and_those_before_it_stand_behind(settings, models):
    for folder in ("electra_model", "tfidf_model_v1", "electra_model_v2", "electra_model_v2"):
        remember(settings.serving_file, champion(models, folder))
    assert len(serving.read(settings.serving_file).champions) == 3
    assert [choice.folder.name for choice in choices(settings)] == [
        "electra_model_v2",
        "tfidf_model_v1",
        "electra_model",
    ]
    assert {choice.instead_of for choice in choices(settings)} == {""}


def test_a_champion_whose_files_are_gone_gives_way_and_is_named(settings, models):
    remember(settings.serving_file, champion(models, "tfidf_model_v1"))
    remember(settings.serving_file, champion(models, "electra_model_v2"))
    (models / "electra_model_v2" / "manifest.json").unlink()
    first, *_ = choices(settings)
    assert first.folder.name == "tfidf_model_v1"
    assert "electra 2 was promoted, but its files are not in" in first.instead_of


def test_a_model_of_the_same_name_and_other_files_is_another(settings, models):
    remember(settings.serving_file, champion(models, "electra_model_v2"))
    fake_model_folder(models / "electra_model_v2", "electra", "2", content=b"other weights")
    assert "electra 2 was promoted" in choices(settings)[0].instead_of


def test_a_pinned_model_has_none_behind_it(settings, models):
    remember(settings.serving_file, champion(models, "electra_model_v2"))
    pinned = settings.model_copy(update={"model": "tfidf_model_v1"})
    assert choices(pinned) == [Choice(models / "tfidf_model_v1")]


@pytest.mark.parametrize("content", ["", "{", '{"champions": 3}', "\x00\xff"])
def test_a_damaged_memory_is_none(settings, models, content):
    settings.serving_file.parent.mkdir(parents=True)
    settings.serving_file.write_text(content, encoding="utf-8")
    assert choices(settings) == [Choice(models / "electra_model")]
    remember(settings.serving_file, champion(models, "tfidf_model_v1"))
    assert choices(settings)[0].folder.name == "tfidf_model_v1"


def test_a_memory_that_cannot_be_written_is_named(tmp_path, models):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ModelError, match="cannot be written"):
        remember(tmp_path / "file" / "serving.json", champion(models, "electra_model"))
