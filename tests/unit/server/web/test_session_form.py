from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import ImmutableMultiDict

from base.errors import Refused
from schedules.composing import ItemKind
from schedules.composition import MAX_ITEMS, Composition, Item, Music, Relay
from server.web.session_form import MOST_SENT, Row, SessionForm, focus_of, form_of, read_form, seconds


def sent(do: str, *items: str, **more: str) -> SessionForm:
    rows = [pair for item in items for pair in (("item", item), ("gap", "0.7"))]
    return read_form(ImmutableMultiDict([*rows, ("do", do), *more.items()]))


def order(form: SessionForm) -> list[str]:
    return [row.about for row in form.done().rows]


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


@pytest.mark.parametrize(
    ("typed", "at_s"), [("", None), ("0:05", 5), ("12:30", 750), ("90:00", 5_400), ("1:00:00", 3_600), (" 2.30 ", 150)]
)
def test_times_in_a_session_are_read_as_on_a_player(typed: str, at_s: int | None):
    assert SessionForm(rows=(Row("a", "0", at=typed),)).composition().items == (Item("a", 0, at_s),)


@pytest.mark.parametrize("typed", ["5", "1:60", "x", "1:2", "-1:00", ":30", "1:00:00:00", "٣:٣٣"])
def test_a_time_that_is_none_is_refused(typed: str):
    with pytest.raises(Refused) as caught:
        SessionForm(rows=(Row("a", "0", at=typed),)).composition()
    assert caught.value.code == "server.clock_wrong"


@pytest.mark.parametrize(("typed", "lasts_s"), [("30", 1_800), ("0,5", 30), ("240", 14_400)])
def test_the_length_of_a_relay_is_read_in_minutes(typed: str, lasts_s: int):
    row = Row("a", "0", ItemKind.RELAY, long=typed)
    assert SessionForm(rows=(row,)).composition().items == (Relay("a", lasts_s, 0),)


@pytest.mark.parametrize("typed", ["", "x", "nan", "1e99", "9" * 8])
def test_a_length_that_is_no_number_is_refused(typed: str):
    with pytest.raises(Refused) as caught:
        SessionForm(rows=(Row("a", "0", ItemKind.RELAY, long=typed),)).composition()
    assert caught.value.code == "server.minutes_wrong"


def test_stations_and_music_are_added_each_by_its_button():
    form = sent("add-relay", "a", add="x", add_relay="r", add_music="m").done()
    assert [(row.kind, row.about, row.long) for row in form.rows][1:] == [("relay", "r", "30")]
    assert focus_of(form) == "add-relay-it"
    form = replace(form, do="add-music", add_music="m").done()
    assert [row.sent for row in form.rows] == ["a", "relay:r", "music:m"]
    fields = [("item", row.sent) for row in form.rows] + [("gap", "1"), ("gap", "2"), ("gap", "0")]
    read = read_form(ImmutableMultiDict([*fields, ("long", ""), ("long", "5"), ("long", "9:00"), ("at", "0:10")]))
    assert read.composition().items == (Item("a", 1_000, 10), Relay("r", 300, 2_000), Music("m", 540))


_NAMES = st.sampled_from(["a", "b", "c"])
_TIMES = st.none() | st.integers(1, 21_600)
_ELEMENTS = (
    st.builds(Item, _NAMES, st.integers(0, 60_000), _TIMES)
    | st.builds(Relay, _NAMES, st.integers(10, 14_400), st.integers(0, 60_000), _TIMES)
    | st.builds(Music, _NAMES, _TIMES)
)
_TONES = st.none() | st.sampled_from(["chime", "gong"])


@given(
    st.builds(
        Composition,
        _TONES,
        st.none() | st.just("i"),
        st.lists(_ELEMENTS, max_size=5).map(tuple),
        _TONES,
    )
)
def test_what_is_kept_comes_back_through_the_form(composition: Composition):
    assert form_of("t", 1, 3, composition.to_map()).composition() == composition


@given(st.integers(0, 60_000))
def test_seconds_are_plain_figures(milliseconds: int):
    assert set(seconds(milliseconds)) <= set("0123456789.")
