"""Uploaded files: on disk while the session needs them, and called as their owner calls them."""

import shutil
import tempfile
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.errors import InputError
from core.files import Table


def to_disk(name: str, content: IO[bytes]) -> Path:
    """Write an upload to a file in a new temporary folder of its own, and return where it is."""
    # The name is the user's: only its suffix is used for a path.
    path = Path(tempfile.mkdtemp(prefix="affectra-")) / f"upload{Path(name).suffix.lower()}"
    with path.open("wb") as file:
        shutil.copyfileobj(content, file)
    return path


def gone_with(owner: object, folder: Path) -> None:
    """Let a temporary folder be deleted when `owner` is forgotten.

    A TemporaryDirectory does the same, but warns that nobody closed it; a session ends without a word.
    """
    weakref.finalize(owner, shutil.rmtree, folder, ignore_errors=True)


@contextmanager
def named_as_given(path: Path, name: str) -> Iterator[None]:
    """Let messages about a file bear the user's name for it, not the place where the server keeps it."""
    try:
        yield
    except InputError as error:
        raise InputError(str(error).replace(str(path), name)) from error


@dataclass
class Upload:
    """An uploaded file on disk, and the table in it once it was opened. Gone with the session."""

    name: str
    path: Path
    table: Table | None = None

    def __post_init__(self) -> None:
        gone_with(self, self.path.parent)
