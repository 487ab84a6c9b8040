"""A form that is carried out once, however often its button is pressed."""

from collections.abc import Awaitable, Callable
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from starlette.datastructures import ImmutableMultiDict

from server.idempotency import Answer, once
from server.web.page import Page


async def once_only(
    page: Page, said: ImmutableMultiDict[str, Any], work: Callable[[AsyncSession], Awaitable[Answer]], about: str = ""
) -> Answer:
    """Do it once for the key of the form; everything else it says, and where it was sent, must be the same again.

    about: what it is about where neither says so, as the commune of the page.
    """
    fields = sorted((name, str(value)) for name, value in said.multi_items() if name != "csrf")
    asked = repr([page.request.url.path, about, *fields])
    runtime, key = page.runtime, str(said.get("key", ""))
    return await once(runtime.database, runtime.clock, user_id=page.me.id, key=key, asked=asked.encode(), work=work)
