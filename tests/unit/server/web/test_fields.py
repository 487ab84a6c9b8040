"""Numbers from forms: what is one, and what is refused."""

import pytest

from base.errors import Refused
from server.web.fields import whole_or_none


def test_a_whole_number_is_read_and_an_empty_field_is_none():
    assert [whole_or_none({"n": text}, "n") for text in ("", " ", "0", "-1", " 12 ")] == [None, None, 0, -1, 12]


@pytest.mark.parametrize("text", ["--5", "-", "5-", "1.5", "²", "NaN", "9" * 10])
def test_what_is_no_whole_number_is_refused(text: str):
    with pytest.raises(Refused) as caught:
        whole_or_none({"n": text}, "n")
    assert caught.value.code == "server.input_wrong"
