"""User files of tweets: streaming reading and streaming writing, whatever the size.

Formats go by the suffix: `.csv`, `.tsv`, `.txt` (one text per line), `.jsonl` or `.ndjson`, `.parquet`.

`open_table` reads a file once to its end before anything is computed, because a broken row should not come to light
after an hour of scoring. What it accepts has a known number of rows (a progress bar needs no more) and can be read by
`Table.batches` with a memory use that does not grow with the file. `open_writer` writes to a sibling `NAME.partial`,
which takes the final name only when all went well.

    with open_writer(target, append(table.columns, [Column("top")]), source=source) as writer:
        for batch in table.batches(256):
            writer.write([*batch.values, top_emotions(batch.texts)])

What counts as a row:

* CSV, TSV: a record. A blank line is no row, except in a table of one column, where it is an empty text, as Excel
  writes one (blank lines at the end of the file are never rows).
* TXT: a line, blank ones included, so that line n of the file is row n.
* JSONL: an object; blank lines are no rows. The columns are all fields that occur; one that a row lacks is null.
"""

import codecs
import csv
import difflib
import io
import itertools
import json
import math
import re
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Final, Literal, NoReturn, Protocol, Self

import numpy as np

from core.errors import InputError

# pyarrow is imported where Parquet is at hand: it takes longer to load than a small CSV takes to read.

Format = Literal["csv", "tsv", "txt", "jsonl", "parquet"]
Kind = Literal["text", "integer", "number", "boolean", "json"]
Values = Any
"""The cells of one column in one batch: a list, a numpy array, or (from Parquet, to keep types) an Arrow array."""
Blocks = Generator[tuple[Values, ...], None, None]

FORMATS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "txt",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
TEXT_NAMES: Final = ("text", "tweet", "content", "message", "body", "comment")
"""Names by which a text column is recognised, in any case, the first first."""

MAX_LINE_CHARS: Final = 16_000_000
"""The longest line, and the longest CSV field, that is read: a quote left open must not swallow a whole file."""

MAX_COLUMNS: Final = 2_000
"""The most different fields of a JSONL file; more are keys used as data, and would not fit a table."""

_PROMISED: Final = {"csv": ",", "tsv": "\t"}
_DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}
_CHUNK: Final = 1 << 20
_SAMPLE_BYTES: Final = 1 << 16
_SAMPLE_ROWS: Final = 100
_ROW_GROUP_ROWS: Final = 16_384
_ROW_GROUP_BYTES: Final = 32 << 20


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


class _Reader(Protocol):
    """One format's way to read. Made only for a file that was read to its end and found sound."""

    @property
    def columns(self) -> tuple[Column, ...]: ...
    @property
    def rows(self) -> int: ...
    @property
    def notices(self) -> tuple[str, ...]: ...
    @property
    def encoding(self) -> str | None: ...
    @property
    def delimiter(self) -> str | None: ...

    def blocks(self, size: int) -> Blocks:
        """Yield the columns' values, at most `size` rows at a time, in the order of the file."""
        ...

    def texts(self, values: Values) -> list[str]:
        """Return the cells of a readable column as strings, null as ""."""
        ...

    def unreadable(self, column: Column) -> str | None:
        """Say why the column cannot be read as texts, None if it can."""
        ...


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
    """

    path: Path
    format: Format
    columns: tuple[Column, ...]
    text_column: str
    rows: int
    encoding: str | None
    delimiter: str | None
    notices: tuple[str, ...]
    _reader: _Reader = field(repr=False, compare=False)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    def batches(self, size: int = 256) -> Iterator[Batch]:
        """Yield all rows in order, 1..size at a time; each call starts at the first row.

        Raises:
            InputError: the file changed since it was opened, and is no longer sound.
        """
        if size < 1:
            raise ValueError(f"size is {size}, must be at least 1")
        index = self.names.index(self.text_column)
        for values in self._reader.blocks(size):
            yield Batch(values, self._reader.texts(values[index]))

    def preview(self, n: int = 10) -> Batch:
        """Return the first `n` rows (fewer if the file has fewer), all values as plain Python lists."""
        if n < 1:
            raise ValueError(f"n is {n}, must be at least 1")
        with closing(self._reader.blocks(n)) as blocks:
            first = next(blocks)
        texts = self._reader.texts(first[self.names.index(self.text_column)])
        return Batch(tuple(_plain(values) for values in first), texts)


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
    kind, reader = _open_reader(path)
    if reader.rows == 0:
        raise InputError(f"{path} has a header but no rows. There is nothing to read in it.")
    with _reading(path):
        text_column, guess = _text_column(path, reader, column)
    return Table(
        path=path,
        format=kind,
        columns=reader.columns,
        text_column=text_column,
        rows=reader.rows,
        encoding=reader.encoding,
        delimiter=reader.delimiter,
        notices=(*reader.notices, *guess),
        _reader=reader,
    )


def copy_table(source: Path, target: Path, *, overwrite: bool = False, bom: bool = False) -> int:
    """Write a file anew in the format of the target's suffix; return the number of rows, which may be 0.

    Args:
        source: any file that can be read; it needs no text column.
        overwrite, bom: as for `open_writer`.

    Raises:
        InputError: as `open_table` and `open_writer` have it.
    """
    _, reader = _open_reader(source)
    with open_writer(target, reader.columns, source=source, overwrite=overwrite, bom=bom) as writer:
        for values in reader.blocks(1024):
            writer.write(values)
    return writer.rows


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


# Blanks, control and zero-width characters may stand before the sign: spreadsheets trim them.
_FORMULA = re.compile(r"[\t\r\n]|[\s\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")
_PLAIN_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


def neutralise(cell: str) -> str:
    r"""Return the cell so that no spreadsheet takes it for a formula: with a leading apostrophe if it might.

    Follows OWASP, "CSV Injection": cells that begin with `=`, `+`, `-`, `@`, tab, carriage return or line feed, and
    with the full-width forms of the four signs, are preceded by a single quote; also where blanks come first. A plain
    number ("-5", "+1.5e3") is no formula and stays as it is.

    >>> neutralise('=HYPERLINK("http://evil")'), neutralise("@ana thanks"), neutralise("-5"), neutralise("fine")
    ('\'=HYPERLINK("http://evil")', "'@ana thanks", '-5', 'fine')
    """
    if _FORMULA.match(cell) and not _PLAIN_NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


# ---- finding out what a file is ----


def _format_of(path: Path) -> Format:
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        named = f"The suffix {path.suffix!r} of {path} is unknown" if path.suffix else f"{path} has no suffix"
        raise InputError(f"{named}. Files that work end in {', '.join(FORMATS)}.")
    return found


def _open_reader(path: Path) -> tuple[Format, _Reader]:
    kind = _format_of(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder. Name a file in it.")
    if not path.exists():
        raise InputError(f"There is no file {path}. Check the name and the folder.")
    if not path.is_file():
        raise InputError(f"{path} is a pipe or a device, and cannot be read twice. Save its content to a file first.")
    with _reading(path):
        return kind, _READERS[kind](path, kind)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{path} cannot be read: {error.strerror or error}. Check the file and your rights."
        ) from error


@dataclass(frozen=True, slots=True)
class _Encoding:
    codec: str
    notices: tuple[str, ...] = ()


# UTF-32 before UTF-16: the little-endian mark of the one begins with that of the other.
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
_BINARY: Final = (
    (b"PK\x03\x04", "an Excel workbook or a ZIP archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook"),
    (b"PAR1\x15", "a Parquet file"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF87a", "a GIF image"),
    (b"GIF89a", "a GIF image"),
    (b"%PDF-", "a PDF document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
)
_CONTROLS: Final = bytes({*range(0x20), 0x7F} - set(b"\t\n\v\f\r\x1b"))
_NOT_IN_CP1252: Final = b"\x81\x8d\x8f\x90\x9d"


def _find_encoding(path: Path) -> _Encoding:
    """Decide how the bytes of a text file are to be decoded, reading it in chunks.

    A byte order mark is believed. Then UTF-8 is tried on the whole file, because nothing else passes it by chance
    (but ASCII in UTF-16, which half consists of NULs). Then comes UTF-16 without a mark, UTF-8 with a few damaged
    places (a text cut within an emoji), and at last Windows-1252, which anything passes.
    """
    with path.open("rb") as file:
        head = file.read(_SAMPLE_BYTES)
    if not head:
        raise InputError(f"{path} is empty (0 bytes). Name a file with texts.")
    for start, looks in _BINARY:
        if head.startswith(start):
            _refuse_binary(path, f"it looks like {looks}")
    for mark, codec, label in _MARKS:
        if head.startswith(mark):
            return _Encoding(codec, _damage_notices(label, _first_bad_byte(path, codec)))
    bad = _first_bad_byte(path, "utf-8")
    wide = _wide_without_mark(head, certain=bad is None)
    if wide:
        notice = "Read as UTF-16, because every other byte is NUL, although there is no byte order mark."
        return _Encoding(wide, (notice, *_damage_notices("UTF-16", _first_bad_byte(path, wide))))
    if bad is None:
        return _Encoding("utf-8")
    if len(head) - len(head.translate(None, _CONTROLS)) > len(head) * 0.02:
        _refuse_binary(path, "it has many control characters")
    return _find_narrow_encoding(path, bad)


def _find_narrow_encoding(path: Path, bad: int) -> _Encoding:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good_chars = bad_chars = 0
    undefined = False
    for chunk in _chunks(path):
        text = decoder.decode(chunk)
        replaced = text.count("\ufffd")
        bad_chars += replaced
        good_chars += len(text) - len(text.encode("ascii", "ignore")) - replaced
        undefined = undefined or len(chunk) != len(chunk.translate(None, _NOT_IN_CP1252))
    # In Windows-1252, bytes that happen to form UTF-8 sequences are rarer than lone letters with an accent.
    if good_chars > bad_chars:
        return _Encoding("utf-8", _damage_notices("UTF-8", bad))
    codec, label = ("latin-1", "Latin-1") if undefined else ("cp1252", "Windows-1252")
    return _Encoding(codec, (f"Read as {label}, because byte {bad:,} is not UTF-8.",))


def _refuse_binary(path: Path, why: str) -> NoReturn:
    raise InputError(
        f"{path} does not look like text: {why}. Export it as CSV (UTF-8), or give it the suffix it should have."
    )


def _damage_notices(label: str, bad: int | None) -> tuple[str, ...]:
    if bad is None:
        return ()
    return (f"Read as {label}, but byte {bad:,} is damaged; what cannot be read was replaced by U+FFFD.",)


def _wide_without_mark(head: bytes, *, certain: bool) -> str | None:
    """Tell UTF-16 by its NULs, which all are at odd or all at even places. `certain`: the bytes are UTF-8 as well."""
    even, odd = head[0::2].count(0), head[1::2].count(0)
    # Text in UTF-8 may hold some NULs too, so that much more is asked there.
    many = max(8, len(head) * 0.35) if certain else max(1, len(head) * 0.01)
    if odd >= many and even * 20 <= odd:
        return "utf-16-le"
    if even >= many and odd * 20 <= even:
        return "utf-16-be"
    return None


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _first_bad_byte(path: Path, codec: str) -> int | None:
    """Return the offset of the first byte that the codec cannot decode, None if there is none."""
    decoder = codecs.getincrementaldecoder(codec)("strict")
    done = 0
    for chunk in itertools.chain(_chunks(path), [b""]):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return done - pending + error.start
        done += len(chunk)
    return None


def _open_text(path: Path, codec: str, newline: str | None = None) -> IO[str]:
    # Damage was found, and told, when the encoding was.
    return path.open(encoding=codec, errors="replace", newline=newline)


def _lines(path: Path, file: IO[str]) -> Iterator[str]:
    number = 1
    while line := file.readline(MAX_LINE_CHARS + 1):
        if len(line) > MAX_LINE_CHARS:
            raise InputError(
                f"{path}, line {number}: longer than {MAX_LINE_CHARS:,} characters. Put each row on a line of its own."
            )
        yield line
        number += 1


def _transposed(rows: Iterable[Sequence[Any]], size: int) -> Blocks:
    rows = iter(rows)
    while block := list(itertools.islice(rows, size)):
        yield tuple(list(cells) for cells in zip(*block, strict=True))


def _refuse_duplicates(path: Path, names: Sequence[str]) -> None:
    for name, times in Counter(names).items():
        if times > 1:
            places = " and ".join(str(place) for place, other in enumerate(names, 1) if other == name)
            named = f"are named {name!r}" if name else "have no name"
            raise InputError(f"{path}: columns {places} {named}. Give each column a name of its own.")


# ---- which column holds the texts ----


def _text_column(path: Path, reader: _Reader, asked: str | None) -> tuple[str, tuple[str, ...]]:
    """Return the name of the text column, and a notice if it is no more than likely."""
    if asked is not None:
        return _asked_column(path, reader, asked), ()
    readable = [column.name for column in reader.columns if reader.unreadable(column) is None]
    folded: dict[str, str] = {}
    for name in readable:
        folded.setdefault(name.strip().casefold(), name)
    for usual in TEXT_NAMES:
        if usual in folded:
            return folded[usual], ()
    if len(reader.columns) == 1 and readable:
        return readable[0], ()
    lengths = _mean_lengths(reader)
    longest = max(readable, key=lengths.__getitem__, default=None)
    if longest is None or lengths[longest] == 0:
        raise InputError(
            f"{path}: no column of texts was found among {_listed([column.name for column in reader.columns])}. "
            f"Name the text column."
        )
    return longest, (f"Column {longest!r} was taken for the texts, because its cells are the longest.",)


def _asked_column(path: Path, reader: _Reader, asked: str) -> str:
    names = [column.name for column in reader.columns]
    if asked not in names:
        folded = {name.strip().casefold(): name for name in reversed(names)}
        close = difflib.get_close_matches(asked.strip().casefold(), folded, n=1, cutoff=0.5)
        hint = f" Did you mean {folded[close[0]]!r}?" if close else ""
        raise InputError(f"{path} has no column {asked!r}. Its columns are {_listed(names)}.{hint}")
    why = reader.unreadable(reader.columns[names.index(asked)])
    if why:
        raise InputError(f"{path}: column {asked!r} holds no texts: {why}. Name a column of texts.")
    return asked


def _mean_lengths(reader: _Reader) -> dict[str, float]:
    with closing(reader.blocks(_SAMPLE_ROWS)) as blocks:
        first = next(blocks)
    cells = {column.name: _plain(values) for column, values in zip(reader.columns, first, strict=True)}
    return {
        name: sum(len(cell) for cell in column if isinstance(cell, str)) / len(column) for name, column in cells.items()
    }


def _listed(names: Sequence[str], most: int = 20) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more


# ---- CSV and TSV ----


@dataclass(frozen=True, slots=True)
class _Dialect:
    codec: str
    delimiter: str
    quoted: bool = True


@dataclass(frozen=True, slots=True)
class _DelimitedReader:
    path: Path
    dialect: _Dialect
    columns: tuple[Column, ...]
    rows: int
    notices: tuple[str, ...]

    @property
    def encoding(self) -> str:
        return self.dialect.codec

    @property
    def delimiter(self) -> str:
        return self.dialect.delimiter

    def blocks(self, size: int) -> Blocks:
        with closing(_records(self.path, self.dialect)) as records:
            _header(self.path, records)
            yield from _transposed(_rows(self.path, self.dialect, records, len(self.columns)), size)

    def texts(self, values: Values) -> list[str]:
        return list(values)

    def unreadable(self, column: Column) -> str | None:
        return None


def _open_delimited(path: Path, kind: Format) -> _DelimitedReader:
    encoding = _find_encoding(path)
    promised = _PROMISED[kind]
    dialect = _Dialect(encoding.codec, _find_delimiter(path, encoding.codec, promised))
    notices = encoding.notices
    if dialect.delimiter != promised:
        notices += (f"Read as separated by {_DELIMITERS[dialect.delimiter]}, not by {_DELIMITERS[promised]}.",)
    try:
        names, rows = _measure(path, dialect)
    except InputError as error:
        # Many a TSV knows no quoting: a tweet may begin with a quote, and the row ends where the line does.
        dialect = replace(dialect, quoted=False)
        try:
            names, rows = _measure(path, dialect)
        except InputError:
            raise error from None
        if any('"' in name for name in names):
            raise error from None
        notices += ("Double quotes were read as plain characters, because they do not pair up.",)
    return _DelimitedReader(path, dialect, tuple(Column(name) for name in names), rows, notices)


def _measure(path: Path, dialect: _Dialect) -> tuple[list[str], int]:
    """Read the file to its end; return the header and the number of rows."""
    with closing(_records(path, dialect)) as records:
        names = _header(path, records)
        _refuse_duplicates(path, names)
        return names, sum(1 for _ in _rows(path, dialect, records, len(names)))


def _records(path: Path, dialect: _Dialect) -> Generator[tuple[int, list[str]], None, None]:
    """Yield for every record the line at which it begins and its fields; a blank line is a record of no field."""
    # The limit is of the whole process; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_CHARS))
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE
    with _reading(path), _open_text(path, dialect.codec, newline="") as file:
        # strict: otherwise a quote left open swallows the rest of the file without a word.
        reader = csv.reader(_lines(path, file), delimiter=dialect.delimiter, quoting=quoting, strict=True)
        line = 1
        while True:
            try:
                record = next(reader, None)
            except csv.Error as error:
                raise InputError(
                    f"{path}, in the row that begins at line {line}: the double quotes do not pair up ({error}). "
                    f'Begin and end a quoted text with ", and double every " within it.'
                ) from None
            if record is None:
                return
            yield line, record
            line = reader.line_num + 1


def _header(path: Path, records: Iterator[tuple[int, list[str]]]) -> list[str]:
    for _, record in records:
        if any(name.strip() for name in record):
            return record
    raise InputError(f"{path} is empty: it has no header and no rows. Name a file with texts.")


def _rows(path: Path, dialect: _Dialect, records: Iterator[tuple[int, list[str]]], width: int) -> Iterator[list[str]]:
    blank = 0
    for line, record in records:
        if len(record) == width:
            # Held back until now: blank lines at the end are no rows.
            yield from itertools.repeat([""], blank)
            blank = 0
            yield record
        elif len(record) > 1 or any(text.strip() for text in record):
            raise InputError(
                f"{path}, line {line}: the row has {len(record)} fields, the header has {width}. Put texts that "
                f"contain {dialect.delimiter!r} in double quotes, and check that every row has all fields."
            )
        elif width == 1:
            blank += 1


def _find_delimiter(path: Path, codec: str, promised: str) -> str:
    """Return the delimiter by which the first rows agree best with the header; the promised one if none parts it."""
    with _open_text(path, codec, newline="") as file:
        lines: list[str] = []
        room = _SAMPLE_BYTES
        for line in itertools.islice(_lines(path, file), _SAMPLE_ROWS * 2):
            lines.append(line)
            room -= len(line)
            if room < 0:
                break

    def fit(delimiter: str) -> tuple[float, int, bool]:
        csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_CHARS))
        widths = [len(record) for record in csv.reader(lines, delimiter=delimiter) if record]
        if not widths or widths[0] < 2:
            return (-1, 0, delimiter == promised)
        body = widths[1:]
        share = sum(width == widths[0] for width in body) / len(body) if body else 0
        return (share, widths[0], delimiter == promised)

    return max(_DELIMITERS, key=fit)


# ---- TXT ----


@dataclass(frozen=True, slots=True)
class _LineReader:
    path: Path
    encoding: str
    rows: int
    notices: tuple[str, ...]
    columns: tuple[Column, ...] = (Column("text"),)
    delimiter: None = None

    def blocks(self, size: int) -> Blocks:
        with _reading(self.path), _open_text(self.path, self.encoding) as file:
            yield from _transposed(((line.removesuffix("\n"),) for line in _lines(self.path, file)), size)

    def texts(self, values: Values) -> list[str]:
        return list(values)

    def unreadable(self, column: Column) -> str | None:
        return None


def _open_lines(path: Path, kind: Format) -> _LineReader:
    encoding = _find_encoding(path)
    with _open_text(path, encoding.codec) as file:
        rows = sum(1 for _ in _lines(path, file))
    if rows == 0:
        raise InputError(f"{path} is empty: it holds no line. Name a file with texts.")
    return _LineReader(path, encoding.codec, rows, encoding.notices)


# ---- JSONL ----


@dataclass(slots=True)
class _Seen:
    """What was seen of one field: the types of its values, and the first line at which it was a list or an object."""

    types: set[type] = field(default_factory=set)
    nested_at: int | None = None

    def add(self, value: object, line: int) -> None:
        if isinstance(value, (list, dict)) and self.nested_at is None:
            self.nested_at = line
        # An integer of more than 64 bits fits no column of integers: noted as some other type.
        wide = type(value) is int and not -(2**63) <= value < 2**63
        self.types.add(object if wide else type(value))

    def kind(self) -> Kind:
        types = self.types - {type(None)}
        if types <= {str}:
            return "text"
        if types <= {int, float}:
            return "integer" if types == {int} else "number"
        return "boolean" if types == {bool} else "json"


@dataclass(frozen=True, slots=True)
class _JsonReader:
    path: Path
    encoding: str
    columns: tuple[Column, ...]
    nested_at: tuple[int | None, ...]
    rows: int
    notices: tuple[str, ...]
    delimiter: None = None

    def blocks(self, size: int) -> Blocks:
        names = [column.name for column in self.columns]
        with closing(_objects(self.path, self.encoding)) as objects:
            yield from _transposed(([row.get(name) for name in names] for _, row in objects), size)

    def texts(self, values: Values) -> list[str]:
        return [_json_text(value) for value in values]

    def unreadable(self, column: Column) -> str | None:
        line = self.nested_at[self.columns.index(column)]
        return None if line is None else f"line {line} has a list or an object there"


def _open_json(path: Path, kind: Format) -> _JsonReader:
    encoding = _find_encoding(path)
    seen: dict[str, _Seen] = {}
    rows = 0
    with closing(_objects(path, encoding.codec)) as objects:
        for line, row in objects:
            rows += 1
            for name, value in row.items():
                seen.setdefault(name, _Seen()).add(value, line)
            if len(seen) > MAX_COLUMNS:
                raise InputError(
                    f"{path}, line {line}: more than {MAX_COLUMNS:,} different fields up to here. "
                    f"Use the same field names in every row."
                )
    if not seen:
        raise InputError(f"{path} is empty: it holds no object with fields. Name a file with texts.")
    columns = tuple(Column(name, one.kind()) for name, one in seen.items())
    nested_at = tuple(one.nested_at for one in seen.values())
    return _JsonReader(path, encoding.codec, columns, nested_at, rows, encoding.notices)


def _objects(path: Path, codec: str) -> Generator[tuple[int, dict[str, Any]], None, None]:
    with _reading(path), _open_text(path, codec) as file:
        for number, line in enumerate(_lines(path, file), 1):
            if line.isspace():
                continue
            try:
                row = _DECODER.decode(line)
            except (ValueError, RecursionError) as error:
                raise InputError(
                    f"{path}, line {number}: no JSON ({error}). Write one object on each line, "
                    f'as {{"text": "so happy"}}.'
                ) from None
            if not isinstance(row, dict):
                raise InputError(
                    f"{path}, line {number}: {line[:40].strip()!r} is no JSON object. Write one object on each line, "
                    f'as {{"text": "so happy"}}.'
                )
            yield number, row


def _no_constant(_: str) -> None:
    """Read NaN and Infinity, which Python writes though JSON has none, as null."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        name = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise ValueError(f"the field {name!r} occurs twice in one object")
    return row


# Made once: `json.loads` with options makes a decoder for every line.
_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_unique)


def _json_text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, (bool, int, float, list, dict)):
        return json.dumps(value, ensure_ascii=False, default=_other_text)
    return value if isinstance(value, str) else _other_text(value)


def _other_text(value: object) -> str:
    """Return what JSON has no form for (bytes, decimals, times out of Parquet) as text."""
    return value.hex() if isinstance(value, bytes) else str(value)


# ---- Parquet ----


@dataclass(frozen=True, slots=True)
class _ParquetReader:
    path: Path
    columns: tuple[Column, ...]
    rows: int
    notices: tuple[str, ...] = ()
    encoding: None = None
    delimiter: None = None

    def blocks(self, size: int) -> Blocks:
        import pyarrow.parquet as pq  # noqa: PLC0415

        with _reading_parquet(self.path), pq.ParquetFile(self.path) as file:
            for batch in file.iter_batches(batch_size=size):
                if batch.num_rows:
                    yield tuple(batch.columns)

    def texts(self, values: Values) -> list[str]:
        return [cell or "" for cell in _arrow_texts(values)]

    def unreadable(self, column: Column) -> str | None:
        return None if column.kind == "text" else f"its type is {column.arrow_type}"


@contextmanager
def _reading_parquet(path: Path) -> Iterator[None]:
    import pyarrow as pa  # noqa: PLC0415

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{path} cannot be read as Parquet: it is damaged or of another kind ({reason}). Export it anew."
        ) from error


def _open_parquet(path: Path, kind: Format) -> _ParquetReader:
    import pyarrow.parquet as pq  # noqa: PLC0415

    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty (0 bytes). Name a file with texts.")
    with _reading_parquet(path), pq.ParquetFile(path) as file:
        schema = file.schema_arrow
    _refuse_duplicates(path, schema.names)
    columns = tuple(Column(one.name, _arrow_kind(one.type), one.type) for one in schema)
    reader = _ParquetReader(path, columns, 0)
    with closing(reader.blocks(1024)) as blocks:
        return replace(reader, rows=sum(len(block[0]) for block in blocks))


def _arrow_kind(arrow_type: Any) -> Kind:
    from pyarrow import types  # noqa: PLC0415

    inner = arrow_type.value_type if types.is_dictionary(arrow_type) else arrow_type
    if types.is_string(inner) or types.is_large_string(inner) or types.is_string_view(inner):
        return "text"
    if types.is_integer(inner):
        return "integer"
    if types.is_floating(inner):
        return "number"
    return "boolean" if types.is_boolean(inner) else "json"


def _arrow_texts(values: Any) -> list[str | None]:
    import pyarrow as pa  # noqa: PLC0415

    # By way of bytes: nothing makes a writer of Parquet see to it that its strings are UTF-8.
    raw = values.cast(pa.large_string()).cast(pa.large_binary())
    return [None if cell is None else cell.decode("utf-8", "replace") for cell in raw.to_pylist()]


_READERS: Final[dict[Format, Callable[[Path, Format], _Reader]]] = {
    "csv": _open_delimited,
    "tsv": _open_delimited,
    "txt": _open_lines,
    "jsonl": _open_json,
    "parquet": _open_parquet,
}


# ---- writing ----


class _Sink(Protocol):
    """One format's way to write."""

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
        rows: how many rows were written so far.
    """

    def __init__(self, path: Path, columns: Sequence[Column], sink: _Sink, scratch: Path, overwrite: bool) -> None:
        self.path: Final = path
        self.columns: Final = tuple(columns)
        self.rows = 0
        self._sink = sink
        self._scratch = scratch
        self._overwrite = overwrite
        self._open = True

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
        self.rows += lengths.pop()

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
        self._open = False
        if kind is not None:
            self._discard()
            return
        try:
            with _writing(self.path):
                self._sink.close()
                self._scratch.replace(self.path)
        except InputError:
            self._discard()
            raise

    def _discard(self) -> None:
        self._sink.discard()
        self._scratch.unlink(missing_ok=True)


def open_writer(
    path: Path,
    columns: Sequence[Column],
    *,
    source: Path | None = None,
    overwrite: bool = False,
    formula_safe: bool = True,
    bom: bool = False,
) -> Writer:
    """Open a file for results.

    CSV and TSV are UTF-8 with every string in double quotes and every formula made harmless (`neutralise`); numbers
    stand bare. They carry no byte order mark, because programs that do not expect one take it for a part of the
    first column's name; Excel needs one to show accents and emoji on a double click, so `bom` may ask for it. TXT
    holds a single column, line breaks within a text as blanks. JSONL keeps values as they are. Parquet keeps the
    types of columns that came from Parquet; "json" columns become strings of JSON. Lone surrogates, which UTF-8 cannot
    hold, become U+FFFD.

    Args:
        path: its suffix says the format, see `FORMATS`.
        columns: of the output, see `append`.
        source: the file that is read meanwhile, which the output must not replace.
        overwrite: whether a file of that name may be replaced.
        formula_safe: whether cells of CSV and TSV are neutralised; False only for files no spreadsheet will open.
        bom: whether CSV and TSV begin with a byte order mark.

    Raises:
        InputError: unknown suffix, the source itself, a file that exists, a folder that does not, or that the disk
            refused.
        ValueError: no columns, or two of one name.
    """
    kind = _format_of(path)
    names = [column.name for column in columns]
    if not names or len(set(names)) != len(names):
        raise ValueError(f"columns must be named, each once, got {names}")
    if path.is_dir():
        raise InputError(f"{path} is a folder. Name a file in it.")
    if source is not None and _same_file(source, path):
        raise InputError(f"{path} is the file that is read. Give the output another name.")
    if path.exists() and not overwrite:
        raise InputError(f"{path} exists already. Give the output another name, or allow it to be overwritten.")
    if not path.parent.is_dir():
        raise InputError(f"There is no folder {path.parent}. Make it, or name another.")
    if kind == "txt" and len(names) > 1:
        raise InputError(
            f"{path}: a .txt file holds one text per line, not {len(names)} columns ({_listed(names, 5)}). "
            f"Give the output another suffix: .csv, .tsv, .jsonl or .parquet."
        )
    scratch = path.with_name(f"{path.name}.partial")
    with _writing(path):
        try:
            sink = _open_sink(scratch, kind, columns, formula_safe, bom)
        except OSError:
            if not scratch.is_dir():
                scratch.unlink(missing_ok=True)
            raise
    return Writer(path, columns, sink, scratch, overwrite)


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


def _open_sink(scratch: Path, kind: Format, columns: Sequence[Column], formula_safe: bool, bom: bool) -> _Sink:
    names = [column.name for column in columns]
    if kind == "parquet":
        return _ParquetSink(scratch, columns)
    if kind == "jsonl":
        return _TextSink(scratch, lambda rows: _json_lines(names, rows))
    if kind == "txt":
        return _TextSink(scratch, _text_lines)

    def render(rows: Iterable[Sequence[Any]]) -> str:
        return _delimited_lines(rows, _PROMISED[kind], formula_safe)

    return _TextSink(scratch, render, start=("\ufeff" if bom else "") + render([names]))


class _TextSink:
    """Lines of text, flushed batch by batch."""

    def __init__(self, scratch: Path, render: Callable[[Iterable[Sequence[Any]]], str], start: str = "") -> None:
        self._render = render
        # Unbuffered: after a failure or an interruption, nothing may be left that `close` would still write.
        self._file = scratch.open("wb", buffering=0)
        self._whole = 0
        try:
            self._append(start)
        except OSError:
            self.discard()
            raise

    def write(self, values: Sequence[Values]) -> None:
        self._append(self._render(zip(*(_plain(column) for column in values), strict=True)))

    def close(self) -> None:
        # An interruption may have come in the middle of a write: what is after the last whole batch is cut off.
        self._file.truncate(self._whole)
        self._file.close()

    def discard(self) -> None:
        with suppress(OSError):
            self._file.close()

    def _append(self, text: str) -> None:
        data = memoryview(_scrub(text).encode("utf-8"))
        left = data
        while left:
            left = left[self._file.write(left) :]
        self._whole += len(data)


class _ParquetSink:
    """Row groups, each made of as many batches as give it a useful size."""

    def __init__(self, scratch: Path, columns: Sequence[Column]) -> None:
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        self._columns = columns
        types = {"text": pa.string(), "integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
        self._schema = pa.schema(
            [(_scrub(column.name), column.arrow_type or types.get(column.kind, pa.string())) for column in columns]
        )
        self._waiting: list[Any] = []
        self._writer = pq.ParquetWriter(scratch, self._schema)

    def write(self, values: Sequence[Values]) -> None:
        import pyarrow as pa  # noqa: PLC0415

        arrays = [
            _arrow_array(column, arrow_type, cells)
            for column, arrow_type, cells in zip(self._columns, self._schema.types, values, strict=True)
        ]
        self._waiting.append(pa.Table.from_arrays(arrays, schema=self._schema))
        rows, size = (sum(getattr(table, what) for table in self._waiting) for what in ("num_rows", "nbytes"))
        if rows >= _ROW_GROUP_ROWS or size >= _ROW_GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        self._flush()
        self._writer.close()

    def discard(self) -> None:
        with suppress(OSError):
            self._writer.close()

    def _flush(self) -> None:
        import pyarrow as pa  # noqa: PLC0415

        if self._waiting:
            # Emptied first: if an interruption comes between, rows must not be written twice by `close`.
            waiting, self._waiting = self._waiting, []
            self._writer.write_table(pa.concat_tables(waiting))


def _arrow_array(column: Column, arrow_type: Any, values: Values) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values if values.type == arrow_type else values.cast(arrow_type)
    cells = _plain(values)
    if column.kind == "number":
        cells = [None if cell is None else float(cell) for cell in cells]
    elif column.arrow_type is None and column.kind in {"text", "json"}:
        cells = [None if cell is None else _scrub(_json_text(cell)) for cell in cells]
    # from_pandas: NaN is null.
    return pa.array(cells, type=arrow_type, from_pandas=True)


def _plain(values: Values) -> list[Any]:
    """Return the cells as Python values that can be written as text."""
    if isinstance(values, np.ndarray):
        if values.dtype.kind == "f" and values.dtype.itemsize < 8:
            # By way of text: float32 0.1 is written 0.1, not 0.10000000149011612.
            return [float(cell) for cell in values.astype(str)]
        return list(values.tolist())
    if hasattr(values, "to_pylist"):
        return _plain_arrow(values)
    return [cell.item() if isinstance(cell, np.generic) else cell for cell in values]


def _plain_arrow(values: Any) -> list[Any]:
    import pyarrow as pa  # noqa: PLC0415

    if _arrow_kind(values.type) == "text":
        return list(_arrow_texts(values))
    if pa.types.is_temporal(values.type) and not pa.types.is_duration(values.type):
        # Python's datetime has no nanoseconds, and would lose them.
        values = values.cast(pa.string())
    if pa.types.is_floating(values.type) and values.type.bit_width < 64:
        return [None if cell is None else float(str(np.float32(cell))) for cell in values.to_pylist()]
    return list(values.to_pylist())


def _scrub(text: str) -> str:
    """Return the text without lone surrogates; two that are a pair become the character they stand for."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def _delimited_lines(rows: Iterable[Sequence[Any]], delimiter: str, formula_safe: bool) -> str:
    lines = io.StringIO()
    # Every string is quoted, as OWASP has it: a text with a semicolon would be parted where Excel expects those.
    writer = csv.writer(lines, delimiter=delimiter, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    writer.writerows([_cell(cell, formula_safe) for cell in row] for row in rows)
    return lines.getvalue()


def _cell(value: object, formula_safe: bool) -> str | int | float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value if math.isfinite(value) else ""
    text = _json_text(value)
    return neutralise(text) if formula_safe else text


def _json_lines(names: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    return "".join(_json_line(dict(zip(names, row, strict=True))) + "\n" for row in rows)


def _json_line(row: dict[str, Any]) -> str:
    try:
        return json.dumps(row, ensure_ascii=False, allow_nan=False, default=_other_text)
    except ValueError:
        plain = json.loads(json.dumps(row, default=_other_text), parse_constant=_no_constant)
        return json.dumps(plain, ensure_ascii=False)


_LINE_BREAK = re.compile(r"\r\n|\r|\n")


def _text_lines(rows: Iterable[Sequence[Any]]) -> str:
    return "".join(_LINE_BREAK.sub(" ", _json_text(text)) + "\n" for (text,) in rows)
