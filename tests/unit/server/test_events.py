"""The hub tells each page what it watches, at most twice a second, and nothing else."""

import asyncio

import pytest

from devices.changes import DeliveryChanged, PresenceChanged
from schedules.changes import EmergencyChanged, ProgrammeChanged
from server.events import PERIOD_S, Hub, HubClosed
from server.topics import Change, Topic, topics_of


class _Time:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


OCCURRENCE = Topic("occurrence", "o1")


def _delivery(occurrence: str = "o1") -> DeliveryChanged:
    return DeliveryChanged("bao-nhai", occurrence, ("bn-s01",))


async def test_a_page_hears_what_it_watches_and_not_what_it_does_not():
    hub = Hub()
    with hub.watching([OCCURRENCE]) as watch:
        hub.publish(_delivery("another"))
        assert await watch.next(0.01) is None
        hub.publish(_delivery())
        assert await watch.next(5) == OCCURRENCE


async def test_a_hundred_changes_at_once_are_told_once():
    hub = Hub(_Time())
    with hub.watching([OCCURRENCE]) as watch:
        for _ in range(100):
            hub.publish(_delivery())
        assert await watch.next(5) == OCCURRENCE
        assert await watch.next(0.01) is None


async def test_a_change_after_one_was_told_waits_for_the_period_and_is_not_lost():
    time = _Time()
    hub = Hub(time)
    with hub.watching([OCCURRENCE]) as watch:
        hub.publish(_delivery())
        assert await watch.next(5) == OCCURRENCE
        hub.publish(_delivery())
        assert await watch.next(0.01) is None
        time.now += PERIOD_S
        assert await watch.next(5) == OCCURRENCE


async def test_one_busy_topic_does_not_hold_up_another():
    hub = Hub(_Time())
    today = Topic("today", "bao-nhai")
    with hub.watching([OCCURRENCE, today]) as watch:
        hub.publish(_delivery())
        assert {await watch.next(5), await watch.next(5)} == {OCCURRENCE, today}


async def test_closing_the_hub_ends_every_watch_at_once():
    hub = Hub()

    async def listen() -> None:
        with hub.watching([OCCURRENCE]) as watch:
            await watch.next(60)

    listeners = [asyncio.create_task(listen()) for _ in range(3)]
    for _ in range(3):
        await asyncio.sleep(0)
    assert hub.watchers == 3
    hub.close()
    ended = await asyncio.wait_for(asyncio.gather(*listeners, return_exceptions=True), 60)
    assert [type(each) for each in ended] == [HubClosed] * 3
    assert hub.watchers == 0
    with hub.watching([OCCURRENCE]) as late, pytest.raises(HubClosed):
        await late.next(5)


async def test_an_idle_watch_gives_none_so_that_the_connection_can_be_kept_alive():
    hub = Hub()
    with hub.watching([OCCURRENCE]) as watch:
        assert await watch.next(0.01) is None
    assert hub.watchers == 0


@pytest.mark.parametrize(
    ("change", "topics"),
    [
        (_delivery(), {("occurrence", "o1"), ("today", "bao-nhai")}),
        (
            PresenceChanged("bao-nhai", "bn-s01", "lost"),
            {("device", "bn-s01"), ("clusters", "bao-nhai"), ("today", "bao-nhai")},
        ),
        (
            ProgrammeChanged("bao-nhai", "announcement", "a1"),
            {("announcement", "a1"), ("announcements", "bao-nhai"), ("today", "bao-nhai")},
        ),
        (
            EmergencyChanged("bao-nhai", "e1"),
            {("emergency", "e1"), ("emergencies", "bao-nhai"), ("today", "bao-nhai")},
        ),
    ],
)
def test_each_change_touches_the_pages_that_show_it(change: Change, topics: set[tuple[str, str]]):
    assert set(topics_of(change)) == {Topic(*topic) for topic in topics}
