"""Keeps orders, marks and receipts as fast as it can and prints each number once it is durable; meant to be killed."""

import asyncio
import sys
from pathlib import Path

from base.ids import id_from_bytes
from devices.wire.haves import Haves
from devices.wire.reports import Receipt, ReceiptState
from firmware_sim.effects import KeepHaves, KeepMark, KeepReceipt
from firmware_sim.flash import Flash
from firmware_sim.saved import Mark


async def main(path: Path) -> None:
    flash = Flash(path)
    slot = flash.slot("bn-s01")
    saved = await slot.boot()
    n = saved.last_receipt
    while True:
        n += 1
        name = id_from_bytes(n.to_bytes(16, "big"))
        receipt = Receipt("bn-s01", n, bytes(32), saved.boot, name, name, (), ReceiptState.STARTED, 0, 0)
        mark = Mark(name, "speaker", 10**15, ahead_ms=n)
        effects = [
            KeepHaves("bao-nhai", Haves(n)),
            KeepMark(mark),
            KeepReceipt(receipt, bytes([n % 256]) * 99, bytes(32)),
        ]
        await asyncio.wrap_future(slot.keep(effects))
        sys.stdout.write(f"{n}\n")
        sys.stdout.flush()


asyncio.run(main(Path(sys.argv[1])))
