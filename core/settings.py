"""The settings: one frozen object, the only reader of the environment."""

from functools import lru_cache
from pathlib import Path
from typing import Final

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT: Final = Path(__file__).resolve().parent.parent
"""The project's folder."""


class Settings(BaseSettings):
    """What a person may set, each as `AFFECTRA_<NAME>` in the environment.

    Attributes:
        database: the DuckDB file with predictions and feedback.
        models_dir: the folder of model folders.
        model: the model that serves: the name of a folder in `models_dir`, or a path.
        baseline: the model drawn beside it on request.
        threads: cores for inference; 0 takes all physical ones.
        actor: the name written beside what is recorded, while there is no sign-in.
        memory_limit: what DuckDB may use, as DuckDB writes sizes.
        sample_tweets: the tweets a new store starts with.
        max_upload_mb: the largest file the batch tab takes; the command line has no limit.
        goemotions_dir: the corpus, for training and evaluation (`GOEMOTIONS_DIR`).
        tracking_uri: MLflow's store (`MLFLOW_TRACKING_URI`).
    """

    model_config = SettingsConfigDict(env_prefix="AFFECTRA_", frozen=True, env_ignore_empty=True, populate_by_name=True)

    database: Path = ROOT / "data" / "runtime" / "affectra.duckdb"
    models_dir: Path = ROOT / "models"
    model: str = "electra_model"
    baseline: str = "tfidf_model"
    threads: int = Field(default=0, ge=0)
    actor: str = "owner"
    memory_limit: str = "2GB"
    sample_tweets: Path = ROOT / "data" / "sample_tweets.csv"
    max_upload_mb: int = Field(default=200, gt=0)
    goemotions_dir: Path | None = Field(default=None, validation_alias=AliasChoices("goemotions_dir", "GOEMOTIONS_DIR"))
    tracking_uri: str = Field(
        default=f"sqlite:///{ROOT / 'data' / 'runtime' / 'mlflow.db'}",
        validation_alias=AliasChoices("tracking_uri", "MLFLOW_TRACKING_URI"),
    )

    def model_folder(self, name: str) -> Path:
        """Return the folder of a model: a name is looked for in `models_dir`, a path is taken as it is."""
        return self.models_dir / name


@lru_cache(maxsize=1)
def settings() -> Settings:
    """Return the process's settings, read once."""
    return Settings()
