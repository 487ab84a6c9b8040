"""Blocks that nobody asked for keep nothing from being tried."""

import asyncio
from pathlib import Path

import pytest

from devices.wire.blocks import BLOCK_BYTES, Block
from devices.wire.content import Rendition
from firmware_sim import block_fetcher
from firmware_sim.block_fetcher import BlockFetcher, BlocksStalled

SHA = bytes(32)


@pytest.mark.parametrize("strange", [Block(SHA, 99, b"x"), Block(SHA, 0, b"too short")])
async def test_whoever_sends_what_is_no_use_does_not_hold_up_the_other_ways(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, strange: Block
):
    monkeypatch.setattr(block_fetcher, "PATIENCE_S", 0.1)
    asked: list[object] = []
    fetcher = BlockFetcher(lambda _sha, blocks: asked.append(blocks), lambda: True)

    async def flood() -> None:
        while True:
            fetcher.take(strange)
            await asyncio.sleep(0.01)

    flooding = asyncio.create_task(flood())
    try:
        async with asyncio.timeout(60):
            with pytest.raises(BlocksStalled):
                await fetcher.bring(Rendition(SHA, 3 * BLOCK_BYTES, "opus16", 1_000), tmp_path / "x.part")
    finally:
        flooding.cancel()
    assert len(asked) == block_fetcher.MAX_SILENCES
