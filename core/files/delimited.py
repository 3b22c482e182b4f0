"""CSV and TSV: records of fields, and how their cells are kept from being taken for formulas."""

import csv
import io
import itertools
import math
import re
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Literal

from core.errors import InputError
from core.files.cells import Values, as_text, plain
from core.files.encoding import MAX_LINE_CHARS, find_encoding, lines
from core.files.table import Blocks, Column, Reader, refuse_duplicates, transposed

PROMISED: Final = {"csv": ",", "tsv": "\t"}
"""The delimiter that a suffix stands for."""

_DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}
_SAMPLE_LINES: Final = 200
_SAMPLE_CHARS: Final = 1 << 16

# Blanks, control and zero-width characters may stand before the sign: spreadsheets trim them.
_FORMULA = re.compile(r"[\t\r\n]|[\s\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")
_PLAIN_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")


@dataclass(frozen=True, slots=True)
class _Dialect:
    codec: str
    delimiter: str
    quoted: bool = True


def open_delimited(path: Path, promised: str) -> Reader:
    """Read the file to its end.

    Args:
        promised: the delimiter that the suffix stands for; another is found, and told.

    Raises:
        InputError: it is empty, not of text, or its rows do not fit its header.
    """
    # The limit is of the whole process; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_CHARS))
    encoding = find_encoding(path)
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
    blocks = partial(_blocks, path, dialect, len(names))
    return Reader(tuple(map(Column, names)), rows, blocks, dialect.codec, dialect.delimiter, notices)


def render_delimited(delimiter: str, columns: Sequence[Values]) -> str:
    """Return the rows as records; strings are quoted, numbers stand bare, null, NaN and infinity are empty."""
    text = io.StringIO()
    # Every string is quoted, as OWASP has it: a text with a semicolon would be parted where Excel expects those.
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    cells = ([_cell(cell) for cell in plain(values)] for values in columns)
    writer.writerows(zip(*cells, strict=True))
    return text.getvalue()


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


def _cell(value: object) -> str | int | float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value if math.isfinite(value) else ""
    return neutralise(as_text(value))


def _find_delimiter(path: Path, codec: str, promised: str) -> str:
    """Return the delimiter by which the first rows agree best with the header; the promised one if none parts it."""
    sample: list[str] = []
    room = _SAMPLE_CHARS
    with closing(lines(path, codec, newline="")) as source:
        for line in itertools.islice(source, _SAMPLE_LINES):
            sample.append(line)
            room -= len(line)
            if room < 0:
                break

    def fit(delimiter: str) -> tuple[float, int, bool]:
        widths = [len(record) for record in csv.reader(sample, delimiter=delimiter) if record]
        if not widths or widths[0] < 2:
            return (-1, 0, delimiter == promised)
        header, *body = widths
        return (body.count(header) / max(1, len(body)), header, delimiter == promised)

    return max(_DELIMITERS, key=fit)


def _measure(path: Path, dialect: _Dialect) -> tuple[list[str], int]:
    """Read the file to its end; return the header and the number of rows."""
    with closing(_records(path, dialect)) as records:
        names = _header(path, records)
        refuse_duplicates(path, names)
        return names, sum(1 for _ in _rows(path, dialect, records, len(names)))


def _blocks(path: Path, dialect: _Dialect, width: int, size: int) -> Blocks:
    with closing(_records(path, dialect)) as records:
        _header(path, records)
        yield from transposed(_rows(path, dialect, records, width), size)


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


def _records(path: Path, dialect: _Dialect) -> Generator[tuple[int, list[str]], None, None]:
    """Yield for every record the line at which it begins and its fields; a blank line is a record of no field."""
    quoting: Literal[0, 3] = csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE
    with closing(lines(path, dialect.codec, newline="")) as source:
        # strict: otherwise a quote left open swallows the rest of the file without a word.
        parser = csv.reader(source, delimiter=dialect.delimiter, quoting=quoting, strict=True)
        line = 1
        while True:
            try:
                record = next(parser, None)
            except csv.Error as error:
                raise InputError(
                    f"{path}, in the row that begins at line {line}: the double quotes do not pair up ({error}). "
                    f'Begin and end a quoted text with ", and double every " within it.'
                ) from None
            if record is None:
                return
            yield line, record
            line = parser.line_num + 1
