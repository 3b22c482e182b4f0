"""JSON of any shape, streamed: lines of objects, arrays, objects one after another, pages, scripts that assign."""

import json
import re
from collections import Counter
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NoReturn

from core.errors import InputError
from core.files import encoding
from core.files.encoding import disk_errors, lines

Row = dict[str, Any]
Rows = Generator[tuple[int, Row], None, None]
"""The line at which each row begins, and the row."""

_CHUNK: Final = 1 << 16
_SPACE: Final = " \t\r\n\ufeff;\x1e"
_ASSIGNMENT: Final = re.compile(r"[\w$.\[\]\"']{1,200}(?: [\w$.\[\]\"']{1,200})?\s*=\s*(?=[\[{])")
_TEXT_ARRAY: Final = re.compile(r'\[\s*"')
_CONTAINERS: Final = frozenset(
    (
        *("data", "statuses", "orderedItems", "items", "tweets", "results", "posts", "comments", "messages", "records"),
        *("rows", "hits", "entries", "feed", "children", "documents", "docs", "response", "value", "toots", "list"),
    )
)
_NO_ROWS: Final = frozenset(("errors", "error", "warnings", "includes"))
_TEXTS: Final = frozenset(("text", "full_text", "content", "rawContent", "body", "message", "tweet", "caption"))
_MOST_LEVELS: Final = 4


@dataclass(frozen=True, slots=True)
class Shape:
    """How the rows of a JSON file lie in it.

    Attributes:
        by_line: one value on each line; else values are read one after another wherever they end.
        single: whether the file is one object.
        strings: whether it is an array of texts.
        path: for a single object that is too large to be read at once, the keys that lead to the array of its rows.
        includes: what such an object says beside its rows of those who are named in them.
    """

    by_line: bool
    single: bool = False
    strings: bool = False
    path: tuple[str, ...] | None = None
    includes: Mapping[str, Any] = field(default_factory=dict)


def shape_of(path: Path, codec: str) -> Shape:
    """Look at the beginning of a file (at all of it, if it is one object that is too large) and say how its rows lie.

    Raises:
        InputError: it cannot be read, or holds one large object without an array of objects.
    """
    with closing(lines(path, codec)) as source:
        first = next((line for line in source if not line.isspace()), "").strip()
        second = next((line for line in source if not line.isspace()), "")
    if first.startswith("{"):
        try:
            _DECODER.decode(first)
        except (ValueError, RecursionError):
            # Pretty-printed, or the first line is broken: the next begins another object where each has a line.
            if first.endswith("}") and len(first) > 2 and second.lstrip().startswith('{"'):
                return Shape(by_line=True)
        else:
            return Shape(by_line=True, single=not second)
    elif not first.startswith("[") and not _ASSIGNMENT.match(first):
        return Shape(by_line=True)
    with closing(_Cursor(path, codec)) as cursor:
        cursor.skip_assignment()
        if cursor.peek() != "{":
            return Shape(by_line=False, strings=cursor.begins_with_text())
        try:
            cursor.value()
            return Shape(by_line=False, single=not cursor.peek())
        except _TooLongError:
            pass
    return _large_object(path, codec)


def is_object(head: bytes) -> bool:
    """Tell whether a file begins with a line that is one JSON object with fields, or with an array of them."""
    line = head.lstrip(b"\xef\xbb\xbf \t\r\n").partition(b"\n")[0]
    if re.match(rb"\[\s*\{\s*\"", head.lstrip()):
        return True
    try:
        return bool(line.startswith(b"{") and isinstance(found := json.loads(line), dict) and found)
    except (ValueError, RecursionError):
        return False


def objects(path: Path, codec: str, shape: Shape, *, checked: bool = False) -> Rows:
    """Yield the rows of a file in their order.

    Args:
        checked: whether it was read before, so that no field occurs twice in an object.

    Raises:
        InputError: it holds something else than objects; the message has the line.
    """
    included = Included.of(shape.includes)
    for line, value in _values(path, codec, shape, _QUICK if checked else _DECODER):
        if shape.strings and isinstance(value, str):
            yield line, {"text": value}
            continue
        if not isinstance(value, dict):
            _refuse(path, line, f"{_shown(value)!r} is no JSON object.")
        if shape.path is not None:
            yield line, included.join(value)
            continue
        rows = page(value, single=shape.single)
        if rows is None:
            yield line, value
            continue
        on_page = Included.of(value.get("includes"))
        for row in rows:
            if not isinstance(row, dict):
                _refuse(path, line, f"{_shown(row)!r} is no JSON object.")
            yield line, on_page.join(row)


def page(value: Row, *, single: bool) -> list[Any] | None:
    """Return the rows of an object that is a page of them, None if it is a row itself.

    Args:
        single: whether the file is this one object; then the array may have any name.
    """
    if _TEXTS & {name for name, cell in value.items() if isinstance(cell, str)}:
        return None
    found = _array_in(value, _MOST_LEVELS)
    if found is not None:
        return found
    if isinstance(value.get("data"), dict) and isinstance(value.get("includes"), dict):
        return [value["data"]]
    if single:
        arrays = [cell for name, cell in value.items() if _of_objects(cell) and name not in _NO_ROWS]
        return list(arrays[0]) if len(arrays) == 1 else _of_columns(value)
    return None


@dataclass(frozen=True, slots=True)
class Included:
    """What a page of the v2 API says beside its tweets: users and other tweets, by their ids."""

    users: Mapping[Any, Row]
    tweets: Mapping[Any, Row]

    @classmethod
    def of(cls, includes: object) -> "Included":
        """Take what stands under `includes`, whatever it is."""
        kinds = includes if isinstance(includes, dict) else {}
        return cls(_by_id(kinds.get("users")), _by_id(kinds.get("tweets")))

    def join(self, row: Row) -> Row:
        """Return a tweet with its `author`, and with the `retweeted_tweet` that it repeats, where the page has them."""
        more: Row = {}
        author = row.get("author_id")
        if isinstance(author, str) and author in self.users:
            more["author"] = self.users[author]
        for reference in row.get("referenced_tweets") or () if self.tweets else ():
            if isinstance(reference, dict) and reference.get("type") == "retweeted":
                repeated = self.tweets.get(str(reference.get("id")))
                if repeated is not None:
                    more["retweeted_tweet"] = repeated
        return {**row, **{name: one for name, one in more.items() if name not in row}} if more else row


def _by_id(things: object) -> dict[Any, Row]:
    if not isinstance(things, list):
        return {}
    return {thing["id"]: thing for thing in things if isinstance(thing, dict) and isinstance(thing.get("id"), str)}


def _array_in(value: Row, levels: int) -> list[Any] | None:
    for name, cell in value.items():
        if name in _CONTAINERS and isinstance(cell, list) and all(isinstance(item, dict) for item in cell):
            return cell
    if levels:
        for name, cell in value.items():
            if name in _CONTAINERS and isinstance(cell, dict):
                found = _array_in(cell, levels - 1)
                if found is not None:
                    return found
    return None


def _of_columns(value: Row) -> list[Any] | None:
    """Return the rows of a table as pandas and others write it by columns or by index, None if the object is none."""
    names, cells = value.get("columns"), value.get("data")
    if isinstance(names, list) and isinstance(cells, list) and all(isinstance(row, list) for row in cells):
        return [dict(zip(map(str, names), row, strict=False)) for row in cells]
    inner = list(value.values())
    if len(inner) == 1 and isinstance(inner[0], dict):
        return _of_columns(inner[0])
    if inner and all(isinstance(column, list) and len(column) == len(inner[0]) for column in inner):
        # Lists of objects are no columns: errors of an API, say.
        listed = [dict(zip(value, row, strict=True)) for row in zip(*inner, strict=True)]
        return None if any(isinstance(cell, dict) for cell in inner[0]) else listed
    if inner and all(isinstance(column, dict) and column for column in inner):
        if all(key.isdecimal() for column in inner for key in column):
            return [{name: column.get(key) for name, column in value.items()} for key in inner[0]]
        # Objects under their ids are rows.
        if len(inner) > 1 and all(set(row) & set(inner[0]) and name.isdecimal() for name, row in value.items()):
            return inner
    return None


def _of_objects(cell: object) -> bool:
    return isinstance(cell, list) and bool(cell) and all(isinstance(item, dict) for item in cell)


def _values(path: Path, codec: str, shape: Shape, decoder: json.JSONDecoder) -> Iterator[tuple[int, Any]]:
    if shape.by_line:
        with closing(lines(path, codec)) as source:
            for number, line in enumerate(source, 1):
                if not line.isspace():
                    try:
                        value = decoder.decode(line.lstrip("\x1e"))
                    except (ValueError, RecursionError) as error:
                        _refuse(path, number, f"no JSON ({_reason(error)}).")
                    yield number, value
        return
    with closing(_Cursor(path, codec, decoder)) as cursor:
        if shape.path is not None:
            cursor.skip_assignment()
            for place, at, value in cursor.walk(()):
                if place == (*shape.path, ""):
                    yield at, value
            return
        while True:
            cursor.skip_assignment()
            start = cursor.peek()
            if not start:
                return
            if start == "[":
                yield from cursor.items()
            else:
                at = cursor.line
                yield at, cursor.value()


def _large_object(path: Path, codec: str) -> Shape:
    counts: Counter[tuple[str, ...]] = Counter()
    includes: dict[str, Any] = {}
    with closing(_Cursor(path, codec)) as cursor:
        cursor.skip_assignment()
        for place, _, value in cursor.walk(()):
            if place[-1] == "" and isinstance(value, dict):
                counts[place[:-1]] += 1
            if len(place) == 3 and place[0] == "includes" and place[1] in {"users", "tweets"}:
                includes.setdefault(place[1], []).append(value)
    places = [place for place in counts if place[0] != "includes"]
    if not places:
        raise InputError(f"{path} is one JSON object without an array of objects in it. Export the tweets as an array.")
    best = max(places, key=lambda place: (place[-1] in _CONTAINERS, counts[place]))
    return Shape(by_line=False, path=best, includes=includes)


class _TooLongError(InputError):
    """A value is longer than what is read at once."""


class _Cursor:
    """A place in a file of JSON, from which values are read one by one without holding the file."""

    def __init__(self, path: Path, codec: str, decoder: json.JSONDecoder | None = None) -> None:
        self._path = path
        self._decoder = decoder or _DECODER
        with disk_errors(path):
            self._file = path.open(encoding=codec, errors="replace")
        self._text = ""
        self._at = self._counted = 0
        self._line = 1
        self._ended = False

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @property
    def line(self) -> int:
        """The line at which the cursor is, from 1."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def peek(self) -> str:
        """Go to the next character that is no space and return it; "" at the end."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in _SPACE:
                    return self._text[self._at]
                self._at += 1
            if not self._more():
                return ""

    def skip_assignment(self) -> None:
        """Go over `window.YTD.tweets.part0 =`, if that is what comes."""
        start = self.peek()
        if start and start not in "[{":
            while len(self._text) - self._at < 1_000 and self._more():
                pass
            match = _ASSIGNMENT.match(self._text, self._at)
            if match:
                self._at = match.end()

    def value(self) -> Any:
        """Return the value that comes.

        Raises:
            InputError: there is none, or it is too long.
        """
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except (ValueError, RecursionError) as error:
                if len(self._text) - self._at > encoding.MAX_LINE_CHARS:
                    raise _TooLongError(
                        f"{self._path}, line {self.line}: a value longer than {encoding.MAX_LINE_CHARS:,} characters "
                        f"({_reason(error)}). Write one object for each text."
                    ) from None
                if isinstance(error, RecursionError) or not self._more():
                    self._no_json(error)
                continue
            # A number may go on in what was not read yet.
            if end < len(self._text) or isinstance(value, (dict, list, str)) or not self._more():
                self._at = end
                return value

    def begins_with_text(self) -> bool:
        """Tell whether an array comes whose first element is a string."""
        while len(self._text) - self._at < 100 and self._more():
            pass
        return _TEXT_ARRAY.match(self._text, self._at) is not None

    def items(self) -> Iterator[tuple[int, Any]]:
        """Yield the elements of the array that comes, each with its line."""
        self._take("[")
        if self.peek() == "]":
            self._at += 1
            return
        while True:
            self.peek()
            line = self.line
            yield line, self.value()
            if self._take(",]") == "]":
                return
            if self.peek() == "]":  # a comma after the last element, as people leave one
                self._at += 1
                return

    def walk(self, place: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], int, Any]]:
        """Yield what the object that comes holds: elements of its arrays under (*keys, ""), values under their keys."""
        self._take("{")
        if self.peek() == "}":
            self._at += 1
            return
        while True:
            name = self.value()
            if not isinstance(name, str):
                self._no_json(ValueError("a name in double quotes is missing"))
            self._take(":")
            below = (*place, name)
            start = self.peek()
            if start == "[":
                for line, value in self.items():
                    yield (*below, ""), line, value
            elif start == "{" and len(below) < _MOST_LEVELS:
                yield from self.walk(below)
            else:
                line = self.line
                yield below, line, self.value()
            if self._take(",}") == "}":
                return

    def _take(self, expected: str) -> str:
        found = self.peek()
        if not found or found not in expected:
            self._no_json(ValueError(f"{' or '.join(map(repr, expected))} is missing before {found!r}"))
        self._at += 1
        return found

    def _more(self) -> bool:
        if self._ended:
            return False
        _ = self.line
        with disk_errors(self._path):
            chunk = self._file.read(max(_CHUNK, len(self._text) - self._at))
        self._ended = not chunk
        self._text = self._text[self._at :] + chunk
        self._at = self._counted = 0
        return bool(chunk)

    def _no_json(self, error: Exception) -> NoReturn:
        _refuse(self._path, self.line, f"no JSON ({_reason(error)}).")


def _refuse(path: Path, line: int, what: str) -> NoReturn:
    raise InputError(
        f'{path}, line {line}: {what} Write one object on each line, as {{"text": "so happy"}}, or an array.'
    )


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    return str(error).split(": line ")[0]


def _shown(value: object) -> str:
    try:
        return json.dumps(value, ensure_ascii=False)[:40]
    except RecursionError:
        return "a value nested too deeply"


def _no_constant(_: str) -> None:
    """Read NaN and Infinity, which Python writes though JSON has none, as null."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) != len(pairs):
        name = next(name for name, times in Counter(name for name, _ in pairs).items() if times > 1)
        raise ValueError(f"the field {name!r} occurs twice in one object")
    return row


# Made once: `json.loads` with options makes a new one for every line.
_DECODER: Final = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_unique)
_QUICK: Final = json.JSONDecoder(parse_constant=_no_constant)
