"""Files as people have them: each kind of wrapping, layout, column and notation, and what is read of it.

All people and accounts are invented.
"""

import csv
import gzip
import io
import json
import zipfile
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard

from core.errors import InputError
from core.files import NoticeKind, Parts, QuestionKind, Table, ask, list_parts, open_table, open_writer, survey
from core.files.facts import FileFacts
from tests.workbooks import write_ods, write_xlsx

HAPPY, SAD = "so happy with the new garden today", "the library closes and nobody cares"


def put(folder: Path, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def opened(folder: Path, name: str, content: str | bytes, **options: Any) -> Table:
    return open_table(put(folder, name, content), **options)


def texts(table: Table) -> list[str]:
    return [text for batch in table.batches(2) for text in batch.texts]


def cells(table: Table, name: str) -> list[Any]:
    return [cell for batch in table.batches(2) for cell in batch.values[table.names.index(name)]]


def moments(table: Table, **options: Any) -> list[str | None]:
    times = survey(table, **options).times
    assert times is not None
    found = [moment for batch in table.batches(2) for moment in times.moments(table, batch)]
    return [None if moment is None else f"{moment:%Y-%m-%d %H:%M:%S}" for moment in found]


def facts(table: Table) -> FileFacts:
    return survey(table).facts


def kinds(table: Table) -> set[NoticeKind]:
    return {notice.kind for notice in table.said}


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(InputError) as caught:
        open_table(path, **options)
    return str(caught.value)


# ---- JSON of any shape ----

TWEET = {"full_text": HAPPY, "id_str": "1701000000000000001", "lang": "en", "user": {"screen_name": "ana_example"}}
OTHER = {"full_text": SAD, "id_str": "1701000000000000002", "lang": "en", "user": {"screen_name": "bob_example"}}
V2 = {"id": "1701000000000000001", "text": HAPPY, "author_id": "7"}
V2_OTHER = {"id": "1701000000000000002", "text": SAD, "author_id": "8"}
USERS = [{"id": "7", "username": "ana_example"}, {"id": "8", "username": "bob_example"}]


def script(name: str, *values: Any) -> str:
    return f"window.YTD.{name} = {json.dumps(values, indent=2)}"


@pytest.mark.parametrize(
    ("name", "content", "column"),
    [
        ("array.json", json.dumps([TWEET, OTHER]), "full_text"),
        ("pretty-array.json", json.dumps([TWEET, OTHER], indent=4), "full_text"),
        ("array-in.jsonl", json.dumps([TWEET, OTHER]), "full_text"),
        ("lines.json", json.dumps(TWEET) + "\n" + json.dumps(OTHER), "full_text"),
        ("pretty-objects.jsonl", json.dumps(TWEET, indent=2) + "\n" + json.dumps(OTHER, indent=2) + "\n", "full_text"),
        ("one-after-another.json", json.dumps(TWEET) + json.dumps(OTHER), "full_text"),
        ("wrapped.jsonl", "\n".join(json.dumps({"tweet": one}) for one in (TWEET, OTHER)), "tweet.full_text"),
        ("wrapped.json", json.dumps([{"tweet": TWEET}, {"tweet": OTHER}]), "tweet.full_text"),
        ("tweets.js", script("tweets.part0", {"tweet": TWEET}, {"tweet": OTHER}), "tweet.full_text"),
        ("tweet.js", script("tweet.part0", TWEET, OTHER) + ";\n", "full_text"),
        ("const.js", "const tweets = " + json.dumps([TWEET, OTHER]), "full_text"),
        ("page.json", json.dumps({"data": [V2, V2_OTHER], "meta": {"result_count": 2}}, indent=2), "text"),
        ("statuses.json", json.dumps({"statuses": [TWEET, OTHER], "search_metadata": {"count": 2}}), "full_text"),
        ("any-name.json", json.dumps({"made": "2024-05-01", "my_export": [TWEET, OTHER]}), "full_text"),
        ("deep.json", json.dumps({"response": {"data": {"items": [TWEET, OTHER]}}}), "full_text"),
        (
            "hits.json",
            json.dumps({"took": 3, "hits": {"total": 2, "hits": [{"_source": TWEET}, {"_source": OTHER}]}}),
            "_source.full_text",
        ),
        ("pages.jsonl", "\n".join(json.dumps({"data": [one], "meta": {}}) for one in (V2, V2_OTHER)), "text"),
        (
            "stream.jsonl",
            "\n".join(json.dumps({"data": one, "includes": {"users": USERS}}) for one in (V2, V2_OTHER)),
            "text",
        ),
        ("comma.json", "[" + json.dumps(TWEET) + ",\n" + json.dumps(OTHER) + ",\n]", "full_text"),
        ("tweets.txt", "\n".join(map(json.dumps, (TWEET, OTHER))), "full_text"),
        ("tweets.csv", "\n".join(map(json.dumps, (TWEET, OTHER))), "full_text"),
        ("strings.json", json.dumps([HAPPY, SAD], indent=1), "text"),
        ("by-column.json", json.dumps({"id": {"0": 1, "1": 2}, "text": {"0": HAPPY, "1": SAD}}), "text"),
        ("lists.json", json.dumps({"id": [1, 2], "text": [HAPPY, SAD]}), "text"),
        (
            "split.json",
            json.dumps({"columns": ["id", "text"], "index": [0, 1], "data": [[1, HAPPY], [2, SAD]]}),
            "text",
        ),
        ("by-id.json", json.dumps({"tweets": {"71": V2, "72": V2_OTHER}}), "text"),
        ("mark.json", "\ufeff" + json.dumps([TWEET, OTHER]), "full_text"),
        (
            "posts.json",
            json.dumps({"feed": [{"post": {"record": {"text": one}, "uri": "at://x/1"}} for one in (HAPPY, SAD)]}),
            "post.record.text",
        ),
        (
            "reddit.json",
            json.dumps(
                {
                    "kind": "Listing",
                    "data": {"children": [{"kind": "t1", "data": {"body": one}} for one in (HAPPY, SAD)]},
                }
            ),
            "data.body",
        ),
    ],
)
def test_json_of_any_shape(tmp_path: Path, name: str, content: str, column: str) -> None:
    table = opened(tmp_path, name, content)
    assert (table.text_column, table.rows, texts(table)) == (column, 2, [HAPPY, SAD])
    assert table.questions == ()


def test_nested_fields_are_dotted_columns_and_lists_stay_whole(tmp_path: Path) -> None:
    table = opened(tmp_path, "a.json", json.dumps([{**TWEET, "entities": {"urls": [], "n": 1}, "tags": ["a"]}]))
    assert table.names == ("full_text", "id_str", "lang", "user.screen_name", "entities.urls", "entities.n", "tags")
    assert cells(table, "user.screen_name") == ["ana_example"]
    assert cells(table, "tags") == [["a"]]


def test_a_field_that_is_not_always_an_object_stays_whole(tmp_path: Path) -> None:
    table = opened(
        tmp_path, "a.jsonl", '{"text": "so happy", "user": "ana"}\n{"text": "so sad", "user": {"name": "bob"}}'
    )
    assert table.names == ("text", "user")
    assert cells(table, "user") == ["ana", {"name": "bob"}]


def test_a_dotted_name_is_not_taken_twice(tmp_path: Path) -> None:
    table = opened(tmp_path, "a.jsonl", '{"text": "so happy", "user.name": "ana", "user": {"name": "bob"}}')
    assert table.names == ("text", "user.name", "user.name_")
    assert cells(table, "user.name_") == ["bob"]


@pytest.mark.parametrize("indent", [None, 2])
def test_pages_name_the_author_and_hold_retweets_whole(tmp_path: Path, indent: int | None) -> None:
    whole = "the service was the worst in years and I will never come back, shame on them"
    cut = {"id": "1701000000000000003", "text": f"RT @cem_example: {whole[:50]}…", "author_id": "8"}
    cut["referenced_tweets"] = [{"type": "retweeted", "id": "1700000000000000009"}]  # type: ignore[assignment]
    page = {"data": [V2, cut], "includes": {"users": USERS, "tweets": [{"id": "1700000000000000009", "text": whole}]}}
    table = opened(tmp_path, "a.json", json.dumps(page, indent=indent))
    assert cells(table, "author.username") == ["ana_example", "bob_example"]
    assert texts(table) == [HAPPY, f"RT @cem_example: {whole}"]
    found = facts(table)
    assert (found.completed, found.cut, found.retweets) == (1, 0, 1)
    assert found.author is not None
    assert found.author.column == "author.username"


def test_an_object_that_is_larger_than_what_is_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.files.encoding.MAX_LINE_CHARS", 50_000)
    many = [{"id": str(number), "text": f"{HAPPY} {number}", "author_id": "7"} for number in range(2_000)]
    page = {"meta": {"n": [1, 2]}, "data": many, "includes": {"users": USERS}}
    table = opened(tmp_path, "a.json", json.dumps(page, indent=1))
    assert (table.rows, texts(table)[-1]) == (2_000, f"{HAPPY} 1999")
    assert set(cells(table, "author.username")) == {"ana_example"}


def test_control_messages_and_numbers_that_json_has_not(tmp_path: Path) -> None:
    content = f'{{"text": "{HAPPY}", "lat": NaN}}\n\n{{"limit": {{"track": 9}}}}\n{{"text": "{SAD}", "lat": 1e400}}\n'
    table = opened(tmp_path, "a.jsonl", content)
    assert (table.rows, texts(table), facts(table).nothing_to_read) == (3, [HAPPY, "", SAD], 1)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ('[{"text": "a"},\n{"text": }]', ["line 2", "no JSON"]),
        ('[{"text": "a"},\n\n"b"]', ["line 3", "is no JSON object"]),
        ('[{"text": "a"}', ["line 1", "no JSON"]),
        ('{\n"text": "a",\n"text": "b"\n}', ["'text' occurs twice"]),
        ('{"a": ' * 5_000, ["nested too deeply"]),
        ("[" * 5_000 + "]" * 5_000, ["nested too deeply"]),
        ("[]", ["no object with fields"]),
        ('{"n": [[1], [2]]}', ["no column of texts"]),
        ('{"errors": [{"message": "slow down", "code": 88}]}', ["no column of texts"]),
    ],
)
def test_json_that_is_refused(tmp_path: Path, content: str, expected: list[str]) -> None:
    message = refusal(put(tmp_path, "a.json", content))
    assert [part for part in [*expected, "a.json"] if part not in message] == []


@pytest.mark.parametrize("name", ["a.jsonl", "a.json"])
def test_a_value_a_thousand_deep_is_read_or_refused_by_its_name(tmp_path: Path, name: str) -> None:
    deep = '{"a": ' * 1_000 + "1" + "}" * 1_000
    path = put(tmp_path, name, f'{{"text": "{HAPPY}", "more": {deep}}}\n{{"text": "{SAD}"}}\n')
    with suppress(InputError):
        assert texts(open_table(path)) == [HAPPY, SAD]
        return
    assert "nested too deeply" in refusal(path)


# ---- archives and compression ----


def archive(path: Path, **files: str | bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(name, content)
    return path


def test_the_archive_of_x_as_it_comes(tmp_path: Path) -> None:
    path = archive(
        tmp_path / "twitter-2024.zip",
        **{
            "Your archive.html": "<html>",
            "data/account.js": "window.YTD.account.part0 = [{}]",
            "data/tweets-part2.js": script(
                "tweets.part2", {"tweet": {**TWEET, "full_text": "the third and last of them"}}
            ),
            "data/tweets.js": script("tweets.part0", {"tweet": TWEET}),
            "data/tweets-part1.js": script("tweets.part1", {"tweet": OTHER}),
            "data/tweets_media/a.jpg": b"\xff\xd8\xff",
        },
    )
    table = open_table(path)
    assert texts(table) == [HAPPY, SAD, "the third and last of them"]
    assert table.wrapping == ("data/tweets.js and 2 more parts in a ZIP archive",)
    assert NoticeKind.WRAPPING in kinds(table)


def test_a_zip_with_one_file_is_that_file(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{"export/May.csv": f"text\n{HAPPY}\n", "__MACOSX/._May.csv": b"\0\5"})
    assert texts(open_table(path)) == [HAPPY]


def test_what_can_be_chosen_is_listed(tmp_path: Path) -> None:
    several = archive(tmp_path / "a.zip", **{"May.csv": f"text\n{HAPPY}\n", "June.csv": f"text\n{SAD}\n", "a.png": ""})
    assert list_parts(several) == Parts("file", ("May.csv", "June.csv"))
    assert list_parts(archive(tmp_path / "b.zip", **{"May.csv": f"text\n{HAPPY}\n"})) is None
    assert list_parts(archive(tmp_path / "x.zip", **{"data/tweets.js": "[]", "data/like.js": "[]"})) is None
    book = write_xlsx(tmp_path / "a.xlsx", [["text"], [HAPPY]], June=[["text"], [SAD]])
    assert list_parts(book) == Parts("sheet", ("Sheet1", "June"))
    assert list_parts(write_xlsx(tmp_path / "b.xlsx", [["text"], [HAPPY]])) is None
    assert list_parts(put(tmp_path, "c.xlsx", f"text\n{HAPPY}\n")) is None, "opening it says what it is"
    assert list_parts(put(tmp_path, "c.csv", f"text\n{HAPPY}\n")) is None


def test_of_several_files_one_is_named(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.zip", **{"May.csv": f"text\n{HAPPY}\n", "June.csv": f"text\n{SAD}\n"})
    message = refusal(path)
    assert "'May.csv', 'June.csv'" in message
    assert "--part" in message
    assert texts(open_table(path, part="June.csv")) == [SAD]
    assert "no file 'July.csv'" in refusal(path, part="July.csv")


@pytest.mark.parametrize("evil", ["../evil.csv", "a/../../evil.csv", "/etc/evil.csv", "C:\\evil.csv", "..\\evil.csv"])
def test_a_zip_that_names_a_place_outside_itself(tmp_path: Path, evil: str) -> None:
    path = archive(tmp_path / "a.zip", **{"May.csv": f"text\n{HAPPY}\n", evil: "text\nx\n"})
    assert "outside the archive" in refusal(path)


def test_what_unpacks_to_too_much(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.files.unpack._BOMB_FROM", 1 << 20)
    zeros = b"text\n" + b"0" * (30 << 20)
    for path in (
        archive(tmp_path / "a.zip", **{"May.csv": zeros}),
        put(tmp_path, "a.csv.gz", gzip.compress(zeros)),
        put(tmp_path, "a.csv.zst", zstandard.compress(zeros)),
    ):
        assert "unpacks to more than" in refusal(path)
    write_xlsx(tmp_path / "a.xlsx", [["text"], ["0" * (30 << 20)]])
    assert "unpacks to more than" in refusal(tmp_path / "a.xlsx")


@pytest.mark.parametrize(
    ("name", "pack"),
    [
        ("a.csv.gz", gzip.compress),
        ("a.CSV.GZ", gzip.compress),
        ("a.csv", gzip.compress),
        ("a.csv.zst", zstandard.compress),
        ("a.csv.zstd", zstandard.compress),
    ],
)
def test_compressed_files_are_told_by_their_content(tmp_path: Path, name: str, pack: Any) -> None:
    table = opened(tmp_path, name, pack(f"id,text\n1,{HAPPY}\n2,{SAD}\n".encode()))
    assert texts(table) == [HAPPY, SAD]
    assert table.wrapping == ("gzip" if pack is gzip.compress else "Zstandard",)


def test_compressed_files_of_other_formats(tmp_path: Path) -> None:
    assert texts(opened(tmp_path, "a.jsonl.gz", gzip.compress(json.dumps(TWEET).encode()))) == [HAPPY]
    assert texts(opened(tmp_path, "a.txt.gz", gzip.compress(f"{HAPPY}\n{SAD}\n".encode()))) == [HAPPY, SAD]
    assert texts(opened(tmp_path, "a.gz", gzip.compress(json.dumps([TWEET]).encode()))) == [HAPPY]
    write_xlsx(tmp_path / "b.xlsx", [["text"], [HAPPY]])
    assert texts(opened(tmp_path, "b.xlsx.gz", gzip.compress((tmp_path / "b.xlsx").read_bytes()))) == [HAPPY]
    assert texts(open_table(archive(tmp_path / "c.zip", **{"b.xlsx": (tmp_path / "b.xlsx").read_bytes()}))) == [HAPPY]


def test_a_table_of_an_archive_is_read_again_and_again_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    table = opened(tmp_path, "a.csv.gz", gzip.compress(f"text\n{HAPPY}\n".encode()))
    assert texts(table) == texts(table) == texts(table.of("text")) == [HAPPY]
    assert len(list((tmp_path / "tmp").iterdir())) == 1
    del table
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("name", ["a.csv.gz", "a.csv.zst", "a.zip", "a.xlsx", "a.ods"])
def test_damaged_archives_are_named_as_they_were_given(tmp_path: Path, name: str) -> None:
    if name.endswith(("gz", "zst")):
        whole = (gzip.compress if name.endswith("gz") else zstandard.compress)(b"text\nso happy\n" * 50)
    else:
        whole = archive(tmp_path / "whole.zip", **{"May.csv": "text\nso happy\n" * 50}).read_bytes()
    message = refusal(put(tmp_path, name, whole[: len(whole) - 12]))
    assert name in message
    assert "damaged" in message
    assert "affectra-" not in message


def test_what_is_wrong_within_bears_the_name_that_was_given(tmp_path: Path) -> None:
    message = refusal(put(tmp_path, "a.csv.gz", gzip.compress(b"id,text\n1,a\n2,b,c\n")))
    assert message.startswith(f"{tmp_path / 'a.csv.gz'}, line 3: the row has 3 fields")


# ---- workbooks ----

GRID = [["id", "tweet", "posted"], ["1701000000000000001", HAPPY, "2024-05-01 10:00"], ["2", SAD, "2024-05-02 11:00"]]


@pytest.mark.parametrize(("name", "write"), [("a.xlsx", write_xlsx), ("a.ods", write_ods), ("a.XLSX", write_xlsx)])
def test_workbooks(tmp_path: Path, name: str, write: Any) -> None:
    write(tmp_path / name, GRID)
    table = open_table(tmp_path / name)
    assert (table.names, table.text_column, texts(table)) == (("id", "tweet", "posted"), "tweet", [HAPPY, SAD])
    assert cells(table, "id") == ["1701000000000000001", "2"]
    assert moments(table) == ["2024-05-01 10:00:00", "2024-05-02 11:00:00"]
    assert table.encoding is None


def test_formulas_have_values_numbers_are_whole_and_lost_digits_are_counted(tmp_path: Path) -> None:
    rows = [
        ["tweet_id", "tweet", "likes"],
        [1701000000000000001, ("=A1&B1", "so happy with a formula"), 3],
        ["7", SAD, 0.5],
    ]
    write_xlsx(tmp_path / "a.xlsx", rows)
    table = open_table(tmp_path / "a.xlsx")
    assert texts(table) == ["so happy with a formula", SAD]
    assert cells(table, "likes") == ["3", "0.5"]
    assert facts(table).lost_digits == 1


def test_merged_cells_titles_and_empty_columns(tmp_path: Path) -> None:
    rows = [
        ["Report of May", None, None, None],
        [None, None, None, None],
        ["day", None, "who", "tweet"],
        ["2024-05-01", None, "ana", HAPPY],
        [None, None, "bob", SAD],
    ]
    write_xlsx(tmp_path / "a.xlsx", rows, merged=("A1:D1", "A4:A5"))
    table = open_table(tmp_path / "a.xlsx")
    assert (table.names, texts(table)) == (("day", "who", "tweet"), [HAPPY, SAD])
    assert cells(table, "day") == ["2024-05-01", "2024-05-01"]
    assert table.title_lines == 1


def test_the_first_sheet_is_read_and_another_can_be_named(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", [["text"], [HAPPY]], Notes=[["text"], [SAD]])
    table = open_table(tmp_path / "a.xlsx")
    assert (table.sheet, table.sheets, texts(table)) == ("Sheet1", ("Sheet1", "Notes"), [HAPPY])
    assert NoticeKind.SHEET in kinds(table)
    assert texts(open_table(tmp_path / "a.xlsx", part="Notes")) == [SAD]
    assert "Its sheets are 'Sheet1', 'Notes'" in refusal(tmp_path / "a.xlsx", part="Note")


def test_workbooks_that_hold_nothing_or_are_none(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "a.xlsx", [])
    assert "empty" in refusal(tmp_path / "a.xlsx")
    write_xlsx(tmp_path / "b.xlsx", [["text", "n", "text"], ["a", "1", "b"]])
    assert "columns 1 and 3 are named 'text'" in refusal(tmp_path / "b.xlsx")
    assert "cannot be read as a workbook" in refusal(archive(tmp_path / "c.xlsx", **{"xl/workbook.xml": "<x/>"}))
    # A workbook under a text's suffix is refused as before: whoever named it so must say what it is.
    assert "an Excel workbook" in refusal(put(tmp_path, "d.csv", (tmp_path / "b.xlsx").read_bytes()))


# ---- CSV as tools leave it ----


@pytest.mark.parametrize(
    ("content", "names", "said", "titles"),
    [
        (
            f"Mentions of Example Club\nfrom 2024-05-01 to 2024-05-31\n\nDate,Author,Full Text\n"
            f'2024-05-01,ana,"{HAPPY}"\n2024-05-02,bob,"{SAD}"\n',
            ("Date", "Author", "Full Text"),
            [HAPPY, SAD],
            2,
        ),
        (
            f"Report:;;\nQuery: example;;\nDate;Author;Snippet\n2024-05-01;ana;{HAPPY}\n2024-05-02;bob;{SAD}\n",
            ("Date", "Author", "Snippet"),
            [HAPPY, SAD],
            2,
        ),
        (
            f"Generated by a tool, May 2024\nurl\tlikes\tHit Sentence\nhttps://e.example/1\t3\t{HAPPY}\nhttps://e.example/2\t4\t{SAD}\n",
            ("url", "likes", "Hit Sentence"),
            [HAPPY, SAD],
            1,
        ),
        (
            f"# made by a tool\n# from May, and June\nid,text\n1,{HAPPY}\n2,{SAD}\n",
            ("id", "text"),
            [HAPPY, SAD],
            2,
        ),
        (f"Export\n\nid,text\n1,{HAPPY}\n2,{SAD}\n", ("id", "text"), [HAPPY, SAD], 1),
    ],
)
def test_lines_with_titles_above_the_header(
    tmp_path: Path, content: str, names: tuple[str, ...], said: list[str], titles: int
) -> None:
    table = opened(tmp_path, "a.csv", content)
    assert (table.names, texts(table), table.title_lines) == (names, said, titles)
    assert NoticeKind.TITLE_LINES in kinds(table)


@pytest.mark.parametrize(
    ("content", "said", "text_column"),
    [
        (
            f'"0","1467810369","Mon Apr 06 22:19:45 PDT 2009","NO_QUERY","ana","@bob {HAPPY}"\n'
            f'"4","1467810672","Mon Apr 06 22:19:49 PDT 2009","NO_QUERY","bob","{SAD}"\n',
            [f"@bob {HAPPY}", SAD],
            "column 6",
        ),
        (f"1701000000000000001,{HAPPY}\n1701000000000000002,{SAD}\n", [HAPPY, SAD], "column 2"),
        (f"2024-05-01T10:00:00Z;ana;{HAPPY}\n2024-05-02T10:00:00Z;bob;{SAD}\n", [HAPPY, SAD], "column 3"),
        (f"https://x.com/ana/status/1\t{HAPPY}\nhttps://x.com/bob/status/2\t{SAD}\n", [HAPPY, SAD], "column 2"),
        (
            "I am so happy with my new bike today\nit rains and I have lost my keys again\n",
            ["I am so happy with my new bike today", "it rains and I have lost my keys again"],
            "column 1",
        ),
    ],
)
def test_no_header_is_said_and_the_first_row_is_a_row(
    tmp_path: Path, content: str, said: list[str], text_column: str
) -> None:
    table = opened(tmp_path, "a.csv", content)
    assert (table.rows, texts(table), table.text_column, table.header) == (2, said, text_column, False)
    assert NoticeKind.NO_HEADER in kinds(table)


@pytest.mark.parametrize(
    "content",
    [
        f"2019,2020,text\n1,2,{HAPPY}\n3,4,{SAD}\n",
        f"Is it about us?,What do they say\nyes,{HAPPY}\nno,{SAD}\n",
        f",Unnamed: 0,said\n0,0,{HAPPY}\n1,1,{SAD}\n",
    ],
)
def test_a_header_that_looks_odd_is_one_all_the_same(tmp_path: Path, content: str) -> None:
    table = opened(tmp_path, "a.csv", content)
    assert (table.header, texts(table)) == (True, [HAPPY, SAD])


@pytest.mark.parametrize(
    ("content", "delimiter"),
    [
        (f"sep=;\nid;text\n1;{HAPPY}, yes\n", ";"),
        (f'"sep=;"\nid;text\n1;{HAPPY}, yes\n', ";"),
        (f'\ufeffsep=,\r\nid,text\r\n1,"{HAPPY}, yes"\r\n', ","),
        (f"SEP=|\nid|text\n1|{HAPPY}, yes\n", "|"),
        (f"sep=^\nid^text\n1^{HAPPY}, yes\n", "^"),
    ],
)
def test_a_line_that_names_the_delimiter(tmp_path: Path, content: str, delimiter: str) -> None:
    table = opened(tmp_path, "a.csv", content)
    assert (table.names, table.delimiter, texts(table)) == (("id", "text"), delimiter, [f"{HAPPY}, yes"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('id,text\n1,"she said \\"no\\" and left"\n2,"fine"\n', ['she said "no" and left', "fine"]),
        ('id,text\n1,"\\"no\\", she said"\n2,fine, \n'.replace(", \n", "\n"), ['"no", she said', "fine"]),
        ('"id","text"\n"1","a \\"b\\", c"\n"2","x \\\\ y"\n', ['a "b", c', "x \\ y"]),
    ],
)
def test_backslashes_that_keep_quotes_plain(tmp_path: Path, content: str, said: list[str]) -> None:
    table = opened(tmp_path, "a.csv", content)
    assert texts(table) == said
    assert kinds(table) == {NoticeKind.ESCAPES}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("text\nI came, I saw, I cried\nso happy\n", ["I came, I saw, I cried", "so happy"]),
        ("Tweet\nno, no, no\nyes, yes, yes\nso, so, so\n", ["no, no, no", "yes, yes, yes", "so, so, so"]),
        ('texto\n"ay", dijo, y se fue\nmuy feliz\n', ['"ay", dijo, y se fue', "muy feliz"]),
    ],
)
def test_one_column_of_texts_with_commas(tmp_path: Path, content: str, said: list[str]) -> None:
    table = opened(tmp_path, "a.csv", content)
    assert texts(table) == said
    assert kinds(table) == {NoticeKind.ONE_COLUMN}


@pytest.mark.parametrize(
    ("content", "encoding", "said"),
    [
        (f"id\ttext\n1\t{HAPPY}\n2\t{SAD}\n", "utf-16", [HAPPY, SAD]),
        (f"1\t{HAPPY}\n2\t{SAD}\n", "utf-8", [HAPPY, SAD]),
        (f"2024-05-01 10:00\tana\t{HAPPY}\n2024-05-02 10:00\tbob\t{SAD}\n", "utf-8", [HAPPY, SAD]),
    ],
)
def test_a_text_file_with_tabs_in_every_line_is_a_table(
    tmp_path: Path, content: str, encoding: str, said: list[str]
) -> None:
    table = open_table(put(tmp_path, "a.txt", content, encoding))
    assert texts(table) == said
    assert NoticeKind.TABS in kinds(table)


@pytest.mark.parametrize(
    "content",
    ["so\thappy\nso sad\n", "tab\there\ntab\tthere\n", "so happy, really\nso sad, really\n", "\tindented\n\ttoo\n"],
)
def test_a_text_file_with_some_tabs_is_lines(tmp_path: Path, content: str) -> None:
    assert texts(opened(tmp_path, "a.txt", content)) == content.splitlines()


@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.json", "a.xls", "a.xlsx", "a.html"])
@pytest.mark.parametrize(
    "content",
    [
        "<!DOCTYPE html>\n<html><head><title>Sign in</title>",
        "\n  <html lang='en'><body><table><tr><td>text</td></tr>",
        "<!-- saved from somewhere -->\n<HTML>\n",
    ],
)
def test_a_page_of_html_is_refused_with_a_sentence(tmp_path: Path, name: str, content: str) -> None:
    assert "is a web page (HTML), not a table of texts" in refusal(put(tmp_path, name, content))


def test_ten_thousand_columns(tmp_path: Path) -> None:
    names = [f"q{number}" for number in range(9_999)]
    rows = [["text", *names], [HAPPY, *["1"] * 9_999], [SAD, *["2"] * 9_999]]
    path = tmp_path / "a.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)
    assert texts(open_table(path)) == [HAPPY, SAD]


# ---- the text column by its content ----


def table_of(folder: Path, columns: dict[str, list[str]], name: str = "a.csv") -> Table:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return opened(folder, name, text.getvalue())


SAYINGS = [
    "so happy with the new garden today",
    "the library closes and nobody cares",
    "I cannot believe they did this to us",
    "what a wonderful evening by the river",
    "my train is late again, third time this week",
    "thank you all for the kind words",
]
LINKS = [f"https://x.com/i/status/{number}" for number in range(6)]
SOURCE = ['<a href="https://mobile.example.org" rel="nofollow">An app for phones and tablets alike</a>'] * 6
MEDIA = ['[{"type": "photo", "url": "https://e.example/a-very-long-name-of-a-picture.jpg", "size": 1}]'] * 6
BIOS = ["I write about trains and rivers and all the rest of life in our town, and I like tea"] * 6
CUT = [f"{saying[:20]}… https://t.co/abc" for saying in SAYINGS]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({"full_text": SAYINGS, "source": SOURCE}, "full_text"),
        ({"source": SOURCE, "said": SAYINGS, "media": MEDIA}, "said"),
        ({"text": CUT, "full_text": SAYINGS}, "full_text"),
        ({"text": SAYINGS, "full_text": [""] * 5 + [SAYINGS[5]]}, "text"),
        (
            {
                "textDisplay": [f"{one}<br>and more &lt;3" for one in SAYINGS],
                "textOriginal": [f"{one}\nand more <3" for one in SAYINGS],
            },
            "textOriginal",
        ),
        ({"content_html": [f"<p>{one}</p>" for one in SAYINGS], "plain": SAYINGS}, "plain"),
        (
            {
                "usuario": ["una_cuenta_de_nombre_muy_largo_que_no_acaba_nunca_jamas"] * 6,
                "texto": [one[:12] for one in SAYINGS],
            },
            "texto",
        ),
        ({"本文": ["今日は本当に嬉しいです", "電車がまた遅れている"] * 3, "名前": ["アナ", "ボブ"] * 3}, "本文"),
        ({"Beitrag": SAYINGS, "Verfasser": ["Ana Beispiel", "Bob Beispiel"] * 3}, "Beitrag"),
        ({"clean_text": [one.replace(",", "") for one in SAYINGS], "text": SAYINGS}, "text"),
        ({"text": LINKS, "message": SAYINGS}, "message"),
        ({"text": ["positive", "negative"] * 3, "said": SAYINGS}, "said"),
        ({"tweet": MEDIA, "what": SAYINGS}, "what"),
        ({"user_description": BIOS, "x": SAYINGS}, "x"),
        ({"Title": SAYINGS[::-1], "Full Text": SAYINGS}, "Full Text"),
        ({"text": ["nan"] * 4 + SAYINGS[:2], "message": SAYINGS}, "message"),
        ({"text": ["", "nan", "None", "null", "", SAYINGS[0]], "user": ["ana", "bob"] * 3}, "text"),
        ({"quoted_text": BIOS, "tweet_text": SAYINGS}, "tweet_text"),
        (
            {"id": [str(10**18 + number) for number in range(6)], "Hit Sentence": SAYINGS, "Headline": BIOS},
            "Hit Sentence",
        ),
    ],
)
def test_the_text_column_is_found_by_its_cells(tmp_path: Path, columns: dict[str, list[str]], expected: str) -> None:
    table = table_of(tmp_path, columns)
    assert (table.text_column, table.questions) == (expected, ())


@pytest.mark.parametrize(
    "columns",
    [
        {"question": SAYINGS, "answer": SAYINGS[::-1]},
        {"said": SAYINGS, "heard": [f"{one}, they say" for one in SAYINGS[::-1]], "n": ["1"] * 6},
        {"Comment 1": SAYINGS, "Comment 2": SAYINGS[::-1]},
    ],
)
def test_where_two_are_close_a_person_is_asked(tmp_path: Path, columns: dict[str, list[str]]) -> None:
    table = table_of(tmp_path, columns)
    (question,) = table.questions
    assert question.kind is QuestionKind.TEXT_COLUMN
    assert set(question.answers) == set(columns) - {"n"}
    with pytest.raises(InputError, match=r"Several columns may hold the texts.*--column"):
        ask(table.questions, {QuestionKind.TEXT_COLUMN: "with --column NAME"})
    assert table.of(question.answers[1]).questions == ()


@pytest.mark.parametrize(
    "columns",
    [
        {"a": ["", "", "", "", "", SAYINGS[0]], "b": ["1", "2", "3", "4", "5", "6"]},
        {"url": LINKS, "user": ["ana", "bob"] * 3},
        {"x": ["nan"] * 5 + [SAYINGS[0]], "y": ["7"] * 6},
        {"number": ["1", "2", "3", "4", "5", "6"]},
    ],
)
def test_no_column_is_taken_of_which_most_cells_have_nothing_to_read(
    tmp_path: Path, columns: dict[str, list[str]]
) -> None:
    (question,) = table_of(tmp_path, columns).questions
    assert question.kind is QuestionKind.TEXT_COLUMN


@pytest.mark.parametrize("name", ["extended_tweet.full_text", "note_tweet.text", "retweeted_status.full_text"])
def test_cut_texts_are_read_whole_where_the_file_has_them(tmp_path: Path, name: str) -> None:
    outer, inner = name.split(".")
    whole = "I waited three hours on the phone and then they put me back in the queue. I am so angry"
    cut = {"text": f"{whole[:60]}… https://t.co/abc", outer: {inner: whole}}
    rows = [{"text": SAYINGS[0]}, cut, *({"text": one} for one in SAYINGS[1:])]
    table = opened(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows)))
    assert (table.text_column, texts(table)[:2]) == ("text", [SAYINGS[0], whole])
    assert (facts(table).completed, facts(table).cut) == (1, 0)


def test_a_retweet_is_read_whole_from_where_it_is_whole(tmp_path: Path) -> None:
    whole = "I waited three hours on the phone and then they put me back in the queue. I am so angry"
    status = {"text": f"{whole[:60]}… https://t.co/abc", "extended_tweet": {"full_text": whole}}
    rows = [{"text": f"RT @ana_example: {whole[:40]}…", "retweeted_status": status}, *({"text": s} for s in SAYINGS)]
    table = opened(tmp_path, "a.jsonl", "\n".join(map(json.dumps, rows)))
    assert texts(table)[0] == f"RT @ana_example: {whole}"


def test_cut_texts_without_their_whole_are_counted(tmp_path: Path) -> None:
    assert facts(table_of(tmp_path, {"text": [*SAYINGS, *CUT]})).cut == 6


def test_html_is_found_by_column_and_stripped(tmp_path: Path) -> None:
    post = (
        '<p>Oh no, my train is late <em>again</em> and I&#39;m freezing<br />so annoyed</p><p><a href="https://s.example/'
        'tags/trains" class="mention hashtag">#<span>trains</span></a> '
        '<span class="h-card"><a href="https://s.example/@ana" class="u-url mention">@<span>ana</span></a></span></p>'
    )
    rows = [{"content": post}, {"content": "<p>I &lt;3 you all</p>"}]
    table = opened(tmp_path, "a.json", json.dumps({"orderedItems": [{"object": row} for row in rows]}))
    assert texts(table) == ["Oh no, my train is late again and I'm freezing\nso annoyed\n#trains @ana", "I <3 you all"]
    assert table.markup
    assert cells(table, "object.content") == [post, "<p>I &lt;3 you all</p>"]


def test_a_text_with_angle_brackets_is_no_html(tmp_path: Path) -> None:
    said = ["I <3 this song", "a < b and b > c", "he said <shrug> and left"]
    assert texts(table_of(tmp_path, {"text": said})) == said


@pytest.mark.parametrize(
    "cell",
    [
        *("nan", "NaN", "None", "null", "NULL", "N/A", "n/a", "NA", "<NA>", "#N/A", "#NAME?", "#VALUE!", "#REF!"),
        *("[deleted]", "[removed]", " nan ", "undefined", "\\N"),
    ],
)
def test_placeholders_have_nothing_to_read(tmp_path: Path, cell: str) -> None:
    table = table_of(tmp_path, {"id": ["1", "2"], "text": [cell, HAPPY]})
    assert texts(table) == ["", HAPPY]
    assert cells(table, "text") == [cell, HAPPY]
    assert (facts(table).nothing_to_read, facts(table).placeholders) == (1, 1)


@pytest.mark.parametrize("cell", ["none of this is true", "nan made soup", "deleted", "na na na", "null and void"])
def test_words_that_are_no_placeholders_stay(tmp_path: Path, cell: str) -> None:
    assert texts(table_of(tmp_path, {"text": [cell, HAPPY]})) == [cell, HAPPY]


# ---- the time column by its content ----


@pytest.mark.parametrize(
    ("name", "written", "expected"),
    [
        (
            "created_at",
            ["Wed Oct 10 20:19:24 +0000 2018", "Thu Oct 11 08:00:00 +0000 2018"],
            ["2018-10-10 20:19:24", "2018-10-11 08:00:00"],
        ),
        (
            "tweet_created",
            ["2015-02-24 11:35:52 -0800", "2015-02-24 11:15:36 -0800"],
            ["2015-02-24 19:35:52", "2015-02-24 19:15:36"],
        ),
        (
            "publishedAt",
            ["2023-05-01T10:00:00Z", "2023-05-01T10:00:00+02:00"],
            ["2023-05-01 10:00:00", "2023-05-01 08:00:00"],
        ),
        (
            "Date",
            ["Wed, 10 Oct 2018 20:19:24 +0200", "Thu, 11 Oct 2018 08:00:00 GMT"],
            ["2018-10-10 18:19:24", "2018-10-11 08:00:00"],
        ),
        (
            "created_at",
            ["2020-08-13 22:10:09 CEST", "2020-12-13 22:10:09 CET"],
            ["2020-08-13 20:10:09", "2020-12-13 21:10:09"],
        ),
        ("date", ["8:19 PM · Oct 10, 2018", "12:05 AM · Oct 11, 2018"], ["2018-10-10 20:19:00", "2018-10-11 00:05:00"]),
        (
            "date",
            ["Oct 10, 2018 · 8:19 PM UTC", "Oct 11, 2018 · 8:00 AM UTC"],
            ["2018-10-10 20:19:00", "2018-10-11 08:00:00"],
        ),
        ("Datum", ["24.02.2015 11:35", "01.03.2015 9:05"], ["2015-02-24 11:35:00", "2015-03-01 09:05:00"]),
        ("Date", ["2/24/2015 11:35", "3/1/2015 9:05 PM"], ["2015-02-24 11:35:00", "2015-03-01 21:05:00"]),
        ("Fecha", ["24/2/2015 11:35", "1/3/2015 9:05"], ["2015-02-24 11:35:00", "2015-03-01 09:05:00"]),
        ("Date", ["13-Feb-2015 11:35", "1-Mar-15 9:05 PM"], ["2015-02-13 11:35:00", "2015-03-01 21:05:00"]),
        ("timestamp", ["1539202764", "1539202765"], ["2018-10-10 20:19:24", "2018-10-10 20:19:25"]),
        ("timestamp_ms", ["1539202764123", "1539202765123"], ["2018-10-10 20:19:24", "2018-10-10 20:19:25"]),
        ("created_utc", ["1539202764000000", "1539202765000000"], ["2018-10-10 20:19:24", "2018-10-10 20:19:25"]),
        ("fecha", ["10 de octubre de 2018", "11 de octubre de 2018"], ["2018-10-10 00:00:00", "2018-10-11 00:00:00"]),
        ("投稿日時", ["2018年10月10日 20:19", "2018年10月11日 08:00"], ["2018-10-10 20:19:00", "2018-10-11 08:00:00"]),
        (
            "Zeitpunkt",
            ["10. Oktober 2018 20:19 Uhr", "11. Oktober 2018 08:00 Uhr"],
            ["2018-10-10 20:19:00", "2018-10-11 08:00:00"],
        ),
        ("when it was", ["2018-10-10 20:19", "2018-10-11 08:00"], ["2018-10-10 20:19:00", "2018-10-11 08:00:00"]),
        ("date", ["20181010", "20181011"], ["2018-10-10 00:00:00", "2018-10-11 00:00:00"]),
        (
            "date",
            [
                "Wed Oct 10 2018 20:19:24 GMT+0200 (Central European Summer Time)",
                "Thu Oct 11 2018 08:00:00 GMT+0200 (CEST)",
            ],
            ["2018-10-10 18:19:24", "2018-10-11 06:00:00"],
        ),
    ],
)
def test_times_as_tools_and_people_write_them(
    tmp_path: Path, name: str, written: list[str], expected: list[str]
) -> None:
    table = table_of(tmp_path, {"text": [HAPPY, SAD], name: written})
    assert moments(table) == expected
    assert facts(table).questions == ()


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {"date": ["2018-10-10", "2018-10-11"], "time": ["20:19:24", "08:00:00"]},
            ["2018-10-10 20:19:24", "2018-10-11 08:00:00"],
        ),
        (
            {"Datum": ["10.10.2018", "11.10.2018"], "Uhrzeit": ["20:19", "08:00"]},
            ["2018-10-10 20:19:00", "2018-10-11 08:00:00"],
        ),
        (
            {"date": ["2018-10-10", "2018-10-11"], "time": ["8:19 PM", "12:00 AM"]},
            ["2018-10-10 20:19:00", "2018-10-11 00:00:00"],
        ),
        (
            {"date": ["2018-10-10", "2018-10-11"], "time": ["20:19:24", "08:00:00"], "timezone": ["+0200", "+0200"]},
            ["2018-10-10 18:19:24", "2018-10-11 06:00:00"],
        ),
        (
            {"date": ["2018-10-10", "2018-12-11"], "hour": ["20:19", "08:00"], "tz": ["Europe/Berlin"] * 2},
            ["2018-10-10 18:19:00", "2018-12-11 07:00:00"],
        ),
        (
            {
                "created_at": ["2018-10-10 20:19:24 XYZT", "2018-10-11 08:00:00 XYZT"],
                "date": ["2018-10-10", "2018-10-11"],
                "time": ["20:19:24", "08:00:00"],
            },
            ["2018-10-10 20:19:24", "2018-10-11 08:00:00"],
        ),
    ],
)
def test_a_date_beside_a_time_is_one_moment(tmp_path: Path, columns: dict[str, list[str]], expected: list[str]) -> None:
    assert moments(table_of(tmp_path, {"text": [HAPPY, SAD], **columns})) == expected


@pytest.mark.parametrize(
    ("cells_of_id", "name"),
    [
        (["1050118621198921728", "1050118621198921729"], "date"),
        (["1050118621198921728", "1050118621198921729"], "created"),
        (["1539202764", "1539202765"], "user_number"),
    ],
)
def test_ids_are_no_times(tmp_path: Path, cells_of_id: list[str], name: str) -> None:
    assert facts(table_of(tmp_path, {"text": [HAPPY, SAD], name: cells_of_id})).time is None


@pytest.mark.parametrize("name", ["user_created_at", "birthday", "updated_at", "retrieved_at", "born"])
def test_times_of_other_things_are_left_alone(tmp_path: Path, name: str) -> None:
    assert facts(table_of(tmp_path, {"text": [HAPPY, SAD], name: ["2018-10-10", "2018-10-11"]})).time is None


def test_the_tweets_own_time_is_taken_before_that_of_its_author(tmp_path: Path) -> None:
    row = {"text": HAPPY, "user": {"created_at": "2009-01-01T00:00:00Z"}, "created_at": "2018-10-10T20:19:24Z"}
    table = opened(tmp_path, "a.json", json.dumps([row, row]))
    assert moments(table) == ["2018-10-10 20:19:24"] * 2


def test_the_order_of_dates_is_decided_over_the_whole_column(tmp_path: Path) -> None:
    written = ["1/2/2015"] * 3_000 + ["24/2/2015"]
    assert moments(table_of(tmp_path, {"text": SAYINGS * 500 + [HAPPY], "date": written}))[:1] == [
        "2015-02-01 00:00:00"
    ]


def test_dates_that_fit_both_orders_are_asked_for_and_stay_undated(tmp_path: Path) -> None:
    table = table_of(tmp_path, {"text": [HAPPY, SAD], "date": ["1/2/2015", "3/4/2015"]})
    (question,) = facts(table).questions
    assert (question.kind, question.answers) == (QuestionKind.DAY_ORDER, ("day", "month"))
    assert "'1/2/2015'" in question.text
    assert moments(table) == [None, None]
    assert moments(table, day_first=True) == ["2015-02-01 00:00:00", "2015-04-03 00:00:00"]
    assert moments(table, day_first=False) == ["2015-01-02 00:00:00", "2015-03-04 00:00:00"]
    assert survey(table, day_first=True).facts.questions == ()


def test_times_that_cannot_be_read_are_counted_and_shown(tmp_path: Path) -> None:
    written = ["2018-10-10"] * 9 + ["soon", ""]
    found = facts(table_of(tmp_path, {"text": [*SAYINGS, *SAYINGS[:5]], "created_at": written}))
    assert found.time is not None
    assert (found.undated, found.unreadable_times) == (2, ("soon",))
    assert any("2 of 11 rows without a time that can be read: 'soon'" in one for one in found.sentences())


@pytest.mark.parametrize("written", [["yesterday", "last week"], ["2018-10-10", ""], ["2018-10-10 10:00 XYZT", "soon"]])
def test_a_column_named_like_a_time_that_cannot_be_read_is_said(tmp_path: Path, written: list[str]) -> None:
    found = facts(table_of(tmp_path, {"text": [HAPPY, SAD], "created_at": written}))
    assert (found.time, found.not_times, found.undated) == (None, ("created_at",), 2)
    assert any("'created_at' is named like a time" in one for one in found.sentences())


# ---- which tweet, by whom, where, in which language ----


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            {
                "id_str": ["1701000000000000001", "1701000000000000002"],
                "user_screen_name": ["ana", "bob"],
                "tweet_url": LINKS[:2],
                "lang": ["en", "es"],
            },
            ("id_str", "user_screen_name", "tweet_url", "lang"),
        ),
        (
            {
                "Tweet Id": ["1701000000000000001", "1701000000000000002"],
                "Author": ["Ana E.", "Bob E."],
                "Url": LINKS[:2],
                "Language": ["English", "Spanish"],
            },
            ("Tweet Id", "Author", "Url", "Language"),
        ),
        (
            {
                "id": ["1", "2"],
                "user_id": ["7", "8"],
                "username": ["ana", "bob"],
                "link": LINKS[:2],
                "language": ["en", "und"],
            },
            ("id", "username", "link", "language"),
        ),
        (
            {
                "Resource Id": ["a1b2c3d4e5", "a1b2c3d4e6"],
                "Twitter Handle": ["@ana", "@bob"],
                "Permalink": LINKS[:2],
                "Idioma": ["es", "en"],
            },
            ("Resource Id", "Twitter Handle", "Permalink", "Idioma"),
        ),
        (
            {"nr": ["1701000000000000001", "1701000000000000002"], "who": ["@ana", "@bob"], "where": LINKS[:2]},
            ("nr", "who", "where", None),
        ),
        ({"likes": ["1", "2"], "name of the place": ["here", "there"]}, (None, None, None, None)),
    ],
)
def test_the_columns_of_each_role(
    tmp_path: Path, columns: dict[str, list[str]], expected: tuple[str | None, ...]
) -> None:
    found = facts(table_of(tmp_path, {"text": [HAPPY, SAD], **columns}))
    roles = (found.id, found.author, found.link, found.language)
    assert tuple(None if role is None else role.column for role in roles) == expected


def test_ids_stay_exact_and_lost_digits_are_counted(tmp_path: Path) -> None:
    ids = ["1701000000000000001", "1,23E+18", "1.23E+18", "1701000000000000002"]
    table = table_of(tmp_path, {"id": ids, "text": SAYINGS[:4]})
    assert cells(table, "id") == ids
    assert facts(table).lost_digits == 2


def test_the_same_id_twice_and_retweets_are_counted(tmp_path: Path) -> None:
    said = [f"RT @ana: {HAPPY}", f"RT @ana: {HAPPY}", HAPPY, SAD]
    found = facts(table_of(tmp_path, {"id": ["71", "71", "72", "73"], "text": said}))
    assert (found.repeated_ids, found.retweets) == (1, 2)


# ---- mojibake, languages, apostrophes ----


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("Iâ€™m so happy, canâ€™t wait ðŸ˜‚", "I’m so happy, can’t wait 😂"),
        ("trÃ¨s heureux, Ã  bientÃ´t", "très heureux, à bientôt"),
        ("Two places I‰Ûªd love to visit", "Two places I’d love to visit"),
    ],
)
def test_mojibake_is_said_and_mended_on_request(tmp_path: Path, broken: str, whole: str) -> None:
    path = put(tmp_path, "a.csv", f"text\n{broken}\nIt’s fine 😡\n")
    table = open_table(path)
    assert (texts(table)[0], facts(table).mojibake) == (broken, 1)
    mended = open_table(path, mend=True)
    assert texts(mended) == [whole, "It’s fine 😡"]
    assert facts(mended).mended


def test_languages_that_are_not_read_are_counted(tmp_path: Path) -> None:
    said = ["Je suis tellement heureux aujourd'hui", "Kung fu Panda lol", "so happy with the new garden", "odio esto"]
    assert facts(table_of(tmp_path, {"text": said, "lang": ["", "en", "en", "es"]})).not_read == (
        ("French", 1),
        ("Spanish", 1),
    )


AT = ["@example I am so happy", "+1 love it", "-no way", "=)", "fine"]


def test_our_own_apostrophes_are_taken_off_again(tmp_path: Path) -> None:
    first = table_of(tmp_path, {"id": list("12345"), "text": AT})
    with open_writer(tmp_path / "b.csv", first.columns) as writer:
        for batch in first.batches():
            writer.write(batch.values)
    assert "\"'@example" in (tmp_path / "b.csv").read_text()
    again = open_table(tmp_path / "b.csv")
    assert (cells(again, "text"), facts(again).apostrophes) == (AT, True)


def test_apostrophes_of_others_stay(tmp_path: Path) -> None:
    said = ["'@ana is right', he said", "@bob no", "so sad"]
    assert texts(table_of(tmp_path, {"text": said})) == said


def test_plain_csv_puts_nothing_before_a_text_and_keeps_ids(tmp_path: Path) -> None:
    table = table_of(tmp_path, {"id": [str(10**18 + 7)] * 5, "text": AT})
    for plain, said in ((True, AT), (False, [f"'{one}" for one in AT[:4]] + AT[4:])):
        with open_writer(tmp_path / "b.csv", table.columns, plain=plain, overwrite=True) as writer:
            for batch in table.batches():
                writer.write(batch.values)
        with (tmp_path / "b.csv").open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file))
        assert [row["text"] for row in rows] == said
        assert {row["id"] for row in rows} == {str(10**18 + 7)}


# ---- one set of facts ----


def test_the_facts_of_a_file_are_one_value_with_sentences(tmp_path: Path) -> None:
    table = table_of(tmp_path, {"id": ["1", "2"], "text": [HAPPY, "nan"], "created_at": ["2018-10-10", "2018-10-11"]})
    found = facts(table)
    assert (found.name, found.rows, found.text.column, found.header) == ("a.csv", 2, "text", True)
    assert found == survey(table).facts
    assert found.sentences() == (
        "Texts: column 'text', because of its name, and its cells read like texts.",
        "Ids: column 'id', because of its name and its cells.",
        "Column 'created_at' says when each text was posted, because its cells name moments (as '2018-10-10').",
        "1 of 2 rows with nothing to read, 1 of them a placeholder such as 'nan'.",
    )


def test_a_column_that_was_asked_for_is_taken_as_it_is(tmp_path: Path) -> None:
    table = table_of(tmp_path, {"text": [HAPPY, SAD], "note": ["a", "b"]})
    assert facts(table.of("note")).text.why == "it was asked for"
    assert survey(table, posted="").times is None


def test_python_reads_what_it_measured(tmp_path: Path) -> None:
    """The moments are in UTC and aware."""
    table = table_of(tmp_path, {"text": [HAPPY], "created_at": ["2018-10-10T20:19:24+02:00"]})
    times = survey(table).times
    assert times is not None
    assert times.moments(table, next(iter(table.batches()))) == [datetime(2018, 10, 10, 18, 19, 24, tzinfo=UTC)]
