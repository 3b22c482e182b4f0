"""The tweets for training are what data/README.md says they are, and none is near a tweet of the tests."""

import csv
import re
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from core.emotions import INDEX, LABELS

DATA = Path(__file__).parents[2] / "data"
FILE = DATA / "training" / "tweets.csv"
COLUMNS = ["text", "emotions", "kind", "split"]
LEAST = {
    "sarcasm": 250, "slang": 200, "grief": 120, "relief": 120, "pride": 120, "fear": 150, "emoji": 250,
    "emoticons": 80, "hashtags": 120, "negation": 200, "contrast": 150, "cognition": 150, "remorse": 100,
    "disgust": 80, "warm": 200, "neutral": 300, "conditional": 60, "dialect": 80, "mixed": 95, "plain": 100,
    "replies": 150,
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


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return read(FILE)


@pytest.fixture(scope="module")
def section() -> str:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    return re.split(r"^## ", readme.split("## Tweets for training\n")[1], flags=re.MULTILINE)[0]


def test_file_is_plain_utf8_with_lf_line_ends() -> None:
    content = FILE.read_bytes()
    assert not content.startswith(b"\xef\xbb\xbf")
    assert b"\r" not in content
    assert content.endswith(b"\n")


def test_every_row_has_every_column_and_stripped_values(rows: list[Row]) -> None:
    for row in rows:
        assert list(row) == COLUMNS, row
        assert all(row.values()), row
        assert all(value == value.strip() for value in row.values()), row


def test_texts_fit_a_tweet_and_none_occurs_twice(rows: list[Row]) -> None:
    assert [row["text"] for row in rows if len(row["text"]) > 280] == []
    # By every sign, not by words alone: "cancelled 😞" and "cancelled 😌" are meant to stand side by side.
    seen = Counter(" ".join(row["text"].casefold().split()) for row in rows)
    assert [text for text, times in seen.items() if times > 1] == []


def test_emotions_are_known_in_order_and_neutral_stands_alone(rows: list[Row]) -> None:
    for row in rows:
        named = row["emotions"].split(";")
        assert set(named) <= set(LABELS), row
        assert named == sorted(set(named), key=INDEX.__getitem__), row
        assert named == ["neutral"] or "neutral" not in named, row


@pytest.mark.parametrize("label", LABELS)
def test_every_emotion_is_meant_at_least_sixty_times(rows: list[Row], label: str) -> None:
    splits = Counter(row["split"] for row in rows if label in row["emotions"].split(";"))
    assert splits.total() >= 60
    assert splits["dev"] >= 8


def test_every_kind_has_its_least_number(rows: list[Row]) -> None:
    kinds = Counter(row["kind"] for row in rows)
    assert set(kinds) == set(LEAST)
    assert {kind: times for kind, times in kinds.items() if times < LEAST[kind]} == {}


@pytest.mark.parametrize("kind", LEAST)
def test_about_one_in_six_of_a_kind_is_kept_for_dev(rows: list[Row], kind: str) -> None:
    splits = Counter(row["split"] for row in rows if row["kind"] == kind)
    assert set(splits) == {"train", "dev"}
    assert 0.12 <= splits["dev"] / splits.total() <= 0.21


def test_sarcasm_stands_beside_praise_that_is_meant(rows: list[Row]) -> None:
    sincere = {"admiration", "approval", "excitement", "gratitude", "joy", "love", "pride", "relief"}
    meant = [row for row in rows if row["kind"] == "sarcasm" and sincere & set(row["emotions"].split(";"))]
    assert len(meant) >= 60


def test_dev_repeats_no_six_words_of_train(rows: list[Row]) -> None:
    split = {name: sixes(row["text"] for row in rows if row["split"] == name) for name in ("train", "dev")}
    assert split["train"] & split["dev"] == set()


@pytest.mark.parametrize("test_file", ["flag_tweets.csv", "sample_tweets.csv"])
def test_no_six_words_are_those_of_a_tweet_of_the_tests(rows: list[Row], test_file: str) -> None:
    kept_apart = [row["text"] for row in read(DATA / test_file)]
    assert sixes(row["text"] for row in rows) & sixes(kept_apart) == set()
    assert {row["text"].casefold() for row in rows} & {text.casefold() for text in kept_apart} == set()


def test_handles_and_links_are_invented(rows: list[Row]) -> None:
    handles = [handle for row in rows for handle in re.findall(r"(?<!\w)@(\w+)", row["text"])]
    links = [link for row in rows for link in re.findall(r"(?:https?://|www\.)\S+", row["text"])]
    assert handles
    assert links
    assert [handle for handle in handles if not INVENTED.search(handle)] == []
    assert [link for link in links if not re.match(r"https://example\.(com|org)(/|$)", link)] == []


def test_counts_are_those_of_the_readme(rows: list[Row], section: str) -> None:
    stated = {kind: int(times) for kind, times in re.findall(r"^\| ([a-z]+) \| (\d+) \|", section, re.MULTILINE)}
    assert stated == Counter(row["kind"] for row in rows)
    several = sum(";" in row["emotions"] for row in rows)
    dev = sum(row["split"] == "dev" for row in rows)
    assert f"{len(rows):,} English tweets" in section
    assert f"{several} carry two or three emotions" in section
    assert f"{dev} are for dev" in section
