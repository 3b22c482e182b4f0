"""Opening a file of tweets, whatever its format, and finding the column that holds them."""

from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Final

from core.errors import InputError
from core.files.cells import plain
from core.files.delimited import PROMISED, open_delimited
from core.files.encoding import disk_errors
from core.files.json_lines import open_json
from core.files.table import Format, Reader, Table, format_of, listed, text_column
from core.files.text_lines import open_lines

TEXT_NAMES: Final = ("text", "tweet", "content", "message", "body", "comment")
"""Names by which a text column is recognised, in any case, the first first."""

_SAMPLE_ROWS: Final = 100


def open_table(path: Path, column: str | None = None) -> Table:
    """Open a file of tweets: find its encoding, delimiter, columns and rows, and read it once to see that it is sound.

    Args:
        path: its suffix (in any case) says the format, see `FORMATS`.
        column: the name of the text column. None guesses: one of `TEXT_NAMES`, else the only column, else the one
            whose cells are longest on average in the first rows (with a notice).

    Raises:
        InputError: the file is missing, empty, damaged, of another kind, has rows that do not fit its header or two
            columns of one name, or the column does not exist or holds no text.
    """
    reader = open_reader(path)
    if reader.rows == 0:
        raise InputError(f"{path} has a header but no rows. There is nothing to read in it.")
    if column is None:
        found, guess = _guessed_column(path, reader)
    else:
        found, guess = text_column(path, reader.columns, reader.unreadable, column), ()
    return Table(
        path=path,
        format=format_of(path),
        columns=reader.columns,
        text_column=found,
        rows=reader.rows,
        encoding=reader.encoding,
        delimiter=reader.delimiter,
        notices=(*reader.notices, *guess),
        unreadable=reader.unreadable,
        _blocks=reader.blocks,
    )


def open_reader(path: Path) -> Reader:
    """Read any file to its end; it needs no rows and no column of texts.

    Raises:
        InputError: as `open_table` has it.
    """
    read = _OPENERS[format_of(path)]
    if path.is_dir():
        raise InputError(f"{path} is a folder. Name a file in it.")
    if not path.exists():
        raise InputError(f"There is no file {path}. Check the name and the folder.")
    if not path.is_file():
        raise InputError(f"{path} is a pipe or a device, and cannot be read twice. Save its content to a file first.")
    with disk_errors(path):
        return read(path)


def _open_parquet(path: Path) -> Reader:
    from core.files.parquet import open_parquet  # noqa: PLC0415  (loads pyarrow)

    return open_parquet(path)


_OPENERS: Final[dict[Format, Callable[[Path], Reader]]] = {
    "csv": partial(open_delimited, promised=PROMISED["csv"]),
    "tsv": partial(open_delimited, promised=PROMISED["tsv"]),
    "txt": open_lines,
    "jsonl": open_json,
    "parquet": _open_parquet,
}


def _guessed_column(path: Path, reader: Reader) -> tuple[str, tuple[str, ...]]:
    """Return the name of the text column, and a notice if it is no more than likely."""
    names = [column.name for column in reader.columns]
    readable = [name for name in names if name not in reader.unreadable]
    folded = {name.strip().casefold(): name for name in reversed(readable)}
    for usual in TEXT_NAMES:
        if usual in folded:
            return folded[usual], ()
    if readable and len(names) == 1:
        return readable[0], ()
    lengths = _mean_lengths(reader)
    longest = max(readable, key=lengths.__getitem__, default=None)
    if longest is None:
        raise InputError(f"{path}: no column of texts was found among {listed(names)}. Name the text column.")
    return longest, (f"Column {longest!r} was taken for the texts, because its cells are the longest.",)


def _mean_lengths(reader: Reader) -> dict[str, float]:
    """Return how many characters the strings in the first rows have on average, by column."""
    with closing(reader.blocks(_SAMPLE_ROWS)) as blocks:
        first = next(blocks)
    return {
        column.name: sum(len(cell) for cell in plain(values) if isinstance(cell, str)) / len(values)
        for column, values in zip(reader.columns, first, strict=True)
    }
