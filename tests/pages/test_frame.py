import pytest
from streamlit.testing.v1 import AppTest

from pages.components.frame import plain


@pytest.mark.parametrize(
    ("text", "drawn"),
    [
        ("*a* _b_ `c` [d](e) <f> :red[g] $h$ #i 1. ~j~ |k| &amp;", None),
        ("https://evil.example", "https\u2060\\:"),
        ("HTTP://evil.example", "HTTP\u2060\\:"),
        ("www.evil.example", "www\u2060\\."),
        ("bob@evil.example", "bob@\u2060evil"),
    ],
)
def test_markdown_is_escaped_and_addresses_are_taken_apart(text: str, drawn: str | None) -> None:
    escaped = plain(text)
    assert escaped.replace("\\", "").replace("\u2060", "") == text
    if drawn:
        assert drawn in escaped
    else:
        for sign in "*_`[]()<>:$#.~|&":
            assert escaped.count(f"\\{sign}") == text.count(sign)


def test_a_named_error_becomes_a_message_and_another_does_not_pass_for_one() -> None:
    def page() -> None:
        from core.errors import InputError  # noqa: PLC0415  (the script runs apart from this module)
        from pages.components.frame import guarded  # noqa: PLC0415

        guarded(lambda: (_ for _ in ()).throw(InputError("bad *row*")))()

    app = AppTest.from_function(page).run()
    assert not app.exception
    assert app.error[0].value == r"bad \*row\*"
