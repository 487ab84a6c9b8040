"""The history of the tables on both databases."""

import asyncio

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

from base.errors import Refused
from server.db import SqlDatabase
from server.migrations import config, differences, migrate, newest
from server.tables import metadata


async def test_the_migrated_tables_are_exactly_those_of_the_models(database: SqlDatabase):
    assert await differences(database) == []


async def test_migrating_again_changes_nothing(database: SqlDatabase):
    await migrate(database)
    assert await differences(database) == []


def test_the_newest_script_by_its_name_is_the_newest_by_the_history():
    assert newest() == ScriptDirectory.from_config(config()).get_current_head()


async def test_every_table_of_the_models_is_there(database: SqlDatabase):
    async with database.engine.connect() as connection:
        names = await connection.run_sync(lambda sync: set(inspect(sync).get_table_names()))
    assert set(metadata.tables) <= names


async def test_a_database_of_a_newer_version_is_refused_untouched(database: SqlDatabase):
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Refused, match=r"server\.database_newer"):
        await migrate(database)


async def test_two_servers_that_start_at_once_migrate_once(database_url: str):
    one, other = SqlDatabase(database_url), SqlDatabase(database_url)
    await asyncio.gather(migrate(one), migrate(other))
    assert await differences(one) == []
    await one.close()
    await other.close()
