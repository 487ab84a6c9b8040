"""Who is lost and who only seems so: clocks that jump, links that flap, silence taken back, flash that was lost."""

from datetime import timedelta

import pytest

from base.times import to_ms
from devices.models import DeviceState, Presence
from devices.service import DeviceService
from devices.wire.reports import ClockReport, ClockState
from tests.support.speakers import NOON, SmallSite, Speaker
from tests.support.uplinks import S, Uplink, play, row

UNSET = ClockReport(ClockState.UNSET, 1_000, 2**40)


class Watch:
    """Sweeps every five seconds of true time; the wall clock of the site may be set meanwhile."""

    def __init__(self, site: SmallSite) -> None:
        self._site, self._steady_s = site, 0.0
        self.devices = DeviceService(site.keys, site.clock, lambda: self._steady_s)

    async def sweep(self) -> dict[str, str]:
        async with self._site.database.writing() as session:
            return {c.device_id: c.state for c in await self.devices.sweep_presence(session, self._site.clock())}

    async def pass_by(self, seconds: float) -> dict[str, str]:
        """Let time pass. Gives what became of whom."""
        changed = await self.sweep()
        for _ in range(int(seconds / 5)):
            self._steady_s += 5
            self._site.clock.forward(seconds=5)
            changed |= await self.sweep()
        return changed


@pytest.fixture
async def watch(site: SmallSite, uplink: Uplink) -> Watch:
    """Every device has just been heard."""
    for speaker in site.speakers.values():
        await uplink.say(speaker, "heartbeat", speaker.heartbeat())
    return Watch(site)


async def presence(site: SmallSite) -> Presence:
    return (await row(site, DeviceState, "s2")).presence


async def test_nobody_is_lost_because_the_servers_clock_was_set_forward(site: SmallSite, watch: Watch) -> None:
    assert await watch.pass_by(5) == {}
    site.clock.forward(hours=1)
    assert await watch.pass_by(35) == {}
    assert set((await watch.pass_by(60)).values()) == {"lost"}


async def test_who_falls_silent_is_lost_although_the_servers_clock_was_set_back(site: SmallSite, watch: Watch) -> None:
    assert await watch.pass_by(5) == {}
    site.clock.forward(hours=-1)
    changed = await watch.pass_by(100)
    assert changed == dict.fromkeys(site.speakers, "lost")


async def test_who_falls_silent_is_lost_although_the_brokers_connection_comes_and_goes(
    site: SmallSite, watch: Watch
) -> None:
    for _ in range(2):
        await watch.pass_by(60)
        watch.devices.listening_since(site.clock())
    assert await presence(site) is Presence.LOST


async def test_silence_that_was_taken_back_hides_no_loss(site: SmallSite, uplink: Uplink, watch: Watch) -> None:
    s2 = site.speakers["s2"]
    await uplink.say(s2, "heartbeat", s2.heartbeat(quiet_until_ms=to_ms(site.clock()) + 86_400_000))
    assert (await watch.pass_by(50))["s2"] == "quiet"
    await uplink.say(s2, "heartbeat", s2.heartbeat())
    assert (await watch.pass_by(100))["s2"] == "lost"


async def test_planned_silence_outlasts_heartbeats_that_say_nothing_of_it(
    site: SmallSite, uplink: Uplink, watch: Watch
) -> None:
    s2 = site.speakers["s2"]
    async with site.database.writing() as session:
        await watch.devices.set_planned_quiet(session, "s2", site.clock() + timedelta(hours=1))
    await uplink.say(s2, "heartbeat", s2.heartbeat())
    assert (await watch.pass_by(50))["s2"] == "quiet"


async def test_a_device_that_lost_flash_and_clock_comes_back_by_its_heartbeats(
    site: SmallSite, uplink: Uplink, watch: Watch
) -> None:
    s2 = site.speakers["s2"]
    s2.boot = 7
    await uplink.say(s2, "hello", s2.hello())
    await watch.pass_by(40)
    anew = Speaker(s2.enrolled, site.clock)
    await uplink.say(anew, "hello", anew.hello(clock=UNSET))
    for _ in range(3):
        await watch.pass_by(20)
        await uplink.say(anew, "heartbeat", anew.heartbeat(clock=UNSET))
    state = await row(site, DeviceState, "s2")
    assert (state.boot, state.receipt_series, state.presence) == (1, 1, Presence.ONLINE)
    # Until 85 s had passed it might have been an old boot played again.
    assert uplink.ingest.refused == {"replayed": 3}


async def test_an_old_boot_played_again_at_once_is_no_lost_flash(site: SmallSite, uplink: Uplink) -> None:
    s2 = site.speakers["s2"]
    hello, beat = s2.hello(), s2.heartbeat()
    await uplink.say(s2, "hello", hello)
    await uplink.say(s2, "heartbeat", beat)
    stored = s2.receipt(S.STORED, None)
    await uplink.say(s2, "receipt", stored)
    await uplink.acked("s2", stored)
    site.clock.forward(seconds=30)
    s2.boot = 2
    await uplink.say(s2, "hello", s2.hello())
    site.clock.forward(seconds=30)
    for kind, old in (("hello", hello), ("heartbeat", beat)):
        await uplink.say(s2, kind, old)
    state = await row(site, DeviceState, "s2")
    assert (state.boot, state.receipt_series, uplink.ingest.refused) == (2, 0, {"replayed": 2})


async def test_a_device_on_a_duty_cycle_is_quiet_while_it_sleeps_and_lost_when_it_does_not_come_back(
    site: SmallSite, uplink: Uplink, watch: Watch
) -> None:
    """At 05:00 UTC; its link is there from 05:00 to 05:02, and again from 05:10 on."""
    plan = ((300, 302), (310, 320))
    s2 = site.speakers["s2"]
    await uplink.say(s2, "heartbeat", s2.heartbeat(wake=plan))
    await watch.pass_by(100)
    await uplink.say(s2, "heartbeat", s2.heartbeat(wake=plan))
    assert (await watch.pass_by(500))["s2"] == "quiet"
    assert await presence(site) is Presence.QUIET
    changed = await watch.pass_by(150)
    assert changed["s2"] == "lost"
    assert site.clock() - NOON == timedelta(seconds=750)
    assert "s2" not in await watch.pass_by(600), "what did not come back is not excused by its sleep"
    await uplink.say(s2, "heartbeat", s2.heartbeat(wake=plan))
    assert await presence(site) is Presence.ONLINE


async def test_a_device_that_says_farewell_is_sent_nothing_until_it_is_back(site: SmallSite, uplink: Uplink) -> None:
    await play(site)
    s2 = site.speakers["s2"]
    site.clock.forward(seconds=1)
    back = site.clock() + timedelta(hours=2)
    await uplink.say(s2, "heartbeat", s2.heartbeat(quiet_until_ms=to_ms(back)))
    assert uplink.wants == []
    await uplink.say(s2, "hello", s2.hello())
    await uplink.say(s2, "heartbeat", s2.heartbeat())
    assert [(name, fresh) for name, _, fresh in uplink.wants] == [("s2", True), ("s2", False)]
