"""What the cells of a column look like, in a sample spread over the whole file."""

import re
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Final

from core.files.cells import as_text, plain
from core.files.column import Blocks, Column
from core.files.marks import has_markup, has_nothing, is_cut, stripped, without_links
from core.files.moments import order_of, parse_clock, parse_moment, parse_zone

_SAMPLE_ROWS: Final = 800
_SAMPLE_CELLS: Final = 200_000
_CELL_CHARS: Final = 400
_BLOCK: Final = 64

_NUMBER: Final = re.compile(r"[+-]?[0-9][0-9.,]*(?:[eE][+-]?[0-9]+)?%?")
_JSON: Final = re.compile(r"\s*(?:\{\s*[\"'}]|\[\s*(?:[{\"'\]]|-?[0-9.]+\s*[,\]]))")
_ANCHOR: Final = re.compile(r"\s*<a\s[^<>]*>[^<]*</a>\s*\Z", re.IGNORECASE)
_CODE: Final = re.compile(r"[\w.:/@#+\-=%&?~|]+\Z", re.ASCII)
_LETTER: Final = re.compile(r"[^\W\d_]")
# Scripts that put no blanks between words: a few characters are a sentence.
_NO_BLANKS: Final = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


@dataclass(slots=True)
class Profile:
    """What a sample of a column's cells shows.

    Attributes:
        rows: cells looked at, of which `filled` are not blank.
        readable: cells with words, emoji or marks to read: no placeholder, link, number, JSON, or HTML of a link.
        sentences: cells of several words.
        words: words in all readable cells.
        times, with_clock, clocks, zones: cells that name a moment, one with a time of day, a time of day alone, a zone.
        orders: whether dates of three numbers occur, whose order must be decided.
        numbers, links, json: cells of that kind; `markup` those with HTML tags.
        cut: cells that end where an exporter cut them.
        distinct: different filled cells.
        cells: the beginnings of the cells, in order.
        complete: whether the sample is the whole column.
        example: a cell that names a moment.
    """

    name: str
    rows: int = 0
    filled: int = 0
    readable: int = 0
    sentences: int = 0
    words: int = 0
    times: int = 0
    with_clock: int = 0
    clocks: int = 0
    zones: int = 0
    orders: bool = False
    numbers: int = 0
    links: int = 0
    json: int = 0
    markup: int = 0
    cut: int = 0
    distinct: int = 0
    complete: bool = False
    example: str = ""
    cells: list[str] = field(default_factory=list)

    def add(self, cell: str) -> None:
        """Look at one more cell."""
        self.rows += 1
        self.cells.append(cell)
        text = cell.strip()
        if not text:
            return
        self.filled += 1
        if _NUMBER.fullmatch(text):
            self.numbers += 1
        if len(text) <= 80 and any(char.isdigit() for char in text[:80]):
            self._add_time(text)
        elif parse_zone(text) is not None:
            self.zones += 1
        if _JSON.match(text):
            self.json += 1
        elif _ANCHOR.match(text):
            self.markup += 1
        elif has_nothing(text):
            self.links += "/" in text
        elif not _NUMBER.fullmatch(text):
            self._add_text(text)

    def _add_time(self, text: str) -> None:
        order = order_of(text)
        self.orders = self.orders or bool(order)
        if parse_clock(text) is not None:
            self.clocks += 1
            return
        moment = parse_moment(text, day_first=order != "month")
        if moment is not None:
            self.times += 1
            self.with_clock += bool(moment.hour or moment.minute or moment.second)
            self.example = self.example or text
        elif parse_zone(text) is not None:
            self.zones += 1

    def _add_text(self, text: str) -> None:
        self.readable += 1
        self.cut += is_cut(text)
        if has_markup(text):
            self.markup += 1
            text = stripped(text)
        words = without_links(text).split()
        count = len(words)
        if count < 3 and _NO_BLANKS.search(text):
            count = max(count, len(_NO_BLANKS.findall(text)) // 2)
        self.words += count
        self.sentences += count >= 3 and _LETTER.search(text) is not None


def profiles(columns: Sequence[Column], rows: int, blocks: Callable[[int], Blocks]) -> tuple[Profile, ...]:
    """Return what the cells of each column look like, from rows spread evenly over the file."""
    most = max(50, min(_SAMPLE_ROWS, _SAMPLE_CELLS // max(1, len(columns))))
    size = min(_BLOCK, most)
    wanted = max(1, most // size)
    step = max(1, -(-rows // size) // wanted)
    found = tuple(Profile(column.name) for column in columns)
    with closing(blocks(size)) as source:
        for number, block in enumerate(source):
            if number % step == 0:
                for profile, column, values in zip(found, columns, block, strict=True):
                    _add_all(profile, column, plain(values))
    for profile in found:
        profile.distinct = len({cell for cell in profile.cells if cell.strip()})
        profile.complete = profile.rows == rows
    return found


def _add_all(profile: Profile, column: Column, cells: Sequence[object]) -> None:
    for cell in cells:
        profile.add(as_text(cell)[:_CELL_CHARS])
