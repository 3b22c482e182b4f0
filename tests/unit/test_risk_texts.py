"""The texts of risk for training are what data/README.md says they are, and none is near a tweet of the tests."""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from core.rules.flags import CATEGORIES

DATA = Path(__file__).parents[2] / "data"
FILE = DATA / "training" / "risk.csv"
COLUMNS = ["text", "category", "case", "split"]
KINDS = [*CATEGORIES, *({"privacy", "fraud"} - set(CATEGORIES))]
RISKY_CASES = {"open", "hinted", "disguised", "denied", "quoted", "sport", "game"}
INNOCENT_CASES = {
    "counter", "quoted", "denied", "reclaimed", "game", "sport", "food", "lyrics", "news", "idiom", "help", "plain",
}  # fmt: skip
INVENTED = re.compile("example|faux|pretend|madeup|notreal", re.IGNORECASE)

Row = dict[str, str]


def read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def words(text: str) -> list[str]:
    return re.findall(r"\w+(?:'\w+)?", text.casefold().replace("’", "'"))


def sixes(texts: Iterable[str]) -> set[tuple[str, ...]]:
    """Every run of six words."""
    found: set[tuple[str, ...]] = set()
    for text in texts:
        said = words(text)
        found.update(tuple(said[start : start + 6]) for start in range(len(said) - 5))
    return found


def categories(row: Row) -> list[str]:
    return row["category"].split(";") if row["category"] else []


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return read(FILE)


@pytest.fixture(scope="module")
def risky(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["category"]]


@pytest.fixture(scope="module")
def section() -> str:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    return re.split(r"^## ", readme.split("## Texts of risk for training\n")[1], flags=re.MULTILINE)[0]


def test_file_is_plain_utf8_with_lf_line_ends() -> None:
    content = FILE.read_bytes()
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    assert content.endswith(b"\n")


def test_every_row_has_every_column_and_stripped_values(rows: list[Row]) -> None:
    for row in rows:
        assert list(row) == COLUMNS, row
        assert all(value is not None and value == value.strip() for value in row.values()), row
        assert row["text"], row


def test_texts_fit_a_tweet_and_none_occurs_twice(rows: list[Row]) -> None:
    assert [row["text"] for row in rows if len(row["text"]) > 280] == []
    seen = Counter(" ".join(words(row["text"])) or row["text"] for row in rows)
    assert [text for text, times in seen.items() if times > 1] == []


def test_labels_are_known_and_each_stands_once(rows: list[Row]) -> None:
    for row in rows:
        named = categories(row)
        assert set(named) <= set(KINDS), row
        assert len(set(named)) == len(named), row
        assert row["case"] in (RISKY_CASES if named else INNOCENT_CASES), row
        assert row["split"] in {"train", "dev"}, row


def test_half_are_innocent_and_every_kind_of_innocence_is_there(rows: list[Row], risky: list[Row]) -> None:
    assert len(rows) >= 3200
    assert 0.48 <= len(risky) / len(rows) <= 0.52
    cases = Counter(row["case"] for row in rows if not row["category"])
    assert set(cases) == INNOCENT_CASES
    assert min(cases.values()) >= 90


@pytest.mark.parametrize("category", KINDS)
def test_every_category_has_texts_that_hint_and_that_hide(risky: list[Row], category: str) -> None:
    cases = Counter(row["case"] for row in risky if category in categories(row))
    assert cases.total() >= 140
    assert min(cases["open"], cases["hinted"], cases["disguised"]) >= 25


def test_a_third_of_the_risky_hint_or_hide(risky: list[Row]) -> None:
    assert sum(row["case"] in {"hinted", "disguised"} for row in risky) >= len(risky) / 3


@pytest.mark.parametrize("category", [*KINDS, ""])
def test_about_one_in_six_is_kept_for_dev(rows: list[Row], category: str) -> None:
    splits = Counter(row["split"] for row in rows if category in (categories(row) or [""]))
    assert 0.13 <= splits["dev"] / splits.total() <= 0.21


def test_dev_repeats_no_six_words_of_train(rows: list[Row]) -> None:
    split = {name: sixes(row["text"] for row in rows if row["split"] == name) for name in ("train", "dev")}
    assert split["train"] & split["dev"] == set()


@pytest.mark.parametrize("test_file", ["flag_tweets.csv", "sample_tweets.csv"])
def test_no_six_words_are_those_of_a_tweet_of_the_tests(rows: list[Row], test_file: str) -> None:
    kept_apart = [row["text"] for row in read(DATA / test_file)]
    assert sixes(row["text"] for row in rows) & sixes(kept_apart) == set()
    assert {tuple(words(row["text"])) for row in rows} & {tuple(words(text)) for text in kept_apart} == set()


def test_handles_links_and_numbers_are_invented(rows: list[Row]) -> None:
    texts = [row["text"] for row in rows]
    handles = [handle for text in texts for handle in re.findall(r"(?<!\w)@(\w+_\w+)", text)]
    links = [link for text in texts for link in re.findall(r"[\w.-]+\.(?:com|org|net|io|co)\b", text)]
    numbers = [number for text in texts for number in re.findall(r"\b\d{3}[ -]\d{4}\b", text)]
    assert handles
    assert links
    assert numbers
    assert [handle for handle in handles if not INVENTED.search(handle)] == []
    assert [link for link in links if link not in {"example.com", "example.org"}] == []
    assert [number for number in numbers if not number.startswith("555")] == []


def test_counts_are_those_of_the_readme(rows: list[Row], risky: list[Row], section: str) -> None:
    stated = {
        name: [int(number) for number in re.findall(r"\d+", rest)]
        for name, rest in re.findall(r"^\| ([a-z-]+) (\|[ \d|]+)$", section, re.MULTILINE)
    }
    counted = {}
    for category in KINDS:
        cases = Counter(row["case"] for row in risky if category in categories(row))
        first = [cases["open"], cases["hinted"], cases["disguised"]]
        counted[category] = [cases.total(), *first, cases.total() - sum(first)]
    innocent = Counter(row["case"] for row in rows if not row["category"])
    assert stated == counted | {case: [times] for case, times in innocent.items()}
    assert f"{len(rows):,} short English texts" in section
    assert f"{len(risky):,} are risky" in section
    assert f"{sum(row['split'] == 'dev' for row in rows)} are for dev" in section
