"""The Parquet inbox: files that were scored by another process or machine are taken into the store, each once.

    inbox/         what waits
    inbox/taken/   what is in the store
    inbox/aside/   what cannot be taken in, each beside a .txt that says why

A file waits from the moment its name ends in `.parquet`. Whoever writes one gives it that name when it is whole, as
`open_inbox_writer` does; whoever copies one does it under another name and renames it.
"""

import hashlib
import os
import re
import secrets
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID, uuid5

from core.errors import InputError
from core.files import Writer, open_writer
from core.predictions.columns import STORE_COLUMNS
from core.text import encodable

Keep = Callable[[Path, UUID, str], int]
"""Records a file under a batch's id and a name, once, and returns how many rows were added: `Intake.take_in`."""

_SUFFIX: Final = ".parquet"
_STEM_CHARS: Final = 40
_REASON_CHARS: Final = 2_000
_BATCHES: Final = UUID("6f0a4f5e-7a5c-5a0b-9d0e-3c1f5b2a9e47")
"""The namespace of the ids that are made of contents."""

# Whatever was wired how often: a process takes in one file at a time.
_TAKING: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a file.

    Attributes:
        name: as it was found in the inbox.
        rows: how many were added; 0 where the same content was taken in before.
        problem: what went wrong and how to mend it, empty if nothing did.
    """

    name: str
    rows: int
    problem: str = ""


class Aside(NamedTuple):
    """A file that was set aside, and why."""

    name: str
    reason: str


def inbox_path(folder: Path, name: str) -> Path:
    """Return a path for a new file in an inbox: no other has its name, and by name the oldest is the first.

    Args:
        name: of the file with the texts; it can be recognised in that of the new one.
    """
    stem = re.sub(r"[^\w.-]+", "-", Path(name).stem)[:_STEM_CHARS].strip("-.") or "tweets"
    return folder / f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{stem}-{secrets.token_hex(4)}{_SUFFIX}"


def open_inbox_writer(path: Path, *, source: Path | None = None, overwrite: bool = False) -> Writer:
    """Open a file in an inbox, which is made if it is not there. While it is written, the file does not wait.

    Args:
        source, overwrite: as `open_writer` has them.

    Raises:
        InputError: it exists and may not be replaced, it is the source, or the disk refused.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"The inbox {path.parent} cannot be made: {error.strerror or error}. Name another folder (--inbox DIR, or "
            f"AFFECTRA_INBOX)."
        ) from error
    return open_writer(path, STORE_COLUMNS, source=source, overwrite=overwrite)


class Inbox:
    """The files that wait in a folder, and what becomes of them. Safe to share between threads.

    Attributes:
        folder: need not exist.
    """

    def __init__(self, folder: Path) -> None:
        self.folder: Final = folder

    def waiting(self) -> list[Path]:
        """Return the files that can be taken in, by name: no links, no folders, nothing hidden, nothing half written.

        Raises:
            InputError: the folder cannot be listed.
        """
        return _listed(self.folder)

    def aside(self) -> list[Aside]:
        """Return the files that were set aside, by name, each with the reason. Moved back, a file is tried again.

        Raises:
            InputError: the folder cannot be listed.
        """
        return [Aside(path.name, _reason(path)) for path in _listed(self.folder / "aside")]

    def take_in(
        self,
        keep: Keep,
        on_file: Callable[[Taken], None] = lambda taken: None,
        cancelled: Callable[[], bool] = lambda: False,
    ) -> list[Taken]:
        """Take in what waits, file by file, and return what became of each.

        A file is moved to `taken` after it was recorded. If the process ends between the two it is found again, and
        its content, by which the batch is known, adds nothing. A file that `keep` refuses is set aside.

        Args:
            keep: records a file; an `InputError` of it is the file's fault.
            on_file: told what became of each file as it happens.
            cancelled: asked before each file.

        Raises:
            InputError: the folder cannot be listed.
            StoreError: the store cannot be written; the file that was tried, and those after it, stay where they are.
        """
        done: list[Taken] = []
        with _TAKING:
            for path in self.waiting():
                if cancelled():
                    break
                taken = self._take(path, keep)
                if taken is not None:
                    done.append(taken)
                    on_file(taken)
        return done

    def _take(self, path: Path, keep: Keep) -> Taken | None:
        """Take in one file; None if another process moved it meanwhile."""
        try:
            batch = _batch_of(path)
        except FileNotFoundError:
            return None
        except OSError as error:
            return self._set_aside(path, f"{path.name} cannot be read: {error.strerror or error}.")
        try:
            rows = keep(path, batch, path.name)
        except InputError as error:
            return self._set_aside(path, str(error))
        return Taken(path.name, rows, self._put_away(path))

    def _put_away(self, path: Path) -> str:
        """Move a file that was recorded; return what went wrong, if anything did."""
        try:
            _move(path, self.folder / "taken")
        except FileNotFoundError:
            return ""  # it is where it should be: another process moved it
        except OSError as error:
            return (
                f"{path.name} was taken in, but cannot be moved to {self.folder / 'taken'}: {error.strerror or error}. "
                f"Delete it or move it by hand; until then it is read again and again, and nothing is added."
            )
        return ""

    def _set_aside(self, path: Path, reason: str) -> Taken | None:
        try:
            moved = _move(path, self.folder / "aside")
            moved.with_suffix(".txt").write_text(
                f"{encodable(reason)}\n\nMend it or make it again, and move it back to {encodable(str(self.folder))}: "
                f"it is tried again.\n",
                encoding="utf-8",
            )
        except FileNotFoundError:
            return None
        except OSError as error:
            reason += f" It cannot be set aside properly: {error.strerror or error}. Move or delete it by hand."
        return Taken(path.name, 0, reason)


def _listed(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            names = [
                entry.name
                for entry in entries
                if entry.name.lower().endswith(_SUFFIX)
                and not entry.name.startswith(".")
                and entry.is_file(follow_symlinks=False)
            ]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise InputError(
            f"The inbox {folder} cannot be listed: {error.strerror or error}. Give this user access to it, or set "
            f"AFFECTRA_INBOX to another folder."
        ) from error
    return [folder / name for name in sorted(names)]


def _batch_of(path: Path) -> UUID:
    """Return the id that a content has under whatever name it comes."""
    with path.open("rb") as file:
        return uuid5(_BATCHES, hashlib.file_digest(file, "sha256").hexdigest())


def _move(path: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    target, number = folder / path.name, 2
    while target.exists():
        target = folder / f"{path.stem}-{number}{path.suffix}"
        number += 1
    return path.rename(target)


def _reason(path: Path) -> str:
    try:
        with path.with_suffix(".txt").open(encoding="utf-8", errors="replace") as file:
            said = file.read(_REASON_CHARS).split("\n\n", 1)[0].strip()
    except OSError:
        said = ""
    return said or "No reason is noted. Move it back to the inbox: it is tried again."
