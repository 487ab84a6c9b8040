"""Which sounds in a relay slot now: the stream, or what stands in for it (pure)."""

from enum import Enum, auto

from firmware_sim.tallies import Tally

LEAST_MS, ANEW_MS = 500, 10_000
"""A round that gave less than one is tried anew after the other at the earliest: it may be on its way, or broken."""


class Source(Enum):
    """Where the next block comes from. A dead stream for which nothing stands in is silence."""

    STREAM = auto()
    INSTEAD = auto()


class Relay:
    """Told what the stream gives, block by block, also while something stands in; `source` says what sounds.

    quiet_ms: how long nothing to be heard, for whatever reason, is borne. again_ms: how long after what stood in it
    stands in anew while the stream stays dead; None: it does not. quiet_since_ms: how long nothing was to be heard when
    the slot begins, so that a stream that is known to be dead need not be waited for.
    """

    def __init__(
        self,
        quiet_ms: int,
        tally: Tally,
        *,
        has_instead: bool,
        again_ms: int | None = None,
        quiet_since_ms: int = 0,
    ) -> None:
        self._borne_ms, self._again_ms, self._tally = quiet_ms, again_ms, tally
        self._has_instead = self._fresh = has_instead
        self._quiet_ms = min(quiet_since_ms, quiet_ms)
        self._quiet_here_ms = 0
        self._rest_ms: int | None = None
        self.source = Source.STREAM
        self._judge()

    def block(self, length_ms: int, *, loud: bool) -> None:
        """The stream gave so much, loud enough or not; nothing at all is not loud."""
        self._tally.due_ms += length_ms
        if loud:
            self._quiet_ms, self._quiet_here_ms, self._fresh = 0, 0, self._has_instead
            return
        bearing = self._quiet_ms < self._borne_ms
        self._quiet_ms += length_ms
        self._quiet_here_ms += length_ms
        if self._quiet_ms >= self._borne_ms:
            # What was borne of this slot until now turns out to have been dead already.
            self._tally.dead_ms += self._quiet_here_ms if bearing else length_ms
        if self._rest_ms is not None:
            self._rest_ms -= length_ms
        self._judge()

    def over(self, sounded_ms: int) -> None:
        """What stood in has come to its end, after so much of it was heard: the stream again."""
        self.source, self._rest_ms = Source.STREAM, self._again_ms
        if self._rest_ms is not None and sounded_ms < LEAST_MS:
            self._rest_ms = max(self._rest_ms, ANEW_MS)
        self._judge()

    def _judge(self) -> None:
        rested = self._rest_ms is not None and self._rest_ms <= 0
        if self._quiet_ms >= self._borne_ms and (self._fresh or rested) and self.source is Source.STREAM:
            self.source, self._fresh, self._rest_ms = Source.INSTEAD, False, None
