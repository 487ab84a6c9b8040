"""One act of a person: a write transaction with its audit entry, and what is told once it is safe."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from devices.orderlog import appended
from server import audit
from server.auth.permissions import Permission
from server.auth.who import Who
from server.db import on_commit
from server.runtime import Runtime
from server.topics import Change


@dataclass(frozen=True, slots=True)
class Act:
    """What a person does, inside one transaction."""

    session: AsyncSession
    runtime: Runtime
    who: Who

    def require(self, permission: Permission, place_id: str) -> None:
        """Raises Forbidden("server.not_allowed")."""
        self.who.require(permission, place_id)

    async def done(self, action: str, what: str, place_id: str | None, *changes: Change, **details: Any) -> None:
        """Write the audit entry, last in the transaction; after the commit send new orders and tell open pages.

        `what`: noun/id.
        """
        runtime = self.runtime
        await audit.record(self.session, runtime.clock, self.who.id, action, what, place_id=place_id, details=details)
        on_commit(self.session, lambda: runtime.sender.send(appended(self.session)))
        for change in changes:
            on_commit(self.session, _telling(runtime, change))


@asynccontextmanager
async def acting(runtime: Runtime, who: Who) -> AsyncIterator[Act]:
    """An act in a write transaction of its own."""
    async with runtime.database.writing() as session:
        yield Act(session, runtime, who)


def _telling(runtime: Runtime, change: Change) -> Any:
    return lambda: runtime.hub.publish(change)
