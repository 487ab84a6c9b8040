"""Receipts acknowledged: after their commit, signed by the device's commune, by digest, as often as they are told."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping

import structlog

from base.database import Database
from devices.keys import KeyStore, current_keys
from devices.receipts import Filed
from devices.wire.down import Frame
from devices.wire.envelope import Kind, SigningKey, sign
from devices.wire.reports import MAX_ACKNOWLEDGED, Ack

_log = structlog.get_logger(__name__)

ROUND_S = 0.25
"""How long acknowledgements gather; a device waits for hers at most half a second."""

SendDown = Callable[[str, bytes], bool]
"""Hands a frame to the broker for one device; False when there is no connection."""


class Acknowledger:
    """Gathers what is in the database, device by device, and acknowledges it round by round."""

    def __init__(self, database: Database, keys: KeyStore, send_down: SendDown) -> None:
        self._database, self._keys, self._send_down = database, keys, send_down
        self._due: dict[str, tuple[str, set[bytes]]] = {}
        self._wake = asyncio.Event()

    def add(self, filed: Filed, communes: Mapping[str, str]) -> None:
        """Receipts that are in the database now."""
        for device_id, digests in filed.stored.items():
            self._due.setdefault(device_id, (communes[device_id], set()))[1].update(digests)
            self._wake.set()

    async def run(self) -> None:
        """Send what is due, round after round, until cancelled."""
        while True:
            await self._wake.wait()
            await asyncio.sleep(ROUND_S)
            self._wake.clear()
            try:
                await self._send()
            except Exception:  # noqa: BLE001 - devices repeat what is not acknowledged; the loop must live
                _log.exception("devices.acks_failed")

    async def _send(self) -> None:
        due, self._due = self._due, {}
        async with self._database.reading() as session:
            signers = await current_keys(session, self._keys, {commune_id for commune_id, _ in due.values()})
        for device_id, (commune_id, digests) in due.items():
            if commune_id in signers:
                for ack in signed_acks(device_id, digests, signers[commune_id]):
                    self._send_down(device_id, Frame(acks=(ack,)).to_bytes())


def signed_acks(device_id: str, digests: Collection[bytes], key: SigningKey) -> Iterator[bytes]:
    """As few acknowledgements as the digests fit into."""
    ordered = sorted(digests)
    for at in range(0, len(ordered), MAX_ACKNOWLEDGED):
        ack = Ack(device_id, tuple(ordered[at : at + MAX_ACKNOWLEDGED]))
        yield sign(Kind.ACK, ack.to_map(), key)
