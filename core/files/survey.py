"""What is in a whole file, before anything is scored: one pass over it, one set of facts."""

from array import array
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from core.files.cells import texts
from core.files.columns import Roles, choose_roles, lost_digits
from core.files.facts import Choice, FileFacts, Question, QuestionKind
from core.files.marks import has_nothing, is_cut, is_placeholder, is_retweet
from core.files.table import Batch, Table
from core.files.times import TimeColumn, find_times, named_like_times, time_column, unreadable
from core.language import detect, is_read, language_name

_ROWS: Final = 2_048
_EXAMPLES: Final = 3


@dataclass(frozen=True, slots=True)
class Surveyed:
    """A file's facts, and how its times are read."""

    facts: FileFacts
    times: TimeColumn | None


def survey(
    table: Table,
    posted: str | None = None,
    *,
    day_first: bool | None = None,
    languages: bool = True,
    on_rows: Callable[[int], None] = lambda rows: None,
) -> Surveyed:
    """Read a file once and count what a person should know of it before and after it is scored.

    Args:
        posted: the column that says when each text was posted; None takes the one whose cells name moments, "" none.
        day_first: the order of dates that fit both; None leaves them undated, with a question.
        languages: whether the languages of the texts are looked for, at some five thousand texts a second.
        on_rows: told after each batch how many rows were read; what it raises ends the reading.

    Raises:
        InputError: there is no such column, or the file changed since it was opened.
    """
    found = table.profiles()
    if posted:
        times: TimeColumn | None = time_column(table, posted, day_first)
    else:
        times = None if posted is not None else find_times(table, found, day_first)
    roles = choose_roles([one for one in found if times is None or one.name != times.name], table.text_column)
    counts = _Counts()
    ids = array("q")
    rows = 0
    for batch in table.batches(_ROWS):
        counts.add_texts(table.raw_texts(batch), batch.texts)
        if languages:
            counts.add_languages(batch.texts, _cells(table, batch, roles.language))
        if roles.id is not None:
            counts.lost += _lost(cells := texts(batch.values[table.names.index(roles.id.column)]))
            ids.extend(hash(cell) for cell in cells if cell.strip())
        if times is None:
            counts.undated += len(batch)
        else:
            moments = times.moments(table, batch)
            counts.undated += moments.count(None)
            if len(counts.examples) < _EXAMPLES:
                counts.examples += unreadable(table, batch, times, moments)
        rows += len(batch)
        on_rows(rows)
    questions = list(table.questions)
    if times is not None and times.open_order:
        example = counts.examples[0] if counts.examples else ""
        text = f"Column {times.name!r}: is {example!r} the day before the month, or the month before the day?"
        questions.append(Question(QuestionKind.DAY_ORDER, ("day", "month"), text))
    repeated = 0 if counts.lost else len(ids) - len(np.unique(np.frombuffer(ids, np.int64))) if ids else 0
    return Surveyed(_facts(table, times, roles, counts, repeated=repeated, questions=tuple(questions)), times)


def _cells(table: Table, batch: Batch, choice: Choice | None) -> list[str] | None:
    return None if choice is None else texts(batch.values[table.names.index(choice.column)])


def _lost(cells: list[str]) -> int:
    return sum(lost_digits(cell) for cell in cells)


class _Counts:
    def __init__(self) -> None:
        self.nothing = self.placeholders = self.cut = self.completed = self.mojibake = self.retweets = 0
        self.undated = self.lost = 0
        self.languages: Counter[str] = Counter()
        self.examples: list[str] = []

    def add_texts(self, raw: list[str], read: list[str]) -> None:
        for before, text in zip(raw, read, strict=True):
            if has_nothing(text):
                self.nothing += 1
                self.placeholders += is_placeholder(before)
                continue
            self.retweets += is_retweet(text)
            if text[-1] in "…" or "t.co/" in text[-40:]:
                self.cut += is_cut(text)
            self.completed += len(text) > len(before) and is_cut(before)
            if not before.isascii():
                self.mojibake += _is_mojibake(before)

    def add_languages(self, read: Sequence[str], said: Sequence[str] | None) -> None:
        for code in detect(read, said):
            if code is not None and not is_read(code):
                self.languages[language_name(code)] += 1


def _is_mojibake(text: str) -> bool:
    from core.files.mojibake import is_mojibake  # noqa: PLC0415  (loads ftfy, which ASCII does without)

    return is_mojibake(text)


def _facts(
    table: Table,
    times: TimeColumn | None,
    roles: Roles,
    counts: _Counts,
    *,
    repeated: int,
    questions: tuple[Question, ...],
) -> FileFacts:
    return FileFacts(
        name=table.path.name,
        wrapping=table.wrapping,
        rows=table.rows,
        encoding=table.encoding,
        delimiter=table.delimiter,
        header=table.header,
        title_lines=table.title_lines,
        sheet=table.sheet,
        sheets=table.sheets,
        text=Choice(table.text_column, table.choice.why),
        time=None if times is None else Choice(times.name, times.why),
        id=roles.id,
        author=roles.author,
        link=roles.link,
        language=roles.language,
        nothing_to_read=counts.nothing,
        placeholders=counts.placeholders,
        cut=counts.cut,
        completed=counts.completed,
        markup=table.markup,
        mojibake=counts.mojibake,
        mended=table.mend,
        undated=counts.undated,
        unreadable_times=tuple(counts.examples[:_EXAMPLES]),
        not_times=named_like_times(table, table.profiles(), times),
        lost_digits=counts.lost,
        repeated_ids=repeated,
        retweets=counts.retweets,
        not_read=tuple(counts.languages.most_common()),
        apostrophes=table.apostrophes,
        notices=table.said,
        questions=questions,
    )
