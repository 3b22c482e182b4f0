"""Workbooks (.xlsx, .xls, .xlsb, .ods): one sheet, written out once as records, so that memory is given back."""

import csv
import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.errors import InputError
from core.files.unpack import Scratch, check_workbook

SUFFIXES: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_WHOLE: Final = 2.0**53
"""From here on, whole numbers differ from those that a spreadsheet keeps."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as records on the disk.

    Attributes:
        path: a CSV file, every cell in double quotes, without rows and columns that hold nothing.
        name: the sheet's.
        names: of all sheets.
        scratch: must be held as long as `path` is read.
    """

    path: Path
    name: str
    names: tuple[str, ...]
    scratch: Scratch


def sheet_names(path: Path) -> tuple[str, ...]:
    """Return the names of a workbook's sheets, none where it cannot be read."""
    import python_calamine as calamine  # noqa: PLC0415  (few files need it)

    try:
        with path.open("rb") as file, calamine.CalamineWorkbook.from_filelike(file) as book:
            return tuple(book.sheet_names)
    except (calamine.CalamineError, OSError, ValueError):
        return ()


def read_sheet(found: Path, path: Path, suffix: str, part: str | None = None) -> Sheet:
    """Read the sheet `part`, or the first that is shown and holds something.

    Args:
        found: where the workbook lies.
        path: what it is called in messages.

    Raises:
        InputError: it is damaged or locked, or has no such sheet, or none with cells.
    """
    import python_calamine as calamine  # noqa: PLC0415  (few files need it)

    if suffix not in {".xls", ".xlsb"}:
        check_workbook(found)
    try:
        with found.open("rb") as file, calamine.CalamineWorkbook.from_filelike(file) as book:
            names = tuple(book.sheet_names)
            if part is not None and part not in names:
                raise InputError(f"{path} has no sheet {part!r}. Its sheets are {', '.join(map(repr, names))}.")
            hidden = {one.name for one in book.sheets_metadata if one.visible != calamine.SheetVisibleEnum.Visible}
            for name in [part] if part is not None else sorted(names, key=lambda name: name in hidden):
                sheet = book.get_sheet_by_name(name)
                if sheet.height:
                    return _written(sheet, name, names)
    except (calamine.CalamineError, OSError, ValueError) as error:
        raise InputError(
            f"{path} cannot be read as a workbook: {str(error) or type(error).__name__}. It is damaged, locked by a "
            f"password or of another kind. Save it again as .xlsx, or as CSV (UTF-8)."
        ) from error
    raise InputError(f"{path} is empty: no sheet of it holds a cell. Name a file with texts.")


def _written(sheet: Any, name: str, names: tuple[str, ...]) -> Sheet:
    used: set[int] = set()
    for row in sheet.iter_rows():
        used.update(number for number, cell in enumerate(row) if cell != "")
    columns = sorted(used)
    scratch = Scratch()
    target = scratch.folder / "sheet.csv"
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\n")
        for row in _filled(sheet):
            cells = [_text(row[number]) for number in columns]
            if any(cells):
                writer.writerow([cell.encode("utf-8", "replace").decode() for cell in cells])
    return Sheet(target, name, names, scratch)


def _filled(sheet: Any) -> Iterator[list[Any]]:
    """Yield the rows; cells that are merged downwards have the value of the first."""
    first, left = sheet.start or (0, 0)
    starts = {start: end[0] for start, end in sheet.merged_cell_ranges or () if end[0] > start[0]}
    held: dict[int, tuple[int, Any]] = {}
    for number, row in enumerate(sheet.iter_rows(), first):
        if starts:
            for column, (last, value) in list(held.items()):
                if number > last:
                    del held[column]
                elif row[column] == "":
                    row[column] = value
            for column in range(len(row)):
                last = starts.get((number, column + left), 0)
                if last:
                    held[column] = (last, row[column])
        yield row


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        # Beyond that, a spreadsheet has lost digits: the cell must not look as if it had them all.
        return str(int(cell)) if abs(cell) < _WHOLE else f"{cell:.14E}"
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ")
    return cell.isoformat() if isinstance(cell, (datetime.date, datetime.time)) else str(cell)
