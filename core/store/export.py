"""What a selection holds, streamed by DuckDB into a file of any size: CSV, Parquet or JSON lines."""

import secrets
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, Final

from core.emotions import LABELS
from core.errors import InputError, StoreError
from core.explore.selection import Selection
from core.predictions.columns import ORIGIN
from core.rules.flags import CATEGORIES, SEVERITIES
from core.store.conditions import condition
from core.store.database import Database

EXPORTS: Final[dict[str, str]] = {
    ".csv": "text/csv",
    ".parquet": "application/vnd.apache.parquet",
    ".jsonl": "application/x-ndjson",
}
"""Suffixes, and the media type of each."""

_OPTIONS: Final = {
    ".csv": "FORMAT csv, HEADER true, FORCE_QUOTE ({texts})",
    ".parquet": "FORMAT parquet, COMPRESSION zstd",
    ".jsonl": "FORMAT json, ARRAY false",
}
_TEXTS: Final = (
    *ORIGIN,
    "text",
    "emotions",
    "top_emotion",
    "sentiment",
    "severity",
    "flagged_for",
    "flag_reasons",
    "source",
    "actor",
    "model",
    "model_version",
    "normaliser_version",
    "threshold_version",
    "rule_version",
)
_REASONS: Final = "array_to_string(list_transform(coalesce(flags, []), lambda one: one.reason), ' | ')"
_HOURS: Final = 6 * 60 * 60.0

# As `core.files.neutralise` has it (OWASP, "CSV Injection"); a test holds the two together.
_FORMULA: Final = (
    r"^([\t\r\n]|[\s\x{00}-\x{1f}\x{7f}\x{a0}\x{1680}\x{2000}-\x{200f}\x{2028}\x{2029}\x{202f}\x{205f}\x{2060}"
    r"\x{3000}\x{85}\x{feff}]*[=+\-@＝＋－＠])"
)
_NUMBER: Final = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"


def export(
    database: Database,
    selection: Selection,
    target: Path,
    cancelled: Callable[[], bool] = lambda: False,
    *,
    overwrite: bool = False,
) -> int:
    """Write a selection, oldest first, what is undated last, and return how many rows it has.

    The file takes its name when it is whole.

    Cancelled, it writes nothing and returns 0.

    Args:
        cancelled: asked again and again while it writes.
        target: its suffix says the format, see `EXPORTS`. In CSV, cells that a spreadsheet could take for a formula are
            made harmless with an apostrophe.

    Raises:
        InputError: an unknown suffix, a file that exists, a folder that does not.
        StoreError: the store cannot be read, or the disk refused.
    """
    where = condition(selection)
    return write(
        database,
        lambda suffix: _rows(suffix, where.sql),
        where.values,
        target,
        texts=_TEXTS,
        cancelled=cancelled,
        overwrite=overwrite,
    )


def write(
    database: Database,
    asked: Callable[[str], str],
    values: Mapping[str, Any],
    target: Path,
    *,
    texts: Collection[str],
    cancelled: Callable[[], bool] = lambda: False,
    overwrite: bool = False,
) -> int:
    """Write what is asked of the store into a file, and return how many rows it has.

    Args:
        asked: the question in SQL for a file of a suffix; `values` are what it binds.
        target, cancelled, overwrite: as `export` has them.
        texts: columns that CSV puts in quotes, whatever they hold.

    Raises:
        InputError, StoreError: as `export` has it.
    """
    suffix = target.suffix.lower()
    if suffix not in EXPORTS:
        raise InputError(f"{target} has no suffix of an export. Name a file that ends in {', '.join(EXPORTS)}.")
    if not target.parent.is_dir():
        raise InputError(f"There is no folder {target.parent}. Make it, or name another.")
    if target.exists() and not overwrite:
        raise InputError(f"{target} exists already. Name another file, or allow it to be replaced (--overwrite).")
    scratch = target.with_name(f"{target.name}.{secrets.token_hex(4)}.partial")
    options = _OPTIONS[suffix].format(texts=", ".join(texts))
    try:
        with database.reading(_HOURS, cancelled) as cursor:
            # COPY takes no bound name for its file: quoted as SQL quotes a string.
            written = cursor.execute(
                f"COPY ({asked(suffix)}) TO '{str(scratch).replace(chr(39), chr(39) * 2)}' ({options})", values
            ).fetchone()
        scratch.replace(target)
    except StoreError:
        if cancelled():
            return 0
        raise
    finally:
        scratch.unlink(missing_ok=True)
    return int(written[0])


def _rows(suffix: str, where: str) -> str:
    def text(expression: str, name: str) -> str:
        return text_cell(suffix, expression, name)

    severities = ", ".join(f"'{name}'" for name in SEVERITIES)
    return f"""
        SELECT id::VARCHAR AS id, {origin(suffix)}, {stamp("moment")} AS moment, {stamp("made_at")} AS made_at,
            {text("text", "text")}, {label_names("labels")} AS emotions, top AS top_emotion, sentiment,
            {", ".join(LABELS)}, margin,
            coalesce([{severities}][severity], '') AS severity, {_names("categories", CATEGORIES)} AS flagged_for,
            {text(_REASONS, "flag_reasons")},
            {text("source", "source")}, {text("actor", "actor")}, {text("model", "model")},
            {text("model_version", "model_version")}, {text("normaliser_version", "normaliser_version")},
            {text("threshold_version", "threshold_version")}, {text("rule_version", "rule_version")},
            coalesce(ups, 0) AS thumbs_up, coalesce(downs, 0) AS thumbs_down
        FROM predictions LEFT JOIN (
            SELECT prediction_id, count(*) FILTER (verdict = 'up') AS ups, count(*) FILTER (verdict = 'down') AS downs
            FROM current_feedback GROUP BY prediction_id
        ) ON prediction_id = predictions.id
        WHERE {where} ORDER BY moment, predictions.id
    """


def text_cell(suffix: str, expression: str, name: str) -> str:
    """Return a column that holds free text: in CSV, made harmless for spreadsheets."""
    return f"{_harmless(expression) if suffix == '.csv' else expression} AS {name}"


def origin(suffix: str, of: str = "") -> str:
    """Return the columns that lead back to a tweet, exactly as its file has them; `of` is what stands before each."""
    return ", ".join(text_cell(suffix, f"{of}{name}", name) for name in ORIGIN)


def stamp(moment: str) -> str:
    """Return a moment as files spell it: ISO 8601, in UTC, with milliseconds."""
    return f"strftime({moment}, '%Y-%m-%dT%H:%M:%S.%gZ')"


def label_names(mask: str) -> str:
    """Return the names behind the bits of a set of emotions, with `|` between them."""
    return _names(mask, LABELS)


def _names(mask: str, names: tuple[str, ...]) -> str:
    parts = ", ".join(f"CASE WHEN {mask} & {1 << bit} <> 0 THEN '{name}' END" for bit, name in enumerate(names))
    return f"concat_ws('|', {parts})"


def _harmless(expression: str) -> str:
    return (
        f"CASE WHEN regexp_matches({expression}, '{_FORMULA}') AND NOT regexp_full_match({expression}, '{_NUMBER}') "
        f"THEN '''' || {expression} ELSE {expression} END"
    )
