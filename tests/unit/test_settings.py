from pathlib import Path

import pytest
from pydantic import ValidationError

from core.errors import SettingsError
from core.settings import Settings, settings


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


@pytest.mark.parametrize(
    ("variable", "value"),
    [("AFFECTRA_THREADS", "-1"), ("AFFECTRA_THREADS", "two"), ("AFFECTRA_MEMORY_LIMIT", "lots")],
)
def test_a_bad_setting_is_named_with_its_value(monkeypatch: pytest.MonkeyPatch, variable: str, value: str) -> None:
    monkeypatch.setenv(variable, value)
    settings.cache_clear()
    with pytest.raises(SettingsError, match=f"{variable} is '{value}': .*unset it"):
        settings()
    monkeypatch.delenv(variable)
    assert settings().threads == 0, "a mended setting counts at once"
    settings.cache_clear()


def test_a_model_is_a_name_or_a_path(tmp_path: Path) -> None:
    chosen = Settings(models_dir=Path("/models"))
    assert chosen.model_folder("electra_model") == Path("/models/electra_model")
    assert chosen.model_folder(str(tmp_path)) == tmp_path
    assert chosen.model_folder("./mine") == Path("mine")
    assert chosen.model_folder("somewhere/mine") == Path("somewhere/mine")
