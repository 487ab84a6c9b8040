import pytest
from hypothesis import given
from hypothesis import strategies as st

from base.ids import id_from_bytes, id_to_bytes, is_name, new_id


@given(st.binary(min_size=16, max_size=16))
def test_an_id_goes_to_16_bytes_and_back(raw: bytes):
    text = id_from_bytes(raw)
    assert len(text) == 26
    assert id_to_bytes(text) == raw


def test_ids_are_new_each_time_and_sort_by_when_they_were_made():
    ids = [new_id() for _ in range(200)]
    assert len(set(ids)) == 200
    assert [one[:10] for one in ids] == sorted(one[:10] for one in ids)


@pytest.mark.parametrize("raw", [b"", bytes(15), bytes(17)])
def test_other_lengths_are_no_id(raw: bytes):
    with pytest.raises(ValueError):
        id_from_bytes(raw)


@pytest.mark.parametrize("text", ["", "x", "8" + "Z" * 25, "0" * 25, "0" * 27, "0" * 25 + "U", "0" * 25 + "đ"])
def test_other_text_is_no_id(text: str):
    with pytest.raises(ValueError):
        id_to_bytes(text)


@pytest.mark.parametrize("text", ["a", "7", "bao-nhai", "bn-s01", "a--b", "a" * 48])
def test_names_are_taken(text: str):
    assert is_name(text)


@pytest.mark.parametrize(
    "text",
    ["", "-", "-a", "a-", "a" * 49, "A", "bảo-nhai", "a b", "a.b", "a/b", "a_b", "+", "#", "$sys", "a\n", "\x00", "٣"],
)
def test_what_is_unsafe_in_a_topic_a_file_name_or_a_url_is_no_name(text: str):
    assert not is_name(text)
