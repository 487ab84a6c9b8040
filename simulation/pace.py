"""How fast the world beats: heartbeats and the server's rounds as in reality around faults, hours apart in between.

Three quiet days of two dozen devices are 300,000 heartbeats that tell nothing; the polls are replaced by waking exactly
when something changed. Around the end of every fault, and at the end of the world, everything runs at its real pace.
"""

from collections.abc import Iterable

from firmware_sim import duty, output, speaker
from firmware_sim.vitals import Vitals
from simulation.device import Device
from simulation.edges import Edges
from simulation.process import Process

BRISK_BEAT_S = 20
QUIET_BEAT_S = 30 * 3_600
MARK_STEP_MS = 12_000
_FAR_MS = 30 * 86_400_000


class Pace:
    """One for the whole world."""

    def __init__(self, process: Process, devices: Iterable[Device]) -> None:
        self._process, self._devices = process, devices
        self.brisk = False

    def install(self, edges: Edges) -> None:
        """Heartbeats at the world's pace; no polling of clocks that only the world sets, and then says so."""
        pace = self

        class Paced:
            """Stands where a period is kept; an order to beat more slowly is obeyed, one to hurry is not."""

            def __get__(self, vitals: Vitals, owner: object = None) -> int:
                told: int = vitals.__dict__.get("period_s", 0)
                return max(told, BRISK_BEAT_S if pace.brisk else QUIET_BEAT_S)

            def __set__(self, vitals: Vitals, value: int) -> None:
                vitals.__dict__["period_s"] = value

        edges.add(Vitals, "period_s", Paced())
        edges.set(speaker, "CLOCK_POLL_MS", _FAR_MS)
        edges.set(speaker, "UNSURE_POLL_MS", _FAR_MS)
        edges.set(speaker, "PRUNE_MS", _FAR_MS)
        edges.set(duty, "LOOK_MS", _FAR_MS)
        edges.set(output, "MARK_STEP_MS", MARK_STEP_MS)

    def hurry(self) -> None:
        """Everything at its real pace from now on."""
        if self.brisk:
            return
        self.brisk = True
        self._process.hurry(brisk=True)
        for device in self._devices:
            device.beat_soon()

    def relax(self) -> None:
        """Nothing is to be seen for a while."""
        self.brisk = False
        self._process.hurry(brisk=False)
