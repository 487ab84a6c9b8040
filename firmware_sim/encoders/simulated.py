"""A channel of air that loses what it likes: what was transmitted is written down, and who heard it."""

from collections import deque
from dataclasses import dataclass
from random import Random

from firmware_sim.radio import OnAir

MAX_LOG = 1_000


@dataclass(frozen=True, slots=True)
class Entry:
    """The receivers were opened (`began`) or closed. heard: those that did not miss the call."""

    on_air: OnAir
    began: bool
    heard: frozenset[str] = frozenset()


class SimulatedDriver:
    """loss: the share of receivers that miss a call, and of answers that are lost on their way back."""

    def __init__(self, seed: str, *, loss: float = 0.0, return_channel: bool = False) -> None:
        self._random = Random(seed)  # noqa: S311 - a simulation, not a secret
        self._loss, self._return_channel = loss, return_channel
        self._heard: frozenset[str] = frozenset()
        self.log: deque[Entry] = deque(maxlen=MAX_LOG)

    async def begin(self, on_air: OnAir) -> None:
        self._heard = self._arrived(on_air.codes)
        self.log.append(Entry(on_air, began=True, heard=self._heard))

    async def keep(self, on_air: OnAir) -> None:
        """A receiver that missed the call may hear a later one."""
        self._heard |= self._arrived(on_air.codes)

    async def end(self, on_air: OnAir) -> frozenset[str] | None:
        self.log.append(Entry(on_air, began=False, heard=self._heard))
        return self._arrived(sorted(self._heard)) if self._return_channel else None

    async def check(self) -> None:
        """Air does not break."""

    async def close(self) -> None:
        """There is nothing to let go of."""

    def _arrived(self, codes: "tuple[str, ...] | list[str]") -> frozenset[str]:
        return frozenset(code for code in codes if self._random.random() >= self._loss)
