"""What is known of a run once it is read back: a value that pages and tables use, without MLflow."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from pydantic import BaseModel, ConfigDict

MODEL_TAG: Final = "model"
VERSION_TAG: Final = "model_version"
FINGERPRINT_TAG: Final = "fingerprint"
"""By these three a run and the model folder that it made find each other."""
KIND_TAG: Final = "affectra.kind"
COST: Final = "cost"
"""The kind of a run that only measured a model's speed; training runs have none."""


class RunFacts(BaseModel):
    """A finished run without its files.

    Attributes:
        origin: its id where it was made; the same as `id` if that was here.
        metrics: the last value of each.
        artefacts: where its files lie, as MLflow names it.
    """

    model_config = ConfigDict(frozen=True, ser_json_inf_nan="constants")
    id: str
    origin: str
    name: str
    started_at: datetime
    params: dict[str, str]
    tags: dict[str, str]
    metrics: dict[str, float]
    artefacts: str

    @property
    def trained(self) -> bool:
        """Whether it trained a model, and did not only measure a speed."""
        return self.tags.get(KIND_TAG) != COST

    @property
    def model(self) -> str:
        """The model's name, empty if the run does not say."""
        return self.tags.get(MODEL_TAG, "")

    @property
    def version(self) -> str:
        """The model's version, empty if the run does not say."""
        return self.tags.get(VERSION_TAG, "")

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the model's files, empty if the run does not say."""
        return self.tags.get(FINGERPRINT_TAG, "")

    @property
    def family(self) -> str:
        """The architecture, as people call it."""
        return self.tags.get("family", "unknown")

    @property
    def base(self) -> str:
        """The pre-trained weights it started from."""
        return self.tags.get("base", "unknown")


def trainings(runs: Sequence[RunFacts]) -> list[RunFacts]:
    """Return the runs that trained a model, not those that only measured a speed."""
    return [run for run in runs if run.trained]


def positive(value: float) -> float:
    """Take what nothing here can be for unknown; MLflow keeps an infinite metric as the largest number there is."""
    return value if 0 < value < 1e15 else math.nan


def share(value: float) -> float:
    """Return a share, 0..1; NaN for a value that is none."""
    return value if 0 <= value <= 1 else math.nan
