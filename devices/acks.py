"""Receipts acknowledged: after their commit, signed by the device's commune, one message a device and round."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping

import structlog

from base.database import Database
from devices.keys import KeyStore, current_keys
from devices.receipts import Filed
from devices.repository import uplink as rows
from devices.wire.down import Frame
from devices.wire.envelope import Kind, sign
from devices.wire.haves import Haves
from devices.wire.reports import Ack

_log = structlog.get_logger(__name__)

ROUND_S = 0.25
"""How long acknowledgements gather; a device waits for hers at most half a second."""
MAX_REMEMBERED = 50_000

SendDown = Callable[[str, bytes], bool]
"""Hands a frame to the broker for one device; False when there is no connection."""


class Acknowledger:
    """Remembers what of each device's present numbering is stored, so that an acknowledgement needs no query."""

    def __init__(self, database: Database, keys: KeyStore, send_down: SendDown) -> None:
        self._database, self._keys, self._send_down = database, keys, send_down
        self._held: OrderedDict[str, tuple[int, Haves]] = OrderedDict()
        self._due: dict[str, tuple[str, int]] = {}
        self._wake = asyncio.Event()

    def add(self, filed: Filed, communes: Mapping[str, str]) -> None:
        """Receipts that are in the database now."""
        for device_id, numbers in filed.numbers.items():
            series = filed.series[device_id]
            known = self._held.get(device_id)
            if known is not None and known[0] == series:
                self._held[device_id] = series, _with(known[1], numbers)
            else:
                self._held.pop(device_id, None)
            self._due[device_id] = communes[device_id], series
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
        unknown = {device_id: series for device_id, (_, series) in due.items() if device_id not in self._held}
        async with self._database.reading() as session:
            found = await rows.held_receipts(session, unknown) if unknown else {}
            signers = await current_keys(session, self._keys, {commune_id for commune_id, _ in due.values()})
        for device_id, haves in found.items():
            self._remember(device_id, unknown[device_id], haves)
        for device_id, (commune_id, _) in due.items():
            if commune_id in signers and device_id in self._held:
                ack = sign(Kind.ACK, Ack(device_id, self._held[device_id][1]).to_map(), signers[commune_id])
                self._send_down(device_id, Frame(acks=(ack,)).to_bytes())

    def _remember(self, device_id: str, series: int, haves: Haves) -> None:
        self._held[device_id] = series, haves
        if len(self._held) > MAX_REMEMBERED:
            self._held.popitem(last=False)


def _with(haves: Haves, numbers: Iterable[int]) -> Haves:
    for number in sorted(numbers):
        haves = haves.add(number)
    return haves
