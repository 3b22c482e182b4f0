"""JSONL: one object per line."""

import json
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from core.errors import InputError
from core.files.cells import Values, other_text, plain
from core.files.encoding import find_encoding, lines
from core.files.table import Blocks, Column, Kind, Reader, transposed

MAX_COLUMNS: Final = 2_000
"""The most different fields of a JSONL file; more are keys used as data, and would not fit a table."""


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


def open_json(path: Path) -> Reader:
    """Read the file to its end: its columns are all fields that occur.

    Raises:
        InputError: it is empty, not of text, or a line holds anything but one object.
    """
    encoding = find_encoding(path)
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
    return Reader(
        columns=tuple(Column(name, one.kind()) for name, one in seen.items()),
        rows=rows,
        blocks=partial(_blocks, path, encoding.codec, list(seen)),
        encoding=encoding.codec,
        notices=encoding.notices,
        unreadable={
            name: f"line {one.nested_at} has a list or an object there" for name, one in seen.items() if one.nested_at
        },
    )


def render_json(names: Sequence[str], columns: Sequence[Values]) -> str:
    """Return the rows as objects, each on a line of its own; what JSON has no form for becomes text, NaN null."""
    rows = zip(*map(plain, columns), strict=True)
    return "".join(_line(dict(zip(names, row, strict=True))) + "\n" for row in rows)


def _line(row: dict[str, Any]) -> str:
    try:
        return _ENCODER.encode(row)
    except ValueError:
        # There is a NaN or an infinity: write it as Python does, and read it as null.
        return _ENCODER.encode(json.loads(json.dumps(row, default=other_text), parse_constant=_no_constant))


def _blocks(path: Path, codec: str, names: Sequence[str], size: int) -> Blocks:
    with closing(_objects(path, codec)) as objects:
        yield from transposed(([row.get(name) for name in names] for _, row in objects), size)


def _objects(path: Path, codec: str) -> Generator[tuple[int, dict[str, Any]], None, None]:
    with closing(lines(path, codec)) as source:
        for number, line in enumerate(source, 1):
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


# Made once: `json.loads` and `json.dumps` with options make a new one for every line.
_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_unique)
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=other_text)
