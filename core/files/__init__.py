"""User files of tweets: streaming reading and streaming writing, whatever the size.

Formats go by the suffix: `.csv`, `.tsv`, `.txt` (one text per line), `.jsonl` or `.ndjson`, `.parquet`.

`open_table` reads a file once to its end before anything is computed, because a broken row should not come to light
after an hour of scoring. What it accepts has a known number of rows (a progress bar needs no more) and can be read by
`Table.batches` with a memory use that does not grow with the file. `open_writer` writes to a sibling `NAME.partial`,
which takes the final name only when all went well.

    with open_writer(target, append(table.columns, [Column("top")]), source=source) as writer:
        for batch in table.batches(256):
            writer.write([*batch.values, top_emotions(batch.texts)])

What counts as a row:

* CSV, TSV: a record. A blank line is no row, except in a table of one column, where it is an empty text, as Excel
  writes one (blank lines at the end of the file are never rows).
* TXT: a line, blank ones included, so that line n of the file is row n.
* JSONL: an object; blank lines are no rows. The columns are all fields that occur; one that a row lacks is null.

`reading` and `writing` are the two ways in. Each format has a module that knows both its directions (`delimited`,
`text_lines`, `json_lines`, `parquet`); they share `table`, `cells` and `encoding`. pyarrow is loaded only when there is
Parquet: it takes longer than a small CSV takes to read.
"""

from core.files.cells import printable
from core.files.delimited import neutralise, restored
from core.files.encoding import MAX_LINE_CHARS
from core.files.facts import Choice, FileFacts, Notice, NoticeKind, Question, QuestionKind, ask
from core.files.json_lines import MAX_COLUMNS
from core.files.reading import READABLE, TEXT_NAMES, open_table
from core.files.survey import Surveyed, survey
from core.files.table import FORMATS, Batch, Column, Table, append
from core.files.writing import Writer, copy_table, open_writer

__all__ = [
    "FORMATS",
    "MAX_COLUMNS",
    "MAX_LINE_CHARS",
    "READABLE",
    "TEXT_NAMES",
    "Batch",
    "Choice",
    "Column",
    "FileFacts",
    "Notice",
    "NoticeKind",
    "Question",
    "QuestionKind",
    "Surveyed",
    "Table",
    "Writer",
    "append",
    "ask",
    "copy_table",
    "neutralise",
    "open_table",
    "open_writer",
    "printable",
    "restored",
    "survey",
]
