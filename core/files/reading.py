"""Opening a file of tweets, whatever its format and wrapping, and finding the column that holds them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final, Literal

from core.errors import InputError
from core.files.column import Blocks
from core.files.column_names import TEXT_NAMES
from core.files.columns import choose_text, chosen_text
from core.files.delimited import PROMISED, open_delimited
from core.files.encoding import disk_errors
from core.files.facts import Notice, NoticeKind, Question, QuestionKind
from core.files.json_lines import open_json
from core.files.json_values import is_object
from core.files.profiles import profiles
from core.files.sheets import SUFFIXES as SHEETS
from core.files.sheets import read_sheet, sheet_names
from core.files.table import Format, Reader, Table, is_html, listed, text_column, unknown_suffix
from core.files.text_lines import open_lines
from core.files.unpack import Unpacked, files_to_choose, unpack

__all__ = ["READABLE", "TEXT_NAMES", "Parts", "list_parts", "open_reader", "open_table"]

READABLE: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".txt": "txt",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".js": "jsonl",
    ".parquet": "parquet",
    **dict.fromkeys(SHEETS, "sheet"),
}
"""The formats that are read, by suffix; each may be wrapped in .gz, .zst or .zip."""

_ARCHIVES: Final = (".gz", ".gzip", ".zst", ".zstd", ".zip")


def open_table(path: Path, column: str | None = None, *, part: str | None = None, mend: bool = False) -> Table:
    """Open a file of tweets: find its encoding, delimiter, columns and rows, and read it once to see that it is sound.

    Args:
        path: its suffix (in any case) says the format, see `READABLE`; where it says none, the content does.
        column: the name of the text column. None takes the one whose cells read like texts, see `columns`; where two
            are close, the table has a question.
        part: the sheet of a workbook, or the file in an archive; None takes the first.
        mend: whether texts that were decoded by the wrong codec are put right.

    Raises:
        InputError: the file is missing, empty, damaged, of another kind, has rows that do not fit its header or two
            columns of one name, or the column does not exist or holds no text.
    """
    opened = _open(path, part)
    reader = opened.reader
    if reader.rows == 0:
        raise InputError(f"{path} has a header but no rows. There is nothing to read in it.")
    if column is not None:
        text_column(path, reader.columns, reader.unreadable, column)
    found = profiles(reader.columns, reader.rows, reader.blocks)
    choice = choose_text(found, reader.unreadable) if column is None else chosen_text(found, column)
    if choice is None:
        names = listed([one.name for one in reader.columns])
        raise InputError(f"{path}: no column of texts was found among {names}. Name the text column.")
    said = list(reader.notices)
    if not choice.certain:
        said.append(
            Notice(NoticeKind.TEXT_COLUMN, f"Column {choice.name!r} was taken for the texts, because {choice.why}.")
        )
    questions: tuple[Question, ...] = ()
    if choice.close:
        if len(choice.close) > 1:
            text = f"Several columns may hold the texts: {listed(choice.close)}. Which one?"
        else:
            text = f"No column has something to read in most of its cells; {choice.name!r} has the most. Is it that?"
        questions = (Question(QuestionKind.TEXT_COLUMN, choice.close, text),)
    return Table(
        path=path,
        format=opened.format,
        columns=reader.columns,
        text_column=choice.name,
        rows=reader.rows,
        encoding=reader.encoding,
        delimiter=reader.delimiter,
        said=tuple(said),
        questions=questions,
        unreadable=reader.unreadable,
        header=reader.header,
        title_lines=reader.title_lines,
        apostrophes=reader.apostrophes,
        wrapping=opened.wrapping,
        sheet=opened.sheet,
        sheets=opened.sheets,
        choice=choice,
        markup=is_html(found, choice.name),
        mend=mend,
        _profiles=found,
        _blocks=reader.blocks,
        _held=reader.held,
    )


@dataclass(frozen=True, slots=True)
class Parts:
    """What a file has several of, while `open_table` reads one: its argument `part`.

    Attributes:
        kind: a "sheet" of a workbook, of which the first with cells is read unasked; or a "file" of an archive, of
            which one must be named.
        names: at least two.
    """

    kind: Literal["sheet", "file"]
    names: tuple[str, ...]


def list_parts(path: Path) -> Parts | None:
    """Return the sheets of a workbook, or the files of an archive, that can be chosen; None where there is no choice.

    Raises:
        InputError: the archive or workbook is damaged, or names a place outside itself.
    """
    with disk_errors(path):
        if files := files_to_choose(path, tuple(READABLE)):
            return Parts("file", files)
        # What is named like a workbook and is none is for `open_table` to refuse.
        if path.suffix.lower() in SHEETS and len(names := sheet_names(path)) > 1:
            return Parts("sheet", names)
    return None


def open_reader(path: Path) -> Reader:
    """Read any file to its end; it needs no rows and no column of texts.

    Raises:
        InputError: as `open_table` has it.
    """
    return _open(path).reader


@dataclass(frozen=True, slots=True)
class _Opened:
    """A reader, and how the file was found."""

    reader: Reader
    format: Format
    wrapping: tuple[str, ...]
    sheet: str | None = None
    sheets: tuple[str, ...] = ()


def _open(path: Path, part: str | None = None) -> _Opened:
    if path.is_dir():
        raise InputError(f"{path} is a folder. Name a file in it.")
    if not path.exists():
        # A name that never could be read is the first thing to say.
        if path.suffix and not _may_be_read(path):
            raise unknown_suffix(path, READABLE)
        raise InputError(f"There is no file {path}. Check the name and the folder.")
    if not path.is_file():
        raise InputError(f"{path} is a pipe or a device, and cannot be read twice. Save its content to a file first.")
    with disk_errors(path):
        unpacked = unpack(path, tuple(READABLE), part)
        kind = _format(path, unpacked)
        sheet: str | None = None
        sheets: tuple[str, ...] = ()
        held: list[object] = [unpacked.scratch]
        with _called(unpacked.path, path):
            if kind == "sheet":
                suffix = unpacked.suffix if unpacked.suffix in SHEETS else ".xlsx"
                found = read_sheet(unpacked.path, path, suffix, None if unpacked.wrapping else part)
                held.append(found.scratch)
                sheet, sheets = found.name, found.names
                with _called(found.path, path):
                    reader = open_delimited(found.path, ",", unnamed=True)
                reader = _renamed(reader, found.path, path)
            else:
                reader = _OPENERS[kind](unpacked.path)
        reader = _renamed(reader, unpacked.path, path)
    notices = list(reader.notices)
    if kind == "jsonl" and READABLE.get(unpacked.suffix, "jsonl") != "jsonl":
        notices.insert(0, Notice(NoticeKind.WRAPPING, "Read as JSON, which it is, whatever its suffix says."))
    if unpacked.wrapping and unpacked.wrapping[-1].endswith("archive"):
        notices.insert(0, Notice(NoticeKind.WRAPPING, f"Read: {unpacked.wrapping[-1]}."))
    if sheet is not None and len(sheets) > 1:
        others = listed([name for name in sheets if name != sheet], 5)
        notices.append(Notice(NoticeKind.SHEET, f"Read was the sheet {sheet!r}; there are others: {others}."))
    encoding = None if kind == "sheet" else reader.encoding
    reader = replace(
        reader,
        notices=tuple(notices),
        held=held,
        encoding=encoding,
        delimiter=None if kind == "sheet" else reader.delimiter,
    )
    return _Opened(reader, kind, unpacked.wrapping, sheet, sheets)


def _may_be_read(path: Path) -> bool:
    return path.suffix.lower() in {*READABLE, *_ARCHIVES}


def _format(path: Path, unpacked: Unpacked) -> Format:
    """Return the format by the suffix, or by the content where the suffix says none.

    Raises:
        InputError: neither says one.
    """
    with unpacked.path.open("rb") as file:
        head = file.read(1 << 20)
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    kind = READABLE.get(unpacked.suffix)
    workbook = head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))
    if kind == "sheet" and not workbook and head and text[:1] != b"<":
        raise InputError(
            f"The suffix {path.suffix!r} of {path} is that of a workbook, which it is not. Files that work end in "
            f"{', '.join(READABLE)}."
        )
    if kind in {"csv", "tsv", "txt"}:
        return "jsonl" if is_object(head) else kind
    if kind in {"jsonl", "parquet"} or (kind == "sheet" and workbook):
        return kind
    if workbook or head.startswith(b"PAR1"):
        return "sheet" if workbook else "parquet"
    # What begins with "<" is refused by its name where texts are read.
    by_sign: dict[bytes, Format] = {b"{": "jsonl", b"[": "jsonl", b"<": "csv"}
    found = by_sign.get(text[:1]) or kind
    if found is None and path.suffix.lower() in _ARCHIVES and not unpacked.wrapping:
        raise InputError(f"{path} is no archive, whatever its suffix says: it is damaged or of another kind.")
    if found is None:
        raise unknown_suffix(path, READABLE)
    return found


def _renamed(reader: Reader, found: Path, path: Path) -> Reader:
    """Let what the reader says later bear the name of the file that was given, not of the one that was unpacked."""
    if found == path:
        return reader
    blocks = reader.blocks

    def called(size: int) -> Blocks:
        with _called(found, path):
            yield from blocks(size)

    return replace(reader, blocks=called)


@contextmanager
def _called(found: Path, path: Path) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        if found == path:
            raise
        raise InputError(str(error).replace(str(found), str(path))) from error


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
