"""A board on duty is alive for its service manager only while its flash answers."""

import threading
from pathlib import Path

import pytest

from firmware_sim import events
from firmware_sim.board import Turn
from firmware_sim.flash import Flash
from tests.support.until import until


async def test_a_flash_that_hangs_ends_the_signs_of_life_until_it_answers(tmp_path: Path) -> None:
    flash, fed, release = Flash(tmp_path / "flash.db"), list[events.Event](), threading.Event()
    turn = Turn(fed.append, flash)
    try:
        turn()
        await until(lambda: turn.answered)
        turn()
        await until(lambda: turn.answered)
        flash.submit(None, lambda _connection, _counts: release.wait(20))
        turn()
        with pytest.raises(RuntimeError, match="flash does not answer"):
            turn()
        assert len(fed) == 3
        release.set()
        await until(lambda: turn.answered)
        turn()
    finally:
        release.set()
        flash.close()


async def test_a_flash_that_refuses_to_write_still_answers(tmp_path: Path) -> None:
    flash = Flash(tmp_path / "flash.db")

    def refuse(_connection: object, _counts: object) -> None:
        raise OSError("read-only file system")

    turn = Turn(lambda _event: None, flash)
    try:
        for _ in range(3):
            flash.submit(None, refuse)
            turn()
            await until(lambda: turn.answered)
    finally:
        flash.close()
