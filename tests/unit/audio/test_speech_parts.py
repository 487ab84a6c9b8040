from hypothesis import given, settings
from hypothesis import strategies as st

from audio.speech.parts import split_text

WORDS = st.text(st.sampled_from("ăbc d.,\n!"), max_size=120)


@settings(max_examples=100)
@given(WORDS, st.integers(1, 30))
def test_parts_fit_and_hold_everything_but_white_space_in_order(text: str, limit: int):
    parts = split_text(text, limit)
    assert all(1 <= len(part) <= limit and part == part.strip() for part in parts)
    assert "".join("".join(parts).split()) == "".join(text.split())


@settings(max_examples=50)
@given(st.lists(st.text("abcd", min_size=1, max_size=8), min_size=1, max_size=30))
def test_a_word_that_fits_is_never_cut(words: list[str]):
    parts = split_text(" ".join(words), 8)
    assert " ".join(parts).split() == words


def test_a_text_that_fits_stays_as_it_is():
    assert split_text("Tiêu đề\nMột. Hai.", 18) == ["Tiêu đề\nMột. Hai."]


def test_no_text_has_no_parts():
    assert split_text(" \n ", 10) == []


def test_cuts_come_after_sentences_first_then_clauses_then_words():
    assert split_text("Một hai. Ba bốn, năm sáu. Bảy", 22) == ["Một hai.", "Ba bốn, năm sáu. Bảy"]
    assert split_text("Một hai ba, bốn năm sáu", 20) == ["Một hai ba,", "bốn năm sáu"]
    assert split_text("Một hai ba bốn", 9) == ["Một hai", "ba bốn"]
    assert split_text("Một hai\nba bốn năm", 17) == ["Một hai", "ba bốn năm"]


def test_a_number_with_a_point_is_not_the_end_of_a_sentence():
    assert split_text("có 1.500 hộ dân", 9) == ["có 1.500", "hộ dân"]
