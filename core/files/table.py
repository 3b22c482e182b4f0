"""What a table of tweets is: its columns, its rows in batches, and how a format's reader hands them over."""

import difflib
import itertools
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Literal

from core.errors import InputError
from core.files.cells import Values, plain, texts
from core.files.column import Blocks, Column
from core.files.columns import TextChoice, chosen_text
from core.files.facts import Notice, NoticeKind, Question, QuestionKind
from core.files.marks import is_cut, is_placeholder, stripped, whole
from core.files.profiles import Profile

Format = Literal["csv", "tsv", "txt", "jsonl", "parquet", "sheet"]
FORMATS: Final[dict[str, Format]] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".txt": "txt",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".parquet": "parquet",
}
"""The formats that are written, by suffix; `reading.READABLE` has those that are read."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Some consecutive rows.

    Attributes:
        values: the cells, one sequence for each column of the table, as they came.
        texts: what is to be read: the text column, null cells and placeholders ("nan") as "", without HTML.
    """

    values: tuple[Values, ...]
    texts: list[str]

    def __len__(self) -> int:
        return len(self.texts)


@dataclass(frozen=True, slots=True)
class Reader:
    """What a format's module makes of a file that it read to its end and found sound.

    Attributes:
        rows: how many there are, 0 included.
        blocks: yields the columns' values, at most so many rows at a time, in the order of the file; each call begins
            at the first row.
        encoding: the codec's name, None for Parquet.
        delimiter: of CSV and TSV, else None.
        notices: what had to be guessed.
        unreadable: by their names, why columns cannot be read as texts.
        header: whether the file names its columns.
        title_lines: records above the header that are no rows.
        apostrophes: whether those that our own CSV has before formulas are taken off.
        held: what must be held as long as rows are read, such as a temporary file.
    """

    columns: tuple[Column, ...]
    rows: int
    blocks: Callable[[int], Blocks]
    encoding: str | None = None
    delimiter: str | None = None
    notices: tuple[Notice, ...] = ()
    unreadable: Mapping[str, str] = field(default_factory=dict)
    header: bool = True
    title_lines: int = 0
    apostrophes: bool = False
    held: object = None


@dataclass(frozen=True, slots=True)
class Table:
    """A file of tweets that was checked and can be read.

    Attributes:
        columns: as in the file, in its order.
        text_column: the name of the column that holds the tweets.
        rows: how many there are, at least 1.
        encoding: the codec's name, None for Parquet.
        delimiter: of CSV and TSV, else None.
        said: what had to be guessed, each as a kind and a sentence.
        questions: what only a person can say; until then `text_column` is no more than likely.
        unreadable: by their names, why columns cannot be read as texts.
        header, title_lines, apostrophes: as the reader has them.
        wrapping: what the file was taken out of, the outermost first.
        sheet, sheets: which sheet of a workbook is read, and all there are.
        choice: why the text column was taken.
        markup: whether the texts are HTML, which is taken off.
        mend: whether texts that were decoded by the wrong codec are put right.
    """

    path: Path
    format: Format
    columns: tuple[Column, ...]
    text_column: str
    rows: int
    encoding: str | None
    delimiter: str | None
    said: tuple[Notice, ...]
    questions: tuple[Question, ...]
    unreadable: Mapping[str, str]
    header: bool
    title_lines: int
    apostrophes: bool
    wrapping: tuple[str, ...]
    sheet: str | None
    sheets: tuple[str, ...]
    choice: TextChoice
    markup: bool
    mend: bool
    _profiles: tuple[Profile, ...] = field(repr=False, compare=False)
    _blocks: Callable[[int], Blocks] = field(repr=False, compare=False)
    _held: object = field(repr=False, compare=False, default=None)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(column.name for column in self.columns)

    @property
    def notices(self) -> tuple[str, ...]:
        """Sentences for the reader about what had to be guessed."""
        return tuple(notice.text for notice in self.said)

    def profiles(self) -> tuple[Profile, ...]:
        """Return what a sample of each column's cells looks like."""
        return self._profiles

    def of(self, column: str) -> "Table":
        """Return the same table with its texts in another column; a person chose it, so nothing about it is open.

        Raises:
            InputError: there is no such column, or it holds no texts.
        """
        name = text_column(self.path, self.columns, self.unreadable, column)
        if name == self.text_column and not self.questions:
            return self
        choice = chosen_text(self._profiles, name)
        return replace(
            self,
            text_column=name,
            choice=choice,
            markup=is_html(self._profiles, name),
            said=tuple(notice for notice in self.said if notice.kind != NoticeKind.TEXT_COLUMN),
            questions=tuple(question for question in self.questions if question.kind != QuestionKind.TEXT_COLUMN),
        )

    def batches(self, size: int = 256) -> Generator[Batch, None, None]:
        """Yield all rows in order, 1..size at a time; each call starts at the first row.

        Raises:
            InputError: the file changed since it was opened, and is no longer sound.
        """
        if size < 1:
            raise ValueError(f"size is {size}, must be at least 1")
        with closing(self._blocks(size)) as blocks:
            for values in blocks:
                yield Batch(values, self._texts(values))

    def preview(self, n: int = 10) -> Batch:
        """Return the first `n` rows (fewer if the file has fewer), all values as plain Python lists."""
        if n < 1:
            raise ValueError(f"n is {n}, must be at least 1")
        with closing(self._blocks(n)) as blocks:
            first = next(blocks)
        return Batch(tuple(map(plain, first)), self._texts(first))

    def raw_texts(self, batch: Batch) -> list[str]:
        """Return the cells of the text column as they stand in the file, null as ""."""
        return texts(batch.values[self.names.index(self.text_column)])

    def _texts(self, values: tuple[Values, ...]) -> list[str]:
        names = self.names
        cells = texts(values[names.index(self.text_column)])
        for name in self.choice.whole:
            others = texts(values[names.index(name)])
            cells = [
                (whole(cell, other) or cell) if other and is_cut(cell) else cell
                for cell, other in zip(cells, others, strict=True)
            ]
        if self.markup:
            cells = [stripped(cell) for cell in cells]
        if self.mend:
            from core.files.mojibake import mended  # noqa: PLC0415  (loads ftfy)

            cells = [mended(cell) for cell in cells]
        return ["" if is_placeholder(cell) else cell for cell in cells]


def is_html(profiles: Sequence[Profile], name: str) -> bool:
    """Tell whether the texts of a column are HTML: tags in a tenth of those that can be read."""
    return any(one.name == name and one.markup * 10 >= max(1, one.readable) and one.markup > 0 for one in profiles)


def append(columns: Sequence[Column], results: Sequence[Column]) -> tuple[Column, ...]:
    """Return the columns followed by the results; a result whose name is taken (in any case) gets `_2`, `_3`, ...

    >>> [column.name for column in append([Column("text"), Column("Joy")], [Column("joy", "number")])]
    ['text', 'Joy', 'joy_2']
    """
    joined = list(columns)
    taken = {column.name.casefold() for column in columns}
    for result in results:
        names = itertools.chain([result.name], (f"{result.name}_{number}" for number in itertools.count(2)))
        name = next(name for name in names if name.casefold() not in taken)
        taken.add(name.casefold())
        joined.append(replace(result, name=name))
    return tuple(joined)


def format_of(path: Path) -> Format:
    """Return the format that the suffix says.

    Raises:
        InputError: it says none.
    """
    found = FORMATS.get(path.suffix.lower())
    if found is None:
        raise unknown_suffix(path, FORMATS)
    return found


def unknown_suffix(path: Path, known: Iterable[str]) -> InputError:
    """Return the error that says which suffixes are known."""
    named = f"The suffix {path.suffix!r} of {path} is unknown" if path.suffix else f"{path} has no suffix"
    return InputError(f"{named}. Files that work end in {', '.join(known)}.")


def listed(names: Sequence[str], most: int = 20) -> str:
    """Return the names as they stand in a message, no more than `most` of them."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(repr(name) for name in names[:most]) + more


def text_column(path: Path, columns: Sequence[Column], unreadable: Mapping[str, str], asked: str) -> str:
    """Return `asked` if it is a column of texts.

    Raises:
        InputError: it is not; the message names the columns, and one of a like name.
    """
    names = [column.name for column in columns]
    if asked not in names:
        folded = {name.strip().casefold(): name for name in reversed(names)}
        close = difflib.get_close_matches(asked.strip().casefold(), folded, n=1, cutoff=0.5)
        hint = f" Did you mean {folded[close[0]]!r}?" if close else ""
        raise InputError(f"{path} has no column {asked!r}. Its columns are {listed(names)}.{hint}")
    if asked in unreadable:
        raise InputError(f"{path}: column {asked!r} holds no texts: {unreadable[asked]}. Name a column of texts.")
    return asked


def refuse_duplicates(path: Path, names: Sequence[str]) -> None:
    """Raise an InputError if two columns have one name."""
    for name, times in Counter(names).items():
        if times > 1:
            places = " and ".join(str(place) for place, other in enumerate(names, 1) if other == name)
            named = f"are named {name!r}" if name else "have no name"
            raise InputError(f"{path}: columns {places} {named}. Give each column a name of its own.")


def transposed(rows: Iterable[Sequence[Any]], size: int) -> Blocks:
    """Yield the cells of the rows by column, at most `size` rows at a time."""
    rows = iter(rows)
    while block := list(itertools.islice(rows, size)):
        yield tuple(map(list, zip(*block, strict=True)))
