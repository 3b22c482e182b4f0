import pytest

from core.language import LANGUAGES, detect, is_read, language_code, language_name

SAID = {
    "es": "no me lo puedo creer, otra vez llega tarde el tren",
    "fr": "encore une journée de pluie et personne ne répond",
    "de": "heute ist ein richtig schöner Tag und ich freue mich",
    "it": "non ci posso credere, hanno chiuso la biblioteca",
    "pt": "não aguento mais esse ônibus, que vergonha",
    "nl": "wat een prachtige dag, ik ben zo trots op mijn zus",
    "tr": "bugün çok mutluyum, hepinize teşekkür ederim",
    "pl": "dziękuję wam wszystkim, jestem taka szczęśliwa",
    "id": "terima kasih banyak semuanya, hari ini indah sekali",
    "ja": "今日は本当に嬉しいです",
    "ar": "لا أحد يرد على الهاتف وأنا غاضب جدا",
    "hi": "आज मैं बहुत खुश हूँ",
}


@pytest.mark.parametrize(("code", "text"), SAID.items())
def test_short_texts_in_twelve_languages(code: str, text: str) -> None:
    assert detect([text]) == [code]
    assert detect([f"@ana {text} #x https://t.co/abc"]) == [code]
    assert not is_read(code)


@pytest.mark.parametrize(
    "text",
    [
        *("so happy with the new garden today", "what a wonderful evening by the river", "I hate waiting in line"),
        *(
            "lol",
            "omg",
            "yesss",
            "gutted",
            "😂😂",
            "",
            "https://t.co/abc",
            "@ana @bob",
            "RT @ana: ok",
            "1234",
            "Kung fu Panda lol",
        ),
    ],
)
def test_english_and_what_is_too_short_are_read(text: str) -> None:
    (code,) = detect([text])
    assert is_read(code)


def test_what_the_file_says_comes_first() -> None:
    assert detect([SAID["es"], SAID["fr"], SAID["de"]], ["en", "und", ""]) == ["en", "fr", "de"]


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        *(("en", "en"), ("EN", "en"), ("en-GB", "en"), ("pt_BR", "pt"), ("English", "en"), ("['es']", "es")),
        *(('["ja", "en"]', "ja"), ("in", "id"), ("iw", "he"), ("", None), ("und", None), ("qme", None), ("zxx", None)),
        *(("nan", None), ("12", None), ("hau", "hau")),
    ],
)
def test_codes_as_files_write_them(cell: str, code: str | None) -> None:
    assert language_code(cell) == code


def test_each_language_has_a_name() -> None:
    assert language_name("es") == "Spanish"
    assert language_name("hau") == "hau"
    assert len(set(LANGUAGES.values())) == len(LANGUAGES)
