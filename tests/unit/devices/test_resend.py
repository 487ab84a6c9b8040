from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from devices.resend import Resend, Watched

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def order(order_id: str = "a", kind: str = "play", occurrence: str | None = "o", lasts_s: float = 3600) -> Watched:
    return Watched(order_id, "c", 1, kind, occurrence, NOW + timedelta(seconds=lasts_s))


def looks(resend: Resend, until_s: float, *, step_s: float = 0.5) -> list[float]:
    """When a look was due, if nobody ever showed the order."""
    found = []
    for step in range(int(until_s / step_s) + 1):
        at_s = step * step_s
        for each in resend.due(at_s, NOW + timedelta(seconds=at_s)):
            found.append(at_s)
            resend.looked(each.id, {"d"})
    return found


def test_it_is_looked_after_in_two_seconds_and_then_ever_more_rarely() -> None:
    resend = Resend()
    resend.watch(order(), 0)
    assert resend.next_at_s() == 2
    assert looks(resend, 130) == [2, 4, 8, 16, 32, 62, 92, 122]


def test_it_is_forgotten_when_nobody_lacks_it_or_it_has_expired() -> None:
    resend = Resend()
    resend.watch(order("held"), 0)
    resend.watch(order("short", lasts_s=1, occurrence=None), 0)
    assert [each.id for each in resend.due(2, NOW + timedelta(seconds=2))] == ["held"]
    resend.looked("held", ())
    assert (len(resend), resend.next_at_s()) == (0, None)


def test_calling_off_ends_the_care_for_the_play_and_is_itself_looked_after() -> None:
    for ending in ("cancel", "all_clear"):
        resend = Resend()
        resend.watch(order("play"), 0)
        resend.watch(order("other", occurrence="p"), 0)
        resend.watch(order("end", ending), 1)
        assert [each.id for each in resend.due(3, NOW)] == ["other", "end"]


def test_who_held_it_at_one_look_is_not_asked_at_the_next() -> None:
    resend = Resend()
    resend.watch(order(), 0)
    resend.due(2, NOW)
    resend.looked("a", {"d", "e"})
    resend.due(4, NOW)
    resend.looked("a", {"e"})
    (again,) = resend.due(8, NOW)
    assert again.lacking == {"e"}


@given(st.lists(st.floats(0, 500), min_size=1, max_size=60))
def test_never_more_than_one_look_in_two_seconds_however_it_is_asked(moments: list[float]) -> None:
    resend = Resend()
    resend.watch(order(), 0)
    seen = []
    for at_s in sorted(moments):
        for each in resend.due(at_s, NOW):
            seen.append(at_s)
            resend.looked(each.id, {"d"})
    assert all(later - earlier >= 2 for earlier, later in zip([0.0, *seen], seen, strict=False))
