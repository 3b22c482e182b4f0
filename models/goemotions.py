"""The GoEmotions corpus, read from a folder that the user names (its texts are not part of this project).

Demszky et al., "GoEmotions: A Dataset of Fine-Grained Emotions", ACL 2020 (CC BY 4.0): 58,009 Reddit comments, of
which the 54,263 with agreement between raters are split into train, dev and test.
"""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.emotions import LABELS
from core.errors import DatasetError
from core.settings import settings
from core.text import NORMALISER_VERSION, normaliser

Split = Literal["train", "dev", "test"]

ROWS: Final[dict[Split, int]] = {"train": 43_410, "dev": 5_426, "test": 5_427}


@dataclass(frozen=True)
class LabelledTexts:
    """One split.

    Attributes:
        raw: the texts as the file has them.
        targets: bool [n_texts, 28], the raters' labels in the order of `LABELS`.
        md5: checksum of the file.
    """

    split: str
    raw: list[str]
    targets: NDArray[np.bool_]
    md5: str

    def __len__(self) -> int:
        return len(self.raw)

    @cached_property
    def texts(self) -> list[str]:
        """The texts as a model reads them that is trained now."""
        return self.read_by(NORMALISER_VERSION)

    def read_by(self, version: str) -> list[str]:
        """Return the texts as models of a version of the normaliser read them."""
        return [normaliser(version).normalise(text) for text in self.raw]


def together(first: LabelledTexts, second: LabelledTexts) -> LabelledTexts:
    """Return the rows of `first` and then those of `second`; it keeps the name of `first`, and is no file's."""
    return LabelledTexts(
        first.split, [*first.raw, *second.raw], np.concatenate([first.targets, second.targets]), md5=""
    )


def data_dir(folder: Path | str | None = None) -> Path:
    """Return the corpus's folder: the argument, else `GOEMOTIONS_DIR`.

    Raises:
        DatasetError: neither names a folder that holds the corpus.
    """
    named = folder or settings().goemotions_dir
    if not named:
        raise DatasetError(
            "No corpus named. Pass --data DIR or set GOEMOTIONS_DIR to a folder with train.tsv, dev.tsv, test.tsv."
        )
    path = Path(named)
    missing = [name for name in ("labels.txt", "train.tsv", "dev.tsv", "test.tsv") if not (path / name).is_file()]
    if missing:
        raise DatasetError(f"{path} lacks {', '.join(missing)}. It should hold the GoEmotions 28-label split.")
    names = (path / "labels.txt").read_text(encoding="utf-8").split()
    if tuple(names) != LABELS:
        raise DatasetError(f"{path / 'labels.txt'} lists other labels than GoEmotions' 28. Take the unmodified file.")
    return path


def load(split: Split, folder: Path | str | None = None) -> LabelledTexts:
    """Read one split.

    Raises:
        DatasetError: the folder or the file is not the GoEmotions 28-label split; the message names the line.
    """
    path = data_dir(folder) / f"{split}.tsv"
    raw = path.read_bytes()
    texts: list[str] = []
    try:
        lines = [line.removesuffix("\r") for line in raw.decode("utf-8").split("\n") if line]
    except UnicodeDecodeError as error:
        raise DatasetError(f"{path} is not UTF-8 (byte {error.start:,}). Take the unmodified file.") from error
    targets = np.zeros((len(lines), len(LABELS)), dtype=np.bool_)
    for row, line in enumerate(lines):
        try:
            text, ids, _ = line.split("\t")
            # isdecimal: a negative number would count from the end.
            targets[row, [int(label) if label.isdecimal() else len(LABELS) for label in ids.split(",")]] = True
        except (ValueError, IndexError) as error:
            raise DatasetError(
                f"{path}, line {row + 1}: expected text, label ids and comment id between tabs."
            ) from error
        texts.append(text)
    return LabelledTexts(split, texts, targets, hashlib.md5(raw, usedforsecurity=False).hexdigest())
