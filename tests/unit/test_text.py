"""What tweets become before a model reads them, by both versions of the normaliser."""

import csv
import doctest
import html
import re
import unicodedata
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

import core.text
from core.settings import ROOT
from core.text import (
    AMBIGUOUS_EMOJI,
    MAX_CHARS,
    NORMALISER_VERSION,
    NORMALISER_VERSIONS,
    emoji_senses,
    encodable,
    normaliser,
    shared,
    trace,
    version_1,
    version_2,
    words,
)

EACH = pytest.mark.parametrize("version", NORMALISER_VERSIONS)


@pytest.mark.parametrize(
    "module", [core.text, version_1, version_2, shared, emoji_senses, words], ids=lambda one: one.__name__
)
def test_docstring_examples(module: ModuleType) -> None:
    found = doctest.testmod(module)
    assert found.attempted
    assert found.failed == 0


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
        ("#goals2026", "goals 2026"),
        ("#snake_case", "snake case"),
        ("#1 fan", "#1 fan"),
        ("𝓱𝓪𝓹𝓹𝔂", "happy"),
        ("I don’t", "I don't"),
        ("ki\u200bll \u202etxet\u202c", "kill txet"),
        ("a\x00b\x07c", "a b c"),
        ("tab\tand\r\nline", "tab and line"),
        ("\ud800 alone", "alone"),
        ("مرحبا בוקר", "مرحبا בוקר"),
        ("https://example.com", ""),
        ("\u200b\u200d\ufeff", ""),
        ("  \n ", ""),
        ("", ""),
    ],
)
@EACH
def test_both_versions(version: str, raw: str, expected: str) -> None:
    assert normaliser(version).normalise(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("#blacklivesmatter", "blacklivesmatter"),
        ("Tom &amp; Jerry &lt;3", "Tom & Jerry <3"),
        ("I ❤️ you", "I red heart you"),
        ("👍🏽", "thumbs up"),
        ("😂" * 40, " ".join(["face with tears of joy"] * 3)),
        ("nooooooo!!!!!!", "nooo!!!"),
        ("hahahahahaha", "hahaha"),
        ("\ud83d\ude02", "face with tears of joy"),
        ("so late :( <p>", "so late :( <p>"),
    ],
)
def test_the_first_version_stays_as_it_was(raw: str, expected: str) -> None:
    assert normaliser("1").normalise(raw) == expected


def check(raw: str, expected: str) -> None:
    assert normaliser("2").normalise(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("my train left without me 😡", "my train left without me (very angry)"),
        ("passed my exam🎉", "passed my exam (yay, celebrating)"),
        ("I ❤️ you", "I (love) you"),
        ("I ♥ you", "I (love) you"),
        ("👍🏽 👍", "(nice, good nice, good)"),
        ("🤷🏻‍♀️", "(shrug, I don't know)"),
        ("🤷🏻‍♂️", "(shrug, I don't know)"),
        ("🏳️‍🌈 🇯🇵", "(pride flag Japan)"),
        ("5️⃣ stars", "5 stars"),
        ("👩‍🔬 here", "(woman scientist) here"),
        ("😂🥑", "(haha avocado)"),
        ("👀🧩", "[EYES] (puzzle piece)"),
        ("wait ⁉️", "wait !?"),
        ("news ➡️ below", "news below"),
        ("really™", "really"),
    ],
)
def test_emoji_become_what_they_say(raw: str, expected: str) -> None:
    check(raw, expected)


def test_a_row_of_emoji_is_emphasis_and_no_more() -> None:
    check("😂" * 40, "(haha haha)")
    check("😂 🎂 " * 40, "(haha happy birthday haha happy birthday)")


@pytest.mark.parametrize(
    "spelt",
    [
        "😢",
        "\ud83d\ude22",
        ":cry:",
        "&#128546;",
        "&#x1F622;",
        "&#55357;&#56866;",
        "&amp;#128546;",
        "\\ud83d\\ude22",
        "\\U0001f622",
        "\\xf0\\x9f\\x98\\xa2",
        "<U+0001F622>",
        "<f0><9f><98><a2>",
        "<ed><a0><bd><ed><b8><a2>",
    ],
)
@pytest.mark.parametrize("around", ["{}", "late again {} why", "late{}"])
def test_an_emoji_says_the_same_however_an_export_spells_it(spelt: str, around: str) -> None:
    check(around.format(spelt), around.format(" (sad, crying) ").replace("  ", " ").strip())


@pytest.mark.parametrize(
    "raw", ["note:this:that", "at 10:30:45", "key:value:more", "C:\\users\\new", "\\udead", "<b4><zz>"]
)
def test_what_only_looks_like_an_export_of_emoji_stays(raw: str) -> None:
    check(raw, raw)


def test_what_is_meant_in_two_ways_has_a_token_of_its_own() -> None:
    assert len(AMBIGUOUS_EMOJI) >= 10
    for sign, token in AMBIGUOUS_EMOJI.items():
        assert re.fullmatch(r"\[[A-Z]+\]", token)
        check(f"my day {sign}{sign}", f"my day {token} {token}")
        check(f"{sign}\ufe0f", token)


@pytest.mark.parametrize(
    ("emoticons", "sense"),
    [
        (":) :-) =) :)) (: :] ^_^", "happy"),
        (":( :-( =( :((( ): :[", "sad"),
        (":'( T_T ;_; :'-(", "sad, crying"),
        (">:( >:[", "so angry"),
        ("<3 <333", "love"),
        ("</3", "heartbroken"),
        (":D =D :-D", "so happy"),
        ("xD XD xDDD", "lol"),
        (";) ;-) ;p", "just kidding"),
        (":P :-p =P", "being silly, haha"),
        (":/ :-/ =/ :\\", "meh, disappointed"),
        (":O o_O O.o", "shocked"),
        ("-_- -.- >.<", "annoyed"),
        ("¯\\_(ツ)_/¯ ¯_(ツ)_/¯", "shrug, I don't know"),
        ("(╯°□°)╯︵┻━┻", "so angry"),
    ],
)
def test_emoticons_become_what_they_say(emoticons: str, sense: str) -> None:
    for one in emoticons.split():
        check(f"bus is here {one}", f"bus is here ({sense})")
        check(f"so {one} now", f"so ({sense}) now")
        check(html.escape(f"bus is here {one}"), f"bus is here ({sense})")


@pytest.mark.parametrize("raw", ["thanks:)", "oh no:(", "great:D", "you<3"])
def test_emoticons_that_hang_on_a_word_are_found(raw: str) -> None:
    assert "(" in normaliser("2").normalise(raw)


@pytest.mark.parametrize(
    "raw",
    [
        "meet at 10:30",
        "odds of 8:3 or 3:1",
        "(see below:)",
        "a (long note here:) so",
        "open c:/temp and d:\\data",
        "run `f(x):(` twice",
        "if a < b and 2 <3",
        "x <3.5",
        "f(a):",
        '{"a":[]}',
        "|:-|:-|",
        "^^^ this",
        "std::vector",
        "note: 8) is next",
        "see file:/etc",
    ],
)
def test_times_ratios_brackets_and_code_hold_no_emoticons(raw: str) -> None:
    check(raw, raw)


def test_links_hold_no_emoticons_and_end_before_an_emoji() -> None:
    check("see http://example.com/a:)b:/ ok", "see ok")
    check("see https://t.co/Ab1😡", "see (very angry)")


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("#blacklivesmatter", "black lives matter"),
        ("#cantbelieveit", "cant believe it"),
        ("#worstdayever", "worst day ever"),
        ("#SOTIRED", "SO TIRED"),
        ("#Bestnightever", "Best night ever"),
        ("#whataweek2026", "what a week 2026"),
        ("#tired", "tired"),
        ("#liverpool", "liverpool"),
        ("#deliveroo", "deliveroo"),
        ("#zendaya", "zendaya"),
        ("#nhs", "nhs"),
        ("#größenwahn", "größenwahn"),
    ],
)
def test_hashtags_are_split_into_words_that_are_known(raw: str, expected: str) -> None:
    check(raw, expected)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("soooo tiiired", "so tired"),
        ("thaaaank youuuu", "thank you"),
        ("yesss NOOOO", "yes NO"),
        ("coool looove", "cool love"),
        ("goooood sooooon tooooo late", "good soon too late"),
        ("whyyyyyy happpyyyy", "why happy"),
        ("Grrrrrr", "Grrr"),
        ("Rocky III", "Rocky III"),
        ("AAA batteries", "AAA batteries"),
        ("hahahahaha HAHAHA ahahah", "haha haha haha"),
        ("hehehehe", "hehe"),
        ("looool lololol lol", "lol lol lol"),
        ("jajajaja", "haha"),
        ("kkkkkk", "haha"),
        ("wait!!!!!! what???????", "wait!!! what???"),
        ("1000000", "1000"),
    ],
)
def test_stretched_words_get_a_form_that_is_known(raw: str, expected: str) -> None:
    check(raw, expected)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (
            '<p><span class="h-card"><a href="https://example.social/@ana" class="u-url mention">@<span>ana</span></a>'
            "</span> so <b>un</b>fair</p><p>bye</p>",
            "[NAME] so unfair bye",
        ),
        ("one<br>two<br />three", "one two three"),
        ('<a href="https://example.com?a=1&amp;b=2">10:30</a> made me cry', "10:30 made me cry"),
        ("it&#39;s &quot;fine&quot;", 'it\'s "fine"'),
        ("&lt;br&gt;so sad", "so sad"),
        ("a < b > c", "a < b > c"),
        ("a <b and c> d", "a <b and c> d"),
        ("<grin> ok", "<grin> ok"),
        ("AT&T is down", "AT&T is down"),
    ],
)
def test_markup_goes_and_what_people_write_stays(raw: str, expected: str) -> None:
    check(raw, expected)


def test_handles_of_other_networks_are_persons_too() -> None:
    check("@ana@example.social and @bob.bsky.social", "[NAME] and [NAME]")


@EACH
def test_only_the_beginning_of_a_huge_text_is_read(version: str) -> None:
    reader = normaliser(version)
    raw = "ab " * 40_000
    cleaned = reader.clean(raw)
    assert cleaned.truncated
    assert cleaned.text == reader.normalise(raw[:MAX_CHARS])
    assert not reader.clean("ab").truncated


ANY = st.text(max_size=200) | st.text(st.characters(codec=None, categories=["Cs", "Cf", "Cc", "So", "Lu"]), max_size=60)
PIECES = st.sampled_from(
    [
        *(
            ":)",
            "(:",
            "<3",
            "</3",
            ":joy:",
            "&#128514;",
            "&lt;",
            "<p>",
            "</b>",
            "\\ud83d",
            "\\ude02",
            "<U+1F602>",
            "#sosad",
        ),
        *("@x", "🇩", "🏽", "\u200d", "\ufe0f", "👩", "\u20e3", "5", "soooo", "hahaha", "T_T", "`", " ", "\n", "(", ")"),
    ]
)
SIGNS = st.lists(PIECES | st.text(max_size=3), max_size=20).map("".join)


@EACH
@given(raw=ANY | SIGNS)
def test_any_text_becomes_one_printable_line(version: str, raw: str) -> None:
    text = normaliser(version).normalise(raw)
    text.encode("utf-8")
    assert text == " ".join(text.split())
    assert all(char.isprintable() for char in text)
    assert not any(unicodedata.category(char) == "Cf" for char in text)


@given(ANY | SIGNS)
def test_each_character_knows_where_it_comes_from(raw: str) -> None:
    traced = trace(raw)
    assert traced.text == normaliser("2").normalise(raw)
    assert len(traced.spans) == len(traced.text)
    assert all(0 <= start < end <= len(raw) for start, end in traced.spans)


def test_a_word_of_sense_comes_from_its_emoji_and_a_tag_from_its_sign_on() -> None:
    raw = "ugh 😡 &amp; #sosad"
    traced = trace(raw)
    assert traced.text == "ugh (very angry) & so sad"

    def origin(part: str) -> set[str]:
        at = traced.text.index(part)
        return {raw[start:end] for start, end in traced.spans[at : at + len(part)]}

    assert origin("angry") == {"😡"}
    assert origin("&") == {"&amp;"}
    assert origin("sad") == {"#sosad"}
    assert origin("ugh") == {"u", "g", "h"}


@pytest.mark.parametrize(
    "unit",
    [
        *("a", "ha", "(", ":", "<a ", "<a x=", "&#1", "\\x41", "lo", "😭", "👩\u200d", "`", "^_", "(╯", "o_", "-_"),
        *("&amp;", "(ツ", "hhhaaa", "aabbcc", "(x:", "🇩", "#", "@", "www.", "=_", "<p a='", "\u200d", "aaab"),
    ],
)
@pytest.mark.parametrize("whole", ["{}", "#{}", "({})", "<p {}"])
@pytest.mark.timeout(5)
def test_no_text_takes_long(unit: str, whole: str) -> None:
    normaliser("2").normalise(whole.format(unit * (MAX_CHARS // len(unit))))


def test_the_newest_version_is_what_is_trained_now() -> None:
    assert normaliser().version == NORMALISER_VERSION == NORMALISER_VERSIONS[-1]
    with pytest.raises(KeyError):
        normaliser("0")


def test_the_table_names_each_emoji_once_and_without_its_look() -> None:
    with emoji_senses.EMOJI_FILE.open(encoding="utf-8", newline="") as file:
        rows = [(row["emoji"], row["sense"]) for row in csv.DictReader(file)]
    assert len(rows) == len({sign for sign, _ in rows}) > 600
    assert not [sign for sign, _ in rows if re.search("[\ufe0f\U0001f3fb-\U0001f3ff]", sign)]
    assert all(sense == sense.strip() and "(" not in sense for _, sense in rows)


def test_the_words_are_single_lower_case_and_listed_once() -> None:
    listed = (ROOT / "data" / "words.txt").read_text(encoding="utf-8").splitlines()
    assert len(listed) == len(set(listed)) == 20_000
    assert all(re.fullmatch("[a-z]+", word) for word in listed)


def test_encodable_joins_pairs_and_replaces_lone_surrogates() -> None:
    assert encodable("a\ud83d\ude02b\ud800") == "a😂b\ufffd"
    assert encodable("plain") == "plain"
