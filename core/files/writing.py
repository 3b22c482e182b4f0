"""Writing results: a file that takes its final name only when all went well."""

import itertools
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Final, Protocol, Self

from core.errors import InputError
from core.files.cells import Values
from core.files.column import Column
from core.files.delimited import PROMISED, render_delimited
from core.files.json_lines import render_json
from core.files.reading import open_reader
from core.files.table import Format, format_of, listed
from core.files.text_lines import render_lines
from core.text import encodable


class Sink(Protocol):
    """One format's way to write."""

    rows: int
    """Rows taken so far: as many as `close` makes whole."""

    def write(self, values: Sequence[Values]) -> None:
        """Take some rows; they are whole in the file, or not at all, after `close`."""
        ...

    def close(self) -> None:
        """Make the file whole with all rows taken so far."""
        ...

    def discard(self) -> None:
        """Let go of the file, which will be deleted."""
        ...


class Writer:
    """Writes rows in order; made by `open_writer`, used as a context manager.

    Leaving the block without an exception gives the file its final name; leaving it with one deletes what was
    written, unless `keep_partial` was called before.

    Attributes:
        path: the final name.
    """

    def __init__(self, path: Path, columns: Sequence[Column], sink: Sink, scratch: Path, overwrite: bool) -> None:
        self.path: Final = path
        self.columns: Final = tuple(columns)
        self._sink = sink
        self._scratch = scratch
        self._overwrite = overwrite
        self._open = True

    @property
    def rows(self) -> int:
        """How many rows were written so far."""
        return self._sink.rows

    def write(self, values: Sequence[Values]) -> None:
        """Append rows.

        Args:
            values: one sequence (list, numpy array or Arrow array) for each column, all of one length. None and NaN
                become an empty cell in CSV and TSV, null in JSONL and Parquet.

        Raises:
            InputError: the disk refused.
            ValueError: the sequences are not one for each column or not of one length, or the writer is closed.
        """
        if not self._open:
            raise ValueError("The writer is closed.")
        lengths = {len(column) for column in values}
        if len(values) != len(self.columns) or len(lengths) != 1:
            raise ValueError(f"{len(values)} columns of lengths {sorted(lengths)} for {len(self.columns)} columns")
        with _writing(self.path):
            self._sink.write(values)

    def keep_partial(self) -> Path:
        """Close the file after the last whole batch and keep it beside the final name; return where it is.

        That is `<stem>.partial<suffix>`, or `<stem>.partial-2<suffix>` and so on: no older file is replaced. Nothing
        can be written afterwards.

        Raises:
            InputError: the disk refused.
            ValueError: the writer is closed.
        """
        if not self._open:
            raise ValueError("The writer is closed.")
        self._open = False
        with _writing(self.path):
            self._sink.close()
            endings = itertools.chain([""], (f"-{number}" for number in itertools.count(2)))
            names = (f"{self.path.stem}.partial{ending}{self.path.suffix}" for ending in endings)
            kept = next(path for path in map(self.path.with_name, names) if not path.exists())
            return self._scratch.rename(kept)

    def discard(self) -> None:
        """Delete what was written. Nothing can be written afterwards."""
        self._open = False
        self._sink.discard()
        self._scratch.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._open:
            return
        if kind is None and self.path.exists() and not self._overwrite:
            kept = self.keep_partial()
            raise InputError(f"{self.path} was made by another program meanwhile. The results are in {kept}.")
        if kind is not None:
            self.discard()
            return
        self._open = False
        try:
            with _writing(self.path):
                self._sink.close()
                self._scratch.replace(self.path)
        except InputError:
            self.discard()
            raise


def open_writer(
    path: Path,
    columns: Sequence[Column],
    *,
    source: Path | None = None,
    overwrite: bool = False,
    bom: bool = False,
    line: str | None = None,
    plain: bool = False,
) -> Writer:
    """Open a file for results.

    CSV and TSV are UTF-8 with every string in double quotes and, unless `plain`, every formula made harmless
    (`neutralise`); numbers stand bare. Long ids are strings with all their digits either way. A spreadsheet that opens
    the file by a double click still rounds what has more than 15 of them; but each form that it would keep (="…", an
    apostrophe, a tab) is another id to every other reader: import the column as text instead. They carry no byte order
    mark, because programs that do not expect one take it for a part of the first column's name; Excel needs one to show
    accents and emoji on a double click, so `bom` may ask for it. TXT holds a single column (`line`, if there are
    several), line breaks within a text as blanks. JSONL keeps values as they are. Parquet keeps the types of columns
    that came from Parquet; "json" columns become strings of JSON. Lone surrogates, which UTF-8 cannot hold, become
    U+FFFD.

    Args:
        path: its suffix says the format, see `FORMATS`.
        columns: of the output, see `append`.
        source: the file that is read meanwhile, which the output must not replace.
        overwrite: whether a file of that name may be replaced.
        bom: whether CSV and TSV begin with a byte order mark.
        line: the column that a TXT file holds.
        plain: whether cells of CSV and TSV stay exactly as they are, for programs, not for spreadsheets.

    Raises:
        InputError: unknown suffix, the source itself, a file that exists, a folder that does not, or that the disk
            refused.
        ValueError: no columns, or two of one name.
    """
    kind = format_of(path)
    names = [column.name for column in columns]
    if not names or len(set(names)) != len(names):
        raise ValueError(f"columns must be named, each once, got {names}")
    if path.is_dir():
        raise InputError(f"{path} is a folder. Name a file in it.")
    if source is not None and _same_file(source, path):
        raise InputError(f"{path} is the file that is read. Give the output another name.")
    if path.exists() and not overwrite:
        raise InputError(
            f"{path} exists already. Give the output another name, or allow it to be replaced (--overwrite)."
        )
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent}. Make it, or name another.")
    if kind == "txt" and len(names) > 1 and line not in names:
        raise InputError(
            f"{path}: a .txt file holds one text per line, not {len(names)} columns ({listed(names, 5)}). "
            f"Give the output another suffix: .csv, .tsv, .jsonl or .parquet."
        )
    # A name of its own: another program may write to the same target at the same time.
    scratch = path.with_name(f"{path.name}.{secrets.token_hex(4)}.partial")
    with _writing(path):
        try:
            sink = _open_sink(scratch, kind, columns, names.index(line) if line in names else 0, bom=bom, plain=plain)
        except OSError:
            with suppress(OSError):
                scratch.unlink()
            raise
    return Writer(path, columns, sink, scratch, overwrite)


def copy_table(source: Path, target: Path, *, overwrite: bool = False, bom: bool = False, plain: bool = False) -> int:
    """Write a file again in the format of the target's suffix; return the number of rows, which may be 0.

    Args:
        source: any file that can be read; it needs no text column.
        overwrite, bom, plain: as for `open_writer`.

    Raises:
        InputError: as `open_table` and `open_writer` have it.
    """
    reader = open_reader(source)
    with open_writer(target, reader.columns, source=source, overwrite=overwrite, bom=bom, plain=plain) as writer:
        for values in reader.blocks(1024):
            writer.write(values)
    return writer.rows


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{path} cannot be written: {error.strerror or error}. Check your rights and the room on the disk."
        ) from error


def _same_file(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()


def _open_sink(scratch: Path, kind: Format, columns: Sequence[Column], line: int, *, bom: bool, plain: bool) -> Sink:
    names = [column.name for column in columns]
    if kind == "parquet":
        from core.files.parquet import ParquetSink  # noqa: PLC0415  (loads pyarrow)

        return ParquetSink(scratch, columns)
    if kind == "jsonl":
        return _TextSink(scratch, partial(render_json, names))
    if kind == "txt":
        return _TextSink(scratch, partial(render_lines, line))
    if kind == "sheet":
        raise AssertionError("no suffix that is written stands for a workbook")
    render = partial(render_delimited, PROMISED[kind], plainly=plain)
    return _TextSink(scratch, render, start=("\ufeff" if bom else "") + render([[name] for name in names]))


class _TextSink:
    """Lines of text, flushed batch by batch."""

    def __init__(self, scratch: Path, render: Callable[[Sequence[Values]], str], start: str = "") -> None:
        self._render = render
        self.rows = 0
        # Unbuffered: after a failure or an interruption, nothing may be left that `close` would still write.
        self._file = scratch.open("wb", buffering=0)
        self._whole = 0
        try:
            self._append(start)
        except OSError:
            self.discard()
            raise

    def write(self, values: Sequence[Values]) -> None:
        self._append(self._render(values))
        self.rows += len(values[0])

    def close(self) -> None:
        # An interruption may have come in the middle of a write: what is after the last whole batch is cut off.
        self._file.truncate(self._whole)
        self._file.close()

    def discard(self) -> None:
        with suppress(OSError):
            self._file.close()

    def _append(self, text: str) -> None:
        data = memoryview(encodable(text).encode("utf-8"))
        left = data
        while left:
            left = left[self._file.write(left) :]
        self._whole += len(data)
