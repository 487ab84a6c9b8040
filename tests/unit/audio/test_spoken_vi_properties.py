"""What holds of the spoken form for any text whatever."""

import string
import time
import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from audio.spoken_vi import LIMIT, check_entry, explain, speak
from audio.spoken_vi.abbreviations import ABBREVIATIONS
from audio.spoken_vi.documents import BODIES, KINDS
from audio.spoken_vi.numbers import cardinal
from audio.spoken_vi.scanner import scan
from audio.spoken_vi.senses import SENSES
from audio.spoken_vi.tidy import polish, tidy
from audio.spoken_vi.units import UNITS
from base.errors import Refused

SHORT = [*ABBREVIATIONS, *SENSES, *KINDS, *BODIES, *UNITS]
WORDS = [
    *SHORT,
    "ngày",
    "tháng",
    "thứ",
    "năm",
    "lần",
    "quý",
    "khóa",
    "âm lịch",
    "mùng",
    "gọi",
    "số",
    "từ",
    "đến",
    "sáng",
    "tổ",
    "lớp",
]
CAPITALS = [
    "XÃ",
    "VI PHẠM",
    "XI MĂNG",
    "CA",
    "TU",
    "I",
    "IV",
    "XXI",
    "C",
    "T2",
    "QL 4D",
    "H'Mông",
    "K'Brối",
    "Páo",
    "A",
]
FIGURES = [
    "2/9",
    "10/10/2025",
    "17h30",
    "7:05",
    "1.500",
    "12,5",
    "0912 345 678",
    "57-NQ/TW",
    "113",
    "1900 1234",
    "5A",
    "Km 12+300",
    "2tr5",
]
MARKS = [*" .,;:!?-–/&+=%°'\"()[]<>~×*_#@$|\n\t", "...", " - ", "/", "², "]

written = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=string.ascii_letters + string.digits + " .,:;/-–'()%°đĐ+&@\n", max_size=60),
    st.lists(
        st.one_of(
            st.sampled_from([*WORDS, *CAPITALS, *FIGURES]), st.sampled_from(MARKS), st.integers(0, 99_999).map(str)
        ),
        max_size=14,
    ).map("".join),
    st.lists(st.sampled_from([*WORDS, *CAPITALS, *FIGURES, *MARKS]), max_size=12).map(" ".join),
)


@given(written)
@settings(max_examples=1_200, derandomize=True)
@example("a(b")
@example("1'''")
def test_speaking_what_is_spoken_changes_nothing(text: str):
    once = speak(text)
    assert speak(once) == once


@given(written)
@settings(max_examples=600, derandomize=True)
def test_no_figure_is_left_and_nothing_invisible(text: str):
    spoken = speak(text)
    assert not any(char.isdigit() for char in spoken)
    assert unicodedata.is_normalized("NFC", spoken)
    assert all(char == " " or unicodedata.category(char)[0] not in "CZ" for char in spoken)
    assert spoken == polish(spoken)


@given(written)
@settings(max_examples=400, derandomize=True)
def test_the_pieces_are_the_tidied_text_and_the_spoken_form(text: str):
    pieces = explain(text)
    assert "".join(piece.written for piece in pieces) == tidy(text)
    assert polish("".join(piece.spoken for piece in pieces)) == speak(text)
    assert all(piece.written == piece.spoken for piece in pieces if piece.written and not piece.rule)


@given(
    st.lists(
        st.sampled_from(["bà", "con", "Giàng", "Páo", "Jờ", "Zhế", "fằn", "họp", "thôn", "chợ", "Vừ"]), max_size=20
    )
)
@settings(max_examples=100, derandomize=True)
def test_words_nobody_shortened_stay_in_their_order(words: list[str]):
    assert speak(" ".join(words)) == " ".join(words)


@given(st.integers(0, 10**27 - 1))
@settings(max_examples=300, derandomize=True)
def test_a_number_with_dots_is_read_as_the_number_it_is(number: int):
    if number >= 1_000:
        assert speak(f"{number:,}".replace(",", ".")) == cardinal(number)


@given(st.integers(0, 10**27 - 1), st.integers(0, 10**27 - 1))
@settings(max_examples=300, derandomize=True)
def test_two_numbers_never_sound_the_same(one: int, other: int):
    assert (cardinal(one) == cardinal(other)) == (one == other)


@pytest.mark.parametrize("frame", ["{}", "{} I", "quý {}", "5 {}", "gọi {}.", "{}/{}", "{}-{}", "xã {} XÃ"])
def test_every_entry_of_the_tables_is_spoken_once_and_for_all(frame: str):
    spoken = {short: speak(frame.replace("{}", short)) for short in SHORT}
    assert {short: speak(once) for short, once in spoken.items()} == spoken


HOSTILE = [
    "1",
    "1.",
    "1,",
    "0",
    "9",
    "-",
    " -",
    "/",
    "a/",
    "1/",
    "'",
    "(",
    "A.",
    "TP.",
    "T.Ư",
    "a@",
    "a.vn",
    "http://",
    "1-",
    "I",
    "V",
    "aA1",
    "\n- ",
    "°",
    "ﷺ",
    "0 9",
    "1h",
    "\u0300",
    "mm/",
    "X. ",
    "12:3",
]


@pytest.mark.parametrize("unit", HOSTILE)
def test_work_grows_with_the_length_and_no_faster(unit: str):
    def tries(length: int):
        return scan((unit * length)[:length], {}).attempts

    assert tries(4_000) <= 2.2 * max(tries(2_000), 40)


@pytest.mark.parametrize("unit", ["^", '"', "a  ", "( ", "'", "*"])
def test_tidying_ten_times_the_longest_text_takes_no_minutes(unit: str):
    # Looking from each of so many spaces for what follows them took over a minute of the processor; now hundredths.
    began_s = time.process_time()
    tidy((f"a{unit}" + unit * LIMIT * 10)[: LIMIT * 10])
    assert time.process_time() - began_s < 5


def test_the_longest_text_is_spoken_and_a_longer_one_refused():
    line = "Gọi 113 lúc 17h30, UBND xã. "
    assert speak((line * LIMIT)[:LIMIT]).startswith("Gọi một một ba")
    with pytest.raises(Refused) as caught:
        speak("a" * (LIMIT + 1))
    assert (caught.value.code, caught.value.params) == ("audio.text_too_long", {"length": LIMIT + 1, "limit": LIMIT})


OWN = {
    "TT": "thị tứ",
    "QL 4D": "đường liên xã",
    "QL": "đường",
    "Pa Cheo": "Pa Chéo",
    "5K": "năm không",
    "CT": "CT",
    "Y": "Y",
}


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("TT Bát Xát", "thị tứ Bát Xát"),
        ("QL 4D và QL 279", "đường liên xã và đường hai trăm bảy mươi chín"),
        ("xã Pa Cheo", "xã Pa Chéo"),
        ("Pa Cheoo", "Pa Cheoo"),
        ("thông điệp 5K", "thông điệp năm không"),
        ("CT UBND", "CT Ủy ban nhân dân"),
        ("TTYT", "trạm ý tế"),
    ],
)
def test_the_communes_own_words_come_first(text: str, spoken: str):
    assert speak(text, dictionary={**OWN, "TTYT": "trạm ý tế"}) == spoken


def test_what_the_dictionary_says_is_said_as_it_stands():
    assert speak("mã A1 xong", dictionary={"A1": "A1, B2"}) == "mã A1, B2 xong"


def test_a_dictionary_typed_with_parted_letters_is_found():
    assert speak("Chợ Bản Liền", dictionary={unicodedata.normalize("NFD", "Bản Liền"): "Bản Lìn"}) == "Chợ Bản Lìn"


def test_the_explanation_names_the_rule_of_what_changed():
    rules = {piece.written: piece.rule for piece in explain("UBND họp 17h30, FPT, 5A", dictionary={"5A": "năm a"})}
    assert rules["UBND"] == "abbreviation"
    assert rules["17h30"] == "time"
    assert rules["FPT"] == "spelled"
    assert rules["5A"] == "dictionary"
    assert rules["họp"] == ""


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("1.005 hộ", "một ngàn không trăm lẻ năm hộ"),
        ("24 hộ", "hai mươi bốn hộ"),
        ("tháng 4, thứ 4", "tháng tư, thứ tư"),
        ("xã Linh Sơn", "xã Linh Sơn"),
        ("bà Linh có 105 con", "bà Linh có một trăm lẻ năm con"),
    ],
)
def test_the_south_counts_in_its_own_words(text: str, spoken: str):
    assert speak(text, accent="south") == speak(text, accent="central") == spoken


def test_a_stray_accent_behind_a_figure_is_composed_too():
    """Found by fuzzing."""
    assert unicodedata.is_normalized("NFC", speak("ĐT 021\u0327"))


def test_an_entry_is_kept_composed_and_in_single_spaces():
    assert check_entry("  Pa   Cheo ", " Pa  Che\u0301o ") == ("Pa Cheo", "Pa Chéo")
    assert check_entry("CT", "CT") == ("CT", "CT")


@pytest.mark.parametrize("typed", ["Ðồn\x00 A1", "ĐƠN “A1”", "A1 (mới)", "km\u200b2", "A1,", "ＵＢ ２"])
def test_an_entry_is_found_in_a_text_however_it_was_typed(typed: str):
    kept, said = check_entry(typed, "một hai")
    assert said in speak(f"Ở {typed} nhé", dictionary={kept: said})
    assert check_entry(kept, said) == (kept, said)


@pytest.mark.parametrize(
    ("written_as", "said", "code"),
    [
        ("", "a", "audio.entry_written_wrong"),
        ("- ", "a", "audio.entry_written_wrong"),
        ("a" * 61, "a", "audio.entry_written_wrong"),
        ("B_'__BVĐK", "a", "audio.entry_written_wrong"),
        ("ABC", "  ", "audio.entry_said_wrong"),
        ("ABC", "a" * 301, "audio.entry_said_wrong"),
        ("ABC", "số 5", "audio.entry_not_spoken"),
        ("ABC", "UBND xã", "audio.entry_not_spoken"),
    ],
)
def test_an_entry_that_cannot_be_said_is_refused(written_as: str, said: str, code: str):
    with pytest.raises(Refused) as caught:
        check_entry(written_as, said)
    assert caught.value.code == code


def test_the_refusal_shows_how_it_would_be_said():
    with pytest.raises(Refused) as caught:
        check_entry("ABC", "số 5")
    assert caught.value.params["suggestion"] == "số năm"
