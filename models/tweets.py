"""Unlabelled tweets, read from a file that the user names (its texts are not part of this project)."""

import csv
import gzip
import hashlib
from dataclasses import dataclass
from pathlib import Path

from core.errors import DatasetError
from core.text import normaliser


@dataclass(frozen=True)
class Tweets:
    """Normalised texts without labels, and the checksum of their file."""

    texts: list[str]
    md5: str


def load(path: Path) -> Tweets:
    """Read a file of one tweet a line, gzipped or not; tabs part it from further columns, which may be missing.

    The third column may hold an emoji that was taken out of the tweet, as in TweetEval's task to guess it (Barbieri et
    al., Findings of EMNLP 2020). Every second of them gets its emoji back at its end: so both ways of writing are read.
    Texts of which normalisation leaves nothing are left out.

    Raises:
        DatasetError: the file cannot be read.
    """
    try:
        raw = path.read_bytes()
        content = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
        rows = csv.reader(content.decode("utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
        found = [row for row in rows if row]
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise DatasetError(f"{path}: no tweets, one a line ({error}). Name a text file, gzipped or not.") from error
    texts = (
        normaliser().normalise(f"{row[0]} {row[2]}" if number % 2 and len(row) > 2 else row[0])
        for number, row in enumerate(found)
    )
    return Tweets([text for text in texts if text], md5=hashlib.md5(content, usedforsecurity=False).hexdigest())
