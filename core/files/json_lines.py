"""JSON: objects as rows, what is nested in them as columns with dotted names; JSONL when written."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

from core.errors import InputError
from core.files.cells import Values, other_text, plain
from core.files.column import Blocks, Column, Kind
from core.files.encoding import find_encoding
from core.files.json_values import Shape, objects, shape_of
from core.files.table import Reader, transposed

MAX_COLUMNS: Final = 2_000
"""The most different fields of a JSON file; more are keys used as data, and would not fit a table."""

_MOST_BELOW: Final = 200
"""The most fields of an object within a row that become columns; one with more stays whole."""

_MOST_LEVELS: Final = 8


@dataclass(slots=True)
class _Seen:
    """What was seen of one field: its values' types, the fields below it, the first line with a list or an object."""

    types: set[type] = field(default_factory=set)
    below: "dict[str, _Seen]" = field(default_factory=dict)
    nested_at: int | None = None

    def add(self, value: object, line: int, level: int = 0) -> None:
        if isinstance(value, (list, dict)):
            if self.nested_at is None:
                self.nested_at = line
            if isinstance(value, dict) and level < _MOST_LEVELS and len(self.below) <= _MOST_BELOW:
                for name, cell in value.items():
                    self.below.setdefault(name, _Seen()).add(cell, line, level + 1)
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

    def spread(self, level: int = 0) -> bool:
        """Tell whether the fields below become columns: it is always an object, and leads to more than lists."""
        return (
            self.types <= {dict, type(None)}
            and 0 < len(self.below) <= _MOST_BELOW
            and level < _MOST_LEVELS
            and any(one.types - {dict, list, type(None)} or one.spread(level + 1) for one in self.below.values())
        )


def open_json(path: Path) -> Reader:
    """Read the file to its end: its columns are all fields that occur, those of an object within as "outer.inner".

    Raises:
        InputError: it is empty, not of text, or holds anything but objects.
    """
    encoding = find_encoding(path)
    shape = shape_of(path, encoding.codec)
    seen: dict[str, _Seen] = {}
    rows = 0
    with closing(objects(path, encoding.codec, shape)) as found:
        for line, row in found:
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
    places = dict(_named(seen))
    return Reader(
        columns=tuple(Column(name, one.kind()) for name, (_, one) in places.items()),
        rows=rows,
        blocks=partial(_blocks, path, encoding.codec, shape, [place for place, _ in places.values()]),
        encoding=encoding.codec,
        notices=encoding.notices,
        unreadable={
            name: f"line {one.nested_at} has a list or an object there"
            for name, (_, one) in places.items()
            if one.nested_at
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


def _named(seen: dict[str, _Seen]) -> Iterator[tuple[str, tuple[tuple[str, ...], _Seen]]]:
    """Yield for each column its name, the keys that lead to it, and what was seen there; each name once."""
    taken = set(seen)

    def below(place: tuple[str, ...], one: _Seen) -> Iterator[tuple[str, tuple[tuple[str, ...], _Seen]]]:
        if one.spread(len(place) - 1):
            for name, inner in one.below.items():
                yield from below((*place, name), inner)
            return
        name = ".".join(place)
        while len(place) > 1 and name in taken:
            name += "_"
        taken.add(name)
        yield name, (place, one)

    for name, one in seen.items():
        yield from below((name,), one)


def _blocks(path: Path, codec: str, shape: Shape, places: Sequence[tuple[str, ...]], size: int) -> Blocks:
    with closing(objects(path, codec, shape, checked=True)) as found:
        yield from transposed(([_at(row, place) for place in places] for _, row in found), size)


def _at(row: Any, place: tuple[str, ...]) -> Any:
    for name in place:
        if not isinstance(row, dict):
            return None
        row = row.get(name)
    return row


def _no_constant(_: str) -> None:
    """Read NaN and Infinity as null."""


_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=other_text)
