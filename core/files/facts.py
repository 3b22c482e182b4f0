"""What is known of a file once it is open: one set of facts, from which page, command line and API draw a summary."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.errors import InputError


class NoticeKind(StrEnum):
    """What a notice is about."""

    ENCODING = "encoding"
    DELIMITER = "delimiter"
    QUOTES = "quotes"
    ESCAPES = "escapes"
    NO_HEADER = "no_header"
    TITLE_LINES = "title_lines"
    ONE_COLUMN = "one_column"
    TABS = "tabs"
    WRAPPING = "wrapping"
    SHEET = "sheet"
    TEXT_COLUMN = "text_column"


@dataclass(frozen=True, slots=True)
class Notice:
    """One thing that had to be guessed about a file, as a kind and as a sentence for the reader."""

    kind: NoticeKind
    text: str


class QuestionKind(StrEnum):
    """What only a person can say of a file."""

    TEXT_COLUMN = "text_column"
    DAY_ORDER = "day_order"


@dataclass(frozen=True, slots=True)
class Question:
    """What a file leaves open.

    Attributes:
        answers: what can be chosen, the likeliest first: columns, or "day" and "month".
        text: a sentence that asks.
    """

    kind: QuestionKind
    answers: tuple[str, ...]
    text: str


def ask(questions: Iterable[Question], ways: Mapping[QuestionKind, str]) -> None:
    """Refuse to go on while something is open.

    Args:
        ways: how each kind of question is answered where it is asked, in words that follow "Say so".

    Raises:
        InputError: with each question, its answers and how to choose.
    """
    if open_ones := tuple(questions):
        raise InputError(" ".join(f"{one.text} Say so {ways[one.kind]}." for one in open_ones))


@dataclass(frozen=True, slots=True)
class Choice:
    """A column that was taken, and why, in words that follow "because"."""

    column: str
    why: str


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What was found in a whole file before anything is scored.

    Attributes:
        name: the file's.
        wrapping: what it was taken out of, the outermost first, as "gzip" or "data/tweets.js in a ZIP archive".
        rows: how many there are.
        encoding, delimiter: None where the format has none.
        header: whether a row with names was found; else columns are called "column 1", "column 2", ...
        title_lines: lines above the header that are no rows.
        sheet: the sheet that was read, and `sheets` all there are to choose from; None and () for other formats.
        text: the column with the texts.
        time, id, author, link, language: the columns that say when, which, by whom, where and in which language.
        nothing_to_read: rows whose text is blank, a placeholder ("nan", "[deleted]") or only links.
        placeholders: those of them that hold a placeholder.
        cut: texts that end where another tool cut them ("… https://t.co/").
        completed: cut texts of which the file holds the whole elsewhere; that is read.
        markup: whether the texts are HTML, of which the tags are taken off.
        mojibake: texts that look decoded by the wrong codec; `mended` says whether they are put right.
        undated: rows without a time that can be read; all where there is no such column.
        unreadable_times: up to three cells of the time column that name no moment.
        not_times: columns that are named like a time and hold none that can be read.
        lost_digits: ids that lost digits in a spreadsheet ("1,23E+18").
        repeated_ids: rows whose id an earlier row has.
        retweets: texts that begin with "RT @".
        not_read: how many texts are in each language that is not read, the most first, by its English name.
        apostrophes: whether the apostrophes that our CSV for spreadsheets has were taken off.
        notices: what had to be guessed to open the file.
        questions: what only a person can say.
    """

    name: str
    wrapping: tuple[str, ...]
    rows: int
    encoding: str | None
    delimiter: str | None
    header: bool
    title_lines: int
    sheet: str | None
    sheets: tuple[str, ...]
    text: Choice
    time: Choice | None
    id: Choice | None
    author: Choice | None
    link: Choice | None
    language: Choice | None
    nothing_to_read: int
    placeholders: int
    cut: int
    completed: int
    markup: bool
    mojibake: int
    mended: bool
    undated: int
    unreadable_times: tuple[str, ...]
    not_times: tuple[str, ...]
    lost_digits: int
    repeated_ids: int
    retweets: int
    not_read: tuple[tuple[str, int], ...]
    apostrophes: bool
    notices: tuple[Notice, ...]
    questions: tuple[Question, ...]

    def sentences(self) -> tuple[str, ...]:
        """Return the facts as sentences, those that say nothing left out; the notices first."""
        return (*(notice.text for notice in self.notices), *self._of_columns(), *self._of_times(), *self._of_texts())

    def _of_columns(self) -> Iterator[str]:
        for role, choice in (
            ("Texts", None if self._text_is_told else self.text),
            ("Ids", self.id),
            ("Authors", self.author),
            ("Links", self.link),
            ("Languages", self.language),
        ):
            if choice is not None:
                yield f"{role}: column {choice.column!r}, because {choice.why}."
        if self.lost_digits:
            lost = f"{self.lost_digits:,} ids lost digits in a spreadsheet (as 1,23E+18) and name no tweet."
            yield f"{lost} Export them as text."
        if self.repeated_ids:
            yield f"{_of(self.repeated_ids, self.rows)} with an id that an earlier row has."

    def _of_times(self) -> Iterator[str]:
        for name in self.not_times:
            yield f"Column {name!r} is named like a time, but most of its cells name none that can be read; left alone."
        if self.time is None:
            yield "No column says when the texts were posted: they are undated."
            return
        yield f"Column {self.time.column!r} says when each text was posted, because {self.time.why}."
        if self.undated:
            shown = ", ".join(repr(cell) for cell in self.unreadable_times)
            yield f"{_of(self.undated, self.rows)} without a time that can be read{f': {shown}' if shown else ''}."

    def _of_texts(self) -> Iterator[str]:
        placed = f", {self.placeholders:,} of them a placeholder such as 'nan'" if self.placeholders else ""
        mend = "they were mended" if self.mended else "they can be mended"
        named = ", ".join(f"{name} {count:,}" for name, count in self.not_read[:8])
        other = sum(count for _, count in self.not_read)
        for said, count in (
            (f"{_of(self.nothing_to_read, self.rows)} with nothing to read{placed}.", self.nothing_to_read),
            (f"{_texts(self.completed)} cut, and read whole from another column.", self.completed),
            (f"{_texts(self.cut)} cut by what made the file: only the beginning is there.", self.cut),
            ("The texts are HTML: tags were taken off.", self.markup),
            (
                f"{_texts(self.mojibake)} decoded by the wrong codec, by their looks (as â€™ for ’); {mend}.",
                self.mojibake,
            ),
            (f"{_of(self.retweets, self.rows)} that are retweets.", self.retweets),
            (f"{_of(other, self.rows)} not read: {named}. The model was made for English.", other),
            ("The apostrophes before what spreadsheets take for formulas were taken off.", self.apostrophes),
        ):
            if count:
                yield said

    @property
    def _text_is_told(self) -> bool:
        return any(notice.kind is NoticeKind.TEXT_COLUMN for notice in self.notices)


def _of(count: int, rows: int) -> str:
    return f"{count:,} of {rows:,} rows"


def _texts(count: int) -> str:
    return "1 text is" if count == 1 else f"{count:,} texts are"
