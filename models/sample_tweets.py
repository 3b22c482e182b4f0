"""The project's own sample tweets as a split to measure on: tweets, not comments, with what their writer intended.

One person wrote each tweet and named its emotions; GoEmotions' labels are what several readers saw in a comment. So the
figures are no test score. They tell how far a model that learned from the one carries over to the other.
"""

import csv
import hashlib
from pathlib import Path

import numpy as np

from core.emotions import INDEX, LABELS
from core.errors import DatasetError
from models.goemotions import LabelledTexts


def load(path: Path) -> LabelledTexts:
    """Read the sample tweets (columns `text` and `emotions`, parted by `|`).

    Raises:
        DatasetError: the file is missing, or a row of it names no emotion or an unknown one.
    """
    try:
        content = path.read_bytes()
        rows = list(csv.DictReader(content.decode("utf-8").splitlines(keepends=True)))
        texts = [row["text"] for row in rows]
        named = [[INDEX[name] for name in row["emotions"].split("|")] for row in rows]
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: no sample tweets with their emotions ({error!r}). Restore the file.") from error
    targets = np.zeros((len(rows), len(LABELS)), dtype=np.bool_)
    for row, labels in enumerate(named):
        targets[row, labels] = True
    return LabelledTexts("sample", texts, targets, hashlib.md5(content, usedforsecurity=False).hexdigest())
