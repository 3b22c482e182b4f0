"""Whether a table has a header, and in which record."""

import re
from collections import Counter
from collections.abc import Sequence
from typing import Final

from core.files.column_names import AUTHORS, IDS, LANGUAGES, LINKS, TEXTS, TIMES, folded, last
from core.files.marks import without_links
from core.files.moments import parse_moment

_KNOWN: Final = TEXTS | TIMES | frozenset(map(folded, (*IDS, *AUTHORS, *LINKS, *LANGUAGES)))
_NUMBER: Final = re.compile(r"[+-]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]+)?%?")
_LINK: Final = re.compile(r"https?://\S+", re.IGNORECASE)
_MOST_TITLES: Final = 40
_LONGEST_NAME: Final = 80


def is_text_name(name: str) -> bool:
    """Tell whether a name is one of a column of texts."""
    return folded(name) in TEXTS


def header_at(records: Sequence[Sequence[str]]) -> int | None:
    """Return the index of the header, or of the first row where there is none: titles of a report may stand above it.

    It is the first record that is not blank, unless the rows agree on another width than it has, or its cells but one
    or two are blank; then it is the first that has that width and names in nearly all cells. None if all are blank.
    """
    filled = [index for index, record in enumerate(records) if any(cell.strip() for cell in record)]
    if not filled:
        return None
    first = filled[0]
    widths = Counter(len(records[index]) for index in filled)
    width, times = widths.most_common(1)[0]
    padded = width > 2 and _named(records[first]) <= 2 and len(records[first]) == width
    named = _named_later(records, filled[:_MOST_TITLES], width)
    if named is not None:
        return named
    if width < 2 or times < 2 or (len(records[first]) == width and not padded):
        return first
    if is_text_name(records[first][0] if len(records[first]) == 1 else "") or _known(records[first]) > 1:
        return first
    for index in filled[:_MOST_TITLES]:
        record = records[index]
        if len(record) == width and _named(record) >= max(2, 0.7 * width) and _like_names(record):
            below = [records[other] for other in filled if other > index]
            # What comes must go on as begun, or a damaged row is taken for a title.
            if below and sum(len(other) == width for other in below) >= 0.8 * len(below):
                return index if _known(record) or index != first else first
    return first


def _named_later(records: Sequence[Sequence[str]], filled: Sequence[int], width: int) -> int | None:
    """Return the index of a record with several usual names below ones with none: notes with delimiters stand above."""
    if width < 2 or _known(records[filled[0]]):
        return None
    for index in filled[1:]:
        if len(records[index]) == width and _known(records[index]) > 1 and _like_names(records[index]):
            return index
    return None


def is_header(names: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first record holds names: else it is a row like those below it.

    Args:
        body: some rows, each as wide as `names`.
    """
    if any(last(name) in _KNOWN for name in names):
        return True
    for column, name in enumerate(names):
        if not name.strip():
            continue
        if _is_sentence(name) or _kind(name) in {"time", "link"}:
            return False
        # A number names a column where texts stand below it, as a year may.
        if _kind(name) == "number":
            below = [row[column] for row in body if row[column].strip()]
            if len(names) > 1 and (not below or sum(_kind(cell) == "number" for cell in below) > 0.8 * len(below)):
                others = [other for other in names if other.strip() and _kind(other) != "number"]
                if any(_is_sentence(other) or _kind(other) == "time" for other in others) or _all_alike(names, body):
                    return False
    return True


def _all_alike(names: Sequence[str], body: Sequence[Sequence[str]]) -> bool:
    """Tell whether no column has names above cells of another kind: nothing speaks for a header."""
    if not body:
        return True
    return all(
        _kind(name) == kind
        for column, name in enumerate(names)
        if name.strip()
        and (
            kind := Counter(_kind(row[column]) for row in body if row[column].strip()).most_common(1)[0][0]
            if any(row[column].strip() for row in body)
            else _kind(name)
        )
    )


def _kind(cell: str) -> str:
    cell = cell.strip()
    if _NUMBER.fullmatch(cell):
        return "number"
    if _LINK.fullmatch(cell):
        return "link"
    if parse_moment(cell) is not None:
        return "time"
    return "words"


def _is_sentence(cell: str) -> bool:
    cell = cell.strip()
    words = without_links(cell).split()
    # Names are words without marks; "Is this tweet about the brand?" is a name, "so happy today!" is none.
    return (
        len(cell) > _LONGEST_NAME
        or len(words) >= 9
        or (
            len(words) >= 3
            and (
                cell[:1] in "@#"
                or any(ord(char) > 0x2190 and not char.isalnum() for char in cell)
                or _spoken(words, cell)
            )
        )
    )


def _spoken(words: Sequence[str], cell: str) -> bool:
    if len(words) < 4 or cell.endswith("?") or _ASKING.match(cell):
        return False
    return cell[-1] in ".!" or _SPOKEN.search(cell) is not None


_ASKING: Final = re.compile(r"(?:what|how|why|which|whom?|when|where|do|does|did|is|are|if|please)\b", re.IGNORECASE)
_SPOKEN: Final = re.compile(
    r"\b(?:i|i'm|you|my|me|we|is|are|was|so|this|that|its?|it's|the|and|but|not|have|had|they|he|she|your)\b",
    re.IGNORECASE,
)


def _named(record: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in record)


def _known(record: Sequence[str]) -> int:
    return sum(last(cell) in _KNOWN for cell in record)


def _like_names(record: Sequence[str]) -> bool:
    cells = [cell.strip() for cell in record if cell.strip()]
    plain = sum(len(cell) <= _LONGEST_NAME and _kind(cell) == "words" for cell in cells)
    return plain == len(cells) and len(set(cells)) == len(cells)


def is_tabbed(lines: Sequence[str]) -> bool:
    """Tell whether tabs part the lines of a text file into columns, one of them with words.

    The first line must hold a usual name, or one column numbers or times throughout: a tab alone may be in a text.
    """
    rows = [line.rstrip("\r\n").split("\t") for line in lines if line.strip()]
    if len(rows) < 2 or len({len(row) for row in rows}) != 1 or len(rows[0]) < 2:
        return False
    body = list(zip(*rows[1:], strict=True))
    worded = any(any(_kind(cell) == "words" and cell.strip() for cell in column) for column in body)
    if not worded:
        return False
    if _known(rows[0]):
        return all(cell.strip() for cell in rows[0])
    return any(all(_kind(cell) in {"number", "time"} for cell in column) for column in body)
