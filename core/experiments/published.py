"""Results of others, kept apart from what was measured here: read from `data/published.toml`."""

import tomllib
from pathlib import Path
from typing import Final

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import InputError
from core.settings import ROOT

FILE: Final = ROOT / "data" / "published.toml"


class Result(BaseModel):
    """A published result on GoEmotions' test split.

    Attributes:
        emotion, ekman, sentiment: macro-F1 at that level, 0..1, None where none was published.
        mb: size of the weights, in 10^6 bytes.
        threshold: how it was chosen; it matters more than the architecture.
        source, url: where the figures are from.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    model: str
    family: str
    emotion: float | None = Field(default=None, ge=0, le=1)
    ekman: float | None = Field(default=None, ge=0, le=1)
    sentiment: float | None = Field(default=None, ge=0, le=1)
    mb: float | None = Field(default=None, gt=0)
    threshold: str
    source: str
    url: str = Field(pattern="^https://")


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    result: list[Result]


def read(path: Path = FILE) -> pd.DataFrame:
    """Return one row a result, columns as the fields of `Result`.

    Raises:
        InputError: the file is missing or damaged; the message names what is wrong.
    """
    try:
        found = _File.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:  # TOML's and pydantic's errors are ValueErrors
        said = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
        raise InputError(f"{path}: no published results to show ({said}). Restore it from the repository.") from error
    return pd.DataFrame([one.model_dump() for one in found.result])
