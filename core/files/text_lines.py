"""TXT: one text per line; a table where tabs part every line in the same way."""

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Final

from core.errors import InputError
from core.files.cells import Values, texts
from core.files.column import Blocks, Column
from core.files.delimited import open_delimited
from core.files.encoding import find_encoding, lines
from core.files.facts import Notice, NoticeKind
from core.files.headers import is_tabbed
from core.files.table import Reader, transposed

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_SAMPLE_LINES: Final = 200


def open_lines(path: Path) -> Reader:
    """Read the file to its end: the single column is called "text", unless tabs part every line.

    Raises:
        InputError: it is empty, not of text, or has a line that is too long.
    """
    encoding = find_encoding(path)
    with closing(lines(path, encoding.codec)) as source:
        sample = list(islice(source, _SAMPLE_LINES))
    if is_tabbed(sample):
        try:
            reader = open_delimited(path, "\t")
        except InputError:
            pass  # not in every line, after all
        else:
            if reader.delimiter == "\t" and len(reader.columns) > 1:
                told = Notice(NoticeKind.TABS, "Tabs part every line: read as a table, not as one text per line.")
                return replace(reader, notices=(*reader.notices, told))
    with closing(lines(path, encoding.codec)) as source:
        rows = sum(1 for _ in source)
    if rows == 0:
        raise InputError(f"{path} is empty: it holds no line. Name a file with texts.")
    blocks = partial(_blocks, path, encoding.codec)
    return Reader((Column("text"),), rows, blocks, encoding.codec, notices=encoding.notices)


def render_lines(index: int, columns: Sequence[Values]) -> str:
    """Return the texts of the column at `index`, one a line, line breaks within them as blanks."""
    return "".join(_LINE_BREAK.sub(" ", text) + "\n" for text in texts(columns[index]))


def _blocks(path: Path, codec: str, size: int) -> Blocks:
    with closing(lines(path, codec)) as source:
        yield from transposed(((line.removesuffix("\n"),) for line in source), size)
