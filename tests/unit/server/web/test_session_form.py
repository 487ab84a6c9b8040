import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import ImmutableMultiDict

from base.errors import Refused
from schedules.composition import MAX_ITEMS, Composition, Item
from server.web.session_form import MOST_SENT, Row, SessionForm, focus_of, form_of, read_form, seconds


def sent(do: str, *items: str, **more: str) -> SessionForm:
    rows = [pair for item in items for pair in (("item", item), ("gap", "0.7"))]
    return read_form(ImmutableMultiDict([*rows, ("do", do), *more.items()]))


def order(form: SessionForm) -> list[str]:
    return [row.announcement_id for row in form.done().rows]


@pytest.mark.parametrize(
    ("do", "after"),
    [
        ("up:1", "bac"),
        ("up:0", "abc"),
        ("down:1", "acb"),
        ("down:2", "abc"),
        ("remove:0", "bc"),
        ("remove:3", "abc"),
        ("up:-1", "abc"),
        ("up:99999", "abc"),
        ("up:²", "abc"),
        ("up:", "abc"),
        ("remove", "abc"),
        ("", "abc"),
        ("show", "abc"),
        ("drop table:1", "abc"),
    ],
)
def test_a_button_moves_one_item_and_a_strange_one_nothing(do: str, after: str):
    assert order(sent(do, "a", "b", "c")) == list(after)


def test_the_same_announcement_can_be_added_twice():
    assert order(sent("add", "a", "b", add="a")) == ["a", "b", "a"]


def test_adding_nothing_changes_nothing():
    assert order(sent("add", "a")) == ["a"]


@pytest.mark.parametrize(
    ("do", "focus"),
    [
        ("add", "add-it"),
        ("up:2", "up-1"),
        ("up:1", "down-0"),
        ("down:0", "down-1"),
        ("down:1", "up-2"),
        ("remove:0", "remove-0"),
        ("remove:2", "remove-1"),
        ("save", ""),
        ("", ""),
    ],
)
def test_the_keyboard_goes_on_with_the_item_that_moved_or_the_one_after_it(do: str, focus: str):
    assert focus_of(sent(do, "a", "b", "c", add="a").done()) == focus


def test_after_the_last_item_went_the_keyboard_goes_on_with_adding():
    assert focus_of(sent("remove:0", "a").done()) == "add-it"


def test_one_too_many_is_refused():
    with pytest.raises(Refused) as caught:
        sent("add", *("a" * MAX_ITEMS), add="b").done()
    assert caught.value.code == "schedules.session_items_count"


def test_of_a_form_with_endless_rows_only_so_many_are_read():
    assert len(sent("", *("a" * 5_000)).rows) == MOST_SENT


@pytest.mark.parametrize(
    ("typed", "gap_ms"), [("0.7", 700), ("0,7", 700), (" 3 ", 3_000), ("0", 0), ("60", 60_000), ("-1", -1_000)]
)
def test_pauses_are_read_in_seconds(typed: str, gap_ms: int):
    form = SessionForm(rows=(Row("a", typed),))
    assert form.composition().items == (Item("a", gap_ms),)


@pytest.mark.parametrize("typed", ["", "x", "1e9", "nan", "inf", "0x10", "1 2", "٣" * 9, "99999999"])
def test_a_pause_that_is_no_number_is_refused(typed: str):
    with pytest.raises(Refused) as caught:
        SessionForm(rows=(Row("a", typed),)).composition()
    assert caught.value.code == "server.gap_wrong"


_NAMES = st.sampled_from(["a", "b", "c"])
_TONES = st.none() | st.sampled_from(["chime", "gong"])


@given(
    st.builds(
        Composition,
        _TONES,
        st.none() | st.just("i"),
        st.lists(st.builds(Item, _NAMES, st.integers(0, 60_000)), max_size=5).map(tuple),
        _TONES,
    )
)
def test_what_is_kept_comes_back_through_the_form(composition: Composition):
    assert form_of("t", 1, 3, composition.to_map()).composition() == composition


@given(st.integers(0, 60_000))
def test_seconds_are_plain_figures(milliseconds: int):
    assert set(seconds(milliseconds)) <= set("0123456789.")
