"""Which texts are twins: pairs by hand, and what holds of any text."""

import emoji
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.review.twins import side_number, twin_key, twin_number, words_key
from core.text import normaliser

normalise = normaliser("1").normalise

EMOJI = sorted({one for one, data in emoji.EMOJI_DATA.items() if "skin_tone" not in data["en"] and normalise(one)})
WORDS = st.lists(st.sampled_from(["so", "happy", "SAD", "déjà", "vu", "Straße", "not", "24", "don't"]), min_size=1)
TEXTS = st.text(max_size=40) | WORDS.map(" ".join) | st.lists(st.sampled_from(EMOJI), max_size=5).map("".join)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("@ana so happy", "@bob so happy"),
        ("so happy https://t.co/x", "so happy"),
        ("so happy 😀", "so happy grinning face"),
        ("😀", "grinning face"),
        ("&lt;3 so happy", "so happy <3"),
        ("#SoHappy", "so happy"),
        ("déjà VU, again!", "Again: deja vu"),
        ("so so good", "good so"),
        ("Straße", "STRASSE"),
        ("😂😂😂 !!", "😂"),
        ("👍🏽", "👍🏿"),
        ("❤️😂", "😂 ❤️ https://t.co/x"),
        ("&#128512;", "😀"),
    ],
)
def test_twins(one: str, other: str) -> None:
    assert twin_key(one) == twin_key(other)
    assert twin_number(one) == twin_number(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("😀", "😡"),
        ("💙🔴", "❤️🔵"),  # the same four words
        ("↩️", "↪️"),  # likewise
        ("#️⃣", "*️⃣"),
        ("👨‍👦", "👨‍👦‍👦"),
        ("!!", "??"),
        ("a day", "a night"),
        ("不好", "好"),
        ("not happy", "happy"),
    ],
)
def test_no_twins(one: str, other: str) -> None:
    assert twin_key(one) != twin_key(other)


@given(st.sets(st.sampled_from(EMOJI), min_size=1, max_size=4), st.sets(st.sampled_from(EMOJI), min_size=1, max_size=4))
def test_tweets_of_emoji_alone_are_twins_only_where_their_emoji_are_the_same(one: set[str], other: set[str]) -> None:
    same = set(map(normalise, one)) == set(map(normalise, other))
    assert (twin_key(" ".join(one)) == twin_key(" ".join(other))) == same


@given(TEXTS)
def test_case_order_links_and_whom_it_is_to_do_not_count(text: str) -> None:
    key = twin_key(text)
    assert twin_key(f"{text} https://t.co/abc") == key
    assert twin_key(f"@ana {text}") == twin_key(f"@bob {text}")


@given(WORDS)
def test_neither_case_nor_order_nor_repetition_counts(words: list[str]) -> None:
    assert twin_key(" ".join(words)) == twin_key(" ".join([*words, words[0].upper()][::-1]))


@given(TEXTS)
def test_twins_are_on_one_side_which_its_words_alone_decide(text: str) -> None:
    assert side_number(twin_key(text)) == side_number(words_key(normalise(text)))


def test_numbers_are_the_same_for_ever() -> None:
    assert twin_number("so happy") == 3868813829316747897
    assert 0 <= twin_number("x") < 2**64
