"""Whether a sound is where it is to be heard in time, reckoned from what is lacking, links and visits."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from devices.contacts import EFFICIENCY, Contact, Load, Reach, Visit, counted_on, forecast
from schedules.arrivals import Arrival, Wanted, Ways, predict

NOW = datetime(2026, 3, 10, 3, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FAST = Contact(Reach.ONLINE, kbit_s=2_000)
SLOW = Contact(Reach.ONLINE, kbit_s=8)
"""700 bytes a second, so that a sound of 420 kB takes ten minutes."""
TEN_MINUTES = int(8_000 / 8 * EFFICIENCY * 600)
SILENT = Contact(Reach.ONLINE, kbit_s=2_000, silent=True)
COURIER = Contact(Reach.COURIER, kbit_s=2_000, visits=(Visit(NOW + 60 * MINUTE, NOW + 120 * MINUTE),))


def ways(contacts: Mapping[str, Contact], size: int = TEN_MINUTES, **more: object) -> Ways:
    """Each cluster named like the device that sounds it."""
    known = Ways({name: name for name in contacts}, contacts, lambda _sound, _device: (size, size), frozenset())
    return replace(known, **more)  # type: ignore[arg-type]  # only its own fields are given


def wanted(name: str, minutes: float, clusters: str, sound: str = "", urgency: int = 1) -> Wanted:
    return Wanted(name, sound or name, NOW + minutes * MINUTE, urgency, frozenset(clusters))


def test_a_slow_link_is_late_for_what_begins_before_the_last_byte_and_its_margin():
    known = ways({"a": SLOW, "b": FAST})
    assert predict([wanted("soon", 11, "ab")], known, NOW) == {"soon": Arrival(late=1, unknown=0)}
    assert predict([wanted("later", 13, "ab")], known, NOW) == {}


def test_what_is_known_to_be_there_is_not_sent_again():
    known = ways({"a": SLOW}, held={("a", "news")})
    assert predict([wanted("soon", 1, "a", sound="news")], known, NOW) == {}


def test_a_sound_heard_often_travels_once_and_is_late_only_for_what_comes_too_early():
    airings = [wanted("first", 5, "a", sound="news"), wanted("second", 30, "a", sound="news")]
    assert predict(airings, ways({"a": SLOW}), NOW) == {"first": Arrival(late=1, unknown=0)}


def test_what_goes_before_on_the_same_link_keeps_the_other_waiting():
    both = [wanted("one", 15, "a"), wanted("two", 20, "a")]
    assert predict(both, ways({"a": SLOW}), NOW) == {"two": Arrival(late=1, unknown=0)}
    urgent = [wanted("one", 15, "a"), wanted("two", 20, "a", urgency=2)]
    assert predict(urgent, ways({"a": SLOW}), NOW) == {"one": Arrival(late=1, unknown=0)}


def test_of_a_silent_device_nobody_can_say_and_it_is_not_called_late():
    known = ways({"a": SILENT, "b": SILENT, "c": FAST})
    assert predict([wanted("news", 600, "abc")], known, NOW) == {"news": Arrival(late=0, unknown=2)}


def test_a_courier_brings_it_when_he_arrives_and_is_given_an_hour():
    airings = [wanted("before", 150, "a"), wanted("after", 181, "a")]
    assert predict(airings, ways({"a": COURIER}), NOW) == {"before": Arrival(late=1, unknown=0)}


def test_only_the_clusters_asked_about_are_counted_and_the_others_still_take_their_time():
    gateway = {"a": "gateway", "b": "gateway"}
    known = ways({"gateway": SLOW}, devices=gateway)
    airings = [wanted("for b", 15, "b"), wanted("for a", 18, "a")]
    assert predict(airings, known, NOW, frozenset("a")) == {"for a": Arrival(late=1, unknown=0)}


def test_what_has_begun_and_clusters_that_nothing_sounds_are_not_asked_about():
    assert predict([wanted("past", 0, "a")], ways({"a": SLOW}), NOW) == {}
    assert predict([wanted("soon", 1, "z")], ways({"a": SLOW}), NOW) == {}


LOADS = st.lists(
    st.tuples(st.integers(1, 3_000_000), st.integers(1, 600), st.integers(0, 3)), min_size=1, max_size=6
).map(
    lambda found: [
        Load(str(n), size, size, NOW + minutes * MINUTE, urgency) for n, (size, minutes, urgency) in enumerate(found)
    ]
)


@given(LOADS, st.sampled_from([FAST, SLOW, COURIER, replace(SLOW, spans=((200, 240), (600, 700)))]))
def test_it_is_counted_on_exactly_where_the_forecast_says_in_time(loads: list[Load], contact: Contact):
    ready, foretold = counted_on(contact, loads, NOW), forecast(contact, loads, NOW)
    for load in loads:
        moment = ready[load.id]
        assert (moment is not None and moment <= load.due) is bool(foretold[load.id].in_time)
        assert (moment is None) is (foretold[load.id].in_time is None)
