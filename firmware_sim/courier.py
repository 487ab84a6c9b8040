"""What travels in somebody's pocket: a bundle is taken whole or not at all, and a return file tells all there is."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import structlog

from base.errors import LoaError, Unavailable
from devices.wire.bundle import Bundle, Manifest, read_bundle, read_manifest
from devices.wire.envelope import SigningKey
from devices.wire.errors import BadBundle
from devices.wire.packing import MAX_ENTRIES
from devices.wire.returns import MAX_BUNDLES, MAX_HELD, write_return
from firmware_sim import events
from firmware_sim.carrying import succeeded
from firmware_sim.clock import Reading
from firmware_sim.contents import NEVER_MS, Contents
from firmware_sim.flash_open import FULL_ERRNOS
from firmware_sim.hand_over import FAILED, TAKEN, Result
from firmware_sim.identity import Identity
from firmware_sim.keeper import Keeper
from firmware_sim.speaker import Speaker

FULL, REPLAYED = "full", "replayed"
MAX_RECEIPTS_BYTES = 48 << 20
"""Of one return file; what does not fit goes with the next one, once these are acknowledged."""
_log = structlog.get_logger(__name__)


class _NoRoom(Exception):
    """What the bundle brings does not fit."""


@dataclass(slots=True)
class _Incoming:
    """The contents of one bundle, in a temporary place until all of it has been found right."""

    device: str
    contents: Contents
    taken: dict[bytes, Path]
    here: set[bytes] = field(default_factory=set)
    size: int = 0

    def open(self, sha: bytes, size: int) -> BinaryIO | None:
        """Where to write a content; None when it is here already. Raises _NoRoom, OSError. Runs beside the loop."""
        if sha in self.contents.held:
            self.here.add(sha)
            return None
        self.size += size
        if not self.contents.fits(self.size, to_write=size, beside=self.here):
            raise _NoRoom
        path = self.taken[sha] = self.contents.folder.part(self.device, sha).with_suffix(".courier")
        return path.open("wb", buffering=1 << 20)

    def drop(self) -> None:
        for path in self.taken.values():
            path.unlink(missing_ok=True)


class Courier:
    """One device as a courier meets it; whoever calls takes care that they take turns.

    on_content: told of each content that a bundle brought.
    """

    def __init__(
        self,
        identity: Identity,
        key: SigningKey,
        speaker: Speaker,
        contents: Contents,
        keeper: Keeper,
        *,
        on_content: Callable[[bytes], None],
        feed: Callable[[events.Event], None],
        clock: Callable[[], Reading],
    ) -> None:
        self._identity, self._key, self._speaker, self._contents = identity, key, speaker, contents
        self._keeper, self._on_content, self._feed, self._clock = keeper, on_content, feed, clock

    async def take_bundle(self, file: BinaryIO) -> Result:
        """Verify the whole bundle, then let it take effect, durably. `file` can be read from its present place twice.

        Raises OSError when it cannot be read.
        """
        incoming = _Incoming(self._identity.device, self._contents, {})
        try:
            bundle = await asyncio.to_thread(self._read, file, incoming)
            await self._settle(bundle, incoming)
        except BadBundle as refusal:
            _log.warning("courier.refused", device=self._identity.device, reason=refusal.reason, detail=refusal.detail)
            return Result(refusal.reason)
        except _NoRoom:
            return Result(FULL)
        except LoaError:
            return Result(FAILED)
        finally:
            await asyncio.to_thread(incoming.drop)
        return await self._apply(bundle)

    async def make_return(self, out: BinaryIO) -> str:
        """Write what is to be brought back; the name such a file should have.

        Raises Unavailable("firmware.flash_failed") while anything is not durable; OSError.
        """
        await self._durable()
        report = self._speaker.report(self._clock())
        await asyncio.to_thread(
            write_return,
            out,
            heartbeat=report.heartbeat,
            held=self._contents.held[:MAX_HELD],
            bundles=report.bundles[-MAX_BUNDLES:],
            receipts=_as_many_as_fit(report.receipts),
            key=self._key,
        )
        beat = report.heartbeat
        return f"{beat.device}-return-{beat.boot}-{beat.n}.loa"

    def _read(self, file: BinaryIO, incoming: _Incoming) -> Bundle:
        """Beside the loop. Raises BadBundle, _NoRoom, OSError."""
        start = file.tell()
        self._check_known(read_manifest(file, self._speaker.trusts))
        file.seek(start)
        now = self._clock()
        open_ones: list[BinaryIO] = []

        def sink(sha: bytes, size: int) -> BinaryIO | None:
            for done in open_ones:
                done.close()
            open_ones.clear()
            found = incoming.open(sha, size)
            if found is not None:
                open_ones.append(found)
            return found

        try:
            return read_bundle(
                file,
                keyring=self._speaker.trusts,
                device=self._identity.device,
                commune=self._identity.commune,
                now_ms=now.wall_ms if now.sure else None,
                blob=sink,
            )
        except OSError as error:
            if error.errno in FULL_ERRNOS:
                raise _NoRoom from error
            raise
        finally:
            for left in open_ones:
                with contextlib.suppress(OSError):
                    left.close()

    def _check_known(self, manifest: Manifest) -> None:
        mine = manifest.commune == self._identity.commune and self._identity.device in manifest.devices
        if mine and self._speaker.has_taken(manifest.id):
            raise BadBundle(REPLAYED)

    async def _settle(self, bundle: Bundle, incoming: _Incoming) -> None:
        """Make the contents ours. Nothing names them yet, so up to now nothing has an effect."""
        if not self._contents.fits(incoming.size, to_write=0, beside=incoming.here):
            raise _NoRoom  # something else took it meanwhile
        self._contents.touch(incoming.here)
        for sha, size in bundle.blobs:
            if self._contents.make_room(size, urgency_ms=NEVER_MS, gathered=size) is None:
                raise _NoRoom
            # Not by way of the part: a download of the same content may be writing to that.
            path = incoming.taken[sha]
            if not await self._contents.folder.take(self._identity.device, sha, path):
                raise Unavailable("firmware.flash_failed", file=str(path), problem="read back other than written")
            await self._contents.add(sha, size)
            self._on_content(sha)

    async def _apply(self, bundle: Bundle) -> Result:
        manifest = bundle.manifest
        self._feed(events.BundleTaken(manifest.id, manifest.expires_ms, bundle.orders, bundle.beacons, bundle.acks))
        try:
            await self._durable()
        except LoaError:
            return Result(FAILED, manifest.id)
        return Result(TAKEN, manifest.id, orders=len(bundle.orders), contents=len(bundle.blobs))

    async def _durable(self) -> None:
        """Wait until all that is kept is durable. Raises Unavailable."""
        last = self._keeper.last
        if last is not None:
            await asyncio.shield(asyncio.wrap_future(last))
        if self._keeper.failing or not succeeded(last):
            raise Unavailable("firmware.flash_failed", file="flash", problem="an earlier write failed")


def _as_many_as_fit(receipts: Sequence[bytes]) -> list[bytes]:
    """The oldest, up to what a return file may hold."""
    found: list[bytes] = []
    room = MAX_RECEIPTS_BYTES
    for receipt in receipts[:MAX_ENTRIES]:
        room -= len(receipt) + 1_024
        if room < 0:
            break
        found.append(receipt)
    return found
