"""The eleven invariants of docs/simulation.md, judged at every sound, at every planned moment, and when faults stop."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import NamedTuple

from firmware_sim.effects import Log
from simulation.diary import Diary
from simulation.issued import EMERGENCY, Issued
from simulation.loudspeaker import Heard
from simulation.template import BORN_MS
from simulation.truth import DeviceTruth, Truth
from simulation.virtual_loop import VirtualLoop

SOUND_WITHIN_MS = 1_000
PUNCTUAL_MS = 1_500
"""How far from its time a programme may begin: the clock's stated bound, and a mark in flash."""
SETTLED_MS = 2_000
WRONG_FOR_MS = 3_700_000
REPEAT_SLACK_MS = 20
MARKED_AHEAD_MS = 15_000
"""No mark is further ahead of the sound than this; see simulation.pace."""
MAX_VIOLATIONS = 20
LOW_PCT, CRITICAL_PCT, HYSTERESIS_PCT = 30, 15, 5
PRIORITY = 2


class Violation(NamedTuple):
    """Invariant `rule` was broken."""

    rule: int
    at_ms: int
    what: str
    device: str = ""
    occurrence: str = ""


@dataclass(slots=True)
class Verdicts:
    """What was found; the first few are enough."""

    loop: VirtualLoop
    diary: Diary
    found: list[Violation]
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    """Set at the first: what comes after it mostly comes of it."""

    def broken(self, rule: int, what: str, device: str = "", occurrence: str = "") -> None:
        if len(self.found) < MAX_VIOLATIONS:
            self.found.append(Violation(rule, self.loop.now_ms, what, device, occurrence))
            self.diary.note(device or "judge", f"VIOLATION {rule}", occurrence, what)
            self.enough.set()


class Judge:
    """Listens to the truth while it happens."""

    def __init__(self, loop: VirtualLoop, truth: Truth, verdicts: Verdicts) -> None:
        self._loop, self._truth, self._verdicts = loop, truth, verdicts
        truth.on_issued = self._issued
        truth.on_begins = self._begins
        truth.on_kept = self._kept
        truth.on_alarm = self._alarm

    # --- 1, 2, 3, 5, 6: at the beginning of every sound

    def _begins(self, device: DeviceTruth, heard: Heard) -> None:
        play = self._truth.plays.get(heard.occurrence)
        if play is None:
            self._broken(1, "sounds what nobody ordered", device, heard.occurrence)
            return
        if not device.addressed(heard.output, play):
            self._broken(1, "sounds what is meant for others", device, heard.occurrence)
            return
        for rule in (self._in_time, self._once, self._not_ended, self._gives_way):
            rule(device, heard, play)

    def _in_time(self, device: DeviceTruth, heard: Heard, play: Issued) -> None:
        now = device.device.clock.read()
        # One that power cut off between its mark and its first sample goes on from the mark: it had begun.
        first = heard.from_ms == 0 and not device.heard.get((heard.output, heard.occurrence))
        if not now.sure:
            if first and not (play.real and play.start_ms is None):
                self._broken(2, "begins a timed item without a sure clock", device, play.occurrence)
            return
        if now.wall_ms >= play.expires_ms:
            self._broken(2, "sounds after its expiry", device, play.occurrence)
        if not play.real and not device.permitted(now.wall_ms):
            self._broken(2, "sounds outside the permitted hours", device, play.occurrence)
        self._spares_battery(device, play)
        if first and play.play_class < EMERGENCY and now.wall_ms > play.due_ms + play.late_ms + SETTLED_MS:
            self._broken(7, "begins stale, long after its time", device, play.occurrence)
        if first and play.start_ms is not None and now.wall_ms < play.start_ms:
            self._broken(7, "begins before its time", device, play.occurrence)

    def _spares_battery(self, device: DeviceTruth, play: Issued) -> None:
        """What is left in a battery is for what matters: at 15 % for real emergencies, at 30 % from priority up."""
        battery_pct = device.device.battery_pct
        if battery_pct is None or play.real:
            return
        if battery_pct < CRITICAL_PCT or (battery_pct < LOW_PCT and play.play_class < PRIORITY):
            self._broken(2, f"sounds on a battery of {battery_pct} %", device, play.occurrence)

    def _once(self, device: DeviceTruth, heard: Heard, play: Issued) -> None:
        """Nothing is heard twice; one that starts over after it gave way may, as long as it had not been complete."""
        reached = device.reached_ms(heard.output, heard.occurrence, marked=True)
        # What flash takes to answer, a silence may have to wait for: so much is heard beyond the mark.
        if heard.from_ms >= reached - REPEAT_SLACK_MS - 2 * device.device.slowest_flash_ms:
            return
        complete = heard.total_ms is not None and reached >= heard.total_ms
        if complete or not play.restarts:
            what = f"sounds again from {heard.from_ms} ms what was heard up to {reached} ms"
            self._broken(3, what, device, play.occurrence)

    def _not_ended(self, device: DeviceTruth, heard: Heard, play: Issued) -> None:
        if self.ended(device, heard.output, play) is not None:
            self._broken(6, "begins although it was called off", device, play.occurrence)

    def ended(self, device: DeviceTruth, output: str, play: Issued) -> Issued | None:
        """The order, durable on the device, by which it knows that the airing is over."""
        begun = device.heard.get((output, play.occurrence))
        for order_id, kept_ms in device.kept.items():
            order = self._truth.orders[order_id]
            if play.occurrence in order.ends and order.height >= play.height:
                return order
            if order.stops(play) and order.issued_ms >= play.issued_ms:
                if begun and begun[0].began_at_ms < kept_ms:
                    return order
                if device.kept.get(play.id, 0) > kept_ms and order.issued_ms >= play.due_ms:
                    return order
        return None

    def _gives_way(self, device: DeviceTruth, heard: Heard, play: Issued) -> None:
        """Nothing of a lower class sounds while a real emergency could."""
        if play.play_class == EMERGENCY:
            return
        for order_id, kept_ms in device.kept.items():
            order = self._truth.orders[order_id]
            settled = self._loop.now_ms - kept_ms > SOUND_WITHIN_MS
            if settled and order.occurrence and order.real and self._should_sound(device, heard.output, order):
                what = f"sounds while the emergency {order.occurrence} should"
                self._broken(5, what, device, play.occurrence)

    # --- 5: a second after an emergency is on the device

    def _kept(self, device: DeviceTruth, order: Issued) -> None:
        if not order.occurrence or not order.real or order.start_ms is not None:
            return
        boot = device.powered_since_ms
        wait_ms = SOUND_WITHIN_MS + device.device.flash_ms
        for output in device.clusters:
            self._later(wait_ms, partial(self._must_sound, device, output, order, boot))

    def _must_sound(self, device: DeviceTruth, output: str, order: Issued, boot: int | None) -> None:
        if device.powered_since_ms != boot or device.device.flash_fails:
            return
        if not self._should_sound(device, output, order):
            return
        sounding = device.device.loudspeakers.sounding(output)
        play = None if sounding is None else self._truth.plays.get(sounding.occurrence)
        if play is None or not self._may_hold_up(play, order):
            what = f"an emergency does not sound {SOUND_WITHIN_MS} ms after the device has it"
            self._broken(5, what, device, order.occurrence)

    def _should_sound(self, device: DeviceTruth, output: str, order: Issued) -> bool:
        """Whether it is in force on the device, for that output, and not over."""
        now = device.device.clock.read()
        if device.lost_flash_after(order.due_ms):
            return False
        if not device.addressed(output, order) or (output, order.occurrence) in device.failed:
            return False
        if (now.sure and now.wall_ms >= order.expires_ms) or self.ended(device, output, order) is not None:
            return False
        begun = device.heard.get((output, order.occurrence))
        if begun and begun[-1].until_ms is not None:
            total = begun[-1].total_ms
            # After a power cut it goes on from its mark, which may be the end already.
            ahead_ms = MARKED_AHEAD_MS if device.cuts else 0
            if total is not None and begun[-1].until_ms + ahead_ms >= total:
                return False
        return now.sure or not begun

    def _may_hold_up(self, sounding: Issued, order: Issued) -> bool:
        if sounding.occurrence == order.occurrence:
            return True
        mine, other = self._rank(order), self._rank(sounding)
        return sounding.play_class == EMERGENCY and other >= mine

    @staticmethod
    def _rank(play: Issued) -> tuple[bool, int, int]:
        return play.real, int(play.body["level"]), play.issued_ms

    # --- 7: at the time of every planned airing

    def _issued(self, order: Issued) -> None:
        if order.occurrence and order.start_ms is not None:
            start_ms = order.start_ms - BORN_MS
            self._at(start_ms - SETTLED_MS, lambda: self._expect(order, start_ms))

    def _expect(self, play: Issued, start_ms: int) -> None:
        """Two seconds before: who has all it takes must be heard, whatever becomes of server, broker and link."""
        for device in self._truth.devices.values():
            for output in device.clusters:
                if device.addressed(output, play) and self._has_all(device, output, play):
                    again = partial(self._was_punctual, device, output, play, start_ms, device.powered_since_ms)
                    self._at(start_ms + PUNCTUAL_MS, again)

    def _has_all(self, device: DeviceTruth, output: str, play: Issued) -> bool:
        since = device.powered_since_ms
        if since is None or play.id not in device.kept or self._loop.now_ms - since < SETTLED_MS:
            return False
        if device.device.battery_pct is not None and device.device.battery_pct < LOW_PCT + HYSTERESIS_PCT:
            return False
        if device.lost_flash_after(play.due_ms):
            return False
        if not self._clock_is_right(device) or device.device.flash_ms or device.device.flash_fails:
            return False
        if not device.permitted(play.due_ms):
            return False
        languages = self._languages(device, output, play)
        return all(any(device.device.carrier.has(sha) for sha in shas) for shas in play.needs(languages))

    def _clock_is_right(self, device: DeviceTruth) -> bool:
        clock = device.device.clock
        # Whatever it missed while it believed to be an hour later, it has missed for good.
        quiet = self._loop.now_ms - device.clock_touched_ms > SETTLED_MS
        quiet = quiet and self._loop.now_ms - device.clock_set_ms > WRONG_FOR_MS
        return quiet and clock.read().sure and abs(clock.error_ms()) < SETTLED_MS // 2

    def _languages(self, device: DeviceTruth, output: str, play: Issued) -> list[str]:
        names = {cluster.id for cluster in device.addressed(output, play)}
        found = [each for each in device.device.identity.clusters if each.id in names]
        return list(dict.fromkeys(language for each in found for language in each.languages))

    def _was_punctual(self, device: DeviceTruth, output: str, play: Issued, start_ms: int, boot: int | None) -> None:
        heard = device.heard.get((output, play.occurrence))
        if heard and abs(heard[0].began_at_ms - start_ms) <= PUNCTUAL_MS:
            return
        disturbed = device.powered_since_ms != boot or device.clock_touched_ms > start_ms - SETTLED_MS
        if heard or disturbed or device.device.flash_fails or not self._has_all(device, output, play):
            return
        if self.ended(device, output, play) is None and not self._busy(device, output, play, start_ms):
            self._broken(7, "is silent at its time although the device has everything", device, play.occurrence)

    def _busy(self, device: DeviceTruth, output: str, play: Issued, at_ms: int) -> bool:
        """Whether something else sounded about then, on the same output."""
        for (where, occurrence), heards in device.heard.items():
            if where != output or occurrence == play.occurrence:
                continue
            for heard in heards:
                until = (
                    self._loop.now_ms if heard.until_ms is None else heard.began_at_ms + heard.until_ms - heard.from_ms
                )
                if heard.began_at_ms <= at_ms + PUNCTUAL_MS and until >= at_ms - PUNCTUAL_MS:
                    return True
        return False

    # --- 9: the log itself

    def _alarm(self, device: DeviceTruth, log: Log) -> None:
        if log.event == "log_differs":
            self._broken(9, f"two orders claim one place in a log: {log.detail}", device)

    # --- small things

    def _broken(self, rule: int, what: str, device: DeviceTruth, occurrence: str = "") -> None:
        self._verdicts.broken(rule, what, device.device.name, occurrence)

    def _later(self, ms: int, work: Callable[[], None]) -> None:
        self._loop.call_later(ms / 1_000, work)

    def _at(self, at_ms: int, work: Callable[[], None]) -> None:
        if at_ms > self._loop.now_ms:
            self._loop.call_at(at_ms / 1_000, work)
