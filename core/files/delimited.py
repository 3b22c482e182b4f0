"""CSV and TSV: records of fields, and how their cells are kept from being taken for formulas."""

import csv
import io
import itertools
import math
import re
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Final, Literal

from core.errors import InputError
from core.files.cells import Values, as_text, plain
from core.files.column import Blocks, Column
from core.files.encoding import MAX_LINE_CHARS, find_encoding, lines
from core.files.facts import Notice, NoticeKind
from core.files.headers import header_at, is_header, is_text_name
from core.files.table import Reader, refuse_duplicates, transposed

PROMISED: Final = {"csv": ",", "tsv": "\t"}
"""The delimiter that a suffix stands for."""

_DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "pipes"}
_SAMPLE_LINES: Final = 200
_SAMPLE_CHARS: Final = 1 << 16

# Blanks, control and zero-width characters may stand before the sign: spreadsheets trim them.
_FORMULA = re.compile(r"[\t\r\n]|[\s\x00-\x1f\x7f\u200b-\u200f\u2060\ufeff]*[=+\-@＝＋－＠]")
_PLAIN_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_SEP: Final = re.compile(r"\ufeff?\"?sep=(?P<sign>[^\r\n\"])\"?[\s,;]*\Z", re.IGNORECASE)
_WORD: Final = re.compile(r"\w", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Dialect:
    """How records lie in a file.

    Attributes:
        skip: lines at the beginning that hold `sep=;`.
        whole_lines: a line is one text, whatever is in it.
    """

    codec: str
    delimiter: str
    quoted: bool = True
    escaped: bool = False
    whole_lines: bool = False
    skip: int = 0


@dataclass(slots=True)
class _Layout:
    """What was measured of the records.

    Attributes:
        names: of the columns.
        above: records before the first row, the header included.
        titles: records above the header.
        rows: how many there are.
        bare: whether a cell that could be a formula stands without an apostrophe; `held` whether one has it.
    """

    names: list[str]
    above: int
    titles: int = 0
    header: bool = True
    rows: int = 0
    bare: bool = False
    held: bool = False
    notices: tuple[Notice, ...] = field(default=())


def open_delimited(path: Path, promised: str, *, unnamed: bool = False) -> Reader:
    """Read the file to its end.

    Args:
        promised: the delimiter that the suffix stands for; another is found, and told.
        unnamed: whether columns may lack a name, and get one by their number.

    Raises:
        InputError: it is empty, not of text, or its rows do not fit its header.
    """
    # The limit is of the whole process; it is only ever raised.
    csv.field_size_limit(max(csv.field_size_limit(), MAX_LINE_CHARS))
    encoding = find_encoding(path)
    dialect = _find_dialect(path, encoding.codec, promised)
    notices = encoding.notices
    if dialect.delimiter != promised and not dialect.whole_lines:
        sign = _DELIMITERS.get(dialect.delimiter, repr(dialect.delimiter))
        text = f"Read as separated by {sign}, not by {_DELIMITERS[promised]}."
        notices += (Notice(NoticeKind.DELIMITER, text),)
    dialect, layout = _first_that_fits(path, dialect, unnamed)
    if layout.held and not layout.bare:
        blocks = partial(_restored_blocks, path, dialect, layout)
    else:
        blocks = partial(_blocks, path, dialect, layout)
    return Reader(
        tuple(map(Column, layout.names)),
        layout.rows,
        blocks,
        dialect.codec,
        dialect.delimiter,
        (*notices, *layout.notices),
        header=layout.header,
        title_lines=layout.titles,
        apostrophes=layout.held and not layout.bare,
    )


def _first_that_fits(path: Path, dialect: _Dialect, unnamed: bool) -> tuple[_Dialect, _Layout]:
    try:
        return dialect, _measure(path, dialect, unnamed)
    except InputError as error:
        first = error
    others = []
    if not dialect.whole_lines and _has_escapes(path, dialect):
        others.append(
            (replace(dialect, escaped=True), NoticeKind.ESCAPES, "A backslash was read as what keeps a quote plain.")
        )
    # Many a TSV knows no quoting: a tweet may begin with a quote, and the row ends where the line does.
    plainly = "Double quotes were read as plain characters, because they do not pair up."
    others.append((replace(dialect, quoted=False), NoticeKind.QUOTES, plainly))
    for other, kind, text in others:
        try:
            layout = _measure(path, other, unnamed)
        except InputError:
            continue
        if not any('"' in name for name in layout.names):
            layout.notices += (Notice(kind, text),)
            return other, layout
    if _one_name(path, dialect):
        lined = replace(dialect, whole_lines=True)
        layout = _measure(path, lined, unnamed)
        text = "The header has one name: each line was read as one text, delimiters included."
        layout.notices += (Notice(NoticeKind.ONE_COLUMN, text),)
        return lined, layout
    raise first


def render_delimited(delimiter: str, columns: Sequence[Values], *, plainly: bool = False) -> str:
    """Return the rows as records; strings are quoted, numbers stand bare, null, NaN and infinity are empty.

    Args:
        plainly: whether cells that a spreadsheet could take for a formula stay as they are.
    """
    text = io.StringIO()
    # Every string is quoted, as OWASP has it: a text with a semicolon would be parted where Excel expects those.
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    cells = ([_cell(cell, plainly) for cell in plain(values)] for values in columns)
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
    if _looks_formula(cell):
        return f"'{cell}"
    return cell


def restored(cell: str) -> str:
    """Return the cell without the apostrophe that `neutralise` put before it.

    >>> restored("'@ana thanks"), restored("'tis fine")
    ('@ana thanks', "'tis fine")
    """
    return cell[1:] if cell[:1] == "'" and _looks_formula(cell[1:]) else cell


def _looks_formula(cell: str) -> bool:
    return _FORMULA.match(cell) is not None and not _PLAIN_NUMBER.fullmatch(cell)


def _cell(value: object, plainly: bool) -> str | int | float:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value if math.isfinite(value) else ""
    text = as_text(value)
    return text if plainly else neutralise(text)


def _sample(path: Path, codec: str) -> list[str]:
    sample: list[str] = []
    room = _SAMPLE_CHARS
    with closing(lines(path, codec, newline="")) as source:
        for line in itertools.islice(source, _SAMPLE_LINES):
            sample.append(line)
            room -= len(line)
            if room < 0:
                break
    return sample


def _find_dialect(path: Path, codec: str, promised: str) -> _Dialect:
    """Return the delimiter that the file names, or by which the first rows agree best, or the promised one."""
    sample = _sample(path, codec)
    said = _SEP.match(sample[0]) if sample else None
    if said:
        return _Dialect(codec, said["sign"], skip=1)

    def fit(delimiter: str) -> tuple[float, int, bool]:
        widths = [len(record) for record in csv.reader(sample, delimiter=delimiter) if record]
        if not widths:
            return (-1, 0, delimiter == promised)
        header, *body = widths
        share = body.count(header) / max(1, len(body)) if header > 1 else -1
        # Lines with a title may stand above the header: then the width is that of most rows.
        width, times = Counter(widths).most_common(1)[0]
        if width > 1 and times > 2 and 0.9 * times / len(widths) > share:
            return (0.9 * times / len(widths), width, delimiter == promised)
        return (share, header, delimiter == promised) if header > 1 else (-1, 0, delimiter == promised)

    return _Dialect(codec, max(_DELIMITERS, key=fit))


def _has_escapes(path: Path, dialect: _Dialect) -> bool:
    with closing(lines(path, dialect.codec)) as source:
        return any('\\"' in line for line in source)


def _one_name(path: Path, dialect: _Dialect) -> bool:
    with closing(lines(path, dialect.codec)) as source:
        first = next((line for line in source if line.strip()), "")
    return is_text_name(first.strip().strip('"').removeprefix("\ufeff"))


def _measure(path: Path, dialect: _Dialect, unnamed: bool) -> _Layout:
    """Read the file to its end; return the names and the number of rows."""
    with closing(_records(path, dialect)) as records:
        head = [record for _, record in itertools.islice(records, _SAMPLE_LINES)]
    layout = _layout(path, head, unnamed)
    refuse_duplicates(path, layout.names)
    with closing(_records(path, dialect)) as records:
        _skip(records, layout.above)
        for row in _rows(path, dialect, records, len(layout.names)):
            layout.rows += 1
            for cell in row:
                # Nearly all cells begin with a letter or a digit, and are done with here.
                if cell and not _WORD.match(cell):
                    if cell[0] == "'":
                        layout.held = layout.held or _looks_formula(cell[1:])
                    else:
                        layout.bare = layout.bare or _looks_formula(cell)
    return layout


def _layout(path: Path, head: list[list[str]], unnamed: bool) -> _Layout:
    """Find the header among the first records."""
    at = header_at(head)
    if at is None:
        raise InputError(f"{path} is empty: it has no header and no rows. Name a file with texts.")
    notices: tuple[Notice, ...] = ()
    titles = sum(any(cell.strip() for cell in record) for record in head[:at])
    if titles:
        lines_above = "line above the header was" if titles == 1 else f"{titles} lines above the header were"
        text = f"{'One ' if titles == 1 else ''}{lines_above} left out."
        notices += (Notice(NoticeKind.TITLE_LINES, text),)
    names = head[at]
    body = [record for record in head[at + 1 :] if len(record) == len(names)]
    if not is_header(names, body):
        numbered = [f"column {number}" for number in range(1, len(names) + 1)]
        text = f"No header was found: the columns were named {numbered[0]!r}"
        text += f" to {numbered[-1]!r}." if len(names) > 1 else "."
        notices += (Notice(NoticeKind.NO_HEADER, text),)
        return _Layout(numbered, at, titles, header=False, notices=notices)
    if unnamed:
        names = [name if name.strip() else f"column {number}" for number, name in enumerate(names, 1)]
    return _Layout(names, at + 1, titles, notices=notices)


def _blocks(path: Path, dialect: _Dialect, layout: _Layout, size: int) -> Blocks:
    with closing(_records(path, dialect)) as records:
        _skip(records, layout.above)
        yield from transposed(_rows(path, dialect, records, len(layout.names)), size)


def _restored_blocks(path: Path, dialect: _Dialect, layout: _Layout, size: int) -> Blocks:
    with closing(_blocks(path, dialect, layout, size)) as blocks:
        for block in blocks:
            yield tuple([restored(cell) for cell in column] for column in block)


def _skip(records: Iterator[tuple[int, list[str]]], count: int) -> None:
    next(itertools.islice(records, count, count), None)


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
        _skip_lines(source, dialect.skip)
        if dialect.whole_lines:
            for number, text in enumerate(source, dialect.skip + 1):
                cell = text.rstrip("\r\n")
                yield number, [cell] if cell.strip() else []
            return
        # strict: otherwise a quote left open swallows the rest of the file without a word.
        parser = csv.reader(
            source,
            delimiter=dialect.delimiter,
            quoting=quoting,
            strict=True,
            escapechar="\\" if dialect.escaped else None,
        )
        line = dialect.skip + 1
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
            line = dialect.skip + parser.line_num + 1


def _skip_lines(source: Iterator[str], count: int) -> None:
    for _ in range(count):
        next(source, None)
