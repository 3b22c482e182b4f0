"""The texts written for this project to learn from, in `data/training`; their dev split no training sees."""

import csv
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.emotions import INDEX, LABELS
from core.errors import DatasetError
from core.risks import RISK_INDEX, RISKS
from core.settings import ROOT
from models.goemotions import LabelledTexts

FOLDER: Final = ROOT / "data" / "training"
Split = Literal["train", "dev"]


@dataclass(frozen=True)
class RiskTexts:
    """Texts and what is known of their risks.

    Attributes:
        raw: as they were written.
        targets: float32 [n_texts, 10] in 0..1, the share of those who said so where more than one was asked.
        known: bool [n_texts, 10], False where nobody was asked about a risk.
        md5: checksum of the file.
    """

    name: str
    raw: list[str]
    targets: NDArray[np.float32]
    known: NDArray[np.bool_]
    md5: str

    def __len__(self) -> int:
        return len(self.raw)


def tweets(split: Split, folder: Path = FOLDER) -> LabelledTexts:
    """Read one split of `tweets.csv`: tweets and the emotions their writer intended.

    Raises:
        DatasetError: the file is missing, or names an emotion that is none.
    """
    rows, md5 = _rows(folder / "tweets.csv", split)
    targets = _targets(folder / "tweets.csv", [row["emotions"] for row in rows], INDEX, len(LABELS))
    return LabelledTexts(f"tweets_{split}", [row["text"] for row in rows], targets, md5)


def risky(split: Split, folder: Path = FOLDER) -> RiskTexts:
    """Read one split of `risk.csv`: risky texts and innocent ones.

    Raises:
        DatasetError: the file is missing, or names a category that is none.
    """
    rows, md5 = _rows(folder / "risk.csv", split)
    targets = _targets(folder / "risk.csv", [row["category"] for row in rows], RISK_INDEX, len(RISKS))
    known = np.ones_like(targets)
    return RiskTexts(f"risk_{split}", [row["text"] for row in rows], targets.astype(np.float32), known, md5)


def _rows(path: Path, split: Split) -> tuple[list[dict[str, str]], str]:
    try:
        content = path.read_bytes()
        rows = list(csv.DictReader(content.decode("utf-8").splitlines(keepends=True), strict=True))
        chosen = [row for row in rows if row["split"] == split]
    except (OSError, KeyError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: no texts to learn from ({error!r}). Restore the file.") from error
    return chosen, hashlib.md5(content, usedforsecurity=False).hexdigest()


def _targets(path: Path, named: list[str], index: dict[str, int], width: int) -> NDArray[np.bool_]:
    targets = np.zeros((len(named), width), dtype=np.bool_)
    for row, labels in enumerate(named):
        try:
            targets[row, [index[label] for label in labels.split(";") if label]] = True
        except KeyError as error:
            raise DatasetError(f"{path}: {error} is not one of {', '.join(index)}. Restore the file.") from error
    return targets
