"""One request of a device by HTTP: what it says is taken in as if it came by MQTT, what it lacks is the answer."""

from collections.abc import Collection, Iterator, Mapping, Sequence

from sqlalchemy.ext.asyncio import AsyncSession

from base.database import Database
from base.errors import NotFound, Refused
from base.times import Clock
from devices.acks import signed_acks
from devices.beacons import signed_beacons
from devices.blocks import Blocks
from devices.catchup import lacking
from devices.ingest import Ingest, Taken
from devices.keys import KeyStore, current_keys
from devices.missing import Missing, Want
from devices.repository import log as rows
from devices.repository import places, uplink
from devices.waiting import Waiting
from devices.wire import topics
from devices.wire.blocks import BLOCK_BYTES
from devices.wire.down import MAX_ENVELOPES, MAX_FRAME_BYTES, Frame
from devices.wire.envelope import Kind
from devices.wire.topics import Up, Uplink
from devices.wire.up import UpFrame

CARRIER = "http"
_UP = {Kind.HELLO: Up.HELLO, Kind.HEARTBEAT: Up.HEARTBEAT, Kind.RECEIPT: Up.RECEIPT, Kind.WANT: Up.WANT}
_FRAME_ROOM = MAX_FRAME_BYTES - 64
_HEAD = 5
"""Bytes of CBOR before an envelope in a frame."""
_BLOCK_ROOM = BLOCK_BYTES + 48


class Exchange:
    """Needs no session: every message proves by itself who says it, and the answer holds nothing secret."""

    def __init__(self, database: Database, keys: KeyStore, clock: Clock, ingest: Ingest, blocks: Blocks) -> None:
        self._database, self._keys, self._clock = database, keys, clock
        self._ingest, self._blocks = ingest, blocks

    async def answer(self, device_id: str, body: bytes) -> bytes:
        """Take an up frame, give the down frame.

        Raises NotFound("devices.device_unknown"), BadMessage for what is no up frame, and
        Refused("devices.exchange_refused") when nothing in it could be taken: all forged, foreign or played again.
        """
        messages = [Waiting(Uplink(device_id, _UP[kind]), data) for kind, data in UpFrame.from_bytes(body).messages]
        commune_id = await self._commune(device_id)
        taken = await self._ingest.take(device_id, messages, CARRIER)
        if not taken.number:
            raise Refused("devices.exchange_refused", device_id=device_id)
        async with self._database.reading() as session:
            acks = await self._acks(session, commune_id, device_id, taken.outcome.filed.stored.get(device_id, ()))
            beacons = await self._heads(session, commune_id, device_id)
            orders = await self._orders(session, device_id, taken)
        orders = list(_fitting(orders, _FRAME_ROOM - _size(acks) - _size(beacons)))
        room = (_FRAME_ROOM - _size(acks) - _size(beacons) - _size(orders)) // _BLOCK_ROOM
        blocks = await self._blocks.answer(taken.wants, room)
        return Frame(orders=tuple(orders), acks=tuple(acks), beacons=tuple(beacons), blocks=tuple(blocks)).to_bytes()

    async def _commune(self, device_id: str) -> str:
        async with self._database.reading() as session:
            identity = (await uplink.identities(session, [device_id])).get(device_id)
        if identity is None or identity.revoked:
            raise NotFound("devices.device_unknown", device_id=device_id)
        return identity.commune_id

    async def _acks(
        self, session: AsyncSession, commune_id: str, device_id: str, digests: Collection[bytes]
    ) -> list[bytes]:
        signers = await current_keys(session, self._keys, [commune_id])
        return list(signed_acks(device_id, digests, signers[commune_id])) if commune_id in signers else []

    async def _heads(self, session: AsyncSession, commune_id: str, device_id: str) -> list[bytes]:
        line = (await places.lineages(session, [commune_id])).get(commune_id, ())
        logs = await rows.logs(session, [*line, topics.device_log(device_id)])
        return list((await signed_beacons(session, self._keys, list(logs.values()), self._clock())).values())

    async def _orders(self, session: AsyncSession, device_id: str, taken: Taken) -> Sequence[bytes]:
        gap = taken.outcome.gaps.get(device_id)
        if gap is None:
            return ()
        wants: Mapping[str, Want] = {device_id: Want(gap.haves, fresh=True)}
        return (await lacking(session, self._keys, wants, Missing(), self._clock()))[device_id].orders


def _size(envelopes: Sequence[bytes]) -> int:
    return sum(len(envelope) + _HEAD for envelope in envelopes)


def _fitting(envelopes: Sequence[bytes], room: int) -> Iterator[bytes]:
    """As many of the first as fit; the device asks for the others at once."""
    for envelope in envelopes[:MAX_ENVELOPES]:
        room -= len(envelope) + _HEAD
        if room < 0:
            return
        yield envelope
