"""Unlabelled tweets, read from a file that the user names (its texts are not part of this project)."""

import csv
import gzip
import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from core.errors import DatasetError
from core.text import normaliser


@dataclass(frozen=True)
class Tweets:
    """Texts without labels.

    Attributes:
        raw: as they were written; normalisation leaves something of each.
        md5: checksum of the file's content.
    """

    raw: list[str]
    md5: str

    @cached_property
    def texts(self) -> list[str]:
        """The texts as a model reads them that is trained now."""
        return [normaliser().normalise(text) for text in self.raw]


def load(path: Path) -> Tweets:
    """Read a file of one tweet a line, gzipped or not; tabs part it from further columns, which may be missing.

    The third column may hold an emoji that was taken out of the tweet, as in TweetEval's task to guess it (Barbieri et
    al., Findings of EMNLP 2020). Every second of them gets its emoji back at its end: so both ways of writing are read.

    Raises:
        DatasetError: the file cannot be read.
    """
    try:
        raw = path.read_bytes()
        content = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        rows = list(csv.reader(content.decode("utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: no tweets, one a line ({error}). Name a text file, gzipped or not.") from error
    texts = [
        f"{row[0]} {row[2]}".strip() if number % 2 and len(row) > 2 else row[0]
        for number, row in enumerate(rows)
        if row
    ]
    return Tweets(
        [text for text in texts if normaliser().normalise(text)],
        md5=hashlib.md5(content, usedforsecurity=False).hexdigest(),
    )
