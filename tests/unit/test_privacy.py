import doctest

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import privacy
from core.privacy import mask
from core.text import NORMALISER_VERSIONS, normaliser


def test_the_example_of_the_docstring() -> None:
    assert doctest.testmod(privacy) == (0, 1)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("@ana", "[NAME]"),
        ("thanks @ana_92, @BEN!", "thanks [NAME], [NAME]!"),
        ("(@ana) .@ben: RT @eve: hi", "([NAME]) .[NAME]: RT [NAME]: hi"),
        ("＠アナ ﹫ana", "[NAME] [NAME]"),
        ("@" + "a" * 60, "[NAME]"),
        ("see you @ 8", "see you @ 8"),
    ],
)
def test_handles(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    "address",
    [
        "ana@example.com",
        "ana.maria+news@mail.example.co.uk",
        "o'neil@example.com",
        "ANA_92@EXAMPLE.ORG",
        "jürgen@exämple.de",
        "ana@www.example.com",
        "@ana@mastodon.example",
    ],
)
def test_mail_addresses(address: str) -> None:
    assert mask(f"write to {address}, please") == "write to [EMAIL], please"
    assert mask(f"'{address}'.") == "'[EMAIL]'."


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("https://example.com/@ana?mail=ana@example.com", "https://…"),
        ("look: HTTP://EXAMPLE.COM and www.example.com/x", "look: https://… and https://…"),
        ("t.co/AbC123 pic.twitter.com/xyz", "https://… https://…"),
        ("t.co/AbC123-more", "https://… -more"),
        ("@https://example.com", "@https://…"),
        ("awww...so cute, awww.so sweet", "awww...so cute, awww.so sweet"),
    ],
)
def test_links(text: str, masked: str) -> None:
    assert mask(text) == masked


PHONES = [
    *("+442079460000", "+44 20 7946 0000", "+44 (0)20 7946 0000", "(020) 7946 0000", "020 7946 0000", "07700 900123"),
    *("+1 (212) 555-0199", "(212) 555-0199", "212-555-0199", "212.555.0199", "2125550199", "1-800-555-0199"),
    *("555-0199", "+49 30 123456", "030/123456", "0171 1234567", "0171/1234-567", "0049 171 1234567"),
    *("01 23 45 67 89", "01.23.45.67.89", "01-23-45-67-89", "+33 1 23 45 67 89", "612 345 678", "+34 612 34 56 78"),
    *("06 - 12345678", "0031612345678", "12 34 56 78", "9123 4567", "03-1234-5678", "090-1234-5678"),
    *("138 1234 5678", "13812345678", "98765 43210", "+91 98765-43210", "(11) 91234-5678", "(+55) 11 91234-5678"),
    *("8 (495) 123-45-67", "8 495 123-45-67", "+7 495 123 45 67", "0412 345 678", "04 1234 5678"),
    *("020\u00a07946\u00a00000", "555\u20110199\u20111234", "٠٦١٢٣٤٥٦٧٨", "＋４４２０７９４６００００"),
]


@pytest.mark.parametrize("number", PHONES)
@pytest.mark.parametrize("around", ["{}", "call {} now", "Tel:{}.", "call me,{}, or not", "[{}]", "at 12:30, {}!"])
def test_phone_numbers(number: str, around: str) -> None:
    assert mask(around.format(number)) == around.format("[PHONE]")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("0612345678 or 0687654321", "[PHONE] or [PHONE]"),
        ("0612345678,0687654321", "[PHONE],[PHONE]"),
        ("0612345678 at 12:30", "[PHONE] at 12:30"),
        ("0612345678 12:30", "[PHONE] 12:30"),
        ("2026-05-01 0612345678", "2026-05-01 [PHONE]"),
        ("(0612345678)", "([PHONE])"),
        ("https://wa.me/31612345678", "https://…"),
        ("wa.me/31612345678", "wa.me/[PHONE]"),
    ],
)
def test_phone_numbers_beside_other_things(text: str, masked: str) -> None:
    assert mask(text) == masked


OTHERS = [
    *("$1000000", "£1,250,000", "€ 1.000.000", "1 000 000 €", "$300-1000", "£300 - £1000000", "1234567 dollars"),
    *("1500000%", "1000000", "1,234,567", "1.234.567", "12 345 678", "100 000 000", "3.14159265", "0,12345678"),
    *("2019-2020", "1914–1918", "2018, 2019, 2020", "2019 2020 2021", "2019/2020", "in 2026 300 of us", "2026"),
    *("2026-05-01", "01/05/2026", "1.5.2026", "12/31/2026", "20260501", "2026-05-01 12:00", "2026-05-01T12:00:00Z"),
    *("12:30", "20:15 21:30 22:45", "12:30-14:00", "0900-1730", "10.30-11.45", "12:30 2026-05-01", "9 to 5"),
    *("24/7", "24/7/365", "3-2", "3-2 1-0 2-2 4-1", "98-95 101-99", "6-4 6-3 7-5", "covid-19 2020 2021"),
    *("#goals2026", "#2026goals", "#1", "#20yearsago", "1 2 3 4 5 6 7", "1234567890123456789", "iPhone 15", "B-52"),
    *("4k 60fps", "50/50", "007", "call 911", "5'11\"", "10/10", "v3.11.15"),
]


@pytest.mark.parametrize("text", OTHERS)
@pytest.mark.parametrize("around", ["{}", "it was {} then", "({})", "{}!", "so: {}, well"])
def test_what_is_no_phone_number_stays(text: str, around: str) -> None:
    assert mask(around.format(text)) == around.format(text)


def pieces(*more: str) -> st.SearchStrategy[str]:
    """Words and what is masked, put together with the signs that stand between words."""
    parts = st.sampled_from(
        ["I", "love", "#GoodDay", "so", "sooooo", "😂", "@ana", "@Ben_92", "https://example.com/@x", "t.co/Ab1", *more]
    )
    glue = st.sampled_from([" ", ", ", ". ", "! ", " - ", "\n", "… ", " (", ") ", ' "', ": "])
    return st.lists(st.tuples(parts, glue), max_size=12).map(lambda found: "".join(map("".join, found)))


def read(text: str, version: str) -> list[str]:
    """The words as a model has them: no tokenizer sees whether a sign follows a word at once or after a blank."""
    return normaliser(version).normalise(text).replace("[NAME]", " [NAME] ").split()


@pytest.mark.parametrize("version", NORMALISER_VERSIONS)
@given(pieces("www.example.com", "t.co/x-y", "pic.twitter.com/abc!", "@https://example.com", "awww.cute", "＠eve"))
def test_masked_handles_and_links_read_as_the_original(version: str, text: str) -> None:
    assert read(mask(text), version) == read(text, version)


@given(
    st.text(alphabet="0123456789 -.,/()+:@a$#w\n", max_size=60)
    | pieces("ana@example.com", *PHONES, *OTHERS)
    | st.text(max_size=40)
)
def test_masking_twice_changes_nothing_more(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    "unit",
    [
        *("a", "1", "1 ", "12-", "1,", "1,000", "000,", "1.", "2019,", "2019 ", "123 ", "1-1 ", "(", "+", "(+", ")(1"),
        *("@", "@a", "a@", "a.", "a@a.", "$1", "$1-", "t.co/", "www.", "https://", "12:", "1:11 ", "é.", "12.11-", "'"),
    ],
)
@pytest.mark.parametrize("end", ["a", ":1"])
@pytest.mark.timeout(20)
def test_a_hostile_text_is_read_in_linear_time(unit: str, end: str) -> None:
    # It takes tenths of a second; what grows with the square of the length would take minutes.
    mask((unit * 100_000)[:100_000] + end)
