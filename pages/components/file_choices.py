"""What a person says of an uploaded file before its texts are read, and the summary of what was found in it.

What can be told from the cells is chosen beforehand; what cannot is asked, and nothing goes on before the answer.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pandas as pd
import streamlit as st

from core.errors import InputError
from core.files import FileFacts, Question, QuestionKind, Table, printable
from core.files.cells import texts
from core.files.moments import parse_moment
from core.files.times import TimeColumn
from pages.components.frame import in_cell, plain
from pages.components.progress import show_progress
from pages.components.uploads import Upload

PREVIEW_ROWS: Final = 8
NO_TIME: Final = "(not known)"
_ANOTHER: Final = -1
_EXAMPLES: Final = 2
_EXAMPLE_CHARS: Final = 120
_AT_ONCE: Final = 2.0
"""Seconds within which the summary of a small file is there without a progress bar."""
_ORDERS: Final = {"day": "The day comes first", "month": "The month comes first"}


@dataclass(frozen=True, slots=True)
class ChosenFile:
    """A file as a person wants it read.

    Attributes:
        times: the column that says when each text was posted, and how it is read; None if there is none.
    """

    table: Table
    times: TimeColumn | None
    facts: FileFacts


def choose_file(upload: Upload) -> ChosenFile | None:
    """Draw what there is to choose, the first rows and the summary; None until all that is open is answered.

    Raises:
        InputError: the file cannot be read as it was chosen.
    """
    opened = _part(upload)
    if opened is None:
        return None
    table = _text_column(upload, opened)
    posted = _time_column(upload, opened if table is None else table)
    if table is None:
        _preview(upload, opened, None)
        return None
    guess = upload.guess_times(table)
    # The guess has reasons of its own; a column that was chosen has that it was asked for.
    asked = None if posted == (guess and guess.name) else posted or ""
    answered, day_first = True, None
    found = upload.survey(table, asked, None)
    found.wait(_AT_ONCE)
    if found.result and (question := _question(found.result.facts.questions, QuestionKind.DAY_ORDER)):
        column = table.names.index(posted) if posted else 0
        day_first = _day_order(upload, question, column, found.result.facts.unreadable_times)
        answered = day_first is not None
        if answered:
            found = upload.survey(table, asked, day_first)
            found.wait(_AT_ONCE)
    _preview(upload, table, table.text_column)
    if found.running:
        show_progress(found, "Looking through the file")
        return None
    if found.error is not None:
        raise found.error
    if found.result is None:
        return None
    st.markdown("**What was found in the file**")
    show_facts(found.result.facts)
    if found.result.facts.mojibake:
        st.checkbox(
            "Mend texts that were decoded by the wrong codec",
            key=upload.key("mend"),
            help="As â€™ for ’. What cannot be mended for certain stays as it is.",
            persist_state="session",
        )
    return ChosenFile(table, found.result.times, found.result.facts) if answered else None


def show_facts(facts: FileFacts) -> None:
    """Draw what was found in a file, a line for each fact."""
    st.markdown("\n".join(f"* {plain(sentence)}" for sentence in facts.sentences()))


def rows_said(count: int) -> str:
    """Return a number of rows in words."""
    return f"{count:,} row" if count == 1 else f"{count:,} rows"


def _part(upload: Upload) -> Table | None:
    parts, part_key = upload.parts, upload.key("part")
    mend = bool(st.session_state.get(upload.key("mend")))
    if parts is None:
        return upload.open(None, mend=mend)
    if parts.kind == "file":
        part = st.selectbox(
            f"This archive holds {len(parts.names)} files that can be read. Which one?",
            parts.names,
            index=None,
            placeholder="Choose a file",
            key=part_key,
            format_func=printable,
            persist_state="session",
        )
        return None if part is None else upload.open(part, mend=mend)
    problem = table = None
    try:
        table = upload.open(st.session_state.get(part_key), mend=mend)
    except InputError as error:
        problem = error  # another sheet may be fine: the choice is drawn in any case
    st.selectbox(
        "Sheet",
        parts.names,
        index=parts.names.index(table.sheet) if table and table.sheet in parts.names else None,
        placeholder="Choose a sheet",
        key=part_key,
        persist_state="session",
    )
    if problem is not None:
        raise problem
    return table


def _question(questions: Sequence[Question], kind: QuestionKind) -> Question | None:
    return next((question for question in questions if question.kind is kind), None)


def _text_column(upload: Upload, table: Table) -> Table | None:
    """Draw the choice of the text column; return the table with it, None as long as it is open."""
    names = [printable(name) for name in table.names]
    key = upload.column_key("text_column")
    question = _question(table.questions, QuestionKind.TEXT_COLUMN)
    if question is None:
        chosen = st.selectbox(
            "Column with the texts",
            names,
            index=table.names.index(table.text_column),
            key=key,
            format_func=_named,
            persist_state="session",
        )
        return table.of(table.names[names.index(chosen)])
    numbers = [table.names.index(answer) for answer in question.answers]
    preview = table.preview(PREVIEW_ROWS)
    number = st.radio(
        plain(question.text),
        [*numbers, _ANOTHER],
        index=None,
        key=upload.column_key("text_question"),
        format_func=lambda one: "Another column" if one == _ANOTHER else plain(_named(names[one])),
        captions=[*(_examples(texts(preview.values[one])) for one in numbers), ""],
        persist_state="session",
    )
    if number is None:
        return None
    if number == _ANOTHER:
        others = [name for place, name in enumerate(names) if place not in numbers]
        other = st.selectbox(
            "Column with the texts",
            others,
            index=None,
            placeholder="Choose a column",
            key=key,
            format_func=_named,
            persist_state="session",
        )
        return None if other is None else table.of(table.names[names.index(other)])
    return table.of(table.names[number])


def _time_column(upload: Upload, table: Table) -> str | None:
    names = [printable(name) for name in table.names]
    guess = upload.guess_times(table)
    posted = st.selectbox(
        "When posted (for charts over time)",
        [NO_TIME, *names],
        index=1 + table.names.index(guess.name) if guess else 0,
        key=upload.column_key("posted_column"),
        format_func=_named,
        persist_state="session",
    )
    return None if posted == NO_TIME else table.names[names.index(posted)]


def _day_order(upload: Upload, question: Question, column: int, examples: Sequence[str]) -> bool | None:
    """Draw which comes first in dates, the day or the month; None as long as that is open."""
    first = st.radio(
        plain(question.text),
        question.answers,
        index=None,
        key=upload.column_key(f"day_order_{column}"),
        format_func=_ORDERS.__getitem__,
        captions=[_read_as(examples[:_EXAMPLES], day_first=one == "day") for one in question.answers],
        persist_state="session",
    )
    return None if first is None else first == "day"


def _read_as(examples: Sequence[str], *, day_first: bool) -> str:
    read = ((cell, parse_moment(cell, day_first)) for cell in examples)
    return "; ".join(f"{plain(cell)} is {moment.day} {moment:%B %Y}" for cell, moment in read if moment)


def _examples(cells: Sequence[str]) -> str:
    filled = [in_cell(printable(cell)) for cell in cells if cell.strip()][:_EXAMPLES]
    short = (cell if len(cell) <= _EXAMPLE_CHARS else f"{cell[: _EXAMPLE_CHARS - 1]}…" for cell in filled)
    return " · ".join(f"“{plain(cell)}”" for cell in short)


def _preview(upload: Upload, table: Table, column: str | None) -> None:
    names = [printable(name) for name in table.names]
    first = table.preview(PREVIEW_ROWS)
    shown = None if column is None else printable(column)
    config = {} if shown is None else {shown: st.column_config.TextColumn(f"▸ {shown}", width="large", pinned=True)}
    st.dataframe(
        pd.DataFrame({name: list(map(printable, cells)) for name, cells in zip(names, first.values, strict=True)}),
        key=upload.column_key("preview"),
        hide_index=True,
        column_config=config,
        alt=f"The first {len(first)} of {rows_said(table.rows)}",
    )
    st.caption(f"The first {len(first)} of {rows_said(table.rows)}.")


def _named(column: str) -> str:
    return column or "(no name)"
