"""How the rooms ask for a transaction; the server owns the database and opens it."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from sqlalchemy.ext.asyncio import AsyncSession


class Database(Protocol):
    """Gives sessions. A service never commits: the block does, when it ends without an error."""

    def reading(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A session that only reads; it never waits for a writer."""
        ...

    def writing(self) -> AbstractAsyncContextManager[AsyncSession]:
        """A session in one write transaction: committed at the end of the block, rolled back by an error."""
        ...
