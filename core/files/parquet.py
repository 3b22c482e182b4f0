"""Parquet. Loads pyarrow, which takes longer than a small CSV takes to read: imported only where there is Parquet."""

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pyarrow import types

from core.errors import InputError
from core.files.arrow import is_text
from core.files.cells import Values, as_text, plain
from core.files.column import Blocks, Column, Kind
from core.files.decimals import decimals
from core.files.table import Reader, refuse_duplicates
from core.text import encodable

_TYPES: Final = {"integer": pa.int64(), "number": pa.float64(), "boolean": pa.bool_()}
_ROW_GROUP_ROWS: Final = 16_384
_ROW_GROUP_BYTES: Final = 32 << 20


def open_parquet(path: Path) -> Reader:
    """Read the file to its end.

    Raises:
        InputError: it is empty, damaged, of another kind, or two columns have one name.
    """
    if path.stat().st_size == 0:
        raise InputError(f"{path} is empty (0 bytes). Name a file with texts.")
    with _reading(path), pq.ParquetFile(path) as file:
        schema = file.schema_arrow
    refuse_duplicates(path, schema.names)
    columns = tuple(Column(one.name, _kind(one.type), one.type) for one in schema)
    with closing(_blocks(path, 1024)) as blocks:
        rows = sum(len(block[0]) for block in blocks)
    return Reader(
        columns=columns,
        rows=rows,
        blocks=partial(_blocks, path),
        unreadable={column.name: f"its type is {column.arrow_type}" for column in columns if column.kind != "text"},
    )


class ParquetSink:
    """Row groups, each made of as many batches as give it a useful size."""

    def __init__(self, scratch: Path, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._schema = pa.schema(
            [(encodable(column.name), column.arrow_type or _TYPES.get(column.kind, pa.string())) for column in columns]
        )
        self._waiting: list[Any] = []
        self.rows = 0
        self._writer = pq.ParquetWriter(scratch, self._schema)

    def write(self, values: Sequence[Values]) -> None:
        """Take some rows; they are in the file once their row group is full."""
        arrays = map(_array, self._columns, self._schema.types, values)
        table = pa.Table.from_arrays(list(arrays), schema=self._schema)
        self._waiting.append(table)
        self.rows += table.num_rows
        rows = sum(table.num_rows for table in self._waiting)
        if rows >= _ROW_GROUP_ROWS or sum(table.nbytes for table in self._waiting) >= _ROW_GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        """Make the file whole with all rows taken so far."""
        self._flush()
        self._writer.close()

    def discard(self) -> None:
        """Let go of the file, which will be deleted."""
        with suppress(OSError):
            self._writer.close()

    def _flush(self) -> None:
        if self._waiting:
            # Emptied first: if an interruption comes between, rows must not be written twice by `close`.
            waiting, self._waiting = self._waiting, []
            self._writer.write_table(pa.concat_tables(waiting))


def _blocks(path: Path, size: int) -> Blocks:
    with _reading(path), pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=size):
            if batch.num_rows:
                yield tuple(batch.columns)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise InputError(
            f"{path} cannot be read as Parquet: it is damaged or of another kind ({reason}). Export it again."
        ) from error


def _kind(arrow_type: Any) -> Kind:
    inner = arrow_type.value_type if types.is_dictionary(arrow_type) else arrow_type
    if is_text(inner):
        return "text"
    if types.is_integer(inner):
        return "integer"
    if types.is_floating(inner):
        return "number"
    return "boolean" if types.is_boolean(inner) else "json"


def _array(column: Column, arrow_type: Any, values: Values) -> Any:
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return values if values.type == arrow_type else values.cast(arrow_type)
    # from_pandas: NaN is null.
    if column.kind == "number" and isinstance(values, np.ndarray):
        return pa.array(decimals(values), type=arrow_type, from_pandas=True)
    cells = plain(values)
    if column.kind == "number":
        cells = [None if cell is None else float(cell) for cell in cells]
    elif column.arrow_type is None and column.kind in {"text", "json"}:
        cells = [None if cell is None else encodable(as_text(cell)) for cell in cells]
    return pa.array(cells, type=arrow_type, from_pandas=True)
