"""`python -m server.migrations.check`: fails when the models and the migrated tables differ."""

import asyncio
import sys
import tempfile

from server.db import SqlDatabase
from server.migrations import differences, migrate


async def _check() -> list[object]:
    with tempfile.TemporaryDirectory(prefix="loa-migrations-") as folder:
        database = SqlDatabase(f"sqlite+aiosqlite:///{folder}/check.db")
        try:
            await migrate(database)
            return await differences(database)
        finally:
            await database.close()


def main() -> int:
    """One line a difference; exit status 1 when there is any."""
    found = asyncio.run(_check())
    for difference in found:
        sys.stderr.write(f"models and migrations differ: {difference}\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
