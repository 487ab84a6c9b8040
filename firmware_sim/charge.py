"""What a battery still has to give, from its charge in percent, without flickering at the bound (pure)."""

from devices.wire.playing import Charge

HYSTERESIS_PCT = 5
"""A state is left when the charge is so much above its bound."""
FAULTS = {Charge.FULL: "", Charge.LOW: "battery_low", Charge.CRITICAL: "battery_critical"}


class Saver:
    """Told of every reading."""

    def __init__(self) -> None:
        self.charge = Charge.FULL

    @property
    def fault(self) -> str:
        """As the heartbeat states it; empty when the battery is full enough."""
        return FAULTS[self.charge]

    def read(self, percent: int | None, saver_pct: tuple[int, int]) -> Charge:
        """The charge now. percent: None without a battery. saver_pct: below these it is low, and critical."""
        low, critical = saver_pct
        if self._below(percent, critical, within=self.charge is Charge.CRITICAL):
            self.charge = Charge.CRITICAL
        elif self._below(percent, low, within=self.charge is not Charge.FULL):
            self.charge = Charge.LOW
        else:
            self.charge = Charge.FULL
        return self.charge

    @staticmethod
    def _below(percent: int | None, bound: int, *, within: bool) -> bool:
        return percent is not None and percent < bound + (HYSTERESIS_PCT if within else 0)
