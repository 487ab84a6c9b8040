"""Waiting for what happens elsewhere: for a condition, never for a time."""

import asyncio
import inspect
from collections.abc import Callable

WAIT_S = 60


async def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds; a test that waits longer than `WAIT_S` has failed."""
    async with asyncio.timeout(WAIT_S):
        while True:
            holds = condition()
            if await holds if inspect.isawaitable(holds) else holds:
                return
            await asyncio.sleep(0.01)
