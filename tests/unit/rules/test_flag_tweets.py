"""The tweets with intended flags are what data/README.md says they are."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

DATA = Path(__file__).parents[3] / "data"
COLUMNS = ["id", "text", "sensitive", "looks_sensitive", "severity", "note"]
CATEGORIES = {"self-harm", "threat", "harassment", "hate", "sexual", "drugs", "crisis", "profanity"}
SEVERITIES = ("urgent", "watch", "info")
INVENTED = re.compile("example|faux|pretend|madeup|notreal", re.IGNORECASE)

Row = dict[str, str]


def read(name: str) -> list[Row]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return read("flag_tweets.csv")


@pytest.fixture(scope="module")
def section() -> str:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    return re.split(r"^## ", readme.split("## Tweets with intended flags\n")[1], flags=re.MULTILINE)[0]


def test_file_is_plain_utf8_with_lf_line_ends() -> None:
    content = (DATA / "flag_tweets.csv").read_bytes()
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    assert content.endswith(b"\n")


def test_every_row_has_every_column_and_stripped_values(rows: list[Row]) -> None:
    for row in rows:
        assert list(row) == COLUMNS, row
        assert all(value is not None and value == value.strip() for value in row.values()), row


def test_ids_are_consecutive(rows: list[Row]) -> None:
    assert [row["id"] for row in rows] == [f"f{number:03d}" for number in range(1, 301)]


def test_texts_fit_a_tweet(rows: list[Row]) -> None:
    assert [row["id"] for row in rows if not 1 <= len(row["text"]) <= 280] == []


def test_no_text_occurs_twice_here_or_among_the_sample_tweets(rows: list[Row]) -> None:
    texts = [row["text"] for row in rows] + [row["text"] for row in read("sample_tweets.csv")]
    seen = Counter(" ".join(re.findall(r"\w+", text.casefold())) or text for text in texts)
    assert [text for text, times in seen.items() if times > 1] == []


def test_severity_is_set_exactly_for_sensitive_rows(rows: list[Row]) -> None:
    for row in rows:
        assert row["severity"] in (SEVERITIES if row["sensitive"] else ("",)), row


def test_look_alikes_are_innocent(rows: list[Row]) -> None:
    assert [row for row in rows if row["sensitive"] and row["looks_sensitive"]] == []


def test_notes_stand_exactly_at_sensitive_and_look_alike_rows(rows: list[Row]) -> None:
    assert [row for row in rows if bool(row["note"]) != bool(row["sensitive"] or row["looks_sensitive"])] == []


def test_handles_and_links_are_invented(rows: list[Row]) -> None:
    handles = [handle for row in rows for handle in re.findall(r"(?<!\w)@(\w+)", row["text"])]
    links = [link for row in rows for link in re.findall(r"(?:https?://|www\.)\S+", row["text"])]
    assert handles
    assert links
    assert [handle for handle in handles if not INVENTED.search(handle)] == []
    assert [link for link in links if not re.match(r"https://example\.(com|org)(/|$)", link)] == []


def test_counts_are_those_of_the_readme(rows: list[Row], section: str) -> None:
    sensitive = Counter((row["sensitive"], row["severity"]) for row in rows)
    look_alike = Counter(row["looks_sensitive"] for row in rows)
    indirect = Counter(row["sensitive"] for row in rows if row["note"].startswith("indirect: "))
    table = {
        name: [int(n) for n in re.findall(r"\d+", rest)]
        for name, rest in re.findall(r"^\| ([a-z-]+) (\|[ \d|]+)$", section, re.MULTILINE)
    }
    counted = {
        name: [16, *(sensitive[name, severity] for severity in SEVERITIES), indirect[name], look_alike[name]]
        for name in CATEGORIES
    }
    assert table == counted
    assert {name: sum(counted[name][1:4]) for name in CATEGORIES} == dict.fromkeys(CATEGORIES, 16)
    assert {name: look_alike[name] for name in CATEGORIES} == dict.fromkeys(CATEGORIES, 9)
    assert sum(not row["sensitive"] and not row["looks_sensitive"] for row in rows) == 100
