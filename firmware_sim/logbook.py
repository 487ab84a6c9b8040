"""Where a device stands in the logs it follows: what it holds, where their heads are (pure)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from devices.wire.beacon import Beacon
from devices.wire.haves import Haves


@dataclass(frozen=True, slots=True)
class BeaconNews:
    """What a beacon told: is it an old one, did it raise what counts as held, is anything missing, is its tip ours."""

    old: bool = False
    raised: bool = False
    lacking: bool = False
    tip_differs: bool = False


class Logbook:
    """The sequence numbers held of each followed log: they find gaps, and tell what is old where no clock can."""

    def __init__(self, logs: Iterable[str], haves: Mapping[str, Haves]) -> None:
        self._haves = {log: haves.get(log, Haves()) for log in logs}
        self._beacons: dict[str, Beacon] = {}
        self._first_heads: dict[str, int] = {}
        self._tips: dict[str, tuple[int, bytes]] = {}

    @property
    def haves(self) -> Mapping[str, Haves]:
        return self._haves

    def follows(self, log: str) -> bool:
        return log in self._haves

    def is_new(self, log: str, seq: int) -> bool:
        """Whether this stands above the head that the first beacon since the start told: it was issued since."""
        first = self._first_heads.get(log)
        return first is not None and seq > first

    def count(self, log: str, seq: int) -> bool:
        """Count a number as held; whether it was missing until now."""
        before = self._haves[log]
        self._haves[log] = before.add(seq)
        return self._haves[log] != before

    def chained(self, log: str, seq: int, prev: bytes | None, digest: bytes) -> bool:
        """Note the latest order of a log; whether its `prev` fits the one before, as far as both are known."""
        tip = self._tips.get(log)
        if tip is None or seq > tip[0]:
            self._tips[log] = (seq, digest)
        return tip is None or prev is None or seq != tip[0] + 1 or tip[1] == prev

    def read(self, beacon: Beacon) -> BeaconNews:
        """Take in a beacon; one older than the last (a retained one, a replay) says nothing new."""
        last = self._beacons.get(beacon.log)
        if last is not None and (beacon.at_ms < last.at_ms or beacon.head < last.head):
            return BeaconNews(old=True)
        self._beacons[beacon.log] = beacon
        self._first_heads.setdefault(beacon.log, beacon.head)
        before = self._haves[beacon.log]
        after = before.raised(min(beacon.floor, beacon.head + 1))
        after = self._haves[beacon.log] = after.without(beacon.gone) if beacon.gone else after
        tip = self._tips.get(beacon.log)
        differs = tip is not None and tip[0] == beacon.head and tip[1] != beacon.tip
        lacking = next(after.missing(beacon.head, beacon.floor), None) is not None
        return BeaconNews(raised=after != before, lacking=lacking, tip_differs=differs)
