"""The one list of a prediction's columns: in scored files, in the store, and in what people download."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final

from core.emotions import LABELS
from core.files.cells import Values
from core.files.column import Column, Kind
from core.rules.flags import Flag, category_mask, gravity

ROWS_AT_ONCE: Final = 2_048
"""Rows of a file that are scored together: enough to sort by length, few enough to answer a cancel at once."""


@dataclass(frozen=True, slots=True)
class PredictionColumn:
    """A column of a prediction.

    Attributes:
        name: the same in scored files and in the store.
        kind: what its cells hold in a scored file; None where such a file does not bring it.
        sql: its type in the store; None where the store keeps it in another form.
    """

    name: str
    kind: Kind | None
    sql: str | None


COLUMNS: Final = (
    PredictionColumn("id", "text", "UUID"),
    PredictionColumn("text", "text", "VARCHAR"),
    PredictionColumn("truncated", "boolean", "BOOLEAN"),
    PredictionColumn("made_at", "text", "TIMESTAMP"),
    PredictionColumn("posted_at", "text", None),  # the store keeps it in `moment`
    PredictionColumn("labels", "integer", "UINTEGER"),
    PredictionColumn("top", "text", "VARCHAR"),
    PredictionColumn("sentiment", "text", "VARCHAR"),
    *(PredictionColumn(label, "number", "FLOAT") for label in LABELS),
    PredictionColumn("margin", "number", "FLOAT"),
    PredictionColumn("severity", "integer", "UTINYINT"),
    PredictionColumn("categories", "integer", "UTINYINT"),
    PredictionColumn("flags", "json", "STRUCT[]"),
    PredictionColumn("model", "text", "VARCHAR"),
    PredictionColumn("model_version", "text", "VARCHAR"),
    PredictionColumn("normaliser_version", "text", "VARCHAR"),
    PredictionColumn("threshold_version", "text", "VARCHAR"),
    PredictionColumn("rule_version", "text", "VARCHAR"),
    PredictionColumn("tweet_id", "text", "VARCHAR"),
    PredictionColumn("author", "text", "VARCHAR"),
    PredictionColumn("link", "text", "VARCHAR"),
    PredictionColumn("language", "text", "VARCHAR"),
    PredictionColumn("extras", "text", "VARCHAR"),  # the file's other columns as a JSON object
    PredictionColumn("source", None, "VARCHAR"),
    PredictionColumn("actor", None, "VARCHAR"),
    PredictionColumn("batch", None, "UUID"),
    PredictionColumn("moment", None, "TIMESTAMP"),
    PredictionColumn("latency_ms", None, "FLOAT"),
)
"""All of them, in the order of a scored file."""

STORE_COLUMNS: Final = tuple(Column(one.name, one.kind) for one in COLUMNS if one.kind is not None)
"""The columns of a scored file that the store takes in."""

COPIED: Final = tuple(
    one.name for one in COLUMNS if one.kind not in {None, "json"} and one.sql not in {None, "TIMESTAMP"}
)
"""What the store takes over from a scored file as it stands there."""

ORIGIN: Final = ("tweet_id", "author", "link", "language", "extras")
"""What a row came with: which tweet it is, by whom, where, in which language, and the file's other columns. Files that
were scored before these columns came lack them."""

RESULT_COLUMNS: Final = (
    Column("emotions"),
    Column("top_emotion"),
    Column("top_probability", "number"),
    Column("sentiment"),
    *(Column(label, "number") for label in LABELS),
    Column("severity"),
    Column("flagged_for"),
    Column("flag_reasons"),
    Column("truncated", "boolean"),
    Column("language"),
    Column("note"),
    Column("model"),
    Column("normaliser_version"),
    Column("threshold_version"),
    Column("rule_version"),
)
"""What scoring appends to a file's own columns, for people. `emotions` are those above their threshold, parted by `|`,
as are the categories in `flagged_for` and their reasons; `severity` is that of the gravest flag; `truncated` says that
only the beginning was read; `language` is what the file says, else what was recognised; `note` says why a row has no
emotions ("not read: Spanish", "nothing to read")."""


def in_order(cells: Mapping[str, Values], columns: Sequence[Column]) -> list[Values]:
    """Return the cells of some rows in the order of `columns`.

    Args:
        cells: one sequence for each column, by name; neither more nor fewer than `columns` has.
    """
    if len(cells) != len(columns):
        raise ValueError(f"{len(cells)} columns of cells for {len(columns)} columns")
    return [cells[column.name] for column in columns]


def flag_cells(flags: Sequence[Sequence[Flag]]) -> dict[str, Values]:
    """Return the cells of `severity`, `categories` and `flags`, as `STORE_COLUMNS` has them."""
    return {
        "severity": [gravity(of_text) for of_text in flags],
        "categories": [category_mask(of_text) for of_text in flags],
        "flags": [[asdict(flag) for flag in of_text] for of_text in flags],
    }
