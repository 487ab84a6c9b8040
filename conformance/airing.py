"""One play the kit ordered, and what the device stated of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.authorities import Signed
from conformance.verdict import Broken
from devices.wire.reports import Receipt, ReceiptState

if TYPE_CHECKING:
    from conformance.world import World

PATIENCE_S = 8.0
"""How long a rule waits for what should happen at once."""
SOUNDED = frozenset({ReceiptState.STARTED, ReceiptState.PAUSED, ReceiptState.RESUMED, ReceiptState.PLAYED})


def in_words(receipts: list[Receipt]) -> str:
    """What was stated, in order."""
    told = [f"{r.state.value} ({r.reason})" if r.reason else r.state.value for r in receipts]
    return ", ".join(told) or "nothing"


@dataclass(frozen=True, slots=True)
class Airing:
    """`order` is the one that named the occurrence first."""

    world: "World"
    occurrence: str
    order: Signed

    @property
    def receipts(self) -> list[Receipt]:
        return self.world.ears.of(self.occurrence)

    @property
    def told(self) -> str:
        """What was stated of it, in words."""
        return in_words(self.receipts)

    @property
    def final(self) -> Receipt | None:
        return next((receipt for receipt in self.receipts if receipt.state.final), None)

    @property
    def sounded(self) -> bool:
        """Whether anything says that it made a sound."""
        return any(receipt.state in SOUNDED or receipt.sounded_ms for receipt in self.receipts)

    def count(self, state: str) -> int:
        return sum(receipt.state == state for receipt in self.receipts)

    async def reaches(self, state: str, reason: str | None = None, *, within_s: float = PATIENCE_S) -> Receipt:
        """Wait for this statement. Raises Broken when another final one comes, or none in time."""
        wanted = state if reason is None else f"{state} ({reason})"

        def found() -> Receipt | None:
            for receipt in self.receipts:
                if receipt.state == state and reason in {None, receipt.reason}:
                    return receipt
            if self.final is not None:
                raise Broken(f"expected {wanted}; the device told: {self.told}")
            return None

        return await self.world.until(
            found, lambda: f"expected {wanted} within {self.world.waits_s(within_s):g} s; told: {self.told}", within_s
        )

    def stays_silent(self, why: str) -> None:
        """It must never sound, not even later. Raises Broken when it has."""
        self.world.forbid(self.occurrence, why)
        if self.sounded:
            raise Broken(f"{why}, and it sounded: {self.told}")

    def started_once(self) -> None:
        """Raises Broken when it began more than once, or never."""
        if self.count("started") != 1:
            raise Broken(f"it began {self.count('started')} times: {self.told}")
