import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.wire.errors import BadMessage
from devices.wire.fields import Fields
from devices.wire.keys import MAX_KEYS, KeyEntry, Keys
from tests.unit.devices.wire.strategies import digests, ms

FIRST, SECOND = KeyEntry(1, bytes(32), 10), KeyEntry(2, bytes(32), 20)


def entries(epochs: list[int]) -> st.SearchStrategy[tuple[KeyEntry, ...]]:
    return st.tuples(*(st.builds(KeyEntry, st.just(epoch), digests, ms) for epoch in epochs))


@given(st.data())
def test_what_is_written_is_read_back(data: st.DataObject):
    epochs = data.draw(st.lists(st.integers(0, 999_999_999), min_size=1, max_size=6, unique=True))
    cut = data.draw(st.integers(1, len(epochs)))
    body = Keys(data.draw(entries(epochs[:cut])), data.draw(entries(epochs[cut:])))
    assert Keys.from_fields(Fields(body.to_map(), "keys")) == body


@pytest.mark.parametrize(
    "body",
    [
        Keys(()),
        Keys((FIRST, FIRST)),
        Keys((FIRST,), (FIRST,)),
        Keys((KeyEntry(1_000_000_000, bytes(32), 0),)),
        Keys((KeyEntry(1, bytes(31), 0),)),
        Keys(tuple(KeyEntry(epoch, bytes(32), 0) for epoch in range(MAX_KEYS + 1))),
    ],
)
def test_what_names_no_key_or_one_twice_is_refused(body: Keys):
    with pytest.raises(BadMessage) as caught:
        Keys.from_fields(Fields(body.to_map(), "keys"))
    assert caught.value.reason == "bad_field"


def test_both_lists_must_be_there():
    with pytest.raises(BadMessage):
        Keys.from_fields(Fields({"keys": [FIRST.to_map()]}, "keys"))
    assert Keys.from_fields(Fields(Keys((SECOND,), (FIRST,)).to_map(), "keys")).old == (FIRST,)
