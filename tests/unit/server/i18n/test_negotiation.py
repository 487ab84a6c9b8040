import pytest
from starlette.requests import Request

from server.i18n import negotiate


def asked(accept: str = "", cookie: str = "") -> Request:
    headers = [(b"accept-language", accept.encode()), (b"cookie", cookie.encode())]
    return Request({"type": "http", "headers": headers})


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", "vi"),
        ("en-GB,en;q=0.9,vi;q=0.8", "en"),
        ("fr;q=0.9, vi-VN;q=0.7, en;q=0.3", "vi"),
        ("de, fr", "vi"),
        ("en;q=0, vi;q=0.1", "vi"),
        ("en;q=not-a-number", "en"),
        (",;,=;q", "vi"),
    ],
)
def test_the_browsers_first_language_that_we_have_is_taken(accept: str, expected: str):
    assert negotiate(asked(accept)) == expected


def test_the_language_chosen_in_the_console_wins():
    assert negotiate(asked("vi", "loa_lang=en")) == "en"


def test_a_cookie_with_anything_else_is_ignored():
    assert negotiate(asked("en", "loa_lang=../../etc")) == "en"
