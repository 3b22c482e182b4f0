import csv
import io
import json
import os
import resource
import subprocess
import sys
import tracemalloc
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.files import (
    FORMATS,
    Column,
    Table,
    append,
    copy_table,
    neutralise,
    open_table,
    open_writer,
    printable,
    restored,
)

SUFFIXES = sorted(FORMATS)
TEXT = (Column("text"),)


def put(folder: Path, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def texts(table: Table, size: int = 2) -> list[str]:
    return [text for batch in table.batches(size) for text in batch.texts]


def cells(table: Table, name: str) -> list[Any]:
    index = table.names.index(name)
    return [
        cell
        for batch in table.batches(2)
        for cell in (batch.values[index].to_pylist() if table.format == "parquet" else batch.values[index])
    ]


def save(path: Path, columns: tuple[Column, ...], *values: Any, **options: Any) -> Path:
    with open_writer(path, columns, **options) as writer:
        writer.write(values)
    return path


def refusal(path: Path, column: str | None = None) -> str:
    with pytest.raises(InputError) as caught:
        open_table(path, column)
    return str(caught.value)


# ---- formats and rows ----


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", "id,text\n1,so happy\n2,so sad\n3,\n"),
        ("a.CSV", "id,text\r\n1,so happy\r\n2,so sad\r\n3,\r\n"),
        ("mac.csv", "id,text\r1,so happy\r2,so sad\r3,\r"),
        ("a.tsv", "id\ttext\n1\tso happy\n2\tso sad\n3\t"),
        ("a.txt", "so happy\nso sad\n\n"),
        ("a.TXT", "so happy\r\nso sad\r\n\r\n"),
        ("a.jsonl", '{"id": 1, "text": "so happy"}\n{"id": 2, "text": "so sad"}\n\n{"id": 3, "text": null}\n'),
        ("a.ndjson", '{"id": 1, "text": "so happy"}\n{"id": 2, "text": "so sad"}\n{"id": 3}'),
    ],
)
def test_reads_each_text_format(tmp_path: Path, name: str, content: str) -> None:
    table = open_table(put(tmp_path, name, content))
    assert (table.text_column, table.rows, table.encoding, table.notices) == ("text", 3, "utf-8", ())
    assert texts(table) == ["so happy", "so sad", ""]
    assert [len(batch) for batch in table.batches(2)] == [2, 1]


@pytest.mark.parametrize(
    "arrow_type", [pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())], ids=str
)
def test_reads_parquet_and_keeps_types(tmp_path: Path, arrow_type: pa.DataType) -> None:
    when = pa.array([datetime(2026, 5, 1), None, datetime(2026, 5, 3)], pa.timestamp("ns"))
    words = pa.array(["so happy", None, "so sad"], pa.string()).cast(arrow_type)
    source = pa.table({"n": pa.array([1, 2, None], pa.int16()), "when": when, "Tweet": words})
    pq.write_table(source, tmp_path / "a.parquet")
    table = open_table(tmp_path / "a.parquet")
    assert (table.text_column, table.rows, table.encoding, table.delimiter) == ("Tweet", 3, None, None)
    assert texts(table) == ["so happy", "", "so sad"]
    with open_writer(tmp_path / "b.parquet", table.columns) as writer:
        for batch in table.batches(2):
            writer.write(batch.values)
    copy = pq.read_table(tmp_path / "b.parquet")
    assert copy.schema.types == source.schema.types
    assert copy.to_pylist() == source.to_pylist()


def test_parquet_to_text_formats_loses_no_nanosecond(tmp_path: Path) -> None:
    when = pa.array([1_000_000_001], pa.timestamp("ns"))
    source = pa.table({"text": ["hi"], "when": when, "tags": [["a", "b"]], "score": pa.array([0.1], pa.float32())})
    pq.write_table(source, tmp_path / "a.parquet")
    table = open_table(tmp_path / "a.parquet")
    row = ["hi", "1970-01-01 00:00:01.000000001", '["a", "b"]', "0.1"]
    out = save(tmp_path / "a.csv", table.columns, *next(table.batches()).values)
    assert list(csv.reader(io.StringIO(out.read_text()))) == [["text", "when", "tags", "score"], row]
    out = save(tmp_path / "a.jsonl", table.columns, *next(table.batches()).values)
    assert json.loads(out.read_text()) == {"text": "hi", "when": row[1], "tags": ["a", "b"], "score": 0.1}


def test_parquet_with_a_string_that_is_not_utf8(tmp_path: Path) -> None:
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array([0, 3], pa.int32()).buffers()[1], pa.py_buffer(b"a\xffb")]
    )
    pq.write_table(pa.table({"text": broken, "other": broken}), tmp_path / "a.parquet")
    table = open_table(tmp_path / "a.parquet")
    assert texts(table) == ["a\ufffdb"]
    out = save(tmp_path / "a.jsonl", table.columns, *next(table.batches()).values)
    assert json.loads(out.read_text(encoding="utf-8")) == {"text": "a\ufffdb", "other": "a\ufffdb"}


def test_csv_text_holds_delimiters_quotes_line_breaks_and_nul(tmp_path: Path) -> None:
    tricky = 'one, "two"\r\nthree\rfour\nNUL \0 end'
    quoted = tricky.replace('"', '""')
    table = open_table(put(tmp_path, "a.csv", f'id,text\n1,"{quoted}"\n2,b\n'))
    assert texts(table) == [tricky, "b"]


def test_csv_blank_lines_are_no_rows(tmp_path: Path) -> None:
    table = open_table(put(tmp_path, "a.csv", "\nid,text\n\n1,a\n  \n2,b\n\n\n"))
    assert (table.rows, texts(table)) == (2, ["a", "b"])


def test_blank_lines_of_a_single_column_are_empty_texts_but_at_the_end(tmp_path: Path) -> None:
    table = open_table(put(tmp_path, "a.csv", 'text\na\n\n\nb\n""\n\n\n'))
    assert (table.rows, texts(table)) == (5, ["a", "", "", "b", ""])


def test_a_field_of_a_million_characters(tmp_path: Path) -> None:
    long = "ha" * 500_000
    assert texts(open_table(put(tmp_path, "a.csv", f"id,text\n1,{long}\n2,b\n"))) == [long, "b"]


def test_jsonl_columns_are_all_fields_and_values_are_kept(tmp_path: Path) -> None:
    rows = [{"text": "a", "n": 1}, {"more": {"x": [1, None]}, "text": "b", "n": 2.5}, {"text": "c", "big": 2**70}]
    table = open_table(put(tmp_path, "a.jsonl", "\n".join(json.dumps(row) for row in rows)))
    assert [(column.name, column.kind) for column in table.columns] == [
        ("text", "text"),
        ("n", "number"),
        ("more", "json"),
        ("big", "json"),
    ]
    out = save(tmp_path / "b.jsonl", table.columns, *next(table.batches()).values)
    written = [json.loads(line) for line in out.read_text().splitlines()]
    assert [{name: value for name, value in row.items() if value is not None} for row in written] == rows
    assert list(written[0]) == ["text", "n", "more", "big"]
    out = save(tmp_path / "b.parquet", table.columns, *next(table.batches()).values)
    assert pq.read_table(out).column("more").to_pylist() == [None, '{"x": [1, null]}', None]
    assert pq.read_table(out).column("n").to_pylist() == [1.0, 2.5, None]


def test_jsonl_scalars_are_read_as_texts(tmp_path: Path) -> None:
    table = open_table(put(tmp_path, "a.jsonl", '{"text": 5}\n{"text": true}\n{"text": NaN}\n{"text": "x"}'))
    assert texts(table) == ["5", "true", "", "x"]


def test_lone_surrogates_pass_and_are_replaced_when_written(tmp_path: Path) -> None:
    path = put(tmp_path, "a.jsonl", '{"text": "a\\ud800b", "\\udc00": "\\ud83d\\ude02"}\n{"text": "\\ud83d"}\n')
    table = open_table(path)
    assert texts(table) == ["a\ud800b", "\ud83d"]
    for suffix in (".csv", ".tsv", ".jsonl", ".parquet"):
        out = save(tmp_path / f"b{suffix}", table.columns, *next(table.batches()).values)
        again = open_table(out)
        assert again.names == ("text", "\ufffd")
        assert texts(again) == ["a\ufffdb", "\ufffd"]
        assert cells(again, "\ufffd")[0] == "😂"


# ---- the text column ----


@pytest.mark.parametrize(
    ("header", "row", "expected"),
    [
        ("id,TEXT,note", "1,a,longer than a", "TEXT"),
        ("Comment,Body,tweet", "long long,long,a", "tweet"),
        ("only", "a", "only"),
        (" Message ,x", "a,longer", " Message "),
    ],
)
def test_text_column_is_recognised_without_a_notice(tmp_path: Path, header: str, row: str, expected: str) -> None:
    table = open_table(put(tmp_path, "a.csv", f"{header}\n{row}\n"))
    assert (table.text_column, table.notices) == (expected, ())


def test_text_column_is_guessed_by_length_with_a_notice(tmp_path: Path) -> None:
    table = open_table(put(tmp_path, "a.csv", "id,said,who\n1,so very happy,ana\n2,oh,bob\n"))
    assert table.text_column == "said"
    assert table.notices == ("Column 'said' was taken for the texts, because its cells are the longest.",)


def test_text_column_as_asked(tmp_path: Path) -> None:
    table = open_table(put(tmp_path, "a.csv", "text,reply\na,b\n"), "reply")
    assert texts(table) == ["b"]


def test_missing_column_is_named_with_those_that_exist_and_the_nearest(tmp_path: Path) -> None:
    message = refusal(put(tmp_path, "a.csv", "id,Tweet_Text\n1,a\n"), "tweettext")
    assert "no column 'tweettext'" in message
    assert "'id', 'Tweet_Text'" in message
    assert "mean 'Tweet_Text'?" in message
    assert "mean" not in refusal(put(tmp_path, "a.csv", "id,Tweet_Text\n1,a\n"), "zzz")


def test_parquet_column_of_integers_is_refused_and_never_guessed(tmp_path: Path) -> None:
    pq.write_table(pa.table({"text": [1, 2], "b": ["x", "y"]}), tmp_path / "a.parquet")
    assert open_table(tmp_path / "a.parquet").text_column == "b"
    assert "its type is int64" in refusal(tmp_path / "a.parquet", "text")
    pq.write_table(pa.table({"text": [1, 2]}), tmp_path / "b.parquet")
    assert "no column of texts" in refusal(tmp_path / "b.parquet")


def test_jsonl_column_with_lists_is_refused_with_the_line(tmp_path: Path) -> None:
    path = put(tmp_path, "a.jsonl", '{"text": "a"}\n{"text": ["b"]}\n')
    assert "line 2 has a list" in refusal(path, "text")
    assert "no column of texts" in refusal(path)


# ---- encodings ----


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.jsonl"])
@pytest.mark.parametrize(
    ("codec", "mark", "found", "noticed"),
    [
        ("utf-8", b"", "utf-8", None),
        ("utf-8-sig", b"", "utf-8-sig", None),
        ("utf-16-le", b"\xff\xfe", "utf-16", None),
        ("utf-16-be", b"\xfe\xff", "utf-16", None),
        ("utf-32-le", b"\xff\xfe\0\0", "utf-32", None),
        ("utf-16-le", b"", "utf-16-le", "Read as UTF-16"),
        ("utf-16-be", b"", "utf-16-be", "Read as UTF-16"),
        ("cp1252", b"", "cp1252", "Read as Windows-1252, because byte "),
    ],
)
def test_encodings(tmp_path: Path, name: str, codec: str, mark: bytes, found: str, noticed: str | None) -> None:
    said = ["“café” is très bon – äöü", "second line"]
    lines = {
        "a.csv": "id,text\n" + "".join(f"{number},{text}\n" for number, text in enumerate(said)),
        "a.txt": "".join(f"{text}\n" for text in said),
        "a.jsonl": "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in said),
    }
    table = open_table(put(tmp_path, name, mark + lines[name].encode(codec)))
    assert (table.encoding, texts(table), table.names[-1]) == (found, said, "text")
    assert [notice[: len(noticed or "")] for notice in table.notices] == ([] if noticed is None else [noticed])


def test_the_notice_names_the_byte_even_beyond_the_first_chunk(tmp_path: Path) -> None:
    # The bad byte comes last, after the boundary of a chunk has cut a line.
    body = b"text\n" + b"a line of some length\n" * 50_000 + b"caf\xe9\n"
    table = open_table(put(tmp_path, "a.csv", body))
    assert table.notices == (f"Read as Windows-1252, because byte {body.index(0xE9):,} is not UTF-8.",)
    assert texts(table, 300_000)[-1] == "café"


def test_the_notice_names_the_byte_of_a_character_cut_by_a_chunk(tmp_path: Path) -> None:
    # The first chunk of 1 MiB ends within a sequence that the second does not complete.
    body = b"a" * ((1 << 20) - 1) + b"\xe9\xe9\n"
    table = open_table(put(tmp_path, "a.txt", body))
    assert table.notices == (f"Read as Windows-1252, because byte {(1 << 20) - 1:,} is not UTF-8.",)


def test_utf8_with_an_emoji_cut_in_half_stays_utf8(tmp_path: Path) -> None:
    body = "text\nça va très bien 😂\n".encode() + "😂".encode()[:2] + b"\nend\n"
    table = open_table(put(tmp_path, "a.csv", body))
    assert texts(table) == ["ça va très bien 😂", "\ufffd", "end"]
    assert table.notices == (
        f"Read as UTF-8, but byte {len(body) - 7} is damaged; what cannot be read was replaced by U+FFFD.",
    )


def test_bytes_that_windows_1252_has_not_are_latin_1(tmp_path: Path) -> None:
    table = open_table(put(tmp_path, "a.txt", b"caf\xe9 \x81\n"))
    assert (table.encoding, texts(table)) == ("latin-1", ["café \x81"])


def test_utf16_with_half_a_surrogate_pair(tmp_path: Path) -> None:
    table = open_table(put(tmp_path, "a.txt", b"\xff\xfe" + "hi".encode("utf-16-le") + b"\x3d\xd8" + b"\n\0"))
    assert texts(table) == ["hi\ufffd"]
    assert "byte 6 is damaged" in table.notices[0]


# ---- delimiters and quotes ----


@pytest.mark.parametrize(
    ("name", "content", "delimiter", "said"),
    [
        ("a.csv", 'id;text\n1;a, b, c\n2;"d; e"\n', ";", ["a, b, c", "d; e"]),
        ("a.csv", "id\ttext\n1\ta, b; c\n2\td\n", "\t", ["a, b; c", "d"]),
        ("a.csv", "text;likes, replies, shares\na, b;1\nc;2\n", ";", ["a, b", "c"]),
        ("a.csv", "id|text\n1|a, b\n2|c;d\n", "|", ["a, b", "c;d"]),
        ("a.tsv", "id,text\n1,a\n2,b\n", ",", ["a", "b"]),
    ],
)
def test_other_delimiters_are_found_and_told(
    tmp_path: Path, name: str, content: str, delimiter: str, said: list[str]
) -> None:
    table = open_table(put(tmp_path, name, content))
    assert (table.delimiter, texts(table)) == (delimiter, said)
    assert [notice[:20] for notice in table.notices] == ["Read as separated by"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('id,text\n1,"a; b; c"\n2,d; e; f\n', ["a; b; c", "d; e; f"]),
        ('"x;y","text"\n1,"multi\nline; and ; more"\n2,b\n', ["multi\nline; and ; more", "b"]),
        ("text\nno; delimiter\nat | all\n", ["no; delimiter", "at | all"]),
    ],
)
def test_commas_stay_when_other_signs_are_in_the_texts(tmp_path: Path, content: str, said: list[str]) -> None:
    table = open_table(put(tmp_path, "a.csv", content))
    assert (table.delimiter, texts(table), table.notices) == (",", said, ())


def test_a_tsv_without_quoting_is_read_as_it_stands(tmp_path: Path) -> None:
    table = open_table(put(tmp_path, "a.tsv", 'id\ttext\n1\t"so" happy\n2\t"open\n3\tc\n'))
    assert texts(table) == ['"so" happy', '"open', "c"]
    assert table.notices == ("Double quotes were read as plain characters, because they do not pair up.",)


# ---- what is refused ----


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("id,text\n1,a\n2,b,c\n3,d\n", ["line 3", "3 fields", "header has 2", "double quotes"]),
        ("id,text\n1,a\n2\n", ["line 3", "1 fields", "header has 2"]),
        ('id,text\n1,"a\nb"\n2,b,c\n', ["line 4", "3 fields"]),
        ("id\nhello, world\n", ["line 2", "2 fields", "header has 1"]),
        ('id,text\n1,a\n2,"b\n3,"c""\n4,x,y\n', ["begins at line 3", "do not pair up"]),
        ("id,text,id\n1,a,2\n", ["columns 1 and 3 are named 'id'"]),
        ("id,text,,\n1,a,,\n", ["columns 3 and 4 have no name"]),
        ("", ["empty (0 bytes)"]),
        ("\ufeff", ["is empty"]),
        ("\n\n", ["is empty"]),
        ("id,text\n", ["no rows"]),
        ("text\n\n\n", ["no rows"]),
    ],
)
def test_csv_refusals(tmp_path: Path, content: str, expected: list[str]) -> None:
    message = refusal(put(tmp_path, "a.csv", content))
    assert [part for part in [*expected, "a.csv"] if part not in message] == []


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('{"text": "a"}\n["b"]\n', ["line 2", """'["b"]' is no JSON object"""]),
        ('{"text": "a"}\n\n{"text": \n', ["line 3", "no JSON"]),
        ('{"text": "a", "text": "b"}\n', ["line 1", "'text' occurs twice"]),
        ("[" * 100_000, ["line 1", "no JSON"]),
        ("\n", ["is empty"]),
        ("{}\n{}", ["no object with fields"]),
        ("\n".join(json.dumps({str(number): 1}) for number in range(3000)), ["line 2001", "different fields"]),
    ],
)
def test_jsonl_refusals(tmp_path: Path, content: str, expected: list[str]) -> None:
    message = refusal(put(tmp_path, "a.jsonl", content))
    assert [part for part in expected if part not in message] == []


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.jsonl"])
@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "a PNG image"),
        (b"PK\x03\x04\x14\0\6\0", "an Excel workbook"),
        (bytes(range(256)) * 20, "control characters"),
    ],
)
def test_binary_files_under_a_text_suffix(tmp_path: Path, name: str, content: bytes, kind: str) -> None:
    message = refusal(put(tmp_path, name, content))
    assert "does not look like text" in message
    assert kind in message


def test_parquet_refusals(tmp_path: Path) -> None:
    whole = tmp_path / "a.parquet"
    pq.write_table(pa.table({"text": [f"text {number}" for number in range(5000)]}), whole)
    content = whole.read_bytes()
    assert "damaged" in refusal(put(tmp_path, "cut.parquet", content[:-50]))
    assert "damaged" in refusal(put(tmp_path, "text.parquet", "text\nhello\n"))
    assert "damaged" in refusal(put(tmp_path, "holes.parquet", content[:100] + b"\xff" * 9000 + content[9100:]))
    assert "empty" in refusal(put(tmp_path, "empty.parquet", b""))
    pq.write_table(pa.table({"text": pa.array([], pa.string())}), whole)
    assert "no rows" in refusal(whole)
    pq.write_table(pa.Table.from_arrays([pa.array(["a"]), pa.array(["b"])], names=["x", "x"]), whole)
    assert "columns 1 and 2 are named 'x'" in refusal(whole)


def test_paths_that_are_no_files(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    assert "is a folder" in refusal(tmp_path / "folder.csv")
    assert "is a pipe" in refusal(tmp_path / "pipe.csv")
    assert "There is no file" in refusal(tmp_path / "missing.csv")
    message = refusal(put(tmp_path, "a.xlsx", "x"))
    assert "'.xlsx'" in message
    assert all(suffix in message for suffix in SUFFIXES)
    assert "has no suffix" in refusal(put(tmp_path, "plain", "x"))


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.jsonl"])
def test_a_line_beyond_all_measure(tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.files.encoding.MAX_LINE_CHARS", 1000)
    path = put(tmp_path, name, '{"text": 1}\n' + "x" * 1001 + "\n")
    assert "line 2: longer than 1,000 characters" in refusal(path)


def test_a_file_that_breaks_after_it_was_opened(tmp_path: Path) -> None:
    table = open_table(put(tmp_path, "a.csv", "id,text\n1,a\n"))
    put(tmp_path, "a.csv", "id,text\n1,a\n2,b,c\n")
    with pytest.raises(InputError, match="line 3"):
        texts(table)
    (tmp_path / "a.csv").unlink()
    with pytest.raises(InputError, match="cannot be read"):
        texts(table)


# ---- preview ----


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_preview(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"a{suffix}", TEXT, [f"text {number}" for number in range(5)])
    preview = open_table(path).preview(3)
    assert preview.texts == ["text 0", "text 1", "text 2"]
    assert preview.values == (preview.texts,)
    assert len(open_table(path).preview(9)) == 5


def test_sizes_below_one_are_refused(tmp_path: Path) -> None:
    table = open_table(put(tmp_path, "a.txt", "a\n"))
    with pytest.raises(ValueError, match="n is 0"):
        table.preview(0)
    with pytest.raises(ValueError, match="size is 0"):
        next(table.batches(0))


# ---- writing ----

RESULTS = (
    Column("text"),
    Column("score", "number"),
    Column("n", "integer"),
    Column("sure", "boolean"),
    Column("labels", "json"),
)
VALUES = (
    ["a", None],
    np.array([0.1, np.nan], np.float32),
    [np.int64(-3), None],
    np.array([True, False]),
    [["joy", "love"], None],
)


def test_results_in_csv(tmp_path: Path) -> None:
    out = save(tmp_path / "a.csv", RESULTS, *VALUES)
    assert out.read_bytes() == (
        b'"text","score","n","sure","labels"\n"a",0.1,-3,"true","[""joy"", ""love""]"\n"","","","false",""\n'
    )


def test_results_in_jsonl(tmp_path: Path) -> None:
    out = save(tmp_path / "a.jsonl", RESULTS, *VALUES)
    assert out.read_text() == (
        '{"text": "a", "score": 0.1, "n": -3, "sure": true, "labels": ["joy", "love"]}\n'
        '{"text": null, "score": null, "n": null, "sure": false, "labels": null}\n'
    )


def test_results_in_parquet(tmp_path: Path) -> None:
    table = pq.read_table(save(tmp_path / "a.parquet", RESULTS, *VALUES))
    assert table.schema.types == [pa.string(), pa.float64(), pa.int64(), pa.bool_(), pa.string()]
    assert table.to_pylist() == [
        {"text": "a", "score": 0.1, "n": -3, "sure": True, "labels": '["joy", "love"]'},
        {"text": None, "score": None, "n": None, "sure": False, "labels": None},
    ]


def test_many_small_batches_make_few_row_groups(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.parquet", TEXT) as writer:
        for number in range(400):
            writer.write([[str(number)] * 100])
    assert writer.rows == 40_000
    file = pq.ParquetFile(tmp_path / "a.parquet")
    assert (file.metadata.num_rows, file.num_row_groups) == (40_000, 3)
    assert file.read().column("text").to_pylist() == [str(row // 100) for row in range(40_000)]


def test_txt_takes_one_column_and_one_line_per_text(tmp_path: Path) -> None:
    out = save(tmp_path / "a.txt", TEXT, ["a\nb\r\nc", "", None, "=1"])
    assert out.read_bytes() == b"a b c\n\n\n=1\n"
    with pytest.raises(InputError, match=r"one text per line, not 5 columns .*\.csv"):
        open_writer(tmp_path / "b.txt", RESULTS)


@pytest.mark.parametrize(
    "cell",
    [
        *("=1+1", "+1+1", "-1+1", "@ana", "\tx", "\rx", "\nx", "  =1", "\t-5", "\u00a0@x", "\ufeff=1", "\x00=1"),
        *("＝1", "＋1", "－1", "＠a", "\u3000＝1", "=", "-", "+49 170", "-5\n"),
    ],
)
def test_formulas_are_neutralised(tmp_path: Path, cell: str) -> None:
    assert neutralise(cell) == f"'{cell}"
    for name, delimiter in (("a.csv", ","), ("a.tsv", "\t")):
        out = save(tmp_path / name, (Column("text"), Column(cell)), ["x"], [cell])
        with out.open(encoding="utf-8", newline="") as file:
            assert list(csv.reader(file, delimiter=delimiter)) == [["text", f"'{cell}"], ["x", f"'{cell}"]]
    assert texts(open_table(save(tmp_path / "a.jsonl", TEXT, [cell]))) == [cell]


@pytest.mark.parametrize("cell", ["", "fine", "a=b", "-5", "+1.5e-3", "-.5", "5-3", "'=1", "(-1)", "hi @ana", "é"])
def test_what_is_no_formula_stays(cell: str) -> None:
    assert neutralise(cell) == cell


def test_byte_order_mark_only_when_asked(tmp_path: Path) -> None:
    assert save(tmp_path / "a.csv", TEXT, ["é"]).read_bytes() == '"text"\n"é"\n'.encode()
    assert save(tmp_path / "b.csv", TEXT, ["é"], bom=True).read_bytes() == '\ufeff"text"\n"é"\n'.encode()


def test_append_gives_a_taken_name_a_number() -> None:
    columns = append([Column("text"), Column("Joy"), Column("joy_2")], [Column("joy", "number"), Column("anger")])
    assert [column.name for column in columns] == ["text", "Joy", "joy_2", "joy_3", "anger"]
    assert columns[3].kind == "number"


def test_copy_to_another_format(tmp_path: Path) -> None:
    source = save(tmp_path / "a.parquet", RESULTS, *VALUES)
    assert copy_table(source, tmp_path / "a.csv", bom=True) == 2
    assert copy_table(source, tmp_path / "plain.csv", plain=True) == 2
    assert (tmp_path / "plain.csv").read_bytes() == save(tmp_path / "p.csv", RESULTS, *VALUES, plain=True).read_bytes()
    direct = save(tmp_path / "b.csv", RESULTS, *VALUES, bom=True)
    assert (tmp_path / "a.csv").read_bytes() == direct.read_bytes()
    with pytest.raises(InputError, match="exists already"):
        copy_table(source, tmp_path / "a.csv")
    numbers = save(tmp_path / "n.parquet", (Column("n", "integer"),), [])
    assert copy_table(numbers, tmp_path / "n.csv") == 0
    assert (tmp_path / "n.csv").read_text() == '"n"\n'


# ---- the life of an output file ----


def listing(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_final_name_appears_only_at_the_end(tmp_path: Path, suffix: str) -> None:
    with open_writer(tmp_path / f"a{suffix}", TEXT) as writer:
        writer.write([["x"]])
        (scratch,) = listing(tmp_path)
        assert scratch.startswith(f"a{suffix}.")
        assert scratch.endswith(".partial")
    assert listing(tmp_path) == [f"a{suffix}"]
    with pytest.raises(ValueError, match="closed"):
        writer.write([["y"]])
    with pytest.raises(ValueError, match="closed"):
        writer.keep_partial()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_failure_leaves_nothing_and_the_old_file_untouched(tmp_path: Path, suffix: str) -> None:
    path = save(tmp_path / f"a{suffix}", TEXT, ["old"])

    def interrupted() -> None:
        with open_writer(path, TEXT, overwrite=True) as writer:
            writer.write([["new"]])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert listing(tmp_path) == [f"a{suffix}"]
    assert texts(open_table(path)) == ["old"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_an_interrupted_output_is_kept_valid_beside_the_final_name(tmp_path: Path, suffix: str) -> None:
    for expected in (f"a.partial{suffix}", f"a.partial-2{suffix}"):
        with open_writer(tmp_path / f"a{suffix}", TEXT) as writer:
            writer.write([["x", "y"]])
            writer.write([["z"]])
            assert writer.keep_partial() == tmp_path / expected
        assert texts(open_table(tmp_path / expected)) == ["x", "y", "z"]
    assert listing(tmp_path) == [f"a.partial-2{suffix}", f"a.partial{suffix}"]


def test_half_a_write_is_cut_off(tmp_path: Path) -> None:
    class Interrupted(io.FileIO):
        def write(self, data: Any) -> int:
            if b"second" in bytes(data):
                super().write(bytes(data)[:5])
                raise KeyboardInterrupt
            return super().write(data)

    with open_writer(tmp_path / "a.csv", TEXT) as writer:
        writer.write([["first"]])
        sink: Any = writer._sink
        sink._file.close()
        sink._file = Interrupted(next(tmp_path.glob("a.csv.*.partial")), "ab")
        with pytest.raises(KeyboardInterrupt):
            writer.write([["second"]])
        kept = writer.keep_partial()
    assert kept.read_text() == '"text"\n"first"\n'


def test_outputs_that_are_refused(tmp_path: Path) -> None:
    source = put(tmp_path, "in.csv", "text\na\n")
    (tmp_path / "link.csv").symlink_to(source)
    (tmp_path / "folder.csv").mkdir()
    for path in (source, tmp_path / "folder.csv" / ".." / "in.csv", tmp_path / "link.csv"):
        with pytest.raises(InputError, match="is the file that is read"):
            open_writer(path, TEXT, source=source, overwrite=True)
    with pytest.raises(InputError, match="exists already"):
        open_writer(source, TEXT)
    with pytest.raises(InputError, match="is a folder"):
        open_writer(tmp_path / "folder.csv", TEXT, overwrite=True)
    with pytest.raises(InputError, match="There is no folder"):
        open_writer(tmp_path / "none" / "a.csv", TEXT)
    with pytest.raises(InputError, match=r"'\.xml'.*\.csv"):
        open_writer(tmp_path / "a.xml", TEXT)
    if Path("/proc").is_dir():  # a folder in which not even root makes files
        with pytest.raises(InputError, match="cannot be written"):
            open_writer(Path("/proc/a.csv"), TEXT)
    assert source.read_text() == "text\na\n"


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_disk_that_takes_no_more_is_told(tmp_path: Path, suffix: str) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, hard))
    try:
        with pytest.raises(InputError, match=r"cannot be written: .*File too large"):
            save(tmp_path / f"a{suffix}", TEXT, [f"{number} {'x' * number}" for number in range(200)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert listing(tmp_path) == []


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_two_writers_of_one_target_do_not_mix(tmp_path: Path, suffix: str) -> None:
    def both() -> None:
        with open_writer(tmp_path / f"a{suffix}", TEXT) as slow:
            slow.write([["slow"]])
            with open_writer(tmp_path / f"a{suffix}", TEXT) as quick:
                quick.write([["quick"]])
            slow.write([["slow"]])

    with pytest.raises(InputError, match=rf"made by another program.*a\.partial\{suffix}"):
        both()
    assert texts(open_table(tmp_path / f"a{suffix}")) == ["quick"]
    assert texts(open_table(tmp_path / f"a.partial{suffix}")) == ["slow", "slow"]


def test_a_text_file_holds_one_of_several_columns(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.txt", (Column("text"), Column("emotions")), line="emotions") as writer:
        writer.write([["so\nhappy", "hm"], ["joy|love", ""]])
    assert (tmp_path / "a.txt").read_text() == "joy|love\n\n"
    with pytest.raises(InputError, match="one text per line, not 2 columns"):
        open_writer(tmp_path / "b.txt", (Column("text"), Column("emotions")))


def test_a_column_whose_first_rows_are_empty_can_still_be_taken(tmp_path: Path) -> None:
    table = open_table(put(tmp_path, "a.csv", "a,b\n" + ",\n" * 150 + "x,I love you\n"))
    assert texts(table.of("b"))[-1] == "I love you"


def test_a_table_can_be_turned_to_another_column(tmp_path: Path) -> None:
    table = open_table(put(tmp_path, "a.csv", "text,other\na,b\n"))
    assert texts(table.of("other")) == ["b"]
    with pytest.raises(InputError, match=r"no column 'othr'.*Did you mean 'other'"):
        table.of("othr")


def test_cells_are_made_fit_for_a_screen() -> None:
    assert [printable(cell) for cell in ("a\ud800", None, 1.5, ["x"], {"a": None})] == [
        "a\ufffd",
        "",
        "1.5",
        '["x"]',
        '{"a": null}',
    ]


def test_a_time_that_python_cannot_hold_is_named(tmp_path: Path) -> None:
    far = pa.array([{"at": 10**15}], pa.struct([("at", pa.timestamp("ms"))]))
    pq.write_table(pa.table({"text": ["a"], "when": far}), tmp_path / "a.parquet")
    with pytest.raises(InputError, match=r"struct.*Leave that column out"):
        open_table(tmp_path / "a.parquet").preview()


def test_a_file_made_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    def race() -> None:
        with open_writer(tmp_path / "a.csv", TEXT) as writer:
            writer.write([["mine"]])
            put(tmp_path, "a.csv", "theirs")

    with pytest.raises(InputError, match=r"a\.partial\.csv"):
        race()
    assert (tmp_path / "a.csv").read_text() == "theirs"
    assert texts(open_table(tmp_path / "a.partial.csv")) == ["mine"]


def test_values_that_do_not_fit_the_columns(tmp_path: Path) -> None:
    with open_writer(tmp_path / "a.csv", (Column("a"), Column("b"))) as writer:
        for values in ([["x"]], [["x"], ["y", "z"]]):
            with pytest.raises(ValueError, match="for 2 columns"):
                writer.write(values)
    with pytest.raises(ValueError, match="each once"):
        open_writer(tmp_path / "b.csv", (Column("a"), Column("a")))


# ---- round trips, memory, imports ----

ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.text(
    st.sampled_from(list("a,;\t|\"'\r\n\\\0=@ é😂\u2028\ufeff")), max_size=20
)


@pytest.mark.parametrize("suffix", SUFFIXES)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=st.lists(st.tuples(ANY_TEXT, ANY_TEXT), min_size=1, max_size=6), size=st.integers(1, 4))
def test_round_trip(suffix: str, rows: list[tuple[str, str]], size: int) -> None:
    """What is written comes back: every row, in order, with every character that the format can hold."""
    columns = TEXT if suffix == ".txt" else (Column("text"), Column("other"))
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        with open_writer(path, columns) as writer:
            for start in range(0, len(rows), size):
                writer.write(
                    [list(cells) for cells in list(zip(*rows[start : start + size], strict=True))[: len(columns)]]
                )
        table = open_table(path, "text")
        found = [cell for batch in table.batches(size) for cell in table.raw_texts(batch)]
        others = [] if suffix == ".txt" else cells(table, "other")
    if suffix in {".csv", ".tsv"}:
        # One apostrophe before what could be a formula is our own, and is taken off again if none stands bare.
        rows = [(restored(neutralise(text)), restored(neutralise(other))) for text, other in rows]
    expected = [text for text, _ in rows]
    if suffix == ".txt":
        expected = [text.replace("\r\n", " ").replace("\r", " ").replace("\n", " ") for text in expected]
        expected[0] = expected[0].removeprefix("\ufeff")  # at the very beginning, it is a byte order mark
    else:
        assert others == [other for _, other in rows]
    assert found == expected
    assert table.rows == len(rows)
    assert table.notices == ()


@pytest.mark.parametrize(("suffix", "size"), [(".csv", 30_000_000), (".jsonl", 10_000_000), (".txt", 10_000_000)])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, suffix: str, size: int) -> None:
    line = {".csv": '7,"{}"\n', ".jsonl": '{{"id": 7, "text": "{}"}}\n', ".txt": "{}\n"}[suffix].format("oh so " * 700)
    rows = size // len(line)
    path = put(tmp_path, f"a{suffix}", ("id,text\n" if suffix == ".csv" else "") + line * rows)
    tracemalloc.start()
    try:
        table = open_table(path)
        with open_writer(tmp_path / f"b{suffix}", table.columns) as writer:
            for batch in table.batches(64):
                writer.write(batch.values)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert writer.rows == table.rows == rows
    assert peak < 5_000_000


def test_memory_of_parquet_does_not_grow_with_the_file(tmp_path: Path) -> None:
    block = pa.table({"text": [f"{number:06d}" * 200 for number in range(1000)]})
    with pq.ParquetWriter(tmp_path / "a.parquet", block.schema, use_dictionary=False) as file:
        for _ in range(60):
            file.write_table(block)
    before, peak = pa.total_allocated_bytes(), 0
    table = open_table(tmp_path / "a.parquet")
    with open_writer(tmp_path / "b.parquet", table.columns) as writer:
        for batch in table.batches(1000):
            writer.write(batch.values)
            peak = max(peak, pa.total_allocated_bytes() - before)
    assert writer.rows == table.rows == 60_000
    assert 60 * block.nbytes > 70_000_000
    assert peak < 45_000_000


def test_importing_the_module_is_light() -> None:
    code = "import sys, core.files; print([m for m in ('torch', 'pandas', 'pyarrow', 'streamlit') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
