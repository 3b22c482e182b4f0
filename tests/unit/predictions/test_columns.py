"""The one list of columns: scored files and the store follow from it."""

from pathlib import Path

import pytest

from core.emotions import LABELS
from core.files.column import Column
from core.predictions.columns import COLUMNS, COPIED, STORE_COLUMNS, in_order
from core.store import Store


def test_each_name_stands_once() -> None:
    names = [one.name for one in COLUMNS]
    assert len(set(names)) == len(names)
    assert set(LABELS) < set(names)


def test_the_store_has_every_column_of_the_list_with_its_type(tmp_path: Path) -> None:
    store = Store(tmp_path / "a.duckdb")
    with store.reading() as cursor:
        types = {row[0]: row[1] for row in cursor.execute("DESCRIBE predictions").fetchall()}
    for column in COLUMNS:
        if column.sql == "STRUCT[]":
            assert types[column.name].startswith("STRUCT(")
        elif column.sql is not None:
            assert types[column.name] == column.sql
    store.close()


def test_what_a_scored_file_brings_is_copied_or_has_a_form_of_its_own() -> None:
    assert {column.name for column in STORE_COLUMNS} - set(COPIED) == {"made_at", "posted_at", "flags"}


def test_cells_are_put_in_order_by_name() -> None:
    assert in_order({"b": [2], "a": [1]}, [Column("a"), Column("b")]) == [[1], [2]]
    with pytest.raises(ValueError, match="2 columns of cells for 1 columns"):
        in_order({"b": [2], "a": [1]}, [Column("a")])
