"""What a player asks of live streams: the interface, and the measure of what can be heard."""

from collections.abc import Iterable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from devices.wire.content import QUIET_DBFS
from firmware_sim.tallies import Tallies

BLOCK_MS = 100
"""Sound is judged and handed on in blocks of this length."""
_LOUD = (32_768 * 10 ** (QUIET_DBFS / 20)) ** 2


class Live(Protocol):
    """A stream being listened to."""

    def read(self) -> NDArray[np.int16] | None:
        """The next block, mono at the rendering's rate; None when there is none now."""

    @property
    def quiet_ms(self) -> int:
        """How long nothing above QUIET_DBFS has come of it; since it was opened, when nothing ever did."""


class Streams(Protocol):
    """Where live streams are had, and what is remembered of airings with some."""

    tallies: Tallies

    def tune(self, url: str) -> Live:
        """Listen to it from now on, if nobody does yet. It is let go by itself when it has not been read for long."""

    def close(self) -> None:
        """Let go of all."""


def tune_all(streams: Streams | None, urls: Iterable[str]) -> None:
    """Listen to each from now on, if there is anything to listen with."""
    if streams is not None:
        for url in urls:
            streams.tune(url)


def is_loud(block: NDArray[np.int16]) -> bool:
    """Whether a block is above QUIET_DBFS."""
    samples = block.astype(np.float32)
    return len(block) > 0 and float(np.dot(samples, samples)) / len(block) > _LOUD
