"""User files of tweets: whatever its wrapping, a file becomes rows with named columns, streamed in and out.

Read are CSV, TSV, TXT (one text per line), JSON of any shape, workbooks (.xlsx, .xls, .ods) and Parquet, each also in
.gz, .zst or .zip, and X's archive as the ZIP it comes in. Written are the formats of `FORMATS`, by the suffix.

`open_table` reads a file once to its end before anything is computed, because a broken row should not come to light
after an hour of scoring. What it accepts has a known number of rows (a progress bar needs no more) and can be read by
`Table.batches` with a memory use that does not grow with the file; only a workbook is held while it is opened.
`survey` reads it once more and returns one set of facts: which columns were taken and why, what cannot be read.
`open_writer` writes to a sibling `NAME.partial`, which takes the final name only when all went well.

    table = open_table(source)
    ask(table.questions, {QuestionKind.TEXT_COLUMN: "with --column NAME"})
    facts = survey(table).facts
    with open_writer(target, append(table.columns, [Column("top")]), source=source) as writer:
        for batch in table.batches(256):
            writer.write([*batch.values, top_emotions(batch.texts)])

What counts as a row:

* CSV, TSV, workbooks: a record. A blank line is no row, except in a table of one column, where it is an empty text, as
  Excel writes one (blank lines at the end of the file are never rows).
* TXT: a line, blank ones included, so that line n of the file is row n.
* JSON: an object of the array, line or page. The columns are all fields that occur, those of an object within under
  dotted names (`user.screen_name`); lists stay whole. One that a row lacks is null.

From the outside in: `unpack` (what wraps a file), `reading` (which format), a module for each format (`delimited` with
`headers`, `text_lines`, `json_lines` over `json_values`, `sheets`, `parquet`), `profiles` (what cells look like),
`columns` and `times` (which column is what; `names` only adds), `survey` and `facts`. `writing` is the way out.
Libraries that few files need (pyarrow, calamine, zstandard, ftfy) are loaded where one needs them.
"""

from core.files.cells import printable
from core.files.column import Column
from core.files.delimited import neutralise, restored
from core.files.encoding import MAX_LINE_CHARS
from core.files.facts import Choice, FileFacts, Notice, NoticeKind, Question, QuestionKind, ask
from core.files.json_lines import MAX_COLUMNS
from core.files.reading import READABLE, TEXT_NAMES, Parts, list_parts, open_table
from core.files.survey import Surveyed, survey
from core.files.table import FORMATS, Batch, Table, append
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
    "Parts",
    "Question",
    "QuestionKind",
    "Surveyed",
    "Table",
    "Writer",
    "append",
    "ask",
    "copy_table",
    "list_parts",
    "neutralise",
    "open_table",
    "open_writer",
    "printable",
    "restored",
    "survey",
]
