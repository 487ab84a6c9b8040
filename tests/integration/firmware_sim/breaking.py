"""Makes the real store refuse what devices write, and take it again; everything else of it goes on."""

import asyncio
import contextlib

from base.errors import Unavailable
from firmware_sim.flash import Flash
from firmware_sim.flash_rows import Kind

REFUSE = f"""CREATE TRIGGER broken BEFORE INSERT ON kept WHEN NEW.kind <> {int(Kind.META)}
BEGIN SELECT RAISE(ABORT, 'the memory card is worn out'); END"""


async def break_writes(flash: Flash) -> None:
    """From now on every row of a device is refused."""
    await asyncio.wrap_future(flash.submit(None, lambda connection, _counts: connection.execute(REFUSE)))


async def mend_writes(flash: Flash) -> None:
    """From now on they are taken again."""
    for _ in range(100):
        # In one transaction with a write that is refused, this would be taken back with it.
        with contextlib.suppress(Unavailable):
            mended = flash.submit(None, lambda connection, _counts: connection.execute("DROP TRIGGER broken"))
            await asyncio.wrap_future(mended)
            return
    raise AssertionError("the store cannot be mended")
