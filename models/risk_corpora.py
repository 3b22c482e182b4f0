"""Corpora of risky texts, read from a folder that the user names (their texts are not part of this project).

* `davidson.csv.gz`: Davidson et al., "Automated Hate Speech Detection and the Problem of Offensive Language", ICWSM
  2017 (MIT). What its raters called "offensive" depends on the writer's dialect (Sap et al., ACL 2019), so that nothing
  but the share of raters that saw hate is learned from.
* `hatemoji_build.csv.gz`: Kirk et al., "Hatemoji", NAACL 2022 (CC BY 4.0): hate with emoji, and what looks like it.

Neither was asked about any risk but hate, and threats in the second; of the others nothing is known.
"""

import csv
import gzip
import hashlib
import io
from pathlib import Path

import numpy as np

from core.errors import DatasetError
from core.risks import RISK_INDEX, RISKS
from models.written import RiskTexts, Split

_HATE, _THREAT = RISK_INDEX["hate"], RISK_INDEX["threat"]
_HATEMOJI_SPLITS = {"train": "train", "dev": "validation"}


def load(folder: Path, split: Split) -> list[RiskTexts]:
    """Read the corpora; `dev` is Hatemoji's validation split alone, for Davidson's has none.

    Raises:
        DatasetError: a file is missing or not what it should be.
    """
    found = [_hatemoji(folder / "hatemoji_build.csv.gz", split)]
    return found if split == "dev" else [_davidson(folder / "davidson.csv.gz"), *found]


def _davidson(path: Path) -> RiskTexts:
    rows, md5 = _read(path)
    known, targets = _nothing_known(len(rows))
    known[:, _HATE] = True
    try:
        targets[:, _HATE] = [int(row["hate_speech"]) / int(row["count"]) for row in rows]
        return RiskTexts("davidson", [row["text"] for row in rows], targets, known, md5)
    except (KeyError, ValueError, ZeroDivisionError) as error:
        raise DatasetError(f"{path}: not Davidson's corpus ({error!r}). Take the unmodified file.") from error


def _hatemoji(path: Path, split: Split) -> RiskTexts:
    rows, md5 = _read(path)
    try:
        rows = [row for row in rows if row["split"] == _HATEMOJI_SPLITS[split]]
        known, targets = _nothing_known(len(rows))
        known[:, _HATE] = True
        targets[:, _HATE] = [row["label_gold"] == "1" for row in rows]
        targets[:, _THREAT] = known[:, _THREAT] = [row["type"] == "threateninglanguage" for row in rows]
        return RiskTexts("hatemoji", [row["text"] for row in rows], targets, known, md5)
    except KeyError as error:
        raise DatasetError(f"{path}: not HatemojiBuild ({error!r}). Take the unmodified file.") from error


def _nothing_known(n: int) -> tuple[np.ndarray, np.ndarray]:
    return np.zeros((n, len(RISKS)), dtype=np.bool_), np.zeros((n, len(RISKS)), dtype=np.float32)


def _read(path: Path) -> tuple[list[dict[str, str]], str]:
    try:
        content = gzip.decompress(path.read_bytes())
        rows = list(csv.DictReader(io.StringIO(content.decode("utf-8"), newline="")))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path} cannot be read ({error}). --risk names a folder that holds it.") from error
    return rows, hashlib.md5(content, usedforsecurity=False).hexdigest()
