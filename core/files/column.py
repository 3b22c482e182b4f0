"""What a column of a table is, and how its cells come: some rows at a time."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Literal

from core.files.cells import Values

Kind = Literal["text", "integer", "number", "boolean", "json"]
Blocks = Generator[tuple[Values, ...], None, None]
"""The cells of some consecutive rows at a time: one sequence for each column, all of one length."""


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
