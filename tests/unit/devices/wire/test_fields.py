from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.wire.errors import BadMessage
from devices.wire.fields import MAX_MS, Fields, whole_numbers
from tests.unit.devices.wire.strategies import reason_for, strangers


class Colour(StrEnum):
    RED = "red"


class Rung(IntEnum):
    LOW = 0
    HIGH = 1


def fields(**values: Any) -> Fields:
    return Fields(values, "here")


def refused(call: Any) -> str:
    with pytest.raises(BadMessage) as caught:
        call()
    assert caught.value.reason == "bad_field"
    return caught.value.detail


READERS = {
    "whole": lambda f: f.whole("x", 0, 10),
    "whole_or_none": lambda f: f.whole_or_none("x", 0, 10),
    "flag": lambda f: f.flag("x"),
    "text": lambda f: f.text("x", 5),
    "name": lambda f: f.name("x"),
    "raw": lambda f: f.raw("x", 4),
    "ident": lambda f: f.ident("x"),
    "ident_or_none": lambda f: f.ident_or_none("x"),
    "items": lambda f: f.items("x", 2),
    "names": lambda f: f.names("x", 2),
    "texts": lambda f: f.texts("x", 2, 3),
    "idents": lambda f: f.idents("x", 2),
    "digests": lambda f: f.digests("x", 2),
    "part": lambda f: f.part("x"),
    "mapping": lambda f: f.mapping("x", 2),
    "colour": lambda f: f.choice("x", Colour),
    "rung": lambda f: f.choice("x", Rung),
}

OPTIONAL = {"whole_or_none", "flag", "ident_or_none", "names", "texts", "idents", "mapping"}

GOOD = {
    "whole": [0, 10],
    "whole_or_none": [0, 10, None],
    "flag": [True, False],
    "text": ["", "đồi", "abcde", "a\nb"],
    "name": ["a", "bao-nhai", "a" * 48],
    "raw": [bytes(4)],
    "ident": [bytes(16)],
    "ident_or_none": [bytes(16), None],
    "items": [[], [1, 2]],
    "names": [[], ["a", "b"]],
    "texts": [[], ["abc", ""]],
    "idents": [[], [bytes(16)]],
    "digests": [[], [bytes(32)]],
    "part": [{}, {"y": 1}],
    "mapping": [{}, {"a": 1, "b": None}],
    "colour": ["red"],
    "rung": [0, 1],
}

BAD = {
    "whole": [None, -1, 11, True, 1.0, "1", b"\x01", [1]],
    "whole_or_none": [-1, 11, False, 1.0, "1"],
    "flag": [None, 0, 1, "true"],
    "text": [None, "abcdef", b"abc", 1, "a\x00"],
    "name": [None, "", "A", "a b", "a.b", "a/b", "+", "-a", "a-", "a" * 49, "a\n", b"a"],
    "raw": [None, bytes(3), bytes(5), "abcd", bytearray(4)],
    "ident": [None, bytes(15), "01ARZ3NDEKTSV4RRFFQ69G5FAV"],
    "ident_or_none": [bytes(15), 0],
    "items": [None, [1, 2, 3], (1,), {}, "ab"],
    "names": [["a", "b", "c"], ["A"], [1], [["a"]], "ab", None],
    "texts": [["a", "b", "c"], ["abcd"], [b"a"], ["\x00"], None],
    "idents": [[bytes(16)] * 3, [bytes(15)], ["a"], None],
    "digests": [[bytes(32)] * 3, [bytes(31)], ["a"], None],
    "part": [None, [], 1],
    "mapping": [{"a": 1, "b": 2, "c": 3}, {1: 2}, {b"a": 1}, [], None],
    "colour": [None, "blue", 1, ["red"], {"red": 1}],
    "rung": [None, 2, True, False, 1.0, "1", [1]],
}


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in GOOD.items() for value in values])
def test_a_value_within_its_limits_is_taken(kind: Any, value: Any):
    READERS[kind](fields(x=value))


@pytest.mark.parametrize(("kind", "value"), [(kind, value) for kind, values in BAD.items() for value in values])
def test_a_value_of_the_wrong_kind_or_size_is_refused_by_name(kind: Any, value: Any):
    assert refused(lambda: READERS[kind](fields(x=value))) in {"here.x", "here"}


@pytest.mark.parametrize("kind", sorted(READERS))
def test_a_missing_field_is_refused_unless_it_may_be_absent(kind: Any):
    if kind in OPTIONAL:
        READERS[kind](fields())
    else:
        assert refused(lambda: READERS[kind](fields())) in {"here.x", "here"}


@pytest.mark.parametrize("value", [None, [], 1, "map", b""])
def test_what_is_no_map_has_no_fields(value: Any):
    assert refused(lambda: Fields(value, "order")) == "order"


def test_unknown_fields_are_passed_over():
    assert fields(x=1, later="something new").whole("x") == 1


def test_moments_reach_the_end_of_the_year_9999():
    assert fields(x=MAX_MS).whole("x") == MAX_MS
    assert refused(lambda: fields(x=MAX_MS + 1).whole("x")) == "here.x"


def test_a_field_inside_a_field_is_named_by_its_way():
    assert refused(lambda: fields(clock={"now": -1}).part("clock").whole("now")) == "here.clock.now"


@given(st.sampled_from(sorted(READERS)), strangers)
def test_no_value_makes_a_reader_stumble(kind: Any, value: Any):
    assert reason_for(READERS[kind], fields(x=value)) in {"bad_field", None}


@pytest.mark.parametrize("value", [None, 1, (1, 2), [1], [1, 2, 3], [1, True], [1, 2.0], ["1", 2], [None, 1]])
def test_what_is_not_that_many_whole_numbers_is_none(value: Any):
    assert whole_numbers(value, 2) is None


def test_whole_numbers_are_given_back():
    assert whole_numbers([-1, 2**70], 2) == (-1, 2**70)
