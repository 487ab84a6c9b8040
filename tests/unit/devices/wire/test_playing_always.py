"""What must hold of a Programme whatever is ordered and whatever happens."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from base.ids import id_from_bytes
from devices.wire.config import Hours
from devices.wire.content import Gap
from devices.wire.orders import AfterPreemption, Level, Play, PlayClass, Repeat, Status
from devices.wire.playing import Airing, Begin, Change, End, Moment, Pause, Phase, Programme
from devices.wire.rehearsal import Rehearsal, rehearse

START = 1_767_225_600_000
SPAN_MS = 300_000
END = START + 20 * SPAN_MS

moments = st.integers(0, 30).map(lambda step: START + step * SPAN_MS // 30)


@st.composite
def airings(draw: st.DrawFn, number: int) -> Airing:
    issued = draw(moments)
    play = Play(
        occurrence=id_from_bytes(bytes([number]) * 16),
        start_ms=draw(st.none() | moments),
        parts=(Gap(draw(st.sampled_from([90_000, 30_000, 5_000, 1]))),),
        play_class=draw(st.sampled_from([PlayClass.EMERGENCY, PlayClass.NORMAL, *PlayClass])),
        level=draw(st.sampled_from(Level)),
        status=draw(st.sampled_from(Status)),
        late_ms=draw(st.sampled_from([SPAN_MS, 10_000, 0])),
        repeat=Repeat(draw(st.sampled_from([0, 1, 1, 1, 3])), draw(st.sampled_from([0, 2_000]))),
        preempted=draw(st.sampled_from(AfterPreemption)),
        stale_ms=draw(st.none() | st.sampled_from([0, 20_000])),
        turn=draw(st.integers(0, 2)),
    )
    expires = issued + draw(st.sampled_from([3 * SPAN_MS, SPAN_MS, 30_000, 0]))
    return Airing(
        play, f"order-{number}", issued, expires, play.total_ms(()), draw(st.sampled_from([True, True, False]))
    )


programmes = st.sampled_from([3, 4, 6, 2, 1]).flatmap(
    lambda count: st.tuples(*[airings(number) for number in range(1, count + 1)])
)
span = st.tuples(st.integers(0, 4), st.integers(5, 9))
hours = st.none() | st.builds(Hours, st.lists(span, max_size=2).map(tuple), st.just(0))
"""Minutes of a UTC day; everything here happens in its first five, so that the edges are met."""

event = st.tuples(
    st.integers(0, 40_000),
    st.sampled_from(["ready", "ready", "tick", "cancel", "stop", "unsure", "sure", "finish"]),
    st.integers(0, 5),
)
arrival = st.tuples(st.integers(0, 20_000), st.just("add"))


@st.composite
def stories(draw: st.DrawFn) -> tuple[tuple[Airing, ...], list[tuple[int, str, int]]]:
    """Airings, and what happens in order: ``(milliseconds later, what, which airing)``; every airing arrives once."""
    some = draw(programmes)
    arrivals = [(*draw(arrival), which) for which in range(len(some))]
    return some, draw(st.permutations(arrivals + draw(st.lists(event, max_size=15))))


@dataclass
class Listener:
    """A loudspeaker that believes what it is told, and finds fault with it."""

    programme: Programme
    sounding: str | None = None
    silenced: Airing | None = None
    ended: set[str] = field(default_factory=set)

    def take(self, changes: list[Change], now: Moment) -> None:
        self.silenced = None
        for change in changes:
            occurrence = change.airing.occurrence
            assert occurrence not in self.ended, "something sounds or ends after its end"
            match change:
                case Begin():
                    assert self.sounding is None, "two sounds at once"
                    assert now.sure or change.resumed or _needs_no_clock(change.airing), "begins on an unsure clock"
                    assert self.silenced is None or _may_interrupt(change.airing, self.silenced)
                    self.sounding = occurrence
                    self._may_sound(change.airing, now)
                case Pause():
                    assert self.sounding == occurrence
                    self.sounding, self.silenced = None, change.airing
                case End():
                    assert change.was_sounding == (self.sounding == occurrence)
                    assert change.state.final
                    assert change.sounded_ms >= 0
                    self.ended.add(occurrence)
                    self.sounding = None if change.was_sounding else self.sounding

    def listen_until(self, now: Moment) -> None:
        """What has sounded up to now was allowed to the last millisecond; before the changes of now."""
        current = self.programme.sounding
        if current is not None and now.mono_ms > current.since_mono_ms:
            self._may_sound(current, Moment(now.wall_ms - 1, now.mono_ms - 1, now.sure))

    def look(self, now: Moment) -> None:
        """After every `advance`."""
        current = self.programme.sounding
        assert (None if current is None else current.occurrence) == self.sounding
        assert sum(one.phase is Phase.SOUNDING for one in self.programme.airings) <= 1
        if current is not None:
            self._may_sound(current, now)
        waiting = [one for one in self.programme.airings if one is not current and _due(one, now)]
        if waiting:
            assert current is not None, "something is due and nothing sounds"
            assert int(current.play.play_class) >= max(int(one.play.play_class) for one in waiting)
        if current is None or current.emergency:
            higher = [one for one in waiting if one.emergency and current is not None and one.rank > current.rank]
            assert not higher, "a greater emergency waits"

    def _may_sound(self, airing: Airing, now: Moment) -> None:
        assert airing.ready or airing.began_wall_ms != now.wall_ms
        if now.sure:
            assert now.wall_ms < airing.expires_ms, "sounds after its expiry"
            open_now = self.programme.hours is None or self.programme.hours.permit(now.wall_ms)
            assert _real_alarm(airing) or open_now, "sounds outside the hours"


def _may_interrupt(airing: Airing, silenced: Airing) -> bool:
    if silenced.emergency:
        return airing.emergency and airing.rank > silenced.rank
    return airing.play.play_class > silenced.play.play_class


def _real_alarm(airing: Airing) -> bool:
    return airing.play.play_class is PlayClass.EMERGENCY and airing.play.status is Status.ACTUAL


def _needs_no_clock(airing: Airing) -> bool:
    return _real_alarm(airing) and airing.play.start_ms is None


def _due(airing: Airing, now: Moment) -> bool:
    """Said again in the test's own words: ready, and its time has come as far as this clock can tell."""
    if not airing.ready:
        return False
    if airing.phase is Phase.PAUSED or _needs_no_clock(airing):
        return True
    return now.sure and (airing.play.start_ms is None or airing.play.start_ms <= now.wall_ms)


def _act(what: str, programme: Programme, airing: Airing, now: Moment) -> list[Change]:
    match what:
        case "cancel":
            return programme.cancel(airing.occurrence, now)
        case "stop":
            return programme.stop(airing.play.play_class, now)
        case "finish":
            current = programme.sounding
            return [] if current is None else programme.finish(current.occurrence, now)
        case "add":
            programme.add(airing)
        case "ready":
            airing.ready = True
        case _:
            pass
    return programme.advance(now)


def _wakes(programme: Programme, now: Moment, until: int) -> Iterator[Moment]:
    """The moments at which the programme itself, or the end of a sound, asks for attention."""
    while True:
        current = programme.sounding
        ahead = [programme.next_change_ms(now)]
        if current is not None and current.total_ms is not None:
            ahead.append(now.wall_ms + max(1, current.total_ms - current.position_at(now)))
        following = min((at for at in ahead if at is not None), default=until)
        if following >= until:
            return
        now = Moment(following, following, now.sure)
        yield now


def _let_pass(programme: Programme, listener: Listener, now: Moment, until: int) -> None:
    for wake in _wakes(programme, now, until):
        listener.listen_until(wake)
        current = programme.sounding
        over = current is not None and current.total_ms is not None and current.position_at(wake) >= current.total_ms
        changes = programme.finish(current.occurrence, wake) if current and over else programme.advance(wake)
        listener.take(changes, wake)
        listener.look(wake)


@given(stories(), hours)
@settings(max_examples=250)
def test_one_sound_at_a_time_the_greatest_due_and_each_airing_ends_once(
    story: tuple[tuple[Airing, ...], list[tuple[int, str, int]]], open_hours: Hours | None
):
    some, happenings = story
    programme = Programme(open_hours)
    listener = Listener(programme)
    now = Moment(START, START)
    for wait, what, which in happenings:
        _let_pass(programme, listener, now, now.wall_ms + wait)
        now = Moment(now.wall_ms + wait, now.mono_ms + wait, now.sure)
        listener.listen_until(now)
        now = Moment(now.wall_ms, now.mono_ms, what == "sure" or (now.sure and what != "unsure"))
        listener.take(_act(what, programme, some[which % len(some)], now), now)
        listener.look(now)
    now = Moment(now.wall_ms, now.mono_ms)
    listener.take(programme.advance(now), now)
    _let_pass(programme, listener, now, END)
    assert listener.ended == {airing.occurrence for airing in some}
    assert not list(programme.airings)


def _parts_of(heard: Rehearsal) -> tuple[Any, ...]:
    return heard.heard, heard.silent


@given(programmes, hours)
@settings(max_examples=100)
def test_a_rehearsal_has_one_sound_at_a_time_and_one_end_an_airing(some: tuple[Airing, ...], open_hours: Hours | None):
    heard = rehearse(some, END, open_hours)
    for one, following in zip(heard.heard, heard.heard[1:], strict=False):
        assert one.from_ms <= one.to_ms <= following.from_ms
    ends = [stretch.occurrence for stretch in heard.heard if stretch.state is not None]
    ends += [occurrence for occurrence, _, _ in heard.silent]
    assert sorted(ends) == sorted(one.occurrence for one in some)
    assert _parts_of(rehearse(some, END, open_hours)) == _parts_of(heard)
