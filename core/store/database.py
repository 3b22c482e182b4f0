"""The DuckDB file: opened, migrated, read and written through one connection of one process."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

import duckdb

from core.errors import StoreError
from core.store.migrations import MIGRATIONS

QUERY_SECONDS: Final = 20.0
"""How long a query of a page may run before it is cancelled."""


class StoreHeldError(StoreError):
    """Another process has the file open."""


class Database:
    """One open DuckDB file. Safe to share between threads: each call works on its own cursor.

    Attributes:
        path: the file.
    """

    def __init__(
        self,
        path: Path,
        memory_limit: str = "2GB",
        *,
        temp_directory: Path | None = None,
        query_seconds: float = QUERY_SECONDS,
        migrations: tuple[tuple[str, str], ...] = MIGRATIONS,
    ) -> None:
        """Open `path`, made if it is not there, and bring it to the newest schema.

        Args:
            memory_limit: what DuckDB may use before it goes on in `temp_directory`.
            temp_directory: a folder beside the file, if none is named.
            query_seconds: how long a query of `reading` may run.

        Raises:
            StoreError: the file is held by another process, not writable, damaged, of a newer program, or none of
                DuckDB's.
        """
        self.path: Final = path
        self._query_seconds = query_seconds
        self._config: Final[dict[str, Any]] = {
            "memory_limit": memory_limit,
            "temp_directory": str(temp_directory or path.parent / "spill"),
            # The store never loads code from the network.
            "autoinstall_known_extensions": "false",
        }
        self._connection = self._connect()
        self._given_up = False
        self._reopening = threading.Lock()
        self._file = _identity(path)
        # Appends from two threads need not wait for each other in DuckDB, but migrations and checks do.
        self._writing = threading.Lock()
        try:
            self._migrate(migrations)
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file; what was recorded is on disk."""
        self._given_up = False
        self._connection.close()

    def version(self) -> int:
        """Return the number of the last migration that was applied."""
        with self.reading() as cursor:
            row = cursor.execute("SELECT coalesce(max(number), 0) FROM schema_migrations").fetchone()
        return int(row[0])

    def revision(self) -> int:
        """Return a number that the file itself keeps and that grows with every commit.

        What was computed from the store holds for as long as it stays the same, also after the file was opened again.

        Raises:
            StoreError: the store cannot be read.
        """
        with self._cursor() as cursor:
            row = cursor.execute("SELECT number FROM store_revision").fetchone()
        return int(row[0])

    @contextmanager
    def reading(self, seconds: float | None = None, cancelled: Callable[[], bool] = lambda: False) -> Iterator[Any]:
        """Yield a cursor; what still runs after `seconds` (by default the store's limit) is stopped.

        Args:
            cancelled: asked ten times a second; what runs is stopped once it says so.

        Raises:
            StoreError: the store cannot be read, or what ran was stopped.
        """
        limit = self._query_seconds if seconds is None else seconds
        over = threading.Event()
        with self._cursor() as cursor:
            threading.Thread(target=_watch, args=(cursor, limit, cancelled, over), daemon=True).start()
            try:
                yield cursor
            finally:
                over.set()

    @contextmanager
    def transaction(self) -> Iterator[Any]:
        """Yield a cursor in a transaction: all of it is kept, and the revision with it, or nothing.

        Raises:
            StoreError: the store cannot be written.
        """
        with self._transaction() as cursor:
            yield cursor
            cursor.execute("UPDATE store_revision SET number = number + 1")

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        with self._writing, self._cursor() as cursor:
            if _identity(self.path) != self._file:
                # The open connection would go on into a file that no one can find any more.
                raise StoreError(
                    f"{self.path} was removed or replaced while Affectra has it open. Nothing can be kept. Put the "
                    f"file back, or restart Affectra to begin a new one."
                )
            cursor.begin()
            try:
                yield cursor
            except BaseException:
                cursor.rollback()
                raise
            cursor.commit()

    def _connect(self) -> Any:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            _check_magic(self.path)
            return duckdb.connect(str(self.path), config=self._config)
        except (duckdb.Error, OSError) as error:
            raise explain(self.path, error) from error

    def _live(self) -> Any:
        """Return the connection, made again where DuckDB gave up the last one: there may be room on the disk again."""
        with self._reopening:
            if self._given_up:
                self._connection.close()
                self._connection = self._connect()
                self._given_up = False
            return self._connection

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        try:
            with self._live().cursor() as cursor:
                yield cursor
        except duckdb.Error as error:
            # After these, DuckDB refuses all that is asked of the connection, whatever it is.
            self._given_up |= isinstance(error, (duckdb.FatalException, duckdb.InternalException))
            raise explain(self.path, error) from error

    def _migrate(self, migrations: tuple[tuple[str, str], ...]) -> None:
        with self._transaction() as cursor:
            cursor.execute(
                "CREATE TABLE IF NOT EXISTS schema_migrations (number INTEGER, name VARCHAR, applied_at TIMESTAMP)"
            )
        applied = self.version()
        if applied > len(migrations):
            raise StoreError(
                f"{self.path} has schema version {applied}, this program knows {len(migrations)}: a newer Affectra "
                f"wrote it. Update the program, or set AFFECTRA_DATABASE to another file."
            )
        for number, (name, statements) in enumerate(migrations[applied:], start=applied + 1):
            with self._transaction() as cursor:
                cursor.execute(statements)
                cursor.execute(
                    "INSERT INTO schema_migrations VALUES (?, ?, now()::TIMESTAMPTZ AT TIME ZONE 'UTC')", [number, name]
                )


def _watch(cursor: Any, seconds: float, cancelled: Callable[[], bool], over: threading.Event) -> None:
    deadline = time.monotonic() + seconds
    while not over.wait(0.1):
        if cancelled() or time.monotonic() >= deadline:
            with suppress(duckdb.Error):  # it may have ended this very moment
                cursor.interrupt()
            return


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _check_magic(path: Path) -> None:
    """Refuse another program's file before DuckDB looks for an extension that could read it."""
    if path.is_file():
        with path.open("rb") as file:
            # "DUCK" follows the checksum of the first block (DuckDB's storage format).
            if file.read(12)[8:] != b"DUCK":
                raise _unusable(path)


def explain(path: Path, error: Exception) -> StoreError:
    """Translate what DuckDB or the operating system said into what a person can do."""
    if isinstance(error, duckdb.InterruptException):
        return StoreError(
            "The store took too long to answer and was stopped. Choose a shorter period or fewer conditions, and try "
            "again."
        )
    said = str(error)
    for signs, make in _MEANINGS:
        if any(sign in said for sign in signs):
            return make(path)
    if isinstance(error, (FileExistsError, NotADirectoryError)):
        return _no_file(path)
    if isinstance(error, OSError):
        return _not_writable(path)
    first_line = said.splitlines()[0] if said else type(error).__name__
    return StoreError(f"The store {path} failed: {first_line}")


def _unusable(path: Path) -> StoreError:
    return StoreError(
        f"{path} is not a usable DuckDB database. Nothing was changed. Move the file away (a new one is made), "
        f"restore a backup, or set AFFECTRA_DATABASE to another file."
    )


def _held(path: Path) -> StoreError:
    return StoreHeldError(
        f"{path} is held by another process. Close the other Affectra (or the program that has the file open) and "
        f"reload this page, or set AFFECTRA_DATABASE to another file. Results can be left in the inbox of the one that "
        f"runs: python -m core score FILE --inbox."
    )


def _full(path: Path) -> StoreError:
    return StoreError(
        f"The disk of {path} is full. This was not kept; what was recorded before is safe. Make room, and try again."
    )


def _no_file(path: Path) -> StoreError:
    return StoreError(f"{path} is not a file. Set AFFECTRA_DATABASE to a file's path.")


def _not_writable(path: Path) -> StoreError:
    return StoreError(
        f"{path} cannot be written. Give this user write access to the file and its folder, or set AFFECTRA_DATABASE "
        f"to a place that can be written."
    )


def _no_memory(path: Path) -> StoreError:
    del path
    return StoreError(
        "The store needs more memory for this than it may use. Choose a shorter period, or raise AFFECTRA_MEMORY_LIMIT."
    )


_MEANINGS: Final[tuple[tuple[tuple[str, ...], Callable[[Path], StoreError]], ...]] = (
    (("Conflicting lock", "Could not set lock"), _held),
    (("No space left", "File too large", "Disk quota exceeded"), _full),
    (("not a valid DuckDB database", "Corrupt", "checksum"), _unusable),
    (("Is a directory",), _no_file),
    (("Permission denied", "read-only"), _not_writable),
    (("Out of Memory", "OutOfMemory"), _no_memory),
)
"""What occurs in an error, and what it means."""
