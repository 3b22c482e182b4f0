import doctest
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

import core.text
from core.text import MAX_CHARS, clean, encodable, normalise


def test_docstring_examples() -> None:
    assert doctest.testmod(core.text).failed == 0


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("@ana @bob_1 hello", "[NAME] [NAME] hello"),
        (".@ana hello", ". [NAME] hello"),
        ("write to me@example.com", "write to me@example.com"),
        ("see https://example.com/a?b=c now", "see now"),
        ("www.example.com and pic.twitter.com/abc and t.co/x", "and and"),
        ("#BestDayEver", "Best Day Ever"),
        ("#USARocks", "USA Rocks"),
        ("#blacklivesmatter", "blacklivesmatter"),
        ("#goals2026", "goals 2026"),
        ("#snake_case", "snake case"),
        ("#1 fan", "#1 fan"),
        ("Tom &amp; Jerry &lt;3", "Tom & Jerry <3"),
        ("I ❤️ you", "I red heart you"),
        ("👍🏽", "thumbs up"),
        ("😂" * 40, " ".join(["face with tears of joy"] * 3)),
        ("nooooooo!!!!!!", "nooo!!!"),
        ("hahahahahaha", "hahaha"),
        ("𝓱𝓪𝓹𝓹𝔂", "happy"),
        ("I don’t", "I don't"),
        ("ki\u200bll \u202etxet\u202c", "kill txet"),
        ("a\x00b\x07c", "a b c"),
        ("tab\tand\r\nline", "tab and line"),
        ("\ud83d\ude02", "face with tears of joy"),
        ("\ud800 alone", "alone"),
        ("مرحبا בוקר", "مرحبا בוקר"),
        ("https://example.com", ""),
        ("\u200b\u200d\ufeff", ""),
        ("  \n ", ""),
        ("", ""),
    ],
)
def test_normalise(raw: str, expected: str) -> None:
    assert normalise(raw) == expected


def test_only_the_beginning_of_a_huge_text_is_read() -> None:
    raw = "ab " * 40_000
    cleaned = clean(raw)
    assert cleaned.truncated
    assert cleaned.text == normalise(raw[:MAX_CHARS])
    assert not clean("ab").truncated


@given(
    st.text(max_size=200) | st.text(st.characters(codec=None, categories=["Cs", "Cf", "Cc", "So", "Lu"]), max_size=60)
)
def test_any_text_becomes_one_printable_line(raw: str) -> None:
    text = normalise(raw)
    text.encode("utf-8")
    assert text == " ".join(text.split())
    assert all(char.isprintable() for char in text)
    assert not any(unicodedata.category(char) == "Cf" for char in text)


def test_encodable_joins_pairs_and_replaces_lone_surrogates() -> None:
    assert encodable("a\ud83d\ude02b\ud800") == "a😂b\ufffd"
    assert encodable("plain") == "plain"
