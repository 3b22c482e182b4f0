"""The sample tweets are what data/README.md says they are."""

import csv
import re
from collections import Counter
from pathlib import Path

import pytest

from core.emotions import LABELS

DATA = Path(__file__).parents[2] / "data"
COLUMNS = ["id", "text", "emotions", "lang", "sensitive", "looks_sensitive", "severity", "note"]
CATEGORIES = {"self-harm", "threat", "harassment", "hate", "sexual", "drugs", "crisis", "profanity"}
SEVERITIES = {"info", "watch", "urgent"}
INVENTED = re.compile("example|faux|pretend|madeup|notreal", re.IGNORECASE)

Row = dict[str, str]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    with (DATA / "sample_tweets.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, strict=True)
        assert reader.fieldnames == COLUMNS
        return list(reader)


def test_file_is_plain_utf8_with_lf_line_ends() -> None:
    content = (DATA / "sample_tweets.csv").read_bytes()
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    assert content.endswith(b"\n")


def test_every_row_has_every_column_and_stripped_values(rows: list[Row]) -> None:
    for row in rows:
        assert list(row) == COLUMNS, row
        assert all(value is not None and value == value.strip() for value in row.values()), row
        assert row["text"], row


def test_there_are_at_least_300_with_consecutive_ids(rows: list[Row]) -> None:
    assert len(rows) >= 300
    assert [row["id"] for row in rows] == [f"s{number:03d}" for number in range(1, len(rows) + 1)]


def test_no_text_occurs_twice(rows: list[Row]) -> None:
    seen = Counter(" ".join(row["text"].casefold().split()) for row in rows)
    assert [text for text, times in seen.items() if times > 1] == []


def test_texts_fit_a_tweet(rows: list[Row]) -> None:
    assert [row["id"] for row in rows if len(row["text"]) > 280] == []


def test_emotions_are_one_to_three_known_labels(rows: list[Row]) -> None:
    for row in rows:
        emotions = row["emotions"].split("|")
        assert 1 <= len(emotions) <= 3, row
        assert len(set(emotions)) == len(emotions), row
        assert set(emotions) <= set(LABELS), row
        assert "neutral" not in emotions or len(emotions) == 1, row


@pytest.mark.parametrize("label", LABELS)
def test_every_label_is_intended_at_least_nine_times(rows: list[Row], label: str) -> None:
    assert sum(label in row["emotions"].split("|") for row in rows) >= 9


def test_languages_are_english_with_at_most_ten_others(rows: list[Row]) -> None:
    languages = Counter(row["lang"] for row in rows)
    assert set(languages) == {"en", "fr", "es", "de"}
    assert len(rows) - languages["en"] <= 10


def test_sensitive_rows_are_8_to_15_percent_over_all_categories(rows: list[Row]) -> None:
    sensitive = [row["sensitive"] for row in rows if row["sensitive"]]
    assert set(sensitive) == CATEGORIES
    assert 0.08 <= len(sensitive) / len(rows) <= 0.15


def test_severity_is_set_exactly_for_sensitive_rows(rows: list[Row]) -> None:
    for row in rows:
        assert bool(row["severity"]) == bool(row["sensitive"]), row
        assert row["severity"] in SEVERITIES | {""}, row
    assert {row["severity"] for row in rows if row["severity"]} == SEVERITIES


def test_look_alikes_are_innocent_and_spread_over_categories(rows: list[Row]) -> None:
    look_alikes = [row for row in rows if row["looks_sensitive"]]
    assert [row for row in look_alikes if row["sensitive"]] == []
    categories = {row["looks_sensitive"] for row in look_alikes}
    assert categories <= CATEGORIES
    assert len(categories) >= 5


def test_sensitive_and_look_alike_rows_say_why(rows: list[Row]) -> None:
    assert [row for row in rows if (row["sensitive"] or row["looks_sensitive"]) and not row["note"]] == []


def test_links_go_to_example_domains_only(rows: list[Row]) -> None:
    links = [link for row in rows for link in re.findall(r"(?:https?://|www\.)\S+", row["text"])]
    assert links
    assert [link for link in links if not re.match(r"https://example\.(com|org)(/|$)", link)] == []


def test_handles_are_obviously_invented(rows: list[Row]) -> None:
    handles = [handle for row in rows for handle in re.findall(r"@(\w+)", row["text"])]
    assert handles
    assert [handle for handle in handles if not INVENTED.search(handle)] == []


def test_readme_counts_are_those_of_the_file(rows: list[Row]) -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    stated = {
        name: (int(sensitive), int(look_alike))
        for name, sensitive, look_alike in re.findall(r"^\| `([a-z-]+)` \| (\d+) \| (\d+) \|", readme, re.MULTILINE)
    }
    sensitive = Counter(row["sensitive"] for row in rows)
    look_alike = Counter(row["looks_sensitive"] for row in rows)
    assert stated == {name: (sensitive[name], look_alike[name]) for name in CATEGORIES}
    assert f"{len(rows)} tweets" in readme
