from pathlib import Path

import pytest
from pydantic import ValidationError

from core.settings import Settings


def test_the_environment_sets_what_it_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AFFECTRA_THREADS", "1")
    monkeypatch.setenv("AFFECTRA_DATABASE", "/tmp/x.duckdb")  # noqa: S108
    monkeypatch.setenv("GOEMOTIONS_DIR", "/data/goemotions")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "")
    chosen = Settings()
    assert chosen.threads == 1
    assert chosen.database == Path("/tmp/x.duckdb")  # noqa: S108
    assert chosen.goemotions_dir == Path("/data/goemotions")
    assert chosen.tracking_uri.startswith("sqlite:///")


def test_settings_are_frozen_and_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError):
        Settings().threads = 2  # type: ignore[misc]
    monkeypatch.setenv("AFFECTRA_THREADS", "-1")
    with pytest.raises(ValidationError, match="threads"):
        Settings()


def test_a_model_is_a_name_or_a_path(tmp_path: Path) -> None:
    chosen = Settings(models_dir=Path("/models"))
    assert chosen.model_folder("electra_model") == Path("/models/electra_model")
    assert chosen.model_folder(str(tmp_path)) == tmp_path
