"""The settings: one frozen object, the only reader of the environment."""

import os
from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from core.errors import SettingsError

ROOT: Final = Path(__file__).resolve().parent.parent
"""The project's folder."""


class Settings(BaseSettings):
    """What a person may set, each as `AFFECTRA_<NAME>` in the environment.

    Attributes:
        database: the DuckDB file with predictions and feedback.
        models_dir: the folder of model folders.
        model: pins the model that serves: the name of a folder in `models_dir`, or a path. Unset, the champion serves,
            and `electra_model` before there is one.
        baseline: the model drawn beside it on request.
        threads: cores for inference; 0 takes all physical ones.
        actor: the name written beside what is recorded, while there is no sign-in.
        memory_limit: what DuckDB may use: a number and KB, MB, GB or TB.
        temp_dir: where DuckDB goes on when that is used up; beside the database, if unset.
        query_seconds: how long a query of a page may take before it is stopped.
        rules: the terms and rules of the context audit.
        inbox: the folder from which scored files are taken in.
        audits_dir: where audits leave their reports; beside the database, if unset.
        private: whether handles, e-mail addresses, phone numbers and links are masked before a text is kept.
        retain_days: predictions older than this are deleted when the store is opened; unset, none are.
        sample_tweets: the tweets a new store starts with.
        runs_dir: the exported runs that a new tracker starts with.
        max_upload_mb: the largest file the batch tab takes; the command line has no limit.
        goemotions_dir: the corpus, for training and evaluation (`GOEMOTIONS_DIR`).
        tracking_uri: MLflow's store (`MLFLOW_TRACKING_URI`).
    """

    model_config = SettingsConfigDict(env_prefix="AFFECTRA_", frozen=True, env_ignore_empty=True, populate_by_name=True)

    database: Path = ROOT / "data" / "runtime" / "affectra.duckdb"
    models_dir: Path = ROOT / "models"
    model: str | None = None
    baseline: str = "tfidf_model"
    threads: int = Field(default=0, ge=0)
    actor: str = "owner"
    memory_limit: str = Field(default="2GB", pattern=r"(?i)^\d+(\.\d+)?\s*[KMGT]i?B$")
    temp_dir: Path | None = None
    query_seconds: float = Field(default=20, gt=0)
    rules: Path = ROOT / "data" / "rules.toml"
    inbox: Path = ROOT / "data" / "inbox"
    audits_dir: Path | None = None
    private: bool = False
    retain_days: int | None = Field(default=None, gt=0)
    sample_tweets: Path = ROOT / "data" / "sample_tweets.csv"
    runs_dir: Path = ROOT / "data" / "runs"
    max_upload_mb: int = Field(default=200, gt=0)
    goemotions_dir: Path | None = Field(default=None, validation_alias="GOEMOTIONS_DIR")
    tracking_uri: str = Field(
        default=f"sqlite:///{ROOT / 'data' / 'runtime' / 'mlflow.db'}",
        validation_alias="MLFLOW_TRACKING_URI",
    )

    def model_folder(self, name: str) -> Path:
        """Return the folder of a model: a name is looked for in `models_dir`, what has a slash is a path of its own."""
        return Path(name).expanduser() if "/" in name or os.sep in name else self.models_dir / name

    @property
    def audits(self) -> Path:
        """Where audits leave their reports."""
        return self.audits_dir or self.database.parent / "audits"

    @property
    def serving_file(self) -> Path:
        """Where this machine remembers which models it was told to serve."""
        return self.database.parent / "serving.json"


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the process's settings, read once.

    Raises:
        SettingsError: a variable of the environment holds what cannot be used; the message names both.
    """
    try:
        return Settings()
    except ValidationError as error:
        problems = []
        for found in error.errors():
            name = str(found["loc"][0])
            variable = name if name.isupper() else f"AFFECTRA_{name.upper()}"
            problems.append(f"{variable} is {found['input']!r}: {found['msg']}")
        raise SettingsError(
            f"{'; '.join(problems)}. Set it to a value that fits (the README lists all), or unset it."
        ) from None
