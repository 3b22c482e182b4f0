"""What a table of tweets is: its columns, its rows in batches, and how a format's reader hands them over."""

import difflib
import itertools
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from core.errors import InputError
from core.files.cells import Values, plain, texts

Format = Literal["csv", "tsv", "txt", "jsonl", "parquet"]
Kind = Literal["text", "integer", "number", "boolean", "json"]
Blocks = Generator[tuple[Values, ...], None, None]
"""The cells of some consecutive rows at a time: one sequence for each column, all of one length."""

FORMATS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "txt",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table.

    Attributes:
        name: unique within its table.
        kind: what its cells hold; "json" is anything else, and written as JSON text where a format needs one type.
        arrow_type: the exact `pyarrow.DataType` if it came from Parquet, else None; kept when Parquet is written.
    """

    name: str
    kind: Kind = "text"
    arrow_type: Any = None


@dataclass(frozen=True, slots=True)
class Batch:
    """Some consecutive rows.

    Attributes:
        values: the cells, one sequence for each column of the table, as they came.
        texts: the text column, null cells as "".
    """

    values: tuple[Values, ...]
    texts: list[str]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True)
class Reader:
    """What a format's module makes of a file that it read to its end and found sound.

    Attributes:
        rows: how many there are, 0 included.
        blocks: yields the columns' values, at most so many rows at a time, in the order of the file; each call begins
            at the first row.
        encoding: the codec's name, None for Parquet.
        delimiter: of CSV and TSV, else None.
        notices: sentences for the reader about what had to be guessed.
        unreadable: by their names, why columns cannot be read as texts.
    """

    columns: tuple[Column, ...]
    rows: int
    blocks: Callable[[int], Blocks]
    encoding: str | None = None
    delimiter: str | None = None
    notices: tuple[str, ...] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """A file of tweets that was checked and can be read.

    Attributes:
        columns: as in the file, in its order.
        text_column: the name of the column that holds the tweets.
        rows: how many there are, at least 1.
        encoding: the codec's name, None for Parquet.
        delimiter: of CSV and TSV, else None.
        notices: sentences for the reader about what had to be guessed.
        unreadable: by their names, why columns cannot be read as texts.
    """

    path: Path
    format: Format
    columns: tuple[Column, ...]
    text_column: str
    rows: int
    encoding: str | None
    delimiter: str | None
    notices: tuple[str, ...]
    unreadable: Mapping[str, str]
    _blocks: Callable[[int], Blocks] = field(repr=False, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    def of(self, column: str) -> "Table":
        """Return the same table with its texts in another column.

        Raises:
            InputError: there is no such column, or it holds no texts.
        """
        return replace(self, text_column=text_column(self.path, self.columns, self.unreadable, column))

    def batches(self, size: int = 256) -> Iterator[Batch]:
        """Yield all rows in order, 1..size at a time; each call starts at the first row.

        Raises:
            InputError: the file changed since it was opened, and is no longer sound.
        """
        if size < 1:
            raise ValueError(f"size is {size}, must be at least 1")
        index = self.names.index(self.text_column)
        for values in self._blocks(size):
            yield Batch(values, texts(values[index]))

    def preview(self, n: int = 10) -> Batch:
        """Return the first `n` rows (fewer if the file has fewer), all values as plain Python lists."""
        if n < 1:
            raise ValueError(f"n is {n}, must be at least 1")
        with closing(self._blocks(n)) as blocks:
            first = next(blocks)
        return Batch(tuple(map(plain, first)), texts(first[self.names.index(self.text_column)]))


def append(columns: Sequence[Column], results: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns followed by the results; a result whose name is taken (in any case) gets `_2`, `_3`, ...

    >>> [column.name for column in append([Column("text"), Column("Joy")], [Column("joy", "number")])]
    ['text', 'Joy', 'joy_2']
    """
    joined = list(columns)
    taken = {column.name.casefold() for column in columns}
    for result in results:
        names = itertools.chain([result.name], (f"{result.name}_{number}" for number in itertools.count(2)))
        name = next(name for name in names if name.casefold() not in taken)
        taken.add(name.casefold())
        joined.append(replace(result, name=name))
    return tuple(joined)


def format_of(path: Path) -> Format:
    """Return the format that the suffix says.

    Raises:
        InputError: it says none.
    """
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        named = f"The suffix {path.suffix!r} of {path} is unknown" if path.suffix else f"{path} has no suffix"
        raise InputError(f"{named}. Files that work end in {', '.join(FORMATS)}.")
    return found


def listed(names: Sequence[str], most: int = 20) -> str:
    """Return the names as they stand in a message, no more than `most` of them."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more


def text_column(path: Path, columns: Sequence[Column], unreadable: Mapping[str, str], asked: str) -> str:
    """Return `asked` if it is a column of texts.

    Raises:
        InputError: it is not; the message names the columns, and one of a like name.
    """
    names = [column.name for column in columns]
    if asked not in names:
        folded = {name.strip().casefold(): name for name in reversed(names)}
        close = difflib.get_close_matches(asked.strip().casefold(), folded, n=1, cutoff=0.5)
        hint = f" Did you mean {folded[close[0]]!r}?" if close else ""
        raise InputError(f"{path} has no column {asked!r}. Its columns are {listed(names)}.{hint}")
    if asked in unreadable:
        raise InputError(f"{path}: column {asked!r} holds no texts: {unreadable[asked]}. Name a column of texts.")
    return asked


def refuse_duplicates(path: Path, names: Sequence[str]) -> None:
    """Raise an InputError if two columns have one name."""
    for name, times in Counter(names).items():
        if times > 1:
            places = " and ".join(str(place) for place, other in enumerate(names, 1) if other == name)
            named = f"are named {name!r}" if name else "have no name"
            raise InputError(f"{path}: columns {places} {named}. Give each column a name of its own.")


def transposed(rows: Iterable[Sequence[Any]], size: int) -> Blocks:
    """Yield the cells of the rows by column, at most `size` rows at a time."""
    rows = iter(rows)
    while block := list(itertools.islice(rows, size)):
        yield tuple(map(list, zip(*block, strict=True)))
