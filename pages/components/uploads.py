"""Uploaded files: on disk while the session needs them, and called as their owner calls them."""

import re
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

from core.errors import InputError, JobError
from core.files import Parts, Surveyed, Table, list_parts, open_table, survey
from core.files.times import TimeColumn, find_times
from core.jobs import Job

_SUFFIX: Final = re.compile(r"(?:\.[\w~-]{1,10}){0,2}\Z", re.ASCII)


def to_disk(name: str, content: IO[bytes]) -> Path:
    """Write an upload to a file in a new temporary folder of its own, and return where it is."""
    # The name is the user's: only its suffixes are used for a path (two: tweets.csv.gz).
    found = _SUFFIX.search(Path(name).name.lower())
    path = Path(tempfile.mkdtemp(prefix="affectra-")) / f"upload{found[0] if found else ''}"
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
    """An uploaded file on disk, and what was found in it so far. Gone with the session.

    Attributes:
        id: tells it from every other upload; it is in the key of each widget that is about it.
        part, mend: what the table was opened with.
    """

    name: str
    path: Path
    id: str
    table: Table | None = None
    part: str | None = None
    mend: bool = False
    _parts: list[Parts | None] = field(default_factory=list)
    _guesses: dict[tuple[str | None, str], TimeColumn | None] = field(default_factory=dict)
    _surveys: dict[tuple[object, ...], Job[Surveyed]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        gone_with(self, self.path.parent)

    def key(self, what: str) -> str:
        """Return the key of a widget about this upload."""
        return f"{what}_{self.id}"

    def column_key(self, what: str) -> str:
        """Return the key of a widget about its columns, which another sheet or file of it does not share."""
        number = 0 if self.parts is None or self.part is None else 1 + self.parts.names.index(self.part)
        return f"{self.key(what)}_{number}"

    @property
    def parts(self) -> Parts | None:
        """What it has several of, looked up once.

        Raises:
            InputError: as `list_parts` has it.
        """
        if not self._parts:
            self._parts.append(list_parts(self.path))
        return self._parts[0]

    def open(self, part: str | None, *, mend: bool) -> Table:
        """Return its table. Opening reads the whole file, so it is done once for a part.

        Raises:
            InputError: as `open_table` has it.
        """
        table = self.table
        if table is None or part not in {self.part, table.sheet} or mend != self.mend:
            table = self.table = None  # what cannot be opened leaves nothing of another part behind
            table = self.table = open_table(self.path, part=part, mend=mend)
            self.part, self.mend = part, mend
        return table

    def guess_times(self, table: Table) -> TimeColumn | None:
        """Return how the times of the table are read where nobody chose, looked up once."""
        key = (self.part, table.text_column)
        if key not in self._guesses:
            self._guesses[key] = find_times(table, table.profiles())
        return self._guesses[key]

    def survey(self, table: Table, posted: str | None, day_first: bool | None) -> Job[Surveyed]:
        """Return the survey of a table under these choices, as `survey` of the core has them: one job for each."""
        key = (self.part, self.mend, table.text_column, posted, day_first)
        if key not in self._surveys:
            for other in [other for other, job in self._surveys.items() if job.running]:
                self._surveys.pop(other).cancel()
            # Were the upload itself bound in the job, it would live as long as that, and its end could not cancel it.
            job = self._surveys[key] = Job(_survey_of(table, posted, day_first), table.rows)
            weakref.finalize(self, job.cancel)
        return self._surveys[key]


def _survey_of(
    table: Table, posted: str | None, day_first: bool | None
) -> Callable[[Callable[[int], None], Callable[[], bool]], Surveyed]:
    def work(report: Callable[[int], None], cancelled: Callable[[], bool]) -> Surveyed:
        def on_rows(rows: int) -> None:
            report(rows)
            if cancelled():
                raise JobError("Stopped: something else was asked of this file meanwhile.")

        return survey(table, posted, day_first=day_first, on_rows=on_rows)

    return work
