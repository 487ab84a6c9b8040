from hypothesis import given
from hypothesis import strategies as st

from devices.waiting import Waiting, WaitingRoom
from devices.wire.topics import Up, Uplink


def message(kind: Up, mark: int = 0) -> Waiting:
    return Waiting(Uplink("d", kind), str(mark).encode())


def test_the_oldest_want_leaves_first_then_heartbeats_hellos_and_receipts() -> None:
    room = WaitingRoom(3)
    for mark in range(3):
        room.put(message(Up.WANT, mark))
    assert [room.put(message(Up.RECEIPT)) for _ in range(3)] == [message(Up.WANT, mark) for mark in range(3)]
    room = WaitingRoom(3)
    for kind, mark in ((Up.RECEIPT, 1), (Up.HEARTBEAT, 2), (Up.HEARTBEAT, 3)):
        assert room.put(message(kind, mark)) is None
    assert room.put(message(Up.HELLO, 4)) == message(Up.HEARTBEAT, 2)
    assert room.put(message(Up.RECEIPT, 5)) == message(Up.HEARTBEAT, 3)
    assert room.put(message(Up.RECEIPT, 6)) == message(Up.HELLO, 4)
    assert room.put(message(Up.RECEIPT, 7)) == message(Up.RECEIPT, 1)


def test_hellos_are_taken_before_heartbeats_before_receipts_before_wants() -> None:
    room = WaitingRoom()
    for kind in (Up.WANT, Up.RECEIPT, Up.HEARTBEAT, Up.HELLO):
        room.put(message(kind))
    assert [each.uplink.kind for each in room.take(10)] == [Up.HELLO, Up.HEARTBEAT, Up.RECEIPT, Up.WANT]


def test_a_flood_of_heartbeats_does_not_keep_receipts_waiting() -> None:
    room = WaitingRoom()
    for number in range(1000):
        room.put(message(Up.HEARTBEAT, number))
    for number in range(30):
        room.put(message(Up.RECEIPT, number))
    assert sum(each.uplink.kind is Up.RECEIPT for each in room.take(100)) == 25


@given(
    st.lists(st.sampled_from([Up.HELLO, Up.HEARTBEAT, Up.RECEIPT, Up.WANT]), max_size=60),
    st.integers(1, 40),
    st.integers(1, 20),
)
def test_nothing_is_lost_unseen_and_the_bound_holds(kinds: list[Up], capacity: int, limit: int) -> None:
    room = WaitingRoom(capacity)
    gone = [out for mark, kind in enumerate(kinds) if (out := room.put(message(kind, mark)))]
    assert len(room) <= capacity
    taken: list[Waiting] = []
    while len(room):
        batch = room.take(limit)
        assert 0 < len(batch) <= limit
        taken += batch
    assert sorted(int(each.payload) for each in gone + taken) == list(range(len(kinds)))
